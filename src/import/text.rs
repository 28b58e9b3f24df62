//! Takes plain text, gives the HTTP messages in it, or the texts in it that look like tokens.

use std::borrow::Cow;

use super::{ImportError, ImportSettings, Receiver};

/// Reads the whole of a file of this kind.
///
/// # Errors
/// When the file cannot be used at all.
pub fn read(bytes: &[u8], settings: &ImportSettings, out: &mut dyn Receiver) -> Result<(), ImportError> {
    let _ = (bytes, settings, out);
    todo!("helper: imports")
}

/// The text as UTF-8 without byte order mark: UTF-16 (either order, also without mark when every second
/// byte of the beginning is zero) is converted, everything else is borrowed as it is.
pub(super) fn utf8(bytes: &[u8]) -> Cow<'_, [u8]> {
    if let Some(rest) = bytes.strip_prefix(b"\xef\xbb\xbf") {
        return Cow::Borrowed(rest);
    }
    let beginning = bytes.get(..bytes.len().min(64) & !1).unwrap_or_default();
    let ascii = |at: usize| {
        beginning.len() >= 4
            && beginning.chunks_exact(2).all(|pair| pair.get(at) == Some(&0) && pair.get(1 - at) != Some(&0))
    };
    let big = if let Some(_mark) = bytes.strip_prefix(b"\xfe\xff") {
        true
    } else if bytes.starts_with(b"\xff\xfe") || ascii(1) {
        false
    } else if ascii(0) {
        true
    } else {
        return Cow::Borrowed(bytes);
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
