//! Takes one exchange, gives findings of `request-assertion-claims`: the assertion lacks a required claim.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::marks::Marks;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "request-assertion-claims",
    check: CheckId::TokenRequest,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &[],
    title: "the assertion lacks a required claim",
    looks_at: "`iss`, `aud` and `exp` of assertions, and `sub` of client assertions.",
    matters: "RFC 7523 3 requires them, and the token service refuses an assertion without (AADSTS50027). The S2S assertions of Exchange carry no `sub`: there it is not missed. Without `exp` it is a warning: it could be used for ever.",
    bad: "{\"iss\":\"00000002-…@11111111-…\",\"nbf\":…,\"exp\":…}",
    good: "the same with aud 00000001-…/accounts.accesscontrol.windows.net@11111111-…",
    repair: "Find out what built the assertion: Exchange writes iss, aud, nbf and exp.",
    sources: &["RFC 7523 3", "Microsoft Entra error AADSTS50027"],
    scope: Scope::Marked(Marks::TOKEN_SERVICE, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    if case.token_request().is_none() {
        return;
    }
    for (seen, client) in super::assertions(case) {
        let Some(claims) = seen.token.claims() else { continue };
        let wanted = ["iss", "aud", "exp"].into_iter().chain(client.then_some("sub"));
        for name in wanted.filter(|name| claims.get(name).is_none()) {
            let hit = out.say(format!("the assertion has no {name}"));
            hit.observed(format!("no {name}"))
                .expected(format!("the claim {name}"))
                .claim(name)
                .token(seen.id);
            if name == "exp" {
                hit.severity(Severity::Warning);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_without_an_audience_and_on_a_client_assertion_without_subject() {
        assert!(Scene::healthy().assertion_changed(|claims| claims.remove("aud")).fires(&RULE));
        assert!(Scene::healthy().client_assertion(|claims| claims.remove("sub")).fires(&RULE));
        let no_end = Scene::healthy().assertion_changed(|claims| claims.remove("exp")).judge();
        let found = no_end.findings.iter().find(|found| found.rule == RULE.id);
        assert!(found.is_some_and(|found| found.severity == Severity::Warning));
    }

    #[test]
    fn stays_silent_on_what_exchange_writes() {
        assert!(!Scene::healthy().assertion_changed(|_| None).fires(&RULE));
        assert!(!Scene::healthy().client_assertion(|_| None).fires(&RULE));
    }
}
