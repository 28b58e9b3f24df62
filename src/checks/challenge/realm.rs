//! Takes one exchange, gives findings of `challenge-realm`: Exchange trusts the token service for another tenant.

use crate::checks::CheckId;
use crate::checks::challenge::issuers;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::marks::Marks;
use crate::checks::place;
use crate::checks::realm::{self, Realm};
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;
use crate::state::cloud::Cloud;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "challenge-realm",
    check: CheckId::Challenge,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["B04"],
    title: "Exchange trusts the token service for another tenant",
    looks_at: "The realm of the ACS issuer in `trusted_issuers` against --tenant; `*` and none fit all.",
    matters: "Calls of this tenant are refused. The address below is that of the worldwide cloud; for GCC High and DoD its host is \
              login.microsoftonline.us, for 21Vianet accounts.accesscontrol.chinacloudapi.cn.",
    bad: "trusted_issuers=\"00000001-…@99999999-…\"",
    good: "trusted_issuers=\"00000001-…@11111111-…\"",
    repair: "Get-AuthServer | Format-List Name,Realm,AuthMetadataUrl; Set-AuthServer <name> \
             -AuthMetadataUrl https://accounts.accesscontrol.windows.net/<verified \
             domain>/metadata/json/1",
    sources: &["[MS-XOAUTH] 3.2.5.4"],
    scope: Scope::Marked(Marks::CHALLENGED, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    let Some(challenge) = case.bearer_challenge().filter(|_| case.at_exchange()) else { return };
    let acs: Vec<_> =
        issuers(challenge).unwrap_or_default().into_iter().filter(|name| place::is_acs(name.id)).collect();
    let fits = |realm: Option<&str>| realm::compare(realm, &case.expected.tenants) != Realm::Different;
    if !acs.is_empty() && !acs.iter().any(|name| fits(name.realm)) {
        let list: Vec<String> = acs.iter().map(ToString::to_string).collect();
        let hit = out.say("Exchange trusts the token service for another tenant");
        hit.observed(shown(&list.join(",")))
            .expected(realm::list(&case.expected.tenants))
            .location("response.header.www-authenticate");
        // The others share their id.
        let china = acs.iter().any(|name| Cloud::of_acs(name.id) == Some(Cloud::China));
        let fitted = Cloud::China.fitted(RULE.repair).filter(|_| china && case.expected.cloud.is_none());
        if let Some(help) = fitted {
            hit.help(help);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::OTHER_TENANT;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_another_tenant() {
        assert!(Scene::healthy().discovery(&format!("Bearer client_id=\"00000002-0000-0ff1-ce00-000000000000\", trusted_issuers=\"00000001-0000-0000-c000-000000000000@{OTHER_TENANT}\"")).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_a_wildcard() {
        assert!(!Scene::healthy().discovery("Bearer client_id=\"00000002-0000-0ff1-ce00-000000000000\", trusted_issuers=\"00000001-0000-0000-c000-000000000000@*\"").fires(&RULE));
    }

    #[test]
    fn stays_silent_without_the_token_service_and_elsewhere() {
        let asked = |issuers: &str| {
            Scene::healthy().discovery(&format!(
                "Bearer client_id=\"00000002-0000-0ff1-ce00-000000000000\", trusted_issuers=\"{issuers}\""
            ))
        };
        assert!(!asked(&format!("00000002-0000-0ff1-ce00-000000000000@{OTHER_TENANT}")).fires(&RULE));
        let acs = format!("00000001-0000-0000-c000-000000000000@{OTHER_TENANT}");
        assert!(asked(&acs).fires(&RULE));
        assert!(!asked(&format!("{acs},00000001-0000-0000-c000-000000000000@*")).fires(&RULE));
        assert!(!asked(&acs).target("/other/").fires(&RULE));
    }
}
