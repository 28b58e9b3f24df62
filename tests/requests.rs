//! Reads every capture of the corpus' plaintext part and compares requests, statuses and credentials with
//! what tshark reads (`corpus/truth`). What differs stands in a table with its reason.

#[path = "support/corpus.rs"]
mod corpus;
#[path = "support/everything.rs"]
mod everything;
#[path = "support/truths.rs"]
mod truths;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use corpus::corpus;
use everything::Everything;
use oauthtrace::exchange::Protocol;
use oauthtrace::pipeline::{self, Inputs, Settings, Source};
use serde_json::Value;
use truths::truths;

/// The head of a response is whole, its body is not (a gap, or the end of the capture): tshark lists such a
/// response only with `http.desegment_body:FALSE` or `tcp.desegment_tcp_streams:FALSE`, and then as here.
const BODY_MISSING: &str =
    "the head of a response is whole, its body is not: tshark lists it without desegmentation";
/// The same for a request.
const REQUEST_BODY_MISSING: &str =
    "the head of a request is whole, its body is not: tshark lists it without desegmentation";
/// The chunked body, or its announcement, is malformed; `http.desegment_body:FALSE` lists it as here.
const CHUNKS_MALFORMED: &str =
    "the body is not chunked as announced: tshark waits for it, and lists the head without desegmentation";
const BLANK_LINES: &str =
    "blank lines before the status line are skipped as before a request line (RFC 9112 2.2)";
const TARGET_BLANKS: &str =
    "the target holds blanks: tshark ends it at the first, here all before the version is kept";
const UNKNOWN_METHOD: &str =
    "a method that tshark does not know, in a well-formed request line (RFC 9110 9.1)";
const NO_STATUS: &str =
    "no three digits stand where the status code is due: tshark shows a part of them, or nothing";
const TUNNEL: &str =
    "an exchange inside the tunnel that CONNECT opened to port 443: tshark takes that port for TLS";
const LENGTHS: &str = "Content-Length contradicts itself or is no number: where the next request begins is a guess, none is invented";
const H2C: &str =
    "upgraded to HTTP/2 (h2c): the request and its answer are stream 1, and 101 is interim (RFC 7540 3.2)";
const URGENT: &str = "an urgent byte: RFC 6093 leaves it in the stream; tshark gives the request up";

/// Files whose list differs from tshark's, and why the bytes say otherwise. Each was looked at byte by byte.
const DIFFERENT: &[(&str, &str)] = &[
    ("arkime/http-tcp-seq-issue.pcap", BODY_MISSING),
    ("arkime/twovlan.pcap", BODY_MISSING),
    (
        "pcap2har-go/insecure.pcap",
        "tshark hands one connection to port 5000 to other dissectors (TC-NV, AMS): its bytes are HTTP/1.0",
    ),
    ("suricata-verify/base64/input.pcap", BODY_MISSING),
    ("suricata-verify/bug-4953/file76.pcap", BODY_MISSING),
    ("suricata-verify/bug-5392/TPWhite-carved-out-7787-s1.pcap", REQUEST_BODY_MISSING),
    ("suricata-verify/bug-5437-01/input.pcap", TARGET_BLANKS),
    ("suricata-verify/bug-5437-02/input.pcap", TARGET_BLANKS),
    ("suricata-verify/bug-5486/154.pcap", BODY_MISSING),
    ("suricata-verify/detect-app-layer-protocol-03/input.pcap", UNKNOWN_METHOD),
    (
        "suricata-verify/detect-pcre/detect-pcre-05/input.pcap",
        "two blanks before the target: tshark reads an empty one; and the body of the response is not whole",
    ),
    ("suricata-verify/http-body-inspect/http-aptget-ids-02-s2.pcap", BODY_MISSING),
    ("suricata-verify/http-connect/http-connect-fragmented/input.pcap", TUNNEL),
    ("suricata-verify/http-connect/http-connect-simple/input.pcap", TUNNEL),
    ("suricata-verify/http-evader/http-evader-028/input.pcap", CHUNKS_MALFORMED),
    ("suricata-verify/http-evader/http-evader-044/input.pcap", CHUNKS_MALFORMED),
    ("suricata-verify/http-evader/http-evader-380/input.pcap", NO_STATUS),
    ("suricata-verify/http-evader/http-evader-384/input.pcap", CHUNKS_MALFORMED),
    ("suricata-verify/http-evader/http-evader-396/input.pcap", NO_STATUS),
    ("suricata-verify/http-evader/http-evader-428/input.pcap", CHUNKS_MALFORMED),
    ("suricata-verify/http-evader/http-evader-468/input.pcap", NO_STATUS),
    ("suricata-verify/http-evader/http-evader-480/input.pcap", BLANK_LINES),
    ("suricata-verify/http-evader/http-evader-492/input.pcap", BLANK_LINES),
    ("suricata-verify/http-gap-beyond-body/input.pcap", BODY_MISSING),
    ("suricata-verify/http-gap-double/input.pcap", BODY_MISSING),
    ("suricata-verify/http-gap-whole-body/input.pcap", BODY_MISSING),
    ("suricata-verify/http-multiple-cl/input.pcap", LENGTHS),
    ("suricata-verify/http-pipeline-files-with-gap/input.pcap", BODY_MISSING),
    ("suricata-verify/http-uri-spaces/input.pcap", TARGET_BLANKS),
    ("suricata-verify/http1-noint-status/input.pcap", NO_STATUS),
    ("suricata-verify/http2-deflate-case/input.pcap", H2C),
    ("suricata-verify/http2-range/http2-range.pcap", H2C),
    (
        "suricata-verify/output-eve-ftp-data/input.pcap",
        "tshark counts NOTIFY, SUBSCRIBE and UNSUBSCRIBE as notifications (http.notification), not as requests",
    ),
    (
        "suricata-verify/tcp-rst-unacked-stream-10/TLPW1-tcp-174.56.47.59-10.3.11.101-tcp-80-49309.pcap",
        BODY_MISSING,
    ),
    (
        "suricata-verify/tcp-rst-unacked-stream-11/TLPW1-tcp-47.32.209.86-10.11.23.101-tcp-80-49470.pcap",
        BODY_MISSING,
    ),
    ("suricata-verify/tcp-urgp-01-oob/tcp-urgent1.pcap", URGENT),
    ("suricata-verify/tcp-urgp-04-2byte-XY/tcp-urgent-2byte-XY.pcap", URGENT),
    ("zeek/doc/traces/quickstart.pcap", UNKNOWN_METHOD),
    ("zeek/erspan.pcap", BODY_MISSING),
    ("zeek/http/261/variant-02-cl_uint64max.pcap", LENGTHS),
    ("zeek/http/261/variant-03-cl_negative.pcap", LENGTHS),
    ("zeek/http/connect-with-smtp.pcap", TARGET_BLANKS),
    ("zeek/http/entity_gap.pcap", BODY_MISSING),
    ("zeek/http/putty-upload.pcap", REQUEST_BODY_MISSING),
    ("zeek/http/query-method.pcap", UNKNOWN_METHOD),
    (
        "zeek/http/zero-length-bodies-with-drops.pcap",
        "a body with gaps: tshark lists its response, and all that follows on the connection, only without desegmentation",
    ),
    (
        "zeek/tcp-http-with-padding.pcap",
        "a request in single bytes to port 27272: tshark takes the connection for HTTP only from the response on",
    ),
    ("zeek/tunnels/gtp/gtp1_gn_normal_incl_fragmentation.pcap", BODY_MISSING),
];

fn read(path: &Path, threads: usize) -> (Everything, Inputs) {
    let mut all = Everything::default();
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

fn ours(all: &Everything) -> List {
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
    let Some(corpus) = corpus("") else { return };
    let files = truths(&corpus.join("truth/b-http"));
    assert!(files.len() > 300, "only {} truths", files.len());
    let reasons: BTreeMap<&str, &str> = DIFFERENT.iter().copied().collect();
    let (mut equal, mut wrong) = (0, Vec::new());
    let mut explained: BTreeMap<&str, usize> = BTreeMap::new();
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
            (false, Some(reason)) => *explained.entry(*reason).or_default() += 1,
            (false, None) => wrong.push(difference(name, &ours, &theirs, &inputs)),
        }
    }
    eprintln!(
        "{equal} of {} captures equal ({requests} requests, {statuses} statuses), {} differ for a written reason:",
        files.len(),
        explained.values().sum::<usize>()
    );
    for (reason, count) in &explained {
        eprintln!("  {count}: {reason}");
    }
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
