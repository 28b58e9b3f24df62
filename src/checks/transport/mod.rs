//! Did tokens travel protected? One file per rule.

/// A live server's certificate does not verify.
pub(crate) mod certificate_untrusted;
/// A token crossed a network in the clear.
pub(crate) mod clear;
/// A log tells of a token in a URL.
pub(crate) mod log_token_in_url;
/// A live server has only old cipher suites.
pub(crate) mod suite_old;
/// A live server accepts weak cipher suites.
pub(crate) mod suite_weak;
/// A live server speaks old versions of TLS.
pub(crate) mod tls_old;
/// A token travelled in a URL.
pub(crate) mod url_token;
