//! Takes the files that an administrator has, gives keys that verify signatures.
//!
//! Certificates, JWKS, S2S metadata and federation metadata are read; the key pins the algorithm, never
//! the token. A leaf: depends on `base` and `json` only, and on no token type.

/// X.509 certificates: DER, PEM, bare base64, PKCS#7.
pub mod certificate;
/// Elements of DER.
mod der;
/// WS-Federation metadata XML.
pub mod federation;
/// JSON Web Key sets (RFC 7517).
pub mod jwks;
/// Any key file, recognised by its content.
pub mod load;
/// PEM armour and bare base64.
pub mod pem;
/// PKCS#12 (feature `pfx`).
#[cfg(feature = "pfx")]
pub mod pfx;
/// S2S metadata documents of Exchange, ACS and SharePoint.
pub mod s2s_metadata;
/// The signature primitive.
pub mod signature;

use std::sync::Arc;

use crate::base::Secret;
use certificate::Certificate;

/// Why a key file could not be used. Messages name the file and what was expected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The file could not be read.
    #[error("{path}: {source}")]
    Io {
        /// As given on the command line.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The content is none of the kinds that were expected.
    #[error("{path}: {expected} expected, found {found}")]
    Kind {
        /// As given on the command line.
        path: String,
        /// What would have been right.
        expected: &'static str,
        /// What it is instead, as far as known.
        found: String,
    },
    /// The content is of the right kind but damaged.
    #[error("{path}: {detail}")]
    Damaged {
        /// As given on the command line.
        path: String,
        /// Where and what.
        detail: String,
    },
    /// A password is needed, or the one given is wrong.
    #[error("{path}: {}", if *.given { "none of the given passwords opens it" } else { "is protected; give --password-file" })]
    Password {
        /// As given on the command line.
        path: String,
        /// Whether any password was given.
        given: bool,
    },
}

/// The public half of a key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Material {
    /// Modulus and exponent, big-endian without leading zeros.
    Rsa {
        /// Modulus.
        n: Vec<u8>,
        /// Public exponent.
        e: Vec<u8>,
    },
    /// Uncompressed point (0x04, x, y) on a curve named as in RFC 7518 (`P-256`, `P-384`, `P-521`).
    Ec {
        /// The curve.
        curve: String,
        /// The point.
        point: Vec<u8>,
    },
    /// 32 bytes.
    Ed25519(Vec<u8>),
    /// A shared secret (`token --secret`, or `oct` in a JWKS).
    Hmac(Secret),
    /// A kind that this tool does not verify with, by its name.
    Other(String),
}

impl Material {
    /// Size in bits: of the modulus, of the field, of the secret.
    pub fn bits(&self) -> usize {
        match self {
            Self::Rsa { n, .. } => {
                let zeros = n.first().map_or(0, |byte| byte.leading_zeros() as usize);
                (n.len() * 8).saturating_sub(zeros)
            }
            Self::Ec { curve, .. } => match curve.as_str() {
                "P-256" => 256,
                "P-384" => 384,
                "P-521" => 521,
                _ => 0,
            },
            Self::Ed25519(_) => 256,
            Self::Hmac(secret) => secret.expose().len() * 8,
            Self::Other(_) => 0,
        }
    }

    /// For people: `RSA 2048`, `EC P-256`, `Ed25519`, `HMAC`.
    pub fn describe(&self) -> String {
        match self {
            Self::Rsa { .. } => format!("RSA {}", self.bits()),
            Self::Ec { curve, .. } => format!("EC {curve}"),
            Self::Ed25519(_) => "Ed25519".into(),
            Self::Hmac(_) => "HMAC".into(),
            Self::Other(name) => name.clone(),
        }
    }
}

/// Where a key came from, which decides what it may prove.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origin {
    /// `--cert`: the uploaded Exchange auth certificate.
    Uploaded,
    /// `--sts-keys`, `--jwks`, `--metadata`: keys of the token service.
    TokenService,
    /// `token --key`, `token --secret`.
    Given,
}

/// One key with the names it goes by.
#[derive(Clone, Debug)]
pub struct Key {
    /// The file it came from, for messages.
    pub source: String,
    /// See [`Origin`].
    pub origin: Origin,
    /// `kid` of a JWKS.
    pub kid: Option<String>,
    /// SHA-1 thumbprint of its certificate (from the certificate itself where there is one).
    pub x5t: Option<[u8; 20]>,
    /// SHA-256 thumbprint.
    pub x5t_s256: Option<[u8; 32]>,
    /// The one algorithm it may be used with, when its document says so.
    pub algorithm: Option<String>,
    /// The key itself.
    pub material: Material,
    /// Its certificate.
    pub certificate: Option<Arc<Certificate>>,
}

impl Key {
    /// For reports: `OAuthCert.cer, thumbprint D0D6…`.
    pub fn describe(&self) -> String {
        match (&self.x5t, &self.kid) {
            (Some(print), _) => {
                let hex: String = print.iter().map(|byte| format!("{byte:02X}")).collect();
                format!("{}, thumbprint {hex}", self.source)
            }
            (None, Some(kid)) => format!("{}, kid {kid}", self.source),
            (None, None) => format!("{}, {}", self.source, self.material.describe()),
        }
    }
}

/// All keys of a run, in the order given.
#[derive(Clone, Debug, Default)]
pub struct KeyRing {
    /// The keys.
    pub keys: Vec<Key>,
}
