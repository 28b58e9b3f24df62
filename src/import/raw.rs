//! Takes one HTTP/1 message as a file holds it whole, gives its parts. RFC 9112 2 to 7.
//!
//! The end of the bytes is the end of the message, so that nothing has to be guessed from lengths; what
//! is said about lengths is only compared. Tools change messages when they save them (bodies unchunked
//! or dropped while the fields stay), which stream decoders must refuse and this one must read.

use std::ops::Range;

use bytes::Bytes;

use super::message::{self, Address};
use crate::base::Beginning;
use crate::exchange::{Body, Enough, FieldSpan, Head, Indexing, Oddity, Protocol, Request, Response};
use crate::limits;
use crate::wire::http::body::{is_xml, look};
use crate::wire::http::pool;

/// Where the bytes of a message stand.
#[derive(Clone, Copy)]
pub(super) enum Source<'b> {
    /// In memory that what is kept of them shares.
    Shared(&'b Bytes),
    /// In memory that is used again: what is kept of them is copied.
    Lent(&'b [u8]),
}

impl<'b> From<&'b Bytes> for Source<'b> {
    fn from(bytes: &'b Bytes) -> Self {
        Self::Shared(bytes)
    }
}

impl<'b> From<&'b [u8]> for Source<'b> {
    fn from(bytes: &'b [u8]) -> Self {
        Self::Lent(bytes)
    }
}

impl<'b> Source<'b> {
    fn bytes(self) -> &'b [u8] {
        match self {
            Self::Shared(bytes) => bytes,
            Self::Lent(bytes) => bytes,
        }
    }

    /// A part of the bytes, to keep.
    fn part(self, range: Range<usize>) -> Bytes {
        let part = self.bytes().get(range.clone()).unwrap_or_default();
        match self {
            Self::Shared(bytes) if !part.is_empty() => bytes.slice(range),
            _ if part.len() < pool::BODY => Bytes::copy_from_slice(part),
            _ => {
                let mut kept = pool::take_for(part.len());
                kept.extend_from_slice(part);
                pool::bytes(kept)
            }
        }
    }
}

/// A request with the protocol that its first line names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct RawRequest {
    pub(super) request: Request,
    pub(super) protocol: Protocol,
    /// The port of an absolute target; 0 where nothing tells it.
    pub(super) port: u16,
}

/// Reads a request. `total` is the size of the whole message where `bytes` is only its beginning.
pub(super) fn request<'b>(
    source: impl Into<Source<'b>>,
    total: u64,
    oddities: &mut Vec<Oddity>,
) -> Option<RawRequest> {
    let raw = split(source.into(), 0, oddities)?;
    let line = std::str::from_utf8(raw.line).ok()?;
    let mut words = line.split_ascii_whitespace();
    let (method, target) = (words.next()?, words.next()?);
    let plausible = target.starts_with('/') || target.contains("://");
    let version = words.next().or(plausible.then_some("HTTP/0.9"))?;
    if words.next().is_some() || !is_http(version) || !is_token(method) {
        return None;
    }
    let connect = method.eq_ignore_ascii_case("CONNECT");
    if raw.head.partial && raw.head.spans.len() < limits::HEAD_FIELDS && version != "HTTP/0.9" {
        oddities.push(message::fields_missing(message::UNENDED));
    }
    let address = Address::parse(target);
    let named = raw.head.text(":authority").or_else(|| raw.head.text("host")).map(str::to_owned);
    let host = match &address {
        _ if connect => Some(target.to_owned()),
        Some(address) => named.or_else(|| Some(address.authority.to_owned())),
        None => named,
    };
    // What Fiddler writes after a CONNECT is its own text about the handshake.
    let body = if connect {
        Body { complete: true, ..Body::default() }
    } else {
        body(&raw, total, false, None, oddities)
    };
    oddities.extend(raw.head.fields().filter_map(|field| message::taken_out(field.name, field.value)));
    let port = address.as_ref().map(Address::port).or_else(|| message::port_of(host.as_deref()?));
    let request = Request {
        method: method.to_owned(),
        // Proxies see absolute targets also of what travels inside TLS in origin form.
        target: address.as_ref().map_or_else(|| target.to_owned(), Address::origin_form),
        scheme: address.as_ref().map(|address| address.scheme.to_ascii_lowercase()),
        host,
        head: without_pseudo(raw.head),
        body,
        times: None,
    };
    let protocol = message::protocol(version).unwrap_or(Protocol::Http11);
    Some(RawRequest { request, protocol, port: port.unwrap_or_default() })
}

/// Reads a response, the final one of several heads. `total` as for [`request`].
pub(super) fn response<'b>(
    source: impl Into<Source<'b>>,
    total: u64,
    method: &str,
    oddities: &mut Vec<Oddity>,
) -> Option<Response> {
    response_told(source.into(), total, method, None, oddities)
}

/// The same, of which only the beginning was read, if that told enough.
pub(super) fn response_told(
    source: Source<'_>,
    total: u64,
    method: &str,
    told: Option<Told>,
    oddities: &mut Vec<Oddity>,
) -> Option<Response> {
    let mut at = 0;
    loop {
        let raw = split(source, at, oddities)?;
        let status = status(raw.line)?;
        if (100..200).contains(&status) && status != 101 {
            at = raw.body_at;
            continue;
        }
        let connect = method.eq_ignore_ascii_case("CONNECT") && status / 100 == 2;
        let bodiless = method.eq_ignore_ascii_case("HEAD") || matches!(status, 101 | 204 | 304);
        let body = if connect {
            Body { complete: true, ..Body::default() }
        } else {
            body(&raw, total, bodiless, told, oddities)
        };
        return Some(Response { status, head: without_pseudo(raw.head), body, times: None });
    }
}

/// What is kept of the body of a response whose beginning told enough.
pub(super) struct Told {
    bytes: Bytes,
    /// See [`Body::beginning`].
    beginning: Option<Beginning>,
}

/// Whether the beginning of a large answer in XML tells `enough` (see [`crate::sink::Sink::enough`]).
pub(super) fn told(bytes: &[u8], enough: Enough) -> Option<Told> {
    let raw = split(Source::Lent(bytes), 0, &mut Vec::new())?;
    let kind = raw.head.get("content-type").unwrap_or_default();
    if !is_xml(kind) || !message::can_matter(kind) || status(raw.line)? < 200 {
        return None;
    }
    let rest = bytes.get(raw.body_at..)?;
    let chunks = if is_chunked(&raw.head) { unchunk(rest).map(|(content, _)| content) } else { None };
    let content = chunks.as_deref().unwrap_or(rest);
    let content = content.get(..limits::ANSWER_LOOK).unwrap_or(content);
    let seen = look(&raw.head, content)?;
    let tells = !seen.whole && enough(&seen.bytes);
    let beginning = seen.beginning();
    let told = tells.then(|| Told { bytes: Source::Lent(content).part(0..content.len()), beginning });
    chunks.into_iter().for_each(pool::give);
    told
}

/// Where the head of the message in `bytes` ends and its fields, as far as it is there: tells whether a
/// reader that has only the beginning needs more.
pub(crate) fn beginning(bytes: &[u8]) -> Option<(Head, usize)> {
    let raw = split(Source::Lent(bytes.get(..head_end(bytes)?)?), 0, &mut Vec::new())?;
    Some((raw.head, raw.body_at))
}

struct Raw<'b> {
    source: Source<'b>,
    line: &'b [u8],
    head: Head,
    body_at: usize,
}

/// Where the head ends at whose first byte, or at the empty lines before it, `bytes` begins.
fn head_end(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr(b'\n', rest)) {
        at += found + 1;
        if let Some(blank) = blank_line(bytes, at) {
            return Some(at + blank);
        }
        if at > limits::HEAD_BYTES {
            return None;
        }
    }
    (1..=limits::HEAD_BYTES).contains(&bytes.len()).then_some(bytes.len())
}

/// Bytes of the empty line at `at`, if one stands there.
fn blank_line(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at..)? {
        [b'\n', ..] => Some(1),
        [b'\r', b'\n', ..] => Some(2),
        _ => None,
    }
}

/// Reads the head that begins at `from`, line by line, to its empty line or the end of the bytes.
fn split<'b>(source: Source<'b>, from: usize, oddities: &mut Vec<Oddity>) -> Option<Raw<'b>> {
    // Empty lines before the first line are to be ignored (RFC 9112 2.2).
    let before = source.bytes().get(from..)?;
    let blank = before.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let from = from + blank;
    let all = before.get(blank..).filter(|all| !all.is_empty())?;
    let mut lines = Lines { all, ..Lines::default() };
    let mut first = None;
    let mut at = 0;
    let (end, ended) = loop {
        let rest = all.get(at..).unwrap_or_default();
        let found = memchr::memchr(b'\n', rest);
        let line = at..at + found.unwrap_or(rest.len());
        if first.is_none() {
            first = all.get(line);
        } else {
            lines.take(line);
        }
        let Some(found) = found else {
            (all.len() <= limits::HEAD_BYTES).then_some(())?;
            break (all.len(), false);
        };
        at += found + 1;
        if let Some(blank) = blank_line(all, at) {
            break (at + blank, true);
        }
        (at <= limits::HEAD_BYTES).then_some(())?;
    };
    let Lines { spans, folds, unreadable, beyond, .. } = lines;
    oddities.extend(beyond.then(|| message::fields_missing(message::BEYOND)));
    oddities.extend((0..folds).map(|_| Oddity {
        name: "http-obsolete-fold",
        detail: "a field value is folded over several lines".to_owned(),
    }));
    if unreadable > 0 {
        let lines =
            if unreadable == 1 { "line of the head is no field" } else { "lines of the head are no fields" };
        let detail = format!("{unreadable} {lines}");
        oddities.push(Oddity { name: "http-unreadable-field", detail });
    }
    let body_at = from + end;
    let partial = beyond || !ended;
    // A value that is cut itself is not told: it would be a wrong token.
    let mut spans = spans;
    if !ended && !all.ends_with(b"\n") {
        spans.pop();
    }
    let head = Head { bytes: source.part(from..body_at), spans, partial, ..Head::default() };
    Some(Raw { source, line: first.unwrap_or_default().trim_ascii(), head, body_at })
}

/// The lines of a head behind its first.
#[derive(Default)]
struct Lines<'b> {
    all: &'b [u8],
    spans: Vec<FieldSpan>,
    folds: usize,
    unreadable: usize,
    /// Whether there are more fields than are read.
    beyond: bool,
}

impl Lines<'_> {
    /// Takes the next line.
    fn take(&mut self, line: Range<usize>) {
        if self.spans.len() >= limits::HEAD_FIELDS {
            self.beyond = true;
            return;
        }
        if self.spans.capacity() == 0 {
            self.spans.reserve(USUAL_FIELDS);
        }
        let text = self.all.get(line.clone()).unwrap_or_default();
        match (text.first(), self.spans.last_mut()) {
            (Some(b' ' | b'\t'), Some(last)) if !text.trim_ascii().is_empty() => {
                last.value.end = span(trimmed(self.all, last.value.start as usize..line.end)).end;
                self.folds += 1;
            }
            _ => match memchr::memchr(b':', text.get(1..).unwrap_or_default()) {
                Some(colon) => {
                    let colon = line.start + 1 + colon;
                    let name = trimmed(self.all, line.start..colon);
                    let value = trimmed(self.all, colon + 1..line.end);
                    let field = FieldSpan { name: span(name), value: span(value), indexing: Indexing::Plain };
                    self.spans.push(field);
                }
                None if text.trim_ascii().is_empty() => {}
                None => self.unreadable += 1,
            },
        }
    }
}

/// Fields of most heads.
const USUAL_FIELDS: usize = 16;

/// A range without the white space at its ends.
fn trimmed(bytes: &[u8], range: Range<usize>) -> Range<usize> {
    let text = bytes.get(range.clone()).unwrap_or_default();
    let inner = text.trim_ascii_start();
    let start = range.start + (text.len() - inner.len());
    start..start + inner.trim_ascii_end().len()
}

fn span(range: Range<usize>) -> Range<u32> {
    let narrow = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    narrow(range.start)..narrow(range.end)
}

/// Tools that show HTTP/2 as HTTP/1 write pseudo-header fields among the fields.
fn without_pseudo(mut head: Head) -> Head {
    let bytes = head.bytes.clone();
    head.spans.retain(|span| bytes.get(span.name.start as usize) != Some(&b':'));
    head
}

/// The status of a first line; `HTTP/2 200` has no reason.
fn status(line: &[u8]) -> Option<u16> {
    let line = String::from_utf8_lossy(line);
    let mut words = line.split_ascii_whitespace();
    words.next().filter(|version| is_http(version))?;
    words.next()?.parse().ok().filter(|status| (100..1000).contains(status))
}

/// Whether a version is one of HTTP, in any case.
fn is_http(version: &str) -> bool {
    version.as_bytes().get(..4).is_some_and(|name| name.eq_ignore_ascii_case(b"HTTP"))
}

/// RFC 9110 5.6.2.
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// The body: what it told, or the rest of the message, unchunked where it still is chunked.
fn body(raw: &Raw<'_>, total: u64, bodiless: bool, told: Option<Told>, oddities: &mut Vec<Oddity>) -> Body {
    let bytes = raw.source.bytes();
    let at = raw.body_at.min(bytes.len());
    let rest = bytes.get(at..).unwrap_or_default();
    let seen_all = total <= bytes.len() as u64;
    let total = total.saturating_sub(raw.body_at as u64).max(rest.len() as u64);
    let kind = raw.head.get("content-type").unwrap_or_default();
    let keeps = if message::can_matter(kind) { limits::BODY_KEPT } else { 0 };
    let length = raw.head.text("content-length").and_then(|text| text.trim().parse::<u64>().ok());
    let chunked = is_chunked(&raw.head);
    if told.is_none()
        && chunked
        && let Some((mut bytes, ended)) = unchunk(rest)
    {
        if seen_all && !ended {
            note_missing(oddities, "the last chunk of a body is not there");
        }
        // The framing of chunks is no content; where only the beginning is here, what follows is not known.
        let total = if seen_all { bytes.len() as u64 } else { total };
        bytes.truncate(keeps);
        return Body { bytes: pool::bytes(bytes), total, complete: ended || !seen_all, ..Body::default() };
    }
    let missing = !bodiless && !chunked && length.is_some_and(|length| length > total);
    if missing {
        note_missing(oddities, "a body is shorter than Content-Length says");
    }
    if let Some(Told { bytes, beginning }) = told {
        return Body { bytes, beginning, told: true, total, complete: !missing, ..Body::default() };
    }
    let bytes = raw.source.part(at..at + rest.len().min(keeps));
    Body { bytes, total, complete: !missing, ..Body::default() }
}

fn is_chunked(head: &Head) -> bool {
    head.all("transfer-encoding").any(|field| ends_chunked(field.value))
}

fn ends_chunked(value: &[u8]) -> bool {
    let last = value.len().checked_sub(b"chunked".len()).and_then(|at| value.get(at..));
    last.is_some_and(|coding| coding.eq_ignore_ascii_case(b"chunked"))
}

fn note_missing(oddities: &mut Vec<Oddity>, detail: &str) {
    oddities.push(Oddity { name: "export-body-missing", detail: detail.to_owned() });
}

/// Takes chunks apart (RFC 9112 7.1): the data, and whether the last chunk was there. `None` when the
/// first line is no chunk size: the tool has unchunked the body already.
pub(crate) fn unchunk(bytes: &[u8]) -> Option<(Vec<u8>, bool)> {
    let mut out = pool::take_for(bytes.len().min(limits::BODY_KEPT));
    let mut rest = bytes;
    let mut first = true;
    loop {
        let end = memchr::memchr(b'\n', rest.get(..rest.len().min(4096))?);
        let size = end.and_then(|end| chunk_size(rest.get(..end)?));
        let (Some(end), Some(size)) = (end, size) else {
            return if first && !rest.is_empty() { None } else { Some((out, false)) };
        };
        first = false;
        if size == 0 {
            return Some((out, true));
        }
        let data = rest.get(end + 1..).unwrap_or_default();
        if data.len() < size {
            out.extend_from_slice(data);
            return Some((out, false));
        }
        out.extend_from_slice(data.get(..size).unwrap_or_default());
        rest = data.get(size..).unwrap_or_default();
        rest = rest.strip_prefix(b"\r").unwrap_or(rest);
        rest = rest.strip_prefix(b"\n").unwrap_or(rest);
    }
}

fn chunk_size(line: &[u8]) -> Option<usize> {
    let digits = line.split(|byte| *byte == b';').next()?.trim_ascii();
    if digits.is_empty() || digits.len() > 8 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    usize::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response_of(text: &'static str) -> (Response, Vec<Oddity>) {
        let mut oddities = Vec::new();
        let bytes = Bytes::from_static(text.as_bytes());
        let response = response(&bytes, bytes.len() as u64, "GET", &mut oddities).unwrap();
        (response, oddities)
    }

    #[test]
    fn chunks_are_taken_apart_also_when_the_last_is_lost() {
        let head = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        for (rest, expected, complete) in [
            ("3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n", "abcde", true),
            ("3\r\nabc\r\n2\r\nd", "abcd", false),
            ("<xml/>", "<xml/>", true),
            ("", "", false),
        ] {
            let text: &'static str = Box::leak(format!("{head}{rest}").into_boxed_str());
            let (response, _) = response_of(text);
            assert_eq!((response.status, &response.body.bytes[..]), (200, expected.as_bytes()), "{rest}");
            assert_eq!(response.body.complete, complete, "{rest}");
            assert_eq!(response.body.total, expected.len() as u64, "{rest}");
        }
    }

    #[test]
    fn fields_stand_where_their_spans_say() {
        let text = "POST https://h:8443/ews?x HTTP/1.1\r\nHost: mail\r\nA:  b\r\n c \r\nbroken\r\nAuthorization : Bearer t\r\n\r\nbody";
        let mut oddities = Vec::new();
        let bytes = Bytes::from_static(text.as_bytes());
        let raw = request(&bytes, bytes.len() as u64, &mut oddities).unwrap();
        assert_eq!((raw.request.target.as_str(), raw.port), ("/ews?x", 8443));
        assert_eq!(raw.request.host.as_deref(), Some("mail"));
        assert_eq!(raw.request.head.text("a"), Some("b\r\n c"));
        assert_eq!(raw.request.head.text("authorization"), Some("Bearer t"));
        assert_eq!(&raw.request.body.bytes[..], b"body");
        let names: Vec<_> = oddities.iter().map(|oddity| oddity.name).collect();
        assert_eq!(names, ["http-obsolete-fold", "http-unreadable-field"]);
    }

    #[test]
    fn credentials_that_were_taken_out_are_told() {
        let odd = |value: &str| {
            let text = format!("GET /ews HTTP/1.1\r\nHost: h\r\nAuthorization: {value}\r\n\r\n");
            let mut oddities = Vec::new();
            request(&Bytes::from(text), 0, &mut oddities).unwrap();
            oddities.iter().any(|oddity| oddity.name == "export-stripped-headers")
        };
        assert!(odd("Bearer [REDACTED]") && odd(""));
        assert!(!odd("Bearer") && !odd("Basic dXNlcjpwYXNz"));
    }

    #[test]
    fn a_body_shorter_than_promised_is_told() {
        let (response, oddities) = response_of("HTTP/1.1 200 OK\nContent-Length: 10\n\nabc");
        assert!(!response.body.complete);
        assert_eq!(oddities.len(), 1);
        assert!(response_of("HTTP/2 204\r\nContent-Length: 10\r\n\r\n").0.body.complete);
    }
}
