//! Is every signature right, by a key that was supplied? One file per rule.

/// HMAC where a public key is the key.
pub(crate) mod algorithm_confusion;
/// The algorithm is not that of the key.
pub(crate) mod algorithm_mismatch;
/// The signature algorithm is unknown.
pub(crate) mod algorithm_unknown;
/// Another algorithm than RS256.
pub(crate) mod algorithm_unusual;
/// The signing certificate is not the uploaded one.
pub(crate) mod certificate_unknown;
/// The token demands an extension that nobody knows.
pub(crate) mod critical_header;
/// The token brings or points to its own key.
pub(crate) mod key_in_token;
/// The signing key is under 2048 bits.
pub(crate) mod key_weak;
/// The token is not in compact serialisation.
pub(crate) mod malformed;
/// The signature is gone from a token on the wire.
pub(crate) mod missing;
/// The token does not name its key.
pub(crate) mod no_key_name;
/// An unsigned token without an actor token.
pub(crate) mod none;
/// Exchange's key signed for the token service.
pub(crate) mod other_signer;
/// Exchange signs with another certificate than its configuration names.
pub(crate) mod state_x5t_unknown;
/// The signature is wrong.
pub(crate) mod wrong;
/// X5t is no SHA-1 thumbprint.
pub(crate) mod x5t_malformed;
