//! Takes one exchange, gives findings of `metadata-key-expired`: a certificate in a metadata document has expired.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::marks::Marks;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "metadata-key-expired",
    check: CheckId::Challenge,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["L03"],
    title: "a certificate in a metadata document has expired",
    looks_at: "Validity of the certificates in S2S metadata documents, at the time of the answer.",
    matters: "Readers differ in whether they accept an expired certificate. In Exchange's own document it is the auth certificate, which nobody renewed.",
    bad: "a certificate that ended in March in an answer of June",
    good: "certificates that are valid at the time of the answer",
    repair: "On Exchange: Get-AuthConfig | Format-List; then the procedure of the expired auth certificate (New-ExchangeCertificate, Set-AuthConfig -NewCertificateThumbprint … -NewCertificateEffectiveDate …, -PublishCertificate).",
    sources: &["RFC 5280 4.1.2.5", "Microsoft Learn: Set-AuthConfig"],
    scope: Scope::Marked(Marks::METADATA, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    let Some(at) = case.at else { return };
    let keys = case.document().into_iter().flat_map(|document| &document.keys);
    for certificate in keys.filter_map(|key| key.certificate.as_ref()) {
        if certificate.not_after < at {
            out.say("a certificate in a metadata document has expired")
                .observed(format!(
                    "thumbprint {}, until {}",
                    certificate.thumbprint_hex(),
                    certificate.validity_text[1]
                ))
                .expected("a certificate that is valid at the time of the answer")
                .location("response.body.json.keys");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Instant;
    use crate::checks::expectations::Expectations;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_after_its_end() {
        let late = |expected: &mut Expectations| expected.at = Some(Instant::from_seconds(1_900_000_000));
        assert!(Scene::healthy().metadata(|_| ()).expect(late).fires(&RULE));
    }

    #[test]
    fn stays_silent_while_it_is_valid() {
        assert!(!Scene::healthy().metadata(|_| ()).fires(&RULE));
    }
}
