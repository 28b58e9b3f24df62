//! Takes bodies that are done with, gives their memory to the next ones: bodies come and go by the thousand, and
//! memory that is fresh each time costs more than what is written to it.

use std::cell::RefCell;

use bytes::Bytes;

/// Buffers smaller than this are cheap to make anew.
pub(crate) const SMALLEST: usize = 4 << 10;
/// Buffers that grew beyond this are given back to the system.
const LARGEST: usize = 1 << 20;
/// Buffers that one thread keeps, and how many bytes they may take.
const BUFFERS: usize = 128;
const BYTES: usize = 8 << 20;

thread_local! {
    static POOL: RefCell<Pool> = const { RefCell::new(Pool { buffers: Vec::new(), bytes: 0 }) };
}

/// Buffers that wait for use, and the bytes that they take.
struct Pool {
    buffers: Vec<Vec<u8>>,
    bytes: usize,
}

impl Pool {
    fn take(&mut self) -> Option<Vec<u8>> {
        let buffer = self.buffers.pop()?;
        self.bytes = self.bytes.saturating_sub(buffer.capacity());
        Some(buffer)
    }

    /// One with room for `bytes` that is not wasted on them.
    fn take_for(&mut self, bytes: usize) -> Option<Vec<u8>> {
        let fits = bytes..=bytes.saturating_mul(4);
        let at = self.buffers.iter().rposition(|buffer| fits.contains(&buffer.capacity()))?;
        let buffer = self.buffers.swap_remove(at);
        self.bytes = self.bytes.saturating_sub(buffer.capacity());
        Some(buffer)
    }

    fn give(&mut self, buffer: Vec<u8>) {
        let bytes = self.bytes.saturating_add(buffer.capacity());
        if self.buffers.len() < BUFFERS && bytes <= BYTES {
            self.bytes = bytes;
            self.buffers.push(buffer);
        }
    }
}

/// A buffer that returns to the pool of the thread that drops it.
struct Pooled(Vec<u8>);

impl AsRef<[u8]> for Pooled {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Pooled {
    fn drop(&mut self) {
        give(std::mem::take(&mut self.0));
    }
}

/// An empty buffer: one that was used, else one without room. A million bodies that have only begun must not take
/// more than they hold.
pub(crate) fn take() -> Vec<u8> {
    POOL.try_with(|pool| pool.borrow_mut().take()).ok().flatten().unwrap_or_default()
}

/// An empty buffer with room for `bytes`. Sizes are powers of two, so that all bodies share few kinds of
/// memory: the allocator keeps some of each.
pub(super) fn take_for(bytes: usize) -> Vec<u8> {
    let used = POOL.try_with(|pool| pool.borrow_mut().take_for(bytes)).ok().flatten();
    used.unwrap_or_else(|| Vec::with_capacity(bytes.min(LARGEST).next_power_of_two().max(bytes)))
}

/// Takes a buffer back that nobody needs any more.
pub(super) fn give(mut buffer: Vec<u8>) {
    if !(SMALLEST..=LARGEST).contains(&buffer.capacity()) {
        return;
    }
    buffer.clear();
    // A thread that ends has no pool any more.
    let _ = POOL.try_with(|pool| pool.borrow_mut().give(buffer));
}

/// The content of a buffer, which returns to the pool when nobody needs it any more.
pub(crate) fn bytes(buffer: Vec<u8>) -> Bytes {
    if buffer.is_empty() {
        give(buffer);
        return Bytes::new();
    }
    Bytes::from_owner(Pooled(buffer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_used_again_when_the_last_reference_is_gone() {
        let mut buffer = take();
        buffer.reserve(SMALLEST);
        buffer.extend_from_slice(b"body");
        let place = buffer.as_ptr();
        let bytes = bytes(buffer);
        let part = bytes.slice(1..3);
        drop(bytes);
        let other = take();
        assert_ne!(other.as_ptr(), place);
        assert_eq!(&part[..], b"od");
        drop(part);
        let again = take();
        assert_eq!((again.as_ptr(), again.len()), (place, 0));
    }
}
