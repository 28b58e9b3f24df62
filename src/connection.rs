//! The coverage ledger: what was seen of one transport connection, and what was not.
//!
//! The wire layers fill one record per connection; `coverage` and `no-basic` are decided from it, and
//! `inspect` lists it. Sizes stay bounded: no payload is kept here.

use std::sync::Arc;

use crate::base::Instant;
use crate::exchange::{Endpoint, Oddity, TlsFacts};

/// What one transport connection showed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Connection {
    /// Which input, counted from 0.
    pub input: u32,
    /// Its ordinal within the input, in the order of first packets.
    pub ordinal: u32,
    /// Frame number of its first packet.
    pub first_frame: u64,
    /// Times of its first and last packet, where the source knows them.
    pub times: Option<(Instant, Instant)>,
    /// Who opened it.
    pub client: Option<Endpoint>,
    /// Who accepted it.
    pub server: Option<Endpoint>,
    /// Client to server.
    pub sent: Flow,
    /// Server to client.
    pub received: Flow,
    /// What it carried, as far as it was recognised.
    pub content: Content,
    /// TLS, when it was.
    pub tls: Option<TlsLedger>,
    /// HTTP exchanges of which both messages were seen to their end.
    pub exchanges_complete: u64,
    /// HTTP exchanges with something missing.
    pub exchanges_partial: u64,
    /// Whether bytes of a request head were lost, so that credentials could have been in them.
    pub request_head_lost: bool,
    /// Whether the input is the export of a proxy that passed the connection on, so that no key opens it afterwards.
    pub passed_on: bool,
    /// Whether the first packet seen was not the first of the connection.
    pub starts_midway: bool,
    /// Whether, then, the first bytes seen are the rest of a message or record that began before.
    pub begins_inside: bool,
    /// Whether packets of it were recorded in part, which is why bytes are missing.
    pub snapped: bool,
    /// Whether neither FIN nor RST was seen.
    pub open_at_end: bool,
    /// Oddities that belong to the connection rather than to one exchange.
    pub oddities: Vec<Oddity>,
}

/// What to do about packets that were recorded in part.
pub const SNAPPED: &str =
    "packets were recorded in part: record them whole (tcpdump -s 0, pktmon start --pkt-size 0)";

/// What to do about a connection whose first bytes begin nothing.
pub const BEGINS_INSIDE: &str = "joined inside a message: record from the start of the connection, or give all files of \
     one recording together";

impl Connection {
    /// The word that `inspect` prints.
    pub fn state(&self) -> State {
        match &self.tls {
            Some(tls) if tls.undecrypted.is_some() => State::Undecrypted,
            None if self.content == Content::Quic => State::Undecrypted,
            _ if self.lost_something() || self.begins_inside => State::Partial,
            _ => State::Complete,
        }
    }

    /// Whether something is missing of what was said after the first byte that was seen.
    pub fn lost_something(&self) -> bool {
        self.sent.missing + self.received.missing > 0
            || self.exchanges_partial > 0
            || self.tls.as_ref().is_some_and(|tls| tls.records_failed > 0)
    }

    /// Whether it was joined inside something, and nothing that followed tells what that was.
    pub fn is_unrecognised_rest(&self) -> bool {
        self.begins_inside && self.content == Content::Other
    }
}

/// Messages of an export that could not be read and were left out: of captures, connections tell of such losses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LeftOut {
    /// How many.
    pub count: u64,
    /// Whether requests may be among them, so that credentials could have been in them.
    pub request: bool,
    /// The host that they went to, where what is left of them tells it.
    pub host: Option<String>,
}

impl LeftOut {
    /// One message that may have been a request to any host.
    pub fn request() -> Self {
        Self { count: 1, request: true, host: None }
    }

    /// One message that certainly was a response.
    pub fn response() -> Self {
        Self { count: 1, request: false, host: None }
    }

    /// The same, of a request to a host that is known.
    pub fn to(self, host: Option<String>) -> Self {
        Self { host: host.filter(|host| !host.is_empty()), ..self }
    }
}

/// How much of a connection could be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Everything that was sent was seen and read.
    Complete,
    /// Something is missing.
    Partial,
    /// TLS that stayed closed.
    Undecrypted,
}

/// One direction of a connection.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Flow {
    /// Bytes of application data that were seen (decrypted where it was TLS).
    pub bytes: u64,
    /// Bytes of the transport stream known to be missing between bytes that were seen.
    pub missing: u64,
    /// SHA-256 of the application data, with `--hashes`.
    pub sha256: Option<[u8; 32]>,
    /// Retransmitted bytes that differed from the first copy.
    pub conflicting: u64,
}

/// What a connection carried.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Content {
    /// No byte of payload was seen.
    #[default]
    Empty,
    /// HTTP/1.x, also behind a proxy's preamble.
    Http1,
    /// HTTP/2.
    Http2,
    /// TLS that stayed closed, or whose inside was not recognised.
    Tls,
    /// QUIC: named and counted only.
    Quic,
    /// Something else.
    Other,
}

/// What was learned of a TLS session, opened or not.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TlsLedger {
    /// What exchanges of this connection point at.
    pub facts: Arc<TlsFacts>,
    /// Client random of the first ClientHello, lower-case hex.
    pub client_random: Option<String>,
    /// Records that were opened.
    pub records_opened: u64,
    /// Records that keys were there for, but that did not open.
    pub records_failed: u64,
    /// Why it was not opened, in one line, and what to supply; `None` when it was.
    pub undecrypted: Option<String>,
    /// Whether it was not opened because of hellos that were not captured, so that up to TLS 1.2 a key log is of no use.
    pub hello_lost: bool,
    /// The first fatal alert: who sent it and its name.
    pub alert: Option<String>,
    /// The server asked for a client certificate and got one.
    pub client_certificate: bool,
}
