//! The spine: from inputs to a sink full of exchanges. The only module that knows all decoders.
//!
//! ```text
//! source -> file -> uncompressed -> capture: packets -> segments -> streams -> (TLS) -> HTTP -> exchanges
//!                                   export:                                                   -> exchanges
//! ```

mod engine;
mod export;
mod intake;
/// Packets as they are recorded.
#[cfg(feature = "live")]
pub mod live;
mod lookahead;
mod ring;
mod sources;
mod workers;

use std::io::{ErrorKind, Read};
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::engine::Shared;
use self::intake::{Intake, Part};
use self::ring::{Queue, Turn};
use self::sources::{Found, Meter};
use crate::base::{Secret, plain};
use crate::sink::Sink;
use crate::wire::capture::decompress::{self, Opened};
use crate::wire::capture::sniff::Sniffed;
use crate::wire::capture::{CaptureError, Item, Reader};
use crate::wire::tls::secrets::Secrets;

/// One input as the command line names it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Source {
    /// A file or a directory.
    Path(PathBuf),
    /// `-`
    Stdin,
}

/// Settings of decoding.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Key log files, as bytes with their names.
    pub keylogs: Vec<(String, Secret)>,
    /// Server keys for RSA key exchange, as bytes with their names.
    pub tls_keys: Vec<(String, Secret)>,
    /// Tried on SAZ and PKCS#12.
    pub passwords: Vec<Secret>,
    /// Hash application data and inputs.
    pub hashes: bool,
    /// Worker threads; 0 for as many as there are processors.
    pub threads: usize,
    /// Told how many bytes of the inputs were read so far.
    pub progress: Option<Arc<AtomicU64>>,
}

impl Settings {
    /// Threads to work on, at least one.
    fn workers(&self) -> usize {
        match self.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        }
    }
}

/// What an input was found to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// libpcap.
    Pcap,
    /// pcapng.
    Pcapng,
    /// Network Monitor 2.
    Netmon,
    /// Event Trace Log.
    Etl,
    /// HTTP Archive.
    Har,
    /// Fiddler.
    Saz,
    /// mitmproxy flows.
    Mitmproxy,
    /// Burp XML.
    Burp,
    /// Tokens in text.
    Text,
    /// IIS W3C and Exchange logs, `Test-OAuthConnectivity` output.
    Log,
    /// A live service that `probe` asked.
    Service,
    /// What cmdlets print, for `provision check`.
    State,
    /// A PowerShell script, for `provision check`.
    Script,
}

impl Kind {
    /// The word in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pcap => "pcap",
            Self::Pcapng => "pcapng",
            Self::Netmon => "netmon",
            Self::Etl => "etl",
            Self::Har => "har",
            Self::Saz => "saz",
            Self::Mitmproxy => "mitmproxy",
            Self::Burp => "burp",
            Self::Text => "text",
            Self::Log => "log",
            Self::State => "state",
            Self::Script => "script",
            Self::Service => "service",
        }
    }
}

/// What was learned of one input file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Input {
    /// Its place among the inputs that were read: `Exchange::key.input`.
    pub number: u32,
    /// As named, or found in a directory.
    pub path: String,
    /// Found from the content.
    pub kind: Kind,
    /// `gzip` or `zstd` around it.
    pub compression: Option<&'static str>,
    /// Size of the file.
    pub bytes: u64,
    /// The input that it goes on with: files of one recording, whose connections go from one into the next.
    pub follows: Option<u32>,
    /// SHA-256 of the file, with `--hashes`.
    pub sha256: Option<[u8; 32]>,
    /// Exchanges found in it.
    pub exchanges: u64,
    /// Lines of a log, results of a test, objects of a state or commands of a script that could be read.
    pub records: u64,
    /// Packets read; 0 for exports.
    pub packets: u64,
    /// Packets that the recorder says it lost.
    pub dropped: u64,
    /// Packets that could not be read, by kind, and how many: nobody knows what was in them.
    pub unread: Vec<(String, u64)>,
    /// Whether it was cut, and used up to the cut.
    pub truncated: bool,
    /// Lines for people: odd entries, skipped packets by kind, bounds reached.
    pub notices: Vec<String>,
}

/// An input that cannot be read: status 3.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {message}")]
pub struct InputError {
    /// As named.
    pub path: String,
    /// What was expected, where, what to do.
    pub message: String,
}

/// What became of all inputs.
#[derive(Debug, Default)]
pub struct Inputs {
    /// Those that could be read, in order; `Exchange::key.input` indexes this list.
    pub read: Vec<Input>,
    /// Those that could not.
    pub failed: Vec<InputError>,
    /// Notices about directories (files of unknown kind).
    pub notices: Vec<String>,
    /// Files in directories that hold no traffic.
    skipped: Vec<String>,
}

/// What all files are decoded with.
#[derive(Clone, Copy)]
struct Run<'f> {
    settings: &'f Settings,
    secrets: &'f Arc<Secrets>,
    queue: &'f Mutex<Queue>,
}

impl<'f> Run<'f> {
    /// The files that wait.
    fn queue(self) -> MutexGuard<'f, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What came of a file, and of those that are one recording with it: none when it is of a kind that nothing here reads.
#[derive(Default)]
struct Decoded {
    inputs: Vec<Input>,
    failed: Vec<InputError>,
}

/// Decodes all sources into `sink`.
pub fn run<S: Sink>(sources: &[Source], settings: &Settings, sink: &mut S) -> Inputs {
    let mut inputs = Inputs::default();
    let secrets = Arc::new(Secrets::default());
    take_keys(settings, &secrets, &mut inputs);
    let queue = Mutex::new(Queue::of(sources::expand(sources, &mut inputs)));
    let run = Run { settings, secrets: &secrets, queue: &queue };
    loop {
        let next = run.queue().next();
        let Some(turn) = next else { break };
        let found = turn.found.clone();
        match decode(turn, inputs.read.len(), run, sink) {
            Ok(decoded) if decoded.inputs.is_empty() => inputs.skipped(&found),
            Ok(decoded) => {
                inputs.read.extend(decoded.inputs);
                inputs.failed.extend(decoded.failed);
            }
            // In a directory, too: what it held is not known to be harmless.
            Err(message) => inputs.failed.push(InputError { path: found.name, message }),
        }
    }
    inputs.settle();
    inputs
}

/// Reads the key logs and server keys of the settings.
fn take_keys(settings: &Settings, secrets: &Secrets, inputs: &mut Inputs) {
    for (name, text) in &settings.keylogs {
        let (understood, unknown) = secrets.add_keylog(name, text.expose());
        if understood == 0 && unknown > 0 {
            inputs.failed.push(InputError {
                path: name.clone(),
                message:
                    "holds not one line of a key log: expected \"<label> <client random> <secret>\" in hex, \
                     as browsers write it where SSLKEYLOGFILE points (RFC 9850)"
                        .to_owned(),
            });
        } else if unknown > 0 {
            let lines = match unknown {
                1 => "1 line is none".to_owned(),
                more => format!("{more} lines are none"),
            };
            inputs.notices.push(format!("{name}: {lines} of a key log (RFC 9850)"));
        }
    }
    for (name, file) in &settings.tls_keys {
        if let Err(message) = secrets.add_server_key(name, file.expose(), &settings.passwords) {
            inputs.failed.push(InputError { path: name.clone(), message });
        }
    }
}

/// Decodes one file, and those that go on with it.
fn decode<S: Sink>(turn: Turn, number: usize, run: Run<'_>, sink: &mut S) -> Result<Decoded, String> {
    let meter = Meter::new(run.settings);
    let file = turn.found.open().map_err(|error| plain(&error))?;
    let opened =
        decompress::open(meter.around(file, turn.found.size())).map_err(|error| error.to_string())?;
    decode_opened(opened, meter, turn, number, run, sink)
}

fn decode_opened<S: Sink>(
    mut opened: Opened,
    meter: Meter,
    turn: Turn,
    number: usize,
    run: Run<'_>,
    sink: &mut S,
) -> Result<Decoded, String> {
    let found = &turn.found;
    if opened.kind == Sniffed::Unknown && found.named {
        let mut head = Vec::new();
        let _ = opened.read.by_ref().take(64).read_to_end(&mut head);
        if let Some(told) = crate::import::text::foreign::binary(&head) {
            return Err(told.to_owned());
        }
    }
    let Some(kind) = kind_of(opened.kind, found)? else { return Ok(Decoded::default()) };
    let mut input = Input::new(found, number, kind, &opened);
    if opened.kind.is_capture() {
        return capture(opened.read, turn, Part { input, meter }, run, sink);
    }
    if !export::read(opened, found, run.settings, &mut input, sink)? {
        return Ok(Decoded::default());
    }
    (input.bytes, input.sha256) = meter.finish();
    Ok(Decoded { inputs: vec![input], failed: Vec::new() })
}

/// What to read a file as; `None` to skip it.
fn kind_of(sniffed: Sniffed, found: &Found) -> Result<Option<Kind>, String> {
    Ok(Some(match sniffed {
        Sniffed::Pcap => Kind::Pcap,
        Sniffed::Pcapng => Kind::Pcapng,
        Sniffed::Netmon => Kind::Netmon,
        Sniffed::Etl => Kind::Etl,
        Sniffed::Har => Kind::Har,
        Sniffed::Zip => Kind::Saz,
        Sniffed::Mitmproxy => Kind::Mitmproxy,
        Sniffed::Burp => Kind::Burp,
        Sniffed::Log => Kind::Log,
        Sniffed::Text | Sniffed::Json | Sniffed::Xml => Kind::Text,
        Sniffed::Empty if found.named => return Err("is empty".to_owned()),
        _ if found.named => {
            return Err("is of no known kind: expected a capture (pcap, pcapng, NetMon, ETL), \
                 an export (HAR, SAZ, mitmproxy, Burp) or text"
                .to_owned());
        }
        _ => return Ok(None),
    }))
}

/// Decodes a capture: packets to segments in the intake, segments to exchanges in the engine.
fn capture<S: Sink>(
    read: Box<dyn Read + Send>,
    turn: Turn,
    part: Part,
    run: Run<'_>,
    sink: &mut S,
) -> Result<Decoded, String> {
    let reader = Reader::open(read).map_err(|error| error.to_string())?;
    let Run { settings, secrets, .. } = run;
    let shared = Shared { secrets: Arc::clone(secrets), hashes: settings.hashes, input: part.input.number };
    let intake = Intake::new(reader, run, turn, part);
    let (intake, done) = engine::run(Box::new(intake), settings, &shared, sink);
    let Some(intake) = intake else { return Err("was not read to its end".to_owned()) };
    let (mut decoded, connections) = intake.finish();
    for (input, exchanges) in decoded.inputs.iter_mut().zip(done.exchanges) {
        input.exchanges = exchanges;
    }
    if let Some(first) = decoded.inputs.first_mut() {
        first.notices.splice(0..0, done.notices);
    }
    connections.into_iter().for_each(|connection| sink.connection(connection));
    Ok(decoded)
}

/// Type of a Decryption Secrets Block that holds a TLS key log.
const KEY_LOG: u32 = 0x544c_534b;

/// Takes the keys of a secrets block, or of a comment: some tools keep them there.
fn take_secrets(name: &str, item: &Item<'_>, secrets: &Secrets) {
    let labels: [&[u8]; 3] = [b"CLIENT_RANDOM ", b"_TRAFFIC_SECRET", b"RSA "];
    match item {
        Item::Secrets { kind: KEY_LOG, bytes } => {
            secrets.add_keylog(name, bytes);
        }
        Item::Comment(text) if labels.iter().any(|label| memchr::memmem::find(text, label).is_some()) => {
            secrets.add_keylog(name, text);
        }
        _ => {}
    }
}

impl Input {
    /// An input of which nothing was read yet.
    pub fn named(number: u32, path: String, kind: Kind) -> Self {
        Self {
            number,
            path,
            kind,
            compression: None,
            bytes: 0,
            follows: None,
            sha256: None,
            exchanges: 0,
            records: 0,
            packets: 0,
            dropped: 0,
            unread: Vec::new(),
            truncated: false,
            notices: Vec::new(),
        }
    }

    fn new(found: &Found, number: usize, kind: Kind, opened: &Opened) -> Self {
        Self {
            compression: opened.compression.map(decompress::Compression::name),
            ..Self::named(u32::try_from(number).unwrap_or(u32::MAX), found.name.clone(), kind)
        }
    }

    /// The file ended early: what came before is used.
    fn cut(&mut self, error: &CaptureError) {
        self.truncated = true;
        self.notices.push(match error {
            CaptureError::Io(error) if error.kind() == ErrorKind::UnexpectedEof => {
                format!("is cut after {} packets, and was used up to there", self.packets)
            }
            error => format!("{error}; it was used up to there"),
        });
    }
}

/// For fuzzing: any bytes as an input of any kind.
#[doc(hidden)]
pub fn bytes<S: Sink>(data: &[u8], sink: &mut S) -> Option<Input> {
    let opened = decompress::open(Box::new(std::io::Cursor::new(data.to_vec()))).ok()?;
    let turn = Turn::alone(Found { name: "fuzz".to_owned(), path: None, named: true });
    let settings = Settings { threads: 1, ..Settings::default() };
    let (secrets, queue) = (Arc::default(), Mutex::default());
    let run = Run { settings: &settings, secrets: &secrets, queue: &queue };
    decode_opened(opened, Meter::new(&settings), turn, 0, run, sink).ok()?.inputs.pop()
}

/// For fuzzing: any bytes through every decoder.
#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    let _ = bytes(data, &mut crate::sink::Nowhere);
}
