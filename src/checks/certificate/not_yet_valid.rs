//! Takes one certificate of `--cert`, gives findings of `certificate-not-yet-valid`: the certificate was not valid yet.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::CertificateCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "certificate-not-yet-valid",
    check: CheckId::Certificate,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["G07"],
    title: "the certificate was not valid yet",
    looks_at: "`notBefore` of each certificate of --cert against the first moment of use.",
    matters: "Exchange and the token service refuse it until then. The next certificate of a rollover, not \
             used yet, is only warned about.",
    bad: "notBefore 2027-01-01, used 2026-01-01",
    good: "notBefore 2025-01-01, used 2026-01-01",
    repair: "Check which certificate is current: Get-AuthConfig | Format-List \
             *Thumbprint,NextCertificateEffectiveDate; and the server's clock.",
    sources: &["RFC 5280 4.1.2.5"],
    scope: Scope::Certificate(examine),
};

fn examine(case: &CertificateCase<'_>, out: &mut Out<'_>) {
    let Some((first, _)) = case.uses else { return };
    let others = case.expected.certificates.iter().flat_map(|(_, loaded)| &loaded.certificates);
    if first < case.certificate.not_before {
        let alone = others.count() <= 1;
        let hit = out.say("the certificate was not valid yet when it was used");
        hit.observed(format!("valid from {}, used at {first}", case.certificate.not_before))
            .expected("a certificate that is valid at the moment of use")
            .cause(case.certificate.thumbprint_hex());
        if !alone && !case.used {
            hit.severity(Severity::Warning);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Scene, Signer};

    #[test]
    fn fires_before_the_start() {
        assert!(Scene::healthy().certificate_valid(1, 1000).fires(&RULE));
    }

    #[test]
    fn is_a_warning_only_of_one_among_others_that_signed_nothing() {
        let early = || Scene::healthy().certificate_valid(1, 1000);
        assert_eq!(early().severity(&RULE), Some(Severity::Error));
        assert_eq!(early().newer_certificate().severity(&RULE), Some(Severity::Warning));
        let signed = early().newer_certificate().assertion_by(Signer::Exchange);
        assert_eq!(signed.severity(&RULE), Some(Severity::Error));
    }

    #[test]
    fn stays_silent_within_validity() {
        assert!(!Scene::healthy().certificate_valid(-1000, 1000).fires(&RULE));
        assert!(!Scene::healthy().certificate_valid(0, 1000).fires(&RULE));
    }
}
