//! Where decoded traffic goes: the one interface between the decoders and whoever looks at exchanges.
//!
//! Decoders may run on several threads, each with its own fork of a sink; what a joined sink reports
//! must not depend on how the work was divided (order by [`crate::exchange::ExchangeKey`]).

use crate::connection::{Connection, LeftOut};
use crate::exchange::{Enough, Exchange};
use crate::logrecord::LogRecord;

/// Takes exchanges and connections. Each exchange comes once, when nothing can be added to it any more.
pub trait Sink: Send + Sized {
    /// One exchange.
    fn exchange(&mut self, exchange: Exchange);

    /// One connection, after its last exchange.
    fn connection(&mut self, connection: Connection);

    /// A text that looks like a token, seen in the plain text of an input outside any HTTP message, with
    /// the offset of its first byte (`token::Half::Text`). Sinks that have no use for it ignore it.
    fn token_text(&mut self, input: u32, offset: u64, text: &[u8]) {
        let _ = (input, offset, text);
    }

    /// A record of a server's log. Sinks that have no use for it ignore it.
    fn log_record(&mut self, record: LogRecord) {
        let _ = record;
    }

    /// Messages of an input that could not be read, with what was found there in their place. Sinks that have no use
    /// for it ignore it.
    fn left_out(&mut self, input: u32, loss: LeftOut, why: &str) {
        let _ = (input, loss, why);
    }

    /// Tells from the first bytes of the content of a large XML answer whether they are all that this sink wants to
    /// know of it: of such an answer no more is kept than they took. `None`: it wants everything.
    fn enough(&self) -> Option<Enough> {
        None
    }

    /// An empty sink of the same settings, for another thread.
    fn fork(&self) -> Self;

    /// Takes over what a fork has seen.
    fn join(&mut self, other: Self);
}

/// For fuzzing: keeps nothing.
#[doc(hidden)]
#[derive(Clone, Copy, Default, Debug)]
pub struct Nowhere;

impl Sink for Nowhere {
    fn exchange(&mut self, _: Exchange) {}
    fn connection(&mut self, _: Connection) {}
    fn fork(&self) -> Self {
        Self
    }
    fn join(&mut self, _: Self) {}
}
