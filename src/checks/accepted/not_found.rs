//! Takes one exchange, gives findings of `accepted-not-found`: the call was answered with a client error.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::marks::Marks;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "accepted-not-found",
    check: CheckId::Accepted,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["J01"],
    title: "the call was answered with a client error",
    looks_at: "Status 400 to 499 other than 401 and 403 to a request that presented a token in scope.",
    matters: "The token may have been accepted; the call was not. 404 for a photo only says that there is \
             none.",
    bad: "400 Bad Request",
    good: "200",
    repair: "Compare the path with Get-WebServicesVirtualDirectory | Format-List ExternalUrl",
    sources: &["RFC 9110 15.5"],
    scope: Scope::Marked(Marks::REFUSED, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    let Some(status @ (400 | 402 | 404..=499)) = case.status() else { return };
    if let Some(seen) = case.presented() {
        out.say("the call was answered with a client error")
            .observed(format!("status {status}"))
            .expected("a successful answer")
            .token(seen.id)
            .location("response.status");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_404() {
        assert!(Scene::healthy().status(404).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_200() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
