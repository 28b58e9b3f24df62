//! Takes the commands of scripts, gives findings of `script-disabled`: a partner application or auth server is switched off.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::organisation::script::CommandCase;
use crate::checks::rule::{Out, Rule, Scope};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "script-disabled",
    check: CheckId::Accepted,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["M12"],
    title: "a partner application or auth server is switched off",
    looks_at: "-Enabled $false of New- and Set-PartnerApplication and -AuthServer.",
    matters: "Tokens of a disabled partner, or from a disabled auth server, are refused.",
    bad: "-Enabled $false",
    good: "-Enabled $True",
    repair: "-Enabled $True",
    sources: &[
        "Microsoft: Configure Integration and OAuth between Skype for Business Online and Exchange Server",
    ],
    scope: Scope::Command(examine),
};

fn examine(case: &CommandCase<'_>, out: &mut Out<'_>) {
    for (file, command) in case.commands() {
        let name = command.name.to_ascii_lowercase();
        let ours = ["new-partnerapplication", "set-partnerapplication", "new-authserver", "set-authserver"];
        let off = command
            .value("Enabled")
            .is_some_and(|value| ["$false", "0", "false"].contains(&value.to_ascii_lowercase().as_str()));
        if ours.contains(&name.as_str()) && off {
            out.say(format!("{} switches it off", command.name))
                .location(file.place(command.line))
                .observed("-Enabled $false")
                .expected("-Enabled $True");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::Scene;

    #[test]
    fn fires_on_false() {
        assert!(Scene::script("New-PartnerApplication -Name SfBOnline -ApplicationIdentifier 00000004-0000-0ff1-ce00-000000000000 -Enabled $false -LinkedAccount $user.Identity").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_true() {
        assert!(!Scene::script("New-PartnerApplication -Name SfBOnline -ApplicationIdentifier 00000004-0000-0ff1-ce00-000000000000 -Enabled $True -LinkedAccount $user.Identity").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_what_else_is_switched_off() {
        assert!(!Scene::script("Set-IntraOrganizationConnector -Identity x -Enabled $false\n").fires(&RULE));
        assert!(Scene::script("Set-AuthServer -Identity x -Enabled $False\n").fires(&RULE));
    }
}
