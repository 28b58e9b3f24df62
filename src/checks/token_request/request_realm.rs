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
    looks_at: "The tenant in the URL of ACS against the realm of `resource`.",
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
    let realm = case.field("resource").and_then(Principal::parse).and_then(|name| name.realm);
    if tenant.is_empty() || realm.is_none() {
        return;
    }
    if realm::agree(Some(tenant), realm, &case.expected.tenants) == Realm::Different {
        out.say("the token request names two tenants")
            .observed(format!(
                "{} in the URL, {} in resource",
                shown(tenant),
                shown(realm.unwrap_or_default())
            ))
            .location("request.body.form.resource");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;
    use crate::checks::testing::TENANT;

    #[test]
    fn fires_on_two_domains() {
        assert!(
            Scene::healthy()
                .token_request("grant_type=client_credentials&resource=a/b@fabrikam.com", 200, "{}")
                .fires(&RULE)
        );
    }

    #[test]
    fn stays_silent_on_the_tenant() {
        assert!(
            !Scene::healthy()
                .token_request(&format!("grant_type=client_credentials&resource=a/b@{TENANT}"), 200, "{}")
                .fires(&RULE)
        );
    }
}
