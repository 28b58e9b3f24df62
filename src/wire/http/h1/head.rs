//! Takes the bytes of one header section, gives its start line and where each field stands. RFC 9112 2 to 5.
//!
//! Own code rather than httparse: spans are wanted, not slices, and a deviation is to be named and read
//! on, not refused (a line without a colon costs itself only).

use std::ops::Range;

use memchr::{memchr, memchr2, memchr3, memrchr};

use super::loose;
use crate::exchange::{FieldSpan, Indexing, Oddity};
use crate::limits;
use crate::wire::http::is_token_byte;
use crate::wire::stream::Direction;

/// A start line, as places in the head's bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Start {
    /// `METHOD target HTTP/1.x`
    Request {
        /// The method's bytes.
        method: Range<usize>,
        /// The target's bytes.
        target: Range<usize>,
    },
    /// `HTTP/1.x NNN reason`
    Status(u16),
}

/// What one header section said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Parsed {
    pub(super) start: Start,
    /// Whether the version was 1.0 (or 0.9).
    pub(super) old: bool,
    pub(super) spans: Vec<FieldSpan>,
    pub(super) oddities: Vec<Oddity>,
    /// A bound was reached: fields are missing.
    pub(super) cut: bool,
}

/// The position after the empty line that ends a head, when it is there. `scanned` remembers how far
/// the search came, for the next call with more bytes.
pub(super) fn end(bytes: &[u8], scanned: &mut usize) -> Option<usize> {
    while let Some(found) = memchr(b'\n', bytes.get(*scanned..)?) {
        let after = *scanned + found + 1;
        match (bytes.get(after), bytes.get(after + 1)) {
            (Some(b'\n'), _) => return Some(after + 1),
            (Some(b'\r'), Some(b'\n')) => return Some(after + 2),
            (None, _) | (Some(b'\r'), None) => {
                *scanned = after - 1;
                return None;
            }
            _ => *scanned = after,
        }
    }
    *scanned = bytes.len();
    None
}

/// No registered method is longer than 17 bytes; text before a blank is often longer.
const METHOD_BYTES: usize = 32;

/// Methods whose name and a slash are enough to call a stream HTTP before its first line is whole.
const USUAL: [&[u8]; 8] = [b"GET", b"POST", b"HEAD", b"PUT", b"DELETE", b"PATCH", b"OPTIONS", b"PROPFIND"];

/// Whether `bytes` begin with a start line of that direction; `None` when too few to tell.
pub(super) fn recognise(direction: Direction, bytes: &[u8]) -> Option<bool> {
    let bytes = skip_blank(bytes);
    match direction {
        Direction::Sent => recognise_request(bytes),
        Direction::Received => recognise_status(bytes),
    }
}

/// The same where a message is due: what has the shape of a message is one, however bad its start line.
pub(super) fn recognise_due(direction: Direction, bytes: &[u8]) -> Option<bool> {
    match recognise(direction, bytes) {
        Some(false) => loose::recognise(direction, skip_blank(bytes)),
        answer => answer,
    }
}

/// The same, and the start line is whole: the rule for finding a message where others were lost.
pub(super) fn certain(direction: Direction, bytes: &[u8]) -> bool {
    memchr(b'\n', bytes).is_some_and(|at| {
        let line = bytes.get(..at).unwrap_or_default();
        match direction {
            Direction::Sent => request_line(line.strip_suffix(b"\r").unwrap_or(line)).is_some(),
            Direction::Received => status_line(line).is_some(),
        }
    })
}

/// Blank lines before a start line are to be ignored (RFC 9112 2.2).
fn skip_blank(bytes: &[u8]) -> &[u8] {
    let blank = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    bytes.get(blank..).unwrap_or_default()
}

fn recognise_request(bytes: &[u8]) -> Option<bool> {
    if let Some(end) = memchr(b'\n', bytes) {
        let line = bytes.get(..end).unwrap_or_default();
        return Some(request_line(line.strip_suffix(b"\r").unwrap_or(line)).is_some());
    }
    let method = bytes.iter().take_while(|&&byte| is_token_byte(byte)).count();
    if method > METHOD_BYTES {
        return Some(false);
    }
    let next = bytes.get(method)?;
    if *next != b' ' || method == 0 {
        return Some(false);
    }
    let target = bytes.get(method + 1..).unwrap_or_default();
    if target.is_empty() {
        return None;
    }
    let usual = bytes.get(..method).is_some_and(|name| USUAL.contains(&name));
    if usual
        && (target.starts_with(b"/") || target.starts_with(b"http://") || target.starts_with(b"https://"))
    {
        return Some(true);
    }
    if target.len() > limits::HEAD_BYTES { Some(false) } else { None }
}

fn recognise_status(bytes: &[u8]) -> Option<bool> {
    const FORM: &[u8] = b"HTTP/1.";
    let common = bytes.iter().zip(FORM).take_while(|(a, b)| a == b).count();
    if common < FORM.len() {
        return if common == bytes.len() { None } else { Some(false) };
    }
    let line = bytes.get(..memchr(b'\n', bytes).unwrap_or(bytes.len())).unwrap_or_default();
    if line.len() < 12 && line.len() == bytes.len() { None } else { Some(status_line(line).is_some()) }
}

/// The version of `HTTP/d.d`: whether it is older than 1.1.
fn version(text: &[u8]) -> Option<bool> {
    match text {
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', minor @ b'0'..=b'9'] => Some(*minor == b'0'),
        b"HTTP/0.9" => Some(true),
        _ => None,
    }
}

/// Method, target and age of a request line; any number of blanks between the parts.
fn request_line(line: &[u8]) -> Option<(Range<usize>, Range<usize>, bool)> {
    let method = line.iter().take_while(|&&byte| is_token_byte(byte)).count();
    if method == 0 || method > METHOD_BYTES || line.get(method) != Some(&b' ') {
        return None;
    }
    let line_end = line.len() - line.iter().rev().take_while(|byte| **byte == b' ').count();
    let line = line.get(..line_end)?;
    let blank = memrchr(b' ', line)?;
    let old = version(line.get(blank + 1..)?)?;
    let between = line.get(method..blank)?;
    let lead = between.iter().take_while(|byte| **byte == b' ').count();
    let trail = between.iter().rev().take_while(|byte| **byte == b' ').count();
    if lead + trail >= between.len() {
        return None;
    }
    Some((0..method, method + lead..blank - trail, old))
}

/// Scheme and authority of an absolute target.
pub(super) fn absolute(target: &str) -> Option<(String, String)> {
    if target.starts_with('/') {
        return None;
    }
    let (scheme, rest) = target.split_once("://")?;
    if scheme.is_empty() || !scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    Some((scheme.to_ascii_lowercase(), authority.to_owned()))
}

fn status_line(line: &[u8]) -> Option<(u16, bool)> {
    let old = version(line.get(..8)?)?;
    let rest = line.get(8..)?;
    let blanks = rest.iter().take_while(|byte| **byte == b' ').count();
    let digits = rest.get(blanks..blanks + 3)?;
    let ends = rest.get(blanks + 3).is_none_or(|byte| matches!(byte, b' ' | b'\r' | b'\n' | b'\t'));
    if blanks == 0 || !ends || !digits.iter().all(u8::is_ascii_digit) || digits.first() == Some(&b'0') {
        return None;
    }
    let code = digits.iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0'));
    Some((code, old))
}

/// Reads a head: `bytes` begin with the start line and end with the empty line, or with the last whole
/// line where the rest is lost.
pub(super) fn parse(direction: Direction, bytes: &[u8]) -> Option<Parsed> {
    let mut notes = Notes::default();
    let line_end = memchr(b'\n', bytes)?;
    let line = strip_cr(bytes.get(..line_end)?, &mut notes);
    let (start, old) = match direction {
        Direction::Sent => {
            let (method, target, old) = match request_line(line) {
                Some(parts) => {
                    let (method, target, _) = &parts;
                    if target.start > method.end + 1 || line.len() != target.end + 9 {
                        let detail = "more blanks in the request line than its grammar has";
                        notes.add("http-start-line-blanks", detail);
                    }
                    parts
                }
                None => {
                    notes.add("http-start-line-invalid", "no request line by RFC 9112 3");
                    loose::request_line(line)?
                }
            };
            if line.get(target.clone()).is_some_and(|target| memchr2(b' ', b'\t', target).is_some()) {
                notes.add("http-target-blanks", "the request target holds blanks");
            }
            (Start::Request { method, target }, old)
        }
        Direction::Received => {
            let (code, old) = match status_line(line) {
                Some(parts) => parts,
                None => {
                    notes.add("http-start-line-invalid", "no status line by RFC 9112 4");
                    (loose::status_line(line)?, false)
                }
            };
            (Start::Status(code), old)
        }
    };
    let mut fields = Fields { spans: Vec::with_capacity(16), notes, cut: false };
    fields.read(bytes, line_end + 1);
    let Fields { spans, notes, cut } = fields;
    Some(Parsed { start, old, spans, oddities: notes.0, cut })
}

/// Reads the fields of a trailer section; places count from `base`.
pub(super) fn trailers(bytes: &[u8], base: usize) -> (Vec<FieldSpan>, Vec<Oddity>) {
    let mut fields = Fields { spans: Vec::new(), notes: Notes::default(), cut: false };
    fields.read(bytes, 0);
    let base = u32::try_from(base).unwrap_or(u32::MAX);
    for span in &mut fields.spans {
        for range in [&mut span.name, &mut span.value] {
            *range = range.start.saturating_add(base)..range.end.saturating_add(base);
        }
    }
    (fields.spans, fields.notes.0)
}

/// Oddities of one head, each name once.
#[derive(Default)]
struct Notes(Vec<Oddity>);

impl Notes {
    fn add(&mut self, name: &'static str, detail: &str) {
        if !self.0.iter().any(|known| known.name == name) {
            self.0.push(Oddity { name, detail: detail.to_owned() });
        }
    }
}

fn strip_cr<'a>(line: &'a [u8], notes: &mut Notes) -> &'a [u8] {
    match line.strip_suffix(b"\r") {
        Some(line) => line,
        None => {
            notes.add("http-bare-lf", "a line of the head ends with LF alone");
            line
        }
    }
}

struct Fields {
    spans: Vec<FieldSpan>,
    notes: Notes,
    cut: bool,
}

impl Fields {
    /// Reads lines from `at` to the empty line or the end.
    fn read(&mut self, bytes: &[u8], mut at: usize) {
        while let Some((line, end, odd)) = self.next_line(bytes.get(at..).unwrap_or_default()) {
            if line.is_empty() {
                break;
            }
            if self.spans.len() >= limits::HEAD_FIELDS {
                self.cut = true;
                self.notes
                    .add("http-too-many-fields", "more header fields than are read (limit HEAD_FIELDS)");
                break;
            }
            self.line(line, at, odd);
            at += end;
        }
    }

    /// The first line, where it ends, and whether a CR or NUL may be in it: one search tells all of it, where the line
    /// ends as it should.
    fn next_line<'b>(&mut self, rest: &'b [u8]) -> Option<(&'b [u8], usize, bool)> {
        let first = memchr3(b'\r', b'\n', 0, rest)?;
        if rest.get(first..first + 2) == Some(b"\r\n") {
            return Some((rest.get(..first)?, first + 2, false));
        }
        let end = first + memchr(b'\n', rest.get(first..)?)?;
        Some((strip_cr(rest.get(..end)?, &mut self.notes), end + 1, true))
    }

    /// `odd`: the line may hold bytes that none should.
    fn line(&mut self, line: &[u8], at: usize, odd: bool) {
        if odd && memchr2(b'\r', 0, line).is_some() {
            self.notes.add("http-invalid-field-byte", "a bare CR or a NUL inside a header line");
        }
        if matches!(line.first(), Some(b' ' | b'\t')) {
            self.fold(line, at);
            return;
        }
        let length = line.iter().take_while(|byte| is_token_byte(**byte)).count();
        if length > 0 && line.get(length) == Some(&b':') {
            let value = line.get(length + 1..).unwrap_or_default();
            self.field(at, length, at + length + 1, value);
            return;
        }
        let Some(colon) = memchr(b':', line) else {
            self.notes.add("http-malformed-field", "a header line without a colon");
            return;
        };
        let name = line.get(..colon).unwrap_or_default();
        let trimmed = name.trim_ascii_end();
        if trimmed.len() != name.len() {
            self.notes.add("http-blank-before-colon", "blanks between a field name and its colon");
        }
        if trimmed.is_empty() || !trimmed.iter().all(|&byte| is_token_byte(byte)) {
            self.notes.add("http-invalid-field-name", "a field name that is not a token");
        }
        self.field(at, trimmed.len(), at + colon + 1, line.get(colon + 1..).unwrap_or_default());
    }

    /// A field whose name begins at `at`; its value is `raw`, which begins at `from`, without the blanks around.
    fn field(&mut self, at: usize, name: usize, from: usize, raw: &[u8]) {
        let begun = raw.trim_ascii_start();
        let value_at = from + (raw.len() - begun.len());
        self.spans.push(FieldSpan {
            name: range(at, name),
            value: range(value_at, begun.trim_ascii_end().len()),
            indexing: Indexing::Plain,
        });
    }

    /// A continuation line belongs to the value before it (RFC 9112 5.2).
    fn fold(&mut self, line: &[u8], at: usize) {
        let Some(last) = self.spans.last_mut() else {
            self.notes.add("http-malformed-field", "a continuation line without a field before it");
            return;
        };
        self.notes.add("http-obsolete-fold", "a field value goes on over several lines");
        let content = line.trim_ascii();
        if content.is_empty() {
            return;
        }
        let lead = line.len() - line.trim_ascii_start().len();
        let folded = range(at + lead, content.len());
        last.value = if last.value.is_empty() { folded } else { last.value.start..folded.end };
    }
}

fn range(at: usize, len: usize) -> Range<u32> {
    let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
    number(at)..number(at.saturating_add(len))
}
