//! Reads every capture of the corpus' plaintext part and compares requests, statuses and credentials with
//! what tshark reads (`corpus/truth`). What differs stands in a table with its reason.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use oauthtrace::connection::Connection;
use oauthtrace::exchange::{Exchange, Protocol};
use oauthtrace::pipeline::{self, Inputs, Settings, Source};
use oauthtrace::sink::Sink;
use serde_json::Value;

/// Files whose list differs from tshark's, and why the bytes say otherwise.
const DIFFERENT: &[(&str, &str)] = &[];

#[derive(Default)]
struct All {
    exchanges: Vec<Exchange>,
    connections: Vec<Connection>,
}

impl Sink for All {
    fn exchange(&mut self, exchange: Exchange) {
        self.exchanges.push(exchange);
    }
    fn connection(&mut self, connection: Connection) {
        self.connections.push(connection);
    }
    fn fork(&self) -> Self {
        Self::default()
    }
    fn join(&mut self, other: Self) {
        self.exchanges.extend(other.exchanges);
        self.connections.extend(other.connections);
    }
}

/// The corpus, or nothing where it is absent.
fn corpus() -> Option<PathBuf> {
    let shared = std::env::var_os("OAUTHTRACE_SHARED").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let mut folders = shared.into_iter().chain([beside]).map(|shared| shared.join("corpus"));
    let found = folders.find(|path| path.is_dir());
    if found.is_none() {
        eprintln!("skipped: no corpus");
    }
    found
}

fn truths(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            truths(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            found.push(path);
        }
    }
    found.sort();
}

fn read(path: &Path, threads: usize) -> (All, Inputs) {
    let mut all = All::default();
    let settings = Settings { threads, ..Settings::default() };
    let inputs = pipeline::run(&[Source::Path(path.to_owned())], &settings, &mut all);
    all.exchanges.sort_by_key(|exchange| exchange.key);
    all.connections.sort_by_key(|connection| connection.ordinal);
    (all, inputs)
}

/// What is compared, sorted: requests as `METHOD host target authorization`, and statuses.
#[derive(Default, PartialEq, Eq, Debug)]
struct List {
    requests: Vec<String>,
    statuses: Vec<String>,
}

impl List {
    fn sorted(mut self) -> Self {
        self.requests.sort();
        self.statuses.sort();
        self
    }
}

fn ours(all: &All) -> List {
    let mut list = List::default();
    for exchange in all.exchanges.iter().filter(|exchange| exchange.protocol != Protocol::Http2) {
        if let Some(request) = &exchange.request {
            let field = |name: &str| request.head.get(name).map(plain).unwrap_or_default();
            let (host, sent) = (field("host"), field("authorization"));
            list.requests.push(format!("{} {host} {} {sent}", request.method, plain(request.target.as_bytes())));
        }
        if let Some(response) = &exchange.response {
            list.statuses.push(response.status.to_string());
        }
    }
    list.sorted()
}

fn theirs(truth: &Value) -> List {
    let mut list = List::default();
    for entry in truth["http"].as_array().unwrap() {
        let text = |name: &str| match &entry[name] {
            Value::String(text) => plain(text.as_bytes()),
            Value::Number(number) => number.to_string(),
            _ => String::new(),
        };
        if entry["kind"] == "request" {
            let (method, uri) = (text("method"), text("uri"));
            list.requests.push(format!("{method} {} {uri} {}", text("host"), text("authorization")));
        } else {
            // Interim answers belong to the exchange that follows.
            let status = text("status");
            if !status.starts_with('1') || status == "101" {
                list.statuses.push(status);
            }
        }
    }
    list.sorted()
}

/// Text as both tools can show it: what is not printable ASCII is a dot.
fn plain(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '.' }).collect::<String>().trim().to_owned()
}

#[test]
fn the_requests_of_the_corpus_are_those_that_tshark_reads() {
    let Some(corpus) = corpus() else { return };
    let mut files = Vec::new();
    truths(&corpus.join("truth/b-http"), &mut files);
    assert!(files.len() > 300, "only {} truths", files.len());
    let reasons: BTreeMap<&str, &str> = DIFFERENT.iter().copied().collect();
    let (mut equal, mut explained, mut wrong) = (0, 0, Vec::new());
    let (mut requests, mut statuses) = (0, 0);
    for file in &files {
        let truth: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        let name = file.strip_prefix(corpus.join("truth/b-http")).unwrap().with_extension("");
        let name = name.to_str().unwrap();
        let (all, inputs) = read(&corpus.join("b-http").join(name), 1);
        let (ours, theirs) = (ours(&all), theirs(&truth));
        requests += ours.requests.len();
        statuses += ours.statuses.len();
        match (ours == theirs, reasons.get(name)) {
            (true, None) => equal += 1,
            (true, Some(reason)) => wrong.push(format!("{name}: equal, although: {reason}")),
            (false, Some(_)) => explained += 1,
            (false, None) => wrong.push(difference(name, &ours, &theirs, &inputs)),
        }
    }
    eprintln!(
        "{equal} of {} captures equal ({requests} requests, {statuses} statuses), {explained} differ for a written reason",
        files.len()
    );
    assert!(wrong.is_empty(), "{} differ without a reason:\n{}", wrong.len(), wrong.join("\n"));
}

fn difference(name: &str, ours: &List, theirs: &List, inputs: &Inputs) -> String {
    let only = |a: &[String], b: &[String]| {
        let mut rest = b.to_vec();
        let mut only = Vec::new();
        for line in a {
            match rest.iter().position(|other| other == line) {
                Some(at) => {
                    rest.remove(at);
                }
                None => only.push(line.chars().take(160).collect::<String>()),
            }
        }
        only.truncate(4);
        only
    };
    format!(
        "{name}: requests only ours {:?}, only theirs {:?}; statuses only ours {:?}, only theirs {:?}; {:?} {:?}",
        only(&ours.requests, &theirs.requests),
        only(&theirs.requests, &ours.requests),
        only(&ours.statuses, &theirs.statuses),
        only(&theirs.statuses, &ours.statuses),
        inputs.failed,
        inputs.read.iter().flat_map(|input| &input.notices).take(3).collect::<Vec<_>>(),
    )
}
