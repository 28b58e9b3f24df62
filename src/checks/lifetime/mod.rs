//! Was the token valid when it was used? One file per rule.

/// The token service back-dated the token.
pub(crate) mod back_dated;
/// The server's clock differs from that of the recording.
pub(crate) mod clock_skew;
/// Times are written as text.
pub(crate) mod digits;
/// The token had expired when it was used.
pub(crate) mod expired;
/// The token ends before it begins.
pub(crate) mod inverted;
/// A token lives longer than usual.
pub(crate) mod long;
/// An assertion lives longer than ten minutes.
pub(crate) mod long_assertion;
/// A time claim is neither a number nor digits.
pub(crate) mod malformed;
/// The token never expires.
pub(crate) mod no_expiry;
/// The token was used before it became valid.
pub(crate) mod not_yet_valid;
/// The outer token outlives its actor token.
pub(crate) mod outer_outlives_actor;
