//! Takes the state of the organisation, gives findings of `state-auth-server-cloud`: the auth server belongs to
//! another cloud.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
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
               --cloud, where it is given.",
    matters: "Each national cloud has token services of its own; tokens of one are not trusted by the keys of another.",
    bad: "login.microsoftonline.us beside accounts.accesscontrol.windows.net",
    good: "accounts.accesscontrol.windows.net and login.windows.net",
    repair: "Set-AuthServer -AuthMetadataUrl with the host of the cloud.",
    sources: &["Microsoft Learn: Configure OAuth authentication between Exchange and Exchange Online"],
    scope: Scope::State(examine),
};

fn examine(case: &StateCase<'_>, out: &mut Out<'_>) {
    let of = |object: &Object| Cloud::of_host(&host_of(object.text("AuthMetadataUrl")?)?);
    let all: Vec<(&Object, Cloud)> = case
        .of(Kind::AuthServer)
        .filter(|object| object.flag("Enabled") != Some(false))
        .filter_map(|object| Some((object, of(object)?)))
        .collect();
    // Without --cloud the one for ACS leads: its tokens are those that callers present.
    let acs = |(object, _): &&(&Object, Cloud)| {
        object.text("AuthMetadataUrl").is_some_and(|url| url.contains("/metadata/json/"))
    };
    let lead = all.iter().find(acs).or(all.first()).map(|(_, cloud)| *cloud);
    let by_traffic = case.shown.as_ref().and_then(|shown| shown.china).map(|china| {
        let other = all.iter().map(|(_, cloud)| *cloud).find(|cloud| *cloud != Cloud::China);
        if china { Cloud::China } else { other.unwrap_or(Cloud::Worldwide) }
    });
    let Some(wanted) = case.cloud.or(by_traffic).or(lead) else { return };
    for (object, cloud) in all.iter().filter(|(_, cloud)| *cloud != wanted) {
        let url = object.text("AuthMetadataUrl").unwrap_or_default();
        let host = host_of(url).unwrap_or_default();
        let right = if url.contains("/metadata/json/") { wanted.acs_host() } else { wanted.sign_in_host() };
        out.say(format!("the auth server {} belongs to another cloud", object.name()))
            .location(&object.place)
            .claim("AuthMetadataUrl")
            .observed(format!("{host}, which is {cloud}"))
            .expected(format!("{right} ({wanted})"))
            .help(format!(
                "Set-AuthServer -Identity {} -AuthMetadataUrl {}",
                quoted(object.name()),
                quoted(&url.replacen(&host, right, 1))
            ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::organisation::Shown;
    use crate::checks::testing_state::Scene;
    use crate::checks::testing_state::organisation::TENANT;

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

    #[test]
    fn the_one_for_acs_leads_and_those_that_are_off_are_not_looked_at() {
        let us = format!("https://login.microsoftonline.us/{TENANT}/metadata/json/1");
        let scene = Scene::healthy().set("Get-AuthServer", "WindowsAzureACS", "AuthMetadataUrl", us.as_str());
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
    fn traffic_of_21vianet_tells_the_cloud() {
        let shown = |china| Scene::healthy().shown(Shown { china: Some(china), ..Shown::default() });
        assert!(shown(true).fires(&RULE));
        assert!(!shown(false).fires(&RULE));
    }
}
