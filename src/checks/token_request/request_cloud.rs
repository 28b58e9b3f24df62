//! Takes one exchange, gives findings of `request-cloud`: the token service is of another cloud.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::marks::Marks;
use crate::checks::place::bare_host;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;
use crate::state::cloud::Cloud;
use crate::token::Role;
use crate::token::principal::Principal;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "request-cloud",
    check: CheckId::TokenRequest,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["H09"],
    title: "the token service is of another cloud",
    looks_at: "The host that was asked against the ACS application and the host in the assertion's `aud`, and, where \
               nothing was granted, against the host of the resource.",
    matters: "Worldwide, 21Vianet and US government tenants live in different directories; the wrong one \
             does not know the tenant (AADSTS90002).",
    bad: "aud 00000001-0002-…, host accounts.accesscontrol.windows.net",
    good: "aud 00000001-0000-…, host accounts.accesscontrol.windows.net",
    repair: "Set the address of the right cloud: Set-AuthServer <name> -AuthMetadataUrl https://<host of \
             the cloud>/<tenant>/metadata/json/1",
    sources: &["Microsoft Learn: national clouds"],
    scope: Scope::Marked(Marks::TOKEN_SERVICE, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    let Some(host) = case.host().filter(|_| case.token_request().is_some()) else { return };
    let Some(there) = Cloud::of_host(&bare_host(host)) else { return };
    let mut told = false;
    for seen in case.tokens.iter().filter(|seen| seen.token.role == Role::Assertion) {
        let Some(audience) = seen.token.principal("aud") else { continue };
        // The US government cloud uses the worldwide id, so of the ids only that of 21Vianet tells; the host tells all.
        let by_id =
            Cloud::of_acs(audience.id).filter(|asked| (*asked == Cloud::China) != (there == Cloud::China));
        let by_host = || Cloud::of_host(&bare_host(audience.host?)).filter(|asked| *asked != there);
        if let Some(asked) = by_id.or_else(by_host) {
            told = true;
            out.say("the token service is of another cloud than the assertion asks for")
                .observed(format!("{} ({})", shown(host), there.name()))
                .expected(asked.name())
                .claim("aud")
                .token(seen.id);
        }
    }
    // What was granted was no mistake.
    let granted = || case.granted().is_some_and(|answer| answer.error.is_none());
    let wanted = case.field("resource").or(case.field("scope")).and_then(host_of).and_then(|wanted| {
        let cloud = Cloud::of_host(&bare_host(wanted))?;
        (cloud != there).then_some(cloud)
    });
    if let Some(wanted) = wanted.filter(|_| !told && !granted()) {
        out.say("the token service is of another cloud than the service that a token is asked for")
            .observed(format!("{} ({})", shown(host), there.name()))
            .expected(wanted.name())
            .location("request.body.form");
    }
}

/// The host of a resource: `application/host@tenant`, or an address.
fn host_of(resource: &str) -> Option<&str> {
    match resource.split_once("://") {
        Some((_, rest)) => rest.split(['/', '?', ' ']).next(),
        None => Principal::parse(resource)?.host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_21vianet_asked_worldwide() {
        assert!(Scene::healthy().assertion_to("00000001-0002-0000-c000-000000000000").fires(&RULE));
    }

    #[test]
    fn fires_on_a_host_of_another_cloud_than_the_one_named() {
        let asked = |host: &'static str| {
            let scene = Scene::healthy().assertion_to("00000001-0000-0000-c000-000000000000");
            scene.last_request(|last| last.request.as_mut().unwrap().host = Some(host.into())).fires(&RULE)
        };
        assert!(asked("login.microsoftonline.us"));
        assert!(!asked("login.microsoftonline.com") && !asked("proxy.contoso.com"));
    }

    #[test]
    fn fires_on_a_resource_of_another_cloud_that_was_not_granted() {
        let asked = |resource: &str, answer: &str| {
            let form = format!("grant_type=client_credentials&resource={resource}");
            Scene::healthy().token_request(&form, 400, answer).fires(&RULE)
        };
        let refused = r#"{"error":"invalid_resource"}"#;
        let exchange = |host: &str| format!("00000002-0000-0ff1-ce00-000000000000/{host}@t");
        assert!(asked(&exchange("partner.outlook.cn"), refused));
        assert!(asked("https://outlook.office365.us/", refused));
        assert!(!asked(&exchange("outlook.office365.com"), refused));
        assert!(!asked(&exchange("mail.contoso.com"), refused) && !asked("x", refused));
        let granted = r#"{"access_token":"a","token_type":"Bearer"}"#;
        assert!(!asked(&exchange("partner.outlook.cn"), granted));
    }

    #[test]
    fn stays_silent_on_worldwide() {
        assert!(!Scene::healthy().assertion_to("00000001-0000-0000-c000-000000000000").fires(&RULE));
    }

    #[test]
    fn tells_21vianet_from_the_others_by_the_id() {
        let asked = |id: &str, host: &'static str| {
            let scene = Scene::healthy().assertion_to(id);
            scene.last_request(|last| last.request.as_mut().unwrap().host = Some(host.into())).fires(&RULE)
        };
        let (worldwide, china) =
            ("00000001-0000-0000-c000-000000000000", "00000001-0002-0000-c000-000000000000");
        assert!(asked(worldwide, "login.chinacloudapi.cn"));
        assert!(asked(china, "login.microsoftonline.us"));
    }

    #[test]
    fn stays_silent_on_21vianet_asked_at_its_own_host() {
        let scene = Scene::healthy().assertion_to("00000001-0002-0000-c000-000000000000");
        let form = |last: &mut crate::exchange::Exchange| {
            last.request.as_mut().unwrap().host = Some("accounts.accesscontrol.chinacloudapi.cn".into());
        };
        // The audience still names the worldwide host: the id alone is right.
        let judged = scene.last_request(form).judge();
        let found = judged.findings.iter().filter(|found| found.rule == RULE.id).count();
        assert_eq!(found, 1);
    }
}
