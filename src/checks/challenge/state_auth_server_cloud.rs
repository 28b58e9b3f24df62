//! Takes the state of the organisation, gives findings of `state-auth-server-cloud`: the auth server belongs to
//! another cloud.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::organisation::names::metadata_host;
use crate::checks::organisation::{StateCase, host_of, quoted};
use crate::checks::rule::{Out, Rule, Scope};
use crate::state::cloud::Cloud;
use crate::state::object::{Kind, Object};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "state-auth-server-cloud",
    check: CheckId::Challenge,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["M18"],
    title: "an auth server belongs to another cloud",
    looks_at: "The hosts in AuthMetadataUrl of the enabled auth servers: all of one cloud, and of the one given as \
               --cloud, where it is given; else of the one that traffic, domains of the tenant and connectors show, else of \
               the most of them. IssuerIdentifier, Realm and endpoints, which come from the metadata: of 21Vianet where these \
               are, and only there.",
    matters: "Each national cloud has token services of its own; tokens of one are not trusted by the keys of another.",
    bad: "login.microsoftonline.us beside accounts.accesscontrol.windows.net",
    good: "accounts.accesscontrol.windows.net and login.windows.net",
    repair: "Set-AuthServer <name> -AuthMetadataUrl <address of the cloud>; Set-AuthServer <name> \
             -RefreshAuthMetadata # where the address is right already",
    sources: &["Microsoft Learn: Configure OAuth authentication between Exchange and Exchange Online"],
    scope: Scope::State(examine),
};

fn examine(case: &StateCase<'_>, out: &mut Out<'_>) {
    let Some(wanted) = case.cloud.or_else(|| case.cloud_shown()) else { return };
    for object in case.of(Kind::AuthServer).filter(|object| object.flag("Enabled") != Some(false)) {
        let url = object.text("AuthMetadataUrl").unwrap_or_default();
        let host = metadata_host(object);
        if let Some((host, Some(cloud))) = &host
            && *cloud != wanted
        {
            let right =
                if url.contains("/metadata/json/") { wanted.acs_host() } else { wanted.sign_in_host() };
            out.say(format!("the auth server {} belongs to another cloud", object.name()))
                .location(&object.place)
                .claim("AuthMetadataUrl")
                .observed(format!("{host}, which is {cloud}"))
                .expected(format!("{right} ({wanted})"))
                .help(format!(
                    "Set-AuthServer -Identity {} -AuthMetadataUrl {}",
                    quoted(object.name()),
                    quoted(&url.replacen(host, right, 1))
                ));
        } else if let Some((property, value, china)) = read_elsewhere(object, wanted) {
            let of = if china { Cloud::China } else { Cloud::Worldwide };
            out.say(format!(
                "the auth server {} names another cloud than its metadata are of",
                object.name()
            ))
            .location(&object.place)
            .claim(property)
            .observed(format!("{property}: {value}, which is {of}"))
            .expected(format!("what the metadata of {wanted} say"))
            .help(format!("Set-AuthServer -Identity {} -RefreshAuthMetadata", quoted(object.name())));
        }
    }
}

/// What was read from metadata of the other side of the border of China, with its property: issuer and addresses of the US
/// government cloud are in part those of the worldwide one.
fn read_elsewhere(object: &Object, wanted: Cloud) -> Option<(&'static str, String, bool)> {
    ["IssuerIdentifier", "Realm", "TokenIssuingEndpoint", "AuthorizationEndpoint"].into_iter().find_map(
        |name| {
            let value = object.text(name)?.trim().to_owned();
            let application = value.split(['@', '/']).next().unwrap_or_default();
            let host = || host_of(&value).as_deref().and_then(Cloud::of_host);
            let cloud = Cloud::of_acs(application).or_else(host).or_else(|| Cloud::of_domain(&value))?;
            let china = cloud == Cloud::China;
            (china != (wanted == Cloud::China)).then_some((name, value, china))
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::organisation::Shown;
    use crate::checks::testing_state::organisation::TENANT;
    use crate::checks::testing_state::{Scene, properties};

    #[test]
    fn fires_on_two_clouds() {
        let url = "https://login.microsoftonline.us/contoso.example/federationmetadata/2007-06/federationmetadata.xml";
        let hits = Scene::healthy().set("Get-AuthServer", "evoSTS", "AuthMetadataUrl", url).hits(&RULE);
        assert_eq!(hits.len(), 1);
        assert!(hits[0].help.contains("'https://login.windows.net/contoso.example/"), "{}", hits[0].help);
    }

    #[test]
    fn fires_on_another_cloud_than_the_given_one() {
        let url = format!("https://login.microsoftonline.us/{TENANT}/metadata/json/1");
        let scene = Scene::healthy().cloud(Cloud::Worldwide);
        assert!(scene.set("Get-AuthServer", "WindowsAzureACS", "AuthMetadataUrl", url.as_str()).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_one_cloud() {
        assert!(!Scene::healthy().fires(&RULE));
        assert!(!Scene::healthy().cloud(Cloud::Worldwide).fires(&RULE));
    }

    fn acs(scene: Scene, host: &str) -> Scene {
        let url = format!("https://{host}/{TENANT}/metadata/json/1");
        scene.set("Get-AuthServer", "WindowsAzureACS", "AuthMetadataUrl", url.as_str())
    }

    /// Nothing but the auth servers tells of a cloud.
    fn alone() -> Scene {
        Scene::healthy()
            .without("Get-IntraOrganizationConnector", "ExchangeHybridOnPremisesToOnline")
            .without("Get-AcceptedDomain", "contoso.mail.onmicrosoft.com")
    }

    #[test]
    fn the_one_for_acs_leads_and_those_that_are_off_are_not_looked_at() {
        let scene = acs(alone(), "login.microsoftonline.us");
        let hits = scene.hits(&RULE);
        assert!(
            !hits.is_empty() && hits.iter().all(|hit| !hit.message.contains("WindowsAzureACS")),
            "{hits:?}"
        );
        assert!(hits[0].expected.to_string().contains("login.microsoftonline.us"));
        let off = scene.set("Get-AuthServer", "WindowsAzureACS", "Enabled", false);
        assert!(!off.fires(&RULE));
    }

    #[test]
    fn what_else_is_of_one_cloud_tells_which_of_two_auth_servers_is_wrong() {
        let moved = |scene: Scene| -> Vec<String> {
            scene.hits(&RULE).iter().map(|hit| format!("{} {}", hit.message, hit.help)).collect()
        };
        let acs_only = "the auth server WindowsAzureACS belongs to another cloud";
        // The connector asks outlook.office365.com.
        let hits = moved(acs(Scene::healthy(), "accounts.accesscontrol.chinacloudapi.cn"));
        assert!(hits.len() == 1 && hits[0].starts_with(acs_only), "{hits:?}");
        assert!(hits[0].contains("'https://accounts.accesscontrol.windows.net/"), "{hits:?}");
        let hits = moved(acs(alone(), "login.microsoftonline.us").tenant("contoso.onmicrosoft.com"));
        assert!(hits.len() == 1 && hits[0].starts_with(acs_only), "{hits:?}");
        // Two against one.
        let third = properties([
            ("Name", "ACS - 1".into()),
            ("IssuerIdentifier", "00000001-0002-0000-c000-000000000000".into()),
            ("AuthMetadataUrl", "https://accounts.accesscontrol.chinacloudapi.cn/x/metadata/json/1".into()),
            ("Enabled", true.into()),
        ]);
        let hits = moved(alone().add("Get-AuthServer", third));
        assert!(hits.len() == 1 && hits[0].contains("ACS - 1 belongs"), "{hits:?}");
    }

    #[test]
    fn what_the_metadata_said_is_of_their_cloud() {
        for (name, value) in [
            ("IssuerIdentifier", "00000001-0002-0000-c000-000000000000"),
            ("Realm", "contoso.partner.onmschina.cn"),
            ("TokenIssuingEndpoint", "https://accounts.accesscontrol.chinacloudapi.cn/tokens/OAuth/2"),
        ] {
            let hits = Scene::healthy().set("Get-AuthServer", "WindowsAzureACS", name, value).hits(&RULE);
            assert!(hits.len() == 1 && hits[0].help.contains("-RefreshAuthMetadata"), "{name}: {hits:?}");
            assert!(hits[0].observed.to_string().contains("which is china"), "{hits:?}");
        }
        let us = acs(Scene::healthy().cloud(Cloud::UsGov), "login.microsoftonline.us");
        assert!(us.hits(&RULE).iter().all(|hit| !hit.message.contains("WindowsAzureACS")));
    }

    #[test]
    fn traffic_of_21vianet_tells_the_cloud() {
        let shown = |china| Scene::healthy().shown(Shown { china: Some(china), ..Shown::default() });
        assert!(shown(true).fires(&RULE));
        assert!(!shown(false).fires(&RULE));
    }
}
