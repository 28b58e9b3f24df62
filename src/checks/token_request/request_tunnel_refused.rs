//! Takes one exchange, gives findings of `request-tunnel-refused`: a proxy refuses the way to the token service.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::judge::tunnel_refused;
use crate::checks::marks::Marks;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "request-tunnel-refused",
    check: CheckId::TokenRequest,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &[],
    title: "a proxy refuses the way to the token service",
    looks_at: "Answers to CONNECT for the host of a token service.",
    matters: "Exchange on premises asks for its tokens through InternetWebProxy; what the proxy refuses never reaches the \
              token service. Status 407 is a warning: a caller with credentials is asked for them first.",
    bad: "CONNECT accounts.accesscontrol.windows.net:443, 403",
    good: "CONNECT accounts.accesscontrol.windows.net:443, 200",
    repair: "Let Exchange out to the token service: Get-ExchangeServer | Format-List Name,InternetWebProxy; \
             Set-ExchangeServer <server> -InternetWebProxy http://<proxy>:<port>",
    sources: &["RFC 9110 9.3.6", "Microsoft Support: Resolve free/busy errors"],
    scope: Scope::Marked(Marks::TOKEN_SERVICE, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    let Some(status) = case.status().filter(|_| tunnel_refused(case)) else { return };
    let hit = out.say("a proxy refuses the way to the token service");
    hit.observed(format!("CONNECT {}: {status}", shown(case.host().unwrap_or_default())))
        .expected("200")
        .location("response.status");
    if status == 407 {
        hit.severity(Severity::Warning);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_a_forbidden_tunnel() {
        assert!(Scene::healthy().token_request("", 403, "").asked_by("CONNECT", "").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_an_open_one() {
        assert!(!Scene::healthy().token_request("", 200, "").asked_by("CONNECT", "").fires(&RULE));
    }

    #[test]
    fn a_proxy_that_asks_for_a_password_is_no_error() {
        let severity = |status: u16| {
            Scene::healthy().token_request("", status, "").asked_by("CONNECT", "").severity(&RULE)
        };
        assert_eq!(severity(407), Some(Severity::Warning));
        assert_eq!(severity(403), Some(Severity::Error));
    }
}
