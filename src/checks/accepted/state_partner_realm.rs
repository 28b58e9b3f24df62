//! Takes the state of the organisation, gives findings of `state-partner-realm`: a partner application of the cloud has a realm or a metadata address.

use crate::checks::CheckId;
use crate::checks::expectations::EXCHANGE;
use crate::checks::finding::Severity;
use crate::checks::organisation::StateCase;
use crate::checks::organisation::quoted;
use crate::checks::rule::{Out, Rule, Scope};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "state-partner-realm",
    check: CheckId::Accepted,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["N13"],
    title: "a partner application of the cloud has a realm or a metadata address",
    looks_at: "Realm and AuthMetadataUrl of the partner applications of the profile and of Exchange \
               Online.",
    matters: "Applications of the cloud are trusted through the auth server; a realm narrows them to one \
              name, a metadata address makes them direct partners.",
    bad: "Realm contoso.com; AuthMetadataUrl set",
    good: "both empty",
    repair: "Set-PartnerApplication -Identity <name> -Realm ''; one with AuthMetadataUrl is removed and \
             made again with ApplicationIdentifier.",
    sources: &["Microsoft: New-PartnerApplication", "CSS-Exchange: FreeBusyChecker, HealthChecker"],
    scope: Scope::State(examine),
};

fn examine(case: &StateCase<'_>, out: &mut Out<'_>) {
    for id in case.applications().iter().map(|application| application.id).chain([EXCHANGE]) {
        let all = case.partners(id);
        for partner in &all {
            let filled = |name: &str| partner.text(name).map(str::trim).filter(|text| !text.is_empty());
            // HCW of old made a second object for Exchange with the tenant's realm, beside the one without.
            let beside = id == EXCHANGE
                && all.iter().any(|other| other.text("Realm").unwrap_or_default().trim().is_empty());
            if let Some(realm) = filled("Realm").filter(|_| !beside) {
                out.say(format!("the partner application {id} has a realm"))
                    .location(&partner.place)
                    .about(id)
                    .claim("Realm")
                    .observed(format!("{}: Realm {realm}", partner.name()))
                    .expected("an empty realm")
                    .help(format!("Set-PartnerApplication -Identity {} -Realm ''", quoted(partner.name())));
            }
            if let Some(url) = filled("AuthMetadataUrl") {
                out.say(format!("the partner application {id} has a metadata address"))
                    .location(&partner.place)
                    .about(id)
                    .claim("AuthMetadataUrl")
                    .observed(format!("{}: AuthMetadataUrl {url}", partner.name()))
                    .expected("an empty AuthMetadataUrl: applications of the cloud are trusted through the auth server")
                    .help(format!(
                        "Remove-PartnerApplication -Identity {0}; New-PartnerApplication -Name {0} \
                         -ApplicationIdentifier {id} -Enabled $True -LinkedAccount {1}",
                        quoted(partner.name()),
                        quoted(case.linked_account(partner).unwrap_or("<account>"))
                    ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::properties;
    use crate::checks::testing_state::{Scene, organisation::SKYPE};

    #[test]
    fn fires_on_a_realm() {
        assert!(Scene::healthy().set("Get-PartnerApplication", SKYPE, "Realm", "contoso.com").fires(&RULE));
    }

    #[test]
    fn fires_on_a_metadata_address() {
        assert!(
            Scene::healthy()
                .set("Get-PartnerApplication", SKYPE, "AuthMetadataUrl", "https://sfb/metadata/json/1")
                .fires(&RULE)
        );
    }

    #[test]
    fn stays_silent_on_empty_ones() {
        assert!(!Scene::healthy().fires(&RULE));
    }

    #[test]
    fn stays_silent_on_the_second_object_that_the_wizard_made_for_exchange_online() {
        let partner = |realm: &str, id: &str| {
            properties([
                ("Name", format!("{id}-{realm}").as_str().into()),
                ("ApplicationIdentifier", id.into()),
                ("Realm", realm.into()),
                ("Enabled", true.into()),
            ])
        };
        let alone = || {
            let scene = Scene::healthy().without("Get-PartnerApplication", EXCHANGE);
            scene.add("Get-PartnerApplication", partner("contoso.com", EXCHANGE))
        };
        assert!(alone().fires(&RULE));
        assert!(!alone().add("Get-PartnerApplication", partner("", EXCHANGE)).fires(&RULE));
        // For the others the wizard makes none.
        let skype = Scene::healthy().add("Get-PartnerApplication", partner("contoso.com", SKYPE));
        assert!(skype.fires(&RULE));
        assert!(!Scene::healthy().set("Get-PartnerApplication", SKYPE, "AuthMetadataUrl", " ").fires(&RULE));
    }
}
