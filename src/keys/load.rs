//! Takes a file's bytes, gives the keys and certificates in it, whatever its kind.
//!
//! The kind is found from the content: PEM armour, JSON, XML, DER, base64 of any of these.

use std::sync::Arc;

use super::certificate::{self, Certificate};
use super::s2s_metadata::{self, Metadata};
use super::{Key, KeyError, Material, Origin, der, federation, jwks, pem};
use crate::base::{Secret, utf8};
use crate::{json, limits};

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
    /// Who published it, when it is S2S metadata.
    pub metadata: Option<Metadata>,
    /// Lines for people: keys that could not be used.
    pub notices: Vec<String>,
}

const CERTIFICATE: &str = "a certificate (DER, PEM, base64, PKCS#7 or PKCS#12)";
const KEYS: &str = "keys (S2S metadata, JWKS, federation metadata, a certificate or a public key)";

/// Reads a file given as `--cert`: DER, PEM, bare base64, PKCS#7 or PKCS#12.
///
/// # Errors
/// See [`KeyError`].
pub fn certificate_file(bytes: &[u8], path: &str, passwords: &[Secret]) -> Result<Loaded, KeyError> {
    let mut file = File { path, origin: Origin::Uploaded, passwords, loaded: Loaded::default() };
    let found = file.read(bytes, 0)?;
    if file.loaded.certificates.is_empty() || matches!(found, "JWKS" | "S2S metadata" | "federation metadata")
    {
        return Err(file.unexpected(CERTIFICATE, found));
    }
    // A certificate file speaks for its certificates only.
    file.loaded.keys.retain(|key| key.certificate.is_some());
    Ok(Loaded { kind: found, ..file.loaded })
}

/// Reads a file given as `--sts-keys`: S2S metadata JSON, JWKS, federation metadata XML, certificate; for
/// `token --key` also a public key or a JWK.
///
/// # Errors
/// See [`KeyError`].
pub fn key_file(bytes: &[u8], path: &str, origin: Origin, passwords: &[Secret]) -> Result<Loaded, KeyError> {
    let mut file = File { path, origin, passwords, loaded: Loaded::default() };
    let found = file.read(bytes, 0)?;
    if file.loaded.keys.is_empty() {
        if let Some(notice) = file.loaded.notices.first() {
            let detail = notice.strip_prefix(&format!("{path}: ")).unwrap_or(notice).to_owned();
            return Err(KeyError::Damaged { path: path.to_owned(), detail });
        }
        return Err(file.unexpected(KEYS, &format!("{found} without any")));
    }
    Ok(Loaded { kind: found, ..file.loaded })
}

/// What is gathered while one file is read.
struct File<'f> {
    path: &'f str,
    origin: Origin,
    passwords: &'f [Secret],
    loaded: Loaded,
}

impl File<'_> {
    /// Reads bytes of any kind and says which it was; `layers` counts base64 around them.
    fn read(&mut self, bytes: &[u8], layers: usize) -> Result<&'static str, KeyError> {
        // PowerShell writes UTF-16.
        let text = utf8::text(bytes);
        let begin = text.trim_ascii_start();
        match begin.first() {
            None => return Err(self.unexpected(self.wanted(), "an empty file")),
            Some(b'{' | b'[') => return self.json(begin),
            Some(b'<') => return self.federation(begin),
            _ => {}
        }
        if pem::is_armoured(begin) {
            return self.pem(begin);
        }
        if der::is_sequence(bytes) {
            return self.der(bytes);
        }
        // `credValue` of Graph is base64 once more.
        match pem::bare(begin) {
            Some(inner) if layers < 2 => match self.read(&inner, layers + 1)? {
                "DER certificate" => Ok("base64 certificate"),
                other => Ok(other),
            },
            _ if bytes.first() == Some(&der::SEQUENCE) => {
                Err(KeyError::Damaged { path: self.path.to_owned(), detail: "DER is cut or damaged".into() })
            }
            _ => Err(self.unexpected(self.wanted(), "something else")),
        }
    }

    const fn wanted(&self) -> &'static str {
        match self.origin {
            Origin::Uploaded => CERTIFICATE,
            Origin::TokenService | Origin::Given => KEYS,
        }
    }

    fn unexpected(&self, expected: &'static str, found: &str) -> KeyError {
        KeyError::Kind { path: self.path.to_owned(), expected, found: found.to_owned() }
    }

    fn certificate(&mut self, der: &[u8]) -> Result<(), KeyError> {
        let certificate = Certificate::from_der(der, self.path)?;
        self.loaded.keys.push(Key::of_certificate(certificate.clone(), self.path, self.origin));
        self.loaded.certificates.push(certificate);
        Ok(())
    }

    fn bare_key(&mut self, material: Material) {
        self.loaded.keys.push(Key {
            source: self.path.to_owned(),
            origin: self.origin,
            kid: None,
            x5t: None,
            x5t_s256: None,
            algorithm: None,
            material,
            certificate: None,
        });
    }

    fn json(&mut self, text: &[u8]) -> Result<&'static str, KeyError> {
        let document = json::parse_bounded(text, limits::JSON_BODY_NODES).map_err(|error| {
            KeyError::Damaged { path: self.path.to_owned(), detail: format!("JSON: {error}") }
        })?;
        let (keys, notices, kind) = if s2s_metadata::is_metadata(&document) {
            let (metadata, keys, notices) = s2s_metadata::read(&document, self.path, self.origin);
            self.loaded.metadata = Some(metadata);
            (keys, notices, "S2S metadata")
        } else if jwks::is_jwks(&document) || document.get("keys").is_some() {
            self.loaded.private_key = jwks::has_private_part(&document);
            let (keys, notices) = jwks::read(&document, self.path, self.origin);
            (keys, notices, "JWKS")
        } else {
            return Err(self.unexpected(self.wanted(), "JSON without keys"));
        };
        self.extend(keys, notices);
        Ok(kind)
    }

    fn federation(&mut self, text: &[u8]) -> Result<&'static str, KeyError> {
        let found = federation::read(text, self.path, self.origin)?;
        if found.entity.is_none() && found.keys.is_empty() {
            return Err(self.unexpected(self.wanted(), "XML that is no federation metadata"));
        }
        if let Some(entity) = found.entity {
            self.loaded.metadata = Some(Metadata { issuer: Some(entity), ..Metadata::default() });
        }
        self.extend(found.keys, found.notices);
        Ok("federation metadata")
    }

    fn extend(&mut self, keys: Vec<Key>, notices: Vec<String>) {
        let certificates = keys.iter().filter_map(|key| key.certificate.as_deref().cloned());
        self.loaded.certificates.extend(certificates);
        self.loaded.keys.extend(keys);
        self.loaded.notices.extend(notices);
    }

    fn pem(&mut self, text: &[u8]) -> Result<&'static str, KeyError> {
        let mut kind = "PEM without certificate";
        for block in pem::blocks(text) {
            match block.label.as_str() {
                "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => {
                    kind = "PEM certificate";
                    self.certificate(&block.der)?;
                }
                "PKCS7" | "CMS" | "PKCS #7 SIGNED DATA" => {
                    kind = "PKCS#7";
                    self.pkcs7(&block.der)?;
                }
                "PUBLIC KEY" | "RSA PUBLIC KEY" => {
                    kind = "PEM public key";
                    let rsa = || der::rsa_public_key(&block.der).map(|(n, e)| Material::Rsa { n, e });
                    let material = certificate::public_key(&block.der).or_else(rsa).ok_or_else(|| {
                        KeyError::Damaged {
                            path: self.path.to_owned(),
                            detail: format!("the block {} is damaged", block.label),
                        }
                    })?;
                    self.bare_key(material);
                }
                label if label.ends_with("PRIVATE KEY") => {
                    self.loaded.private_key = true;
                    if kind == "PEM without certificate" {
                        kind = "a private key alone";
                    }
                }
                _ => {}
            }
        }
        Ok(kind)
    }

    fn der(&mut self, bytes: &[u8]) -> Result<&'static str, KeyError> {
        let content = der::sequence(bytes).unwrap_or_default();
        let mut parts = der::elements(content);
        let (first, second) = (parts.next(), parts.next());
        let tags = (first.map(|element| element.tag), second.map(|element| element.tag));
        match tags {
            (Some(der::OID), _) => {
                self.pkcs7(bytes)?;
                Ok("PKCS#7")
            }
            (Some(der::INTEGER), Some(der::SEQUENCE))
                if first.is_some_and(|version| version.content == [3]) =>
            {
                self.pkcs12(bytes)
            }
            (Some(der::INTEGER), Some(der::INTEGER)) if parts.next().is_none() => {
                if let Some((n, e)) = der::rsa_public_key(bytes) {
                    self.bare_key(Material::Rsa { n, e });
                }
                Ok("DER public key")
            }
            (Some(der::INTEGER), _) | (Some(der::SEQUENCE), Some(der::OCTET_STRING)) => {
                self.loaded.private_key = true;
                Ok("a private key alone")
            }
            (Some(der::SEQUENCE), Some(der::BIT_STRING)) => {
                if let Some(material) = certificate::public_key(bytes) {
                    self.bare_key(material);
                }
                Ok("DER public key")
            }
            _ => {
                self.certificate(bytes)?;
                Ok("DER certificate")
            }
        }
    }

    /// The certificates of a SignedData (RFC 5652 5.1): the element tagged `[0]` after the content.
    fn pkcs7(&mut self, bytes: &[u8]) -> Result<(), KeyError> {
        let damaged = |detail: &str| KeyError::Damaged {
            path: self.path.to_owned(),
            detail: format!("PKCS#7: {detail}"),
        };
        let mut info = der::elements(der::sequence(bytes).ok_or_else(|| damaged("no ContentInfo"))?);
        let kind = info
            .next()
            .filter(|element| element.tag == der::OID)
            .map(|element| der::oid_text(element.content));
        if kind.as_deref() != Some("1.2.840.113549.1.7.2") {
            return Err(damaged("it is not SignedData, so it holds no certificates"));
        }
        let wrapped = info.next().ok_or_else(|| damaged("no content"))?;
        let signed = der::sequence(wrapped.content).ok_or_else(|| damaged("no SignedData"))?;
        let certificates = der::elements(signed).find(|element| element.tag == 0xa0);
        let certificates = certificates.ok_or_else(|| damaged("it holds no certificates"))?;
        for element in der::elements(certificates.content).filter(|element| element.tag == der::SEQUENCE) {
            self.certificate(element.whole)?;
        }
        Ok(())
    }

    #[cfg(feature = "pfx")]
    fn pkcs12(&mut self, bytes: &[u8]) -> Result<&'static str, KeyError> {
        let (certificates, private_key) = super::pfx::read(bytes, self.path, self.passwords)?;
        self.loaded.private_key |= private_key;
        for certificate in certificates {
            self.loaded.keys.push(Key::of_certificate(certificate.clone(), self.path, self.origin));
            self.loaded.certificates.push(certificate);
        }
        Ok("PKCS#12")
    }

    #[cfg(not(feature = "pfx"))]
    fn pkcs12(&mut self, _: &[u8]) -> Result<&'static str, KeyError> {
        let _ = self.passwords;
        Err(self.unexpected(self.wanted(), "PKCS#12, which this build cannot read (feature pfx)"))
    }
}

impl Key {
    /// The key of a certificate, named by its thumbprints.
    pub fn of_certificate(certificate: Certificate, source: &str, origin: Origin) -> Self {
        Self {
            source: source.to_owned(),
            origin,
            kid: None,
            x5t: Some(certificate.thumbprint),
            x5t_s256: Some(certificate.thumbprint_s256),
            algorithm: None,
            material: certificate.key.clone(),
            certificate: Some(Arc::new(certificate)),
        }
    }
}

/// Entry for fuzzing: every kind of key file.
#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    let _ = certificate_file(data, "fuzz", &[]);
    let _ = key_file(data, "fuzz", Origin::Given, &[]);
}
