//! Takes the evidence, weighs `wrong-realm`: tokens or settings name another tenant.

use crate::checks::finding::Finding;
use crate::diagnose::cause::{Case, Cause, Rank, Weighing};

/// See the text.
pub(crate) static CAUSE: Cause = Cause {
    id: "wrong-realm",
    title: "tokens or settings name another tenant",
    rank: Rank::Root,
    summary: "The realm is not that of the tenant ({tenant}): {observed}. Tokens are issued for, or asked from, another tenant than the one that was given; the authorization server, the partner application or the caller is configured with the wrong one.",
    speaks_for: "Tokens, token requests or the challenge name another tenant, none, or a wildcard; the token service does not know the tenant asked for; Exchange says invalid_tenant. The state shows an auth server of another tenant, or a realm in Get-AuthConfig.",
    speaks_against: "Everything names the given tenant. The state shows the auth server of the given tenant.",
    repair: &[
        "Get-AuthServer | Format-List Name,IssuerIdentifier,Realm,TokenIssuingEndpoint,Enabled",
        "Set-AuthServer <name> -AuthMetadataUrl https://accounts.accesscontrol.windows.net/{domain}/metadata/json/1",
        "Get-AuthConfig | Format-List Realm; Get-PartnerApplication | Format-List Name,Realm",
        "Get-MgOrganization | Format-List Id,VerifiedDomains",
    ],
    sources: &[
        "[MS-XOAUTH] 3.2.5.6",
        "Microsoft Entra authentication and authorization error codes",
        "Microsoft Support: Resolve free/busy errors",
    ],
    examine,
};

fn examine<'a>(case: &Case<'a>, weigh: &mut Weighing<'a>) {
    let named = case.errors(&["issuer-tenant", "issuer-realm-missing", "audience-realm"]);
    let places = case.places(&named);
    if let Some(finding) = named.first().and_then(|&index| case.judgement.findings.get(index)) {
        weigh
            .plus(80, "tokens name another tenant, or none")
            .words("observed", finding.observed.clone())
            .by(named);
    }
    let trusted = case.errors(&["challenge-realm"]);
    let mut set_wrong = !trusted.is_empty();
    if let Some(finding) = trusted.first().and_then(|&index| case.judgement.findings.get(index)) {
        weigh
            .plus(75, "Exchange trusts the token service for another tenant")
            .words("observed", finding.observed.clone())
            .by(trusted);
    }
    let mut unknown = case.asks(|ask| ask.refused() && ask.has(&["90002", "90019", "50059"]));
    // Beside another tenant that is named, a service that does not know the right one is a fault of its own.
    let other = unknown.iter().any(|(ask, _)| ask.own_tenant != Some(true));
    let stated = weigh.first_state("state-auth-server-tenant", |_| true).is_some();
    if other || stated || weigh.score() > 0 {
        unknown.retain(|(ask, _)| ask.own_tenant != Some(true));
    }
    if let Some((ask, _)) = unknown.first() {
        let asked = ask.tenant.clone().unwrap_or_else(|| "no tenant".into());
        let own = ask.own_tenant == Some(true);
        let observed = if own { format!("the token service does not know {asked}") } else { asked };
        weigh.words("observed", observed);
        match ask.own_tenant {
            Some(true) => weigh.plus(40, "the token service does not know the tenant asked for").at(&unknown),
            _ => weigh
                .plus(85, "the token service does not know the tenant asked for, and it is not the given one")
                .at(&unknown),
        };
    }
    let other = case.asks(|ask| {
        ask.own_tenant == Some(false) && !unknown.iter().any(|(known, _)| *known == ask) && ask.refused()
    });
    if !other.is_empty() {
        weigh.plus(40, "a token request goes to another tenant, and is refused").at(&other);
    }
    let realm =
        |finding: &Finding| finding.evidence.iter().any(|place| place.claim.as_deref() == Some("Realm"));
    if weigh.state(&[("state-auth-server-tenant", 85)])
        | weigh.state_where(&[("state-auth-config", 40)], realm)
    {
        set_wrong = true;
        let said = weigh
            .first_state("state-auth-server-tenant", |_| true)
            .or_else(|| weigh.first_state("state-auth-config", realm));
        weigh.words("observed", said.map(|finding| finding.observed.clone()).unwrap_or_default());
    }
    // Where only some tokens name another tenant, those that name the right one are refused for something else.
    let mut refused = case.refused("invalid_tenant");
    refused.retain(|(call, seen)| {
        let named = !seen.exchanges.is_disjoint(&places);
        set_wrong || call.tenant != Some(true) || named
    });
    if weigh.score() > 0 && !refused.is_empty() {
        weigh.plus(15, "Exchange says that it does not know the tenant").at(&refused);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::TENANT;
    use crate::checks::testing::{OTHER_TENANT, Scene, Signer};
    use crate::diagnose::cause::Confidence;
    use crate::diagnose::testing::{Story, denied};

    #[test]
    fn a_token_of_the_right_tenant_is_refused_for_something_else() {
        let refused = || Scene::healthy().refused("2000004;error_category=\"invalid_tenant\"");
        let other = Scene::healthy().both_realms(OTHER_TENANT);
        let causes = Story::of(other).and(refused()).causes();
        assert!(causes.contains(&CAUSE.id) && causes.contains(&"wildcard-accepted-domain"), "{causes:?}");
        assert_eq!(Story::of(refused().both_realms(OTHER_TENANT)).causes(), [CAUSE.id]);
    }

    #[test]
    fn fires_on_another_tenant() {
        assert_eq!(Story::of(Scene::healthy().both_realms(OTHER_TENANT)).lead(), CAUSE.id);
    }

    #[test]
    fn fires_on_a_tenant_that_the_token_service_does_not_know() {
        let story = Story::request(
            Signer::Exchange,
            400,
            &denied("invalid_request", "AADSTS90002: Tenant not found."),
        );
        assert_eq!(story.target("/contoso.invalid/tokens/OAuth/2").lead(), CAUSE.id);
    }

    #[test]
    fn a_realm_of_exchange_itself_is_named_where_exchange_does_not_know_the_tenant() {
        let refused = Story::of(Scene::healthy().refused("2000004;error_category=\"invalid_tenant\""));
        let story = refused.and_state(|all| {
            // The service name is wrong too, and is another matter.
            let all = all.set("Get-AuthConfig", "", "Realm", "other.example");
            all.set("Get-AuthConfig", "", "ServiceName", "00000004-0000-0ff1-ce00-000000000000")
        });
        let found = story.told(CAUSE.id).unwrap().found;
        assert_eq!(found.confidence, Confidence::Likely);
        assert!(found.summary.contains(": Realm: other.example."), "{}", found.summary);
    }

    #[test]
    fn stays_silent_on_the_given_tenant() {
        assert!(!Story::of(Scene::healthy().status(500)).causes().contains(&CAUSE.id));
    }

    #[test]
    fn the_given_tenant_that_is_not_known_is_another_cause() {
        let confidence = |target: &str, status: u16, answer: &str| {
            let story = Story::request(Signer::Exchange, status, answer).target(target);
            let causes = story.diagnosis().causes;
            causes.iter().find(|found| found.cause.id == CAUSE.id).map(|found| found.confidence)
        };
        let unknown = denied("invalid_request", "AADSTS90002: Tenant not found.");
        let other = denied("invalid_client", "AADSTS7000112: disabled.");
        let (own, foreign) = (format!("/{TENANT}/tokens/OAuth/2"), format!("/{OTHER_TENANT}/tokens/OAuth/2"));
        // It may be one of another cloud.
        let story = Story::request(Signer::Exchange, 400, &unknown).target(&own);
        assert_eq!(story.lead(), "wrong-cloud");
        assert_eq!(confidence(&own, 400, &other), None);
        assert!(confidence(&foreign, 400, &unknown) > Some(Confidence::Possible));
    }
}
