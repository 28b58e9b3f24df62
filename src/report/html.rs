//! Takes a verification or an inspection, gives one self-contained page.
//!
//! Readable on a phone, on paper, by keyboard and by screen reader, dark and light, with and without
//! script. The template escapes everything; a content security policy allows the one script by its hash,
//! so that nothing that slipped in from traffic could run.

/// Rows of the list of exchanges.
mod rows;
/// The drawing of who asked whom.
mod sequence;
/// The drawing of when.
mod timeline;
/// Tokens, each with its actor inside.
mod tokens;
/// Verdict, checks and findings.
mod verdict;

use std::collections::BTreeSet;
use std::io::{self, Write};

use askama::Template;
use aws_lc_rs::digest;
use base64::Engine as _;

use super::mask::Mask;
use super::reason::counted;
use super::{Inspection, Options, Verification, diagnosis, words};
use crate::checks::finding::Severity;
use crate::pipeline::Input;

const CSS: &str = include_str!("../../templates/report.css");
const SCRIPT: &str = include_str!("../../templates/report.js");

#[derive(Template)]
#[template(path = "report.html")]
struct Page {
    title: String,
    version: &'static str,
    css: &'static str,
    script: &'static str,
    script_hash: String,
    show_secrets: bool,
    parts: Vec<(&'static str, &'static str)>,
    verdict: Option<verdict::Verdict>,
    causes: Vec<verdict::Cause>,
    scenarios: Vec<String>,
    missing: Vec<String>,
    checks: Vec<verdict::Check>,
    findings: Vec<verdict::Shown>,
    /// How many of them are problems: the rest was only noted.
    problems: usize,
    sequence: sequence::Sequence,
    timeline: timeline::Timeline,
    exchanges: Vec<rows::Row>,
    exchanges_left_out: usize,
    tokens: Vec<String>,
    tokens_left_out: usize,
    inputs: Vec<String>,
    /// Whether traffic was judged; else the state of an organisation alone.
    traffic: bool,
    columns: &'static [&'static str],
    certificates: Vec<Vec<Vec<String>>>,
}

/// `inspect -o html`
///
/// # Errors
/// Those of `out`.
pub fn inspection(inspection: &Inspection, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let mask = Mask::new(options.show_secrets);
    let (exchanges, exchanges_left_out) = rows::rows(inspection, &BTreeSet::new(), &BTreeSet::new(), mask);
    let (tokens, tokens_left_out) = tokens::of_inspection(inspection, mask)?;
    let page = Page {
        title: "What was recorded".into(),
        parts: vec![
            ("sequence", "Sequence"),
            ("exchanges", "Exchanges"),
            ("tokens", "Tokens"),
            ("inputs", "Inputs"),
        ],
        sequence: sequence::draw(inspection, &BTreeSet::new(), mask),
        timeline: timeline::draw(inspection, &exchanges, mask),
        exchanges,
        exchanges_left_out,
        tokens,
        tokens_left_out,
        inputs: inspection.inputs.iter().map(input).collect(),
        ..Page::empty(options)
    };
    write(page, out)
}

/// `verify -o html`
///
/// # Errors
/// Those of `out`.
pub fn verification(verification: &Verification, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let mask = Mask::new(options.show_secrets);
    let empty = Inspection::default();
    let listing = verification.listing.as_ref().unwrap_or(&empty);
    let named = |least: Severity| -> BTreeSet<usize> {
        let findings = verification.judgement.findings.iter().filter(|finding| finding.severity >= least);
        let keys = findings.flat_map(|finding| &finding.evidence).filter_map(|evidence| evidence.exchange);
        keys.filter_map(|key| verification.numbers.rank(&key)).collect()
    };
    let (bad, any) = (named(Severity::Error), named(Severity::Info));
    let (exchanges, exchanges_left_out) = rows::rows(listing, &bad, &any, mask);
    let (tokens, tokens_left_out) = tokens::of_verification(verification, mask)?;
    let verdict = verdict::Verdict::of(verification);
    let findings = verdict::findings(verification, mask);
    let page = Page {
        title: format!("{}: {}", verdict.word, verdict.sentence),
        parts: parts(verification),
        traffic: verification.provision.is_none(),
        certificates: certificates(verification, mask),
        verdict: Some(verdict),
        causes: verdict::causes(verification, mask),
        scenarios: verdict::scenarios(verification, mask),
        missing: words::missing(verification, mask),
        checks: verdict::checks(verification, mask),
        problems: findings.iter().filter(|finding| finding.severity != "info").count(),
        findings,
        sequence: match verification.diagnosis.sequence.is_empty() {
            true => sequence::draw(listing, &bad, mask),
            false => sequence::conversation(verification, mask),
        },
        timeline: timeline::draw(listing, &exchanges, mask),
        exchanges,
        exchanges_left_out,
        tokens,
        tokens_left_out,
        inputs: verification.inputs.iter().map(input).collect(),
        ..Page::empty(options)
    };
    write(page, out)
}

/// The parts of a page on a judgement, with their names.
fn parts(verification: &Verification) -> Vec<(&'static str, &'static str)> {
    let mut parts = Vec::new();
    if !verification.diagnosis.causes.is_empty() {
        parts.push(("causes", diagnosis::heading(verification.diagnosis.causes.len())));
    }
    parts.extend([("unseen", "What was not seen"), ("checks", "Checks")]);
    if verification.provision.is_none() {
        parts.push(("scenarios", "Scenarios"));
    }
    parts.push(("findings", "Findings"));
    if !verification.judgement.thumbprints.is_empty() {
        parts.push(("certificates", "Certificates"));
    }
    if verification.provision.is_none() {
        parts.extend([("sequence", "Sequence"), ("exchanges", "Exchanges"), ("tokens", "Tokens")]);
    }
    parts.push(("inputs", "Inputs"));
    parts
}

/// Rows of cells of lines.
fn certificates(verification: &Verification, mask: Mask) -> Vec<Vec<Vec<String>>> {
    let clean = |lines: Vec<String>| lines.iter().map(|line| mask.text(line).into_owned()).collect();
    let all = verification.judgement.thumbprints.iter();
    all.map(|row| super::certificates::cells(row).into_iter().map(clean).collect()).collect()
}

impl Page {
    fn empty(options: &Options) -> Self {
        let hash = digest::digest(&digest::SHA256, SCRIPT.as_bytes());
        Self {
            title: String::new(),
            version: env!("CARGO_PKG_VERSION"),
            css: CSS,
            script: SCRIPT,
            script_hash: base64::engine::general_purpose::STANDARD.encode(hash),
            show_secrets: options.show_secrets,
            parts: Vec::new(),
            verdict: None,
            causes: Vec::new(),
            scenarios: Vec::new(),
            missing: Vec::new(),
            checks: Vec::new(),
            findings: Vec::new(),
            problems: 0,
            sequence: sequence::Sequence::default(),
            timeline: timeline::Timeline::default(),
            exchanges: Vec::new(),
            exchanges_left_out: 0,
            tokens: Vec::new(),
            tokens_left_out: 0,
            inputs: Vec::new(),
            traffic: true,
            columns: &super::certificates::HEADER,
            certificates: Vec::new(),
        }
    }
}

fn write(mut page: Page, out: &mut dyn Write) -> io::Result<()> {
    if page.sequence.steps.is_empty() {
        page.parts.retain(|(id, _)| *id != "sequence");
    }
    let text = page.render().map_err(io::Error::other)?;
    // The template's conditions leave empty lines.
    text.lines().filter(|line| !line.trim().is_empty()).try_for_each(|line| writeln!(out, "{line}"))
}

fn input(input: &Input) -> String {
    let compression = input.compression.map_or(String::new(), |name| format!(" in {name}"));
    let cut = if input.truncated { ", cut at the end" } else { "" };
    let line = format!(
        "{}: {}{compression}, {}, {}{cut}{}",
        input.path,
        input.kind.name(),
        counted(input.bytes, "byte"),
        words::found(input),
        words::follows(input)
    );
    super::escape::terminal(&line).into_owned()
}
