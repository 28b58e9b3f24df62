//! Takes one exchange, gives findings of `request-resource`: the requested resource is not application/host@tenant.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::marks::Marks;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;
use crate::token::principal::Principal;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "request-resource",
    check: CheckId::TokenRequest,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["H03"],
    title: "the requested resource is not application/host@tenant",
    looks_at: "The field `resource` of requests to ACS.",
    matters: "ACS names resources by `application/host@tenant` and refuses other forms (AADSTS90022).",
    bad: "resource=https://outlook.office365.com",
    good: "resource=00000002-0000-0ff1-ce00-000000000000/outlook.office365.com@11111111-…",
    repair: "Compare with Get-IntraOrganizationConnector | Format-List \
             DiscoveryEndpoint,TargetAddressDomains",
    sources: &["Microsoft Entra error AADSTS90022"],
    scope: Scope::Marked(Marks::TOKEN_SERVICE, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    let acs = case.path().to_ascii_lowercase().contains("/tokens/oauth/2");
    let Some(resource) = case.field("resource").filter(|_| acs && case.token_request().is_some()) else {
        return;
    };
    let whole = Principal::parse(resource)
        .is_some_and(|name| name.host.is_some_and(|host| !host.is_empty()) && name.realm.is_some());
    if !whole {
        out.say("the requested resource is not of the form application/host@tenant")
            .observed(shown(resource))
            .expected("<application>/<host>@<tenant>")
            .location("request.body.form.resource");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_a_url() {
        assert!(
            Scene::healthy()
                .token_request(
                    "grant_type=client_credentials&resource=https://outlook.office365.com",
                    200,
                    "{}"
                )
                .fires(&RULE)
        );
    }

    #[test]
    fn stays_silent_on_three_parts() {
        assert!(!Scene::healthy().token_request("grant_type=client_credentials&resource=00000002-0000-0ff1-ce00-000000000000/outlook.office365.com@t", 200, "{}").fires(&RULE));
    }

    #[test]
    fn wants_each_part_at_acs_and_an_address_at_entra() {
        let asked = |resource: &str| {
            let form = format!("grant_type=client_credentials&resource={resource}");
            Scene::healthy().token_request(&form, 400, "{}")
        };
        for resource in ["00000002-0000-0ff1-ce00-000000000000@t", "a/@t", "a/outlook.office365.com"] {
            assert!(asked(resource).fires(&RULE), "{resource}");
        }
        // The endpoint of v1 names resources by their address.
        assert!(!asked("https://outlook.office365.com").asked_at("/t/oauth2/token").fires(&RULE));
    }
}
