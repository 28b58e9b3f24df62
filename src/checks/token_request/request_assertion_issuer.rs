//! Takes one exchange, gives findings of `request-assertion-issuer`: the assertion comes from another tenant than it asks in.

use crate::checks::CheckId;
use crate::checks::expectations::EXCHANGE;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::marks::Marks;
use crate::checks::realm::{self, Realm};
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;
use crate::token::Role;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "request-assertion-issuer",
    check: CheckId::TokenRequest,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["H05"],
    title: "the assertion comes from another tenant than it asks in",
    looks_at: "`iss` of assertions of Exchange's own application against the tenant in the URL of ACS.",
    matters: "Exchange issues as ServiceName@tenant; the token service looks the certificate up in that \
             tenant.",
    bad: "iss 00000002-…@contoso.local to /11111111-…/tokens/OAuth/2",
    good: "iss 00000002-…@11111111-… to the same tenant",
    repair: "(Get-AuthConfig).ServiceName must be 00000002-0000-0ff1-ce00-000000000000 and its Realm \
             empty: Set-AuthConfig -Realm \"\"",
    sources: &["[MS-XOAUTH]"],
    scope: Scope::Marked(Marks::TOKEN_SERVICE, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    let path = case.path().to_ascii_lowercase();
    let tenant =
        path.strip_suffix("/tokens/oauth/2").map(|rest| rest.trim_start_matches('/')).unwrap_or_default();
    if tenant.is_empty() || case.token_request().is_none() {
        return;
    }
    for seen in case.tokens.iter().filter(|seen| seen.token.role == Role::Assertion) {
        let Some(issuer) = seen.token.principal("iss") else { continue };
        let mine = realm::compare(Some(tenant), &case.expected.tenants) == Realm::Same;
        let agree = realm::agree(Some(tenant), issuer.realm, &case.expected.tenants);
        if mine && issuer.is(EXCHANGE) && matches!(agree, Realm::Different | Realm::Missing) {
            out.say("the assertion comes from another tenant than it asks in")
                .observed(shown(&issuer.to_string()))
                .expected(format!("{EXCHANGE}@{tenant}"))
                .claim("iss")
                .token(seen.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;
    use crate::checks::testing::{OTHER_TENANT, TENANT};

    #[test]
    fn fires_on_another_realm() {
        assert!(Scene::healthy().assertion_from(&format!("{EXCHANGE}@{OTHER_TENANT}")).fires(&RULE));
    }

    #[test]
    fn fires_without_a_realm() {
        for issuer in [EXCHANGE.to_owned(), format!("{EXCHANGE}@*")] {
            assert!(Scene::healthy().assertion_from(&issuer).fires(&RULE), "{issuer}");
        }
    }

    #[test]
    fn stays_silent_on_the_tenant() {
        assert!(!Scene::healthy().assertion_from(&format!("{EXCHANGE}@{TENANT}")).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_other_applications_and_where_the_url_names_another_tenant() {
        let skype = "00000004-0000-0ff1-ce00-000000000000";
        assert!(!Scene::healthy().assertion_from(&format!("{skype}@{OTHER_TENANT}")).fires(&RULE));
        let other = || Scene::healthy().assertion_from(&format!("{EXCHANGE}@{TENANT}"));
        assert!(!other().asked_at(&format!("/{OTHER_TENANT}/tokens/OAuth/2")).fires(&RULE));
        assert!(!other().asked_at("/tokens/OAuth/2").fires(&RULE));
    }
}
