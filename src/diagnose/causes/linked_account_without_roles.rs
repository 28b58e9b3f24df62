//! Takes the evidence, weighs `linked-account-without-roles`: the partner application has no linked account, or that account lacks the roles.

use crate::base::is_guid;
use crate::checks::expectations::{CLOUD_VOICEMAIL, TEAMS_SCHEDULER};
use crate::checks::finding::Severity;
use crate::checks::judge::facts::{Call, Credential};
use crate::diagnose::cause::{Case, Cause, Rank, Weighing};
use crate::state::object::Kind;

/// See the text.
pub(crate) static CAUSE: Cause = Cause {
    id: "linked-account-without-roles",
    title: "the partner application has no linked account, or that account lacks the roles",
    rank: Rank::Root,
    summary: "Exchange accepts the token, but what the call asks for is not allowed: the partner application of {application} has no linked account, or the account lacks the role assignments (UserApplication, ArchiveApplication).",
    speaks_for: "Exchange says invalid_grant, speaks of the linked account, or EWS answers inside with an access or role error while the token was accepted. The state shows no linked account, no such mail user, or a role that is not assigned.",
    speaks_against: "The token is an Entra token that carries no permission: then the permission is missing there. The state shows the account with its roles.",
    repair: &[
        "Get-PartnerApplication | Where-Object ApplicationIdentifier -eq \"{application}\" | Format-List Name,LinkedAccount,Enabled",
        "Set-PartnerApplication <name> -LinkedAccount <mail user>   # Cloud Voicemail has none",
        "Get-ManagementRoleAssignment -RoleAssignee <mail user> | Format-Table Role",
        "New-ManagementRoleAssignment -Role UserApplication -User <mail user>   # of the Teams scheduler: TeamsSchedulerRole, and no other",
        "New-ManagementRoleAssignment -Role ArchiveApplication -User <mail user>",
    ],
    sources: &[
        "Microsoft Support: Resolve free/busy errors",
        "Microsoft Learn: Configure OAuth between Skype for Business Online and Exchange on-premises",
        "Microsoft Learn: EWS ResponseCode",
    ],
    examine,
};

fn examine<'a>(case: &Case<'a>, weigh: &mut Weighing<'a>) {
    let refused = case.refused("invalid_grant");
    if let Some((call, _)) = refused.first() {
        weigh
            .plus(80, "Exchange says that the grant does not suffice")
            .at(&refused)
            .application(call.application.as_deref().or_else(|| named(call.reason_of("invalid_grant"))));
        let entra = case.findings(&["token-no-permission"], Severity::Warning);
        if call.entra && !entra.is_empty() {
            weigh.minus(40, "the Entra token carries no permission").but(entra);
        }
    }
    let spoken = case.calls(|call| {
        let words = |text: &str| text.to_ascii_lowercase().contains("linked account");
        call.credential == Credential::Token && call.ews.iter().any(|(_, text)| words(text))
    });
    if let Some((call, _)) = spoken.first() {
        weigh.plus(90, "Exchange says that the linked account is missing or has no roles").at(&spoken);
        weigh.application(call.application.as_deref());
    }
    const ACCESS: [&str; 5] = [
        "ErrorAccessDenied",
        "ErrorCreateItemAccessDenied",
        "ErrorImpersonateUserDenied",
        "ErrorImpersonationDenied",
        "ErrorInvalidManagementRoleHeader",
    ];
    let denied = case.calls(|call| {
        call.credential == Credential::Token
            && call.ews.iter().any(|(code, _)| ACCESS.contains(&code.as_str()))
    });
    let blocked = |call: &Call| call.ews.iter().any(|(_, text)| super::speaks_of_ews_switch(text));
    if let Some((call, _)) = denied.iter().find(|(call, _)| !blocked(call)) {
        weigh.application(call.application.as_deref());
        weigh
            .plus(65, "the token was accepted, and EWS denies the access or the role inside the answer")
            .at(&denied);
        if !call.roles.is_empty() {
            weigh.plus(10, format!("the call asks for the role {}", call.roles.join(", ")));
        }
        if case.calls(|other| other.accepted() && other.application == call.application).is_empty() {
            weigh.plus(5, "no other call of that application succeeded");
        } else {
            weigh.plus(10, "other calls of the same application succeed: a single right is missing");
        }
    }
    state(case, weigh);
    own_commands(weigh);
}

/// The application that a reason names: `… associated with partner application '00000003-…'`.
fn named(reason: &str) -> Option<&str> {
    const MARK: &str = "partner application '";
    let id = reason.get(reason.find(MARK)? + MARK.len()..)?.get(..36)?;
    is_guid(id).then_some(id)
}

/// What repairs it for the applications that the page of 2025 sets up in another way: the Teams scheduler has a role of
/// its own and no wider one, and Cloud Voicemail acts for users only and has no account.
fn own_commands(weigh: &mut Weighing<'_>) {
    if weigh.score() <= 0 || !weigh.repairs.is_empty() {
        return;
    }
    let commands: &[&str] = match weigh.known("application") {
        Some(id) if id.eq_ignore_ascii_case(TEAMS_SCHEDULER) => &[
            "Set-PartnerApplication <name> -LinkedAccount <mail user>",
            "Get-ManagementRoleAssignment -RoleAssignee <mail user> | Format-Table Role",
            "Get-ManagementRoleEntry 'TeamsSchedulerRole\\*'   # GetDelegate, and no other",
            "New-ManagementRoleAssignment -Role TeamsSchedulerRole -User <mail user>",
        ],
        Some(id) if id.eq_ignore_ascii_case(CLOUD_VOICEMAIL) => &[
            "Get-Mailbox <user> | Format-List Name,RecipientTypeDetails,UserPrincipalName   # this application has no linked account: it acts for the user of the token",
            "Get-CASMailbox <user> | Format-List EwsEnabled,EwsApplicationAccessPolicy,EwsAllowList,EwsBlockList",
        ],
        _ => return,
    };
    let application = weigh.known("application").unwrap_or_default();
    let look = format!(
        "Get-PartnerApplication | Where-Object ApplicationIdentifier -eq \"{application}\" | Format-List Name,LinkedAccount,Enabled"
    );
    weigh.repairs = std::iter::once(look).chain(commands.iter().map(|line| (*line).to_owned())).collect();
}

fn state(case: &Case<'_>, weigh: &mut Weighing<'_>) {
    let said = weigh.state(&[
        ("state-partner-account", 85),
        ("state-account-missing", 85),
        ("state-role-missing", 85),
        ("state-role-asked", 80),
    ]);
    let application = weigh.known("application").map(str::to_ascii_lowercase);
    let (Some(organisation), Some(application)) = (case.organisation, application) else { return };
    if said {
        super::accepted_nevertheless(case, weigh, &application);
        return;
    }
    let linked =
        organisation.partners(&application).iter().any(|one| organisation.linked_account(one).is_some());
    if weigh.score() > 0 && linked && organisation.asked(Kind::RoleAssignment) {
        weigh.set_well("the state shows the linked account with the roles of the procedure");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logrecord::{LogRecord, LogSource};

    #[test]
    fn fires_on_the_words_of_the_back_end_in_a_log() {
        let errors = Some("SoapException: The application is missing a linked account for RBAC roles, or the linked account has no RBAC role assignments.".into());
        let authentication = Some("Bearer".into());
        let line =
            LogRecord { errors, authentication, status: Some(500), ..LogRecord::new(LogSource::Ews, 1) };
        assert_eq!(Story::line(line).lead(), CAUSE.id);
    }

    use crate::checks::expectations::SKYPE;
    use crate::checks::testing::Scene;
    use crate::diagnose::testing::Story;

    #[test]
    fn fires_on_invalid_grant() {
        assert_eq!(
            Story::of(Scene::healthy().refused("2000008;error_category=\"invalid_grant\"")).lead(),
            CAUSE.id
        );
    }

    #[test]
    fn fires_on_access_denied_inside_200() {
        assert_eq!(Story::of(Scene::healthy().ews("Error", "ErrorAccessDenied")).lead(), CAUSE.id);
    }

    #[test]
    fn gives_each_application_what_it_needs_and_no_more() {
        let commands = |id: &str| {
            let scene = Scene::healthy().application(id).refused("2000008;error_category=\"invalid_grant\"");
            let found = Story::of(scene).diagnosis().causes;
            found.iter().find(|found| found.cause.id == CAUSE.id).unwrap().commands.join("\n")
        };
        let scheduler = commands(TEAMS_SCHEDULER);
        assert!(
            scheduler.contains("-Role TeamsSchedulerRole ")
                && !scheduler.contains("-Role ArchiveApplication")
        );
        let voicemail = commands(CLOUD_VOICEMAIL);
        assert!(!voicemail.contains("-LinkedAccount ") && !voicemail.contains("-Role "), "{voicemail}");
        assert!(commands(SKYPE).contains("-Role ArchiveApplication"));
    }

    #[test]
    fn an_entra_token_without_a_permission_speaks_against_it() {
        let scene = |scope| {
            let scene = Scene::healthy().entra("https://mail.contoso.com/");
            let scene = if scope { scene } else { scene.outer_without("scp") };
            Story::of(scene.refused("2000008;error_category=\"invalid_grant\"")).diagnosis().causes
        };
        let score =
            |scope| scene(scope).iter().find(|found| found.cause.id == CAUSE.id).map(|found| found.score);
        assert!(score(false) < score(true));
    }

    #[test]
    fn stays_silent_on_success() {
        assert!(!Story::of(Scene::healthy().ews("Success", "NoError")).causes().contains(&CAUSE.id));
    }
}
