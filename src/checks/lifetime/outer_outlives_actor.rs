//! Takes a distinct token, gives findings of `lifetime-outer-outlives-actor`: the outer token outlives its actor token.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::TokenCase;
use crate::token::TimeClaim;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "lifetime-outer-outlives-actor",
    check: CheckId::Lifetime,
    severity: Severity::Info,
    since: "0.1.0",
    candidates: &["F06"],
    title: "the outer token outlives its actor token",
    looks_at: "`exp` of both tokens.",
    matters: "The pair is valid only as long as the shorter of the two.",
    bad: "outer until 18:00, actor until 12:00",
    good: "outer until 12:00, actor until 18:00",
    repair: "Nothing to repair.",
    sources: &["[MS-XOAUTH] 3.2.5.6"],
    scope: Scope::Token(examine),
};

fn examine(case: &TokenCase<'_>, out: &mut Out<'_>) {
    let Some((outer, actor)) = case.outer_and_actor() else { return };
    if let (TimeClaim::At(one, _), TimeClaim::At(other, _)) = (outer.time("exp"), actor.time("exp"))
        && one > other
    {
        out.say("the outer token outlives the actor token inside")
            .observed(format!("{} s longer", one.seconds_since(other)))
            .cause("outlives")
            .claim("exp");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_a_shorter_actor_token() {
        assert!(Scene::healthy().actor("exp", Scene::NOW + 60).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_a_longer_one() {
        assert!(!Scene::healthy().fires(&RULE));
        let end = Scene::NOW + 3600;
        assert!(!Scene::healthy().outer("exp", end).actor("exp", end).fires(&RULE));
    }
}
