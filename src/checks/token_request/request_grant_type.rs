//! Takes one exchange, gives findings of `request-grant-type`: the token request is not well formed.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::marks::Marks;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;
use crate::exchange::Request;
use crate::token::{Half, Role};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "request-grant-type",
    check: CheckId::TokenRequest,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["H01"],
    title: "the token request is not well formed",
    looks_at: "`grant_type` of application requests: the JWT bearer grants (old and new name) with \
             `assertion`, or client_credentials.",
    matters: "The token service refuses anything else (AADSTS70003, AADSTS900144).",
    bad: "grant_type=jwt&token=eyJ…",
    good: "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&assertion=eyJ…",
    repair: "Find out what built the request.",
    sources: &["RFC 7523 2.1", "RFC 6749 4.4"],
    scope: Scope::Marked(Marks::TOKEN_SERVICE, examine),
};

/// Grants of the IANA registry of OAuth URIs.
const REGISTERED: [&str; 5] =
    ["jwt-bearer", "saml2-bearer", "saml1_1-bearer", "token-exchange", "device_code"];

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    let Some(grant) = case.token_request() else { return };
    // Another rule says that it is no form.
    if case.form().is_empty()
        && case.request().is_some_and(|request| request.body.total > 0 && !is_form(request))
    {
        return;
    }
    // Exports may leave bodies out: what is not there is not wrong.
    if case.request().is_some_and(|request| !request.body.complete || request.body.bytes.is_empty()) {
        out.missing("the form of a token request is not in the source, or not all of it");
        return;
    }
    let lower = grant.to_ascii_lowercase();
    let jwt = lower == "urn:ietf:params:oauth:grant-type:jwt-bearer"
        || lower == "http://oauth.net/grant_type/jwt/1.0/bearer";
    let urn = lower.strip_prefix("urn:ietf:params:oauth:grant-type:");
    let other = lower == "client_credentials"
        || lower == "password"
        || lower.ends_with("refresh_token")
        || lower.ends_with("authorization_code")
        || urn.is_some_and(|name| REGISTERED.contains(&name));
    let asserted = case.field("assertion").unwrap_or_default();
    let wrong = if lower.is_empty() {
        Some(("no grant_type".to_owned(), "a grant_type"))
    } else if !(jwt || other) {
        Some((format!("grant_type {}", shown(grant)), "urn:ietf:params:oauth:grant-type:jwt-bearer"))
    } else if jwt && asserted.is_empty() {
        Some(("no assertion".to_owned(), "the field assertion"))
    } else {
        None
    };
    if let Some((observed, expected)) = wrong {
        out.say("the token request is not well formed")
            .observed(observed)
            .expected(expected)
            .location("request.body.form");
    } else if jwt && !holds_assertion(case) {
        // A granted request had one: whether it was well formed cannot be told from what stands here now.
        out.missing(
            "the assertion of a token request is no JWT here: it was taken out of the source, or never was one",
        );
    }
}

/// Whether a token that is more than a word was read where the assertion stands.
fn holds_assertion(case: &ExchangeCase<'_>) -> bool {
    case.tokens.iter().any(|seen| {
        let at = &seen.sighting.location;
        at.half == Half::Request && at.part.ends_with("assertion") && seen.token.role != Role::Opaque
    })
}

fn is_form(request: &Request) -> bool {
    request.head.text("content-type").is_none_or(|kind| kind.to_ascii_lowercase().contains("form"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_without_an_assertion() {
        assert!(
            Scene::healthy()
                .token_request("grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer", 200, "{}")
                .fires(&RULE)
        );
    }

    #[test]
    fn fires_on_a_name_that_is_nearly_right() {
        for grant in [
            "urn:ietf:params:oauth:grant-type:jwt_bearer",
            "http://oauth.net/grant_type/jwt/1.0",
            "jwt-bearer",
        ] {
            let form = format!("grant_type={grant}&assertion=x&resource=a/b@c");
            assert!(Scene::healthy().token_request(&form, 400, "{}").fires(&RULE), "{grant}");
        }
    }

    #[test]
    fn an_assertion_that_cannot_be_read_passes_nothing() {
        let missing = |text: &str| {
            let form = format!(
                "grant_type=http://oauth.net/grant_type/jwt/1.0/bearer&assertion={text}&resource=a/b@c"
            );
            let answer = r#"{"token_type":"Bearer","access_token":"x","expires_in":"3600"}"#;
            let judged = Scene::healthy().token_request(&form, 200, answer).judge();
            let check = judged.checks.iter().find(|check| check.id == RULE.check).unwrap();
            check.missing.iter().any(|reason| reason.words().contains("no JWT here"))
        };
        assert!(missing("[REDACTED]"));
        assert!(missing("x"));
        let healthy = Scene::healthy().assertion_changed(|_| None).judge();
        assert!(healthy.checks.iter().all(|check| check.missing.is_empty()));
    }

    #[test]
    fn stays_silent_on_both() {
        assert!(
            !Scene::healthy()
                .token_request("grant_type=http://oauth.net/grant_type/jwt/1.0/bearer&assertion=x", 200, "{}")
                .fires(&RULE)
        );
    }

    fn left_open(scene: &Scene, words: &str) -> bool {
        let judged = scene.judge();
        let check = judged.checks.iter().find(|check| check.id == RULE.check).unwrap();
        check.missing.iter().any(|reason| reason.words().contains(words))
    }

    #[test]
    fn stays_silent_on_what_rfc_6749_and_the_registry_name() {
        for grant in [
            "client_credentials",
            "password",
            "Refresh_Token",
            "authorization_code",
            "urn:ietf:params:oauth:grant-type:saml2-bearer",
            "urn:ietf:params:oauth:grant-type:device_code",
        ] {
            let scene =
                Scene::healthy().token_request(&format!("grant_type={grant}&resource=a/b@c"), 400, "{}");
            assert!(!scene.fires(&RULE), "{grant}");
            assert!(!left_open(&scene, "no JWT here"), "{grant}");
        }
        assert!(Scene::healthy().token_request("grant_type=implicit&resource=a", 400, "{}").fires(&RULE));
        let without = Scene::healthy().token_request("resource=a/b@c", 400, "{}").judge();
        let found = without.findings.iter().find(|found| found.rule == RULE.id).unwrap();
        assert_eq!(found.observed, "no grant_type");
    }

    #[test]
    fn a_form_that_is_not_in_the_source_is_missing_and_what_is_no_form_another_matter() {
        let words = "the form of a token request is not in the source";
        let granted = r#"{"token_type":"Bearer","access_token":"x","expires_in":"3600"}"#;
        let asked = |form: &str| Scene::healthy().token_request(form, 200, granted);
        let cut = |form: &str| {
            asked(form).last_request(|last| last.request.as_mut().unwrap().body.complete = false)
        };
        for scene in [asked(""), cut("grant_type=client_credentials&resource=a/b@c"), cut("grant_type=x")] {
            assert!(left_open(&scene, words) && !scene.fires(&RULE));
        }
        assert!(!left_open(&asked("grant_type=client_credentials"), words));
        let json = asked(r#"{"grant_type":"client_credentials"}"#).request_kind("application/json");
        assert!(!json.fires(&RULE) && !left_open(&json, words));
    }
}
