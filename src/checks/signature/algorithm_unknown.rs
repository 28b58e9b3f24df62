//! Takes a distinct token, gives findings of `signature-algorithm-unknown`: the signature algorithm is unknown.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::{Proof, TokenCase};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "signature-algorithm-unknown",
    check: CheckId::Signature,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["C07"],
    title: "the signature algorithm is unknown",
    looks_at: "`alg` of signed tokens against RS, PS, ES, EdDSA and HS.",
    matters: "A signature that nobody can verify proves nothing.",
    bad: "{\"alg\":\"RS1\"}",
    good: "{\"alg\":\"RS256\"}",
    repair: "Find out what built the token.",
    sources: &["RFC 7518 3.1"],
    scope: Scope::Token(examine),
};

fn examine(case: &TokenCase<'_>, out: &mut Out<'_>) {
    if *case.proof == Proof::UnknownAlgorithm {
        out.say("the signature algorithm is unknown")
            .observed(shown(case.algorithm().unwrap_or("none given")))
            .expected("RS256")
            .claim("alg");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_an_invented_algorithm() {
        assert!(Scene::healthy().actor_header("alg", "XX999").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_rs256() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
