//! `cert`: takes certificate files, prints what an administrator compares and uploads.

use super::args::Plain;
use super::args::tools::CertArgs;
use super::expectations::{passwords, read_small};
use super::output::print;
use super::status::{Complaints, Status};
use super::terminal::Terminal;
use crate::base::{Instant, Secret};
use crate::checks::organisation::hex;
use crate::keys::certificate::Certificate;
use crate::keys::load::{Loaded, certificate_file, key_file};
use crate::keys::{Key, Material, Origin};
use crate::report;
use crate::report::cert::{CertFile, Certs, Comparison};
use crate::state;
use crate::state::uploaded::{hex_thumbprint, uploaded};

/// Runs the command.
pub fn run(args: &CertArgs, terminal: &Terminal) -> Status {
    let mut complaints = Complaints::default();
    let passwords = passwords(&args.password_file, &mut complaints);
    let against = args.against.as_ref().and_then(|path| {
        let bytes = read_small(path, &mut complaints)?;
        let name = path.display().to_string();
        match key_file(&bytes, &name, Origin::Given, &passwords) {
            Ok(loaded) => Some((name, loaded)),
            // What the cmdlets print of AuthConfig and of uploaded keys can be compared too.
            Err(error) => match of_state(&bytes, &name) {
                Some(loaded) => Some((name, loaded)),
                None => {
                    complaints.unreadable(error.to_string());
                    None
                }
            },
        }
    });
    let mut files = Vec::new();
    for path in &args.files {
        let name = path.display().to_string();
        // A file that cannot be read costs itself: the others are shown all the same.
        let Some(bytes) = read_small(path, &mut complaints) else { continue };
        match load(&bytes, &name, &passwords) {
            Ok(loaded) => files.push(file(name, loaded, against.as_ref())),
            Err(error) => complaints.unreadable(error),
        }
    }
    let certs = Certs { files, now: Instant::now() };
    let mut status = complaints.status();
    if !certs.files.is_empty() {
        let printed = print(terminal, |out| match args.output {
            Plain::Text => report::cert::text(&certs, out),
            Plain::Json => report::cert::json(&certs, out),
        });
        status = status.max(printed);
    }
    complaints.lines().for_each(|line| terminal.error(line));
    let differs = |file: &CertFile| file.comparison.as_ref().is_some_and(|comparison| !comparison.same);
    if certs.files.iter().any(differs) { status.max(Status::Failed) } else { status }
}

/// Thumbprints and uploaded keys of a state file; `None` when it holds none.
fn of_state(bytes: &[u8], name: &str) -> Option<Loaded> {
    let file = state::read(bytes, name).ok()?;
    let mut loaded = Loaded { kind: "cmdlet output", ..Loaded::default() };
    let mut print = |thumbprint: [u8; 20], source: &str| {
        loaded.keys.push(Key {
            source: source.to_owned(),
            origin: Origin::Given,
            kid: None,
            x5t: Some(thumbprint),
            x5t_s256: None,
            algorithm: None,
            material: Material::Other("thumbprint only".into()),
            certificate: None,
        });
    };
    for object in &file.objects {
        for name in ["CurrentCertificateThumbprint", "NextCertificateThumbprint", "Thumbprint"] {
            if let Some(found) = object.text(name).and_then(hex_thumbprint) {
                print(found, &object.place);
            }
        }
    }
    for key in uploaded(&file.objects) {
        if let Some(found) = key.thumbprint {
            print(found, &key.place);
        }
    }
    (!loaded.keys.is_empty()).then_some(loaded)
}

fn load(bytes: &[u8], name: &str, passwords: &[Secret]) -> Result<Loaded, String> {
    certificate_file(bytes, name, passwords).map_err(|error| error.to_string())
}

fn file(path: String, loaded: Loaded, against: Option<&(String, Loaded)>) -> CertFile {
    let comparison = against.map(|(name, other)| compare(&loaded.certificates, name, other));
    CertFile {
        path,
        kind: loaded.kind,
        private_key: loaded.private_key,
        certificates: loaded.certificates,
        comparison,
    }
}

/// Same: each certificate of the file is in the other, as a certificate or, where that has keys only, as its
/// key.
fn compare(certificates: &[Certificate], name: &str, other: &Loaded) -> Comparison {
    let known = |certificate: &Certificate| {
        // AuthConfig names certificates by thumbprint only.
        let named = |key: &Key| key.x5t_s256.is_none() && key.x5t == Some(certificate.thumbprint);
        let same_print = |key: &Key| key.x5t_s256 == Some(certificate.thumbprint_s256);
        let same_key = |key: &Key| key.certificate.is_none() && key.material == certificate.key;
        other.keys.iter().any(|key| same_print(key) || same_key(key) || named(key))
    };
    let missing: Vec<_> = certificates.iter().filter(|one| !known(one)).collect();
    let only_key_agrees =
        |certificate: &&Certificate| other.keys.iter().any(|key| key.material == certificate.key);
    Comparison {
        path: name.to_owned(),
        same: missing.is_empty(),
        missing: missing.iter().map(|certificate| certificate.thumbprint_hex()).collect(),
        renewed: missing.iter().copied().any(|certificate| only_key_agrees(&certificate)),
        there: if other.certificates.is_empty() {
            other.keys.iter().filter_map(|key| key.x5t).map(hex).collect()
        } else {
            other.certificates.iter().map(Certificate::thumbprint_hex).collect()
        },
    }
}
