//! Takes the two directions of an HTTP/2 connection, gives exchanges. RFC 9113, RFC 7541.

use super::Outbox;
use crate::wire::stream::{Direction, StreamEvent};

/// The decoder of one connection.
#[derive(Debug, Default)]
pub struct Http2 {}

impl Http2 {
    /// A connection that was upgraded from HTTP/1 (`h2c`): stream 1 has already its request.
    pub fn upgraded(request: crate::exchange::Request) -> Self {
        let _ = request;
        todo!("helper: h2")
    }

    /// Whether `bytes`, the first of a direction, are HTTP/2: the client's preface, or a plausible
    /// SETTINGS frame of a server; `None` when they are too few to tell.
    pub fn recognise(direction: Direction, bytes: &[u8]) -> Option<bool> {
        let _ = (direction, bytes);
        todo!("helper: h2")
    }

    /// Takes the next event of one direction.
    pub fn push(&mut self, direction: Direction, event: StreamEvent<'_>, out: &mut Outbox) {
        let _ = (direction, event, out);
        todo!("helper: h2")
    }

    /// Both directions are over: gives what is unfinished as it is.
    pub fn finish(&mut self, out: &mut Outbox) {
        let _ = out;
        todo!("helper: h2")
    }
}
