//! Takes the evidence, weighs `configuration-unavailable`: Exchange cannot read its own OAuth configuration.

use crate::diagnose::cause::{Case, Cause, Rank, Weighing};

/// See the text.
pub(crate) static CAUSE: Cause = Cause {
    id: "configuration-unavailable",
    title: "Exchange cannot read its own OAuth configuration",
    rank: Rank::Root,
    summary: "Exchange fails before it judges any token: it cannot read AuthConfig, its authorization servers or partner applications from Active Directory. Every call ends with an internal error until that works again.",
    speaks_for: "Exchange says 2000007 internal_error, or a log of outbound calls names OAuthConfigurationUnavailable.",
    speaks_against: "Tokens are accepted in the same recording.",
    repair: &[
        "Get-WinEvent -FilterHashtable @{LogName=\"Application\";ProviderName=\"MSExchange OAuth\"} -MaxEvents 20 | Format-List TimeCreated,Id,Message   # event 2001",
        "Get-AuthConfig; Get-AuthServer; Get-PartnerApplication   # fails here too when the directory is not reached",
        "Test-ServiceHealth; Get-ExchangeServer -Status | Format-List Name,CurrentDomainControllers,CurrentGlobalCatalogs",
        "Restart-Service MSExchangeServiceHost; iisreset",
    ],
    sources: &["Microsoft Learn: instrumenting client requests for EWS and REST"],
    examine,
};

fn examine<'a>(case: &Case<'a>, weigh: &mut Weighing<'a>) {
    weigh.logged(70, &["OAuthConfigurationUnavailable"]);
    let failed = case.refused("internal_error");
    if let Some((call, _)) = failed.first() {
        weigh.plus(60, "Exchange calls it an internal error").at(&failed).value("host", &call.host);
    }
    if weigh.score() > 0 && case.any_accepted() {
        weigh.minus(20, "a token is accepted in the same recording");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;
    use crate::diagnose::testing::Story;

    #[test]
    fn fires_on_an_internal_error() {
        let story = Story::of(Scene::healthy().refused("2000007;error_category=\"internal_error\""));
        assert_eq!(story.lead(), CAUSE.id);
    }

    #[test]
    fn fires_on_a_log_of_outbound_calls() {
        assert_eq!(Story::logged("OAuthConfigurationUnavailable").lead(), CAUSE.id);
    }

    #[test]
    fn stays_silent_on_invalid_token() {
        let story = Story::of(Scene::healthy().refused("2000001;error_category=\"invalid_token\""));
        assert!(!story.causes().contains(&CAUSE.id));
    }
}
