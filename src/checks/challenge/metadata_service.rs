//! Takes one exchange, gives findings of `metadata-service`: a metadata document is of another service than its address.

use crate::checks::CheckId;
use crate::checks::expectations::EXCHANGE;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::marks::Marks;
use crate::checks::place::{self, Place};
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "metadata-service",
    check: CheckId::Challenge,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["L06"],
    title: "a metadata document is of another service than its address",
    looks_at: "`serviceName` of S2S metadata documents: Exchange under /autodiscover, the Access Control Service on hosts of token services.",
    matters: "The reader trusts the keys for that application: a document of another service makes it refuse the tokens of the right one.",
    bad: "serviceName 00000003-… from https://mail.contoso.com/autodiscover/metadata/json/1",
    good: "serviceName 00000002-0000-0ff1-ce00-000000000000",
    repair: "On Exchange: Set-AuthConfig -ServiceName 00000002-0000-0ff1-ce00-000000000000. Elsewhere compare the address: Get-AuthServer | Format-List Name,AuthMetadataUrl; Get-PartnerApplication | Format-List Name,AuthMetadataUrl",
    sources: &["[MS-XOAUTH] 3.1.5", "Microsoft Learn: Set-AuthConfig"],
    scope: Scope::Marked(Marks::METADATA, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    let Some(service) = case.document().and_then(|document| document.metadata.service_name.as_deref()) else {
        return;
    };
    let (right, expected) = match case.place {
        Place::Exchange => (service.eq_ignore_ascii_case(EXCHANGE), EXCHANGE),
        Place::TokenService => (place::is_acs(service), "00000001-0000-0000-c000-000000000000"),
        Place::ExchangeOther | Place::Elsewhere => return,
    };
    if !right {
        out.say("a metadata document is of another service than its address")
            .observed(shown(service))
            .expected(expected)
            .location("response.body.json.serviceName");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_another_application() {
        assert!(
            Scene::healthy()
                .metadata(|it| it["serviceName"] = "00000003-0000-0ff1-ce00-000000000000".into())
                .fires(&RULE)
        );
    }

    #[test]
    fn stays_silent_on_both_services() {
        let scene = Scene::healthy().metadata(|_| ());
        assert!(!scene.service_metadata("accounts.accesscontrol.windows.net", |_| ()).fires(&RULE));
    }

    #[test]
    fn fires_on_a_token_service_that_names_exchange() {
        let named = |it: &mut serde_json::Value| it["serviceName"] = EXCHANGE.into();
        assert!(Scene::healthy().service_metadata("accounts.accesscontrol.windows.net", named).fires(&RULE));
    }
}
