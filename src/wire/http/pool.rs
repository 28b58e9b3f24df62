//! Takes bodies and heads that are done with, gives their memory to the next ones: they come and go by the thousand,
//! and memory that was not used lately costs more than what is written to it.

use std::cell::RefCell;

use bytes::Bytes;

/// Sizes of buffers are powers of two: the least and the greatest that are kept, as exponents. All messages share few
/// kinds of memory; the allocator keeps some of each.
const LEAST: u32 = 10;
const GREATEST: u32 = 20;
const CLASSES: usize = (GREATEST - LEAST + 1) as usize;

/// Bodies shorter than this are cheap to make anew.
pub(crate) const BODY: usize = 4 << 10;
/// Heads shorter than this, and longer ones.
const HEAD: std::ops::RangeInclusive<usize> = 256..=BODY;
/// Bytes that the buffers of one thread may take.
const BYTES: usize = 8 << 20;

thread_local! {
    static POOL: RefCell<Pool> = const { RefCell::new(Pool { classes: [const { Vec::new() }; CLASSES], bytes: 0 }) };
}

/// Buffers that wait for use, the last used last, and the bytes that they take.
struct Pool {
    classes: [Vec<Vec<u8>>; CLASSES],
    bytes: usize,
}

impl Pool {
    fn take(&mut self, class: usize) -> Option<Vec<u8>> {
        let buffer = self.classes.get_mut(class)?.pop()?;
        self.bytes = self.bytes.saturating_sub(buffer.capacity());
        Some(buffer)
    }

    fn give(&mut self, class: usize, buffer: Vec<u8>) {
        let bytes = self.bytes.saturating_add(buffer.capacity());
        if let Some(class) = self.classes.get_mut(class).filter(|_| bytes <= BYTES) {
            self.bytes = bytes;
            class.push(buffer);
        }
    }
}

/// The class of buffers with room for `bytes`.
fn class_for(bytes: usize) -> usize {
    let exponent = bytes.checked_next_power_of_two().map_or(usize::BITS, usize::trailing_zeros);
    exponent.max(LEAST).abs_diff(LEAST) as usize
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
    let used = |pool: &RefCell<Pool>| {
        let mut pool = pool.borrow_mut();
        (class_for(BODY)..CLASSES).find_map(|class| pool.take(class))
    };
    POOL.try_with(used).ok().flatten().unwrap_or_default()
}

/// An empty buffer with room for `bytes`.
pub(crate) fn take_for(bytes: usize) -> Vec<u8> {
    let class = class_for(bytes);
    let used = POOL.try_with(|pool| pool.borrow_mut().take(class)).ok().flatten();
    used.unwrap_or_else(|| {
        Vec::with_capacity(if class < CLASSES { 1 << (LEAST as usize + class) } else { bytes })
    })
}

/// Takes a buffer back that nobody needs any more.
pub(crate) fn give(mut buffer: Vec<u8>) {
    let capacity = buffer.capacity();
    if capacity < 1 << LEAST || !capacity.is_power_of_two() {
        return;
    }
    buffer.clear();
    // A thread that ends has no pool any more.
    let _ = POOL.try_with(|pool| pool.borrow_mut().give(class_for(capacity), buffer));
}

/// A copy of a head.
pub(crate) fn head(bytes: &[u8]) -> Bytes {
    if !HEAD.contains(&bytes.len()) {
        return Bytes::copy_from_slice(bytes);
    }
    let mut buffer = take_for(bytes.len());
    buffer.extend_from_slice(bytes);
    Bytes::from_owner(Pooled(buffer))
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
        let mut buffer = take_for(BODY);
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

    #[test]
    fn sizes_are_powers_of_two_and_bounded() {
        for (asked, room) in [(0, 1 << 10), (1 << 10, 1 << 10), (1025, 2 << 10), (1 << 20, 1 << 20)] {
            assert_eq!(take_for(asked).capacity(), room);
        }
        assert!(take_for((1 << 20) + 1).capacity() > 1 << 20);
        for _ in 0..64 {
            give(Vec::with_capacity(1 << 20));
        }
        let held = POOL.with_borrow(|pool| pool.classes.iter().flatten().map(Vec::capacity).sum::<usize>());
        assert!(held <= BYTES, "{held}");
        assert_eq!(&head(&[b'a'; 300])[..], [b'a'; 300]);
    }
}
