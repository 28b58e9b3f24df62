//! Takes the raw parts of a signature and a set of keys, gives what the signature proves.
//!
//! RFC 7515 5.2, RFC 7518 3, RFC 8725. The key pins the algorithm. A wrong kind of key is never called a
//! wrong signature; a right signature by a key that is too small is said to be just that.

use super::{Key, KeyRing};

/// The names by which a token says who signed it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Signer<'t> {
    /// `alg`.
    pub algorithm: &'t str,
    /// `kid`.
    pub kid: Option<&'t str>,
    /// `x5t`, as written.
    pub x5t: Option<&'t str>,
    /// `x5t#S256`, as written.
    pub x5t_s256: Option<&'t str>,
}

/// What a signature proves.
#[derive(Clone, Debug)]
pub enum Signature<'k> {
    /// It verifies with this key. `named`: the token named the key itself; `weak`: under 2048 bits.
    Verified {
        /// The key.
        key: &'k Key,
        /// Found by `kid`, `x5t` or `x5t#S256` rather than by trial.
        named: bool,
        /// RSA under 2048 bits.
        weak: bool,
    },
    /// The named key (or, with no name, every key of that kind) does not verify it.
    Failed {
        /// The key, when the token named one.
        key: Option<&'k Key>,
    },
    /// No key of that name, and no other key verifies it.
    NoKey,
    /// The key that the token names (or the only keys there are) cannot be used with `alg`; `confusion`:
    /// HS* against an asymmetric key.
    WrongKind {
        /// One of them.
        key: &'k Key,
        /// HMAC asked for, asymmetric key given.
        confusion: bool,
    },
    /// `alg` is one that this tool does not verify.
    UnknownAlgorithm,
}

impl KeyRing {
    /// Judges `signature` over `input`.
    pub fn check<'k>(&'k self, signer: Signer<'_>, input: &[u8], signature: &[u8]) -> Signature<'k> {
        let _ = (signer, input, signature);
        todo!("helper: keys")
    }
}
