//! Takes a byte source, gives a sliding window over it in which records are read in place.

use std::io::{self, ErrorKind, Read};
use std::ops::Range;
use std::sync::Arc;

use super::{Ground, Memory};
use crate::limits;

/// A buffer of fixed size that slides over the source. It grows only for a record larger than itself, as
/// the record's bytes arrive, never for what a length field claims. Whoever works on its bytes elsewhere
/// holds the buffer; then the window goes on in another.
pub(super) struct Window {
    read: Box<dyn Read + Send>,
    buffer: Memory,
    /// Buffers that others hold, or held.
    lent: Vec<Memory>,
    start: usize,
    end: usize,
    /// Offset in the source of `buffer[0]`.
    base: u64,
    ended: bool,
    error: Option<io::Error>,
}

impl Window {
    /// `base`: where the first byte stands, to those who use its bytes.
    pub(super) fn new(read: Box<dyn Read + Send>, base: u64) -> Self {
        Self {
            read,
            buffer: Arc::default(),
            lent: Vec::new(),
            start: 0,
            end: 0,
            base,
            ended: false,
            error: None,
        }
    }

    /// Offset in the source of the next byte.
    pub(super) const fn offset(&self) -> u64 {
        self.base.saturating_add(self.start as u64)
    }

    /// Why the source ended early, if it did.
    pub(super) fn take_error(&mut self) -> Option<io::Error> {
        self.error.take()
    }

    /// Whether the source ended with an error.
    pub(super) const fn failed(&self) -> bool {
        self.error.is_some()
    }

    /// The bytes that are in the window now.
    #[inline]
    pub(super) fn ready(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Brings at least `count` bytes into the window. `false` when the source has fewer left, or when
    /// `count` is beyond [`limits::CAPTURE_BLOCK`].
    #[inline]
    pub(super) fn need(&mut self, count: usize) -> bool {
        self.end - self.start >= count || self.fill(count)
    }

    /// Consumes `count` bytes that are in the window, and says where they are until the next `need`.
    #[inline]
    pub(super) fn take(&mut self, count: usize) -> Range<usize> {
        let from = self.start;
        self.start = from.saturating_add(count).min(self.end);
        from..self.start
    }

    /// Bytes at a place given by [`Window::take`].
    #[inline]
    pub(super) fn at(&self, range: Range<usize>) -> &[u8] {
        self.buffer.get(range).unwrap_or_default()
    }

    /// The whole buffer, which the places of [`Window::take`] index.
    #[inline]
    pub(super) fn all(&self) -> &[u8] {
        &self.buffer
    }

    /// The buffer itself, to be held while others work on its bytes.
    #[inline]
    pub(super) const fn ground(&self) -> Ground<'_> {
        Ground { memory: &self.buffer, base: self.base }
    }

    /// Consumes `count` bytes, in the window or not. `false` when the source ended before.
    pub(super) fn skip(&mut self, mut count: u64) -> bool {
        loop {
            let here = (self.end - self.start) as u64;
            if count <= here {
                self.start = self.start.saturating_add(usize::try_from(count).unwrap_or(0));
                return true;
            }
            self.start = self.end;
            count -= here;
            if !self.fill(1) {
                return false;
            }
        }
    }

    /// All that is left, up to [`limits::CAPTURE_WHOLE_BYTES`]; beyond that an error is noted.
    pub(super) fn whole(&mut self) -> Vec<u8> {
        let mut bytes = self.ready().to_vec();
        self.base = self.offset();
        self.start = 0;
        self.end = 0;
        let bound = limits::CAPTURE_WHOLE_BYTES.saturating_sub(bytes.len() as u64);
        match self.read.by_ref().take(bound).read_to_end(&mut bytes) {
            Err(error) => self.error = Some(error),
            Ok(read) if read as u64 == bound => {
                let message = format!(
                    "only the first {} bytes are read (limit CAPTURE_WHOLE_BYTES)",
                    limits::CAPTURE_WHOLE_BYTES
                );
                self.error = Some(io::Error::new(ErrorKind::InvalidData, message));
            }
            Ok(_) => {}
        }
        self.ended = true;
        self.base = self.base.saturating_add(bytes.len() as u64);
        bytes
    }

    #[cold]
    fn fill(&mut self, count: usize) -> bool {
        if count > limits::CAPTURE_BLOCK {
            return false;
        }
        self.slide();
        self.base = self.base.saturating_add(self.start as u64);
        self.end -= self.start;
        self.start = 0;
        // Nobody else holds the buffer after `slide`.
        let Some(buffer) = Arc::get_mut(&mut self.buffer) else { return false };
        while self.end < count && !self.ended {
            if self.end == buffer.len() {
                let larger = buffer.len().saturating_mul(2).max(limits::CAPTURE_WINDOW);
                buffer.resize(larger, 0);
            }
            let Some(free) = buffer.get_mut(self.end..) else { break };
            match self.read.read(free) {
                Ok(0) => self.ended = true,
                Ok(read) => self.end = self.end.saturating_add(read).min(buffer.len()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    self.ended = true;
                    self.error = Some(error);
                }
            }
        }
        self.end >= count
    }

    /// Brings what is left to the front: in place, or of a buffer that nobody holds.
    fn slide(&mut self) {
        if let Some(buffer) = Arc::get_mut(&mut self.buffer) {
            buffer.copy_within(self.start..self.end, 0);
            return;
        }
        let free = self.lent.iter_mut().position(|buffer| Arc::get_mut(buffer).is_some());
        let mut next = free.map_or_else(Arc::default, |at| self.lent.swap_remove(at));
        if let Some(buffer) = Arc::get_mut(&mut next) {
            let rest = self.ready();
            let length = rest.len().max(limits::CAPTURE_WINDOW);
            if buffer.len() < length {
                buffer.resize(length, 0);
            }
            if let Some(front) = buffer.get_mut(..rest.len()) {
                front.copy_from_slice(rest);
            }
        }
        self.lent.push(std::mem::replace(&mut self.buffer, next));
    }
}
