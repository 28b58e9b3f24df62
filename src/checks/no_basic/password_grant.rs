//! Takes one exchange, gives findings of `password-grant`: a password was sent to the token service.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::marks::Marks;
use crate::checks::place::Place;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "password-grant",
    check: CheckId::NoBasic,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["H02"],
    title: "a password was sent to the token service",
    looks_at: "`grant_type=password`, and fields `username` and `password` in forms to a token service.",
    matters: "No user name and no password belongs anywhere in this integration.",
    bad: "grant_type=password&username=…&password=…",
    good: "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&assertion=eyJ…",
    repair: "Find the client by its address and move it to a certificate or a managed identity. Change \
             the password: it was recorded.",
    sources: &["RFC 6749 4.3", "RFC 9700 2.4"],
    scope: Scope::Marked(Marks::FORM.and(Marks::TOKEN_SERVICE), examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    let grant = case.request().is_some_and(|request| request.method == "POST")
        && case.field("grant_type").is_some_and(|grant| grant.eq_ignore_ascii_case("password"));
    let fields = case.place == Place::TokenService
        && case.field("password").is_some_and(|password| !password.is_empty());
    if grant || fields {
        out.say("a password was sent in a token request")
            .observed(format!(
                "{} to {}",
                if grant { "grant_type=password" } else { "field password" },
                super::target(case)
            ))
            .expected("a grant with an assertion")
            .location("request.body.form");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_the_password_grant() {
        assert!(
            Scene::healthy()
                .token_request("grant_type=password&username=a&password=b", 200, "{}")
                .fires(&RULE)
        );
    }

    #[test]
    fn stays_silent_on_an_assertion() {
        assert!(
            !Scene::healthy()
                .token_request(
                    "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&assertion=x",
                    200,
                    "{}"
                )
                .fires(&RULE)
        );
    }
}
