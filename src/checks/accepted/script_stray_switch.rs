//! Takes the commands of scripts, gives findings of `script-stray-switch`: New-MailUser has a switch that does not exist.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::organisation::script::CommandCase;
use crate::checks::rule::{Out, Rule, Scope};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "script-stray-switch",
    check: CheckId::Accepted,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["M21"],
    title: "New-MailUser has a switch that does not exist",
    looks_at: "-ApplicationAccount of New-MailUser, as the page of June 2025 prints it.",
    matters: "The cmdlet has no such parameter: the line fails. On the page it is a piece of the name \
              that was torn off.",
    bad: "New-MailUser TeamsScheduler -ApplicationAccount ...",
    good: "New-MailUser -Name TeamsScheduler ...",
    repair: "Leave -ApplicationAccount out.",
    sources: &["Microsoft: page of June 2025"],
    scope: Scope::Command(examine),
};

fn examine(case: &CommandCase<'_>, out: &mut Out<'_>) {
    for (file, command) in case.named("New-MailUser") {
        if command.arguments.iter().any(|(name, _)| name.eq_ignore_ascii_case("ApplicationAccount")) {
            out.say("New-MailUser has no switch -ApplicationAccount")
                .location(file.place(command.line))
                .observed("-ApplicationAccount")
                .expected("no such switch");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::Scene;

    #[test]
    fn fires_on_the_switch() {
        assert!(
            Scene::script(
                "New-MailUser TeamsScheduler -ApplicationAccount -ExternalEmailAddress x@fabrikam.example\n"
            )
            .fires(&RULE)
        );
    }

    #[test]
    fn stays_silent_without_it() {
        assert!(!Scene::script("$user = New-MailUser -Name SfBOnline-ApplicationAccount -ExternalEmailAddress a@fabrikam.example -DomainController dc1.fabrikam.example").fires(&RULE));
    }
}
