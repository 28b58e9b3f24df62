//! Takes the state of the organisation, gives findings of `state-role-missing`: a role of the account is missing.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::organisation::StateCase;
use crate::checks::organisation::{leaf, quoted};
use crate::checks::rule::{Out, Rule, Scope};
use crate::state::object::Kind;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "state-role-missing",
    check: CheckId::Accepted,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &[],
    title: "a role of the account is missing",
    looks_at: "Get-ManagementRoleAssignment of the accounts that partner applications act as: \
               UserApplication and ArchiveApplication for Skype for Business Online.",
    matters: "Without UserApplication calls for people fail, without ArchiveApplication archiving does.",
    bad: "UserApplication only",
    good: "UserApplication and ArchiveApplication",
    repair: "New-ManagementRoleAssignment -Role ArchiveApplication -User SfBOnline-ApplicationAccount \
             (step 2).",
    sources: &[
        "Microsoft: Configure Integration and OAuth between Skype for Business Online and Exchange Server",
    ],
    scope: Scope::State(examine),
};

fn examine(case: &StateCase<'_>, out: &mut Out<'_>) {
    if !case.asked(Kind::RoleAssignment) {
        return;
    }
    for application in case.applications() {
        let partner = case.partners(application.id).into_iter().next();
        let linked = partner.and_then(|partner| case.linked_account(partner));
        // Where another account is linked than the one that is there, that one is to be linked, and needs the roles.
        let own = application.account.and_then(|account| case.mail_user(account));
        let own = own.filter(|_| linked.is_some_and(|linked| case.mail_user(linked).is_none()));
        let own = own.and_then(|own| own.text("Identity").or(application.account));
        let Some(account) = own.or(linked).or(application.account) else { continue };
        let assigned = case.roles_of(account);
        for role in application.roles {
            // Least privilege made a role of its own of UserApplication; the whole one suffices too.
            let suffices =
                |own: &str| own == *role || (*role == "TeamsSchedulerRole" && own == "UserApplication");
            if assigned.iter().any(|(own, _)| suffices(own)) {
                continue;
            }
            let off = case.assignments(account).into_iter().find(|(own, _)| own == role);
            if off.is_none()
                && let Some(open) = open(case, role, account)
            {
                out.missing(open);
                continue;
            }
            let own: Vec<&str> = assigned.iter().map(|(own, _)| *own).collect();
            let hit = out.say(format!("{} lacks the role {role}", leaf(account)));
            hit.observed(if own.is_empty() { "no role".to_owned() } else { own.join(", ") });
            hit.about(application.id).expected(application.roles.join(", "));
            hit.help(match off {
                Some((_, off)) if off.has_name() => format!(
                    "Set-ManagementRoleAssignment -Identity {} -Enabled $true{}",
                    quoted(off.name()),
                    case.controller()
                ),
                _ => format!(
                    "New-ManagementRoleAssignment -Role {} -User {}{}",
                    quoted(role),
                    quoted(account),
                    case.controller()
                ),
            });
            if let Some((_, first)) = assigned.first() {
                hit.location(&first.place);
            }
        }
    }
}

/// Why the role may be assigned all the same.
fn open(case: &StateCase<'_>, role: &str, account: &str) -> Option<String> {
    if let Some(unclear) = case.unclear_assignment(role, account) {
        return Some(format!(
            "Get-ManagementRoleAssignment does not show to whom {role} is assigned ({}): print it again with \
             `Get-ManagementRoleAssignment -RoleAssignee {} | Format-List *`",
            unclear.place,
            quoted(account)
        ));
    }
    // One that asks for another role says nothing of this one.
    let of_role = |command: &str| command.contains("-role ") && !command.contains(&role.to_ascii_lowercase());
    let commands = case.files.iter().flat_map(|file| &file.partial);
    let mut other = commands
        .filter(|(kind, _)| *kind == Kind::RoleAssignment)
        .map(|(_, command)| of_role(command))
        .peekable();
    let all_other = other.peek().is_some() && other.all(|other| other);
    case.left_open(Kind::RoleAssignment, &[if all_other { role } else { leaf(account) }]).map(|open| {
        open.replacen(
            &format!(" {} is not in", leaf(account)),
            &format!(" {role} of {} is not in", leaf(account)),
            1,
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::properties;
    use crate::checks::testing_state::{Scene, organisation::SKYPE};
    use crate::state::profile::Profile;

    #[test]
    fn fires_without_archive_application() {
        assert!(Scene::healthy().without("Get-ManagementRoleAssignment", "ArchiveApplication").fires(&RULE));
    }

    #[test]
    fn fires_without_any() {
        assert!(Scene::healthy().without("Get-ManagementRoleAssignment", "").fires(&RULE));
    }

    #[test]
    fn fires_on_a_disabled_assignment() {
        let scene = Scene::healthy().set("Get-ManagementRoleAssignment", "UserApplication", "Enabled", false);
        let hits = scene.hits(&RULE);
        assert!(hits[0].help.starts_with("Set-ManagementRoleAssignment -Identity "), "{}", hits[0].help);
    }

    #[test]
    fn stays_silent_on_the_roles_of_an_account_that_is_not_there() {
        let gone = "contoso.example/Users/Gone";
        let scene = Scene::healthy().set("Get-PartnerApplication", SKYPE, "LinkedAccount", gone);
        assert!(!scene.fires(&RULE));
        let without = scene.without("Get-ManagementRoleAssignment", "ArchiveApplication");
        assert!(without.hits(&RULE).iter().all(|hit| !hit.help.contains("Gone")));
        assert!(without.fires(&RULE));
    }

    #[test]
    fn stays_silent_with_both() {
        assert!(!Scene::healthy().profile(Profile::Teams2025).fires(&RULE));
    }

    #[test]
    fn leaves_it_open_where_the_output_does_not_tell_whose_the_role_is() {
        let told = |command: &str, rows: &str| {
            let text = format!(
                "[PS] C:\\>Get-PartnerApplication | fl\n\nName : SfBOnline\nApplicationIdentifier : {}\nLinkedAccount : a/Users/SfBOnline-ApplicationAccount\n\n[PS] C:\\>Get-ManagementRoleAssignment{command}\n\n{rows}\n[PS] C:\\>",
                crate::checks::expectations::SKYPE
            );
            let files = [crate::state::read(text.as_bytes(), "a").unwrap()];
            let (mut hits, mut missing) = (Vec::new(), Vec::new());
            let case = StateCase::new(&files, crate::base::Instant::from_seconds(0));
            examine(&case, &mut Out::new(&RULE, &mut hits, &mut missing));
            (hits.len(), missing.len())
        };
        let both = "Role : UserApplication\n\nRole : ArchiveApplication\n";
        let of = " -RoleAssignee SfBOnline-ApplicationAccount";
        assert_eq!(told(&format!("{of} | fl Role"), both), (0, 0));
        // Those of everybody, or of a variable.
        assert_eq!(told(" | fl Role", both), (0, 2));
        assert_eq!(told(" -RoleAssignee $user | fl Role", both), (0, 2));
        // One of them, whole or asked for by its own name.
        assert_eq!(told(&format!("{of} | fl Role"), "Role : UserApplication\n"), (1, 0));
        assert_eq!(
            told(&format!("{of} -Role UserApplication | fl Role"), "Role : UserApplication\n"),
            (0, 1)
        );
        // The console cut whose it is.
        let row = |role: &str| format!("{role:<18} SfBOnline-Appli...\n");
        let table = format!(
            "Role               RoleAssigneeName\n----               ----------------\n{}{}",
            row("UserApplication"),
            row("ArchiveApplication")
        );
        assert_eq!(told(" | ft Role,RoleAssigneeName", &table), (0, 2));
    }

    #[test]
    fn the_whole_role_suffices_for_the_scheduler_and_a_part_of_it_not_for_skype() {
        let scheduler = |role: &str| {
            let assigned = properties([
                ("Name", format!("{role}-own").as_str().into()),
                ("Role", role.into()),
                ("RoleAssigneeName", "TeamsScheduler".into()),
                ("Enabled", true.into()),
            ]);
            let scene = Scene::healthy().profile(Profile::Teams2025);
            let scene = scene.without("Get-ManagementRoleAssignment", "TeamsSchedulerRole");
            scene.add("Get-ManagementRoleAssignment", assigned).hits(&RULE)
        };
        let named = |hits: &[crate::checks::rule::Hit]| {
            hits.iter().any(|hit| hit.message.contains("TeamsSchedulerRole"))
        };
        assert!(!named(&scheduler("UserApplication")));
        assert!(named(&scheduler("ArchiveApplication")));
        let skype = Scene::healthy().without("Get-ManagementRoleAssignment", "").hits(&RULE);
        assert!(skype.iter().all(|hit| hit.observed.to_string() == "no role"));
    }
}
