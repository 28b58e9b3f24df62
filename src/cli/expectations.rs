//! Takes the records of the command line and the configuration, gives ready objects: expectations,
//! settings of decoding, sources, outputs.
//!
//! All usage errors are told before any file error, and all of both, so that one run suffices to mend them.

use std::path::{Path, PathBuf};

use super::args::traffic::{ExpectArgs, FailOn, InputArgs};
use super::args::{Format, OutputArgs};
use super::config::{Config, DEFAULT_NAME, Deployment};
use super::status::Complaints;
use super::terminal::Terminal;
pub use crate::base::plain;
use crate::base::{Instant, Secret, is_guid};
use crate::checks::expectations::Expectations;
use crate::checks::finding::Severity;
use crate::import::text::utf8;
use crate::keys::Origin;
use crate::keys::load::{certificate_file, key_file};
use crate::pipeline::{Settings, Source};
use crate::report;
use crate::state::dates::Order;
use crate::state::{self, StateFile};

/// Largest key, certificate, password or configuration file that is read.
const SMALL_FILE: u64 = 64 << 20;

/// Where a result goes, and how.
#[derive(Debug)]
pub struct Destinations {
    /// On stdout.
    pub stdout: report::Format,
    /// In files.
    pub files: Vec<(PathBuf, report::Format)>,
    /// Whether secrets are printed.
    pub show_secrets: bool,
}

impl Destinations {
    /// All renderings that are asked for.
    pub fn formats(&self) -> impl Iterator<Item = report::Format> {
        std::iter::once(self.stdout).chain(self.files.iter().map(|(_, format)| *format))
    }
}

/// Finds the configuration and fills the records from it.
pub fn configure(
    input: &mut InputArgs,
    expect: &mut ExpectArgs,
    output: &mut OutputArgs,
    terminal: &Terminal,
    complaints: &mut Complaints,
) -> Deployment {
    let (path, named) = match &expect.config {
        Some(path) => (path.clone(), true),
        None => (PathBuf::from(DEFAULT_NAME), false),
    };
    if !named && !path.exists() {
        return Deployment::default();
    }
    let Some(bytes) = read_small(&path, complaints) else { return Deployment::default() };
    let bytes = utf8(&bytes);
    let Ok(text) = std::str::from_utf8(&bytes) else {
        complaints.usage(format!("{}: UTF-8 text expected", path.display()));
        return Deployment::default();
    };
    let base = path.parent().unwrap_or(Path::new(""));
    match Config::parse(text, base) {
        Ok(config) => {
            terminal.detail(&format!("settings are taken from {}", path.display()));
            config.fill(input, expect, output)
        }
        Err(problems) => {
            problems.iter().for_each(|line| complaints.usage(format!("{}: {line}", path.display())));
            Deployment::default()
        }
    }
}

/// What to read.
pub fn sources(input: &InputArgs, complaints: &mut Complaints) -> Vec<Source> {
    stdin_once(&input.inputs, complaints);
    let source = |path: &PathBuf| if is_stdin(path) { Source::Stdin } else { Source::Path(path.clone()) };
    input.inputs.iter().map(source).collect()
}

/// How to decode.
pub fn settings(input: &InputArgs, complaints: &mut Complaints) -> Settings {
    Settings {
        keylogs: named_secrets(&input.keylog, complaints),
        tls_keys: named_secrets(&input.tls_key, complaints),
        passwords: passwords(&input.password_file, complaints),
        hashes: input.hashes,
        threads: 0,
        progress: None,
    }
}

fn named_secrets(paths: &[PathBuf], complaints: &mut Complaints) -> Vec<(String, Secret)> {
    let mut secrets = Vec::new();
    for path in paths {
        if let Some(bytes) = read_small(path, complaints) {
            if bytes.is_empty() {
                complaints.unreadable(format!("{}: the file is empty", path.display()));
            }
            secrets.push((path.display().to_string(), Secret::new(bytes)));
        }
    }
    secrets
}

/// The lines of password files, each a password; a final line end belongs to none.
pub fn passwords(paths: &[PathBuf], complaints: &mut Complaints) -> Vec<Secret> {
    let mut all = Vec::new();
    for path in paths {
        let Some(bytes) = read_small(path, complaints) else { continue };
        let bytes = Secret::new(bytes);
        // PowerShell writes UTF-16.
        let text = Secret::new(utf8(bytes.expose()).into_owned());
        let lines =
            text.expose().split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        all.extend(lines.filter(|line| !line.is_empty()).map(|line| Secret::new(line.to_vec())));
    }
    all
}

/// The lowest severity that fails.
pub const fn fail_on(named: Option<FailOn>) -> Severity {
    match named {
        Some(FailOn::Warning) => Severity::Warning,
        Some(FailOn::Error) | None => Severity::Error,
    }
}

/// What is expected. Usage errors first, then the files are opened.
pub fn expectations(args: &ExpectArgs, passwords: &[Secret], complaints: &mut Complaints) -> Expectations {
    let mut expectations = Expectations {
        tenants: tenants(&args.tenant, complaints),
        hosts: hosts(&args.host, complaints),
        at: args.at.as_deref().and_then(|text| time("--at", text, complaints)),
        fail_on: fail_on(args.fail_on),
        sts_keys_given: !args.sts_keys.is_empty(),
        ..Expectations::default()
    };
    if let Some(seconds) = args.leeway.as_deref().and_then(|text| leeway(text, complaints)) {
        expectations.leeway = seconds;
    }
    if !args.principal.is_empty() {
        expectations.principals = principals(&args.principal, complaints);
    }
    certificates(&args.cert, passwords, &mut expectations, complaints);
    for path in &args.sts_keys {
        let Some(bytes) = read_small(path, complaints) else { continue };
        match key_file(&bytes, &path.display().to_string(), Origin::TokenService, passwords) {
            Ok(loaded) => expectations.keys.keys.extend(loaded.keys),
            Err(error) => complaints.unreadable(error.to_string()),
        }
    }
    expectations.state = states(&args.state, complaints);
    expectations
}

/// Input options of commands that have none.
pub fn no_input() -> InputArgs {
    InputArgs {
        inputs: Vec::new(),
        keylog: Vec::new(),
        tls_key: Vec::new(),
        password_file: Vec::new(),
        hashes: false,
    }
}

/// The order of day and month in a culture.
pub fn order(culture: &str, complaints: &mut Complaints) -> Option<Order> {
    let order = Order::of_culture(culture);
    if order.is_none() {
        complaints.usage(format!(
            "--culture {culture}: the name of a culture expected, for example en-US or de-DE"
        ));
    }
    order
}

/// State files; in a directory, all its files, sorted by name. One that holds none cannot have been meant.
pub fn states(paths: &[PathBuf], complaints: &mut Complaints) -> Vec<StateFile> {
    let mut files = Vec::new();
    for path in paths {
        let mut named = vec![path.clone()];
        let before = files.len();
        if path.is_dir() {
            let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
            named = entries.map(|entry| entry.path()).filter(|path| path.is_file()).collect();
            named.sort();
        }
        for one in named {
            let Some(bytes) = read_small_or_stdin(&one, complaints) else { continue };
            match state::read(&bytes, &shown_name(&one)) {
                Ok(file) => files.push(file),
                // In a directory other files are no mistake.
                Err(_) if path.is_dir() => {}
                Err(error) => complaints.unreadable(error),
            }
        }
        if path.is_dir() && files.len() == before {
            complaints.unreadable(format!(
                "{}: no file in it holds cmdlet output or a script; `oauthtrace provision collect` prints the script that gathers the output",
                path.display()
            ));
        }
    }
    files
}

/// The certificates of `--cert`.
pub fn certificates(
    paths: &[PathBuf],
    passwords: &[Secret],
    expectations: &mut Expectations,
    complaints: &mut Complaints,
) {
    for path in paths {
        let Some(bytes) = read_small(path, complaints) else { continue };
        let name = path.display().to_string();
        match certificate_file(&bytes, &name, passwords) {
            Ok(loaded) => {
                expectations.keys.keys.extend(loaded.keys.iter().cloned());
                expectations.certificates.push((name, loaded));
            }
            Err(error) => complaints.unreadable(error.to_string()),
        }
    }
}

/// The tenant's names: at least one, at most one GUID.
pub fn tenants(values: &[String], complaints: &mut Complaints) -> Vec<String> {
    if values.is_empty() {
        complaints.usage(
            "which tenant is expected? Give --tenant with its GUID or a verified domain (repeatable; the \
             GUID is shown by Get-MgOrganization, or by the Entra admin center under Overview)",
        );
    }
    let mut names: Vec<String> = Vec::new();
    for value in values {
        let name = value.trim().to_ascii_lowercase();
        if !is_guid(&name) && !is_domain(&name) {
            complaints.usage(format!("--tenant {value}: neither a GUID nor a domain name"));
        } else if !names.contains(&name) {
            names.push(name);
        }
    }
    let guids: Vec<_> = names.iter().filter(|name| is_guid(name)).map(String::as_str).collect();
    if guids.len() > 1 {
        complaints.usage(format!(
            "--tenant: all values must name the same tenant, but these are several GUIDs: {}",
            guids.join(", ")
        ));
    }
    names
}

fn principals(values: &[String], complaints: &mut Complaints) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for value in values {
        let id = value.trim().to_ascii_lowercase();
        if !is_guid(&id) {
            complaints.usage(format!("--principal {value}: an application id (GUID) expected"));
        } else if !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids
}

/// `--host`
pub fn hosts(values: &[String], complaints: &mut Complaints) -> Vec<String> {
    let mut hosts: Vec<String> = Vec::new();
    for value in values {
        let host = value.trim().trim_end_matches('.').to_ascii_lowercase();
        let odd = |c: char| c.is_whitespace() || c.is_control() || "/@?#*".contains(c);
        if host.is_empty() || host.contains(odd) {
            complaints.usage(format!("--host {value}: a host name expected, for example mail.contoso.com"));
        } else if !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    hosts
}

/// `--at`
pub fn time(option: &str, text: &str, complaints: &mut Complaints) -> Option<Instant> {
    let at = Instant::parse(text);
    if at.is_none() {
        complaints
            .usage(format!("{option} {text}: RFC 3339 (2026-11-22T10:00:00Z) or Unix seconds expected"));
    }
    at
}

/// `--leeway`: whole seconds, not negative.
pub fn leeway(text: &str, complaints: &mut Complaints) -> Option<i64> {
    let seconds = text.trim().parse::<u32>().ok().map(i64::from);
    if seconds.is_none() {
        complaints.usage(format!("--leeway {text}: whole seconds expected, 0 or more"));
    }
    seconds
}

/// Where results go.
pub fn destinations(output: &OutputArgs, complaints: &mut Complaints) -> Destinations {
    let mut files: Vec<(PathBuf, report::Format)> = Vec::new();
    for path in &output.report {
        let name = path.display();
        match report::Format::of_suffix(path) {
            None => complaints.usage(format!(
                "--report {name}: the suffix chooses the rendering; known are {}",
                report::Format::SUFFIXES
            )),
            Some(_) if path.is_dir() => complaints.usage(format!("--report {name}: is a directory")),
            Some(_) if !path.parent().is_none_or(|dir| dir.as_os_str().is_empty() || dir.is_dir()) => {
                complaints.usage(format!("--report {name}: its directory does not exist"));
            }
            Some(format) => files.push((path.clone(), format)),
        }
    }
    let stdout = match output.output.unwrap_or(Format::Text) {
        Format::Text => report::Format::Text,
        Format::Json => report::Format::Json,
        Format::Ndjson => report::Format::Ndjson,
        Format::Html => report::Format::Html,
        Format::Junit => report::Format::Junit,
        Format::Sarif => report::Format::Sarif,
        Format::Markdown => report::Format::Markdown,
        Format::Csv => report::Format::Csv,
    };
    Destinations { stdout, files, show_secrets: output.show_secrets }
}

/// No report may take the place of a file that is read: a capture cannot be made again. The baseline may be renewed.
pub fn spare<'p>(
    destinations: &Destinations,
    read: impl IntoIterator<Item = &'p PathBuf>,
    complaints: &mut Complaints,
) {
    let found = |path: &Path| path.canonicalize().ok();
    let read: Vec<PathBuf> = read.into_iter().filter_map(|path| found(path)).collect();
    for (path, _) in &destinations.files {
        if found(path).is_some_and(|path| read.contains(&path)) {
            complaints.usage(format!("--report {}: is read here, and would be overwritten", path.display()));
        }
    }
}

/// Reads a file that has to be small: keys, certificates, passwords, settings.
pub fn read_small(path: &Path, complaints: &mut Complaints) -> Option<Vec<u8>> {
    let too_large =
        |size: u64| format!("{}: {size} bytes are too many for this kind of file", path.display());
    let read = || -> std::io::Result<Result<Vec<u8>, u64>> {
        let file = std::fs::File::open(path)?;
        let size = file.metadata()?.len();
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut std::io::Read::take(file, SMALL_FILE + 1), &mut bytes)?;
        Ok(if bytes.len() as u64 > SMALL_FILE { Err(size) } else { Ok(bytes) })
    };
    match read() {
        Ok(Ok(bytes)) => Some(bytes),
        Ok(Err(size)) => {
            complaints.unreadable(too_large(size));
            None
        }
        Err(error) => {
            complaints.unreadable(format!("{}: {}", path.display(), plain(&error)));
            None
        }
    }
}

/// The same, where `-` is stdin.
pub fn read_small_or_stdin(path: &Path, complaints: &mut Complaints) -> Option<Vec<u8>> {
    if !is_stdin(path) {
        return read_small(path, complaints);
    }
    let mut bytes = Vec::new();
    let read = std::io::Read::read_to_end(
        &mut std::io::Read::take(std::io::stdin().lock(), SMALL_FILE + 1),
        &mut bytes,
    );
    match read {
        Ok(_) if bytes.len() as u64 > SMALL_FILE => {
            complaints.unreadable(format!(
                "stdin: more than {SMALL_FILE} bytes are too many for this kind of file"
            ));
            None
        }
        Ok(_) => Some(bytes),
        Err(error) => {
            complaints.unreadable(format!("stdin: {}", plain(&error)));
            None
        }
    }
}

/// Whether a path stands for stdin.
pub fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Complains where `-` is named twice among what is read from stdin.
pub fn stdin_once<'p>(paths: impl IntoIterator<Item = &'p PathBuf>, complaints: &mut Complaints) {
    if paths.into_iter().filter(|path| is_stdin(path)).count() > 1 {
        complaints.usage("stdin (-) can be read only once");
    }
}

/// What a file is called in messages and reports.
pub fn shown_name(path: &Path) -> String {
    if is_stdin(path) { "stdin".to_owned() } else { path.display().to_string() }
}

/// A DNS name with at least one dot.
fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_')
    };
    text.len() <= 253 && text.contains('.') && text.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(fill: impl FnOnce(&mut Complaints)) -> String {
        let mut complaints = Complaints::default();
        fill(&mut complaints);
        complaints.lines().collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn passwords_stand_in_lines_also_as_powershell_writes_them() {
        let path = std::env::temp_dir().join(format!("oauthtrace-passwords-{}", std::process::id()));
        let wide: Vec<u8> = "\u{feff}one\r\ntwo\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for bytes in [b"\xef\xbb\xbfone\n\ntwo".to_vec(), wide] {
            std::fs::write(&path, bytes).unwrap();
            let mut complaints = Complaints::default();
            let read = passwords(std::slice::from_ref(&path), &mut complaints);
            let read: Vec<&[u8]> = read.iter().map(Secret::expose).collect();
            assert!(read == [b"one", b"two"] && complaints.is_empty());
        }
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn tenants_are_guids_or_domains() {
        let mut complaints = Complaints::default();
        let given = ["Contoso.COM", "11111111-2222-3333-4444-555555555555"].map(str::to_owned);
        assert_eq!(tenants(&given, &mut complaints), ["contoso.com", &given[1]]);
        assert!(complaints.is_empty());
        for bad in ["contoso", "*", "", "a b.com", "11111111-2222-3333-4444-55555555555", "-a.com", "a..b"] {
            let line = complaint(|complaints| drop(tenants(&[bad.into()], complaints)));
            assert!(line.contains("neither a GUID nor a domain"), "{bad}: {line}");
        }
    }

    #[test]
    fn a_directory_without_a_state_is_told() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/base");
        let line = complaint(|complaints| drop(states(&[folder.into()], complaints)));
        assert!(line.starts_with(folder) && line.contains("no file in it"), "{line}");
    }

    #[test]
    fn two_guids_cannot_be_one_tenant() {
        let given = ["11111111-2222-3333-4444-555555555555", "21111111-2222-3333-4444-555555555555"];
        let line = complaint(|complaints| drop(tenants(&given.map(str::to_owned), complaints)));
        assert!(line.contains("several GUIDs"));
    }

    #[test]
    fn no_tenant_is_a_usage_error_that_says_where_to_find_it() {
        assert!(complaint(|complaints| drop(tenants(&[], complaints))).contains("--tenant"));
    }

    #[test]
    fn leeway_is_whole_and_not_negative() {
        let mut complaints = Complaints::default();
        assert_eq!(leeway("0", &mut complaints), Some(0));
        assert!(complaints.is_empty());
        assert!(complaint(|complaints| assert_eq!(leeway("-1", complaints), None)).contains("0 or more"));
        assert!(complaint(|complaints| assert_eq!(leeway("5m", complaints), None)).contains("0 or more"));
    }

    #[test]
    fn a_host_is_no_url() {
        assert!(
            complaint(|complaints| drop(hosts(&["https://a/".into()], complaints))).contains("host name")
        );
    }
}
