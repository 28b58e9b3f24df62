//! Takes deflate data, gives the first bytes of what is in it, by the decoder that is made for whole buffers: it is
//! three times as fast as one that can stop and go on, most of which is spent on its tables. RFC 1951.

use std::cell::RefCell;

use libdeflater::{DecompressionError, Decompressor};

/// The longest match: where the room ends, the decoder stops at most so far before its end (RFC 1951 3.2.5).
const LONGEST: usize = 258;
/// The decoder copies by words, and may write so far beyond what it has decoded.
const BEYOND: usize = 64;
/// It writes from the front to the back: where this is left, nothing may have been written there and behind. No
/// UTF-8 text holds it, other content seldom there.
const UNWRITTEN: u8 = 0xff;

struct Room {
    decoder: Decompressor,
    out: Vec<u8>,
}

thread_local! {
    static ROOM: RefCell<Room> = RefCell::new(Room { decoder: Decompressor::new(), out: Vec::new() });
}

/// The first `max` bytes of the content, and whether that is all: what follows in `coded` is not told. `None` where
/// this decoder cannot tell, for whatever reason: the other one can.
pub(crate) fn beginning(coded: &[u8], max: usize) -> Option<(Vec<u8>, bool)> {
    ROOM.with_borrow_mut(|Room { decoder, out }| {
        out.clear();
        out.resize(max + LONGEST + BEYOND, UNWRITTEN);
        match decoder.deflate_decompress(coded, out) {
            Ok(length) if length <= max => Some((out.get(..length)?.to_vec(), true)),
            Ok(_) => Some((out.get(..max)?.to_vec(), false)),
            Err(DecompressionError::InsufficientSpace) => {
                // A stored block that does not fit is not begun.
                let sure = out.get(max + BEYOND - 1) != Some(&UNWRITTEN);
                sure.then(|| (out.get(..max).unwrap_or_default().to_vec(), false))
            }
            Err(DecompressionError::BadData) => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::DeflateEncoder;
    use proptest::prelude::*;

    use super::*;

    fn deflate(content: &[u8], level: u32) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(level));
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn stored_blocks_that_do_not_fit_are_left_to_the_other_decoder() {
        let content = vec![b'a'; 10_000];
        assert_eq!(beginning(&deflate(&content, 0), 2048), None);
        assert_eq!(beginning(&deflate(&content[..2000], 0), 2048), Some((content[..2000].to_vec(), true)));
        let behind = [deflate(b"abc", 6), b"more".to_vec()].concat();
        assert_eq!(beginning(&behind, 2048), Some((b"abc".to_vec(), true)), "what follows is not looked at");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn what_is_given_is_the_beginning(
            words in prop::collection::vec((any::<u16>(), 0_usize..600, any::<bool>()), 0..60),
            level in 0_u32..10,
            max in 1_usize..3000,
            cut in 0_usize..8000,
        ) {
            let mut content = Vec::new();
            for (seed, length, repeats) in words {
                let byte = |at: usize| if repeats { seed as u8 } else { ((usize::from(seed) * (at + 7)) >> 3) as u8 };
                content.extend((0..length).map(byte));
            }
            let mut coded = deflate(&content, level);
            coded.truncate(cut.max(1));
            if let Some((begin, whole)) = beginning(&coded, max) {
                prop_assert!(content.starts_with(&begin));
                prop_assert_eq!(whole, begin.len() == content.len());
                prop_assert!(whole && coded.len() == deflate(&content, level).len() || !whole && begin.len() == max);
            }
        }

        #[test]
        fn any_bytes_are_taken(coded in prop::collection::vec(any::<u8>(), 0..4000), max in 0_usize..3000) {
            if let Some((begin, _)) = beginning(&coded, max) {
                prop_assert!(begin.len() <= max);
            }
        }
    }
}
