//! Takes token texts as they are seen, gives each distinct one an identity and a single parse.
//!
//! A capture repeats a token thousands of times; one hash of its text decides whether it is known.

use bytes::Bytes;

use super::{Location, Token, TokenId};
use crate::exchange::ExchangeKey;

/// Where and how often a token was seen; for a nested token, where the tokens that carry it were.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Seen {
    /// The first sixteen exchanges by key, ascending, each once.
    pub exchanges: Vec<ExchangeKey>,
    /// How many exchanges in all.
    pub count: u64,
    /// The sighting with the smallest key, and the earliest place within that exchange: orders tokens
    /// the same way however the work was divided. A nested token has the place of its carrier.
    pub first: Option<(ExchangeKey, Location)>,
}

/// The distinct tokens of a run.
#[derive(Clone, Debug, Default)]
pub struct TokenStore {
    tokens: Vec<Token>,
}

/// What the place of a token says about its role, where the content does not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Hint {
    /// Nothing.
    None,
    /// An `assertion` or `client_assertion` field.
    Assertion,
    /// An `id_token` field.
    Id,
    /// A `refresh_token` field.
    Refresh,
    /// An `access_token` field.
    Access,
}

impl TokenStore {
    /// Remembers a token and the tokens inside it. Gives its identity and whether it was new.
    pub fn intern(&mut self, text: &Bytes, hint: Hint) -> (TokenId, bool) {
        let _ = (text, hint);
        todo!("helper: tokens")
    }

    /// Notes that a token (and so the tokens inside it) was seen in an exchange: the first sixteen are
    /// listed, all are counted; several places in one exchange count once. `find::in_exchange` calls it.
    pub fn seen(&mut self, token: TokenId, exchange: ExchangeKey, location: &Location) {
        let _ = (token, exchange, location);
        todo!("helper: tokens")
    }

    /// Where a token was seen.
    pub fn sightings(&self, token: TokenId) -> Option<&Seen> {
        let _ = token;
        todo!("helper: tokens")
    }

    /// Takes over the tokens and sightings of another store; gives the new identity of each of its
    /// tokens, by its old one (`TokenId.0` indexes the list).
    pub fn merge(&mut self, other: Self) -> Vec<TokenId> {
        let _ = other;
        todo!("helper: tokens")
    }

    /// A token by its identity.
    pub fn get(&self, id: TokenId) -> Option<&Token> {
        self.tokens.get(id.0 as usize)
    }

    /// All tokens with their identities.
    pub fn iter(&self) -> impl Iterator<Item = (TokenId, &Token)> {
        (0..).map(TokenId).zip(&self.tokens)
    }
}
