//! Takes one use of a token, gives findings of `audience-realm`: the audience names another tenant, or none.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::realm::{self, Realm};
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::UseCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "audience-realm",
    check: CheckId::Audience,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["E05"],
    title: "the audience names another tenant, or none",
    looks_at: "The realm in `aud` against the values of --tenant.",
    matters: "Exchange knows itself by its tenant and accepted domains, and answers 2000004 for any other. \
             A wildcard accepted domain (*.contoso.com) has the same effect.",
    bad: "aud …/mail.contoso.com@",
    good: "aud …/mail.contoso.com@11111111-…",
    repair: "Get-AcceptedDomain; Get-AuthServer | Format-List Name,Realm,Enabled. A realm that is a \
             domain must be an accepted domain without wildcard: New-AcceptedDomain -Name <domain> \
             -DomainName <domain>",
    sources: &[
        "[MS-XOAUTH] 3.2.5.6",
        "Microsoft Support: Skype for Business and Exchange integration fails with wildcard domains",
    ],
    scope: Scope::Use(examine),
};

fn examine(case: &UseCase<'_>, out: &mut Out<'_>) {
    let Some((_, token)) = super::presented(case) else { return };
    let Some(audience) = token.principal("aud") else { return };
    let tenants = &case.token.expected.tenants;
    let seen = shown(audience.realm.unwrap_or_default());
    match realm::compare(audience.realm, tenants) {
        Realm::Same => {}
        Realm::Different | Realm::Missing => {
            out.say("the audience does not name the tenant")
                .observed(if seen.is_empty() { "no realm".to_owned() } else { seen })
                .expected(realm::list(tenants))
                .claim("aud");
        }
        Realm::Undecided => out.missing(format!(
            "an audience names the realm {seen}, of which the given tenants say nothing: if it is the same tenant, add --tenant {seen}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::expectations::EXCHANGE;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_an_empty_realm() {
        assert!(Scene::healthy().both_audiences(format!("{EXCHANGE}/mail.contoso.com@")).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_the_tenant() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
