//! Takes what a judgement depends on, gives what came of it when the same was seen before. Traffic repeats itself:
//! one token goes to one service thousands of times.
//!
//! Keys hold the compared values themselves, not a hash of them: whoever makes traffic must not be able to have one
//! thing taken for another. In debug builds whoever asks judges again and compares.

use std::collections::HashMap;

use crate::limits::REPEATS_BYTES;
use crate::token::TokenId;

/// A key in the making: values one after another, each with its length.
#[derive(Clone, Debug, Default)]
pub(super) struct Key(Vec<u8>);

impl Key {
    /// Begins a new one.
    pub(super) fn clear(&mut self) -> &mut Self {
        self.0.clear();
        self
    }

    pub(super) fn number(&mut self, number: impl Into<i64>) -> &mut Self {
        self.0.extend_from_slice(&number.into().to_le_bytes());
        self
    }

    pub(super) fn text(&mut self, text: Option<&[u8]>) -> &mut Self {
        let length = text.map_or(-1, |text| i64::try_from(text.len()).unwrap_or(i64::MAX));
        self.number(length);
        self.0.extend_from_slice(text.unwrap_or_default());
        self
    }

    /// Adds what was made as a key of its own.
    pub(super) fn part(&mut self, part: &[u8]) -> &mut Self {
        self.0.extend_from_slice(part);
        self
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Results by key.
#[derive(Clone, Debug)]
pub(super) struct Repeats<T> {
    results: HashMap<Box<[u8]>, T, foldhash::fast::RandomState>,
    /// Of all keys, with [`ENTRY`] for each.
    bytes: usize,
}

/// About what an entry takes besides its key.
const ENTRY: usize = 128;

impl<T> Default for Repeats<T> {
    fn default() -> Self {
        Self { results: HashMap::default(), bytes: 0 }
    }
}

impl<T> Repeats<T> {
    pub(super) fn get(&self, key: &Key) -> Option<&T> {
        self.results.get(&*key.0)
    }

    /// Gives it back as it is kept. Where keys take too much, all are forgotten before: they only save time.
    pub(super) fn insert(&mut self, key: &Key, result: T) -> &T {
        let more = key.bytes().len() + ENTRY;
        if self.bytes + more > REPEATS_BYTES {
            self.clear();
        }
        self.bytes += more;
        self.results.entry(key.0.as_slice().into()).or_insert(result)
    }

    pub(super) fn clear(&mut self) {
        self.results.clear();
        self.bytes = 0;
    }
}

/// Results by a token and by what else they depend on, which is the same for many tokens. What came of it seldom
/// differs from token to token, so that many tokens take little room.
#[derive(Clone, Debug)]
pub(super) struct ByToken<T> {
    /// Numbers of what else they depend on.
    around: HashMap<Box<[u8]>, u32, foldhash::fast::RandomState>,
    /// Different results, by that number.
    results: Vec<Vec<T>>,
    /// Which of them it is.
    known: Known,
    /// Of all of it, about.
    bytes: usize,
}

/// About what a token takes beside its results.
const KNOWN: usize = 32;

/// Tokens that have a place of their own in [`Known`].
const PLACES: usize = REPEATS_BYTES / 4 / size_of::<(u32, u32)>();

/// Numbers by a token and another number. Most tokens are used in one way only: that one stands where the token's own
/// number says, so that finding it touches one place of memory.
#[derive(Clone, Debug, Default)]
struct Known {
    /// The first of each token: the other number with one added, so that 0 is none, and what belongs to it.
    first: Vec<(u32, u32)>,
    more: HashMap<(TokenId, u32), u32, foldhash::fast::RandomState>,
}

impl Known {
    fn get(&self, token: TokenId, around: u32) -> Option<u32> {
        match self.first.get(token.0 as usize) {
            Some((0, _)) => None,
            Some(&(first, result)) if first == around.saturating_add(1) => Some(result),
            _ => self.more.get(&(token, around)).copied(),
        }
    }

    /// How much more room it takes at most with this token, in bytes.
    fn growth(&self, token: TokenId) -> usize {
        let places = (token.0 as usize + 1).saturating_sub(self.first.len());
        KNOWN + if (token.0 as usize) < PLACES { places * size_of::<(u32, u32)>() } else { 0 }
    }

    fn insert(&mut self, token: TokenId, around: u32, result: u32) {
        let index = token.0 as usize;
        if index < PLACES && self.first.len() <= index {
            self.first.resize(index + 1, (0, 0));
        }
        let mark = around.saturating_add(1);
        match self.first.get_mut(index) {
            Some(first) if first.0 == 0 || first.0 == mark => *first = (mark, result),
            _ => {
                self.more.insert((token, around), result);
            }
        }
    }

    fn clear(&mut self) {
        *self = Self::default();
    }
}

impl<T> Default for ByToken<T> {
    fn default() -> Self {
        Self { around: HashMap::default(), results: Vec::new(), known: Known::default(), bytes: 0 }
    }
}

impl<T: PartialEq> ByToken<T> {
    /// What came of it; `key`: everything but the token.
    pub(super) fn get(&self, token: TokenId, key: &Key) -> Option<&T> {
        let around = *self.around.get(&*key.0)?;
        let result = self.known.get(token, around)?;
        self.results.get(around as usize)?.get(result as usize)
    }

    /// Gives it back as it is kept. Where all takes too much, all is forgotten before: it only saves time.
    pub(super) fn insert(&mut self, token: TokenId, key: &Key, result: T) -> Option<&T> {
        // Results are small and hold texts.
        let more = key.bytes().len() + ENTRY + size_of::<T>() + self.known.growth(token);
        if self.bytes + more > REPEATS_BYTES {
            self.clear();
        }
        let around = match self.around.get(&*key.0) {
            Some(around) => *around,
            None => {
                self.bytes += key.bytes().len() + ENTRY;
                let next = u32::try_from(self.results.len()).unwrap_or(u32::MAX);
                self.results.push(Vec::new());
                self.around.insert(key.0.as_slice().into(), next);
                next
            }
        };
        let results = self.results.get_mut(around as usize)?;
        // The newest is the likeliest.
        let at = results.iter().rposition(|known| *known == result).unwrap_or_else(|| {
            self.bytes += size_of::<T>() + ENTRY;
            results.push(result);
            results.len() - 1
        });
        self.bytes += self.known.growth(token);
        self.known.insert(token, around, u32::try_from(at).unwrap_or(u32::MAX));
        results.get(at)
    }

    pub(super) fn clear(&mut self) {
        self.around.clear();
        self.results.clear();
        self.known.clear();
        self.bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_keys_do_not_take_more_than_the_bound() {
        let (mut key, mut repeats) = (Key::default(), Repeats::default());
        let long = vec![b'a'; 1 << 16];
        for number in 0..1000_i64 {
            key.clear().number(number).text(Some(&long));
            assert_eq!(*repeats.insert(&key, number), number);
            assert_eq!(repeats.get(&key), Some(&number));
            let held: usize = repeats.results.keys().map(|key| key.len()).sum();
            assert!(held <= REPEATS_BYTES, "{held}");
        }
    }

    #[test]
    fn tokens_share_what_came_of_the_same_and_are_bounded() {
        let (mut one, mut other) = (Key::default(), Key::default());
        one.clear().text(Some(b"mail.contoso.com"));
        other.clear().text(Some(b"autodiscover.contoso.com"));
        let mut known = ByToken::default();
        let said = |token: u32| if token.is_multiple_of(3) { "refused" } else { "fine" };
        for token in 0..1000 {
            assert_eq!(known.get(TokenId(token), &one), None);
            assert_eq!(known.insert(TokenId(token), &one, said(token)), Some(&said(token)));
            known.insert(TokenId(token), &other, "other");
        }
        for token in 0..1000 {
            assert_eq!(known.get(TokenId(token), &one), Some(&said(token)));
            assert_eq!(known.get(TokenId(token), &other), Some(&"other"));
        }
        assert_eq!(known.results.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1]);
        // More tokens than there is room for, and more of the rest.
        for token in 0..u32::try_from(2 * REPEATS_BYTES / KNOWN).unwrap() {
            known.insert(TokenId(token), &one, "fine");
            assert!(known.bytes <= REPEATS_BYTES && known.get(TokenId(token), &one) == Some(&"fine"));
        }
        for number in 0..1000_i64 {
            one.clear().number(number).text(Some(&vec![b'a'; 1 << 16]));
            known.insert(TokenId(7), &one, "fine");
            assert!(known.bytes <= REPEATS_BYTES && known.get(TokenId(7), &one) == Some(&"fine"));
        }
    }
}
