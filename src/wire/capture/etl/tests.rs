//! Logs built from the documented layouts, and the one real log of the corpus, which has no packets.

use super::super::tests::all;
use super::*;

const SIZE: usize = 4096;
const START: u64 = 133_444_736_000_000_000;
/// 2023-11-14T22:13:20Z.
const EPOCH: i64 = 1_700_000_000_000_000_000;

fn buffer(events: &[Vec<u8>]) -> Vec<u8> {
    let mut buffer = vec![0; BUFFER_HEADER];
    for event in events {
        buffer.extend(event);
        buffer.resize(buffer.len().next_multiple_of(8), 0);
    }
    let used = buffer.len() as u32;
    buffer[..4].copy_from_slice(&(SIZE as u32).to_le_bytes());
    buffer[0x30..0x34].copy_from_slice(&used.to_le_bytes());
    buffer.resize(SIZE, 0xff);
    buffer
}

/// The log's own header, 64-bit: a clock of 10 MHz that stood at 1000 at the start.
fn header() -> Vec<u8> {
    let mut event = vec![0; 0x20 + 0x118];
    let length = event.len() as u16;
    event[..4].copy_from_slice(&[2, 0, 2, 0xc0]);
    event[4..6].copy_from_slice(&length.to_le_bytes());
    event[0x10..0x18].copy_from_slice(&1000_u64.to_le_bytes());
    event[0x20..0x24].copy_from_slice(&(SIZE as u32).to_le_bytes());
    event[0x4c..0x50].copy_from_slice(&8_u32.to_le_bytes());
    event[0x50..0x54].copy_from_slice(&4_u32.to_le_bytes());
    event[0x120..0x128].copy_from_slice(&10_000_000_u64.to_le_bytes());
    event[0x128..0x130].copy_from_slice(&START.to_le_bytes());
    event[0x130..0x134].copy_from_slice(&1_u32.to_le_bytes());
    event
}

fn event(provider: [u8; 16], id: u16, thread: u32, ticks: u64, keyword: u64, user: &[u8]) -> Vec<u8> {
    let mut event = vec![0; EVENT_HEADER];
    event.extend(user);
    let length = event.len() as u16;
    event[..2].copy_from_slice(&length.to_le_bytes());
    event[2..4].copy_from_slice(&[0x13, 0xc0]);
    event[8..12].copy_from_slice(&thread.to_le_bytes());
    event[16..24].copy_from_slice(&(1000 + ticks).to_le_bytes());
    event[24..40].copy_from_slice(&provider);
    event[40..42].copy_from_slice(&id.to_le_bytes());
    event[48..56].copy_from_slice(&keyword.to_le_bytes());
    event
}

fn fragment(thread: u32, ticks: u64, keyword: u64, content: &[u8]) -> Vec<u8> {
    let mut user =
        [3_u32, 4, content.len() as u32].iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<_>>();
    user.extend(content);
    event(NDIS, 1001, thread, ticks, keyword, &user)
}

/// A log: its header, then a buffer for each processor.
pub(in super::super) fn log(buffers: &[Vec<Vec<u8>>]) -> Vec<u8> {
    let mut log = buffer(&[header()]);
    log.extend(buffers.iter().flat_map(|events| buffer(events)));
    log
}

const BOTH: u64 = PACKET_START | PACKET_END;

#[test]
fn events_of_all_processors_come_in_the_order_of_time() {
    let read = all(&log(&[
        vec![fragment(1, 10, BOTH, b"one"), fragment(1, 30, BOTH | WIRELESS_WAN, b"three")],
        vec![fragment(2, 20, BOTH, b"two")],
    ]));
    assert_eq!(read.error, None);
    assert_eq!(
        read.packets,
        [
            (1, Some(EPOCH + 1000), 1, b"one".to_vec(), 3),
            (2, Some(EPOCH + 2000), 1, b"two".to_vec(), 3),
            (3, Some(EPOCH + 3000), 101, b"three".to_vec(), 5),
        ]
    );
    assert_eq!(read.dropped, 4);
}

#[test]
fn fragments_of_one_packet_are_joined() {
    let read = all(&log(&[
        vec![
            fragment(1, 10, PACKET_START, b"AAAA"),
            fragment(1, 12, 0, b"BB"),
            fragment(1, 14, PACKET_END, b"C"),
            // Without a beginning.
            fragment(1, 16, PACKET_END, b"lost"),
        ],
        vec![fragment(2, 11, PACKET_START, b"xx"), fragment(2, 13, PACKET_END, b"yy")],
    ]));
    let packets: Vec<_> = read.packets.iter().map(|packet| packet.3.as_slice()).collect();
    assert_eq!(packets, [&b"xxyy"[..], b"AAAABBC"]);
}

#[test]
fn switch_and_packet_monitor_events_are_read() {
    let mut switch = [3_u32, 4, 5].iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<_>>();
    for name in ["port", "nic", ""] {
        switch.extend(name.encode_utf16().chain([0]).flat_map(u16::to_le_bytes));
    }
    switch.extend([1_u32, 5].iter().flat_map(|word| word.to_le_bytes()));
    switch.extend(b"frame and what follows");
    let mut monitor = vec![0; 14];
    monitor.extend(3_u16.to_le_bytes());
    monitor.extend([0; 14]);
    monitor.extend(900_u16.to_le_bytes());
    monitor.extend(6_u16.to_le_bytes());
    monitor.extend(b"packet");
    let read = all(&log(&[vec![
        event(NDIS, 1003, 1, 1, BOTH, &switch),
        event(PKTMON, 160, 1, 2, 0x10, &monitor),
        event(NDIS, 1002, 1, 3, BOTH, &switch),
    ]]));
    assert_eq!(
        read.packets,
        [
            (1, Some(EPOCH + 100), 1, b"frame".to_vec(), 5),
            (2, Some(EPOCH + 200), 101, b"packet".to_vec(), 900),
        ]
    );
}

#[test]
fn extended_data_is_skipped_and_truncation_is_found_in_the_ip_header() {
    let mut frame = vec![0; 12];
    frame.extend([0x08, 0, 0x45, 0, 0x05, 0xdc, 0, 0]);
    let plain = fragment(1, 1, BOTH, &frame);
    let mut extended = plain[..EVENT_HEADER].to_vec();
    extended.extend([0, 0, 1, 0, 1, 0, 4, 0, 9, 9, 9, 9, 0, 0, 0, 0]);
    extended.extend([0, 0, 1, 0, 0, 0, 8, 0, 9, 9, 9, 9, 9, 9, 9, 9]);
    extended.extend(&plain[EVENT_HEADER..]);
    let length = extended.len() as u16;
    extended[..2].copy_from_slice(&length.to_le_bytes());
    extended[4] = 1;
    let read = all(&log(&[vec![extended]]));
    assert_eq!(read.packets, [(1, Some(EPOCH + 100), 1, frame, 1514)]);
}

#[test]
fn a_log_without_packets_says_so() {
    assert!(all(&log(&[])).error.unwrap().contains("event trace log without packets"));
    let mut compressed = buffer(&[fragment(1, 1, BOTH, b"x")]);
    compressed[0x34] = 0x40;
    let file = [log(&[]), compressed].concat();
    assert!(all(&file).error.unwrap().contains("1 compressed buffers"));
}

#[test]
fn a_cut_log_is_used_up_to_the_cut() {
    let file = log(&[vec![fragment(1, 1, BOTH, b"one")], vec![fragment(1, 2, BOTH, b"two")]]);
    let read = all(&file[..2 * SIZE + 100]);
    assert_eq!(read.packets.len(), 1);
    assert!(read.error.unwrap().contains("4096 bytes of a buffer expected at byte 8192, 100 are there"));
}

#[test]
fn a_real_log_is_walked_and_has_no_packets() {
    let shared = std::env::var_os("OAUTHTRACE_SHARED").map(std::path::PathBuf::from);
    let beside = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let paths =
        shared.into_iter().chain([beside]).map(|shared| shared.join("corpus/d-proxy/etl/AMSITrace.etl"));
    let Some(path) = paths.into_iter().find(|path| path.is_file()) else {
        eprintln!("skipped: no corpus");
        return;
    };
    let bytes = std::fs::read(path).unwrap();
    assert!(is_etl(&bytes));
    let mut log = Log::default();
    log.read(&bytes);
    assert_eq!((log.damage, log.lost, log.compressed, log.events.len()), (None, 3, 0, 0));
    // The header's own event is the first tick: the log's start, as its header says.
    assert_eq!(log.clock.at(log.clock.first).to_string(), "2020-02-17T12:48:30.420313800Z");
    assert_eq!(log.clock.frequency, 10_000_000);
    assert!(all(&bytes).error.unwrap().contains("without packets"));
}
