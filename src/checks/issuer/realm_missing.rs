//! Takes a distinct token, gives findings of `issuer-realm-missing`: the token names no tenant, or a wildcard.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::claimed;
use crate::checks::realm::{self, Realm};
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::{TokenCase, realm_of};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "issuer-realm-missing",
    check: CheckId::Issuer,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["D08"],
    title: "the token names no tenant, or a wildcard",
    looks_at: "The realm behind the @ of `iss` or `nameid`.",
    matters: "Only lists of trusted issuers may use `*`; a token without a realm belongs to nobody.",
    bad: "00000004-0000-0ff1-ce00-000000000000@*",
    good: "00000004-0000-0ff1-ce00-000000000000@11111111-…",
    repair: "Find out what built the token: Exchange, ACS and Entra always write the realm.",
    sources: &["[MS-XOAUTH] 3.2.5.6"],
    scope: Scope::Token(examine),
};

fn examine(case: &TokenCase<'_>, out: &mut Out<'_>) {
    let Some(claim) = case.token.application_claim() else { return };
    let realm = realm_of(case.token);
    if realm::compare(realm, &case.expected.tenants) == Realm::Missing {
        out.say("the token names no tenant")
            .observed(claimed(case.token, claim))
            .expected(format!("<application>@{}", realm::list(&case.expected.tenants)))
            .claim(claim);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_a_wildcard() {
        assert!(Scene::healthy().both_realms("*").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_a_tenant() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
