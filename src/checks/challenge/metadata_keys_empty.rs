//! Takes one exchange, gives findings of `metadata-keys-empty`: a metadata document publishes no key.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::marks::Marks;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "metadata-keys-empty",
    check: CheckId::Challenge,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["L05"],
    title: "a metadata document publishes no key",
    looks_at: "`keys` of S2S metadata documents in the traffic: at least one signing key with a certificate.",
    matters: "Without a key no signature of the publisher can be verified, and every token of it is refused.",
    bad: "\"keys\":[]",
    good: "\"keys\":[{\"usage\":\"signing\",\"keyinfo\":{…},\"keyvalue\":{…}}]",
    repair: "On Exchange: Set-AuthConfig -PublishCertificate; Restart-Service MSExchangeServiceHost; check that the auth certificate is on every server: Get-ExchangeCertificate (Get-AuthConfig).CurrentCertificateThumbprint",
    sources: &["[MS-SPS2SAUTH]", "Microsoft Learn: Set-AuthConfig"],
    scope: Scope::Marked(Marks::METADATA, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    let Some(document) = case.document() else { return };
    if !document.keys.iter().any(|key| key.certificate.is_some()) {
        out.say("a metadata document publishes no key")
            .observed(match document.keys.len() {
                0 => "no signing key".to_owned(),
                count => format!("{count} signing keys, none with a certificate that can be read"),
            })
            .expected("at least one signing key with its certificate")
            .location("response.body.json.keys");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_an_empty_list() {
        assert!(Scene::healthy().metadata(|it| it["keys"] = serde_json::json!([])).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_a_key() {
        assert!(!Scene::healthy().metadata(|_| ()).fires(&RULE));
    }
}
