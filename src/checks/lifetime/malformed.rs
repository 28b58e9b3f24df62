//! Takes a distinct token, gives findings of `lifetime-malformed`: a time claim is neither a number nor digits.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::TokenCase;
use crate::token::TimeClaim;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "lifetime-malformed",
    check: CheckId::Lifetime,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["F03"],
    title: "a time claim is neither a number nor digits",
    looks_at: "`nbf`, `exp` and `iat`: numbers, or strings of digits as older issuers write them.",
    matters: "A time that cannot be read cannot be kept.",
    bad: "\"exp\":\"tomorrow\"",
    good: "\"exp\":1700028800",
    repair: "Find out what built the token.",
    sources: &["RFC 7519 2 (NumericDate)"],
    scope: Scope::Token(examine),
};

fn examine(case: &TokenCase<'_>, out: &mut Out<'_>) {
    for claim in ["exp", "nbf", "iat"] {
        if case.token.time(claim) == TimeClaim::Malformed {
            out.say(format!("`{claim}` is neither a number nor digits"))
                .expected("seconds since 1970")
                .claim(claim);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_words() {
        assert!(Scene::healthy().outer("exp", "tomorrow").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_digits_as_text() {
        assert!(!Scene::healthy().outer("iat", "1750000000").fires(&RULE));
    }
}
