//! Takes the bytes of a JSON document, gives its values one by one without building a tree. RFC 8259.
//!
//! Strings are borrowed, and their ends are found many bytes at once, so that what nobody asks for costs little more
//! than reading it. Exporters break the grammar (raw control characters, lone surrogates, Latin-1): whatever
//! leaves the structure readable is read.

use std::borrow::Cow;

use memchr::memchr2;

use crate::base::{Block, block, lossy};
use crate::limits;

/// Why scanning stopped. The place is [`Scan::position`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    /// The document ends inside a value.
    Cut,
    /// What should have stood here.
    Expected(&'static str),
    /// Deeper than `limits::EXPORT_DEPTH`.
    Deep,
    /// Larger than `limits::EXPORT_ENTRY_BYTES`.
    Large,
}

/// A string between its quotes, or a number or literal as written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Text<'a> {
    raw: &'a [u8],
    escaped: bool,
}

impl<'a> Text<'a> {
    /// The bytes between the quotes, escapes left alone: enough for names of members.
    pub(crate) fn raw(self) -> &'a [u8] {
        self.raw
    }

    /// The string's bytes; UTF-8 unless the document was not.
    pub(crate) fn bytes(self) -> Cow<'a, [u8]> {
        if self.escaped { Cow::Owned(unescape(self.raw)) } else { Cow::Borrowed(self.raw) }
    }

    /// Writes the beginning of the string's bytes to `out`, at most about `limit`; what lies beyond is not decoded.
    pub(crate) fn beginning(self, limit: usize, out: &mut Vec<u8>) {
        if !self.escaped {
            return out.extend_from_slice(self.raw.get(..limit).unwrap_or(self.raw));
        }
        // The longest escape is twelve bytes for one character of four.
        let within = if self.raw.len() <= limit { limit } else { limit.saturating_mul(6) };
        self.first(within, out);
    }

    /// Writes what the first `raw` bytes between the quotes stand for, but for an escape near their end.
    pub(crate) fn first(self, raw: usize, out: &mut Vec<u8>) {
        let Some(begin) = self.raw.get(..raw).filter(|begin| begin.len() < self.raw.len()) else {
            return unescape_into(self.raw, out);
        };
        let tail = begin.len().saturating_sub(LONGEST_ESCAPE);
        let last = begin.get(tail..).unwrap_or_default();
        let cut = last.iter().position(|byte| *byte == b'\\').map_or(begin.len(), |at| tail + at);
        unescape_into(begin.get(..cut).unwrap_or(begin), out);
        // What began before: of two backslashes the first alone means the same, of two surrogates it does not.
        if out.ends_with(char::REPLACEMENT_CHARACTER.encode_utf8(&mut [0; 4]).as_bytes()) {
            out.truncate(out.len() - char::REPLACEMENT_CHARACTER.len_utf8());
        }
    }

    /// The string, replacement characters where it was not UTF-8.
    pub(crate) fn text(self) -> Cow<'a, str> {
        match self.bytes() {
            Cow::Borrowed(bytes) => lossy(bytes),
            Cow::Owned(bytes) => Cow::Owned(
                String::from_utf8(bytes)
                    .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
            ),
        }
    }

    /// Whether nothing is between the quotes.
    pub(crate) fn is_empty(self) -> bool {
        self.raw.is_empty()
    }

    /// A number, also one that was written as a string. Fractions are kept.
    pub(crate) fn number(self) -> Option<f64> {
        std::str::from_utf8(self.raw).ok()?.trim().parse().ok().filter(|value: &f64| value.is_finite())
    }
}

/// Bytes of the longest escape: a pair of surrogates.
const LONGEST_ESCAPE: usize = 12;

/// Where a [`Text`] stands in what was scanned: as good as the text, and free to go where the bytes go.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Span {
    start: u32,
    end: u32,
    escaped: bool,
}

impl Span {
    /// The text, in the bytes that were scanned.
    pub(crate) fn of(self, bytes: &[u8]) -> Text<'_> {
        let raw = bytes.get(self.start as usize..self.end as usize).unwrap_or_default();
        Text { raw, escaped: self.escaped }
    }
}

/// A cursor over a JSON document.
#[derive(Clone, Debug)]
pub(crate) struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Whether the document goes on after `bytes`.
    more: bool,
    ahead: Ahead,
}

/// A block of the document inside a string or behind one: what ends strings and what begins escapes there. Names and
/// most values are short, so that one look tells of several.
#[derive(Clone, Debug, Default)]
struct Ahead {
    /// Where it begins and ends; nothing was looked at where both are the same.
    begin: usize,
    end: usize,
    /// Quotes that no backslash takes away their meaning.
    quotes: u64,
    backslashes: u64,
    /// Whether the first byte behind it belongs to an escape.
    escapes_next: bool,
}

impl Ahead {
    /// Looks at the block at `begin`; `escaped`: whether its first byte belongs to an escape.
    fn at(bytes: &[u8], begin: usize, escaped: bool) -> Self {
        let block = Block::at(bytes, begin);
        let backslashes = block.places(b'\\');
        let mut meant = u64::from(escaped);
        let mut escapes_next = false;
        let mut rest = backslashes & !meant;
        while rest != 0 {
            let first = rest & rest.wrapping_neg();
            meant |= first << 1;
            escapes_next = first << 1 == 0;
            rest &= !(first | first << 1);
        }
        let quotes = block.places(b'"') & !meant;
        Self { begin, end: begin.saturating_add(block::SIZE), quotes, backslashes, escapes_next }
    }

    /// The next block where a string ends or something is escaped: stretches of plain text are passed over.
    fn next(&self, bytes: &[u8]) -> Option<Self> {
        let rest = bytes.get(self.end..).filter(|rest| !rest.is_empty())?;
        if self.backslashes != 0 || self.escapes_next {
            return Some(Self::at(bytes, self.end, self.escapes_next));
        }
        Some(Self::at(bytes, self.end + memchr2(b'"', b'\\', rest)?, false))
    }
}

impl<'a> Scan<'a> {
    /// At the start of `bytes`, which are all.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self::part(bytes, false)
    }

    /// At the start of `bytes`, which may be followed by more: then [`Fault::Cut`] says that more is
    /// needed.
    pub(crate) fn part(bytes: &'a [u8], more: bool) -> Self {
        Self { bytes, at: 0, more, ahead: Ahead::default() }
    }

    /// Goes over a byte that was seen by [`peek`](Self::peek).
    pub(crate) fn step(&mut self) {
        self.at = (self.at + 1).min(self.bytes.len());
    }

    /// Where a text of this document stands in it.
    pub(crate) fn span(&self, text: Text<'a>) -> Span {
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let start = text.raw.as_ptr().addr().saturating_sub(self.bytes.as_ptr().addr());
        Span { start: place(start), end: place(start.saturating_add(text.raw.len())), escaped: text.escaped }
    }

    /// Offset of the next byte.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// Bytes of the whole document.
    pub(crate) fn length(&self) -> usize {
        self.bytes.len()
    }

    /// The next byte that is not white space, left where it is.
    pub(crate) fn peek(&mut self) -> Option<u8> {
        loop {
            match self.bytes.get(self.at)? {
                b' ' | b'\n' | b'\r' | b'\t' => self.at += 1,
                byte => return Some(*byte),
            }
        }
    }

    fn expect(&mut self, byte: u8, name: &'static str) -> Result<(), Fault> {
        match self.peek() {
            Some(found) if found == byte => {
                self.at += 1;
                Ok(())
            }
            Some(_) => Err(Fault::Expected(name)),
            None => Err(Fault::Cut),
        }
    }

    /// Reads a string.
    pub(crate) fn string(&mut self) -> Result<Text<'a>, Fault> {
        self.expect(b'"', "a string")?;
        let start = self.at;
        let mut escaped = false;
        if !(self.ahead.begin..self.ahead.end).contains(&start) {
            self.ahead = Ahead::at(self.bytes, start, false);
        }
        let mut here = u64::MAX << (start - self.ahead.begin);
        loop {
            let Ahead { begin, quotes, backslashes, .. } = self.ahead;
            let quotes = quotes & here;
            // All bits below the first quote.
            let before = quotes.wrapping_sub(1) & !quotes;
            escaped |= backslashes & here & before != 0;
            if quotes != 0 {
                let end = begin + quotes.trailing_zeros() as usize;
                self.at = end + 1;
                return Ok(Text { raw: self.bytes.get(start..end).unwrap_or_default(), escaped });
            }
            let Some(next) = self.ahead.next(self.bytes) else {
                self.at = self.bytes.len();
                return Err(Fault::Cut);
            };
            (self.ahead, here) = (next, u64::MAX);
        }
    }

    /// Reads the name of a member and the colon behind it.
    pub(crate) fn name(&mut self) -> Result<Text<'a>, Fault> {
        let name = self.string().map_err(|fault| named(fault, "the name of a member"))?;
        self.expect(b':', "a colon after the name of a member")?;
        Ok(name)
    }

    /// Reads members of an object, if one stands here; another value is skipped and `false` given.
    /// `each` gets the name and must read or skip the value.
    pub(crate) fn object(
        &mut self,
        mut each: impl FnMut(&mut Self, Text<'a>) -> Result<(), Fault>,
    ) -> Result<bool, Fault> {
        if self.peek() != Some(b'{') {
            return self.skip().map(|()| false);
        }
        self.at += 1;
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(true);
        }
        loop {
            let name = self.name()?;
            each(self, name)?;
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(true);
                }
                Some(_) => return Err(Fault::Expected("a comma or the end of an object")),
                None => return Err(Fault::Cut),
            }
        }
    }

    /// Reads elements of an array, if one stands here; another value is skipped and `false` given.
    pub(crate) fn array(
        &mut self,
        mut each: impl FnMut(&mut Self) -> Result<(), Fault>,
    ) -> Result<bool, Fault> {
        if self.peek() != Some(b'[') {
            return self.skip().map(|()| false);
        }
        self.at += 1;
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(true);
        }
        loop {
            each(self)?;
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(true);
                }
                Some(_) => return Err(Fault::Expected("a comma or the end of an array")),
                None => return Err(Fault::Cut),
            }
        }
    }

    /// Reads a string, number or boolean; `null`, objects and arrays are skipped and give nothing.
    pub(crate) fn scalar(&mut self) -> Result<Option<Text<'a>>, Fault> {
        match self.peek() {
            None => Err(Fault::Cut),
            Some(b'"') => self.string().map(Some),
            Some(b'{' | b'[') => self.skip().map(|()| None),
            Some(_) => {
                let raw = self.literal()?;
                Ok((raw != b"null").then_some(Text { raw, escaped: false }))
            }
        }
    }

    fn literal(&mut self) -> Result<&'a [u8], Fault> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = rest
            .iter()
            .position(|byte| !matches!(byte, b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'+' | b'-' | b'.'))
            .unwrap_or(rest.len());
        if length == 0 {
            return Err(Fault::Expected("a value"));
        }
        if length == rest.len() && self.more {
            return Err(Fault::Cut);
        }
        self.at += length;
        Ok(rest.get(..length).unwrap_or_default())
    }

    /// Skips one value, without recursion.
    pub(crate) fn skip(&mut self) -> Result<(), Fault> {
        let result = self.skip_on(&mut 0);
        if result == Err(Fault::Cut) {
            self.at = self.bytes.len();
        }
        result
    }

    /// Skips the rest of a value in which one stands `depth` deep (0: before it). At a cut, `depth` and
    /// position are those before the piece that is cut, and one may go on there.
    pub(crate) fn skip_on(&mut self, depth: &mut usize) -> Result<(), Fault> {
        loop {
            match self.peek() {
                None => return Err(Fault::Cut),
                Some(b'"') => {
                    let start = self.at;
                    if let Err(fault) = self.string() {
                        self.at = start;
                        return Err(fault);
                    }
                }
                Some(b'{' | b'[') => {
                    *depth += 1;
                    if *depth > limits::EXPORT_DEPTH {
                        return Err(Fault::Deep);
                    }
                    self.at += 1;
                    continue;
                }
                Some(b'}' | b']') if *depth > 0 => {
                    *depth -= 1;
                    self.at += 1;
                }
                Some(b',' | b':') if *depth > 0 => {
                    self.at += 1;
                    continue;
                }
                Some(_) => {
                    self.literal()?;
                }
            }
            if *depth == 0 {
                return Ok(());
            }
        }
    }
}

/// First members of entries, as exporters order them.
const FIRST_MEMBERS: [&[u8]; 12] = [
    b"startedDateTime",
    b"pageref",
    b"_initiator",
    b"_frameref",
    b"_connectionId",
    b"_fromCache",
    b"_priority",
    b"_resourceType",
    b"request",
    b"connection",
    b"serverIPAddress",
    b"_charlesStatus",
];

/// How far after a brace the name of an entry's first member ends, white space and all.
const FIRST_MEMBER_WITHIN: usize = 4096;

impl Scan<'_> {
    /// After a fault: goes to the comma before the next object that begins like an entry, at `from` or
    /// later. A quote that no backslash precedes cannot stand inside a string, so that nothing that is
    /// quoted in a body is taken for an entry.
    ///
    /// # Errors
    /// When there is none: from where to look when more of the document is there.
    pub(crate) fn next_entry(&mut self, from: usize) -> Result<(), usize> {
        let mut from = from;
        while let Some(found) = self.bytes.get(from..).and_then(|rest| memchr::memchr(b'{', rest)) {
            let brace = from + found;
            let rest = self.bytes.get(brace + 1..).unwrap_or_default();
            if rest.len() < FIRST_MEMBER_WITHIN && self.more {
                return Err(brace);
            }
            let mut look = Scan::new(rest.get(..FIRST_MEMBER_WITHIN).unwrap_or(rest));
            let begins = look.peek() == Some(b'"')
                && look.string().is_ok_and(|name| FIRST_MEMBERS.contains(&name.raw))
                && look.peek() == Some(b':');
            if begins {
                let before = self.bytes.get(..brace).unwrap_or_default().trim_ascii_end();
                if before.ends_with(b",") {
                    self.at = before.len() - 1;
                    return Ok(());
                }
            }
            from = brace + 1;
        }
        Err(self.bytes.len())
    }
}

fn named(fault: Fault, name: &'static str) -> Fault {
    if matches!(fault, Fault::Expected(_)) { Fault::Expected(name) } else { fault }
}

/// Resolves the escapes of a string; what is no escape stays as it is.
fn unescape(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    unescape_into(raw, &mut out);
    out
}

fn unescape_into(raw: &[u8], out: &mut Vec<u8>) {
    let begin = out.len();
    // Nothing takes more room than its escape. Whole blocks are copied, what is too much of them is written over.
    out.resize(begin + raw.len(), 0);
    let (mut from, mut to) = (0, begin);
    while let Some(rest) = raw.get(from..).filter(|rest| !rest.is_empty()) {
        let room = out.get_mut(to..).unwrap_or_default();
        let (plain, is_escape) = match (rest.first_chunk(), room.first_chunk_mut()) {
            (Some(bytes), Some(room)) => {
                *room = *bytes;
                let plain = Block::of(bytes).places(b'\\').trailing_zeros() as usize;
                (plain, plain < block::SIZE)
            }
            _ => {
                let found = memchr::memchr(b'\\', rest);
                let plain = found.unwrap_or(rest.len());
                if let (Some(room), Some(bytes)) = (room.get_mut(..plain), rest.get(..plain)) {
                    room.copy_from_slice(bytes);
                }
                (plain, found.is_some())
            }
        };
        (from, to) = (from + plain, to + plain);
        if is_escape {
            let (meaning, length) = escape(raw.get(from + 1..).unwrap_or_default());
            let mut encoded = [0; 4];
            let bytes = match &meaning {
                Ok(byte) => std::slice::from_ref(byte),
                Err(scalar) => scalar.encode_utf8(&mut encoded).as_bytes(),
            };
            if let Some(room) = out.get_mut(to..to + bytes.len()) {
                room.copy_from_slice(bytes);
            }
            (from, to) = (from + 1 + length, to + bytes.len());
        }
    }
    out.truncate(to);
}

/// What the escape after a backslash means, and how many bytes it took.
fn escape(after: &[u8]) -> (Result<u8, char>, usize) {
    let byte = match after.first() {
        None => return (Ok(b'\\'), 0),
        Some(b'n') => b'\n',
        Some(b'r') => b'\r',
        Some(b't') => b'\t',
        Some(b'b') => 8,
        Some(b'f') => 12,
        Some(b'u') => {
            let Some(first) = hex4(after.get(1..5)) else { return (Ok(b'\\'), 0) };
            let low = (0xd800..0xdc00).contains(&first).then(|| hex4(after.get(7..11))).flatten();
            return match low {
                Some(low) if after.get(5..7) == Some(b"\\u") && (0xdc00..0xe000).contains(&low) => {
                    let scalar = 0x10000 + ((first - 0xd800) << 10) + (low - 0xdc00);
                    (Err(char::from_u32(scalar).unwrap_or(char::REPLACEMENT_CHARACTER)), 11)
                }
                _ => (Err(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER)), 5),
            };
        }
        Some(other) => *other,
    };
    (Ok(byte), 1)
}

fn hex4(digits: Option<&[u8]>) -> Option<u32> {
    let digits = std::str::from_utf8(digits?).ok()?;
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn escapes_are_resolved_and_broken_ones_kept() {
        let read = |text: &str| Scan::new(text.as_bytes()).string().unwrap().text().into_owned();
        assert_eq!(read(r#""a\"b\\c\/d\u00e9\ud83d\ude00\n""#), "a\"b\\c/d\u{e9}\u{1f600}\n");
        assert_eq!(read(r#""\ud83d x \uzz""#), "\u{fffd} x \\uzz");
        assert_eq!(read(r#""\\\\\"\\n\/""#), "\\\\\"\\n/");
    }

    #[test]
    fn a_value_of_any_shape_is_skipped_whole() {
        let mut scan = Scan::new(br#" {"a":[1,{"b":"]}\""},null,-1.5e3],"c":{}} , 7"#);
        scan.skip().unwrap();
        assert_eq!(scan.peek(), Some(b','));
    }

    #[test]
    fn depth_is_bounded_and_a_cut_is_told() {
        assert_eq!(Scan::new("[".repeat(100_000).as_bytes()).skip(), Err(Fault::Deep));
        assert_eq!(Scan::new(br#"{"a":"b"#).skip(), Err(Fault::Cut));
        assert_eq!(Scan::new(b"[1 = 2]").skip(), Err(Fault::Expected("a value")));
    }

    /// More than two blocks.
    const LONG: &str = match str::from_utf8(&[b'x'; 140]) {
        Ok(text) => text,
        Err(_) => "",
    };

    /// What RFC 8259 7 says, byte by byte: where the string that begins at `start` ends, and whether it holds escapes.
    fn end_of_string(bytes: &[u8], start: usize) -> Option<(usize, bool)> {
        let (mut at, mut escaped) = (start, false);
        while *bytes.get(at)? != b'"' {
            let is_escape = bytes[at] == b'\\';
            escaped |= is_escape;
            at += if is_escape { 2 } else { 1 };
        }
        Some((at, escaped))
    }

    proptest! {
        #[test]
        fn strings_end_at_the_first_quote_that_is_none_of_their_bytes(
            pieces in prop::collection::vec(
                prop::sample::select(vec!["\"", "\"", "\"\"", "\\", "\\\"", "ab", " ", LONG.split_at(61).0, LONG]),
                0..60,
            ),
        ) {
            let text = pieces.concat();
            let bytes = text.as_bytes();
            let mut scan = Scan::new(bytes);
            let mut start = 0;
            loop {
                while bytes.get(start) == Some(&b' ') {
                    start += 1;
                }
                let end = bytes.get(start).map(|byte| (*byte == b'"').then(|| end_of_string(bytes, start + 1)));
                let expected = match end {
                    None | Some(Some(None)) => Err(Fault::Cut),
                    Some(None) => Err(Fault::Expected("a string")),
                    Some(Some(Some((end, escaped)))) => Ok((&bytes[start + 1..end], escaped)),
                };
                let found = scan.string().map(|text| (text.raw, text.escaped));
                prop_assert_eq!(found, expected);
                let Ok((raw, _)) = expected else { break };
                start += raw.len() + 2;
                prop_assert_eq!(scan.position(), start);
            }
        }

        #[test]
        fn the_first_bytes_are_a_beginning_of_all(
            pieces in prop::collection::vec(
                prop::sample::select(vec!["a", "é", r"\\", r"\n", r"\u0041", r"\ud83d\ude00", r"\ud83d", r"\uzz", r"\/", "\\\"", LONG]),
                0..40,
            ),
            raw in 0_usize..400,
        ) {
            let raw_text = pieces.concat();
            let text = Text { raw: raw_text.as_bytes(), escaped: true };
            let mut begin = Vec::new();
            text.first(raw, &mut begin);
            prop_assert!(text.bytes().starts_with(&begin));
            prop_assert!(raw < raw_text.len() || begin == *text.bytes());
        }
    }
}
