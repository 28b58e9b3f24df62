//! Takes one exchange, gives findings of `accepted-refused-silently`: the reason of a refusal is missing.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::marks::Marks;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "accepted-refused-silently",
    check: CheckId::Accepted,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["A11"],
    title: "the reason of a refusal is missing",
    looks_at: "401 answers to a presented token that carry a Bearer challenge but no x-ms-diagnostics.",
    matters: "Exchange always gives the reason; an intermediary stripped the field, or it was not \
             recorded.",
    bad: "401 with Bearer challenge, no x-ms-diagnostics",
    good: "401 with x-ms-diagnostics",
    repair: "Record on the Exchange server itself, or read the reason in the IIS log: add the field \
             x-ms-diagnostics as a custom field.",
    sources: &["Microsoft Support: Resolve free/busy errors"],
    scope: Scope::Marked(Marks::REFUSED, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    if case.status() == Some(401)
        && case.is_head_whole()
        && case.presented().is_some()
        && case.bearer_challenge().is_some()
        && case.response().is_some_and(|response| response.head.get("x-ms-diagnostics").is_none())
    {
        out.say("a refusal does not say its reason")
            .expected("x-ms-diagnostics beside the challenge")
            .location("response.header.x-ms-diagnostics");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_without_diagnostics() {
        assert!(Scene::healthy().refused("").fires(&RULE));
    }

    #[test]
    fn stays_silent_with_diagnostics() {
        assert!(!Scene::healthy().refused("2000001;error_category=\"invalid_token\"").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_another_scheme_a_head_that_was_cut_and_a_call_without_a_token() {
        let lost = |exchange: &mut crate::exchange::Exchange| {
            exchange.response.as_mut().unwrap().head.partial = true;
        };
        assert!(!Scene::healthy().refused("").change(lost).fires(&RULE));
        assert!(!Scene::healthy().refused_with("Negotiate").fires(&RULE));
        assert!(!Scene::healthy().refused("").authorization("Negotiate x").fires(&RULE));
        assert!(!Scene::healthy().response_header("WWW-Authenticate", "Bearer client_id=\"x\"").fires(&RULE));
    }
}
