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
