//! Takes the two directions of an HTTP/2 connection, gives exchanges. RFC 9113, RFC 7541.
//!
//! Nothing depends on flow control or priorities, so they are only checked. Errors that end a connection
//! between peers do not end it here: they are named, and what follows is read.

mod again;
/// Frames.
pub mod frame;
/// Header compression.
pub mod hpack;
mod huffman;
mod lane;
mod streams;
#[cfg(test)]
mod tests;

use self::frame::{Code, HEADER, Header, Kind, Payload};
use self::lane::{Block, Lane, State};
use self::streams::{List, Streams};
use super::{Outbox, note, pool};
use crate::exchange::{Oddity, Request};
use crate::limits;
use crate::wire::stream::{Chunk, Direction, End, FrameRef, StreamEvent};

/// What a client begins with (RFC 9113 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Longest payload before anybody says otherwise (RFC 9113 6.5.2).
const DEFAULT_FRAME: u32 = 16_384;

/// The decoder of one connection.
#[derive(Debug)]
pub struct Http2 {
    lanes: [Lane; 2],
    streams: Streams,
}

impl Default for Http2 {
    fn default() -> Self {
        Self { lanes: [Lane::new(State::Preface), Lane::new(State::Header)], streams: Streams::default() }
    }
}

impl Http2 {
    /// A connection that was upgraded from HTTP/1 (`h2c`): stream 1 has already its request.
    pub fn upgraded(request: Request, oddities: Vec<Oddity>) -> Self {
        let mut decoder = Self::default();
        decoder.streams.upgraded(request, oddities);
        decoder
    }

    /// A connection whose beginning was not captured.
    pub fn midway() -> Self {
        let mut decoder = Self::default();
        decoder.lanes.iter_mut().for_each(began_before);
        decoder
    }

    /// Whether `bytes`, the first of a direction, are HTTP/2: the client's preface, or a plausible
    /// SETTINGS frame of a server; `None` when they are too few to tell.
    pub fn recognise(direction: Direction, bytes: &[u8]) -> Option<bool> {
        match direction {
            Direction::Sent => {
                let same = bytes.iter().zip(PREFACE).all(|(a, b)| a == b);
                if same && bytes.len() < PREFACE.len() { None } else { Some(same) }
            }
            // The first frame is SETTINGS on stream 0, no acknowledgement: whole entries of six bytes.
            Direction::Received => match bytes {
                [0, 0, length, 4, 0, 0, 0, 0, 0, ..] => Some(length % 6 == 0),
                _ if bytes.len() >= HEADER => Some(false),
                _ => bytes.iter().zip([0, 0]).any(|(a, b)| *a != b).then_some(false),
            },
        }
    }

    /// Whether `bytes`, of a connection whose beginning was not captured, certainly begin with frames.
    pub fn recognise_midway(direction: Direction, bytes: &[u8]) -> bool {
        frame::chain(bytes) || frame::new_request(direction, bytes, 0)
    }

    /// Takes the next event of one direction.
    pub fn push(&mut self, direction: Direction, event: StreamEvent<'_>, out: &mut Outbox) {
        match event {
            StreamEvent::Data(chunk) => self.data(direction, chunk.bytes, chunk.frames, out),
            StreamEvent::Gap { missing, .. } => self.gap(direction, missing, out),
            StreamEvent::End(_) => self.end(direction, out),
        }
    }

    /// Both directions are over: gives what is unfinished as it is.
    pub fn finish(&mut self, out: &mut Outbox) {
        Direction::BOTH.into_iter().for_each(|direction| self.end(direction, out));
        self.streams.finish(out);
    }

    fn lane(&mut self, direction: Direction) -> &mut Lane {
        &mut self.lanes[direction.index()]
    }

    fn data(&mut self, direction: Direction, bytes: &[u8], frames: &[FrameRef], out: &mut Outbox) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let before = self.lane(direction).state;
            let used = self.step(direction, rest, frames, rest.len() == bytes.len(), out);
            if used == 0 && self.lane(direction).state == before {
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
        lane.fresh = false;
        match lane.state {
            State::Preface => self.preface(direction, bytes, out),
            State::Header => self.header(direction, bytes, frames, out),
            State::Payload(header) => {
                let wanted = (header.length as usize).saturating_sub(lane.buffer.len());
                let take = bytes.get(..wanted.min(bytes.len())).unwrap_or_default();
                lane.collect(take, frames);
                if take.len() == wanted {
                    let payload = std::mem::take(&mut lane.buffer);
                    let carried = std::mem::take(&mut lane.frames);
                    lane.state = State::Header;
                    self.frame(direction, header, &payload, &carried, out);
                    pool::give(payload);
                }
                take.len()
            }
            State::DataPadding(header) => {
                let padding = u32::from(bytes.first().copied().unwrap_or_default());
                match (header.length - 1).checked_sub(padding) {
                    Some(content) => self.begin_data(direction, header, content, padding, out),
                    None => {
                        error(out, Code::PROTOCOL, "more padding than payload");
                        self.lane(direction).state = State::Skip(header.length - 1);
                    }
                }
                1
            }
            State::Data { stream, content, padding, end } => {
                let count = bytes.len().min(content as usize);
                let part = bytes.get(..count).unwrap_or_default();
                self.streams.content(direction, stream, part, frames);
                // Counts of `bytes` are below the 24 bits of a length.
                let content = content - u32::try_from(count).unwrap_or(content);
                let skipped = (bytes.len() - count).min(padding as usize);
                let padding = padding - u32::try_from(skipped).unwrap_or(padding);
                self.lane(direction).state = State::Data { stream, content, padding, end };
                self.settle_data(direction, out);
                count + skipped
            }
            State::Skip(left) => {
                let count = bytes.len().min(left as usize);
                let left = left - u32::try_from(count).unwrap_or(left);
                lane.state = if left == 0 { State::Header } else { State::Skip(left) };
                count
            }
            State::Scan => {
                // Senders begin packets and records with a frame, mostly; one that certainly is one.
                let newest = self.streams.newest();
                let lane = self.lane(direction);
                if chunk_start && (frame::chain(bytes) || frame::new_request(direction, bytes, newest)) {
                    lane.state = State::Header;
                    return 0;
                }
                if chunk_start && direction == Direction::Sent && bytes.starts_with(PREFACE) {
                    lane.state = State::Preface;
                    return 0;
                }
                out.request_head_lost |= direction == Direction::Sent;
                out.passed_over |= bytes.len() > 1;
                bytes.len()
            }
        }
    }

    fn preface(&mut self, direction: Direction, bytes: &[u8], out: &mut Outbox) -> usize {
        let lane = self.lane(direction);
        let had = lane.buffer.len();
        let expected = PREFACE.get(had..).unwrap_or_default();
        let count = bytes.iter().zip(expected).take_while(|(a, b)| a == b).count();
        if count == expected.len() {
            // The beginning after all: nothing came before.
            *lane = Lane {
                fresh: false,
                settled: lane.settled,
                longest: lane.longest,
                ..Lane::new(State::Header)
            };
        } else if count == bytes.len() {
            lane.buffer.extend_from_slice(bytes);
        } else {
            // Its place was lost, or it was never sent.
            note(out, "h2-no-preface", "the client does not begin with the connection preface");
            lane.clear();
            began_before(lane);
        }
        count
    }

    fn header(&mut self, direction: Direction, bytes: &[u8], frames: &[FrameRef], out: &mut Outbox) -> usize {
        let lane = self.lane(direction);
        let used = HEADER.saturating_sub(lane.buffer.len()).min(bytes.len());
        let front = bytes.get(..used).unwrap_or_default();
        let header = if lane.buffer.is_empty() {
            Header::read(front)
        } else {
            lane.buffer.extend_from_slice(front);
            Header::read(&lane.buffer)
        };
        let Some(header) = header else {
            if lane.buffer.is_empty() {
                lane.buffer.extend_from_slice(front);
            }
            lane.frames.extend(frames.last());
            return used;
        };
        lane.buffer.clear();
        let begun = std::mem::take(&mut lane.frames);
        self.begin(direction, header, bytes.get(used..).unwrap_or_default(), &begun, frames, out) + used
    }

    /// A frame's header is there; gives how much of its payload was used at once.
    fn begin(
        &mut self,
        direction: Direction,
        header: Header,
        bytes: &[u8],
        begun: &[FrameRef],
        frames: &[FrameRef],
        out: &mut Outbox,
    ) -> usize {
        let lane = self.lane(direction);
        if header.length > lane.longest && lane.settled {
            error(out, Code::FRAME_SIZE, "a frame longer than the peer takes");
            if header.kind.0 > Kind::CONTINUATION.0 {
                self.lost(direction, out);
                return 0;
            }
        }
        let lane = self.lane(direction);
        if let Some(block) = &lane.block
            && (header.kind != Kind::CONTINUATION || header.stream != block.stream)
        {
            error(out, Code::PROTOCOL, "another frame inside a header block");
            self.block_lost(direction, out);
        }
        let lane = self.lane(direction);
        if let Err(code) = header.check() {
            error(out, code, "a frame whose header contradicts its kind");
            if matches!(header.kind, Kind::HEADERS | Kind::PUSH_PROMISE | Kind::CONTINUATION) {
                self.block_lost(direction, out);
            }
            self.lane(direction).state = skip(header.length);
            return 0;
        }
        match header.kind {
            Kind::DATA if header.has(frame::PADDED) => lane.state = State::DataPadding(header),
            Kind::DATA => self.begin_data(direction, header, header.length, 0, out),
            Kind::PRIORITY | Kind::PING => lane.state = skip(header.length),
            kind if kind.0 > Kind::CONTINUATION.0 => lane.state = skip(header.length),
            _ if header.length as usize > limits::HEAD_BYTES => {
                note(out, "h2-header-list-too-long", "a header block longer than is read (limit HEAD_BYTES)");
                self.block_lost(direction, out);
                self.lane(direction).state = skip(header.length);
            }
            _ => {
                if let Some(payload) = bytes.get(..header.length as usize) {
                    if begun.is_empty() {
                        self.frame(direction, header, payload, frames, out);
                    } else {
                        self.frame(direction, header, payload, &[begun, frames].concat(), out);
                    }
                    return payload.len();
                }
                lane.frames = begun.to_vec();
                lane.buffer = pool::take();
                lane.state = State::Payload(header);
            }
        }
        0
    }

    fn begin_data(
        &mut self,
        direction: Direction,
        header: Header,
        content: u32,
        padding: u32,
        out: &mut Outbox,
    ) {
        let end = header.has(frame::END_STREAM);
        self.lane(direction).state = State::Data { stream: header.stream, content, padding, end };
        self.settle_data(direction, out);
    }

    /// Goes on to the next frame when a DATA frame is over.
    fn settle_data(&mut self, direction: Direction, out: &mut Outbox) {
        if let State::Data { stream, content: 0, padding: 0, end } = self.lane(direction).state {
            self.lane(direction).state = State::Header;
            if end {
                self.streams.end(direction, stream, out);
            }
        }
    }

    /// A whole frame other than DATA.
    fn frame(
        &mut self,
        direction: Direction,
        header: Header,
        payload: &[u8],
        frames: &[FrameRef],
        out: &mut Outbox,
    ) {
        let payload = match header.payload(payload) {
            Ok(payload) => payload,
            Err(code) => {
                error(out, code, "a payload that contradicts its frame");
                if matches!(header.kind, Kind::HEADERS | Kind::PUSH_PROMISE) {
                    self.block_lost(direction, out);
                }
                return;
            }
        };
        let end_headers = header.has(frame::END_HEADERS);
        match payload {
            Payload::Headers { block, .. } => {
                let end = header.has(frame::END_STREAM);
                self.block(direction, header.stream, None, end, block, end_headers, frames, out);
            }
            Payload::Push { promised, block, .. } => {
                self.block(direction, header.stream, Some(promised), false, block, end_headers, frames, out);
            }
            Payload::Continuation(piece) => self.continuation(direction, piece, end_headers, frames, out),
            Payload::Reset(code) => self.streams.reset(header.stream, code, frames, out),
            Payload::Settings(settings) => self.settings(direction, &settings, header.has(frame::ACK), out),
            Payload::GoAway(_, code, _) if code.0 != 0 => note(out, "h2-goaway", code.name()),
            _ => {}
        }
    }

    /// The first piece of a header block; most have no other.
    #[allow(clippy::too_many_arguments)]
    fn block(
        &mut self,
        direction: Direction,
        stream: u32,
        promised: Option<u32>,
        end_stream: bool,
        piece: &[u8],
        whole: bool,
        frames: &[FrameRef],
        out: &mut Outbox,
    ) {
        if whole {
            self.whole_block(direction, stream, promised, end_stream, piece, frames, out);
            return;
        }
        self.lane(direction).block = Some(Block {
            stream,
            promised,
            end_stream,
            bytes: piece.to_vec(),
            frames: frames.to_vec(),
            pieces: 0,
            dropped: false,
        });
    }

    fn continuation(
        &mut self,
        direction: Direction,
        piece: &[u8],
        whole: bool,
        frames: &[FrameRef],
        out: &mut Outbox,
    ) {
        let Some(mut block) = self.lane(direction).block.take() else {
            error(out, Code::PROTOCOL, "CONTINUATION without a header block");
            self.block_lost(direction, out);
            return;
        };
        block.pieces += 1;
        let long = block.bytes.len() + piece.len() > limits::HEAD_BYTES;
        if !block.dropped && (long || block.pieces > limits::H2_CONTINUATIONS) {
            let what = match long {
                true => "a header block longer than is read (limit HEAD_BYTES)",
                false => "a header block in more frames than are read (limit H2_CONTINUATIONS)",
            };
            note(out, "h2-header-list-too-long", what);
            self.block_lost(direction, out);
            block.dropped = true;
            block.bytes = Vec::new();
        }
        if !block.dropped {
            block.bytes.extend_from_slice(piece);
            block.frames.extend(frames);
        }
        match (whole, block.dropped) {
            (false, _) => self.lane(direction).block = Some(block),
            (true, true) => {}
            (true, false) => {
                let Block { stream, promised, end_stream, bytes, frames, .. } = block;
                self.whole_block(direction, stream, promised, end_stream, &bytes, &frames, out);
            }
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn whole_block(
        &mut self,
        direction: Direction,
        stream: u32,
        promised: Option<u32>,
        end_stream: bool,
        block: &[u8],
        frames: &[FrameRef],
        out: &mut Outbox,
    ) {
        let hpack = &mut self.lane(direction).hpack;
        let list = List::decode(hpack, block);
        if hpack.outgrew() {
            let what = "its table of fields is larger than is kept; the oldest are unknown (limit HPACK_TABLE_BYTES)";
            note(out, "h2-table-too-large", what);
        }
        if let Some(problem) = list.damaged {
            note(out, "h2-compression-error", &problem.to_string());
        }
        let whole = list.damaged.is_none() && !list.cut && !list.unknown;
        out.request_head_lost |= direction == Direction::Sent && !whole;
        match promised {
            Some(promised) => self.streams.promise(promised, list, frames, out),
            None => self.streams.list(direction, stream, list, end_stream, frames, out),
        }
    }

    /// A header block cannot be read: the table is not known any more.
    fn block_lost(&mut self, direction: Direction, out: &mut Outbox) {
        out.request_head_lost |= direction == Direction::Sent;
        let lane = self.lane(direction);
        lane.block = None;
        lane.hpack.forget();
    }

    /// What one side announces binds the other from its acknowledgement on (RFC 9113 6.5.3).
    fn settings(
        &mut self,
        direction: Direction,
        settings: &[(u16, u32)],
        acknowledges: bool,
        out: &mut Outbox,
    ) {
        if acknowledges {
            let lane = self.lane(direction);
            if let Some(size) = lane.announced.pop_front() {
                lane.hpack.allow(size as usize);
            }
            return;
        }
        let other = self.lane(direction.reverse());
        other.settled = true;
        // Without the setting the size stays what it was; the acknowledgement is counted all the same.
        let mut table = other.announced.back().copied().unwrap_or(4096);
        for &(name, value) in settings {
            match name {
                1 => table = value,
                5 => other.longest = other.longest.max(value),
                _ => {}
            }
        }
        if other.announced.len() < limits::H2_SETTINGS {
            other.announced.push_back(table);
        } else {
            let what = "more settings wait for their acknowledgement than are kept (limit H2_SETTINGS)";
            note(out, "h2-settings-flood", what);
        }
    }

    fn gap(&mut self, direction: Direction, missing: u64, out: &mut Outbox) {
        let lane = self.lane(direction);
        if lane.fresh && missing == 0 {
            began_before(lane);
            return;
        }
        lane.fresh = false;
        let Ok(bytes) = u32::try_from(missing) else { return self.lost(direction, out) };
        match lane.state {
            _ if bytes == 0 => self.lost(direction, out),
            State::Data { stream, content, padding, end } if bytes <= content.saturating_add(padding) => {
                let gone = bytes.min(content);
                self.streams.missing(direction, stream, u64::from(gone));
                let (content, padding) = (content - gone, padding - (bytes - gone));
                self.lane(direction).state = State::Data { stream, content, padding, end };
                self.settle_data(direction, out);
            }
            State::Skip(left) if bytes <= left => lane.state = skip(left - bytes),
            State::Payload(header) => {
                let left = header.length.saturating_sub(u32::try_from(lane.buffer.len()).unwrap_or(u32::MAX));
                if bytes > left {
                    return self.lost(direction, out);
                }
                let block = matches!(header.kind, Kind::HEADERS | Kind::PUSH_PROMISE | Kind::CONTINUATION);
                lane.clear();
                lane.state = skip(left - bytes);
                if block {
                    self.block_lost(direction, out);
                }
            }
            _ => self.lost(direction, out),
        }
    }

    /// The place in a direction is lost.
    fn lost(&mut self, direction: Direction, out: &mut Outbox) {
        let lane = self.lane(direction);
        lane.clear();
        lane.state = State::Scan;
        lane.hpack.forget();
        // An acknowledgement, or what the other side is bound to, may have been lost.
        lane.announced.clear();
        lane.hpack.allow(usize::MAX);
        let other = self.lane(direction.reverse());
        other.announced.clear();
        other.hpack.allow(usize::MAX);
        out.request_head_lost |= direction == Direction::Sent;
        self.streams.broken(direction);
    }

    fn end(&mut self, direction: Direction, out: &mut Outbox) {
        let lane = self.lane(direction);
        if std::mem::replace(&mut lane.ended, true) {
            return;
        }
        let in_head = match lane.state {
            State::Payload(header) => {
                matches!(header.kind, Kind::HEADERS | Kind::PUSH_PROMISE | Kind::CONTINUATION)
            }
            State::Header => lane.block.is_some(),
            _ => false,
        };
        lane.clear();
        if in_head {
            out.request_head_lost |= direction == Direction::Sent;
            note(out, "http-head-cut", "the connection ends in a header block");
        }
    }
}

/// The beginning of a direction was not captured.
fn began_before(lane: &mut Lane) {
    lane.state = State::Scan;
    lane.hpack.forget();
    lane.hpack.allow(usize::MAX);
}

const fn skip(left: u32) -> State {
    if left == 0 { State::Header } else { State::Skip(left) }
}

/// Notes an error that would end the connection between peers.
fn error(out: &mut Outbox, code: Code, what: &str) {
    let name = match code {
        Code::FRAME_SIZE => "h2-frame-size-error",
        _ => "h2-protocol-error",
    };
    note(out, name, what);
}

/// An entry for fuzzing: bytes of both directions, cut and holed as the data says.
#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    let mut decoder = Http2::midway();
    let mut out = Outbox::default();
    let mut rest = data;
    let mut number = 0;
    while let [control, more @ ..] = rest {
        number += 1;
        let direction = Direction::BOTH[usize::from(control & 1)];
        let (bytes, after) = more.split_at(usize::from(control >> 2).min(more.len()));
        let at = FrameRef { number, time: None };
        if control & 2 != 0 {
            let missing = u64::from(control >> 2);
            decoder.push(direction, StreamEvent::Gap { missing, at }, &mut out);
        }
        if !bytes.is_empty() {
            decoder.push(direction, StreamEvent::Data(Chunk { bytes, frames: &[at] }), &mut out);
        }
        rest = after;
    }
    decoder.push(Direction::Sent, StreamEvent::End(End::Silence), &mut out);
    decoder.finish(&mut out);
}
