//! Takes one exchange, gives findings of `oauth-windows-authentication`: Windows authentication from a public address.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::marks::Marks;
use crate::checks::place::{self, Place};
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "oauth-windows-authentication",
    check: CheckId::Oauth,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["A07"],
    title: "Windows authentication from a public address",
    looks_at: "Authorization: Negotiate or NTLM towards Exchange paths from a client with a public address.",
    matters: "Cloud services authenticate with OAuth; Windows authentication from outside is another \
             client, or a device that replaces the credentials.",
    bad: "Authorization: NTLM TlRM… from 203.0.113.7",
    good: "Authorization: Bearer eyJ…",
    repair: "Find out who the client is; publish Exchange without pre-authentication for EWS and \
             Autodiscover.",
    sources: &["Microsoft Learn: hybrid deployment prerequisites (no pre-authentication)"],
    scope: Scope::Marked(Marks::CREDENTIALS, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    let public = case.exchange.client.is_some_and(|client| place::is_public(client.address));
    let scheme = ["negotiate", "ntlm"].into_iter().find(|scheme| case.sends(scheme));
    if let Some(scheme) = scheme
        && public
        && case.place == Place::Exchange
    {
        out.say("a client outside used Windows authentication")
            .observed(scheme)
            .expected("Bearer")
            .location("request.header.authorization");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_ntlm_from_outside() {
        assert!(Scene::healthy().client("203.0.113.7").authorization("NTLM TlRMTVNTUAAB").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_ntlm_inside_or_to_another_path() {
        let ntlm = |client: &str| Scene::healthy().client(client).authorization("NTLM TlRMTVNTUAAB");
        assert!(!ntlm("10.0.0.1").fires(&RULE));
        assert!(!ntlm("203.0.113.7").target("/owa/").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_bearer_from_outside() {
        assert!(!Scene::healthy().client("203.0.113.7").fires(&RULE));
    }
}
