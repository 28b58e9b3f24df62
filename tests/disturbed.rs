//! Every decoder on one connection: however its bytes are cut into segments and fragments, in whatever order
//! they come, the exchanges are the same; and what is lost makes none that was not there.

#[path = "support/everything.rs"]
mod everything;
#[path = "support/halves.rs"]
mod halves;
#[path = "support/talk.rs"]
mod talk;

use std::fs;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use everything::Everything;
use halves::{assert_honest, halves, same};
use oauthtrace::base::Secret;
use oauthtrace::exchange::Exchange;
use oauthtrace::pipeline::{self, Settings, Source};
use proptest::prelude::*;
use talk::{HEADER, Packet, Talk};

/// Runs the whole pipeline on these records of a pcap file.
fn read(records: &[Vec<u8>], keys: Option<&[u8]>) -> Everything {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("oauthtrace-disturbed-{}-{number}", std::process::id()));
    fs::write(&path, [&HEADER[..], &records.concat()].concat()).unwrap();
    let keylogs = keys.iter().map(|keys| ("keys.log".to_owned(), Secret::new(keys.to_vec()))).collect();
    let settings = Settings { threads: 1, keylogs, ..Settings::default() };
    let mut all = Everything::default();
    let inputs = pipeline::run(&[Source::Path(path.clone())], &settings, &mut all);
    fs::remove_file(path).unwrap();
    assert!(inputs.failed.is_empty());
    all.exchanges.sort_by_key(|exchange| exchange.key);
    all
}

fn records(packets: &[Packet]) -> Vec<Vec<u8>> {
    packets.iter().enumerate().map(|(number, packet)| packet.record(number)).collect()
}

const ASK: &[u8] = b"GET /ews/exchange.asmx HTTP/1.1\r\nHost: mail.contoso.example\r\nAuthorization: Bearer eyJhbGciOiJub25lIn0.e30.\r\n\r\n";
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/xml\r\n\r\n4;x=y\r\n<a/>\r\n3\r\nend\r\n0\r\n\r\n";

const UPGRADED: &str = "h2c upgrade";

/// Turns that are written here: client and server in turn.
fn written(name: &str, turns: &[&[u8]]) -> Talk {
    let turns = turns.iter().enumerate().map(|(at, said)| (at % 2 == 0, said.to_vec())).collect();
    Talk { name: name.to_owned(), turns, keys: None }
}

/// HTTP/2: SETTINGS of both sides around what is given.
fn framed(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = &(payload.len() as u32).to_be_bytes()[1..];
    [length, &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Every kind of conversation with what it says when it is left alone.
fn kinds() -> &'static [(Talk, Everything)] {
    static KINDS: OnceLock<Vec<(Talk, Everything)>> = OnceLock::new();
    KINDS.get_or_init(|| {
        let mut talks = Vec::new();
        for (case, file) in [
            ("healthy", "traffic.pcap"),
            ("healthy", "traffic-tls.pcap"),
            ("http2", "traffic-h2c.pcap"),
            ("tls-older", "traffic-tls10.pcap"),
            ("tls-older", "traffic-cbc.pcap"),
            ("tls-older", "traffic-cbc-mac-first.pcap"),
            ("tls-older", "traffic-hello-retry.pcap"),
            ("tunnels", "traffic-connect.pcap"),
            ("tunnels", "traffic-connect-tls.pcap"),
            ("tunnels", "traffic-socks4.pcap"),
            ("tunnels", "traffic-socks4a.pcap"),
            ("tunnels", "traffic-socks5.pcap"),
            ("tunnels", "traffic-socks5-password-tls.pcap"),
            ("tunnels", "traffic-proxy-header.pcap"),
        ] {
            talks.extend(talk::recorded(case, file));
        }
        // Version 2 of the PROXY header (proxy-protocol.txt 2.2), with one TLV.
        let mut header = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x10".to_vec();
        header.extend([10, 0, 0, 1, 10, 0, 0, 2, 0x9c, 0x40, 1, 0xbb, 4, 0, 1, 0]);
        talks.push(written("PROXY header, version 2", &[&[&header, ASK].concat(), ANSWER]));
        let inside = talk::recorded("tunnels", "traffic-connect-tls.pcap").remove(0);
        let mut behind = Talk { name: "PROXY header, CONNECT, TLS".to_owned(), ..inside };
        behind.turns[0].1.splice(0..0, header.iter().copied());
        talks.push(behind);
        // RFC 6455: HTTP ends with the 101; what follows looks like HTTP and is none.
        let upgrade = b"GET /chat HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
        let switched = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
        talks.push(written(
            "WebSocket",
            &[ASK, ANSWER, upgrade, switched, &[b"\x82\x7e\0\x70", ASK].concat(), &[b"\x82\x70", ANSWER].concat()],
        ));
        // RFC 7540 3.2: the first request is answered on stream 1.
        let asks = b"GET /up HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n";
        let head = b"\x88\x5c\x013";
        let more = b"\x82\x86\x44\x03/up\x41\x01h";
        talks.push(written(
            UPGRADED,
            &[
                asks,
                b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
                &[&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], &framed(4, 0, 0, &[]), &framed(1, 5, 3, more)].concat(),
                &[
                    framed(4, 0, 0, &[]),
                    framed(1, 4, 1, head),
                    framed(1, 4, 3, head),
                    framed(0, 0, 3, b"t"),
                    framed(0, 1, 1, b"one"),
                    framed(0, 9, 3, b"\x02wo\0\0"),
                ]
                .concat(),
            ],
        ));
        let with_truth = |talk: Talk| {
            let truth = read(&records(&talk.packets(|| 1400)), talk.keys.as_deref());
            assert!(!truth.exchanges.is_empty(), "{}", talk.name);
            assert!(truth.exchanges.iter().all(Exchange::complete), "{}: {:#?}", talk.name, truth.exchanges);
            (talk, truth)
        };
        talks.into_iter().map(with_truth).collect()
    })
}

/// Moves each record by at most as many places as the next number says.
fn jitter(records: &mut Vec<Vec<u8>>, by: &[usize]) {
    let mut numbered: Vec<(usize, Vec<u8>)> = records.drain(..).enumerate().collect();
    numbered.sort_by_key(|(at, _)| at + by[at % by.len()]);
    records.extend(numbered.into_iter().map(|(_, record)| record));
}

/// Few, since each tries every kind of conversation; `OAUTHTRACE_CASES` asks for more.
fn cases() -> u32 {
    std::env::var("OAUTHTRACE_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(8)
}

/// What is seen of a disturbed conversation was there. Where only the change to HTTP/2 was seen, its 101 is the answer.
fn assert_part(talk: &Talk, truth: &Everything, mut seen: Everything) {
    if talk.name == UPGRADED {
        let status = |one: &Exchange| one.response.as_ref().map(|response| response.status);
        seen.exchanges.retain(|one| status(one) != Some(101));
    }
    assert_honest(&seen, truth, &talk.name);
}

fn assert_same(talk: &Talk, truth: &Everything, seen: &Everything) {
    let all = |of: &Everything| of.exchanges.iter().map(halves).collect::<Vec<_>>();
    assert!(same(seen, truth), "{}: {:#?} instead of {:#?}", talk.name, all(seen), all(truth));
}

#[test]
fn every_kind_of_conversation_is_among_them() {
    let exchanges: usize = kinds().iter().map(|(_, truth)| truth.exchanges.len()).sum();
    eprintln!("{} connections, {exchanges} exchanges", kinds().len());
    assert!(kinds().len() >= 18 && exchanges >= 50);
    let opened = kinds().iter().filter(|(_, truth)| truth.exchanges.iter().any(|one| one.tls.is_some()));
    assert!(opened.count() >= 7);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases()) })]

    #[test]
    fn however_the_bytes_are_cut_the_exchanges_are_the_same(
        sizes in prop::collection::vec(prop_oneof![1_usize..12, 1_usize..400, 400_usize..1400], 1..30),
    ) {
        for (talk, truth) in kinds() {
            let mut sizes = sizes.iter().cycle();
            let packets = talk.packets(|| *sizes.next().unwrap());
            assert_same(talk, truth, &read(&records(&packets), talk.keys.as_deref()));
        }
    }

    #[test]
    fn in_any_order_and_with_any_copies_the_exchanges_are_the_same(
        size in 60_usize..1400,
        by in prop::collection::vec(0_usize..24, 1..200),
        again in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..100), 0..8),
    ) {
        for (talk, truth) in kinds() {
            let mut packets = talk.packets(|| size);
            for (which, from) in &again {
                let at = which.index(packets.len() - 5) + 2;
                packets.insert(at + 1, packets[at].again(*from));
            }
            let mut records = records(&packets);
            jitter(&mut records, &by);
            assert_same(talk, truth, &read(&records, talk.keys.as_deref()));
        }
    }

    #[test]
    fn in_fragments_of_any_size_and_order_the_exchanges_are_the_same(
        size in 100_usize..1400, piece in 8_usize..600, by in prop::collection::vec(0_usize..12, 1..200),
        lost in prop::option::of(any::<prop::sample::Index>()),
    ) {
        for (talk, truth) in kinds() {
            let packets = talk.packets(|| size);
            let mut records: Vec<Vec<u8>> =
                packets.iter().enumerate().flat_map(|(number, packet)| packet.fragments(number, piece)).collect();
            if let Some(lost) = lost {
                records.remove(lost.index(records.len()));
            }
            jitter(&mut records, &by);
            let seen = read(&records, talk.keys.as_deref());
            match lost {
                None => assert_same(talk, truth, &seen),
                Some(_) => assert_part(talk, truth, seen),
            }
        }
    }

    #[test]
    fn a_lost_segment_makes_no_exchange_that_was_not_there(
        sizes in prop::collection::vec(1_usize..700, 1..20),
        lost in prop::collection::vec(any::<prop::sample::Index>(), 1..4),
        by in prop::collection::vec(0_usize..6, 1..50),
    ) {
        for (talk, truth) in kinds() {
            let mut sizes = sizes.iter().cycle();
            let mut records = records(&talk.packets(|| *sizes.next().unwrap()));
            for lost in &lost {
                records.remove(lost.index(records.len()));
            }
            jitter(&mut records, &by);
            assert_part(talk, truth, read(&records, talk.keys.as_deref()));
        }
    }

    #[test]
    fn a_capture_that_begins_or_ends_midway_makes_no_exchange_that_was_not_there(
        size in 20_usize..700, from: prop::sample::Index, to: prop::sample::Index, seen in 0_u8..3,
    ) {
        for (talk, truth) in kinds() {
            let records = records(&talk.packets(|| size));
            let (from, to) = (from.index(records.len()), to.index(records.len()));
            let seen = match seen {
                0 => &records[from..],
                1 => &records[..to],
                _ => &records[from.min(to)..from.max(to)],
            };
            assert_part(talk, truth, read(seen, talk.keys.as_deref()));
        }
    }
}
