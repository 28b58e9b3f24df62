//! Is the uploaded certificate good? One file per rule.

/// The certificate had expired.
pub(crate) mod expired;
/// The certificate ends within 60 days.
pub(crate) mod expires_soon;
/// The certificate's key is not RSA of 2048 bits or more.
pub(crate) mod key;
/// A live Exchange publishes another certificate.
pub(crate) mod not_published;
/// The certificate was not valid yet.
pub(crate) mod not_yet_valid;
/// The file holds a private key.
pub(crate) mod private_key;
/// Tokens are still signed with a certificate that has a successor.
pub(crate) mod rollover;
/// Not the certificate that Exchange makes for OAuth.
pub(crate) mod subject;
