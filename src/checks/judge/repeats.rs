//! Takes what a judgement depends on, gives what came of it when the same was seen before. Traffic repeats itself:
//! one token goes to one service thousands of times.
//!
//! Keys hold the compared values themselves, not a hash of them: whoever makes traffic must not be able to have one
//! thing taken for another. In debug builds whoever asks judges again and compares.

use std::collections::HashMap;

use crate::limits::REPEATS_BYTES;

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

    /// How far it has come, to go back there.
    pub(super) fn length(&self) -> usize {
        self.0.len()
    }

    pub(super) fn cut(&mut self, length: usize) -> &mut Self {
        self.0.truncate(length);
        self
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
        let more = key.length() + ENTRY;
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
}
