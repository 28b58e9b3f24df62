//! Takes the commands of scripts, gives findings of `script-application`: the certificate is uploaded to the wrong application.

use crate::base::is_guid;
use crate::checks::CheckId;
use crate::checks::expectations::EXCHANGE;
use crate::checks::finding::Severity;
use crate::checks::organisation::quoted;
use crate::checks::organisation::script::{CommandCase, ScriptFile, is_ours, is_upload};
use crate::checks::rule::{Out, Rule, Scope};
use crate::state::commands::Command;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "script-application",
    check: CheckId::TokenRequest,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["M02"],
    title: "the certificate is uploaded to the wrong application",
    looks_at: "Application ids in scripts that put a key on a service principal.",
    matters: "Step 5 uploads to 00000004; step 1 uses the same script with 00000002. Mixing them up is \
              the classic error.",
    bad: "$ServiceName = 00000002-... and no script for 00000004",
    good: "$ServiceName = 00000004-0000-0ff1-ce00-000000000000",
    repair: "Set $ServiceName to 00000004-0000-0ff1-ce00-000000000000; where this is the script of step \
             1, name that of step 5 in the same call.",
    sources: &[
        "Microsoft: Configure Integration and OAuth between Skype for Business Online and Exchange Server",
        "Microsoft Learn: Configure OAuth authentication between Exchange and Exchange Online",
    ],
    scope: Scope::Command(examine),
};

fn examine(case: &CommandCase<'_>, out: &mut Out<'_>) {
    let wanted: Vec<&str> = case.applications().iter().map(|application| application.id).collect();
    let uploads: Vec<_> = case.scripts.iter().filter_map(|file| Some((*file, file.upload()?))).collect();
    let done = uploads.iter().any(|(file, _)| targets(file).iter().any(|id| wanted.contains(&id.as_str())));
    for (file, command) in uploads {
        let ids = targets(&file);
        let strangers: Vec<&String> = ids.iter().filter(|id| !is_ours(id)).collect();
        let only_exchange = !ids.is_empty() && ids.iter().all(|id| id == EXCHANGE);
        // Scripts of ours say which step they are.
        let first_step = file.text.contains("Step 1 of profile");
        if strangers.len() == ids.len() && !ids.is_empty() || (only_exchange && !done && !first_step) {
            out.say("the certificate is uploaded to another application than the profile's")
                .location(file.place(command.line))
                .observed(ids.join(", "))
                .expected(wanted.join(", "))
                .help(format!("$ServiceName = {}", quoted(wanted.first().unwrap_or(&EXCHANGE))));
        }
    }
}

/// The applications that a script uploads to: those that its uploads name, or that were looked up before them, where
/// that is plain to see; else all that its code names.
fn targets(file: &ScriptFile<'_>) -> Vec<String> {
    let id = |command: &Command| {
        let values = command.arguments.iter().filter_map(|(_, value)| value.as_deref());
        let words = values.flat_map(|value| value.split(|letter: char| " '\"".contains(letter)));
        words.map(str::to_ascii_lowercase).find(|word| is_guid(word))
    };
    let mut named = Vec::new();
    let mut looked_up = None;
    for command in &file.script.commands {
        if is_upload(command) {
            match command.value("AppPrincipalId").map(str::to_ascii_lowercase).filter(|id| is_guid(id)) {
                Some(id) => named.push(Some(id)),
                None => named.push(looked_up.clone()),
            }
        } else if command.is("Get-MsolServicePrincipal") || command.is("Get-MgServicePrincipal") {
            looked_up = id(command).or_else(|| looked_up.filter(|_| command.has("ServicePrincipalId")));
        }
    }
    match named.into_iter().collect::<Option<Vec<String>>>() {
        Some(named) if !named.is_empty() => named,
        _ => file.ids(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::Scene;

    #[test]
    fn fires_on_the_exchange_principal_alone() {
        assert!(Scene::script("$ServiceName = \"00000002-0000-0ff1-ce00-000000000000\"\n$p = Get-MsolServicePrincipal -ServicePrincipalName $ServiceName\nNew-MsolServicePrincipalCredential -AppPrincipalId $p.AppPrincipalId -Type asymmetric -Usage Verify -Value $credValue\n").fires(&RULE));
    }

    #[test]
    fn fires_on_an_unknown_one() {
        assert!(Scene::script("$ServiceName = \"12345678-0000-0ff1-ce00-000000000000\"\n$p = Get-MsolServicePrincipal -ServicePrincipalName $ServiceName\nNew-MsolServicePrincipalCredential -AppPrincipalId $p.AppPrincipalId -Type asymmetric -Usage Verify -Value $credValue\n").fires(&RULE));
    }

    #[test]
    fn fires_where_another_application_is_only_looked_at() {
        assert!(Scene::script("$ServiceName = \"00000002-0000-0ff1-ce00-000000000000\"\n$p = Get-MsolServicePrincipal -ServicePrincipalName $ServiceName\nNew-MsolServicePrincipalCredential -AppPrincipalId $p.AppPrincipalId -Type asymmetric -Usage Verify -Value $credValue\nGet-MsolServicePrincipalCredential -AppPrincipalId 00000004-0000-0ff1-ce00-000000000000\n").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_both_steps_in_one_script() {
        let step = |id: &str| {
            format!(
                "$id = '{id}'\n$p = Get-MgServicePrincipal -Filter \"AppId eq '$id'\" -Property 'id,keyCredentials'\nUpdate-MgServicePrincipal -ServicePrincipalId $p.Id -KeyCredentials (@($p.KeyCredentials) + $new)\n"
            )
        };
        let both = [EXCHANGE, "00000004-0000-0ff1-ce00-000000000000"].map(step).concat();
        assert!(!Scene::script(&both).fires(&RULE));
        assert!(Scene::script(&step(EXCHANGE)).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_skype_for_business() {
        assert!(!Scene::script("$ServiceName = \"00000004-0000-0ff1-ce00-000000000000\"\n$p = Get-MsolServicePrincipal -ServicePrincipalName $ServiceName\nNew-MsolServicePrincipalCredential -AppPrincipalId $p.AppPrincipalId -Type asymmetric -Usage Verify -Value $credValue\n").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_both_steps() {
        assert!(!Scene::script("$ServiceName = \"00000002-0000-0ff1-ce00-000000000000\"\n$p = Get-MsolServicePrincipal -ServicePrincipalName $ServiceName\nNew-MsolServicePrincipalCredential -AppPrincipalId $p.AppPrincipalId -Type asymmetric -Usage Verify -Value $credValue\n").and_script("$ServiceName = \"00000004-0000-0ff1-ce00-000000000000\"\n$p = Get-MsolServicePrincipal -ServicePrincipalName $ServiceName\nNew-MsolServicePrincipalCredential -AppPrincipalId $p.AppPrincipalId -Type asymmetric -Usage Verify -Value $credValue\n").fires(&RULE));
    }

    const UPLOAD: &str =
        "Update-MgServicePrincipal -ServicePrincipalId $p.Id -KeyCredentials (@($p.KeyCredentials) + $new)\n";
    const SKYPE: &str = "00000004-0000-0ff1-ce00-000000000000";
    const STRANGER: &str = "12345678-0000-0ff1-ce00-000000000000";

    #[test]
    fn the_application_that_was_looked_up_last_is_uploaded_to() {
        let get = |id: &str| format!("$p = Get-MgServicePrincipal -Filter \"AppId eq '{id}'\"\n");
        let again = "$p = Get-MgServicePrincipal -ServicePrincipalId $p.Id -Property keyCredentials\n";
        assert!(Scene::script(&format!("{}{}{UPLOAD}", get(SKYPE), get(STRANGER))).fires(&RULE));
        assert!(!Scene::script(&format!("{}{}{UPLOAD}", get(STRANGER), get(SKYPE))).fires(&RULE));
        // The same one once more, by the id of its object.
        assert!(Scene::script(&format!("{}{again}{UPLOAD}Write-Host {SKYPE}\n", get(STRANGER))).fires(&RULE));
        // Another cmdlet looks nothing up.
        let other = format!("{}Write-Host {SKYPE}\n{UPLOAD}", get(STRANGER));
        assert!(Scene::script(&other).fires(&RULE));
    }

    #[test]
    fn stays_silent_without_an_id_and_on_the_first_step_that_we_wrote() {
        assert!(!Scene::script(UPLOAD).fires(&RULE));
        let exchange = format!("$p = Get-MgServicePrincipal -Filter \"AppId eq '{EXCHANGE}'\"\n{UPLOAD}");
        assert!(Scene::script(&exchange).fires(&RULE));
        assert!(!Scene::script(&format!("# Step 1 of profile sfbo-2022-graph\n{exchange}")).fires(&RULE));
    }
}
