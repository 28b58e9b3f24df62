//! Takes a distinct token, gives findings of `signature-wrong`: the signature is wrong.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::{Proof, TokenCase};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "signature-wrong",
    check: CheckId::Signature,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["G05"],
    title: "the signature is wrong",
    looks_at: "The signature of every signed token in scope, with the key that the token names, or with all \
             keys when it names none.",
    matters: "The token was altered after it was signed, or something else signed it in the name of that \
             key.",
    bad: "payload changed after signing",
    good: "signature over exactly `header.payload` by the named key",
    repair: "Compare the recording with a second one taken elsewhere on the path. If Exchange says so too \
             (2000000), renew its metadata: Set-AuthServer <name> -RefreshAuthMetadata",
    sources: &["RFC 7515 5.2"],
    scope: Scope::Token(examine),
};

fn examine(case: &TokenCase<'_>, out: &mut Out<'_>) {
    let Proof::Failed { key } = case.proof else { return };
    let who = shown(case.token.claim("iss").unwrap_or("an unknown issuer"));
    out.say("the signature does not verify")
        .observed(format!("token of {who}, {}", case.algorithm().unwrap_or("no algorithm")))
        .expected(match key {
            Some(key) => format!("a signature by {key}"),
            None => "a signature by one of the supplied keys".to_owned(),
        })
        .claim("alg");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_an_altered_actor_token() {
        assert!(Scene::healthy().tampered().fires(&RULE));
    }

    #[test]
    fn fires_when_another_key_than_the_named_one_verifies() {
        let uploaded = Scene::healthy().expectations().certificates[0].1.certificates[0].x5t();
        assert!(Scene::healthy().actor_header("x5t", uploaded).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_a_right_signature() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
