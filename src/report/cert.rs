//! Takes certificates, gives the facts that an administrator compares and uploads.
//!
//! `credValue` as the seed page uploads it, `customKeyIdentifier` as Graph shows it (base64 of the thumbprint)
//! and as older tools do (its hex).

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::escape::terminal;
use super::json::write_json;
use crate::base::Instant;
use crate::keys::certificate::Certificate;

/// Days before the end of validity at which Exchange's own scripts renew.
const RENEWAL_DAYS: i64 = 60;

/// What `cert` shows.
#[derive(Clone, Debug)]
pub struct Certs {
    /// One for each readable file.
    pub files: Vec<CertFile>,
    /// The moment that days left are counted from.
    pub now: Instant,
}

/// One file.
#[derive(Clone, Debug)]
pub struct CertFile {
    /// As named.
    pub path: String,
    /// For example `PEM certificate`.
    pub kind: &'static str,
    /// Whether a private key was in it.
    pub private_key: bool,
    /// Its certificates, in file order.
    pub certificates: Vec<Certificate>,
    /// With `--against`.
    pub comparison: Option<Comparison>,
}

/// A file against another.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Comparison {
    /// The other file.
    #[serde(rename = "file")]
    pub path: String,
    /// Whether each certificate is in it.
    pub same: bool,
    /// Thumbprints of those that are not.
    pub missing: Vec<String>,
    /// Whether a missing one is there with the same key in another certificate.
    pub renewed: bool,
    /// Thumbprints that are there.
    pub there: Vec<String>,
    /// Where it is, in the output of cmdlets.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<String>,
    /// Applications in that output whose keys do not hold it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub absent: Vec<String>,
}

#[derive(Serialize)]
struct Document<'c> {
    schema: &'static str,
    files: Vec<FileRecord<'c>>,
}

#[derive(Serialize)]
struct FileRecord<'c> {
    path: &'c str,
    kind: &'static str,
    private_key: bool,
    certificates: Vec<CertificateRecord<'c>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    against: Option<&'c Comparison>,
}

#[derive(Serialize)]
struct CertificateRecord<'c> {
    subject: &'c str,
    issuer: &'c str,
    serial: &'c str,
    not_before: &'c str,
    not_after: &'c str,
    days_left: i64,
    thumbprint: String,
    sha256: String,
    x5t: String,
    #[serde(rename = "x5t#S256")]
    x5t_s256: String,
    key: KeyRecord,
    signature_algorithm: &'c str,
    dns_names: &'c [String],
    self_signed: bool,
    exchange_auth_certificate: bool,
    cred_value: String,
    custom_key_identifier: IdentifierRecord,
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct KeyRecord {
    kind: String,
    bits: usize,
}

#[derive(Serialize)]
struct IdentifierRecord {
    base64: String,
    hex: String,
}

fn record<'c>(file: &CertFile, certificate: &'c Certificate, now: Instant) -> CertificateRecord<'c> {
    let [not_before, not_after] = &certificate.validity_text;
    CertificateRecord {
        subject: &certificate.subject,
        issuer: &certificate.issuer,
        serial: &certificate.serial,
        not_before,
        not_after,
        days_left: certificate.days_left(now),
        thumbprint: certificate.thumbprint_hex(),
        sha256: certificate.thumbprint_s256.iter().map(|byte| format!("{byte:02X}")).collect(),
        x5t: certificate.x5t(),
        x5t_s256: certificate.x5t_s256(),
        key: KeyRecord { kind: certificate.key.describe(), bits: certificate.key.bits() },
        signature_algorithm: &certificate.signature_algorithm,
        dns_names: &certificate.dns_names,
        self_signed: certificate.subject == certificate.issuer,
        exchange_auth_certificate: certificate.is_exchange_auth(),
        cred_value: certificate.upload_value(),
        custom_key_identifier: IdentifierRecord {
            base64: STANDARD.encode(certificate.thumbprint),
            hex: certificate.thumbprint_hex(),
        },
        warnings: warnings(file, certificate, now),
    }
}

/// What an administrator should not overlook before uploading it.
fn warnings(file: &CertFile, certificate: &Certificate, now: Instant) -> Vec<String> {
    let mut lines = Vec::new();
    let [not_before, not_after] = &certificate.validity_text;
    let days = certificate.days_left(now);
    if now < certificate.not_before {
        lines.push(format!("it is not valid before {not_before}"));
    } else if now > certificate.not_after {
        lines.push(format!("it expired on {not_after}"));
    } else if days < RENEWAL_DAYS {
        lines.push(format!("it expires in {days} days; Exchange's scripts renew at {RENEWAL_DAYS}"));
    }
    match &certificate.key {
        crate::keys::Material::Rsa { .. } if certificate.key.bits() >= 2048 => {}
        key => lines.push(format!("the key is {}; RSA of 2048 bits or more is needed", key.describe())),
    }
    if !certificate.is_exchange_auth() {
        lines.push("it is not named CN=Microsoft Exchange Server Auth Certificate".to_owned());
    }
    if file.private_key {
        lines.push(
            "the file holds a private key: never upload or send it; export the certificate alone".into(),
        );
    }
    lines
}

/// `cert -o json`
///
/// # Errors
/// Those of `out`.
pub fn json(certs: &Certs, out: &mut dyn Write) -> io::Result<()> {
    let files = certs.files.iter().map(|file| FileRecord {
        path: &file.path,
        kind: file.kind,
        private_key: file.private_key,
        certificates: file.certificates.iter().map(|one| record(file, one, certs.now)).collect(),
        against: file.comparison.as_ref(),
    });
    let document = Document { schema: "oauthtrace/cert/1", files: files.collect() };
    write_json(&document, true, out)?;
    out.write_all(b"\n")
}

/// `cert -o text`
///
/// # Errors
/// Those of `out`.
pub fn text(certs: &Certs, out: &mut dyn Write) -> io::Result<()> {
    for file in &certs.files {
        writeln!(out, "{}: {}", terminal(&file.path), file.kind)?;
        for certificate in &file.certificates {
            facts(&record(file, certificate, certs.now), out)?;
        }
        if let Some(comparison) = &file.comparison {
            compared(comparison, out)?;
        }
    }
    Ok(())
}

fn facts(record: &CertificateRecord<'_>, out: &mut dyn Write) -> io::Result<()> {
    let yes = |value: bool| if value { "yes" } else { "no" };
    let days = match record.days_left {
        days @ ..0 => format!("expired {} days ago", -days),
        days => format!("{days} days left"),
    };
    let names = record.dns_names.join(", ");
    let rows = [
        ("subject", record.subject.to_owned()),
        ("issuer", record.issuer.to_owned()),
        ("serial", record.serial.to_owned()),
        ("valid from", record.not_before.to_owned()),
        ("valid until", format!("{} ({days})", record.not_after)),
        ("key", record.key.kind.clone()),
        ("signature", record.signature_algorithm.to_owned()),
        ("names", if names.is_empty() { "none".into() } else { names }),
        ("Exchange auth certificate", yes(record.exchange_auth_certificate).into()),
        ("thumbprint", record.thumbprint.clone()),
        ("SHA-256", record.sha256.clone()),
        ("x5t", record.x5t.clone()),
        ("x5t#S256", record.x5t_s256.clone()),
        (
            "customKeyIdentifier",
            format!(
                "{} or {} (Graph)",
                record.custom_key_identifier.hex, record.custom_key_identifier.base64
            ),
        ),
        ("credValue", record.cred_value.clone()),
    ];
    for (name, value) in rows {
        writeln!(out, "  {name:<25}  {}", terminal(&value))?;
    }
    for warning in &record.warnings {
        writeln!(out, "  warning: {}", terminal(warning))?;
    }
    writeln!(out)
}

fn compared(comparison: &Comparison, out: &mut dyn Write) -> io::Result<()> {
    let path = terminal(&comparison.path);
    let placed = |out: &mut dyn Write| {
        for place in &comparison.places {
            writeln!(out, "  there as: {}", terminal(place))?;
        }
        for application in &comparison.absent {
            writeln!(out, "  not among the keys of: {}", terminal(application))?;
        }
        Ok::<(), io::Error>(())
    };
    if comparison.same {
        writeln!(out, "  same as in {path}")?;
        placed(out)?;
        return writeln!(out);
    }
    writeln!(out, "  not in {path}: {}", comparison.missing.join(", "))?;
    if !comparison.there.is_empty() {
        writeln!(out, "  there instead: {}", comparison.there.join(", "))?;
    }
    placed(out)?;
    if comparison.renewed {
        writeln!(out, "  the key is the same in both: it was renewed with its key")?;
    }
    writeln!(out)
}
