//! Takes a distinct token, gives findings of `lifetime-long`: a token lives longer than usual.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::TokenCase;
use crate::token::Role;
use crate::token::TimeClaim;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "lifetime-long",
    check: CheckId::Lifetime,
    severity: Severity::Info,
    since: "0.1.0",
    candidates: &["F05"],
    title: "a token lives longer than usual",
    looks_at: "`exp` - `nbf`: 24 h 5 min for actor tokens, 8 h for outer tokens.",
    matters: "Bearer tokens cannot be revoked: the longer they live, the longer a stolen one works.",
    bad: "an outer token of 24 h",
    good: "an outer token of 8 h",
    repair: "Find out what built the token.",
    sources: &["observed tokens"],
    scope: Scope::Token(examine),
};

fn examine(case: &TokenCase<'_>, out: &mut Out<'_>) {
    let usual = match case.token.role {
        Role::Actor => 24 * 3600 + 300,
        Role::Outer => 8 * 3600,
        _ => return,
    };
    if let (TimeClaim::At(start, _), TimeClaim::At(end, _)) = (case.token.time("nbf"), case.token.time("exp"))
        && end.seconds_since(start) > usual
    {
        out.say(format!("the {} token lives longer than usual", case.token.role.name()))
            .observed(format!("{} s", end.seconds_since(start)))
            .expected(format!("{usual} s or less"))
            .claim("exp");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_two_days() {
        assert!(Scene::healthy().outer("exp", Scene::NOW + 172_800).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_eight_hours() {
        assert!(!Scene::healthy().fires(&RULE));
        let outer = |seconds: i64| {
            Scene::healthy().outer("nbf", Scene::NOW).outer("exp", Scene::NOW + seconds).fires(&RULE)
        };
        assert!(!outer(8 * 3600) && outer(8 * 3600 + 1));
        let actor = |seconds: i64| {
            Scene::healthy().actor("nbf", Scene::NOW).actor("exp", Scene::NOW + seconds).fires(&RULE)
        };
        assert!(!actor(24 * 3600 + 300) && actor(24 * 3600 + 301));
    }
}
