//! Takes the state of the organisation, gives findings of `state-hybrid-application`: the dedicated hybrid application is configured by half.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::organisation::{OVERRIDE_SECTION, StateCase};
use crate::checks::rule::{Out, Rule, Scope};
use crate::state::object::Kind;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "state-hybrid-application",
    check: CheckId::TokenRequest,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &[],
    title: "the dedicated hybrid application is configured by half",
    looks_at: "ApplicationIdentifier of the Entra auth server, and the setting override \
               EnableExchangeHybrid3PAppFeature.",
    matters: "Without the override Exchange goes on using the shared principal, whose calls to the cloud \
              are blocked since October 2025.",
    bad: "ApplicationIdentifier set, no setting override",
    good: "both, or neither",
    repair: "ConfigureExchangeHybridApplication.ps1 -EnableExchangeHybridApplicationOverride",
    sources: &["CSS-Exchange: ConfigureExchangeHybridApplication"],
    scope: Scope::State(examine),
};

fn examine(case: &StateCase<'_>, out: &mut Out<'_>) {
    let Some(id) = case.named_application() else { return };
    let told = case.asked(Kind::SettingOverride)
        && case.left_open(Kind::SettingOverride, &[OVERRIDE_SECTION]).is_none();
    if told && !case.dedicated_override() {
        out.say("a dedicated hybrid application is named, but not switched on")
            .observed(format!("ApplicationIdentifier {id}, no override of ExchangeOnpremAsThirdPartyAppId"))
            .expected("the setting override with Enabled=true")
            .help(
                "New-SettingOverride -Name EnableExchangeHybrid3PAppFeature -Component Global -Section \
                 ExchangeOnpremAsThirdPartyAppId -Parameters @('Enabled=true') -Reason 'dedicated hybrid application'",
            );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::{Scene, hybrid_on as on, organisation::HYBRID};

    #[test]
    fn fires_without_the_override() {
        assert!(
            Scene::healthy().set("Get-AuthServer", "evoSTS", "ApplicationIdentifier", HYBRID).fires(&RULE)
        );
    }

    #[test]
    fn stays_silent_with_both() {
        assert!(
            !Scene::healthy()
                .set("Get-AuthServer", "evoSTS", "ApplicationIdentifier", HYBRID)
                .add("Get-SettingOverride", on())
                .fires(&RULE)
        );
    }
}
