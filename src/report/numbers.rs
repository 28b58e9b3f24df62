//! Takes exchanges and tokens in whatever order threads finished them, gives the numbers that reports print.

use std::cell::Cell;

use crate::base::varint;
use crate::exchange::ExchangeKey;
use crate::token::TokenId;
use crate::token::store::TokenStore;

/// Keys of exchanges, each in a few bytes: a long capture holds millions.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// Those of this thread: what each differs in from the one before, by varints.
    own: Vec<u8>,
    last: ExchangeKey,
    /// Those of other threads.
    others: Vec<Vec<u8>>,
}

impl Keys {
    /// Adds a key.
    pub fn push(&mut self, key: ExchangeKey) {
        let (length, room) = (self.own.len(), self.own.capacity());
        if room - length < LONGEST_KEY {
            // Not twice as much as is there: this is all that grows with every exchange.
            self.own.reserve_exact(length / 8 + 1024);
        }
        for (field, before) in fields(&key).into_iter().zip(fields(&self.last)) {
            let difference = field.wrapping_sub(before).cast_signed();
            // Small in either direction: the sign goes to the lowest bit.
            varint::put(&mut self.own, ((difference << 1) ^ (difference >> 63)).cast_unsigned());
        }
        self.last = key;
    }

    /// Takes over those of another thread.
    pub fn join(&mut self, other: Self) {
        self.others.push(other.own);
        self.others.extend(other.others);
    }

    /// All keys, in any order.
    fn each(&self, mut see: impl FnMut(ExchangeKey)) {
        for part in std::iter::once(&self.own).chain(&self.others) {
            let (mut rest, mut last) = (&part[..], [0_u64; 4]);
            while !rest.is_empty() {
                for field in &mut last {
                    let Some(difference) = varint::take(&mut rest) else { return };
                    *field = field.wrapping_add((difference >> 1) ^ (difference & 1).wrapping_neg());
                }
                let [input, frame, connection, place] = last;
                let input = u32::try_from(input).unwrap_or_default();
                see(ExchangeKey { input, frame, sub: (connection << 32) | place });
            }
        }
    }
}

/// The printed numbers of exchanges: their ranks among all keys of a run. Only those of exchanges that are printed
/// are there at once.
#[derive(Clone, Debug, Default)]
pub struct Numbers {
    keys: Keys,
    count: usize,
    /// Sorted.
    known: Vec<(ExchangeKey, usize)>,
    /// Where in it something was looked for last: what is printed together stands close together.
    last: Cell<usize>,
}

impl Numbers {
    /// Of all keys; `wanted` are those that will be printed. Any other is counted when it is asked for.
    pub fn of(keys: Keys, wanted: impl IntoIterator<Item = ExchangeKey>) -> Self {
        let mut known: Vec<_> = wanted.into_iter().map(|key| (key, 0)).collect();
        known.sort_unstable();
        known.dedup();
        // How many keys are less than each that is wanted, and not less than the one before; which are there.
        let mut less = vec![0; known.len() + 1];
        let mut there = vec![false; known.len()];
        let (mut count, mut at) = (0, 0);
        keys.each(|key| {
            count += 1;
            // Exchanges end about in the order in which they began.
            at = partition_near(&known, at, |(wanted, _)| *wanted <= key);
            less[at] += 1;
            if let Some(before) = at.checked_sub(1).filter(|before| known[*before].0 == key) {
                there[before] = true;
            }
        });
        let mut rank = 0;
        for ((_, number), less) in known.iter_mut().zip(less) {
            rank += less;
            *number = rank;
        }
        let mut there = there.into_iter();
        known.retain(|_| there.next() == Some(true));
        Self { keys, count, known, last: Cell::default() }
    }

    /// How many exchanges there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The number of an exchange; `None` for one that was not among them.
    pub fn rank(&self, key: &ExchangeKey) -> Option<usize> {
        let at = partition_near(&self.known, self.last.get(), |(known, _)| known < key);
        self.last.set(at);
        if let Some((_, number)) = self.known.get(at).filter(|(known, _)| known == key) {
            return Some(*number);
        }
        let (mut number, mut there) = (0, false);
        self.keys.each(|other| {
            number += usize::from(other < *key);
            there |= other == *key;
        });
        there.then_some(number)
    }
}

/// What `partition_point` gives, looked for around `near` first, then twice as far away each time.
fn partition_near<T>(sorted: &[T], near: usize, is_before: impl Fn(&T) -> bool) -> usize {
    let (mut low, mut high) = (0, sorted.len());
    let mut step = 1;
    let mut look = near.min(high.saturating_sub(1));
    // Below `low` all are before, from `high` on none is.
    while let Some(element) = sorted.get(look).filter(|_| (low..high).contains(&look)) {
        if is_before(element) {
            low = look + 1;
            look = low.saturating_add(step);
        } else {
            high = look;
            look = high.saturating_sub(step);
        }
        step *= 2;
    }
    low + sorted.get(low..high).unwrap_or_default().partition_point(is_before)
}

/// Bytes of four numbers at most.
const LONGEST_KEY: usize = 40;

/// What a key consists of: the ordinal of the connection and the one within it by themselves.
fn fields(key: &ExchangeKey) -> [u64; 4] {
    [u64::from(key.input), key.frame, key.sub >> 32, key.sub & 0xffff_ffff]
}

/// The order in which tokens are printed: by first sighting, the token inside after the one that carries
/// it. It depends on the traffic alone.
#[derive(Clone, Debug, Default)]
pub struct Order {
    tokens: Vec<TokenId>,
    /// By the identities of the tokens, which count from 0.
    numbers: Vec<usize>,
}

impl Order {
    /// Orders the tokens of a store.
    pub fn of(store: &TokenStore) -> Self {
        let mut keyed: Vec<_> = store
            .ids()
            .map(|id| {
                let first = store.sightings(id).and_then(|seen| seen.first.as_ref());
                let place = first.map(|(key, at)| (*key, at.half, &*at.part, at.bytes.start));
                // A token that was never sighted (none should be) comes last.
                ((place.is_none(), place, store.depth(id), store.fingerprint(id)), id)
            })
            .collect();
        keyed.sort();
        let tokens: Vec<_> = keyed.into_iter().map(|(_, id)| id).collect();
        let mut numbers = vec![0; tokens.len()];
        for (number, id) in tokens.iter().enumerate() {
            if let Some(place) = numbers.get_mut(id.0 as usize) {
                *place = number;
            }
        }
        Self { tokens, numbers }
    }

    /// The tokens in print order.
    pub fn tokens(&self) -> &[TokenId] {
        &self.tokens
    }

    /// The printed number of a token.
    pub fn number(&self, token: TokenId) -> Option<usize> {
        self.numbers.get(token.0 as usize).copied()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::limits;
    use crate::token::store::Hint;
    use crate::token::{Half, Location};

    proptest! {
        #[test]
        fn what_is_looked_for_nearby_is_found_as_anywhere(
            mut sorted in prop::collection::vec(0_u32..200, 0..300),
            wanted in 0_u32..201,
            near in 0_usize..320,
        ) {
            sorted.sort_unstable();
            let is_before = |value: &u32| *value < wanted;
            prop_assert_eq!(partition_near(&sorted, near, is_before), sorted.partition_point(is_before));
        }

        #[test]
        fn exchanges_are_numbered_by_their_keys(
            keys in prop::collection::vec((any::<u32>(), any::<u64>(), any::<u64>(), any::<bool>()), 0..50),
        ) {
            let mut parts = [Keys::default(), Keys::default()];
            let mut expected = Vec::new();
            for (input, frame, sub, near) in keys {
                let key = match near {
                    true => ExchangeKey { input: input % 3, frame: frame % 1000, sub: sub % 5 },
                    false => ExchangeKey { input, frame, sub },
                };
                parts[usize::from(sub % 3 == 0)].push(key);
                expected.push(key);
            }
            expected.sort_unstable();
            let [mut all, other] = parts;
            all.join(other);
            let mut all_keys = Vec::new();
            all.each(|key| all_keys.push(key));
            all_keys.sort_unstable();
            prop_assert_eq!(&all_keys, &expected);
            expected.dedup();
            prop_assume!(expected.len() == all_keys.len());
            // Every other one is known at once, and one that is not there.
            let absent = ExchangeKey { input: 9, frame: u64::MAX, sub: 7 };
            let wanted = expected.iter().copied().step_by(2).chain([absent]);
            let numbers = Numbers::of(all, wanted);
            prop_assert_eq!(numbers.count(), expected.len());
            for (number, key) in expected.iter().enumerate() {
                prop_assert_eq!(numbers.rank(key), Some(number));
            }
            prop_assert_eq!(numbers.rank(&absent), None);
        }
    }

    #[test]
    fn ordering_tokens_parses_none_of_those_that_are_kept_small() {
        let mut store = TokenStore::default();
        let many = u32::try_from(limits::TOKENS_PARSED).unwrap() + 600;
        for number in (0..many).rev() {
            let (id, _) = store.intern(format!("opaque text {number}").as_bytes(), Hint::None);
            let key = ExchangeKey { frame: u64::from(number), ..ExchangeKey::default() };
            let place = Location { half: Half::Request, part: "header.authorization".into(), bytes: 0..1 };
            store.seen(id, key, &place);
        }
        let small = store.kept_small();
        let order = Order::of(&store);
        assert!(small > 500 && store.kept_small() == small, "{small}");
        // What was seen first is printed first, though it was interned last.
        assert!((0..many).rev().map(TokenId).eq(order.tokens().iter().copied()));
        assert_eq!(order.number(TokenId(many - 1)), Some(0));
    }

    #[test]
    fn a_key_takes_few_bytes() {
        let mut keys = Keys::default();
        for number in 0..10_000_u64 {
            let connection = number * 7919 % 2000;
            keys.push(ExchangeKey { input: 0, frame: 25 * number, sub: (connection << 32) | (number % 50) });
        }
        assert!(keys.own.len() < 60_000, "{}", keys.own.len());
    }
}
