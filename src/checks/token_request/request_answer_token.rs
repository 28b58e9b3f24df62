//! Takes one exchange, gives findings of `request-answer-token`: the token service answers with success and without a token.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::marks::Marks;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "request-answer-token",
    check: CheckId::TokenRequest,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["H08"],
    title: "the token service answers with success and without a token",
    looks_at: "Answers with status 200 to application requests that hold neither `access_token` nor `error`.",
    matters: "RFC 6749 5.1 requires `access_token`. What answers so is no token service: a proxy, a sign-in page of a device, or a block page.",
    bad: "200 text/html",
    good: "200 {\"access_token\":\"…\",\"token_type\":\"Bearer\"}",
    repair: "Look at what answered: Test-NetConnection accounts.accesscontrol.windows.net -Port 443; Get-ExchangeServer | Format-List Name,InternetWebProxy; netsh winhttp show proxy",
    sources: &["RFC 6749 5.1"],
    scope: Scope::Marked(Marks::TOKEN_SERVICE, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    if !is_without_token(case) {
        return;
    }
    let kind = case.response().and_then(|response| response.head.text("content-type"));
    out.say("the token service answers with success and without a token")
        .observed(format!("200, {}", shown(kind.unwrap_or("no Content-Type"))))
        .expected("a JSON object with access_token")
        .location("response.body");
}

/// Whether a token request was answered with success, and with something that holds no token.
pub(crate) fn is_without_token(case: &ExchangeCase<'_>) -> bool {
    let Some(response) = case.response().filter(|_| case.token_request().is_some()) else { return false };
    // What the source left out, or what cannot be decoded, is not missing.
    let told = response.status == 200 && !response.body.bytes.is_empty() && response.body.complete;
    told && !case.is_answer_garbled()
        && case.granted().is_none_or(|answer| !answer.granted && answer.error.is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_a_page_and_on_an_empty_object() {
        for answer in ["<html>Sign in</html>", r#"{"token_type":"Bearer"}"#] {
            let scene = Scene::healthy().token_request("grant_type=client_credentials", 200, answer);
            assert!(scene.fires(&RULE), "{answer}");
        }
    }

    #[test]
    fn stays_silent_on_a_token_and_where_the_body_was_left_out() {
        for answer in [r#"{"access_token":"x"}"#, "", r#"{"error":"invalid_client"}"#] {
            let scene = Scene::healthy().token_request("grant_type=client_credentials", 200, answer);
            assert!(!scene.fires(&RULE), "{answer}");
        }
    }

    #[test]
    fn stays_silent_on_what_was_cut_and_on_what_is_no_token_request() {
        let page =
            || Scene::healthy().token_request("grant_type=client_credentials", 200, "<html>Sign in</html>");
        assert!(
            !page().last_request(|last| last.response.as_mut().unwrap().body.complete = false).fires(&RULE)
        );
        assert!(!page().answered(302, "<html>Sign in</html>").fires(&RULE));
        assert!(!Scene::healthy().token_request("", 200, "<html></html>").asked_by("GET", "").fires(&RULE));
    }
}
