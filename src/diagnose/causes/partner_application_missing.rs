//! Takes the evidence, weighs `partner-application-missing`: the partner application is missing or disabled.

use crate::checks::judge::facts::Signed;
use crate::checks::organisation;
use crate::diagnose::cause::{Case, Cause, Rank, Weighing};
use crate::state::profile::Profile;

/// See the text.
pub(crate) static CAUSE: Cause = Cause {
    id: "partner-application-missing",
    title: "the partner application is missing or disabled",
    rank: Rank::Root,
    summary: "Exchange does not know the calling application {application}, or its partner application is disabled. The token itself is in order; every call of that application is refused until the partner application exists and is enabled.",
    speaks_for: "Exchange refuses the token with invalid_client; other applications are accepted by the same server. The state shows no enabled partner application for it, or two, or one with a realm.",
    speaks_against: "The token is wrong by itself, so that its application cannot be read with confidence. The state shows it enabled, or a token of that application was accepted.",
    repair: &[
        "Get-PartnerApplication | Format-List Name,ApplicationIdentifier,Enabled,LinkedAccount",
        "New-PartnerApplication -Name {partner} -ApplicationIdentifier {application} -Enabled $true -LinkedAccount <mail user>   # of Cloud Voicemail: without -LinkedAccount",
        "Set-PartnerApplication <name> -Enabled $true   # when it exists and is disabled",
        "iisreset   # Exchange keeps the list for a while",
    ],
    sources: &[
        "Microsoft Learn: Configure OAuth between Skype for Business Online and Exchange on-premises",
        "Microsoft Learn: New-PartnerApplication",
    ],
    examine,
};

fn examine<'a>(case: &Case<'a>, weigh: &mut Weighing<'a>) {
    let refused = case.refused("invalid_client");
    if let Some((call, _)) = refused.first() {
        weigh
            .plus(80, "Exchange says that it does not know the application")
            .at(&refused)
            .application(call.application.as_deref());
        let others = case.calls(|other| other.accepted() && other.application != call.application);
        if !others.is_empty() {
            weigh.plus(10, "other applications are accepted by the same server");
        }
        if call.signed == Signed::Failed {
            weigh.minus(40, "the signature of the token is wrong").but(case.errors(&["signature-wrong"]));
        }
        let mixed = case.errors(&["chain-application"]);
        if !mixed.is_empty() {
            weigh.minus(40, "outer and actor token name different applications").but(mixed);
        }
    }
    let said = weigh.state(&[
        ("state-partner-missing", 85),
        ("state-partner-disabled", 85),
        ("state-partner-realm", 60),
        ("state-partner-duplicated", 60),
    ]);
    let application = weigh.known("application").map(str::to_ascii_lowercase);
    let page = organisation::applications(Profile::Teams2025)
        .iter()
        .find(|known| application.as_deref() == Some(known.id));
    if let Some(name) = page.map(|known| known.name).or(application.as_deref()) {
        weigh.value("partner", name);
    }
    // Cloud Voicemail has no account.
    if let Some(page) = page.filter(|known| known.account.is_none() && weigh.score() > 0)
        && weigh.repairs.is_empty()
    {
        let made = format!(
            "New-PartnerApplication -Name {} -ApplicationIdentifier {} -Enabled $true",
            page.name, page.id
        );
        let others = CAUSE.repair.iter().map(|line| (*line).to_owned());
        weigh.repairs =
            others.map(|line| if line.starts_with("New-") { made.clone() } else { line }).collect();
    }
    let (Some(organisation), Some(application)) = (case.organisation, application) else { return };
    if said {
        super::accepted_nevertheless(case, weigh, &application);
    } else if weigh.score() > 0
        && organisation.partners(&application).iter().any(|one| one.flag("Enabled") != Some(false))
    {
        weigh.set_well(
            "Get-PartnerApplication shows the partner application, enabled: restart IIS, then record again",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::expectations::{CLOUD_VOICEMAIL, SKYPE};
    use crate::checks::testing::Scene;
    use crate::diagnose::testing::Story;

    #[test]
    fn fires_on_invalid_client() {
        assert_eq!(
            Story::of(Scene::healthy().refused("2000006;error_category=\"invalid_client\"")).lead(),
            CAUSE.id
        );
    }

    #[test]
    fn makes_the_application_as_the_page_does() {
        let command = |id: &str| {
            let scene = Scene::healthy().application(id).refused("2000006;error_category=\"invalid_client\"");
            let found = Story::of(scene).diagnosis().causes;
            found.first().unwrap().commands.get(1).unwrap().clone()
        };
        assert!(command(SKYPE).starts_with("New-PartnerApplication -Name SfBOnline -ApplicationIdentifier"));
        assert!(command(SKYPE).contains("-LinkedAccount "));
        let voicemail = command(CLOUD_VOICEMAIL);
        assert!(
            voicemail.contains("-Name CloudVoicemail ") && !voicemail.contains("LinkedAccount"),
            "{voicemail}"
        );
    }

    #[test]
    fn stays_silent_on_invalid_user() {
        assert!(
            !Story::of(Scene::healthy().refused("2000005;error_category=\"invalid_user\""))
                .causes()
                .contains(&CAUSE.id)
        );
    }
}
