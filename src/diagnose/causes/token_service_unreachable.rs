//! Takes the evidence, weighs `token-service-unreachable`: Exchange does not reach the token service.

use crate::diagnose::cause::{Case, Cause, Rank, Weighing};

/// See the text.
pub(crate) static CAUSE: Cause = Cause {
    id: "token-service-unreachable",
    title: "Exchange does not reach the token service",
    rank: Rank::Root,
    summary: "Exchange asks for a token and gets no answer of the token service: a proxy, a firewall or name resolution on the way out stops the request. What the cloud calls at Exchange is not affected.",
    speaks_for: "A log of outbound calls says UnableToGetTokenFromACS or OAuthTokenRequestFailed without a code of the token service; a proxy answers 403 or 407 to the request.",
    speaks_against: "The token service answered with a code, or granted tokens.",
    repair: &[
        "Test-NetConnection accounts.accesscontrol.windows.net -Port 443",
        "Get-ExchangeServer | Format-List Name,InternetWebProxy; netsh winhttp show proxy",
        "Set-ExchangeServer <server> -InternetWebProxy http://<proxy>:<port>   # the proxy that lets Exchange out",
        "Test-OAuthConnectivity -Service EWS -TargetUri https://outlook.office365.com/ews/exchange.asmx -Mailbox <user> -Verbose | Format-List",
    ],
    sources: &["Microsoft Support: Resolve free/busy errors"],
    examine,
};

fn examine<'a>(case: &Case<'a>, weigh: &mut Weighing<'a>) {
    weigh.logged(60, &["UnableToGetTokenFromACS"]);
    if weigh.score() == 0 {
        return;
    }
    let answered = case.asks(|ask| !ask.codes.is_empty() || ask.granted());
    if !answered.is_empty() {
        weigh.minus(60, "the token service answered");
    }
    let network =
        ["407", "403", "Unable to connect", "could not be resolved", "timed out", "GetRequestStream"];
    let told = case.outbound(&["UnableToGetTokenFromACS"]);
    if told.iter().any(|(told, _)| network.iter().any(|words| told.text.contains(words))) {
        weigh.plus(25, "the error is one of the network");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;
    use crate::diagnose::testing::Story;

    #[test]
    fn fires_on_a_log_of_outbound_calls() {
        assert_eq!(
            Story::logged("UnableToGetTokenFromACS: Unable to connect to the remote server").lead(),
            CAUSE.id
        );
    }

    #[test]
    fn stays_silent_when_the_token_service_refuses() {
        let story = Story::logged("UnableToGetTokenFromACS: invalid_client AADSTS7000112: disabled");
        assert!(!story.causes().contains(&CAUSE.id));
        assert!(!Story::of(Scene::healthy().refused("")).causes().contains(&CAUSE.id));
    }
}
