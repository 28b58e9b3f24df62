//! Takes one use of a token, gives findings of `signature-missing`: the signature is gone from a token on the wire.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::{Proof, UseCase};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "signature-missing",
    check: CheckId::Signature,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["G11"],
    title: "the signature is gone from a token on the wire",
    looks_at: "Tokens whose header names an algorithm but whose signature part is empty, in captures. Logs \
             and masked exports drop signatures themselves: there the check is only not established.",
    matters: "Exchange refuses such a token; a verifier that does not is broken.",
    bad: "eyJhbGciOiJSUzI1NiJ9.eyJ….",
    good: "three parts, none of them empty",
    repair: "Treat the token as forged, or find the device that cuts headers (a limit on header length is \
             the usual one).",
    sources: &["RFC 7515 5.2"],
    scope: Scope::Use(examine),
};

fn examine(case: &UseCase<'_>, out: &mut Out<'_>) {
    let captured = case.exchange.is_some_and(|exchange| exchange.exchange.connection.is_some());
    if captured && *case.token.proof == Proof::Removed {
        out.say("the token travelled without the signature that its header promises")
            .observed(format!("{} and an empty signature", case.token.algorithm().unwrap_or_default()))
            .claim("alg");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_an_empty_signature_in_a_capture() {
        assert!(Scene::healthy().actor_stripped().captured().fires(&RULE));
    }

    #[test]
    fn stays_silent_on_an_empty_signature_in_an_export() {
        assert!(!Scene::healthy().actor_stripped().fires(&RULE));
    }
}
