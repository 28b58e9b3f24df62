//! Takes one exchange, gives findings of `request-repeated-field`: a field stands twice in the token request.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::marks::Marks;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "request-repeated-field",
    check: CheckId::TokenRequest,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &[],
    title: "a field stands twice in the token request",
    looks_at: "Names of the form's fields in requests to the token service.",
    matters: "RFC 6749 3.2: parameters must not be included more than once. A service may take the first or the last of them, or refuse (invalid_request).",
    bad: "grant_type=client_credentials&resource=a&resource=b",
    good: "each field once",
    repair: "Find out what built the request: Exchange writes each field once.",
    sources: &["RFC 6749 3.2"],
    scope: Scope::Marked(Marks::TOKEN_SERVICE, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    if case.token_request().is_none() {
        return;
    }
    let form = case.form();
    for (at, (name, _)) in form.iter().enumerate() {
        let same = |other: &&(String, String)| other.0 == *name;
        let before = form.get(..at).unwrap_or_default();
        // Each name once, at its second place.
        if before.iter().filter(same).count() == 1 {
            out.say("a field stands more than once in the token request")
                .observed(format!("{} {} times", shown(name), form.iter().filter(same).count()))
                .expected("each field once")
                .location(format!("request.body.form.{}", shown(name)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_once_on_three_of_a_name() {
        let scene = Scene::healthy().token_request(
            "grant_type=client_credentials&resource=a&resource=b&resource=c",
            200,
            "{}",
        );
        let judgement = scene.judge();
        let found: Vec<_> = judgement.findings.iter().filter(|found| found.rule == RULE.id).collect();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].observed, "resource 3 times");
    }

    #[test]
    fn stays_silent_on_each_once() {
        assert!(
            !Scene::healthy()
                .token_request("grant_type=client_credentials&resource=a&scope=a", 200, "{}")
                .fires(&RULE)
        );
    }
}
