//! Takes the evidence, weighs `token-service-unreachable`: Exchange does not reach the token service.

use crate::checks::judge::facts::Ask;
use crate::diagnose::cause::{Case, Cause, Rank, Weighing};

/// See the text.
pub(crate) static CAUSE: Cause = Cause {
    id: "token-service-unreachable",
    title: "Exchange does not reach the token service",
    rank: Rank::Root,
    summary: "Exchange asks for a token and gets no answer of the token service: a proxy, a firewall or name resolution on the way out stops the request. What the cloud calls at Exchange is not affected.",
    speaks_for: "A log of outbound calls says UnableToGetTokenFromACS or OAuthTokenRequestFailed without a code of the token service, or that the request could not be sent (GetRequestStream); a proxy or a web page answers the request, or refuses the tunnel (CONNECT).",
    speaks_against: "The token service answered with a code, or granted tokens; less where only another request was answered.",
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
    let stopped = case.asks(Ask::foreign);
    // A proxy asks for a password first, and is answered in the next request.
    let asked = |ask: &Ask| ask.status == Some(407);
    if let Some((ask, _)) = stopped.iter().find(|(ask, _)| !asked(ask)).or(stopped.first()) {
        let weight = if asked(ask) { 50 } else { 65 };
        weigh.plus(weight, "what answers the token request is no token service").at(&stopped);
        if ask.page || ask.via || ask.grant == "CONNECT" {
            let what = if ask.via { "a proxy that names itself" } else { "a proxy or a page for people" };
            weigh.plus(20, format!("it is {what}"));
        }
        weigh.by(case.errors(&["request-answer-token", "request-tunnel-refused"]));
    }
    if weigh.score() == 0 {
        return;
    }
    let answered = case.asks(|ask| !ask.codes.is_empty() || ask.error.is_some() || ask.granted());
    if !answered.is_empty() {
        // What stops one request need not stop the next: servers have proxies of their own.
        match stopped.iter().any(|(ask, _)| !asked(ask)) {
            true => weigh.minus(20, "the token service answered another request"),
            false => weigh.minus(60, "the token service answered"),
        };
    }
    let network = [
        "407",
        "403",
        "Unable to connect",
        "could not be resolved",
        "timed out",
        "GetRequestStream",
        "connection was closed",
        "actively refused",
        "NameResolutionFailure",
    ];
    let told = case.outbound(&["UnableToGetTokenFromACS"]);
    if told.iter().any(|(told, _)| network.iter().any(|words| told.text.contains(words))) {
        weigh.plus(25, "the error is one of the network");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Scene, Signer};
    use crate::diagnose::testing::{Story, denied};

    #[test]
    fn fires_on_a_log_of_outbound_calls() {
        assert_eq!(
            Story::logged("UnableToGetTokenFromACS: Unable to connect to the remote server").lead(),
            CAUSE.id
        );
    }

    #[test]
    fn fires_on_what_a_proxy_answers() {
        let blocked = Story::request(Signer::Exchange, 403, "<html>Access denied</html>");
        assert_eq!(blocked.lead(), CAUSE.id);
        let tunnel = Scene::healthy().token_request("", 403, "").asked_by("CONNECT", "");
        assert_eq!(Story::of(tunnel).lead(), CAUSE.id);
    }

    #[test]
    fn an_answer_to_another_request_does_not_open_the_way_of_the_first() {
        let page = "<html>Access denied</html>";
        let refused = denied("invalid_client", "AADSTS7000112: Application is disabled.");
        for (status, answer) in [(400, refused.as_str()), (200, page)] {
            let blocked = Scene::healthy().assertion_by(Signer::Exchange).answered(403, page);
            let story = Story::of(blocked)
                .and(Scene::healthy().assertion_by(Signer::Exchange).answered(status, answer));
            assert!(story.causes().contains(&CAUSE.id), "{answer}");
        }
        let dance = Scene::healthy().assertion_by(Signer::Exchange).answered(407, "");
        let granted = Story::of(dance).and(Scene::healthy().granted_for(3600, "3600"));
        assert!(!granted.causes().contains(&CAUSE.id));
    }

    #[test]
    fn stays_silent_when_the_token_service_refuses() {
        let story = Story::logged("UnableToGetTokenFromACS: invalid_client AADSTS7000112: disabled");
        assert!(!story.causes().contains(&CAUSE.id));
        assert!(!Story::of(Scene::healthy().refused("")).causes().contains(&CAUSE.id));
    }

    #[test]
    fn fires_on_a_request_that_could_not_be_sent() {
        let told =
            "System.Net.WebException: (403) Forbidden.; at System.Net.HttpWebRequest.GetRequestStream()";
        assert_eq!(Story::logged(told).lead(), CAUSE.id);
        assert_ne!(Story::logged("System.Net.WebException: (403) Forbidden.").lead(), CAUSE.id);
    }
}
