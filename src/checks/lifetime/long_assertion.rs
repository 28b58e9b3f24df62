//! Takes a distinct token, gives findings of `lifetime-long-assertion`: an assertion lives longer than ten minutes.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::TokenCase;
use crate::token::Role;
use crate::token::TimeClaim;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "lifetime-long-assertion",
    check: CheckId::Lifetime,
    severity: Severity::Info,
    since: "0.1.0",
    candidates: &["F04"],
    title: "an assertion lives longer than ten minutes",
    looks_at: "`exp` - `nbf` of assertions.",
    matters: "Exchange builds them for minutes; a longer one was built by something else.",
    bad: "3600 s",
    good: "600 s",
    repair: "Find out what built the assertion.",
    sources: &["observed tokens"],
    scope: Scope::Token(examine),
};

fn examine(case: &TokenCase<'_>, out: &mut Out<'_>) {
    if let (TimeClaim::At(start, _), TimeClaim::At(end, _)) = (case.token.time("nbf"), case.token.time("exp"))
        && case.token.role == Role::Assertion
        && end.seconds_since(start) > 600
    {
        out.say("an assertion lives longer than ten minutes")
            .observed(format!("{} s", end.seconds_since(start)))
            .expected("600 s or less")
            .claim("exp");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_an_hour() {
        assert!(Scene::healthy().assertion_for(3600).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_ten_minutes() {
        assert!(!Scene::healthy().assertion_for(600).fires(&RULE));
    }
}
