//! Takes the options of `capture`, gives a record.

use std::path::PathBuf;

use clap::Args;

use super::OutputArgs;
use super::traffic::ExpectArgs;

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
