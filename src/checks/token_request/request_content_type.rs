//! Takes one exchange, gives findings of `request-content-type`: the token request is no form.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::marks::Marks;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "request-content-type",
    check: CheckId::TokenRequest,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &[],
    title: "the token request is no form",
    looks_at: "Content-Type of requests to the address of a token service that names it.",
    matters: "RFC 6749 wants the parameters as `application/x-www-form-urlencoded`; of anything else the token service reads no parameter (AADSTS900144).",
    bad: "Content-Type: application/json",
    good: "Content-Type: application/x-www-form-urlencoded",
    repair: "Send the parameters as a form. Exchange does so: find out what built the request, or which device changed it.",
    sources: &["RFC 6749 4.1.3", "RFC 7523 2.1"],
    scope: Scope::Marked(Marks::TOKEN_SERVICE, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    let Some(request) = case.request().filter(|_| super::at_endpoint(case)) else { return };
    if !request.may_post() || request.body.total == 0 {
        return;
    }
    // Exports leave headers, or their values, out: what is not there is not wrong.
    let Some(kind) = request.head.text("content-type").filter(|kind| !kind.is_empty()) else { return };
    let bare = kind.split(';').next().unwrap_or_default().trim();
    if !bare.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        out.say("the token request is no form")
            .observed(format!("Content-Type: {}", shown(kind)))
            .expected("application/x-www-form-urlencoded")
            .location("request.header.content-type");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_json() {
        let scene = Scene::healthy().token_request(r#"{"grant_type":"client_credentials"}"#, 400, "{}");
        assert!(scene.request_kind("application/json").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_a_form_with_its_charset() {
        let scene = Scene::healthy().token_request("grant_type=client_credentials", 200, "{}");
        assert!(!scene.request_kind("Application/x-www-form-urlencoded; charset=utf-8").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_nothing_sent_on_a_value_that_was_left_out_and_elsewhere() {
        let asked =
            |form: &str, kind: &str| Scene::healthy().token_request(form, 400, "{}").request_kind(kind);
        assert!(asked("{}", "application/json").fires(&RULE));
        assert!(!asked("", "application/json").fires(&RULE));
        assert!(!asked("{}", "").fires(&RULE));
        assert!(!asked("{}", "application/json").asked_by("PUT", "").fires(&RULE));
        assert!(!asked("{}", "application/json").asked_at("/common/userrealm").fires(&RULE));
    }
}
