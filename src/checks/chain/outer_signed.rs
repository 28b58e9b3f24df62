//! Takes a distinct token, gives findings of `chain-outer-signed`: the outer token is signed.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::{TokenCase, is_signed};

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
    if case.outer_and_actor().is_some() && is_signed(case.token) {
        out.say("the outer token is signed")
            .observed(format!("alg {}", case.algorithm().unwrap_or("absent")))
            .expected("alg none and an empty signature")
            .claim("alg");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_a_signed_outer_token() {
        assert!(Scene::healthy().outer_signed().fires(&RULE));
    }

    #[test]
    fn stays_silent_on_an_unsigned_one() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
