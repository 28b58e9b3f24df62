//! Exports against the truth that other tools read from the same files (`../shared/corpus`).

#[path = "support/corpus.rs"]
mod corpus;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use corpus::corpus;
use oauthtrace::exchange::{Exchange, Request};
use oauthtrace::import::{Collected, ImportError, ImportSettings, har, mitmproxy, saz};
use serde_json::Value;

type Reader = fn(&[u8], &ImportSettings, &mut dyn oauthtrace::import::Receiver) -> Result<(), ImportError>;

fn files(folder: &Path, suffix: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, suffix));
        } else if path.to_string_lossy().ends_with(suffix) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn truth(corpus: &Path, file: &Path) -> Value {
    let relative = file.strip_prefix(corpus).unwrap();
    let path = corpus.join("truth").join(format!("{}.json", relative.display()));
    serde_json::from_slice(
        &std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())),
    )
    .unwrap()
}

fn read(file: &Path, reader: Reader) -> Result<Collected, ImportError> {
    let mut out = Collected::default();
    reader(&std::fs::read(file).unwrap(), &ImportSettings::default(), &mut out).map(|()| out)
}

fn name(file: &Path) -> String {
    file.file_name().unwrap().to_string_lossy().into_owned()
}

/// The address that a request names, default ports left out.
fn address(request: &Request) -> String {
    let scheme = request.scheme.as_deref().unwrap_or_default();
    let host = request.host.as_deref().unwrap_or_default();
    let host = match scheme {
        "https" => host.strip_suffix(":443").unwrap_or(host),
        "http" => host.strip_suffix(":80").unwrap_or(host),
        _ => host,
    };
    format!("{scheme}://{host}{}", request.target)
}

/// An address as a file writes it, without fragment, with a path.
fn expected_address(url: &str) -> String {
    let url = url.split('#').next().unwrap();
    let url = url.replacen(":443/", "/", usize::from(url.starts_with("https:")));
    let url = url.replacen(":80/", "/", usize::from(url.starts_with("http:")));
    let (scheme, rest) = url.split_once("://").unwrap();
    if rest.contains('/') { url.clone() } else { format!("{scheme}://{rest}/") }
}

fn authorization(exchange: &Exchange) -> Vec<String> {
    let head = &exchange.request.as_ref().unwrap().head;
    head.all("authorization").map(|field| String::from_utf8_lossy(field.value).into_owned()).collect()
}

/// Entries that truth lists and that are left out on purpose: file, index, why.
const LEFT_OUT: [(&str, u64, &str); 1] =
    [("oneNullMessage.har", 0, "neither an address nor a field nor a response: there is nothing to show")];

#[test]
fn http_archives_equal_what_python_reads() {
    let Some(corpus) = corpus("") else { return };
    let (mut entries, mut files_read, mut refused, mut fields) = (0, 0, 0, 0);
    for file in files(&corpus.join("c-har"), ".har") {
        let truth = truth(&corpus, &file);
        let label = name(&file);
        let result = read(&file, har::read);
        if truth.get("json_error").is_some() {
            let error = result.expect_err(&label).to_string();
            assert!(error.contains("expected a comma") && error.contains("byte 22"), "{label}: {error}");
            refused += 1;
            continue;
        }
        let out = result.unwrap_or_else(|error| panic!("{label}: {error}"));
        files_read += 1;
        let mut exchanges: BTreeMap<u64, &Exchange> =
            out.exchanges.iter().map(|exchange| (exchange.key.frame, exchange)).collect();
        assert_eq!(exchanges.len(), out.exchanges.len(), "{label}: an index twice");
        for (index, expected) in truth["entries"].as_array().unwrap().iter().enumerate() {
            let index = index as u64;
            let here = format!("{label}, entry {index}");
            let Some(exchange) = exchanges.remove(&index) else {
                assert!(
                    LEFT_OUT.iter().any(|(file, at, _)| *file == label && *at == index),
                    "{here} is lost"
                );
                assert!(
                    out.notices.iter().any(|notice| notice.entry == Some(index)),
                    "{here} is lost silently"
                );
                continue;
            };
            let request = exchange.request.as_ref().unwrap();
            assert_eq!(request.method, expected["method"].as_str().unwrap(), "{here}");
            assert_eq!(address(request), expected_address(expected["url"].as_str().unwrap()), "{here}");
            let status = exchange.response.as_ref().map(|response| u64::from(response.status));
            assert_eq!(status, expected["status"].as_u64().filter(|status| *status > 0), "{here}");
            let sent: Vec<&str> = expected["authorization"]
                .as_array()
                .unwrap()
                .iter()
                .map(|text| text.as_str().unwrap())
                .collect();
            assert_eq!(authorization(exchange), sent, "{here}");
            fields += sent.len();
            check_body(exchange, expected, &here);
            entries += 1;
        }
        assert!(exchanges.is_empty(), "{label}: entries that nobody wrote: {:?}", exchanges.keys());
    }
    eprintln!(
        "{files_read} HAR files read, {refused} refused; {entries} entries equal, {fields} Authorization fields"
    );
    assert_eq!((files_read, refused, entries, fields), (35, 1, 166, 8));
}

/// Bodies that are kept have the bytes that Python decodes from base64.
fn check_body(exchange: &Exchange, expected: &Value, here: &str) {
    let (Some(sha256), Some(response)) = (expected["body_sha256"].as_str(), &exchange.response) else {
        return;
    };
    if response.body.bytes.is_empty() {
        return;
    }
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &response.body.bytes);
    let hex: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, sha256, "{here}: body");
}

#[test]
fn mitmproxy_dumps_equal_what_mitmproxy_reads() {
    let Some(corpus) = corpus("") else { return };
    let (mut flows, mut converted) = (0, 0);
    for file in files(&corpus.join("d-proxy/mitmproxy"), ".mitm") {
        let label = name(&file);
        let out = read(&file, mitmproxy::read).unwrap_or_else(|error| panic!("{label}: {error}"));
        let mut exchanges = out.exchanges.iter();
        for (row, expected) in truth(&corpus, &file)["flows"].as_array().unwrap().iter().enumerate() {
            // mitmproxy makes of each WebSocket flow of old dumps a copy of its handshake (or one with the
            // host "unknown"); the file holds each handshake once, and what is copied was never sent.
            if label == "dumpfile-7-websocket.mitm" && [1, 2, 4].contains(&row) {
                converted += 1;
                continue;
            }
            let exchange = exchanges.next().unwrap_or_else(|| panic!("{label}: flow {row} is lost"));
            let request = exchange.request.as_ref().unwrap();
            assert_eq!(request.method, expected["method"].as_str().unwrap(), "{label}");
            // Recorded transparently, mitmproxy's address names the server's IP; the message names its host.
            let server = exchange.server.map(|server| server.address.to_string()).unwrap_or_default();
            let mut url = expected_address(expected["url"].as_str().unwrap());
            if !server.is_empty() && url.contains(&format!("://{server}/")) {
                url = url.replace(&server, request.host.as_deref().unwrap());
            }
            assert_eq!(address(request), url, "{label}");
            let mut headers: Vec<(String, String)> =
                serde_json::from_value(expected["req_headers"].clone()).unwrap();
            // Pseudo-header fields (RFC 9113 8.3) are no fields here.
            headers.retain(|(name, _)| !name.starts_with(':'));
            let found: Vec<(String, String)> = request
                .head
                .fields()
                .map(|field| [field.name, field.value].map(|text| String::from_utf8_lossy(text).into_owned()))
                .map(|[name, value]| (name, value))
                .collect();
            assert_eq!(found, headers, "{label}");
            assert_eq!(request.body.total, expected["req_body_len"].as_u64().unwrap_or_default(), "{label}");
            let status = exchange.response.as_ref().map(|response| u64::from(response.status));
            assert_eq!(status, expected.get("status").and_then(Value::as_u64), "{label}");
            let length = exchange.response.as_ref().map(|response| response.body.total);
            assert_eq!(length, expected.get("resp_body_len").and_then(Value::as_u64), "{label}");
            flows += 1;
        }
        assert!(exchanges.next().is_none(), "{label}: flows that nobody wrote");
    }
    eprintln!("{flows} flows equal, {converted} WebSocket flows counted");
    assert_eq!((flows, converted), (13, 3));
}

/// Recorded with mitmdump 11.0.2 between curl and Python's http.server.
#[test]
fn a_dump_of_todays_mitmproxy_is_read() {
    let bytes = include_bytes!("data/imports/mitmproxy-21.mitm");
    let mut out = Collected::default();
    mitmproxy::read(bytes, &ImportSettings::default(), &mut out).unwrap();
    assert_eq!(out.notices, []);
    let lines: Vec<(String, Option<u16>)> = out
        .exchanges
        .iter()
        .map(|exchange| {
            let request = exchange.request.as_ref().unwrap();
            let line = format!("{} {}", request.method, address(request));
            (line, exchange.response.as_ref().map(|response| response.status))
        })
        .collect();
    let line = |text: &str, status: u16| (text.to_owned(), Some(status));
    assert_eq!(
        lines,
        [
            line("GET http://127.0.0.1:18765/f.txt?x=1", 200),
            line("GET http://127.0.0.1:18765/none?x=1", 404),
            line("POST http://127.0.0.1:18765/post", 501),
        ]
    );
    assert_eq!(authorization(&out.exchanges[0]), ["Bearer eyJhbGciOiJub25lIn0.e30."]);
    assert_eq!(&out.exchanges[2].request.as_ref().unwrap().body.bytes[..], b"assertion=abc&grant_type=x");
    assert!(out.exchanges.iter().all(|exchange| exchange.client.is_some() && exchange.server.is_some()));
}

#[test]
fn a_fiddler_archive_equals_what_python_unzips() {
    let Some(corpus) = corpus("") else { return };
    let file = corpus.join("d-proxy/saz/saz2jmx-test.saz");
    let out = read(&file, saz::read).unwrap();
    let truth = truth(&corpus, &file);
    let sessions = truth["sessions"].as_array().unwrap();
    assert_eq!(out.exchanges.len(), sessions.len());
    for (exchange, expected) in out.exchanges.iter().zip(sessions) {
        assert_eq!(exchange.key.frame, expected["id"].as_str().unwrap().parse::<u64>().unwrap());
        let request = exchange.request.as_ref().unwrap();
        let mut line = expected["request_line"].as_str().unwrap().split(' ');
        assert_eq!(request.method, line.next().unwrap());
        let target = line.next().unwrap();
        if request.method == "CONNECT" {
            assert_eq!((request.target.as_str(), request.host.as_deref()), (target, Some(target)));
        } else {
            assert_eq!(address(request), expected_address(target));
        }
        let response = exchange.response.as_ref().unwrap();
        let status = expected["status_line"].as_str().unwrap().split(' ').nth(1).unwrap();
        assert_eq!(response.status.to_string(), status);
        assert!(exchange.time().is_some() && exchange.server.is_some());
    }
    assert_eq!(out.notices, []);
    assert_eq!(out.connections.len(), 11, "tunnels that stayed closed");
}
