//! Takes text that consists of lines, gives it shorter, and back again: lines that many heads share are kept once for
//! the whole process.
//!
//! A line has one place, by its hash; the first line there stays. Common lines come early, so nearly all of them find
//! their places free, and what comes later costs a comparison. Nothing is ever taken away: what was written can be read
//! as long as the process lives.

use std::sync::OnceLock;

use crate::base::{texts, varint};

/// Places for lines. At most [`LONGEST`] bytes stand in each.
const PLACES: usize = 4096;

/// Shorter lines are not worth a place.
const SHORTEST: usize = 6;

/// Longer ones are seldom the same.
const LONGEST: usize = 160;

static LINES: [OnceLock<Box<[u8]>>; PLACES] = [const { OnceLock::new() }; PLACES];

/// Adds a text to `out`, in a form that [`take`] reads.
pub(super) fn put(out: &mut Vec<u8>, text: &[u8]) {
    varint::put(out, text.len() as u64);
    let mut rest = text;
    while !rest.is_empty() {
        let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
        let (line, after) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        rest = after;
        match place(line) {
            Some(place) => varint::put(out, (place as u64) << 1 | 1),
            None => {
                varint::put(out, (line.len() as u64) << 1);
                out.extend_from_slice(line);
            }
        }
    }
}

/// The place where a line is kept, if it is.
fn place(line: &[u8]) -> Option<usize> {
    if !(SHORTEST..=LONGEST).contains(&line.len()) {
        return None;
    }
    // Below `PLACES`, so nothing is lost.
    let place = (texts::hash(line) % PLACES as u64) as usize;
    let kept = LINES.get(place)?.get_or_init(|| line.into());
    (**kept == *line).then_some(place)
}

/// Adds a text that [`put`] wrote at the beginning of `from` to `out`, and leaves what follows it in `from`; `None` for
/// bytes that it did not write.
pub(super) fn take(from: &mut &[u8], out: &mut Vec<u8>) -> Option<()> {
    let length = usize::try_from(varint::take(from)?).ok()?;
    let end = out.len().checked_add(length)?;
    while out.len() < end {
        let word = varint::take(from)?;
        let number = usize::try_from(word >> 1).ok()?;
        if word & 1 == 1 {
            out.extend_from_slice(LINES.get(number)?.get()?);
        } else {
            let (line, rest) = from.split_at_checked(number)?;
            out.extend_from_slice(line);
            *from = rest;
        }
    }
    (out.len() == end).then_some(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn there_and_back(text: &[u8]) -> usize {
        let mut packed = b"before".to_vec();
        put(&mut packed, text);
        let size = packed.len() - 6;
        packed.extend_from_slice(b"after");
        let (mut from, mut out) = (&packed[6..], b"kept".to_vec());
        take(&mut from, &mut out).unwrap();
        assert_eq!((from, &out[..4], &out[4..]), (&b"after"[..], &b"kept"[..], text));
        size
    }

    #[test]
    fn lines_that_came_before_take_two_or_three_bytes() {
        // The places are those of the whole process, and other tests take some of them: of many heads one finds all of
        // its places free.
        let again = |number: usize| {
            let head = format!(
                "POST /ews/{number} HTTP/1.1\r\nHost: h{number}.example\r\nAccept: a/{number}\r\n\r\n"
            );
            there_and_back(head.as_bytes());
            there_and_back(head.as_bytes())
        };
        let least = (0..200).map(again).min();
        assert!(least.is_some_and(|least| least < 16), "{least:?}");
        assert_eq!(there_and_back(b""), 1);
        there_and_back(&[b'x'; 5000]);
    }

    #[test]
    fn what_was_not_written_is_refused() {
        for bytes in [
            &b""[..],
            b"\x05",
            b"\x05\x04a",
            b"\x05\xff\xff\xff\xff\x0f",
            b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        ] {
            assert_eq!(take(&mut &bytes[..], &mut Vec::new()), None, "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn every_text_comes_back(text in "([a-c:]{0,9}[\r]{0,1}[\n]{0,2}){0,9}", more in prop::collection::vec(any::<u8>(), 0..400)) {
            there_and_back(text.as_bytes());
            there_and_back(&more);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = take(&mut &bytes[..], &mut Vec::new());
        }
    }
}
