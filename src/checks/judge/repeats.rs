//! Takes what a judgement depends on, gives what came of it when the same was seen before. Traffic repeats itself:
//! one token goes to one service thousands of times.
//!
//! Keys hold the compared values themselves, not a hash of them: whoever makes traffic must not be able to have one
//! thing taken for another. In debug builds whoever asks judges again and compares.

use std::collections::HashMap;

/// Results that are kept. Beyond, all are forgotten: they only save time.
const KEPT: usize = 1 << 14;

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
pub(super) struct Repeats<T>(HashMap<Box<[u8]>, T, foldhash::fast::RandomState>);

impl<T> Default for Repeats<T> {
    fn default() -> Self {
        Self(HashMap::default())
    }
}

impl<T> Repeats<T> {
    pub(super) fn get(&self, key: &Key) -> Option<&T> {
        self.0.get(&*key.0)
    }

    /// Gives it back as it is kept.
    pub(super) fn insert(&mut self, key: &Key, result: T) -> &T {
        if self.0.len() >= KEPT {
            self.0.clear();
        }
        self.0.entry(key.0.as_slice().into()).or_insert(result)
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}
