//! Takes a distinct token, gives findings of `signature-key-weak`: the signing key is under 2048 bits.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::{Proof, TokenCase};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "signature-key-weak",
    check: CheckId::Signature,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["G06"],
    title: "the signing key is under 2048 bits",
    looks_at: "The size of the RSA key that verified a token.",
    matters: "Exchange refuses to sign with it and Entra answers AADSTS50032; 1024 bits are within reach \
             of an attacker.",
    bad: "RSA 1024",
    good: "RSA 2048",
    repair: "Make a new auth certificate: New-ExchangeCertificate -KeySize 2048 -PrivateKeyExportable \
             $true -SubjectName \"cn=Microsoft Exchange Server Auth Certificate\" -Services SMTP; then \
             Set-AuthConfig -NewCertificateThumbprint …",
    sources: &["RFC 7518 3.3", "Microsoft Entra error AADSTS50032"],
    scope: Scope::Token(examine),
};

fn examine(case: &TokenCase<'_>, out: &mut Out<'_>) {
    if let Proof::Verified { key, weak: true, .. } = case.proof {
        out.say("the signature is right, but the key is under 2048 bits")
            .observed(key.as_str())
            .expected("RSA of 2048 bits or more");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;
    use crate::keys::Origin;
    fn verified(weak: bool) -> Proof {
        Proof::Verified { key: "a key".into(), origin: Origin::TokenService, weak, thumbprint: None }
    }

    #[test]
    fn fires_on_a_weak_key() {
        assert!(Scene::healthy().fires_on_proof(&RULE, &verified(true)));
    }

    #[test]
    fn stays_silent_on_2048_bits() {
        assert!(!Scene::healthy().fires_on_proof(&RULE, &verified(false)));
    }
}
