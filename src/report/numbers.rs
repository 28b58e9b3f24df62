//! Takes exchanges and tokens in whatever order threads finished them, gives the numbers that reports print.

use std::collections::HashMap;

use crate::exchange::ExchangeKey;
use crate::token::TokenId;
use crate::token::store::TokenStore;

/// The printed number of an exchange: its rank among all keys, which are sorted.
pub fn rank(keys: &[ExchangeKey], key: &ExchangeKey) -> Option<usize> {
    keys.binary_search(key).ok()
}

/// The order in which tokens are printed: by first sighting, the token inside after the one that carries
/// it. It depends on the traffic alone.
#[derive(Clone, Debug, Default)]
pub struct Order {
    tokens: Vec<TokenId>,
    numbers: HashMap<TokenId, usize>,
}

impl Order {
    /// Orders the tokens of a store.
    pub fn of(store: &TokenStore) -> Self {
        let mut keyed: Vec<_> = store
            .iter()
            .map(|(id, token)| {
                let first = store.sightings(id).and_then(|seen| seen.first.as_ref());
                let place = first.map(|(key, at)| (*key, at.half, at.part.as_str(), at.bytes.start));
                // A token that was never sighted (none should be) comes last.
                ((place.is_none(), place, token.depth, token.fingerprint), id)
            })
            .collect();
        keyed.sort();
        let tokens: Vec<_> = keyed.into_iter().map(|(_, id)| id).collect();
        let numbers = tokens.iter().copied().zip(0..).collect();
        Self { tokens, numbers }
    }

    /// The tokens in print order.
    pub fn tokens(&self) -> &[TokenId] {
        &self.tokens
    }

    /// The printed number of a token.
    pub fn number(&self, token: TokenId) -> Option<usize> {
        self.numbers.get(&token).copied()
    }
}
