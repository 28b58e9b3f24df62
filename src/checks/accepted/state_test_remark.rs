//! Takes the state of the organisation, gives findings of `state-test-remark`: Test-OAuthConnectivity succeeded with a remark on the mailbox.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::organisation::StateCase;
use crate::checks::rule::{Out, Rule, Scope};
use crate::state::object::Kind;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "state-test-remark",
    check: CheckId::Accepted,
    severity: Severity::Info,
    since: "0.1.0",
    candidates: &["N17"],
    title: "Test-OAuthConnectivity succeeded with a remark on the mailbox",
    looks_at: "The detail of successful results of Test-OAuthConnectivity.",
    matters: "The remark that the address has no mailbox may be ignored when ResultType is Success; \
              success proves this direction only.",
    bad: "ResultType Success, the SMTP address has no mailbox associated with it",
    good: "no remark",
    repair: "Nothing has to be done.",
    sources: &["Microsoft Learn: Configure OAuth authentication between Exchange and Exchange Online"],
    scope: Scope::State(examine),
};

fn examine(case: &StateCase<'_>, out: &mut Out<'_>) {
    for object in case.of(Kind::OAuthConnectivity) {
        let success =
            object.text("ResultType").is_some_and(|text| text.trim().eq_ignore_ascii_case("success"));
        let remark = object.text("Detail").is_some_and(|text| text.contains("has no mailbox"));
        if success && remark {
            out.say(
                "Test-OAuthConnectivity succeeded; its remark that the address has no mailbox may be ignored",
            )
            .location(&object.place)
            .observed("ResultType: Success");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::Scene;

    #[test]
    fn fires_on_the_remark() {
        assert!(
            Scene::healthy()
                .tested("Success", Some("The SMTP address has no mailbox associated with it."))
                .fires(&RULE)
        );
    }

    #[test]
    fn stays_silent_without_it() {
        assert!(!Scene::healthy().tested("Success", None).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_a_failure_and_on_other_details() {
        let remark = Some("The SMTP address has no mailbox associated with it.");
        assert!(!Scene::healthy().tested("Error", remark).fires(&RULE));
        assert!(!Scene::healthy().tested("Success", Some("[OAuthCredentials:GetToken] x")).fires(&RULE));
    }
}
