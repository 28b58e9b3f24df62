//! Takes one exchange, gives findings of `request-assertion-audience`: the assertion is not made for the token service.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::marks::Marks;
use crate::checks::place;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;
use crate::token::principal::Principal;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "request-assertion-audience",
    check: CheckId::TokenRequest,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &[],
    title: "the assertion is not made for the token service",
    looks_at: "`aud` of assertions: the principal of ACS, or the address of a token service.",
    matters: "RFC 7523 3: the token service must refuse an assertion that is made for somebody else (AADSTS50027, AADSTS700023).",
    bad: "aud 00000002-0000-0ff1-ce00-000000000000/mail.contoso.com@11111111-…",
    good: "aud 00000001-0000-0000-c000-000000000000/accounts.accesscontrol.windows.net@11111111-…",
    repair: "Get-AuthServer | Format-List Name,IssuerIdentifier,TokenIssuingEndpoint,Realm; Set-AuthServer <name> -RefreshAuthMetadata",
    sources: &["RFC 7523 3", "[MS-XOAUTH]"],
    scope: Scope::Marked(Marks::TOKEN_SERVICE, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    if case.token_request().is_none() {
        return;
    }
    for (seen, _) in super::assertions(case) {
        let Some(audience) = seen.token.claim("aud") else { continue };
        if !is_service(audience, case.host().unwrap_or_default()) {
            out.say("the assertion is not made for the token service")
                .observed(shown(audience))
                .expected("<application of the token service>/<its host>@<tenant>, or its address")
                .claim("aud")
                .token(seen.id);
        }
    }
}

/// Whether an audience names a token service, or the host that is asked.
fn is_service(audience: &str, asked: &str) -> bool {
    let named =
        |host: &str| place::is_token_service_host(host) || place::bare_host(host) == place::bare_host(asked);
    match audience.split_once("://") {
        Some((_, rest)) => named(rest.split(['/', '?']).next().unwrap_or_default()),
        None => Principal::parse(audience)
            .is_some_and(|name| place::is_acs(name.id) || name.host.is_some_and(named)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::expectations::EXCHANGE;
    use crate::checks::testing::{HOST, Scene, TENANT};

    #[test]
    fn fires_on_the_audience_of_a_call() {
        let audience = format!("{EXCHANGE}/{HOST}@{TENANT}");
        let scene =
            Scene::healthy().assertion_changed(move |claims| claims.insert("aud".into(), audience.into()));
        assert!(scene.fires(&RULE));
    }

    #[test]
    fn stays_silent_on_acs_and_on_the_address_of_a_token_service() {
        assert!(!Scene::healthy().assertion_changed(|_| None).fires(&RULE));
        assert!(!Scene::healthy().client_assertion(|_| None).fires(&RULE));
    }

    #[test]
    fn any_token_service_its_application_and_the_host_that_is_asked_are_right() {
        let fires = |audience: &str, host: &'static str| {
            let scene =
                Scene::healthy().assertion_changed(|claims| claims.insert("aud".into(), audience.into()));
            scene.last_request(|last| last.request.as_mut().unwrap().host = Some(host.into())).fires(&RULE)
        };
        assert!(!fires(
            &format!("https://login.microsoftonline.com/{TENANT}/oauth2/token"),
            "sts.contoso.com"
        ));
        assert!(!fires("https://sts.contoso.com/tokens", "sts.contoso.com:443"));
        assert!(fires("https://sts.fabrikam.com/tokens", "sts.contoso.com"));
        assert!(!fires(&format!("00000001-0000-0000-c000-000000000000@{TENANT}"), "sts.contoso.com"));
        assert!(!fires(
            &format!("{EXCHANGE}/accounts.accesscontrol.windows.net@{TENANT}"),
            "sts.contoso.com"
        ));
        assert!(!fires(&format!("{EXCHANGE}/sts.contoso.com@{TENANT}"), "sts.contoso.com"));
    }
}
