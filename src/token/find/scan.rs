//! Takes any bytes, gives the ranges of the JWTs in them.

use std::ops::Range;
use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::base::AnyOf;
use crate::token::jwt::{self, Jwt};

/// How base64url of a JSON object begins: `{"`, `{ "`, `{\r\n`, `{\n`, `{\t`.
pub(super) const BEGINNINGS: [&[u8]; 5] = [b"eyJ", b"eyA", b"ew0K", b"ewo", b"ewk"];

/// Searchers for the beginnings, made once.
static FINDERS: LazyLock<[Finder<'static>; 5]> = LazyLock::new(|| BEGINNINGS.map(Finder::new));
static JWT: LazyLock<AnyOf> = LazyLock::new(|| AnyOf::new(&BEGINNINGS));

/// Whether bytes may hold a JWT: a cheap answer before any parsing.
pub(super) fn may_hold_jwt(bytes: &[u8]) -> bool {
    JWT.is_in(bytes)
}

/// The JWTs in any bytes, in order, not overlapping. Each has a header that is JSON and names an `alg`.
pub fn jwts(bytes: &[u8]) -> Vec<Range<usize>> {
    if !may_hold_jwt(bytes) {
        return Vec::new();
    }
    let mut starts: Vec<usize> = FINDERS.iter().flat_map(|finder| finder.find_iter(bytes)).collect();
    starts.sort_unstable();
    let mut found: Vec<Range<usize>> = Vec::new();
    for start in starts {
        let taken = found.last().is_some_and(|last| start < last.end);
        if taken || preceded_by_text(bytes, start) {
            continue;
        }
        found.extend(token_at(bytes, start));
    }
    found
}

fn preceded_by_text(bytes: &[u8], start: usize) -> bool {
    let before = start.checked_sub(1).and_then(|at| bytes.get(at));
    let Some(&before) = before else { return false };
    // `\neyJ…` and `%20eyJ…` are not words: what stands before belongs to an escape.
    let escaped = |back: usize, mark: u8| start.checked_sub(back).and_then(|at| bytes.get(at)) == Some(&mark);
    is_base64url(before) && !escaped(2, b'\\') && !escaped(3, b'%')
}

/// Letters of base64url (RFC 4648 5). A token has thousands: each is one look into a table.
const BASE64URL: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128_u8 {
        table[byte as usize] = byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        byte += 1;
    }
    table
};

const fn is_base64url(byte: u8) -> bool {
    BASE64URL[byte as usize]
}

fn token_at(bytes: &[u8], start: usize) -> Option<Range<usize>> {
    let header_end = run(bytes, start);
    let payload = after_dot(bytes, header_end)?;
    let payload_end = run(bytes, payload);
    let mut end = payload_end;
    if let Some(signature) = after_dot(bytes, payload_end) {
        end = mask_end(bytes, signature).unwrap_or_else(|| run(bytes, signature));
        // Only a JWE goes on; a dot after the third part ends a sentence.
        if let Some(tag) = jwe_end(bytes, end) {
            let whole = Jwt::parse(bytes.get(start..tag)?)?;
            if whole.header.as_ref().is_some_and(|header| header.get("enc").is_some()) {
                return Some(start..tag);
            }
        }
    } else if payload == payload_end {
        return None;
    }
    let jwt = Jwt::parse(bytes.get(start..end)?)?;
    jwt.header?.get("alg")?;
    Some(start..end)
}

/// The end of a run of base64url, with padding.
fn run(bytes: &[u8], start: usize) -> usize {
    let rest = bytes.get(start..).unwrap_or_default();
    let letters = rest.iter().take_while(|byte| is_base64url(**byte)).count();
    let padding = rest.iter().skip(letters).take(2).take_while(|byte| **byte == b'=').count();
    start + letters + padding
}

fn after_dot(bytes: &[u8], at: usize) -> Option<usize> {
    (bytes.get(at) == Some(&b'.')).then_some(at + 1)
}

/// The end of the fifth part, when two more follow the third.
fn jwe_end(bytes: &[u8], third: usize) -> Option<usize> {
    let fourth = run(bytes, after_dot(bytes, third)?);
    Some(run(bytes, after_dot(bytes, fourth)?))
}

/// The end of a mask in the place of a signature: `***`, `<redacted>`, `[signature]`, `…`.
fn mask_end(bytes: &[u8], start: usize) -> Option<usize> {
    let rest = bytes.get(start..)?;
    let length = match *rest.first()? {
        b'*' => rest.iter().take_while(|byte| **byte == b'*').count(),
        0xe2 => 3,
        open @ (b'<' | b'[' | b'{' | b'(') => {
            let close = match open {
                b'<' => b'>',
                b'[' => b']',
                b'{' => b'}',
                _ => b')',
            };
            rest.iter().take(64).position(|byte| *byte == close)? + 1
        }
        _ => return None,
    };
    let mask = rest.get(..length)?;
    (matches!(mask.first(), Some(b'*')) || mask == "…".as_bytes() || jwt::is_mask_word(mask))
        .then_some(start + length)
}
