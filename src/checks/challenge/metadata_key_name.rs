//! Takes one exchange, gives findings of `metadata-key-name`: a key of a metadata document has the name of another certificate.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::marks::Marks;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "metadata-key-name",
    check: CheckId::Challenge,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["L02", "G12"],
    title: "a key of a metadata document has the name of another certificate",
    looks_at: "`keyinfo.x5t` of S2S metadata documents in the traffic against the SHA-1 of the certificate in `keyvalue`.",
    matters: "Tokens name their key by x5t: a reader that looks it up by the wrong name finds a key that does not verify, or none. Such a key in a file of --sts-keys is not used, and a notice says so.",
    bad: "\"keyinfo\":{\"x5t\":\"AAAA…\"} beside a certificate whose SHA-1 is D0D6…",
    good: "the base64url of the certificate's SHA-1",
    repair: "Fetch the document again, past any cache: Set-AuthServer <name> -RefreshAuthMetadata",
    sources: &["[MS-SPS2SAUTH]", "RFC 7515 4.1.7"],
    scope: Scope::Marked(Marks::METADATA, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    for key in case.document().iter().flat_map(|document| &document.keys) {
        let (Some((text, print)), Some(certificate)) = (&key.named, &key.certificate) else { continue };
        // A SHA-256 under that name is another habit, and as good a name.
        let own = print.as_deref().is_some_and(|print| {
            print == certificate.thumbprint.as_slice() || print == certificate.thumbprint_s256.as_slice()
        });
        if !own {
            out.say("a key of a metadata document has the name of another certificate")
                .observed(shown(text))
                .expected(certificate.x5t())
                .location("response.body.json.keys");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_another_thumbprint() {
        let scene = Scene::healthy()
            .metadata(|it| it["keys"][0]["keyinfo"]["x5t"] = "AAAAAAAAAAAAAAAAAAAAAAAAAAA".into());
        assert!(scene.fires(&RULE));
    }

    #[test]
    fn stays_silent_on_its_own() {
        assert!(!Scene::healthy().metadata(|_| ()).fires(&RULE));
    }
}
