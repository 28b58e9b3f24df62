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
            Ok(archive) => return certificates(&archive, path),
            // An error after the MAC is right says more than a wrong MAC under another password.
            Err(error) if wrong.is_none() || !matches!(error, Error::MacError(_)) => wrong = Some(error),
            Err(_) => {}
        }
    }
    let (clear, private_key) = clear_bags(bytes);
    if !clear.is_empty() {
        let read = clear.iter().map(|der| Certificate::from_der(der, path)).collect::<Result<_, _>>()?;
        return Ok((read, private_key));
    }
    match wrong {
        Some(Error::MacError(_)) => {
            Err(KeyError::Password { path: path.to_owned(), given: !passwords.is_empty() })
        }
        // Without a MAC only the padding tells that a password is wrong.
        Some(Error::UnpadError | Error::Pkcs5Error(_)) if !has_mac(bytes) => {
            Err(KeyError::Password { path: path.to_owned(), given: !passwords.is_empty() })
        }
        other => Err(KeyError::Damaged {
            path: path.to_owned(),
            detail: format!("PKCS#12: {}", other.map_or_else(String::new, |error| error.to_string())),
        }),
    }
}

/// Whether a file has MacData, which is checked before anything is decrypted.
fn has_mac(bytes: &[u8]) -> bool {
    der::sequence(bytes).is_some_and(|pfx| der::elements(pfx).count() > 2)
}

fn certificates(archive: &Pkcs12Archive, path: &str) -> Result<(Vec<Certificate>, bool), KeyError> {
    let read = |bag: &p12_keystore::CertificateBag| Certificate::from_der(bag.cert.as_der(), path);
    let certificates = archive.certs.iter().map(read).collect::<Result<_, _>>()?;
    Ok((certificates, !archive.keys.is_empty()))
}

/// The certificates that stand unencrypted in a file, and whether a private key stands beside them. Files
/// made without a password derive the MAC's key from no bytes at all (RFC 7292 B.1), which the library
/// refuses; what is in the clear needs no key.
fn clear_bags(bytes: &[u8]) -> (Vec<&[u8]>, bool) {
    let (mut certificates, mut private_key) = (Vec::new(), false);
    let safes = der::sequence(bytes).and_then(|pfx| data(der::elements(pfx).nth(1)?)).and_then(der::sequence);
    for safe in der::elements(safes.unwrap_or_default()) {
        let Some(bags) = data(safe).and_then(der::sequence) else { continue };
        for bag in der::elements(bags) {
            let mut parts = der::elements(bag.content);
            let (Some(kind), Some(value)) = (parts.next(), parts.next()) else { continue };
            match der::oid_text(kind.content).as_str() {
                "1.2.840.113549.1.12.10.1.1" | "1.2.840.113549.1.12.10.1.2" => private_key = true,
                "1.2.840.113549.1.12.10.1.3" => certificates.extend(certificate(value.content)),
                _ => {}
            }
        }
    }
    (certificates, private_key)
}

/// The content of a ContentInfo of type data (RFC 5652 4).
fn data(info: der::Element<'_>) -> Option<&[u8]> {
    let mut parts = der::elements(info.content);
    let kind = parts.next()?;
    let (content, _) = der::read(parts.next()?.content)?;
    (der::oid_text(kind.content) == "1.2.840.113549.1.7.1" && content.tag == der::OCTET_STRING)
        .then_some(content.content)
}

/// The X.509 certificate of a CertBag.
fn certificate(bag: &[u8]) -> Option<&[u8]> {
    let wrapped = der::elements(der::sequence(bag)?).nth(1)?;
    der::read(wrapped.content).map(|(octets, _)| octets.content)
}
