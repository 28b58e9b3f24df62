//! Takes one exchange, gives findings of `request-method`: a token is asked for by another method than POST.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::marks::Marks;
use crate::checks::place;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "request-method",
    check: CheckId::TokenRequest,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &[],
    title: "a token is asked for by another method than POST",
    looks_at: "Method of requests to the address of a token service that carry token parameters in the URL.",
    matters: "RFC 6749 3.2: the token endpoint takes POST only; what stands in a URL is logged on the way. A GET without parameters is how people look whether the service is reached, and is no fault.",
    bad: "GET /11111111-…/tokens/OAuth/2?grant_type=…&assertion=eyJ…",
    good: "POST /11111111-…/tokens/OAuth/2 with a form",
    repair: "Find out what built the request: Exchange posts a form.",
    sources: &["RFC 6749 3.2"],
    scope: Scope::Marked(Marks::TOKEN_SERVICE, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    let Some(request) = case.request().filter(|_| super::at_endpoint(case)) else { return };
    if request.may_post() {
        return;
    }
    let query = request.target.split_once('?').map_or("", |(_, query)| query);
    let asks = |name: &str| ["grant_type", "assertion", "client_assertion"].contains(&name);
    if place::form_fields(query).iter().any(|(name, _)| asks(name)) {
        out.say("a token is asked for by another method than POST")
            .observed(format!("{} with the parameters in the URL", shown(&request.method)))
            .expected("POST with a form")
            .location("request.target");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_get_with_a_grant() {
        let scene = Scene::healthy().token_request("", 400, "{}");
        assert!(scene.asked_by("GET", "?grant_type=client_credentials&resource=x").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_a_look_whether_it_is_there() {
        assert!(!Scene::healthy().token_request("", 400, "{}").asked_by("GET", "").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_a_post_on_other_parameters_and_elsewhere() {
        let asked = |method: &str, target: &str| {
            Scene::healthy().token_request("", 400, "{}").asked_at(target).asked_by(method, "").fires(&RULE)
        };
        assert!(asked("GET", "/t/oauth2/token?grant_type=x"));
        assert!(!asked("POST", "/t/oauth2/token?grant_type=x"));
        assert!(!asked("GET", "/t/oauth2/token?api-version=1.0"));
        assert!(!asked("GET", "/t/oauth2/authorize?grant_type=x"));
    }
}
