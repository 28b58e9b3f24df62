//! Takes a server's private key file, gives what decrypts the premaster secret of RSA key exchange.
//!
//! PEM or DER; PKCS#1 (RFC 8017 A.1.2), PKCS#8 (RFC 5958), encrypted PKCS#8 (PBES2, RFC 8018), the
//! encrypted PEM of old OpenSSL (`DEK-Info`), PKCS#12 (RFC 7292, feature `pfx`).

use std::fmt;

use aws_lc_rs::rsa::{Pkcs1PrivateDecryptingKey, PrivateDecryptingKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::der::{self, Der};
use super::encrypted_key;
use super::modular;
use super::secrets::Material;
use crate::base::{Secret, utf8};
use crate::limits;

/// An RSA private key that decrypts ClientKeyExchange.
pub(super) struct ServerKey(Form);

enum Form {
    /// 2048 to 8192 bits.
    Library(Box<Pkcs1PrivateDecryptingKey>),
    /// Sizes that the library refuses: old captures have 512 and 1024 bits.
    Plain { modulus: Vec<u8>, exponent: Zeroizing<Vec<u8>> },
}

/// `1.2.840.113549.1.1.1`
const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];

impl ServerKey {
    /// From RSAPrivateKey (PKCS#1).
    fn from_pkcs1(key: &[u8]) -> Option<Self> {
        let mut fields = Der::new(key).sequence()?;
        fields.integer()?;
        let modulus = fields.integer()?.to_vec();
        fields.integer()?;
        let exponent = Zeroizing::new(fields.integer()?.to_vec());
        if let Ok(key) = PrivateDecryptingKey::from_pkcs8(&der::pkcs8_around(RSA_ENCRYPTION, key)) {
            return Some(Self(Form::Library(Box::new(Pkcs1PrivateDecryptingKey::new(key).ok()?))));
        }
        (modulus.len() <= limits::RSA_MODULUS_BYTES).then_some(Self(Form::Plain { modulus, exponent }))
    }

    /// From PrivateKeyInfo (PKCS#8).
    fn from_pkcs8(key: &[u8]) -> Option<Self> {
        let mut fields = Der::new(key).sequence()?;
        fields.integer()?;
        if fields.sequence()?.object_identifier()? != RSA_ENCRYPTION {
            return None;
        }
        Self::from_pkcs1(fields.octets()?)
    }

    fn from_der(key: &[u8]) -> Option<Self> {
        Self::from_pkcs8(key).or_else(|| Self::from_pkcs1(key))
    }

    /// The 48 bytes in an encrypted premaster secret, when this key is the right one.
    pub(super) fn decrypt_premaster(&self, encrypted: &[u8]) -> Option<Material> {
        let mut out = Zeroizing::new(vec![0; encrypted.len().max(limits::RSA_MODULUS_BYTES)]);
        let plain = match &self.0 {
            Form::Library(key) => &*key.decrypt(encrypted, &mut out).ok()?,
            Form::Plain { modulus, exponent } => {
                *out = modular::power(encrypted, exponent, modulus)?;
                let (&[0, 2], padded) = out.split_first_chunk::<2>()? else { return None };
                let end = padded.iter().position(|&byte| byte == 0)?;
                padded.get(end + 1..)?
            }
        };
        // RFC 5246 7.4.7.1: the version that the client offered, then 46 random bytes.
        (plain.len() == 48 && plain.first() == Some(&3)).then(|| plain.to_vec().into())
    }
}

impl fmt::Debug for ServerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerKey")
    }
}

/// All RSA keys in a file.
pub(super) fn read(file: &[u8], passwords: &[Secret]) -> Result<Vec<ServerKey>, String> {
    // PowerShell writes UTF-16.
    let plain = Zeroizing::new(utf8::text(file).into_owned());
    let text = Zeroizing::new(String::from_utf8_lossy(&plain).into_owned());
    if text.contains("-----BEGIN ") {
        return read_pem(&text, passwords);
    }
    if let Some(key) = ServerKey::from_der(file) {
        return Ok(vec![key]);
    }
    if encrypted_key::is_encrypted(file) {
        return decrypt(file, passwords).map(|key| vec![key]);
    }
    read_pkcs12(file, passwords)
}

const EXPECTED: &str = "an RSA private key in PEM, DER (PKCS#1, PKCS#8) or PKCS#12";

fn read_pem(text: &str, passwords: &[Secret]) -> Result<Vec<ServerKey>, String> {
    let mut keys = Vec::new();
    let mut found = Vec::new();
    for block in text.split("-----BEGIN ").skip(1) {
        let Some((label, rest)) = block.split_once("-----") else { continue };
        found.push(label.to_owned());
        let body = rest.split("-----END ").next().unwrap_or_default();
        if !label.ends_with("PRIVATE KEY") {
            continue;
        }
        let (headers, base64) = split_headers(body);
        let digits: Zeroizing<String> = Zeroizing::new(base64.split_whitespace().collect());
        let der = STANDARD.decode(digits.as_bytes()).map(Zeroizing::new);
        let der = der.map_err(|_| format!("the {label} block is not valid base64"))?;
        if label == "ENCRYPTED PRIVATE KEY" {
            keys.push(decrypt(&der, passwords)?);
        } else if let Some(info) = headers.lines().find_map(|line| line.trim().strip_prefix("DEK-Info:")) {
            let opened = passwords.iter().find_map(|password| {
                ServerKey::from_der(&encrypted_key::open_legacy(info.trim(), &der, password.expose())?)
            });
            keys.push(opened.ok_or_else(|| wrong_password(passwords))?);
        } else if let Some(key) = ServerKey::from_der(&der) {
            keys.push(key);
        } else {
            return Err(format!("{EXPECTED} expected, found a {label} that is not RSA or is damaged"));
        }
    }
    if keys.is_empty() {
        return Err(format!("{EXPECTED} expected, found PEM with only {}", found.join(", ")));
    }
    Ok(keys)
}

/// RFC 1421 headers stand before the first empty line.
fn split_headers(body: &str) -> (&str, &str) {
    let body = body.trim_start();
    if !body.contains(':') {
        return ("", body);
    }
    let end = body.find("\n\n").or_else(|| body.find("\r\n\r\n"));
    end.map_or(("", body), |at| body.split_at(at))
}

fn wrong_password(passwords: &[Secret]) -> String {
    if passwords.is_empty() {
        "the private key is encrypted; give its password".to_owned()
    } else {
        format!("none of the {} passwords given opens the private key", passwords.len())
    }
}

fn decrypt(der: &[u8], passwords: &[Secret]) -> Result<ServerKey, String> {
    let opened = passwords
        .iter()
        .find_map(|password| ServerKey::from_pkcs8(&encrypted_key::open(der, password.expose())?));
    opened.ok_or_else(|| match encrypted_key::unsupported(der) {
        Some(what) => format!("the private key is encrypted with {what}, which is not supported"),
        None => wrong_password(passwords),
    })
}

#[cfg(feature = "pfx")]
fn read_pkcs12(file: &[u8], passwords: &[Secret]) -> Result<Vec<ServerKey>, String> {
    use p12_keystore::Pkcs12Archive;

    if !der::looks_like_pkcs12(file) {
        return Err(format!("{EXPECTED} expected, found something else"));
    }
    let empty = [Secret::new(Vec::new())];
    let archive = passwords.iter().chain(&empty).find_map(|password| {
        let password = str::from_utf8(password.expose()).ok()?;
        Pkcs12Archive::from_pkcs12(file, password).ok()
    });
    let archive = archive.ok_or_else(|| {
        if passwords.is_empty() {
            "this PKCS#12 file has a password; give it".to_owned()
        } else {
            format!("none of the {} passwords given opens this PKCS#12 file", passwords.len())
        }
    })?;
    let keys: Vec<ServerKey> =
        archive.keys.iter().filter_map(|bag| ServerKey::from_der(bag.key.as_der())).collect();
    if keys.is_empty() {
        return Err(format!("{EXPECTED} expected, found PKCS#12 without an RSA private key"));
    }
    Ok(keys)
}

#[cfg(not(feature = "pfx"))]
fn read_pkcs12(file: &[u8], _: &[Secret]) -> Result<Vec<ServerKey>, String> {
    let found = if der::looks_like_pkcs12(file) { "PKCS#12 (not in this build)" } else { "something else" };
    Err(format!("{EXPECTED} expected, found {found}"))
}
