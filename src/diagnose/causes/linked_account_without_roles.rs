//! Takes the evidence, weighs `linked-account-without-roles`: the partner application has no linked account, or that account lacks the roles.

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
            .application(call.application.as_deref());
        let entra = case.errors(&["accepted-token-no-permission"]);
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
    fn stays_silent_on_success() {
        assert!(!Story::of(Scene::healthy().ews("Success", "NoError")).causes().contains(&CAUSE.id));
    }
}
