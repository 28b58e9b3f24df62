//! Takes the evidence, weighs `auth-server-missing`: Exchange has no authorization server for the cloud.

use crate::diagnose::cause::{Case, Cause, Rank, Weighing};
use crate::state::object::Kind;

/// See the text.
pub(crate) static CAUSE: Cause = Cause {
    id: "auth-server-missing",
    title: "Exchange has no authorization server for the cloud",
    rank: Rank::Root,
    summary: "{observed}: the authorization server object for the cloud (ACS) is missing, disabled or there several times. Every token from the cloud is refused, and Exchange gets none for its own calls.",
    speaks_for: "A log of outbound calls names NoMatchedTokenIssuer or the like; the trusted issuers of the challenge hold no 00000001-… principal; Exchange calls good tokens invalid. The state shows no enabled auth server for it.",
    speaks_against: "A token service is trusted, but that of another cloud or tenant. The state shows the auth servers enabled.",
    repair: &[
        "Get-AuthServer | Format-List Name,Type,IssuerIdentifier,Realm,Enabled",
        "New-AuthServer -Name WindowsAzureACS -AuthMetadataUrl https://accounts.accesscontrol.windows.net/{domain}/metadata/json/1",
        "Set-AuthServer <name> -Enabled $true   # when it exists and is disabled",
        "iisreset",
    ],
    sources: &[
        "Microsoft Learn: Configure OAuth between Exchange and Exchange Online",
        "[MS-XOAUTH] 3.2.5.4",
    ],
    examine,
};

fn logged(weigh: &mut Weighing<'_>) {
    weigh.logged(
        80,
        &[
            "NoMatchedTokenIssuer",
            "MissingRealmInAuthServer",
            "InvalidConfigurationMultipleAuthServerWithEmptyRealm",
            "InvalidConfigurationMultipleAuthServerWithSameRealm",
        ],
    );
}

fn examine<'a>(case: &Case<'a>, weigh: &mut Weighing<'a>) {
    if super::foreign_issuer(case).is_none() {
        logged(weigh);
    }

    let missing = case.errors(&["challenge-issuer-missing"]);
    let stated = weigh.first_state("state-auth-server", |_| true).map(|finding| finding.message.clone());
    if let Some(stated) = stated.filter(|_| missing.is_empty()) {
        weigh.words("observed", format!("Get-AuthServer shows it: {stated}"));
    } else if missing.is_empty() {
        weigh.words(
            "observed",
            "Exchange finds no authorization server of its own for an issuer that the other side trusts"
                .into(),
        );
    }
    if let Some(finding) = missing.first().and_then(|&index| case.judgement.findings.get(index)) {
        weigh
            .plus(80, "the challenge trusts no token service of the cloud")
            .words("observed", format!("The challenge of Exchange lists no token service of the cloud among its trusted issuers ({})", finding.observed))
            .by(missing.iter().copied());
        let mut refused = case.refused("invalid_token");
        refused.retain(|(call, _)| !super::speaks_of_profile(call.reason_of("invalid_token")));
        if !refused.is_empty() {
            weigh.plus(10, "Exchange calls good tokens invalid").at(&refused);
        }
        if case.any_accepted() {
            weigh.minus(30, "a token of the cloud was accepted nevertheless");
        }
    }
    let asked = case.organisation.is_some_and(|organisation| organisation.asked(Kind::AuthServer));
    if weigh.state(&[("state-auth-server", 85)]) {
        if missing.is_empty() && case.any_accepted() {
            weigh.minus(35, "a token of the cloud was accepted in the recording");
        }
    } else if weigh.score() > 0 && asked {
        weigh.set_well(
            "Get-AuthServer shows the auth servers of the cloud, enabled: restart IIS, then record again",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Scene, TENANT};
    use crate::diagnose::testing::Story;
    use crate::state::cloud::Cloud;

    #[test]
    fn fires_without_acs() {
        assert_eq!(Story::of(Scene::healthy().refused_with("Bearer client_id=\"00000002-0000-0ff1-ce00-000000000000\", trusted_issuers=\"00000004-0000-0ff1-ce00-000000000000@contoso.com\"")).lead(), CAUSE.id);
    }

    #[test]
    fn names_the_token_service_of_the_cloud_that_the_tokens_come_from() {
        let command = |issuer: &str| {
            let scene = Scene::healthy().actor("iss", format!("{issuer}@{TENANT}"));
            let found = Story::of(scene.refused_with("Bearer client_id=\"00000002-0000-0ff1-ce00-000000000000\", trusted_issuers=\"00000004-0000-0ff1-ce00-000000000000@contoso.com\"")).diagnosis().causes;
            found.iter().find(|found| found.cause.id == CAUSE.id).unwrap().commands.get(1).unwrap().clone()
        };
        for cloud in [Cloud::Worldwide, Cloud::China] {
            let found = command(cloud.acs_issuer());
            assert!(found.contains(&format!("https://{}/", cloud.acs_host())), "{found}");
        }
    }

    #[test]
    fn a_kind_of_token_that_a_path_does_not_take_is_another_cause() {
        let said = "2000001;reason=\"The token profile is not applicable.\";error_category=\"invalid_token\"";
        let missing = Scene::healthy().discovery("Bearer client_id=\"00000002-0000-0ff1-ce00-000000000000\", trusted_issuers=\"00000004-0000-0ff1-ce00-000000000000@contoso.com\"");
        let causes = Story::of(Scene::healthy().refused(said)).and(missing).causes();
        assert!(causes.contains(&CAUSE.id) && causes.contains(&"token-kind-refused"), "{causes:?}");
    }

    #[test]
    fn stays_silent_with_acs() {
        assert!(!Story::of(Scene::healthy().refused("")).causes().contains(&CAUSE.id));
    }

    #[test]
    fn fires_on_a_log_of_outbound_calls() {
        assert_eq!(Story::logged("NoMatchedTokenIssuer").lead(), CAUSE.id);
    }

    #[test]
    fn fires_on_the_words_of_the_connectivity_test() {
        let told = "The trusted issuers contained the following entries '00000001-0000-0000-c000-000000000000@*'. None of them are configured locally.";
        assert_eq!(Story::logged(told).lead(), CAUSE.id);
    }
}
