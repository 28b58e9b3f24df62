//! `probe`: takes addresses, asks them, judges the answers; the one command that talks to the network, and
//! only to the hosts that it is given.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use super::args::probe::ProbeArgs;
use super::args::provision;
use super::args::traffic::ExpectArgs;
use super::expectations::{self, read_small};
use super::output::{deliver, write_whole};
use super::status::{Complaints, Status};
use super::tell;
use super::terminal::Terminal;
use crate::checks::expectations::Expectations;
use crate::checks::judge::Judge;
use crate::checks::probed::Probed;
use crate::keys::Origin;
use crate::keys::load::key_file;
use crate::limits;
use crate::pipeline::{Input, Kind};
use crate::probe::address::Address;
use crate::probe::roots::Roots;
use crate::probe::{Probe, Settings, probe};
use crate::report::Document;
use crate::report::recorder::Recorder;
use crate::sink::Sink as _;
use crate::state::cloud::Cloud;

/// Longest time for one question, in seconds.
const LONGEST: u64 = 3600;

/// Files of the machine's roots that could not be read, and are told.
const TROUBLES: usize = 4;

/// Runs the command.
pub fn run(mut args: ProbeArgs, terminal: &Terminal) -> Status {
    let mut complaints = Complaints::default();
    let mut expect = ExpectArgs {
        tenant: std::mem::take(&mut args.tenant),
        cert: std::mem::take(&mut args.cert),
        leeway: args.leeway.take(),
        fail_on: args.fail_on,
        config: args.config.take(),
        ..ExpectArgs::default()
    };
    let mut unused = expectations::no_input();
    let deployment =
        expectations::configure(&mut unused, &mut expect, &mut args.output, terminal, &mut complaints);
    args.ca = args.ca.take().or(deployment.ca);
    args.proxy = args.proxy.take().or(deployment.proxy);
    let wanted = args.cloud.or(deployment.cloud).unwrap_or(provision::Cloud::Worldwide);
    let destinations = expectations::destinations(&args.output, &mut complaints);
    let addresses = addresses(&args.urls, &mut complaints);
    let expected = expected(&expect, &mut complaints);
    let settings = settings(&args, &expected, &mut complaints);
    if let Some(path) = &args.save {
        check_save(path, &mut complaints);
    }
    let (Some(settings), true) = (settings, complaints.is_empty()) else {
        return tell(&complaints, terminal);
    };

    for line in settings.roots.trouble.iter().take(TROUBLES) {
        terminal.warning(line);
    }
    let listed = destinations.formats().any(|format| format.lists_exchanges());
    let mut recorder = Recorder::new(Judge::new(&expected), listed, Arc::new(AtomicU64::new(0)));
    let cloud = Cloud::from(wanted);
    let (mut inputs, mut purposes, mut documents) = (Vec::new(), Vec::new(), Vec::new());
    for (number, address) in (0..).zip(&addresses) {
        terminal.detail(&format!("asking {}", address.authority()));
        let found = probe(address, &settings, number);
        if found.unreachable() {
            let why = found.questions.iter().find_map(|question| question.trouble.as_deref());
            let authority = address.authority();
            let why = why.unwrap_or("no answer");
            // Some reasons name where they arose.
            let bare = why.strip_prefix(&*authority).and_then(|why| why.strip_prefix(": ")).unwrap_or(why);
            terminal.error(&format!("{authority}: {bare}"));
        }
        for exchange in &found.exchanges {
            recorder.exchange(exchange.clone());
        }
        for connection in &found.connections {
            recorder.connection(connection.clone());
        }
        let things =
            found.service.iter().map(Probed::Service).chain(found.questions.iter().map(Probed::Question));
        things.for_each(|thing| recorder.judge_mut().probed(number, cloud, thing));
        purposes.extend(found.questions.iter().map(|question| question.purpose));
        inputs.push(input(number, &args.urls, &found));
        documents.extend(found.documents);
    }
    let tls = addresses.iter().any(|address| address.tls);
    let verification = recorder.finish_with(inputs, &expected, |judge| judge.finish_probe(&purposes, tls));
    let verdict = Status::from(verification.judgement.verdict);
    let saved = args.save.as_deref().map_or(Status::Done, |path| save(path, &documents, terminal));
    verdict.max(saved).max(deliver(&Document::Verification(&verification), &destinations, terminal))
}

fn addresses(urls: &[String], complaints: &mut Complaints) -> Vec<Address> {
    if urls.len() > limits::PROBE_TARGETS {
        complaints.usage(format!("at most {} addresses are asked at once", limits::PROBE_TARGETS));
    }
    let mut all: Vec<Address> = Vec::new();
    for url in urls {
        match Address::parse(url) {
            Ok(address) => all.push(address),
            Err(why) => complaints.usage(why),
        }
    }
    all
}

/// What is expected; unlike elsewhere, no tenant needs to be named.
fn expected(expect: &ExpectArgs, complaints: &mut Complaints) -> Expectations {
    if !expect.tenant.is_empty() {
        return expectations::expectations(expect, &[], complaints);
    }
    let placeholder = ExpectArgs { tenant: vec!["tenant.invalid".to_owned()], ..expect.clone() };
    Expectations { tenants: Vec::new(), ..expectations::expectations(&placeholder, &[], complaints) }
}

fn settings(args: &ProbeArgs, expected: &Expectations, complaints: &mut Complaints) -> Option<Settings> {
    if !(1..=LONGEST).contains(&args.timeout) {
        complaints.usage(format!("--timeout {}: 1 to {LONGEST} seconds expected", args.timeout));
    }
    let proxy = args.proxy.as_deref().and_then(|text| match Address::parse(&proxy_url(text)) {
        Ok(proxy) if proxy.tls || !proxy.path.is_empty() => {
            complaints.usage(format!("--proxy {text}: http://host:port expected"));
            None
        }
        Ok(proxy) => Some(proxy),
        Err(why) => {
            complaints.usage(format!("--proxy {why}"));
            None
        }
    });
    let bytes = args.ca.as_deref().and_then(|path| read_small(path, complaints));
    let roots = match Roots::new(bytes.as_deref()) {
        Ok(roots) => Some(roots),
        Err(why) => {
            let path = args.ca.as_deref().unwrap_or(Path::new("--ca"));
            complaints.unreadable(format!("{}: {why}", path.display()));
            None
        }
    };
    Some(Settings {
        roots: roots?,
        timeout: Duration::from_secs(args.timeout.clamp(1, LONGEST)),
        proxy,
        tenant: expected.tenants.first().cloned(),
    })
}

/// `host:port` is a proxy too.
fn proxy_url(text: &str) -> String {
    if text.contains("://") { text.to_owned() } else { format!("http://{text}") }
}

fn input(number: u32, urls: &[String], found: &Probe) -> Input {
    Input {
        bytes: found.received,
        exchanges: found.exchanges.len() as u64,
        ..Input::named(number, urls.get(number as usize).cloned().unwrap_or_default(), Kind::Service)
    }
}

/// Only a document with keys is written over: what else the file may be is somebody's.
fn check_save(path: &Path, complaints: &mut Complaints) {
    if !path.exists() {
        return;
    }
    let Some(bytes) = read_small(path, complaints) else { return };
    if key_file(&bytes, &path.display().to_string(), Origin::TokenService, &[]).is_err() {
        complaints.usage(format!("--save {}: is there, and is no metadata; not overwritten", path.display()));
    }
}

/// Writes the first document with keys, mode 0600, beside the name first.
fn save(path: &Path, documents: &[(String, bytes::Bytes)], terminal: &Terminal) -> Status {
    let Some((url, bytes)) = documents.first() else {
        terminal.error(&format!(
            "--save {}: no document with keys was found, nothing is written",
            path.display()
        ));
        return Status::Incomplete;
    };
    let written = write_whole(path, |out| out.write_all(bytes));
    match written {
        Ok(()) => {
            terminal.notice(&format!("{url} is saved to {}, for --sts-keys", path.display()));
            if documents.len() > 1 {
                terminal.notice("further documents with keys were found; ask for one by its whole address");
            }
            Status::Done
        }
        Err(error) => {
            terminal.error(&format!("--save {}: {}", path.display(), expectations::plain(&error)));
            Status::Usage
        }
    }
}
