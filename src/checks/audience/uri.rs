//! Takes one use of a token, gives findings of `audience-uri`: an Entra token is meant for another address.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::{claimed, shown};
use crate::checks::place;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::{ExchangeCase, UseCase};
use crate::token::Role;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "audience-uri",
    check: CheckId::Audience,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["E08"],
    title: "an Entra token is meant for another address",
    looks_at: "`aud` of Entra tokens: an absolute URI whose scheme and authority are the request's.",
    matters: "Exchange answers 2000003 otherwise. With TLS offloading Exchange sees http where the token \
             says https. Packets without TLS may be those of a decrypted mirror: there the scheme counts as wrong \
             when Exchange refused the token, not when it took it.",
    bad: "aud https://autodiscover.contoso.com/, request to https://mail.contoso.com",
    good: "aud https://mail.contoso.com/",
    repair: "Register the address: add https://<host>/ to the service principal names of \
             00000002-0000-0ff1-ce00-000000000000; do not terminate TLS in front of Exchange.",
    sources: &["Microsoft Learn: Hybrid Modern Authentication"],
    scope: Scope::Use(examine),
};

fn examine(case: &UseCase<'_>, out: &mut Out<'_>) {
    let token = case.token.token;
    let Some(exchange) = case.presented() else { return };
    if !matches!(token.role, Role::Access | Role::Id) {
        return;
    }
    let audience = token.claim("aud").unwrap_or_default();
    let Some(asked) = exchange.host() else {
        out.missing(super::NO_HOST);
        return;
    };
    let uri = audience
        .split_once("://")
        .map(|(scheme, rest)| (scheme.to_ascii_lowercase(), rest.split('/').next().unwrap_or_default()));
    let used = exchange.request().and_then(|request| request.scheme.as_deref());
    let (same_host, same_scheme) = match &uri {
        Some((scheme, host)) => (
            place::authority(host, Some(scheme)) == place::authority(asked, Some(scheme)),
            used.is_none_or(|used| used.eq_ignore_ascii_case(scheme)),
        ),
        // The bare id of Exchange names no address, and Exchange compares addresses.
        None => (false, false),
    };
    if !same_host {
        out.say("the Entra token is meant for another address")
            .observed(claimed(token, "aud"))
            .expected(format!("https://{}/", shown(asked)))
            .claim("aud");
    } else if !same_scheme && !mirrored_and_accepted(exchange) {
        let hit = out.say("the Entra token is meant for an address with another scheme than the request's");
        hit.observed(claimed(token, "aud"))
            .expected(format!("{}://{}/", shown(used.unwrap_or_default()), shown(asked)))
            .claim("aud");
        if exchange.is_mirrored() && exchange.status() != Some(401) {
            hit.severity(Severity::Warning);
        }
    }
}

/// Whether the scheme is only that of the recording, and Exchange, which compares the one that it saw, took the token.
fn mirrored_and_accepted(exchange: &ExchangeCase<'_>) -> bool {
    exchange.is_mirrored() && matches!(exchange.status(), Some(200..=299))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_another_host() {
        assert!(Scene::healthy().entra("https://other.contoso.com/").fires(&RULE));
    }

    #[test]
    fn fires_on_what_is_no_address() {
        for audience in ["00000002-0000-0ff1-ce00-000000000000", "mail.contoso.com", ""] {
            assert!(Scene::healthy().entra(audience).fires(&RULE), "{audience}");
        }
    }

    #[test]
    fn what_was_recorded_without_tls_shows_no_scheme_that_exchange_denies() {
        let clear = |status| Scene::healthy().entra("https://mail.contoso.com/").clear().status(status);
        assert_eq!(clear(200).severity(&RULE), None);
        assert_eq!(clear(401).severity(&RULE), Some(Severity::Error));
        assert_eq!(clear(404).severity(&RULE), Some(Severity::Warning));
        // An export says itself that it was http, and the host is the host in any case.
        let other = Scene::healthy().entra("https://other.contoso.com/").clear();
        assert_eq!(other.severity(&RULE), Some(Severity::Error));
        let http = Scene::healthy().entra("http://mail.contoso.com/");
        assert_eq!(http.severity(&RULE), Some(Severity::Error));
    }

    #[test]
    fn stays_silent_on_the_host() {
        assert!(!Scene::healthy().entra("https://mail.contoso.com/").fires(&RULE));
    }
}
