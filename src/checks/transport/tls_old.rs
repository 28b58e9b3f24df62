//! Takes what `probe` learned of a service, gives findings of `transport-tls-old`: the server still speaks TLS 1.0 or 1.1.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::probed::ProbeCase;
use crate::checks::probed::{old_versions, speaks_current};
use crate::checks::rule::{Out, Rule, Scope};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "transport-tls-old",
    check: CheckId::Transport,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &[],
    title: "the server still speaks TLS 1.0 or 1.1",
    looks_at: "The versions that the server chooses when a hello offers no newer ones.",
    matters: "Both are forbidden since RFC 8996. Microsoft 365 speaks TLS 1.2 and newer: a server without it is not reached at all.",
    bad: "TLS 1.0 accepted",
    good: "TLS 1.2 and 1.3 only",
    repair: "Enable TLS 1.2 and disable TLS 1.0 and 1.1 in Schannel (HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols); the Exchange health checker shows the state.",
    sources: &["RFC 8996", "Microsoft Learn: Exchange Server TLS configuration best practices"],
    scope: Scope::Probe(examine),
};

fn examine(case: &ProbeCase<'_>, out: &mut Out<'_>) {
    let Some(service) = case.service() else { return };
    let old = old_versions(service);
    if old.is_empty() {
        return;
    }
    let current = speaks_current(service);
    let message = match current {
        true => format!("{} still speaks versions of TLS that are forbidden", service.authority),
        false => format!("{} does not speak TLS 1.2 or newer", service.authority),
    };
    let severity = if current { Severity::Warning } else { Severity::Error };
    out.say(message).severity(severity).observed(old.join(", ")).expected("TLS 1.2 and 1.3 only");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::probe::{service, speaks};

    #[test]
    fn fires_on_tls_10() {
        let mut thing = service();
        thing.offers[0].chosen = Ok(("TLS 1.0".into(), "TLS_RSA_WITH_AES_128_CBC_SHA".into()));
        assert!(speaks(&RULE, &thing));
    }

    #[test]
    fn stays_silent_on_tls_12() {
        let thing = service();
        assert!(!speaks(&RULE, &thing));
    }
}
