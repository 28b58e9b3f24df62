//! Opens every TLS capture of the corpus and compares the plaintext with what tshark decrypts.

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
use oauthtrace::base::Secret;
use oauthtrace::connection::Connection;
use oauthtrace::pipeline::{self, Settings, Source};
use oauthtrace::wire::capture::{Item, Reader};
use oauthtrace::wire::ip::{Decapsulator, Transport};
use oauthtrace::wire::stream::{Chunk, Direction, StreamEvent};
use oauthtrace::wire::tls::Tls;
use oauthtrace::wire::tls::secrets::Secrets;
use serde_json::Value;
use truths::truths;

/// Key files that the truth was made with: named in tshark's options.
fn settings(corpus: &Path, truth: &Value) -> Settings {
    let mut settings = Settings { hashes: true, threads: 1, ..Settings::default() };
    let options = truth["tshark_options"].as_array().unwrap();
    for option in options.iter().filter_map(Value::as_str) {
        let read = |path: &str| {
            let path = path.strip_prefix("shared/").unwrap();
            (path.to_owned(), Secret::new(fs::read(corpus.join(path)).unwrap()))
        };
        if let Some(path) = option.strip_prefix("tls.keylog_file:") {
            settings.keylogs.push(read(path));
        }
        if let Some(row) = option.strip_prefix("uat:rsa_keys:") {
            settings.tls_keys.push(read(row.split('"').nth(1).unwrap()));
        }
    }
    settings
}

fn decode(corpus: &Path, truth: &Value) -> Vec<Connection> {
    let path = corpus.join(truth["file"].as_str().unwrap().strip_prefix("shared/").unwrap());
    let mut sink = Everything::default();
    let inputs = pipeline::run(&[Source::Path(path)], &settings(corpus, truth), &mut sink);
    assert!(inputs.failed.is_empty(), "{:?}", inputs.failed);
    sink.connections
}

/// Length and SHA-256 of a direction's plaintext.
type Plain = (u64, String);

fn expected(truth: &Value) -> BTreeMap<Plain, u64> {
    let mut all = BTreeMap::new();
    for stream in truth["tls_plaintext_by_stream"].as_array().into_iter().flatten() {
        for side in ["node0_to_node1", "node1_to_node0"] {
            let side = &stream[side];
            if let (Some(bytes), Some(hash)) = (side["bytes"].as_u64(), side["sha256"].as_str())
                && bytes > 0
            {
                *all.entry((bytes, hash.to_owned())).or_default() += 1;
            }
        }
    }
    all
}

fn found(connections: &[Connection]) -> BTreeMap<Plain, u64> {
    let mut all = BTreeMap::new();
    for connection in connections.iter().filter(|connection| connection.tls.is_some()) {
        for flow in [&connection.sent, &connection.received] {
            if flow.bytes > 0 {
                let hash = flow.sha256.iter().flatten().map(|byte| format!("{byte:02x}")).collect();
                *all.entry((flow.bytes, hash)).or_default() += 1;
            }
        }
    }
    all
}

/// Begins in the clear with IMAP; going over to TLS inside a mail protocol is not asked of the pipeline.
const STARTTLS: &str = "imap-ssl.pcapng";

#[test]
fn the_stream_after_starttls_opens_with_its_renegotiation() {
    let Some(corpus) = corpus("") else { return };
    let path = corpus.join("a-tls/wireshark-notes/tls").join(STARTTLS);
    let keys = fs::read(corpus.join("a-tls/keys/wsnotes-imap-ssl.keys.txt")).unwrap();
    let secrets = std::sync::Arc::new(Secrets::default());
    assert_eq!(secrets.add_keylog("keys", &keys), (2, 0));
    let mut tls = Tls::new(secrets);
    let mut plain: [Vec<u8>; 2] = Default::default();
    let mut collect = |direction: Direction, event: StreamEvent<'_>| {
        if let StreamEvent::Data(chunk) = event {
            plain[direction.index()].extend_from_slice(chunk.bytes);
        }
    };
    let mut reader = Reader::open(Box::new(fs::File::open(path).unwrap())).unwrap();
    let mut decapsulator = Decapsulator::default();
    while let Some(item) = reader.next_item().unwrap() {
        // In order and without loss: segments are the stream. TLS begins with frame 12.
        let Item::Packet(packet) = item else { continue };
        decapsulator.push(&packet, |unit| {
            if let Transport::Tcp(segment) = unit
                && !segment.payload.is_empty()
                && segment.frame.number >= 12
            {
                let direction =
                    if segment.destination.1 == 143 { Direction::Sent } else { Direction::Received };
                let chunk = Chunk { bytes: segment.payload, frames: &[segment.frame] };
                tls.push(direction, StreamEvent::Data(chunk), &mut collect);
            }
        });
    }
    tls.finish(&mut collect);
    assert_eq!(plain[0], b"a001 CAPABILITY\na002 CAPABILITY\n");
    let sum = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &plain[1]);
    let truth =
        fs::read(corpus.join("truth/a-tls/wireshark-notes/tls").join(format!("{STARTTLS}.json"))).unwrap();
    let truth: Value = serde_json::from_slice(&truth).unwrap();
    let sum: String = sum.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(truth["tls_plaintext_by_stream"][0]["node1_to_node0"]["sha256"], sum);
    assert_eq!(tls.ledger().undecrypted, None);
}

#[test]
fn every_stream_of_the_corpus_has_the_plaintext_that_tshark_decrypts() {
    let Some(corpus) = corpus("") else { return };
    let files = truths(&corpus.join("truth/a-tls"));
    let (mut right, mut all) = (0, 0);
    let mut wrong = Vec::new();
    for file in &files {
        let truth: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        if truth["file"].as_str().is_some_and(|file| file.ends_with(STARTTLS)) {
            continue;
        }
        let connections = decode(&corpus, &truth);
        let mut found = found(&connections);
        for (plain, count) in expected(&truth) {
            all += count;
            let have = found.remove(&plain).unwrap_or(0);
            right += have.min(count);
            if have < count {
                wrong.push(format!("{}: {count} x {plain:?} expected, {have} found", file.display()));
            }
        }
        if !found.is_empty() {
            wrong.push(format!("{}: not in the truth: {found:?}", file.display()));
        }
        for connection in &connections {
            if let Some(tls) = &connection.tls
                && (tls.undecrypted.is_some() || tls.records_failed > 0)
            {
                wrong.push(format!(
                    "{}: {:?}",
                    file.display(),
                    tls.undecrypted.as_ref().map_or("failed", |x| x)
                ));
            }
        }
    }
    eprintln!(
        "a-tls: {right} of {all} directions have the plaintext that tshark decrypts ({} files)",
        files.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(all > 0);
}
