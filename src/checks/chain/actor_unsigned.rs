//! Takes a distinct token, gives findings of `chain-actor-unsigned`: the actor token is unsigned.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::{TokenCase, algorithm, is_signed};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "chain-actor-unsigned",
    check: CheckId::Chain,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["C05"],
    title: "the actor token is unsigned",
    looks_at: "`alg` and signature of actor tokens inside outer tokens.",
    matters: "The actor token is the only proof of the pair: unsigned, anybody could have written both.",
    bad: "actortoken with alg none",
    good: "actortoken with alg RS256",
    repair: "Treat the token as forged: find the sender by the client address, and make sure that \
             Exchange refused it.",
    sources: &["[MS-XOAUTH] 3.2.5.6"],
    scope: Scope::Token(examine),
};

fn examine(case: &TokenCase<'_>, out: &mut Out<'_>) {
    let Some((_, actor)) = case.outer_and_actor() else { return };
    // `alg: none` stands for no signature, whatever stands in its place (RFC 7518 3.6).
    if !is_signed(actor) || algorithm(actor) == Some("none") {
        out.say("the actor token inside is unsigned")
            .observed("alg none")
            .expected("RS256")
            .claim("actortoken");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_an_unsigned_actor_token() {
        assert!(Scene::healthy().actor_unsigned().fires(&RULE));
    }

    #[test]
    fn fires_on_a_signature_under_alg_none() {
        assert!(Scene::healthy().actor_header("alg", "none").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_a_signed_one() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
