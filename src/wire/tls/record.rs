//! Takes the bytes of one direction, gives TLS records (RFC 8446 5.1), with the frames that carried each.
//!
//! A record that lies whole in one chunk is handed on in place; one that is cut is put together in a
//! buffer. After a loss the next record is looked for: a header that could be one, followed by another or
//! by the end of what is there.

use std::cell::RefCell;
use std::mem;

use super::Version;
use crate::limits;
use crate::wire::stream::FrameRef;

/// Bytes of a record header.
pub(super) const HEADER: usize = 5;

/// Content types.
pub(super) mod kind {
    pub(in super::super) const CHANGE_CIPHER_SPEC: u8 = 20;
    pub(in super::super) const ALERT: u8 = 21;
    pub(in super::super) const HANDSHAKE: u8 = 22;
    pub(in super::super) const APPLICATION_DATA: u8 = 23;
    pub(in super::super) const HEARTBEAT: u8 = 24;
}

/// A record header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Header {
    pub(super) kind: u8,
    pub(super) version: Version,
    pub(super) length: usize,
}

impl Header {
    /// Reads the five bytes; `None` when no TLS record begins like that.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let &[kind, major, minor, high, low] = bytes.first_chunk::<HEADER>()?;
        let length = usize::from(u16::from_be_bytes([high, low]));
        let right = (kind::CHANGE_CIPHER_SPEC..=kind::HEARTBEAT).contains(&kind)
            && major == 3
            && minor <= 4
            && length <= limits::TLS_RECORD_BYTES;
        right.then_some(Self { kind, version: Version(u16::from_be_bytes([major, minor])), length })
    }

    const fn whole(self) -> usize {
        HEADER + self.length
    }
}

/// What the deframer found.
#[derive(Debug)]
pub(super) enum Found<'a> {
    /// A record that lies in the chunk.
    Whole { header: Header, body: &'a [u8] },
    /// A record that was put together; give the bytes back with [`Deframer::recycle`].
    Assembled { header: Header, bytes: Vec<u8>, frames: Vec<FrameRef> },
    /// The header of a record whose body is passed over.
    Passed(Header),
    /// A ClientHello in the framing of SSL 2.0 (RFC 5246 E.2), without its length.
    Ssl2Hello(Vec<u8>),
    /// What stands here is no record: the next one is looked for.
    Lost,
}

/// Cuts one direction into records.
#[derive(Debug, Default)]
pub(super) struct Deframer {
    /// The beginning of a record, or what is searched.
    buffer: Vec<u8>,
    /// Where in the buffer which frame begins.
    runs: Vec<(usize, FrameRef)>,
    /// Where the search goes on.
    scanned: usize,
    seeking: bool,
    started: bool,
    /// Bytes of a body that is passed over.
    skip: usize,
}

thread_local! {
    /// Buffers that idle directions gave back.
    static POOL: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
    /// Buffers for plaintext. They keep their length, so that nothing is filled with zeros for each record.
    static PLAIN: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// Buffers kept for reuse by each thread: each direction in the middle of a record has one.
const POOLED: usize = 64;

/// A buffer from the pool, empty or with old bytes.
fn borrow_buffer() -> Vec<u8> {
    POOL.with_borrow_mut(Vec::pop).unwrap_or_default()
}

/// Gives a buffer to the pool.
fn return_buffer(buffer: Vec<u8>) {
    POOL.with_borrow_mut(|pool| {
        if pool.len() < POOLED && buffer.capacity() > 0 {
            pool.push(buffer);
        }
    });
}

/// A buffer as long as any record, with old bytes.
pub(super) fn borrow_plain() -> Vec<u8> {
    PLAIN.with_borrow_mut(Vec::pop).unwrap_or_else(|| vec![0; limits::TLS_RECORD_BYTES])
}

/// Gives one back.
pub(super) fn return_plain(buffer: Vec<u8>) {
    PLAIN.with_borrow_mut(|pool| {
        if pool.len() < POOLED && buffer.len() >= limits::TLS_RECORD_BYTES {
            pool.push(buffer);
        }
    });
}

impl Deframer {
    /// Takes from the front of `rest` what belongs to the next record. `discard`: bodies are not wanted.
    /// `None` when all of `rest` was taken and nothing is complete.
    pub(super) fn next<'a>(
        &mut self,
        rest: &mut &'a [u8],
        frames: &[FrameRef],
        discard: bool,
    ) -> Option<Found<'a>> {
        if self.skip > 0 {
            let count = self.skip.min(rest.len());
            *rest = rest.get(count..).unwrap_or_default();
            self.skip -= count;
        }
        if !self.started
            && !self.seeking
            && let Some(hello) = self.ssl2_hello(rest, frames)
        {
            return hello;
        }
        if self.seeking {
            return self.seek(rest, frames);
        }
        if !self.buffer.is_empty() {
            return self.assemble(rest, frames, discard);
        }
        let Some(&head) = rest.first_chunk::<HEADER>() else {
            self.stash(rest, frames, rest.len());
            return None;
        };
        let Some(header) = Header::parse(&head) else {
            self.lose();
            return Some(Found::Lost);
        };
        self.started = true;
        if discard {
            *rest = rest.get(HEADER..).unwrap_or_default();
            self.skip = header.length;
            return Some(Found::Passed(header));
        }
        let Some((record, after)) = rest.split_at_checked(header.whole()) else {
            self.stash(rest, frames, rest.len());
            return None;
        };
        *rest = after;
        Some(Found::Whole { header, body: record.get(HEADER..).unwrap_or_default() })
    }

    /// Bytes were lost: what was begun is dropped, and the next record is looked for. Gives how many bytes
    /// of the record that was begun are dropped.
    pub(super) fn lose(&mut self) -> usize {
        let dropped = self.buffer.len();
        self.buffer.clear();
        self.runs.clear();
        self.scanned = 0;
        self.skip = 0;
        self.seeking = true;
        dropped
    }

    /// Whether a record was begun and not ended.
    pub(super) fn begun(&self) -> bool {
        !self.buffer.is_empty() || self.skip > 0
    }

    /// Whether a record was seen.
    pub(super) fn started(&self) -> bool {
        self.started
    }

    /// Takes back the buffer of a record that was put together.
    pub(super) fn recycle(&mut self, bytes: Vec<u8>) {
        return_buffer(bytes);
    }

    fn stash(&mut self, rest: &mut &[u8], frames: &[FrameRef], count: usize) {
        let Some((taken, after)) = rest.split_at_checked(count) else { return };
        if taken.is_empty() {
            return;
        }
        if self.buffer.capacity() == 0 {
            self.buffer = borrow_buffer();
            self.buffer.clear();
        }
        for frame in frames {
            if self.runs.last().is_none_or(|(_, last)| last.number != frame.number) {
                self.runs.push((self.buffer.len(), *frame));
            }
        }
        self.buffer.extend_from_slice(taken);
        *rest = after;
    }

    fn assemble<'a>(&mut self, rest: &mut &'a [u8], frames: &[FrameRef], discard: bool) -> Option<Found<'a>> {
        self.stash(rest, frames, rest.len().min(HEADER.saturating_sub(self.buffer.len())));
        if self.buffer.len() < HEADER {
            return None;
        }
        let Some(header) = Header::parse(&self.buffer) else {
            self.seeking = true;
            self.scanned = 0;
            return Some(Found::Lost);
        };
        self.started = true;
        if discard {
            self.skip = header.whole().saturating_sub(self.buffer.len());
            self.take(header.whole().min(self.buffer.len()));
            return Some(Found::Passed(header));
        }
        self.stash(rest, frames, rest.len().min(header.whole().saturating_sub(self.buffer.len())));
        if self.buffer.len() < header.whole() {
            return None;
        }
        let (bytes, frames) = self.take(header.whole());
        Some(Found::Assembled { header, bytes, frames })
    }

    /// Takes the first `count` bytes out of the buffer, with their frames.
    fn take(&mut self, count: usize) -> (Vec<u8>, Vec<FrameRef>) {
        let tail = self.buffer.get(count..).unwrap_or_default();
        let tail = if tail.is_empty() { Vec::new() } else { tail.to_vec() };
        let mut bytes = mem::replace(&mut self.buffer, tail);
        bytes.truncate(count);
        let frames = self.runs.iter().filter(|(at, _)| *at < count).map(|(_, frame)| *frame).collect();
        if self.buffer.is_empty() {
            self.runs.clear();
        } else {
            let first = self.runs.iter().rposition(|(at, _)| *at <= count).unwrap_or(0);
            self.runs.drain(..first);
            self.runs.iter_mut().for_each(|(at, _)| *at = at.saturating_sub(count));
        }
        (bytes, frames)
    }

    /// Looks for a record header, strictly: what follows the record must be one as well, unless nothing
    /// follows yet.
    fn seek<'a>(&mut self, rest: &mut &'a [u8], frames: &[FrameRef]) -> Option<Found<'a>> {
        // Two whole records are enough to decide; what lies before the place of the search is dropped.
        const ENOUGH: usize = 2 * (HEADER + limits::TLS_RECORD_BYTES);
        loop {
            self.stash(rest, frames, rest.len().min(ENOUGH.saturating_sub(self.buffer.len())));
            let found = self.scan();
            self.take(self.scanned);
            self.scanned = 0;
            if let Some(header) = found {
                self.seeking = false;
                self.started = true;
                let (bytes, frames) = self.take(header.whole());
                return Some(Found::Assembled { header, bytes, frames });
            }
            if rest.is_empty() {
                return None;
            }
        }
    }

    /// Goes on to the next header that could be one; `None` when more bytes are needed to tell.
    fn scan(&mut self) -> Option<Header> {
        while let Some(window) = self.buffer.get(self.scanned..).filter(|window| window.len() >= HEADER) {
            if let Some(header) = Header::parse(window).filter(|header| header.length > 0) {
                let after = window.get(header.whole()..)?;
                let followed = match after.len() {
                    0 => true,
                    1..HEADER => after.first().is_some_and(|kind| (20..=24).contains(kind)),
                    _ => Header::parse(after).is_some(),
                };
                if followed {
                    return Some(header);
                }
            }
            self.scanned += 1;
        }
        None
    }

    /// `Some(Some(_))`: a whole one; `Some(None)`: one that is not whole yet.
    fn ssl2_hello<'a>(&mut self, rest: &mut &'a [u8], frames: &[FrameRef]) -> Option<Option<Found<'a>>> {
        let mut head = [0; 4];
        let mut have = 0;
        for (to, from) in head.iter_mut().zip(self.buffer.iter().chain(rest.iter())) {
            *to = *from;
            have += 1;
        }
        let [first, second, message, major] = head;
        if have == 0 || first & 0x80 == 0 || (have > 2 && message != 1) || (have > 3 && major != 3) {
            return None;
        }
        let length = 2 + (usize::from(first & 0x7f) << 8) + usize::from(second);
        if have < 4 {
            self.stash(rest, frames, rest.len());
            return Some(None);
        }
        self.stash(rest, frames, rest.len().min(length.saturating_sub(self.buffer.len())));
        if self.buffer.len() < length {
            return Some(None);
        }
        self.started = true;
        let (mut bytes, _) = self.take(length);
        bytes.drain(..2);
        Some(Some(Found::Ssl2Hello(bytes)))
    }
}
