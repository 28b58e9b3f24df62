//! Takes the evidence, weighs `ews-switched-off-or-blocked`: Exchange Web Services is switched off or blocked for the caller.

use crate::checks::judge::facts::Credential;
use crate::diagnose::cause::{Case, Cause, Rank, Weighing};
use crate::state::object::Kind;

/// See the text.
pub(crate) static CAUSE: Cause = Cause {
    id: "ews-switched-off-or-blocked",
    title: "Exchange Web Services is switched off or blocked for the caller",
    rank: Rank::Root,
    summary: "The token is in order and reaches Exchange, but Exchange Web Services itself refuses: it is switched off for the organisation or mailbox, blocked by its application access policy, or retired for this use in the cloud. {observed}",
    speaks_for: "X-EWS-Policy-Reason in the answer of Exchange in the cloud; 403 from Exchange itself \
                 without any diagnostics of OAuth, or a text that says that EWS is disabled or blocked. The \
                 state shows EWS off for the organisation, or a list of allowed applications without Teams.",
    speaks_against: "The answer is a device's, or names missing rights of the linked account. The state shows it open.",
    repair: &[
        "Get-OrganizationConfig | Format-List EwsEnabled,EwsApplicationAccessPolicy,EwsAllowList,EwsBlockList",
        "Get-OrganizationConfig -RetrieveEwsOperationAccessPolicy | Format-List EwsAllowedAppIDs   # in the \
         cloud: the applications that may use EWS; a change takes up to a day",
        "Get-CASMailbox <user> | Format-List EwsEnabled,EwsApplicationAccessPolicy,EwsAllowList,EwsBlockList",
        "Set-OrganizationConfig -EwsEnabled $true; Set-CASMailbox <user> -EwsEnabled $true   # where EwsEnabled is False",
        "Set-OrganizationConfig -EwsAllowList @{Add=\"*SchedulingService*\",\"MicrosoftNinja/*\",\"*Teams/*\",\"SkypeSpaces/*\"}   # where EwsApplicationAccessPolicy is EnforceAllowList",
        "Get-WebServicesVirtualDirectory | Format-List Server,InternalUrl,ExternalUrl   # on premises: is the application pool running",
    ],
    sources: &[
        "Microsoft Support: Teams and Exchange interaction",
        "Microsoft Learn: Control access to EWS in Exchange",
    ],
    examine,
};

fn examine<'a>(case: &Case<'a>, weigh: &mut Weighing<'a>) {
    let told = case.calls(|call| {
        let spoken = call.ews.iter().any(|(_, text)| super::speaks_of_ews_switch(text));
        call.exchange && !call.succeeded() && (spoken || call.reasons().any(super::speaks_of_ews_switch))
    });
    if !told.is_empty() {
        weigh.plus(85, "Exchange says that EWS is switched off or blocked").at(&told);
    }
    let policy = case.calls(|call| call.policy.as_deref().is_some_and(super::speaks_of_ews_switch));
    if let Some((call, _)) = policy.first() {
        let said = call.policy.as_deref().unwrap_or_default();
        weigh.plus(90, "Exchange says so in X-EWS-Policy-Reason").at(&policy);
        weigh.words("observed", format!("It says: {said}."));
    }
    let forbidden = case.calls(|call| {
        call.credential == Credential::Token
            && call.marks
            && call.status == Some(403)
            && call.said.is_none()
            && call.ews.is_empty()
    });
    if let Some((call, _)) = forbidden.iter().find(|(call, _)| call.path.starts_with("/ews")) {
        weigh.plus(55, "Exchange itself forbids the call, without a reason of OAuth").at(&forbidden);
        if call.host.ends_with(".office365.com")
            || call.host.ends_with(".office.com")
            || call.host.ends_with(".outlook.cn")
        {
            weigh.plus(20, "it is Exchange in the cloud, where EWS is being retired");
        }
        if let Some(agent) = call.agent {
            weigh.words(
                "observed",
                format!("The caller names itself {agent}; an allow list has to contain it."),
            );
        }
    }
    let asked = case.organisation.is_some_and(|organisation| organisation.asked(Kind::OrganizationConfig));
    if !weigh.state(&[("state-ews-policy", 85)]) && weigh.score() > 0 && asked {
        weigh.set_well("Get-OrganizationConfig shows EWS on, without a list that shuts Teams out");
    }
    weigh.words("observed", String::new());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;
    use crate::diagnose::cause::Confidence;
    use crate::diagnose::testing::Story;

    #[test]
    fn fires_on_403_of_exchange_itself() {
        assert_eq!(
            Story::of(Scene::healthy().status(403).response_header("request-id", "x")).lead(),
            CAUSE.id
        );
    }

    #[test]
    fn fires_on_the_reason_of_a_policy() {
        // Microsoft Learn, "Control access to EWS in Exchange".
        for said in
            ["EWS is disabled for this user or tenant", "EWS is blocked by policy for this user or tenant"]
        {
            let scene = Scene::healthy().status(403).response_header("X-EWS-Policy-Reason", said);
            let found = Story::of(scene).diagnosis().causes;
            let first = found.first().unwrap();
            assert_eq!((first.cause.id, first.confidence), (CAUSE.id, Confidence::Certain), "{said}");
            assert!(first.summary.contains(said), "{}", first.summary);
        }
    }

    #[test]
    fn stays_silent_on_403_of_a_device() {
        assert!(!Story::of(Scene::healthy().status(403)).causes().contains(&CAUSE.id));
    }
}
