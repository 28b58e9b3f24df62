//! Takes the bytes of HTTP/2 frames, gives what they say. RFC 9113 4 and 6.

use crate::base::Reader;
use crate::wire::stream::Direction;

/// `END_STREAM` of DATA and HEADERS, `ACK` of SETTINGS and PING.
pub(super) const END_STREAM: u8 = 0x1;
/// The same bit on SETTINGS and PING.
pub(super) const ACK: u8 = 0x1;
/// `END_HEADERS`.
pub(super) const END_HEADERS: u8 = 0x4;
/// `PADDED`.
pub(super) const PADDED: u8 = 0x8;
/// `PRIORITY`.
const PRIORITY: u8 = 0x20;

/// Bytes of a frame's header.
pub(super) const HEADER: usize = 9;

/// An error code of HTTP/2 (RFC 9113 7).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Code(pub u32);

impl Code {
    /// PROTOCOL_ERROR.
    pub const PROTOCOL: Self = Self(1);
    /// FRAME_SIZE_ERROR.
    pub const FRAME_SIZE: Self = Self(6);

    /// The name in the registry.
    pub const fn name(self) -> &'static str {
        match self.0 {
            0 => "NO_ERROR",
            1 => "PROTOCOL_ERROR",
            2 => "INTERNAL_ERROR",
            3 => "FLOW_CONTROL_ERROR",
            4 => "SETTINGS_TIMEOUT",
            5 => "STREAM_CLOSED",
            6 => "FRAME_SIZE_ERROR",
            7 => "REFUSED_STREAM",
            8 => "CANCEL",
            9 => "COMPRESSION_ERROR",
            10 => "CONNECT_ERROR",
            11 => "ENHANCE_YOUR_CALM",
            12 => "INADEQUATE_SECURITY",
            13 => "HTTP_1_1_REQUIRED",
            _ => "an unknown error code",
        }
    }
}

/// What kind a frame is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Kind(pub u8);

impl Kind {
    /// DATA.
    pub const DATA: Self = Self(0);
    /// HEADERS.
    pub const HEADERS: Self = Self(1);
    /// PRIORITY.
    pub const PRIORITY: Self = Self(2);
    /// RST_STREAM.
    pub const RST_STREAM: Self = Self(3);
    /// SETTINGS.
    pub const SETTINGS: Self = Self(4);
    /// PUSH_PROMISE.
    pub const PUSH_PROMISE: Self = Self(5);
    /// PING.
    pub const PING: Self = Self(6);
    /// GOAWAY.
    pub const GOAWAY: Self = Self(7);
    /// WINDOW_UPDATE.
    pub const WINDOW_UPDATE: Self = Self(8);
    /// CONTINUATION.
    pub const CONTINUATION: Self = Self(9);
}

/// The nine bytes that begin a frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header {
    /// Bytes of payload.
    pub length: u32,
    /// Its kind.
    pub kind: Kind,
    /// Its flags.
    pub flags: u8,
    /// Its stream, without the reserved bit.
    pub stream: u32,
}

/// The payload of a frame.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Payload<'a> {
    /// Content, with how much padding.
    Data(&'a [u8], u8),
    /// A piece of a header block.
    Headers {
        /// The piece.
        block: &'a [u8],
        /// Dependency (exclusive, stream) and weight as sent.
        priority: Option<(bool, u32, u8)>,
        /// Bytes of padding.
        padding: u8,
    },
    /// Dependency (exclusive, stream) and weight as sent.
    Priority(bool, u32, u8),
    /// Why a stream ends.
    Reset(Code),
    /// Settings as numbers and values.
    Settings(Vec<(u16, u32)>),
    /// A promised stream and a piece of its request's header block.
    Push {
        /// The stream promised.
        promised: u32,
        /// The piece.
        block: &'a [u8],
        /// Bytes of padding.
        padding: u8,
    },
    /// Eight bytes.
    Ping(&'a [u8]),
    /// The last stream that was looked at, why, and debug data.
    GoAway(u32, Code, &'a [u8]),
    /// More bytes that may be sent.
    Window(u32),
    /// A further piece of a header block.
    Continuation(&'a [u8]),
    /// A kind that is to be ignored (RFC 9113 5.5).
    Other,
}

impl Header {
    /// Reads the nine bytes.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        Some(Self {
            length: reader.u24()?,
            kind: Kind(reader.u8()?),
            flags: reader.u8()?,
            stream: reader.u32()? & 0x7fff_ffff,
        })
    }

    /// Whether a flag is set.
    pub const fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// The rules that need nothing but the header.
    pub fn check(&self) -> Result<(), Code> {
        let of_stream = match self.kind {
            Kind::DATA
            | Kind::HEADERS
            | Kind::PRIORITY
            | Kind::RST_STREAM
            | Kind::PUSH_PROMISE
            | Kind::CONTINUATION => Some(true),
            Kind::SETTINGS | Kind::PING | Kind::GOAWAY => Some(false),
            _ => None,
        };
        if of_stream.is_some_and(|of_stream| of_stream != (self.stream != 0)) {
            return Err(Code::PROTOCOL);
        }
        let padding = u32::from(
            self.has(PADDED) && matches!(self.kind, Kind::DATA | Kind::HEADERS | Kind::PUSH_PROMISE),
        );
        let sized = match self.kind {
            Kind::PRIORITY => self.length == 5,
            Kind::RST_STREAM | Kind::WINDOW_UPDATE => self.length == 4,
            Kind::SETTINGS if self.has(ACK) => self.length == 0,
            Kind::SETTINGS => self.length.is_multiple_of(6),
            Kind::PING => self.length == 8,
            Kind::GOAWAY => self.length >= 8,
            Kind::PUSH_PROMISE => self.length >= 4 + padding,
            Kind::HEADERS if self.has(PRIORITY) => self.length >= 5 + padding,
            _ => self.length >= padding,
        };
        if sized { Ok(()) } else { Err(Code::FRAME_SIZE) }
    }

    /// Whether the bytes might be another header by chance: the rule for finding frames where the place
    /// was lost. Stricter than the protocol, which ignores unknown kinds and flags.
    pub(super) fn plausible(&self) -> bool {
        let flags = match self.kind {
            Kind::DATA => END_STREAM | PADDED,
            Kind::HEADERS => END_STREAM | END_HEADERS | PADDED | PRIORITY,
            Kind::PUSH_PROMISE => END_HEADERS | PADDED,
            Kind::CONTINUATION => END_HEADERS,
            Kind::SETTINGS | Kind::PING => ACK,
            _ => 0,
        };
        self.kind.0 <= Kind::CONTINUATION.0
            && self.flags & !flags == 0
            && self.length <= super::DEFAULT_FRAME
            && self.stream < 1 << 24
            && self.check().is_ok()
    }

    /// Reads a whole payload.
    pub fn payload<'a>(&self, payload: &'a [u8]) -> Result<Payload<'a>, Code> {
        self.check()?;
        if payload.len() != self.length as usize {
            return Err(Code::FRAME_SIZE);
        }
        self.read_payload(payload).unwrap_or(Err(Code::FRAME_SIZE))
    }

    fn read_payload<'a>(&self, payload: &'a [u8]) -> Option<Result<Payload<'a>, Code>> {
        let mut reader = Reader::new(payload);
        let padded = self.has(PADDED) && matches!(self.kind, Kind::DATA | Kind::HEADERS | Kind::PUSH_PROMISE);
        let padding = if padded { reader.u8()? } else { 0 };
        Some(Ok(match self.kind {
            Kind::DATA => match unpad(reader.rest(), padding) {
                Some(content) => Payload::Data(content, padding),
                None => return Some(Err(Code::PROTOCOL)),
            },
            Kind::HEADERS => {
                let priority = if self.has(PRIORITY) { Some(dependency(&mut reader)?) } else { None };
                match unpad(reader.rest(), padding) {
                    Some(block) => Payload::Headers { block, priority, padding },
                    None => return Some(Err(Code::PROTOCOL)),
                }
            }
            Kind::PRIORITY => {
                let (exclusive, on, weight) = dependency(&mut reader)?;
                Payload::Priority(exclusive, on, weight)
            }
            Kind::RST_STREAM => Payload::Reset(Code(reader.u32()?)),
            Kind::SETTINGS => {
                let entries = payload.chunks_exact(6).filter_map(|entry| {
                    let mut reader = Reader::new(entry);
                    Some((reader.u16()?, reader.u32()?))
                });
                Payload::Settings(entries.collect())
            }
            Kind::PUSH_PROMISE => {
                let promised = reader.u32()? & 0x7fff_ffff;
                match unpad(reader.rest(), padding) {
                    // Only servers promise, and their streams have even numbers (RFC 9113 5.1.1).
                    Some(block) if promised != 0 && promised.is_multiple_of(2) => {
                        Payload::Push { promised, block, padding }
                    }
                    _ => return Some(Err(Code::PROTOCOL)),
                }
            }
            Kind::PING => Payload::Ping(payload),
            Kind::GOAWAY => {
                let last = reader.u32()? & 0x7fff_ffff;
                Payload::GoAway(last, Code(reader.u32()?), reader.rest())
            }
            Kind::WINDOW_UPDATE => match reader.u32()? & 0x7fff_ffff {
                0 => return Some(Err(Code::PROTOCOL)),
                more => Payload::Window(more),
            },
            Kind::CONTINUATION => Payload::Continuation(payload),
            _ => Payload::Other,
        }))
    }
}

fn unpad(payload: &[u8], padding: u8) -> Option<&[u8]> {
    payload.get(..payload.len().checked_sub(usize::from(padding))?)
}

fn dependency(reader: &mut Reader<'_>) -> Option<(bool, u32, u8)> {
    let on = reader.u32()?;
    Some((on >> 31 == 1, on & 0x7fff_ffff, reader.u8()?))
}

/// How many streams a client may have opened while nobody saw it.
const STREAMS_MISSED: u32 = 1 << 12;

/// Whether `bytes` begin with the header list of a new request that goes on in further packets: its
/// stream is a little newer than the `newest` that was seen, and its block begins as blocks do.
pub(super) fn new_request(direction: Direction, bytes: &[u8], newest: u32) -> bool {
    let Some(header) = Header::read(bytes) else { return false };
    let next = newest + 1..newest.saturating_add(STREAMS_MISSED);
    let Some(&block) = bytes.get(HEADER + if header.has(PRIORITY) { 5 } else { 0 }) else { return false };
    // `:method` GET or POST, a literal or size update, or an entry of the dynamic table.
    let begins = matches!(block, 0x82 | 0x83 | 0x20..=0x7f | 0xbe..);
    direction == Direction::Sent
        && header.plausible()
        && header.kind == Kind::HEADERS
        && header.has(END_HEADERS)
        && !header.has(PADDED)
        && header.stream % 2 == 1
        && next.contains(&header.stream)
        && begins
}

/// Whether a chain of frames certainly begins here: whole frames to the end of `bytes`, or whole frames
/// and the beginning of one.
pub(super) fn chain(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    let mut whole = 0;
    loop {
        if rest.is_empty() {
            return whole > 0;
        }
        let Some(header) = Header::read(rest) else { return whole >= 2 };
        if !header.plausible() {
            return false;
        }
        match rest.get(HEADER + header.length as usize..) {
            Some(after) => rest = after,
            None => return whole >= 1,
        }
        whole += 1;
    }
}
