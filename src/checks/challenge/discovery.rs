//! Takes one exchange, gives findings of `challenge-discovery`: discovery of the realm.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::marks::Marks;
use crate::checks::place::Place;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "challenge-discovery",
    check: CheckId::Challenge,
    severity: Severity::Info,
    since: "0.1.0",
    candidates: &["A03"],
    title: "discovery of the realm",
    looks_at: "`Authorization: Bearer` without a token, answered 401.",
    matters: "The caller asks for the challenge on purpose; this is how it learns whom to ask for a token.",
    bad: "taken for a failure",
    good: "401 with challenge, then a call with a token",
    repair: "Nothing to repair.",
    sources: &["[MS-XOAUTH] 4"],
    scope: Scope::Marked(Marks::REFUSED, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    if case.status() == Some(401) && case.place != Place::TokenService && case.sends_empty_bearer() {
        out.say("the caller asked for the challenge with an empty Bearer: discovery, not failure")
            .location("request.header.authorization");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_an_empty_bearer() {
        assert!(Scene::healthy().discovery("Bearer client_id=\"00000002-0000-0ff1-ce00-000000000000\", trusted_issuers=\"00000001-0000-0000-c000-000000000000@*\"").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_a_token() {
        assert!(!Scene::healthy().fires(&RULE));
    }

    #[test]
    fn stays_silent_on_an_answer_and_where_nothing_empty_was_sent() {
        let asked = || Scene::healthy().discovery("Bearer client_id=\"x\"");
        let served = |exchange: &mut crate::exchange::Exchange| {
            exchange.response.as_mut().unwrap().status = 200;
        };
        assert!(asked().fires(&RULE));
        assert!(!asked().change(served).fires(&RULE));
        assert!(!asked().authorization("Negotiate x").fires(&RULE));
    }
}
