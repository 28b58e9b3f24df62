//! Takes a Huffman-coded string, gives its bytes: long ones that were decoded lately are not decoded again.
//! Clients send the same token of some kilobytes with each request.

use std::cell::RefCell;

use super::huffman;
use crate::limits::HUFFMAN_REMEMBERED;

/// Shorter strings are decoded as fast as they are found, longer ones are rare.
const LENGTHS: std::ops::RangeInclusive<usize> = 256..=4096;

/// A string as it was coded, and what it is.
#[derive(Clone, Default)]
struct Known {
    coded: Vec<u8>,
    plain: Vec<u8>,
}

thread_local! {
    static KNOWN: RefCell<Vec<Known>> = const { RefCell::new(Vec::new()) };
}

/// As [`huffman::decode`].
pub(super) fn decode(coded: &[u8], out: &mut Vec<u8>, limit: usize) -> Option<()> {
    if !LENGTHS.contains(&coded.len()) {
        return huffman::decode(coded, out, limit);
    }
    KNOWN.with_borrow_mut(|all| {
        if all.is_empty() {
            all.resize(HUFFMAN_REMEMBERED, Known::default());
        }
        let Some(known) = all.get_mut(place(coded)) else { return huffman::decode(coded, out, limit) };
        if known.coded != coded {
            let start = out.len();
            huffman::decode(coded, out, limit)?;
            known.coded.clear();
            known.coded.extend_from_slice(coded);
            known.plain.clear();
            known.plain.extend_from_slice(out.get(start..).unwrap_or_default());
            return Some(());
        }
        out.extend_from_slice(&known.plain);
        (known.plain.len() <= limit).then_some(())
    })
}

/// Where a string is remembered. Tokens differ at their ends, which are signatures, and most in their middle.
fn place(coded: &[u8]) -> usize {
    let word = |at: usize| {
        let bytes = coded.get(at..).and_then(<[u8]>::first_chunk);
        bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes))
    };
    let (middle, end) = (coded.len() / 2, coded.len().saturating_sub(16));
    let mixed = [coded.len() as u64, word(middle), word(end)]
        .into_iter()
        .fold(0_u64, |mixed, word| (mixed ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29));
    (mixed % HUFFMAN_REMEMBERED as u64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_what_huffman_code_says() {
        // Five bits a letter: eight of "a" (00011) are five bytes.
        let letters = [0x18, 0xc6, 0x31, 0x8c, 0x63].repeat(100);
        let text = "a".repeat(800);
        for limit in [10_000, 800, 799, 10_000] {
            let mut out = b"before".to_vec();
            let mut plainly = b"before".to_vec();
            let answer = decode(&letters, &mut out, limit);
            assert_eq!(answer, huffman::decode(&letters, &mut plainly, limit));
            assert_eq!(answer.is_some(), limit >= 800);
            assert!(answer.is_none() || out == format!("before{text}").into_bytes() && out == plainly);
        }
        // Another one in the same place, and one that is damaged: nothing of the first comes back.
        let mut other = letters.clone();
        other[10] = 0x19;
        assert_eq!(place(&other), place(&letters));
        let (mut out, mut plainly) = (Vec::new(), Vec::new());
        assert_eq!(decode(&other, &mut out, 10_000), huffman::decode(&other, &mut plainly, 10_000));
        assert_eq!(out, plainly);
        let damaged = [0xff; 500];
        assert_eq!(decode(&damaged, &mut Vec::new(), 10_000), None);
        assert_eq!(decode(&damaged, &mut Vec::new(), 10_000), None);
        let mut out = Vec::new();
        assert_eq!(decode(&letters, &mut out, 10_000), Some(()));
        assert_eq!(out, text.as_bytes());
    }
}
