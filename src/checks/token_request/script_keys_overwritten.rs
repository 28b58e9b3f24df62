//! Takes the commands of scripts, gives findings of `script-keys-overwritten`: existing keys of the service principal are overwritten.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::organisation::script::CommandCase;
use crate::checks::rule::{Out, Rule, Scope};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "script-keys-overwritten",
    check: CheckId::TokenRequest,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["M16"],
    title: "existing keys of the service principal are overwritten",
    looks_at: "Update-MgServicePrincipal -KeyCredentials in scripts that do not read keyCredentials \
               before and send them again.",
    matters: "The collection is written as a whole: what is not sent again is deleted, keys of other \
              servers too.",
    bad: "-KeyCredentials @($new)",
    good: "the existing keys and the new one",
    repair: "$p = Get-MgServicePrincipal -Filter ... -Property id,keyCredentials; $keys = \
             @($p.KeyCredentials | ForEach-Object { @{ key = $_.Key; type = $_.Type; usage = $_.Usage } \
             }) + $new; Update-MgServicePrincipal -ServicePrincipalId $p.Id -KeyCredentials $keys",
    sources: &["Microsoft: page of June 2025", "Microsoft Graph: update servicePrincipal"],
    scope: Scope::Command(examine),
};

fn examine(case: &CommandCase<'_>, out: &mut Out<'_>) {
    for file in &case.scripts {
        let Some(command) = file.upload().filter(|command| command.is("Update-MgServicePrincipal")) else {
            continue;
        };
        let asks = file.script.commands.iter().any(|read| {
            read.is("Get-MgServicePrincipal")
                && read.arguments.iter().any(|(_, value)| {
                    value
                        .as_deref()
                        .is_some_and(|value| value.to_ascii_lowercase().contains("keycredentials"))
                })
        });
        // Keys that are looked at afterwards, to verify the upload, are not sent again.
        let kept = file.code().any(|(line, text)| {
            text.to_ascii_lowercase().contains(".keycredentials")
                && (line <= command.line || text.contains('='))
        });
        if !(asks && kept) {
            out.say("existing keys of the service principal are overwritten")
                .location(file.place(command.line))
                .observed(if asks {
                    "the keys are read, and not sent again"
                } else {
                    "keyCredentials is not asked for before"
                })
                .expected("the existing keys sent again beside the new one");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::Scene;

    #[test]
    fn fires_without_reading_them() {
        assert!(Scene::script("$p = Get-MgServicePrincipal -Filter \"AppId eq 'x'\"\nUpdate-MgServicePrincipal -ServicePrincipalId $p.Id -KeyCredentials @($new)\n").fires(&RULE));
    }

    #[test]
    fn fires_on_a_body_without_them() {
        for body in ["@{ keyCredentials = @($new) }", "@{\n  keyCredentials = @(\n    $new\n  )\n}"] {
            let script = format!(
                "$params = {body}\nUpdate-MgServicePrincipal -ServicePrincipalId $p.Id -BodyParameter $params\n"
            );
            assert!(Scene::script(&script).fires(&RULE), "{body}");
        }
        let other = "$params = @{ accountEnabled = $true }\nUpdate-MgServicePrincipal -ServicePrincipalId $p.Id -BodyParameter $params\n";
        assert!(!Scene::script(other).fires(&RULE));
    }

    #[test]
    fn fires_when_they_are_only_looked_at_afterwards() {
        assert!(Scene::script("$p = Get-MgServicePrincipal -Filter \"AppId eq 'x'\"\nUpdate-MgServicePrincipal -ServicePrincipalId $p.Id -KeyCredentials @($new)\n(Get-MgServicePrincipal -Filter \"AppId eq 'x'\" -Select keyCredentials).KeyCredentials | Format-List *\n").fires(&RULE));
    }

    #[test]
    fn stays_silent_when_they_are_sent_again() {
        assert!(!Scene::script("$p = Get-MgServicePrincipal -Filter \"AppId eq 'x'\" -Property 'id,keyCredentials'\n$keys = @($p.KeyCredentials) + $new\nUpdate-MgServicePrincipal -ServicePrincipalId $p.Id -KeyCredentials $keys\n").fires(&RULE));
    }

    #[test]
    fn fires_where_they_are_sent_again_without_having_been_asked_for() {
        let observed = |read: &str, keys: &str| {
            let upload = "Update-MgServicePrincipal -ServicePrincipalId $p.Id -KeyCredentials";
            let hits = Scene::script(&format!("{read}\n{upload} {keys}\n")).hits(&RULE);
            hits.first().map(|hit| hit.observed.to_string()).unwrap_or_default()
        };
        let (get, all) =
            ("$p = Get-MgServicePrincipal -Filter \"AppId eq 'x'\"", "(@($p.KeyCredentials) + $new)");
        // Without -Property the cmdlet gives no keys.
        assert!(observed(get, all).contains("not asked for"));
        assert!(observed("Write-Host keyCredentials", all).contains("not asked for"));
        let asked = format!("{get} -Property 'id,keyCredentials'");
        assert_eq!(observed(&asked, all), "");
        assert!(observed(&asked, "@($new)").contains("not sent again"));
    }
}
