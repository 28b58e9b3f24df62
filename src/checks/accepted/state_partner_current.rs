//! Takes the state of the organisation, gives findings of `state-partner-current`: only the older application of Skype for Business Online is enabled.

use crate::checks::CheckId;
use crate::checks::expectations::{CLOUD_VOICEMAIL, SKYPE, TEAMS_SCHEDULER};
use crate::checks::finding::Severity;
use crate::checks::organisation::StateCase;
use crate::checks::rule::{Out, Rule, Scope};
use crate::state::object::Kind;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "state-partner-current",
    check: CheckId::Accepted,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["N14"],
    title: "only the older application of Skype for Business Online is enabled",
    looks_at: "Whether 7557eb47-c689-4224-abcf-aef9bd7573df (Teams Scheduler) and \
               db7de2b5-2149-435e-8043-e080dd50afae (Cloud Voicemail) are enabled partner applications \
               beside 00000004.",
    matters: "Microsoft's page of June 2025 moves Teams to these; HealthChecker reports an organisation \
              that has neither.",
    bad: "00000004 alone",
    good: "one or both of the new ones too",
    repair: "`oauthtrace provision script --profile teams-2025` writes the steps; keep 00000004 for \
             voicemail greetings.",
    sources: &["Microsoft: page of June 2025", "CSS-Exchange: HealthChecker"],
    scope: Scope::State(examine),
};

fn examine(case: &StateCase<'_>, out: &mut Out<'_>) {
    let enabled = |id: &str| case.partners(id).into_iter().find(|one| one.flag("Enabled") != Some(false));
    let Some(old) = enabled(SKYPE) else { return };
    let missing: Vec<&str> =
        [TEAMS_SCHEDULER, CLOUD_VOICEMAIL].into_iter().filter(|id| enabled(id).is_none()).collect();
    let open = |id: &&str| case.left_open(Kind::PartnerApplication, &[id]).is_some();
    if missing.is_empty() || !case.asked(Kind::PartnerApplication) || missing.iter().any(open) {
        return;
    }
    let hit = out.say(if missing.len() == 2 {
        "only the older application of Skype for Business Online is enabled"
    } else {
        "one of the two newer applications is not enabled"
    });
    if missing.len() < 2 {
        hit.severity(Severity::Info);
    }
    hit.location(&old.place)
        .observed(format!("not enabled: {}", missing.join(", ")))
        .expected("Teams Scheduler and Cloud Voicemail beside it")
        .help("oauthtrace provision script --profile teams-2025 # writes the steps: 20, 21, 30, 50");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::{
        Scene,
        organisation::{SCHEDULER, VOICEMAIL},
    };

    #[test]
    fn fires_on_the_old_one_alone() {
        assert!(
            Scene::healthy()
                .without("Get-PartnerApplication", SCHEDULER)
                .without("Get-PartnerApplication", VOICEMAIL)
                .fires(&RULE)
        );
    }

    #[test]
    fn stays_silent_on_all_three() {
        assert!(!Scene::healthy().fires(&RULE));
    }

    #[test]
    fn one_of_the_two_is_said_softly_and_a_disabled_one_counts_as_missing() {
        let without = |id: &str| Scene::healthy().without("Get-PartnerApplication", id);
        let one = without(SCHEDULER).hits(&RULE);
        assert!(one[0].severity == Severity::Info && one[0].message.contains("one of the two"));
        let both = without(SCHEDULER).without("Get-PartnerApplication", VOICEMAIL).hits(&RULE);
        assert!(both[0].severity == RULE.severity && both[0].message.contains("only the older"));
        let off = Scene::healthy().set("Get-PartnerApplication", VOICEMAIL, "Enabled", false);
        assert!(off.fires(&RULE));
        // Nothing is older where the older is off.
        let skype = without(SCHEDULER).set("Get-PartnerApplication", SKYPE, "Enabled", false);
        assert!(!skype.fires(&RULE));
    }
}
