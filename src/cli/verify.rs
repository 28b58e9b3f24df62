//! `verify`: takes inputs and expectations, judges; the exit status is the verdict.

use std::sync::Arc;

use super::args::traffic::VerifyArgs;
use super::output::deliver;
use super::status::{Complaints, Status};
use super::terminal::Terminal;
use super::{baseline, expectations, report_inputs, tell};
use crate::checks::expectations::Expectations;
use crate::checks::judge::Judge;
use crate::pipeline;
use crate::report::recorder::Recorder;
use crate::report::{Document, Format, Options, render};
use crate::state::cloud::Cloud;
use crate::state::profile::Profile;

/// Runs the command.
pub fn run(mut args: VerifyArgs, terminal: &Terminal) -> Status {
    let mut complaints = Complaints::default();
    let deployment = expectations::configure(
        &mut args.input,
        &mut args.expect,
        &mut args.output,
        terminal,
        &mut complaints,
    );
    let sources = expectations::sources(&args.input, &mut complaints);
    let from_stdin = args.input.files().filter(|path| expectations::is_stdin(path)).take(1);
    expectations::stdin_once(args.expect.state.iter().chain(from_stdin), &mut complaints);
    let destinations = expectations::destinations(&args.output, &mut complaints);
    let judged_by = [&args.expect.cert, &args.expect.sts_keys, &args.expect.state];
    let read = args.input.files().chain(judged_by.into_iter().flatten());
    expectations::spare(&destinations, read, &mut complaints);
    let settings = expectations::settings(&args.input, &mut complaints);
    let mut expected = expectations::expectations(&args.expect, &settings.passwords, &mut complaints);
    expected.profile = deployment.profile.map(Profile::from);
    expected.cloud = deployment.cloud.map(Cloud::from);
    expected.verified_domain = deployment.verified_domain;
    expected.domain_controller = deployment.domain_controller;
    expected.order =
        deployment.culture.as_deref().and_then(|culture| expectations::order(culture, &mut complaints));
    let earlier = args.expect.baseline.as_deref().and_then(|path| baseline::read(path, &mut complaints));
    if !complaints.is_empty() {
        return tell(&complaints, terminal);
    }
    for (path, loaded) in &expected.certificates {
        if loaded.private_key {
            terminal.warning(&format!(
                "{path}: holds a private key, which is not needed here; give only the certificate"
            ));
        }
    }

    let progress = terminal.progress();
    let listed = destinations.formats().any(|format| format.lists_exchanges());
    let mut recorder = Recorder::new(Judge::new(&expected), listed, progress.counter());
    let inputs = pipeline::run(&sources, &settings, &mut recorder);
    drop(progress);

    let status = report_inputs(&inputs, terminal);
    // A directory without a single file of a known kind is no error, but no evidence either: it is judged.
    if inputs.read.is_empty() && status != Status::Done {
        return status;
    }
    let mut verification = recorder.finish(inputs.read, &expected);
    if let Some(earlier) = earlier {
        baseline::apply(&earlier, &mut verification);
    }
    let verdict = Status::from(verification.judgement.verdict);
    status.max(verdict).max(deliver(&Document::Verification(&verification), &destinations, terminal))
}

/// For fuzzing: any bytes as an input, judged, and shown in every form.
#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    let expected = Expectations::default();
    let mut recorder = Recorder::new(Judge::new(&expected), true, Arc::default());
    let Some(input) = pipeline::bytes(data, &mut recorder) else { return };
    let verification = recorder.finish(vec![input], &expected);
    let document = Document::Verification(&verification);
    let options = Options { show_secrets: false, color: true, width: 60 };
    for format in Format::ALL {
        let _ = render(&document, format, &options, &mut std::io::sink());
    }
}
