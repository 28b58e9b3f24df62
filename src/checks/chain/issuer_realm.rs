//! Takes a distinct token, gives findings of `chain-issuer-realm`: the token service issued for another tenant than its own realm.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::place;
use crate::checks::realm::{self, Realm};
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::TokenCase;
use crate::token::Role;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "chain-issuer-realm",
    check: CheckId::Chain,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["D13"],
    title: "the token service issued for another tenant than its own realm",
    looks_at: "Realm of `iss` against realm of `aud` in actor tokens of ACS.",
    matters: "ACS issues within one tenant; Exchange is said to refuse a pair across tenants.",
    bad: "iss …@11111111-…, aud …@99999999-…",
    good: "the same realm in both",
    repair: "Compare the realm of the authorization server: Get-AuthServer | Format-List Name,Realm",
    sources: &["[MS-XOAUTH] 3.2.5.6"],
    scope: Scope::Token(examine),
};

fn examine(case: &TokenCase<'_>, out: &mut Out<'_>) {
    let (Some(issuer), Some(audience)) = (case.token.principal("iss"), case.token.principal("aud")) else {
        return;
    };
    if case.token.role != Role::Actor || !place::is_acs(issuer.id) {
        return;
    }
    let agree = realm::agree(issuer.realm, audience.realm, &case.expected.tenants);
    if agree == Realm::Different {
        out.say("issuer and audience of the actor token name different tenants")
            .observed(format!("iss {issuer}, aud {}", shown(&audience.to_string())))
            .claim("iss");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::expectations::EXCHANGE;
    use crate::checks::testing::OTHER_TENANT;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_two_tenants() {
        assert!(
            Scene::healthy().actor("aud", format!("{EXCHANGE}/mail.contoso.com@{OTHER_TENANT}")).fires(&RULE)
        );
    }

    #[test]
    fn stays_silent_on_one_tenant() {
        assert!(!Scene::healthy().fires(&RULE));
        // Of another issuer, other rules speak.
        assert!(!Scene::healthy().actor("iss", format!("{EXCHANGE}@{OTHER_TENANT}")).fires(&RULE));
    }
}
