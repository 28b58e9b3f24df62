//! Takes the two byte streams of a TLS connection and secrets, gives the two byte streams inside.
//!
//! SSL 3.0 to TLS 1.3, passively. RFC 6101, 2246, 4346, 5246, 8446, 9850. Keys may come before, with or
//! after the packets: records wait, within bounds, until the secrets of their connection are known. What
//! was lost becomes a gap of the inner stream; the next record that opens, wherever its number is found,
//! goes on from there.

mod der;
mod encrypted_key;
mod half;
mod handshake;
mod hello;
mod keylog;
mod mac;
mod messages;
mod modern;
mod modular;
mod negotiation;
mod opener;
mod record;
mod schedule;
/// The secrets of a run.
pub mod secrets;
mod server_key;
mod session;
mod suite_table;
/// The registry of cipher suites.
pub mod suites;
#[cfg(test)]
mod tests;
mod why;

use std::fmt;
use std::sync::Arc;

use self::half::{Half, Held, State, Waiting};
use self::negotiation::Negotiation;
use self::record::{Found, Header};
use self::suites::CipherSuite;
use crate::connection::TlsLedger;
use crate::exchange::TlsFacts;
use crate::limits;
use crate::wire::stream::{Chunk, Direction, End, FrameRef, StreamEvent};

/// A protocol version as the wire has it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct Version(pub u16);

impl Version {
    /// SSL 3.0
    pub const SSL30: Self = Self(0x0300);
    /// TLS 1.0
    pub const TLS10: Self = Self(0x0301);
    /// TLS 1.1
    pub const TLS11: Self = Self(0x0302);
    /// TLS 1.2
    pub const TLS12: Self = Self(0x0303);
    /// TLS 1.3
    pub const TLS13: Self = Self(0x0304);

    /// Drafts of TLS 1.3 (0x7f00 and the number of the draft) count as TLS 1.3.
    const fn parse(wire: u16) -> Self {
        if wire >> 8 == 0x7f { Self::TLS13 } else { Self(wire) }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::SSL30 => f.write_str("SSL 3.0"),
            Self::TLS10 => f.write_str("TLS 1.0"),
            Self::TLS11 => f.write_str("TLS 1.1"),
            Self::TLS12 => f.write_str("TLS 1.2"),
            Self::TLS13 => f.write_str("TLS 1.3"),
            Self(other) => write!(f, "TLS 0x{other:04x}"),
        }
    }
}

/// Where the events of the inner streams go.
type Out<'o> = &'o mut dyn FnMut(Direction, StreamEvent<'_>);

/// One TLS connection.
#[derive(Debug)]
pub struct Tls {
    secrets: Arc<secrets::Secrets>,
    halves: [Half; 2],
    /// Who sent the ClientHello; `None` before one was seen.
    client: Option<Direction>,
    /// Handshakes, in order.
    negotiations: Vec<Negotiation>,
    /// Suite of TLS 1.3, once it is known.
    suite13: Option<CipherSuite>,
    /// Client random of the key log line that opened a connection whose ClientHello was lost.
    guessed: Option<[u8; 32]>,
    /// Whether the server took early data.
    early: Option<bool>,
    /// Things that arrived so far.
    order: u64,
    /// Generation of the secrets when they were last looked at.
    generation: u64,
    /// Something was learned that may let the other direction go on.
    progress: bool,
    /// Nothing more will come.
    closing: bool,
    /// Openings that may still be tried in vain.
    tries: u64,
    reason: Option<why::Reason>,
    /// The first thing that the client said inside was lost.
    beginning_lost: bool,
    /// What was seen first in a direction is no record, but the rest of one.
    begins_inside: bool,
    ledger: TlsLedger,
}

/// What became of something that was to be processed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Step {
    Done,
    Wait,
}

impl Tls {
    /// A connection that will look for its keys in `secrets`.
    pub fn new(secrets: Arc<secrets::Secrets>) -> Self {
        Self {
            generation: secrets.generation(),
            secrets,
            halves: Default::default(),
            client: None,
            negotiations: Vec::new(),
            suite13: None,
            guessed: None,
            early: None,
            order: 0,
            progress: false,
            closing: false,
            tries: limits::TLS_RESYNC_TRIES,
            reason: None,
            beginning_lost: false,
            begins_inside: false,
            ledger: TlsLedger::default(),
        }
    }

    /// Whether `bytes`, the first of a direction, look like TLS records (or an SSL 2.0-framed hello);
    /// `None` when they are too few to tell.
    pub fn recognise(bytes: &[u8]) -> Option<bool> {
        match *bytes {
            [] | [20..=24] | [20..=24, 3] | [0x80..=0xff] | [0x80..=0xff, _] | [0x80..=0xff, _, 1] => None,
            [0x80..=0xff, _, 1, 3, ..] => Some(true),
            [20..=24, 3, 0..=4] | [20..=24, 3, 0..=4, _] => None,
            [kind, 3, 0..=4, _, _, ..] => Some(Header::parse(bytes).is_some_and(|header| {
                let first = bytes.get(record::HEADER);
                // A first handshake record begins with a hello; in the middle of a connection anything goes.
                header.length > 0
                    && (kind != record::kind::HANDSHAKE
                        || first.is_none_or(|&kind| kind <= 2)
                        || header.length >= 24)
            })),
            _ => Some(false),
        }
    }

    /// Takes the next event of one direction of the outer stream; calls `out` with the events of the
    /// inner streams. Inner `End` events come from `close_notify` or the outer end.
    pub fn push(
        &mut self,
        direction: Direction,
        event: StreamEvent<'_>,
        out: &mut dyn FnMut(Direction, StreamEvent<'_>),
    ) {
        match event {
            StreamEvent::Data(chunk) => self.data(direction, chunk, out),
            StreamEvent::Gap { at, .. } => {
                self.halves[direction.index()].deframer.lose();
                self.offer(direction, Held::Gap(at), out);
            }
            StreamEvent::End(end) => {
                let half = &mut self.halves[direction.index()];
                if half.deframer.begun()
                    && let Some(at) = half.last_frame
                {
                    self.offer(direction, Held::Gap(at), out);
                }
                self.offer(direction, Held::End(end), out);
            }
        }
        if self.generation != self.secrets.generation() {
            self.retry(out);
        }
    }

    /// Tries again what waited for keys; call it when the secrets have grown, and before `finish`.
    pub fn retry(&mut self, out: &mut dyn FnMut(Direction, StreamEvent<'_>)) {
        self.generation = self.secrets.generation();
        if self.halves.iter().any(|half| !half.waiting.is_empty()) {
            self.drain(out);
        }
    }

    /// Bytes held back while waiting for keys.
    pub fn waiting(&self) -> usize {
        self.halves.iter().map(|half| half.waiting_bytes).sum()
    }

    /// Gives up what still waits, and says in the ledger why.
    pub fn finish(&mut self, out: &mut dyn FnMut(Direction, StreamEvent<'_>)) {
        self.retry(out);
        self.closing = true;
        self.drain(out);
        for direction in Direction::BOTH {
            self.end(direction, End::Silence, out);
        }
        let reason = self.explain();
        self.ledger.hello_lost = reason.is_some() && self.hello_lost();
        self.ledger.undecrypted = reason;
    }

    /// What is known by now. Its `facts` are final once the handshake was seen.
    pub fn ledger(&self) -> TlsLedger {
        let mut ledger = self.ledger.clone();
        if !self.closing {
            ledger.undecrypted = self.explain();
        }
        ledger
    }

    /// What exchanges of this connection point at: cheaper than [`Self::ledger`].
    pub fn facts(&self) -> Arc<TlsFacts> {
        Arc::clone(&self.ledger.facts)
    }

    fn data(&mut self, direction: Direction, chunk: Chunk<'_>, out: Out<'_>) {
        let mut rest = chunk.bytes;
        self.halves[direction.index()].last_frame = chunk.frames.last().copied();
        loop {
            let half = &mut self.halves[direction.index()];
            let discard = matches!(half.state, State::Dead) && half.waiting.is_empty();
            match half.deframer.next(&mut rest, chunk.frames, discard) {
                None => return,
                Some(Found::Whole { header, body }) => {
                    self.record(direction, header, body, chunk.frames, out);
                }
                Some(Found::Assembled { header, bytes, frames }) => {
                    let body = bytes.get(record::HEADER..).unwrap_or_default();
                    self.record(direction, header, body, &frames, out);
                    self.halves[direction.index()].deframer.recycle(bytes);
                }
                Some(Found::Passed(header)) => self.passed(direction, header, chunk.frames),
                Some(Found::Ssl2Hello(message)) => self.ssl2_hello(direction, &message),
                Some(Found::Lost) => {
                    self.begins_inside |= !half.deframer.started();
                    if let Some(at) = chunk.frames.first() {
                        self.offer(direction, Held::Gap(*at), out);
                    }
                }
            }
        }
    }

    /// Processes a record, or keeps a copy of it until that is possible.
    fn record(
        &mut self,
        direction: Direction,
        header: Header,
        body: &[u8],
        frames: &[FrameRef],
        out: Out<'_>,
    ) {
        let free = self.halves[direction.index()].waiting.is_empty();
        if free && self.process_record(direction, header, body, frames, out) == Step::Done {
            if self.progress {
                self.drain(out);
            }
            return;
        }
        self.hold(direction, Held::Record { header, body: body.into(), frames: frames.into() });
    }

    /// The same for what is no record.
    fn offer(&mut self, direction: Direction, held: Held, out: Out<'_>) {
        let free = self.halves[direction.index()].waiting.is_empty();
        if free && self.process(direction, &held, out) == Step::Done {
            if self.progress {
                self.drain(out);
            }
            return;
        }
        self.hold(direction, held);
    }

    fn hold(&mut self, direction: Direction, what: Held) {
        let half = &mut self.halves[direction.index()];
        let size = what.size();
        let end = matches!(what, Held::End(_));
        let fits = half.waiting_bytes.saturating_add(size) <= limits::TLS_WAITING;
        if !end && (!fits || !self.secrets.reserve(size)) {
            self.reason = Some(why::Reason::WaitedTooLong { all: fits });
            self.release(direction);
            self.halves[direction.index()].state = State::Dead;
            return;
        }
        half.waiting_bytes += if end { 0 } else { size };
        half.waiting.push_back(Waiting { order: self.order, what });
        self.order += 1;
    }

    /// Whether a handshake message was longer than `limits::TLS_HANDSHAKE_BYTES` and was not read.
    pub fn skipped_message(&self) -> bool {
        self.halves.iter().any(|half| half.joiner.too_long)
    }

    /// Drops what waits in one direction.
    fn release(&mut self, direction: Direction) {
        let half = &mut self.halves[direction.index()];
        half.waiting.clear();
        self.secrets.release(std::mem::take(&mut half.waiting_bytes));
    }

    /// Processes what waits, in the order of arrival, as far as possible.
    fn drain(&mut self, out: Out<'_>) {
        let mut blocked = [false; 2];
        loop {
            self.progress = false;
            let heads = Direction::BOTH.into_iter().filter(|direction| !blocked[direction.index()]);
            let heads = heads.filter_map(|direction| {
                let first = self.halves[direction.index()].waiting.front()?;
                Some((first.order, direction))
            });
            let Some((_, direction)) = heads.min_by_key(|(order, _)| *order) else { return };
            let Some(waiting) = self.halves[direction.index()].waiting.pop_front() else { return };
            if self.process(direction, &waiting.what, out) == Step::Wait {
                self.halves[direction.index()].waiting.push_front(waiting);
                blocked[direction.index()] = true;
                continue;
            }
            if !matches!(waiting.what, Held::End(_)) {
                let size = waiting.what.size();
                let half = &mut self.halves[direction.index()];
                half.waiting_bytes = half.waiting_bytes.saturating_sub(size);
                self.secrets.release(size);
            }
            if self.progress {
                blocked = [false; 2];
            }
        }
    }
}

impl Drop for Tls {
    fn drop(&mut self) {
        Direction::BOTH.into_iter().for_each(|direction| self.release(direction));
    }
}

/// For fuzzing: two bytes with the length of a key log and the key log, then what both sides say: a byte with
/// the direction, a loss and the high bits of the length, one with its low bits, and as many bytes.
#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    let Some(([high, low], rest)) = data.split_first_chunk() else { return };
    let (keys, mut rest) = rest.split_at(usize::from(u16::from_be_bytes([*high, *low])).min(rest.len()));
    let secrets = Arc::new(secrets::Secrets::default());
    secrets.add_keylog("fuzz", keys);
    let mut tls = Tls::new(secrets);
    let at = FrameRef { number: 1, time: None };
    while let [control, low, more @ ..] = rest {
        let direction = Direction::BOTH[usize::from(control & 1)];
        let length = usize::from(u16::from_be_bytes([control >> 2, *low])).min(more.len());
        let (bytes, after) = more.split_at(length);
        if control & 2 != 0 {
            tls.push(direction, StreamEvent::Gap { missing: 100, at }, &mut |_, _| {});
        }
        tls.push(direction, StreamEvent::Data(Chunk { bytes, frames: &[at] }), &mut |_, _| {});
        rest = after;
    }
    tls.finish(&mut |_, _| {});
}

/// Runs arbitrary bytes through the reader of private keys: for fuzzing.
#[doc(hidden)]
pub fn fuzz_keys(data: &[u8]) {
    let _ = secrets::Secrets::default().add_server_key("fuzz", data, &[]);
}

/// Runs arbitrary bytes through the reader of key logs: for fuzzing.
#[doc(hidden)]
pub fn fuzz_keylog(data: &[u8]) {
    secrets::Secrets::default().add_keylog("fuzz", data);
}
