//! Takes a distinct token, gives findings of `lifetime-inverted`: the token ends before it begins.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::TokenCase;
use crate::token::TimeClaim;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "lifetime-inverted",
    check: CheckId::Lifetime,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["F03"],
    title: "the token ends before it begins",
    looks_at: "`exp` against `nbf`.",
    matters: "There is no moment at which such a token is valid.",
    bad: "nbf 1700000000, exp 1600000000",
    good: "nbf 1700000000, exp 1700028800",
    repair: "Find out what built the token.",
    sources: &["RFC 7519 4.1.4 and 4.1.5"],
    scope: Scope::Token(examine),
};

fn examine(case: &TokenCase<'_>, out: &mut Out<'_>) {
    if let (TimeClaim::At(start, _), TimeClaim::At(end, _)) = (case.token.time("nbf"), case.token.time("exp"))
        && end <= start
    {
        out.say("the token ends before it begins")
            .observed(format!("nbf {start}, exp {end}"))
            .cause(case.token.role.name())
            .claim("exp");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_exp_before_nbf() {
        assert!(Scene::healthy().outer("exp", 1).fires(&RULE));
        let lives = |seconds: i64| {
            Scene::healthy().outer("nbf", Scene::NOW).outer("exp", Scene::NOW + seconds).fires(&RULE)
        };
        assert!(lives(0) && !lives(1));
    }

    #[test]
    fn stays_silent_on_exp_after_nbf() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
