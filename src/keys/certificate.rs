//! Takes DER, PEM, bare base64 or PKCS#7, gives certificates with the facts that reports and rules need.
//!
//! RFC 5280; thumbprints as Windows prints them; `x5t` as RFC 7515 4.1.7.

use crate::base::Instant;

use super::{KeyError, Material};

/// An X.509 certificate, read once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Certificate {
    /// The whole certificate.
    pub der: Vec<u8>,
    /// RFC 4514 text, for example `CN=Microsoft Exchange Server Auth Certificate`.
    pub subject: String,
    /// The same for the issuer.
    pub issuer: String,
    /// Serial number, upper-case hex.
    pub serial: String,
    /// Start of validity.
    pub not_before: Instant,
    /// End of validity.
    pub not_after: Instant,
    /// Public key.
    pub key: Material,
    /// Signature algorithm by its usual name, for example `sha256WithRSAEncryption`, or the OID.
    pub signature_algorithm: String,
    /// DNS names of the subject alternative name.
    pub dns_names: Vec<String>,
    /// SHA-1 of `der`.
    pub thumbprint: [u8; 20],
    /// SHA-256 of `der`.
    pub thumbprint_s256: [u8; 32],
}

impl Certificate {
    /// Reads one DER certificate.
    ///
    /// # Errors
    /// [`KeyError::Damaged`] naming `path` when it is not a certificate.
    pub fn from_der(der: &[u8], path: &str) -> Result<Self, KeyError> {
        let _ = (der, path);
        todo!("helper: keys")
    }

    /// `x5t`: base64url without padding of the SHA-1 thumbprint (RFC 7515 4.1.7).
    pub fn x5t(&self) -> String {
        use base64::Engine as _;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(self.thumbprint)
    }

    /// The thumbprint as Windows prints it: 40 upper-case hex digits.
    pub fn thumbprint_hex(&self) -> String {
        self.thumbprint.iter().map(|byte| format!("{byte:02X}")).collect()
    }

    /// Whether the subject is that of the certificate Exchange makes for OAuth.
    pub fn is_exchange_auth(&self) -> bool {
        self.subject == "CN=Microsoft Exchange Server Auth Certificate"
    }
}
