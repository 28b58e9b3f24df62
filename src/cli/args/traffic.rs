//! Takes the options of `inspect` and `verify`, gives records.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::OutputArgs;

/// What to read, and what opens it.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Input")]
pub struct InputArgs {
    /// Files, directories (their files, sorted by name; those of one recording by time) or - for stdin; the kind is found
    /// from the content
    #[arg(value_name = "INPUT", required = true, help_heading = "Arguments")]
    pub inputs: Vec<PathBuf>,
    /// TLS session keys in NSS key log format; repeatable (SSLKEYLOGFILE is not read)
    #[arg(long, value_name = "FILE")]
    pub keylog: Vec<PathBuf>,
    /// Server's private key, PEM or PKCS#12, for sessions with RSA key exchange; repeatable
    #[arg(long, value_name = "FILE")]
    pub tls_key: Vec<PathBuf>,
    /// Passwords for SAZ and PKCS#12 files, one a line, tried in order
    #[arg(long, value_name = "FILE")]
    pub password_file: Vec<PathBuf>,
    /// Add SHA-256 of each input and of each direction's application data
    #[arg(long)]
    pub hashes: bool,
}

impl InputArgs {
    /// All files that are named here.
    pub fn files(&self) -> impl Iterator<Item = &PathBuf> {
        [&self.inputs, &self.keylog, &self.tls_key, &self.password_file].into_iter().flatten()
    }
}

/// `inspect`
#[derive(Debug, Clone, Args)]
#[command(after_long_help = "\
Examples:
  oauthtrace inspect capture.pcapng --keylog keys.log
  oauthtrace inspect session.saz --password-file password.txt -o json
  tcpdump -w - port 80 | oauthtrace inspect - -o ndjson
  oauthtrace inspect captures/ -o csv > exchanges.csv")]
pub struct InspectArgs {
    /// What to read.
    #[command(flatten)]
    pub input: InputArgs,
    /// Where results go.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `verify`
#[derive(Debug, Clone, Args)]
#[command(after_long_help = "\
Examples:
  oauthtrace verify capture.pcapng --keylog keys.log --tenant contoso.com --cert OAuthCert.cer
  oauthtrace verify session.har --tenant 11111111-2222-3333-4444-555555555555 --sts-keys s2s.json
  oauthtrace verify captures/ --config contoso.toml -o json --report verdict.html
  oauthtrace verify today.saz --tenant contoso.com --baseline yesterday.json

Exit statuses: 0 pass, 1 fail, 2 wrong command line or configuration, 3 unreadable file, 4 incomplete evidence.")]
pub struct VerifyArgs {
    /// What to read.
    #[command(flatten)]
    pub input: InputArgs,
    /// What is expected.
    #[command(flatten)]
    pub expect: ExpectArgs,
    /// Where results go.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Lowest severity that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Errors fail.
    Error,
    /// Warnings fail, too.
    Warning,
}

/// What is expected of the traffic.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Expectations")]
pub struct ExpectArgs {
    /// Tenant GUID or verified domain; repeatable, all values name the same tenant (required, here or in
    /// the configuration)
    #[arg(long, value_name = "T")]
    pub tenant: Vec<String>,
    /// The uploaded Exchange auth certificate: DER, PEM or bare base64; repeatable
    #[arg(long, value_name = "FILE")]
    pub cert: Vec<PathBuf>,
    /// Keys of the token service: S2S metadata JSON, JWKS, federation metadata XML or certificate; repeatable
    #[arg(long, value_name = "FILE")]
    pub sts_keys: Vec<PathBuf>,
    /// Exchange host name: judge only connections that concern it; repeatable [default: all]
    #[arg(long, value_name = "H")]
    pub host: Vec<String>,
    /// Application id in scope; repeatable [default: Skype for Business Online, Teams Scheduler, Cloud Voicemail]
    #[arg(long, value_name = "ID")]
    pub principal: Vec<String>,
    /// Judge times at this moment, RFC 3339 or Unix seconds [default: the time of the packet or entry]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub at: Option<String>,
    /// Clock tolerance in seconds [default: 300]
    #[arg(long, value_name = "SECONDS", allow_hyphen_values = true)]
    pub leeway: Option<String>,
    /// Lowest severity that fails [default: error]
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub fail_on: Option<FailOn>,
    /// State of the organisation, as `provision check` reads it; repeatable
    #[arg(long, value_name = "FILE")]
    pub state: Vec<PathBuf>,
    /// An earlier `verify -o json`: findings that it already holds do not decide the status
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Settings as TOML, keys named like the flags; a flag wins [default: oauthtrace.toml, if there]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}
