//! Takes the state of the organisation, gives findings of `state-role-extra`: the account has more roles than it needs.

use crate::checks::CheckId;
use crate::checks::expectations::SKYPE;
use crate::checks::finding::Severity;
use crate::checks::organisation::StateCase;
use crate::checks::organisation::{leaf, quoted};
use crate::checks::rule::{Out, Rule, Scope};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "state-role-extra",
    check: CheckId::Accepted,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &[],
    title: "the account has more roles than it needs",
    looks_at: "Roles of the account of Skype for Business Online beside UserApplication and \
               ArchiveApplication.",
    matters: "Whoever can make tokens of the application has these rights too; least privilege limits \
              the harm.",
    bad: "ApplicationImpersonation, Mailbox Search",
    good: "UserApplication, ArchiveApplication",
    repair: "Remove-ManagementRoleAssignment -Identity <assignment>",
    sources: &[
        "Microsoft: Configure Integration and OAuth between Skype for Business Online and Exchange Server",
        "Microsoft: page of June 2025 (least privilege)",
    ],
    scope: Scope::State(examine),
};

fn examine(case: &StateCase<'_>, out: &mut Out<'_>) {
    for application in case.applications().iter().filter(|application| !application.roles.is_empty()) {
        let Some(account) =
            case.partners(application.id).into_iter().find_map(|one| case.linked_account(one))
        else {
            continue;
        };
        for (role, object) in case.roles_of(account) {
            let needed =
                application.roles.contains(&role) || (application.id != SKYPE && role == "UserApplication");
            if !needed {
                out.say(format!("{} has the role {role}, which it does not need", leaf(account)))
                    .location(&object.place)
                    .about(application.id)
                    .observed(role)
                    .expected(application.roles.join(", "))
                    .help(format!("Remove-ManagementRoleAssignment -Identity {}", quoted(object.name())));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::{Scene, properties};

    #[test]
    fn fires_on_impersonation() {
        assert!(
            Scene::healthy()
                .add(
                    "Get-ManagementRoleAssignment",
                    properties([
                        ("Name", "ApplicationImpersonation-x".into()),
                        ("Role", "ApplicationImpersonation".into()),
                        ("RoleAssigneeName", "SfBOnline-ApplicationAccount".into())
                    ])
                )
                .fires(&RULE)
        );
    }

    #[test]
    fn stays_silent_on_the_two_roles() {
        assert!(!Scene::healthy().fires(&RULE));
    }

    #[test]
    fn stays_silent_on_roles_of_others() {
        assert!(
            !Scene::healthy()
                .add(
                    "Get-ManagementRoleAssignment",
                    properties([
                        ("Name", "x".into()),
                        ("Role", "Mailbox Search".into()),
                        ("RoleAssigneeName", "Exchange Online-ApplicationAccount".into())
                    ])
                )
                .fires(&RULE)
        );
    }

    #[test]
    fn the_scheduler_may_have_the_whole_role() {
        let assigned = |role: &str| {
            Scene::healthy().profile(crate::state::profile::Profile::Teams2025).add(
                "Get-ManagementRoleAssignment",
                properties([
                    ("Name", format!("{role}-own").as_str().into()),
                    ("Role", role.into()),
                    ("RoleAssigneeName", "TeamsScheduler".into()),
                    ("Enabled", true.into()),
                ]),
            )
        };
        assert!(!assigned("UserApplication").fires(&RULE));
        assert!(assigned("ApplicationImpersonation").fires(&RULE));
    }
}
