//! Takes what `probe` learned of a question, gives findings of `challenge-openid`: what an OpenID provider says of itself.

use serde_json::Value;

use crate::base::is_guid;
use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::place::bare_host;
use crate::checks::probed::{ProbeCase, Purpose};
use crate::checks::rule::{Out, Rule, Scope};
use crate::state::cloud::Cloud;
use crate::wire::http::body;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "challenge-openid",
    check: CheckId::Challenge,
    severity: Severity::Info,
    since: "0.1.0",
    candidates: &[],
    title: "what an OpenID provider says of itself",
    looks_at: "The configuration document of a token service: issuer, token endpoint, keys, and whether tenant and cloud are the expected ones.",
    matters: "It shows that the tenant is known there and in which cloud it lives; Exchange's auth servers have to point to the same place.",
    bad: "issuer https://sts.windows.net/99999999-2222-3333-4444-555555555555/ for another tenant",
    good: "issuer https://sts.windows.net/<tenant>/",
    repair: "Look at the addresses that Exchange uses: Get-AuthServer | Format-List Name,AuthMetadataUrl,TokenIssuingEndpoint.",
    sources: &[
        "OpenID Connect Discovery 1.0, 3 and 4",
        "Microsoft Entra: OpenID Connect on the Microsoft identity platform",
    ],
    scope: Scope::Probe(examine),
};

fn examine(case: &ProbeCase<'_>, out: &mut Out<'_>) {
    let Some(question) = case.question().filter(|question| question.purpose == Purpose::OpenId) else {
        return;
    };
    let Some(response) = question.exchange.as_ref().and_then(|exchange| exchange.response.as_ref()) else {
        return;
    };
    let url = shown(&question.url);
    let nothing = |out: &mut Out<'_>| {
        if question.needed && question.trouble.is_none() {
            out.missing(format!("{url} gave no OpenID configuration (status {})", response.status));
        }
    };
    if let Some(target) = &question.redirect {
        out.say(format!("{url} redirects to another place, which was not asked")).observed(shown(target));
        nothing(out);
        return;
    }
    let (content, _) = body::content(&response.head, &response.body);
    let document: Value = serde_json::from_slice(&content).unwrap_or(Value::Null);
    let text = |name: &str| document.get(name).and_then(Value::as_str);
    let Some(issuer) = text("issuer").filter(|_| response.status == 200) else {
        // The token service says in its own words that it does not know a tenant.
        let why = text("error_description").or(text("error")).unwrap_or("no issuer in the answer");
        out.say(format!("{url} gave no OpenID configuration"))
            .severity(Severity::Warning)
            .observed(shown(&format!("status {}: {why}", response.status)));
        nothing(out);
        return;
    };
    let endpoint = text("token_endpoint");
    let parts = [("issuer", Some(issuer)), ("token_endpoint", endpoint), ("jwks_uri", text("jwks_uri"))];
    let parts: Vec<String> = parts
        .iter()
        .filter_map(|(name, value)| value.map(|value| format!("{name} {}", shown(value))))
        .collect();
    out.say(format!("{url} says who it is")).observed(parts.join("; "));
    let own = case.expected.tenants.iter().find(|tenant| is_guid(tenant));
    let named = issuer.split('/').find(|part| is_guid(part));
    if let (Some(own), Some(named)) = (own, named)
        && !own.eq_ignore_ascii_case(named)
    {
        out.say(format!("{url} is of another tenant"))
            .severity(Severity::Error)
            .observed(shown(issuer))
            .expected(own.clone());
    }
    let host = |url: &str| Some(bare_host(url.split("://").nth(1)?.split('/').next()?));
    let cloud = endpoint.and_then(host).and_then(|host| Cloud::of_host(&host));
    if let Some(cloud) = cloud.filter(|cloud| *cloud != case.cloud) {
        out.say(format!("{url} belongs to another cloud"))
            .severity(Severity::Error)
            .observed(format!("{}, which is {}", shown(endpoint.unwrap_or_default()), cloud.name()))
            .expected(case.cloud.name());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::expectations::Expectations;
    use crate::checks::testing::probe::Thing as _;
    use crate::checks::testing::probe::{question, speaks};
    use crate::checks::testing::{OTHER_TENANT, TENANT};

    #[test]
    fn fires_on_an_answer_that_is_no_configuration() {
        let mut thing = question(400, &[]);
        thing.purpose = Purpose::OpenId;
        assert!(speaks(&RULE, &thing));
    }

    #[test]
    fn stays_silent_on_a_challenge() {
        assert!(!speaks(&RULE, &question(401, &[])));
    }

    #[test]
    fn compares_tenant_and_cloud_and_misses_what_was_needed() {
        let said = |status: u16, needed: bool, text: &str| {
            let mut thing = question(status, &[]);
            (thing.purpose, thing.needed) = (Purpose::OpenId, needed);
            thing.exchange.as_mut().unwrap().response.as_mut().unwrap().body =
                crate::checks::testing::body(text);
            let (mut hits, mut missing) = (Vec::new(), Vec::new());
            let expected = Expectations {
                tenants: vec!["contoso.com".into(), TENANT.into()],
                ..Expectations::default()
            };
            let case = ProbeCase { probed: thing.probed(), expected: &expected, cloud: Cloud::Worldwide };
            examine(&case, &mut Out::new(&RULE, &mut hits, &mut missing));
            let errors = hits.iter().filter(|hit| hit.severity == Severity::Error);
            (errors.map(|hit| hit.message.to_string()).collect::<Vec<_>>(), missing.len())
        };
        let document = |tenant: &str, host: &str| {
            format!(
                r#"{{"issuer":"https://sts.windows.net/{tenant}/","token_endpoint":"https://{host}/{tenant}/oauth2/token"}}"#
            )
        };
        let own = document(TENANT, "login.microsoftonline.com");
        assert_eq!(said(200, true, &own), (vec![], 0));
        let (errors, _) = said(200, true, &document(OTHER_TENANT, "login.microsoftonline.com"));
        assert!(errors.len() == 1 && errors[0].contains("another tenant"), "{errors:?}");
        let (errors, _) = said(200, true, &document(TENANT, "login.chinacloudapi.cn"));
        assert!(errors.len() == 1 && errors[0].contains("another cloud"), "{errors:?}");
        assert_eq!(said(404, true, &own), (vec![], 1));
        assert_eq!(said(200, true, "{}"), (vec![], 1));
        assert_eq!(said(200, false, "{}"), (vec![], 0));
    }
}
