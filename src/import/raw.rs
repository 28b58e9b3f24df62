//! Takes one HTTP/1 message as a file holds it whole, gives its parts. RFC 9112 2 to 7.
//!
//! The end of the bytes is the end of the message, so that nothing has to be guessed from lengths; what
//! is said about lengths is only compared. Tools change messages when they save them (bodies unchunked
//! or dropped while the fields stay), which stream decoders must refuse and this one must read.

use std::ops::Range;

use bytes::Bytes;

use super::message::{self, Address};
use crate::exchange::{Body, FieldSpan, Head, Indexing, Oddity, Protocol, Request, Response};
use crate::limits;

/// A request with the protocol that its first line names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct RawRequest {
    pub(super) request: Request,
    pub(super) protocol: Protocol,
    /// The port of an absolute target; 0 where nothing tells it.
    pub(super) port: u16,
}

/// Reads a request. `total` is the size of the whole message where `bytes` is only its beginning.
pub(super) fn request(bytes: &Bytes, total: u64, oddities: &mut Vec<Oddity>) -> Option<RawRequest> {
    let raw = split(bytes, 0, oddities)?;
    let line = std::str::from_utf8(raw.line).ok()?;
    let mut words = line.split_ascii_whitespace();
    let (method, target) = (words.next()?, words.next()?);
    let plausible = target.starts_with('/') || target.contains("://");
    let version = words.next().or(plausible.then_some("HTTP/0.9"))?;
    if words.next().is_some() || !version.to_ascii_uppercase().starts_with("HTTP") || !is_token(method) {
        return None;
    }
    let connect = method.eq_ignore_ascii_case("CONNECT");
    let address = Address::parse(target);
    let named = raw.head.text(":authority").or_else(|| raw.head.text("host")).map(str::to_owned);
    let host = match &address {
        _ if connect => Some(target.to_owned()),
        Some(address) => named.or_else(|| Some(address.authority.to_owned())),
        None => named,
    };
    // What Fiddler writes after a CONNECT is its own text about the handshake.
    let body =
        if connect { Body { complete: true, ..Body::default() } } else { body(&raw, total, false, oddities) };
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
pub(super) fn response(
    bytes: &Bytes,
    total: u64,
    method: &str,
    oddities: &mut Vec<Oddity>,
) -> Option<Response> {
    let mut at = 0;
    loop {
        let raw = split(bytes, at, oddities)?;
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
            body(&raw, total, bodiless, oddities)
        };
        return Some(Response { status, head: without_pseudo(raw.head), body, times: None });
    }
}

/// Where the head of the message in `bytes` ends and its fields, as far as it is there: tells whether a
/// reader that has only the beginning needs more.
pub(crate) fn beginning(bytes: &[u8]) -> Option<(Head, usize)> {
    let head = Bytes::copy_from_slice(bytes.get(..head_end(bytes, 0)?.0)?);
    let raw = split(&head, 0, &mut Vec::new())?;
    Some((raw.head, raw.body_at))
}

struct Raw<'b> {
    bytes: &'b Bytes,
    line: &'b [u8],
    head: Head,
    body_at: usize,
}

/// End of the head that begins at `from`, and whether its empty line is there.
fn head_end(bytes: &[u8], from: usize) -> Option<(usize, bool)> {
    let mut at = from;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr(b'\n', rest)) {
        at += found + 1;
        match bytes.get(at..).unwrap_or_default() {
            [b'\n', ..] => return Some((at + 1, true)),
            [b'\r', b'\n', ..] => return Some((at + 2, true)),
            _ => {}
        }
        if at - from > limits::HEAD_BYTES {
            return None;
        }
    }
    (bytes.len() > from && bytes.len() - from <= limits::HEAD_BYTES).then_some((bytes.len(), false))
}

fn split<'b>(bytes: &'b Bytes, from: usize, oddities: &mut Vec<Oddity>) -> Option<Raw<'b>> {
    // Empty lines before the first line are to be ignored (RFC 9112 2.2).
    let blank = bytes.get(from..)?.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let from = from + blank;
    let (body_at, _) = head_end(bytes, from)?;
    let all = bytes.get(from..body_at)?;
    let line_end = memchr::memchr(b'\n', all).unwrap_or(all.len());
    let line = all.get(..line_end)?.trim_ascii();
    let mut spans: Vec<FieldSpan> = Vec::new();
    let mut unreadable = 0;
    let mut at = line_end + 1;
    while at < all.len() && spans.len() < limits::HEAD_FIELDS {
        let rest = all.get(at..).unwrap_or_default();
        let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let text = rest.get(..length).unwrap_or_default();
        match (text.first(), spans.last_mut()) {
            (Some(b' ' | b'\t'), Some(last)) if !text.trim_ascii().is_empty() => {
                last.value.end = span(trimmed(all, last.value.start as usize..at + length)).end;
                oddities.push(Oddity {
                    name: "http-obsolete-fold",
                    detail: "a field value is folded over several lines".to_owned(),
                });
            }
            _ => match memchr::memchr(b':', text.get(1..).unwrap_or_default()) {
                Some(colon) => {
                    let name = trimmed(all, at..at + colon + 1);
                    let value = trimmed(all, at + colon + 2..at + length);
                    let field = FieldSpan { name: span(name), value: span(value), indexing: Indexing::Plain };
                    spans.push(field);
                }
                None if text.trim_ascii().is_empty() => {}
                None => unreadable += 1,
            },
        }
        at += length + 1;
    }
    if unreadable > 0 {
        let detail = format!("{unreadable} lines of the head are no fields");
        oddities.push(Oddity { name: "http-unreadable-field", detail });
    }
    let head = Head { bytes: bytes.slice(from..body_at), spans, frames: Default::default() };
    Some(Raw { bytes, line, head, body_at })
}

fn trimmed(bytes: &[u8], range: Range<usize>) -> Range<usize> {
    let text = bytes.get(range.clone()).unwrap_or_default();
    let start = range.start + (text.len() - text.trim_ascii_start().len());
    start..start + text.trim_ascii().len()
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
    let line = String::from_utf8_lossy(line).into_owned();
    let mut words = line.split_ascii_whitespace();
    words.next().filter(|version| version.to_ascii_uppercase().starts_with("HTTP"))?;
    words.next()?.parse().ok().filter(|status| (100..1000).contains(status))
}

/// RFC 9110 5.6.2.
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// The body: the rest of the message, unchunked where it still is chunked.
fn body(raw: &Raw<'_>, total: u64, bodiless: bool, oddities: &mut Vec<Oddity>) -> Body {
    let rest = raw.bytes.slice(raw.body_at.min(raw.bytes.len())..);
    let seen_all = total <= raw.bytes.len() as u64;
    let total = total.saturating_sub(raw.body_at as u64).max(rest.len() as u64);
    let length = raw.head.text("content-length").and_then(|text| text.trim().parse::<u64>().ok());
    let chunked =
        raw.head.all("transfer-encoding").any(|field| field.value.to_ascii_lowercase().ends_with(b"chunked"));
    if chunked && let Some((bytes, ended)) = unchunk(&rest) {
        if seen_all && !ended {
            note_missing(oddities, "the last chunk of a body is not there");
        }
        return kept(raw, bytes.into(), total, ended || !seen_all);
    }
    let missing = !bodiless && !chunked && length.is_some_and(|length| length > total);
    if missing {
        note_missing(oddities, "a body is shorter than Content-Length says");
    }
    kept(raw, rest, total, !missing)
}

fn kept(raw: &Raw<'_>, bytes: Bytes, total: u64, complete: bool) -> Body {
    let kind = raw.head.get("content-type").unwrap_or_default();
    let length = if message::can_matter(kind) { bytes.len().min(limits::BODY_KEPT) } else { 0 };
    Body { bytes: bytes.slice(..length), total, complete, ..Body::default() }
}

fn note_missing(oddities: &mut Vec<Oddity>, detail: &str) {
    oddities.push(Oddity { name: "export-body-missing", detail: detail.to_owned() });
}

/// Takes chunks apart (RFC 9112 7.1): the data, and whether the last chunk was there. `None` when the
/// first line is no chunk size: the tool has unchunked the body already.
pub(crate) fn unchunk(bytes: &[u8]) -> Option<(Vec<u8>, bool)> {
    let mut out = Vec::with_capacity(bytes.len().min(limits::BODY_KEPT));
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
    fn a_body_shorter_than_promised_is_told() {
        let (response, oddities) = response_of("HTTP/1.1 200 OK\nContent-Length: 10\n\nabc");
        assert!(!response.body.complete);
        assert_eq!(oddities.len(), 1);
        assert!(response_of("HTTP/2 204\r\nContent-Length: 10\r\n\r\n").0.body.complete);
    }
}
