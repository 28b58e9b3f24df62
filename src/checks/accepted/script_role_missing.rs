//! Takes the commands of scripts, gives findings of `script-role-missing`: a role is not assigned to the account that is made.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::organisation::script::CommandCase;
use crate::checks::organisation::script::is_known;
use crate::checks::organisation::{ROLES, quoted};
use crate::checks::rule::{Out, Rule, Scope};
use crate::state::commands::Command;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "script-role-missing",
    check: CheckId::Accepted,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["M07"],
    title: "a role is not assigned to the account that is made",
    looks_at: "New-ManagementRoleAssignment in scripts that make the account of Skype for Business Online.",
    matters: "Without UserApplication calls for people fail, without ArchiveApplication archiving does.",
    bad: "New-MailUser and UserApplication only",
    good: "UserApplication and ArchiveApplication",
    repair: "New-ManagementRoleAssignment -Role ArchiveApplication -User $user.Identity \
             -DomainController <DC>",
    sources: &[
        "Microsoft: Configure Integration and OAuth between Skype for Business Online and Exchange Server",
    ],
    scope: Scope::Command(examine),
};

fn examine(case: &CommandCase<'_>, out: &mut Out<'_>) {
    let scheduler = |command: &Command| {
        command
            .arguments
            .iter()
            .filter_map(|(_, value)| value.as_deref())
            .any(|value| value.to_ascii_lowercase().contains("teamsscheduler"))
    };
    let Some((file, made)) = case.named("New-MailUser").find(|(_, command)| !scheduler(command)) else {
        return;
    };
    let assigned: Vec<&str> =
        case.named("New-ManagementRoleAssignment").filter_map(|(_, command)| command.value("Role")).collect();
    let open = |command: &Command| command.is_open() && !command.has("Role");
    if assigned.iter().any(|role| !is_known(role))
        || case.named("New-ManagementRoleAssignment").any(|(_, command)| open(command))
    {
        return;
    }
    let controller = made.value("DomainController").filter(|value| is_known(value));
    for role in ROLES.iter().filter(|role| !assigned.iter().any(|own| own.eq_ignore_ascii_case(role))) {
        out.say(format!("the role {role} is not assigned to the account"))
            .location(file.place(made.line))
            .observed(if assigned.is_empty() { "no role".to_owned() } else { assigned.join(", ") })
            .expected(ROLES.join(", "))
            .help(format!(
                "New-ManagementRoleAssignment -Role {role} -User $user.Identity{}",
                controller.map_or_else(String::new, |name| format!(" -DomainController {}", quoted(name)))
            ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::Scene;

    #[test]
    fn fires_without_archive_application() {
        assert!(Scene::script("$user = New-MailUser -Name SfBOnline-ApplicationAccount -ExternalEmailAddress a@fabrikam.example -DomainController dc1.fabrikam.example\nNew-ManagementRoleAssignment -Role UserApplication -User $user.Identity\n").fires(&RULE));
    }

    #[test]
    fn stays_silent_with_both() {
        assert!(!Scene::script("$user = New-MailUser -Name SfBOnline-ApplicationAccount -ExternalEmailAddress a@fabrikam.example -DomainController dc1.fabrikam.example\nNew-ManagementRoleAssignment -Role UserApplication -User $user.Identity -DomainController dc1.fabrikam.example\nNew-ManagementRoleAssignment -Role ArchiveApplication -User $user.Identity -DomainController dc1.fabrikam.example\n").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_roles_that_are_not_read_and_on_the_account_of_the_scheduler() {
        let user = "$user = New-MailUser -Name SfBOnline-ApplicationAccount -ExternalEmailAddress a@fabrikam.example\n";
        assert!(Scene::script(user).hits(&RULE)[0].observed.to_string().contains("no role"));
        for open in ["-Role $role -User $user.Identity", "@assignment"] {
            let script = format!("{user}New-ManagementRoleAssignment {open}\n");
            assert!(!Scene::script(&script).fires(&RULE), "{open}");
        }
        // What else it hands over does not change the role.
        let named = format!("{user}New-ManagementRoleAssignment -Role UserApplication @rest\n");
        assert!(Scene::script(&named).hits(&RULE)[0].observed.to_string().contains("UserApplication"));
        for name in ["TeamsScheduler-ApplicationAccount", "teamsscheduler-applicationaccount"] {
            let scheduler = user.replace("SfBOnline-ApplicationAccount", name);
            assert!(!Scene::script(&scheduler).fires(&RULE), "{name}");
        }
    }

    #[test]
    fn the_repair_names_the_domain_controller_that_the_script_names() {
        let help = |controller: &str| {
            let user = "New-MailUser -Name SfBOnline-ApplicationAccount -ExternalEmailAddress a@b.example";
            Scene::script(&format!("{user} -DomainController {controller}\n")).hits(&RULE)[0].help.to_string()
        };
        assert!(help("dc1.b.example").contains("-DomainController"));
        assert!(!help("$dc").contains("-DomainController"));
    }
}
