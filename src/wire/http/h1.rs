//! Takes the two directions of an HTTP/1 connection, gives exchanges. RFC 9112.
//!
//! One state machine reads both directions (`lane`); what they share is who answers whom (`pairing`).
//! A direction waits for the other in two places only: a response whose request has not come yet, and a
//! request whose answer may end HTTP (`CONNECT`, `Upgrade`).

/// Bodies that were announced and do not come.
mod absent;
/// From a head to its message.
mod begun;
/// Chunked transfer coding.
mod chunks;
/// Where a body ends.
mod framing;
/// Header sections.
mod head;
/// The memory of one direction.
mod lane;
/// Start lines that break the grammar, and heads that a loss cut off.
mod loose;
/// What holes and ends leave of a message.
mod losses;
/// Who answers whom.
mod pairing;
/// What is left of a decoder between two exchanges.
mod resting;
#[cfg(test)]
mod tests;
/// Where a direction waits for the other, and where HTTP ends.
mod waiting;

pub use resting::{Resting, Waiting};

use self::chunks::{Chunks, Piece};
use self::lane::{Held, Lane, State};
use self::pairing::Pairing;
use super::message::Message;
use super::{Outbox, OwnedChunk, note, pool};
use crate::exchange::FrameMap;
use crate::limits;
use crate::wire::stream::{Chunk, Direction, End, FrameRef, StreamEvent};

/// The decoder of one connection.
#[derive(Debug, Default)]
pub struct Http1 {
    lanes: [Lane; 2],
    pairing: Pairing,
    done: bool,
}

impl Http1 {
    /// A connection whose beginning was not captured: the first bytes of a direction may be the middle of
    /// a message, and the first response may answer a request that was not seen. (A `Gap` of unknown size
    /// as the first event of a direction says the same.)
    pub fn midway() -> Self {
        let mut decoder = Self { pairing: Pairing::midway(), ..Self::default() };
        decoder.lanes.iter_mut().for_each(|lane| lane.state = State::Scan);
        decoder
    }

    /// Whether `bytes`, the first of a direction, look like HTTP/1: `Some(true)` a request or status
    /// line, `Some(false)` not, `None` too few to tell.
    pub fn recognise(direction: Direction, bytes: &[u8]) -> Option<bool> {
        head::recognise_due(direction, bytes)
    }

    /// Takes the next event of one direction.
    pub fn push(&mut self, direction: Direction, event: StreamEvent<'_>, out: &mut Outbox) {
        if self.done {
            return;
        }
        match event {
            StreamEvent::Data(chunk) => self.data(direction, chunk.bytes, chunk.frames, out),
            StreamEvent::Gap { missing, at } => self.gap(direction, missing, at, out),
            StreamEvent::End(end) => self.end(direction, end, out),
        }
        self.release(out);
    }

    /// Both directions are over: gives what is unfinished as it is.
    pub fn finish(&mut self, out: &mut Outbox) {
        if self.done {
            return;
        }
        for direction in Direction::BOTH {
            if !self.lanes[direction.index()].ended {
                self.end(direction, End::Silence, out);
            }
        }
        self.release(out);
        // Nothing waits for the other direction any longer.
        for _ in 0..=limits::HTTP_HELD_EVENTS {
            if self.done || !self.lanes.iter().any(Lane::holds) {
                break;
            }
            for direction in Direction::BOTH {
                self.force(direction, out);
            }
            self.release(out);
        }
        if !self.done {
            self.pairing.flush_all(out);
            self.done = true;
        }
    }

    /// Looks at what the next event will need; gives anything that depends on it.
    pub fn touch(&self) -> usize {
        let total = |lane: &Lane| lane.message.as_ref().map_or(0, |message| message.total);
        self.lanes.iter().fold(0, |all, lane| all ^ total(lane) as usize)
    }

    fn lane(&mut self, direction: Direction) -> &mut Lane {
        &mut self.lanes[direction.index()]
    }

    /// Reads bytes until none are left, or the direction has to wait, or HTTP is over.
    fn data(&mut self, direction: Direction, bytes: &[u8], frames: &[FrameRef], out: &mut Outbox) {
        let mut rest = bytes;
        while !rest.is_empty() {
            if self.done {
                waiting::keep_rest(direction, rest, frames, out);
                return;
            }
            let lane = self.lane(direction);
            if lane.holds() {
                let chunk = OwnedChunk { bytes: rest.to_vec(), frames: frames.to_vec() };
                if !lane.hold(Held::Data(chunk)) {
                    self.force(direction, out);
                }
                return;
            }
            let before = lane.state;
            let used = self.step(direction, rest, frames, rest.len() == bytes.len(), out);
            if used == 0 && self.lanes[direction.index()].state == before {
                return;
            }
            rest = rest.get(used..).unwrap_or_default();
        }
    }

    /// Reads the front of `bytes`, gives how much was used: nothing only when the state has changed.
    fn step(
        &mut self,
        direction: Direction,
        bytes: &[u8],
        frames: &[FrameRef],
        chunk_start: bool,
        out: &mut Outbox,
    ) -> usize {
        let lane = self.lane(direction);
        lane.last_frame = frames.last().map_or(lane.last_frame, |frame| lane.last_frame.max(frame.number));
        lane.fresh = false;
        match lane.state {
            State::Head => self.head(direction, bytes, frames, out),
            State::Length(left) => {
                if chunk_start && self.bodiless_after_all(direction, bytes, out) {
                    return 0;
                }
                let count = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                self.content(direction, bytes.get(..count).unwrap_or_default(), frames);
                let left = left.saturating_sub(count as u64);
                self.lane(direction).state = State::Length(left);
                if left == 0 {
                    self.finish_message(direction, true, out);
                }
                count
            }
            State::Chunked(chunks) => {
                if chunk_start && chunks == Chunks::Size && self.bodiless_after_all(direction, bytes, out) {
                    return 0;
                }
                self.chunked(direction, chunks, bytes, frames, out)
            }
            State::Close => {
                if chunk_start
                    && (self.tunnel_after_all(direction, bytes, out)
                        || self.bodiless_after_all(direction, bytes, out))
                {
                    return 0;
                }
                self.content(direction, bytes, frames);
                bytes.len()
            }
            State::Scan => {
                if direction == Direction::Sent && chunk_start && self.tunnel_after_all(direction, bytes, out)
                {
                    return 0;
                }
                let lane = self.lane(direction);
                // Senders begin messages with a packet; and only what needs no further bytes to be known
                // as a message may be joined with further bytes.
                let blank = matches!(bytes.first(), Some(b'\r' | b'\n'));
                if chunk_start && !blank && lane.finds(direction, bytes) {
                    lane.state = State::Head;
                    lane.tentative = true;
                    return 0;
                }
                if chunk_start && loose::is_first_byte(direction, bytes) {
                    lane.collect(bytes, frames);
                    return bytes.len();
                }
                out.passed_over |= bytes.len() > 1;
                match direction {
                    // Whatever is passed over may hold the head of a request.
                    Direction::Sent => out.request_head_lost = true,
                    Direction::Received => self.pairing.response_passed(),
                }
                bytes.len()
            }
            // `data` holds the bytes back.
            State::Waiting | State::Answer(_) => bytes.len(),
        }
    }

    fn content(&mut self, direction: Direction, bytes: &[u8], frames: &[FrameRef]) {
        if let Some(message) = &mut self.lane(direction).message {
            message.touch(frames);
            if let Some(at) = message.content(bytes) {
                message.carried(at, frames);
            }
        }
    }

    fn chunked(
        &mut self,
        direction: Direction,
        mut chunks: Chunks,
        bytes: &[u8],
        frames: &[FrameRef],
        out: &mut Outbox,
    ) -> usize {
        let lane = self.lane(direction);
        let piece = chunks.next(bytes, &mut lane.buffer);
        lane.state = State::Chunked(chunks);
        if let Some(message) = &mut lane.message {
            message.touch(frames);
        }
        match piece {
            Piece::Framing(used) => {
                if chunks == Chunks::Trailer && used > 0 {
                    lane.begun = lane.begun.or_else(|| frames.first().copied());
                }
                used
            }
            Piece::Content(used) => {
                self.content(direction, bytes.get(..used).unwrap_or_default(), frames);
                used
            }
            Piece::Over(used) => {
                let section = std::mem::take(&mut lane.buffer);
                let from = lane.begun.take();
                if let Some(message) = &mut lane.message
                    && section.len() > 2
                {
                    trailers(message, &section, from.as_slice(), frames);
                }
                self.finish_message(direction, true, out);
                used
            }
            Piece::Invalid(why) => {
                if let Some(message) = &mut lane.message {
                    message.note("http-chunk-invalid", why);
                }
                self.finish_message(direction, false, out);
                self.lost(direction, false);
                // What is left of these bytes was not read; it may hold the head of a request.
                out.request_head_lost |= direction == Direction::Sent;
                bytes.len()
            }
        }
    }

    /// Reads, or collects, the head of a message.
    fn head(&mut self, direction: Direction, bytes: &[u8], frames: &[FrameRef], out: &mut Outbox) -> usize {
        let lane = self.lane(direction);
        let old = lane.buffer.len();
        if old == 0 {
            let blank = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            if blank > 0 {
                return blank;
            }
            if lane.recognise(direction, bytes) == Some(false) {
                // TLS after a `CONNECT` whose answer was lost is looked for where the place is lost.
                if direction == Direction::Sent && bytes.starts_with(&[0x16, 3]) && self.answers_lost() {
                    self.lane(direction).state = State::Scan;
                    return 0;
                }
                return self.not_a_message(direction, bytes.len(), out);
            }
            let mut scanned = 0;
            if let Some(end) = head::end(bytes, &mut scanned)
                && end <= limits::HEAD_BYTES
                && let [first, ..] = frames
            {
                let mut map = FrameMap::default();
                frames.iter().for_each(|frame| map.push(0, frame.number));
                let whole = pool::head(bytes.get(..end).unwrap_or_default());
                self.begin(direction, None, whole, map, *first, frames, out);
                return end;
            }
        }
        let lane = self.lane(direction);
        lane.collect(bytes, frames);
        if old > 0 && lane.recognise(direction, &lane.buffer) == Some(false) {
            return self.not_a_message(direction, bytes.len(), out);
        }
        let end = head::end(&lane.buffer, &mut lane.scanned);
        if end.unwrap_or(lane.buffer.len()) > limits::HEAD_BYTES {
            note(out, "http-head-too-long", "a header section longer than is read (limit HEAD_BYTES)");
            out.request_head_lost |= direction == Direction::Sent;
            self.lost(direction, true);
            return bytes.len();
        }
        let Some(end) = end else { return bytes.len() };
        let whole = pool::head(lane.buffer.get(..end).unwrap_or_default());
        let map = std::mem::take(&mut lane.map);
        if let Some(first) = lane.begun.or_else(|| frames.first().copied()) {
            self.begin(direction, None, whole, map, first, frames, out);
        }
        end.saturating_sub(old)
    }

    /// Bytes at the place of a message that begin none.
    fn not_a_message(&mut self, direction: Direction, used: usize, out: &mut Outbox) -> usize {
        if !self.lane(direction).tentative {
            note(out, "http-not-a-message", "bytes where a message should begin");
            out.request_head_lost |= direction == Direction::Sent;
            self.lost(direction, false);
        } else {
            self.lane(direction).clear();
            self.lane(direction).state = State::Scan;
        }
        used
    }
}

/// Adds a trailer section to its message's head.
fn trailers(message: &mut Message, section: &[u8], from: &[FrameRef], frames: &[FrameRef]) {
    let head = message.head_mut();
    let base = head.bytes.len();
    let (spans, oddities) = head::trailers(section, base);
    head.bytes = [&head.bytes, section].concat().into();
    head.spans.extend(spans);
    from.iter().chain(frames).for_each(|frame| head.frames.push(base, frame.number));
    for oddity in oddities {
        message.note(oddity.name, &oddity.detail);
    }
}

/// One entry for fuzzing: every second byte string of any length, cut anywhere, must not panic.
#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    let mut decoder = Http1::default();
    let mut out = Outbox::default();
    let mut rest = data;
    let mut number = 0;
    while let [control, more @ ..] = rest {
        number += 1;
        let direction = Direction::BOTH[usize::from(control & 1)];
        let take = usize::from(control >> 3).min(more.len());
        let (bytes, after) = more.split_at(take);
        let frames = [FrameRef { number, time: None }];
        let at = frames[0];
        match control >> 1 & 3 {
            0 => decoder.push(direction, StreamEvent::Gap { missing: u64::from(control >> 3), at }, &mut out),
            _ if bytes.is_empty() => {}
            _ => decoder.push(direction, StreamEvent::Data(Chunk { bytes, frames: &frames }), &mut out),
        }
        rest = after;
    }
    decoder.finish(&mut out);
}
