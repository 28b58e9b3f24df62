//! Takes one exchange, gives findings of `challenge-disputed`: the challenge refuses a token in which nothing wrong was found.

use crate::checks::CheckId;
use crate::checks::computed::Computed;
use crate::checks::expectations::EXCHANGE;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::marks::Marks;
use crate::checks::realm::{self, Realm};
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "challenge-disputed",
    check: CheckId::Challenge,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["I05"],
    title: "the challenge refuses a token in which nothing wrong was found",
    looks_at: "WWW-Authenticate of refusals, where no x-ms-diagnostics says why: `error` against the signature, time, \
               audience and tenant computed here, and `trusted_issuers` against the issuer of the token.",
    matters: "What the challenge asks for is what the token has: the fault is in what Exchange knows besides (partner \
              application, user, its own keys), not in the token.",
    bad: "error=\"invalid_token\", trusted issuer 00000001-…@<tenant>, for a token of that issuer that verifies",
    good: "error=\"invalid_token\" for a token that has ended",
    repair: "The reason is in x-ms-diagnostics: record behind the proxy, or look into the HttpProxy log (GenericErrors) and \
             the event log (source MSExchange OAuth). Then Get-PartnerApplication; Set-AuthServer <name> \
             -RefreshAuthMetadata",
    sources: &["[MS-XOAUTH] 3.2.5.4", "RFC 6750 3.1"],
    scope: Scope::Marked(Marks::CHALLENGED, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    let Some(seen) = case.presented().filter(|_| case.status() == Some(401)) else { return };
    let Some(challenge) = case.bearer_challenge().filter(|_| case.diagnostics().is_none()) else { return };
    let Some(error) = challenge.parameter("error") else { return };
    let signed = seen.token.actor.and_then(|id| case.store.get(id)).unwrap_or(seen.token);
    let trusted = super::issuers(challenge).unwrap_or_default();
    let issuer = signed.principal("iss");
    let trusts = issuer.is_some_and(|issuer| {
        trusted.iter().any(|name| {
            let realm = realm::agree(name.realm, issuer.realm, &case.expected.tenants);
            name.is(issuer.id) && realm != Realm::Different
        })
    });
    let client = challenge.parameter("client_id").is_none_or(|id| id.eq_ignore_ascii_case(EXCHANGE));
    if trusts && client && Computed::of(case, seen).in_order() {
        out.say("the challenge refuses a token in which nothing wrong was found")
            .observed(format!("error=\"{}\", and its issuer is among the trusted ones", shown(error)))
            .expected("success, or x-ms-diagnostics with the reason")
            .token(seen.id)
            .location("response.header.www-authenticate");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::OTHER_TENANT;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_a_token_in_order_of_a_trusted_issuer() {
        assert!(Scene::healthy().refused("").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_a_reason_an_old_token_and_an_issuer_that_is_not_trusted() {
        assert!(!Scene::healthy().refused("2000005;error_category=\"invalid_user\"").fires(&RULE));
        assert!(!Scene::healthy().used_after_expiry(90_000).refused("").fires(&RULE));
        let other = "Bearer client_id=\"00000002-0000-0ff1-ce00-000000000000\", trusted_issuers=\"00000004-0000-0ff1-ce00-000000000000@contoso.com\", error=\"invalid_token\"";
        assert!(!Scene::healthy().refused_with(other).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_another_realm_another_client_and_another_status() {
        let refused = |client: &str, realm: &str| {
            Scene::healthy().refused_with(&format!(
                "Bearer client_id=\"{client}\", trusted_issuers=\"00000001-0000-0000-c000-000000000000@{realm}\", error=\"invalid_token\""
            ))
        };
        assert!(refused(EXCHANGE, "*").fires(&RULE));
        assert!(!refused(EXCHANGE, OTHER_TENANT).fires(&RULE));
        assert!(!refused("00000003-0000-0ff1-ce00-000000000000", "*").fires(&RULE));
        let forbidden = |exchange: &mut crate::exchange::Exchange| {
            exchange.response.as_mut().unwrap().status = 403;
        };
        assert!(!refused(EXCHANGE, "*").change(forbidden).fires(&RULE));
    }
}
