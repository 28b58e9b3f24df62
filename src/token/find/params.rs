//! Takes `name=value` pairs of a query or form, gives the tokens among the values.
//!
//! application/x-www-form-urlencoded as the URL standard reads it: `+` is a blank, `%XX` a byte, what is no
//! escape stays as it is.

use std::borrow::Cow;
use std::ops::Range;

use super::{field_kind, jwts, tidy};
use crate::base::percent::{decode_form, form_unit};
use crate::token::store::Hint;

/// A token among parameters.
pub(super) struct Found<'b> {
    /// The field's name, decoded.
    pub(super) name: String,
    /// The token, decoded.
    pub(super) text: Cow<'b, [u8]>,
    /// What the name says.
    pub(super) hint: Hint,
    /// Whether the name says that it is used as a credential.
    pub(super) presented: bool,
    /// Its bytes as sent.
    pub(super) bytes: Range<usize>,
}

/// The tokens in the pairs that stand in `range` of `bytes`.
pub(super) fn tokens(bytes: &[u8], range: Range<usize>) -> Vec<Found<'_>> {
    let mut found = Vec::new();
    let mut at = range.start;
    for pair in bytes.get(range).unwrap_or_default().split(|byte| matches!(byte, b'&' | b'#')) {
        let end = at + pair.len();
        let equals = memchr::memchr(b'=', pair);
        if let (Some(equals), true) = (equals, pair.len() > 8) {
            let name = decode_form(pair.get(..equals).unwrap_or_default());
            let value = at + equals + 1..end;
            // A body that was typed by hand has lines in it.
            found_in_value(&mut found, bytes, String::from_utf8_lossy(&name).trim(), value);
        }
        at = end + 1;
    }
    found
}

fn found_in_value<'b>(found: &mut Vec<Found<'b>>, bytes: &'b [u8], name: &str, value: Range<usize>) {
    let raw = bytes.get(value.clone()).unwrap_or_default();
    let text = decode_form(raw);
    let kind = field_kind(name);
    let inner = jwts(&text);
    let trimmed = text.trim_ascii();
    let whole = matches!(inner.as_slice(), [one] if one.len() == trimmed.len());
    let hint = kind.map_or(Hint::None, |kind| kind.hint);
    let presented = kind.is_some_and(|kind| kind.presented);
    if whole || (inner.is_empty() && kind.is_some() && !trimmed.is_empty()) {
        let text = match text {
            Cow::Borrowed(text) => Cow::Borrowed(text.trim_ascii()),
            Cow::Owned(text) => Cow::Owned(text.trim_ascii().to_vec()),
        };
        found.push(Found { name: tidy(name), text, hint, presented, bytes: value });
        return;
    }
    let mut sent = Sent { raw, decoded: 0, at: value.start };
    for range in inner {
        let sent = sent.place(range.start)..sent.place(range.end);
        let text = text.get(range).unwrap_or_default().to_vec();
        found.push(Found { name: tidy(name), text: Cow::Owned(text), hint, presented, bytes: sent });
    }
}

/// Finds places of decoded bytes among those that were sent, each from the one before: a value may hold thousands of
/// tokens.
struct Sent<'r> {
    /// What was sent and not yet gone through.
    raw: &'r [u8],
    /// How many bytes were decoded so far.
    decoded: usize,
    /// Where `raw` begins.
    at: usize,
}

impl Sent<'_> {
    /// Where the `decoded`th byte stands; not before the one that was asked for last.
    fn place(&mut self, decoded: usize) -> usize {
        while self.decoded < decoded
            && let Some((_, length)) = form_unit(self.raw, 0)
        {
            self.raw = self.raw.get(length..).unwrap_or_default();
            self.decoded += 1;
            self.at += length;
        }
        self.at
    }
}
