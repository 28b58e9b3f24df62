//! Takes exchanges and connections as they are decoded, gives outcomes, findings and the verdict.

use std::collections::BTreeMap;

use crate::connection::Connection;
use crate::exchange::Exchange;
use crate::sink::Sink;
use crate::token::TokenId;
use crate::token::store::TokenStore;

use super::expectations::Expectations;
use super::finding::Finding;
use super::{CheckResult, Verdict};

/// What the signature of a token came to, for reports.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignatureState {
    /// `verified`, `failed`, `no-key`, `wrong-kind-of-key`, `unsigned` or `removed`.
    pub state: &'static str,
    /// The key that was used or named, described.
    pub key: Option<String>,
}

/// The end of judging: everything that a report of `verify` shows.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// The answer.
    pub verdict: Verdict,
    /// All thirteen checks in the contract's order.
    pub checks: Vec<CheckResult>,
    /// Sorted by check, severity (worst first), rule, first evidence.
    pub findings: Vec<Finding>,
    /// Distinct tokens.
    pub tokens: TokenStore,
    /// Which of them are in scope, and what their signatures came to.
    pub judged: BTreeMap<TokenId, (bool, SignatureState)>,
}

/// Judges one stream of exchanges; several judges of one run are joined.
#[derive(Clone, Debug)]
pub struct Judge<'e> {
    expectations: &'e Expectations,
}

impl<'e> Judge<'e> {
    /// A judge that has seen nothing.
    pub fn new(expectations: &'e Expectations) -> Self {
        Self { expectations }
    }

    /// The outcome of everything that was seen.
    pub fn finish(self) -> Judgement {
        let _ = self.expectations;
        todo!("helper: checks")
    }
}

impl Sink for Judge<'_> {
    fn exchange(&mut self, exchange: Exchange) {
        let _ = exchange;
        todo!("helper: checks")
    }

    fn connection(&mut self, connection: Connection) {
        let _ = connection;
        todo!("helper: checks")
    }

    fn fork(&self) -> Self {
        Self::new(self.expectations)
    }

    fn join(&mut self, other: Self) {
        let _ = other;
        todo!("helper: checks")
    }
}
