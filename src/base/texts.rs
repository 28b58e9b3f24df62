//! Takes long texts, keeps each of them once for the whole process, as small as it can be given back.
//!
//! A busy capture holds the same token in a million waiting requests, and many tokens hold the same token inside.
//! What of a token's text the longest text in its payload alone stands for is kept apart, once.

use std::hash::BuildHasher as _;
use std::ops::Range;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::base64url;

/// What is shorter is not kept apart.
const LONG: usize = 256;

/// Shelves, each with a lock of its own.
const SHELVES: usize = 16;

/// Texts on a shelf before it is looked through for such that nobody needs any more.
const FEW: usize = 1024;

/// Seeded for this process: a capture is hostile and must not be able to choose collisions.
static SEED: LazyLock<RandomState> = LazyLock::new(RandomState::default);

static SHELF: LazyLock<[Mutex<Shelf>; SHELVES]> = LazyLock::new(Default::default);

/// A hash that is the same for a text during the whole process.
pub fn hash(text: &[u8]) -> u64 {
    SEED.hash_one(text)
}

/// A text that is kept.
#[derive(Clone)]
pub struct Text(Arc<Kept>);

struct Kept {
    hash: u64,
    length: usize,
    form: Form,
}

enum Form {
    Plain(Box<[u8]>),
    /// What stands before and behind `middle`, in one piece.
    Around {
        bytes: Box<[u8]>,
        before: u32,
        middle: Text,
    },
}

#[derive(Default)]
struct Shelf {
    texts: HashTable<Text>,
    /// How many there may be before it is looked through.
    full: usize,
}

impl std::fmt::Debug for Text {
    /// Texts are secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Text({} bytes)", self.0.length)
    }
}

impl Text {
    /// Keeps a text.
    pub fn keep(text: &[u8]) -> Self {
        Self::keep_as(text, hash(text), Form::of)
    }

    /// Keeps a token of which is known already: its `hash`, as [`hash`] gives it, and the bytes of it, if any, that
    /// other tokens share.
    pub fn keep_around(text: &[u8], hash: u64, shared: Option<Range<usize>>) -> Self {
        Self::keep_as(text, hash, |text| {
            shared.and_then(|shared| Form::around(text, shared)).unwrap_or_else(|| Form::plain(text))
        })
    }

    fn keep_as(text: &[u8], hash: u64, form: impl FnOnce(&[u8]) -> Form) -> Self {
        let shelf = || {
            let shelf = SHELF.get((hash >> 32) as usize % SHELVES);
            // There is a shelf for each number below `SHELVES`.
            shelf.unwrap_or(&SHELF[0]).lock().unwrap_or_else(PoisonError::into_inner)
        };
        if let Some(known) = shelf().texts.find(hash, |known| known.0.hash == hash && known.is(text)) {
            return known.clone();
        }
        let kept = Self(Arc::new(Kept { hash, length: text.len(), form: form(text) }));
        let mut shelf = shelf();
        // Another thread may have been quicker.
        if let Some(known) = shelf.texts.find(hash, |known| known.0.hash == hash && known.is(text)) {
            return known.clone();
        }
        let mut gone = Vec::new();
        if shelf.texts.len() >= shelf.full.max(FEW) {
            gone.extend(shelf.texts.extract_if(|text| Arc::strong_count(&text.0) == 1));
            shelf.texts.shrink_to(0, |text| text.0.hash);
            shelf.full = 2 * shelf.texts.len();
        }
        shelf.texts.insert_unique(hash, kept.clone(), |text| text.0.hash);
        drop(shelf);
        // Outside of the lock: a text inside may be on the same shelf.
        drop(gone);
        kept
    }

    /// Bytes of it.
    pub fn len(&self) -> usize {
        self.0.length
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.0.length == 0
    }

    /// The hash of it, as [`hash`] gives it.
    pub fn hash(&self) -> u64 {
        self.0.hash
    }

    /// Whether it is this text.
    pub fn is(&self, text: &[u8]) -> bool {
        if self.0.length != text.len() {
            return false;
        }
        match &self.0.form {
            Form::Plain(bytes) => **bytes == *text,
            Form::Around { bytes, before, middle } => {
                let (before, behind) = bytes.split_at_checked(*before as usize).unwrap_or((bytes, &[]));
                let rest = text.strip_prefix(before).and_then(|rest| rest.strip_suffix(behind));
                rest.is_some_and(|rest| middle.is(rest))
            }
        }
    }

    /// Adds it to `out`.
    pub fn write(&self, out: &mut Vec<u8>) {
        self.0.form.write(out);
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        // Each text is kept once.
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Form {
    fn of(text: &[u8]) -> Self {
        Self::token(text).unwrap_or_else(|| Self::plain(text))
    }

    fn plain(text: &[u8]) -> Self {
        Self::Plain(text.into())
    }

    /// A token whose payload has a long text in it. Texts in texts in it are not looked for.
    fn token(text: &[u8]) -> Option<Self> {
        let payload_at = memchr::memchr(b'.', text)? + 1;
        let encoded = text.get(payload_at..)?;
        let encoded = encoded.get(..memchr::memchr(b'.', encoded)?)?;
        let long = longest(&base64url::decode(encoded).ok()?)?;
        Self::around(text, base64url::encoded_at(payload_at, &long))
    }

    /// A text whose `middle` is kept apart, if it is long.
    fn around(text: &[u8], middle: Range<usize>) -> Option<Self> {
        let kept = text.get(middle.clone()).filter(|kept| kept.len() >= LONG)?;
        Some(Self::Around {
            bytes: [text.get(..middle.start)?, text.get(middle.end..)?].concat().into(),
            before: u32::try_from(middle.start).ok()?,
            middle: Text::keep_as(kept, hash(kept), Self::plain),
        })
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Plain(bytes) => out.extend_from_slice(bytes),
            Self::Around { bytes, before, middle } => {
                let (before, behind) = bytes.split_at_checked(*before as usize).unwrap_or((bytes, &[]));
                out.reserve(bytes.len() + middle.len());
                out.extend_from_slice(before);
                middle.write(out);
                out.extend_from_slice(behind);
            }
        }
    }
}

/// The longest text between two quotes.
fn longest(payload: &[u8]) -> Option<Range<usize>> {
    let mut quotes = memchr::memchr_iter(b'"', payload);
    let mut before = quotes.next()?;
    let mut longest = 0..0;
    for quote in quotes {
        if quote - before - 1 > longest.len() {
            longest = before + 1..quote;
        }
        before = quote;
    }
    Some(longest)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    fn token(number: u32, inner: &str) -> String {
        let payload = format!("{{\"iss\":\"a@b\",\"n\":{number},\"actortoken\":\"{inner}\",\"exp\":17}}");
        format!("eyJhbGciOiJub25lIn0.{}.", URL_SAFE_NO_PAD.encode(payload))
    }

    fn back(text: &Text) -> Vec<u8> {
        let mut out = b"before ".to_vec();
        text.write(&mut out);
        out.split_off(7)
    }

    #[test]
    fn every_text_comes_back_as_it_was() {
        let inner =
            format!("eyJhbGciOiJSUzI1NiJ9.{}.{}", URL_SAFE_NO_PAD.encode([b'x'; 900]), "s".repeat(342));
        let texts = [
            String::new(),
            "short".to_owned(),
            "..".to_owned(),
            inner.clone(),
            token(1, &inner),
            token(2, &inner) + "sig",
            token(3, "short"),
            token(4, &token(5, &token(6, &inner))),
            token(7, &inner).replace('.', "=."),
            format!("a.{}\u{e9}.b", URL_SAFE_NO_PAD.encode(format!("\"{inner}\""))),
        ];
        for text in &texts {
            let kept = Text::keep(text.as_bytes());
            assert_eq!(back(&kept), text.as_bytes());
            assert!(kept.is(text.as_bytes()) && !kept.is(b"another"));
            assert_eq!((kept.len(), kept.hash()), (text.len(), hash(text.as_bytes())));
            assert!(kept == Text::keep(text.as_bytes()), "kept once");
        }
    }

    #[test]
    fn tokens_share_the_token_inside() {
        let inner = "i".repeat(1300);
        let parts = |number: u32| {
            let outer = Text::keep(token(number, &inner).as_bytes());
            assert!(!format!("{outer:?}").contains("iss"));
            match &outer.0.form {
                Form::Around { bytes, middle, .. } => (bytes.len(), middle.clone()),
                Form::Plain(_) => panic!("kept as it is"),
            }
        };
        let ((small, shared), (_, other)) = (parts(8), parts(9));
        assert!(shared == other && small < 120, "{small}");
    }

    #[test]
    fn what_nobody_needs_goes() {
        let shelf = |text: &[u8]| (hash(text) >> 32) as usize % SHELVES;
        let first = b"here and gone".as_slice();
        drop(Text::keep(first));
        for number in 0..u32::try_from(4 * FEW * SHELVES).unwrap() {
            drop(Text::keep(format!("a text that nobody needs {number}").as_bytes()));
        }
        let lengths: Vec<usize> = SHELF.iter().map(|shelf| shelf.lock().unwrap().texts.len()).collect();
        assert!(lengths.iter().all(|length| *length <= 2 * FEW), "{lengths:?}");
        let there = SHELF[shelf(first)].lock().unwrap();
        assert!(there.texts.find(hash(first), |text| text.is(first)).is_none());
    }
}
