//! Did tokens travel protected? One file per rule.

/// A token crossed a network in the clear.
pub(crate) mod clear;
/// A token travelled in a URL.
pub(crate) mod url_token;
