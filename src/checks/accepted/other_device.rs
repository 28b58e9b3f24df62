//! Takes one exchange, gives findings of `accepted-other-device`: something in front of Exchange answered.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::marks::Marks;
use crate::checks::place::Place;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "accepted-other-device",
    check: CheckId::Accepted,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["A05"],
    title: "something in front of Exchange answered",
    looks_at: "401 and 403 at Exchange paths that lack request-id, X-FEServer and the Bearer challenge, all \
             three.",
    matters: "Exchange sends them always. A device that authenticates in front of EWS and Autodiscover is \
             not supported with OAuth.",
    bad: "401 with WWW-Authenticate: Basic only, Server: proxy",
    good: "401 with Bearer challenge, request-id and X-FEServer",
    repair: "Publish EWS and Autodiscover without pre-authentication.",
    sources: &["Microsoft Learn: hybrid deployment prerequisites"],
    scope: Scope::Marked(Marks::REFUSED, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    let Some(response) = case.response() else { return };
    if case.presented().is_some() && is_foreign(case) {
        out.say("the answer does not look like Exchange's: a proxy or device may have given it")
            .observed(format!(
                "status {} without request-id, X-FEServer and Bearer challenge",
                response.status
            ))
            .location("response.header");
    }
}

/// Whether a refusal lacks everything that Exchange sends with one.
pub(super) fn is_foreign(case: &ExchangeCase<'_>) -> bool {
    let Some(response) = case.response() else { return false };
    let bare = || ["request-id", "x-feserver"].iter().all(|name| response.head.get(name).is_none());
    matches!(response.status, 401 | 403)
        && case.place == Place::Exchange
        && bare()
        && case.bearer_challenge().is_none()
        && case.is_head_whole()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_a_bare_401() {
        assert!(Scene::healthy().status(401).fires(&RULE));
    }

    #[test]
    fn stays_silent_with_a_challenge() {
        assert!(!Scene::healthy().refused("").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_other_answers_other_places_and_where_nothing_is_known() {
        let refused = |status: u16| Scene::healthy().status(status);
        assert!(refused(403).fires(&RULE));
        assert!(!refused(404).fires(&RULE));
        assert!(!refused(401).response_header("request-id", "x").fires(&RULE));
        assert!(!refused(401).response_header("X-FEServer", "EX1").fires(&RULE));
        assert!(!refused(401).target("/owa/").fires(&RULE));
        let lost = |exchange: &mut crate::exchange::Exchange| {
            exchange.response.as_mut().unwrap().head.partial = true;
        };
        assert!(!refused(401).change(lost).fires(&RULE));
        assert!(!refused(401).authorization("Negotiate x").fires(&RULE));
    }
}
