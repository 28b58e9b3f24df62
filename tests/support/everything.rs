//! A sink that keeps everything.

use oauthtrace::connection::Connection;
use oauthtrace::exchange::Exchange;
use oauthtrace::sink::Sink;

/// All that a run gave, in the order in which it came.
#[derive(Default)]
pub struct Everything {
    pub exchanges: Vec<Exchange>,
    pub connections: Vec<Connection>,
}

impl Sink for Everything {
    fn exchange(&mut self, exchange: Exchange) {
        self.exchanges.push(exchange);
    }
    fn connection(&mut self, connection: Connection) {
        self.connections.push(connection);
    }
    fn fork(&self) -> Self {
        Self::default()
    }
    fn join(&mut self, other: Self) {
        self.exchanges.extend(other.exchanges);
        self.connections.extend(other.connections);
    }
}
