//! Takes the commands of scripts, gives findings of `script-linked-account`: a partner application is made without its account.

use crate::checks::CheckId;
use crate::checks::expectations::{SKYPE, TEAMS_SCHEDULER};
use crate::checks::finding::Severity;
use crate::checks::organisation::quoted;
use crate::checks::organisation::script::CommandCase;
use crate::checks::rule::{Out, Rule, Scope};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "script-linked-account",
    check: CheckId::Accepted,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["M05"],
    title: "a partner application is made without its account",
    looks_at: "New-PartnerApplication for 00000004 and 7557eb47 without -LinkedAccount.",
    matters: "Without an account the application has no rights: every call is refused.",
    bad: "New-PartnerApplication -ApplicationIdentifier 00000004-... -Enabled $True",
    good: "... -LinkedAccount $user.Identity",
    repair: "Add -LinkedAccount $user.Identity",
    sources: &[
        "Microsoft: Configure Integration and OAuth between Skype for Business Online and Exchange Server",
    ],
    scope: Scope::Command(examine),
};

fn examine(case: &CommandCase<'_>, out: &mut Out<'_>) {
    for (file, command) in case.named("New-PartnerApplication") {
        let id = command.value("ApplicationIdentifier").unwrap_or_default().to_ascii_lowercase();
        if [SKYPE, TEAMS_SCHEDULER].contains(&id.as_str()) && !command.has("LinkedAccount") {
            if command.is_open() {
                let place = file.place(command.line);
                out.missing(format!(
                    "what {place} hands over to New-PartnerApplication stands in a variable that was not read: write \
                     -LinkedAccount out"
                ));
                continue;
            }
            out.say("a partner application is made without its account")
                .location(file.place(command.line))
                .observed(format!("New-PartnerApplication -ApplicationIdentifier {id}, no -LinkedAccount"))
                .expected("-LinkedAccount $user.Identity")
                .help(format!(
                    "New-PartnerApplication -Name {} -ApplicationIdentifier {id} -Enabled $True -LinkedAccount $user.Identity",
                    quoted(command.value("Name").unwrap_or("SfBOnline"))
                ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::Scene;

    const SPLATTED: &str = "$p = @{ Name = 'SfBOnline'; Enabled = $true; ApplicationIdentifier = '00000004-0000-0ff1-ce00-000000000000' }\n";

    #[test]
    fn fires_on_a_table_without_it() {
        assert!(Scene::script(&format!("{SPLATTED}New-PartnerApplication @p\n")).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_a_table_with_it() {
        let with = Scene::script(&format!(
            "{SPLATTED}$p.LinkedAccount = $user.Identity\nNew-PartnerApplication @p\n"
        ));
        assert!(!with.fires(&RULE) && !with.misses(&RULE));
        // What is not read is not missing, nor is it there.
        let open = Scene::script(
            "New-PartnerApplication -ApplicationIdentifier 00000004-0000-0ff1-ce00-000000000000 @rest\n",
        );
        assert!(!open.fires(&RULE) && open.misses(&RULE));
    }

    #[test]
    fn fires_without_it() {
        assert!(Scene::script("New-PartnerApplication -Name SfBOnline -ApplicationIdentifier 00000004-0000-0ff1-ce00-000000000000 -Enabled $True\n").fires(&RULE));
    }

    #[test]
    fn stays_silent_with_it() {
        assert!(!Scene::script("New-PartnerApplication -Name SfBOnline -ApplicationIdentifier 00000004-0000-0ff1-ce00-000000000000 -Enabled $True -LinkedAccount $user.Identity").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_applications_that_need_none() {
        for id in ["db7de2b5-2149-435e-8043-e080dd50afae", "00000002-0000-0ff1-ce00-000000000000"] {
            let script =
                format!("New-PartnerApplication -Name x -ApplicationIdentifier {id} -Enabled $True\n");
            assert!(!Scene::script(&script).fires(&RULE), "{id}");
        }
    }
}
