//! Takes the two directions of an HTTP/1 connection, gives exchanges. RFC 9112.
//!
//! One state machine reads both directions (`lane`); what they share is who answers whom (`pairing`).
//! A direction waits for the other in two places only: a response whose request has not come yet, and a
//! request whose answer may end HTTP (`CONNECT`, `Upgrade`).

/// Bodies that were announced and do not come.
mod absent;
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
/// Who answers whom.
mod pairing;
/// What is left of a decoder between two exchanges.
mod resting;
#[cfg(test)]
mod tests;
/// Where a direction waits for the other, and where HTTP ends.
mod waiting;

pub use resting::{Resting, Waiting};

use bytes::Bytes;

use self::chunks::{Chunks, Piece};
use self::framing::{Facts, Framing};
use self::head::Start;
use self::lane::{Held, Lane, State};
use self::pairing::{Asked, Claim, Idle, Pairing};
use super::message::{Half, Message, Whole};
use super::{Outbox, OwnedChunk, Tunnel, note, pool};
use crate::exchange::{FrameMap, Head, Protocol, Request, Response};
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
            State::Chunked(chunks) => self.chunked(direction, chunks, bytes, frames, out),
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
                if chunk_start && !blank && loose::begins_certainly(direction, bytes) {
                    lane.state = State::Head;
                    lane.tentative = true;
                    return 0;
                }
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

    /// The place in a direction is lost; `head`: with the first byte of the next message.
    fn lost(&mut self, direction: Direction, head: bool) {
        match direction {
            Direction::Sent => self.pairing.requests_lost(),
            Direction::Received => self.pairing.responses_lost(head),
        }
        self.lane(direction).clear();
        self.lane(direction).state = State::Scan;
    }

    /// A hole, or the end, cuts off an unfinished head: what stands in whole lines is certain and kept.
    /// Gives whether a message was begun (and ended) so.
    fn begin_cut(&mut self, direction: Direction, out: &mut Outbox) -> bool {
        let lane = self.lane(direction);
        let Some(first) = lane.begun else { return false };
        let Some((part, sent)) = loose::certain_part(direction, &lane.buffer) else { return false };
        if !head::certain(direction, &part) {
            return false;
        }
        let map = std::mem::take(&mut lane.map);
        let time = first.time;
        let frames = map.frames(0..part.len());
        let frames: Vec<FrameRef> = frames.into_iter().map(|number| FrameRef { number, time }).collect();
        self.begin(direction, Some(sent), part.into(), map, first, &frames, out);
        self.lanes[direction.index()].state != State::Head
    }

    /// A head is there: whole, or what is left of it, of which so many bytes (`cut`) were sent.
    #[allow(clippy::too_many_arguments)]
    fn begin(
        &mut self,
        direction: Direction,
        cut: Option<usize>,
        bytes: Bytes,
        map: FrameMap,
        first: FrameRef,
        frames: &[FrameRef],
        out: &mut Outbox,
    ) {
        self.lane(direction).clear();
        let Some(parsed) = head::parse(direction, &bytes) else {
            self.not_a_message(direction, 0, out);
            return;
        };
        let last = frames.last().copied().unwrap_or(first);
        let text = |range| String::from_utf8_lossy(bytes.get(range).unwrap_or_default()).into_owned();
        let half = match parsed.start {
            Start::Request { method, target } => {
                out.request_head_lost |= parsed.cut;
                Half::from(Request { method: text(method), target: text(target), ..Request::default() })
            }
            Start::Status(code) if (100..200).contains(&code) && code != 101 => return,
            Start::Status(status) => Response { status, ..Response::default() }.into(),
        };
        let bytes = match cut {
            Some(sent) => bytes.slice(..sent.min(bytes.len())),
            None => bytes,
        };
        let head = Head { bytes, spans: parsed.spans, frames: map, partial: cut.is_some() || parsed.cut };
        let mut message = Box::new(Message::new(half, parsed.old, first, last, parsed.oddities));
        *message.head_mut() = head;
        message.cut = cut.is_some();
        if message.cut {
            message.note("http-head-cut", "the rest of its head is missing: fields may be");
        }
        match direction {
            Direction::Sent => self.begin_request(message, out),
            Direction::Received => {
                let lane = self.lane(Direction::Received);
                lane.message = Some(message);
                lane.state = State::Waiting;
                self.claim(true, out);
            }
        }
    }

    fn begin_request(&mut self, mut message: Box<Message>, out: &mut Outbox) {
        let Half::Request(requested) = &mut message.half else { return };
        let request = requested.open();
        let facts = Facts::of(&request.head);
        let asked = Asked {
            head: request.method == "HEAD",
            connect: request.method == "CONNECT",
            upgrade: facts.upgrade.is_some() && facts.connection_upgrade,
            expects: facts.expects_continue,
        };
        let framing = match message.cut {
            true => Framing::Unknown,
            false => facts.framing(Direction::Sent, asked.connect, message.old, &mut message.oddities),
        };
        message.keep = facts.keeps(Direction::Sent);
        let host = facts.host.map(|host| String::from_utf8_lossy(host).into_owned());
        let absolute = head::absolute(&request.target);
        let (scheme, authority) = match absolute {
            Some((scheme, authority)) => (Some(scheme), Some(authority)),
            None if asked.connect => (None, Some(request.target.clone())),
            None => (None, None),
        };
        request.scheme = scheme;
        request.host = authority.clone().or(host);
        let received = &self.lanes[Direction::Received.index()];
        let idle = match received.state {
            _ if received.last_frame > message.first.number => Idle::Busy,
            State::Head if received.buffer.is_empty() => Idle::Between,
            State::Scan => Idle::Unsure,
            _ => Idle::Busy,
        };
        message.doubt = asked.expects;
        message.may_change = (asked.connect || asked.upgrade) && !message.cut;
        let authority = if asked.connect { authority.unwrap_or_default() } else { String::new() };
        let protocol = protocol(message.old);
        message.id = self.pairing.request(asked, protocol, authority, message.first.number, idle);
        self.follow(Direction::Sent, message, framing, out);
    }

    /// Finds whose response has begun, once its request is known or will not be.
    fn claim(&mut self, may_wait: bool, out: &mut Outbox) {
        let may_wait = may_wait && !self.lanes[Direction::Sent.index()].ended;
        let lane = self.lane(Direction::Received);
        let Some(mut message) = lane.message.take() else {
            lane.state = State::Scan;
            return;
        };
        let (id, asked) = match self.pairing.response(protocol(message.old), message.first.number, may_wait) {
            Claim::Slot(id, asked) => (id, Some(asked)),
            Claim::Alone(id) => (id, None),
            Claim::Wait => {
                self.lane(Direction::Received).message = Some(message);
                return;
            }
        };
        message.id = id;
        message.doubt = asked.is_none();
        let Half::Response(response) = &message.half else { return };
        let asked = asked.unwrap_or_default();
        let status = response.status;
        let cut = message.cut;
        let tunnel = asked.connect && (200..300).contains(&status) && !cut;
        let bodiless = asked.head || tunnel || matches!(status, 101 | 204 | 304);
        let facts = Facts::of(&response.head);
        let framing = match cut {
            true => Framing::Unknown,
            false => facts.framing(Direction::Received, bodiless, message.old, &mut message.oddities),
        };
        message.keep = facts.keeps(Direction::Received);
        let tunnel = match (status, tunnel) {
            (101, _) if !cut => {
                let name = facts.upgrade.map(|name| String::from_utf8_lossy(name).into_owned());
                Some(Tunnel::Upgrade(name.unwrap_or_default()))
            }
            (_, true) => Some(Tunnel::Connect(self.pairing.authority(id))),
            _ => None,
        };
        if status == 101 && !asked.upgrade {
            message.note("http-upgrade-unasked", "101 to a request that was not seen to ask for it");
        }
        message.look_early(out.enough);
        self.follow(Direction::Received, message, framing, out);
        if let Some(tunnel) = tunnel {
            self.tunnel(tunnel, out);
        }
    }

    /// Goes from a head to what follows it.
    fn follow(
        &mut self,
        direction: Direction,
        mut message: Box<Message>,
        framing: Framing,
        out: &mut Outbox,
    ) {
        if let Framing::Length(length) = framing {
            message.announced = Some(length);
        }
        let lane = self.lane(direction);
        lane.message = Some(message);
        lane.state = match framing {
            Framing::None => State::Head,
            Framing::Length(length) => State::Length(length),
            Framing::Chunked => State::Chunked(Chunks::Size),
            Framing::Close => State::Close,
            Framing::Unknown => State::Scan,
        };
        match framing {
            Framing::None => self.finish_message(direction, true, out),
            Framing::Unknown => {
                self.finish_message(direction, false, out);
                self.lost(direction, false);
            }
            _ => {}
        }
    }

    /// The message of a direction is over.
    fn finish_message(&mut self, direction: Direction, complete: bool, out: &mut Outbox) {
        let lane = self.lane(direction);
        lane.clear();
        lane.state = State::Head;
        let Some(message) = lane.message.take() else { return };
        let may_change = message.may_change;
        let (id, half, frames, oddities) = message.finish(complete);
        if may_change && direction == Direction::Sent {
            lane.state = State::Answer(id);
        }
        match half {
            Whole::Request(request) => self.pairing.end_request(id, request, frames.1, oddities),
            Whole::Response(response) => self.pairing.end_response(id, response, frames, oddities),
        }
        self.pairing.flush(out);
    }

    fn gap(&mut self, direction: Direction, missing: u64, at: FrameRef, out: &mut Outbox) {
        let (state, fresh) = (self.lane(direction).state, self.lane(direction).fresh);
        match state {
            State::Answer(_) | State::Waiting => {
                self.hold_or_force(direction, Held::Gap { missing, at }, out)
            }
            State::Head | State::Scan if fresh && missing == 0 => self.began_before(direction, at),
            State::Head if self.begin_cut(direction, out) => {
                out.request_head_lost |= direction == Direction::Sent;
                if self.lanes[direction.index()].holds() {
                    self.hold_or_force(direction, Held::Gap { missing, at }, out);
                }
            }
            State::Head | State::Scan => {
                self.lane(direction).fresh = false;
                out.request_head_lost |= direction == Direction::Sent;
                self.lost(direction, state == State::Head);
            }
            State::Close => {
                if let Some(message) = &mut self.lane(direction).message {
                    message.broken = true;
                }
            }
            State::Length(left) => self.skip(direction, left, missing, out),
            State::Chunked(Chunks::Data(left)) => self.skip(direction, left, missing, out),
            State::Chunked(_) => {
                self.finish_message(direction, false, out);
                out.request_head_lost |= direction == Direction::Sent;
                self.lost(direction, false);
            }
        }
        self.pairing.flush(out);
    }

    /// The first event of a direction says that its beginning was not captured.
    fn began_before(&mut self, direction: Direction, at: FrameRef) {
        if self.lanes.iter().all(|lane| lane.fresh) {
            self.pairing = Pairing::midway();
            self.lanes.iter_mut().for_each(|lane| lane.state = State::Scan);
        } else if self.lane(direction).state == State::Head
            || direction == Direction::Received && self.pairing.awaits_at(at.number)
        {
            // The other side was heard before: the first message here is lost with its head.
            self.lost(direction, true);
        }
    }

    /// A hole in a body: exactly as many bytes as are missing are skipped, if they fit in it.
    fn skip(&mut self, direction: Direction, left: u64, missing: u64, out: &mut Outbox) {
        let lane = self.lane(direction);
        if let Some(message) = &mut lane.message {
            message.broken = true;
            message.total = message.total.saturating_add(missing.min(left));
        }
        if missing == 0 || missing > left {
            self.finish_message(direction, false, out);
            out.request_head_lost |= direction == Direction::Sent;
            self.lost(direction, missing > left);
            return;
        }
        let left = left - missing;
        match lane.state {
            State::Chunked(_) if left == 0 => lane.state = State::Chunked(Chunks::DataEnd),
            State::Chunked(_) => lane.state = State::Chunked(Chunks::Data(left)),
            _ if left == 0 => self.finish_message(direction, false, out),
            _ => lane.state = State::Length(left),
        }
    }

    fn end(&mut self, direction: Direction, end: End, out: &mut Outbox) {
        let lane = self.lane(direction);
        lane.ended = true;
        let state = lane.state;
        match state {
            State::Waiting | State::Answer(_) => self.hold_or_force(direction, Held::End(end), out),
            // An answer that ends inside its head is none (RFC 9112 8); a request may hold a token.
            State::Head if direction == Direction::Sent && self.begin_cut(direction, out) => {
                out.request_head_lost = true;
            }
            State::Head | State::Scan => {
                if self.lane(direction).clear() {
                    match direction {
                        Direction::Sent => out.request_head_lost = true,
                        Direction::Received => {
                            note(out, "http-head-cut", "the connection ends in a response's head");
                        }
                    }
                    self.lost(direction, true);
                }
            }
            State::Close => {
                // Of a response to nobody knows what, nobody knows whether this was its body.
                let doubt = self.lane(direction).message.as_ref().is_some_and(|message| message.doubt);
                self.finish_message(direction, end == End::Fin && !doubt, out);
            }
            State::Length(_) | State::Chunked(_) => {
                let withheld = end != End::Silence && self.withheld(direction);
                self.finish_message(direction, withheld, out);
            }
        }
    }
}

const fn protocol(old: bool) -> Protocol {
    if old { Protocol::Http10 } else { Protocol::Http11 }
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
