//! Takes header blocks of one direction, gives fields. RFC 7541.
//!
//! Bounded by ourselves, not by what the peers agreed on; and able to begin in the middle: entries that
//! were inserted before are unknown and stay so, those inserted afterwards are known by their index.

use std::collections::VecDeque;

use super::again;
use crate::base::Reader;
use crate::exchange::Indexing;
use crate::limits;

/// Names and values of indices 1 to 61 (RFC 7541 appendix A).
#[rustfmt::skip]
const STATIC: [(&[u8], &[u8]); 61] = [
    (b":authority", b""),
    (b":method", b"GET"),
    (b":method", b"POST"),
    (b":path", b"/"),
    (b":path", b"/index.html"),
    (b":scheme", b"http"),
    (b":scheme", b"https"),
    (b":status", b"200"),
    (b":status", b"204"),
    (b":status", b"206"),
    (b":status", b"304"),
    (b":status", b"400"),
    (b":status", b"404"),
    (b":status", b"500"),
    (b"accept-charset", b""),
    (b"accept-encoding", b"gzip, deflate"),
    (b"accept-language", b""),
    (b"accept-ranges", b""),
    (b"accept", b""),
    (b"access-control-allow-origin", b""),
    (b"age", b""),
    (b"allow", b""),
    (b"authorization", b""),
    (b"cache-control", b""),
    (b"content-disposition", b""),
    (b"content-encoding", b""),
    (b"content-language", b""),
    (b"content-length", b""),
    (b"content-location", b""),
    (b"content-range", b""),
    (b"content-type", b""),
    (b"cookie", b""),
    (b"date", b""),
    (b"etag", b""),
    (b"expect", b""),
    (b"expires", b""),
    (b"from", b""),
    (b"host", b""),
    (b"if-match", b""),
    (b"if-modified-since", b""),
    (b"if-none-match", b""),
    (b"if-range", b""),
    (b"if-unmodified-since", b""),
    (b"last-modified", b""),
    (b"link", b""),
    (b"location", b""),
    (b"max-forwards", b""),
    (b"proxy-authenticate", b""),
    (b"proxy-authorization", b""),
    (b"range", b""),
    (b"referer", b""),
    (b"refresh", b""),
    (b"retry-after", b""),
    (b"server", b""),
    (b"set-cookie", b""),
    (b"strict-transport-security", b""),
    (b"transfer-encoding", b""),
    (b"user-agent", b""),
    (b"vary", b""),
    (b"via", b""),
    (b"www-authenticate", b""),
];

/// Why a block could not be read (`COMPRESSION_ERROR`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum HpackError {
    /// An index beyond both tables.
    #[error("an index that no table has")]
    Index,
    /// The block ends inside a field.
    #[error("the header block ends inside a field")]
    Truncated,
    /// An integer beyond 32 bits.
    #[error("an integer that is too large")]
    Integer,
    /// A string that is not Huffman code, or longer than a header section may be.
    #[error("a string that is not Huffman code or too long")]
    Huffman,
    /// A change of the table's size that was not allowed, or not at the front of a block.
    #[error("a change of the table size that is not allowed")]
    TableSize,
}

/// One decoded field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HpackField<'a> {
    /// `None`: it stands in an entry from before the capture.
    pub name: Option<&'a [u8]>,
    /// The same.
    pub value: Option<&'a [u8]>,
    /// How it was represented.
    pub indexing: Indexing,
}

/// An entry of the dynamic table: name and value in one piece.
#[derive(Debug)]
struct Entry {
    bytes: Box<[u8]>,
    /// Where the value begins; `None` when the name is not known.
    name: Option<usize>,
}

/// Name and value of an entry, as far as they are known.
type Known<'a> = (Option<&'a [u8]>, Option<&'a [u8]>);

/// What an entry counts beyond its bytes (RFC 7541 4.1).
const OVERHEAD: usize = 32;

/// The table size before anybody says otherwise (RFC 9113 6.5.2).
const DEFAULT_TABLE: usize = 4096;

/// The decoder of one direction.
#[derive(Debug)]
pub struct Hpack {
    entries: VecDeque<Entry>,
    size: usize,
    /// What the encoder last said it uses.
    maximum: usize,
    /// What the decoder's `SETTINGS_HEADER_TABLE_SIZE` allows.
    allowed: usize,
    /// Older entries than ours exist, or may, whose content is not known.
    unknown: bool,
    /// The encoder keeps more than we do.
    beyond: bool,
    /// Entries were given up that the encoder still has.
    given_up: bool,
    /// That was asked for.
    told: bool,
    /// Name and value of a literal.
    scratch: Vec<u8>,
}

impl Default for Hpack {
    fn default() -> Self {
        Self {
            entries: VecDeque::new(),
            size: 0,
            maximum: DEFAULT_TABLE,
            allowed: DEFAULT_TABLE,
            unknown: false,
            beyond: false,
            given_up: false,
            told: false,
            scratch: Vec::new(),
        }
    }
}

impl Hpack {
    /// Sets what the table may grow to.
    pub fn allow(&mut self, size: usize) {
        self.allowed = size;
    }

    /// Blocks were lost, or came before the capture: what the table holds is no longer known.
    pub fn forget(&mut self) {
        self.entries.clear();
        self.size = 0;
        self.unknown = true;
    }

    /// Whether entries were given up for our own bound since the last call; true once.
    pub(super) fn outgrew(&mut self) -> bool {
        let new = self.given_up && !self.told;
        self.told |= new;
        new
    }

    /// Decodes one whole header block. Fields before an error were given already; after an error the
    /// table is not known.
    pub fn decode(&mut self, block: &[u8], mut each: impl FnMut(HpackField<'_>)) -> Result<(), HpackError> {
        let result = self.fields(block, &mut each);
        if result.is_err() {
            self.forget();
        }
        result
    }

    fn fields(&mut self, block: &[u8], each: &mut impl FnMut(HpackField<'_>)) -> Result<(), HpackError> {
        let mut reader = Reader::new(block);
        let mut front = true;
        while let Some(first) = reader.u8() {
            match first {
                0x80.. => {
                    let index = integer(&mut reader, first, 7)?;
                    let (name, value) = self.entry(index)?;
                    let known = name.is_some() && value.is_some();
                    let indexing = if known { Indexing::Indexed } else { Indexing::Unknown };
                    each(HpackField { name, value, indexing });
                }
                0x20..=0x3f => {
                    let size = integer(&mut reader, first, 5)?;
                    if !front {
                        return Err(HpackError::TableSize);
                    }
                    self.resize(size)?;
                    continue;
                }
                _ => self.literal(&mut reader, first, each)?,
            }
            front = false;
        }
        Ok(())
    }

    fn literal(
        &mut self,
        reader: &mut Reader<'_>,
        first: u8,
        each: &mut impl FnMut(HpackField<'_>),
    ) -> Result<(), HpackError> {
        let (indexing, prefix) = match first {
            0x40..=0x7f => (Indexing::Indexed, 6),
            0x10..=0x1f => (Indexing::Never, 4),
            _ => (Indexing::Plain, 4),
        };
        let index = integer(reader, first, prefix)?;
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        let known = if index == 0 {
            string(reader, &mut scratch)?;
            true
        } else {
            let (name, _) = self.entry(index)?;
            scratch.extend_from_slice(name.unwrap_or_default());
            name.is_some()
        };
        let name_end = scratch.len();
        string(reader, &mut scratch)?;
        let (name, value) = scratch.split_at_checked(name_end).unwrap_or_default();
        each(HpackField {
            name: known.then_some(name),
            value: Some(value),
            indexing: if known { indexing } else { Indexing::Unknown },
        });
        if indexing == Indexing::Indexed {
            self.insert(&scratch, known.then_some(name_end));
        }
        self.scratch = scratch;
        Ok(())
    }

    /// Name and value at an index of both tables; `None` for what is not known.
    fn entry(&self, index: usize) -> Result<Known<'_>, HpackError> {
        let index = index.checked_sub(1).ok_or(HpackError::Index)?;
        if let Some((name, value)) = STATIC.get(index) {
            return Ok((Some(name), Some(value)));
        }
        match self.entries.get(index - STATIC.len()) {
            Some(entry) => {
                let (name, value) = entry.bytes.split_at_checked(entry.name.unwrap_or(0)).unwrap_or_default();
                Ok((entry.name.map(|_| name), Some(value)))
            }
            None if self.unknown => Ok((None, None)),
            None => Err(HpackError::Index),
        }
    }

    fn insert(&mut self, bytes: &[u8], name: Option<usize>) {
        self.size += bytes.len() + OVERHEAD;
        self.entries.push_front(Entry { bytes: bytes.into(), name });
        self.evict();
    }

    fn evict(&mut self) {
        while self.size > self.maximum {
            match self.entries.pop_back() {
                Some(entry) => {
                    self.size = self.size.saturating_sub(entry.bytes.len() + OVERHEAD);
                    // Beyond our own bound the oldest entries are unknown from now on.
                    self.given_up |= self.beyond;
                    self.unknown |= self.beyond;
                }
                None => self.size = 0,
            }
        }
    }

    fn resize(&mut self, size: usize) -> Result<(), HpackError> {
        // Before the capture anything may have been allowed.
        if size > self.allowed && !self.unknown {
            return Err(HpackError::TableSize);
        }
        self.beyond = size > limits::HPACK_TABLE_BYTES;
        self.maximum = size.min(limits::HPACK_TABLE_BYTES);
        self.evict();
        Ok(())
    }
}

/// RFC 7541 5.1; `first` is the byte with the prefix, already taken.
fn integer(reader: &mut Reader<'_>, first: u8, prefix: u32) -> Result<usize, HpackError> {
    let mask = (1u8 << prefix) - 1;
    let mut value = u32::from(first & mask);
    if first & mask < mask {
        return Ok(value as usize);
    }
    for shift in [0, 7, 14, 21, 28] {
        let byte = reader.u8().ok_or(HpackError::Truncated)?;
        let part = u32::from(byte & 0x7f).checked_shl(shift).ok_or(HpackError::Integer)?;
        if part >> shift != u32::from(byte & 0x7f) {
            return Err(HpackError::Integer);
        }
        value = value.checked_add(part).ok_or(HpackError::Integer)?;
        if byte & 0x80 == 0 {
            return Ok(value as usize);
        }
    }
    Err(HpackError::Integer)
}

/// RFC 7541 5.2; appends to `out`.
fn string(reader: &mut Reader<'_>, out: &mut Vec<u8>) -> Result<(), HpackError> {
    let first = reader.u8().ok_or(HpackError::Truncated)?;
    let length = integer(reader, first, 7)?;
    let bytes = reader.take(length).ok_or(HpackError::Truncated)?;
    if first & 0x80 != 0 {
        return again::decode(bytes, out, limits::HEAD_BYTES).ok_or(HpackError::Huffman);
    }
    out.extend_from_slice(bytes);
    Ok(())
}

/// For fuzzing: header blocks of one encoder, each behind a byte with its length.
#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    let mut hpack = Hpack::default();
    let mut rest = data;
    while let [length, more @ ..] = rest {
        let (block, after) = more.split_at(usize::from(*length).min(more.len()));
        match length {
            0 => hpack.forget(),
            1 => hpack.allow(limits::HPACK_TABLE_BYTES * 2),
            _ => _ = hpack.decode(block, |_| {}),
        }
        assert!(hpack.size <= limits::HPACK_TABLE_BYTES, "the table outgrew its bound");
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Pair = (Option<String>, Option<String>, Indexing);

    fn decode(hpack: &mut Hpack, block: &[u8]) -> Result<Vec<Pair>, HpackError> {
        let mut fields = Vec::new();
        let text = |bytes: Option<&[u8]>| bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        hpack.decode(block, |field| fields.push((text(field.name), text(field.value), field.indexing)))?;
        Ok(fields)
    }

    fn pair(name: &str, value: &str, indexing: Indexing) -> Pair {
        (Some(name.into()), Some(value.into()), indexing)
    }

    #[test]
    fn the_representations_of_rfc_7541_c_2_are_told_apart() {
        let mut hpack = Hpack::default();
        let fields = decode(&mut hpack, b"\x40\x0acustom-key\x0dcustom-header").unwrap();
        assert_eq!(fields, [pair("custom-key", "custom-header", Indexing::Indexed)]);
        assert_eq!(decode(&mut hpack, b"\xbe").unwrap(), fields);
        let fields = decode(&mut hpack, b"\x04\x0c/sample/path").unwrap();
        assert_eq!(fields, [pair(":path", "/sample/path", Indexing::Plain)]);
        let fields = decode(&mut hpack, b"\x10\x08password\x06secret").unwrap();
        assert_eq!(fields, [pair("password", "secret", Indexing::Never)]);
        assert_eq!(decode(&mut hpack, b"\x82").unwrap(), [pair(":method", "GET", Indexing::Indexed)]);
    }

    #[test]
    fn entries_from_before_the_capture_are_unknown_and_newer_ones_are_not() {
        let mut hpack = Hpack::default();
        hpack.forget();
        // 62 is unknown; then two literals are inserted, of which the second names the unknown entry.
        let fields = decode(&mut hpack, b"\xbe\x40\x01a\x01b\x7f\x00\x01c\xbe\xbf\xc0").unwrap();
        let unknown = (None, None, Indexing::Unknown);
        let nameless = (None, Some("c".into()), Indexing::Unknown);
        assert_eq!(
            fields,
            [
                unknown.clone(),
                pair("a", "b", Indexing::Indexed),
                nameless.clone(),
                nameless,
                pair("a", "b", Indexing::Indexed),
                unknown
            ]
        );
    }

    #[test]
    fn damaged_blocks_are_errors_with_names() {
        let error = |block: &[u8]| decode(&mut Hpack::default(), block).unwrap_err();
        assert_eq!(error(b"\x80"), HpackError::Index);
        assert_eq!(error(b"\xbe"), HpackError::Index);
        assert_eq!(error(b"\x40\x0acust"), HpackError::Truncated);
        assert_eq!(error(b"\xff\xff\xff\xff\xff\xff\xff"), HpackError::Integer);
        assert_eq!(error(b"\x40\x81\x00\x00"), HpackError::Huffman);
        assert_eq!(error(b"\x3f\xe2\x1f"), HpackError::TableSize);
        assert_eq!(error(b"\x82\x20"), HpackError::TableSize);
    }

    #[test]
    fn the_table_stays_within_its_size() {
        let mut hpack = Hpack::default();
        for number in 0..1000u32 {
            let value = format!("{number:0>100}");
            let block = [b"\x40\x01a\x64".as_slice(), value.as_bytes()].concat();
            decode(&mut hpack, &block).unwrap();
            assert!(hpack.size <= DEFAULT_TABLE && hpack.entries.len() <= 31);
        }
        decode(&mut hpack, b"\x20").unwrap();
        assert!(hpack.entries.is_empty());
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn any_block_is_read_or_refused(block in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..100)) {
            let mut hpack = Hpack::default();
            let _ = decode(&mut hpack, &block);
            let _ = decode(&mut hpack, &block);
        }
    }
}
