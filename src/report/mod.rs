//! Takes what was decoded and judged, gives text for people and documents for machines.

use crate::checks::judge::Judgement;
use crate::connection::Connection;
use crate::exchange::{Exchange, ExchangeKey};
use crate::pipeline::Input;
use crate::token::store::TokenStore;

/// Everything that a report of `inspect` shows.
#[derive(Clone, Debug, Default)]
pub struct Inspection {
    /// The inputs, in order.
    pub inputs: Vec<Input>,
    /// All exchanges, sorted by key; the index in this list is the number that is printed.
    pub exchanges: Vec<Exchange>,
    /// Distinct tokens.
    pub tokens: TokenStore,
    /// All connections, sorted by input and ordinal.
    pub connections: Vec<Connection>,
}

/// Everything that a report of `verify` shows.
#[derive(Clone, Debug)]
pub struct Verification {
    /// The inputs, in order.
    pub inputs: Vec<Input>,
    /// The judgement.
    pub judgement: Judgement,
    /// Keys of all exchanges, sorted: the rank is the number that is printed.
    pub numbers: Vec<ExchangeKey>,
}
