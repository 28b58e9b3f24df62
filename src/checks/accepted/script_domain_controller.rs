//! Takes the commands of scripts, gives findings of `script-domain-controller`: the commands of step 2 use different domain controllers.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::organisation::quoted;
use crate::checks::organisation::script::CommandCase;
use crate::checks::organisation::script::is_known;
use crate::checks::rule::{Out, Rule, Scope};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "script-domain-controller",
    check: CheckId::Accepted,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["M13"],
    title: "the commands of step 2 use different domain controllers",
    looks_at: "-DomainController of New-MailUser, Set-MailUser and New-ManagementRoleAssignment.",
    matters: "A controller that has not yet heard of the new account answers that it does not exist.",
    bad: "dc1, then dc2",
    good: "one controller throughout",
    repair: "Give the same -DomainController to all commands of step 2.",
    sources: &[
        "Microsoft: Configure Integration and OAuth between Skype for Business Online and Exchange Server",
    ],
    scope: Scope::Command(examine),
};

fn examine(case: &CommandCase<'_>, out: &mut Out<'_>) {
    let mut first: Option<&str> = None;
    for (file, command) in case.commands() {
        let step = ["New-MailUser", "Set-MailUser", "New-ManagementRoleAssignment"]
            .iter()
            .any(|name| command.is(name));
        let Some(own) = command.value("DomainController").filter(|name| step && is_known(name)) else {
            continue;
        };
        let known = *first.get_or_insert(own);
        if !known.eq_ignore_ascii_case(own) {
            out.say("the commands of step 2 use different domain controllers")
                .location(file.place(command.line))
                .observed(format!("{} -DomainController {own}", command.name))
                .expected(format!("-DomainController {known}"))
                .help(format!("{} ... -DomainController {}", command.name, quoted(known)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::Scene;

    #[test]
    fn fires_on_two() {
        assert!(Scene::script("$user = New-MailUser -Name SfBOnline-ApplicationAccount -ExternalEmailAddress a@fabrikam.example -DomainController dc1.fabrikam.example\nSet-MailUser -Identity $user.Identity -DomainController dc2.fabrikam.example\n").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_one() {
        assert!(!Scene::script("$user = New-MailUser -Name SfBOnline-ApplicationAccount -ExternalEmailAddress a@fabrikam.example -DomainController dc1.fabrikam.example\nNew-ManagementRoleAssignment -Role UserApplication -User $user.Identity -DomainController dc1.fabrikam.example\nNew-ManagementRoleAssignment -Role ArchiveApplication -User $user.Identity -DomainController dc1.fabrikam.example\n").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_variables_and_on_other_commands() {
        let script = |second: &str| {
            let first = "$user = New-MailUser -Name a -ExternalEmailAddress a@b.example -DomainController dc1.b.example\n";
            Scene::script(&format!("{first}{second}\n")).fires(&RULE)
        };
        assert!(script("New-ManagementRoleAssignment -Role x -User y -DomainController dc2.b.example"));
        assert!(!script("Set-MailUser -Identity a -DomainController $dc"));
        assert!(!script("Set-MailUser -Identity a -DomainController DC1.b.example"));
        assert!(!script("Get-MailUser -DomainController dc2.b.example"));
    }
}
