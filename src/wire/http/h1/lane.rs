//! Takes the pieces of one message as they are found, gives the message: one direction's memory.

use std::collections::VecDeque;

use super::chunks::Chunks;
use crate::base::Instant;
use crate::exchange::{Body, FrameMap, Oddity, Request, Response};
use crate::limits;
use crate::wire::http::OwnedChunk;
use crate::wire::stream::{End, FrameRef};

/// Where one direction stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum State {
    /// At the start of a message, or in its head.
    #[default]
    Head,
    /// After the head of a response whose request has not come yet.
    Waiting,
    /// In a body, so many bytes before its end.
    Length(u64),
    /// In a chunked body.
    Chunked(Chunks),
    /// In a body that ends with the connection.
    Close,
    /// The place is not known: a message that certainly begins is looked for.
    Scan,
    /// After a request (its exchange's id) whose answer may change the protocol.
    Answer(u64),
}

/// An event that is kept until the other direction has caught up.
#[derive(Clone, Debug)]
pub(super) enum Held {
    Data(OwnedChunk),
    Gap { missing: u64, at: FrameRef },
    End(End),
}

/// One direction.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) state: State,
    /// An unfinished head, or an unfinished line of a chunked body.
    pub(super) buffer: Vec<u8>,
    /// How far `buffer` was searched for the end of a head.
    pub(super) scanned: usize,
    /// Frames of an unfinished head.
    pub(super) map: FrameMap,
    /// First frame of an unfinished head.
    pub(super) begun: Option<FrameRef>,
    /// The head was found by scanning: if it is none after all, nothing is said.
    pub(super) tentative: bool,
    pub(super) message: Option<Box<Message>>,
    pub(super) held: VecDeque<Held>,
    pub(super) held_bytes: usize,
    /// The last frame that carried bytes.
    pub(super) last_frame: u64,
    /// No byte was seen yet.
    pub(super) fresh: bool,
    pub(super) ended: bool,
}

impl Default for Lane {
    fn default() -> Self {
        Self {
            state: State::Head,
            buffer: Vec::new(),
            scanned: 0,
            map: FrameMap::default(),
            begun: None,
            tentative: false,
            message: None,
            held: VecDeque::new(),
            held_bytes: 0,
            last_frame: 0,
            fresh: true,
            ended: false,
        }
    }
}

impl Lane {
    /// Whether events are to be kept for later.
    pub(super) fn holds(&self) -> bool {
        matches!(self.state, State::Waiting | State::Answer(_))
    }

    /// Keeps an event; `false` when the bound is reached.
    pub(super) fn hold(&mut self, event: Held) -> bool {
        if let Held::Data(chunk) = &event {
            self.held_bytes = self.held_bytes.saturating_add(chunk.bytes.len());
        }
        self.held.push_back(event);
        self.held_bytes <= limits::HTTP_HELD_BYTES && self.held.len() <= limits::HTTP_HELD_EVENTS
    }

    /// Forgets an unfinished head or line; whether there was one.
    pub(super) fn clear(&mut self) -> bool {
        let some = !self.buffer.is_empty();
        self.buffer = Vec::new();
        self.map = FrameMap::default();
        self.scanned = 0;
        self.begun = None;
        self.tentative = false;
        some
    }

    /// Adds bytes to an unfinished head.
    pub(super) fn collect(&mut self, bytes: &[u8], frames: &[FrameRef]) {
        for frame in frames {
            self.map.push(self.buffer.len(), frame.number);
        }
        self.begun = self.begun.or_else(|| frames.first().copied());
        self.buffer.extend_from_slice(bytes);
    }
}

/// Which half of an exchange a message is.
#[derive(Debug)]
pub(super) enum Half {
    Request(Request),
    Response(Response),
}

/// A message that is being read.
#[derive(Debug)]
pub(super) struct Message {
    /// Its exchange.
    pub(super) id: u64,
    pub(super) half: Half,
    pub(super) old: bool,
    kept: Vec<u8>,
    /// How many bytes of the body to keep.
    pub(super) keep: usize,
    map: FrameMap,
    /// Bytes of the body on the wire.
    pub(super) total: u64,
    /// Something is missing.
    pub(super) broken: bool,
    /// The request is unknown: it may have been `HEAD`.
    pub(super) doubt: bool,
    pub(super) first: FrameRef,
    last: FrameRef,
    pub(super) oddities: Vec<Oddity>,
    /// What to do when it is over.
    pub(super) may_change: bool,
}

impl Message {
    pub(super) fn new(half: Half, old: bool, first: FrameRef, last: FrameRef, oddities: Vec<Oddity>) -> Self {
        Self {
            id: u64::MAX,
            half,
            old,
            kept: Vec::new(),
            keep: 0,
            map: FrameMap::default(),
            total: 0,
            broken: false,
            doubt: false,
            first,
            last,
            oddities,
            may_change: false,
        }
    }

    /// Adds content.
    pub(super) fn content(&mut self, bytes: &[u8]) -> Option<usize> {
        self.total = self.total.saturating_add(bytes.len() as u64);
        let room = self.keep.saturating_sub(self.kept.len());
        let take = bytes.get(..bytes.len().min(room)).unwrap_or_default();
        if self.broken || take.is_empty() {
            return None;
        }
        let at = self.kept.len();
        self.kept.extend_from_slice(take);
        Some(at)
    }

    /// Says where the bytes from `at` on came from.
    pub(super) fn carried(&mut self, at: usize, frames: &[FrameRef]) {
        for frame in frames {
            self.map.push(at, frame.number);
        }
    }

    /// Notes that a frame carried bytes of this message.
    pub(super) fn touch(&mut self, frames: &[FrameRef]) {
        if let Some(last) = frames.last() {
            self.last = *last;
        }
    }

    /// Adds an oddity once.
    pub(super) fn note(&mut self, name: &'static str, detail: &str) {
        if !self.oddities.iter().any(|known| known.name == name) {
            self.oddities.push(Oddity { name, detail: detail.to_owned() });
        }
    }

    /// The head of either half.
    pub(super) fn head_mut(&mut self) -> &mut crate::exchange::Head {
        match &mut self.half {
            Half::Request(request) => &mut request.head,
            Half::Response(response) => &mut response.head,
        }
    }

    /// The finished half with its first and last frame and its oddities.
    pub(super) fn finish(self, complete: bool) -> (u64, Half, (u64, u64), Vec<Oddity>) {
        let body = Body {
            bytes: self.kept.into(),
            total: self.total,
            complete: complete && !self.broken,
            already_decoded: false,
            frames: self.map,
        };
        let times: Option<(Instant, Instant)> = self.first.time.zip(self.last.time);
        let half = match self.half {
            Half::Request(request) => Half::Request(Request { body, times, ..request }),
            Half::Response(response) => Half::Response(Response { body, times, ..response }),
        };
        (self.id, half, (self.first.number, self.last.number), self.oddities)
    }
}
