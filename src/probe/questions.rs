//! Takes an address, gives the questions to ask there.

use super::address::Address;
use crate::checks::place::{self, Place};
use crate::checks::probed::Purpose;

/// A question to ask.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Planned {
    pub(super) path: String,
    pub(super) purpose: Purpose,
    /// See [`crate::checks::probed::Question::needed`].
    pub(super) needed: bool,
}

/// The directories of Exchange that take OAuth, the one that matters most first.
const DIRECTORIES: [&str; 6] = [
    "/ews/exchange.asmx",
    "/autodiscover/autodiscover.svc",
    "/autodiscover/autodiscover.xml",
    "/mapi/",
    "/oab/",
    "/api/",
];

/// What Exchange publishes: its own document, and as a partner application its older place.
const METADATA: [&str; 2] = ["/autodiscover/metadata/json/1", "/metadata/json/1"];

/// The one path that is named, or all that a host of its kind answers.
pub(super) fn plan(address: &Address, tenant: Option<&str>) -> Vec<Planned> {
    let planned = |path: &str, purpose| Planned { path: path.to_owned(), purpose, needed: true };
    if !address.path.is_empty() {
        return vec![planned(&address.path, purpose(address))];
    }
    if !place::is_token_service_host(&address.host) {
        let challenges = DIRECTORIES.iter().map(|path| planned(path, Purpose::Challenge));
        return challenges
            .chain(METADATA.iter().map(|path| Planned { needed: false, ..planned(path, Purpose::Keys) }))
            .collect();
    }
    let tenant = tenant.unwrap_or("common");
    if address.host.contains("accesscontrol") {
        return vec![planned(&format!("/{tenant}/metadata/json/1"), Purpose::Keys)];
    }
    vec![
        planned(&format!("/{tenant}/discovery/keys"), Purpose::Keys),
        planned(&format!("/{tenant}/federationmetadata/2007-06/federationmetadata.xml"), Purpose::Keys),
        planned(&format!("/{tenant}/.well-known/openid-configuration"), Purpose::OpenId),
    ]
}

/// What an address that names a path is asked for.
fn purpose(address: &Address) -> Purpose {
    let lower = address.path.to_ascii_lowercase();
    let path = lower.split('?').next().unwrap_or_default();
    if path.ends_with("/.well-known/openid-configuration") {
        return Purpose::OpenId;
    }
    let keys = ["/metadata/json/1", "federationmetadata.xml", "/keys", "/jwks", "/certs"];
    if keys.iter().any(|end| path.ends_with(end)) {
        return Purpose::Keys;
    }
    match place::of(Some(&address.host), path) {
        Place::TokenService => Purpose::OpenId,
        _ => Purpose::Challenge,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(url: &str) -> Vec<String> {
        plan(&Address::parse(url).unwrap(), None).into_iter().map(|planned| planned.path).collect()
    }

    #[test]
    fn a_path_is_asked_alone_and_a_host_for_all() {
        assert_eq!(paths("https://mail.contoso.com/ews/exchange.asmx"), ["/ews/exchange.asmx"]);
        assert_eq!(paths("https://mail.contoso.com/").len(), 8);
        assert_eq!(paths("https://accounts.accesscontrol.windows.net"), ["/common/metadata/json/1"]);
    }

    #[test]
    fn documents_are_not_asked_for_challenges() {
        let purpose = |url: &str| plan(&Address::parse(url).unwrap(), None)[0].purpose;
        assert_eq!(purpose("https://a.example/autodiscover/metadata/json/1"), Purpose::Keys);
        assert_eq!(purpose("https://login.windows.net/t/.well-known/openid-configuration"), Purpose::OpenId);
        assert_eq!(purpose("https://a.example/ews/exchange.asmx"), Purpose::Challenge);
    }
}
