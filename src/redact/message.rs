//! Takes an HTTP/1 message as a file holds it whole, gives it without secrets. RFC 9112.
//!
//! The head is changed line by line, so that spelling and order stay. A body that had to be decoded to be
//! changed is stored decoded, and the head is made to fit.

use super::Redactor;
use super::body::Travelled;
use crate::exchange::Head;
use crate::import::raw::{beginning, unchunk};

/// The codings of a body, which no longer hold once it was changed.
const FRAMING: [&str; 3] = ["content-encoding", "transfer-encoding", "content-length"];

/// The messages of a text that holds nothing else, so that the lengths they name can be kept true; `None` for any other
/// text.
pub(super) fn apart(text: &[u8]) -> Option<Vec<&[u8]>> {
    let mut parts = Vec::new();
    let mut lengths = false;
    let mut rest = text;
    while !rest.trim_ascii().is_empty() {
        let blank = rest.len() - rest.trim_ascii_start().len();
        let (head, body) = beginning(rest.get(blank..)?)?;
        // A body that no length tells of is no head, though it may look like one.
        let line =
            rest.get(blank..)?.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii_end();
        let words: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
        if !line.starts_with(b"HTTP/")
            && !matches!(words[..], [_, _, version] if version.starts_with(b"HTTP/"))
        {
            return None;
        }
        if head.get("transfer-encoding").is_some() {
            return None;
        }
        let named = head.get("content-length");
        lengths |= named.is_some();
        let length =
            named.map_or(Some(0), |value| std::str::from_utf8(value).ok()?.trim().parse::<usize>().ok())?;
        let end = blank.checked_add(body)?.checked_add(length)?;
        // What is blank before a head would be taken for the end of it.
        parts.push(rest.get(..blank)?);
        parts.push(rest.get(blank..end)?);
        rest = rest.get(end..)?;
    }
    // Heads that name no length may be the beginning of anything.
    lengths.then(|| {
        parts.push(rest);
        parts
    })
}

impl Redactor {
    /// A message, or anything else in its place.
    pub(super) fn message(&mut self, bytes: &[u8]) -> Vec<u8> {
        let Some((head, body_at)) = beginning(bytes) else {
            return self.leaf(bytes, true).unwrap_or_else(|| bytes.to_vec());
        };
        let (top, rest) = bytes.split_at(body_at.min(bytes.len()));
        // An interim response stands before the final one.
        let interim = top.starts_with(b"HTTP/1.1 1") && !top.starts_with(b"HTTP/1.1 101");
        if interim && rest.starts_with(b"HTTP/") {
            return [self.head(top, None), self.message(rest)].concat();
        }
        if top.to_ascii_uppercase().starts_with(b"CONNECT ") {
            // What Fiddler writes after a CONNECT is its own text about the handshake.
            let body = self.leaf(rest, true).unwrap_or_else(|| rest.to_vec());
            return [self.head(top, None), body].concat();
        }
        match self.framed(&head, rest) {
            Travelled::Same => [self.head(top, None), rest.to_vec()].concat(),
            Travelled::New(body) => [self.head(top, Some(body.len())), body].concat(),
        }
    }

    fn framed(&mut self, head: &Head, rest: &[u8]) -> Travelled {
        let media = head.get("content-type").unwrap_or_default().to_vec();
        let chunked =
            head.all("transfer-encoding").any(|field| field.value.to_ascii_lowercase().ends_with(b"chunked"));
        if rest.is_empty() {
            return Travelled::Same;
        }
        let unchunked = if chunked { unchunk(rest).map(|(bytes, _)| bytes) } else { None };
        self.travelled(head, &media, unchunked.as_deref().unwrap_or(rest))
    }

    /// The first line and the fields. `length`: of the new body.
    fn head(&mut self, top: &[u8], length: Option<usize>) -> Vec<u8> {
        let mut out = Vec::with_capacity(top.len());
        let mut first = true;
        let mut had_length = false;
        let mut fields = top.split_inclusive(|byte| *byte == b'\n').peekable();
        while let Some(line) = fields.next() {
            let mut line = line.to_vec();
            // A folded value goes on in the next line.
            while !first
                && let Some(next) = fields.peek()
                && matches!(next.first(), Some(b' ' | b'\t'))
                && !next.trim_ascii().is_empty()
            {
                line.extend_from_slice(next);
                fields.next();
            }
            let end = line.len() - line.iter().rev().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            let (text, newline) = line.split_at(end);
            if text.is_empty() {
                if let (Some(length), false, false) = (length, had_length, first) {
                    out.extend_from_slice(format!("Content-Length: {length}").as_bytes());
                    out.extend_from_slice(if newline == b"\n" { b"\n" } else { b"\r\n" });
                    had_length = true;
                }
                out.extend_from_slice(newline);
                continue;
            }
            if first {
                out.extend(self.first_line(text));
                out.extend_from_slice(newline);
                first = false;
                continue;
            }
            let Some((name, value)) = split_field(text) else {
                out.extend(self.leaf(text, true).unwrap_or_else(|| text.to_vec()));
                out.extend_from_slice(newline);
                continue;
            };
            let bare = name.trim_ascii();
            if length.is_some() && FRAMING.iter().any(|known| bare.eq_ignore_ascii_case(known.as_bytes())) {
                continue;
            }
            let lead = value.len() - value.trim_ascii_start().len();
            let (blank, value) = value.split_at(lead);
            out.extend_from_slice(name);
            out.push(b':');
            out.extend_from_slice(blank);
            out.extend(self.field(bare, value).unwrap_or_else(|| value.to_vec()));
            out.extend_from_slice(newline);
        }
        out
    }

    /// `METHOD target version`, or a status line.
    fn first_line(&mut self, line: &[u8]) -> Vec<u8> {
        let words: Vec<&[u8]> = line.splitn(3, |byte| *byte == b' ').collect();
        match words.as_slice() {
            [version, ..] if version.starts_with(b"HTTP/") => {
                self.leaf(line, false).unwrap_or_else(|| line.to_vec())
            }
            [method, target, version] if version.starts_with(b"HTTP/") => {
                let target = self.address(target).unwrap_or_else(|| target.to_vec());
                [method, b" ".as_slice(), &target, b" ", version].concat()
            }
            // Anything may stand there.
            _ => {
                let line = self.leaf(line, true).unwrap_or_else(|| line.to_vec());
                self.address(&line).unwrap_or(line)
            }
        }
    }
}

fn split_field(line: &[u8]) -> Option<(&[u8], &[u8])> {
    // Pseudo-header fields begin with a colon.
    let colon = memchr::memchr(b':', line.get(1..)?)? + 1;
    Some((line.get(..colon)?, line.get(colon + 1..)?))
}
