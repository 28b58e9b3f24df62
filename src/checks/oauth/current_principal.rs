//! Takes a distinct token, gives findings of `oauth-current-principal`: a principal of Teams is in use.

use crate::checks::CheckId;
use crate::checks::expectations::{self, CLOUD_VOICEMAIL, TEAMS_SCHEDULER};
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::TokenCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "oauth-current-principal",
    check: CheckId::Oauth,
    severity: Severity::Info,
    since: "0.1.0",
    candidates: &["D04"],
    title: "a principal of Teams is in use",
    looks_at: "Applications 7557eb47-… (Teams Calendar Scheduler Service) and db7de2b5-… (Cloud Voicemail).",
    matters: "They need partner applications of their own since 2025; the scheduler needs a linked account \
             with the role TeamsSchedulerRole, voicemail needs none.",
    bad: "only 00000004-… is known to Exchange",
    good: "7557eb47-c689-4224-abcf-aef9bd7573df seen and accepted",
    repair: "Get-PartnerApplication must list both as enabled; see the 2025 text of the set-up page.",
    sources: &[
        "Microsoft Learn: Configure Integration and OAuth between Skype for Business Online and Exchange Server (2025)",
    ],
    scope: Scope::Token(examine),
};

fn examine(case: &TokenCase<'_>, out: &mut Out<'_>) {
    let Some((claim, name)) = case.application() else { return };
    if name.is(TEAMS_SCHEDULER) || name.is(CLOUD_VOICEMAIL) {
        let known = expectations::application_name(name.id).unwrap_or_default();
        out.say(format!("the calling application is {known}"))
            .observed(name.id.to_ascii_lowercase())
            .claim(claim);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_the_scheduler() {
        assert!(Scene::healthy().application(TEAMS_SCHEDULER).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_the_old_principal() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
