//! Takes the evidence, weighs `wildcard-accepted-domain`: a wildcard accepted domain hides the domain that the token names.

use crate::checks::finding::Finding;
use crate::checks::judge::facts::{Call, Seen};
use crate::diagnose::cause::{Case, Cause, Rank, Weighing};

/// See the text.
pub(crate) static CAUSE: Cause = Cause {
    id: "wildcard-accepted-domain",
    title: "a wildcard accepted domain hides the domain that the token names",
    rank: Rank::Root,
    summary: "Exchange says that it does not know the tenant, although the token names the right one. That is what happens when the domain is only covered by a wildcard accepted domain (*.{verified_domain}) or not among the accepted domains at all: Exchange compares the realm with the accepted domains by name.",
    speaks_for: "Exchange refuses with invalid_tenant a token whose realm is the given tenant, in issuer and audience. The state shows that the account's domain is accepted by a wildcard only.",
    speaks_against: "The realm of the token is another tenant, or the challenge trusts the token service for another realm only. The state shows the domain accepted by its own name.",
    repair: &[
        "Get-AcceptedDomain | Format-Table Name,DomainName,DomainType,MatchSubDomains",
        "New-AcceptedDomain -Name {verified_domain} -DomainName {verified_domain} -DomainType Authoritative",
        "Get-AuthConfig | Format-List Realm   # should be empty",
        "Get-AuthServer | Format-List Name,Realm,Enabled",
    ],
    sources: &["Microsoft Support: Skype for Business and Exchange integration fails"],
    examine,
};

fn examine<'a>(case: &Case<'a>, weigh: &mut Weighing<'a>) {
    traffic(case, weigh);
    let wild = |finding: &Finding| finding.expected.contains("by its own name");
    weigh.state_where(&[("state-account-domain", 70)], wild);
    weigh.state(&[("state-realm-wildcard", 80)]);
}

fn traffic<'a>(case: &Case<'a>, weigh: &mut Weighing<'a>) {
    let refused = case.refused("invalid_tenant");
    let Some((call, _)) = refused.iter().find(|(call, _)| call.tenant != Some(false)) else { return };
    let told = match call.tenant {
        Some(_) => "Exchange does not know the tenant of a token that names the right one",
        None => "Exchange does not know the tenant of a token; which one it names was not recorded",
    };
    weigh.plus(65, told).at(&refused);
    if call.reason_of("invalid_tenant").to_ascii_lowercase().contains("tenant guid") {
        weigh.plus(10, "it speaks of the tenant GUID, as it does with wildcard accepted domains");
    }
    let wrong = case.errors(&["issuer-tenant", "issuer-realm-missing", "audience-realm", "chain-realm"]);
    let places = case.places(&wrong);
    let right =
        |(call, seen): &(&Call, &Seen)| call.tenant == Some(true) && seen.exchanges.is_disjoint(&places);
    if !wrong.is_empty() && !refused.iter().any(right) {
        weigh.minus(60, "the token names another tenant somewhere").but(wrong);
    }
    let trusts = case.errors(&["challenge-realm", "challenge-cloud", "challenge-issuer-missing"]);
    if !trusts.is_empty() {
        weigh
            .minus(40, "Exchange trusts the token service for another tenant, another one, or none")
            .but(trusts);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{OTHER_TENANT, Scene, TENANT};
    use crate::diagnose::testing::Story;

    #[test]
    fn fires_on_the_right_tenant_refused() {
        assert_eq!(
            Story::of(Scene::healthy().refused(
                "2000004;reason=\"The tenant guid is not known.\";error_category=\"invalid_tenant\""
            ))
            .lead(),
            CAUSE.id
        );
    }

    #[test]
    fn a_tenant_guid_is_no_domain_to_accept() {
        let said = "2000004;error_category=\"invalid_tenant\"";
        let story = Story::of(Scene::healthy().refused(said));
        let commands = |story: Story| {
            let found = story.diagnosis().causes;
            found.iter().find(|found| found.cause.id == CAUSE.id).unwrap().commands.join("\n")
        };
        let (guid, domain) =
            (commands(story.tenant(TENANT)), commands(Story::of(Scene::healthy().refused(said))));
        assert!(
            guid.contains("New-AcceptedDomain -Name <verified domain> ") && !guid.contains(TENANT),
            "{guid}"
        );
        assert!(domain.contains("New-AcceptedDomain -Name contoso.com "), "{domain}");
    }

    #[test]
    fn stays_silent_on_another_tenant() {
        assert!(
            !Story::of(
                Scene::healthy()
                    .both_realms(OTHER_TENANT)
                    .refused("2000004;error_category=\"invalid_tenant\"")
            )
            .causes()
            .contains(&CAUSE.id)
        );
    }
}
