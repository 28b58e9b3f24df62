//! Takes one exchange, gives findings of `password-grant`: a password was sent to the token service.

use crate::checks::CheckId;
use crate::checks::body_fields;
use crate::checks::finding::Severity;
use crate::checks::marks::Marks;
use crate::checks::place::Place;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;
use crate::wire::http::body;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "password-grant",
    check: CheckId::NoBasic,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["H02"],
    title: "a password was sent to the token service",
    looks_at: "`grant_type=password`, and a field `password` in what is sent to a token service: a form in one line \
               or in parts, or JSON, however it is declared. A grant that goes elsewhere is a warning.",
    matters: "No user name and no password belongs anywhere in this integration.",
    bad: "grant_type=password&username=…&password=…",
    good: "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&assertion=eyJ…",
    repair: "Find the client by its address and move it to a certificate or a managed identity. Change \
             the password: it was recorded.",
    sources: &["RFC 6749 4.3", "RFC 9700 2.4"],
    scope: Scope::Marked(Marks::FORM.and(Marks::TOKEN_SERVICE), examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    let posted = case.request().filter(|request| request.may_post());
    // Other requests are seen here where they declare a form, or nothing.
    let read = posted.map(|request| {
        let (content, _) = body::content(&request.head, &request.body);
        body_fields::read(&content)
    });
    let read = read.unwrap_or_default();
    let any = |name: &str, is: &dyn Fn(&str) -> bool| {
        let named = |field: &&(String, String)| field.0.trim().eq_ignore_ascii_case(name);
        case.field(name).is_some_and(is) || read.iter().filter(named).any(|field| is(field.1.trim()))
    };
    let grant = posted.is_some() && any("grant_type", &|grant| grant.eq_ignore_ascii_case("password"));
    let fields = case.place == Place::TokenService && any("password", &|password| !password.is_empty());
    if grant || fields {
        let hit = out.say("a password was sent in a token request");
        hit.observed(format!(
            "{} to {}",
            if grant { "grant_type=password" } else { "field password" },
            super::target(case)
        ))
        .expected("a grant with an assertion")
        .location("request.body.form");
        if !matches!(case.place, Place::Exchange | Place::TokenService) {
            hit.severity(Severity::Warning);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    const ASSERTION: &str = "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&assertion=x";

    #[test]
    fn fires_on_the_password_grant() {
        assert!(
            Scene::healthy()
                .token_request("grant_type=password&username=a&password=b", 200, "{}")
                .fires(&RULE)
        );
    }

    #[test]
    fn fires_on_a_grant_that_is_not_declared_as_a_form() {
        let parts = "--x\r\nContent-Disposition: form-data; name=\"grant_type\"\r\n\r\npassword\r\n--x--\r\n";
        for (kind, body) in [
            ("text/xml", "grant_type=password&username=a&password=b"),
            ("", "grant_type=password\r\n"),
            ("application/x-www-form-urlencoded", "grant_type=password;username=a;password=b"),
            ("application/x-www-form-urlencoded", "username=a;password=b"),
            ("application/json", "{\"grant_type\":\"password\",\"username\":\"a\",\"password\":\"b\"}"),
            ("multipart/form-data; boundary=x", parts),
        ] {
            assert!(
                Scene::healthy().token_request(body, 200, "{}").request_kind(kind).fires(&RULE),
                "{kind}"
            );
        }
    }

    #[test]
    fn stays_silent_on_an_assertion() {
        assert!(!Scene::healthy().token_request(ASSERTION, 200, "{}").fires(&RULE));
        let json = "{\"grant_type\":\"urn:ietf:params:oauth:grant-type:jwt-bearer\",\"password\":\"\"}";
        for (kind, body) in [("text/xml", ASSERTION), ("application/json", json)] {
            assert!(
                !Scene::healthy().token_request(body, 200, "{}").request_kind(kind).fires(&RULE),
                "{kind}"
            );
        }
    }

    #[test]
    fn a_grant_that_goes_elsewhere_is_a_warning() {
        let severity = |host: &'static str, path: &'static str, form: &str| {
            let scene = Scene::healthy().token_request(form, 200, "{}");
            let scene = scene.last_request(|last| {
                let request = last.request.as_mut().unwrap();
                (request.host, request.target) = (Some(host.into()), path.into());
            });
            scene.severity(&RULE)
        };
        for form in ["grant_type=password&username=a&password=b", "grant_type=password;username=a"] {
            assert_eq!(severity("mail.contoso.com", "/ews/x", form), Some(Severity::Error));
            assert_eq!(severity("adfs.contoso.com", "/adfs/oauth2/token", form), Some(Severity::Error));
            let elsewhere = "/realms/x/protocol/openid-connect/token";
            assert_eq!(severity("id.example.org", elsewhere, form), Some(Severity::Warning));
            assert_eq!(severity("mail.contoso.com", "/owa/", form), Some(Severity::Warning));
        }
    }

    #[test]
    fn fires_on_a_password_without_its_grant_and_on_nothing_that_is_only_asked_for() {
        let scene = |form: &str| Scene::healthy().token_request(form, 200, "{}");
        assert!(scene("username=a&password=b").fires(&RULE));
        assert!(!scene("username=a&password=").fires(&RULE));
        // A form in a request without a body is what an answer is asked for.
        assert!(!scene("grant_type=password").asked_by("GET", "").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_such_a_body_that_goes_elsewhere() {
        let scene = Scene::healthy().token_request("{\"password\":\"b\"}", 200, "{}");
        let scene = scene.request_kind("application/json").last_request(|last| {
            let request = last.request.as_mut().unwrap();
            (request.host, request.target) = (Some("mail.contoso.com".into()), "/ews/x".into());
        });
        assert!(!scene.fires(&RULE));
    }
}
