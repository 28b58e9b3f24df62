//! Takes the commands of scripts, gives findings of `script-voicemail-account`: Cloud Voicemail is linked to an account.

use crate::checks::CheckId;
use crate::checks::expectations::CLOUD_VOICEMAIL;
use crate::checks::finding::Severity;
use crate::checks::organisation::script::CommandCase;
use crate::checks::rule::{Out, Rule, Scope};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "script-voicemail-account",
    check: CheckId::Accepted,
    severity: Severity::Info,
    since: "0.1.0",
    candidates: &["M06"],
    title: "Cloud Voicemail is linked to an account",
    looks_at: "-LinkedAccount of New-PartnerApplication for db7de2b5-2149-435e-8043-e080dd50afae.",
    matters: "Microsoft's page makes this application without an account.",
    bad: "-ApplicationIdentifier db7de2b5-... -LinkedAccount x",
    good: "no -LinkedAccount",
    repair: "Leave -LinkedAccount out.",
    sources: &["Microsoft: page of June 2025"],
    scope: Scope::Command(examine),
};

fn examine(case: &CommandCase<'_>, out: &mut Out<'_>) {
    for (file, command) in case.named("New-PartnerApplication") {
        let id = command.value("ApplicationIdentifier").unwrap_or_default();
        if id.eq_ignore_ascii_case(CLOUD_VOICEMAIL) && command.has("LinkedAccount") {
            out.say("Cloud Voicemail is linked to an account")
                .location(file.place(command.line))
                .observed(format!("-LinkedAccount {}", command.value("LinkedAccount").unwrap_or_default()))
                .expected("no linked account");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::Scene;

    #[test]
    fn fires_with_an_account() {
        assert!(Scene::script("New-PartnerApplication -Name SfBOnline -ApplicationIdentifier db7de2b5-2149-435e-8043-e080dd50afae -Enabled $True -LinkedAccount $user.Identity").fires(&RULE));
    }

    #[test]
    fn stays_silent_without_one() {
        assert!(!Scene::script("New-PartnerApplication -Name CloudVoicemail -ApplicationIdentifier db7de2b5-2149-435e-8043-e080dd50afae -Enabled $true").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_another_application_with_an_account() {
        assert!(!Scene::script("New-PartnerApplication -Name SfBOnline -ApplicationIdentifier 00000004-0000-0ff1-ce00-000000000000 -Enabled $True -LinkedAccount $user.Identity").fires(&RULE));
    }
}
