//! Takes what stands where a message is due, gives what can be read of a start line that breaks the grammar
//! of RFC 9112 3 and 4.
//!
//! Only asked at the beginning of a stream and after a message that ended where it said: in the middle of
//! anything such lines prove nothing. And only what has the whole shape of a message is taken for one: a
//! registered method and a `Host`, or the single line of HTTP/0.9 (RFC 1945 4.1), or `HTTP/`, a word and
//! three digits.

use std::ops::Range;

use memchr::{memchr, memmem};

use super::head;
use crate::limits;
use crate::wire::http::is_token_byte;
use crate::wire::stream::Direction;

/// The methods of the IANA registry and those that Microsoft's protocols add: [MS-RPCH] 2.1.2, [MS-DVRD],
/// [MS-WDV] and System Center's `CCM_POST`.
const METHODS: &[&str] = &[
    "ACL",
    "BASELINE-CONTROL",
    "BCOPY",
    "BDELETE",
    "BIND",
    "BITS_POST",
    "BMOVE",
    "BPROPFIND",
    "BPROPPATCH",
    "CCM_POST",
    "CHECKIN",
    "CHECKOUT",
    "CONNECT",
    "COPY",
    "DELETE",
    "GET",
    "HEAD",
    "LABEL",
    "LINK",
    "LOCK",
    "MERGE",
    "MKACTIVITY",
    "MKCALENDAR",
    "MKCOL",
    "MKREDIRECTREF",
    "MKWORKSPACE",
    "MOVE",
    "NOTIFY",
    "OPTIONS",
    "ORDERPATCH",
    "PATCH",
    "POLL",
    "POST",
    "PROPFIND",
    "PROPPATCH",
    "PUT",
    "QUERY",
    "REBIND",
    "REPORT",
    "RPC_CONNECT",
    "RPC_IN_DATA",
    "RPC_OUT_DATA",
    "SEARCH",
    "SUBSCRIBE",
    "TRACE",
    "UNBIND",
    "UNCHECKOUT",
    "UNLINK",
    "UNLOCK",
    "UNSUBSCRIBE",
    "UPDATE",
    "UPDATEREDIRECTREF",
    "VERSION-CONTROL",
];

/// The longest line whose end is waited for to tell a status line.
const STATUS_LINE: usize = 256;

/// Whether `bytes` have the shape of a message of that direction; `None` when too few to tell.
pub(super) fn recognise(direction: Direction, bytes: &[u8]) -> Option<bool> {
    match direction {
        Direction::Sent => recognise_request(bytes),
        Direction::Received => recognise_status(bytes),
    }
}

/// Whether `bytes`, where the place was lost, begin a message: by the grammar, and with a method that is known.
/// `ET / HTTP/1.1` is the rest of something.
pub(super) fn begins_certainly(direction: Direction, bytes: &[u8]) -> bool {
    head::recognise(direction, bytes) == Some(true)
        && (direction == Direction::Received
            || bytes.split(|byte| *byte == b' ').next().is_some_and(registered))
}

/// Whether this is one byte with which a message may begin: in TLS 1.0 many senders put it in a record of its own.
pub(super) fn is_first_byte(direction: Direction, bytes: &[u8]) -> bool {
    match (direction, bytes) {
        (Direction::Sent, [byte]) => METHODS.iter().any(|known| known.as_bytes().first() == Some(byte)),
        (Direction::Received, bytes) => bytes == b"H",
        _ => false,
    }
}

/// Whether the first word is a registered method; a response has none.
pub(super) fn begins_registered(direction: Direction, bytes: &[u8]) -> bool {
    let method = bytes.iter().take_while(|&&byte| is_token_byte(byte)).count();
    direction == Direction::Received || bytes.get(..method).is_some_and(registered)
}

fn registered(method: &[u8]) -> bool {
    METHODS.iter().any(|known| known.as_bytes() == method)
}

fn recognise_request(bytes: &[u8]) -> Option<bool> {
    let Some(line_end) = memchr(b'\n', bytes) else { return Some(false) };
    let line = whole(bytes.get(..line_end).unwrap_or_default());
    let Some((_, target, _)) = request_line(line) else { return Some(false) };
    let Some(end) = head::end(bytes, &mut 0) else {
        return if bytes.len() > limits::HEAD_BYTES { Some(false) } else { None };
    };
    let fields = bytes.get(line_end + 1..end).unwrap_or_default();
    if fields.trim_ascii().is_empty() {
        return Some(line.starts_with(b"GET /") && target.end == line.len());
    }
    let mut lines = fields.split(|byte| *byte == b'\n');
    Some(lines.any(|line| line.get(..5).is_some_and(|name| name.eq_ignore_ascii_case(b"host:"))))
}

fn recognise_status(bytes: &[u8]) -> Option<bool> {
    const FORM: &[u8] = b"HTTP/";
    let common = bytes.iter().zip(FORM).take_while(|(a, b)| a == b).count();
    if common < FORM.len() {
        return if common == bytes.len() { None } else { Some(false) };
    }
    match memchr(b'\n', bytes) {
        Some(end) => Some(status_line(bytes.get(..end).unwrap_or_default()).is_some()),
        None if bytes.len() > STATUS_LINE => Some(false),
        None => None,
    }
}

fn whole(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Method, target and age of a request line whose target or version is missing or malformed. What cannot
/// be told apart is the target (empty where there is none).
pub(super) fn request_line(line: &[u8]) -> Option<(Range<usize>, Range<usize>, bool)> {
    let method = line.iter().take_while(|&&byte| is_token_byte(byte)).count();
    let name = line.get(..method)?;
    if !registered(name) || !matches!(line.get(method), None | Some(b' ')) {
        return None;
    }
    let rest = line.get(method..)?;
    let from = method + rest.iter().take_while(|byte| **byte == b' ').count();
    let end = line.trim_ascii_end().len().max(from);
    if speaks_otherwise(line.get(from..end)?) {
        return None;
    }
    let version = memmem::rfind(line.get(from..end)?, b" HTTP/").map(|at| from + at);
    let to = version.map_or(end, |at| line.get(..at).unwrap_or_default().trim_ascii_end().len().max(from));
    Some((0..method, from..to, version.is_none()))
}

/// Whether the last word names the version of another protocol: RTSP, SIP and ICAP have lines like HTTP's.
fn speaks_otherwise(rest: &[u8]) -> bool {
    let word = rest.rsplit(|byte| *byte == b' ').next().unwrap_or_default();
    let Some((name, [b'/', b'0'..=b'9', b'.', b'0'..=b'9'])) = word.split_last_chunk::<4>() else {
        return false;
    };
    !name.is_empty() && name != b"HTTP" && name.iter().all(u8::is_ascii_uppercase)
}

/// The code of a status line whose version is malformed.
pub(super) fn status_line(line: &[u8]) -> Option<u16> {
    let rest = whole(line).strip_prefix(b"HTTP/")?;
    let [b'0'..=b'9', b'.', b'0'..=b'9', other, ..] = rest else { return None };
    if other.is_ascii_alphanumeric() {
        return None;
    }
    let blank = memchr(b' ', rest)?;
    let code = rest.get(blank..)?.trim_ascii_start();
    let digits = code.get(..3)?;
    let ends = matches!(code.get(3), None | Some(b' ' | b'\t'));
    if blank > 16 || !ends || !digits.iter().all(u8::is_ascii_digit) || digits.first() == Some(&b'0') {
        return None;
    }
    Some(digits.iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0')))
}

/// The part of a head, cut off by a loss, that is certain: whole lines, the start line among them; and how
/// many of its bytes were sent. A request line that was cut inside its version counts as whole, and is
/// completed.
pub(super) fn certain_part(direction: Direction, bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    if let Some(last) = memchr::memrchr(b'\n', bytes) {
        return Some((bytes.get(..=last)?.to_vec(), last + 1));
    }
    let blank = memchr::memrchr(b' ', bytes)?;
    let version = bytes.get(blank + 1..)?;
    let cut = direction == Direction::Sent && version.len() > 1 && b"HTTP/1.1".starts_with(version);
    cut.then(|| ([bytes.get(..=blank).unwrap_or_default(), b"HTTP/1.1\r\n"].concat(), bytes.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(line: &str) -> Option<(&str, &str)> {
        let (method, target, _) = request_line(line.as_bytes())?;
        Some((&line[method], &line[target]))
    }

    #[test]
    fn a_start_line_is_read_as_far_as_it_goes() {
        assert_eq!(parts("GET / HTTP/1."), Some(("GET", "/")));
        assert_eq!(parts("GET /HTTP/1.1"), Some(("GET", "/HTTP/1.1")));
        assert_eq!(parts("GET HTTP/1.1"), Some(("GET", "HTTP/1.1")));
        assert_eq!(parts("OPTIONS"), Some(("OPTIONS", "")));
        assert_eq!(parts("OPTIONS "), Some(("OPTIONS", "")));
        assert_eq!(parts("GET/ HTTP/1.1"), None);
        assert_eq!(parts("EHLO mail.contoso.com"), None);
        assert_eq!(status_line(b"HTTP/2.0 200 ok\r"), Some(200));
        assert_eq!(status_line(b"HTTP/1.1\t 200 ok\r"), Some(200));
        for none in
            [&b"HTTP/1.1"[..], b"HTTP/1.1 20x ok", b"HTTP/1.1 2", b"HTTP/1.1\x0b200\x0bok", b"ICY 200 OK"]
        {
            assert_eq!(status_line(none), None);
        }
    }

    #[test]
    fn other_protocols_are_not_taken_for_a_bad_request() {
        let sent = |bytes: &[u8]| recognise(Direction::Sent, bytes);
        assert_eq!(sent(b"GET HTTP/1.1\r\nHost: h\r\n\r\n"), Some(true));
        assert_eq!(sent(b"GET HTTP/1.1\r\nHost: h\r\n"), None);
        assert_eq!(sent(b"GET /\r\n\r\n"), Some(true));
        // NNTP's commands, RTSP's and SIP's requests.
        assert_eq!(sent(b"POST\r\nFrom: a@b\r\nNewsgroups: c\r\n\r\n"), Some(false));
        assert_eq!(sent(b"HEAD 17\r\n\r\n"), Some(false));
        assert_eq!(sent(b"OPTIONS rtsp://h/ RTSP/1.0\r\nCSeq: 1\r\n\r\n"), Some(false));
        assert_eq!(sent(b"INVITE sip:a@b SIP/2.0\r\nHost: h\r\n\r\n"), Some(false));
    }

    #[test]
    fn a_head_that_is_cut_keeps_its_whole_lines() {
        let part = |bytes: &[u8]| certain_part(Direction::Sent, bytes).unwrap_or_default();
        let lines = b"GET /a HTTP/1.1\r\nHost: h\r\n";
        assert_eq!(part(b"GET /a HTTP/1.1\r\nHost: h\r\nAuthoriz"), (lines.to_vec(), lines.len()));
        assert_eq!(part(b"GET /a HT"), (b"GET /a HTTP/1.1\r\n".to_vec(), 9));
        assert_eq!(part(b"GET /a"), (Vec::new(), 0));
        assert_eq!(certain_part(Direction::Received, b"HTTP/1.1 20"), None);
    }
}
