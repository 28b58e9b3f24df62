//! Takes the content of handshake records, gives whole handshake messages (RFC 8446 4), and reads
//! Certificate messages.

use std::io::Read;

use bytes::Bytes;

use crate::base::Reader;
use crate::limits;

/// Message types.
pub(super) mod message {
    pub(in super::super) const CLIENT_HELLO: u8 = 1;
    pub(in super::super) const SERVER_HELLO: u8 = 2;
    pub(in super::super) const NEW_SESSION_TICKET: u8 = 4;
    pub(in super::super) const END_OF_EARLY_DATA: u8 = 5;
    pub(in super::super) const ENCRYPTED_EXTENSIONS: u8 = 8;
    pub(in super::super) const CERTIFICATE: u8 = 11;
    pub(in super::super) const SERVER_KEY_EXCHANGE: u8 = 12;
    pub(in super::super) const SERVER_HELLO_DONE: u8 = 14;
    pub(in super::super) const CLIENT_KEY_EXCHANGE: u8 = 16;
    pub(in super::super) const FINISHED: u8 = 20;
    pub(in super::super) const KEY_UPDATE: u8 = 24;
    pub(in super::super) const COMPRESSED_CERTIFICATE: u8 = 25;
}

/// Bytes of a message header.
const HEADER: usize = 4;

/// Puts the messages of one direction together.
#[derive(Debug, Default)]
pub(super) struct Joiner {
    buffer: Vec<u8>,
    /// Bytes left of a message that is too long to be kept.
    skip: usize,
    /// There was such a message.
    pub(super) too_long: bool,
}

impl Joiner {
    /// Adds the content of a record.
    pub(super) fn push(&mut self, mut content: &[u8]) {
        if self.skip > 0 {
            let count = self.skip.min(content.len());
            self.skip -= count;
            content = content.get(count..).unwrap_or_default();
        }
        self.buffer.extend_from_slice(content);
    }

    /// The next whole message, header included.
    pub(super) fn pop(&mut self) -> Option<Vec<u8>> {
        let length = usize::try_from(Reader::new(self.buffer.get(1..)?).u24()?).ok()? + HEADER;
        if length > limits::TLS_HANDSHAKE_BYTES {
            self.too_long = true;
            self.skip = length.saturating_sub(self.buffer.len());
            let rest = self.buffer.split_off(length.min(self.buffer.len()));
            self.buffer = rest;
            return None;
        }
        if self.buffer.len() < length {
            return None;
        }
        let rest = self.buffer.split_off(length);
        let message = std::mem::replace(&mut self.buffer, rest);
        if self.buffer.is_empty() {
            self.buffer = Vec::new();
        }
        Some(message)
    }

    /// Forgets a message that was begun: bytes were lost.
    pub(super) fn clear(&mut self) {
        *self = Self { too_long: self.too_long, ..Self::default() };
    }

    /// Whether nothing is begun.
    pub(super) fn is_empty(&self) -> bool {
        self.buffer.is_empty() && self.skip == 0
    }
}

/// Whether the content of a record could begin a message in the clear: tells it from an encrypted one.
pub(super) fn plausible(content: &[u8]) -> bool {
    begins(content).is_some_and(|length| length <= limits::TLS_HANDSHAKE_BYTES)
}

/// Whether it begins a message that is longer than any that is read.
pub(super) fn too_long(content: &[u8]) -> bool {
    begins(content).is_some_and(|length| length > limits::TLS_HANDSHAKE_BYTES)
}

/// The length of the message that begins here, when its type is known.
fn begins(content: &[u8]) -> Option<usize> {
    let mut reader = Reader::new(content);
    let known = matches!(reader.u8()?, 0..=5 | 8 | 11..=16 | 20..=25 | 67);
    reader.u24().filter(|_| known).map(|length| length as usize)
}

/// The certificates of a Certificate message, leaf first; those of TLS 1.3 stand between a context and
/// extensions (RFC 8446 4.4.2).
pub(super) fn certificates(body: &[u8], tls13: bool) -> Vec<Bytes> {
    let mut chain = Vec::new();
    let mut reader = Reader::new(body);
    if tls13 {
        let context = reader.u8().unwrap_or(0);
        reader.skip(usize::from(context));
    }
    let total = reader.u24().unwrap_or(0);
    let Some(mut list) = reader.sub(total as usize) else { return chain };
    while let Some(length) = list.u24() {
        let Some(certificate) = list.take(length as usize) else { break };
        if chain.len() < limits::TLS_CHAIN {
            chain.push(Bytes::copy_from_slice(certificate));
        }
        if tls13 {
            let extensions = list.u16().unwrap_or(0);
            list.skip(usize::from(extensions));
        }
    }
    chain
}

/// The Certificate message in a CompressedCertificate (RFC 8879).
pub(super) fn decompress_certificate(body: &[u8]) -> Option<Vec<u8>> {
    let mut reader = Reader::new(body);
    let algorithm = reader.u16()?;
    let length = reader.u24()? as usize;
    let compressed = reader.u24()? as usize;
    let data = reader.take(compressed)?;
    if length > limits::TLS_HANDSHAKE_BYTES {
        return None;
    }
    let mut out = vec![0; length];
    match algorithm {
        1 => flate2::read::ZlibDecoder::new(data).read_exact(&mut out).ok()?,
        2 => brotli_decompressor::Decompressor::new(data, 4096).read_exact(&mut out).ok()?,
        3 => ruzstd::decoding::StreamingDecoder::new(data).ok()?.read_exact(&mut out).ok()?,
        _ => return None,
    }
    Some(out)
}
