//! Takes a PKCS#12 file and passwords, gives its certificates. RFC 7292.
//!
//! Private keys in it are noticed and dropped.

use p12_keystore::Pkcs12Archive;
use p12_keystore::error::Error;

use super::certificate::Certificate;
use super::{KeyError, der};
use crate::base::Secret;

/// The certificates of a file, and whether it holds a private key. The empty password is tried first.
///
/// # Errors
/// [`KeyError::Password`] when no password opens it, [`KeyError::Damaged`] when it is no PKCS#12.
pub(super) fn read(
    bytes: &[u8],
    path: &str,
    passwords: &[Secret],
) -> Result<(Vec<Certificate>, bool), KeyError> {
    let mut wrong = None;
    let given = passwords.iter().map(Secret::expose);
    for password in std::iter::once(&b""[..]).chain(given) {
        let Ok(password) = std::str::from_utf8(password) else { continue };
        match Pkcs12Archive::from_pkcs12(bytes, password) {
            Ok(archive) => {
                let read =
                    |bag: &p12_keystore::CertificateBag| Certificate::from_der(bag.cert.as_der(), path);
                let certificates = archive.certs.iter().map(read).collect::<Result<_, _>>()?;
                return Ok((certificates, !archive.keys.is_empty()));
            }
            Err(error) => wrong = Some(error),
        }
    }
    if let Some(opened) = without_mac(bytes).and_then(|bare| Pkcs12Archive::from_pkcs12(&bare, "").ok())
        && !opened.certs.is_empty()
    {
        return certificates(&opened, path);
    }
    match wrong {
        Some(Error::MacError(_) | Error::UnpadError | Error::Pkcs5Error(_)) => {
            Err(KeyError::Password { path: path.to_owned(), given: !passwords.is_empty() })
        }
        other => Err(KeyError::Damaged {
            path: path.to_owned(),
            detail: format!("PKCS#12: {}", other.map_or_else(String::new, |error| error.to_string())),
        }),
    }
}

fn certificates(archive: &Pkcs12Archive, path: &str) -> Result<(Vec<Certificate>, bool), KeyError> {
    let read = |bag: &p12_keystore::CertificateBag| Certificate::from_der(bag.cert.as_der(), path);
    let certificates = archive.certs.iter().map(read).collect::<Result<_, _>>()?;
    Ok((certificates, !archive.keys.is_empty()))
}

/// The file without its MacData. Files made without a password derive the MAC's key from no bytes at all,
/// or from two zeros (RFC 7292 B.1); the library knows the latter only, and their bags are in the clear.
fn without_mac(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut parts = der::elements(der::sequence(bytes)?);
    let content = [parts.next()?.whole, parts.next()?.whole].concat();
    let length = u32::try_from(content.len()).ok()?;
    Some([&[der::SEQUENCE, 0x84][..], &length.to_be_bytes(), &content].concat())
}
