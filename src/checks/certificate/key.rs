//! Takes one certificate of `--cert`, gives findings of `certificate-key`: the certificate's key is not RSA of 2048 bits or more.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::CertificateCase;
use crate::keys::Material;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "certificate-key",
    check: CheckId::Certificate,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["G06"],
    title: "the certificate's key is not RSA of 2048 bits or more",
    looks_at: "Kind and size of the public key.",
    matters: "Exchange refuses to sign with a smaller key; Entra answers AADSTS50032.",
    bad: "RSA 1024, EC P-256",
    good: "RSA 2048",
    repair: "New-ExchangeCertificate -KeySize 2048 -PrivateKeyExportable $true -SubjectName \"cn=Microsoft \
             Exchange Server Auth Certificate\"; then Set-AuthConfig -NewCertificateThumbprint …",
    sources: &["Microsoft Entra error AADSTS50032"],
    scope: Scope::Certificate(examine),
};

fn examine(case: &CertificateCase<'_>, out: &mut Out<'_>) {
    let key = &case.certificate.key;
    if !matches!(key, Material::Rsa { .. }) || key.bits() < 2048 {
        out.say("the certificate's key is not RSA of 2048 bits or more")
            .observed(key.describe())
            .expected("RSA 2048")
            .cause(case.certificate.thumbprint_hex());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_1024_bits() {
        assert!(
            Scene::healthy()
                .certificate(|one| one.key = Material::Rsa { n: vec![0xff; 128], e: vec![1, 0, 1] })
                .fires(&RULE)
        );
    }

    #[test]
    fn fires_on_another_kind_of_key_of_whatever_length() {
        let other = |one: &mut crate::keys::certificate::Certificate| {
            one.key = Material::Hmac(crate::base::Secret::new(vec![7; 512]));
        };
        assert!(Scene::healthy().certificate(other).fires(&RULE));
        let rsa = |bytes: usize| {
            move |one: &mut crate::keys::certificate::Certificate| {
                one.key = Material::Rsa { n: vec![0xff; bytes], e: vec![1, 0, 1] };
            }
        };
        assert!(Scene::healthy().certificate(rsa(255)).fires(&RULE));
        assert!(!Scene::healthy().certificate(rsa(256)).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_2048_bits() {
        assert!(!Scene::healthy().certificate(|_| ()).fires(&RULE));
    }
}
