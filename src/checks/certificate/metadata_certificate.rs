//! Takes one exchange, gives findings of `metadata-certificate`: Exchange does not publish its current auth certificate.

use crate::checks::CheckId;
use crate::checks::expectations::EXCHANGE;
use crate::checks::finding::Severity;
use crate::checks::marks::Marks;
use crate::checks::organisation::{StateCase, hex};
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "metadata-certificate",
    check: CheckId::Certificate,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["L04"],
    title: "Exchange does not publish its current auth certificate",
    looks_at: "The keys of a metadata document of Exchange in the traffic, against CurrentCertificateThumbprint of Get-AuthConfig (verify --state).",
    matters: "Whoever reads the document cannot verify what Exchange signs. Publication may need an hour, or a restart of the host service. Exchange Online's document (realm *) is not compared.",
    bad: "Get-AuthConfig names 9C02…, the document holds 7736…",
    good: "the current certificate among the keys",
    repair: "Set-AuthConfig -PublishCertificate; Restart-Service MSExchangeServiceHost",
    sources: &["Microsoft Learn: Set-AuthConfig", "[MS-XOAUTH] 3.1.5"],
    scope: Scope::Marked(Marks::METADATA, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    if case.expected.state.is_empty() {
        return;
    }
    let Some(document) = case.document() else { return };
    let metadata = &document.metadata;
    let own = metadata.service_name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(EXCHANGE));
    let (true, Some(at)) = (own && metadata.realm.as_deref() != Some("*"), case.at) else { return };
    let Some(current) = StateCase::expected(case.expected, at).auth_thumbprint("Current") else { return };
    let prints: Vec<[u8; 20]> =
        document.keys.iter().filter_map(|key| Some(key.certificate.as_ref()?.thumbprint)).collect();
    // A document without keys is another rule's.
    if !prints.is_empty() && !prints.contains(&current) {
        let list: Vec<String> = prints.iter().take(8).map(|print| hex(*print)).collect();
        out.say("Exchange does not publish its current auth certificate")
            .observed(list.join(", "))
            .expected(format!("{} (CurrentCertificateThumbprint)", hex(current)))
            .location("response.body.json.keys");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    /// Judged with what Get-AuthConfig prints.
    fn with_current(thumbprint: &str) -> Scene {
        let text = format!(
            "RunspaceId : 1\nCurrentCertificateThumbprint : {thumbprint}\nServiceName : {EXCHANGE}\nRealm :\n"
        );
        let file = crate::state::load::read(text.as_bytes(), "state.txt").unwrap();
        Scene::healthy().metadata(|_| ()).expect(move |expected| expected.state = vec![file.clone()])
    }

    #[test]
    fn fires_on_another_certificate() {
        assert!(with_current(&"9C".repeat(20)).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_a_document_of_another_service_or_without_keys() {
        let other = |change: fn(&mut serde_json::Value)| {
            let file = with_current(&"9C".repeat(20)).expectations().state;
            let scene = Scene::healthy().metadata(change);
            scene.expect(move |expected| expected.state.clone_from(&file)).fires(&RULE)
        };
        assert!(other(|_| ()));
        assert!(!other(|document| document["serviceName"] = "00000003-0000-0ff1-ce00-000000000000".into()));
        assert!(!other(|document| document["realm"] = "*".into()));
        assert!(!other(|document| document["keys"] = serde_json::json!([])));
    }

    #[test]
    fn stays_silent_on_the_current_one() {
        let own = Scene::healthy().expectations().certificates[0].1.certificates[0].thumbprint_hex();
        assert!(!with_current(&own).fires(&RULE));
    }
}
