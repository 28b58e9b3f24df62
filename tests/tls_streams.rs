//! What must hold of TLS however its streams were cut and whatever was lost: equal events for equal bytes,
//! nothing joined across a loss, everything else recovered. On the recordings of `captures/tls`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use oauthtrace::connection::TlsLedger;
use oauthtrace::wire::capture::{Item, Reader};
use oauthtrace::wire::ip::{Decapsulator, Transport};
use oauthtrace::wire::stream::{Chunk, Direction, End, FrameRef, StreamEvent};
use oauthtrace::wire::tls::Tls;
use oauthtrace::wire::tls::secrets::Secrets;
use proptest::prelude::*;

/// A segment with payload.
#[derive(Clone)]
struct Segment {
    direction: Direction,
    bytes: Vec<u8>,
    frame: FrameRef,
}

/// The connections of a recording by client port; loopback neither loses nor reorders.
fn connections(file: &str) -> BTreeMap<u16, Vec<Segment>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/tls").join(file);
    let mut reader = Reader::open(Box::new(fs::File::open(path).unwrap())).unwrap();
    let mut decapsulator = Decapsulator::default();
    let mut all: BTreeMap<u16, Vec<Segment>> = BTreeMap::new();
    while let Some(item) = reader.next_item().unwrap() {
        let Item::Packet(packet) = item else { continue };
        decapsulator.push(&packet, |unit| {
            let Transport::Tcp(segment) = unit else { return };
            let (from, to) = (segment.source.1, segment.destination.1);
            // Clients have the ports from 20000 on; the proxy's own connection is left out.
            let direction =
                if from > 20_000 && from < 30_000 { Direction::Sent } else { Direction::Received };
            let client = if direction == Direction::Sent { from } else { to };
            if segment.payload.is_empty() || from.max(to) > 30_000 || from.min(to) == 9080 {
                return;
            }
            let bytes = segment.payload.to_vec();
            all.entry(client).or_default().push(Segment { direction, bytes, frame: segment.frame });
        });
    }
    all
}

fn secrets() -> Arc<Secrets> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/tls/keys.log");
    let secrets = Secrets::default();
    secrets.add_keylog("keys.log", &fs::read(path).unwrap());
    Arc::new(secrets)
}

/// What came out of one direction: pieces that hang together, with the frames named for each byte run.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Plain {
    runs: Vec<Vec<u8>>,
    frames: Vec<(usize, Vec<u64>)>,
    ends: usize,
}

struct Opened {
    plain: [Plain; 2],
    ledger: TlsLedger,
}

fn collect(plain: &mut [Plain; 2], direction: Direction, event: StreamEvent<'_>) {
    let plain = &mut plain[direction.index()];
    assert_eq!(plain.ends, 0, "an event after the end");
    match event {
        StreamEvent::Data(chunk) => {
            if plain.runs.is_empty() {
                plain.runs.push(Vec::new());
            }
            let frames: Vec<u64> = chunk.frames.iter().map(|frame| frame.number).collect();
            assert!(!chunk.bytes.is_empty() && !frames.is_empty() && frames.is_sorted());
            plain.frames.push((chunk.bytes.len(), frames));
            plain.runs.last_mut().unwrap().extend_from_slice(chunk.bytes);
        }
        StreamEvent::Gap { .. } => {
            // What comes after it is the second run, also where nothing came before.
            let runs = plain.runs.len().max(1) + 1;
            plain.runs.resize(runs, Vec::new());
        }
        StreamEvent::End(_) => plain.ends += 1,
    }
}

/// Opens a connection of which some segments are lost.
fn open(secrets: &Arc<Secrets>, segments: &[Segment], lost: &[usize]) -> Opened {
    let mut tls = Tls::new(Arc::clone(secrets));
    let mut plain: [Plain; 2] = Default::default();
    for (index, segment) in segments.iter().enumerate() {
        let event = if lost.contains(&index) {
            StreamEvent::Gap { missing: segment.bytes.len() as u64, at: segment.frame }
        } else {
            StreamEvent::Data(Chunk { bytes: &segment.bytes, frames: std::slice::from_ref(&segment.frame) })
        };
        tls.push(segment.direction, event, &mut |direction, event| collect(&mut plain, direction, event));
    }
    for direction in Direction::BOTH {
        tls.push(direction, StreamEvent::End(End::Fin), &mut |direction, event| {
            collect(&mut plain, direction, event);
        });
    }
    tls.finish(&mut |direction, event| collect(&mut plain, direction, event));
    assert_eq!(tls.waiting(), 0);
    Opened { plain, ledger: tls.ledger() }
}

/// Whether the runs stand in `whole` in order and without overlap.
fn in_order(runs: &[Vec<u8>], whole: &[u8]) -> bool {
    let mut from = 0;
    for run in runs.iter().filter(|run| !run.is_empty()) {
        let Some(at) = whole[from..].windows(run.len()).position(|window| window == run.as_slice()) else {
            return false;
        };
        from += at + run.len();
    }
    true
}

fn total(plain: &Plain) -> usize {
    plain.runs.iter().map(Vec::len).sum()
}

#[test]
fn a_lost_segment_becomes_a_gap_and_costs_only_the_records_it_carried() {
    let secrets = secrets();
    let (mut losses, mut recovered) = (0, 0);
    for file in ["curl.pcap", "features.pcap", "tls13.pcap", "cbc.pcap"] {
        for (port, segments) in connections(file) {
            let whole = open(&secrets, &segments, &[]);
            assert_eq!(whole.ledger.undecrypted, None, "{file} {port}");
            for lost in 0..segments.len() {
                let opened = open(&secrets, &segments, &[lost]);
                losses += 1;
                for (damaged, plain) in opened.plain.iter().zip(&whole.plain) {
                    let all = plain.runs.concat();
                    assert!(in_order(&damaged.runs, &all), "{file} {port}: joined across segment {lost}");
                    // Fewer bytes without a gap is right only at the end, where nothing follows.
                    let found = total(damaged);
                    let silent = damaged.runs.len() <= 1 && found > 0;
                    assert!(!silent || all.starts_with(&damaged.runs.concat()), "{file} {port}: {lost}");
                    assert_eq!(damaged.ends, 1);
                }
                // A loss in one direction costs nothing in the other, once the keys are known.
                let own = segments[lost].direction;
                let handshake = segments[lost].bytes.first() == Some(&22);
                let other = own.reverse().index();
                if !handshake {
                    assert_eq!(
                        total(&opened.plain[other]),
                        total(&whole.plain[other]),
                        "{file} {port}: {lost}"
                    );
                    recovered += 1;
                }
            }
        }
    }
    eprintln!("{losses} losses; in {recovered} of them the other direction had to be whole, and was");
    assert!(losses > 300 && recovered > 100);
}

#[test]
fn records_after_a_loss_open_again_where_the_version_allows_it() {
    let secrets = secrets();
    for (port, segments) in connections("curl.pcap") {
        let whole = open(&secrets, &segments, &[]);
        // The first segment of the second request: what follows it must come back in both directions.
        let requests: Vec<usize> = segments
            .iter()
            .enumerate()
            .filter(|(_, one)| one.direction == Direction::Sent && one.bytes.len() > 1000)
            .map(|(index, _)| index)
            .collect();
        let opened = open(&secrets, &segments, &requests[..1]);
        let sent = &opened.plain[0];
        assert!(total(sent) * 3 > total(&whole.plain[0]), "{port}: {} bytes", total(sent));
        assert!(sent.runs.len() >= 2, "{port}: no gap");
        let tail = sent.runs.last().unwrap();
        assert!(whole.plain[0].runs.concat().ends_with(tail), "{port}");
    }
}

/// The lines of the key log for the connection that begins with this segment.
fn secrets_of(first: &Segment) -> Arc<Secrets> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/tls/keys.log");
    // Behind the headers of record and message, and the version.
    let random: String = first.bytes[11..43].iter().map(|byte| format!("{byte:02x}")).collect();
    let log = fs::read_to_string(path).unwrap();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains(&random)).collect();
    assert!(!lines.is_empty());
    let secrets = Secrets::default();
    secrets.add_keylog("keys.log", lines.join("\n").as_bytes());
    Arc::new(secrets)
}

/// The client of the connection in which both sides update their keys twice.
const KEY_UPDATES: u16 = 20_241;

#[test]
fn tls_1_3_opens_from_wherever_the_capture_begins_whoever_speaks_first() {
    let mut beginnings = 0;
    let updated = connections("features.pcap").into_iter().filter(|(port, _)| *port == KEY_UPDATES);
    for (port, segments) in connections("tls13.pcap").into_iter().chain(updated) {
        let secrets = secrets_of(&segments[0]);
        let whole = open(&secrets, &segments, &[]);
        assert_eq!(whole.ledger.undecrypted, None, "{port}");
        for from in 1..segments.len() {
            let rest = &segments[from..];
            let begins = |direction: Direction| {
                let first = rest.iter().find(|segment| segment.direction == direction);
                first.is_none_or(|segment| matches!(segment.bytes[0], 20 | 23))
            };
            if !Direction::BOTH.into_iter().all(begins) {
                continue;
            }
            let opened = open(&secrets, rest, &[]);
            beginnings += 1;
            assert_eq!(opened.ledger.records_failed, 0, "{port} from {from}");
            for (late, whole) in opened.plain.iter().zip(&whole.plain) {
                let since = |(_, frames): &&(usize, Vec<u64>)| frames[0] >= rest[0].frame.number;
                let expected: usize = whole.frames.iter().filter(since).map(|(bytes, _)| bytes).sum();
                assert_eq!(total(late), expected, "{port} from {from}");
                assert!(whole.runs.concat().ends_with(&late.runs.concat()), "{port} from {from}");
            }
        }
    }
    assert!(beginnings > 10, "{beginnings}");
}

#[test]
fn a_client_that_was_lost_whole_has_lost_its_beginning() {
    let mut seen = 0;
    for (port, segments) in connections("tls13.pcap") {
        let secrets = secrets_of(&segments[0]);
        let mut tls = Tls::new(Arc::clone(&secrets));
        let mut spoke = false;
        for segment in &segments {
            let event = match segment.direction {
                Direction::Sent => {
                    StreamEvent::Gap { missing: segment.bytes.len() as u64, at: segment.frame }
                }
                Direction::Received => {
                    let frames = std::slice::from_ref(&segment.frame);
                    StreamEvent::Data(Chunk { bytes: &segment.bytes, frames })
                }
            };
            tls.push(segment.direction, event, &mut |_, event| {
                spoke |= matches!(event, StreamEvent::Data(_))
            });
        }
        tls.finish(&mut |_, _| {});
        assert_eq!(tls.beginning_lost(), spoke, "{port}");
        seen += usize::from(spoke);
    }
    assert!(seen > 0);
}

#[test]
fn early_data_is_read_or_told_of_where_the_answer_to_its_hello_was_lost() {
    let early: &[u8] = b"early line\n";
    let all = connections("features.pcap");
    let mut seen = 0;
    for (port, segments) in all {
        let whole = open(&secrets(), &segments, &[]);
        if !whole.plain[0].runs.concat().starts_with(early) {
            continue;
        }
        seen += 1;
        let answers = (0..segments.len()).filter(|&at| segments[at].direction == Direction::Received);
        let lost: Vec<usize> = answers.take(1).collect();
        let opened = open(&secrets(), &segments, &lost);
        assert_eq!(opened.plain[0].runs.concat(), whole.plain[0].runs.concat(), "{port}");
        // Without its key nobody knows what it was.
        let log = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/tls/keys.log"));
        let log: Vec<String> =
            log.unwrap().lines().filter(|line| !line.contains("EARLY")).map(str::to_owned).collect();
        let keys = Arc::new(Secrets::default());
        keys.add_keylog("keys.log", log.join("\n").as_bytes());
        for lost in [&[][..], &lost] {
            let opened = open(&keys, &segments, lost);
            assert!(!opened.plain[0].runs.concat().starts_with(early));
            assert!(opened.plain[0].runs.len() > 1, "{port}: no gap");
        }
    }
    assert_eq!(seen, 1);
}

#[test]
fn what_only_the_keys_of_a_further_handshake_open_is_told_of() {
    let mut seen = 0;
    for (port, segments) in connections("features.pcap") {
        let whole = open(&secrets(), &segments, &[]);
        if !whole.plain[0].runs.concat().ends_with(b"after it\n") || segments[0].bytes[0] != 22 {
            continue;
        }
        let opened = open(&secrets_of(&segments[0]), &segments, &[]);
        if total(&opened.plain[0]) == total(&whole.plain[0]) {
            // One handshake, and a KeyUpdate.
            continue;
        }
        seen += 1;
        assert!(total(&opened.plain[0]) > 0, "{port}");
        assert!(opened.ledger.records_failed > 0, "{port}");
        assert!(opened.plain[0].runs.len() > 1, "{port}: no gap");
        assert_eq!(opened.ledger.undecrypted, None, "{port}");
    }
    assert!(seen > 0);
}

#[test]
fn plaintext_names_all_frames_that_its_record_came_from() {
    let secrets = secrets();
    for (_, segments) in connections("curl.pcap") {
        let opened = open(&secrets, &segments, &[]);
        let several = opened.plain[0].frames.iter().filter(|(bytes, _)| *bytes > 1400);
        for (bytes, frames) in several {
            assert!(frames.len() >= bytes / 1448, "{bytes} bytes from frames {frames:?}");
        }
        let known: Vec<u64> = segments.iter().map(|segment| segment.frame.number).collect();
        for (_, frames) in opened.plain.iter().flat_map(|plain| &plain.frames) {
            assert!(frames.iter().all(|frame| known.contains(frame)));
        }
    }
}

#[test]
fn keys_that_come_after_all_packets_open_them_as_well() {
    let known = secrets();
    for (port, segments) in connections("features.pcap") {
        let late = Arc::new(Secrets::default());
        let mut tls = Tls::new(Arc::clone(&late));
        let mut plain: [Plain; 2] = Default::default();
        for segment in &segments {
            let chunk = Chunk { bytes: &segment.bytes, frames: std::slice::from_ref(&segment.frame) };
            tls.push(segment.direction, StreamEvent::Data(chunk), &mut |_, event| {
                assert!(!matches!(event, StreamEvent::Data(_)));
            });
        }
        assert!(tls.waiting() > 0 && late.waiting() == tls.waiting());
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/tls/keys.log");
        late.add_keylog("keys.log", &fs::read(path).unwrap());
        tls.retry(&mut |direction, event| collect(&mut plain, direction, event));
        assert_eq!((tls.waiting(), late.waiting()), (0, 0));
        tls.finish(&mut |direction, event| collect(&mut plain, direction, event));
        let at_once = open(&known, &segments, &[]);
        for (late, at_once) in plain.iter().zip(&at_once.plain) {
            assert_eq!(late.runs, at_once.runs, "{port}");
        }
    }
}

#[test]
fn a_session_line_opens_the_session_and_its_resumption() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/tls");
    let matrix = fs::read_to_string(path.join("matrix.json")).unwrap();
    let matrix: serde_json::Value = serde_json::from_str(&matrix).unwrap();
    let port = |name: &str| {
        let entry = matrix.as_array().unwrap().iter().find(|entry| entry["name"] == name).unwrap();
        u16::try_from(entry["client_port"].as_u64().unwrap()).unwrap()
    };
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let all = connections("features.pcap");
    let first = &all[&port("first-id")];
    // Record and message header, version; the random; then the session id with its length.
    let hello = |direction| &first.iter().find(|one| one.direction == direction).unwrap().bytes;
    let random = hex(&hello(Direction::Sent)[11..43]);
    let server = hello(Direction::Received);
    let id = hex(&server[44..44 + usize::from(server[43])]);
    let log = fs::read_to_string(path.join("keys.log")).unwrap();
    let master = log.lines().find(|line| line.contains(&random)).unwrap().split(' ').nth(2).unwrap();
    let secrets = Arc::new(Secrets::default());
    let line = format!("RSA Session-ID:{} Master-Key:{}", id.to_uppercase(), master.to_uppercase());
    assert_eq!(secrets.add_keylog("session", line.as_bytes()), (1, 0));
    for name in ["first-id", "resumed-id"] {
        let opened = open(&secrets, &all[&port(name)], &[]);
        assert_eq!(opened.ledger.undecrypted, None, "{name}");
        assert!(total(&opened.plain[1]) > 100, "{name}");
    }
}

#[test]
fn what_waits_is_bounded_and_the_bound_is_named() {
    let segments = connections("curl.pcap").into_values().next().unwrap();
    let secrets = Arc::new(Secrets::default());
    let mut tls = Tls::new(Arc::clone(&secrets));
    let data = segments.iter().find(|one| one.direction == Direction::Sent && one.bytes[0] == 23).unwrap();
    for segment in segments.iter().take_while(|one| one.bytes[0] != 23) {
        let chunk = Chunk { bytes: &segment.bytes, frames: std::slice::from_ref(&segment.frame) };
        tls.push(segment.direction, StreamEvent::Data(chunk), &mut |_, _| {});
    }
    let mut record = vec![23, 3, 3, 0x40, 0];
    record.resize(5 + 0x4000, 0x5a);
    for _ in 0..2 * oauthtrace::limits::TLS_WAITING / record.len() {
        let chunk = Chunk { bytes: &record, frames: std::slice::from_ref(&data.frame) };
        tls.push(Direction::Sent, StreamEvent::Data(chunk), &mut |_, _| {});
        assert!(tls.waiting() <= oauthtrace::limits::TLS_WAITING);
    }
    let why = tls.ledger().undecrypted.unwrap();
    assert!(why.contains("too much ciphertext waited") && why.contains("(limit TLS_WAITING)"), "{why}");
    // The keys after the packets, as a stream on standard input may have them.
    let keys = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/tls/keys.log")).unwrap();
    secrets.add_keylog("late", &keys);
    tls.finish(&mut |_, _| {});
    let why = tls.ledger().undecrypted.unwrap();
    assert!(why.contains("its keys came too late"), "{why}");
    assert_eq!(secrets.waiting(), 0);
}

#[test]
fn what_waits_in_all_is_bounded_and_the_bound_is_named() {
    let segments = connections("curl.pcap").into_values().next().unwrap();
    let secrets = Arc::new(Secrets::default());
    let mut record = vec![23, 3, 3, 0x40, 0];
    record.resize(5 + 0x4000, 0x5a);
    let each = oauthtrace::limits::TLS_WAITING / 2;
    let many = oauthtrace::limits::TLS_WAITING_TOTAL / each + 2;
    // All stay: what one holds back is given free when it goes.
    let waiting: Vec<Tls> = (0..many)
        .map(|_| {
            let mut tls = Tls::new(Arc::clone(&secrets));
            for segment in segments.iter().take_while(|one| one.bytes[0] != 23) {
                let chunk = Chunk { bytes: &segment.bytes, frames: std::slice::from_ref(&segment.frame) };
                tls.push(segment.direction, StreamEvent::Data(chunk), &mut |_, _| {});
            }
            for _ in 0..each / record.len() {
                let chunk = Chunk { bytes: &record, frames: std::slice::from_ref(&segments[0].frame) };
                tls.push(Direction::Sent, StreamEvent::Data(chunk), &mut |_, _| {});
            }
            tls
        })
        .collect();
    assert!(secrets.waiting() <= oauthtrace::limits::TLS_WAITING_TOTAL);
    let why = waiting.last().unwrap().ledger().undecrypted.unwrap();
    assert!(why.contains("(limit TLS_WAITING_TOTAL)"), "{why}");
    assert_eq!(waiting[0].ledger().undecrypted, None, "the first may still be opened");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn however_the_streams_are_cut_the_plaintext_is_the_same(
        cuts in proptest::collection::vec(1_usize..1600, 1..40),
        which in 0_usize..64,
    ) {
        let secrets = secrets();
        let all: Vec<Vec<Segment>> =
            ["curl.pcap", "features.pcap"].into_iter().flat_map(|file| connections(file).into_values()).collect();
        let segments = &all[which % all.len()];
        let mut cut = Vec::new();
        let mut sizes = cuts.iter().cycle();
        for segment in segments {
            let mut rest = segment.bytes.as_slice();
            while !rest.is_empty() {
                let (head, tail) = rest.split_at((*sizes.next().unwrap()).min(rest.len()));
                cut.push(Segment { bytes: head.to_vec(), ..segment.clone() });
                rest = tail;
            }
        }
        let (as_sent, as_cut) = (open(&secrets, segments, &[]), open(&secrets, &cut, &[]));
        prop_assert_eq!(as_sent.plain, as_cut.plain);
        prop_assert_eq!(as_sent.ledger, as_cut.ledger);
    }

    #[test]
    fn damaged_bytes_never_become_plaintext(
        at in 0_usize..100_000, flip in 1_u8..=255, which in 0_usize..64,
    ) {
        let secrets = secrets();
        let all: Vec<Vec<Segment>> = connections("curl.pcap").into_values().collect();
        let mut segments = all[which % all.len()].clone();
        let whole = open(&secrets, &segments, &[]);
        let victim = at % segments.len();
        let place = at / 7 % segments[victim].bytes.len();
        segments[victim].bytes[place] ^= flip;
        let opened = open(&secrets, &segments, &[]);
        for (damaged, plain) in opened.plain.iter().zip(&whole.plain) {
            prop_assert!(in_order(&damaged.runs, &plain.runs.concat()));
        }
    }
}
