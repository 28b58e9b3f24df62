//! Takes the body of a message and its type, gives it without secrets: forms, multipart, JSON, XML, text.

use std::borrow::Cow;

use bytes::Bytes;

use super::Redactor;
use crate::exchange::{Body, Head};
use crate::wire::http::body::{CodingError, content};

/// What became of the body of a message as it travelled.
pub(super) enum Travelled {
    /// It holds no secret.
    Same,
    /// New content, without content coding.
    New(Vec<u8>),
}

/// What stands in the place of a body that cannot be read, and so not be vouched for.
const UNREADABLE: &[u8] = b"[the body was taken out: it could not be decoded]";

impl Redactor {
    /// A body without content coding; `None` when it stays as it is.
    pub(super) fn body(&mut self, media: &[u8], body: &[u8]) -> Option<Vec<u8>> {
        if body.len() < 4 {
            return None;
        }
        if let Some(wide) = Utf16::of(body) {
            let plain = crate::import::text::utf8(body);
            // The type may name the charset of the original.
            return self.body(media, &plain).map(|new| wide.encode(&new));
        }
        let media = String::from_utf8_lossy(media).to_ascii_lowercase();
        let start = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii_start();
        if ["image/", "font/", "audio/", "video/"].iter().any(|kind| media.starts_with(kind))
            && !start.starts_with(b"<")
        {
            // What it shows nobody can tell; copies of secrets are found by the search afterwards.
            return None;
        }
        if media.starts_with("multipart/form-data")
            && let Some(new) = self.multipart(body)
        {
            return new;
        }
        if (media.contains("json") || matches!(start.first(), Some(b'{' | b'[')))
            && let Some(Some(new)) = self.deeper(|this| this.json_body(body))
        {
            return new;
        }
        if media.contains("urlencoded") || (!start.starts_with(b"<") && looks_like_form(body)) {
            return self.pairs(body);
        }
        let prose = start.starts_with(b"<") || media.contains("javascript") || media.contains("css");
        self.leaf(body, !prose && std::str::from_utf8(body).is_ok())
    }

    fn json_body(&mut self, body: &[u8]) -> Option<Option<Vec<u8>>> {
        let text = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
        self.json(text, true)
    }

    /// RFC 7578: each part has its own name, and perhaps its own type.
    fn multipart(&mut self, body: &[u8]) -> Option<Option<Vec<u8>>> {
        // The type was lowered, and exporters leave it out: the boundary stands at the start of the body as it is.
        let line = memchr::memchr(b'\n', body)?;
        let boundary = body.get(..line)?.trim_ascii_end();
        if boundary.len() < 3 || !boundary.starts_with(b"--") {
            return None;
        }
        let mut out = Vec::with_capacity(body.len());
        let mut at = 0;
        let mut changed = false;
        let mut starts: Vec<usize> = memchr::memmem::find_iter(body, boundary).collect();
        starts.push(body.len());
        for start in starts {
            let part = body.get(at..start).unwrap_or_default();
            match self.part(part) {
                Some(new) => {
                    changed = true;
                    out.extend(new);
                }
                None => out.extend_from_slice(part),
            }
            at = start;
        }
        Some(changed.then_some(out))
    }

    fn part(&mut self, part: &[u8]) -> Option<Vec<u8>> {
        let ends = [&b"\r\n\r\n"[..], b"\n\n"];
        let blank = ends.iter().find_map(|end| Some(memchr::memmem::find(part, end)? + end.len()))?;
        let (head, value) = part.split_at_checked(blank)?;
        let text = String::from_utf8_lossy(head).into_owned();
        let name = text.split("name=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
        let newline = [&b"\r\n"[..], b"\n"].into_iter().find(|newline| value.ends_with(newline));
        let end = value.len() - newline.map_or(0, <[u8]>::len);
        let (value, tail) = value.split_at_checked(end)?;
        let new = self.parameter(name.as_bytes(), value)?;
        Some([head, &new, tail].concat())
    }

    /// A body that an exporter kept in base64: decoded already, or as it travelled.
    pub(super) fn exported_body(&mut self, media: &[u8], bytes: &[u8]) -> Option<Vec<u8>> {
        if bytes.starts_with(&[0x1f, 0x8b]) {
            let head = Head::from_pairs([(&b"content-encoding"[..], &b"gzip"[..])]);
            return match self.travelled(&head, media, bytes) {
                Travelled::Same => None,
                Travelled::New(new) => Some(new),
            };
        }
        self.body(media, bytes)
    }

    /// A body with the content codings that its head names.
    pub(super) fn travelled(&mut self, head: &Head, media: &[u8], bytes: &[u8]) -> Travelled {
        let body = Body {
            bytes: Bytes::copy_from_slice(bytes),
            total: bytes.len() as u64,
            complete: true,
            ..Body::default()
        };
        let (plain, fault) = content(head, &body);
        match fault {
            None | Some(CodingError::NotCoded(_)) => {}
            // What came out before the fault is worth keeping; the rest cannot be vouched for.
            Some(_) => {
                let kept = if matches!(plain, Cow::Owned(_)) { plain.into_owned() } else { Vec::new() };
                if kept.is_empty() {
                    self.bodies_removed += 1;
                    return Travelled::New(UNREADABLE.to_vec());
                }
                self.bodies_cut += 1;
                return Travelled::New(self.body(media, &kept).unwrap_or(kept));
            }
        }
        match self.body(media, &plain) {
            Some(new) => Travelled::New(new),
            None => Travelled::Same,
        }
    }
}

/// UTF-16 with a byte order mark, as Windows writes XML.
#[derive(Clone, Copy)]
enum Utf16 {
    Little,
    Big,
}

impl Utf16 {
    fn of(bytes: &[u8]) -> Option<Self> {
        match bytes.first_chunk::<2>()? {
            [0xff, 0xfe] => Some(Self::Little),
            [0xfe, 0xff] => Some(Self::Big),
            _ => None,
        }
    }

    fn encode(self, text: &[u8]) -> Vec<u8> {
        let text = String::from_utf8_lossy(text);
        let units = std::iter::once(0xfeff).chain(text.trim_start_matches('\u{feff}').encode_utf16());
        match self {
            Self::Little => units.flat_map(u16::to_le_bytes).collect(),
            Self::Big => units.flat_map(u16::to_be_bytes).collect(),
        }
    }
}

/// `name=value&…`
fn looks_like_form(bytes: &[u8]) -> bool {
    let name =
        bytes.iter().take(64).take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
    name > 0
        && bytes.get(name) == Some(&b'=')
        && !bytes.iter().take(4096).any(|byte| matches!(byte, b'\n' | b' '))
}
