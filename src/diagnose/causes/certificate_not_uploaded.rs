//! Takes the evidence, weighs `certificate-not-uploaded`: the auth certificate is not on the service principal.

use crate::checks::finding::Finding;
use crate::checks::judge::facts::Signed;
use crate::diagnose::cause::{Case, Cause, Rank, Weighing};

/// See the text.
pub(crate) static CAUSE: Cause = Cause {
    id: "certificate-not-uploaded",
    title: "the auth certificate is not on the service principal",
    rank: Rank::Root,
    summary: "The token service does not find the key of the certificate that Exchange signs with (thumbprint {thumbprint}) on the service principal of {application}: the certificate was never uploaded there, or was removed. Exchange gets no tokens until it is uploaded.",
    speaks_for: "The token service refuses the assertion because it does not find the key, or says that the application has no key at all; the certificate is the given one, or none was given. The state shows no key on the service principal.",
    speaks_against: "The assertion is signed with another certificate than the given one (rolled over), the certificate has expired, or the same key is accepted for another application. The state shows the current certificate there, or keys of older ones.",
    repair: &[
        "oauthtrace provision script --tenant {tenant} --verified-domain {verified_domain} --domain-controller {domain_controller} --host {exchange_host}   # prints the upload",
        "Get-MgServicePrincipal -Filter \"appId eq '{application}'\" -Property keyCredentials | Select-Object -ExpandProperty KeyCredentials | Format-List DisplayName,EndDateTime,CustomKeyIdentifier",
    ],
    sources: &[
        "Microsoft Support: Resolve free/busy errors",
        "Microsoft Entra authentication and authorization error codes",
        "Microsoft Learn: Configure OAuth between Skype for Business Online and Exchange on-premises",
    ],
    examine,
};

fn examine<'a>(case: &Case<'a>, weigh: &mut Weighing<'a>) {
    traffic(case, weigh);
    let none = |finding: &Finding| finding.observed == "no key";
    let keys = [("state-key-missing", 85), ("state-exchange-key-missing", 85)];
    if weigh.state_where(&keys, none) {
        super::granted_nevertheless(case, weigh);
    } else if weigh.state(&[
        ("state-key-missing", 25),
        ("state-exchange-key-missing", 25),
        ("state-key-value", 25),
    ]) {
        // Other keys are there: rather rolled over than never uploaded.
    } else if weigh.score() > 0 && super::uploaded_everywhere(case) {
        weigh.set_well("the state shows the current certificate on the service principals");
    }
    super::current_thumbprint(case, weigh);
}

fn traffic<'a>(case: &Case<'a>, weigh: &mut Weighing<'a>) {
    let refused = case.asks(|ask| ask.refused() && super::key_not_accepted(ask));
    let Some((ask, _)) = refused.first() else { return };
    weigh
        .value("thumbprint", ask.thumbprint.as_deref().unwrap_or_default())
        .application(ask.application.as_deref());
    if ask.has(&["50003"]) {
        weigh.plus(85, "the token service says that the application has no signing key at all").at(&refused);
    } else if super::key_not_found(ask) {
        weigh.plus(80, "the token service does not find the key that signed").at(&refused);
    } else {
        weigh.plus(55, "the token service does not accept the credentials").at(&refused);
    }
    if super::signed_by_another(ask, case) {
        weigh
            .minus(60, "the assertion is signed with another certificate than the given one")
            .but(case.errors(&["signature-certificate-unknown"]));
    }
    let expired = case.errors(&["certificate-expired"]);
    if !expired.is_empty() {
        weigh.minus(50, "the certificate has expired").but(expired);
    }
    if !case
        .asks(|other| other.granted() && other.thumbprint.is_some() && other.thumbprint == ask.thumbprint)
        .is_empty()
    {
        weigh.minus(60, "the token service accepts the same key in another request");
    }
    let altered = case.errors(&["signature-wrong"]);
    if !altered.is_empty() && ask.signed == Signed::Failed {
        weigh.minus(60, "the signature is wrong by the given certificate too").but(altered);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::expectations::{CLOUD_VOICEMAIL, EXCHANGE};
    use crate::checks::testing::{Scene, Signer, TENANT};
    use crate::diagnose::testing::{Story, denied};

    #[test]
    fn fires_on_a_key_that_is_not_found() {
        let answer =
            denied("invalid_client", "AADSTS70002: no. AADSTS50012: [Reason - The key was not found.]");
        assert_eq!(Story::request(Signer::Exchange, 401, &answer).lead(), CAUSE.id);
    }

    #[test]
    fn the_script_of_the_page_that_knows_the_application_is_offered() {
        let command = |application: &str| {
            let scene = Scene::healthy().assertion_from(&format!("{application}@{TENANT}"));
            let answer = denied("invalid_client", "AADSTS700027: [Reason - The key was not found.]");
            let found = Story::of(scene).answer(401, &answer).diagnosis().causes;
            found.iter().find(|found| found.cause.id == CAUSE.id).unwrap().commands.first().unwrap().clone()
        };
        assert!(command(CLOUD_VOICEMAIL).contains("--profile teams-2025 --tenant "));
        assert!(!command(EXCHANGE).contains("--profile"));
    }

    #[test]
    fn fires_on_no_key_at_all() {
        assert_eq!(
            Story::request(Signer::Exchange, 400, &denied("invalid_client", "AADSTS50003: none")).lead(),
            CAUSE.id
        );
    }

    #[test]
    fn stays_silent_on_a_granted_request() {
        assert!(
            !Story::request(Signer::Exchange, 200, r#"{"access_token":"x"}"#).causes().contains(&CAUSE.id)
        );
    }
}
