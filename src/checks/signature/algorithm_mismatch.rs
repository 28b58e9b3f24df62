//! Takes a distinct token, gives findings of `signature-algorithm-mismatch`: the algorithm is not that of the key.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::{Proof, TokenCase};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "signature-algorithm-mismatch",
    check: CheckId::Signature,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["C07"],
    title: "the algorithm is not that of the key",
    looks_at: "`alg` against the kind of the key that the token names.",
    matters: "The key pins the algorithm; a token cannot choose another.",
    bad: "ES256 with the x5t of an RSA certificate",
    good: "RS256 with the x5t of an RSA certificate",
    repair: "Find out what built the token; compare the header with a token that Exchange accepts.",
    sources: &["RFC 8725 3.1"],
    scope: Scope::Token(examine),
};

fn examine(case: &TokenCase<'_>, out: &mut Out<'_>) {
    if let Proof::WrongKind { key, confusion: false, named } = case.proof
        && (*named || case.self_issued())
    {
        out.say("the algorithm cannot be used with the key")
            .observed(case.algorithm().unwrap_or_default())
            .expected(format!("an algorithm of {key}"))
            .claim("alg");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_es256_with_an_rsa_key() {
        assert!(Scene::healthy().actor_header("alg", "ES256").fires(&RULE));
    }

    #[test]
    fn stays_silent_where_the_key_may_be_another() {
        // An unnamed token of the token service: a key of the right kind may be among those that were not supplied.
        let unnamed = || Scene::healthy().actor_header_without("x5t").actor_header("alg", "ES256");
        let judgement = unnamed().judge();
        assert!(!judgement.findings.iter().any(|finding| finding.rule == RULE.id));
        let signature = judgement.checks.iter().find(|check| check.id == CheckId::Signature).unwrap();
        assert_eq!(signature.outcome, crate::checks::Outcome::NotEstablished, "{signature:?}");
    }

    #[test]
    fn stays_silent_on_rs256() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
