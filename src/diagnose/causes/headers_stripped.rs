//! Takes the evidence, weighs `headers-stripped`: a device in front of Exchange takes headers away.

use crate::checks::judge::facts::Credential;
use crate::diagnose::cause::{Case, Cause, Rank, Weighing};

/// See the text.
pub(crate) static CAUSE: Cause = Cause {
    id: "headers-stripped",
    title: "a device in front of Exchange takes headers away",
    rank: Rank::Root,
    summary: "Exchange refuses the token, but its reason (x-ms-diagnostics) and its other headers do not arrive: a proxy in front of {host} takes them out of the answers. Why the token is refused can only be seen behind that device.",
    speaks_for: "A refusal with Exchange's Bearer challenge, but without x-ms-diagnostics and request-id; a proxy that names itself in Via; other answers of the same host that carry the headers.",
    speaks_against: "The answer carries Exchange's other headers: then Exchange itself gave no reason.",
    repair: &[
        "# on the device: do not remove response headers of /ews and /autodiscover (x-ms-diagnostics, request-id, X-FEServer)",
        "# record on the Exchange server itself, or add x-ms-diagnostics to the IIS log: appcmd set config -section:system.applicationHost/sites \"/+siteDefaults.logFile.customFields.[logFieldName='x-ms-diagnostics',sourceName='x-ms-diagnostics',sourceType='ResponseHeader']\" /commit:apphost",
    ],
    sources: &["Microsoft Support: Resolve free/busy errors"],
    examine,
};

fn examine<'a>(case: &Case<'a>, weigh: &mut Weighing<'a>) {
    let silent = case.calls(|call| {
        call.credential == Credential::Token
            && call.status == Some(401)
            && call.said.is_none()
            && !call.head_cut
            && call.offered.contains("bearer")
    });
    let bare: Vec<_> = silent.iter().copied().filter(|(call, _)| !call.marks).collect();
    if let Some((call, _)) = bare.first() {
        weigh
            .plus(
                60,
                "the refusal has the challenge of Exchange, but neither its reason nor its other headers",
            )
            .at(&bare)
            .value("host", &call.host);
        if !case.calls(|other| other.host == call.host && other.marks).is_empty() {
            weigh.plus(15, "other answers of the same host carry the headers");
        }
    }
    let passed: Vec<_> = silent.into_iter().filter(|(call, _)| call.via).collect();
    if let Some((call, _)) = passed.first() {
        weigh
            .plus(if bare.is_empty() { 40 } else { 20 }, "a proxy names itself in the answer")
            .at(&passed)
            .value("host", &call.host);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;
    use crate::diagnose::testing::Story;

    #[test]
    fn fires_on_a_refusal_through_a_proxy() {
        assert_eq!(
            Story::of(Scene::healthy().refused("").response_header("Via", "1.1 proxy")).lead(),
            CAUSE.id
        );
    }

    #[test]
    fn stays_silent_on_a_refusal_with_its_reason() {
        assert!(
            !Story::of(Scene::healthy().refused("2000005;error_category=\"invalid_user\""))
                .causes()
                .contains(&CAUSE.id)
        );
    }

    #[test]
    fn hides_no_refusal_that_came_another_way() {
        let mapi = Scene::healthy().target("/mapi/emsmdb").refused("").response_header("request-id", "x");
        let stripped = Scene::healthy().refused("").response_header("Via", "1.1 proxy");
        let causes = Story::of(stripped).and(mapi).causes();
        assert!(causes.contains(&CAUSE.id) && causes.contains(&"token-kind-refused"), "{causes:?}");
    }

    #[test]
    fn hides_nothing_that_the_challenge_says() {
        let challenge = "Bearer client_id=\"00000002-0000-0ff1-ce00-000000000000\", trusted_issuers=\"00000004-0000-0ff1-ce00-000000000000@contoso.com\"";
        let refused = Scene::healthy().refused_with(challenge).response_header("Via", "1.1 proxy");
        // A server of the farm that has the authorization server accepts.
        let causes = Story::of(refused).and(Scene::healthy()).causes();
        assert_eq!(causes, [CAUSE.id, "auth-server-missing"]);
    }
}
