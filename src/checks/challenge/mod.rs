//! Do the challenges name the right parties? One file per rule.

/// The challenge names another application.
pub(crate) mod application;
/// Exchange trusts the token service of another cloud.
pub(crate) mod cloud;
/// Exchange trusts Skype for Business Server directly.
pub(crate) mod direct_trust;
/// Discovery of the realm.
pub(crate) mod discovery;
/// The challenge refuses a token in which nothing wrong was found.
pub(crate) mod disputed;
/// A live Exchange trusts another cloud only.
pub(crate) mod foreign_cloud;
/// The challenge trusts no token service.
pub(crate) mod issuer_missing;
/// No Bearer challenge to an empty Bearer.
pub(crate) mod missing;
/// The challenge names no authorization address.
pub(crate) mod no_authorization_uri;
/// Something else than Exchange answered.
pub(crate) mod not_exchange;
/// What an OpenID provider says of itself.
pub(crate) mod openid;
/// Which keys a live service publishes.
pub(crate) mod published_keys;
/// Exchange trusts the token service for another tenant.
pub(crate) mod realm;
/// What a live challenge says.
pub(crate) mod seen;
/// A challenge cannot be read.
pub(crate) mod unreadable;

use crate::checks::expectations::EXCHANGE;
use crate::token::principal::Principal;
use crate::wire::http::challenge::Challenge;

/// A parameter of a challenge, by name in any case.
pub(crate) fn parameter<'c>(challenge: &'c Challenge, name: &str) -> Option<&'c str> {
    let found = challenge.parameters.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
    Some(&found.1)
}

/// The principals of `trusted_issuers`; also as SharePoint writes the name.
pub(crate) fn issuers(challenge: &Challenge) -> Option<Vec<Principal<'_>>> {
    let list = parameter(challenge, "trusted_issuers").or_else(|| parameter(challenge, "trustedissuers"))?;
    Some(list.split(',').filter_map(|name| Principal::parse(name.trim())).collect())
}
/// Whether a challenge says what a caller learns from it: that the application is Exchange, and whose tokens it trusts.
pub(crate) fn names_both(challenge: &Challenge) -> bool {
    parameter(challenge, "client_id").is_some_and(|id| id.trim().eq_ignore_ascii_case(EXCHANGE))
        && issuers(challenge).is_some_and(|issuers| !issuers.is_empty())
}

/// A metadata document comes from another cloud.
pub(crate) mod metadata_cloud;
/// The issuer of a metadata document is not its service name and realm.
pub(crate) mod metadata_issuer;
/// A certificate in a metadata document has expired.
pub(crate) mod metadata_key_expired;
/// A key of a metadata document has the name of another certificate.
pub(crate) mod metadata_key_name;
/// A metadata document publishes no key.
pub(crate) mod metadata_keys_empty;
/// Exchange publishes two certificates.
pub(crate) mod metadata_keys_several;
/// A metadata document is of another service than its address.
pub(crate) mod metadata_service;
/// An auth server does not fit the cloud.
pub(crate) mod script_cloud;
/// TLS certificates are not checked.
pub(crate) mod script_trust_any;
/// An auth server is missing or disabled.
pub(crate) mod state_auth_server;
/// An auth server belongs to another cloud.
pub(crate) mod state_auth_server_cloud;
/// An auth server belongs to another tenant.
pub(crate) mod state_auth_server_tenant;
/// Several auth servers are the default authorization endpoint.
pub(crate) mod state_default_endpoint;
/// OAuth is off on a virtual directory.
pub(crate) mod state_oauth_off;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_challenge_with_application_and_issuers_names_both() {
        let names = |text: &str| {
            let head = crate::exchange::Head::from_pairs([(&b"WWW-Authenticate"[..], text.as_bytes())]);
            names_both(&crate::wire::http::challenge::challenges(&head)[0])
        };
        const ISSUERS: &str = "trusted_issuers=\"00000001-0000-0000-c000-000000000000@*\"";
        let application = format!("client_id=\"{EXCHANGE}\"");
        assert!(names(&format!("Bearer {application}, {ISSUERS}")));
        for other in [
            "Bearer".to_owned(),
            "Bearer realm=\"x\"".to_owned(),
            "Bearer error=\"invalid_token\"".to_owned(),
            format!("Bearer {ISSUERS}"),
            format!("Bearer client_id=\"\", {ISSUERS}"),
            format!("Bearer {application}"),
            format!("Bearer {application}, trusted_issuers=\"\""),
        ] {
            assert!(!names(&other), "{other}");
        }
    }
}
