//! Takes the options of `redact`, gives a record.

use std::path::PathBuf;

use clap::Args;

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
