//! Takes the commands of scripts, gives findings of `script-cloud`: an auth server does not fit the cloud.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::organisation::host_of;
use crate::checks::organisation::script::CommandCase;
use crate::checks::rule::{Out, Rule, Scope};
use crate::state::cloud::Cloud;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "script-cloud",
    check: CheckId::Challenge,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["M18"],
    title: "an auth server does not fit the cloud",
    looks_at: "Hosts of -AuthMetadataUrl, -Environment of Connect-MgGraph, and --cloud.",
    matters: "Each cloud has token services of its own; Exchange would trust one that issues no token \
              for this tenant.",
    bad: "login.microsoftonline.us and a worldwide tenant",
    good: "hosts of one cloud",
    repair: "`oauthtrace provision script --cloud worldwide|usgov|china` writes the right addresses.",
    sources: &["Microsoft Learn: Configure OAuth authentication between Exchange and Exchange Online"],
    scope: Scope::Command(examine),
};

fn examine(case: &CommandCase<'_>, out: &mut Out<'_>) {
    let environment = case
        .named("Connect-MgGraph")
        .find_map(|(_, command)| Cloud::of_graph_environment(command.value("Environment")?));
    let mut wanted = case.cloud.or(environment);
    for (file, command) in case.commands() {
        if !(command.is("New-AuthServer") || command.is("Set-AuthServer")) {
            continue;
        }
        let adfs = command.value("Type").is_some_and(|kind| kind.eq_ignore_ascii_case("ADFS"));
        let url = command.value("AuthMetadataUrl").filter(|url| !adfs && !url.starts_with('$'));
        let Some(host) = url.and_then(host_of) else { continue };
        match (Cloud::of_host(&host), wanted) {
            (Some(own), None) => wanted = Some(own),
            (Some(own), Some(cloud)) if own == cloud => {}
            (own, cloud) => {
                let cloud = cloud.unwrap_or_default();
                out.say("an auth server does not fit the cloud")
                    .location(file.place(command.line))
                    .observed(format!(
                        "{host}, {}",
                        own.map_or_else(|| "of no known cloud".to_owned(), |own| format!("of cloud {own}"))
                    ))
                    .expected(format!("{} or {} (cloud {cloud})", cloud.acs_host(), cloud.sign_in_host()))
                    .help(format!("oauthtrace provision script --cloud {cloud} writes the right addresses"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::Scene;

    #[test]
    fn fires_on_two_clouds() {
        assert!(Scene::script("New-AuthServer -Name a -AuthMetadataUrl \"https://accounts.accesscontrol.windows.net/x/metadata/json/1\"\nNew-AuthServer -Name b -Type AzureAD -AuthMetadataUrl \"https://login.microsoftonline.us/x/federationmetadata/2007-06/federationmetadata.xml\"\n").fires(&RULE));
    }

    #[test]
    fn fires_on_no_known_cloud() {
        assert!(Scene::script("New-AuthServer -Name a -AuthMetadataUrl \"https://accounts.accescontrol.windows.net/x/metadata/json/1\"\n").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_one_cloud() {
        assert!(!Scene::script("New-AuthServer -Name a -AuthMetadataUrl \"https://accounts.accesscontrol.windows.net/x/metadata/json/1\"\nNew-AuthServer -Name b -Type AzureAD -AuthMetadataUrl \"https://login.windows.net/x/federationmetadata/2007-06/federationmetadata.xml\"\n").fires(&RULE));
    }

    #[test]
    fn reads_both_cmdlets_and_neither_adfs_nor_variables() {
        let script = |second: &str| {
            let first = "New-AuthServer -Name a -AuthMetadataUrl https://accounts.accesscontrol.windows.net/x/metadata/json/1\n";
            Scene::script(&format!("{first}{second}\n")).fires(&RULE)
        };
        let us = "-AuthMetadataUrl https://login.microsoftonline.us/x/metadata/json/1";
        assert!(script(&format!("Set-AuthServer -Identity b {us}")));
        assert!(!script(&format!("Set-PartnerApplication -Identity b {us}")));
        assert!(!script("New-AuthServer -Name b -Type ADFS -AuthMetadataUrl https://adfs.contoso.com/x.xml"));
        assert!(!script("New-AuthServer -Name b -AuthMetadataUrl $url"));
    }
}
