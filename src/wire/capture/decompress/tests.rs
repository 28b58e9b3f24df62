//! gzip by flate2's encoder and gzip(1), zstd by zstd(1) where there is one and a frame of raw blocks.

use std::io::Write;

use flate2::write::GzEncoder;

use super::*;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// RFC 8878 by hand: magic, a descriptor for a window of 1 KiB, raw blocks.
fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x00];
    let mut blocks = bytes.chunks(512).peekable();
    while let Some(block) = blocks.next() {
        let header = (block.len() as u32) << 3 | u32::from(blocks.peek().is_none());
        frame.extend(&header.to_le_bytes()[..3]);
        frame.extend(block);
    }
    frame
}

/// What is inside, and why it ended early.
fn unpack(bytes: Vec<u8>) -> (Sniffed, Option<Compression>, Vec<u8>, Option<String>) {
    let mut opened = open(Box::new(Cursor::new(bytes))).unwrap();
    let mut inside = Vec::new();
    let error = opened.read.read_to_end(&mut inside).err().map(|error| error.to_string());
    (opened.kind, opened.compression, inside, error)
}

fn text() -> Vec<u8> {
    (0..5000).flat_map(|line| format!("line {line}\n").into_bytes()).collect()
}

#[test]
fn members_and_frames_follow_each_other() {
    for (pack, kind) in [(gzip as fn(&[u8]) -> Vec<u8>, Compression::Gzip), (zstd, Compression::Zstd)] {
        let (first, second) = (text(), b"and more".to_vec());
        let mut file = pack(&first);
        file.extend(pack(&second));
        let expected = [first, second].concat();
        assert_eq!(unpack(file.clone()), (Sniffed::Text, Some(kind), expected.clone(), None));
        // Padding after the last member.
        if kind == Compression::Gzip {
            file.extend([0; 512]);
            assert_eq!(unpack(file), (Sniffed::Text, Some(kind), expected, None));
        }
    }
}

#[test]
fn skippable_frames_are_skipped() {
    let mut file = vec![0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];
    file.extend(zstd(b"content"));
    file.extend([0x5f, 0x2a, 0x4d, 0x18, 0, 0, 0, 0]);
    assert_eq!(unpack(file), (Sniffed::Text, Some(Compression::Zstd), b"content".to_vec(), None));
}

#[test]
fn layers_are_taken_off_up_to_the_bound() {
    let file = gzip(&zstd(b"content"));
    assert_eq!(unpack(file), (Sniffed::Text, Some(Compression::Gzip), b"content".to_vec(), None));
    let mut file = b"content".to_vec();
    for _ in 0..=limits::COMPRESSION_LAYERS {
        file = gzip(&file);
    }
    assert!(open(Box::new(Cursor::new(file))).is_err());
}

#[test]
fn cut_data_is_used_up_to_the_cut() {
    for pack in [gzip as fn(&[u8]) -> Vec<u8>, zstd] {
        let file = pack(&text());
        let (_, _, inside, error) = unpack(file[..file.len() * 3 / 4].to_vec());
        assert!(inside.len() > 4096 && text().starts_with(&inside));
        assert!(error.unwrap().contains("cut or damaged"));
    }
}

#[test]
fn a_bomb_is_stopped() {
    // zstd's run-length blocks: 128 KiB from four bytes.
    let mut file = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x70];
    let block = (128_u32 << 10) << 3 | 1 << 1;
    for _ in 0..4096 {
        file.extend(&block.to_le_bytes()[..3]);
        file.push(b'a');
    }
    let mut opened = open(Box::new(Cursor::new(file))).unwrap();
    let mut bytes = 0;
    let mut buffer = vec![0; 1 << 16];
    let error = loop {
        match opened.read.read(&mut buffer) {
            Ok(0) => panic!("never stopped, {bytes} bytes"),
            Ok(read) => bytes += read,
            Err(error) => break error,
        }
    };
    assert!(error.to_string().contains("beyond the bound"), "{error}");
    assert!((64 << 20..256 << 20).contains(&bytes));
}

#[test]
fn what_zstd_itself_writes_is_read() {
    let made = std::process::Command::new("sh")
        .args(["-c", "seq 1 20000 | zstd -19 -c; seq 1 100 | zstd -1 -c"])
        .stderr(std::process::Stdio::null())
        .output();
    let Some(made) = made.ok().filter(|made| !made.stdout.is_empty()) else {
        eprintln!("skipped: no zstd");
        return;
    };
    let expected: String = (1..=20_000).chain(1..=100).map(|line| format!("{line}\n")).collect();
    assert_eq!(unpack(made.stdout), (Sniffed::Text, Some(Compression::Zstd), expected.into_bytes(), None));
}
