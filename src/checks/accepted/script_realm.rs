//! Takes the commands of scripts, gives findings of `script-realm`: a partner application is made with a realm.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::organisation::script::CommandCase;
use crate::checks::rule::{Out, Rule, Scope};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "script-realm",
    check: CheckId::Accepted,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["M09"],
    title: "a partner application is made with a realm",
    looks_at: "-Realm of New-PartnerApplication.",
    matters: "Applications of the cloud have an empty realm; another one binds them to one tenant name.",
    bad: "New-PartnerApplication ... -Realm contoso.com",
    good: "no -Realm",
    repair: "Leave -Realm out.",
    sources: &["Microsoft: New-PartnerApplication"],
    scope: Scope::Command(examine),
};

fn examine(case: &CommandCase<'_>, out: &mut Out<'_>) {
    for (file, command) in case.named("New-PartnerApplication") {
        if let Some(realm) = command.value("Realm").filter(|realm| !realm.is_empty()) {
            out.say("a partner application is made with a realm")
                .location(file.place(command.line))
                .observed(format!("-Realm {realm}"))
                .expected("no -Realm");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::Scene;

    #[test]
    fn fires_on_a_realm() {
        assert!(Scene::script("New-PartnerApplication -Name SfBOnline -ApplicationIdentifier 00000004-0000-0ff1-ce00-000000000000 -Enabled $True -LinkedAccount $user.Identity -Realm fabrikam.example").fires(&RULE));
    }

    #[test]
    fn stays_silent_without_one() {
        assert!(!Scene::script("New-PartnerApplication -Name SfBOnline -ApplicationIdentifier 00000004-0000-0ff1-ce00-000000000000 -Enabled $True -LinkedAccount $user.Identity").fires(&RULE));
    }
}
