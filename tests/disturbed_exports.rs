//! Every export as a list of parts: in whatever order they stand the exchanges are the same, and a part that is
//! missing costs itself alone.

#[path = "support/everything.rs"]
mod everything;
#[path = "support/halves.rs"]
mod halves;

use std::fs;
use std::io::{Cursor, Read as _, Write as _};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use everything::Everything;
use halves::{assert_honest, halves, same};
use oauthtrace::import::{Collected, ImportError, ImportSettings, Receiver, burp, har, logs, mitmproxy, saz};
use proptest::prelude::*;

type Reader = fn(&[u8], &ImportSettings, &mut dyn Receiver) -> Result<(), ImportError>;

/// An export whose parts can be taken apart and put together again.
struct Export {
    name: &'static str,
    reader: Reader,
    parts: Vec<Vec<u8>>,
    join: fn(&[&[u8]]) -> Vec<u8>,
}

impl Export {
    fn read(&self, parts: &[&[u8]]) -> Collected {
        let mut out = Collected::default();
        let result = (self.reader)(&(self.join)(parts), &ImportSettings::default(), &mut out);
        assert!(result.is_ok() || parts.len() < 2, "{}: {result:?}", self.name);
        out
    }

    fn all(&self) -> Vec<&[u8]> {
        self.parts.iter().map(Vec::as_slice).collect()
    }
}

fn capture(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("captures").join(name)).unwrap()
}

fn wrapped(head: &str, parts: &[&[u8]], between: &[u8], tail: &str) -> Vec<u8> {
    [head.as_bytes(), &parts.join(between), tail.as_bytes()].concat()
}

fn har() -> Export {
    let file: serde_json::Value = serde_json::from_slice(&capture("healthy/traffic.har")).unwrap();
    let entries = file["log"]["entries"].as_array().unwrap();
    Export {
        name: "HAR",
        reader: har::read,
        parts: entries.iter().map(|entry| entry.to_string().into_bytes()).collect(),
        join: |parts| {
            wrapped(
                r#"{"log":{"version":"1.2","creator":{"name":"x","version":"1"},"entries":["#,
                parts,
                b",",
                "]}}",
            )
        },
    }
}

/// Flows are netstrings with a type behind them, one after the other.
fn mitmproxy() -> Export {
    let file = capture("healthy/traffic.mitm");
    let (mut rest, mut parts) = (&file[..], Vec::new());
    while !rest.is_empty() {
        let colon = rest.iter().position(|byte| *byte == b':').unwrap();
        let length: usize = std::str::from_utf8(&rest[..colon]).unwrap().parse().unwrap();
        let (part, after) = rest.split_at(colon + 1 + length + 1);
        parts.push(part.to_vec());
        rest = after;
    }
    Export { name: "mitmproxy", reader: mitmproxy::read, parts, join: |parts| parts.concat() }
}

fn burp() -> Export {
    let item = |number: usize| {
        let request = format!(
            "POST /ews/{number} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer t{number}\r\nContent-Length: 4\r\n\r\n<x/>"
        );
        let response = format!("HTTP/1.1 200 OK\r\nrequest-id: {number}\r\nContent-Length: 4\r\n\r\n<y/>");
        let [request, response] = [request, response].map(|text| STANDARD.encode(text));
        format!(
            "<item><time>Mon Jan 09 12:06:12 CET 2023</time><url><![CDATA[https://h/ews/{number}]]></url><host ip=\"10.0.0.7\">h</host>\
             <port>443</port><protocol>https</protocol><request base64=\"true\"><![CDATA[{request}]]></request><status>200</status>\
             <response base64=\"true\"><![CDATA[{response}]]></response></item>"
        )
        .into_bytes()
    };
    Export {
        name: "Burp",
        reader: burp::read,
        parts: (1..7).map(item).collect(),
        join: |parts| {
            wrapped("<?xml version=\"1.0\"?><items burpVersion=\"2023.10.3.4\">", parts, b"\n", "</items>")
        },
    }
}

/// Members of an archive: each is its name, a zero byte and its content.
fn saz() -> Export {
    let mut archive = zip::ZipArchive::new(Cursor::new(capture("healthy/traffic.saz"))).unwrap();
    let mut parts = Vec::new();
    for index in 0..archive.len() {
        let mut member = archive.by_index(index).unwrap();
        let mut part = member.name().unwrap().as_bytes().to_vec();
        part.push(0);
        member.read_to_end(&mut part).unwrap();
        parts.push(part);
    }
    let join = |parts: &[&[u8]]| {
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for part in parts {
            let at = part.iter().position(|byte| *byte == 0).unwrap();
            let name = std::str::from_utf8(&part[..at]).unwrap();
            archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            archive.write_all(&part[at + 1..]).unwrap();
        }
        archive.finish().unwrap().into_inner()
    };
    Export { name: "SAZ", reader: saz::read, parts, join }
}

const IIS: &str = "#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n#Date: 2026-11-23 06:00:00\r\n\
    #Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status sc-substatus sc-win32-status\r\n";
const PROXY: &str = "DateTime,RequestId,ClientRequestId,Protocol,UrlHost,UrlStem,AuthenticationType,AuthenticatedUser,UserAgent,ClientIpAddress,ServerHostName,HttpStatus\r\n\
    #Software: Microsoft Exchange Server\r\n#Version: 15.02.1544.004\r\n#Log-type: HttpProxy Logs\r\n\
    #Fields: DateTime,RequestId,ClientRequestId,Protocol,UrlHost,UrlStem,AuthenticationType,AuthenticatedUser,UserAgent,ClientIpAddress,ServerHostName,HttpStatus\r\n";

fn server_logs() -> [Export; 2] {
    let iis = |number: usize| {
        format!("2026-11-23 06:00:{number:02} 127.0.0.1 POST /EWS/{number} - 443 - 10.0.0.{number} UA/1.0 401 1 1326\r\n").into_bytes()
    };
    let proxy = |number: usize| {
        format!("2026-11-23T06:00:{number:02}.000Z,0f6e54d1-0000-4000-8000-0000000000{number:02},,Ews,h,/EWS/{number},Bearer,S2S~x,\"UA, 1\",10.0.0.{number},EX01,200\r\n").into_bytes()
    };
    [
        Export {
            name: "IIS",
            reader: logs::read,
            parts: (10..20).map(iis).collect(),
            join: |parts| wrapped(IIS, parts, b"", ""),
        },
        Export {
            name: "HttpProxy",
            reader: logs::read,
            parts: (10..20).map(proxy).collect(),
            join: |parts| wrapped(PROXY, parts, b"", ""),
        },
    ]
}

fn everything(collected: Collected) -> Everything {
    Everything { exchanges: collected.exchanges, ..Everything::default() }
}

/// The records of a log, without the place where they stood.
fn records(collected: &Collected) -> Vec<String> {
    let placeless = |record: &oauthtrace::logrecord::LogRecord| {
        format!("{:?}", oauthtrace::logrecord::LogRecord { line: 0, ..record.clone() })
    };
    let mut records: Vec<String> = collected.log_records.iter().map(placeless).collect();
    records.sort();
    records
}

/// The parts in another order.
fn permuted<'p>(parts: &[&'p [u8]], order: &[u32]) -> Vec<&'p [u8]> {
    let mut numbered: Vec<(u32, usize)> = (0..parts.len()).map(|at| (order[at % order.len()], at)).collect();
    numbered.sort_unstable();
    numbered.into_iter().map(|(_, at)| parts[at]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(32) })]

    #[test]
    fn in_any_order_of_the_parts_the_exchanges_are_the_same(order in prop::collection::vec(any::<u32>(), 40)) {
        for export in [har(), mitmproxy(), burp(), saz()] {
            let truth = everything(export.read(&export.all()));
            prop_assert!(truth.exchanges.len() >= 4, "{}", export.name);
            let seen = everything(export.read(&permuted(&export.all(), &order)));
            prop_assert!(same(&seen, &truth), "{}", export.name);
        }
        for export in server_logs() {
            let truth = records(&export.read(&export.all()));
            prop_assert_eq!(truth.len(), export.parts.len());
            prop_assert_eq!(records(&export.read(&permuted(&export.all(), &order))), truth);
        }
    }

    #[test]
    fn what_is_missing_costs_itself_alone(gone in prop::collection::vec(any::<bool>(), 40)) {
        for export in [har(), mitmproxy(), burp()] {
            let truth = everything(export.read(&export.all()));
            let kept: Vec<usize> = (0..export.parts.len()).filter(|at| !gone[*at]).collect();
            let parts: Vec<&[u8]> = kept.iter().map(|at| export.parts[*at].as_slice()).collect();
            let seen = everything(export.read(&parts));
            // One part is one exchange.
            let exchanges: Vec<_> = kept.iter().map(|at| halves(&truth.exchanges[*at])).collect();
            prop_assert_eq!(seen.exchanges.iter().map(halves).collect::<Vec<_>>(), exchanges, "{}", export.name);
        }
        let archive = saz();
        let truth = everything(archive.read(&archive.all()));
        let parts: Vec<&[u8]> =
            archive.parts.iter().zip(&gone).filter(|(_, gone)| !**gone).map(|(part, _)| part.as_slice()).collect();
        let mut seen = Collected::default();
        // Without any request it is no archive of sessions.
        let _ = saz::read(&(archive.join)(&parts), &ImportSettings::default(), &mut seen);
        assert_honest(&everything(seen), &truth, "SAZ");
        for export in server_logs() {
            let parts: Vec<&[u8]> =
                export.parts.iter().zip(&gone).filter(|(_, gone)| !**gone).map(|(part, _)| part.as_slice()).collect();
            prop_assert_eq!(records(&export.read(&parts)).len(), parts.len(), "{}", export.name);
        }
    }

    #[test]
    fn a_log_that_is_cut_anywhere_gives_the_lines_before_the_cut(cut in 0_usize..2000) {
        for export in server_logs() {
            let whole = (export.join)(&export.all());
            let truth = records(&export.read(&export.all()));
            let cut = cut % whole.len();
            let mut out = Collected::default();
            let _ = logs::read(&whole[..cut], &ImportSettings::default(), &mut out);
            let lines = whole[..cut].split(|byte| *byte == b'\n').count() - 1;
            let heading = whole.len() - export.parts.concat().len();
            let heading = whole[..heading].split(|byte| *byte == b'\n').count() - 1;
            let seen = out.log_records.iter().filter(|record| !record.unreadable && record.line as usize <= lines);
            prop_assert_eq!(seen.count(), lines.saturating_sub(heading), "{}", export.name);
            // What stands in a line that was cut is as much of it as there is, and no other line.
            let whole_lines = records(&out).iter().filter(|record| truth.contains(record)).count();
            prop_assert!(whole_lines >= lines.saturating_sub(heading));
        }
    }
}
