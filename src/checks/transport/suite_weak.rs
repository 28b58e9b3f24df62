//! Takes what `probe` learned of a service, gives findings of `transport-suite-weak`: the server accepts cipher suites that protect nothing.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::probed::{ProbeCase, weak};
use crate::checks::rule::{Out, Rule, Scope};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "transport-suite-weak",
    check: CheckId::Transport,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &[],
    title: "the server accepts weak cipher suites",
    looks_at: "Which suites the server accepts, version by version: each hello leaves out what was chosen before.",
    matters: "RC4, DES and 3DES can be broken with enough traffic; EXPORT, NULL and anonymous suites protect a token hardly or not at all.",
    bad: "TLS_RSA_WITH_RC4_128_SHA",
    good: "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    repair: "Switch the named suites off where TLS ends: on Windows with Disable-TlsCipherSuite, on a load balancer in its TLS profile.",
    sources: &[
        "RFC 9325 4.1",
        "RFC 7465",
        "Microsoft Learn: Exchange Server TLS configuration best practices",
    ],
    scope: Scope::Probe(examine),
};

fn examine(case: &ProbeCase<'_>, out: &mut Out<'_>) {
    let Some(service) = case.service() else { return };
    let lines: Vec<String> = service
        .offers
        .iter()
        .filter_map(|offer| {
            let names: Vec<String> =
                offer.suites.iter().filter(|suite| weak(**suite)).map(ToString::to_string).collect();
            (!names.is_empty()).then(|| format!("{}: {}", offer.version, names.join(", ")))
        })
        .collect();
    if !lines.is_empty() {
        out.say(format!("{} accepts weak cipher suites", service.authority))
            .observed(lines.join("; "))
            .expected("no RC4, DES, 3DES, NULL, EXPORT or anonymous suite");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::probe::{service, speaks};
    use crate::wire::tls::suites::CipherSuite;

    #[test]
    fn fires_on_rc4_3des_null_export_and_anonymous_suites() {
        for number in [0x0005, 0x000a, 0x003b, 0x0003, 0x0034] {
            let mut thing = service();
            thing.offers[0].suites = vec![CipherSuite(0xc030), CipherSuite(number)];
            assert!(speaks(&RULE, &thing), "{number:#06x}");
        }
    }

    #[test]
    fn stays_silent_on_aes() {
        let mut thing = service();
        thing.offers[0].suites = vec![CipherSuite(0xc030), CipherSuite(0x002f)];
        assert!(!speaks(&RULE, &thing));
    }
}
