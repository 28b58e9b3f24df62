//! Takes one exchange, gives findings of `request-answer`: the answer of the token service is unusual.

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
    title: "the answer of the token service is unusual",
    looks_at: "Content-Type, Cache-Control, `token_type` and `expires_in` of granted requests; status and \
               `error` of refused ones.",
    matters: "RFC 6749 wants JSON, no-store and token_type Bearer of a grant, and status 400 or 401 with a \
             registered error of a refusal; an answer without may come from an intermediary.",
    bad: "200 without Cache-Control",
    good: "Cache-Control: no-store, token_type Bearer",
    repair: "Nothing to repair when Exchange accepts the token.",
    sources: &["RFC 6749 5.1", "RFC 6749 5.2"],
    scope: Scope::Marked(Marks::TOKEN_SERVICE, examine),
};

/// Registered errors of the token endpoint (RFC 6749 5.2), and those that this family adds.
const ERRORS: [&str; 10] = [
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
    "invalid_resource",
    "temporarily_unavailable",
    "server_error",
    "interaction_required",
];

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
        if !answer.token_type.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("bearer")) {
            odd.push("token_type is not Bearer");
        }
        if answer.expires_in.is_some_and(|seconds| seconds <= 0) {
            odd.push("expires_in is not positive");
        }
    } else if let (Some(error), Some(status)) = (&answer.error, case.status()) {
        if status < 400 {
            odd.push("an error with a status of success");
        }
        if !ERRORS.contains(&error.as_str()) {
            odd.push("an error that RFC 6749 5.2 does not register");
        }
    }
    if !odd.is_empty() {
        out.say("the answer of the token service is unusual").observed(odd.join(", ")).location("response");
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
    fn fires_on_a_refusal_with_the_status_of_success_or_an_unknown_error() {
        let form = "grant_type=client_credentials";
        for (status, error) in [(200, "invalid_client"), (400, "nonsense")] {
            let answer = format!(r#"{{"error":"{error}"}}"#);
            assert!(Scene::healthy().token_request(form, status, &answer).fires(&RULE), "{error}");
        }
    }

    #[test]
    fn stays_silent_on_a_refusal() {
        assert!(
            !Scene::healthy()
                .token_request("grant_type=client_credentials", 400, r#"{"error":"invalid_client"}"#)
                .fires(&RULE)
        );
    }
}
