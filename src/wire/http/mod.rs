//! Takes the two byte streams of an HTTP connection, gives exchanges.
//!
//! RFC 9110, RFC 9112 (`h1`), RFC 9113 and RFC 7541 (`h2`). Decoders share one shape: `push` an event of
//! one direction, take finished messages from an `Outbox`.

/// Content codings, bounded.
pub mod body;
/// `WWW-Authenticate` and `Authorization`.
pub mod challenge;
/// HTTP/1.0 and HTTP/1.1.
pub mod h1;
/// HTTP/2.
pub mod h2;
mod lines;
mod message;
pub(crate) mod packed;
/// Memory of bodies that are done with.
pub(crate) mod pool;

use crate::exchange::{Enough, Oddity, Protocol, Request, Response};

/// An exchange as an HTTP decoder knows it: who the peers are and what it is numbered is added above.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finished {
    /// The request, unless its head was lost.
    pub request: Option<Box<Request>>,
    /// The response, unless it was not seen.
    pub response: Option<Box<Response>>,
    /// Protocol of the request.
    pub protocol: Protocol,
    /// First and last frame of both messages; the first orders exchanges.
    pub frames: (u64, u64),
    /// Oddities of the messages.
    pub oddities: Vec<Oddity>,
}

/// Bytes after which the connection is no longer HTTP.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Tunnel {
    /// A `CONNECT` that was answered 2xx: the authority that was asked for.
    Connect(String),
    /// An `Upgrade` that was answered 101: the protocol's name (`websocket`, `h2c`, …).
    Upgrade(String),
}

/// What HTTP decoders put out, in the order it became certain.
#[derive(Debug, Default)]
pub struct Outbox {
    /// Finished exchanges. Each appears once.
    pub exchanges: Vec<Finished>,
    /// Set when the connection changes its protocol. The decoder is done then; bytes that it had
    /// already been given beyond that point are in `rest`, by direction, with their frames.
    pub tunnel: Option<(Tunnel, Vec<(super::stream::Direction, OwnedChunk)>)>,
    /// Whether bytes of a request head were lost (to a gap, a start in the middle of a head, or a bound).
    pub request_head_lost: bool,
    /// Whether bytes were passed over that begin no message: the rest of one whose beginning was not seen.
    pub passed_over: bool,
    /// Oddities that belong to no exchange.
    pub oddities: Vec<Oddity>,
    /// When the beginning of an answer is enough: set by who takes what is put out.
    pub enough: Option<Enough>,
}

impl Outbox {
    /// Whether nothing was put out.
    pub fn is_empty(&self) -> bool {
        self.exchanges.is_empty()
            && self.tunnel.is_none()
            && !self.request_head_lost
            && !self.passed_over
            && self.oddities.is_empty()
    }
}

/// Bytes with the frames they came from, owned.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OwnedChunk {
    /// In-order bytes.
    pub bytes: Vec<u8>,
    /// Frames that carried them.
    pub frames: Vec<super::stream::FrameRef>,
}

/// Whether a byte may stand in a token (RFC 9110 5.6.2).
const fn is_token_byte(byte: u8) -> bool {
    TOKEN_BYTES[byte as usize]
}

const TOKEN_BYTES: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128_u8 {
        table[byte as usize] = byte.is_ascii_alphanumeric();
        byte += 1;
    }
    let mut marks: &[u8] = b"!#$%&'*+-.^_`|~";
    while let [mark, rest @ ..] = marks {
        table[*mark as usize] = true;
        marks = rest;
    }
    table
};

/// Adds an oddity of the connection, each name once.
fn note(out: &mut Outbox, name: &'static str, detail: &str) {
    if !out.oddities.iter().any(|known| known.name == name) {
        out.oddities.push(Oddity { name, detail: detail.to_owned() });
    }
}
