//! However many threads worked on a capture, reports of it are the same to the byte.

#[path = "support/expected.rs"]
mod expected;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use oauthtrace::base::Secret;
use oauthtrace::checks::judge::Judge;
use oauthtrace::pipeline::{self, Settings, Source};
use oauthtrace::report::listing::Listing;
use oauthtrace::report::recorder::Recorder;
use oauthtrace::report::{Document, Format, Options, render};

use expected::{captures, expectations};

/// The packets of a pcap file over Ethernet; `None` for others.
fn packets(path: &Path) -> Option<(Vec<u8>, Vec<Vec<u8>>)> {
    let bytes = fs::read(path).ok()?;
    let (header, mut rest) = bytes.split_at_checked(24)?;
    if header[..4] != [0xd4, 0xc3, 0xb2, 0xa1] || header[20..24] != [1, 0, 0, 0] {
        return None;
    }
    let mut records = Vec::new();
    while rest.len() >= 16 {
        let length = u32::from_le_bytes(rest[8..12].try_into().unwrap()) as usize;
        let Some((record, after)) = rest.split_at_checked(16 + length) else { break };
        records.push(record.to_vec());
        rest = after;
    }
    Some((header.to_vec(), records))
}

/// All recorded cases at once, many times over, packet by packet in turn: tokens of one case are seen by
/// every thread, healthy ones beside all that is wrong.
fn everything(file: &str, copies: u16) -> (Vec<u8>, Vec<(String, Secret)>) {
    let mut folders: Vec<PathBuf> =
        fs::read_dir(captures()).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let (mut header, mut cases, mut keys) = (Vec::new(), Vec::new(), Vec::new());
    for folder in &folders {
        let Some((first, records)) = packets(&folder.join(file)) else { continue };
        header = first;
        cases.push(records);
        if let Ok(log) = fs::read(folder.join("keys.log")) {
            keys.push((folder.display().to_string(), Secret::new(log)));
        }
    }
    assert!(!cases.is_empty(), "no case has {file}");
    let longest = cases.iter().map(Vec::len).max().unwrap();
    let mut bytes = header;
    for at in 0..longest {
        for copy in 0..copies {
            for (case, records) in (0_u16..).zip(&cases) {
                let Some(record) = records.get(at) else { continue };
                let mut record = record.clone();
                // Ethernet and IPv4: the second and third byte of both addresses tell the copies apart.
                for byte in [16 + 27, 16 + 31] {
                    let number = (case * copies + copy).to_be_bytes();
                    record[byte..byte + 2].copy_from_slice(&number);
                }
                bytes.extend(record);
            }
        }
    }
    (bytes, keys)
}

fn written(document: &Document<'_>) -> String {
    let mut out = Vec::new();
    let options = Options { show_secrets: false, color: false, width: 100 };
    render(document, Format::Json, &options, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// `verify` and `inspect` of files with so many threads.
fn reports(paths: &[&Path], keylogs: &[(String, Secret)], threads: usize) -> [String; 2] {
    let settings = Settings { threads, keylogs: keylogs.to_vec(), ..Settings::default() };
    let sources: Vec<Source> = paths.iter().map(|path| Source::Path((*path).to_owned())).collect();
    let expected = expectations();
    let counter = || Arc::new(AtomicU64::new(0));
    let mut recorder = Recorder::new(Judge::new(&expected), false, counter());
    let inputs = pipeline::run(&sources, &settings, &mut recorder);
    let verification = recorder.finish(inputs.read, &expected);
    let mut listing = Listing::new(counter());
    let inputs = pipeline::run(&sources, &settings, &mut listing);
    let inspection = listing.finish(inputs.read);
    [written(&Document::Verification(&verification)), written(&Document::Inspection(&inspection))]
}

/// The first line that differs, for people.
fn difference(one: &str, other: &str) -> String {
    let mut pairs = one.lines().zip(other.lines());
    pairs.find(|(one, other)| one != other).map_or_else(
        || format!("{} bytes against {}", one.len(), other.len()),
        |(one, other)| format!("{one:.600}\nagainst\n{other:.600}"),
    )
}

fn compare(file: &str, copies: u16) {
    let (bytes, keys) = everything(file, copies);
    assert!(bytes.len() > 9 << 20, "only {} bytes: threads begin their work at eight mebibytes", bytes.len());
    let path = std::env::temp_dir().join(format!("oauthtrace-threads-{}-{file}", std::process::id()));
    fs::write(&path, bytes).unwrap();
    let one = reports(&[&path], &keys, 1);
    assert!(one[0].len() > 4000 && one[1].len() > 1 << 20, "{:.300}", one[0]);
    let many = [2, 5].map(|threads| reports(&[&path], &keys, threads));
    let _ = fs::remove_file(&path);
    for many in many {
        for (one, many) in one.iter().zip(&many) {
            assert!(one == many, "{}", difference(one, many));
        }
    }
}

#[test]
fn a_large_capture_in_clear_text_gives_the_same_bytes() {
    compare("traffic.pcap", 24);
}

#[test]
fn a_large_capture_of_tls_gives_the_same_bytes() {
    compare("traffic-tls.pcap", 500);
}

/// A pcapng file of nothing but key logs.
fn of_secrets(keylogs: &[(String, Secret)]) -> Vec<u8> {
    let word = |number: usize| u32::try_from(number).unwrap().to_le_bytes();
    let mut bytes =
        [&b"\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a\x01\0\0\0"[..], &[0xff; 8], b"\x1c\0\0\0"].concat();
    for (_, log) in keylogs {
        let log = log.expose();
        let padding = log.len().next_multiple_of(4) - log.len();
        let length = word(log.len() + padding + 20);
        bytes.extend([&b"\x0a\0\0\0"[..], &length, b"KSLT", &word(log.len()), log].concat());
        bytes.extend(std::iter::repeat_n(0, padding).chain(length));
    }
    bytes
}

#[test]
fn keys_in_a_later_file_open_a_large_capture_on_any_number_of_threads() {
    let (bytes, keys) = everything("traffic-tls.pcap", 500);
    let folder = std::env::temp_dir().join(format!("oauthtrace-later-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let (capture, later) = (folder.join("a.pcap"), folder.join("b.pcapng"));
    fs::write(&capture, bytes).unwrap();
    fs::write(&later, of_secrets(&keys)).unwrap();
    let [one, many] = [1, 5].map(|threads| reports(&[&capture, &later], &[], threads));
    let _ = fs::remove_dir_all(&folder);
    assert!(one[0].contains("\"undecrypted\": 0"), "{:.600}", one[0]);
    for (one, many) in one.iter().zip(&many) {
        assert!(one == many, "{}", difference(one, many));
    }
}

#[test]
fn every_recorded_case_gives_the_same_bytes() {
    let mut compared = 0;
    for entry in fs::read_dir(captures()).unwrap() {
        let folder = entry.unwrap().path();
        let keys: Vec<_> = fs::read(folder.join("keys.log"))
            .map(|log| ("keys.log".to_owned(), Secret::new(log)))
            .into_iter()
            .collect();
        for file in ["traffic.pcap", "traffic-tls.pcap", "traffic.har", "traffic.saz"] {
            let path = folder.join(file);
            if path.exists() {
                let [one, many] = [1, 3].map(|threads| reports(&[&path], &keys, threads));
                assert!(one == many, "{}", path.display());
                compared += 1;
            }
        }
    }
    assert!(compared >= 100, "only {compared} files");
}
