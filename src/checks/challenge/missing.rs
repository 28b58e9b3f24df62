//! Takes one exchange, gives findings of `challenge-missing`: no Bearer challenge to an empty Bearer.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::marks::Marks;
use crate::checks::place::Place;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "challenge-missing",
    check: CheckId::Challenge,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["A04"],
    title: "no Bearer challenge to an empty Bearer",
    looks_at: "Answers 401 to `Authorization: Bearer` without a token at Exchange paths.",
    matters: "OAuth is switched off on the virtual directory, or a device in front answered.",
    bad: "401 with WWW-Authenticate: Negotiate, NTLM",
    good: "401 with WWW-Authenticate: Bearer client_id=…",
    repair: "Get-WebServicesVirtualDirectory | Format-List Identity,OAuthAuthentication; \
             Set-WebServicesVirtualDirectory -Identity \"<server>\\EWS (Default Web Site)\" \
             -OAuthAuthentication $true; the same for Get-AutodiscoverVirtualDirectory",
    sources: &["[MS-XOAUTH] 3.2.5.4"],
    scope: Scope::Marked(Marks::REFUSED, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    if case.status() == Some(401)
        && case.place == Place::Exchange
        && case.sends_empty_bearer()
        && case.bearer_challenge().is_none()
        && case.is_head_whole()
    {
        let offered: Vec<_> = case.offered().iter().map(|offer| offer.scheme.clone()).collect();
        out.say("an empty Bearer was answered without a Bearer challenge")
            .observed(format!("offered: {}", crate::checks::judge::standing::shown(&offered.join(", "))))
            .expected("Bearer client_id=\"…\"")
            .location("response.header.www-authenticate");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_ntlm_only() {
        assert!(Scene::healthy().discovery("NTLM").fires(&RULE));
    }

    #[test]
    fn stays_silent_where_a_part_of_the_head_was_lost() {
        let lost = |exchange: &mut crate::exchange::Exchange| {
            exchange.response.as_mut().unwrap().head.partial = true;
        };
        assert!(!Scene::healthy().discovery("NTLM").change(lost).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_a_challenge() {
        assert!(!Scene::healthy().discovery("Bearer client_id=\"00000002-0000-0ff1-ce00-000000000000\", trusted_issuers=\"00000001-0000-0000-c000-000000000000@*\"").fires(&RULE));
    }

    #[test]
    fn stays_silent_elsewhere_and_where_no_empty_bearer_was_sent() {
        assert!(!Scene::healthy().discovery("NTLM").target("/other/").fires(&RULE));
        assert!(!Scene::healthy().discovery("NTLM").authorization("Negotiate x").fires(&RULE));
    }
}
