//! Takes a Huffman-coded string, gives its bytes. RFC 7541 5.2 and appendix B.
//!
//! Twelve bits are looked up at once, which holds up to two symbols: tokens consist of symbols of five to
//! eight bits. Longer codes are found by their length, since the code is canonical.

use std::sync::LazyLock;

/// Bits of each symbol's code, 0 to 255 and the end of string (RFC 7541 appendix B). The code is canonical:
/// ordered by length, then by symbol, each is the one before plus one.
#[rustfmt::skip]
const LENGTHS: [u8; 257] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
    28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
    6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
    5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
    13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
    6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
    21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
    19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
    30,
];

/// Bits of one lookup.
const LOOKUP: u32 = 12;

/// Longest code.
const LONGEST: usize = 30;

/// Up to two symbols that begin some bits.
#[derive(Clone, Copy, Default)]
struct Entry {
    /// The first in the lower byte.
    symbols: u16,
    /// Bits of `symbols` that are symbols: none, eight or sixteen.
    filled: u8,
    /// Bits of their codes.
    bits: u8,
}

struct Tables {
    entries: Box<[Entry; 1 << LOOKUP]>,
    /// By length: the first code, the first code that is longer, and where its symbols begin.
    ranges: [(u32, u32, usize); LONGEST + 1],
    /// All symbols, by length and value; 256 ends a string.
    symbols: Vec<u16>,
}

static TABLES: LazyLock<Tables> = LazyLock::new(Tables::new);

impl Tables {
    fn new() -> Self {
        let mut symbols: Vec<u16> = (0..257).collect();
        let length = |symbol: u16| LENGTHS.get(usize::from(symbol)).copied().unwrap_or(0);
        symbols.sort_by_key(|&symbol| (length(symbol), symbol));
        let mut ranges = [(0, 0, 0); LONGEST + 1];
        let mut code = 0u32;
        let mut at = 0;
        for (bits, range) in ranges.iter_mut().enumerate().skip(1) {
            code <<= 1;
            let many = symbols.iter().filter(|&&symbol| usize::from(length(symbol)) == bits).count();
            *range = (code, code + u32::try_from(many).unwrap_or(0), at);
            code = range.1;
            at += many;
        }
        let mut tables = Self { entries: Box::new([Entry::default(); 1 << LOOKUP]), ranges, symbols };
        let entries = (0..1u64 << LOOKUP).map(|bits| tables.entry(bits << (64 - LOOKUP)));
        let entries: Vec<Entry> = entries.collect();
        tables.entries.iter_mut().zip(entries).for_each(|(to, from)| *to = from);
        tables
    }

    fn entry(&self, bits: u64) -> Entry {
        let mut entry = Entry::default();
        for _ in 0..2 {
            let left = LOOKUP - u32::from(entry.bits);
            let Some((symbol, length)) = self.one(bits << entry.bits, left) else { break };
            let Ok(symbol) = u8::try_from(symbol) else { break };
            entry.symbols |= u16::from(symbol) << entry.filled;
            entry.filled += 8;
            entry.bits += length;
        }
        entry
    }

    /// What begins `bits` (from the top).
    #[inline]
    fn find(&self, bits: u64) -> Entry {
        self.entries.get((bits >> (64 - LOOKUP)) as usize).copied().unwrap_or_default()
    }

    /// The symbol whose code begins `bits` (from the top), if it has no more than `available` bits.
    fn one(&self, bits: u64, available: u32) -> Option<(u16, u8)> {
        for (length, &(first, end, at)) in (0u8..).zip(&self.ranges).skip(5) {
            if u32::from(length) > available {
                return None;
            }
            let code = u32::try_from(bits >> (64 - u32::from(length))).ok()?;
            if code >= first && code < end {
                return Some((*self.symbols.get(at + (code - first) as usize)?, length));
            }
        }
        None
    }
}

/// Lookups for which bits are fetched once: 48 of at least 56.
const LOOKUPS: usize = 4;

/// Appends the decoded bytes to `out`, at most `limit` of them. `None`: not a Huffman string (its end is
/// padded with anything but the first bits of the end of string, or that stands in it), or too long.
pub(super) fn decode(coded: &[u8], out: &mut Vec<u8>, limit: usize) -> Option<()> {
    let tables = &*TABLES;
    let start = out.len();
    // No code is shorter than five bits; eight bytes are written at once.
    let most = (coded.len().saturating_mul(8) / 5).min(limit).saturating_add(8);
    out.resize(start + most, 0);
    let mut at = start;
    let mut rest = coded;
    let (mut bits, mut available) = (0u64, 0u32);
    while let Some(eight) = rest.first_chunk::<8>() {
        // What does not fit any more is read again: it is the same.
        bits |= u64::from_be_bytes(*eight) >> available;
        rest = rest.get(((63 - available) >> 3) as usize..)?;
        available |= 56;
        if tables.find(bits).filled == 0 {
            let (symbol, length) = tables.one(bits, available)?;
            *out.get_mut(at)? = u8::try_from(symbol).ok()?;
            at += 1;
            bits <<= length;
            available -= u32::from(length);
            continue;
        }
        let (mut word, mut filled) = (0u64, 0u32);
        for _ in 0..LOOKUPS {
            let entry = tables.find(bits);
            word |= u64::from(entry.symbols) << filled;
            filled += u32::from(entry.filled);
            bits <<= entry.bits;
            available -= u32::from(entry.bits);
        }
        out.get_mut(at..at + 8)?.copy_from_slice(&word.to_le_bytes());
        at += (filled / 8) as usize;
    }
    loop {
        while available <= 56
            && let Some((byte, after)) = rest.split_first()
        {
            bits |= u64::from(*byte) << (56 - available);
            available += 8;
            rest = after;
        }
        let Some((symbol, length)) = tables.one(bits, available) else { break };
        *out.get_mut(at)? = u8::try_from(symbol).ok()?;
        at += 1;
        bits <<= length;
        available -= u32::from(length);
    }
    out.truncate(at);
    // Padding is shorter than a byte and all ones.
    let padded = available < 8 && (available == 0 || bits >> (64 - available) == (1 << available) - 1);
    (padded && at - start <= limit).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(coded: &[u8]) -> Option<String> {
        let mut out = Vec::new();
        decode(coded, &mut out, 1000)?;
        String::from_utf8(out).ok()
    }

    #[test]
    fn the_examples_of_rfc_7541_decode() {
        // Appendix C.4 and C.6.
        let cases: [(&[u8], &str); 5] = [
            (&[0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff], "www.example.com"),
            (&[0xa8, 0xeb, 0x10, 0x64, 0x9c, 0xbf], "no-cache"),
            (&[0x25, 0xa8, 0x49, 0xe9, 0x5b, 0xb8, 0xe8, 0xb4, 0xbf], "custom-value"),
            (&[0x64, 0x02], "302"),
            (&[0xae, 0xc3, 0x77, 0x1a, 0x4b], "private"),
        ];
        for (coded, expected) in cases {
            assert_eq!(text(coded).as_deref(), Some(expected));
        }
        assert_eq!(text(b"").as_deref(), Some(""));
    }

    #[test]
    fn wrong_padding_and_an_end_of_string_are_refused() {
        assert_eq!(text(&[0xff]), None);
        assert_eq!(text(&[0x00, 0x00]), None);
        assert_eq!(text(&[0xff, 0xff, 0xff, 0xff]), None);
        assert_eq!(text(&[0x07]).as_deref(), Some("0"));
        assert_eq!(text(&[0x06]), None);
    }

    #[test]
    fn long_strings_decode_as_short_ones_do() {
        // The codes of all symbols behind each other, most of them often: each place in a word is met.
        let mut code = [0u64; 256];
        let mut order: Vec<usize> = (0..256).collect();
        order.sort_by_key(|&symbol| (LENGTHS[symbol], symbol));
        let (mut next, mut before) = (0u64, 0);
        for &symbol in &order {
            next <<= LENGTHS[symbol] - before;
            before = LENGTHS[symbol];
            code[symbol] = next;
            next += 1;
        }
        let plain: Vec<u8> = (0..20_000u32)
            .map(|at| match at % 97 {
                0 => (at / 97) as u8,
                _ => b"eyJ0eXAiOiJKV1QiLCJhbGciOiJub25lIn0._-/+="[(at * at % 41) as usize],
            })
            .collect();
        for end in [19_999, 20_000, 300, 17, 8, 7, 1] {
            let plain = &plain[..end];
            let (mut coded, mut bits, mut many) = (Vec::new(), 0u64, 0u32);
            for &byte in plain {
                bits = bits << LENGTHS[usize::from(byte)] | code[usize::from(byte)];
                many += u32::from(LENGTHS[usize::from(byte)]);
                while many >= 8 {
                    coded.push((bits >> (many - 8)) as u8);
                    many -= 8;
                }
            }
            if many > 0 {
                coded.push((bits << (8 - many)) as u8 | (0xff >> many));
            }
            let mut out = b"before".to_vec();
            assert_eq!(decode(&coded, &mut out, end), Some(()));
            assert_eq!(&out[6..], plain);
            assert_eq!(decode(&coded, &mut Vec::new(), end - 1), None);
        }
    }

    #[test]
    fn every_symbol_of_the_code_decodes_to_itself() {
        let mut code = 0u64;
        let mut previous = 0;
        let mut order: Vec<usize> = (0..256).collect();
        order.sort_by_key(|&symbol| (LENGTHS[symbol], symbol));
        for symbol in order {
            code <<= LENGTHS[symbol] - previous;
            previous = LENGTHS[symbol];
            let bytes = (code << (64 - previous) | (u64::MAX >> previous)).to_be_bytes();
            let whole = usize::from(previous).div_ceil(8);
            let mut out = Vec::new();
            assert_eq!(decode(&bytes[..whole], &mut out, 10), Some(()), "{symbol}");
            assert_eq!(out, [u8::try_from(symbol).unwrap()]);
            code += 1;
        }
    }
}
