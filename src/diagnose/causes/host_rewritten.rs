//! Takes the evidence, weighs `host-rewritten`: a proxy changes the host name between caller and Exchange.

use crate::diagnose::cause::{Case, Cause, Rank, Weighing};

/// See the text.
pub(crate) static CAUSE: Cause = Cause {
    id: "host-rewritten",
    title: "a proxy changes the host name between caller and Exchange",
    rank: Rank::Root,
    summary: "The host that the token is made for ({audience}) is not the name that the server that judges it goes by{expected}. Something between caller and Exchange rewrites the host name of the request (Host), or Exchange is published under a name that callers are not told. Exchange compares the name in the token with the name in the request, and refuses.",
    speaks_for: "Exchange says invalid_resource although the audience is the host of the recorded request, so that the name changed behind the recording; or audience and request differ in the recording already.",
    speaks_against: "Only the scheme differs (http instead of https): then TLS ends in front of Exchange.",
    repair: &[
        "Get-WebServicesVirtualDirectory | Format-List Server,InternalUrl,ExternalUrl",
        "# on the reverse proxy: pass the Host of the request on unchanged (nginx: proxy_set_header Host $host; IIS ARR: preserveHostHeader true)",
        "Set-WebServicesVirtualDirectory \"<server>\\EWS (Default Web Site)\" -ExternalUrl https://{audience}/ews/exchange.asmx",
    ],
    sources: &["[MS-XOAUTH] 3.2.5.6", "Microsoft Support: Resolve free/busy errors"],
    examine,
};

fn examine<'a>(case: &Case<'a>, weigh: &mut Weighing<'a>) {
    let mut refused = case.refused("invalid_resource");
    // Of these only the scheme is wrong.
    refused.retain(|(call, _)| match super::named_addresses(call.reason_of("invalid_resource")) {
        Some((one, other)) => !super::only_scheme_differs(&one, &other),
        None => !call.entra,
    });
    let differ = case.errors(&["audience-host"]);
    if let Some((call, _)) = refused.first() {
        let names = super::named_addresses(call.reason_of("invalid_resource"));
        let (same, audience) = call.audience.clone().unwrap_or_default();
        weigh.value("audience", &audience);
        if same {
            weigh
                .plus(
                    70,
                    "the audience is the host of the recorded request, and Exchange still calls it wrong",
                )
                .at(&refused);
        } else if audience.is_empty() {
            weigh.plus(35, "the other side says that the token is not made for its name").at(&refused);
        } else {
            weigh.plus(35, "the audience is not the host of the request").at(&refused);
            if !differ.is_empty() {
                weigh.plus(20, "Exchange refuses the token for it");
            }
        }
        if let Some((one, other)) = names {
            let seen = if super::host_of(&one).eq_ignore_ascii_case(&audience) { other } else { one };
            let seen = super::host_of(&seen).to_owned();
            if same && !seen.eq_ignore_ascii_case(&audience) {
                weigh.plus(15, format!("Exchange names the host that it saw: {seen}"));
            }
            weigh.words("expected", format!(" ({seen})"));
        }
        if call.via {
            weigh.plus(5, "a proxy names itself in the answer");
        }
    } else if !differ.is_empty() {
        weigh.plus(30, "the audience is not the host of the request");
    }
    weigh.words("expected", String::new());
    weigh.by(differ);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;
    use crate::diagnose::testing::Story;

    #[test]
    fn fires_when_exchange_sees_another_name() {
        let said = "2000003;reason=\"The hostname component of the audience claim value is invalid. Expected \u{27}ex01.corp.example\u{27}. Actual \u{27}mail.contoso.com\u{27}.\";error_category=\"invalid_resource\"";
        assert_eq!(Story::of(Scene::healthy().refused(said)).lead(), CAUSE.id);
    }

    #[test]
    fn what_exchange_says_of_another_host_is_a_cause_beside_others() {
        let said = "2000003;reason=\"The hostname component of the audience claim value is invalid\";error_category=\"invalid_resource\"";
        let user = "2000005;reason=\"x\";error_category=\"invalid_user\"";
        let causes = Story::of(Scene::healthy().host("other.contoso.com").refused(said))
            .and(Scene::healthy().refused(user))
            .causes();
        assert!(causes.contains(&CAUSE.id) && causes.contains(&"user-missing-or-ambiguous"), "{causes:?}");
    }

    #[test]
    fn stays_silent_when_only_the_scheme_differs() {
        let said = "2000003;reason=\"Expected \u{27}https://mail.contoso.com\u{27}. Actual \u{27}http://mail.contoso.com\u{27}.\";error_category=\"invalid_resource\"";
        assert!(
            !Story::of(Scene::healthy().entra("https://mail.contoso.com/").refused(said))
                .causes()
                .contains(&CAUSE.id)
        );
    }
}
