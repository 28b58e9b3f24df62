//! Was the token meant for the server that got it? One file per rule.

/// The token is meant for another service.
pub(crate) mod application;
/// The audience is not application/host@tenant.
pub(crate) mod form;
/// The token is meant for another host.
pub(crate) mod host;
/// The audience names another tenant, or none.
pub(crate) mod realm;
/// The host names of Exchange are not registered.
pub(crate) mod script_endpoints_missing;
/// A wildcard stands where a domain or host name belongs.
pub(crate) mod script_wildcard;
/// TLS was opened under another name.
pub(crate) mod sni;
/// The account's address is not in an accepted domain.
pub(crate) mod state_account_domain;
/// A host name of Exchange is not registered on Exchange's service principal.
pub(crate) mod state_host_not_registered;
/// The realm of tokens is accepted by a wildcard only.
pub(crate) mod state_realm_wildcard;
/// An Entra token is meant for another address.
pub(crate) mod uri;

use crate::checks::subject::{ExchangeCase, UseCase};
use crate::token::{Role, Token};

/// Said where nothing names the host of a request; what libraries trace of themselves leaves it out.
const NO_HOST: &str = "a request does not name its host, so its token's audience cannot be compared: give a recording \
     or an export of the call that holds its Host field or its whole address";

/// The request that presented a token whose audience is `<application>/<host>@<tenant>`: that of Entra is an address.
fn presented<'a>(case: &UseCase<'a>) -> Option<(&'a ExchangeCase<'a>, &'a Token)> {
    let token = case.token.token;
    case.presented()
        .filter(|_| !matches!(token.role, Role::Access | Role::Id))
        .map(|exchange| (exchange, token))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::expectations::EXCHANGE;
    use crate::checks::testing::{OTHER_TENANT, Scene, TENANT};

    /// Which rules speak of an audience that is made so.
    fn fired(scene: &Scene) -> Vec<&'static str> {
        let rules = [&application::RULE, &form::RULE, &host::RULE, &realm::RULE, &uri::RULE];
        let judgement = scene.judge();
        let fires = |id: &str| judgement.findings.iter().any(|finding| finding.rule == id);
        rules.into_iter().map(|rule| rule.id).filter(|id| fires(id)).collect()
    }

    #[test]
    fn each_part_of_an_audience_has_its_rule() {
        let audience = |text: String| fired(&Scene::healthy().both_audiences(text));
        let (host, other) = ("mail.contoso.com", "00000003-0000-0ff1-ce00-000000000000");
        assert_eq!(audience(format!("{EXCHANGE}/{host}@{TENANT}")), [""; 0]);
        assert_eq!(audience(format!("{other}/{host}@{TENANT}")), [application::RULE.id]);
        assert_eq!(audience(format!("{EXCHANGE}/owa.contoso.com@{TENANT}")), [host::RULE.id]);
        assert_eq!(audience(format!("{EXCHANGE}/{host}@{OTHER_TENANT}")), [realm::RULE.id]);
        assert_eq!(audience(format!("{EXCHANGE}/{host}@")), [realm::RULE.id]);
        assert_eq!(audience(format!("{EXCHANGE}/@{TENANT}")), [form::RULE.id]);
        assert_eq!(audience(format!("{EXCHANGE}@{TENANT}")), [form::RULE.id]);
        assert_eq!(audience(format!("{EXCHANGE}/{host}")), [form::RULE.id, realm::RULE.id]);
    }

    #[test]
    fn what_is_not_presented_is_meant_for_nobody_here() {
        let audience = format!("00000003-0000-0ff1-ce00-000000000000/@{OTHER_TENANT}");
        assert_eq!(fired(&Scene::healthy().both_audiences(audience).in_form("state")), [""; 0]);
        assert_eq!(fired(&Scene::healthy().entra("https://other.contoso.com/").in_form("state")), [""; 0]);
    }

    #[test]
    fn an_audience_of_entra_is_an_address_with_its_scheme() {
        let entra = |text: &str| fired(&Scene::healthy().entra(text));
        assert_eq!(entra("https://mail.contoso.com/"), [""; 0]);
        assert_eq!(entra("HTTPS://mail.contoso.com:443/ews"), [""; 0]);
        for other in
            ["http://mail.contoso.com/", "https://mail.contoso.com:8443/", "https://owa.contoso.com/"]
        {
            assert_eq!(entra(other), [uri::RULE.id], "{other}");
        }
    }
}
