//! Takes the state of the organisation, gives findings of `state-partner-disabled`: a partner application is disabled.

use crate::checks::CheckId;
use crate::checks::expectations::EXCHANGE;
use crate::checks::finding::Severity;
use crate::checks::organisation::StateCase;
use crate::checks::organisation::quoted;
use crate::checks::rule::{Out, Rule, Scope};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "state-partner-disabled",
    check: CheckId::Accepted,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["N13"],
    title: "a partner application is disabled",
    looks_at: "Enabled of the partner applications of the profile and of Exchange Online.",
    matters: "Tokens of a disabled partner application are refused.",
    bad: "Enabled False",
    good: "Enabled True",
    repair: "Set-PartnerApplication -Identity SfBOnline -Enabled $True",
    sources: &[
        "Microsoft: Configure Integration and OAuth between Skype for Business Online and Exchange Server",
        "CSS-Exchange: FreeBusyChecker, HealthChecker",
    ],
    scope: Scope::State(examine),
};

fn examine(case: &StateCase<'_>, out: &mut Out<'_>) {
    for id in case.applications().iter().map(|application| application.id).chain([EXCHANGE]) {
        let all = case.partners(id);
        let Some(first) = all.first().filter(|_| all.iter().all(|one| one.flag("Enabled") == Some(false)))
        else {
            continue;
        };
        out.say(format!("the partner application {id} is disabled"))
            .location(&first.place)
            .about(id)
            .claim("Enabled")
            .observed(format!("{}: Enabled False", first.shown_name()))
            .expected("Enabled: True")
            .help(format!("Set-PartnerApplication -Identity {} -Enabled $True", quoted(first.name())));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::{Scene, organisation::SKYPE};

    #[test]
    fn fires_on_a_disabled_one() {
        assert!(Scene::healthy().set("Get-PartnerApplication", SKYPE, "Enabled", false).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_enabled_ones() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
