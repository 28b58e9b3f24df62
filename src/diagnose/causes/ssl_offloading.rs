//! Takes the evidence, weighs `ssl-offloading`: TLS ends in front of Exchange.

use crate::checks::judge::facts::Call;
use crate::diagnose::cause::{Case, Cause, Rank, Weighing};

/// See the text.
pub(crate) static CAUSE: Cause = Cause {
    id: "ssl-offloading",
    title: "TLS ends in front of Exchange",
    rank: Rank::Root,
    summary: "Exchange sees http where the token says https: a load balancer or proxy in front of {host} ends TLS and passes the request on in the clear. Entra tokens name the whole address, scheme included, so Exchange refuses them.",
    speaks_for: "Exchange says invalid_resource for an Entra token and names an http address, or the recording behind the device shows the call without TLS.",
    speaks_against: "The host differs too: then the name is rewritten.",
    repair: &[
        "# on the load balancer: bridge TLS (re-encrypt to port 443 of Exchange), do not offload it",
        "Get-OutlookAnywhere | Format-List Server,SSLOffloading   # offloading must be off for every service that takes tokens",
        "Get-WebServicesVirtualDirectory | Format-List InternalUrl,ExternalUrl   # https",
    ],
    sources: &[
        "Microsoft Learn: Hybrid Modern Authentication",
        "Microsoft Support: Resolve free/busy errors",
    ],
    examine,
};

fn examine<'a>(case: &Case<'a>, weigh: &mut Weighing<'a>) {
    let mut refused = case.refused("invalid_resource");
    let scheme = |call: &Call| {
        let names = super::named_addresses(call.reason_of("invalid_resource"));
        names.is_some_and(|(one, other)| super::only_scheme_differs(&one, &other))
    };
    // Others may be refused for another host.
    if refused.iter().any(|(call, _)| scheme(call)) {
        refused.retain(|(call, _)| scheme(call));
    }
    let Some((call, _)) = refused.first() else { return };
    weigh.value("host", &call.host);
    match super::named_addresses(call.reason_of("invalid_resource")) {
        Some(_) if scheme(call) => {
            weigh.plus(90, "Exchange names the same host once with https and once with http").at(&refused);
        }
        Some(_) => {}
        None if call.entra => {
            weigh.plus(30, "Exchange calls the address in an Entra token wrong").at(&refused);
            let same = call.audience.as_ref().is_some_and(|(same, _)| *same);
            if same && call.clear == Some(true) {
                weigh.plus(35, "the call was recorded without TLS, for the same host");
            }
        }
        None if call.unseen_token() && call.reason_of("invalid_resource").contains("'https://") => {
            weigh.plus(25, "Exchange calls an https address in the token wrong; which kind of token it was is not known").at(&refused);
        }
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;
    use crate::diagnose::cause::Confidence;
    use crate::diagnose::testing::Story;
    use crate::logrecord::{LogRecord, LogSource};

    #[test]
    fn fires_when_only_the_scheme_differs() {
        for reason in [
            "Expected 'https://mail.contoso.com'. Actual 'http://mail.contoso.com'.",
            "The audience claim value is invalid for current resource. Audience claim is 'https://mail.contoso.com', \
             request url is 'http://mail.contoso.com/EWS/Exchange.asmx' and resource type is 'Exchange'.",
        ] {
            let said = format!("2000003;reason=\"{reason}\";error_category=\"invalid_resource\"");
            let found =
                Story::of(Scene::healthy().entra("https://mail.contoso.com/").refused(&said)).diagnosis();
            let first = found.causes.first().unwrap();
            assert_eq!((first.cause.id, first.confidence), (CAUSE.id, Confidence::Certain), "{reason}");
        }
    }

    #[test]
    fn fires_on_an_https_address_that_is_quoted_without_the_token() {
        // Microsoft Support, "The hostname component of the audience claim value is invalid".
        let said = "2000003;reason=\"The hostname component of the audience claim value 'https://mail.contoso.com' is invalid\";error_category=\"invalid_resource\"";
        let line = LogRecord { diagnostics: Some(said.into()), ..LogRecord::new(LogSource::Quoted, 1) };
        assert!(Story::line(line).causes().contains(&CAUSE.id));
    }

    #[test]
    fn stays_silent_when_the_host_differs() {
        let said = "2000003;reason=\"Expected \u{27}ex01.corp.example\u{27}. Actual \u{27}mail.contoso.com\u{27}.\";error_category=\"invalid_resource\"";
        assert!(!Story::of(Scene::healthy().refused(said)).causes().contains(&CAUSE.id));
    }
}
