//! Takes a file's bytes, gives the keys and certificates in it, whatever its kind.

use super::certificate::Certificate;
use super::{Key, KeyError, Origin};
use crate::base::Secret;

/// What a key file held.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// Certificates, in file order.
    pub certificates: Vec<Certificate>,
    /// All keys, those of the certificates included.
    pub keys: Vec<Key>,
    /// Whether a private key was in the file (warned about, never kept).
    pub private_key: bool,
    /// Which kind it was, for messages: `DER certificate`, `JWKS`, …
    pub kind: &'static str,
}

/// Reads a file given as `--cert`: DER, PEM, bare base64, PKCS#7 or PKCS#12.
///
/// # Errors
/// See [`KeyError`].
pub fn certificate_file(bytes: &[u8], path: &str, passwords: &[Secret]) -> Result<Loaded, KeyError> {
    let _ = (bytes, path, passwords);
    todo!("helper: keys")
}

/// Reads a file given as `--sts-keys`: S2S metadata JSON, JWKS, federation metadata XML, certificate.
///
/// # Errors
/// See [`KeyError`].
pub fn key_file(bytes: &[u8], path: &str, origin: Origin, passwords: &[Secret]) -> Result<Loaded, KeyError> {
    let _ = (bytes, path, origin, passwords);
    todo!("helper: keys")
}
