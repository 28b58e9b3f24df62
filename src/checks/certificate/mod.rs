//! Is the uploaded certificate good? One file per rule.

/// The certificate had expired.
pub(crate) mod expired;
/// The certificate ends within 60 days.
pub(crate) mod expires_soon;
/// The certificate's key is not RSA of 2048 bits or more.
pub(crate) mod key;
/// Exchange does not publish its current auth certificate.
pub(crate) mod metadata_certificate;
/// A live Exchange publishes another certificate.
pub(crate) mod not_published;
/// The certificate was not valid yet.
pub(crate) mod not_yet_valid;
/// The file holds a private key.
pub(crate) mod private_key;
/// Tokens are still signed with a certificate that has a successor.
pub(crate) mod rollover;
/// The certificate is exported with its private key.
pub(crate) mod script_export_private;
/// An empty thumbprint would match every certificate.
pub(crate) mod script_match;
/// The auth certificate ends soon and no successor is named.
pub(crate) mod state_auth_certificate_expires_soon;
/// The auth certificate is not on the Exchange servers.
pub(crate) mod state_auth_certificate_missing;
/// The auth certificate cannot be used.
pub(crate) mod state_auth_certificate_unusable;
/// Get-AuthConfig has another service name or a realm.
pub(crate) mod state_auth_config;
/// The given certificate is not the one that Exchange uses.
pub(crate) mod state_certificate_differs;
/// A date can be read in two ways.
pub(crate) mod state_date_ambiguous;
/// The next auth certificate is not on the service principals and takes effect soon.
pub(crate) mod state_next_certificate;
/// Not the certificate that Exchange makes for OAuth.
pub(crate) mod subject;
