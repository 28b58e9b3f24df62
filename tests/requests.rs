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
const DIFFERENT: &[(&str, &str)] = &[
    (
        "arkime/http-tcp-seq-issue.pcap",
        "tshark does not list a response whose body it could not put together; its head is there",
    ),
    (
        "arkime/twovlan.pcap",
        "tshark does not list a response whose body it could not put together; its head is there",
    ),
    (
        "pcap2har-go/insecure.pcap",
        "tshark does not list a request or response whose body it could not put together; its head is there",
    ),
    (
        "suricata-verify/base64/input.pcap",
        "tshark does not list a response whose body it could not put together; its head is there",
    ),
    (
        "suricata-verify/bug-4953/file76.pcap",
        "tshark does not list a response whose body it could not put together; its head is there",
    ),
    (
        "suricata-verify/bug-5392/TPWhite-carved-out-7787-s1.pcap",
        "tshark does not list a request or response whose body it could not put together; its head is there",
    ),
    (
        "suricata-verify/bug-5437-01/input.pcap",
        "the target holds spaces: tshark ends it at the first, the last one stands before the version",
    ),
    (
        "suricata-verify/bug-5437-02/input.pcap",
        "the target holds spaces: tshark ends it at the first, the last one stands before the version",
    ),
    (
        "suricata-verify/bug-5486/154.pcap",
        "tshark does not list a response whose body it could not put together; its head is there",
    ),
    (
        "suricata-verify/detect-app-layer-protocol-03/input.pcap",
        "a method that tshark does not know, in a well-formed request line",
    ),
    (
        "suricata-verify/detect-pcre/detect-pcre-05/input.pcap",
        "two blanks before the target: tshark reads an empty one",
    ),
    (
        "suricata-verify/http-body-inspect/http-aptget-ids-02-s2.pcap",
        "tshark does not list a response whose body it could not put together; its head is there",
    ),
    (
        "suricata-verify/http-connect/http-connect-fragmented/input.pcap",
        "a proxy's tunnel: the request inside CONNECT, which tshark does not enter on this port",
    ),
    (
        "suricata-verify/http-connect/http-connect-simple/input.pcap",
        "a proxy's tunnel: the request inside CONNECT, which tshark does not enter on this port",
    ),
    (
        "suricata-verify/http-evader/http-evader-028/input.pcap",
        "the chunked body is malformed: tshark does not list its response; the head is there",
    ),
    (
        "suricata-verify/http-evader/http-evader-044/input.pcap",
        "the chunked body is malformed: tshark does not list its response; the head is there",
    ),
    (
        "suricata-verify/http-evader/http-evader-048/input.pcap",
        "no status line by RFC 9112 4 (version, blanks or status code): not taken for a response",
    ),
    (
        "suricata-verify/http-evader/http-evader-372/input.pcap",
        "no status line by RFC 9112 4 (version, blanks or status code): not taken for a response",
    ),
    (
        "suricata-verify/http-evader/http-evader-380/input.pcap",
        "no status line by RFC 9112 4 (version, blanks or status code): not taken for a response",
    ),
    (
        "suricata-verify/http-evader/http-evader-384/input.pcap",
        "the chunked body is malformed: tshark does not list its response; the head is there",
    ),
    (
        "suricata-verify/http-evader/http-evader-392/input.pcap",
        "no status line by RFC 9112 4 (version, blanks or status code): not taken for a response",
    ),
    (
        "suricata-verify/http-evader/http-evader-396/input.pcap",
        "no status line by RFC 9112 4 (version, blanks or status code): not taken for a response",
    ),
    (
        "suricata-verify/http-evader/http-evader-428/input.pcap",
        "the chunked body is malformed: tshark does not list its response; the head is there",
    ),
    (
        "suricata-verify/http-evader/http-evader-468/input.pcap",
        "no status line by RFC 9112 4 (version, blanks or status code): not taken for a response",
    ),
    (
        "suricata-verify/http-evader/http-evader-480/input.pcap",
        "the chunked body is malformed: tshark does not list its response; the head is there",
    ),
    (
        "suricata-verify/http-evader/http-evader-492/input.pcap",
        "the chunked body is malformed: tshark does not list its response; the head is there",
    ),
    (
        "suricata-verify/http-gap-beyond-body/input.pcap",
        "tshark does not list a response whose body it could not put together; its head is there",
    ),
    (
        "suricata-verify/http-gap-double/input.pcap",
        "tshark does not list a response whose body it could not put together; its head is there",
    ),
    (
        "suricata-verify/http-gap-whole-body/input.pcap",
        "tshark does not list a response whose body it could not put together; its head is there",
    ),
    (
        "suricata-verify/http-multiple-cl/input.pcap",
        "several or impossible Content-Length: where the next request begins is a guess, none is invented",
    ),
    (
        "suricata-verify/http-pipeline-files-with-gap/input.pcap",
        "tshark does not list a response whose body it could not put together; its head is there",
    ),
    (
        "suricata-verify/http-uri-spaces/input.pcap",
        "the target holds spaces: tshark ends it at the first, the last one stands before the version",
    ),
    (
        "suricata-verify/http1-noint-status/input.pcap",
        "no status line by RFC 9112 4 (version, blanks or status code): not taken for a response",
    ),
    (
        "suricata-verify/http2-deflate-case/input.pcap",
        "upgraded to HTTP/2 (h2c): the exchange is stream 1 of HTTP/2",
    ),
    (
        "suricata-verify/http2-range/http2-range.pcap",
        "upgraded to HTTP/2 (h2c): the exchange is stream 1 of HTTP/2",
    ),
    (
        "suricata-verify/output-eve-ftp-data/input.pcap",
        "tshark does not list a request or response whose body it could not put together; its head is there",
    ),
    (
        "suricata-verify/tcp-rst-unacked-stream-10/TLPW1-tcp-174.56.47.59-10.3.11.101-tcp-80-49309.pcap",
        "tshark does not list a response whose body it could not put together; its head is there",
    ),
    (
        "suricata-verify/tcp-rst-unacked-stream-11/TLPW1-tcp-47.32.209.86-10.11.23.101-tcp-80-49470.pcap",
        "tshark does not list a response whose body it could not put together; its head is there",
    ),
    (
        "suricata-verify/tcp-urgp-01-oob/tcp-urgent1.pcap",
        "an urgent byte: RFC 6093 leaves it in the stream, tshark lists no request",
    ),
    (
        "suricata-verify/tcp-urgp-04-2byte-XY/tcp-urgent-2byte-XY.pcap",
        "an urgent byte: RFC 6093 leaves it in the stream, tshark lists no request",
    ),
    (
        "zeek/communityid/tcp.pcap",
        "a snap length of a few bytes cut all heads: tshark reads the rest from its guess",
    ),
    ("zeek/doc/traces/quickstart.pcap", "a method that tshark does not know, in a well-formed request line"),
    (
        "zeek/erspan.pcap",
        "tshark does not list a response whose body it could not put together; its head is there",
    ),
    (
        "zeek/http/261/variant-02-cl_uint64max.pcap",
        "several or impossible Content-Length: where the next request begins is a guess, none is invented",
    ),
    (
        "zeek/http/261/variant-03-cl_negative.pcap",
        "several or impossible Content-Length: where the next request begins is a guess, none is invented",
    ),
    (
        "zeek/http/connect-with-smtp.pcap",
        "the target holds spaces: tshark ends it at the first, the last one stands before the version",
    ),
    (
        "zeek/http/entity_gap.pcap",
        "tshark does not list a response whose body it could not put together; its head is there",
    ),
    (
        "zeek/http/http-09-content-length-confusion.pcap",
        "a request of HTTP/0.9: no version, no field, so no credentials",
    ),
    ("zeek/http/methods.pcap", "request lines without target or version"),
    ("zeek/http/no-uri.pcap", "request lines without target or version"),
    (
        "zeek/http/putty-upload.pcap",
        "tshark does not list a request or response whose body it could not put together; its head is there",
    ),
    ("zeek/http/query-method.pcap", "a method that tshark does not know, in a well-formed request line"),
    (
        "zeek/http/zero-length-bodies-with-drops.pcap",
        "tshark does not list a request or response whose body it could not put together; its head is there",
    ),
    ("zeek/mixed-vlan-mpls.pcap", "a request of HTTP/0.9: no version, no field, so no credentials"),
    ("zeek/tcp-http-with-padding.pcap", "single bytes in padded frames: tshark gives up on the port"),
    ("zeek/tcp/payload-synack.pcap", "the request is on the SYN-ACK: the side that was called sends it"),
    (
        "zeek/tunnels/gtp/gtp1_gn_normal_incl_fragmentation.pcap",
        "tshark does not list a response whose body it could not put together; its head is there",
    ),
];

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
            list.requests.push(format!(
                "{} {host} {} {sent}",
                request.method,
                plain(request.target.as_bytes())
            ));
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
            list.requests.push(format!("{method} {} {uri} {}", text("host"), header(entry, "authorization")));
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

/// A field of tshark's list of header lines.
fn header(entry: &Value, name: &str) -> String {
    let lines = entry["headers"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let value = |line: &str| {
        let (before, value) = line.split_once(':')?;
        before.trim().eq_ignore_ascii_case(name).then(|| plain(value.as_bytes()))
    };
    lines.filter_map(value).next().unwrap_or_default()
}

/// Text as both tools can show it: what is not printable ASCII is a dot.
fn plain(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars()
        .map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '.' })
        .collect::<String>()
        .trim()
        .to_owned()
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
