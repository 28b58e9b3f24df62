//! Takes a TOML file with the settings of `verify`, gives records like those of the command line.
//!
//! Keys are named like the flags. An unknown key is an error that names it: a misspelt expectation must
//! not silently leave something unjudged.

use std::path::{Path, PathBuf};

use super::args::provision::{Cloud, ProfileName};
use super::args::traffic::{ExpectArgs, FailOn, InputArgs};
use super::args::{Format, OutputArgs};

/// The file that is read when `--config` names none.
pub const DEFAULT_NAME: &str = "oauthtrace.toml";

/// The settings of one file.
#[derive(Debug, Default)]
pub struct Config {
    expect: ExpectArgs,
    keylog: Vec<PathBuf>,
    tls_key: Vec<PathBuf>,
    password_file: Vec<PathBuf>,
    hashes: Option<bool>,
    output: Option<Format>,
    report: Vec<PathBuf>,
    /// What `provision` and `probe` need besides.
    pub deployment: Deployment,
}

/// How and where the integration is set up.
#[derive(Debug, Default)]
pub struct Deployment {
    /// The procedure.
    pub profile: Option<ProfileName>,
    /// Culture of printed dates.
    pub culture: Option<String>,
    /// The cloud.
    pub cloud: Option<Cloud>,
    /// Domain of the application account.
    pub verified_domain: Option<String>,
    /// For all commands.
    pub domain_controller: Option<String>,
    /// Further root certificates.
    pub ca: Option<PathBuf>,
    /// HTTP proxy.
    pub proxy: Option<String>,
}

const KEYS: &str = "tenant, cert, sts-keys, host, principal, at, leeway, fail-on, state, baseline, keylog, \
    tls-key, password-file, hashes, output, report, profile, culture, cloud, verified-domain, domain-controller, ca, \
    proxy";

impl Config {
    /// Reads the text of a file; relative paths in it start at `base`, the file's directory.
    ///
    /// # Errors
    /// One line for each wrong key or value.
    pub fn parse(text: &str, base: &Path) -> Result<Self, Vec<String>> {
        let table: toml::Table = toml::from_str(text).map_err(|error| {
            let place = error.span().map_or(String::new(), |span| {
                let line = text.get(..span.start).map_or(1, |before| before.matches('\n').count() + 1);
                format!("line {line}: ")
            });
            vec![format!("{place}{}", error.message().replace('\n', "; "))]
        })?;
        let mut config = Self::default();
        let problems: Vec<_> = table
            .iter()
            .filter_map(|(key, value)| {
                config.set(key, value, base).err().map(|problem| format!("{key}: {problem}"))
            })
            .collect();
        if problems.is_empty() { Ok(config) } else { Err(problems) }
    }

    fn set(&mut self, key: &str, value: &toml::Value, base: &Path) -> Result<(), String> {
        let paths = |value| strings(value).map(|list| list.iter().map(|path| at(base, path)).collect());
        match key {
            "tenant" => self.expect.tenant = strings(value)?,
            "cert" => self.expect.cert = paths(value)?,
            "sts-keys" => self.expect.sts_keys = paths(value)?,
            "host" => self.expect.host = strings(value)?,
            "principal" => self.expect.principal = strings(value)?,
            "at" => self.expect.at = Some(scalar(value)?),
            "leeway" => self.expect.leeway = Some(scalar(value)?),
            "fail-on" => self.expect.fail_on = Some(choice::<FailOn>(value)?),
            "state" => self.expect.state = paths(value)?,
            "baseline" => self.expect.baseline = Some(at(base, &string(value)?)),
            "keylog" => self.keylog = paths(value)?,
            "tls-key" => self.tls_key = paths(value)?,
            "password-file" => self.password_file = paths(value)?,
            "hashes" => self.hashes = Some(value.as_bool().ok_or("true or false expected")?),
            "output" => self.output = Some(choice::<Format>(value)?),
            "report" => self.report = paths(value)?,
            "profile" => self.deployment.profile = Some(choice::<ProfileName>(value)?),
            "culture" => self.deployment.culture = Some(string(value)?),
            "cloud" => self.deployment.cloud = Some(choice::<Cloud>(value)?),
            "verified-domain" => self.deployment.verified_domain = Some(string(value)?),
            "domain-controller" => self.deployment.domain_controller = Some(string(value)?),
            "ca" => self.deployment.ca = Some(at(base, &string(value)?)),
            "proxy" => self.deployment.proxy = Some(string(value)?),
            "show-secrets" => return Err("is taken from the command line only".into()),
            _ => return Err(format!("unknown key; known are {KEYS}")),
        }
        Ok(())
    }

    /// Fills what the command line left open: a flag wins over the file.
    pub fn fill(self, input: &mut InputArgs, expect: &mut ExpectArgs, output: &mut OutputArgs) -> Deployment {
        let Self { expect: ours, keylog, tls_key, password_file, hashes, output: format, report, deployment } =
            self;
        fill(&mut input.keylog, keylog);
        fill(&mut input.tls_key, tls_key);
        fill(&mut input.password_file, password_file);
        input.hashes |= hashes.unwrap_or(false);
        fill(&mut expect.tenant, ours.tenant);
        fill(&mut expect.cert, ours.cert);
        fill(&mut expect.sts_keys, ours.sts_keys);
        fill(&mut expect.host, ours.host);
        fill(&mut expect.principal, ours.principal);
        fill(&mut expect.state, ours.state);
        expect.at = expect.at.take().or(ours.at);
        expect.leeway = expect.leeway.take().or(ours.leeway);
        expect.fail_on = expect.fail_on.or(ours.fail_on);
        expect.baseline = expect.baseline.take().or(ours.baseline);
        output.output = output.output.or(format);
        fill(&mut output.report, report);
        deployment
    }
}

fn fill<T>(flag: &mut Vec<T>, file: Vec<T>) {
    if flag.is_empty() {
        *flag = file;
    }
}

/// Relative paths start at the configuration file; what is not there may be in the working directory.
fn at(base: &Path, path: &str) -> PathBuf {
    let beside = base.join(path);
    if !beside.exists() && Path::new(path).exists() { path.into() } else { beside }
}

fn string(value: &toml::Value) -> Result<String, String> {
    value.as_str().map(str::to_owned).ok_or_else(|| format!("a string expected, found {}", value.type_str()))
}

/// One string, or an array of strings: what is repeatable on the command line.
fn strings(value: &toml::Value) -> Result<Vec<String>, String> {
    match value {
        toml::Value::String(text) => Ok(vec![text.clone()]),
        toml::Value::Array(items) => items.iter().map(string).collect(),
        other => Err(format!("a string or an array of strings expected, found {}", other.type_str())),
    }
}

/// A string, a number or a date, as the command line would have it.
fn scalar(value: &toml::Value) -> Result<String, String> {
    match value {
        toml::Value::String(text) => Ok(text.clone()),
        toml::Value::Integer(number) => Ok(number.to_string()),
        toml::Value::Datetime(date) => Ok(date.to_string()),
        other => Err(format!("a string, an integer or a date expected, found {}", other.type_str())),
    }
}

fn choice<T: clap::ValueEnum>(value: &toml::Value) -> Result<T, String> {
    T::from_str(&string(value)?, false).map_err(|_| {
        let names: Vec<_> = T::value_variants()
            .iter()
            .filter_map(|variant| variant.to_possible_value())
            .map(|possible| possible.get_name().to_owned())
            .collect();
        format!("one of {} expected", names.join(", "))
    })
}

/// For fuzzing: any text as a configuration.
#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    let _ = Config::parse(&String::from_utf8_lossy(data), Path::new("/"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        Config::parse(text, Path::new("/base")).err().unwrap_or_default()
    }

    #[test]
    fn an_unknown_key_is_named() {
        assert!(problems("tennant = 'contoso.com'")[0].starts_with("tennant: unknown key"));
    }

    #[test]
    fn show_secrets_is_refused() {
        assert_eq!(problems("show-secrets = true"), ["show-secrets: is taken from the command line only"]);
    }

    #[test]
    fn broken_toml_tells_the_line() {
        assert!(problems("tenant = 'a'\nhost = [").first().unwrap().starts_with("line "));
    }

    #[test]
    fn a_wrong_type_tells_what_was_expected() {
        assert_eq!(
            problems("tenant = 5"),
            ["tenant: a string or an array of strings expected, found integer"]
        );
        assert_eq!(problems("fail-on = 'info'"), ["fail-on: one of error, warning expected"]);
    }

    #[test]
    fn a_flag_wins_and_paths_start_at_the_file() {
        let text =
            "tenant = 'file.example'\ncert = ['a.cer', '/b.cer']\nleeway = 60\nat = 2026-11-22T10:00:00Z";
        let config = Config::parse(text, Path::new("/base")).unwrap();
        let mut expect = ExpectArgs { tenant: vec!["flag.example".into()], ..Default::default() };
        let mut input = InputArgs {
            inputs: Vec::new(),
            keylog: Vec::new(),
            tls_key: Vec::new(),
            password_file: Vec::new(),
            hashes: false,
        };
        let mut output = OutputArgs { output: None, report: Vec::new(), show_secrets: false };
        config.fill(&mut input, &mut expect, &mut output);
        assert_eq!(expect.tenant, ["flag.example"]);
        assert_eq!(expect.cert, [Path::new("/base/a.cer"), Path::new("/b.cer")]);
        assert_eq!(expect.leeway.as_deref(), Some("60"));
        assert_eq!(expect.at.as_deref(), Some("2026-11-22T10:00:00Z"));
    }
}
