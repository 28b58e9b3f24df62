//! Takes one exchange, gives findings of `metadata-issuer`: the issuer of a metadata document is not its service name and realm.

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
    id: "metadata-issuer",
    check: CheckId::Challenge,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["L01"],
    title: "the issuer of a metadata document is not its service name and realm",
    looks_at: "`issuer` of S2S metadata documents in the traffic against their `serviceName@realm`.",
    matters: "Who reads the document trusts tokens of that issuer only; tokens carry `serviceName@realm`. A realm that is written as a GUID once and as a domain once may be one tenant, and is a warning.",
    bad: "serviceName 00000002-…, realm contoso.com, issuer 00000002-…@fabrikam.com",
    good: "issuer 00000002-…@contoso.com",
    repair: "On Exchange: Get-AuthConfig | Format-List ServiceName,Realm. A document of the cloud is not yours to repair: find out which device rewrote it.",
    sources: &["[MS-XOAUTH] 3.1.5", "[MS-SPS2SAUTH]"],
    scope: Scope::Marked(Marks::METADATA, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    let Some(metadata) = case.document().map(|document| &document.metadata) else { return };
    let (Some(issuer), Some(service), Some(realm)) = (
        &metadata.issuer,
        &metadata.service_name,
        metadata.realm.as_deref().filter(|realm| !realm.is_empty()),
    ) else {
        return;
    };
    let expected = format!("{service}@{realm}");
    if issuer.eq_ignore_ascii_case(&expected) {
        return;
    }
    let other_kind = Principal::parse(issuer).is_some_and(|name| {
        let agree = realm::agree(name.realm, Some(realm), &case.expected.tenants);
        name.is(service) && matches!(agree, Realm::Same | Realm::Undecided)
    });
    let hit = out.say("the issuer of a metadata document is not its service name and realm");
    hit.observed(shown(issuer)).expected(shown(&expected)).location("response.body.json.issuer");
    if other_kind {
        hit.severity(Severity::Warning);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::expectations::EXCHANGE;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_another_realm() {
        assert!(
            Scene::healthy()
                .metadata(|it| it["issuer"] = format!("{EXCHANGE}@fabrikam.com").into())
                .fires(&RULE)
        );
    }

    #[test]
    fn fires_with_a_warning_on_a_domain_of_the_tenant() {
        let judged =
            Scene::healthy().metadata(|it| it["issuer"] = format!("{EXCHANGE}@contoso.com").into()).judge();
        let finding = judged.findings.iter().find(|finding| finding.rule == RULE.id).unwrap();
        assert_eq!(finding.severity, Severity::Warning);
    }

    #[test]
    fn stays_silent_on_its_own_name() {
        assert!(!Scene::healthy().metadata(|_| ()).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_every_realm() {
        let scene = Scene::healthy().metadata(|it| {
            it["realm"] = "*".into();
            it["issuer"] = format!("{EXCHANGE}@*").into();
        });
        assert!(!scene.fires(&RULE));
    }

    #[test]
    fn another_service_and_another_tenant_are_errors() {
        let severity = |issuer: String| {
            let judged = Scene::healthy().metadata(move |it| it["issuer"] = issuer.clone().into()).judge();
            judged.findings.iter().find(|finding| finding.rule == RULE.id).map(|finding| finding.severity)
        };
        let skype = "00000004-0000-0ff1-ce00-000000000000";
        assert_eq!(severity(format!("{skype}@contoso.com")), Some(Severity::Error));
        assert_eq!(severity(format!("{EXCHANGE}@fabrikam.com")), Some(Severity::Error));
        assert_eq!(severity("nobody".into()), Some(Severity::Error));
    }
}
