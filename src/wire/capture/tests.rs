//! libpcap files, and what all formats share.

use std::io::Cursor;

use proptest::prelude::*;

use super::*;

/// Number, time in nanoseconds, link type, bytes and original length of a packet.
pub(super) type Owned = (u64, Option<i64>, u32, Vec<u8>, u32);

/// What a capture held, owned.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct All {
    pub(super) packets: Vec<Owned>,
    pub(super) secrets: Vec<(u32, Vec<u8>)>,
    pub(super) comments: Vec<String>,
    pub(super) dropped: u64,
    pub(super) error: Option<String>,
}

/// Reads a capture to the end.
pub(super) fn all(bytes: &[u8]) -> All {
    all_of(Box::new(Cursor::new(bytes.to_vec())))
}

fn all_of(source: Box<dyn Read + Send>) -> All {
    let mut all = All::default();
    let mut reader = match Reader::open(source) {
        Ok(reader) => reader,
        Err(error) => return All { error: Some(error.to_string()), ..all },
    };
    loop {
        match reader.next_item() {
            Ok(Some(Item::Packet(packet))) => all.packets.push((
                packet.number,
                packet.time.map(Instant::nanos),
                packet.link.0,
                packet.bytes.to_vec(),
                packet.original,
            )),
            Ok(Some(Item::Secrets { kind, bytes })) => all.secrets.push((kind, bytes.to_vec())),
            Ok(Some(Item::Comment(text))) => all.comments.push(String::from_utf8_lossy(text).into_owned()),
            Ok(Some(Item::Dropped(count))) => all.dropped += count,
            Ok(None) => break,
            Err(error) => {
                all.error = Some(error.to_string());
                assert!(matches!(reader.next_item(), Ok(None)), "after an error there is nothing");
                break;
            }
        }
    }
    all
}

/// A capture of two packets; `order` writes a 32-bit number, `fraction` is the time's.
fn pcap(magic: u32, order: fn(u32) -> [u8; 4], fraction: u32, extra: &[u8]) -> Vec<u8> {
    let mut file = order(magic).to_vec();
    let version = order(0x0002_0004);
    // Two 16-bit numbers, each in the file's order.
    if version == [0, 2, 0, 4] {
        file.extend(version)
    } else {
        file.extend([2, 0, 4, 0])
    }
    for field in [0, 0, 65_535, 0xf000_0001] {
        file.extend(order(field));
    }
    for (second, content) in [(1_700_000_000_u32, &b"first"[..]), (1_700_000_001, b"second")] {
        for field in [second, fraction, content.len() as u32, 1500] {
            file.extend(order(field));
        }
        file.extend(extra);
        file.extend(content);
    }
    file
}

fn expected(nanos: i64) -> Vec<Owned> {
    let at = |second: i64| Some(second * 1_000_000_000 + nanos);
    vec![
        (1, at(1_700_000_000), 1, b"first".to_vec(), 1500),
        (2, at(1_700_000_001), 1, b"second".to_vec(), 1500),
    ]
}

#[test]
fn pcap_is_read_in_both_orders_and_resolutions() {
    for order in [u32::to_be_bytes, u32::to_le_bytes] {
        let micro = all(&pcap(0xa1b2_c3d4, order, 7, &[]));
        assert_eq!((micro.packets, micro.error), (expected(7000), None));
        let nano = all(&pcap(0xa1b2_3c4d, order, 7, &[]));
        assert_eq!((nano.packets, nano.error), (expected(7), None));
        let modified = all(&pcap(0xa1b2_cd34, order, 7, &[0; 8]));
        assert_eq!((modified.packets, modified.error), (expected(7000), None));
    }
}

#[test]
fn a_cut_file_is_used_up_to_the_cut() {
    let file = pcap(0xa1b2_c3d4, u32::to_le_bytes, 0, &[]);
    for length in 0..file.len() {
        let read = all(&file[..length]);
        let whole = match length {
            0..45 => 0,
            45..67 => 1,
            _ => 2,
        };
        assert_eq!(read.packets.len(), whole, "{length}");
        // Cut between records nothing tells.
        assert_eq!(read.error.is_none(), matches!(length, 24 | 45), "{length}: {:?}", read.error);
    }
    let error = all(&file[..50]).error.unwrap();
    assert_eq!(error, "cut or damaged at byte 45, after 1 packet: 5 bytes are left, a record header has 16");
    assert!(all(&file[..10]).error.unwrap().contains("cut in its header: 10 of 24 bytes"));
}

#[test]
fn an_impossible_length_ends_the_file() {
    let mut file = pcap(0xa1b2_c3d4, u32::to_le_bytes, 0, &[]);
    file[53..57].copy_from_slice(&[0xff; 4]);
    let read = all(&file);
    assert_eq!(read.packets.len(), 1);
    assert!(read.error.unwrap().contains("claims 4294967295 captured bytes"));
}

#[test]
fn other_files_are_named() {
    assert_eq!(all(b"").error.unwrap(), "not a capture file, but an empty file");
    assert_eq!(all(b"{\"log\":{}}").error.unwrap(), "not a capture file, but an HTTP archive");
    assert_eq!(all(&[0x07; 64]).error.unwrap(), "not a capture file, but a file of unknown kind");
    let mut old = pcap(0xa1b2_c3d4, u32::to_le_bytes, 0, &[]);
    old[4] = 9;
    assert!(all(&old).error.unwrap().contains("pcap version 9.4"));
}

/// Gives so many bytes at a time, in turn.
struct Pieces(Cursor<Vec<u8>>, Vec<usize>, usize);

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let size = self.1[self.2 % self.1.len()].clamp(1, buffer.len().max(1)).min(buffer.len());
        self.2 += 1;
        self.0.read(&mut buffer[..size])
    }
}

/// The same recording in every container, and pcapng with two interfaces.
fn containers() -> Vec<(String, Vec<u8>)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/captures/containers");
    let mut files: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_none_or(|extension| extension != "toml"))
        .map(|path| (path.display().to_string(), std::fs::read(&path).unwrap()))
        .collect();
    files.push(("two interfaces".to_owned(), pcapng::tests::two_interfaces()));
    files
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(16) })]

    #[test]
    fn a_source_that_trickles_gives_the_same(sizes in proptest::collection::vec(1_usize..300, 1..20)) {
        for (name, bytes) in containers() {
            let open = |source: Box<dyn Read + Send>| all_of(decompress::open(source).unwrap().read);
            let whole = open(Box::new(Cursor::new(bytes.clone())));
            prop_assert!(whole.packets.len() >= 2, "{}", name);
            let trickled = open(Box::new(Pieces(Cursor::new(bytes), sizes.clone(), 0)));
            prop_assert_eq!(trickled, whole, "{}", name);
        }
    }
}

#[test]
fn a_record_larger_than_the_window_is_read() {
    let big = vec![0x5a_u8; 3 << 20];
    let mut file = pcap(0xa1b2_c3d4, u32::to_le_bytes, 0, &[]);
    for field in [1, 0, big.len() as u32, big.len() as u32] {
        file.extend(u32::to_le_bytes(field));
    }
    file.extend(&big);
    let read = all(&file);
    assert_eq!(read.packets.len(), 3);
    assert_eq!(read.packets[2].3, big);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_make_a_reader_panic(
        kind in 0..6_usize,
        bytes in proptest::collection::vec(any::<u8>(), 0..600),
    ) {
        let mut file = match kind {
            0 => vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0],
            1 => vec![0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a],
            2 => b"GMBU\x03\x02\x01\x00".to_vec(),
            3 => etl::tests::log(&[]),
            4 => pcapng::tests::two_interfaces(),
            _ => Vec::new(),
        };
        let at = file.len();
        file.extend(bytes);
        fuzz(&file);
        // Damage in the middle too.
        for step in 1..8 {
            if let Some(byte) = file.get_mut(at * step / 8) {
                *byte ^= 0x55;
            }
            fuzz(&file);
        }
    }
}
