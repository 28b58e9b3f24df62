//! Takes what `probe` learned of a service, gives findings of `transport-certificate-untrusted`: the server's certificate does not verify.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::probed::ProbeCase;
use crate::checks::rule::{Out, Rule, Scope};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "transport-certificate-untrusted",
    check: CheckId::Transport,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &[],
    title: "the server's certificate does not verify",
    looks_at: "The chain that the server presents, against its host name, the time, the public roots and --ca.",
    matters: "Skype for Business Online and Teams do not talk to an Exchange whose certificate does not verify: no token is ever sent. A chain without its intermediate certificate works in browsers that know it already, and nowhere else.",
    bad: "a self-signed certificate, an expired one, one for another name, an intermediate left out",
    good: "a certificate of a public authority for the host name, with its intermediates",
    repair: "Enable-ExchangeCertificate -Thumbprint <thumbprint> -Services IIS with a certificate of a public authority; import its intermediate certificates on the server. An internal authority can be trusted here with --ca.",
    sources: &["RFC 5280 6.1", "RFC 9525"],
    scope: Scope::Probe(examine),
};

fn examine(case: &ProbeCase<'_>, out: &mut Out<'_>) {
    let Some(service) = case.service() else { return };
    match &service.chain {
        Some(Ok(())) => {}
        Some(Err(why)) => {
            out.say(format!("the certificate of {} does not verify", service.authority))
                .observed(shown(why))
                .expected("a chain to a known root, for this name, valid now");
        }
        None => out.missing(format!("the certificate of {} was not seen", service.authority)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::probe::{service, speaks};

    #[test]
    fn fires_on_an_unknown_issuer() {
        let mut thing = service();
        thing.chain = Some(Err("unknown issuer".into()));
        assert!(speaks(&RULE, &thing));
    }

    #[test]
    fn stays_silent_on_a_chain_that_verifies() {
        let thing = service();
        assert!(!speaks(&RULE, &thing));
    }
}
