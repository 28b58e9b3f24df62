//! Takes one exchange, gives findings of `request-answer-type`: the granted token is not of type Bearer.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::marks::Marks;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "request-answer-type",
    check: CheckId::TokenRequest,
    severity: Severity::Info,
    since: "0.1.0",
    candidates: &["H08"],
    title: "the granted token is not of type Bearer",
    looks_at: "`token_type` of granted requests.",
    matters: "RFC 6749 5.1 requires it; Exchange knows Bearer only. Letter case does not matter.",
    bad: "{\"access_token\":\"…\"}",
    good: "{\"access_token\":\"…\",\"token_type\":\"Bearer\"}",
    repair: "Nothing to repair when Exchange accepts the token.",
    sources: &["RFC 6749 5.1"],
    scope: Scope::Marked(Marks::TOKEN_SERVICE, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    let Some(answer) = case.granted().filter(|answer| answer.granted) else { return };
    let kind = answer.token_type.as_deref();
    if !kind.is_some_and(|kind| kind.eq_ignore_ascii_case("bearer")) {
        out.say("the granted token is not of type Bearer")
            .observed(shown(kind.unwrap_or("no token_type")))
            .expected("Bearer")
            .location("response.body.json./token_type");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_without_a_type() {
        let scene =
            Scene::healthy().token_request("grant_type=client_credentials", 200, r#"{"access_token":"x"}"#);
        assert!(scene.fires(&RULE));
    }

    #[test]
    fn stays_silent_in_any_letters() {
        let answer = r#"{"access_token":"x","token_type":"bearer"}"#;
        assert!(!Scene::healthy().token_request("grant_type=client_credentials", 200, answer).fires(&RULE));
    }

    #[test]
    fn fires_on_another_type_and_stays_silent_on_a_refusal() {
        let answered = |status: u16, answer: &str| {
            Scene::healthy().token_request("grant_type=client_credentials", status, answer).fires(&RULE)
        };
        assert!(answered(200, r#"{"access_token":"x","token_type":"mac"}"#));
        assert!(!answered(400, r#"{"error":"invalid_client"}"#));
    }
}
