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
    looks_at: "Remove-PartnerApplication in scripts that name 00000004 or SfBOnline, where none of the scripts makes \
               that application.",
    matters: "Out-of-office voicemail greetings still use it, also after the move to the new applications.",
    bad: "Remove-PartnerApplication SfBOnline",
    good: "the application is kept",
    repair: "Keep it until Microsoft says otherwise.",
    sources: &["Microsoft: page of June 2025"],
    scope: Scope::Command(examine),
};

fn examine(case: &CommandCase<'_>, out: &mut Out<'_>) {
    // Who sets it up may hold the way back ready, as our own steps do.
    let makes = |command: &Command| {
        command.value("ApplicationIdentifier").is_some_and(|id| id.eq_ignore_ascii_case(SKYPE))
    };
    if case.named("New-PartnerApplication").any(|(_, command)| makes(command)) {
        return;
    }
    for (file, command) in case.named("Remove-PartnerApplication") {
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
    fn stays_silent_on_the_way_back_of_scripts_that_make_it() {
        let (id, other) = ("00000004-0000-0ff1-ce00-000000000000", "db7de2b5-2149-435e-8043-e080dd50afae");
        let making = |id: &str| format!("New-PartnerApplication -Name a -ApplicationIdentifier {id}\n");
        let removing = "Remove-PartnerApplication -Identity SfBOnline\n";
        assert!(!Scene::script(&(making(id) + removing)).fires(&RULE));
        assert!(!Scene::script(&making(id)).and_script(removing).fires(&RULE));
        // The move to the new applications.
        assert!(Scene::script(&(making(other) + removing)).fires(&RULE));
    }
}
