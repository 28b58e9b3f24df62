//! Takes the evidence, weighs `pre-authentication`: a device in front of Exchange answers instead of Exchange.

use crate::checks::judge::facts::{Call, Credential};
use crate::diagnose::cause::{Case, Cause, Rank, Weighing};

/// See the text.
pub(crate) static CAUSE: Cause = Cause {
    id: "pre-authentication",
    title: "a device in front of Exchange answers instead of Exchange",
    rank: Rank::Root,
    summary: "The answers for {host} do not come from Exchange: they lack everything that Exchange sends, and ask for another sign-in, redirect to a sign-in page, or reject. A reverse proxy, firewall or access gateway authenticates or filters in front. The callers from the cloud can only present their token, so EWS and Autodiscover must reach Exchange without pre-authentication.",
    speaks_for: "Refusals and redirects at Exchange paths without request-id, X-FEServer and Bearer challenge; web pages in place of SOAP.",
    speaks_against: "The answers carry the marks of Exchange, or its Bearer challenge.",
    repair: &[
        "# on the device: pass /ews/*, /autodiscover/* and /mapi/* for {host} through without pre-authentication (pass-through), and do not filter by body or user agent",
        "curl.exe -s -D - -o NUL -H \"Authorization: Bearer\" https://{host}/ews/exchange.asmx   # must answer 401 with WWW-Authenticate: Bearer and request-id",
    ],
    sources: &[
        "Microsoft Learn: hybrid deployment prerequisites",
        "Microsoft Support: Resolve free/busy errors",
    ],
    examine,
};

fn examine<'a>(case: &Case<'a>, weigh: &mut Weighing<'a>) {
    let foreign = |call: &Call| {
        let asked = matches!(call.credential, Credential::Token | Credential::EmptyBearer);
        asked
            && call.exchange
            && !call.head_cut
            && !call.marks
            && call.said.is_none()
            && !call.offered.contains("bearer")
    };
    let windows = |call: &Call| call.offered.contains("negotiate") || call.offered.contains("ntlm");
    let redirected = case.calls(|call| foreign(call) && call.redirected);
    let asking = case.calls(|call| foreign(call) && matches!(call.status, Some(401 | 407)) && !windows(call));
    let rejected =
        case.calls(|call| foreign(call) && matches!(call.status, Some(403)) && call.ews.is_empty());
    let page = case.calls(|call| foreign(call) && call.page && matches!(call.status, Some(200..=299)));
    for (calls, weight, reason) in [
        (
            redirected,
            80,
            "the call is redirected to a sign-in page, by something that sends none of Exchange's headers",
        ),
        (
            asking,
            80,
            "the refusal bears none of Exchange's headers and no Bearer challenge, and asks for something else",
        ),
        (rejected, 65, "the call is forbidden by something that sends none of Exchange's headers"),
        (page, 70, "a web page for people comes in place of an answer"),
    ] {
        if let Some((call, _)) = calls.first() {
            weigh
                .plus(if weigh.score() == 0 { weight } else { 10 }, reason)
                .at(&calls)
                .value("host", &call.host);
            if weigh.score() == 65 && call.page {
                weigh.plus(15, "it answers with a web page");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;
    use crate::diagnose::testing::Story;

    #[test]
    fn fires_on_a_bare_401() {
        assert_eq!(
            Story::of(
                Scene::healthy().status(401).response_header("WWW-Authenticate", "Basic realm=\"gate\"")
            )
            .lead(),
            CAUSE.id
        );
    }

    #[test]
    fn fires_on_a_sign_in_page() {
        assert_eq!(
            Story::of(Scene::healthy().status(302).response_header("Location", "/my.policy")).lead(),
            CAUSE.id
        );
    }

    #[test]
    fn stays_silent_on_an_answer_of_exchange() {
        assert!(
            !Story::of(Scene::healthy().status(403).response_header("request-id", "x"))
                .causes()
                .contains(&CAUSE.id)
        );
    }
}
