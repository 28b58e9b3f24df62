//! Builds hostile files and runs the program on them, watching its memory and its time.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

pub const FIN: u8 = 1;
pub const SYN: u8 = 2;
pub const ACK: u8 = 16;

/// Sizes are multiplied by `OAUTHTRACE_HOSTILE`, for trials by hand that are larger than a test may be.
pub fn times(count: usize) -> usize {
    count * std::env::var("OAUTHTRACE_HOSTILE").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

/// A pcap file of raw IP packets.
pub struct Pcap(pub Vec<u8>);

impl Pcap {
    pub fn new() -> Self {
        let mut bytes = Vec::new();
        for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 262_144, 101] {
            bytes.extend(word.to_le_bytes());
        }
        Self(bytes)
    }

    pub fn packet(&mut self, packet: &[u8]) {
        let length = packet.len() as u32;
        for word in [1_700_000_000_u32, 0, length, length] {
            self.0.extend(word.to_le_bytes());
        }
        self.0.extend(packet);
    }

    /// One IPv4 packet. `fragment` is the field of flags and offset.
    pub fn ip(&mut self, ends: [[u8; 4]; 2], identity: u16, fragment: u16, protocol: u8, payload: &[u8]) {
        let mut packet = vec![0x45, 0];
        packet.extend((20 + payload.len() as u16).to_be_bytes());
        packet.extend(identity.to_be_bytes());
        packet.extend(fragment.to_be_bytes());
        packet.extend([64, protocol, 0, 0]);
        packet.extend(ends.concat());
        packet.extend(payload);
        self.packet(&packet);
    }

    pub fn tcp(&mut self, ends: [[u8; 4]; 2], ports: [u16; 2], numbers: [u32; 2], flags: u8, payload: &[u8]) {
        let mut segment = Vec::with_capacity(20 + payload.len());
        segment.extend(ports[0].to_be_bytes());
        segment.extend(ports[1].to_be_bytes());
        segment.extend(numbers[0].to_be_bytes());
        segment.extend(numbers[1].to_be_bytes());
        segment.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
        segment.extend(payload);
        self.ip(ends, 0, 0x4000, 6, &segment);
    }
}

/// One TCP connection.
pub struct Talk {
    ends: [[u8; 4]; 2],
    ports: [u16; 2],
    pub next: [u32; 2],
}

impl Talk {
    /// Opens it with a handshake.
    pub fn open(pcap: &mut Pcap, number: u32, port: u16) -> Self {
        let [_, a, b, c] = number.to_be_bytes();
        let mut talk =
            Self { ends: [[10, a, b, c], [192, 0, 2, 1]], ports: [40_000, port], next: [1000, 5000] };
        talk.send(pcap, 0, SYN, &[]);
        talk.next[0] += 1;
        talk.send(pcap, 1, SYN | ACK, &[]);
        talk.next[1] += 1;
        talk.send(pcap, 0, ACK, &[]);
        talk
    }

    fn send(&self, pcap: &mut Pcap, side: usize, flags: u8, payload: &[u8]) {
        let (ends, ports) =
            ([self.ends[side], self.ends[1 - side]], [self.ports[side], self.ports[1 - side]]);
        pcap.tcp(ends, ports, [self.next[side], self.next[1 - side]], flags, payload);
    }

    /// Sends bytes in segments that the other side acknowledges.
    pub fn say(&mut self, pcap: &mut Pcap, side: usize, bytes: &[u8]) {
        for piece in bytes.chunks(60_000) {
            self.send(pcap, side, ACK, piece);
            self.next[side] = self.next[side].wrapping_add(piece.len() as u32);
            self.send(pcap, 1 - side, ACK, &[]);
        }
    }

    pub fn close(&mut self, pcap: &mut Pcap) {
        self.send(pcap, 0, FIN | ACK, &[]);
        self.next[0] = self.next[0].wrapping_add(1);
        self.send(pcap, 1, FIN | ACK, &[]);
    }
}

/// A capture of one connection on which `sent` is asked and `received` answered.
pub fn dialogue(port: u16, sent: &[u8], received: &[u8]) -> Vec<u8> {
    let mut pcap = Pcap::new();
    let mut talk = Talk::open(&mut pcap, 1, port);
    talk.say(&mut pcap, 0, sent);
    talk.say(&mut pcap, 1, received);
    talk.close(&mut pcap);
    pcap.0
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// What became of a run.
pub struct Run {
    pub status: Option<i32>,
    /// Both outputs.
    pub said: String,
    /// Largest resident memory, in MiB.
    pub peak: u64,
    pub time: Duration,
    name: String,
}

/// Runs `verify` on a file of these bytes.
pub fn verify(name: &str, bytes: &[u8]) -> Run {
    verify_all(name, &[bytes])
}

/// Runs `verify` on several files.
pub fn verify_all(name: &str, files: &[&[u8]]) -> Run {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let path = |bytes: &&[u8]| {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("oauthtrace-bounds-{}-{number}", std::process::id()));
        fs::write(&path, bytes).unwrap();
        path
    };
    let paths: Vec<PathBuf> = files.iter().map(path).collect();
    let run = watch(name, &paths);
    for path in paths {
        fs::remove_file(path).unwrap();
    }
    run
}

fn watch(name: &str, paths: &[PathBuf]) -> Run {
    let path = &paths[0];
    let (output, errors) = (path.with_extension("out"), path.with_extension("err"));
    let start = Instant::now();
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("oauthtrace"))
        .args(["verify", "-o", "json", "--tenant", "5e3a1c52-7d0b-4f1e-9c55-2b1f0a6d9e11"])
        .args(paths)
        .stdin(Stdio::null())
        .stdout(fs::File::create(&output).unwrap())
        .stderr(fs::File::create(&errors).unwrap())
        .spawn()
        .unwrap();
    let mut peak = 0;
    let status = loop {
        // The high-water mark only grows; what the last two milliseconds add is not seen.
        peak = high_water(child.id()).unwrap_or(0).max(peak);
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if start.elapsed() > Duration::from_secs(300) {
            child.kill().unwrap();
            panic!("{name}: did not end in five minutes");
        }
        sleep(Duration::from_millis(2));
    };
    let time = start.elapsed();
    let said = [&output, &errors].map(|path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned());
    for path in [output, errors] {
        fs::remove_file(path).unwrap();
    }
    let size = fs::metadata(path).unwrap().len();
    eprintln!("{name}: {size} bytes, {peak} MiB, {:.2} s, status {:?}", time.as_secs_f32(), status.code());
    Run { status: status.code(), said: said.concat(), peak, time, name: name.to_owned() }
}

/// Peak resident memory of a process in MiB; 0 where the system does not tell.
fn high_water(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()? / 1024)
}

impl Run {
    /// It ended by itself, within the bounds, with a verdict.
    #[track_caller]
    pub fn within(self, mebibytes: u64, seconds: u64) -> Self {
        assert!(matches!(self.status, Some(0 | 1 | 3 | 4)), "{}: {:?} {}", self.name, self.status, self.said);
        assert!(self.peak <= mebibytes, "{}: {} MiB", self.name, self.peak);
        assert!(self.time <= Duration::from_secs(seconds), "{}: {:?}", self.name, self.time);
        self
    }

    /// The report tells of the bound.
    #[track_caller]
    pub fn names(self, limit: &str) -> Self {
        let tail = |from: &str| {
            let at = self.said.find(from).unwrap_or_default();
            self.said.get(at..).unwrap_or_default().chars().take(1500).collect::<String>()
        };
        let said = tail("\"id\": \"coverage\"") + &tail("\n}\n");
        assert!(self.said.contains(limit), "{}: nothing of {limit:?} in {said}", self.name);
        self
    }
}
