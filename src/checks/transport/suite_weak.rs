//! Takes what `probe` learned of a service, gives findings of `transport-suite-weak`: the server accepts cipher suites that protect nothing.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::probed::ProbeCase;
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
            let names: Vec<&str> =
                offer.suites.iter().filter(|suite| suite.weak).map(|suite| suite.name.as_str()).collect();
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
    use crate::checks::probed::Accepted;
    use crate::checks::testing::probe::{service, speaks};

    #[test]
    fn fires_on_a_weak_suite_beside_a_good_one() {
        let mut thing = service();
        thing.offers[0].suites = vec![
            Accepted { name: "TLS_RSA_WITH_AES_128_CBC_SHA".into(), weak: false },
            Accepted { name: "TLS_RSA_WITH_RC4_128_SHA".into(), weak: true },
        ];
        assert!(speaks(&RULE, &thing));
    }

    #[test]
    fn stays_silent_on_aes() {
        let mut thing = service();
        thing.offers[0].suites = vec![Accepted { name: "TLS_RSA_WITH_AES_128_CBC_SHA".into(), weak: false }];
        assert!(!speaks(&RULE, &thing));
    }
}
