//! Takes a document as a stream, gives the part of it that is being read, in memory that is used again.

use std::io::{ErrorKind, Read};

use crate::limits;

/// Bytes that are held while nothing larger needs to be: small enough for the second-level cache, large
/// enough for most entries.
pub(super) const SIZE: usize = 512 << 10;

/// Nothing more can be had: the piece that is looked at is larger than `limits::EXPORT_ENTRY_BYTES`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Full;

/// The part of a document that is held.
pub(super) struct Window<'r> {
    read: &'r mut dyn Read,
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    offset: u64,
    ended: bool,
    size: usize,
}

impl<'r> Window<'r> {
    /// Over a document, holding `size` bytes where that is enough.
    pub(super) fn new(read: &'r mut dyn Read, size: usize) -> Self {
        Self { read, bytes: Vec::new(), start: 0, end: 0, offset: 0, ended: false, size: size.max(1) }
    }

    /// The bytes that were read and not passed.
    pub(super) fn held(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// Where [`held`](Self::held) begins in the document.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Bytes of the document that were read so far.
    pub(super) fn seen(&self) -> u64 {
        self.offset + self.held().len() as u64
    }

    /// Whether the document ends where [`held`](Self::held) does.
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// Gives up the first `count` bytes.
    pub(super) fn pass(&mut self, count: usize) {
        let count = count.min(self.end - self.start);
        self.start += count;
        self.offset += count as u64;
    }

    /// Gives up a byte order mark, which is no part of the document.
    pub(super) fn pass_mark(&mut self, count: usize) {
        self.pass(count);
        self.offset = 0;
    }

    /// Reads on, as much as there is room for: whoever asks looks at all of it again. `false` at the end of the document. What cannot be read ends it: the caller of the
    /// reader knows why.
    pub(super) fn more(&mut self) -> Result<bool, Full> {
        if self.ended {
            return Ok(false);
        }
        self.make_room()?;
        let before = self.end;
        while let Some(room) = self.bytes.get_mut(self.end..).filter(|room| !room.is_empty()) {
            match self.read.read(room) {
                Ok(0) => self.ended = true,
                Ok(count) => self.end += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => self.ended = true,
            }
            if self.ended {
                break;
            }
        }
        Ok(self.end > before)
    }

    /// Where [`held`](Self::held) begins in the memory of the window.
    pub(super) fn start(&self) -> usize {
        self.start
    }

    /// Gives away the memory, all that was passed in it included, and goes on in `spare`.
    pub(super) fn give(&mut self, mut spare: Vec<u8>) -> Vec<u8> {
        let held = self.end - self.start;
        if spare.len() < self.size.max(held) {
            spare.resize(self.size.max(held), 0);
        }
        if let Some(room) = spare.get_mut(..held) {
            room.copy_from_slice(self.held());
        }
        (self.start, self.end) = (0, held);
        std::mem::replace(&mut self.bytes, spare)
    }

    /// Moves what is held to the front; more memory only when that is full, less when a large piece is over.
    fn make_room(&mut self) -> Result<(), Full> {
        let held = self.end - self.start;
        if self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, held);
        }
        let length = self.bytes.len();
        if held == length {
            if length >= limits::EXPORT_ENTRY_BYTES {
                return Err(Full);
            }
            self.bytes.resize(length.saturating_mul(2).clamp(self.size, limits::EXPORT_ENTRY_BYTES), 0);
        } else if length > self.size.saturating_mul(8) && held < self.size {
            self.bytes.truncate(self.size);
            self.bytes.shrink_to_fit();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_for_a_large_piece_and_shrinks_after_it() {
        let text: Vec<u8> = (0..100).collect();
        let mut read = &text[..];
        let mut window = Window::new(&mut read, 4);
        while window.held().len() < 60 {
            assert_eq!(window.more(), Ok(true));
        }
        assert_eq!(window.held(), &text[..window.held().len()]);
        window.pass(62);
        assert_eq!(window.more(), Ok(true));
        assert_eq!((window.offset(), window.bytes.len()), (62, 4));
        while window.more() == Ok(true) {
            window.pass(1);
        }
        assert_eq!((window.seen(), window.ended(), window.held().last()), (100, true, Some(&99)));
    }
}
