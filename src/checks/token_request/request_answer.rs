//! Takes one exchange, gives findings of `request-answer`: the answer of the token service may be kept on the way.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::marks::Marks;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "request-answer",
    check: CheckId::TokenRequest,
    severity: Severity::Info,
    since: "0.1.0",
    candidates: &["H08"],
    title: "the answer of the token service may be kept on the way",
    looks_at: "Content-Type of answers, Cache-Control and Pragma of granted requests.",
    matters: "RFC 6749 wants JSON, and that tokens are kept by no cache on the way; an answer without may come from \
             an intermediary.",
    bad: "200 without Cache-Control",
    good: "Cache-Control: no-store, Pragma: no-cache",
    repair: "Nothing to repair when Exchange accepts the token.",
    sources: &["RFC 6749 5.1"],
    scope: Scope::Marked(Marks::TOKEN_SERVICE, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    let Some(answer) = case.granted() else { return };
    let header = |name: &str| {
        let value = case.response().and_then(|response| response.head.text(name));
        value.map(|value| value.to_ascii_lowercase())
    };
    let mut odd = Vec::new();
    if header("content-type").is_some_and(|kind| !kind.contains("json")) {
        odd.push("Content-Type is not JSON");
    }
    if answer.granted {
        if !header("cache-control").is_some_and(|value| value.contains("no-store")) {
            odd.push("no Cache-Control: no-store");
        }
        if !header("pragma").is_some_and(|value| value.contains("no-cache")) {
            odd.push("no Pragma: no-cache");
        }
    }
    if !odd.is_empty() {
        out.say("the answer of the token service may be kept on the way, or is no JSON")
            .observed(odd.join(", "))
            .location("response");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_without_no_store() {
        assert!(
            Scene::healthy()
                .token_request(
                    "grant_type=client_credentials",
                    200,
                    r#"{"access_token":"x","token_type":"Bearer"}"#
                )
                .fires(&RULE)
        );
    }

    #[test]
    fn stays_silent_on_an_answer_that_no_cache_keeps_and_on_a_refusal() {
        let form = "grant_type=client_credentials";
        let granted =
            Scene::healthy().token_request(form, 200, r#"{"access_token":"x","token_type":"Bearer"}"#);
        assert!(
            !granted
                .answer_headers(&[("Cache-Control", "no-cache, no-store"), ("Pragma", "no-cache")])
                .fires(&RULE)
        );
        assert!(!Scene::healthy().token_request(form, 400, r#"{"error":"invalid_client"}"#).fires(&RULE));
    }

    #[test]
    fn says_each_thing_that_is_odd() {
        let observed = |headers: &[(&str, &str)]| {
            let granted = r#"{"access_token":"x","token_type":"Bearer"}"#;
            let scene = Scene::healthy().token_request("grant_type=client_credentials", 200, granted);
            let judged = scene.answer_headers(headers).judge();
            judged.findings.iter().find(|found| found.rule == RULE.id).map(|found| found.observed.clone())
        };
        assert_eq!(observed(&[("Cache-Control", "No-Store"), ("Pragma", "no-cache")]), None);
        assert_eq!(
            observed(&[("Cache-Control", "private"), ("Pragma", "no-cache")]).unwrap(),
            "no Cache-Control: no-store"
        );
        assert_eq!(
            observed(&[("Cache-Control", "no-store"), ("Pragma", "x")]).unwrap(),
            "no Pragma: no-cache"
        );
        let html = Scene::healthy().token_request("grant_type=x", 400, r#"{"error":"invalid_client"}"#);
        let html = html.last_request(|last| {
            let kind = [(&b"Content-Type"[..], &b"text/html"[..])];
            last.response.as_mut().unwrap().head = crate::exchange::Head::from_pairs(kind);
        });
        assert!(html.fires(&RULE));
    }
}
