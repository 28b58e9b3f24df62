//! Takes a distinct token, gives findings of `chain-nested`: an actor token inside an actor token.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::TokenCase;
use crate::token::Role;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "chain-nested",
    check: CheckId::Chain,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["C06"],
    title: "an actor token inside an actor token",
    looks_at: "The depth of nesting.",
    matters: "One level is defined. Deeper ones are read up to a bound, and not trusted.",
    bad: "outer, actor, actor",
    good: "outer, actor",
    repair: "Find out what built the token.",
    sources: &["[MS-XOAUTH] 3.2.5.6"],
    scope: Scope::Token(examine),
};

fn examine(case: &TokenCase<'_>, out: &mut Out<'_>) {
    if let Some((_, actor)) = case.outer_and_actor()
        && actor.role == Role::Outer
    {
        out.say("the actor token carries an actor token itself").claim("actortoken");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_two_levels() {
        assert!(Scene::healthy().nested_twice().fires(&RULE));
    }

    #[test]
    fn stays_silent_on_one_level() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
