//! Takes the bytes and events of one direction, keeps what the decoder needs until more come.

use std::collections::VecDeque;

use super::chunks::Chunks;
use super::{head, loose};
use crate::exchange::FrameMap;
use crate::limits;
use crate::wire::http::OwnedChunk;
use crate::wire::http::message::Message;
use crate::wire::http::pool;
use crate::wire::stream::{Direction, End, FrameRef};

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
    /// Whether `bytes`, where a head should begin, begin one. A place that was only found is held to the
    /// grammar; where a message is due, its shape is enough.
    pub(super) fn recognise(&self, direction: Direction, bytes: &[u8]) -> Option<bool> {
        match self.tentative {
            true => head::recognise(direction, bytes),
            false => head::recognise_due(direction, bytes),
        }
    }

    /// Whether a message certainly begins with `bytes`, where the place was lost, or with the byte that came before them
    /// alone; that one is forgotten otherwise.
    pub(super) fn finds(&mut self, direction: Direction, bytes: &[u8]) -> bool {
        if self.buffer.is_empty() {
            return loose::begins_certainly(direction, bytes);
        }
        if loose::begins_certainly(direction, &[&self.buffer[..], bytes].concat()) {
            return true;
        }
        self.clear();
        loose::begins_certainly(direction, bytes)
    }

    /// Whether it stands between two messages, with nothing begun.
    pub(super) fn rests(&self) -> bool {
        self.state == State::Head
            && self.message.is_none()
            && self.buffer.is_empty()
            && self.begun.is_none()
            && !self.tentative
            && self.held.is_empty()
    }

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
        pool::give(std::mem::take(&mut self.buffer));
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
        if self.buffer.capacity() == 0 {
            self.buffer = pool::take();
        }
        if self.buffer.capacity() - self.buffer.len() < bytes.len() {
            // Heads are cut by the ends of segments only: doubling the room would waste half of it.
            self.buffer.reserve_exact(bytes.len().max(self.buffer.len() / 4));
        }
        self.buffer.extend_from_slice(bytes);
    }
}
