//! Takes a distinct token, gives findings of `oauth-appctx`: the application context is neither an object nor JSON text.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::TokenCase;
use crate::json::{self, Value};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "oauth-appctx",
    check: CheckId::Oauth,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["C13"],
    title: "the application context is neither an object nor JSON text",
    looks_at: "The claim `appctx` of callback and identity tokens.",
    matters: "Exchange reads it as a JSON object, or as text that holds one, and refuses anything else.",
    bad: "\"appctx\": 5",
    good: "\"appctx\": {\"msexchuid\": \"…\"}",
    repair: "Find out what built the token.",
    sources: &["Microsoft: Inside the Exchange identity token"],
    scope: Scope::Token(examine),
};

fn examine(case: &TokenCase<'_>, out: &mut Out<'_>) {
    let Some(context) = case.token.claims().and_then(|claims| claims.get("appctx")) else { return };
    let readable = match &context.value {
        Value::Object(_) => true,
        Value::String(text) => {
            json::parse(text.as_bytes()).is_ok_and(|node| matches!(node.value, Value::Object(_)))
        }
        _ => false,
    };
    if !readable {
        out.say("`appctx` is neither a JSON object nor text that holds one").claim("appctx");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_a_number() {
        assert!(Scene::healthy().outer("appctx", 5).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_json_text() {
        assert!(!Scene::healthy().outer("appctx", "{}").fires(&RULE));
    }
}
