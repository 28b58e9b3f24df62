//! Takes the state of the organisation, gives findings of `state-connector`: no intra-organisation connector is enabled.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::organisation::StateCase;
use crate::checks::organisation::quoted;
use crate::checks::rule::{Out, Rule, Scope};
use crate::state::object::Kind;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "state-connector",
    check: CheckId::NoBasic,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["N22"],
    title: "no intra-organisation connector is enabled",
    looks_at: "Get-IntraOrganizationConnector: at least one object, enabled.",
    matters: "Without it Exchange falls back to federation (WS-Security) for free/busy, and OAuth is not \
              used for these calls.",
    bad: "Enabled False, or none",
    good: "one enabled connector to Exchange Online",
    repair: "New-IntraOrganizationConnector, or Set-IntraOrganizationConnector -Enabled $true (step 1).",
    sources: &["Microsoft Learn: Configure OAuth authentication between Exchange and Exchange Online"],
    scope: Scope::State(examine),
};

fn examine(case: &StateCase<'_>, out: &mut Out<'_>) {
    if !case.asked(Kind::Connector) {
        return;
    }
    let all: Vec<_> = case.of(Kind::Connector).collect();
    match all.first() {
        None => {
            out.say("there is no intra-organisation connector")
                .observed("none in Get-IntraOrganizationConnector")
                .expected("a connector to Exchange Online")
                .help(format!(
                    "New-IntraOrganizationConnector -Name ExchangeHybridOnPremisesToOnline -DiscoveryEndpoint \
                     https://{}/autodiscover/autodiscover.svc -TargetAddressDomains {}",
                    case.cloud().online_host(),
                    case.coexistence_domain()
                ));
        }
        Some(first) if all.iter().all(|object| object.flag("Enabled") == Some(false)) => {
            if let Some(open) = case.left_open(Kind::Connector, &["an enabled connector", first.name()]) {
                out.missing(open);
                return;
            }
            out.say("the intra-organisation connector is disabled")
                .location(&first.place)
                .claim("Enabled")
                .observed(format!("{}: Enabled False", first.shown_name()))
                .expected("Enabled: True")
                .help(format!(
                    "Set-IntraOrganizationConnector -Identity {} -Enabled $true",
                    quoted(first.name())
                ));
        }
        Some(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::Scene;

    #[test]
    fn fires_on_a_disabled_one() {
        assert!(Scene::healthy().set("Get-IntraOrganizationConnector", "", "Enabled", false).fires(&RULE));
    }

    #[test]
    fn fires_without_any() {
        assert!(Scene::healthy().without("Get-IntraOrganizationConnector", "").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_an_enabled_one() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
