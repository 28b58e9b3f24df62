//! Takes the commands of scripts, gives findings of `script-partner-application`: a partner application is made with
//! another application id.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::organisation::script::{CommandCase, is_known};
use crate::checks::organisation::{Application, applications, quoted};
use crate::checks::rule::{Out, Rule, Scope};
use crate::state::commands::Command;
use crate::state::profile::Profile;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "script-partner-application",
    check: CheckId::Accepted,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["M02"],
    title: "a partner application is made with another application id",
    looks_at: "Name, ApplicationIdentifier and LinkedAccount of New-PartnerApplication, and the account that New-MailUser \
               makes for it.",
    matters: "Exchange accepts tokens of the application whose id stands there, and of no other. The ids of Skype for \
              Business Online and of Exchange Online differ in one digit.",
    bad: "New-PartnerApplication -Name SfBOnline -ApplicationIdentifier 00000002-0000-0ff1-ce00-000000000000",
    good: "New-PartnerApplication -Name SfBOnline -ApplicationIdentifier 00000004-0000-0ff1-ce00-000000000000",
    repair: "-ApplicationIdentifier 00000004-0000-0ff1-ce00-000000000000 (step 3).",
    sources: &[
        "Microsoft: Configure Integration and OAuth between Skype for Business Online and Exchange Server",
    ],
    scope: Scope::Command(examine),
};

fn examine(case: &CommandCase<'_>, out: &mut Out<'_>) {
    let all = applications(Profile::Teams2025);
    let id_of = |command: &Command| {
        let id = command.value("ApplicationIdentifier").filter(|id| is_known(id))?;
        Some(id.trim().trim_matches(['{', '}']).to_ascii_lowercase()).filter(|id| !id.is_empty())
    };
    let made = |id: &str| {
        case.named("New-PartnerApplication").any(|(_, command)| id_of(command).as_deref() == Some(id))
    };
    for (file, command) in case.named("New-PartnerApplication") {
        let Some(id) = id_of(command) else { continue };
        let own = all.iter().find(|application| application.id == id);
        let named = all.iter().find(|application| name_is(command, application.name));
        // Under another name, or linked to the account that the scripts make for an application that gets no partner.
        let of_account = || {
            let whose = |application: &&Application| {
                let account = application.account.unwrap_or_default();
                let makes = case.named("New-MailUser").any(|(_, command)| name_is(command, account));
                !account.is_empty() && makes && !made(application.id)
            };
            let linked = own.is_none() && command.has("LinkedAccount");
            all.iter().filter(|_| linked).find(whose)
        };
        let Some(wanted) = named.or_else(of_account).filter(|application| application.id != id) else {
            continue;
        };
        out.say("a partner application is made with another application id")
            .location(file.place(command.line))
            .observed(format!("-ApplicationIdentifier {id}"))
            .expected(format!("{} ({})", wanted.id, wanted.name))
            .help(format!(
                "New-PartnerApplication -Name {} -ApplicationIdentifier {} -Enabled $True{}",
                quoted(wanted.name),
                wanted.id,
                if wanted.account.is_some() { " -LinkedAccount $user.Identity" } else { "" }
            ));
    }
}

/// Whether a command makes something of that name; the name is the first value without a parameter, too.
fn name_is(command: &Command, name: &str) -> bool {
    let bare =
        || command.arguments.iter().find(|(own, _)| own.is_empty()).and_then(|(_, value)| value.as_deref());
    command.value("Name").or_else(bare).is_some_and(|own| own.trim().eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::Scene;

    const USER: &str = "$user = New-MailUser -Name SfBOnline-ApplicationAccount -ExternalEmailAddress SfBOnline-ApplicationAccount@a-b.example\n";
    const MADE: &str = "-ApplicationIdentifier 00000004-0000-0ff1-ce00-000000000000 -Enabled $True -LinkedAccount $user.Identity\n";

    #[test]
    fn fires_on_the_id_of_another_application() {
        let wrong = MADE.replace("00000004", "00000002");
        for name in ["-Name SfBOnline", "SfBOnline", "'sfbonline'"] {
            assert!(Scene::script(&format!("New-PartnerApplication {name} {wrong}")).fires(&RULE), "{name}");
        }
        assert!(Scene::script(&format!("{USER}New-PartnerApplication -Name Skype {wrong}")).fires(&RULE));
        let mistyped = MADE.replace("0ff1", "0ffl");
        assert!(Scene::script(&format!("New-PartnerApplication SfBOnline {mistyped}")).fires(&RULE));
        let swapped = "New-PartnerApplication -Name CloudVoicemail -ApplicationIdentifier 7557eb47-c689-4224-abcf-aef9bd7573df -Enabled $true\n";
        assert!(Scene::script(swapped).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_the_right_one() {
        for name in ["-Name SfBOnline", "-Name 'Skype for Business'", "SfBOnline"] {
            let script = format!("{USER}New-PartnerApplication {name} {MADE}");
            assert!(!Scene::script(&script).fires(&RULE), "{name}");
        }
        let id = "00000004-0000-0ff1-ce00-000000000000";
        for spelling in
            [id.to_ascii_uppercase(), format!("'{{{id}}}'"), format!("([guid]'{id}')"), "$id".into()]
        {
            let script = format!("New-PartnerApplication SfBOnline {}", MADE.replace(id, &spelling));
            assert!(!Scene::script(&script).fires(&RULE), "{spelling}");
        }
    }

    #[test]
    fn stays_silent_on_applications_of_others() {
        let other = "New-PartnerApplication -Name Graph -ApplicationIdentifier 00000003-0000-0000-c000-000000000000 -Enabled $true\n";
        let linked = other.replace("-Enabled $true", "-LinkedAccount $other.Identity");
        for script in [
            other.to_owned(),
            linked.clone(),
            format!("{USER}New-PartnerApplication SfBOnline {MADE}{linked}"),
        ] {
            assert!(!Scene::script(&script).fires(&RULE), "{script}");
        }
        assert!(
            !Scene::script(
                "New-PartnerApplication -Name SfBOnline -ApplicationIdentifier $id -Enabled $true"
            )
            .fires(&RULE)
        );
    }
}
