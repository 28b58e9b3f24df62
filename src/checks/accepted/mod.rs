//! Did Exchange accept the tokens? One file per rule.

/// Autodiscover was reached without credentials.
pub(crate) mod cas_error;
/// What the server says contradicts what the token shows.
pub(crate) mod disputed;
/// EWS reports an error inside the answer.
pub(crate) mod ews_error;
/// Exchange forbade the call.
pub(crate) mod forbidden;
/// A log tells of an accepted Bearer call.
pub(crate) mod log_accepted;
/// A log tells of a refused Bearer call.
pub(crate) mod log_refused;
/// The call was answered with a client error.
pub(crate) mod not_found;
/// Something in front of Exchange answered.
pub(crate) mod other_device;
/// The call was redirected.
pub(crate) mod redirected;
/// Exchange refused the token.
pub(crate) mod refused;
/// The reason of a refusal is missing.
pub(crate) mod refused_silently;
/// The server failed on the call.
pub(crate) mod server_error;
/// The Entra token carries no permission.
pub(crate) mod token_no_permission;
/// This kind of token is not accepted at this path.
pub(crate) mod token_profile;
