//! Takes a distinct token, gives findings of `chain-realm`: outer and actor token name different tenants.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::realm::{self, Realm};
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::TokenCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "chain-realm",
    check: CheckId::Chain,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["D10"],
    title: "outer and actor token name different tenants",
    looks_at: "The realm of the outer token's `iss` and of the actor token's `nameid`. A GUID and a domain \
             may be one tenant: then the given --tenant values decide.",
    matters: "A pair across tenants would let one tenant act in another.",
    bad: "iss …@contoso.com, nameid …@99999999-…",
    good: "the same realm, or two names of one tenant",
    repair: "If both are names of one tenant, give both with --tenant. Otherwise find out what built the \
             token.",
    sources: &["[MS-XOAUTH] 3.2.5.6"],
    scope: Scope::Token(examine),
};

fn examine(case: &TokenCase<'_>, out: &mut Out<'_>) {
    let Some((outer, actor)) = case.outer_and_actor() else { return };
    let one = outer.principal("iss").and_then(|name| name.realm);
    let other = actor.principal("nameid").and_then(|name| name.realm);
    let name = |realm: Option<&str>| shown(realm.unwrap_or("none"));
    let both = || format!("{} outside, {} inside", name(one), name(other));
    match realm::agree(one, other, &case.expected.tenants) {
        Realm::Same => {}
        Realm::Different | Realm::Missing => {
            out.say("outer and actor token name different tenants")
                .observed(both())
                .expected(realm::list(&case.expected.tenants))
                .claim("iss");
        }
        Realm::Undecided => out.missing(format!(
            "outer and actor token name the tenant differently ({}): if it is one tenant, give both names with --tenant",
            both()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::expectations::SKYPE;
    use crate::checks::testing::OTHER_TENANT;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_two_tenants() {
        assert!(Scene::healthy().actor("nameid", format!("{SKYPE}@{OTHER_TENANT}")).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_two_names_of_one_tenant() {
        assert!(!Scene::healthy().actor("nameid", format!("{SKYPE}@contoso.com")).fires(&RULE));
    }
}
