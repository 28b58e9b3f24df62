//! Takes exchanges and connections as they are decoded, gives what `inspect` shows. A sink.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

use super::numbers::Order;
use super::{Exchanges, Inspection, Listed};
use crate::checks::judge::tokens_of;
use crate::connection::Connection;
use crate::exchange::{Body, Exchange, ExchangeKey};
use crate::logrecord::LogRecord;
use crate::pipeline::Input;
use crate::sink::Sink;
use crate::token::store::{Hint, TokenStore};
use crate::token::{Half, Location, find};

/// Remembers heads and tokens of all exchanges; bodies are dropped as soon as tokens were looked for.
#[derive(Debug, Default)]
pub struct Listing {
    tokens: TokenStore,
    exchanges: Exchanges,
    connections: Vec<Connection>,
    counter: Arc<AtomicU64>,
}

impl Listing {
    /// An empty one that counts exchanges in `counter`.
    pub fn new(counter: Arc<AtomicU64>) -> Self {
        Self { counter, ..Self::default() }
    }

    /// Everything in the order of the contract.
    pub fn finish(mut self, inputs: Vec<Input>) -> Inspection {
        self.exchanges.sort();
        self.connections.sort_by_key(|connection| (connection.input, connection.ordinal));
        self.tokens.settle_roles();
        Inspection {
            inputs,
            order: Order::of(&self.tokens),
            exchanges: self.exchanges,
            tokens: self.tokens,
            connections: self.connections,
        }
    }
}

fn drop_content(body: &mut Body) {
    body.bytes = Bytes::new();
    body.frames = Default::default();
}

impl Sink for Listing {
    fn exchange(&mut self, mut exchange: Exchange) {
        self.counter.fetch_add(1, Ordering::Relaxed);
        let sightings = find::in_exchange(&exchange, &mut self.tokens);
        if let Some(request) = &mut exchange.request {
            drop_content(&mut request.body);
        }
        if let Some(response) = &mut exchange.response {
            drop_content(&mut response.body);
        }
        self.exchanges.push(Listed { exchange, sightings });
    }

    fn connection(&mut self, connection: Connection) {
        self.connections.push(connection);
    }

    fn token_text(&mut self, input: u32, offset: u64, text: &[u8]) {
        let (id, _) = self.tokens.intern(text, Hint::None);
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let bytes = start..start.saturating_add(text.len());
        let location = Location { half: Half::Text, part: "text".into(), bytes };
        self.tokens.seen(id, ExchangeKey { input, frame: offset, sub: 0 }, &location);
    }

    fn log_record(&mut self, record: LogRecord) {
        for (text, location) in tokens_of(&record) {
            let (id, _) = self.tokens.intern(text.as_bytes(), Hint::None);
            let key = ExchangeKey { input: record.input, frame: record.line, sub: 0 };
            self.tokens.seen(id, key, &location);
        }
    }

    fn fork(&self) -> Self {
        Self::new(Arc::clone(&self.counter))
    }

    fn join(&mut self, other: Self) {
        let renamed = self.tokens.merge(other.tokens);
        self.exchanges.join(other.exchanges, &renamed);
        self.connections.extend(other.connections);
    }
}
