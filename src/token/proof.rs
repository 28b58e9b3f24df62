//! Takes a token and the keys at hand, gives what its signature proves.
//!
//! RFC 7515 5.2: a signature counts only over the exact compact form, and only when every extension that
//! the header calls critical is understood (4.1.11). This tool understands none.

use super::jwt::Jwt;
use crate::json::{Node, Value};
use crate::keys::KeyRing;
use crate::keys::signature::{Signature, Signer};

/// What became of a token's signature.
#[derive(Clone, Debug)]
pub enum Proof<'k> {
    /// There is none, and `alg` is `none` or absent.
    Unsigned,
    /// The source removed or masked it.
    Removed,
    /// The text is not the compact form to the letter: nothing can be proven.
    Malformed,
    /// Header extensions that must be understood and are not, by name.
    Critical(Vec<String>),
    /// The keys were asked.
    Checked(Signature<'k>),
}

/// Judges the signature of a token whose text is `text`.
pub fn prove<'k>(text: &[u8], jwt: &Jwt, ring: &'k KeyRing) -> Proof<'k> {
    if jwt.signature_removed() {
        return Proof::Removed;
    }
    let algorithm = jwt.algorithm().unwrap_or_default();
    if jwt.signature_part.is_empty() && jwt.parts <= 3 {
        return Proof::Unsigned;
    }
    if !jwt.is_well_formed() {
        return Proof::Malformed;
    }
    let critical = critical(jwt.header.as_deref());
    if !critical.is_empty() {
        return Proof::Critical(critical);
    }
    let member = |name: &str| jwt.header.as_ref()?.get(name)?.as_str();
    let signer = Signer { algorithm, kid: member("kid"), x5t: member("x5t"), x5t_s256: member("x5t#S256") };
    Proof::Checked(ring.check(signer, jwt.signing_input(text), &jwt.signature))
}

/// The names under `crit`; what is no list of names stands for itself.
fn critical(header: Option<&Node>) -> Vec<String> {
    match header.and_then(|header| header.get("crit")).map(|crit| &crit.value) {
        None => Vec::new(),
        Some(Value::Array(names)) if !names.is_empty() => {
            names.iter().map(|name| name.as_str().unwrap_or("(no name)").to_owned()).collect()
        }
        Some(_) => vec!["(no list)".to_owned()],
    }
}

impl Proof<'_> {
    /// Whether it proves the token: verified, and by a key that is not too weak.
    pub const fn is_sound(&self) -> bool {
        matches!(self, Self::Checked(Signature::Verified { weak: false, .. }))
    }

    /// The state in reports: `verified`, `failed`, `no-key`, `wrong-kind-of-key`, `unsigned` or `removed`.
    pub const fn state(&self) -> &'static str {
        match self {
            Self::Unsigned => "unsigned",
            Self::Removed => "removed",
            Self::Malformed | Self::Critical(_) => "failed",
            Self::Checked(Signature::Verified { .. }) => "verified",
            Self::Checked(Signature::Failed { .. }) => "failed",
            Self::Checked(Signature::NoKey) => "no-key",
            Self::Checked(Signature::WrongKind { .. } | Signature::UnknownAlgorithm) => "wrong-kind-of-key",
        }
    }
}
