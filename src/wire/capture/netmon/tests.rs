//! Captures by hand, and by editcap where it is installed.

use std::process::Command;

use super::super::tests::all;
use super::*;

fn header(minor: u8, media: u16, table: u32, table_bytes: u32) -> Vec<u8> {
    let mut header = b"GMBU".to_vec();
    header.extend([minor, 2]);
    header.extend(media.to_le_bytes());
    // 2023-11-14T22:13:20.250, a Tuesday.
    for field in [2023_u16, 11, 2, 14, 22, 13, 20, 250] {
        header.extend(field.to_le_bytes());
    }
    header.extend(table.to_le_bytes());
    header.extend(table_bytes.to_le_bytes());
    header.resize(HEADER, 0);
    header
}

fn frame(delta: u64, content: &[u8], trailer: &[u8]) -> Vec<u8> {
    let mut frame = delta.to_le_bytes().to_vec();
    frame.extend(100_u32.to_le_bytes());
    frame.extend((content.len() as u32).to_le_bytes());
    frame.extend(content);
    frame.extend(trailer);
    frame
}

const START: i64 = 1_700_000_000_250_000_000;

/// Version 2.3: raw IP with a time in UTC, then wireless behind its own header.
fn recent() -> Vec<u8> {
    let utc = FILETIME_EPOCH + 17_000_000_000_000_000;
    let mut trailer = 9_u16.to_le_bytes().to_vec();
    trailer.extend([0; 4]);
    trailer.extend(utc.to_le_bytes());
    trailer.push(0);
    let first = frame(5, b"ip", &trailer);
    trailer[..2].copy_from_slice(&6_u16.to_le_bytes());
    trailer[6..14].fill(0);
    let second = frame(7, &[&[2, 4, 0, 9][..], b"air"].concat(), &trailer);
    let end = (HEADER + first.len() + second.len()) as u32;
    let mut file = header(3, 1, end, 8);
    file.extend(&first);
    file.extend(&second);
    file.extend((HEADER as u32).to_le_bytes());
    file.extend(((HEADER + first.len()) as u32).to_le_bytes());
    file
}

#[test]
fn frames_have_media_types_and_times_of_their_own() {
    let read = all(&recent());
    assert_eq!(read.error, None);
    assert_eq!(
        read.packets,
        [
            (1, Some(1_700_000_000_000_000_000), 101, b"ip".to_vec(), 100),
            (2, Some(START + 7000), 105, b"air".to_vec(), 96),
        ]
    );
}

#[test]
fn a_cut_file_is_walked_and_used_up_to_the_cut() {
    let file = recent();
    let table = all(&file[..file.len() - 1]);
    assert_eq!(table.packets, all(&file).packets);
    assert!(table.error.unwrap().contains("frame table is cut off"));
    for length in 0..file.len() {
        let read = all(&file[..length]);
        assert!(read.error.is_some(), "{length}");
        assert!(read.packets.iter().zip(&all(&file).packets).all(|(a, b)| a == b));
    }
    assert!(all(&file[..60]).error.unwrap().contains("cut in its header: 60 of 128 bytes"));
}

#[test]
fn a_table_that_points_nowhere_ends_the_file() {
    let mut file = recent();
    let at = file.len() - 4;
    file[at..].fill(0xff);
    let read = all(&file);
    assert_eq!(read.packets.len(), 1);
    assert!(read.error.unwrap().contains("frame 2 at byte 4294967295"));
}

#[test]
fn what_editcap_writes_is_read() {
    let folder = std::env::temp_dir();
    let name = |kind: &str| folder.join(format!("oauthtrace-{}-netmon.{kind}", std::process::id()));
    let (pcap, cap) = (name("pcap"), name("cap"));
    let mut file =
        vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 1, 0, 0, 0];
    for second in 0..3_u32 {
        for field in [1_700_000_000 + second, 250_000, 60, 80] {
            file.extend(field.to_le_bytes());
        }
        file.extend([second as u8; 60]);
    }
    std::fs::write(&pcap, &file).unwrap();
    // Its header holds local time.
    let made = Command::new("editcap").env("TZ", "UTC").args(["-F", "netmon2"]).arg(&pcap).arg(&cap).status();
    std::fs::remove_file(&pcap).unwrap();
    if made.is_err() {
        eprintln!("skipped: no editcap");
        return;
    }
    let read = all(&std::fs::read(&cap).unwrap());
    std::fs::remove_file(&cap).unwrap();
    assert_eq!(read, all(&file));
    assert_eq!(read.packets.len(), 3);
}
