//! Takes the commands of scripts, gives findings of `script-role-extra`: the account gets more roles than it needs.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::organisation::ROLES;
use crate::checks::organisation::script::CommandCase;
use crate::checks::organisation::script::is_known;
use crate::checks::rule::{Out, Rule, Scope};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "script-role-extra",
    check: CheckId::Accepted,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["M08"],
    title: "the account gets more roles than it needs",
    looks_at: "-Role of New-ManagementRoleAssignment for an account.",
    matters: "Whoever can make tokens of the application has these rights too; least privilege limits \
              the harm.",
    bad: "-Role ApplicationImpersonation",
    good: "UserApplication, ArchiveApplication",
    repair: "Leave the line out.",
    sources: &[
        "Microsoft: Configure Integration and OAuth between Skype for Business Online and Exchange Server",
        "Microsoft: page of June 2025",
    ],
    scope: Scope::Command(examine),
};

fn examine(case: &CommandCase<'_>, out: &mut Out<'_>) {
    for (file, command) in case.named("New-ManagementRoleAssignment") {
        let Some(role) = command.value("Role").filter(|role| is_known(role) && command.has("User")) else {
            continue;
        };
        let needed = ROLES.iter().any(|own| own.eq_ignore_ascii_case(role))
            || role.to_ascii_lowercase().contains("scheduler");
        if !needed {
            out.say(format!("the account gets the role {role}, which it does not need"))
                .location(file.place(command.line))
                .observed(format!("-Role {role}"))
                .expected(ROLES.join(", "));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::Scene;

    #[test]
    fn fires_on_impersonation() {
        assert!(
            Scene::script(
                "New-ManagementRoleAssignment -Role ApplicationImpersonation -User $user.Identity\n"
            )
            .fires(&RULE)
        );
    }

    #[test]
    fn stays_silent_on_the_two_roles() {
        assert!(!Scene::script("\nNew-ManagementRoleAssignment -Role UserApplication -User $user.Identity -DomainController dc1.fabrikam.example\nNew-ManagementRoleAssignment -Role ArchiveApplication -User $user.Identity -DomainController dc1.fabrikam.example\n").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_roles_of_groups_on_variables_and_on_the_role_of_the_scheduler() {
        for command in [
            "-Role ApplicationImpersonation -SecurityGroup Admins",
            "-Role $role -User $user.Identity",
            "-Role TeamsSchedulerRole -User $user.Identity",
            "-Role teamsschedulerrole -User $user.Identity",
        ] {
            let script = format!("New-ManagementRoleAssignment {command}\n");
            assert!(!Scene::script(&script).fires(&RULE), "{command}");
        }
    }
}
