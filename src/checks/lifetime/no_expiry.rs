//! Takes a distinct token, gives findings of `lifetime-no-expiry`: the token never expires.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::TokenCase;
use crate::token::TimeClaim;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "lifetime-no-expiry",
    check: CheckId::Lifetime,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["F03"],
    title: "the token never expires",
    looks_at: "Presence of `exp`.",
    matters: "A missing `exp` is legal (RFC 7519), but all issuers of this family write it, and without it \
             the lifetime cannot be judged.",
    bad: "{\"iss\":\"…\",\"nbf\":1700000000}",
    good: "{\"iss\":\"…\",\"nbf\":1700000000,\"exp\":1700028800}",
    repair: "Find out what built the token.",
    sources: &["RFC 7519 4.1.4"],
    scope: Scope::Token(examine),
};

fn examine(case: &TokenCase<'_>, out: &mut Out<'_>) {
    if case.token.claims().is_some() && case.token.time("exp") == TimeClaim::Absent {
        out.say("the token has no `exp`").expected("exp").claim("exp");
        out.missing("a token has no `exp`, so its lifetime cannot be judged");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;
    use crate::checks::{Outcome, Verdict};

    #[test]
    fn fires_without_exp() {
        assert!(Scene::healthy().outer_without("exp").fires(&RULE));
    }

    #[test]
    fn leaves_the_lifetime_open() {
        let judgement = Scene::healthy().outer_without("exp").judge();
        let lifetime = judgement.checks.iter().find(|check| check.id == CheckId::Lifetime).unwrap();
        assert_eq!(lifetime.outcome, Outcome::NotEstablished, "{lifetime:?}");
        assert_eq!(judgement.verdict, Verdict::Incomplete);
    }

    #[test]
    fn stays_silent_with_exp() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
