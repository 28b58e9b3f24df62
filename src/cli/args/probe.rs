//! Takes the options of `probe`, gives a record.

use std::path::PathBuf;

use clap::Args;

use super::OutputArgs;
use super::provision::Cloud;
use super::traffic::FailOn;

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
