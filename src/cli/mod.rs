//! Takes arguments, runs a command, gives its exit status.

/// The options: records only.
pub mod args;
/// `--baseline`.
pub mod baseline;
/// `capture`.
pub mod capture;
/// `cert`.
pub mod cert;
/// `--config`.
pub mod config;
/// Records to ready objects.
pub mod expectations;
/// `explain`.
pub mod explain;
/// `inspect`.
pub mod inspect;
/// `completions` and `man`.
pub mod manual;
/// stdout and `--report`.
pub mod output;
/// `probe`.
pub mod probe;
/// `provision`.
pub mod provision;
/// `redact`.
pub mod redact;
/// Exit statuses.
pub mod status;
/// stderr, colours, progress.
pub mod terminal;
/// `token`.
pub mod token;
/// `verify`.
pub mod verify;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;

use crate::pipeline::Inputs;
use args::{Arguments, Command};
use status::{Complaints, Status};
use terminal::Terminal;

/// Notices of one input that are told without `-v`.
const NOTICES: usize = 8;

/// The whole program.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    match Arguments::try_parse_from(arguments) {
        Ok(arguments) => run(arguments).into(),
        Err(error) => {
            // Help and version go to stdout with status 0, everything else to stderr with status 2.
            let _ = error.print();
            if error.use_stderr() { Status::Usage.into() } else { Status::Done.into() }
        }
    }
}

fn run(arguments: Arguments) -> Status {
    let terminal = &Terminal::new(&arguments.talk);
    match arguments.command {
        Command::Inspect(args) => inspect::run(&args, terminal),
        Command::Verify(args) => verify::run(args, terminal),
        Command::Explain(args) => explain::run(&args, terminal),
        Command::Completions { shell } => manual::completions(shell, terminal),
        Command::Man => manual::man(terminal),
        Command::Token(args) => token::run(&args, terminal),
        Command::Cert(args) => cert::run(&args, terminal),
        Command::Capture(args) => capture::run(*args, terminal),
        Command::Provision(command) => provision::run(&command, terminal),
        Command::Probe(args) => probe::run(*args, terminal),
        Command::Redact(args) => redact::run(&args, terminal),
    }
}

/// Tells what kept a command from beginning.
pub fn tell(complaints: &Complaints, terminal: &Terminal) -> Status {
    complaints.lines().for_each(|line| terminal.error(line));
    if complaints.status() == Status::Usage {
        terminal.notice("for the options, see oauthtrace --help");
    }
    complaints.status()
}

/// Tells what became of the inputs.
pub fn report_inputs(inputs: &Inputs, terminal: &Terminal) -> Status {
    for input in &inputs.read {
        let shown = if terminal.is_verbose() { usize::MAX } else { NOTICES };
        for notice in input.notices.iter().take(shown) {
            terminal.warning(&format!("{}: {notice}", input.path));
        }
        let more = input.notices.len().saturating_sub(shown);
        if more > 0 {
            terminal.warning(&format!("{}: {more} more notices; -v shows all", input.path));
        }
        terminal.detail(&format!(
            "{}: {}, {} bytes, {} packets, {} exchanges",
            input.path,
            input.kind.name(),
            input.bytes,
            input.packets,
            input.exchanges
        ));
    }
    inputs.notices.iter().for_each(|notice| terminal.notice(notice));
    inputs.failed.iter().for_each(|failure| terminal.error(&failure.to_string()));
    if inputs.failed.is_empty() { Status::Done } else { Status::Unreadable }
}
