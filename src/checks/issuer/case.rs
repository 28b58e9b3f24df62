//! Takes a distinct token, gives findings of `issuer-case`: the application id is written in another letter case.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::TokenCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "issuer-case",
    check: CheckId::Issuer,
    severity: Severity::Info,
    since: "0.1.0",
    candidates: &["D12"],
    title: "the application id is written in another letter case",
    looks_at: "Letter case of the application id against the registered spelling.",
    matters: "[MS-XOAUTH] compares with case, implementations without; an intermediary that rewrites \
             identifiers shows up here.",
    bad: "7557EB47-C689-4224-ABCF-AEF9BD7573DF@…",
    good: "7557eb47-c689-4224-abcf-aef9bd7573df@…",
    repair: "Nothing to repair as long as Exchange accepts the token.",
    sources: &["[MS-XOAUTH] 3.2.5.6"],
    scope: Scope::Token(examine),
};

fn examine(case: &TokenCase<'_>, out: &mut Out<'_>) {
    let Some((claim, name)) = case.application() else { return };
    if let Some(id) = case.expected.principals.iter().find(|id| name.is(id) && name.id != **id) {
        out.say("the application id differs in letter case only")
            .observed(name.id)
            .expected(&**id)
            .claim(claim);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::expectations::TEAMS_SCHEDULER;
    use crate::checks::testing::Scene;
    use crate::checks::testing::TENANT;

    #[test]
    fn fires_on_upper_case() {
        assert!(
            Scene::healthy()
                .outer("iss", format!("{}@{TENANT}", TEAMS_SCHEDULER.to_uppercase()))
                .fires(&RULE)
        );
    }

    #[test]
    fn stays_silent_on_lower_case() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
