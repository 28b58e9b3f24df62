//! Was the token meant for the server that got it? One file per rule.

/// The token is meant for another service.
pub(crate) mod application;
/// The audience is not application/host@tenant.
pub(crate) mod form;
/// The token is meant for another host.
pub(crate) mod host;
/// The audience names another tenant, or none.
pub(crate) mod realm;
/// TLS was opened under another name.
pub(crate) mod sni;
/// An Entra token is meant for another address.
pub(crate) mod uri;
