//! Takes a distinct token, gives findings of `chain-actor-unreadable`: the actor token cannot be read.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::TokenCase;
use crate::token::Role;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "chain-actor-unreadable",
    check: CheckId::Chain,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["C05"],
    title: "the actor token cannot be read",
    looks_at: "The text in `actortoken` (or `actort`).",
    matters: "Without a readable actor token nothing proves the outer token.",
    bad: "\"actortoken\":\"eyJ…\" cut in the middle",
    good: "\"actortoken\":\"header.payload.signature\"",
    repair: "Compare with the sender's own log; a device that limits header length cuts tokens.",
    sources: &["[MS-XOAUTH] 3.2.5.6"],
    scope: Scope::Token(examine),
};

fn examine(case: &TokenCase<'_>, out: &mut Out<'_>) {
    let readable = case.actor().is_some_and(|actor| actor.claims().is_some());
    if case.token.role == Role::Outer && !readable {
        out.say("the actor token inside cannot be read").claim("actortoken");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_a_damaged_actor_token() {
        assert!(Scene::healthy().outer("actortoken", "eyJhbGciOiJSUzI1NiJ9.e!!.x").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_a_whole_one() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
