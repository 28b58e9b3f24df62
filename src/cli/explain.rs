//! `explain`: takes a code, prints what it means and the repair.

use super::args::tools::ExplainArgs;
use super::status::Status;
use super::terminal::Terminal;

/// Runs the command.
pub fn run(args: &ExplainArgs, terminal: &Terminal) -> Status {
    let _ = args;
    terminal.error("explain: not built yet");
    Status::Usage
}
