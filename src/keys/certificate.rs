//! Takes DER, PEM, bare base64 or PKCS#7, gives certificates with the facts that reports and rules need.
//!
//! RFC 5280; names as RFC 4514; thumbprints as Windows prints them; `x5t` as RFC 7515 4.1.7.

use aws_lc_rs::digest;
use x509_cert::Certificate as Parsed;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::{Decode as _, Encode as _, Tagged as _};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::Name;
use x509_cert::time::Time;

use super::{KeyError, Material, der};
use crate::base::Instant;

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
    /// End of validity, clamped to the range of [`Instant`].
    pub not_after: Instant,
    /// Both ends as the certificate has them, RFC 3339: `9999-12-31T23:59:59Z` lies beyond an [`Instant`].
    pub validity_text: [String; 2],
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
        // Files often end in a line break or zeros; they are not part of what is hashed.
        let whole = der::read(der).map_or(der, |(element, _)| element.whole);
        let parsed = Parsed::from_der(whole).map_err(|error| KeyError::Damaged {
            path: path.to_owned(),
            detail: format!("not a DER certificate: {error}"),
        })?;
        let body = parsed.tbs_certificate();
        let mut print = [0; 20];
        let mut print_s256 = [0; 32];
        print.copy_from_slice(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, whole).as_ref());
        print_s256.copy_from_slice(digest::digest(&digest::SHA256, whole).as_ref());
        Ok(Self {
            der: whole.to_vec(),
            subject: name_text(body.subject()),
            issuer: name_text(body.issuer()),
            serial: serial_text(body.serial_number().as_bytes()),
            not_before: instant(body.validity().not_before),
            not_after: instant(body.validity().not_after),
            validity_text: [body.validity().not_before, body.validity().not_after]
                .map(|time| time.to_date_time().to_string()),
            key: body.subject_public_key_info().to_der().map_or_else(
                |_| Material::Other("unreadable".into()),
                |spki| public_key(&spki).unwrap_or_else(|| Material::Other("unreadable".into())),
            ),
            signature_algorithm: signature_name(&parsed.signature_algorithm().oid),
            dns_names: dns_names(&parsed),
            thumbprint: print,
            thumbprint_s256: print_s256,
        })
    }

    /// `x5t`: base64url without padding of the SHA-1 thumbprint (RFC 7515 4.1.7).
    pub fn x5t(&self) -> String {
        use base64::Engine as _;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(self.thumbprint)
    }

    /// `x5t#S256`: the same of the SHA-256 thumbprint (RFC 7515 4.1.8).
    pub fn x5t_s256(&self) -> String {
        use base64::Engine as _;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(self.thumbprint_s256)
    }

    /// The thumbprint as Windows prints it: 40 upper-case hex digits.
    pub fn thumbprint_hex(&self) -> String {
        hex(&self.thumbprint)
    }

    /// `credValue`, as the seed page uploads it: base64 of the DER in the standard alphabet, on one line.
    pub fn upload_value(&self) -> String {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(&self.der)
    }

    /// Whether the subject is that of the certificate Exchange makes for OAuth.
    pub fn is_exchange_auth(&self) -> bool {
        self.subject == "CN=Microsoft Exchange Server Auth Certificate"
    }

    /// Whether `at` lies within the validity.
    pub fn is_valid_at(&self, at: Instant) -> bool {
        self.not_before <= at && at <= self.not_after
    }

    /// Whole days from `at` to the end of validity, rounded down; negative when it is past.
    pub const fn days_left(&self, at: Instant) -> i64 {
        self.not_after.seconds_since(at).div_euclid(86_400)
    }
}

/// Upper-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// The serial as Windows and OpenSSL print it: without the octet that only keeps it positive.
fn serial_text(bytes: &[u8]) -> String {
    match bytes {
        [0, rest @ ..] if !rest.is_empty() => hex(rest),
        bytes => hex(bytes),
    }
}

fn instant(time: Time) -> Instant {
    Instant::from_seconds(i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX))
}

/// The public key of a SubjectPublicKeyInfo (RFC 5280 4.1.2.7).
pub(super) fn public_key(spki: &[u8]) -> Option<Material> {
    let mut parts = der::elements(der::sequence(spki)?);
    let mut algorithm = der::elements(parts.next()?.content);
    let oid = der::oid_text(algorithm.next().filter(|element| element.tag == der::OID)?.content);
    let parameters = algorithm.next();
    let key = parts.next().filter(|element| element.tag == der::BIT_STRING)?;
    // The first octet counts the unused bits, which are none in keys.
    let key = key.content.get(1..)?;
    Some(match oid.as_str() {
        "1.2.840.113549.1.1.1" | "1.2.840.113549.1.1.10" => {
            let (n, e) = der::rsa_public_key(key)?;
            Material::Rsa { n, e }
        }
        "1.2.840.10045.2.1" => {
            let curve = match der::oid_text(parameters?.content).as_str() {
                "1.2.840.10045.3.1.7" => "P-256",
                "1.3.132.0.34" => "P-384",
                "1.3.132.0.35" => "P-521",
                other => return Some(Material::Other(format!("EC {other}"))),
            };
            Material::Ec { curve: curve.into(), point: key.to_vec() }
        }
        "1.3.101.112" => Material::Ed25519(key.to_vec()),
        other => Material::Other(other.to_owned()),
    })
}

fn dns_names(parsed: &Parsed) -> Vec<String> {
    let Ok(Some((_, names))) = parsed.tbs_certificate().get_extension::<SubjectAltName>() else {
        return Vec::new();
    };
    names
        .0
        .iter()
        .filter_map(|name| match name {
            GeneralName::DnsName(name) => Some(name.as_str().to_owned()),
            _ => None,
        })
        .collect()
}

/// RFC 4514: the last attribute first, short names of its section 3, other types as OID.
fn name_text(name: &Name) -> String {
    let rdns: Vec<String> = name
        .iter_rdn()
        .map(|rdn| {
            let attributes = rdn.iter().map(|attribute| {
                let value = string_value(attribute.value.tag().number().value(), attribute.value.value());
                format!("{}={}", attribute_name(&attribute.oid), escape(&value))
            });
            attributes.collect::<Vec<_>>().join("+")
        })
        .collect();
    rdns.into_iter().rev().collect::<Vec<_>>().join(",")
}

fn attribute_name(oid: &ObjectIdentifier) -> String {
    match oid.to_string().as_str() {
        "2.5.4.3" => "CN",
        "2.5.4.7" => "L",
        "2.5.4.8" => "ST",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        "2.5.4.6" => "C",
        "2.5.4.9" => "STREET",
        "0.9.2342.19200300.100.1.25" => "DC",
        "0.9.2342.19200300.100.1.1" => "UID",
        other => return other.to_owned(),
    }
    .to_owned()
}

/// The text of a directory string by its tag: BMPString is UTF-16, UniversalString UTF-32, TeletexString
/// Latin-1 in practice, all else UTF-8 or ASCII.
fn string_value(tag: u32, bytes: &[u8]) -> String {
    match tag {
        30 => {
            let units: Vec<u16> = bytes
                .chunks(2)
                .map(|pair| pair.iter().fold(0, |unit, byte| unit << 8 | u16::from(*byte)))
                .collect();
            String::from_utf16_lossy(&units)
        }
        28 => bytes
            .chunks(4)
            .map(|quad| quad.iter().fold(0, |unit: u32, byte| unit << 8 | u32::from(*byte)))
            .map(|unit| char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect(),
        20 => bytes.iter().map(|byte| char::from(*byte)).collect(),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// RFC 4514 2.4.
fn escape(value: &str) -> String {
    let last = value.chars().count().saturating_sub(1);
    let mut text = String::new();
    for (at, letter) in value.chars().enumerate() {
        match letter {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => text.extend(['\\', letter]),
            '#' | ' ' if at == 0 => text.extend(['\\', letter]),
            ' ' if at == last => text.push_str("\\ "),
            letter if letter.is_control() => {
                let mut octets = [0; 4];
                for octet in letter.encode_utf8(&mut octets).bytes() {
                    text.push_str(&format!("\\{octet:02X}"));
                }
            }
            letter => text.push(letter),
        }
    }
    text
}

/// The names that OpenSSL and Windows use.
fn signature_name(oid: &ObjectIdentifier) -> String {
    let oid = oid.to_string();
    match oid.as_str() {
        "1.2.840.113549.1.1.2" => "md2WithRSAEncryption",
        "1.2.840.113549.1.1.4" => "md5WithRSAEncryption",
        "1.2.840.113549.1.1.5" | "1.3.14.3.2.29" => "sha1WithRSAEncryption",
        "1.2.840.113549.1.1.10" => "rsassaPss",
        "1.2.840.113549.1.1.11" => "sha256WithRSAEncryption",
        "1.2.840.113549.1.1.12" => "sha384WithRSAEncryption",
        "1.2.840.113549.1.1.13" => "sha512WithRSAEncryption",
        "1.2.840.113549.1.1.14" => "sha224WithRSAEncryption",
        "1.2.840.10045.4.1" => "ecdsa-with-SHA1",
        "1.2.840.10045.4.3.2" => "ecdsa-with-SHA256",
        "1.2.840.10045.4.3.3" => "ecdsa-with-SHA384",
        "1.2.840.10045.4.3.4" => "ecdsa-with-SHA512",
        "1.3.101.112" => "ed25519",
        _ => return oid,
    }
    .to_owned()
}

/// Entry for fuzzing.
#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    if let Ok(certificate) = Certificate::from_der(data, "fuzz") {
        let _ = (certificate.x5t(), certificate.days_left(Instant::from_seconds(0)));
    }
    let _ = public_key(data);
}
