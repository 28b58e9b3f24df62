//! Takes a distinct token, gives findings of `issuer-tenant`: the token names another tenant.

use crate::base::is_guid;
use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::realm::{self, Realm};
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::{TokenCase, realm_of};
use crate::token::{Role, Token};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "issuer-tenant",
    check: CheckId::Issuer,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["D07"],
    title: "the token names another tenant",
    looks_at: "The realm behind the @ of `iss` (outer tokens, assertions) or `nameid` (actor tokens), and \
             `tid` and `iss` of Entra tokens, against the values of --tenant.",
    matters: "A token of another tenant says nothing about this integration, and Exchange refuses it \
             unless it trusts that tenant too.",
    bad: "00000004-0000-0ff1-ce00-000000000000@99999999-… with --tenant 11111111-…",
    good: "00000004-0000-0ff1-ce00-000000000000@11111111-…",
    repair: "Check the tenant: (Get-CsTenant).TenantId or Get-MgOrganization. If the realm is a name of \
             this tenant, add it with --tenant. Otherwise compare the realm of the authorization server: \
             Get-AuthServer | Format-List Name,Realm,IssuerIdentifier",
    sources: &["[MS-XOAUTH] 3.2.5.6", "Microsoft Entra error AADSTS90022"],
    scope: Scope::Token(examine),
};

fn examine(case: &TokenCase<'_>, out: &mut Out<'_>) {
    let Some(claim) = case.token.application_claim() else { return };
    let realm = realm_of(case.token);
    let tenants = &case.expected.tenants;
    let seen = || shown(realm.unwrap_or_default());
    match realm::compare(realm, tenants) {
        Realm::Different => {
            out.say("the token names another tenant")
                .observed(seen())
                .expected(realm::list(tenants))
                .claim(claim);
        }
        Realm::Undecided => out.missing(format!(
            "a token names the realm {0}, of which the given tenants say nothing: if it is the same tenant, add --tenant {0}",
            seen()
        )),
        Realm::Same | Realm::Missing => {}
    }
    // Entra writes the tenant twice; a token whose `tid` is right is no better for it when `iss` is another's.
    let issued = issuing_tenant(case.token).filter(|issued| Some(*issued) != realm);
    if let Some(issued) = issued.filter(|issued| realm::compare(Some(issued), tenants) == Realm::Different) {
        out.say("the token names another tenant")
            .observed(shown(issued))
            .expected(realm::list(tenants))
            .claim("iss");
    }
}

/// The GUID in the path of an Entra token's `iss`.
fn issuing_tenant(token: &Token) -> Option<&str> {
    let issuer = matches!(token.role, Role::Access | Role::Id).then(|| token.claim("iss"))??;
    issuer.split_once("://")?.1.split('/').nth(1).filter(|part| is_guid(part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::OTHER_TENANT;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_another_tenant() {
        assert!(Scene::healthy().both_realms(OTHER_TENANT).fires(&RULE));
    }

    #[test]
    fn fires_on_an_entra_issuer_of_another_tenant() {
        let entra = || Scene::healthy().entra("https://mail.contoso.com/");
        assert!(entra().outer("iss", format!("https://sts.windows.net/{OTHER_TENANT}/")).fires(&RULE));
        assert!(!entra().fires(&RULE));
    }

    #[test]
    fn stays_silent_on_an_entra_issuer_that_nothing_is_known_of() {
        let entra = |issuer: String| Scene::healthy().entra("https://mail.contoso.com/").outer("iss", issuer);
        // Its path names no tenant, or a tenant of which only a domain was given.
        assert!(!entra("https://sts.windows.net/common/".into()).fires(&RULE));
        assert!(!entra("https://sts.windows.net/fabrikam.com/".into()).fires(&RULE));
        let by_domain = entra(format!("https://sts.windows.net/{OTHER_TENANT}/"))
            .expect(|expected| expected.tenants = vec!["contoso.com".into()]);
        assert!(!by_domain.fires(&RULE));
    }

    #[test]
    fn stays_silent_on_the_tenant_itself() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
