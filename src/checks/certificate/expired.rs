//! Takes one certificate of `--cert`, gives findings of `certificate-expired`: the certificate had expired.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::CertificateCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "certificate-expired",
    check: CheckId::Certificate,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["G07"],
    title: "the certificate had expired",
    looks_at: "`notAfter` of each certificate of --cert against the last moment of use.",
    matters: "Exchange does not sign with an expired certificate, and the token service does not accept \
             it. One that was replaced and not used any more is only warned about.",
    bad: "notAfter 2025-01-01, used 2026-01-01",
    good: "notAfter 2030-01-01, used 2026-01-01",
    repair: "New-ExchangeCertificate -KeySize 2048 -PrivateKeyExportable $true -SubjectName \"cn=Microsoft \
             Exchange Server Auth Certificate\" -FriendlyName \"Microsoft Exchange Server Auth Certificate\" \
             -DomainName @(); Set-AuthConfig -NewCertificateThumbprint <thumbprint> \
             -NewCertificateEffectiveDate (Get-Date); Set-AuthConfig -PublishCertificate; Set-AuthConfig \
             -ClearPreviousCertificate; then upload it (oauthtrace provision script).",
    sources: &["Microsoft Support: KB 2617816"],
    scope: Scope::Certificate(examine),
};

fn examine(case: &CertificateCase<'_>, out: &mut Out<'_>) {
    let Some((_, last)) = case.uses else { return };
    if last > case.certificate.not_after {
        let hit = out.say("the certificate had expired when it was used");
        hit.observed(format!("valid until {}, used at {last}", case.certificate.not_after))
            .expected("a certificate that is valid at the moment of use")
            .cause(case.certificate.thumbprint_hex());
        if case.superseded && !case.used {
            hit.severity(Severity::Warning);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Scene, Signer};

    #[test]
    fn fires_past_the_end() {
        assert!(Scene::healthy().certificate_valid(-1000, -1).fires(&RULE));
    }

    #[test]
    fn is_a_warning_only_of_an_older_one_that_signed_nothing() {
        let ended = || Scene::healthy().certificate_valid(-1000, -1);
        assert_eq!(ended().severity(&RULE), Some(Severity::Error));
        assert_eq!(ended().newer_certificate().severity(&RULE), Some(Severity::Warning));
        let signed = ended().newer_certificate().assertion_by(Signer::Exchange);
        assert_eq!(signed.severity(&RULE), Some(Severity::Error));
    }

    #[test]
    fn stays_silent_within_validity() {
        assert!(!Scene::healthy().certificate_valid(-1000, 1000).fires(&RULE));
        assert!(!Scene::healthy().certificate_valid(-1000, 0).fires(&RULE));
    }
}
