//! The spine: from inputs to a sink full of exchanges. The only module that knows all decoders.

use std::path::PathBuf;

use crate::base::Secret;
use crate::sink::Sink;

/// One input as the command line names it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Source {
    /// A file or a directory.
    Path(PathBuf),
    /// `-`
    Stdin,
}

/// Settings of decoding.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Key log files, as bytes with their names.
    pub keylogs: Vec<(String, Secret)>,
    /// Server keys for RSA key exchange, as bytes with their names.
    pub tls_keys: Vec<(String, Secret)>,
    /// Tried on SAZ and PKCS#12.
    pub passwords: Vec<Secret>,
    /// Hash application data and inputs.
    pub hashes: bool,
    /// Worker threads; 0 for as many as there are processors.
    pub threads: usize,
}

/// What an input was found to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// libpcap.
    Pcap,
    /// pcapng.
    Pcapng,
    /// Network Monitor 2.
    Netmon,
    /// Event Trace Log.
    Etl,
    /// HTTP Archive.
    Har,
    /// Fiddler.
    Saz,
    /// mitmproxy flows.
    Mitmproxy,
    /// Burp XML.
    Burp,
    /// Tokens in text.
    Text,
    /// IIS W3C and Exchange logs, `Test-OAuthConnectivity` output.
    Log,
}

impl Kind {
    /// The word in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pcap => "pcap",
            Self::Pcapng => "pcapng",
            Self::Netmon => "netmon",
            Self::Etl => "etl",
            Self::Har => "har",
            Self::Saz => "saz",
            Self::Mitmproxy => "mitmproxy",
            Self::Burp => "burp",
            Self::Text => "text",
            Self::Log => "log",
        }
    }
}

/// What was learned of one input file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Input {
    /// As named, or found in a directory.
    pub path: String,
    /// Found from the content.
    pub kind: Kind,
    /// `gzip` or `zstd` around it.
    pub compression: Option<&'static str>,
    /// Size of the file.
    pub bytes: u64,
    /// SHA-256 of the file, with `--hashes`.
    pub sha256: Option<[u8; 32]>,
    /// Exchanges found in it.
    pub exchanges: u64,
    /// Packets read; 0 for exports.
    pub packets: u64,
    /// Whether it was cut, and used up to the cut.
    pub truncated: bool,
    /// Lines for people: odd entries, skipped packets by kind, bounds reached.
    pub notices: Vec<String>,
}

/// An input that cannot be read: status 3.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {message}")]
pub struct InputError {
    /// As named.
    pub path: String,
    /// What was expected, where, what to do.
    pub message: String,
}

/// What became of all inputs.
#[derive(Debug, Default)]
pub struct Inputs {
    /// Those that could be read, in order; `Exchange::key.input` indexes this list.
    pub read: Vec<Input>,
    /// Those that could not.
    pub failed: Vec<InputError>,
    /// Notices about directories (files of unknown kind).
    pub notices: Vec<String>,
}

/// Decodes all sources into `sink`.
pub fn run<S: Sink>(sources: &[Source], settings: &Settings, sink: &mut S) -> Inputs {
    let _ = (sources, settings, sink);
    todo!("helper: pipeline")
}
