//! `cert`: takes certificate files, prints what an administrator compares and uploads.

use std::collections::BTreeMap;

use super::args::Plain;
use super::args::tools::CertArgs;
use super::expectations::{passwords, read_small_or_stdin, shown_name, stdin_once};
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
use crate::state::object::Kind;
use crate::state::uploaded::{self, hex_thumbprint, uploaded};

/// What certificates are compared with.
struct Other {
    loaded: Loaded,
    /// Applications with all their keys' thumbprints, of cmdlet output.
    applications: BTreeMap<String, Vec<[u8; 20]>>,
}

/// Runs the command.
pub fn run(args: &CertArgs, terminal: &Terminal) -> Status {
    let mut complaints = Complaints::default();
    stdin_once(args.files.iter().chain(&args.against), &mut complaints);
    if complaints.status() == Status::Usage {
        complaints.lines().for_each(|line| terminal.error(line));
        return Status::Usage;
    }
    let passwords = passwords(&args.password_file, &mut complaints);
    let against = args.against.as_ref().and_then(|path| {
        let bytes = read_small_or_stdin(path, &mut complaints)?;
        let name = shown_name(path);
        match key_file(&bytes, &name, Origin::Given, &passwords) {
            Ok(loaded) => Some((name, Other { loaded, applications: BTreeMap::new() })),
            // What the cmdlets print of AuthConfig and of uploaded keys can be compared too.
            Err(error) => match of_state(&bytes, &name) {
                Some(other) if other.loaded.keys.is_empty() && other.applications.is_empty() => {
                    complaints.unreadable(format!(
                        "{name}: cmdlet output without a thumbprint or key to compare with; keys of service \
                         principals need their bytes: -ReturnKeyValues $true, or one principal asked for by its id"
                    ));
                    None
                }
                Some(other) => Some((name, other)),
                None => {
                    complaints.unreadable(error.to_string());
                    None
                }
            },
        }
    });
    let mut files = Vec::new();
    for path in &args.files {
        let name = shown_name(path);
        // A file that cannot be read costs itself: the others are shown all the same.
        let Some(bytes) = read_small_or_stdin(path, &mut complaints) else { continue };
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

/// Thumbprints and uploaded keys of a state file; `None` when it is none.
fn of_state(bytes: &[u8], name: &str) -> Option<Other> {
    let file = state::read(bytes, name).ok().filter(|file| file.script.is_none())?;
    let mut other = Other {
        loaded: Loaded { kind: "cmdlet output", ..Loaded::default() },
        applications: BTreeMap::new(),
    };
    let mut print = |thumbprint: [u8; 20], source: String| {
        other.loaded.keys.push(Key {
            source,
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
        for name in [
            "CurrentCertificateThumbprint",
            "NextCertificateThumbprint",
            "PreviousCertificateThumbprint",
            "Thumbprint",
        ] {
            if let Some(found) = object.text(name).and_then(hex_thumbprint) {
                let server = object.text("Server").map(|server| format!(" on {server}")).unwrap_or_default();
                print(found, format!("{name} of {}{server}", object.kind.cmdlet()));
            }
        }
    }
    let keys = uploaded(&file.objects);
    for key in &keys {
        if let Some(found) = key.thumbprint {
            let of = key.application.as_ref().map(|id| format!(" of {id}")).unwrap_or_default();
            print(found, format!("key {}{of}", key.id));
        }
    }
    // Applications whose keys are all known by their thumbprints: what is not there is missing.
    let principals = file.objects.iter().filter(|object| object.kind == Kind::ServicePrincipal);
    for id in principals
        .filter_map(uploaded::application)
        .chain(keys.iter().filter_map(|key| key.application.clone()))
    {
        let own = || keys.iter().filter(|key| key.application.as_ref() == Some(&id));
        if own().all(|key| key.thumbprint.is_some()) {
            let prints = own().filter_map(|key| key.thumbprint).collect();
            other.applications.insert(id, prints);
        }
    }
    Some(other)
}

fn load(bytes: &[u8], name: &str, passwords: &[Secret]) -> Result<Loaded, String> {
    certificate_file(bytes, name, passwords).map_err(|error| error.to_string())
}

fn file(path: String, loaded: Loaded, against: Option<&(String, Other)>) -> CertFile {
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
fn compare(certificates: &[Certificate], name: &str, other: &Other) -> Comparison {
    let Other { loaded: other, applications } = other;
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
    let own = |print: &[u8; 20]| certificates.iter().any(|one| one.thumbprint == *print);
    let mut places: Vec<String> = Vec::new();
    if other.kind == "cmdlet output" {
        for key in other.keys.iter().filter(|key| key.x5t.as_ref().is_some_and(own)) {
            if !places.contains(&key.source) {
                places.push(key.source.clone());
            }
        }
    }
    let lacking = |(_, prints): &(&String, &Vec<[u8; 20]>)| !prints.iter().any(own);
    let absent = applications.iter().filter(lacking).map(|(id, _)| id.clone()).collect();
    Comparison {
        places,
        absent,
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
