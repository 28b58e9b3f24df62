//! Takes the commands of scripts, gives findings of `script-retired-module`: a cmdlet of a retired module is used.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::organisation::script::CommandCase;
use crate::checks::rule::{Out, Rule, Scope};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "script-retired-module",
    check: CheckId::TokenRequest,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["M01"],
    title: "a cmdlet of a retired module is used",
    looks_at: "Commands of MSOnline (Msol), AzureAD and AzureADPreview.",
    matters: "MSOnline stopped working in April and May 2025, AzureAD after 2025-07-01: the script fails \
              at that line.",
    bad: "Connect-MsolService",
    good: "Connect-MgGraph -Scopes Application.ReadWrite.All",
    repair: "Use Microsoft Graph PowerShell: `oauthtrace provision script --profile sfbo-2022-graph` \
             writes the same steps.",
    sources: &[
        "Microsoft: Azure AD PowerShell deprecation note",
        "Microsoft Learn: cmdlet map to Microsoft Graph PowerShell",
    ],
    scope: Scope::Command(examine),
};

/// Cmdlets with what does the same.
const REPLACED: [(&str, &str); 8] = [
    ("Connect-MsolService", "Connect-MgGraph -Scopes Application.ReadWrite.All"),
    ("Get-MsolServicePrincipal", "Get-MgServicePrincipal -Filter \"AppId eq '<id>'\""),
    (
        "New-MsolServicePrincipalCredential",
        "Update-MgServicePrincipal -KeyCredentials, the existing keys sent again",
    ),
    (
        "Get-MsolServicePrincipalCredential",
        "(Get-MgServicePrincipal -Filter \"AppId eq '<id>'\" -Property keyCredentials).KeyCredentials",
    ),
    (
        "Remove-MsolServicePrincipalCredential",
        "Update-MgServicePrincipal -KeyCredentials with the remaining keys",
    ),
    ("Set-MsolServicePrincipal", "Update-MgServicePrincipal"),
    ("New-MsolServicePrincipal", "New-MgServicePrincipal -AppId"),
    ("Connect-AzureAD", "Connect-MgGraph -Scopes Application.ReadWrite.All"),
];

fn examine(case: &CommandCase<'_>, out: &mut Out<'_>) {
    for (file, command) in case.commands() {
        let name = command.name.to_ascii_lowercase();
        let module = command.arguments.iter().filter_map(|(_, value)| value.as_deref()).any(is_module);
        let retired =
            name.contains("-msol") || name.contains("-azuread") || (name == "import-module" && module);
        if !retired {
            continue;
        }
        let better = REPLACED
            .iter()
            .find(|(old, _)| command.is(old))
            .map_or("Microsoft.Graph.Applications", |(_, new)| new);
        let hit = out.say("a cmdlet of a retired module is used");
        // Where it is not there, a script that asks for it first goes on without.
        let guarded = name.starts_with("get-") && file.line_with("Get-Command").is_some();
        if case.profile.uses_msonline() || guarded {
            // The profile of 2022 was chosen, or nothing depends on it: said, but no error.
            hit.severity(Severity::Info);
        }
        hit.location(file.place(command.line))
            .cause(command.name.to_ascii_lowercase())
            .observed(command.name.clone())
            .expected(better)
            .help(format!("{better} (oauthtrace provision script --profile sfbo-2022-graph)"));
    }
}

fn is_module(name: &str) -> bool {
    ["MSOnline", "MSOnlineExtended", "MsolOnlineExtended", "AzureAD", "AzureADPreview"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::Scene;
    use crate::state::profile::Profile;

    #[test]
    fn fires_on_msonline() {
        assert!(Scene::script("Connect-MsolService\n").fires(&RULE));
    }

    #[test]
    fn fires_softly_with_the_profile_of_2022() {
        assert!(
            Scene::script("Connect-MsolService\n").profile(Profile::Sfbo2022).hits(&RULE)[0].severity
                == Severity::Info
        );
    }

    #[test]
    fn fires_softly_where_the_script_asks_whether_it_is_there() {
        // As `provision collect` does.
        let collect = "if (Get-Command -Name $Name -ErrorAction SilentlyContinue) { & $Read }\n\
                       Get-MsolServicePrincipalCredential -AppPrincipalId $app -ReturnKeyValues $true\n";
        let hits = Scene::script(collect).hits(&RULE);
        assert!(!hits.is_empty() && hits.iter().all(|hit| hit.severity == Severity::Info));
        let upload = "if (Get-Command Connect-MsolService) { Connect-MsolService }\n";
        assert!(Scene::script(upload).hits(&RULE).iter().any(|hit| hit.severity == Severity::Error));
    }

    #[test]
    fn stays_silent_on_graph() {
        assert!(!Scene::script("Connect-MgGraph -Scopes Application.ReadWrite.All\n").fires(&RULE));
    }

    #[test]
    fn fires_on_azuread_and_where_a_module_is_loaded() {
        for line in ["Connect-AzureAD", "Import-Module MSOnline", "Import-Module -Name azuread"] {
            let hits = Scene::script(&format!("{line}\n")).hits(&RULE);
            assert!(hits.iter().any(|hit| hit.severity == Severity::Error), "{line}");
        }
        for line in ["Import-Module WebAdministration", "Write-Host MSOnline"] {
            assert!(!Scene::script(&format!("{line}\n")).fires(&RULE), "{line}");
        }
        // Nothing asks whether it is there.
        let alone = Scene::script("Get-MsolServicePrincipal -SearchString x\n").hits(&RULE);
        assert!(alone.iter().any(|hit| hit.severity == Severity::Error));
    }

    #[test]
    fn names_what_replaces_the_cmdlet() {
        let better = |line: &str| Scene::script(line).hits(&RULE).remove(0).expected.to_string();
        assert!(better("Connect-MsolService\n").starts_with("Connect-MgGraph"));
        assert!(better("Get-MsolServicePrincipal -SearchString x\n").starts_with("Get-MgServicePrincipal"));
        assert_eq!(better("Get-MsolUser\n"), "Microsoft.Graph.Applications");
    }
}
