//! Takes the bodies of ClientHello and ServerHello, gives what the rest of the session depends on.
//!
//! RFC 8446 4.1, RFC 5246 7.4.1, RFC 6066 (server name), RFC 7301 (ALPN), RFC 7366, RFC 7627, RFC 5077,
//! RFC 5246 E.2 (SSL 2.0 framing). What is not understood is left out, never an error.

use aws_lc_rs::digest::{SHA256, digest};

use super::Version;
use super::suites::{CipherSuite, TLS13};
use crate::base::Reader;

/// The random of a ServerHello that is a HelloRetryRequest (RFC 8446 4.1.3).
const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2,
    0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

mod extension {
    pub(super) const SERVER_NAME: u16 = 0;
    pub(super) const ALPN: u16 = 16;
    pub(super) const ENCRYPT_THEN_MAC: u16 = 22;
    pub(super) const EXTENDED_MASTER_SECRET: u16 = 23;
    pub(super) const SESSION_TICKET: u16 = 35;
    pub(super) const EARLY_DATA: u16 = 42;
    pub(super) const SUPPORTED_VERSIONS: u16 = 43;
    pub(super) const NEXT_PROTOCOL: u16 = 13172;
}

/// A ClientHello.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct ClientHello {
    pub(super) version: Version,
    pub(super) random: [u8; 32],
    pub(super) session_id: Vec<u8>,
    /// Those of TLS 1.3 only: what was offered else is never asked for.
    pub(super) suites: Vec<CipherSuite>,
    pub(super) server_name: Option<String>,
    /// SHA-256 of the session ticket, empty without one.
    pub(super) ticket: Vec<u8>,
    pub(super) early_data: bool,
    /// TLS 1.3 is among the versions offered.
    pub(super) offers_tls13: bool,
}

/// A ServerHello or HelloRetryRequest.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct ServerHello {
    pub(super) version: Version,
    pub(super) random: [u8; 32],
    pub(super) session_id: Vec<u8>,
    pub(super) suite: CipherSuite,
    pub(super) compression: u8,
    pub(super) alpn: Option<String>,
    pub(super) extended_master_secret: bool,
    pub(super) encrypt_then_mac: bool,
    pub(super) retry: bool,
}

/// What EncryptedExtensions say.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct EncryptedExtensions {
    pub(super) alpn: Option<String>,
    pub(super) early_data: bool,
}

impl ClientHello {
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(body);
        let mut hello = Self { version: Version(reader.u16()?), random: reader.array()?, ..Self::default() };
        let count = reader.u8()?;
        hello.session_id = reader.take(usize::from(count))?.to_vec();
        let count = reader.u16()?;
        hello.suites = suites(reader.take(usize::from(count))?);
        let count = reader.u8()?;
        reader.skip(usize::from(count))?;
        extensions(&mut reader, |number, mut data| match number {
            extension::SERVER_NAME => hello.server_name = server_name(&mut data),
            extension::SESSION_TICKET => hello.ticket = ticket_name(data.rest()),
            extension::EARLY_DATA => hello.early_data = true,
            extension::SUPPORTED_VERSIONS => {
                data.u8();
                hello.offers_tls13 = std::iter::from_fn(|| data.u16())
                    .any(|version| Version::parse(version) == Version::TLS13);
            }
            _ => {}
        });
        Some(hello)
    }

    /// From the framing of SSL 2.0: message type and version, then lengths, suites of three bytes, session
    /// id and challenge.
    pub(super) fn parse_ssl2(message: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(message);
        reader.u8().filter(|&kind| kind == 1)?;
        let version = Version(reader.u16()?);
        let (suites, session, challenge) = (reader.u16()?, reader.u16()?, reader.u16()?);
        reader.skip(usize::from(suites))?;
        let session_id = reader.take(usize::from(session))?.to_vec();
        let challenge = reader.take(usize::from(challenge))?;
        // The challenge becomes the client random, right-aligned (RFC 5246 E.2).
        let mut random = [0; 32];
        random.iter_mut().rev().zip(challenge.iter().rev()).for_each(|(to, from)| *to = *from);
        Some(Self { version, random, session_id, ..Self::default() })
    }
}

impl ServerHello {
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(body);
        let mut hello =
            Self { version: Version::parse(reader.u16()?), random: reader.array()?, ..Self::default() };
        // Drafts of TLS 1.3 up to 21 had no session id here; nothing of that age is left to open.
        let count = reader.u8()?;
        hello.session_id = reader.take(usize::from(count))?.to_vec();
        hello.suite = CipherSuite(reader.u16()?);
        hello.compression = reader.u8()?;
        hello.retry = hello.random == RETRY;
        extensions(&mut reader, |number, mut data| match number {
            extension::ALPN => hello.alpn = protocol(&mut data),
            extension::ENCRYPT_THEN_MAC => hello.encrypt_then_mac = true,
            extension::EXTENDED_MASTER_SECRET => hello.extended_master_secret = true,
            extension::SUPPORTED_VERSIONS => {
                if let Some(version) = data.u16() {
                    hello.version = Version::parse(version);
                }
            }
            extension::NEXT_PROTOCOL => {}
            _ => {}
        });
        Some(hello)
    }
}

impl EncryptedExtensions {
    pub(super) fn parse(body: &[u8]) -> Self {
        let mut found = Self::default();
        extensions(&mut Reader::new(body), |number, mut data| match number {
            extension::ALPN => found.alpn = protocol(&mut data),
            extension::EARLY_DATA => found.early_data = true,
            _ => {}
        });
        found
    }
}

fn suites(bytes: &[u8]) -> Vec<CipherSuite> {
    let all = bytes.as_chunks::<2>().0.iter().map(|&pair| CipherSuite(u16::from_be_bytes(pair)));
    let mut known: Vec<CipherSuite> = all.filter(|suite| TLS13.contains(suite)).take(TLS13.len()).collect();
    known.dedup();
    known
}

/// What a ticket is remembered by: tickets may be as long as a message.
pub(super) fn ticket_name(ticket: &[u8]) -> Vec<u8> {
    if ticket.is_empty() { Vec::new() } else { digest(&SHA256, ticket).as_ref().to_vec() }
}

fn extensions<'a>(reader: &mut Reader<'a>, mut each: impl FnMut(u16, Reader<'a>)) {
    let Some(total) = reader.u16() else { return };
    let Some(mut list) = reader.sub(usize::from(total)) else { return };
    while let (Some(number), Some(length)) = (list.u16(), list.u16()) {
        let Some(data) = list.sub(usize::from(length)) else { return };
        each(number, data);
    }
}

/// RFC 6066 3: the first name of type host_name.
fn server_name(data: &mut Reader<'_>) -> Option<String> {
    data.u16()?;
    while let (Some(kind), Some(length)) = (data.u8(), data.u16()) {
        let name = data.take(usize::from(length))?;
        // RFC 1035 2.3.4: longer is no name.
        if kind == 0 && name.len() <= 255 {
            return Some(printable(name));
        }
    }
    None
}

/// RFC 7301 3.1: the server selects exactly one.
fn protocol(data: &mut Reader<'_>) -> Option<String> {
    data.u16()?;
    let length = data.u8()?;
    data.take(usize::from(length)).map(printable)
}

/// Names from the wire may hold anything; what is not printable ASCII is escaped.
fn printable(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}
