//! Takes a distinct token, gives findings of `signature-no-key-name`: the token does not name its key.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::{TokenCase, is_signed};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "signature-no-key-name",
    check: CheckId::Signature,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["C08"],
    title: "the token does not name its key",
    looks_at: "`x5t`, `x5t#S256` and `kid` of signed tokens.",
    matters: "The verifier must try all keys, and cannot tell a missing key from a wrong signature.",
    bad: "{\"alg\":\"RS256\"}",
    good: "{\"alg\":\"RS256\",\"x5t\":\"…\"}",
    repair: "Find out what built the token: Exchange, ACS and Entra always name the key.",
    sources: &["RFC 7515 4.1.4 and 4.1.7"],
    scope: Scope::Token(examine),
};

fn examine(case: &TokenCase<'_>, out: &mut Out<'_>) {
    let names = ["x5t", "kid", "x5t#S256"];
    if is_signed(case.token) && !names.iter().any(|name| case.token.header_member(name).is_some()) {
        out.say("a signed token names no key").expected("x5t or kid in the header");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_without_x5t() {
        assert!(Scene::healthy().actor_header_without("x5t").fires(&RULE));
    }

    #[test]
    fn stays_silent_with_x5t() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
