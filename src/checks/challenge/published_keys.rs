//! Takes what `probe` learned of a question, gives findings of `challenge-published-keys`: which keys are published.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::probed::ProbeCase;
use crate::checks::probed::Purpose;
use crate::checks::rule::{Out, Rule, Scope};
use crate::keys::Key;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "challenge-published-keys",
    check: CheckId::Challenge,
    severity: Severity::Info,
    since: "0.1.0",
    candidates: &[],
    title: "which keys are published",
    looks_at: "Metadata documents that a live service gave: issuer, realm, keys and their validity.",
    matters: "These keys verify the tokens of the service; Exchange reads the same documents.",
    bad: "a document that holds no key, or whose certificate has expired",
    good: "a key that is valid for months",
    repair: "On Exchange: Get-AuthConfig | Format-List; Get-ExchangeCertificate <CurrentCertificateThumbprint>. --save keeps the document for --sts-keys.",
    sources: &["[MS-XOAUTH] 3.1.5"],
    scope: Scope::Probe(examine),
};

fn examine(case: &ProbeCase<'_>, out: &mut Out<'_>) {
    let Some(question) = case.question().filter(|question| question.purpose == Purpose::Keys) else { return };
    let Some(exchange) = &question.exchange else { return };
    let status = exchange.response.as_ref().map_or(0, |response| response.status);
    let url = shown(&question.url);
    if question.needed && question.trouble.is_none() && !matches!(question.keys, Some(Ok(_))) {
        out.missing(format!("{url} gave no document with keys (status {status})"));
    }
    if let Some(target) = &question.redirect {
        out.say(format!("{url} redirects to another place, which was not asked")).observed(shown(target));
        return;
    }
    match &question.keys {
        Some(Ok(loaded)) => {
            let names: Vec<String> = loaded.keys.iter().take(8).map(|key| key.describe()).collect();
            let issuer = loaded.metadata.as_ref().and_then(|metadata| metadata.issuer.clone());
            let issuer = issuer.map_or_else(String::new, |issuer| format!("issuer {issuer}; "));
            let keys = shown(&format!("{}: {issuer}{}", loaded.kind, names.join("; ")));
            out.say(format!("{url} publishes keys")).observed(keys);
            let at = case.expected.at.or_else(|| exchange.moment());
            let valid = |key: &Key| match (&key.certificate, at) {
                (Some(certificate), Some(at)) => certificate.is_valid_at(at),
                _ => true,
            };
            if !loaded.keys.iter().any(valid) {
                out.say(format!("no certificate that {url} publishes is valid now"))
                    .severity(Severity::Warning)
                    .expected("at least one valid certificate");
            }
        }
        Some(Err(why)) if status == 200 => {
            out.say(format!("the document of {url} holds no keys"))
                .severity(Severity::Warning)
                .observed(shown(why));
        }
        _ => {
            out.say(format!("{url} gave no document")).observed(format!("status {status}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::expectations::Expectations;
    use crate::checks::probed::Question;
    use crate::checks::testing::probe::Thing as _;
    use crate::checks::testing::probe::{question, speaks};
    use crate::keys::load::Loaded;
    use crate::state::cloud::Cloud;

    #[test]
    fn fires_on_a_document() {
        let mut thing = question(200, &[]);
        thing.purpose = Purpose::Keys;
        thing.keys = Some(Err("is HTML".into()));
        assert!(speaks(&RULE, &thing));
    }

    #[test]
    fn stays_silent_on_a_challenge() {
        let thing = question(401, &[]);
        assert!(!speaks(&RULE, &thing));
    }

    #[test]
    fn what_is_needed_and_gave_no_keys_is_missing() {
        let said = |status: u16, needed: bool, change: &dyn Fn(&mut Question)| {
            let mut thing = question(status, &[]);
            (thing.purpose, thing.needed) = (Purpose::Keys, needed);
            change(&mut thing);
            let (mut hits, mut missing) = (Vec::new(), Vec::new());
            let expected = Expectations::default();
            let case = ProbeCase { probed: thing.probed(), expected: &expected, cloud: Cloud::Worldwide };
            examine(&case, &mut Out::new(&RULE, &mut hits, &mut missing));
            (hits.remove(0).message.to_string(), missing.len())
        };
        let html = |thing: &mut Question| thing.keys = Some(Err("is HTML".into()));
        assert_eq!(said(200, true, &html).1, 1);
        assert_eq!(said(200, false, &html).1, 0);
        assert!(said(200, true, &html).0.contains("holds no keys"));
        assert!(said(404, true, &html).0.contains("gave no document"));
        let trouble = |thing: &mut Question| thing.trouble = Some("x".into());
        assert_eq!(said(404, true, &trouble).1, 0);
        let keys = |thing: &mut Question| thing.keys = Some(Ok(Loaded::default()));
        assert_eq!(said(200, true, &keys).1, 0);
    }
}
