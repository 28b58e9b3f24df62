//! Takes a body and its codings, gives its content, within bounds. RFC 9110 8.4 (`Content-Encoding`), RFC 9112 7.2
//! (codings of the transfer below the chunks).

/// The beginning of deflate data, quickly.
pub(crate) mod beginning;

use std::borrow::Cow;
use std::cell::RefCell;
use std::io::{self, Read};

use bytes::Bytes;

use crate::base::{Beginning, Lately, Seen};
use crate::exchange::{Body, Head};
use crate::limits;
use crate::wire::stream::Direction;

/// Why a body's content could not be had, or not all of it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CodingError {
    /// A coding that this tool does not know.
    #[error("unknown content coding {0}")]
    Unknown(String),
    /// The coded bytes are damaged, or cut.
    #[error("{coding} data is damaged or cut after {decoded} bytes")]
    Damaged {
        /// Which coding.
        coding: &'static str,
        /// How much came out before.
        decoded: usize,
    },
    /// The body is not coded at all, and was taken as it is.
    #[error("the body is not {0} data although Content-Encoding says so")]
    NotCoded(&'static str),
    /// A bound of `limits` was reached.
    #[error("{0}")]
    Limit(&'static str),
}

/// Whether a body of this content type can hold something that a check looks at: tokens, errors, EWS
/// results.
pub fn may_matter(direction: Direction, content_type: &[u8]) -> bool {
    let kind = content_type.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    let Some(slash) = memchr::memchr(b'/', kind) else { return true };
    let (major, minor) = kind.split_at(slash);
    let has = |words: &[&str]| {
        words
            .iter()
            .any(|word| minor.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word.as_bytes())))
    };
    if major.eq_ignore_ascii_case(b"text") {
        // Pages may carry tokens in hidden forms; scripts and style sheets are large and do not.
        return !has(&["css", "javascript", "event-stream"]);
    }
    match direction {
        Direction::Sent => has(&["json", "xml", "soap", "form", "jwt", "jose", "related", "mixed"]),
        Direction::Received => has(&["json", "xml", "soap", "jwt", "jose", "form-urlencoded", "related"]),
    }
}

/// The content of a body: what could be decoded, and what went wrong, if anything. Bodies without coding
/// are borrowed.
pub fn content<'b>(head: &Head, body: &'b Body) -> (Cow<'b, [u8]>, Option<CodingError>) {
    decode(head, body, None)
}

/// The same for the first `max` bytes of the content only: that more follows is no error.
pub fn content_prefix<'b>(head: &Head, body: &'b Body, max: usize) -> (Cow<'b, [u8]>, Option<CodingError>) {
    decode(head, body, Some(max))
}

/// The beginning of a content, for those who first look whether more is worth its cost.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Glimpse<'b> {
    /// The first bytes.
    pub bytes: Seen<'b>,
    /// Whether that is everything, and undamaged.
    pub whole: bool,
}

impl Glimpse<'_> {
    /// What [`Body::beginning`] keeps of it: nothing where the body's own bytes begin so.
    pub(crate) fn beginning(self) -> Option<Beginning> {
        match self.bytes {
            Seen::Decoded(beginning) => Some(beginning),
            Seen::Plain(_) => None,
        }
    }
}

/// Whether a content type is one of XML. Answers of such a type are many and large.
pub(crate) fn is_xml(kind: &[u8]) -> bool {
    kind.windows(3).any(|word| word.eq_ignore_ascii_case(b"xml"))
}

/// The first [`limits::ANSWER_GLIMPSE`] bytes of the content; `None` where only [`content`] can tell: other codings
/// than gzip, damage, several members.
pub fn glimpse<'b>(head: &Head, body: &'b Body) -> Option<Glimpse<'b>> {
    if let Some(begin) = &body.beginning {
        return Some(Glimpse { bytes: Seen::Decoded(begin.clone()), whole: false });
    }
    match body.already_decoded {
        true => Some(plain(&body.bytes)),
        false => look(head, &body.bytes),
    }
}

/// The same of bytes that are coded as `head` says.
pub(crate) fn look<'b>(head: &Head, bytes: &'b [u8]) -> Option<Glimpse<'b>> {
    match codings(head).as_slice() {
        [] => return Some(plain(bytes)),
        [name] if Coding::named(name) == Some(Coding::Gzip) => {}
        _ => return None,
    }
    INFLATED.with_borrow_mut(|lately| lately.of(bytes, || inflate_beginning(bytes)))
}

fn plain(bytes: &[u8]) -> Glimpse<'_> {
    let begin = bytes.get(..limits::ANSWER_GLIMPSE).unwrap_or(bytes);
    Glimpse { bytes: Seen::Plain(begin), whole: begin.len() == bytes.len() }
}

/// The beginning of what gzip data holds.
fn inflate_beginning(bytes: &[u8]) -> Option<Glimpse<'static>> {
    let coded = after_gzip_header(bytes)?;
    let quick = quickly(coded, limits::ANSWER_GLIMPSE);
    let quick = quick.map(|(begin, whole)| Glimpse { bytes: Seen::Decoded(Beginning::new(begin)), whole });
    quick.or_else(|| slowly(coded, limits::ANSWER_GLIMPSE))
}

/// The same by the decoder that stops where it is told.
fn slowly(coded: &[u8], max: usize) -> Option<Glimpse<'static>> {
    INFLATE.with_borrow_mut(|core| {
        core.reset(false);
        let mut out = Vec::with_capacity(max);
        let status = core.decompress_vec(coded, &mut out, flate2::FlushDecompress::Finish).ok()?;
        // Behind the data: a checksum, which is not worth its cost here, and the length (RFC 1952 2.3.1).
        let trailer = coded.get(usize::try_from(core.total_in()).ok()?..)?;
        let whole = status == flate2::Status::StreamEnd
            && trailer.len() == 8
            && trailer.last_chunk().map(|length| u32::from_le_bytes(*length) as usize) == Some(out.len());
        (whole || out.len() == max).then(|| Glimpse { bytes: Seen::Decoded(Beginning::new(out)), whole })
    })
}

/// The first `max` bytes and whether that is all, where it can be had in one go; `coded` with the trailer of its gzip
/// member (RFC 1952 2.3.1).
fn quickly(coded: &[u8], max: usize) -> Option<(Vec<u8>, bool)> {
    let (data, trailer) = coded.split_at_checked(coded.len().checked_sub(8)?)?;
    let (begin, over) = beginning::beginning(data, max)?;
    if over {
        // A body that was cut does not end with the trailer of this content; one that goes on holds another header.
        let sum = libdeflater::crc32(&begin).to_le_bytes();
        let length = u32::try_from(begin.len()).unwrap_or(u32::MAX).to_le_bytes();
        if trailer != [sum, length].as_flattened() || memchr::memmem::find(data, &GZIP).is_some() {
            return None;
        }
    }
    Some((begin, over))
}

thread_local! {
    /// The tables and the window of a decoder are larger than most bodies: one for each thread.
    static INFLATE: RefCell<flate2::Decompress> = RefCell::new(flate2::Decompress::new(false));
    /// Beginnings of what such data holds.
    static INFLATED: RefCell<Lately<Option<Glimpse<'static>>>> = const { RefCell::new(Lately::new()) };
    /// All of it, where that is short: answers of Autodiscover, whose end a rule wants as well.
    static WHOLE: RefCell<Lately<Option<Bytes>>> = const { RefCell::new(Lately::new()) };
}

/// How a gzip member of deflate data begins (RFC 1952 2.3.1).
const GZIP: [u8; 3] = [0x1f, 0x8b, 8];

/// What follows the header of a gzip member (RFC 1952 2.3); `None` where it has optional parts, which no
/// server sends.
fn after_gzip_header(bytes: &[u8]) -> Option<&[u8]> {
    let (header, rest) = bytes.split_first_chunk::<10>()?;
    (header.starts_with(&GZIP) && header.get(3) == Some(&0)).then_some(rest)
}

/// The codings of a body in the order in which they were put on: those of the content, then those of the transfer.
/// Chunks are undone where messages are read.
fn codings(head: &Head) -> Vec<&[u8]> {
    const NONE: [&[u8]; 3] = [b"", b"identity", b"chunked"];
    let (mut content, mut transfer) = (Vec::new(), Vec::new());
    for field in head.fields_of(|length| matches!(length, 16 | 17)) {
        let into = match field.name.len() {
            16 if field.is("content-encoding") => &mut content,
            17 if field.is("transfer-encoding") => &mut transfer,
            _ => continue,
        };
        for word in field.value.split(|byte| *byte == b',') {
            let word = word.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
            if !NONE.iter().any(|none| word.eq_ignore_ascii_case(none)) {
                into.push(word);
            }
        }
    }
    content.append(&mut transfer);
    content
}

/// Whether a body is coded, so that its content is not what travelled.
pub fn is_coded(head: &Head, body: &Body) -> bool {
    !body.already_decoded && !codings(head).is_empty()
}

fn decode<'b>(head: &Head, body: &'b Body, max: Option<usize>) -> (Cow<'b, [u8]>, Option<CodingError>) {
    let prefix = max.unwrap_or(usize::MAX);
    let mut bytes = Cow::Borrowed(body.bytes.as_ref());
    let codings: Vec<&[u8]> = if body.already_decoded { Vec::new() } else { codings(head) };
    let mut problem = None;
    if codings.len() > limits::CODING_LAYERS {
        return (
            bytes,
            Some(CodingError::Limit(
                "more content codings on one body than are undone (limit CODING_LAYERS)",
            )),
        );
    }
    for (outer, name) in codings.iter().rev().enumerate() {
        if bytes.is_empty() {
            break;
        }
        let Some(coding) = Coding::named(name) else {
            problem = Some(CodingError::Unknown(String::from_utf8_lossy(name).chars().take(40).collect()));
            break;
        };
        // Only the innermost coding may stop early: the others are its input.
        let last = outer + 1 == codings.len();
        let (decoded, trouble) = coding.decode(&bytes, if last { prefix } else { usize::MAX });
        match trouble {
            Some(CodingError::NotCoded(coding)) => problem = Some(CodingError::NotCoded(coding)),
            trouble => {
                bytes = Cow::Owned(decoded);
                problem = problem.or(trouble);
            }
        }
    }
    match bytes {
        Cow::Borrowed(bytes) => (Cow::Borrowed(bytes.get(..prefix).unwrap_or(bytes)), problem),
        Cow::Owned(mut bytes) => {
            bytes.truncate(prefix);
            (Cow::Owned(bytes), problem)
        }
    }
}

/// A content coding (RFC 9110 8.4.1, RFC 7932, RFC 8878).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Coding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

impl Coding {
    fn named(name: &[u8]) -> Option<Self> {
        let is = |text: &str| name.eq_ignore_ascii_case(text.as_bytes());
        match () {
            () if is("gzip") || is("x-gzip") => Some(Self::Gzip),
            () if is("deflate") => Some(Self::Deflate),
            () if is("br") => Some(Self::Brotli),
            () if is("zstd") => Some(Self::Zstd),
            () => None,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }

    /// What comes out of `bytes`, at most `max`, and what went wrong.
    fn decode(self, bytes: &[u8], max: usize) -> (Vec<u8>, Option<CodingError>) {
        if let Some(all) = at_once(bytes, max).filter(|_| self == Self::Gzip) {
            return (all, None);
        }
        let mut drain = Drain { out: Vec::new(), input: bytes.len(), max };
        let result = match self {
            Self::Gzip if !bytes.starts_with(&[0x1f, 0x8b]) => Err(io::ErrorKind::InvalidData.into()),
            Self::Gzip => members(bytes, &mut drain),
            Self::Deflate => deflate(bytes, &mut drain),
            Self::Brotli => drain.read(brotli_decompressor::Decompressor::new(bytes, 4096)),
            Self::Zstd => frames(bytes, &mut drain),
        };
        let Drain { out, .. } = drain;
        match result {
            Ok(Stop::End | Stop::Enough) => (out, None),
            Ok(Stop::Limit(why)) => (out, Some(CodingError::Limit(why))),
            Err(_) if out.is_empty() && is_plain(bytes) => (out, Some(CodingError::NotCoded(self.name()))),
            Err(_) => {
                let decoded = out.len();
                (out, Some(CodingError::Damaged { coding: self.name(), decoded }))
            }
        }
    }
}

/// Why reading stopped without an error.
enum Stop {
    End,
    Enough,
    Limit(&'static str),
}

/// Takes what a decoder gives, within bounds; what came before an error stays.
struct Drain {
    out: Vec<u8>,
    input: usize,
    max: usize,
}

impl Drain {
    fn read(&mut self, mut decoder: impl Read) -> io::Result<Stop> {
        let mut piece = [0; 16 << 10];
        loop {
            let room = piece.len().min(self.max.saturating_sub(self.out.len()));
            if room == 0 {
                return Ok(Stop::Enough);
            }
            let count = decoder.read(piece.get_mut(..room).unwrap_or_default())?;
            if count == 0 {
                return Ok(Stop::End);
            }
            self.out.extend_from_slice(piece.get(..count).unwrap_or_default());
            if self.out.len() > limits::BODY_DECODED {
                self.out.truncate(limits::BODY_DECODED);
                return Ok(Stop::Limit("the decoded body is longer than is kept (limit BODY_DECODED)"));
            }
            if self.out.len() > 1 << 20 && self.out.len() / limits::DECODE_RATIO > self.input {
                return Ok(Stop::Limit("the body grows too much when it is decoded (limit DECODE_RATIO)"));
            }
        }
    }
}

/// Contents up to this length are decoded into one room.
const AT_ONCE: usize = 1 << 20;

/// Of contents up to this length, what came lately is kept decoded.
const KEPT_WHOLE: usize = 8 << 10;

/// The whole of an undamaged gzip member of at most `max` bytes, by the decoder for whole buffers.
fn at_once(bytes: &[u8], max: usize) -> Option<Vec<u8>> {
    // Its end says how long it is (RFC 1952 2.3.1); whether that is so is seen when it is decoded.
    let length = usize::try_from(u32::from_le_bytes(*bytes.last_chunk()?)).ok()?;
    let coded = after_gzip_header(bytes).filter(|_| length <= max.min(AT_ONCE))?;
    let decode = || quickly(coded, length).filter(|(_, whole)| *whole).map(|(all, _)| all);
    if length > KEPT_WHOLE {
        return decode();
    }
    let known = WHOLE.with_borrow_mut(|lately| lately.of(bytes, || decode().map(Bytes::from)));
    known.map(Vec::from)
}

/// Gzip members one after another; what follows the last one is ignored, as browsers do.
fn members(mut bytes: &[u8], drain: &mut Drain) -> io::Result<Stop> {
    while bytes.starts_with(&[0x1f, 0x8b]) {
        let mut member = flate2::bufread::GzDecoder::new(bytes);
        match drain.read(&mut member)? {
            Stop::End => bytes = member.into_inner(),
            other => return Ok(other),
        }
    }
    Ok(Stop::End)
}

/// Servers send both the zlib format, which is meant, and bare deflate data.
fn deflate(bytes: &[u8], drain: &mut Drain) -> io::Result<Stop> {
    let wrapped = match bytes {
        [first, second, ..] => first & 0x0f == 8 && u16::from_be_bytes([*first, *second]) % 31 == 0,
        _ => false,
    };
    if wrapped {
        match inflate(bytes, true, drain) {
            Err(_) if drain.out.is_empty() => {}
            result => return result,
        }
    }
    inflate(bytes, false, drain)
}

/// `flate2`'s readers end quietly where data is cut; its core tells.
fn inflate(bytes: &[u8], wrapped: bool, drain: &mut Drain) -> io::Result<Stop> {
    drain.read(Inflate { core: flate2::Decompress::new(wrapped), rest: bytes, over: false })
}

struct Inflate<'a> {
    core: flate2::Decompress,
    rest: &'a [u8],
    over: bool,
}

impl Read for Inflate<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while !self.over {
            let (read, written) = (self.core.total_in(), self.core.total_out());
            let status = self.core.decompress(self.rest, into, flate2::FlushDecompress::None)?;
            let used = usize::try_from(self.core.total_in() - read).unwrap_or(usize::MAX);
            let made = usize::try_from(self.core.total_out() - written).unwrap_or(0);
            self.rest = self.rest.get(used..).unwrap_or_default();
            self.over = status == flate2::Status::StreamEnd;
            if made > 0 {
                return Ok(made);
            }
            if used == 0 && !self.over {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(0)
    }
}

/// Zstandard frames one after another.
fn frames(mut bytes: &[u8], drain: &mut Drain) -> io::Result<Stop> {
    while !bytes.is_empty() {
        let before = bytes.len();
        let decoder = ruzstd::decoding::StreamingDecoder::new(&mut bytes)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))?;
        match drain.read(decoder)? {
            Stop::End if bytes.len() < before => {}
            other => return Ok(other),
        }
    }
    Ok(Stop::End)
}

/// Whether bytes look like text or markup that was never coded.
pub(crate) fn is_plain(bytes: &[u8]) -> bool {
    let start = bytes.get(..bytes.len().min(64)).unwrap_or_default();
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    !start.is_empty() && start.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace())
}

/// A fuzzing entry: the first byte chooses the coding.
#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    let [choice, bytes @ ..] = data else { return };
    let coding = [Coding::Gzip, Coding::Deflate, Coding::Brotli, Coding::Zstd][usize::from(choice & 3)];
    coding.decode(bytes, usize::MAX);
    if let Some(all) = at_once(bytes, usize::MAX) {
        let mut drain = Drain { out: Vec::new(), input: bytes.len(), max: usize::MAX };
        // The other decoder also looks at what stands between the data and its trailer.
        let _ = members(bytes, &mut drain);
        assert!(drain.out == all, "two decoders say different things");
    }
    if let Some((begin, _)) = beginning::beginning(bytes, limits::ANSWER_GLIMPSE) {
        let mut drain = Drain { out: Vec::new(), input: bytes.len(), max: limits::ANSWER_GLIMPSE };
        // Of codes that are not complete one refuses more than the other.
        if inflate(bytes, false, &mut drain).is_ok() {
            assert!(drain.out.starts_with(&begin), "two decoders say different things");
        }
    }
}

#[cfg(test)]
mod tests;
