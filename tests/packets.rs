//! Reads every capture of the corpus down to TCP segments and compares with what tshark saw.

#[path = "support/corpus.rs"]
mod corpus;

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use corpus::corpus;
use oauthtrace::wire::capture::{CaptureError, Item, Reader, decompress};
use oauthtrace::wire::ip::{Decapsulator, Transport};
use serde_json::Value;

/// All files below a folder, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// A segment as both tools can say it: frame, sequence number, length on the wire.
type Seen = (u64, u32, u64);

#[derive(Default, Debug)]
struct Read {
    packets: u64,
    segments: Vec<Seen>,
    streams: usize,
    notices: Vec<(String, u64)>,
    cut: bool,
}

fn read(path: &Path) -> Read {
    let opened = decompress::open(Box::new(File::open(path).unwrap())).unwrap();
    let mut reader = Reader::open(opened.read).unwrap();
    let mut decapsulator = Decapsulator::default();
    let mut read = Read::default();
    let mut streams = BTreeSet::new();
    loop {
        match reader.next_item() {
            Ok(Some(Item::Packet(packet))) => decapsulator.push(&packet, |unit| {
                if let Transport::Tcp(segment) = unit {
                    let length = segment.payload.len() as u64 + u64::from(segment.cut);
                    read.segments.push((segment.frame.number, segment.sequence, length));
                    let (a, b) = (segment.source, segment.destination);
                    streams.insert((a.min(b), a.max(b), segment.realm));
                }
            }),
            Ok(Some(_)) => {}
            Ok(None) => break,
            Err(CaptureError::Cut { .. }) => read.cut = true,
            Err(error) => panic!("{}: {error}", path.display()),
        }
    }
    read.packets = reader.packets();
    read.streams = streams.len();
    read.notices = decapsulator.notices();
    read
}

#[test]
fn every_capture_holds_as_many_packets_as_tshark_counts() {
    let Some(corpus) = corpus("") else { return };
    let mut captures = 0;
    let mut packets = 0;
    let mut wrong = Vec::new();
    for truth in ["a-tls", "b-http"].iter().flat_map(|set| files(&corpus.join("truth").join(set))) {
        let known: Value = serde_json::from_slice(&std::fs::read(&truth).unwrap()).unwrap();
        let file = known["file"].as_str().unwrap().strip_prefix("shared/").unwrap();
        let read = read(&corpus.join(file));
        let expected: u64 = known["packets"].as_str().unwrap().parse().unwrap();
        // A port that is used again is a new stream to tshark, so there are at most as many pairs of ends.
        let streams = usize::try_from(known["tcp_streams"].as_u64().unwrap()).unwrap();
        if read.packets != expected || read.streams > streams || (read.streams == 0) != (streams == 0) {
            wrong.push(format!(
                "{file}: {} of {expected} packets, {} of {streams} streams, {:?}",
                read.packets, read.streams, read.notices
            ));
        }
        captures += 1;
        packets += read.packets;
    }
    eprintln!("{captures} captures, {packets} packets");
    assert!(captures > 300);
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// TCP with a possible header, outside of what ICMP quotes and sFlow samples.
const FILTER: &str = "tcp && !icmp && !icmpv6 && !sflow && tcp.hdr_len >= 20";

/// What tshark calls TCP.
fn tshark(path: &Path) -> Option<Vec<Seen>> {
    let told = Command::new("tshark")
        .args(["-n", "-r"])
        .arg(path)
        .args(["-o", "tcp.desegment_tcp_streams:FALSE", "-Y", FILTER, "-T", "fields"])
        .args(["-e", "frame.number", "-e", "tcp.seq_raw", "-e", "tcp.len"])
        .output()
        .ok()?;
    let mut seen = Vec::new();
    for line in String::from_utf8(told.stdout).unwrap().lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let numbers = fields[1].split(',').zip(fields[2].split(','));
        let frame = fields[0].parse().unwrap();
        seen.extend(numbers.map(|(at, length)| (frame, at.parse().unwrap(), length.parse().unwrap_or(0))));
    }
    Some(seen)
}

/// Link types and tunnels of all kinds that the corpus holds; `OAUTHTRACE_EVERY_CAPTURE=1` takes all captures,
/// which lasts minutes.
const CHOSEN: [&str; 19] = [
    "PcapPlusPlus/frag_http_req.pcap",
    "expected_output/ipfragutil_ip_ids.pcap",
    "80211http.pcap",
    "twovlan.pcap",
    "v6-http.pcap",
    "arcnet-rfc1201-arp-icmp-http.pcap",
    "hdlc-http_1tx.pcap",
    "drop-protocol-change/input.pcap",
    "erspan.pcap",
    "mixed-vlan-mpls.pcap",
    "mpls-in-vlan.pcap",
    "nflog-http.pcap",
    "tcp-http-with-padding.pcap",
    "gre-aruba.pcap",
    "gre-over-udp-4754.pcap",
    "vxlan-encapsulated-http.pcap",
    "geneve-many-options.pcap",
    "gtp1_gn_normal_incl_fragmentation.pcap",
    "wireshark-retrans.pcap",
];

#[test]
fn every_tcp_segment_is_the_one_that_tshark_sees() {
    let Some(corpus) = corpus("") else { return };
    let all = std::env::var_os("OAUTHTRACE_EVERY_CAPTURE").is_some();
    let (mut captures, mut segments) = (0, 0);
    let mut wrong = Vec::new();
    for path in ["a-tls", "b-http"].iter().flat_map(|set| files(&corpus.join(set))) {
        let name = path.strip_prefix(&corpus).unwrap().display().to_string();
        let capture = name.ends_with(".pcap") || name.ends_with(".pcapng");
        if !capture || !(all || CHOSEN.iter().any(|chosen| name.ends_with(chosen))) {
            continue;
        }
        let Some(expected) = tshark(&path) else {
            eprintln!("skipped: no tshark");
            return;
        };
        let read = read(&path);
        captures += 1;
        segments += expected.len();
        if read.segments != expected {
            let ours: BTreeSet<_> = read.segments.iter().collect();
            let theirs: BTreeSet<_> = expected.iter().collect();
            wrong.push(format!(
                "{name}: {} of {} segments; only ours {:?}, only tshark's {:?}; {:?}",
                read.segments.len(),
                expected.len(),
                ours.difference(&theirs).take(4).collect::<Vec<_>>(),
                theirs.difference(&ours).take(4).collect::<Vec<_>>(),
                read.notices
            ));
        }
    }
    eprintln!("{captures} captures, {segments} segments");
    assert!(captures >= CHOSEN.len());
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}
