//! Takes a distinct token, gives findings of `lifetime-digits`: times are written as text.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::TokenCase;
use crate::token::TimeClaim;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "lifetime-digits",
    check: CheckId::Lifetime,
    severity: Severity::Info,
    since: "0.1.0",
    candidates: &["C10"],
    title: "times are written as text",
    looks_at: "`nbf`, `exp` and `iat` as strings of digits.",
    matters: "Older issuers of this family write them so; a strict reader would refuse them.",
    bad: "\"exp\":\"1700028800\"",
    good: "\"exp\":1700028800",
    repair: "Nothing to repair.",
    sources: &["[MS-XOAUTH] 4"],
    scope: Scope::Token(examine),
};

fn examine(case: &TokenCase<'_>, out: &mut Out<'_>) {
    for claim in ["exp", "nbf", "iat"] {
        if matches!(case.token.time(claim), TimeClaim::At(_, true)) {
            out.say("times are written as text of digits").cause("digits").claim(claim);
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_text() {
        assert!(Scene::healthy().outer("iat", "1750000000").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_numbers() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
