//! Takes XML and HTML as text, gives it without the secrets that elements and attributes announce: by the name of
//! an element, of an attribute, or by an attribute that holds the name (`<add key="…" value="…">`, CLIXML's
//! `<S N="…">`, hidden fields of pages). XML 1.0; what is no XML is looked at all the same.

use std::ops::Range;

use memchr::memmem;

use super::text::Edit;
use super::{Redactor, names};
use crate::limits;

impl Redactor {
    /// Elements with a secret, also where the XML itself is escaped.
    pub(super) fn elements(&mut self, text: &[u8]) -> Vec<Edit> {
        let mut edits = Vec::new();
        for (open, close) in [(&b"<"[..], &b">"[..]), (b"&lt;", b"&gt;")] {
            let mut from = 0;
            while let Some(found) = text.get(from..).and_then(|rest| memmem::find(rest, open)) {
                let start = from + found + open.len();
                from = start;
                let name = element_name(text, start);
                if name.is_empty() {
                    continue;
                }
                let rest = text.get(start..).unwrap_or_default();
                let tag = if open == b"<" { tag_end(rest) } else { before_next(rest, open, close) };
                let Some(tag) = tag else { continue };
                let attributes = attributes(text, start..start + tag);
                let input = name.eq_ignore_ascii_case(b"input");
                let announced = announced(text, &attributes, input);
                if let (Some(announced), Some(value)) = (announced, valued(text, &attributes)) {
                    edits.extend(self.named(announced, text, value));
                    continue;
                }
                let secret = names::is_secret(name).then_some(name).or(announced);
                let Some(secret) = secret.filter(|_| !input) else { continue };
                if rest.get(..tag).is_some_and(|tag| tag.ends_with(b"/")) {
                    continue;
                }
                let body = start + tag + close.len();
                let content = content_of(text, body, (open, close), secret);
                from = content.end.max(body);
                edits.extend(self.named(secret, text, content));
            }
        }
        edits.sort_by_key(|(range, _)| range.start);
        edits
    }
}

fn element_name(text: &[u8], start: usize) -> &[u8] {
    let rest = text.get(start..).unwrap_or_default();
    let part = |byte: &&u8| byte.is_ascii_alphanumeric() || b":_-.".contains(byte);
    rest.get(..rest.iter().take_while(part).count()).unwrap_or_default()
}

/// The name of a secret that an attribute holds.
fn announced<'t>(
    text: &'t [u8],
    attributes: &[(Range<usize>, Range<usize>)],
    input: bool,
) -> Option<&'t [u8]> {
    let held = |(name, value): &(Range<usize>, Range<usize>)| {
        let name = text.get(name.clone())?;
        let value = text.get(value.clone())?;
        let names = [&b"name"[..], b"key", b"n", b"id"].iter().any(|known| name.eq_ignore_ascii_case(known));
        let secret = if input { names::is_secret_parameter(value) } else { names::is_secret(value) };
        (names && secret).then_some(value)
    };
    attributes.iter().find_map(held)
}

/// The value that belongs to an announced name.
fn valued(text: &[u8], attributes: &[(Range<usize>, Range<usize>)]) -> Option<Range<usize>> {
    let is = |name: &Range<usize>| {
        let name = text.get(name.clone()).unwrap_or_default();
        name.eq_ignore_ascii_case(b"value") || name.eq_ignore_ascii_case(b"content")
    };
    attributes.iter().find(|(name, _)| is(name)).map(|(_, value)| value.clone())
}

/// Names and values of a tag's attributes.
fn attributes(text: &[u8], tag: Range<usize>) -> Vec<(Range<usize>, Range<usize>)> {
    let mut found = Vec::new();
    let inside = text.get(tag.clone()).unwrap_or_default();
    let mut at = 0;
    while let Some(equals) = inside.get(at..).and_then(|rest| memchr::memchr(b'=', rest)) {
        let equals = at + equals;
        let before = inside.get(at..equals).unwrap_or_default().trim_ascii_end();
        let length = before.iter().rev().take_while(|byte| !byte.is_ascii_whitespace()).count();
        let name = at + before.len() - length..at + before.len();
        let after = inside.get(equals + 1..).unwrap_or_default();
        let start = equals + 1 + after.len() - after.trim_ascii_start().len();
        let quote = inside.get(start).copied().filter(|byte| matches!(byte, b'"' | b'\''));
        let start = start + usize::from(quote.is_some());
        let rest = inside.get(start..).unwrap_or_default();
        let end = match quote {
            Some(quote) => memchr::memchr(quote, rest),
            None => rest.iter().position(|byte| byte.is_ascii_whitespace() || *byte == b'/'),
        };
        let end = start + end.unwrap_or(rest.len());
        found.push((tag.start + name.start..tag.start + name.end, tag.start + start..tag.start + end));
        at = end + usize::from(quote.is_some());
    }
    found
}

/// Where the text of an element stands that begins at `body`: up to the next tag, or inside of a CDATA section
/// (XML 1.0 2.7). Of a password also that of an element inside of it.
fn content_of(text: &[u8], body: usize, (open, close): (&[u8], &[u8]), name: &[u8]) -> Range<usize> {
    let rest = text.get(body..).unwrap_or_default();
    let lead = rest.len() - rest.trim_ascii_start().len();
    let begin = [open, b"![CDATA["].concat();
    if let Some(inside) = rest.get(lead..).and_then(|rest| rest.strip_prefix(begin.as_slice())) {
        let start = body + lead + begin.len();
        let inside = inside.get(..limits::TOKEN_BYTES).unwrap_or(inside);
        return start..start + memmem::find(inside, &[b"]]", close].concat()).unwrap_or(inside.len());
    }
    let length = memmem::find(rest, open).unwrap_or(rest.len());
    let child = body + length + open.len();
    if length == lead
        && names::is_password(name)
        && !element_name(text, child).is_empty()
        && let Some(tag) = text.get(child..).and_then(|rest| before_next(rest, open, close))
    {
        let start = child + tag + close.len();
        let rest = text.get(start..).unwrap_or_default();
        return trimmed(text, start..start + memmem::find(rest, open).unwrap_or(rest.len()));
    }
    trimmed(text, body..body + length)
}

fn trimmed(text: &[u8], range: Range<usize>) -> Range<usize> {
    let content = text.get(range.clone()).unwrap_or_default();
    let start = range.start + content.len() - content.trim_ascii_start().len();
    start..start + content.trim_ascii().len()
}

/// Where an escaped tag ends, if it does before another begins.
fn before_next(rest: &[u8], open: &[u8], close: &[u8]) -> Option<usize> {
    let next = memmem::find(rest, open).unwrap_or(rest.len());
    memmem::find(rest.get(..next)?, close)
}

/// Where a tag ends: a `>` that is in no quotes, before another tag begins.
fn tag_end(tag: &[u8]) -> Option<usize> {
    let mut quote = None;
    let end = tag.iter().take(limits::TOKEN_BYTES).position(|byte| {
        match quote {
            Some(open) if open == *byte => quote = None,
            None if matches!(byte, b'"' | b'\'') => quote = Some(*byte),
            _ => {}
        }
        quote.is_none() && matches!(byte, b'<' | b'>')
    })?;
    (tag.get(end) == Some(&b'>')).then_some(end)
}
