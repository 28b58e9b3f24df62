//! Takes one use of a token, gives findings of `transport-clear`: a token crossed a network in the clear.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::place;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::{Standing, UseCase};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "transport-clear",
    check: CheckId::Transport,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["A08"],
    title: "a token crossed a network in the clear",
    looks_at: "Tokens in scope in messages without TLS, with the addresses of both ends.",
    matters: "Who reads a bearer token can use it, for up to a day, and nobody can revoke it. Behind a \
             load balancer or in a decrypted mirror the clear text may be intended: there it is a \
             warning.",
    bad: "Bearer token over http to 203.0.113.7",
    good: "Bearer token over https",
    repair: "Recorded on the inner side of a load balancer, or from a decrypted mirror, this is what is to be \
             seen; otherwise publish Exchange with TLS to the server itself. TLS offloading also breaks the \
             audiences of Entra tokens.",
    sources: &["RFC 6750 5.3"],
    scope: Scope::Use(examine),
};

fn examine(case: &UseCase<'_>, out: &mut Out<'_>) {
    let Some(exchange) = case.exchange else { return };
    if case.carried || case.token.standing != Standing::InScope {
        return;
    }
    match exchange.clear() {
        Some(false) => {}
        None => out.missing("the source does not say whether TLS protected a token"),
        Some(true) => {
            let ends = [exchange.exchange.client, exchange.exchange.server];
            let public = ends.iter().flatten().find(|end| place::is_public(end.address));
            let hit = out.say("a token crossed a network without TLS");
            match public {
                Some(end) => hit.observed(format!("public address {}", end.address)).cause("public"),
                None => hit.severity(Severity::Warning).observed("private, loopback or unknown addresses"),
            }
            .expected("TLS");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_clear_text() {
        assert!(Scene::healthy().clear().fires(&RULE));
    }

    #[test]
    fn is_an_error_where_an_address_is_public() {
        // The server's is 10.0.0.2.
        assert_eq!(Scene::healthy().clear().severity(&RULE), Some(Severity::Warning));
        assert_eq!(Scene::healthy().clear().client("203.0.113.7").severity(&RULE), Some(Severity::Error));
        assert_eq!(Scene::healthy().clear().client("100.64.0.1").severity(&RULE), Some(Severity::Warning));
    }

    #[test]
    fn stays_silent_on_tokens_of_others() {
        let other = "00000003-0000-0ff1-ce00-000000000000";
        assert!(!Scene::healthy().application(other).clear().client("203.0.113.7").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_tls() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
