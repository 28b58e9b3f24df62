//! Takes bytes, gives their text, whatever they are.

use std::borrow::Cow;

/// The same as [`String::from_utf8_lossy`], but for what is UTF-8 in one quick look: that one goes byte by byte.
pub fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    match str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(bytes),
    }
}

/// Text in lower case, of ASCII letters; borrowed where it is that already, as names of hosts and media types mostly are.
pub fn lower(text: &str) -> Cow<'_, str> {
    match text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => Cow::Owned(text.to_ascii_lowercase()),
        false => Cow::Borrowed(text),
    }
}

/// The text as UTF-8 without byte order mark: UTF-16 (either order, also without mark when every second
/// byte of the beginning is zero) is converted, everything else is borrowed as it is.
pub fn text(bytes: &[u8]) -> Cow<'_, [u8]> {
    let Some(big) = wide_order(bytes) else {
        return Cow::Borrowed(bytes.get(mark(bytes)..).unwrap_or_default());
    };
    let mut units: Vec<u16> = bytes
        .chunks_exact(2)
        .map(|pair| match *pair {
            [high, low] if big => u16::from_be_bytes([high, low]),
            [low, high] => u16::from_be_bytes([high, low]),
            _ => 0,
        })
        .collect();
    if units.first() == Some(&0xfeff) {
        units.remove(0);
    }
    Cow::Owned(String::from_utf16_lossy(&units).into_bytes())
}

/// Bytes of the byte order mark of UTF-8 at the beginning of a text.
pub fn mark(beginning: &[u8]) -> usize {
    if beginning.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 }
}

/// Whether a text that begins so (its first 64 bytes or all) is UTF-16.
pub fn is_wide(beginning: &[u8]) -> bool {
    wide_order(beginning).is_some()
}

/// Whether UTF-16 is written with the high byte first; `None` where it is no UTF-16.
fn wide_order(bytes: &[u8]) -> Option<bool> {
    if mark(bytes) > 0 {
        return None;
    }
    let beginning = bytes.get(..bytes.len().min(64) & !1).unwrap_or_default();
    let ascii = |at: usize| {
        beginning.len() >= 4
            && beginning.chunks_exact(2).all(|pair| pair.get(at) == Some(&0) && pair.get(1 - at) != Some(&0))
    };
    if bytes.starts_with(b"\xfe\xff") {
        Some(true)
    } else if bytes.starts_with(b"\xff\xfe") || ascii(1) {
        Some(false)
    } else {
        ascii(0).then_some(true)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_the_text_that_the_standard_library_makes(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            prop_assert_eq!(lossy(&bytes), String::from_utf8_lossy(&bytes));
        }

        #[test]
        fn lower_case_is_that_of_the_standard_library(text in "[a-zA-ZäÄ/]{0,12}") {
            let lowered = lower(&text);
            prop_assert_eq!(&lowered, &text.to_ascii_lowercase());
            prop_assert_eq!(matches!(lowered, Cow::Borrowed(_)), lowered == text);
        }

        #[test]
        fn text_is_borrowed(text in ".{0,40}") {
            prop_assert!(matches!(lossy(text.as_bytes()), Cow::Borrowed(borrowed) if borrowed == text));
        }
    }
}
