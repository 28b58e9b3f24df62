//! Takes the options of `capture`, `probe`, `provision` and `redact`, gives records.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::OutputArgs;
use super::traffic::{ExpectArgs, FailOn};
use crate::state::cloud;

/// `capture`
#[derive(Debug, Clone, Args)]
#[command(after_long_help = "\
Examples:
  oauthtrace capture --list
  oauthtrace capture -i eth0 -w traffic.pcapng --tenant contoso.com --keylog keys.log
  oauthtrace capture -i eth0 -w ring.pcapng --max-size 100MB --max-files 10 -f 'tcp port 443' --tenant contoso.com")]
pub struct CaptureArgs {
    /// Interface to record
    #[arg(short = 'i', long = "interface", value_name = "IFACE", required_unless_present = "list")]
    pub interface: Option<String>,
    /// Write what is recorded to FILE (pcapng, mode 0600)
    #[arg(short = 'w', long = "write", value_name = "FILE")]
    pub write: Option<PathBuf>,
    /// Capture filter in libpcap's language
    #[arg(short = 'f', long = "filter", value_name = "FILTER")]
    pub filter: Option<String>,
    /// Begin a new file after this size (for example 100MB)
    #[arg(long, value_name = "SIZE")]
    pub max_size: Option<String>,
    /// Keep at most this many files, the newest
    #[arg(long, value_name = "N")]
    pub max_files: Option<u32>,
    /// Stop after this time (seconds, or 10m, 2h)
    #[arg(long, value_name = "TIME")]
    pub duration: Option<String>,
    /// Stop after this many packets
    #[arg(long, value_name = "N")]
    pub count: Option<u64>,
    /// List the interfaces
    #[arg(long)]
    pub list: bool,
    /// TLS session keys in NSS key log format, re-read as it grows; repeatable
    #[arg(long, value_name = "FILE")]
    pub keylog: Vec<PathBuf>,
    /// Server's private key, PEM or PKCS#12, for sessions with RSA key exchange; repeatable
    #[arg(long, value_name = "FILE")]
    pub tls_key: Vec<PathBuf>,
    /// Passwords for PKCS#12 files, one a line
    #[arg(long, value_name = "FILE")]
    pub password_file: Vec<PathBuf>,
    /// What is expected.
    #[command(flatten)]
    pub expect: ExpectArgs,
    /// Where results go.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `probe`
#[derive(Debug, Clone, Args)]
#[command(after_long_help = "\
Examples:
  oauthtrace probe https://mail.contoso.com/ews/exchange.asmx
  oauthtrace probe https://mail.contoso.com/ --ca corporate-root.pem --tenant contoso.com
  oauthtrace probe https://accounts.accesscontrol.windows.net/contoso.com/metadata/json/1 --save metadata.json

A URL that names only a host is asked for all: the challenges of EWS, Autodiscover, MAPI, OAB and the REST
API, the metadata documents, the certificate, the versions of TLS. One with a path is asked for that alone.
This is the only command that talks to the network, and only to the hosts that are named here. It sends no
credentials, no token and no cookie, and follows no redirection to another host.

Certificates are verified against Mozilla's roots, those of this machine (SSL_CERT_FILE and SSL_CERT_DIR name
others), and --ca.

Exit statuses: 0 all is well, 1 an error was found, 2 wrong command line, 3 unreadable file, 4 not reached or
not answered.")]
pub struct ProbeArgs {
    /// Addresses to ask
    #[arg(value_name = "URL", required = true)]
    pub urls: Vec<String>,
    /// Trust the certificates in this PEM file as well
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// Give up a question after this many seconds, from the lookup of the name to the last byte
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    pub timeout: u64,
    /// Keep the metadata that was fetched in FILE, for --sts-keys
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,
    /// Ask through this HTTP proxy (variables such as HTTPS_PROXY are not read)
    #[arg(long, value_name = "URL")]
    pub proxy: Option<String>,
    /// Tenant GUID or verified domain that challenges should trust; repeatable
    #[arg(long, value_name = "T")]
    pub tenant: Vec<String>,
    /// Cloud whose token service challenges should trust [default: worldwide]
    #[arg(long, value_enum, value_name = "CLOUD")]
    pub cloud: Option<Cloud>,
    /// The uploaded Exchange auth certificate, compared with what Exchange publishes; repeatable
    #[arg(long, value_name = "FILE")]
    pub cert: Vec<PathBuf>,
    /// Clock tolerance in seconds [default: 300]
    #[arg(long, value_name = "SECONDS", allow_hyphen_values = true)]
    pub leeway: Option<String>,
    /// Lowest severity that fails [default: error]
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub fail_on: Option<FailOn>,
    /// Settings as TOML [default: oauthtrace.toml, if there]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where results go.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `provision`
#[derive(Debug, Clone, Subcommand)]
pub enum ProvisionCommand {
    /// Print the provisioning commands, filled in for this organisation
    Script(ScriptArgs),
    /// Print the script that gathers the state of the organisation; it changes nothing
    Collect,
    /// Judge the state that `collect` gathered; scripts (.ps1) among the files are linted
    Check(CheckArgs),
}

/// The dated procedures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ProfileName {
    /// The page of 2022, with the MSOnline module (retired).
    #[value(name = "sfbo-2022")]
    Sfbo2022,
    /// The same procedure with Microsoft Graph PowerShell.
    #[value(name = "sfbo-2022-graph")]
    Sfbo2022Graph,
    /// The page of 2025: two Teams applications.
    #[value(name = "teams-2025")]
    Teams2025,
}

/// The clouds with token services of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Cloud {
    /// Public cloud.
    Worldwide,
    /// GCC High and DoD.
    Usgov,
    /// Operated by 21Vianet.
    China,
}

impl From<Cloud> for cloud::Cloud {
    fn from(name: Cloud) -> Self {
        match name {
            Cloud::Worldwide => Self::Worldwide,
            Cloud::Usgov => Self::UsGov,
            Cloud::China => Self::China,
        }
    }
}

/// `provision script`
#[derive(Debug, Clone, Args)]
pub struct ScriptArgs {
    /// Which procedure [default: sfbo-2022-graph]
    #[arg(long, value_enum, value_name = "PROFILE")]
    pub profile: Option<ProfileName>,
    /// Tenant GUID or domain
    #[arg(long, value_name = "T")]
    pub tenant: Option<String>,
    /// Verified domain for the application account
    #[arg(long, value_name = "DOMAIN")]
    pub verified_domain: Option<String>,
    /// Domain controller that all commands use
    #[arg(long, value_name = "FQDN")]
    pub domain_controller: Option<String>,
    /// External Exchange host name; repeatable
    #[arg(long, value_name = "H")]
    pub host: Vec<String>,
    /// Which cloud [default: worldwide]
    #[arg(long, value_enum, value_name = "CLOUD")]
    pub cloud: Option<Cloud>,
    /// Settings as TOML, keys named like the flags; a flag wins [default: oauthtrace.toml, if there]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Write one file a step to this directory [default: one script on stdout]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// The steps as JSON
    #[arg(long)]
    pub json: bool,
}

/// `provision check`
#[derive(Debug, Clone, Args)]
pub struct CheckArgs {
    /// What `collect` gathered (text or CLIXML), and scripts to lint
    #[arg(value_name = "STATE", required = true)]
    pub states: Vec<PathBuf>,
    /// Which procedure it should follow [default: sfbo-2022-graph]
    #[arg(long, value_enum, value_name = "PROFILE")]
    pub profile: Option<ProfileName>,
    /// The uploaded Exchange auth certificate; repeatable
    #[arg(long, value_name = "FILE")]
    pub cert: Vec<PathBuf>,
    /// Culture in which the state was printed, for dates (for example fr-FR)
    #[arg(long, value_name = "NAME")]
    pub culture: Option<String>,
    /// Judge times at this moment, RFC 3339 or Unix seconds [default: now]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub at: Option<String>,
    /// External Exchange host name that has to be registered; repeatable
    #[arg(long, value_name = "H")]
    pub host: Vec<String>,
    /// Which cloud the addresses in scripts should belong to
    #[arg(long, value_enum, value_name = "CLOUD")]
    pub cloud: Option<Cloud>,
    /// Tenant GUID or verified domain that auth servers should belong to; repeatable
    #[arg(long, value_name = "T")]
    pub tenant: Vec<String>,
    /// Lowest severity that fails [default: error]
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub fail_on: Option<FailOn>,
    /// Settings as TOML, keys named like the flags; a flag wins [default: oauthtrace.toml, if there]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where results go.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `redact`
#[derive(Debug, Clone, Args)]
#[command(after_long_help = "\
Examples:
  oauthtrace redact session.har -w session.safe.har
  oauthtrace redact session.saz -w session.safe.saz --mask-people

Tokens keep their readable claims and lose their signatures. Afterwards the output is searched for every
secret of the input; status 1, and no output, when one is found.")]
pub struct RedactArgs {
    /// HAR, SAZ, mitmproxy dump, text, or our own JSON
    #[arg(value_name = "INPUT")]
    pub input: PathBuf,
    /// Where to write the copy
    #[arg(short = 'w', long = "write", value_name = "OUT")]
    pub write: PathBuf,
    /// Mask names of people as well
    #[arg(long)]
    pub mask_people: bool,
    /// Replace each secret by a fingerprint keyed with this file, so that copies can be compared
    #[arg(long, value_name = "FILE")]
    pub fingerprint_key: Option<PathBuf>,
    /// Passwords for SAZ files, one a line
    #[arg(long, value_name = "FILE")]
    pub password_file: Vec<PathBuf>,
}
