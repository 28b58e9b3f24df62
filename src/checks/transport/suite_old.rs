//! Takes what `probe` learned of a service, gives findings of `transport-suite-old`: the server has no cipher suite that current clients use.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::probed::ProbeCase;
use crate::checks::rule::{Out, Rule, Scope};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "transport-suite-old",
    check: CheckId::Transport,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &[],
    title: "the server has no cipher suite that current clients use",
    looks_at: "Whether a client that knows only suites with forward secrecy and authenticated encryption gets a session in TLS 1.2 or 1.3.",
    matters: "Suites in CBC mode and RSA key exchange are being switched off; clients that have done so get no connection.",
    bad: "TLS_RSA_WITH_AES_256_CBC_SHA only (Windows Server 2012 R2 with an RSA certificate)",
    good: "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    repair: "Windows Server 2016 or newer offers the suites by default; see Get-TlsCipherSuite.",
    sources: &["RFC 9325 4.2", "Microsoft Learn: TLS Cipher Suites in Windows 8.1"],
    scope: Scope::Probe(examine),
};

fn examine(case: &ProbeCase<'_>, out: &mut Out<'_>) {
    let Some(service) = case.service() else { return };
    let mut chosen = service.offers.iter().filter_map(|offer| offer.chosen.as_ref().ok());
    // What speaks TLS 1.3 refused something else: a group, a certificate of the client.
    let current = service
        .offers
        .iter()
        .any(|offer| offer.chosen.as_ref().is_ok_and(|(version, _)| version == "TLS 1.3"));
    if let Some(refused) = service.refused.as_ref().filter(|_| !current)
        && let Some((version, suite)) = chosen.find(|(version, _)| version == "TLS 1.2")
    {
        out.say(format!("{} gave a current client no session", service.authority))
            .observed(shown(&format!("{version} with {suite} only; a current client was told: {refused}")))
            .expected("TLS 1.3, or TLS 1.2 with ECDHE and AES-GCM");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::probed::Offer;
    use crate::checks::testing::probe::{service, speaks};

    #[test]
    fn fires_on_cbc_only() {
        let mut thing = service();
        thing.refused = Some("alert handshake_failure".into());
        thing.session = None;
        assert!(speaks(&RULE, &thing));
    }

    #[test]
    fn stays_silent_where_tls_13_is_spoken() {
        let mut thing = service();
        thing.refused = Some("alert handshake_failure".into());
        thing.session = None;
        let chosen = Ok(("TLS 1.3".to_owned(), "TLS_AES_128_CCM_SHA256".to_owned()));
        thing.offers.push(Offer { version: "TLS 1.3", chosen, suites: Vec::new(), cut: false });
        assert!(!speaks(&RULE, &thing));
    }

    #[test]
    fn stays_silent_on_a_current_server() {
        let thing = service();
        assert!(!speaks(&RULE, &thing));
    }
}
