//! Takes the bytes of a chunked body piece by piece, gives runs of data and the trailers. RFC 9112 7.1.

use memchr::memchr;

use super::head;
use crate::limits;

/// Where a chunked body stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Chunks {
    /// In a line with a chunk's size.
    Size,
    /// In data, so many bytes before its end.
    Data(u64),
    /// At the line end after data.
    DataEnd,
    /// In the trailer section.
    Trailer,
}

/// What the next bytes are.
pub(super) enum Piece {
    /// So many bytes of framing were used.
    Framing(usize),
    /// So many bytes of content.
    Content(usize),
    /// So many bytes used, and the body is over; the trailer section is in the line buffer.
    Over(usize),
    /// Not the chunked coding.
    Invalid(&'static str),
}

impl Chunks {
    /// Looks at the front of `bytes` (not empty). `line` holds an unfinished line between calls.
    pub(super) fn next(&mut self, bytes: &[u8], line: &mut Vec<u8>) -> Piece {
        match *self {
            Self::Size => self.size(bytes, line),
            Self::Data(left) => {
                let count = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                let left = left.saturating_sub(count as u64);
                *self = if left == 0 { Self::DataEnd } else { Self::Data(left) };
                Piece::Content(count)
            }
            Self::DataEnd => match (line.is_empty(), bytes.first()) {
                (true, Some(b'\r')) => {
                    line.push(b'\r');
                    Piece::Framing(1)
                }
                (_, Some(b'\n')) => {
                    line.clear();
                    *self = Self::Size;
                    Piece::Framing(1)
                }
                _ => Piece::Invalid("no line end after the data of a chunk"),
            },
            Self::Trailer => trailer(bytes, line),
        }
    }

    fn size(&mut self, bytes: &[u8], line: &mut Vec<u8>) -> Piece {
        let Some(end) = memchr(b'\n', bytes) else {
            line.extend_from_slice(bytes);
            return if line.len() > limits::CHUNK_LINE_BYTES {
                Piece::Invalid("the line with a chunk's size is too long (limit CHUNK_LINE_BYTES)")
            } else {
                Piece::Framing(bytes.len())
            };
        };
        let front = bytes.get(..end).unwrap_or_default();
        let size = if line.is_empty() {
            size(front)
        } else {
            line.extend_from_slice(front);
            size(line)
        };
        line.clear();
        *self = match size {
            None => return Piece::Invalid("the size of a chunk is not a hexadecimal number"),
            Some(0) => Self::Trailer,
            Some(size) => Self::Data(size),
        };
        Piece::Framing(end + 1)
    }
}

/// The trailer section ends with an empty line, which may be all there is.
fn trailer(bytes: &[u8], line: &mut Vec<u8>) -> Piece {
    let before = line.len();
    if before == 0 && bytes.starts_with(b"\r\n") {
        return Piece::Over(2);
    }
    line.extend_from_slice(bytes);
    let whole = match line.as_slice() {
        [b'\n', ..] => Some(1),
        [b'\r', b'\n', ..] => Some(2),
        _ => head::end(line, &mut 0),
    };
    match whole {
        Some(end) => {
            line.truncate(end);
            Piece::Over(end.saturating_sub(before))
        }
        None if line.len() > limits::HEAD_BYTES => {
            Piece::Invalid("the trailer section is too long (limit HEAD_BYTES)")
        }
        None => Piece::Framing(bytes.len()),
    }
}

/// `1*HEXDIG [BWS] [";" …]`; a line end before LF is part of `line`.
fn size(line: &[u8]) -> Option<u64> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let rest = line.get(digits..).unwrap_or_default().trim_ascii_start();
    if digits == 0 || !(rest.is_empty() || rest.starts_with(b";")) {
        return None;
    }
    line.iter().take(digits).try_fold(0u64, |value, byte| {
        let digit = char::from(*byte).to_digit(16)?;
        value.checked_mul(16)?.checked_add(u64::from(digit))
    })
}
