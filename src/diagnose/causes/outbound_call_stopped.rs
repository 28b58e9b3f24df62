//! Takes the evidence, weighs `outbound-call-stopped`: what Exchange sends out is stopped on the way.

use crate::checks::judge::facts::Outbound;
use crate::diagnose::cause::{Case, Cause, Rank, Weighing};

/// See the text.
pub(crate) static CAUSE: Cause = Cause {
    id: "outbound-call-stopped",
    title: "what Exchange sends out is stopped on the way",
    rank: Rank::Root,
    summary: "Exchange's own call does not reach {host}: a proxy, a firewall, name resolution or TLS on the way out stops it before there is a challenge to answer or a token to ask for. What the cloud calls at Exchange is not affected.",
    speaks_for: "A log of outbound calls, or Test-OAuthConnectivity, tells of an error of the network (the \
                 call could not be sent, no connection, no name, no TLS), and of no code of the token \
                 service.",
    speaks_against: "The other side answered with a challenge or with a number of its own.",
    repair: &[
        "Get-ExchangeServer | Format-List Name,InternetWebProxy; netsh winhttp show proxy",
        "Test-NetConnection {host} -Port 443   # on each Exchange server",
        "# let the Exchange servers out to the addresses of Microsoft 365, through the proxy without a \
         logon, with TLS 1.2",
        "Set-ExchangeServer <server> -InternetWebProxy http://<proxy>:<port>   # the proxy that lets Exchange out",
        "Test-OAuthConnectivity -Service EWS -TargetUri https://outlook.office365.com/ews/exchange.asmx \
         -Mailbox <user> -Verbose | Format-List",
    ],
    sources: &["Microsoft Support: Resolve free/busy errors"],
    examine,
};

/// Words of .NET for a call that did not arrive; of a localised one only the place is the same.
const NETWORK: [&str; 9] = [
    "GetRequestStream",
    "(407)",
    "Unable to connect to the remote server",
    "remote name could not be resolved",
    "actively refused",
    "Could not create SSL/TLS secure channel",
    "underlying connection was closed",
    "operation has timed out",
    "NameResolutionFailure",
];

fn examine<'a>(case: &Case<'a>, weigh: &mut Weighing<'a>) {
    let stopped =
        |told: &Outbound| told.name.is_none() && NETWORK.iter().any(|words| told.text.contains(words));
    let told = case.judgement.facts.outbound.iter();
    let Some((told, _)) = told.into_iter().find(|(told, _)| stopped(told)) else { return };
    weigh.plus(65, "a log of Exchange tells of an error of the network when Exchange calls out");
    weigh.value("host", &told.host).by(case.errors(&["log-outbound", "state-test-failed"]));
    if told.text.contains("InternetWebProxy") {
        weigh.plus(20, "the call goes through a proxy that is set for Exchange (InternetWebProxy)");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;
    use crate::diagnose::testing::Story;

    #[test]
    fn fires_on_errors_of_the_network() {
        for told in [
            "System.Net.WebException: (403) Forbidden.; GetRequestStream: the call itself could not be sent; it goes through InternetWebProxy",
            "The request was aborted: Could not create SSL/TLS secure channel.",
            "System.Net.WebException: Unable to connect to the remote server",
        ] {
            assert_eq!(Story::logged(told).lead(), CAUSE.id, "{told}");
        }
    }

    #[test]
    fn stays_silent_where_the_other_side_answered() {
        for told in [
            "System.Net.WebException: The remote server returned an error: (401) Unauthorized.",
            "UnableToGetTokenFromACS: Unable to connect to the remote server",
            "Missing signing certificate.",
        ] {
            assert!(!Story::logged(told).causes().contains(&CAUSE.id), "{told}");
        }
        assert!(!Story::of(Scene::healthy().refused("")).causes().contains(&CAUSE.id));
    }
}
