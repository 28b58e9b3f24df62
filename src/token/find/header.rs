//! Takes a header section, gives the tokens in its fields.

use std::borrow::Cow;
use std::ops::Range;

use super::{Finder, Half, jwts, params, scan, tidy};
use crate::exchange::{Field, Head};
use crate::token::jwt::{Jwt, is_mask};
use crate::token::store::Hint;

/// No JWT is shorter: `{"alg":"none"}` alone takes 19 characters.
const SHORTEST: usize = 20;

impl Finder<'_, '_> {
    pub(super) fn head(&mut self, head: &Head) {
        let others = others_may_hold_jwt(head);
        for field in head.fields_of(|length| others || matches!(length, 8 | 13 | 19 | 22)) {
            if field.is("authorization") {
                self.credentials(head, field, "header.authorization");
            } else if field.is("proxy-authorization") {
                self.credentials(head, field, "header.proxy-authorization");
            } else if field.is("sec-websocket-protocol") {
                self.protocols(head, field);
            } else if field.value.len() >= SHORTEST {
                self.other(head, field);
            }
        }
    }

    fn at(
        &mut self,
        head: &Head,
        field: Field<'_>,
        range: Range<usize>,
        hint: Hint,
        part: Cow<'static, str>,
        used: bool,
    ) {
        let text = field.value.get(range.clone()).unwrap_or_default();
        let bytes = field.value_at + range.start..field.value_at + range.end;
        let frames = head.frames.frames(bytes.clone());
        let presented = used && self.half == Half::Request;
        self.add(text, hint, part, bytes, frames, presented);
    }

    fn credentials(&mut self, head: &Head, field: Field<'_>, part: &'static str) {
        if let Some(range) = lone_bearer(field.value) {
            return self.at(head, field, range, Hint::Access, part.into(), true);
        }
        for range in bearers(field.value) {
            self.at(head, field, range, Hint::Access, part.into(), true);
        }
    }

    /// Browsers cannot set `Authorization` on a WebSocket, so tokens travel as a protocol name after a word
    /// that announces them.
    fn protocols(&mut self, head: &Head, field: Field<'_>) {
        let mut announced = false;
        for range in words(field.value, b", \t") {
            let word = field.value.get(range.clone()).unwrap_or_default();
            let jwt = jwts(word);
            for inner in &jwt {
                let range = range.start + inner.start..range.start + inner.end;
                self.at(head, field, range, Hint::Access, "header.sec-websocket-protocol".into(), true);
            }
            if announced && jwt.is_empty() {
                self.at(head, field, range, Hint::Access, "header.sec-websocket-protocol".into(), true);
            }
            announced = ["access_token", "bearer", "authorization"]
                .iter()
                .any(|name| word.eq_ignore_ascii_case(name.as_bytes()));
        }
    }

    fn other(&mut self, head: &Head, field: Field<'_>) {
        if field.is("location") {
            return self.redirect(head, field);
        }
        if !scan::may_hold_jwt(field.value) {
            return;
        }
        let name = String::from_utf8_lossy(field.name).to_ascii_lowercase();
        let cookies = name == "cookie" || name == "set-cookie";
        let used = name != "referer" && name != "origin";
        for range in jwts(field.value) {
            let part = match cookie_name(field.value, range.start).filter(|_| cookies) {
                Some(cookie) => format!("cookie.{}", tidy(&cookie)),
                None => format!("header.{}", tidy(&name)),
            };
            self.at(head, field, range, Hint::None, part.into(), used);
        }
    }

    /// A redirect delivers tokens in its query or fragment (RFC 6749 4.2.2).
    fn redirect(&mut self, head: &Head, field: Field<'_>) {
        let Some(start) = memchr::memchr2(b'?', b'#', field.value) else { return };
        for found in params::tokens(field.value, start + 1..field.value.len()) {
            let bytes = field.value_at + found.bytes.start..field.value_at + found.bytes.end;
            let frames = head.frames.frames(bytes.clone());
            self.add(&found.text, found.hint, "header.location".into(), bytes, frames, false);
        }
    }
}

/// Whether the fields that are no credentials may hold a JWT: one look at all that stands between those.
fn others_may_hold_jwt(head: &Head) -> bool {
    let mut from = 0;
    for span in &head.spans {
        let name = span.name.start as usize..span.name.end as usize;
        let credentials = matches!(name.len(), 13 | 19)
            && head.bytes.get(name).is_some_and(|name| {
                let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
                is(b"authorization") || is(b"proxy-authorization")
            });
        let (start, end) = (span.value.start as usize, span.value.end as usize);
        if credentials && from <= start && start <= end {
            if scan::may_hold_jwt(head.bytes.get(from..start).unwrap_or(&head.bytes)) {
                return true;
            }
            from = end;
        }
    }
    scan::may_hold_jwt(head.bytes.get(from..).unwrap_or(&head.bytes))
}

/// The usual case: `Bearer`, blanks, one token that is a JWT from its beginning, or holds none.
fn lone_bearer(value: &[u8]) -> Option<Range<usize>> {
    let (scheme, rest) = value.split_at_checked(7)?;
    if !scheme.eq_ignore_ascii_case(b"bearer ") {
        return None;
    }
    let blanks = rest.iter().take_while(|byte| **byte == b' ').count();
    let token = rest.get(blanks..)?;
    let begins = scan::BEGINNINGS.iter().any(|begin| token.starts_with(begin));
    if token.is_empty() || (!begins && scan::may_hold_jwt(token)) {
        return None;
    }
    let odd = memchr::memchr3(b' ', b',', b'"', token).is_some() || memchr::memchr(b'\t', token).is_some();
    (!odd && (token.len() >= 64 || !is_mask(token))).then(|| 7 + blanks..value.len())
}

/// Any other value: several tokens, quotes, no scheme, parameters of other schemes that hold JWTs.
fn bearers(value: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut after_bearer = false;
    for range in words(value, b", \t\r\n\";") {
        let word = value.get(range.clone()).unwrap_or_default();
        let name = word.strip_suffix(b":").unwrap_or(word);
        if name.eq_ignore_ascii_case(b"bearer") {
            after_bearer = true;
            continue;
        }
        let inner = jwts(word);
        if Jwt::parse(word).is_some() {
            found.push(range);
        } else if !inner.is_empty() {
            found.extend(inner.iter().map(|jwt| range.start + jwt.start..range.start + jwt.end));
        } else if after_bearer && !is_parameter(word) && !is_mask(word) {
            found.push(range);
        }
        after_bearer = false;
    }
    found
}

/// `name=value`, which no `token68` is: its equals signs stand at the end.
fn is_parameter(word: &[u8]) -> bool {
    memchr::memchr(b'=', word).is_some_and(|at| word.iter().skip(at).any(|byte| *byte != b'='))
}

/// The pieces between separators.
fn words<'v>(value: &'v [u8], separators: &'v [u8]) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    value.split(move |byte| separators.contains(byte)).filter_map(move |word| {
        let range = at..at + word.len();
        at = range.end + 1;
        (!word.is_empty()).then_some(range)
    })
}

/// The name of the cookie pair that holds the byte at `at`.
fn cookie_name(value: &[u8], at: usize) -> Option<String> {
    let start = memchr::memrchr(b';', value.get(..at)?).map_or(0, |semicolon| semicolon + 1);
    let pair = value.get(start..at)?;
    let name = pair.get(..memchr::memchr(b'=', pair)?)?;
    Some(String::from_utf8_lossy(name.trim_ascii()).into_owned())
}
