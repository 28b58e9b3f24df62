//! Takes a distinct token, gives findings of `signature-critical-header`: the token demands an extension that nobody knows.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::TokenCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "signature-critical-header",
    check: CheckId::Signature,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &[],
    title: "the token demands an extension that nobody knows",
    looks_at: "The header member `crit`.",
    matters: "A verifier must refuse a token whose `crit` names something that it does not understand. \
             Nothing of this family uses it.",
    bad: "{\"alg\":\"RS256\",\"crit\":[\"exp\"]}",
    good: "{\"alg\":\"RS256\"}",
    repair: "Find out what built the token.",
    sources: &["RFC 7515 4.1.11"],
    scope: Scope::Token(examine),
};

fn examine(case: &TokenCase<'_>, out: &mut Out<'_>) {
    let Some(node) = case.token.header().and_then(|header| header.get("crit")) else { return };
    let names: Vec<_> = match &node.value {
        crate::json::Value::Array(names) => names.iter().filter_map(|name| name.as_str()).collect(),
        _ => Vec::new(),
    };
    out.say("the header demands extensions that are not understood")
        .observed(shown(&names.join(", ")))
        .expected("no `crit`")
        .claim("crit");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_crit() {
        assert!(Scene::healthy().actor_header("crit", vec!["b64"]).fires(&RULE));
    }

    #[test]
    fn stays_silent_without_crit() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
