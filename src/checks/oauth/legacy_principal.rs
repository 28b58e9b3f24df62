//! Takes a distinct token, gives findings of `oauth-legacy-principal`: the legacy principal is still in use.

use crate::base::Instant;
use crate::checks::CheckId;
use crate::checks::expectations::SKYPE;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::TokenCase;
use crate::token::TimeClaim;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "oauth-legacy-principal",
    check: CheckId::Oauth,
    severity: Severity::Info,
    since: "0.1.0",
    candidates: &["D05"],
    title: "the legacy principal is still in use",
    looks_at: "Application 00000004-… in tokens made in 2025 or later.",
    matters: "Teams scheduling and voicemail moved to principals of their own, yet out-of-office greetings \
             still use this one.",
    bad: "00000004-0000-0ff1-ce00-000000000000 in a token of 2025",
    good: "7557eb47-… or db7de2b5-… in a token of 2025",
    repair: "Keep its partner application: Get-PartnerApplication must still list \
             00000004-0000-0ff1-ce00-000000000000 as enabled.",
    sources: &[
        "Microsoft Learn: Configure Integration and OAuth between Skype for Business Online and Exchange Server (2025)",
    ],
    scope: Scope::Token(examine),
};

/// 2025-01-01T00:00:00Z.
const YEAR_2025: Instant = Instant::from_seconds(1_735_689_600);

fn examine(case: &TokenCase<'_>, out: &mut Out<'_>) {
    let Some((claim, name)) = case.application() else { return };
    let made = ["iat", "nbf"].into_iter().find_map(|claim| match case.token.time(claim) {
        TimeClaim::At(at, _) => Some(at),
        _ => None,
    });
    if name.is(SKYPE) && made.is_some_and(|at| at >= YEAR_2025) {
        out.say("the legacy principal of Skype for Business Online is still in use")
            .observed(SKYPE)
            .claim(claim);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::expectations::TEAMS_SCHEDULER;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_the_old_principal_in_2025() {
        assert!(Scene::healthy().fires(&RULE));
    }

    #[test]
    fn stays_silent_on_the_scheduler() {
        assert!(!Scene::healthy().application(TEAMS_SCHEDULER).fires(&RULE));
    }
}
