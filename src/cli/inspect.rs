//! `inspect`: takes inputs, lists what they hold, judges nothing.

use super::args::traffic::InspectArgs;
use super::output::deliver;
use super::status::{Complaints, Status};
use super::terminal::Terminal;
use super::{expectations, report_inputs, tell};
use crate::pipeline;
use crate::report::Document;
use crate::report::listing::Listing;

/// Runs the command.
pub fn run(args: &InspectArgs, terminal: &Terminal) -> Status {
    let mut complaints = Complaints::default();
    let sources = expectations::sources(&args.input, &mut complaints);
    let destinations = expectations::destinations(&args.output, &mut complaints);
    expectations::spare(&destinations, args.input.files(), &mut complaints);
    let settings = expectations::settings(&args.input, &mut complaints);
    if !complaints.is_empty() {
        return tell(&complaints, terminal);
    }

    let progress = terminal.progress();
    let mut listing = Listing::new(progress.counter());
    let inputs = pipeline::run(&sources, &settings, &mut listing);
    drop(progress);

    let status = report_inputs(&inputs, terminal);
    // A directory without a single file of a known kind is no error: there is nothing to list.
    if inputs.read.is_empty() && status != Status::Done {
        return status;
    }
    let inspection = listing.finish(inputs.read);
    status.max(deliver(&Document::Inspection(&inspection), &destinations, terminal))
}
