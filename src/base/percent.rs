//! Takes percent-encoded bytes, gives them decoded. RFC 3986 2.1; forms and queries: WHATWG URL 5.1.

use std::borrow::Cow;

/// The byte that stands at `at`, and how many it takes: what is no escape stays.
fn unit(raw: &[u8], at: usize) -> Option<(u8, usize)> {
    let byte = *raw.get(at)?;
    let digit = |at: usize| char::from(*raw.get(at)?).to_digit(16);
    let escaped = (byte == b'%').then(|| digit(at + 1).zip(digit(at + 2))).flatten();
    Some(escaped.map_or((byte, 1), |(high, low)| ((high << 4 | low) as u8, 3)))
}

/// The same in a form, where `+` is a blank.
pub fn form_unit(raw: &[u8], at: usize) -> Option<(u8, usize)> {
    unit(raw, at).map(|(byte, length)| if (byte, length) == (b'+', 1) { (b' ', 1) } else { (byte, length) })
}

/// Bytes without their escapes.
pub fn decode(raw: &[u8]) -> Cow<'_, [u8]> {
    match memchr::memchr(b'%', raw) {
        Some(_) => Cow::Owned(all(raw, unit)),
        None => Cow::Borrowed(raw),
    }
}

/// The same of a value in a form or query.
pub fn decode_form(raw: &[u8]) -> Cow<'_, [u8]> {
    match memchr::memchr2(b'%', b'+', raw) {
        Some(_) => Cow::Owned(all(raw, form_unit)),
        None => Cow::Borrowed(raw),
    }
}

fn all(raw: &[u8], unit: impl Fn(&[u8], usize) -> Option<(u8, usize)>) -> Vec<u8> {
    let (mut decoded, mut at) = (Vec::with_capacity(raw.len()), 0);
    while let Some((byte, length)) = unit(raw, at) {
        decoded.push(byte);
        at += length;
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone_and_what_is_none_stays() {
        for (raw, plain, form) in [
            ("a%2Fb%2fc", "a/b/c", "a/b/c"),
            ("a+b%2B", "a+b+", "a b+"),
            ("100%", "100%", "100%"),
            ("%4", "%4", "%4"),
            ("%zz%%41", "%zz%A", "%zz%A"),
            ("", "", ""),
        ] {
            assert_eq!(decode(raw.as_bytes()), plain.as_bytes(), "{raw}");
            assert_eq!(decode_form(raw.as_bytes()), form.as_bytes(), "{raw}");
        }
        assert!(matches!(decode(b"a+b"), Cow::Borrowed(_)));
    }
}
