//! Takes the evidence, weighs `application-disabled`: the application is disabled or gone in the tenant.

use crate::checks::expectations::SKYPE;
use crate::diagnose::cause::{Case, Cause, Rank, Weighing};

/// See the text.
pub(crate) static CAUSE: Cause = Cause {
    id: "application-disabled",
    title: "the application is disabled or gone in the tenant",
    rank: Rank::Root,
    summary: "The token service knows the tenant, but the application {application} is disabled or not in its directory (any more). Nothing can be asked in its name until its service principal is there and enabled. The principal of Skype for Business Online is being retired; where it is gone, callers use the principals of the Teams scheduler and of Cloud Voicemail.",
    speaks_for: "The token service answers AADSTS7000112, 70001, 700011, 700016, 7000229 or 500014, or unauthorized_client. The state shows the service principal disabled, or that there is none.",
    speaks_against: "The credentials are refused: then it is the certificate. The state shows it enabled.",
    repair: &[
        "Get-MgServicePrincipal -Filter \"appId eq '{application}'\" | Format-List DisplayName,AccountEnabled",
        "$principal = Get-MgServicePrincipal -Filter \"appId eq '{application}'\"; Update-MgServicePrincipal -ServicePrincipalId $principal.Id -AccountEnabled:$true",
        "New-MgServicePrincipal -AppId {application}   # when there is none",
        "oauthtrace provision script --profile teams-2025 --tenant {tenant} --verified-domain {verified_domain} --domain-controller {domain_controller} --host {exchange_host}   # the current principals",
    ],
    sources: &[
        "Microsoft Entra authentication and authorization error codes",
        "Microsoft Support: Exchange Online application service principal disabled",
        "Microsoft Learn: Configure OAuth between Skype for Business Online and Exchange on-premises",
    ],
    examine,
};

fn examine<'a>(case: &Case<'a>, weigh: &mut Weighing<'a>) {
    let refused = case.asks(|ask| {
        ask.refused()
            && (ask.has(&["7000112", "70001", "700011", "700016", "7000229", "500014", "700019", "700022"])
                || (ask.error.as_deref() == Some("unauthorized_client") && ask.codes.is_empty()))
    });
    if let Some((ask, _)) = refused.first() {
        let sure = ask.has(&["7000112", "70001", "700011", "700016", "7000229", "500014"]);
        weigh
            .plus(
                if sure { 90 } else { 55 },
                "the token service says that the application is disabled or not in the directory",
            )
            .at(&refused);
        weigh.application(ask.application.as_deref());
    }
    let resource = case.asks(|ask| {
        ask.refused() && ask.has(&["50001"]) && ask.description.to_ascii_lowercase().contains("disabled")
    });
    if let Some((ask, _)) = resource.first() {
        weigh.plus(75, "the token service says that the resource is disabled").at(&resource);
        weigh.application(ask.resource.as_deref().and_then(|name| name.split(['/', '@']).next()));
    }
    let said = weigh.state(&[("state-principal-disabled", 85), ("state-principal-missing", 85)]);
    // Other principals take the place of Skype for Business Online's only.
    let replaced = weigh.known("application").is_none_or(|id| id.eq_ignore_ascii_case(SKYPE));
    if !replaced && weigh.score() > 0 && weigh.repairs.is_empty() {
        let application = weigh.known("application").unwrap_or_default().to_owned();
        let own = CAUSE.repair.iter().filter(|line| !line.contains("teams-2025"));
        weigh.repairs = own.map(|line| line.replace("{application}", &application)).collect();
    }
    let principal = case.organisation.zip(weigh.known("application").map(str::to_ascii_lowercase));
    let enabled =
        principal.and_then(|(organisation, id)| organisation.principal(&id)?.flag("AccountEnabled"));
    if said {
        super::granted_nevertheless(case, weigh);
    } else if weigh.score() > 0 && enabled == Some(true) {
        weigh.set_well("Get-MgServicePrincipal shows the service principal, enabled");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::expectations::EXCHANGE;
    use crate::checks::testing::{Scene, Signer, TENANT};
    use crate::diagnose::testing::{Story, denied};

    #[test]
    fn fires_on_a_disabled_application() {
        assert_eq!(
            Story::request(Signer::Exchange, 400, &denied("unauthorized_client", "AADSTS7000112: disabled"))
                .lead(),
            CAUSE.id
        );
    }

    #[test]
    fn offers_other_principals_in_place_of_skype_for_business_only() {
        let answer = denied("unauthorized_client", "AADSTS7000112: disabled");
        let commands = |application: &str| {
            let scene = Scene::healthy().assertion_from(&format!("{application}@{TENANT}"));
            let found = Story::of(scene).answer(400, &answer).diagnosis().causes;
            found.iter().find(|found| found.cause.id == CAUSE.id).unwrap().commands.join("\n")
        };
        let exchange = commands(EXCHANGE);
        assert!(!exchange.contains("teams-2025"), "{exchange}");
        assert!(exchange.contains(&format!("New-MgServicePrincipal -AppId {EXCHANGE}")), "{exchange}");
        assert!(commands(SKYPE).contains("teams-2025"));
    }

    #[test]
    fn stays_silent_on_refused_credentials() {
        assert!(
            !Story::request(Signer::Exchange, 400, &denied("invalid_client", "AADSTS50012: no"))
                .causes()
                .contains(&CAUSE.id)
        );
    }
}
