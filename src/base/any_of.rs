//! Takes words, tells whether any of them stands in bytes.

use aho_corasick::packed::{Config, MatchKind, Searcher};
use memchr::memmem::Finder;

/// Looks for several words in one vectorised pass; where the processor has no such instructions, in one pass
/// for each.
#[derive(Debug)]
pub struct AnyOf {
    together: Option<Searcher>,
    one_by_one: Vec<Finder<'static>>,
}

impl AnyOf {
    /// Looks for these.
    pub fn new(words: &[&'static [u8]]) -> Self {
        let mut builder = Config::new().match_kind(MatchKind::LeftmostFirst).builder();
        builder.extend(words);
        Self { together: builder.build(), one_by_one: words.iter().map(|word| Finder::new(*word)).collect() }
    }

    /// Whether one of them is in `bytes`.
    pub fn is_in(&self, bytes: &[u8]) -> bool {
        match &self.together {
            Some(searcher) if bytes.len() >= searcher.minimum_len() => searcher.find(bytes).is_some(),
            _ => self.one_by_one.iter().any(|word| word.find(bytes).is_some()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_found_wherever_it_stands() {
        let words = [&b"eyJ"[..], b"AppContext", b"Fault"];
        let any = AnyOf::new(&words);
        for length in 0..80 {
            let text = vec![b'.'; length];
            assert!(!any.is_in(&text));
            for word in words {
                for at in 0..=length {
                    let (before, after) = text.split_at(at);
                    assert!(any.is_in(&[before, word, after].concat()), "{length} {at}");
                    assert!(!any.is_in(&[before, &word[1..], after].concat()), "{length} {at}");
                }
            }
        }
    }
}
