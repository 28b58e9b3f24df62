//! Takes one exchange, gives findings of `request-answer-error`: a refusal of the token service has an unusual form.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::quoted;
use crate::checks::marks::Marks;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "request-answer-error",
    check: CheckId::TokenRequest,
    severity: Severity::Info,
    since: "0.1.0",
    candidates: &["H08"],
    title: "a refusal of the token service has an unusual form",
    looks_at: "Status, `error` and WWW-Authenticate of refused requests.",
    matters: "RFC 6749 5.2: status 400, or 401 for invalid_client, with an `error` of its list; to credentials in the Authorization header a 401 with WWW-Authenticate. Another form may come from an intermediary.",
    bad: "200 {\"error\":\"invalid_client\"}",
    good: "400 {\"error\":\"invalid_client\"}",
    repair: "Look at `error_description` first; without one, look at what answered.",
    sources: &["RFC 6749 5.2"],
    scope: Scope::Marked(Marks::TOKEN_SERVICE, examine),
};

/// Registered errors of the token endpoint (RFC 6749 5.2), and those that this family adds.
const ERRORS: [&str; 11] = [
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
    "invalid_resource",
    "invalid_target",
    "temporarily_unavailable",
    "server_error",
    "interaction_required",
];

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    let Some(response) = case.response().filter(|_| case.token_request().is_some()) else { return };
    let (status, error) = (response.status, case.granted().and_then(|answer| answer.error.as_deref()));
    let mut odd = Vec::new();
    match error {
        Some(_) if status < 400 => odd.push(format!("{status}: an error with a status of success")),
        // Too many requests, and what is broken, have statuses of their own.
        Some(_) if !matches!(status, 400 | 401 | 429 | 500..) => odd.push(format!("status {status}")),
        Some(error) if status == 401 && !matches!(error, "invalid_client" | "unauthorized_client") => {
            odd.push(format!("401 for {}", quoted(error)));
        }
        Some(_)
            if status == 401
                && !case.sent().is_empty()
                && case.offered().is_empty()
                && case.is_head_whole() =>
        {
            odd.push("401 without WWW-Authenticate".into());
        }
        None if matches!(status, 400..=499) && response.body.complete => {
            odd.push(format!("{status} without an error code"));
        }
        _ => {}
    }
    if let Some(error) = error.filter(|error| !ERRORS.contains(error)) {
        odd.push(format!("error {}, which RFC 6749 5.2 does not register", quoted(error)));
    }
    if !odd.is_empty() {
        out.say("a refusal of the token service has an unusual form")
            .observed(odd.join(", "))
            .expected("400 with an error of RFC 6749 5.2")
            .location("response");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;
    use crate::exchange::Head;

    #[test]
    fn fires_on_other_statuses_and_errors() {
        let form = "grant_type=client_credentials";
        for (status, error) in
            [(200, "invalid_client"), (400, "nonsense"), (403, "invalid_client"), (401, "invalid_grant")]
        {
            let answer = format!(r#"{{"error":"{error}"}}"#);
            assert!(Scene::healthy().token_request(form, status, &answer).fires(&RULE), "{status} {error}");
        }
        assert!(Scene::healthy().token_request(form, 404, "<html>").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_registered_refusals_and_on_a_service_that_is_broken() {
        let form = "grant_type=client_credentials";
        for (status, error) in
            [(400, "invalid_grant"), (401, "invalid_client"), (503, "temporarily_unavailable")]
        {
            let answer = format!(r#"{{"error":"{error}"}}"#);
            assert!(!Scene::healthy().token_request(form, status, &answer).fires(&RULE), "{status} {error}");
        }
    }

    #[test]
    fn says_what_is_unusual() {
        let observed = |status: u16, answer: &str| {
            let judged =
                Scene::healthy().token_request("grant_type=client_credentials", status, answer).judge();
            let found = judged.findings.iter().find(|found| found.rule == RULE.id);
            found.map(|found| found.observed.clone()).unwrap_or_default()
        };
        assert!(observed(200, r#"{"error":"invalid_client"}"#).contains("success"));
        assert!(observed(401, r#"{"error":"invalid_grant"}"#).contains("401 for invalid_grant"));
        assert_eq!(observed(404, "<html>"), "404 without an error code");
        assert_eq!(observed(503, "<html>"), "");
    }

    #[test]
    fn wants_a_challenge_where_the_client_had_signed_in_by_the_header() {
        // RFC 6749 5.2: then the answer must be 401 with the scheme that was used.
        let sent = |status: u16, credentials: &str, challenge: &[(&str, &str)]| {
            let answer = r#"{"error":"invalid_client"}"#;
            let scene = Scene::healthy().token_request("grant_type=client_credentials", status, answer);
            let form = (&b"Content-Type"[..], &b"application/x-www-form-urlencoded"[..]);
            let own = (!credentials.is_empty()).then_some((&b"Authorization"[..], credentials.as_bytes()));
            let head = Head::from_pairs([form].into_iter().chain(own));
            let scene = scene.last_request(|last| last.request.as_mut().unwrap().head = head);
            scene.answer_headers(challenge).fires(&RULE)
        };
        assert!(sent(401, "Basic YTpi", &[]));
        assert!(!sent(400, "Basic YTpi", &[]));
        assert!(!sent(401, "Basic YTpi", &[("WWW-Authenticate", "Basic realm=\"x\"")]));
        assert!(!sent(401, "", &[]));
    }

    #[test]
    fn stays_silent_on_an_answer_that_was_cut_and_on_what_is_no_token_request() {
        let scene = Scene::healthy().token_request("grant_type=client_credentials", 404, "<html>");
        assert!(
            !scene.last_request(|last| last.response.as_mut().unwrap().body.complete = false).fires(&RULE)
        );
        assert!(!Scene::healthy().token_request("", 404, "<html>").asked_by("GET", "").fires(&RULE));
    }
}
