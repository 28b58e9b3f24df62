//! Was OAuth used at all, and by whom? One file per rule.

/// The application context is neither an object nor JSON text.
pub(crate) mod appctx;
/// A principal of Teams is in use.
pub(crate) mod current_principal;
/// A member stands twice in the token.
pub(crate) mod duplicate_member;
/// A token in scope travelled in a form field.
pub(crate) mod form_token;
/// The legacy principal is still in use.
pub(crate) mod legacy_principal;
/// A log tells of a call by WS-Security.
pub(crate) mod log_wssecurity;
/// Windows authentication from a public address.
pub(crate) mod windows_authentication;
/// WS-Security federation instead of OAuth.
pub(crate) mod wssecurity;
