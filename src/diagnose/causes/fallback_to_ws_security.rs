//! Takes the evidence, weighs `fallback-to-ws-security`: federation by WS-Security is used instead of OAuth.

use crate::checks::finding::Severity;
use crate::diagnose::cause::{Case, Cause, Rank, Weighing};

/// See the text.
pub(crate) static CAUSE: Cause = Cause {
    id: "fallback-to-ws-security",
    title: "federation by WS-Security is used instead of OAuth",
    rank: Rank::Fallback,
    summary: "The calls go to {path}: that is the federation of organisation relationships (WS-Security), not OAuth. Exchange falls back to it when the intra-organisation connector is missing or disabled.",
    speaks_for: "Request paths that end in /wssecurity. The state shows the intra-organisation connector missing or disabled.",
    speaks_against: "OAuth calls succeed beside it. It shows it enabled.",
    repair: &[
        "Get-IntraOrganizationConnector | Format-List Name,TargetAddressDomains,DiscoveryEndpoint,Enabled",
        "Set-IntraOrganizationConnector <name> -Enabled $true",
        "Get-OrganizationRelationship | Format-List Name,Enabled,DomainNames",
    ],
    sources: &["Microsoft Support: Resolve free/busy errors", "CSS-Exchange: free/busy checker"],
    examine,
};

fn examine<'a>(case: &Case<'a>, weigh: &mut Weighing<'a>) {
    let federated = case.calls(|call| call.path.ends_with("/wssecurity"));
    let Some((call, _)) = federated.first() else { return };
    weigh.plus(75, "requests go to the address of WS-Security").at(&federated).value("path", &call.path);
    weigh.by(case.findings(&["oauth-wssecurity"], Severity::Warning));
    if case.any_accepted() {
        weigh.minus(40, "OAuth calls succeed beside it");
    } else {
        weigh.plus(5, "no OAuth call succeeded");
    }
    weigh.state(&[("state-connector", 60)]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;
    use crate::diagnose::testing::Story;

    #[test]
    fn fires_on_wssecurity() {
        assert_eq!(
            Story::of(Scene::healthy().authorization("").target("/ews/exchange.asmx/wssecurity")).lead(),
            CAUSE.id
        );
    }

    #[test]
    fn stays_silent_on_ews() {
        assert!(!Story::of(Scene::healthy().status(500)).causes().contains(&CAUSE.id));
    }
}
