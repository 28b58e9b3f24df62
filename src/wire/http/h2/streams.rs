//! Takes header lists, content and ends of streams, gives exchanges. RFC 9113 5.1 and 8.

use std::collections::{HashMap, VecDeque};

use super::frame::Code;
use super::hpack::{Hpack, HpackError};
use crate::exchange::{FieldSpan, FrameMap, Head, Indexing, Oddity, Protocol, Request, Response};
use crate::limits;
use crate::wire::http::message::{self, Half, Message, Whole};
use crate::wire::http::{Finished, Outbox, pool};
use crate::wire::stream::{Direction, FrameRef};

/// A decoded header list.
#[derive(Debug, Default)]
pub(super) struct List {
    bytes: Vec<u8>,
    spans: Vec<FieldSpan>,
    method: Option<String>,
    scheme: Option<String>,
    authority: Option<String>,
    path: Option<String>,
    status: Option<u16>,
    /// A pseudo-header field was seen, or what stood in the place of one was not known.
    leads: bool,
    /// Some name or value is not known.
    pub(super) unknown: bool,
    /// A bound was reached: fields are missing.
    pub(super) cut: bool,
    /// Fields before an error only.
    pub(super) damaged: Option<HpackError>,
}

impl List {
    /// Decodes a whole header block.
    pub(super) fn decode(hpack: &mut Hpack, block: &[u8]) -> Self {
        // Huffman code shrinks by a quarter or so; indexed fields are short. Growing costs more than room.
        let bytes = pool::take_for((block.len() * 3 / 2 + 512).min(limits::HEAD_BYTES));
        let mut list = Self { bytes, spans: Vec::with_capacity(16), ..Self::default() };
        let result = hpack.decode(block, |field| {
            let name = field.name.unwrap_or_default();
            let value = field.value.unwrap_or_default();
            if let [b':', pseudo @ ..] = name {
                list.leads = true;
                list.unknown |= field.indexing == Indexing::Unknown;
                list.pseudo(pseudo, field.value);
                return;
            }
            list.leads |= list.spans.is_empty() && field.name.is_none();
            list.unknown |= field.indexing == Indexing::Unknown;
            list.field(name, value, field.indexing);
        });
        list.damaged = result.err();
        list
    }

    fn pseudo(&mut self, name: &[u8], value: Option<&[u8]>) {
        let Some(value) = value else { return };
        let text =
            || Some(String::from_utf8_lossy(value.get(..limits::HEAD_BYTES).unwrap_or(value)).into_owned());
        match name {
            b"method" => self.method = text(),
            b"scheme" => self.scheme = text(),
            b"authority" => self.authority = text(),
            b"path" => self.path = text(),
            b"status" => self.status = std::str::from_utf8(value).ok().and_then(|value| value.parse().ok()),
            _ => {}
        }
    }

    fn field(&mut self, name: &[u8], value: &[u8], indexing: Indexing) {
        let more = name.len() + value.len() + 4;
        if self.bytes.len() + more > limits::HEAD_BYTES || self.spans.len() >= limits::HEAD_FIELDS {
            self.cut = true;
            return;
        }
        let at = |bytes: &Vec<u8>| u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let name_at = at(&self.bytes);
        self.bytes.extend_from_slice(name);
        let name_end = at(&self.bytes);
        self.bytes.extend_from_slice(b": ");
        let value_at = at(&self.bytes);
        self.bytes.extend_from_slice(value);
        let value_end = at(&self.bytes);
        self.bytes.extend_from_slice(b"\r\n");
        self.spans.push(FieldSpan { name: name_at..name_end, value: value_at..value_end, indexing });
    }

    fn head(&mut self, frames: &[FrameRef]) -> Head {
        let mut map = FrameMap::default();
        frames.iter().for_each(|frame| map.push(0, frame.number));
        Head {
            bytes: pool::bytes(std::mem::take(&mut self.bytes)),
            spans: std::mem::take(&mut self.spans),
            frames: map,
            partial: self.cut || self.damaged.is_some() || self.unknown,
        }
    }

    /// Adds the list as trailers to a head.
    fn trail(mut self, head: &mut Head, frames: &[FrameRef]) {
        let base = head.bytes.len();
        let shift = u32::try_from(base).unwrap_or(u32::MAX);
        head.bytes = [&head.bytes[..], &self.bytes].concat().into();
        for span in &mut self.spans {
            for range in [&mut span.name, &mut span.value] {
                *range = range.start.saturating_add(shift)..range.end.saturating_add(shift);
            }
        }
        head.spans.append(&mut self.spans);
        frames.iter().for_each(|frame| head.frames.push(base, frame.number));
    }
}

/// One half of a stream.
#[derive(Debug, Default)]
enum Side<T> {
    #[default]
    Idle,
    Open(Box<Message>),
    Done(Box<T>),
    /// It was lost, or will not come.
    Absent,
}

impl<T> Side<T> {
    fn settled(&self) -> bool {
        matches!(self, Self::Done(_) | Self::Absent)
    }

    fn take(self) -> Option<Box<T>> {
        match self {
            Self::Done(value) => Some(value),
            _ => None,
        }
    }

    fn message(&mut self) -> Option<&mut Message> {
        match self {
            Self::Open(message) => Some(message),
            _ => None,
        }
    }
}

#[derive(Debug, Default)]
struct Stream {
    request: Side<Request>,
    response: Side<Response>,
    head_method: bool,
    frames: Option<(u64, u64)>,
    oddities: Vec<Oddity>,
}

impl Stream {
    fn message(&mut self, direction: Direction) -> Option<&mut Message> {
        match direction {
            Direction::Sent => self.request.message(),
            Direction::Received => self.response.message(),
        }
    }

    fn note(&mut self, name: &'static str, detail: &str) {
        if !self.oddities.iter().any(|known| known.name == name) {
            self.oddities.push(Oddity { name, detail: detail.to_owned() });
        }
    }

    /// Ends one half.
    fn end(&mut self, direction: Direction, complete: bool) {
        let open = match direction {
            Direction::Sent => match std::mem::take(&mut self.request) {
                Side::Open(message) => Some(message),
                other => {
                    self.request = other;
                    None
                }
            },
            Direction::Received => match std::mem::take(&mut self.response) {
                Side::Open(message) => Some(message),
                other => {
                    self.response = other;
                    None
                }
            },
        };
        let Some(mut message) = open else { return };
        // Who has all that was announced may cancel the rest of the stream, and does: curl, where END_STREAM comes late.
        let complete = complete || message.announced == Some(message.total);
        if complete && !message.broken {
            length_agrees(&mut message, self.head_method);
        }
        let (_, half, frames, oddities) = message.finish(complete);
        let (first, last) = self.frames.unwrap_or(frames);
        self.frames = Some((first.min(frames.0), last.max(frames.1)));
        self.oddities.extend(oddities);
        match half {
            Whole::Request(request) => self.request = Side::Done(request),
            Whole::Response(response) => self.response = Side::Done(response),
        }
    }

    fn emit(self, out: &mut Outbox) {
        let (request, response) = (self.request.take(), self.response.take());
        if request.is_none() && response.is_none() {
            return;
        }
        if let (Some(request), Some(response)) = (&request, &response)
            && is_tunnel(request, response)
        {
            crate::wire::http::note(out, "h2-tunnel", "what was said in a tunnel inside HTTP/2 is not read");
            out.request_head_lost = true;
        }
        out.exchanges.push(Finished {
            request,
            response,
            protocol: Protocol::Http2,
            frames: self.frames.unwrap_or_default(),
            oddities: self.oddities,
        });
    }
}

/// Whether a stream was a tunnel to another host (RFC 9113 8.5), and something was said in it. An extended CONNECT has
/// a scheme and opens a WebSocket (RFC 8441), in which there are no requests.
fn is_tunnel(request: &Request, response: &Response) -> bool {
    let asked = request.method == "CONNECT" && request.scheme.is_none();
    asked && (200..300).contains(&response.status) && request.body.total > 0
}

/// A length that the head names should be that of the content (RFC 9113 8.1.1).
fn length_agrees(message: &mut Message, head_method: bool) {
    let total = message.total;
    let empty = matches!(&message.half, Half::Response(response) if head_method || response.status == 304);
    let named = message.head_mut().text("content-length").and_then(|length| length.parse::<u64>().ok());
    if !empty && named.is_some_and(|named| named != total) {
        message.note("http-length-conflict", "Content-Length is not the length of the content");
    }
}

/// Streams that were over, to know late frames by.
const CLOSED: usize = 256;

/// The streams of a connection.
#[derive(Debug, Default)]
pub(super) struct Streams {
    open: HashMap<u32, Stream, foldhash::fast::RandomState>,
    order: VecDeque<u32>,
    closed: VecDeque<u32>,
    newest: u32,
}

impl Streams {
    /// A stream whose request was made before HTTP/2 began.
    pub(super) fn upgraded(&mut self, request: Request, oddities: Vec<Oddity>) {
        let end = request.head.bytes.len().max(1);
        let frames = request.head.frames.frames(0..end);
        let mut stream = Stream { head_method: request.method == "HEAD", oddities, ..Stream::default() };
        stream.frames = frames.first().copied().zip(frames.last().copied());
        stream.request = Side::Done(Box::new(request));
        self.open.insert(1, stream);
        self.order.push_back(1);
    }

    /// A header list came on a stream.
    pub(super) fn list(
        &mut self,
        direction: Direction,
        id: u32,
        mut list: List,
        end: bool,
        frames: &[FrameRef],
        out: &mut Outbox,
    ) {
        let ([first, ..], [.., last]) = (frames, frames) else { return };
        if id <= self.newest && !self.open.contains_key(&id) && self.closed.contains(&id) {
            crate::wire::http::note(out, "h2-stream-closed", "a header list on a stream that was over");
            return;
        }
        if direction == Direction::Received && list.status.is_some_and(|status| (100..200).contains(&status))
        {
            return;
        }
        let stream = self.stream(id, out);
        let idle = match direction {
            Direction::Sent => matches!(stream.request, Side::Idle),
            Direction::Received => matches!(stream.response, Side::Idle),
        };
        if list.cut {
            let what = match list.spans.len() >= limits::HEAD_FIELDS {
                true => "more header fields than are read (limit HEAD_FIELDS)",
                false => "longer header fields than are read (limit HEAD_BYTES)",
            };
            stream.note("h2-header-list-too-long", what);
        }
        if list.unknown {
            stream
                .note("h2-unknown-fields", "fields that stand in a table from before the capture, or a loss");
        }
        if let Some(error) = list.damaged {
            stream.note("h2-compression-error", &error.to_string());
        }
        if let Some(message) = stream.message(direction) {
            message.touch(frames);
            list.trail(message.head_mut(), frames);
        } else if !idle {
            stream.note("h2-stream-closed", "a header list after the end of its half");
        } else if !list.leads {
            // Trailers of a message whose head was lost.
            match direction {
                Direction::Sent => stream.request = Side::Absent,
                Direction::Received => stream.response = Side::Absent,
            }
        } else {
            let mut message = begin(direction, &mut list, frames, *first, *last);
            message.look_early(out.enough);
            match (direction, &mut message.half) {
                (Direction::Sent, Half::Request(requested)) => {
                    stream.head_method = requested.open().method == "HEAD";
                    stream.request = Side::Open(Box::new(message));
                }
                _ => stream.response = Side::Open(Box::new(message)),
            }
        }
        if end {
            self.end(direction, id, out);
        }
    }

    /// A request that the server promises to answer.
    pub(super) fn promise(&mut self, id: u32, list: List, frames: &[FrameRef], out: &mut Outbox) {
        self.list(Direction::Sent, id, list, true, frames, out);
        if let Some(stream) = self.open.get_mut(&id) {
            stream.note("h2-pushed", "the server made this request itself");
        }
    }

    /// The highest number of a stream that was seen to begin.
    pub(super) fn newest(&self) -> u32 {
        self.newest
    }

    fn stream(&mut self, id: u32, out: &mut Outbox) -> &mut Stream {
        self.newest = self.newest.max(id);
        if !self.open.contains_key(&id) {
            if self.open.len() >= limits::H2_STREAMS {
                crate::wire::http::note(
                    out,
                    "h2-too-many-streams",
                    "more open streams than are kept (limit H2_STREAMS)",
                );
                let oldest =
                    std::iter::from_fn(|| self.order.pop_front()).find(|id| self.open.contains_key(id));
                if let Some(oldest) = oldest {
                    self.close(oldest, out);
                }
            }
            if self.order.len() >= 2 * limits::H2_STREAMS {
                self.order.retain(|id| self.open.contains_key(id));
            }
            self.order.push_back(id);
        }
        self.open.entry(id).or_default()
    }

    /// Content of a stream.
    pub(super) fn content(&mut self, direction: Direction, id: u32, bytes: &[u8], frames: &[FrameRef]) {
        let Some(message) = self.open.get_mut(&id).and_then(|stream| stream.message(direction)) else {
            return;
        };
        message.touch(frames);
        if let Some(at) = message.content(bytes) {
            message.carried(at, frames);
        }
    }

    /// So many bytes of content are missing.
    pub(super) fn missing(&mut self, direction: Direction, id: u32, bytes: u64) {
        if let Some(message) = self.open.get_mut(&id).and_then(|stream| stream.message(direction)) {
            message.broken = true;
            message.total = message.total.saturating_add(bytes);
        }
    }

    /// Nobody knows what is missing: no open message of a direction is whole any more.
    pub(super) fn broken(&mut self, direction: Direction) {
        for stream in self.open.values_mut() {
            if let Some(message) = stream.message(direction) {
                message.broken = true;
            }
        }
    }

    /// END_STREAM.
    pub(super) fn end(&mut self, direction: Direction, id: u32, out: &mut Outbox) {
        let Some(stream) = self.open.get_mut(&id) else { return };
        stream.end(direction, true);
        if stream.request.settled() && stream.response.settled() {
            self.close(id, out);
        }
    }

    /// RST_STREAM.
    pub(super) fn reset(&mut self, id: u32, code: Code, frames: &[FrameRef], out: &mut Outbox) {
        let Some(stream) = self.open.get_mut(&id) else { return };
        if code.0 != 0 {
            stream.note("h2-stream-reset", code.name());
        }
        if let (Some((_, last)), Some(frame)) = (&mut stream.frames, frames.last()) {
            *last = (*last).max(frame.number);
        }
        self.close(id, out);
    }

    /// A stream is over: what is open stays unfinished.
    fn close(&mut self, id: u32, out: &mut Outbox) {
        let Some(mut stream) = self.open.remove(&id) else { return };
        Direction::BOTH.into_iter().for_each(|direction| stream.end(direction, false));
        stream.emit(out);
        if self.closed.len() >= CLOSED {
            self.closed.pop_front();
        }
        self.closed.push_back(id);
    }

    /// Gives everything as it is, in the order of the streams.
    pub(super) fn finish(&mut self, out: &mut Outbox) {
        let mut ids: Vec<u32> = self.open.keys().copied().collect();
        ids.sort_unstable();
        ids.into_iter().for_each(|id| self.close(id, out));
    }
}

/// A message from its header list.
fn begin(
    direction: Direction,
    list: &mut List,
    frames: &[FrameRef],
    first: FrameRef,
    last: FrameRef,
) -> Message {
    let head = list.head(frames);
    let host = head.text("host").map(str::to_owned);
    let half = match direction {
        Direction::Sent => Half::from(Request {
            method: list.method.take().unwrap_or_default(),
            // A CONNECT has an authority and no path (RFC 9113 8.5).
            target: list.path.take().or_else(|| list.authority.clone()).unwrap_or_default(),
            scheme: list.scheme.take(),
            host: list.authority.take().or(host),
            ..Request::default()
        }),
        // Status 0: the field is not known.
        Direction::Received => {
            Response { status: list.status.unwrap_or_default(), ..Response::default() }.into()
        }
    };
    let length = head.text("content-length").and_then(|length| length.parse().ok());
    let keep = message::keeps(direction, head.get("content-type"), length);
    let mut message = Message::new(half, false, first, last, Vec::new());
    message.keep = keep;
    message.announced = length;
    message.broken = list.cut || list.damaged.is_some();
    *message.head_mut() = head;
    message
}
