//! Takes what `probe` learned of a service, gives findings of `coverage-service`: what the service is.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::probed::ProbeCase;
use crate::checks::rule::{Out, Rule, Scope};
use crate::keys::certificate::Certificate;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "coverage-service",
    check: CheckId::Coverage,
    severity: Severity::Info,
    since: "0.1.0",
    candidates: &[],
    title: "what the service is",
    looks_at: "TLS versions and suites, the certificate and the headers that name the server.",
    matters: "Shows which server, or which device in front of it, gave the answers.",
    bad: "a load balancer's certificate where Exchange's was expected",
    good: "the server that was meant",
    repair: "Nothing to repair.",
    sources: &["RFC 8446", "RFC 5246"],
    scope: Scope::Probe(examine),
};

fn examine(case: &ProbeCase<'_>, out: &mut Out<'_>) {
    let Some(service) = case.service() else { return };
    let (mut lines, mut suites) = (Vec::new(), Vec::new());
    if let Some(session) = &service.session {
        let word = |text: &Option<String>| text.clone().unwrap_or_default();
        lines.push(format!("{} {}", word(&session.version), word(&session.cipher)));
    }
    for offer in &service.offers {
        let offered = match offer.version {
            "TLS 1.3" => offer.version.to_owned(),
            version => format!("up to {version}"),
        };
        match &offer.chosen {
            Ok((version, suite)) if version == offer.version => lines.push(format!("{offered}: {suite}")),
            Ok((version, suite)) => lines.push(format!("{offered}: {version} {suite}")),
            Err(why) => lines.push(format!("{offered}: no ({why})")),
        }
        if !offer.suites.is_empty() {
            let names: Vec<&str> = offer.suites.iter().map(|suite| suite.name.as_str()).collect();
            let more = if offer.cut { ", perhaps more" } else { "" };
            let word = if names.len() == 1 { "suite" } else { "suites" };
            suites.push(format!("{} {word} of {}: {}{more}", names.len(), offer.version, names.join(", ")));
        }
    }
    if let Some(leaf) = service.certificates.first()
        && let Ok(leaf) = Certificate::from_der(leaf, "server certificate")
    {
        lines.push(format!(
            "certificate {} of {}, valid until {}, thumbprint {}",
            leaf.subject,
            leaf.issuer,
            leaf.not_after,
            leaf.thumbprint_hex()
        ));
    }
    lines.extend(service.answered_by.iter().cloned());
    if lines.is_empty() {
        return;
    }
    // Lists of suites are long, and our own table's text: they are shown whole.
    let shown: Vec<String> = lines.iter().map(|line| shown(line)).chain(suites).collect();
    out.say(format!("what {} is", service.authority)).observed(shown.join("; "));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::probe::{question, service, speaks};

    #[test]
    fn fires_on_every_service() {
        let thing = service();
        assert!(speaks(&RULE, &thing));
    }

    #[test]
    fn stays_silent_on_questions() {
        let thing = question(401, &[]);
        assert!(!speaks(&RULE, &thing));
    }
}
