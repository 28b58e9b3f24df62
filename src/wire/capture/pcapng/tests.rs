//! Files built block by block, and one that tshark reads beside us.

use std::process::{Command, Stdio};

use super::super::tests::all;
use super::*;

/// A block in one byte order.
fn block(kind: u32, body: &[u8], order: fn(u32) -> [u8; 4]) -> Vec<u8> {
    let padded = body.len().next_multiple_of(4);
    let length = order(padded as u32 + 12);
    let mut block = order(kind).to_vec();
    block.extend(length);
    block.extend(body);
    block.resize(8 + padded, 0);
    block.extend(length);
    block
}

fn words(words: &[u32], order: fn(u32) -> [u8; 4]) -> Vec<u8> {
    words.iter().flat_map(|word| order(*word)).collect()
}

/// An option in little-endian order.
fn option(code: u16, value: &[u8]) -> Vec<u8> {
    let mut option = code.to_le_bytes().to_vec();
    option.extend((value.len() as u16).to_le_bytes());
    option.extend(value);
    option.resize(option.len().next_multiple_of(4), 0);
    option
}

fn section(order: fn(u32) -> [u8; 4], options: &[u8]) -> Vec<u8> {
    let mut body = order(MAGIC).to_vec();
    body.extend(if order(1) == [0, 0, 0, 1] { [0, 1, 0, 0] } else { [1, 0, 0, 0] });
    body.extend([0xff; 8]);
    body.extend(options);
    block(SECTION_HEADER, &body, order)
}

fn interface(link: u32, order: fn(u32) -> [u8; 4], options: &[u8]) -> Vec<u8> {
    let mut body = if order(1) == [0, 0, 0, 1] { order(link << 16) } else { order(link) }.to_vec();
    body.extend(order(262_144));
    body.extend(options);
    block(INTERFACE_DESCRIPTION, &body, order)
}

fn enhanced(
    interface: u32,
    ticks: u64,
    content: &[u8],
    order: fn(u32) -> [u8; 4],
    options: &[u8],
) -> Vec<u8> {
    let length = content.len() as u32;
    let mut body = words(&[interface, (ticks >> 32) as u32, ticks as u32, length, length + 10], order);
    body.extend(content);
    body.resize(body.len().next_multiple_of(4), 0);
    body.extend(options);
    block(ENHANCED_PACKET, &body, order)
}

const LE: fn(u32) -> [u8; 4] = u32::to_le_bytes;
const BE: fn(u32) -> [u8; 4] = u32::to_be_bytes;
const SECOND: i64 = 1_700_000_000;

/// Two interfaces with different clocks, a comment, a simple packet, secrets, losses, unknown blocks.
pub(in super::super) fn two_interfaces() -> Vec<u8> {
    let mut file = section(LE, &option(1, b"of the section"));
    file.extend(interface(1, LE, &[]));
    file.extend(interface(101, LE, &[option(9, &[9]), option(14, &3600_u64.to_le_bytes())].concat()));
    file.extend(enhanced(0, (SECOND * 1_000_000 + 5) as u64, b"micro", LE, &[]));
    file.extend(block(4, &[0; 4], LE));
    file.extend(enhanced(1, (SECOND * 1_000_000_000 + 5) as u64, b"nanos", LE, &option(1, b"of the packet")));
    file.extend(block(SIMPLE_PACKET, &[&LE(6)[..], b"simple"].concat(), LE));
    file.extend(block(0x4242, b"unknown", LE));
    file.extend(block(DECRYPTION_SECRETS, &[&words(&[0x544c_534b, 3], LE)[..], b"key"].concat(), LE));
    let drops = [option(5, &7_u64.to_le_bytes()), option(7, &2_u64.to_le_bytes())].concat();
    file.extend(block(INTERFACE_STATISTICS, &[&words(&[0, 0, 0], LE)[..], &drops].concat(), LE));
    file
}

#[test]
fn all_kinds_of_blocks_are_read() {
    let read = all(&two_interfaces());
    assert_eq!(read.error, None);
    assert_eq!(
        read.packets,
        [
            (1, Some(SECOND * 1_000_000_000 + 5000), 1, b"micro".to_vec(), 15),
            (2, Some((SECOND + 3600) * 1_000_000_000 + 5), 101, b"nanos".to_vec(), 15),
            (3, None, 1, b"simple".to_vec(), 6),
        ]
    );
    assert_eq!(read.comments, ["of the section", "of the packet"]);
    assert_eq!(read.secrets, [(0x544c_534b, b"key".to_vec())]);
    assert_eq!(read.dropped, 9);
}

#[test]
fn sections_of_either_order_follow_each_other() {
    let mut file = two_interfaces();
    file.extend(section(BE, &[]));
    file.extend(interface(228, BE, &[]));
    file.extend(enhanced(0, 1_000_000, b"big", BE, &[]));
    let read = all(&file);
    assert_eq!(read.error, None);
    assert_eq!(read.packets[3], (4, Some(1_000_000_000), 228, b"big".to_vec(), 13));
}

#[test]
fn clocks_count_in_powers_of_ten_and_two() {
    assert_eq!(Resolution::of(0).unwrap().nanos(3), 3_000_000_000);
    assert_eq!(Resolution::of(6).unwrap().nanos(3), 3000);
    assert_eq!(Resolution::of(9).unwrap().nanos(3), 3);
    assert_eq!(Resolution::of(12).unwrap().nanos(3999), 3);
    assert_eq!(Resolution::of(0x8a).unwrap().nanos(1536), 1_500_000_000);
    assert_eq!(Resolution::of(0xff), None);
    assert_eq!(Resolution::of(40), None);
    assert_eq!(Resolution::of(0).unwrap().nanos(u64::MAX), i64::MAX);
}

#[test]
fn losses_are_told_once() {
    let mut file = section(LE, &[]);
    file.extend(interface(1, LE, &[]));
    let lost = option(4, &2_u64.to_le_bytes());
    file.extend(enhanced(0, 0, b"x", LE, &lost));
    for total in [5_u64, 5, 6] {
        let drops = option(5, &total.to_le_bytes());
        file.extend(block(INTERFACE_STATISTICS, &[&words(&[0, 0, 0], LE)[..], &drops].concat(), LE));
    }
    assert_eq!(all(&file).dropped, 6);
}

#[test]
fn obsolete_packet_blocks_are_read() {
    let mut file = section(LE, &[]);
    file.extend(interface(1, LE, &[]));
    let body = [&words(&[3 << 16, 0, 1_000_000, 3, 60], LE)[..], b"old"].concat();
    file.extend(block(OBSOLETE_PACKET, &body, LE));
    let read = all(&file);
    assert_eq!(read.packets, [(1, Some(1_000_000_000), 1, b"old".to_vec(), 60)]);
    assert_eq!(read.dropped, 3);
}

#[test]
fn a_cut_or_damaged_block_ends_the_file_and_keeps_what_came_before() {
    let file = two_interfaces();
    for length in 0..file.len() {
        let read = all(&file[..length]);
        assert!(read.packets.len() <= 3);
        assert!(read.packets.iter().zip(&all(&file).packets).all(|(a, b)| a == b), "{length}");
    }
    assert!(all(&file[..20]).error.unwrap().contains("cut in its section header"));
    assert_eq!(all(&file[..file.len() - 1]).packets.len(), 3);
    assert!(all(&file[..file.len() - 1]).error.unwrap().starts_with("cut or damaged at byte"));
    // The trailing length of the first packet.
    let mut damaged = file;
    let at = damaged.windows(5).position(|bytes| bytes == b"micro").unwrap() + 8;
    damaged[at] ^= 1;
    let read = all(&damaged);
    assert!(read.packets.is_empty());
    assert!(read.error.unwrap().contains("does not end with its length"));
}

#[test]
fn a_packet_of_an_unknown_interface_is_given_as_one_that_nobody_can_read() {
    let mut file = section(LE, &[]);
    file.extend(enhanced(0, 0, b"x", LE, &[]));
    file.extend(interface(1, LE, &[]));
    file.extend(enhanced(0, 0, b"y", LE, &[]));
    let read = all(&file);
    let links: Vec<_> = read.packets.iter().map(|packet| (packet.0, packet.2)).collect();
    assert_eq!(links, [(1, NO_INTERFACE.0), (2, 1)]);
}

#[test]
fn tshark_counts_the_same_frames() {
    let mut file = two_interfaces();
    // A custom block and a journal entry, which are frames of their own to Wireshark.
    file.extend(block(0x0bad, &[&LE(32_473)[..], b"custom"].concat(), LE));
    file.extend(block(0x4000_0bad, &[&LE(32_473)[..], b"custom"].concat(), LE));
    file.extend(block(9, b"__REALTIME_TIMESTAMP=1463540058000000\n\n", LE));
    file.extend(enhanced(0, 0, b"last one here, long enough", LE, &[]));
    let path = std::env::temp_dir().join(format!("oauthtrace-{}-count.pcapng", std::process::id()));
    std::fs::write(&path, &file).unwrap();
    let told = Command::new("tshark")
        .args(["-n", "-T", "fields", "-e", "frame.number", "-e", "frame.cap_len", "-r"])
        .arg(&path)
        .stderr(Stdio::null())
        .output();
    std::fs::remove_file(&path).unwrap();
    let Ok(told) = told else {
        eprintln!("skipped: no tshark");
        return;
    };
    let text = String::from_utf8(told.stdout).unwrap();
    let theirs: Vec<&str> = text.lines().collect();
    let read = all(&file);
    assert_eq!(read.error, None);
    let last = read.packets.last().unwrap();
    assert_eq!(theirs.last().copied(), Some(format!("{}\t{}", last.0, last.3.len()).as_str()), "{theirs:?}");
}
