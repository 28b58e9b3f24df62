//! Disturbs recorded captures and holds what comes out to what was there: order, loss, cuts, threads.

#[path = "support/everything.rs"]
mod everything;
#[path = "support/halves.rs"]
mod halves;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use everything::Everything;
use halves::{assert_honest, halves, same};
use oauthtrace::base::Secret;
use oauthtrace::connection::Connection;
use oauthtrace::exchange::Exchange;
use oauthtrace::pipeline::{self, Inputs, Settings, Source};
use proptest::prelude::*;

/// A pcap file as its header and its records.
#[derive(Clone)]
struct Capture {
    header: Vec<u8>,
    records: Vec<Vec<u8>>,
    keys: Option<Vec<u8>>,
}

impl Capture {
    fn open(case: &str, file: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures").join(case);
        let bytes = fs::read(folder.join(file)).unwrap();
        assert_eq!(bytes[..4], [0xd4, 0xc3, 0xb2, 0xa1], "microseconds, least significant byte first");
        let (header, mut rest) = bytes.split_at(24);
        let mut records = Vec::new();
        while rest.len() >= 16 {
            let length = u32::from_le_bytes(rest[8..12].try_into().unwrap()) as usize;
            // One of the recordings is cut inside its last packet on purpose.
            let Some((record, after)) = rest.split_at_checked(16 + length) else { break };
            records.push(record.to_vec());
            rest = after;
        }
        Self { header: header.to_vec(), records, keys: fs::read(folder.join("keys.log")).ok() }
    }

    fn bytes(&self) -> Vec<u8> {
        [self.header.clone(), self.records.concat()].concat()
    }

    fn read(&self) -> Everything {
        self.read_bytes(&self.bytes(), 1).0
    }

    fn read_bytes(&self, bytes: &[u8], threads: usize) -> (Everything, Inputs) {
        let file = Temporary::new(bytes);
        let keylogs =
            self.keys.iter().map(|keys| ("keys.log".to_owned(), Secret::new(keys.clone()))).collect();
        let settings = Settings { threads, keylogs, hashes: true, ..Settings::default() };
        let mut all = Everything::default();
        let inputs = pipeline::run(&[Source::Path(file.0.clone())], &settings, &mut all);
        all.exchanges.sort_by_key(|exchange| exchange.key);
        all.connections.sort_by_key(|connection| connection.ordinal);
        (all, inputs)
    }
}

struct Temporary(PathBuf);

impl Temporary {
    fn new(bytes: &[u8]) -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("oauthtrace-honesty-{}-{number}", std::process::id()));
        fs::write(&path, bytes).unwrap();
        Self(path)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn healthy() -> [Capture; 3] {
    [
        Capture::open("healthy", "traffic.pcap"),
        Capture::open("healthy", "traffic-tls.pcap"),
        Capture::open("healthy-teams", "traffic.pcap"),
    ]
}

#[test]
fn losing_any_one_packet_invents_nothing() {
    for capture in healthy() {
        let truth = capture.read();
        assert!(truth.exchanges.len() >= 2);
        assert!(truth.exchanges.iter().all(Exchange::complete), "the capture is healthy");
        for lost in 0..capture.records.len() {
            let mut disturbed = capture.clone();
            disturbed.records.remove(lost);
            let seen = disturbed.read();
            assert_honest(&seen, &truth, &format!("without packet {}", lost + 1));
        }
    }
}

/// Heads of requests that were read to their end.
fn whole_heads(all: &Everything) -> usize {
    let cut = |exchange: &&Exchange| exchange.oddities.iter().any(|oddity| oddity.name == "http-head-cut");
    all.exchanges.iter().filter(|exchange| exchange.request.is_some() && !cut(exchange)).count()
}

#[test]
fn a_request_that_was_lost_inside_tls_is_told() {
    let mut told = 0;
    let captures = [
        ("healthy", "traffic-tls.pcap"),
        ("tls", "curl.pcap"),
        ("tls-older", "traffic-cbc.pcap"),
        ("tls-older", "traffic-hello-retry.pcap"),
    ];
    for (case, file) in captures {
        let capture = Capture::open(case, file);
        let truth = capture.read();
        assert!(
            truth.connections.iter().all(|connection| !connection.request_head_lost),
            "{case}: all is there"
        );
        for lost in 0..capture.records.len() {
            let mut disturbed = capture.clone();
            disturbed.records.remove(lost);
            let seen = disturbed.read();
            let closed = |connection: &Connection| {
                connection
                    .tls
                    .as_ref()
                    .is_some_and(|tls| tls.undecrypted.is_some() || tls.records_opened == 0)
            };
            let head_lost = seen.connections.iter().any(|connection| connection.request_head_lost);
            told += usize::from(head_lost);
            assert!(
                whole_heads(&seen) == whole_heads(&truth) || head_lost || seen.connections.iter().any(closed),
                "{case}/{file} without packet {}",
                lost + 1
            );
        }
    }
    assert!(told >= captures.len());
}

#[test]
fn a_tls_connection_that_was_joined_midway_lost_no_request_for_that() {
    for (case, file) in
        [("tls", "midway-tls13.pcap"), ("tls", "midway-gcm.pcap"), ("tls12-midway", "traffic.pcap")]
    {
        let seen = Capture::open(case, file).read();
        assert!(!seen.connections.is_empty(), "{case}/{file}");
        assert!(seen.connections.iter().all(|connection| !connection.request_head_lost), "{case}/{file}");
    }
}

#[test]
fn swapping_any_two_neighbours_or_repeating_any_packet_changes_nothing() {
    for capture in healthy() {
        let truth = capture.read();
        for at in 1..capture.records.len() {
            let mut disturbed = capture.clone();
            disturbed.records.swap(at - 1, at);
            assert!(same(&disturbed.read(), &truth), "packets {at} and {} swapped", at + 1);
            let mut disturbed = capture.clone();
            let again = disturbed.records[at].clone();
            disturbed.records.insert(at + 1, again);
            assert!(same(&disturbed.read(), &truth), "packet {} repeated", at + 1);
        }
    }
}

#[test]
fn a_file_that_is_cut_anywhere_is_used_up_to_the_cut() {
    let capture = Capture::open("healthy-teams", "traffic.pcap");
    let truth = capture.read();
    let bytes = capture.bytes();
    for cut in (0..400).chain((400..bytes.len()).step_by(7)) {
        let (seen, inputs) = capture.read_bytes(&bytes[..cut], 1);
        assert_honest(&seen, &truth, &format!("cut at byte {cut}"));
        assert_eq!(inputs.failed.len(), usize::from(cut < 24), "cut at byte {cut}");
    }
}

#[test]
fn a_container_that_is_cut_anywhere_is_used_up_to_the_cut() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/containers");
    let truth = Capture::open("healthy", "traffic.pcap").read();
    let capture = Capture { header: Vec::new(), records: Vec::new(), keys: None };
    for file in [
        "traffic.pcapng",
        "traffic.cap",
        "traffic.pcap.gz",
        "traffic.pcap.zst",
        "traffic-big-endian.pcap",
        "traffic-nanoseconds.pcap",
    ] {
        let bytes = fs::read(folder.join(file)).unwrap();
        let mut most = 0;
        for cut in (0..200).chain((200..bytes.len()).step_by(101)) {
            let (seen, inputs) = capture.read_bytes(&bytes[..cut], 1);
            assert_honest(&seen, &truth, &format!("{file} cut at byte {cut}"));
            most = most.max(seen.exchanges.iter().filter(|one| one.complete()).count());
            assert!(inputs.failed.len() <= 1);
        }
        // NetMon has its table of packets at the end, zstd one block for all of a small file: cut, they hold nothing.
        assert!(
            most + 1 >= truth.exchanges.len() || ["traffic.cap", "traffic.pcap.zst"].contains(&file),
            "{file}: at most {most}"
        );
    }
}

/// Every capture of a scenario that went well, however it was recorded.
fn all_healthy() -> Vec<(String, Capture)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
    let mut found = Vec::new();
    for folder in fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()) {
        let case = folder.file_name().unwrap().to_string_lossy().into_owned();
        for path in fs::read_dir(&folder).into_iter().flatten().map(|entry| entry.unwrap().path()) {
            let is_pcap = fs::read(&path).is_ok_and(|bytes| bytes.starts_with(&[0xd4, 0xc3, 0xb2, 0xa1]));
            if is_pcap {
                let file = path.file_name().unwrap().to_string_lossy().into_owned();
                found.push((format!("{case}/{file}"), Capture::open(&case, &file)));
            }
        }
    }
    found.sort_by(|one, other| one.0.cmp(&other.0));
    found.retain(|(_, capture)| {
        let read = capture.read();
        !read.exchanges.is_empty() && read.exchanges.iter().all(Exchange::complete)
    });
    found
}

#[test]
fn losing_packets_of_any_whole_capture_invents_nothing() {
    let captures = all_healthy();
    let mut trials = 0;
    for (name, capture) in &captures {
        let truth = capture.read();
        // The three of `healthy` lose each packet in turn; these a few, spread over their length.
        let step = capture.records.len().div_ceil(6);
        for lost in (0..capture.records.len()).step_by(step) {
            let mut disturbed = capture.clone();
            disturbed.records.remove(lost);
            assert_honest(&disturbed.read(), &truth, &format!("{name} without packet {}", lost + 1));
            trials += 1;
        }
    }
    eprintln!("{} captures, {trials} losses", captures.len());
    assert!(captures.len() >= 40, "{} captures", captures.len());
}

#[test]
fn an_export_that_is_cut_anywhere_invents_nothing() {
    for case in ["healthy", "healthy-teams"] {
        for file in ["traffic.har", "traffic.saz", "traffic.mitm"] {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures").join(case).join(file);
            let bytes = fs::read(path).unwrap();
            let capture = Capture { header: Vec::new(), records: Vec::new(), keys: None };
            let (truth, _) = capture.read_bytes(&bytes, 1);
            assert!(!truth.exchanges.is_empty(), "{case}/{file}");
            for cut in (0..bytes.len()).step_by(61).chain(bytes.len().saturating_sub(40)..bytes.len()) {
                let (seen, _) = capture.read_bytes(&bytes[..cut], 1);
                assert_honest(&seen, &truth, &format!("{case}/{file} cut at byte {cut}"));
            }
        }
    }
}

#[test]
fn one_thread_and_many_give_the_same() {
    let capture = Capture::open("healthy", "traffic.pcap");
    let mut large = Capture { records: Vec::new(), ..capture.clone() };
    // Ethernet and IPv4: the second and third byte of both addresses tell the copies apart.
    for round in 0..12_u8 {
        for record in &capture.records {
            for copy in 0..100_u8 {
                let mut record = record.clone();
                for at in [16 + 27, 16 + 31] {
                    record[at] = round;
                    record[at + 1] = copy;
                }
                large.records.push(record);
            }
        }
    }
    let bytes = large.bytes();
    assert!(bytes.len() > 16 << 20);
    let (one, _) = large.read_bytes(&bytes, 1);
    let (many, inputs) = large.read_bytes(&bytes, 3);
    assert_eq!(one.exchanges.len(), 1200 * capture.read().exchanges.len());
    assert_eq!(inputs.read[0].exchanges, one.exchanges.len() as u64);
    assert!(one.exchanges == many.exchanges);
    assert!(one.connections == many.connections);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn any_order_within_a_window_gives_the_same_exchanges(
        jitter in proptest::collection::vec(0_usize..24, 200),
        repeat in proptest::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        for capture in healthy() {
            let truth = capture.read();
            let mut numbered: Vec<(usize, Vec<u8>)> = capture.records.iter().cloned().enumerate().collect();
            for which in &repeat {
                numbered.push(which.get(&numbered).clone());
            }
            numbered.sort_by_key(|(at, _)| at + jitter[at % jitter.len()]);
            let records = numbered.into_iter().map(|(_, record)| record).collect();
            let seen = Capture { records, ..capture.clone() }.read();
            prop_assert!(same(&seen, &truth), "{:#?}", seen.exchanges.iter().map(halves).collect::<Vec<_>>());
        }
    }
}
