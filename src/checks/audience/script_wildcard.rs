//! Takes the commands of scripts, gives findings of `script-wildcard`: a wildcard stands where a domain or host name belongs.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::organisation::script::CommandCase;
use crate::checks::rule::{Out, Rule, Scope};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "script-wildcard",
    check: CheckId::Audience,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["M15"],
    title: "a wildcard stands where a domain or host name belongs",
    looks_at: "-ExternalEmailAddress, -TargetAddressDomains and service principal names with an asterisk.",
    matters: "The account's domain has to be a plain one; a wildcard on the principal lets tokens be \
              made for every host below it.",
    bad: "SfBOnline-ApplicationAccount@*.contoso.com; https://*.contoso.com/",
    good: "plain names",
    repair: "Name each domain or host by itself.",
    sources: &[
        "Microsoft: Configure Integration and OAuth between Skype for Business Online and Exchange Server",
        "Microsoft Learn: Configure OAuth authentication between Exchange and Exchange Online",
    ],
    scope: Scope::Command(examine),
};

fn examine(case: &CommandCase<'_>, out: &mut Out<'_>) {
    for (file, command) in case.commands() {
        for parameter in ["ExternalEmailAddress", "TargetAddressDomains", "ServicePrincipalNames"] {
            if let Some(value) = command.value(parameter).filter(|value| value.contains("*.")) {
                say(out, file.place(command.line), &format!("-{parameter} {value}"));
            }
        }
    }
    for file in &case.scripts {
        for (line, text) in &file.script.literals {
            if text.starts_with("https://*.") || text.contains("-ce00-000000000000/*.") {
                say(out, file.place(*line), text);
            }
        }
    }
}

fn say(out: &mut Out<'_>, place: String, observed: &str) {
    out.say("a wildcard stands where a domain or host name belongs")
        .location(place)
        .observed(observed)
        .expected("a plain name");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::Scene;

    #[test]
    fn fires_on_an_address() {
        assert!(
            Scene::script("New-MailUser -Name x -ExternalEmailAddress x@*.fabrikam.example\n").fires(&RULE)
        );
    }

    #[test]
    fn fires_on_a_principal_name() {
        assert!(Scene::script("$x.ServicePrincipalNames.Add('https://*.fabrikam.example/')\nSet-MsolServicePrincipal -AppPrincipalId x\n").fires(&RULE));
    }

    #[test]
    fn fires_on_the_older_form_and_on_no_other_text() {
        let text = |text: &str| Scene::script(&format!("Write-Host '{text}'\n")).fires(&RULE);
        assert!(text("00000002-0000-0ff1-ce00-000000000000/*.fabrikam.example"));
        for plain in ["00000002-0000-0ff1-ce00-000000000000/mail.fabrikam.example", "*.log", "https://x/*.y"]
        {
            assert!(!text(plain), "{plain}");
        }
    }

    #[test]
    fn stays_silent_on_plain_names() {
        assert!(!Scene::script("$user = New-MailUser -Name SfBOnline-ApplicationAccount -ExternalEmailAddress a@fabrikam.example -DomainController dc1.fabrikam.example").fires(&RULE));
    }
}
