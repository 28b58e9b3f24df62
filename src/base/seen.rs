//! Takes bytes and what is asked of them, keeps the answers beside the bytes: those that came again bring along what
//! was found the last time, and are neither compared nor searched once more for it.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use bytes::Bytes;

/// Bytes of a content.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Seen<'b> {
    /// As they travelled.
    Plain(&'b [u8]),
    /// Decoded.
    Decoded(Beginning),
}

impl Seen<'_> {
    /// What `compute` gives of the bytes, which must depend on them alone; where it is known it is not asked.
    pub fn ask(&self, question: Question, compute: impl FnOnce(&[u8]) -> bool) -> bool {
        match self {
            Self::Plain(bytes) => compute(bytes),
            Self::Decoded(beginning) => beginning.answers.ask(question, || compute(&beginning.bytes)),
        }
    }
}

impl Deref for Seen<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Plain(bytes) => bytes,
            Self::Decoded(beginning) => &beginning.bytes,
        }
    }
}

/// The first bytes of a content, and what was found in them; copies share both.
#[derive(Clone, Debug)]
pub struct Beginning {
    bytes: Bytes,
    answers: Arc<Answers>,
}

impl Beginning {
    /// Of these nothing is known yet.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self { bytes: bytes.into(), answers: Arc::default() }
    }
}

impl PartialEq for Beginning {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for Beginning {}

/// What those who look at answers want to know of their beginnings.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Question {
    /// Whether a token may be in it.
    Token,
    /// Whether it says how the whole went.
    Decides,
    /// Whether an error may be in it.
    Error,
}

/// For each [`Question`] a bit that says whether it was asked, and one with what was found.
#[derive(Debug, Default)]
struct Answers(AtomicU8);

impl Answers {
    fn ask(&self, question: Question, compute: impl FnOnce() -> bool) -> bool {
        let asked = 1 << (2 * question as u8);
        let yes = asked << 1;
        let known = self.0.load(Ordering::Relaxed);
        if known & asked != 0 {
            return known & yes != 0;
        }
        let found = compute();
        // Who asks at the same time finds the same.
        self.0.fetch_or(if found { asked | yes } else { asked }, Ordering::Relaxed);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Question; 3] = [Question::Token, Question::Decides, Question::Error];

    #[test]
    fn each_question_is_answered_once_for_all_copies_and_by_itself() {
        for found in [[false, true, false], [true, false, true], [true, true, true]] {
            let seen = Seen::Decoded(Beginning::new(b"<a/>".to_vec()));
            let copy = seen.clone();
            for (question, found) in ALL.into_iter().zip(found) {
                let asked = seen.ask(question, |bytes| {
                    assert_eq!(bytes, b"<a/>");
                    found
                });
                assert_eq!(asked, found);
            }
            for (question, found) in ALL.into_iter().zip(found) {
                assert_eq!(copy.ask(question, |_| panic!("it is known")), found);
            }
        }
    }

    #[test]
    fn of_bytes_as_they_travelled_nothing_is_kept() {
        let seen = Seen::Plain(b"x");
        assert!(seen.ask(Question::Token, |_| true));
        assert!(!seen.ask(Question::Token, |_| false));
    }
}
