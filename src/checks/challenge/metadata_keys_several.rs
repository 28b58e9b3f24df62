//! Takes one exchange, gives findings of `metadata-keys-several`: Exchange publishes two certificates.

use crate::checks::CheckId;
use crate::checks::expectations::EXCHANGE;
use crate::checks::finding::Severity;
use crate::checks::marks::Marks;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "metadata-keys-several",
    check: CheckId::Challenge,
    severity: Severity::Info,
    since: "0.1.0",
    candidates: &["L08"],
    title: "Exchange publishes two certificates",
    looks_at: "The number of signing keys in metadata documents of Exchange.",
    matters: "The current and the next auth certificate are published together while a rollover is under way. Token services publish several keys all the time, so theirs are not counted.",
    bad: "two keys in /autodiscover/metadata/json/1",
    good: "one key",
    repair: "Nothing to repair; upload the next certificate before it becomes the current one: Get-AuthConfig | Format-List NextCertificateThumbprint,NextCertificateEffectiveDate",
    sources: &["Microsoft Learn: Set-AuthConfig"],
    scope: Scope::Marked(Marks::METADATA, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    let Some(document) = case.document() else { return };
    let own =
        document.metadata.service_name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(EXCHANGE));
    if own && document.keys.len() > 1 {
        let names = document.keys.iter().filter_map(|key| key.certificate.as_ref()).take(8);
        let names: Vec<String> = names.map(|certificate| certificate.thumbprint_hex()).collect();
        out.say("Exchange publishes several certificates: a rollover is prepared or under way")
            .observed(format!("{} keys: {}", document.keys.len(), names.join(", ")))
            .location("response.body.json.keys");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_two() {
        let scene = Scene::healthy().metadata(|it| {
            let key = it["keys"][0].clone();
            it["keys"] = serde_json::json!([key, key]);
        });
        assert!(scene.fires(&RULE));
    }

    #[test]
    fn stays_silent_on_one() {
        assert!(!Scene::healthy().metadata(|_| ()).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_the_token_service() {
        let twice = |it: &mut serde_json::Value| {
            let key = it["keys"][0].clone();
            it["keys"] = serde_json::json!([key, key]);
        };
        assert!(!Scene::healthy().service_metadata("accounts.accesscontrol.windows.net", twice).fires(&RULE));
    }
}
