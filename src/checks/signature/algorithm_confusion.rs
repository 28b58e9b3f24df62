//! Takes a distinct token, gives findings of `signature-algorithm-confusion`: HMAC where a public key is the key.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::{Proof, TokenCase};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "signature-algorithm-confusion",
    check: CheckId::Signature,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["C07"],
    title: "HMAC where a public key is the key",
    looks_at: "`alg` HS256, HS384 or HS512 in a token whose issuer signs with a private key.",
    matters: "Whoever knows the public certificate can make such a signature: a known attack on careless \
             verifiers. No issuer of this family uses HMAC.",
    bad: "{\"alg\":\"HS256\",\"x5t\":\"<the uploaded certificate>\"}",
    good: "{\"alg\":\"RS256\",\"x5t\":\"…\"}",
    repair: "Treat the token as forged: find the sender by the client address, and make sure that \
             Exchange refused it.",
    sources: &["RFC 8725 2.1 and 3.1", "CVE-2015-9235"],
    scope: Scope::Token(examine),
};

fn examine(case: &TokenCase<'_>, out: &mut Out<'_>) {
    let algorithm = case.algorithm().unwrap_or_default();
    let key = match case.proof {
        Proof::WrongKind { key, confusion: true, .. } => key.as_str(),
        Proof::NoJwt | Proof::Verified { .. } => return,
        _ if algorithm.starts_with("HS") => "an asymmetric key",
        _ => return,
    };
    out.say("an HMAC algorithm is used where the key is a public one")
        .observed(algorithm)
        .expected(format!("RS256 with {key}"))
        .claim("alg");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_hs256_keyed_with_the_certificate() {
        assert!(Scene::healthy().actor_hmac().fires(&RULE));
    }

    #[test]
    fn fires_on_hs256_beside_public_keys_of_whatever_name() {
        assert!(Scene::healthy().actor_hmac().actor_header("x5t", "unknown").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_another_algorithm_that_does_not_fit() {
        assert!(!Scene::healthy().actor_header("alg", "ES256").fires(&RULE));
        assert!(!Scene::healthy().tampered().fires(&RULE));
        assert!(!Scene::healthy().actor_unsigned().fires(&RULE));
    }

    #[test]
    fn stays_silent_on_rs256() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
