//! Takes the evidence, weighs `signing-certificate-missing`: Exchange has no certificate that it can sign with.

use crate::diagnose::cause::{Case, Cause, Rank, Weighing};

/// See the text.
pub(crate) static CAUSE: Cause = Cause {
    id: "signing-certificate-missing",
    title: "Exchange has no certificate that it can sign with",
    rank: Rank::Root,
    summary: "Exchange wants to ask the token service for a token, and finds no certificate to sign the request with: the one that AuthConfig names is not on this server, has no private key, is not valid now, or is smaller than 2048 bits. Nothing that Exchange starts itself works; calls of the cloud to Exchange are not affected.",
    speaks_for: "A log of outbound calls or Test-OAuthConnectivity says so (MissingSigningCertificate, CertificatePrivateKeySizeTooSmall).",
    speaks_against: "Assertions that Exchange signed are in the recording.",
    repair: &[
        "Get-AuthConfig | Format-List CurrentCertificateThumbprint,NextCertificateThumbprint,ServiceName,Realm",
        "Get-ExchangeCertificate (Get-AuthConfig).CurrentCertificateThumbprint | Format-List Thumbprint,Status,HasPrivateKey,PublicKeySize,NotAfter   # on each server",
        "New-ExchangeCertificate -KeySize 2048 -PrivateKeyExportable $true -SubjectName \"cn=Microsoft Exchange Server Auth Certificate\" -FriendlyName \"Microsoft Exchange Server Auth Certificate\" -DomainName @()",
        "Set-AuthConfig -NewCertificateThumbprint <new thumbprint> -NewCertificateEffectiveDate (Get-Date); Set-AuthConfig -PublishCertificate; Set-AuthConfig -ClearPreviousCertificate",
        "oauthtrace provision script --tenant {tenant} --verified-domain {verified_domain} --domain-controller {domain_controller} --host {exchange_host}   # prints how to upload the new certificate",
    ],
    sources: &["Microsoft Support: KB 3089171", "Microsoft Support: Resolve free/busy errors"],
    examine,
};

fn examine<'a>(case: &Case<'a>, weigh: &mut Weighing<'a>) {
    weigh.logged(85, &["MissingSigningCertificate", "CertificatePrivateKeySizeTooSmall"]);
    let signed = case.asks(|ask| ask.thumbprint.is_some());
    if weigh.score() > 0 && !signed.is_empty() {
        weigh.minus(40, "assertions that Exchange signed are in the recording");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;
    use crate::diagnose::testing::Story;

    #[test]
    fn fires_on_a_log_of_outbound_calls() {
        assert_eq!(
            Story::logged("OAuthTokenRequestFailedException: Missing signing certificate.").lead(),
            CAUSE.id
        );
    }

    #[test]
    fn stays_silent_without_one() {
        assert!(!Story::of(Scene::healthy().refused("")).causes().contains(&CAUSE.id));
    }
}
