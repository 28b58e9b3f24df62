//! Takes bytes and a way to compute something of them, gives what came of it; of bytes that came lately it is known.
//!
//! Traffic repeats itself: a client asks for the same every few minutes, and mostly nothing has changed. The bytes
//! themselves are compared, not a hash of them: whoever makes traffic must not be able to have one content taken for
//! another.

/// Contents that are remembered. They only save time: what was forgotten is computed again.
const KEPT: usize = 512;

/// The longest of them, in bytes: the questions of clients and the beginnings of answers are shorter.
const BYTES: usize = 8 << 10;

/// What came of bytes that came twice. What comes once is not copied.
#[derive(Clone, Debug)]
pub struct Lately<V> {
    /// By [`mark`]; empty before the first use.
    places: Vec<Place<V>>,
}

#[derive(Clone, Debug)]
struct Place<V> {
    /// The mark that came last.
    last: u64,
    kept: Option<(Box<[u8]>, V)>,
}

impl<V> Lately<V> {
    /// Nothing has come yet.
    pub const fn new() -> Self {
        Self { places: Vec::new() }
    }
}

impl<V> Default for Lately<V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<V: Clone> Lately<V> {
    /// What `compute` gives, which must depend on `bytes` alone. It is asked where they are not known, or longer than
    /// `BYTES`.
    pub fn of(&mut self, bytes: &[u8], compute: impl FnOnce() -> V) -> V {
        if bytes.len() > BYTES {
            return compute();
        }
        if self.places.is_empty() {
            self.places.resize_with(KEPT, || Place { last: 0, kept: None });
        }
        let mark = mark(bytes);
        let at = usize::try_from(mark >> 32).unwrap_or(0) % KEPT;
        let Some(place) = self.places.get_mut(at) else { return compute() };
        if let Some((_, value)) = place.kept.as_ref().filter(|(known, _)| **known == *bytes) {
            return value.clone();
        }
        let value = compute();
        if place.last == mark {
            place.kept = Some((bytes.into(), value.clone()));
        }
        place.last = mark;
        value
    }
}

/// How far the words lie apart that are looked at.
const STRIDE: usize = 64;

/// A number that bytes have in common with few others: of their length, of every eighth word and of the last one.
fn mark(bytes: &[u8]) -> u64 {
    let word = |at: &[u8]| at.first_chunk().map_or(0, |word| u64::from_le_bytes(*word));
    let add = |sum: u64, word: u64| (sum.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let sum = bytes.chunks(STRIDE).map(word).fold(bytes.len() as u64, add);
    add(sum, bytes.last_chunk().map_or(0, |word| u64::from_le_bytes(*word)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Counts how often it was asked.
    fn ask(lately: &mut Lately<usize>, bytes: &[u8], asked: &mut usize) -> usize {
        lately.of(bytes, || {
            *asked += 1;
            bytes.iter().map(|byte| usize::from(*byte)).sum()
        })
    }

    #[test]
    fn what_comes_again_and_again_is_computed_twice() {
        let (mut lately, mut asked) = (Lately::new(), 0);
        let bytes = [7; 1000];
        for _ in 0..5 {
            assert_eq!(ask(&mut lately, &bytes, &mut asked), 7000);
        }
        assert_eq!(asked, 2);
    }

    #[test]
    fn long_ones_are_computed_each_time() {
        let (mut lately, mut asked) = (Lately::new(), 0);
        for length in [BYTES, BYTES + 1] {
            (0..4).for_each(|_| assert_eq!(ask(&mut lately, &vec![1; length], &mut asked), length));
        }
        assert_eq!(asked, 2 + 4);
    }

    #[test]
    fn two_that_have_their_mark_in_common_are_not_taken_for_each_other() {
        let (mut lately, mut asked) = (Lately::new(), 0);
        let one = [1; 200];
        let mut other = one;
        other[20] = 9;
        assert_eq!(mark(&one), mark(&other));
        for _ in 0..3 {
            assert_eq!(ask(&mut lately, &one, &mut asked), 200);
            assert_eq!(ask(&mut lately, &other, &mut asked), 208);
        }
    }

    proptest! {
        #[test]
        fn what_is_given_is_what_would_be_computed(
            texts in prop::collection::vec(prop::collection::vec(0_u8..3, 0..90), 1..6),
            order in prop::collection::vec(any::<prop::sample::Index>(), 0..60),
        ) {
            let mut lately = Lately::new();
            for at in order {
                let text = at.get(&texts);
                prop_assert_eq!(lately.of(text, || text.clone()), text.clone());
            }
        }
    }
}
