//! Takes the state of the organisation, gives findings of `state-role-asked`: a caller asks for a role that its account lacks.

use crate::checks::CheckId;
use crate::checks::expectations::SKYPE;
use crate::checks::finding::Severity;
use crate::checks::organisation::StateCase;
use crate::checks::organisation::{leaf, quoted};
use crate::checks::rule::{Out, Rule, Scope};
use crate::state::object::Kind;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "state-role-asked",
    check: CheckId::Accepted,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["J03"],
    title: "a caller asks for a role that its account lacks",
    looks_at: "Roles in ManagementRole headers of the traffic, against the roles assigned in the state \
               (verify --state).",
    matters: "Exchange refuses the call, however right the token is.",
    bad: "ManagementRole ArchiveApplication asked, UserApplication assigned",
    good: "every role that is asked for is assigned",
    repair: "New-ManagementRoleAssignment -Role <role> -User <account>",
    sources: &["Microsoft: EWS ManagementRole header"],
    scope: Scope::State(examine),
};

fn examine(case: &StateCase<'_>, out: &mut Out<'_>) {
    let Some(shown) = case.shown.as_ref().filter(|_| case.asked(Kind::RoleAssignment)) else { return };
    let account = case
        .partners(SKYPE)
        .into_iter()
        .find_map(|partner| case.linked_account(partner))
        .unwrap_or("SfBOnline-ApplicationAccount");
    for role in &shown.roles {
        if case
            .of(Kind::RoleAssignment)
            .any(|object| object.text("Role").is_some_and(|own| leaf(own) == role))
        {
            continue;
        }
        if case.left_open(Kind::RoleAssignment, &[leaf(account)]).is_some() {
            continue;
        }
        let own: Vec<&str> = case.roles_of(account).into_iter().map(|(own, _)| own).collect();
        out.say(format!("the role {role} is asked for and not assigned"))
            .about(SKYPE)
            .location("request.body ManagementRole")
            .observed(if own.is_empty() {
                "no role".to_owned()
            } else {
                format!("assigned: {}", own.join(", "))
            })
            .expected(role.clone())
            .help(format!("New-ManagementRoleAssignment -Role {} -User {}", quoted(role), quoted(account)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::organisation::Shown;
    use crate::checks::testing_state::Scene;

    #[test]
    fn fires_on_a_role_that_is_not_assigned() {
        assert!(
            Scene::healthy()
                .shown(Shown { roles: ["LegalHoldApplication".to_owned()].into(), ..Shown::default() })
                .fires(&RULE)
        );
    }

    #[test]
    fn stays_silent_on_an_assigned_one() {
        assert!(
            !Scene::healthy()
                .shown(Shown { roles: ["ArchiveApplication".to_owned()].into(), ..Shown::default() })
                .fires(&RULE)
        );
    }
}
