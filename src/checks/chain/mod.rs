//! Do outer and actor token belong together? One file per rule.

/// The actor token cannot be read.
pub(crate) mod actor_unreadable;
/// The actor token is unsigned.
pub(crate) mod actor_unsigned;
/// Outer and actor token name different applications.
pub(crate) mod application;
/// Outer and actor token have different audiences.
pub(crate) mod audience;
/// Delegation is not stated.
pub(crate) mod delegation;
/// The identity provider is not the issuer.
pub(crate) mod identity_provider;
/// The actor token is issued by somebody who is neither a token service nor itself.
pub(crate) mod issuer_direct;
/// The token service issued for another tenant than its own realm.
pub(crate) mod issuer_realm;
/// An actor token inside an actor token.
pub(crate) mod nested;
/// The outer token is signed.
pub(crate) mod outer_signed;
/// Outer and actor token name different tenants.
pub(crate) mod realm;
/// The user's addresses name different domains.
pub(crate) mod user_ambiguous;
/// The user's identifier does not fit its provider.
pub(crate) mod user_kind;
/// The outer token names no user.
pub(crate) mod user_missing;
