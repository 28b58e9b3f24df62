//! Who speaks, for which tenant? One file per rule.

/// The token names another application.
pub(crate) mod application;
/// The application id is written in another letter case.
pub(crate) mod case;
/// The issuer is written with a slash.
pub(crate) mod form;
/// The token names no tenant, or a wildcard.
pub(crate) mod realm_missing;
/// The token names another tenant.
pub(crate) mod tenant;
