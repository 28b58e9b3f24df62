//! Takes the commands of scripts, gives findings of `script-application`: the certificate is uploaded to the wrong application.

use crate::checks::CheckId;
use crate::checks::expectations::EXCHANGE;
use crate::checks::finding::Severity;
use crate::checks::organisation::quoted;
use crate::checks::organisation::script::CommandCase;
use crate::checks::organisation::script::is_ours;
use crate::checks::rule::{Out, Rule, Scope};

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
    let done = uploads.iter().any(|(file, _)| file.ids().iter().any(|id| wanted.contains(&id.as_str())));
    for (file, command) in uploads {
        let ids = file.ids();
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
    fn stays_silent_on_skype_for_business() {
        assert!(!Scene::script("$ServiceName = \"00000004-0000-0ff1-ce00-000000000000\"\n$p = Get-MsolServicePrincipal -ServicePrincipalName $ServiceName\nNew-MsolServicePrincipalCredential -AppPrincipalId $p.AppPrincipalId -Type asymmetric -Usage Verify -Value $credValue\n").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_both_steps() {
        assert!(!Scene::script("$ServiceName = \"00000002-0000-0ff1-ce00-000000000000\"\n$p = Get-MsolServicePrincipal -ServicePrincipalName $ServiceName\nNew-MsolServicePrincipalCredential -AppPrincipalId $p.AppPrincipalId -Type asymmetric -Usage Verify -Value $credValue\n").and_script("$ServiceName = \"00000004-0000-0ff1-ce00-000000000000\"\n$p = Get-MsolServicePrincipal -ServicePrincipalName $ServiceName\nNew-MsolServicePrincipalCredential -AppPrincipalId $p.AppPrincipalId -Type asymmetric -Usage Verify -Value $credValue\n").fires(&RULE));
    }
}
