//! Takes the evidence, weighs `wrong-cloud`: two clouds are mixed.

use crate::checks::judge::facts::Signed;
use crate::diagnose::cause::{Case, Cause, Rank, Weighing};

/// See the text.
pub(crate) static CAUSE: Cause = Cause {
    id: "wrong-cloud",
    title: "two clouds are mixed",
    rank: Rank::Root,
    summary: "Tokens and settings belong to different clouds (worldwide, US government, 21Vianet): {observed}. Each cloud has its own token service with its own id and keys; Exchange and Exchange's requests must name the one that the tenant ({tenant}) lives in.",
    speaks_for: "The challenge trusts the token service of another cloud than the tokens come from; token requests go to the host of another cloud; a token service does not know a tenant whose name is right. The state shows an auth server of another cloud.",
    speaks_against: "Both sides name one cloud. The state shows auth servers of one cloud only.",
    repair: &[
        "Get-AuthServer | Format-List Name,IssuerIdentifier,AuthMetadataUrl,TokenIssuingEndpoint,Enabled",
        "Set-AuthServer <name> -AuthMetadataUrl https://<token service of the cloud>/{domain}/metadata/json/1   # worldwide: accounts.accesscontrol.windows.net, US government: login.microsoftonline.us, 21Vianet: accounts.accesscontrol.chinacloudapi.cn",
        "Set-AuthServer <name> -RefreshAuthMetadata",
    ],
    sources: &["Microsoft Learn: national clouds", "Microsoft Q&A 1629044"],
    examine,
};

fn examine<'a>(case: &Case<'a>, weigh: &mut Weighing<'a>) {
    let trusted = case.errors(&["challenge-cloud"]);
    if let Some(finding) = trusted.first().and_then(|&index| case.judgement.findings.get(index)) {
        weigh.plus(
            80,
            "Exchange trusts the token service of another cloud than the one that issues the tokens",
        );
        weigh.words("observed", finding.observed.clone()).by(trusted);
        for category in ["invalid_token", "invalid_tenant", "invalid_signature"] {
            let mut refused = case.refused(category);
            // What is refused for its profile, or for a signature that is wrong here too, is no matter of the cloud.
            refused.retain(|(call, _)| {
                call.signed != Signed::Failed && !super::speaks_of_profile(call.reason_of(category))
            });
            if !refused.is_empty() {
                weigh.plus(10, "Exchange refuses those tokens").at(&refused);
            }
        }
    }
    let asked = case.errors(&["request-cloud"]);
    let places = case.places(&asked);
    if let Some(finding) = asked.first().and_then(|&index| case.judgement.findings.get(index)) {
        weigh
            .plus(75, "a token request goes to the token service of another cloud")
            .words("observed", finding.observed.clone())
            .by(asked);
        let mut unknown = case.asks(|ask| ask.refused() && ask.has(&["500011", "50001"]));
        unknown.retain(|(_, seen)| !seen.exchanges.is_disjoint(&places));
        if !unknown.is_empty() {
            weigh.plus(10, "it does not know the service of the other cloud").at(&unknown);
        }
    }
    let unknown = case.asks(|ask| ask.refused() && ask.has(&["90002", "90038", "900382", "900439"]));
    if let Some((ask, _)) = unknown.first() {
        if ask.has(&["90038", "900382", "900439"]) {
            weigh
                .plus(80, "the token service says that the tenant lives in another cloud")
                .at(&unknown)
                .words("observed", ask.host.clone());
        } else if ask.own_tenant == Some(true) {
            weigh
                .plus(60, "the token service does not know the tenant, although its name is right")
                .at(&unknown)
                .words("observed", ask.host.clone());
        }
    }
    if let Some((told, cloud)) = super::foreign_issuer(case) {
        let host = if told.host.is_empty() { "the other side" } else { &told.host };
        let said = format!(
            "{host} trusts only the token service of the {} cloud, and Exchange has no auth server for it",
            cloud.name()
        );
        weigh
            .plus(90, said.clone())
            .words("observed", said)
            .by(case.errors(&["log-outbound", "state-test-failed"]));
    }
    if weigh.state(&[("state-auth-server-cloud", 85)]) {
        let said = weigh.first_state("state-auth-server-cloud", |_| true);
        weigh.words("observed", said.map(|finding| finding.observed.clone()).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Scene, Signer};
    use crate::diagnose::testing::{Story, denied};

    #[test]
    fn fires_on_21vianet() {
        assert_eq!(Story::of(Scene::healthy().refused_with("Bearer client_id=\"00000002-0000-0ff1-ce00-000000000000\", trusted_issuers=\"00000001-0002-0000-c000-000000000000@*\"")).lead(), CAUSE.id);
    }

    #[test]
    fn fires_on_the_words_of_the_connectivity_test() {
        // Microsoft Q&A 1629044.
        let told = |id: &str| {
            Story::logged(&format!(
                "The trusted issuers contained the following entries '{id}@*'. None of them are configured locally."
            ))
        };
        let other = told("00000001-0002-0000-c000-000000000000");
        assert_eq!(other.causes(), [CAUSE.id]);
        assert!(!told("00000001-0000-0000-c000-000000000000").causes().contains(&CAUSE.id));
    }

    #[test]
    fn fires_on_a_resource_that_the_cloud_that_was_asked_does_not_know() {
        let answer = denied("invalid_resource", "AADSTS500011: not found");
        let story = Story::request(Signer::Exchange, 400, &answer);
        assert_eq!(story.asked_for("partner.outlook.cn").causes(), [CAUSE.id]);
    }

    #[test]
    fn stays_silent_on_one_cloud() {
        assert!(
            !Story::of(Scene::healthy().refused("2000001;error_category=\"invalid_token\""))
                .causes()
                .contains(&CAUSE.id)
        );
    }
}
