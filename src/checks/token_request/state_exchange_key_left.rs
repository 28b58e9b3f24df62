//! Takes the state of the organisation, gives findings of `state-exchange-key-left`: the auth certificate is still on Exchange's service principal beside a dedicated hybrid application.

use crate::checks::CheckId;
use crate::checks::expectations::EXCHANGE;
use crate::checks::finding::Severity;
use crate::checks::organisation::StateCase;
use crate::checks::organisation::keys::{Fit, fit};
use crate::checks::rule::{Out, Rule, Scope};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "state-exchange-key-left",
    check: CheckId::TokenRequest,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["N24"],
    title: "the auth certificate is still on Exchange's service principal beside a dedicated hybrid \
            application",
    looks_at: "Keys of 00000002-0000-0ff1-ce00-000000000000 where a dedicated hybrid application is \
               configured.",
    matters: "Whoever has that certificate can act as Exchange Online's shared principal \
              (CVE-2025-53786); it is not needed any more.",
    bad: "a dedicated application, and a key on 00000002-0000-0ff1-ce00-000000000000",
    good: "no key there",
    repair: "ConfigureExchangeHybridApplication.ps1 -ResetFirstPartyServicePrincipalKeyCredentials; \
             leave the keys of 00000004 and of the Teams applications.",
    sources: &["CSS-Exchange: ConfigureExchangeHybridApplication", "CVE-2025-53786"],
    scope: Scope::State(examine),
};

fn examine(case: &StateCase<'_>, out: &mut Out<'_>) {
    let Some(id) = case.dedicated_application() else { return };
    if let Fit::Found(key) = fit(case, EXCHANGE) {
        out.say("the auth certificate is still on Exchange's shared service principal")
            .location(&key.place)
            .observed(format!("key {} on {EXCHANGE}, beside the dedicated application {id}", key.id))
            .expected("no key of the auth certificate there")
            .help(".\\ConfigureExchangeHybridApplication.ps1 -ResetFirstPartyServicePrincipalKeyCredentials");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::{Scene, hybrid_on as on, organisation::HYBRID};

    #[test]
    fn fires_beside_a_dedicated_application() {
        assert!(
            Scene::healthy()
                .set("Get-AuthServer", "evoSTS", "ApplicationIdentifier", HYBRID)
                .add("Get-SettingOverride", on())
                .fires(&RULE)
        );
    }

    #[test]
    fn stays_silent_in_the_classic_set_up() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
