//! Takes one exchange, gives findings of `accepted-cas-error`: Autodiscover was reached without credentials.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::marks::Marks;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "accepted-cas-error",
    check: CheckId::Accepted,
    severity: Severity::Info,
    since: "0.1.0",
    candidates: &["A17"],
    title: "Autodiscover was reached without credentials",
    looks_at: "X-CasErrorCode: UnauthenticatedRequest.",
    matters: "The front end says that the request carried nothing that it understood as credentials.",
    bad: "X-CasErrorCode: UnauthenticatedRequest",
    good: "no X-CasErrorCode",
    repair: "Nothing to repair when a second request with a token follows.",
    sources: &["published transcripts"],
    scope: Scope::Marked(Marks::TOLD, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    let code = case.response().and_then(|response| response.head.text("x-caserrorcode"));
    if let Some(code) = code {
        out.say("the front end reports an error code")
            .observed(shown(code))
            .location("response.header.x-caserrorcode");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_the_field() {
        assert!(Scene::healthy().response_header("X-CasErrorCode", "UnauthenticatedRequest").fires(&RULE));
    }

    #[test]
    fn stays_silent_without_it() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
