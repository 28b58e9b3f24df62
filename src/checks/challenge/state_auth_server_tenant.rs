//! Takes the state of the organisation, gives findings of `state-auth-server-tenant`: the auth server belongs to
//! another tenant.

use crate::base::is_guid;
use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::organisation::{StateCase, quoted};
use crate::checks::rule::{Out, Rule, Scope};
use crate::state::object::{Kind, Object};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "state-auth-server-tenant",
    check: CheckId::Challenge,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &[],
    title: "an auth server belongs to another tenant",
    looks_at: "The tenant GUIDs in the addresses, the issuer and the realm of the enabled auth servers, compared with \
               the GUID given as --tenant. Where several tenants share the organisation, one of them has to be it.",
    matters: "Exchange trusts the token service for the tenant that stands there; tokens of the own tenant are refused.",
    bad: "TokenIssuingEndpoint https://accounts.accesscontrol.windows.net/<another tenant>/tokens/OAuth/2",
    good: "the GUID of the own tenant",
    repair: "Set-AuthServer -AuthMetadataUrl with the own tenant, then -RefreshAuthMetadata.",
    sources: &["Microsoft Learn: Configure OAuth authentication between Exchange and Exchange Online"],
    scope: Scope::State(examine),
};

fn examine(case: &StateCase<'_>, out: &mut Out<'_>) {
    let Some(own) = case.tenants.iter().find(|tenant| is_guid(tenant)) else { return };
    let named: Vec<(&Object, Vec<(&'static str, String)>)> = case
        .of(Kind::AuthServer)
        .filter(|object| object.flag("Enabled") != Some(false))
        .map(|object| (object, tenants(object)))
        .filter(|(_, tenants)| !tenants.is_empty())
        .collect();
    let is_own = |(_, tenant): &(&'static str, String)| tenant.eq_ignore_ascii_case(own);
    for (object, tenants) in &named {
        let kind = |object: &Object| object.text("Type").unwrap_or_default().to_ascii_lowercase();
        // One that names both belongs to neither; one of another tenant may stand beside that of the own.
        let mixed = tenants.iter().any(is_own);
        let beside = !mixed
            && named
                .iter()
                .any(|(other, of_other)| kind(other) == kind(object) && of_other.iter().any(is_own));
        let Some((property, other)) = tenants.iter().find(|tenant| !is_own(tenant)).filter(|_| !beside)
        else {
            continue;
        };
        let address = object.text("AuthMetadataUrl").and_then(|url| replaced(url, own));
        out.say(format!("the auth server {} belongs to another tenant", object.name()))
            .location(&object.place)
            .claim(property)
            .observed(format!("{}: {property} names {other}", object.name()))
            .expected(own.clone())
            .help(format!(
                "Set-AuthServer -Identity {} -AuthMetadataUrl {}",
                quoted(object.name()),
                quoted(
                    &address.unwrap_or_else(|| format!(
                        "https://{}/{own}/metadata/json/1",
                        case.cloud().acs_host()
                    ))
                )
            ));
    }
}

/// The properties that hold a tenant GUID, with it.
fn tenants(object: &Object) -> Vec<(&'static str, String)> {
    let guid = |name: &'static str| {
        let text = object.text(name)?;
        let part = text.split(['/', '@']).find(|part| is_guid(part))?;
        (!part.starts_with("00000001-")).then(|| (name, part.to_ascii_lowercase()))
    };
    ["TokenIssuingEndpoint", "AuthMetadataUrl", "IssuerIdentifier", "Realm"]
        .into_iter()
        .filter_map(guid)
        .collect()
}

/// The address with the own tenant in the place of the other.
fn replaced(url: &str, own: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let mut parts: Vec<&str> = rest.split('/').collect();
    *parts.get_mut(1)? = own;
    Some(format!("{scheme}://{}", parts.join("/")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::Scene;
    use crate::checks::testing_state::organisation::TENANT;
    use crate::checks::testing_state::properties;

    const OTHER: &str =
        "https://accounts.accesscontrol.windows.net/aaaaaaaa-0000-1111-2222-bbbbbbbbbbbb/metadata/json/1";

    fn scene() -> Scene {
        let token =
            "https://accounts.accesscontrol.windows.net/aaaaaaaa-0000-1111-2222-bbbbbbbbbbbb/tokens/OAuth/2";
        Scene::healthy()
            .tenant(TENANT)
            .set("Get-AuthServer", "WindowsAzureACS", "AuthMetadataUrl", OTHER)
            .set("Get-AuthServer", "WindowsAzureACS", "TokenIssuingEndpoint", token)
    }

    #[test]
    fn fires_on_one_that_names_two_tenants() {
        let mixed = |property: &str| {
            let scene =
                Scene::healthy().tenant(TENANT).set("Get-AuthServer", "WindowsAzureACS", "Realm", TENANT);
            scene.set("Get-AuthServer", "WindowsAzureACS", property, OTHER)
        };
        for property in ["TokenIssuingEndpoint", "AuthMetadataUrl"] {
            assert_eq!(mixed(property).hits(&RULE).len(), 1, "{property}");
        }
    }

    #[test]
    fn fires_on_another_tenant() {
        let hits = scene().hits(&RULE);
        assert_eq!(hits.len(), 1);
        assert!(hits[0].help.contains(&format!("{TENANT}/metadata/json/1")), "{}", hits[0].help);
    }

    #[test]
    fn stays_silent_on_the_own_one_and_where_none_is_given() {
        assert!(!Scene::healthy().tenant(TENANT).fires(&RULE));
        assert!(
            !Scene::healthy().set("Get-AuthServer", "WindowsAzureACS", "AuthMetadataUrl", OTHER).fires(&RULE)
        );
    }

    #[test]
    fn stays_silent_on_one_that_is_off_and_beside_one_of_the_own_tenant() {
        assert!(!scene().set("Get-AuthServer", "WindowsAzureACS", "Enabled", false).fires(&RULE));
        let own = |kind: &str| {
            scene().add(
                "Get-AuthServer",
                properties([
                    ("Name", "Second".into()),
                    ("Type", kind.into()),
                    (
                        "AuthMetadataUrl",
                        OTHER.replace("aaaaaaaa-0000-1111-2222-bbbbbbbbbbbb", TENANT).as_str().into(),
                    ),
                    ("Enabled", true.into()),
                ]),
            )
        };
        assert!(!own("MicrosoftACS").fires(&RULE));
        assert!(own("ADFS").fires(&RULE));
        // A domain that was given names no tenant that an address could be compared with.
        let domain = Scene::healthy().tenant("contoso.example");
        assert!(!domain.set("Get-AuthServer", "WindowsAzureACS", "AuthMetadataUrl", OTHER).fires(&RULE));
    }
}
