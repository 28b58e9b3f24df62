//! Takes a distinct token, gives findings of `chain-delegation`: delegation is not stated.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::TokenCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "chain-delegation",
    check: CheckId::Chain,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["D16"],
    title: "delegation is not stated",
    looks_at: "`trustedfordelegation` of the actor token, when the outer token names a user.",
    matters: "The issuer says with it that the application may act for users.",
    bad: "actor token without trustedfordelegation around a user",
    good: "trustedfordelegation \"true\"",
    repair: "Check the partner application: Get-PartnerApplication | Format-List \
             Name,LinkedAccount,ActAsPermissions",
    sources: &["[MS-XOAUTH] 3.2.5.6"],
    scope: Scope::Token(examine),
};

fn examine(case: &TokenCase<'_>, out: &mut Out<'_>) {
    let Some((outer, actor)) = case.outer_and_actor() else { return };
    let user = ["nameid", "upn", "smtp", "sip"].into_iter().any(|claim| outer.claim(claim).is_some());
    if user && actor.flag("trustedfordelegation") != Some(true) {
        out.say("the actor token does not say that it may act for a user")
            .expected("trustedfordelegation true in the actor token")
            .claim("trustedfordelegation");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_without_the_claim() {
        assert!(Scene::healthy().actor_without("trustedfordelegation").fires(&RULE));
    }

    #[test]
    fn stays_silent_where_no_user_is_named() {
        let mut scene = Scene::healthy().actor_without("trustedfordelegation");
        for claim in ["nameid", "upn", "smtp", "sip"] {
            scene = scene.outer_without(claim);
        }
        assert!(!scene.fires(&RULE));
    }

    #[test]
    fn fires_on_false_and_on_another_text() {
        assert!(Scene::healthy().actor("trustedfordelegation", "false").fires(&RULE));
        assert!(Scene::healthy().actor("trustedfordelegation", "yes").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_true_as_text() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
