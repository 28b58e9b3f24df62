//! Takes one exchange, gives findings of `metadata-cloud`: a metadata document comes from another cloud.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::marks::Marks;
use crate::checks::place::bare_host;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;
use crate::state::cloud::Cloud;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "metadata-cloud",
    check: CheckId::Challenge,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["L07"],
    title: "a metadata document comes from another cloud",
    looks_at: "The host of the token service that gave a metadata document, against the cloud of the tenant (`cloud` of the configuration) and against the service that the document names.",
    matters: "Each cloud has a token service with keys of its own: the keys of another one verify nothing.",
    bad: "https://accounts.accesscontrol.windows.net/…/metadata/json/1 for a tenant at 21Vianet",
    good: "https://accounts.accesscontrol.chinacloudapi.cn/…/metadata/json/1",
    repair: "Set-AuthServer <name> -AuthMetadataUrl https://<token service of the cloud>/<tenant>/metadata/json/1",
    sources: &[
        "Microsoft Learn: Configure OAuth authentication between Exchange and Exchange Online organizations",
    ],
    scope: Scope::Marked(Marks::METADATA, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    let (Some(document), Some(host)) = (case.document(), case.host()) else { return };
    let Some(there) = Cloud::of_host(&bare_host(host)) else { return };
    let named = document.metadata.service_name.as_deref().and_then(Cloud::of_acs);
    // The US government cloud uses the worldwide id, so only 21Vianet can be told apart by it.
    let named = named.filter(|named| (*named == Cloud::China) != (there == Cloud::China));
    if let Some(expected) = case.expected.cloud.filter(|cloud| *cloud != there).or(named) {
        out.say("a metadata document comes from another cloud")
            .observed(format!("{} ({})", shown(host), there.name()))
            .expected(expected.name())
            .location("request.header.host");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_21vianet_from_the_worldwide_host() {
        let host = "accounts.accesscontrol.windows.net";
        let china =
            |it: &mut serde_json::Value| it["serviceName"] = "00000001-0002-0000-c000-000000000000".into();
        assert!(Scene::healthy().service_metadata(host, china).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_the_same_cloud() {
        let host = "accounts.accesscontrol.windows.net";
        assert!(!Scene::healthy().service_metadata(host, |_| ()).fires(&RULE));
    }

    #[test]
    fn fires_on_another_cloud_than_the_given_one() {
        let host = "accounts.accesscontrol.windows.net";
        let given = |cloud: Cloud| {
            let expect =
                move |expected: &mut crate::checks::expectations::Expectations| expected.cloud = Some(cloud);
            Scene::healthy().service_metadata(host, |_| ()).expect(expect).fires(&RULE)
        };
        assert!(given(Cloud::China));
        assert!(!given(Cloud::Worldwide));
    }
}
