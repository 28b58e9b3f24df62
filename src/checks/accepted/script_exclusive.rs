//! Takes the commands of scripts, gives findings of `script-exclusive`: a partner application is made by id and by metadata at once.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::organisation::script::CommandCase;
use crate::checks::rule::{Out, Rule, Scope};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "script-exclusive",
    check: CheckId::Accepted,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["M10"],
    title: "a partner application is made by id and by metadata at once",
    looks_at: "New-PartnerApplication with -ApplicationIdentifier and -AuthMetadataUrl.",
    matters: "The two belong to different parameter sets: the cmdlet refuses the line.",
    bad: "-ApplicationIdentifier x -AuthMetadataUrl y",
    good: "-ApplicationIdentifier x",
    repair: "Leave -AuthMetadataUrl out for applications of the cloud.",
    sources: &["Microsoft: New-PartnerApplication"],
    scope: Scope::Command(examine),
};

fn examine(case: &CommandCase<'_>, out: &mut Out<'_>) {
    for (file, command) in case.named("New-PartnerApplication") {
        if command.has("ApplicationIdentifier") && command.has("AuthMetadataUrl") {
            out.say("a partner application is made by id and by metadata at once")
                .location(file.place(command.line))
                .observed("-ApplicationIdentifier and -AuthMetadataUrl")
                .expected("-ApplicationIdentifier alone");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::Scene;

    #[test]
    fn fires_on_both() {
        assert!(Scene::script("New-PartnerApplication -Name SfBOnline -ApplicationIdentifier 00000004-0000-0ff1-ce00-000000000000 -Enabled $True -LinkedAccount $user.Identity -AuthMetadataUrl https://x/metadata/json/1").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_the_id_alone() {
        assert!(!Scene::script("New-PartnerApplication -Name SfBOnline -ApplicationIdentifier 00000004-0000-0ff1-ce00-000000000000 -Enabled $True -LinkedAccount $user.Identity").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_the_metadata_alone() {
        let script = "New-PartnerApplication -Name Lync -AuthMetadataUrl https://x/metadata/json/1\n";
        assert!(!Scene::script(script).fires(&RULE));
    }
}
