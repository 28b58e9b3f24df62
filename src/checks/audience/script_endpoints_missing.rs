//! Takes the commands of scripts, gives findings of `script-endpoints-missing`: the host names of Exchange are not registered.

use crate::checks::CheckId;
use crate::checks::expectations::EXCHANGE;
use crate::checks::finding::Severity;
use crate::checks::organisation::script::CommandCase;
use crate::checks::rule::{Out, Rule, Scope};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "script-endpoints-missing",
    check: CheckId::Audience,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["M20"],
    title: "the host names of Exchange are not registered",
    looks_at: "Scripts that make the auth servers and upload for Exchange (step 1), and none that writes \
               ServicePrincipalNames.",
    matters: "Without registered host names the token service makes no token for this Exchange.",
    bad: "New-AuthServer and the upload, no registration",
    good: "https://mail.contoso.com/ added to ServicePrincipalNames",
    repair: "Add the step that registers https://<host>/ on 00000002-0000-0ff1-ce00-000000000000: \
             `oauthtrace provision script`, 15-RegisterEndpoints.ps1.",
    sources: &["Microsoft Learn: Configure OAuth authentication between Exchange and Exchange Online"],
    scope: Scope::Command(examine),
};

fn examine(case: &CommandCase<'_>, out: &mut Out<'_>) {
    let made = case.named("New-AuthServer").next();
    let upload = case
        .scripts
        .iter()
        .find(|file| file.upload().is_some() && file.ids().iter().any(|id| id == EXCHANGE));
    let registers = case.scripts.iter().any(|file| file.line_with("ServicePrincipalNames").is_some());
    if let (Some((file, command)), Some(_), false) = (made, upload, registers) {
        out.say("the host names of Exchange are not registered")
            .location(file.place(command.line))
            .observed("New-AuthServer and an upload for Exchange, nothing that writes ServicePrincipalNames")
            .expected(format!("https://<host>/ among ServicePrincipalNames of {EXCHANGE}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::Scene;

    #[test]
    fn fires_without_the_step() {
        assert!(Scene::script("New-AuthServer -Name a -AuthMetadataUrl $u\n$ServiceName = \"00000002-0000-0ff1-ce00-000000000000\"\n$p = Get-MsolServicePrincipal -ServicePrincipalName $ServiceName\nNew-MsolServicePrincipalCredential -AppPrincipalId $p.AppPrincipalId -Type asymmetric -Usage Verify -Value $credValue\n").fires(&RULE));
    }

    #[test]
    fn stays_silent_where_nothing_is_uploaded_for_exchange() {
        let made = "New-AuthServer -Name a -AuthMetadataUrl $u\n";
        assert!(!Scene::script(made).fires(&RULE));
        let upload = "New-MsolServicePrincipalCredential -AppPrincipalId $id -Type asymmetric -Usage Verify -Value $v\n";
        let other = format!("{made}$id = \"00000004-0000-0ff1-ce00-000000000000\"\n{upload}");
        assert!(!Scene::script(&other).fires(&RULE));
        assert!(!Scene::script(&format!("{made}$id = \"{EXCHANGE}\"\n")).fires(&RULE));
    }

    #[test]
    fn stays_silent_with_it() {
        assert!(!Scene::script("New-AuthServer -Name a -AuthMetadataUrl $u\n$ServiceName = \"00000002-0000-0ff1-ce00-000000000000\"\n$p = Get-MsolServicePrincipal -ServicePrincipalName $ServiceName\nNew-MsolServicePrincipalCredential -AppPrincipalId $p.AppPrincipalId -Type asymmetric -Usage Verify -Value $credValue\n").and_script("$p.ServicePrincipalNames.Add('https://m.fabrikam.example/')\nSet-MsolServicePrincipal -AppPrincipalId x").fires(&RULE));
    }
}
