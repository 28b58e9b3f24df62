//! Takes the evidence, weighs `host-not-registered`: the host name is not registered with the service principal.

use crate::checks::expectations::EXCHANGE;
use crate::checks::finding::{Finding, Severity};
use crate::checks::place::bare_host;
use crate::diagnose::cause::{Case, Cause, Rank, Weighing};
use crate::state::cloud::Cloud;

/// See the text.
pub(crate) static CAUSE: Cause = Cause {
    id: "host-not-registered",
    title: "the host name is not registered with the service principal",
    rank: Rank::Root,
    summary: "The token service does not know the resource {resource}: the host name is missing among the service principal names of 00000002-0000-0ff1-ce00-000000000000, so that no token can be issued for it.",
    speaks_for: "The token service answers AADSTS500011 or AADSTS50001, or invalid_resource, for a host of this organisation. The state shows that the host is not among the service principal names.",
    speaks_against: "The resource is found, but disabled. The token service is that of another cloud. The state shows it registered.",
    repair: &[
        "Get-MgServicePrincipal -Filter \"appId eq '00000002-0000-0ff1-ce00-000000000000'\" | Select-Object -ExpandProperty ServicePrincipalNames",
        "$principal = Get-MgServicePrincipal -Filter \"appId eq '00000002-0000-0ff1-ce00-000000000000'\"; Update-MgServicePrincipal -ServicePrincipalId $principal.Id -ServicePrincipalNames ($principal.ServicePrincipalNames + \"https://{host}/\")",
        "Get-WebServicesVirtualDirectory | Format-List ExternalUrl; Get-AutodiscoverVirtualDirectory | Format-List ExternalUrl",
    ],
    sources: &[
        "Microsoft Entra authentication and authorization error codes",
        "Microsoft Support: KB 3090197",
    ],
    examine,
};

/// What is to be looked at where the resource is a name of Exchange Online.
const OF_MICROSOFT: [&str; 3] = [
    "Get-MgServicePrincipal -Filter \"appId eq '00000002-0000-0ff1-ce00-000000000000'\" | Format-List DisplayName,AccountEnabled,ServicePrincipalNames",
    "New-MgServicePrincipal -AppId 00000002-0000-0ff1-ce00-000000000000   # when there is none",
    "Get-AuthServer | Format-List Name,Realm,TokenIssuingEndpoint   # is it the tenant of this organisation",
];

fn examine<'a>(case: &Case<'a>, weigh: &mut Weighing<'a>) {
    traffic(case, weigh);
    let of_host = weigh.known("host").map(str::to_owned);
    let same = |finding: &Finding| match &of_host {
        Some(host) => {
            finding.observed.to_ascii_lowercase().starts_with(&format!("{} ", host.to_ascii_lowercase()))
        }
        None => true,
    };
    let error = |finding: &Finding| finding.severity == Severity::Error && same(finding);
    let Some(organisation) = case.organisation else { return };
    if weigh.state_where(&[("state-host-not-registered", 85)], error) {
        let first = weigh.first_state("state-host-not-registered", error);
        let host =
            first.and_then(|finding| finding.observed.split(' ').next()).unwrap_or_default().to_owned();
        weigh.value("host", &host).value("resource", &format!("{EXCHANGE}/{host}"));
    } else if weigh.score() > 0
        && organisation
            .principal(EXCHANGE)
            .is_some_and(|one| one.get("ServicePrincipalNames").is_some_and(|names| !names.is_cut()))
    {
        weigh.set_well("Get-MgServicePrincipal shows the host among the service principal names");
    }
}

fn traffic<'a>(case: &Case<'a>, weigh: &mut Weighing<'a>) {
    let refused = case.asks(|ask| {
        let resource =
            ask.error.as_deref().is_some_and(|error| ["invalid_resource", "invalid_target"].contains(&error));
        ask.refused() && (ask.has(&["500011", "50001"]) || (resource && ask.codes.is_empty()))
    });
    let Some((ask, _)) = refused.first() else { return };
    weigh.value("resource", ask.resource.as_deref().unwrap_or_default());
    let host =
        ask.resource.as_deref().and_then(|resource| resource.split('/').find(|part| part.contains('.')));
    let host = host.and_then(|host| host.split('@').next()).unwrap_or_default();
    weigh.value("host", host);
    // The names of Exchange Online are Microsoft's to register: where they are missing, the principal is.
    if Cloud::of_host(&bare_host(host)).is_some() {
        weigh.repairs = OF_MICROSOFT.map(str::to_owned).to_vec();
    }
    if ask.has(&["500011"]) {
        weigh
            .plus(90, "the token service says that the resource is not registered in the tenant")
            .at(&refused);
    } else {
        weigh.plus(65, "the token service does not know the resource, or it is disabled").at(&refused);
    }
    let mixed = case.errors(&["request-cloud"]);
    let places = case.places(&mixed);
    if refused.iter().all(|(_, seen)| !seen.exchanges.is_disjoint(&places)) {
        weigh.minus(30, "the token service is that of another cloud than the resource").but(mixed);
    }
    if ask.description.to_ascii_lowercase().contains("disabled") {
        weigh.minus(40, "the token service says that it is disabled");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Signer;
    use crate::diagnose::testing::{Story, denied};

    #[test]
    fn no_name_of_exchange_online_is_registered_by_hand() {
        let commands = |host: &str| {
            let answer = denied("invalid_resource", "AADSTS500011: not found");
            let story = Story::request(Signer::Exchange, 400, &answer).asked_for(host);
            let found = story.diagnosis().causes;
            found.iter().find(|found| found.cause.id == CAUSE.id).unwrap().commands.join("\n")
        };
        assert!(commands("mail.contoso.com").contains("+ \"https://mail.contoso.com/\""));
        assert!(!commands("outlook.office365.com").contains("Update-"));
    }

    #[test]
    fn fires_on_an_unknown_resource() {
        assert_eq!(
            Story::request(Signer::Exchange, 400, &denied("invalid_resource", "AADSTS500011: not found"))
                .lead(),
            CAUSE.id
        );
    }

    #[test]
    fn stays_silent_on_other_errors() {
        assert!(
            !Story::request(Signer::Exchange, 400, &denied("invalid_client", "AADSTS50012: no"))
                .causes()
                .contains(&CAUSE.id)
        );
    }
}
