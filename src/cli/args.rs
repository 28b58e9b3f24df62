//! Takes the words of the command line, gives records: nothing is opened, read or judged here.
//!
//! The contract's commands and options. `expectations` makes ready objects from these records.

/// Options of `capture`.
pub mod capture;
/// Options of `probe`.
pub mod probe;
/// Options of `provision`.
pub mod provision;
/// Options of `redact`.
pub mod redact;
/// Options of `token`, `cert` and `explain`.
pub mod tools;
/// Options of `inspect` and `verify`.
pub mod traffic;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// How the long help of the program ends.
const STATUSES: &str = "\
Exit statuses:
  0  the verdict is pass (for commands that judge nothing: done)
  1  the verdict is fail: at least one finding at or above --fail-on
  2  the command line or the configuration is wrong
  3  a file cannot be read: absent, unknown kind, empty, wrong password, damaged beyond use
  4  the verdict is incomplete: nothing wrong was seen, but the evidence does not establish the claim
  With several causes, 2 wins over 3, 3 over 1, and 1 over 4.

Examples:
  oauthtrace verify capture.pcapng --keylog keys.log --tenant contoso.com --cert OAuthCert.cer
  oauthtrace inspect session.har
  oauthtrace explain issuer-tenant";

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "oauthtrace",
    version,
    about = "Inspects and verifies OAuth traffic between Exchange Server and Skype for Business Online / Teams",
    long_about = "Inspects and verifies OAuth traffic between Exchange Server and Skype for Business Online / Teams.\n\n\
        Give it what was recorded (pcap, pcapng, HAR, Fiddler SAZ, mitmproxy and others), the tenant and the uploaded \
        certificate; it answers with a verdict and the evidence for it. Absence of evidence is never a pass.",
    after_long_help = STATUSES,
    arg_required_else_help = true,
    subcommand_required = true,
    infer_subcommands = false,
    max_term_width = 100
)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// How to talk.
    #[command(flatten)]
    pub talk: Talk,
}

/// Options of every command that concern the terminal.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Terminal")]
pub struct Talk {
    /// Colours: auto follows the terminal and NO_COLOR
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = Color::Auto)]
    pub color: Color,
    /// No notices on stderr; errors remain
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// More notices on stderr: what was read, which keys, every odd entry
    #[arg(short, long, global = true)]
    pub verbose: bool,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Also in files and pipes.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List HTTP exchanges, authentication schemes and tokens; judges nothing
    Inspect(traffic::InspectArgs),
    /// Judge the integration; the exit status is the verdict
    Verify(traffic::VerifyArgs),
    /// Record live traffic to pcapng and judge it as it arrives
    Capture(Box<capture::CaptureArgs>),
    /// Decode one token, and verify it when keys are given
    Token(tools::TokenArgs),
    /// Show thumbprint, x5t, validity, key and upload value of certificates
    Cert(tools::CertArgs),
    /// The provisioning commands, and the state that they left behind
    #[command(subcommand)]
    Provision(provision::ProvisionCommand),
    /// Ask a live Exchange, or a token service, for its challenge and metadata
    Probe(Box<probe::ProbeArgs>),
    /// Make a copy of an export or report that is safe to send to somebody
    Redact(redact::RedactArgs),
    /// Say what a rule, a diagnostics number or an AADSTS code means, and the repair
    Explain(tools::ExplainArgs),
    /// Print the completion script of a shell
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Print the manual page (roff)
    Man,
}

/// Renderings on stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people, on a terminal.
    Text,
    /// One document, versioned schema.
    Json,
    /// One line for each exchange (inspect) or finding (verify).
    Ndjson,
    /// One self-contained page.
    Html,
    /// JUnit XML, for CI servers.
    Junit,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// For a ticket.
    Markdown,
    /// The exchanges as a table.
    Csv,
}

/// The two renderings of the smaller commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Plain {
    /// For people.
    Text,
    /// One document.
    Json,
}

/// Where results go.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// Rendering on stdout [default: text]
    #[arg(short, long, value_enum, value_name = "FORMAT")]
    pub output: Option<Format>,
    /// Also write a rendering to FILE, mode 0600, chosen by its suffix
    /// (.json .ndjson .html .xml = JUnit .sarif .md .csv .txt); repeatable
    #[arg(long, value_name = "FILE")]
    pub report: Vec<PathBuf>,
    /// Print token signatures, passwords and cookies instead of masking them
    #[arg(long)]
    pub show_secrets: bool,
}
