//! Takes token texts as they are seen, gives each distinct one an identity and a single parse.
//!
//! A capture repeats a token thousands of times; one hash of its text decides whether it is known.

use bytes::Bytes;

use super::{Token, TokenId};
use crate::exchange::ExchangeKey;

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

    /// Notes that a token was seen in an exchange: the first sixteen are listed, all are counted.
    pub fn seen(&mut self, token: TokenId, exchange: ExchangeKey) {
        let _ = (token, exchange);
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
