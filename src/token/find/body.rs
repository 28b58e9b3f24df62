//! Takes a message body, gives the tokens in its form fields, JSON members, XML or text.

use std::borrow::Cow;
use std::cell::RefCell;
use std::ops::Range;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Finder, Half, field_kind, jwts, params, scan, tidy, whole};
use crate::base::{AnyOf, Lately, Question, lower};
use crate::exchange::{Body, Head};
use crate::json::{self, Node, Value};
use crate::limits;
use crate::token::jwt::{Jwt, is_mask};
use crate::token::store::Hint;
use crate::wire::http::body::{CodingError, content, glimpse, is_coded, is_plain};

/// The kinds of content that tokens travel in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Form,
    Multipart,
    Json,
    Xml,
    Text,
}

/// A body's content with the way from its bytes to frames.
struct Content<'b> {
    bytes: &'b [u8],
    body: &'b Body,
    /// Whether `bytes` are the body's own; else frames are those of the whole body.
    plain: bool,
    /// Whether the end is missing: what touches it is no token but the beginning of one.
    cut: bool,
}

impl Content<'_> {
    fn frames(&self, range: Range<usize>) -> Vec<u64> {
        if self.plain {
            self.body.frames.frames(range)
        } else {
            whole(&self.body.frames, self.body.bytes.len())
        }
    }
}

impl<'e> Finder<'_, 'e> {
    pub(super) fn body(&mut self, head: &'e Head, body: &'e Body) {
        if body.bytes.len() < 16 {
            return;
        }
        let media = lower(head.text("content-type").unwrap_or_default());
        if !may_be_text(&media) && is_coded(head, body) {
            return;
        }
        // Answers in XML are many and large, and hold no token: their beginning says so.
        if self.brief && self.half == Half::Response && media.contains("xml") {
            self.glimpse = glimpse(head, body);
            // Where the beginning told enough, it holds none: see `Sink::enough`.
            if self
                .glimpse
                .as_ref()
                .is_some_and(|glimpse| body.told || !glimpse.bytes.ask(Question::Token, may_hold_token))
            {
                return;
            }
        }
        let coded = is_coded(head, body);
        let (decoded, fault) = match coded {
            true => content(head, body),
            false => (Cow::Borrowed(&body.bytes[..]), None),
        };
        let held = body.complete && body.bytes.len() as u64 >= body.total;
        match &fault {
            Some(CodingError::Limit(what)) => self.store.note_unread(format!("bodies: {what}")),
            // What the recording or a bound left out is told of where it was.
            Some(CodingError::Damaged { coding, .. }) if held => {
                self.store.note_unread(format!("bodies: {coding} data that is damaged or cut"));
            }
            Some(CodingError::Unknown(_)) if !is_plain(&decoded) => {
                self.store.note_unread("bodies: a coding that is not known".to_owned());
            }
            _ => {}
        }
        let cut = !held || fault.is_some();
        if !may_hold_token(&decoded) {
            self.tokenless_request = self.half == Half::Request;
            return;
        }
        let content = Content { bytes: &decoded, body, plain: !coded, cut };
        match kind(&media, &decoded) {
            Kind::Form => self.form(&content, 0..decoded.len()),
            Kind::Multipart => self.multipart(&content, &media),
            Kind::Json => self.json(&content),
            Kind::Xml => {
                self.text(&content, 0..decoded.len(), "body.xml");
                self.wrapped(&content);
            }
            Kind::Text => self.text(&content, 0..decoded.len(), "body.text"),
        }
    }

    fn put(
        &mut self,
        content: &Content<'_>,
        text: &[u8],
        hint: Hint,
        part: Cow<'static, str>,
        bytes: Range<usize>,
        used: bool,
    ) {
        if content.cut && bytes.end >= content.bytes.len() {
            return;
        }
        let frames = content.frames(bytes.clone());
        self.add(text, hint, part, bytes, frames, used && self.half == Half::Request);
    }

    fn form(&mut self, content: &Content<'_>, range: Range<usize>) {
        for found in params::tokens(content.bytes, range) {
            let part = format!("body.form.{}", found.name);
            self.put(content, &found.text, found.hint, part.into(), found.bytes, found.presented);
        }
    }

    /// multipart/form-data (RFC 7578): each part with a name is a field.
    fn multipart(&mut self, content: &Content<'_>, media: &str) {
        let original = media.split("boundary=").nth(1).unwrap_or_default();
        let boundary = original.split(';').next().unwrap_or_default().trim().trim_matches('"');
        if boundary.is_empty() {
            return self.text(content, 0..content.bytes.len(), "body.text");
        }
        for piece in split_ignoring_case(content.bytes, format!("--{boundary}").as_bytes()) {
            let part = content.bytes.get(piece.clone()).unwrap_or_default();
            let Some(blank) = memchr::memmem::find(part, b"\r\n\r\n") else { continue };
            let headers = String::from_utf8_lossy(part.get(..blank).unwrap_or_default()).into_owned();
            let name =
                headers.split("name=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
            let value = piece.start + blank + 4..piece.end;
            let text = content.bytes.get(value.clone()).unwrap_or_default();
            let length = text.trim_ascii_end().len();
            self.value(
                content,
                text.get(..length).unwrap_or_default(),
                value.start..value.start + length,
                name,
                "form",
            );
        }
    }

    /// A whole value under a name.
    fn value(&mut self, content: &Content<'_>, text: &[u8], bytes: Range<usize>, name: &str, under: &str) {
        let kind = field_kind(name);
        let inner = jwts(text);
        let hint = kind.map_or(Hint::None, |kind| kind.hint);
        let presented = kind.is_some_and(|kind| kind.presented);
        let part = Cow::from(format!("body.{under}.{}", tidy(name)));
        for range in &inner {
            let bytes = bytes.start + range.start..bytes.start + range.end;
            let token = text.get(range.clone()).unwrap_or_default();
            self.put(content, token, hint, part.clone(), bytes, presented);
        }
        if inner.is_empty() && kind.is_some() && !text.is_empty() && !is_mask(text) {
            self.put(content, text, hint, part, bytes, presented);
        }
    }

    fn json(&mut self, content: &Content<'_>) {
        let text = content.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content.bytes);
        let skipped = content.bytes.len() - text.len();
        match json::parse_bounded(text, limits::JSON_BODY_NODES) {
            Ok(node) => self.node(content, skipped, &node, None, &mut String::new()),
            Err(error) => {
                self.json_bound(error.what);
                self.text(content, 0..content.bytes.len(), "body.json");
            }
        }
    }

    /// Says it where a bound made a body be searched as text alone.
    fn json_bound(&mut self, what: &str) {
        let searched = "are searched as text alone";
        if what == json::TOO_MANY {
            let most = limits::JSON_BODY_NODES;
            let line = format!(
                "bodies: JSON of more than {most} members and elements (limit JSON_BODY_NODES) {searched}"
            );
            self.store.note_unread(line);
        } else if what == json::TOO_DEEP {
            let most = limits::JSON_DEPTH;
            self.store.note_unread(format!(
                "bodies: JSON nested more than {most} deep (limit JSON_DEPTH) {searched}"
            ));
        }
    }

    /// One JSON value; `pointer` is its RFC 6901 pointer.
    fn node(
        &mut self,
        content: &Content<'_>,
        base: usize,
        node: &Node,
        name: Option<&str>,
        pointer: &mut String,
    ) {
        let length = pointer.len();
        match &node.value {
            Value::String(text) => self.json_text(content, base, node, text, name, pointer),
            Value::Object(members) => {
                for member in members {
                    pointer.push('/');
                    pointer.push_str(&tidy(&member.name).replace('~', "~0").replace('/', "~1"));
                    self.node(content, base, &member.value, Some(&member.name), pointer);
                    pointer.truncate(length);
                }
            }
            Value::Array(elements) => {
                for (index, element) in elements.iter().enumerate() {
                    pointer.push_str(&format!("/{index}"));
                    self.node(content, base, element, name, pointer);
                    pointer.truncate(length);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn json_text(
        &mut self,
        content: &Content<'_>,
        base: usize,
        node: &Node,
        text: &str,
        name: Option<&str>,
        pointer: &str,
    ) {
        let kind = name.and_then(field_kind);
        let text = text.as_bytes();
        let inner = if scan::may_hold_jwt(text) { jwts(text) } else { Vec::new() };
        let opaque = kind.is_some() && inner.is_empty() && !text.is_empty() && !is_mask(text);
        if inner.is_empty() && !opaque {
            return;
        }
        let hint = kind.map_or(Hint::None, |kind| kind.hint);
        let start = base + node.span.start;
        // Without escapes the text stands between the quotes as it is; with escapes only the whole value is sure.
        let exact = node.span.len() == text.len() + 2;
        let whole = if opaque { 0..text.len() } else { 0..0 };
        for range in inner.into_iter().chain(opaque.then_some(whole)) {
            let bytes = if exact {
                start + 1 + range.start..start + 1 + range.end
            } else {
                start..base + node.span.end
            };
            let token = text.get(range).unwrap_or_default();
            self.put(content, token, hint, format!("body.json.{pointer}").into(), bytes, false);
        }
    }

    fn text(&mut self, content: &Content<'_>, range: Range<usize>, part: &'static str) {
        for found in jwts(content.bytes.get(range.clone()).unwrap_or_default()) {
            let bytes = range.start + found.start..range.start + found.end;
            let token = content.bytes.get(bytes.clone()).unwrap_or_default();
            self.put(content, token, Hint::None, part.into(), bytes, false);
        }
    }

    /// JWTs in base64 once more: a BinarySecurityToken of type `urn:ietf:params:oauth:token-type:jwt`.
    fn wrapped(&mut self, content: &Content<'_>) {
        let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
        let mut end = 0;
        for start in memchr::memmem::find_iter(content.bytes, b"ZXlK") {
            let inside = start.checked_sub(1).and_then(|at| content.bytes.get(at)).is_some_and(is_letter);
            if start < end || inside {
                continue;
            }
            let rest = content.bytes.get(start..).unwrap_or_default();
            let length = rest.iter().take_while(|byte| is_letter(byte)).count();
            end = start + length;
            let decoded = STANDARD.decode(rest.get(..length).unwrap_or_default()).unwrap_or_default();
            if Jwt::parse(&decoded).is_some_and(|jwt| jwt.algorithm().is_some()) {
                self.put(content, &decoded, Hint::None, "body.xml".into(), start..end, false);
            }
        }
    }
}

/// Whether a media type can be text; an absent one can.
fn may_be_text(media: &str) -> bool {
    media.is_empty()
        || ["json", "xml", "text", "html", "form", "javascript"].iter().any(|word| media.contains(word))
}

/// Beginnings of JWTs, parts of field names that say token, and a JWT in base64.
static WORDS: LazyLock<AnyOf> = LazyLock::new(|| {
    let names: [&[u8]; 5] = [b"oken", b"OKEN", b"ssertion", b"ZXlK", b"AppContext"];
    AnyOf::new(&[&scan::BEGINNINGS[..], &names].concat())
});

thread_local! {
    static SEARCHED: RefCell<Lately<bool>> = const { RefCell::new(Lately::new()) };
}

/// Whether content can hold a token: a JWT, a JWT in base64, or a field that names one.
pub(crate) fn may_hold_token(bytes: &[u8]) -> bool {
    SEARCHED.with_borrow_mut(|lately| lately.of(bytes, || WORDS.is_in(bytes)))
}

fn kind(media: &str, bytes: &[u8]) -> Kind {
    let begin = bytes.trim_ascii_start();
    // Where nobody says another type, curl calls what it sends a form. No form begins so: it would be escaped.
    let form = media.contains("x-www-form-urlencoded");
    if form && !matches!(begin.first(), Some(b'{' | b'[' | b'<')) {
        return Kind::Form;
    }
    if media.contains("multipart/") {
        return Kind::Multipart;
    }
    if media.contains("json") {
        return Kind::Json;
    }
    if media.contains("xml") {
        return Kind::Xml;
    }
    match begin.first() {
        Some(b'{' | b'[') => Kind::Json,
        Some(b'<') => Kind::Xml,
        _ if media.is_empty() && looks_like_form(begin) => Kind::Form,
        _ => Kind::Text,
    }
}

fn looks_like_form(bytes: &[u8]) -> bool {
    let name = bytes.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
    name > 0 && bytes.get(name) == Some(&b'=')
}

/// The ranges between separators, letter case of the separator aside (the media type was lowered).
fn split_ignoring_case(bytes: &[u8], separator: &[u8]) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut start = 0;
    for at in memchr::memmem::find_iter(bytes, b"--") {
        let there = bytes.get(at..at + separator.len());
        if at >= start && there.is_some_and(|there| there.eq_ignore_ascii_case(separator)) {
            ranges.push(start..at);
            start = at + separator.len();
        }
    }
    ranges.push(start..bytes.len());
    ranges
}
