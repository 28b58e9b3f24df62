//! Takes a distinct token, gives findings of `chain-issuer-direct`: the actor token is issued by somebody who is neither a token service nor itself.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::place;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::TokenCase;
use crate::token::Role;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "chain-issuer-direct",
    check: CheckId::Chain,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["D14"],
    title: "the actor token is issued by somebody who is neither a token service nor itself",
    looks_at: "`iss` of actor tokens: ACS, or equal to `nameid` (direct trust).",
    matters: "Exchange trusts authorization servers for others, and partner applications for themselves \
             only.",
    bad: "iss 00000003-…@contoso.com, nameid 00000004-…@contoso.com",
    good: "iss 00000001-…@<tenant>, or iss = nameid",
    repair: "Compare with Get-AuthServer and Get-PartnerApplication: IssuerIdentifier and \
             ApplicationIdentifier.",
    sources: &["[MS-XOAUTH] 3.2.5.6"],
    scope: Scope::Token(examine),
};

fn examine(case: &TokenCase<'_>, out: &mut Out<'_>) {
    let Some(name) = case.token.principal("nameid").filter(|_| case.token.role == Role::Actor) else {
        return;
    };
    // A token whose issuer is an address is no actor token, but one of Entra's family.
    let text = case.token.claim("iss").unwrap_or_default();
    let issuer = case.token.principal("iss");
    if !issuer.is_some_and(|issuer| place::is_acs(issuer.id) || issuer.is(name.id)) {
        out.say("the issuer of the actor token is neither a token service nor the application itself")
            .observed(if text.is_empty() { "no issuer".to_owned() } else { shown(text) })
            .expected(format!("a token service, or {}", shown(&name.to_string())))
            .claim("iss");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::expectations::SKYPE;
    use crate::checks::testing::Scene;
    use crate::checks::testing::TENANT;

    #[test]
    fn fires_on_a_third_party() {
        assert!(
            Scene::healthy()
                .actor("iss", format!("00000003-0000-0ff1-ce00-000000000000@{TENANT}"))
                .fires(&RULE)
        );
    }

    #[test]
    fn fires_without_an_issuer() {
        assert!(Scene::healthy().actor_without("iss").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_the_application_itself() {
        assert!(!Scene::healthy().actor("iss", format!("{SKYPE}@{TENANT}")).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_acs() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
