//! Takes one exchange, gives findings of `request-resource-missing`: the token request does not say what the token is for.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::marks::Marks;
use crate::checks::place;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "request-resource-missing",
    check: CheckId::TokenRequest,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["H03"],
    title: "the token request does not say what the token is for",
    looks_at: "`resource` of requests to ACS and the first version of Entra's endpoint, `scope` of the second.",
    matters: "The token service refuses a request that names nothing (AADSTS900144), and a token without audience would be of no use to Exchange.",
    bad: "grant_type=…&assertion=eyJ…",
    good: "grant_type=…&assertion=eyJ…&resource=00000002-0000-0ff1-ce00-000000000000/outlook.office365.com@11111111-…",
    repair: "Compare with Get-IntraOrganizationConnector | Format-List DiscoveryEndpoint,TargetAddressDomains",
    sources: &["Microsoft Entra error AADSTS900144", "[MS-XOAUTH]"],
    scope: Scope::Marked(Marks::TOKEN_SERVICE, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    if case.token_request().is_none() || !super::whole_form(case) {
        return;
    }
    let path = case.path().to_ascii_lowercase();
    let wanted = if path.ends_with("/tokens/oauth/2") {
        "resource"
    } else if !case.host().is_some_and(place::is_token_service_host) {
        return;
    } else if path.ends_with("/oauth2/v2.0/token") {
        "scope"
    } else if path.ends_with("/oauth2/token") {
        "resource"
    } else {
        return;
    };
    if case.field(wanted).is_none_or(str::is_empty) {
        out.say("the token request does not say what the token is for")
            .observed(format!("no {wanted}"))
            .expected(format!("the field {wanted}"))
            .location("request.body.form");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_without_resource() {
        assert!(
            Scene::healthy()
                .token_request("grant_type=client_credentials&client_id=a", 400, "{}")
                .fires(&RULE)
        );
    }

    #[test]
    fn stays_silent_with_resource_and_where_the_form_was_lost() {
        for form in ["grant_type=client_credentials&resource=a/b@c", ""] {
            assert!(!Scene::healthy().token_request(form, 200, "{}").fires(&RULE), "{form}");
        }
    }

    #[test]
    fn entra_wants_a_resource_in_its_first_version_and_a_scope_in_its_second() {
        let asked = |path: &str, host: &'static str, field: &str| {
            let form = format!("grant_type=client_credentials&client_id=a{field}");
            let scene = Scene::healthy().token_request(&form, 400, "{}").asked_at(path);
            scene.last_request(|last| last.request.as_mut().unwrap().host = Some(host.into())).fires(&RULE)
        };
        let (first, second, entra) = ("/t/oauth2/token", "/t/oauth2/v2.0/token", "login.microsoftonline.com");
        assert!(asked(first, entra, "&scope=a") && !asked(first, entra, "&resource=a"));
        assert!(asked(second, entra, "&resource=a") && !asked(second, entra, "&scope=a"));
        assert!(asked(first, entra, "&resource="));
        // Another service may have other names for it.
        assert!(!asked(first, "sts.contoso.com", "") && !asked(second, "sts.contoso.com", ""));
        assert!(!asked("/common/login", entra, ""));
    }

    #[test]
    fn stays_silent_where_the_form_was_cut() {
        let scene = Scene::healthy().token_request("grant_type=client_credentials&client_id=a", 400, "{}");
        assert!(
            !scene.last_request(|last| last.request.as_mut().unwrap().body.complete = false).fires(&RULE)
        );
    }
}
