//! Takes the pieces of one message as they are found, gives the message. Shared by `h1` and `h2`.

use super::{body, pool};
use crate::base::Instant;
use crate::exchange::{Body, FrameMap, Head, Oddity, Request, Response};
use crate::limits;
use crate::wire::stream::{Direction, FrameRef};

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
    /// How many bytes the body will have, as far as its head says.
    pub(super) announced: Option<u64>,
    map: FrameMap,
    /// Bytes of the body on the wire.
    pub(super) total: u64,
    /// The end of its head is missing.
    pub(super) cut: bool,
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

/// Room that is made at once for a body, whatever its head claims.
const BODY_RESERVED: usize = 64 << 10;

impl Message {
    pub(super) fn new(half: Half, old: bool, first: FrameRef, last: FrameRef, oddities: Vec<Oddity>) -> Self {
        Self {
            id: u64::MAX,
            half,
            old,
            kept: Vec::new(),
            keep: 0,
            announced: None,
            map: FrameMap::default(),
            total: 0,
            cut: false,
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
        if at == 0 {
            let announced = self.announced.map_or(0, |length| usize::try_from(length).unwrap_or(0));
            let wanted = announced.min(BODY_RESERVED).min(self.keep).max(take.len());
            // A short one of known length has a size of its own: many requests wait for their answers.
            self.kept = match announced {
                0 => pool::take(),
                pool::SMALLEST.. => pool::take_for(wanted),
                _ => Vec::new(),
            };
            self.kept.reserve(wanted);
        }
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
    pub(super) fn head_mut(&mut self) -> &mut Head {
        match &mut self.half {
            Half::Request(request) => &mut request.head,
            Half::Response(response) => &mut response.head,
        }
    }

    /// The finished half with its first and last frame and its oddities.
    pub(super) fn finish(self, complete: bool) -> (u64, Half, (u64, u64), Vec<Oddity>) {
        let body = Body {
            bytes: pool::bytes(self.kept),
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

/// How many bytes of a body a check could use.
pub(super) fn keeps(direction: Direction, content_type: Option<&[u8]>, length: Option<u64>) -> usize {
    match (direction, content_type) {
        (Direction::Sent, None) => limits::BODY_KEPT,
        (Direction::Received, None) => limits::BODY_UNTYPED_KEPT,
        (_, Some(kind)) if !body::may_matter(direction, kind) => 0,
        (Direction::Received, _) if length > Some(limits::BODY_KEPT as u64) => limits::BODY_HEAD_KEPT,
        _ => limits::BODY_KEPT,
    }
}
