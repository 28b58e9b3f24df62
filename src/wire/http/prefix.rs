//! Takes deflate data, gives the first bytes of its content. RFC 1951.
//!
//! Most bytes of a capture are packed answers of which only the beginning is asked for. General decoders
//! build tables for megabytes and keep a window; for two thousand bytes that costs several times the
//! decoding itself. This one has small tables, its output is its window, and it gives up (`None`) where
//! something is damaged: the general decoder tells what.

/// Bits that the first table resolves; longer codes are rare and go bit by bit.
const FAST_BITS: u32 = 10;
/// Longest code (RFC 1951 3.2.7).
const LONGEST: usize = 15;
/// Symbols for literals and lengths, and for distances.
const LITERALS: usize = 288;
const DISTANCES: usize = 30;

/// Begin of each length's range, and how many bits follow (RFC 1951 3.2.5).
const LENGTHS: [(u16, u8); 29] = [
    (3, 0),
    (4, 0),
    (5, 0),
    (6, 0),
    (7, 0),
    (8, 0),
    (9, 0),
    (10, 0),
    (11, 1),
    (13, 1),
    (15, 1),
    (17, 1),
    (19, 2),
    (23, 2),
    (27, 2),
    (31, 2),
    (35, 3),
    (43, 3),
    (51, 3),
    (59, 3),
    (67, 4),
    (83, 4),
    (99, 4),
    (115, 4),
    (131, 5),
    (163, 5),
    (195, 5),
    (227, 5),
    (258, 0),
];
/// The same of distances.
const OFFSETS: [(u16, u8); DISTANCES] = [
    (1, 0),
    (2, 0),
    (3, 0),
    (4, 0),
    (5, 1),
    (7, 1),
    (9, 2),
    (13, 2),
    (17, 3),
    (25, 3),
    (33, 4),
    (49, 4),
    (65, 5),
    (97, 5),
    (129, 6),
    (193, 6),
    (257, 7),
    (385, 7),
    (513, 8),
    (769, 8),
    (1025, 9),
    (1537, 9),
    (2049, 10),
    (3073, 10),
    (4097, 11),
    (6145, 11),
    (8193, 12),
    (12289, 12),
    (16385, 13),
    (24577, 13),
];
/// In which order the lengths of the code for code lengths stand (RFC 1951 3.2.7).
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// Appends the first `max` bytes of the content of `data` to `out`, which is empty. Gives how many bytes of
/// the data were used when the content ended before; `Some(None)` when it goes on, `None` when something is
/// damaged.
pub(super) fn inflate(data: &[u8], max: usize, out: &mut Vec<u8>) -> Option<Option<usize>> {
    let mut bits = Bits { data, at: 0, held: 0, count: 0 };
    let (mut literals, mut distances) = (Codes::default(), Codes::default());
    loop {
        let last = bits.take(1)? == 1;
        let ended = match bits.take(2)? {
            0 => stored(&mut bits, max, out)?,
            1 => {
                let mut lengths = [8_u8; LITERALS];
                lengths.get_mut(144..256)?.fill(9);
                lengths.get_mut(256..280)?.fill(7);
                literals.build(&lengths)?;
                distances.build(&[5; DISTANCES])?;
                block(&mut bits, &literals, &distances, max, out)?
            }
            2 => {
                dynamic(&mut bits, &mut literals, &mut distances)?;
                block(&mut bits, &literals, &distances, max, out)?
            }
            _ => return None,
        };
        match (ended, last) {
            (false, _) => return Some(None),
            (true, true) => return Some(Some(bits.used())),
            (true, false) => {}
        }
    }
}

/// The data as a stream of bits, lowest first.
struct Bits<'d> {
    data: &'d [u8],
    at: usize,
    held: u64,
    count: u32,
}

impl Bits<'_> {
    /// Holds at least 48 bits, or all that there are.
    #[inline]
    fn fill(&mut self) {
        if self.count >= 48 {
            return;
        }
        if let Some(eight) = self.data.get(self.at..).and_then(<[u8]>::first_chunk::<8>) {
            self.held |= u64::from_le_bytes(*eight) << self.count;
            let bytes = (63 - self.count) / 8;
            self.at += bytes as usize;
            self.count += bytes * 8;
            return;
        }
        while self.count <= 56
            && let Some(&byte) = self.data.get(self.at)
        {
            self.held |= u64::from(byte) << self.count;
            self.at += 1;
            self.count += 8;
        }
    }

    #[inline]
    fn drop(&mut self, bits: u32) -> Option<()> {
        self.count = self.count.checked_sub(bits)?;
        self.held >>= bits;
        Some(())
    }

    #[inline]
    fn take(&mut self, bits: u32) -> Option<u32> {
        self.fill();
        let taken = (self.held & ((1 << bits) - 1)) as u32;
        self.drop(bits)?;
        Some(taken)
    }

    /// Bytes of the data that were used, the last one perhaps in part.
    fn used(&self) -> usize {
        self.at - (self.count / 8) as usize
    }
}

/// A prefix code (RFC 1951 3.2.2): symbols of short codes in a table, the rest by counting.
struct Codes {
    /// Symbol in the upper bits, length of its code in the lower four; 0 where the code is longer.
    fast: [u16; 1 << FAST_BITS],
    /// How many codes have each length.
    counts: [u16; LONGEST + 1],
    /// Symbols in the order of their codes.
    symbols: [u16; LITERALS],
}

impl Default for Codes {
    fn default() -> Self {
        Self { fast: [0; 1 << FAST_BITS], counts: [0; LONGEST + 1], symbols: [0; LITERALS] }
    }
}

impl Codes {
    /// From the lengths of the codes; `None` when there are more codes than fit.
    fn build(&mut self, lengths: &[u8]) -> Option<()> {
        self.counts = [0; LONGEST + 1];
        for &length in lengths {
            *self.counts.get_mut(usize::from(length))? += 1;
        }
        *self.counts.first_mut()? = 0;
        let mut starts = [0_u16; LONGEST + 1];
        let mut codes = [0_u32; LONGEST + 1];
        let (mut start, mut code) = (0_u16, 0_u32);
        for length in 1..=LONGEST {
            let count = *self.counts.get(length)?;
            *starts.get_mut(length)? = start;
            *codes.get_mut(length)? = code;
            start += count;
            code = (code + u32::from(count)) << 1;
            if code > 2 << length {
                return None;
            }
        }
        self.fast = [0; 1 << FAST_BITS];
        for (symbol, &length) in (0_u16..).zip(lengths) {
            if length == 0 {
                continue;
            }
            let index = usize::from(length);
            let place = starts.get_mut(index)?;
            *self.symbols.get_mut(usize::from(*place))? = symbol;
            *place += 1;
            let code = codes.get_mut(index)?;
            if u32::from(length) <= FAST_BITS {
                // Codes come highest bit first, the stream lowest.
                let mut at = (*code << (32 - u32::from(length))).reverse_bits() as usize;
                while let Some(entry) = self.fast.get_mut(at) {
                    *entry = symbol << 4 | u16::from(length);
                    at += 1 << length;
                }
            }
            *code += 1;
        }
        Some(())
    }

    /// The next symbol.
    #[inline]
    fn next(&self, bits: &mut Bits<'_>) -> Option<usize> {
        let entry = *self.fast.get((bits.held & ((1 << FAST_BITS) - 1)) as usize)?;
        if entry != 0 {
            bits.drop(u32::from(entry & 15))?;
            return Some(usize::from(entry >> 4));
        }
        let (mut code, mut first, mut index) = (0_usize, 0_usize, 0_usize);
        for length in 1..=LONGEST {
            code |= (bits.held >> (length - 1)) as usize & 1;
            let count = usize::from(*self.counts.get(length)?);
            if code < first + count {
                bits.drop(length as u32)?;
                return Some(usize::from(*self.symbols.get(index + code - first)?));
            }
            index += count;
            first = (first + count) << 1;
            code <<= 1;
        }
        None
    }
}

/// Bytes as they are; whether the block was over before `max`.
fn stored(bits: &mut Bits<'_>, max: usize, out: &mut Vec<u8>) -> Option<bool> {
    bits.drop(bits.count % 8)?;
    let (length, check) = (bits.take(16)?, bits.take(16)?);
    if length ^ check != 0xffff {
        return None;
    }
    let (from, length) = (bits.used(), length as usize);
    let room = max - out.len();
    out.extend_from_slice(bits.data.get(from..from + length.min(room))?);
    *bits = Bits { data: bits.data, at: from + length, held: 0, count: 0 };
    Some(length < room)
}

/// Reads the two codes of a block (RFC 1951 3.2.7).
fn dynamic(bits: &mut Bits<'_>, literals: &mut Codes, distances: &mut Codes) -> Option<()> {
    let count = bits.take(5)? as usize + 257;
    let all = count + bits.take(5)? as usize + 1;
    let mut lengths = [0_u8; LITERALS + 32];
    for &place in ORDER.get(..bits.take(4)? as usize + 4)? {
        *lengths.get_mut(place)? = bits.take(3)? as u8;
    }
    literals.build(lengths.get(..ORDER.len())?)?;
    lengths.fill(0);
    let mut at = 0;
    while at < all {
        bits.fill();
        let (value, times) = match literals.next(bits)? {
            16 => (*lengths.get(at.checked_sub(1)?)?, bits.take(2)? as usize + 3),
            17 => (0, bits.take(3)? as usize + 3),
            18 => (0, bits.take(7)? as usize + 11),
            length => (length as u8, 1),
        };
        lengths.get_mut(at..(at + times).min(all))?.fill(value);
        at += times;
    }
    if at > all {
        return None;
    }
    distances.build(lengths.get(count..all)?)?;
    literals.build(lengths.get(..count)?)
}

/// Literals and matches; whether the block was over before `max`.
fn block(
    bits: &mut Bits<'_>,
    literals: &Codes,
    distances: &Codes,
    max: usize,
    out: &mut Vec<u8>,
) -> Option<bool> {
    while out.len() < max {
        // 48 bits: a length with its bits and a distance with its bits.
        bits.fill();
        let symbol = literals.next(bits)?;
        if symbol < 256 {
            out.push(symbol as u8);
            continue;
        }
        if symbol == 256 {
            return Some(true);
        }
        let &(base, more) = LENGTHS.get(symbol - 257)?;
        let length = usize::from(base) + bits.take(u32::from(more))? as usize;
        let &(base, more) = OFFSETS.get(distances.next(bits)?)?;
        let back = usize::from(base) + bits.take(u32::from(more))? as usize;
        let from = out.len().checked_sub(back)?;
        let length = length.min(max - out.len());
        if back >= length {
            out.extend_from_within(from..from + length);
        } else {
            for at in from..from + length {
                out.push(*out.get(at)?);
            }
        }
    }
    Some(false)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use proptest::prelude::*;

    use super::*;

    fn deflated(content: &[u8], level: u32) -> Vec<u8> {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::new(level));
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    /// Text as answers have it: few letters, many repeats.
    fn content() -> impl Strategy<Value = Vec<u8>> {
        let word = prop_oneof![
            Just(b"<t:Item ".to_vec()),
            Just(b"ResponseClass=\"Success\">".to_vec()),
            Just(vec![b'x'; 300]),
            proptest::collection::vec(any::<u8>(), 0..40),
        ];
        proptest::collection::vec(word, 0..120).prop_map(|words| words.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn the_beginning_is_what_the_library_gives(
            content in content(), level in 0_u32..10, max in 1_usize..6000, tail in any::<u64>(),
        ) {
            let mut data = deflated(&content, level);
            let packed = data.len();
            data.extend(tail.to_le_bytes());
            let mut out = Vec::new();
            let ended = inflate(&data, max, &mut out).unwrap();
            prop_assert_eq!(&out[..], &content[..content.len().min(max)]);
            match ended {
                Some(used) => prop_assert_eq!((used, out.len()), (packed, content.len())),
                None => prop_assert!(content.len() >= max),
            }
        }

        #[test]
        fn damage_never_makes_it_panic_or_say_what_the_library_does_not(
            content in content(), level in 0_u32..10, flips in proptest::collection::vec(any::<(prop::sample::Index, u8)>(), 1..4),
            cut in any::<prop::sample::Index>(),
        ) {
            let mut data = deflated(&content, level);
            for (at, with) in flips {
                let at = at.index(data.len());
                data[at] ^= with;
            }
            data.truncate(cut.index(data.len()) + 1);
            let mut out = Vec::new();
            if inflate(&data, 2048, &mut out).is_some() {
                let mut core = flate2::Decompress::new(false);
                let mut theirs = Vec::with_capacity(1 << 20);
                let _ = core.decompress_vec(&data, &mut theirs, flate2::FlushDecompress::None);
                prop_assert!(theirs.starts_with(&out), "{} bytes against {}", out.len(), theirs.len());
            }
        }
    }
}
