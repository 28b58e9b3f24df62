//! Takes what `probe` learned of a question, gives findings of `challenge-foreign-cloud`: Exchange trusts only the token service of another cloud.

use crate::checks::CheckId;
use crate::checks::challenge::issuers;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::probed::ProbeCase;
use crate::checks::rule::{Out, Rule, Scope};
use crate::state::cloud::Cloud;
use crate::wire::http::challenge::challenges;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "challenge-foreign-cloud",
    check: CheckId::Challenge,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &[],
    title: "Exchange trusts only the token service of another cloud",
    looks_at: "The ACS issuers in `trusted_issuers` of a live challenge against --cloud.",
    matters: "Worldwide and 21Vianet have different ACS ids; Exchange refuses tokens of a service that it does not list.",
    bad: "trusted_issuers=\"00000001-0002-0000-c000-000000000000@*\" for a tenant of the worldwide cloud",
    good: "trusted_issuers=\"00000001-0000-0000-c000-000000000000@*\"",
    repair: "Set-AuthServer <name> -AuthMetadataUrl <metadata of the right cloud>; Set-AuthServer <name> -RefreshAuthMetadata; or name the cloud with --cloud",
    sources: &["Microsoft Learn: national clouds"],
    scope: Scope::Probe(examine),
};

fn examine(case: &ProbeCase<'_>, out: &mut Out<'_>) {
    let Some((_, exchange)) = case.challenge() else { return };
    let Some(response) = &exchange.response else { return };
    let offered = challenges(&response.head);
    let Some(bearer) = offered.iter().find(|offer| offer.is("bearer")) else { return };
    let issuers = issuers(bearer).unwrap_or_default();
    let clouds: Vec<Cloud> = issuers.iter().filter_map(|issuer| Cloud::of_acs(issuer.id)).collect();
    // The US government cloud uses the worldwide id.
    let wanted = if case.cloud == Cloud::China { Cloud::China } else { Cloud::Worldwide };
    if !clouds.is_empty() && !clouds.contains(&wanted) {
        let list: Vec<String> = issuers.iter().map(ToString::to_string).collect();
        out.say("Exchange trusts only the token service of another cloud")
            .observed(shown(&list.join(",")))
            .expected(format!("the token service of the {} cloud", case.cloud.name()))
            .location("response.header.www-authenticate");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::probe::{question, speaks};

    #[test]
    fn fires_on_21vianet() {
        let thing = question(
            401,
            &[("WWW-Authenticate", "Bearer trusted_issuers=\"00000001-0002-0000-c000-000000000000@*\"")],
        );
        assert!(speaks(&RULE, &thing));
    }

    #[test]
    fn stays_silent_on_worldwide() {
        let thing = question(
            401,
            &[("WWW-Authenticate", "Bearer trusted_issuers=\"00000001-0000-0000-c000-000000000000@*\"")],
        );
        assert!(!speaks(&RULE, &thing));
    }

    #[test]
    fn goes_by_the_bearer_challenge_and_by_issuers_that_belong_to_a_cloud() {
        let speaks = |challenge: &str| speaks(&RULE, &question(401, &[("WWW-Authenticate", challenge)]));
        let china = "trusted_issuers=\"00000001-0002-0000-c000-000000000000@*\"";
        assert!(!speaks(&format!("Negotiate, Other {china}")));
        assert!(!speaks("Bearer trusted_issuers=\"00000002-0000-0ff1-ce00-000000000000@contoso.com\""));
        assert!(!speaks("Bearer client_id=\"x\""));
    }
}
