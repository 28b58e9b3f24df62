//! Takes the state of the organisation, gives findings of `state-principal-disabled`: a service principal is disabled in the tenant.

use crate::checks::CheckId;
use crate::checks::expectations::EXCHANGE;
use crate::checks::finding::Severity;
use crate::checks::organisation::StateCase;
use crate::checks::rule::{Out, Rule, Scope};
use crate::state::object::Object;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "state-principal-disabled",
    check: CheckId::TokenRequest,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &[],
    title: "a service principal is disabled in the tenant",
    looks_at: "AccountEnabled of the service principals of the profile and of Exchange.",
    matters: "The token service gives no token for a disabled principal.",
    bad: "AccountEnabled False",
    good: "AccountEnabled True",
    repair: "Update-MgServicePrincipal -ServicePrincipalId (...).Id -AccountEnabled:$true",
    sources: &["Microsoft Graph: servicePrincipal"],
    scope: Scope::State(examine),
};

fn examine(case: &StateCase<'_>, out: &mut Out<'_>) {
    for id in case.applications().iter().map(|application| application.id).chain([EXCHANGE]) {
        let off = |object: &&Object| object.flag("AccountEnabled") == Some(false);
        let Some(object) = case.principals(id).find(off) else { continue };
        out.say(format!("service principal {id} is disabled"))
            .location(&object.place)
            .about(id)
            .claim("AccountEnabled")
            .observed("AccountEnabled: False")
            .expected("AccountEnabled: True")
            .help(format!(
                "Update-MgServicePrincipal -ServicePrincipalId (Get-MgServicePrincipal -Filter \"AppId eq '{id}'\").Id \
                 -AccountEnabled:$true"
            ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::{Scene, organisation::SKYPE};

    #[test]
    fn fires_on_a_disabled_one() {
        assert!(Scene::healthy().set("Get-MgServicePrincipal", SKYPE, "AccountEnabled", false).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_enabled_ones() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
