//! Takes one exchange, gives findings of `request-client-id`: the client is not named as the token service names applications.

use crate::base::is_guid;
use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::marks::Marks;
use crate::checks::realm::{self, Realm};
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;
use crate::token::principal::Principal;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "request-client-id",
    check: CheckId::TokenRequest,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &[],
    title: "the client is not named as the token service names applications",
    looks_at: "`client_id` of application requests: an application id or an absolute URI, at ACS `id@tenant`; and the tenant in it against the one in the URL.",
    matters: "The token service takes names of the form `name[/host][@realm]` and refuses others (AADSTS90022, AADSTS700016).",
    bad: "client_id=ExchangeOnline to ACS",
    good: "client_id=00000002-0000-0ff1-ce00-000000000000@11111111-…",
    repair: "Get-MgServicePrincipal -Filter \"appId eq '<application>'\" | Format-List AppId,DisplayName",
    sources: &["Microsoft Entra error AADSTS90022", "RFC 6749 2.2"],
    scope: Scope::Marked(Marks::TOKEN_SERVICE, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    let Some(client) = case.field("client_id").filter(|_| case.token_request().is_some()) else { return };
    let path = case.path().to_ascii_lowercase();
    let tenant = path.strip_suffix("/tokens/oauth/2").map(|rest| rest.trim_start_matches('/'));
    let wrong = match (Principal::parse(client), tenant) {
        (None, _) => Some("names no application".to_owned()),
        _ if client.contains("://") => None,
        (Some(name), _) if !is_guid(name.id) => Some("is no application id".to_owned()),
        (Some(name), Some(_)) if name.realm.is_none_or(str::is_empty) => Some("names no tenant".to_owned()),
        (Some(name), Some(tenant)) if !tenant.is_empty() => {
            let differs = realm::agree(Some(tenant), name.realm, &case.expected.tenants) == Realm::Different;
            differs.then(|| format!("names another tenant than the URL ({})", shown(tenant)))
        }
        _ => None,
    };
    if let Some(wrong) = wrong {
        out.say("the client is not named as the token service names applications")
            .observed(format!("client_id {} {wrong}", shown(client)))
            .expected("<application>@<tenant>")
            .location("request.body.form.client_id");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::expectations::EXCHANGE;
    use crate::checks::testing::{OTHER_TENANT, Scene, TENANT};

    fn asked(client: &str) -> Scene {
        let form = format!("grant_type=client_credentials&client_id={client}&resource=a/b@{TENANT}");
        Scene::healthy().token_request(&form, 400, "{}")
    }

    #[test]
    fn fires_on_a_word_no_tenant_and_another_one() {
        for client in ["ExchangeOnline", EXCHANGE, &format!("{EXCHANGE}@{OTHER_TENANT}"), ""] {
            assert!(asked(client).fires(&RULE), "{client}");
        }
    }

    #[test]
    fn stays_silent_on_the_application_in_the_tenant_and_on_a_uri() {
        for client in [format!("{EXCHANGE}@{TENANT}"), "https://app.contoso.com".into()] {
            assert!(!asked(&client).fires(&RULE), "{client}");
        }
    }

    #[test]
    fn wants_an_id_and_no_tenant_that_the_url_lacks() {
        assert!(asked(&format!("ExchangeOnline@{TENANT}")).fires(&RULE));
        assert!(!asked(&format!("{EXCHANGE}@{TENANT}")).asked_at("/tokens/OAuth/2").fires(&RULE));
        assert!(!asked(&format!("{EXCHANGE}@{OTHER_TENANT}")).asked_at("/tokens/OAuth/2").fires(&RULE));
        // Entra has the tenant in the URL alone.
        assert!(!asked(EXCHANGE).asked_at(&format!("/{TENANT}/oauth2/token")).fires(&RULE));
    }
}
