//! Takes the text of a compact serialisation, gives its parts: raw, decoded and as JSON with spans.
//!
//! RFC 7515 section 3.1 and 7.1, RFC 7519. Lossless: raw bytes, order and duplicates survive.

use std::ops::Range;

use bytes::Bytes;

use crate::json::Node;

/// A JWS in compact serialisation, or what is left of one.
#[derive(Clone, Debug)]
pub struct Jwt {
    /// Byte range of the encoded header in the token's text.
    pub header_part: Range<usize>,
    /// Byte range of the encoded payload.
    pub payload_part: Range<usize>,
    /// Byte range of the encoded signature; empty when it is absent.
    pub signature_part: Range<usize>,
    /// Decoded header bytes.
    pub header_bytes: Bytes,
    /// Decoded payload bytes.
    pub payload_bytes: Bytes,
    /// Decoded signature bytes; empty for unsigned tokens.
    pub signature: Bytes,
    /// The header as JSON, when it is.
    pub header: Option<Node>,
    /// The payload as JSON, when it is.
    pub claims: Option<Node>,
    /// What is odd about the form.
    pub faults: Vec<Fault>,
}

/// What is odd about a token's form. A closed list: each is a fact a rule can name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fault {
    /// Two parts: the last dot is lost.
    TwoParts,
    /// A number of parts that is neither two, three nor five.
    Parts(usize),
    /// A part is not base64url at this byte of the token's text.
    Encoding(&'static str, usize),
    /// A part uses padding or the standard alphabet: read, but not RFC 7515.
    LenientEncoding(&'static str),
    /// A decoded part is not a JSON object.
    Json(&'static str, String),
    /// The signature part is there but empty or masked: the source removed it.
    SignatureRemoved,
    /// The text is longer than `limits::TOKEN_BYTES`.
    TooLong(usize),
    /// More nested tokens than `limits::TOKEN_DEPTH`.
    TooDeep,
}

impl Jwt {
    /// Reads a compact serialisation. `None` when the text has nothing of a JWT (no dot, or a first
    /// part that does not decode to something beginning with `{`).
    pub fn parse(text: &[u8]) -> Option<Self> {
        let _ = text;
        todo!("helper: tokens")
    }

    /// `header.payload`: the bytes that the signature covers (RFC 7515 5.1).
    pub fn signing_input<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        text.get(self.header_part.start..self.payload_part.end).unwrap_or_default()
    }

    /// The `alg` member of the header, as written.
    pub fn algorithm(&self) -> Option<&str> {
        self.header.as_ref()?.get("alg")?.as_str()
    }

    /// Whether there is a signature part with bytes in it.
    pub fn is_signed(&self) -> bool {
        !self.signature_part.is_empty()
    }
}
