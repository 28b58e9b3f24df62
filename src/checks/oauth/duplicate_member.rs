//! Takes a distinct token, gives findings of `oauth-duplicate-member`: a member stands twice in the token.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::TokenCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "oauth-duplicate-member",
    check: CheckId::Oauth,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["C11"],
    title: "a member stands twice in the token",
    looks_at: "Names that occur more than once in the header or the payload.",
    matters: "Readers differ in which of the two they take, so two parties can read two different tokens \
             from one signature (RFC 8725 calls for strict reading). The first is judged here; where the \
             values differ, the check that rests on the member is not established besides.",
    bad: "{\"iss\":\"a@t\",\"iss\":\"b@t\"}",
    good: "{\"iss\":\"a@t\"}",
    repair: "Find out what built the token; no known issuer of this family writes a member twice.",
    sources: &["RFC 7519 4", "RFC 8259 4"],
    scope: Scope::Token(examine),
};

fn examine(case: &TokenCase<'_>, out: &mut Out<'_>) {
    for (part, node) in [("header", case.token.header()), ("payload", case.token.claims())] {
        let twice = node.map(|node| node.duplicates()).unwrap_or_default();
        if !twice.is_empty() {
            out.say(format!("a member stands twice in the {part}")).observed(shown(&twice.join(", ")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_a_repeated_claim() {
        assert!(
            Scene::healthy()
                .outer_text(|text| text.replacen("\"aud\"", "\"nii\":\"x\",\"nii\":\"y\",\"aud\"", 1))
                .fires(&RULE)
        );
    }

    #[test]
    fn stays_silent_on_distinct_members() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
