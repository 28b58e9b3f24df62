//! Takes bytes, gives their text, whatever they are.

use std::borrow::Cow;

/// The same as [`String::from_utf8_lossy`], but for what is UTF-8 in one quick look: that one goes byte by byte.
pub fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    match str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(bytes),
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
        fn text_is_borrowed(text in ".{0,40}") {
            prop_assert!(matches!(lossy(text.as_bytes()), Cow::Borrowed(borrowed) if borrowed == text));
        }
    }
}
