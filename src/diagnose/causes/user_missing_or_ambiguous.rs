//! Takes the evidence, weighs `user-missing-or-ambiguous`: the user is missing or not unique on premises.

use crate::checks::finding::Severity;
use crate::checks::judge::facts::Credential;
use crate::diagnose::cause::{Case, Cause, Rank, Weighing};

/// See the text.
pub(crate) static CAUSE: Cause = Cause {
    id: "user-missing-or-ambiguous",
    title: "the user is missing or not unique on premises",
    rank: Rank::Root,
    summary: "Exchange accepts the application, but does not find the user that the token or the call speaks of, or finds several objects with the same address: the user is not synchronised, has no mailbox here, or shares UPN, SMTP or SIP address with another object.",
    speaks_for: "Exchange says invalid_user, or EWS answers inside that the mailbox, user principal name or SID does not exist.",
    speaks_against: "Other causes explain the refusal, such as a wrong tenant.",
    repair: &[
        "Get-Recipient <address> | Format-List Name,RecipientType,PrimarySmtpAddress,EmailAddresses",
        "Get-User <user principal name> | Format-List UserPrincipalName,Sid,WindowsEmailAddress",
        "Get-Recipient -ResultSize Unlimited -Filter \"EmailAddresses -eq 'smtp:<address>' -or EmailAddresses -eq 'sip:<address>'\"   # more than one: ambiguous",
        "Get-MailUser <address>; Get-RemoteMailbox <address>   # where the mailbox is",
        "Start-ADSyncSyncCycle -PolicyType Delta   # on the synchronisation server",
    ],
    sources: &["Microsoft Support: Resolve free/busy errors", "Microsoft Learn: EWS ResponseCode"],
    examine,
};

fn examine<'a>(case: &Case<'a>, weigh: &mut Weighing<'a>) {
    weigh.logged(80, &["UPNValueNotProvided", "EmptyClaimsForUser", "EmptyNameIdClaim"]);
    let refused = case.refused("invalid_user");
    if let Some((call, _)) = refused.first() {
        weigh
            .plus(85, "Exchange says that it does not find the user, or not a single one")
            .at(&refused)
            .application(call.application.as_deref());
        weigh.by(case
            .findings(&["chain-user-ambiguous", "chain-user-missing", "chain-user-kind"], Severity::Warning));
    }
    const UNKNOWN: [&str; 6] = [
        "ErrorNonExistentMailbox",
        "ErrorInvalidUserPrincipalName",
        "ErrorInvalidUserSid",
        "ErrorMissingEmailAddress",
        "ErrorInvalidUserInfo",
        "ErrorUserNotUnifiedMessagingEnabled",
    ];
    let missing = case.calls(|call| {
        call.credential == Credential::Token
            && call.ews.iter().any(|(code, _)| UNKNOWN.contains(&code.as_str()))
    });
    if let Some((call, _)) = missing.first() {
        weigh
            .plus(80, "the token was accepted, and EWS does not find the user's mailbox")
            .at(&missing)
            .application(call.application.as_deref());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;
    use crate::diagnose::testing::Story;

    #[test]
    fn fires_on_invalid_user() {
        assert_eq!(
            Story::of(Scene::healthy().refused("2000005;error_category=\"invalid_user\"")).lead(),
            CAUSE.id
        );
    }

    #[test]
    fn fires_on_a_missing_mailbox() {
        assert_eq!(Story::of(Scene::healthy().ews("Error", "ErrorNonExistentMailbox")).lead(), CAUSE.id);
    }

    #[test]
    fn stays_silent_on_invalid_client() {
        assert!(
            !Story::of(Scene::healthy().refused("2000006;error_category=\"invalid_client\""))
                .causes()
                .contains(&CAUSE.id)
        );
    }

    #[test]
    fn fires_on_a_log_of_outbound_calls() {
        assert_eq!(Story::logged("EmptyClaimsForUser").lead(), CAUSE.id);
    }
}
