//! Takes a distinct token, gives findings of `signature-key-in-token`: the token brings or points to its own key.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::TokenCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "signature-key-in-token",
    check: CheckId::Signature,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &[],
    title: "the token brings or points to its own key",
    looks_at: "The header members `jku`, `x5u` and `jwk`. They are never fetched or used.",
    matters: "A verifier that follows them takes the attacker's key. Nothing of this family writes them.",
    bad: "{\"alg\":\"RS256\",\"jku\":\"https://evil.example/keys\"}",
    good: "{\"alg\":\"RS256\",\"x5t\":\"…\"}",
    repair: "Find out what built the token, and make sure that Exchange refused it.",
    sources: &["RFC 8725 3.10", "RFC 7515 4.1.2"],
    scope: Scope::Token(examine),
};

fn examine(case: &TokenCase<'_>, out: &mut Out<'_>) {
    for name in ["jku", "x5u", "jwk"] {
        if let Some(node) = case.token.header().and_then(|header| header.get(name)) {
            out.say(format!("the header brings its own key in `{name}`"))
                .observed(shown(node.as_str().unwrap_or("a key")))
                .expected("a key named by x5t or kid")
                .claim(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_jku() {
        assert!(Scene::healthy().actor_header("jku", "https://evil.example/k").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_x5t() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
