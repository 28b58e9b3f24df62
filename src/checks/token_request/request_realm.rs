//! Takes one exchange, gives findings of `request-realm`: the token request names several tenants.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::marks::Marks;
use crate::checks::realm::{self, Realm};
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;
use crate::token::principal::Principal;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "request-realm",
    check: CheckId::TokenRequest,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["H04"],
    title: "the token request names several tenants",
    looks_at: "The tenant in the URL of ACS against the realms of `resource` and of the assertion's `aud`.",
    matters: "A GUID and a domain may be one tenant; two GUIDs or two domains hardly are.",
    bad: "POST /contoso.com/tokens/OAuth/2 with resource=…@fabrikam.com",
    good: "the same tenant in both",
    repair: "Compare the authorization server's address: Get-AuthServer | Format-List \
             TokenIssuingEndpoint,AuthMetadataUrl",
    sources: &["[MS-XOAUTH]"],
    scope: Scope::Marked(Marks::TOKEN_SERVICE, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    let path = case.path().to_ascii_lowercase();
    let Some(tenant) = path.strip_suffix("/tokens/oauth/2").map(|rest| rest.trim_start_matches('/')) else {
        return;
    };
    if tenant.is_empty() || case.token_request().is_none() {
        return;
    }
    let resource = case.field("resource").and_then(Principal::parse).and_then(|name| name.realm);
    let audience = super::assertions(case)
        .next()
        .and_then(|(seen, _)| Some((seen.token.principal("aud")?.realm?, seen.id)));
    if differs(tenant, resource, case) {
        out.say("the token request names two tenants")
            .observed(told(tenant, resource, "resource"))
            .location("request.body.form.resource");
    }
    if let Some((realm, token)) = audience.filter(|(realm, _)| differs(tenant, Some(realm), case)) {
        out.say("the token request names two tenants")
            .observed(told(tenant, Some(realm), "aud of the assertion"))
            .claim("aud")
            .token(token);
    }
}

fn differs(tenant: &str, realm: Option<&str>, case: &ExchangeCase<'_>) -> bool {
    realm.is_some() && realm::agree(Some(tenant), realm, &case.expected.tenants) == Realm::Different
}

fn told(tenant: &str, realm: Option<&str>, place: &str) -> String {
    format!("{} in the URL, {} in {place}", shown(tenant), shown(realm.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;
    use crate::checks::testing::{OTHER_TENANT, TENANT};

    #[test]
    fn fires_on_two_domains() {
        assert!(
            Scene::healthy()
                .token_request("grant_type=client_credentials&resource=a/b@fabrikam.com", 200, "{}")
                .fires(&RULE)
        );
    }

    #[test]
    fn fires_on_an_assertion_for_another_tenant() {
        let audience = format!("00000001-0000-0000-c000-000000000000/x@{OTHER_TENANT}");
        let scene =
            Scene::healthy().assertion_changed(move |claims| claims.insert("aud".into(), audience.into()));
        assert!(scene.fires(&RULE));
    }

    #[test]
    fn stays_silent_on_the_tenant() {
        assert!(
            !Scene::healthy()
                .token_request(&format!("grant_type=client_credentials&resource=a/b@{TENANT}"), 200, "{}")
                .fires(&RULE)
        );
    }

    #[test]
    fn stays_silent_on_an_assertion_of_the_tenant_without_a_tenant_in_the_url_and_on_no_token_request() {
        assert!(!Scene::healthy().assertion_changed(|_| None).fires(&RULE));
        let other = || {
            Scene::healthy().token_request(
                "grant_type=client_credentials&resource=a/b@fabrikam.com",
                200,
                "{}",
            )
        };
        assert!(!other().asked_at("/tokens/OAuth/2").fires(&RULE));
        assert!(!other().asked_by("GET", "").fires(&RULE));
    }
}
