//! Takes what `probe` learned of a question, gives findings of `certificate-not-published`: Exchange publishes another certificate than the one that was uploaded.

use crate::checks::CheckId;
use crate::checks::expectations::EXCHANGE;
use crate::checks::finding::Severity;
use crate::checks::probed::ProbeCase;
use crate::checks::rule::{Out, Rule, Scope};
use crate::keys::Key;
use crate::keys::certificate::Certificate;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "certificate-not-published",
    check: CheckId::Certificate,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &[],
    title: "Exchange publishes another certificate than the one that was uploaded",
    looks_at: "The keys of a live Exchange's metadata document against the certificates given with --cert.",
    matters: "The certificate in the document is the one that Exchange signs with. When another was uploaded to the tenant, the token service refuses Exchange's own tokens.",
    bad: "the uploaded certificate is of last year, the auth certificate was renewed",
    good: "the same certificate in both",
    repair: "(Get-AuthConfig).CurrentCertificateThumbprint; export that certificate and upload it to the service principal, or finish the rollover: Set-AuthConfig -PublishCertificate",
    sources: &["[MS-XOAUTH] 3.1.5", "Microsoft Learn: Set-AuthConfig"],
    scope: Scope::Probe(examine),
};

fn examine(case: &ProbeCase<'_>, out: &mut Out<'_>) {
    let Some(question) = case.question() else { return };
    let Some(Ok(loaded)) = &question.keys else { return };
    let own = loaded.metadata.as_ref().and_then(|metadata| metadata.service_name.as_deref());
    if !own.is_some_and(|name| name.eq_ignore_ascii_case(EXCHANGE)) {
        return;
    }
    let given: Vec<&Certificate> =
        case.expected.certificates.iter().flat_map(|(_, loaded)| &loaded.certificates).collect();
    let published = |certificate: &&Certificate| {
        loaded
            .keys
            .iter()
            .any(|key| key.material == certificate.key || key.x5t == Some(certificate.thumbprint))
    };
    if !given.is_empty() && !given.iter().any(published) {
        let list = |names: Vec<String>| names.join(", ");
        out.say("Exchange publishes another certificate than the one given with --cert")
            .observed(list(loaded.keys.iter().map(Key::describe).collect()))
            .expected(list(given.iter().map(|certificate| certificate.thumbprint_hex()).collect()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::expectations::Expectations;
    use crate::checks::probed::Question;
    use crate::checks::testing::Scene;
    use crate::checks::testing::probe::{question, speaks_to};
    use crate::keys::Origin;
    use crate::keys::load::key_file;

    /// What is expected by the scene's certificate, and a document that publishes it.
    fn publishing(change: impl Fn(&mut Expectations)) -> (Question, Expectations) {
        let mut expected = Scene::healthy().expectations();
        let value = expected.certificates[0].1.certificates[0].upload_value();
        let document = format!(
            r#"{{"serviceName":"{EXCHANGE}","keys":[{{"keyvalue":{{"type":"x509Certificate","value":"{value}"}}}}]}}"#
        );
        let mut thing = question(200, &[]);
        let loaded = key_file(document.as_bytes(), "metadata", Origin::TokenService, &[]);
        thing.keys = Some(loaded.map_err(|error| error.to_string()));
        assert!(matches!(thing.keys, Some(Ok(_))), "{:?}", thing.keys);
        change(&mut expected);
        (thing, expected)
    }

    #[test]
    fn fires_on_another_certificate() {
        let (thing, expected) = publishing(|expected| {
            let certificate = &mut expected.certificates[0].1.certificates[0];
            certificate.thumbprint = [7; 20];
            certificate.key = crate::keys::Material::Hmac(crate::base::Secret::new(b"another".to_vec()));
        });
        assert!(speaks_to(&RULE, &thing, &expected));
    }

    #[test]
    fn stays_silent_on_a_document_of_another_service_and_without_a_certificate() {
        let (mut thing, expected) = publishing(|expected| {
            expected.certificates[0].1.certificates[0].thumbprint = [7; 20];
            expected.certificates[0].1.certificates[0].key =
                crate::keys::Material::Hmac(crate::base::Secret::new(b"another".to_vec()));
        });
        let Some(Ok(loaded)) = &mut thing.keys else { panic!() };
        loaded.metadata.as_mut().unwrap().service_name = Some("00000001-0000-0000-c000-000000000000".into());
        assert!(!speaks_to(&RULE, &thing, &expected));
        let (thing, expected) = publishing(|expected| expected.certificates.clear());
        assert!(!speaks_to(&RULE, &thing, &expected));
    }

    #[test]
    fn stays_silent_on_the_same() {
        let (thing, expected) = publishing(|_| {});
        assert!(!speaks_to(&RULE, &thing, &expected));
        // By the key alone, and by the name alone.
        let (thing, expected) =
            publishing(|expected| expected.certificates[0].1.certificates[0].thumbprint = [7; 20]);
        assert!(!speaks_to(&RULE, &thing, &expected));
        let (thing, expected) = publishing(|expected| {
            expected.certificates[0].1.certificates[0].key =
                crate::keys::Material::Hmac(crate::base::Secret::new(b"another".to_vec()));
        });
        assert!(!speaks_to(&RULE, &thing, &expected));
    }
}
