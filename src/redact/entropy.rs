//! Takes text, gives the ranges that look like secrets although nobody names them: tokens, which keep their claims,
//! and what stands there instead of secrets are none.

use std::ops::Range;

use super::vault;
use crate::base::opaque;
use crate::token::find::jwts;

/// The runs of `text` that look random.
pub(super) fn random(text: &[u8]) -> Vec<Range<usize>> {
    let mut runs = opaque::runs(text);
    let bare = |range: &Range<usize>| opaque::trimmed(text.get(range.clone()).unwrap_or_default());
    runs.retain(|range| !bare(range).starts_with(vault::MARK.as_bytes()));
    if !runs.is_empty() {
        let tokens = jwts(text);
        runs.retain(|run| !tokens.iter().any(|token| token.start < run.end && run.start < token.end));
    }
    runs
}

/// Whether a value is nothing but such a run.
pub(super) fn is_random(value: &[u8]) -> bool {
    let value = value.trim_ascii();
    random(value).first().is_some_and(|run| *run == (0..value.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_and_tokens_are_not_random() {
        for value in [
            "REDACTED_HMAC_0123456789abcdef",
            "eyJhbGciOiJub25lIn0.eyJpc3MiOiJhQGIifQ.c2lnbmF0dXJlc2lnbmF0dXJl",
        ] {
            assert!(random(value.as_bytes()).is_empty(), "{value}");
        }
        assert!(is_random(b"dGhpcyBpcyBhIHNlY3JldCB2YWx1ZSAxMjM0"));
        assert!(!is_random(b"see dGhpcyBpcyBhIHNlY3JldCB2YWx1ZSAxMjM0"));
    }
}
