//! Takes the state of the organisation, gives findings of `state-auth-certificate-missing`: the auth certificate is not on the Exchange servers.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::organisation::StateCase;
use crate::checks::organisation::{carry, hex, renew};
use crate::checks::rule::{Out, Rule, Scope};
use crate::state::object::{Kind, Object};
use crate::state::uploaded::hex_thumbprint;
use std::collections::BTreeSet;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "state-auth-certificate-missing",
    check: CheckId::Certificate,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["N01"],
    title: "the auth certificate is not on the Exchange servers",
    looks_at: "CurrentCertificateThumbprint of Get-AuthConfig, among the certificates of \
               Get-ExchangeCertificate, server by server.",
    matters: "Exchange signs its tokens with this certificate; a server without it cannot ask for \
              tokens, nor publish its key.",
    bad: "CurrentCertificateThumbprint 3B1C..., no such entry in Get-ExchangeCertificate",
    good: "one entry on each server",
    repair: "Import the certificate with its private key on each server, or make a new one: \
             New-ExchangeCertificate, then Set-AuthConfig -NewCertificateThumbprint and \
             -PublishCertificate.",
    sources: &[
        "Microsoft: Configure Integration and OAuth between Skype for Business Online and Exchange Server",
        "CSS-Exchange: FreeBusyChecker, HealthChecker",
    ],
    scope: Scope::State(examine),
};

fn examine(case: &StateCase<'_>, out: &mut Out<'_>) {
    let Some(config) = case.auth_config() else { return };
    let Some(current) = case.auth_thumbprint("Current") else {
        if config.shown("CurrentCertificateThumbprint").is_some() {
            out.say("Get-AuthConfig names no current certificate")
                .location(&config.place)
                .observed(format!(
                    "CurrentCertificateThumbprint: {}",
                    config.text("CurrentCertificateThumbprint").unwrap_or("(empty)")
                ))
                .expected("a thumbprint of 40 hex digits")
                .help(renew());
        }
        return;
    };
    if !case.asked(Kind::ExchangeCertificate) {
        return;
    }
    let server = |object: &Object| object.text("Server").unwrap_or_default().to_owned();
    let having: BTreeSet<String> = case.stored(current).map(server).collect();
    let lacking: BTreeSet<String> = case
        .of(Kind::ExchangeCertificate)
        .map(server)
        .filter(|name| !name.is_empty() && !having.contains(name))
        .collect();
    if having.is_empty() {
        if let Some(open) = case.left_open(Kind::ExchangeCertificate, &[&hex(current)]) {
            out.missing(open);
            return;
        }
        // What somebody made unreadable may be it.
        let unreadable = |object: &Object| object.text("Thumbprint").and_then(hex_thumbprint).is_none();
        if let Some(object) = case.of(Kind::ExchangeCertificate).find(|object| unreadable(object)) {
            out.missing(format!(
                "a thumbprint of Get-ExchangeCertificate is not whole ({}), and may be that of the current auth certificate: print \
                 it again with `Get-ExchangeCertificate | Format-List *`",
                object.place
            ));
            return;
        }
        out.say("the current auth certificate is on no Exchange server that was asked")
            .location(&config.place)
            .observed(format!("no certificate {} in Get-ExchangeCertificate", hex(current)))
            .expected("the certificate that Get-AuthConfig names, with its private key, on every server")
            .help(renew());
    } else if !lacking.is_empty() && having.contains("") {
        out.missing("Get-ExchangeCertificate was printed without Server for the current auth certificate, so that nothing tells on which servers it is: print it again with `Get-ExchangeCertificate | Format-List *` on each server");
    } else if !lacking.is_empty() {
        let names: Vec<String> = lacking.into_iter().collect();
        let other = having.iter().next().cloned().unwrap_or_default();
        let first = names.first().cloned().unwrap_or_default();
        out.say(format!("the current auth certificate is missing on {}", names.join(", ")))
            .location(&config.place)
            .observed(format!(
                "certificate {} is on {} only",
                hex(current),
                having.into_iter().collect::<Vec<_>>().join(", ")
            ))
            .expected("the certificate with its private key on every server")
            .help(carry(current, &other, &first));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::{Scene, organisation::PRINT};

    #[test]
    fn fires_without_the_certificate() {
        assert!(Scene::healthy().without("Get-ExchangeCertificate", PRINT).fires(&RULE));
    }

    #[test]
    fn fires_on_one_server_without_it() {
        assert!(Scene::healthy().set("Get-ExchangeCertificate", "EX02", "Thumbprint", "00").fires(&RULE));
    }

    #[test]
    fn fires_when_auth_config_names_none() {
        assert!(Scene::healthy().set("Get-AuthConfig", "", "CurrentCertificateThumbprint", "").fires(&RULE));
    }

    #[test]
    fn stays_silent_when_every_server_has_it() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
