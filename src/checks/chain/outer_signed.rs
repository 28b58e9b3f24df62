//! Takes a distinct token, gives findings of `chain-outer-signed`: the outer token is signed.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::{TokenCase, is_signed};
use crate::token::{Role, Token};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "chain-outer-signed",
    check: CheckId::Chain,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["C04"],
    title: "the outer token is signed",
    looks_at: "`alg` and signature of tokens that carry an actor token.",
    matters: "The outer token must be unsigned; the actor token inside is what proves it. Exchange refuses \
             a signed one.",
    bad: "{\"alg\":\"RS256\"} around an actortoken",
    good: "{\"alg\":\"none\"} around an actortoken",
    repair: "Find out what built the token.",
    sources: &["[MS-XOAUTH] 3.2.5.6"],
    scope: Scope::Token(examine),
};

fn examine(case: &TokenCase<'_>, out: &mut Out<'_>) {
    if case.token.role != Role::Outer || case.actor().is_none() {
        return;
    }
    if is_signed(case.token) {
        out.say("the outer token is signed")
            .observed(format!("alg {}", case.algorithm().unwrap_or("absent")))
            .expected("alg none and an empty signature")
            .claim("alg");
    } else if is_masked(case.token) {
        out.missing("the source masked the signature part of an outer token, which may not have been empty");
    }
}

/// Whether a mask stands in the place of the signature.
fn is_masked(token: &Token) -> bool {
    token.jwt.as_ref().is_some_and(|jwt| jwt.signature_removed() && !jwt.signature_part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::Outcome;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_a_signed_outer_token() {
        assert!(Scene::healthy().outer_signed().fires(&RULE));
    }

    #[test]
    fn what_a_mask_hides_is_not_known_to_be_nothing() {
        let outcome = |scene: Scene| {
            let judgement = scene.judge();
            judgement.checks.into_iter().find(|check| check.id == CheckId::Chain).unwrap().outcome
        };
        let masked = Scene::healthy().outer_masked();
        assert!(!masked.fires(&RULE));
        assert_eq!(outcome(masked), Outcome::NotEstablished);
        assert_eq!(outcome(Scene::healthy()), Outcome::Pass);
    }

    #[test]
    fn stays_silent_on_an_unsigned_one() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
