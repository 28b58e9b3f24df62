//! Takes the evidence, weighs `auth-certificate-unusable`: Exchange has no auth certificate that it can sign with.

use crate::checks::finding::Finding;
use crate::diagnose::cause::{Case, Cause, Rank, Weighing};

/// See the text.
pub(crate) static CAUSE: Cause = Cause {
    id: "auth-certificate-unusable",
    title: "Exchange has no auth certificate that it can sign with",
    rank: Rank::Root,
    summary: "A server that has to sign with the auth certificate of Get-AuthConfig (thumbprint {thumbprint}) cannot: none is named, or it is not there, has no private key, is not valid, or is too short. Such a server gets no tokens, whatever is set in the cloud.",
    speaks_for: "The state shows no current certificate, or a server that lacks it, or one where it has no private key, another status than Valid, or less than 2048 bits. A log of outbound calls says that the signing certificate is missing. The token service answers AADSTS50032.",
    speaks_against: "The certificate is only past its end, or the token service grants tokens to what it signed.",
    repair: &[
        "Get-AuthConfig | Format-List CurrentCertificateThumbprint; Get-ExchangeServer | ForEach-Object { Get-ExchangeCertificate -Server $_.Name } | Format-List Thumbprint,HasPrivateKey,Status,PublicKeySize,NotAfter",
        "oauthtrace provision script --tenant {tenant} --verified-domain {verified_domain} --domain-controller {domain_controller} --host {exchange_host}   # 80-RolloverPrepare.ps1, 50-UploadAuthCert.ps1, 81-RolloverPublish.ps1",
    ],
    sources: &[
        "Microsoft Learn: Maintain the Exchange Server OAuth certificate",
        "Microsoft Support: Resolve free/busy errors",
        "Microsoft Entra authentication and authorization error codes",
    ],
    examine,
};

fn examine<'a>(case: &Case<'a>, weigh: &mut Weighing<'a>) {
    let over =
        |finding: &Finding| finding.evidence.iter().any(|place| place.claim.as_deref() == Some("NotAfter"));
    let said = weigh.state(&[("state-auth-certificate-missing", 85)])
        | weigh.state_where(&[("state-auth-certificate-unusable", 85)], |finding| !over(finding));
    let weak = case.asks(|ask| ask.refused() && ask.has(&["50032"]));
    if let Some((ask, _)) = weak.first() {
        weigh
            .value("thumbprint", ask.thumbprint.as_deref().unwrap_or_default())
            .plus(80, "the token service says that the key is too short")
            .at(&weak);
    }
    if !said && weak.is_empty() {
        return;
    }
    if weigh.first_state("state-auth-certificate-unusable", over).is_some() {
        weigh.state_against(60, "the certificate is past its end");
    }
    weigh.logged(10, &["MissingSigningCertificate", "CertificatePrivateKeySizeTooSmall"]);
    super::granted_nevertheless(case, weigh);
    super::current_thumbprint(case, weigh);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Signer;
    use crate::diagnose::testing::{Story, denied, told_by_state};

    #[test]
    fn fires_on_a_key_that_the_token_service_calls_too_short() {
        let answer = denied("invalid_client", "AADSTS50032: Weak RSA key.");
        assert_eq!(Story::request(Signer::Exchange, 400, &answer).lead(), CAUSE.id);
    }

    #[test]
    fn fires_on_a_certificate_without_private_key() {
        let causes = told_by_state(|all| all.set("Get-ExchangeCertificate", "EX01", "HasPrivateKey", false));
        assert_eq!(causes, [CAUSE.id]);
    }

    #[test]
    fn stays_silent_on_a_healthy_organisation() {
        assert!(told_by_state(|all| all).is_empty());
    }
}
