//! One recording in several files gives what it gives in one: the whole is the truth.

#[path = "support/expected.rs"]
mod expected;

#[path = "support/folder.rs"]
mod folder;

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
use serde_json::Value;

use expected::{captures, expectations};
use folder::Folder;

/// `inspect` and `verify` of files, as JSON.
fn reports(paths: &[PathBuf], keys: Option<&[u8]>, threads: usize) -> [Value; 2] {
    let keylogs = keys.map(|log| ("keys.log".to_owned(), Secret::new(log.to_vec())));
    let settings =
        Settings { threads, hashes: true, keylogs: keylogs.into_iter().collect(), ..Settings::default() };
    let sources: Vec<Source> = paths.iter().cloned().map(Source::Path).collect();
    let expected = expectations();
    let counter = || Arc::new(AtomicU64::new(0));
    let mut listing = Listing::new(counter());
    let inputs = pipeline::run(&sources, &settings, &mut listing);
    assert!(inputs.failed.is_empty(), "{:?}", inputs.failed);
    let inspection = listing.finish(inputs.read);
    let mut recorder = Recorder::new(Judge::new(&expected), false, counter());
    let inputs = pipeline::run(&sources, &settings, &mut recorder);
    let verification = recorder.finish(inputs.read, &expected);
    [Document::Inspection(&inspection), Document::Verification(&verification)].map(|document| {
        let mut out = Vec::new();
        let options = Options { show_secrets: false, color: false, width: 100 };
        render(&document, Format::Json, &options, &mut out).unwrap();
        serde_json::from_slice(&out).unwrap()
    })
}

/// A pcap file of this machine's byte order.
struct Recording {
    header: Vec<u8>,
    records: Vec<Vec<u8>>,
}

impl Recording {
    fn read(path: &Path) -> Self {
        let bytes = fs::read(path).unwrap();
        let (header, mut rest) = bytes.split_at(24);
        assert_eq!(header[..4], [0xd4, 0xc3, 0xb2, 0xa1], "{}", path.display());
        let mut records = Vec::new();
        while rest.len() >= 16 {
            let length = u32::from_le_bytes(rest[8..12].try_into().unwrap()) as usize;
            let (record, after) = rest.split_at(16 + length);
            records.push(record.to_vec());
            rest = after;
        }
        Self { header: header.to_vec(), records }
    }

    fn write(&self, path: PathBuf, from: usize, to: usize) -> PathBuf {
        fs::write(&path, [&self.header[..], &self.records[from..to].concat()].concat()).unwrap();
        path
    }

    /// Every packet later by so many microseconds.
    fn later(&self, micros: u64) -> Self {
        self.timed(|_, time| time + micros)
    }

    /// Every packet at the time that `to` makes of its place and its time, in microseconds.
    fn timed(&self, to: impl Fn(u64, u64) -> u64) -> Self {
        let mut records = self.records.clone();
        for (place, record) in (0..).zip(&mut records) {
            let word = |at: usize| u64::from(u32::from_le_bytes(record[at..at + 4].try_into().unwrap()));
            let time = to(place, word(0) * 1_000_000 + word(4));
            record[..4].copy_from_slice(&u32::try_from(time / 1_000_000).unwrap().to_le_bytes());
            record[4..8].copy_from_slice(&u32::try_from(time % 1_000_000).unwrap().to_le_bytes());
        }
        Self { header: self.header.clone(), records }
    }
}

/// What has to be the same: frames counted through all files, which had so many packets before each; of evidence where it
/// begins. Inputs themselves are left out.
fn through(mut report: Value, before: &[u64]) -> Value {
    let number =
        |input: &Value, frame: &Value| before[input.as_u64().unwrap() as usize] + frame.as_u64().unwrap();
    report.as_object_mut().unwrap().remove("inputs");
    for exchange in report["exchanges"].as_array_mut().into_iter().flatten() {
        let first = number(&exchange["input"], &exchange["frames"][0]);
        let last = match exchange.get("until") {
            Some(until) => number(&until["input"], &until["frame"]),
            None => number(&exchange["input"], &exchange["frames"][1]),
        };
        exchange.as_object_mut().unwrap().remove("until");
        exchange["frames"] = serde_json::json!([first, last]);
        exchange["input"] = Value::from(0);
    }
    for connection in report["connections"].as_array_mut().into_iter().flatten() {
        connection["input"] = Value::from(0);
    }
    for finding in report["findings"].as_array_mut().into_iter().flatten() {
        for place in finding["evidence"].as_array_mut().unwrap() {
            if place["input"].is_null() {
                continue;
            }
            // Of some findings they are the ends of the exchange, the second the last that the file is known to hold.
            let frames = place["frames"].as_array().unwrap();
            let frames: Vec<u64> =
                frames.iter().take(1).map(|frame| number(&place["input"], frame)).collect();
            place["frames"] = Value::from(frames);
            place["input"] = Value::from(0);
        }
    }
    Value::from(renumbered(&report.to_string(), before))
}

/// `frame 3 of input 1` in texts, counted through all files.
fn renumbered(text: &str, before: &[u64]) -> String {
    let mut parts = text.split("frame ");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str("frame ");
        let named = part.split_once(" of input ").and_then(|(frame, rest)| {
            let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
            let (input, rest) = rest.split_at(end);
            Some((frame.parse::<u64>().ok()?, input.parse::<usize>().ok()?, rest))
        });
        match named {
            Some((frame, input, rest)) => {
                out.push_str(&format!("{} of input 0{rest}", frame + before[input]))
            }
            None => out.push_str(part),
        }
    }
    out
}

fn difference(one: &Value, other: &Value) -> String {
    let (one, other) = (one.to_string(), other.to_string());
    let at = one.bytes().zip(other.bytes()).take_while(|(one, other)| one == other).count();
    let around = |text: &str| {
        text.get(at.saturating_sub(300)..).unwrap_or_default().chars().take(600).collect::<String>()
    };
    format!("{}\nagainst\n{}", around(&one), around(&other))
}

/// Splits a recording in front of these packets, and compares with the whole.
fn compare(
    folder: &Folder,
    recording: &Recording,
    whole: &[Value; 2],
    keys: Option<&[u8]>,
    cuts: &[usize],
    what: &str,
) {
    let mut ends = cuts.to_vec();
    ends.push(recording.records.len());
    let mut from = 0;
    let mut paths: Vec<PathBuf> = Vec::new();
    for (number, to) in ends.iter().enumerate() {
        paths.push(recording.write(folder.0.join(format!("ring_{number:05}.pcap")), from, *to));
        from = *to;
    }
    // Whatever the order on the command line is.
    paths.reverse();
    let parts = reports(&paths, keys, 1);
    let cuts: Vec<u64> = cuts.iter().map(|cut| *cut as u64).collect();
    let before: Vec<u64> = std::iter::once(0).chain(cuts.iter().copied()).collect();
    for (whole, parts) in whole.iter().zip(parts) {
        assert_eq!(parts["inputs"].as_array().unwrap().len(), ends.len(), "{what} at {cuts:?}");
        let (whole, parts) = (through(whole.clone(), &[0]), through(parts, &before));
        assert!(whole == parts, "{what} at {cuts:?}: {}", difference(&whole, &parts));
    }
}

#[test]
fn every_recorded_case_in_two_files_gives_what_it_gives_in_one() {
    let folder = Folder::new("two");
    let mut folders: Vec<PathBuf> =
        fs::read_dir(captures()).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let mut compared = 0;
    for (number, case) in folders.iter().enumerate() {
        let keys = fs::read(case.join("keys.log")).ok();
        for file in ["traffic.pcap", "traffic-tls.pcap"] {
            let path = case.join(file);
            if !path.exists() {
                continue;
            }
            let recording = Recording::read(&path);
            let whole = reports(std::slice::from_ref(&path), keys.as_deref(), 1);
            // All of them take minutes: every fourth place, and all of one case.
            let (from, step) = if case.ends_with("healthy") { (0, 1) } else { (number % 4, 4) };
            for cut in (1..recording.records.len()).skip(from).step_by(step) {
                compare(&folder, &recording, &whole, keys.as_deref(), &[cut], &path.display().to_string());
                compared += 1;
            }
        }
    }
    assert!(compared > 500, "only {compared}");
}

#[test]
fn a_ring_of_one_packet_a_file_gives_what_one_file_gives() {
    let folder = Folder::new("each");
    for file in ["traffic.pcap", "traffic-tls.pcap"] {
        let path = captures().join("healthy").join(file);
        let keys = fs::read(captures().join("healthy/keys.log")).ok();
        // No two at the same time: that would leave no clock to tell which of two files was first.
        let recording = Recording::read(&path).timed(|place, time| time + place);
        let path = recording.write(folder.0.join(file), 0, recording.records.len());
        let whole = reports(&[path], keys.as_deref(), 1);
        let cuts: Vec<usize> = (1..recording.records.len()).collect();
        compare(&folder, &recording, &whole, keys.as_deref(), &cuts, file);
    }
}

fn exchanges(report: &Value) -> usize {
    report["exchanges"].as_array().unwrap().len()
}

/// States of connections, and which inputs go on with another.
fn joined(report: &Value) -> (Vec<String>, Vec<bool>) {
    let states = report["connections"].as_array().unwrap().iter();
    let inputs = report["inputs"].as_array().unwrap().iter();
    let states = states.map(|connection| connection["state"].as_str().unwrap().to_owned());
    (states.collect(), inputs.map(|input| !input["follows"].is_null()).collect())
}

#[test]
fn both_ends_of_one_time_and_other_days_are_kept_apart() {
    let folder = Folder::new("apart");
    let recording = Recording::read(&captures().join("healthy/traffic.pcap"));
    let all = recording.records.len();
    let write = |name: &str, recording: &Recording, from, to| recording.write(folder.0.join(name), from, to);
    let one = write("client_1.pcap", &recording, 0, all);
    let [alone, _] = reports(std::slice::from_ref(&one), None, 1);
    let (connections, _) = joined(&alone);
    for (name, later) in [("server", 300), ("client_2", 2 * 86_400_000_000)] {
        let other = write(&format!("{name}.pcap"), &recording.later(later), 0, all);
        for paths in [[one.clone(), other.clone()], [other, one.clone()]] {
            let [both, _] = reports(&paths, None, 1);
            assert_eq!(exchanges(&both), 2 * exchanges(&alone), "{name}");
            assert_eq!(joined(&both), ([&connections[..], &connections].concat(), vec![false; 2]), "{name}");
            assert_eq!(both["inputs"][0]["path"], paths[0].to_str().unwrap(), "{name}");
        }
    }
    // Where ports are used again a moment later, a SYN begins another connection, as within one file.
    let again = write("client_3.pcap", &recording.later(60_000_000), 0, all);
    let [both, _] = reports(&[one, again], None, 1);
    assert_eq!(exchanges(&both), 2 * exchanges(&alone));
    assert_eq!(joined(&both), ([&connections[..], &connections].concat(), vec![false, true]));
}

#[test]
fn copies_and_files_without_a_clock_stand_alone() {
    let folder = Folder::new("clock");
    let recording = Recording::read(&captures().join("healthy/traffic.pcap"));
    let all = recording.records.len();
    for time in [0, 1_700_000_000_000_005] {
        let recording = recording.timed(|_, _| time);
        // From the first packet on, and from one inside the connection.
        for from in [0, 3] {
            let paths = [1, 2].map(|name| recording.write(folder.0.join(format!("{name}.pcap")), from, all));
            let [alone, _] = reports(&paths[..1], None, 1);
            for paths in [[0, 1], [0, 0]].map(|pair| pair.map(|at: usize| paths[at].clone())) {
                let [both, _] = reports(&paths, None, 1);
                assert_eq!(joined(&both).1, [false; 2]);
                assert_eq!(exchanges(&both), 2 * exchanges(&alone));
            }
        }
    }
}

#[test]
fn files_whose_names_say_nothing_of_each_other_are_not_joined() {
    let folder = Folder::new("unlike");
    let path = captures().join("healthy/traffic.pcap");
    let recording = Recording::read(&path);
    let (all, half) = (recording.records.len(), recording.records.len() / 2);
    let first = recording.write(folder.0.join("morning.pcap"), 0, half);
    let second = recording.write(folder.0.join("noon.pcap"), half, all);
    let names = |report: &Value| -> Vec<Value> {
        report["inputs"].as_array().unwrap().iter().map(|input| input["path"].clone()).collect()
    };
    for paths in [[&first, &second], [&second, &first]] {
        let paths = paths.map(PathBuf::clone);
        let [report, _] = reports(&paths, None, 1);
        assert_eq!(names(&report), paths.each_ref().map(|path| path.to_str().unwrap()));
        assert_eq!(joined(&report).1, [false; 2]);
    }
}

#[test]
fn rings_of_both_ends_go_on_each_with_its_own() {
    let folder = Folder::new("ends");
    let path = captures().join("healthy/traffic.pcap");
    let recording = Recording::read(&path);
    let all = recording.records.len();
    let [whole, _] = reports(&[path], None, 1);
    // The other end began later, ended its first file earlier, and its second would go on with either.
    let other = recording.later(200);
    for (mine, theirs) in [(all / 2, all / 2 - 3), (all / 2, all / 2), (all / 3, all / 2)] {
        let paths = [
            other.write(folder.0.join("ex02_00002.pcap"), theirs, all),
            recording.write(folder.0.join("ex01_00001.pcap"), 0, mine),
            recording.write(folder.0.join("ex01_00002.pcap"), mine, all),
            other.write(folder.0.join("ex02_00001.pcap"), 0, theirs),
        ];
        let [both, _] = reports(&paths, None, 1);
        let names: Vec<_> =
            both["inputs"].as_array().unwrap().iter().map(|input| input["path"].clone()).collect();
        let expected = [3, 0, 1, 2].map(|at: usize| paths[at].to_str().unwrap());
        assert_eq!(names, expected, "{mine} {theirs}");
        assert_eq!(joined(&both).1, [false, true, false, true], "{mine} {theirs}");
        assert_eq!(exchanges(&both), 2 * exchanges(&whole), "{mine} {theirs}");
        assert!(joined(&both).0.iter().all(|state| state == "complete"), "{mine} {theirs}");
    }
}

/// A pcapng file of nothing but a key log.
fn of_secrets(log: &[u8]) -> Vec<u8> {
    let word = |number: usize| u32::try_from(number).unwrap().to_le_bytes();
    let padding = log.len().next_multiple_of(4) - log.len();
    let length = word(log.len() + padding + 20);
    let section =
        [&b"\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a\x01\0\0\0"[..], &[0xff; 8], b"\x1c\0\0\0"].concat();
    [&section[..], b"\x0a\0\0\0", &length, b"KSLT", &word(log.len()), log, &vec![0; padding], &length]
        .concat()
}

/// The same packets in pcapng.
fn pcapng(recording: &Recording, from: usize, to: usize, log: &[u8]) -> Vec<u8> {
    let mut bytes = of_secrets(log);
    bytes.extend([&b"\x01\0\0\0\x14\0\0\0"[..], &recording.header[20..22], &[0; 6], b"\x14\0\0\0"].concat());
    for record in &recording.records[from..to] {
        let word = |at: usize| u32::from_le_bytes(record[at..at + 4].try_into().unwrap());
        let micros = u64::from(word(0)) * 1_000_000 + u64::from(word(4));
        let packet = &record[16..];
        let padding = packet.len().next_multiple_of(4) - packet.len();
        let length = u32::try_from(packet.len() + padding + 32).unwrap().to_le_bytes();
        let time = [((micros >> 32) as u32).to_le_bytes(), (micros as u32).to_le_bytes()].concat();
        bytes.extend([&b"\x06\0\0\0"[..], &length, &[0; 4], &time, &record[8..16], packet].concat());
        bytes.extend([&vec![0; padding][..], &length].concat());
    }
    bytes
}

#[test]
fn secrets_in_any_file_of_a_ring_serve_all_of_it() {
    let folder = Folder::new("secrets");
    let path = captures().join("healthy/traffic-tls.pcap");
    let recording = Recording::read(&path);
    let keys = fs::read(captures().join("healthy/keys.log")).unwrap();
    let whole = reports(&[path], Some(&keys), 1);
    let all = recording.records.len();
    let cuts = [all / 3, 2 * all / 3];
    for holder in 0..3 {
        let mut paths = Vec::new();
        for (number, (from, to)) in [(0, cuts[0]), (cuts[0], cuts[1]), (cuts[1], all)].into_iter().enumerate()
        {
            let log = if number == holder { &keys[..] } else { b"" };
            let path = folder.0.join(format!("ring_{number}.pcapng"));
            fs::write(&path, pcapng(&recording, from, to, log)).unwrap();
            paths.push(path);
        }
        let parts = reports(&paths, None, 1);
        let cuts = cuts.map(|cut| cut as u64);
        for (whole, parts) in whole.iter().zip(parts) {
            let (whole, parts) = (through(whole.clone(), &[0]), through(parts, &[0, cuts[0], cuts[1]]));
            assert!(whole == parts, "{holder}: {}", difference(&whole, &parts));
        }
    }
}

#[test]
fn a_large_ring_gives_the_same_bytes_on_any_number_of_threads() {
    let folder = Folder::new("threads");
    let recording = Recording::read(&captures().join("healthy/traffic.pcap"));
    let mut all = Recording { header: recording.header, records: Vec::new() };
    for copy in 0..900_u16 {
        for record in &recording.records {
            let mut record = record.clone();
            // Ethernet and IPv4: the second and third byte of both addresses tell the copies apart.
            for byte in [16 + 27, 16 + 31] {
                record[byte..byte + 2].copy_from_slice(&copy.to_be_bytes());
            }
            all.records.push(record);
        }
    }
    // In the order of time, so that every connection is open in every file.
    all.records.sort_by_key(|record| {
        let word = |at: usize| u32::from_le_bytes(record[at..at + 4].try_into().unwrap());
        (word(0), word(4))
    });
    let count = all.records.len();
    let whole = all.write(folder.0.join("whole.pcap"), 0, count);
    assert!(fs::metadata(&whole).unwrap().len() > 9 << 20);
    let cuts = [count / 3, count / 3 * 2];
    let mut paths = Vec::new();
    for (number, (from, to)) in [(0, cuts[0]), (cuts[0], cuts[1]), (cuts[1], count)].into_iter().enumerate() {
        paths.push(all.write(folder.0.join(format!("ring{number}.pcap")), from, to));
    }
    let [one, several] = [1, 5].map(|threads| reports(&paths, None, threads));
    assert!(one == several, "{}", difference(&one[0], &several[0]));
    let whole = reports(&[whole], None, 1);
    let cuts = cuts.map(|cut| cut as u64);
    for (whole, parts) in whole.iter().zip(one) {
        let (whole, parts) = (through(whole.clone(), &[0]), through(parts, &[0, cuts[0], cuts[1]]));
        assert!(whole == parts, "{}", difference(&whole, &parts));
    }
}
