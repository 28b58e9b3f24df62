//! Takes the commands of scripts, gives findings of `script-partner-removed`: the partner application of Skype for Business Online is removed.

use crate::checks::CheckId;
use crate::checks::expectations::SKYPE;
use crate::checks::finding::Severity;
use crate::checks::organisation::script::CommandCase;
use crate::checks::rule::{Out, Rule, Scope};
use crate::state::commands::Command;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "script-partner-removed",
    check: CheckId::Accepted,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["M19"],
    title: "the partner application of Skype for Business Online is removed",
    looks_at: "Remove-PartnerApplication in scripts that name 00000004 or SfBOnline, where no later command makes that \
               application, and the script is not the way back of those that make it (Remove-MailUser beside it).",
    matters: "Out-of-office voicemail greetings still use it, also after the move to the new applications.",
    bad: "Remove-PartnerApplication SfBOnline",
    good: "the application is kept",
    repair: "Keep it until Microsoft says otherwise.",
    sources: &["Microsoft: page of June 2025"],
    scope: Scope::Command(examine),
};

fn examine(case: &CommandCase<'_>, out: &mut Out<'_>) {
    let makes = |command: &Command| {
        command.is("New-PartnerApplication")
            && command.value("ApplicationIdentifier").is_some_and(|id| id.eq_ignore_ascii_case(SKYPE))
    };
    // What is made again behind it is not gone.
    let last_made = case.commands().enumerate().filter(|(_, (_, command))| makes(command)).last();
    let last_made = last_made.map(|(at, _)| at);
    let removals =
        case.commands().enumerate().filter(|(_, (_, command))| command.is("Remove-PartnerApplication"));
    for (at, (file, command)) in removals {
        // Who sets it up may hold the way back ready, as our own steps do: that takes the accounts away, too.
        let takes_back = || file.script.commands.iter().any(|command| command.is("Remove-MailUser"));
        if last_made.is_some_and(|made| at < made || takes_back()) {
            continue;
        }
        let named = command
            .arguments
            .iter()
            .filter_map(|(_, value)| value.as_deref())
            .any(|value| value.eq_ignore_ascii_case("SfBOnline") || value.eq_ignore_ascii_case(SKYPE));
        if named || file.ids().iter().any(|id| id == SKYPE) {
            out.say("the partner application of Skype for Business Online is removed")
                .location(file.place(command.line))
                .observed(format!(
                    "Remove-PartnerApplication {}",
                    command.value("Identity").unwrap_or_default()
                ))
                .expected("it is kept: voicemail greetings still use it");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::Scene;

    #[test]
    fn fires_on_its_name() {
        assert!(Scene::script("Remove-PartnerApplication -Identity SfBOnline\n").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_another() {
        assert!(!Scene::script("Remove-PartnerApplication -Identity Lync2013\n").fires(&RULE));
    }

    #[test]
    fn fires_on_its_id_and_where_the_script_looks_it_up() {
        let id = "00000004-0000-0ff1-ce00-000000000000";
        assert!(Scene::script(&format!("Remove-PartnerApplication -Identity {id}\n")).fires(&RULE));
        let found = format!("$p = Get-PartnerApplication | Where-Object ApplicationIdentifier -eq '{id}'\n");
        assert!(
            Scene::script(&format!("{found}Remove-PartnerApplication -Identity $p.Identity\n")).fires(&RULE)
        );
        let other = found.replace("00000004", "00000009");
        assert!(
            !Scene::script(&format!("{other}Remove-PartnerApplication -Identity $p.Identity\n")).fires(&RULE)
        );
    }

    #[test]
    fn the_order_of_making_and_removing_decides() {
        let (id, other) = ("00000004-0000-0ff1-ce00-000000000000", "db7de2b5-2149-435e-8043-e080dd50afae");
        let making = |id: &str| format!("New-PartnerApplication -Name a -ApplicationIdentifier {id}\n");
        let removing = "Remove-PartnerApplication -Identity SfBOnline\n";
        assert!(Scene::script(&(making(id) + removing)).fires(&RULE));
        assert!(Scene::script(&making(id)).and_script(removing).fires(&RULE));
        assert!(!Scene::script(&(removing.to_owned() + &making(id))).fires(&RULE));
        assert!(!Scene::script(removing).and_script(&making(id)).fires(&RULE));
        // The move to the new applications.
        assert!(Scene::script(&(making(other) + removing)).fires(&RULE));
        assert!(Scene::script(&(removing.to_owned() + &making(other))).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_the_way_back_of_scripts_that_make_it() {
        let making =
            "New-PartnerApplication -Name a -ApplicationIdentifier 00000004-0000-0ff1-ce00-000000000000\n";
        let back =
            "Remove-PartnerApplication SfBOnline\nRemove-MailUser -Identity SfBOnline-ApplicationAccount\n";
        assert!(!Scene::script(making).and_script(back).fires(&RULE));
        assert!(Scene::script(back).fires(&RULE));
    }
}
