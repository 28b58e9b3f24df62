//! Takes the evidence, weighs `certificate-on-wrong-principal`: the auth certificate is on another service principal.

use crate::diagnose::cause::{Case, Cause, Rank, Weighing};

/// See the text.
pub(crate) static CAUSE: Cause = Cause {
    id: "certificate-on-wrong-principal",
    title: "the auth certificate is on another service principal",
    rank: Rank::Root,
    summary: "The token service accepts certificate {thumbprint} for {accepted}, but not for {application}: it was uploaded to one service principal and is missing on the other. Each application that signs with it needs it.",
    speaks_for: "One key is accepted for one application and not found for another. The state shows the certificate on another service principal, and not on this one.",
    speaks_against: "The requests lie far apart in time: the certificate may have been removed between them. The state shows it on all of them, or on none.",
    repair: &[
        "oauthtrace provision script --tenant {tenant} --verified-domain {verified_domain} --domain-controller {domain_controller} --host {exchange_host}   # prints the upload to every principal that needs it",
        "Get-MgServicePrincipal -Filter \"appId eq '{application}'\" -Property keyCredentials | Select-Object -ExpandProperty KeyCredentials | Format-List DisplayName,EndDateTime,CustomKeyIdentifier",
    ],
    sources: &[
        "Microsoft Learn: Configure OAuth between Skype for Business Online and Exchange on-premises",
        "Microsoft Entra authentication and authorization error codes",
    ],
    examine,
};

fn examine<'a>(case: &Case<'a>, weigh: &mut Weighing<'a>) {
    traffic(case, weigh);
    let Some(organisation) = case.organisation else { return };
    let current = organisation.auth_thumbprint("Current");
    let elsewhere =
        organisation.keys.iter().find(|key| key.thumbprint.is_some() && key.thumbprint == current);
    if let Some(other) = elsewhere.and_then(|key| key.application.as_deref()) {
        // That it is on one of them is as it should be: only traffic tells whether it was meant for another.
        let weight = if weigh.score() > 0 { 60 } else { 30 };
        if weigh.state(&[("state-key-missing", weight), ("state-exchange-key-missing", weight)]) {
            weigh.value("accepted", other);
        }
        super::current_thumbprint(case, weigh);
    }
}

fn traffic<'a>(case: &Case<'a>, weigh: &mut Weighing<'a>) {
    let refused = case.asks(|ask| ask.refused() && super::key_not_accepted(ask) && ask.thumbprint.is_some());
    for (ask, _) in &refused {
        let elsewhere = case.asks(|other| {
            other.granted() && other.thumbprint == ask.thumbprint && other.application != ask.application
        });
        if let Some((other, _)) = elsewhere.first() {
            weigh
                .plus(95, "the same key is accepted for another application")
                .at(&refused)
                .at(&elsewhere)
                .value("accepted", other.application.as_deref().unwrap_or_default())
                .value("thumbprint", ask.thumbprint.as_deref().unwrap_or_default())
                .application(ask.application.as_deref());
            return;
        }
    }
    let named = case.asks(|ask| ask.refused() && ask.has(&["700030"]));
    if !named.is_empty() {
        weigh.plus(40, "the token service knows the certificate, but not for this application").at(&named);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Scene, Signer, TENANT};
    use crate::diagnose::testing::{Story, denied};

    #[test]
    fn fires_when_one_key_is_good_for_another_application() {
        let answer = denied("invalid_client", "AADSTS50012: [Reason - The key was not found.]");
        let other =
            Scene::healthy().assertion_from(&format!("{}@{TENANT}", crate::checks::expectations::SKYPE));
        let story = Story::request(Signer::Exchange, 401, &answer)
            .and_requests(other)
            .answer(200, r#"{"access_token":"x"}"#);
        assert_eq!(story.lead(), CAUSE.id);
    }

    #[test]
    fn stays_silent_on_one_application() {
        let answer = denied("invalid_client", "AADSTS50012: [Reason - The key was not found.]");
        assert!(!Story::request(Signer::Exchange, 401, &answer).causes().contains(&CAUSE.id));
    }
}
