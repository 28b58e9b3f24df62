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
