//! Takes the two directions of an HTTP/1 connection, gives exchanges. RFC 9112.

use super::Outbox;
use crate::wire::stream::{Direction, StreamEvent};

/// The decoder of one connection.
#[derive(Debug, Default)]
pub struct Http1 {}

impl Http1 {
    /// Whether `bytes`, the first of a direction, look like HTTP/1: `Some(true)` a request or status
    /// line, `Some(false)` not, `None` too few to tell.
    pub fn recognise(direction: Direction, bytes: &[u8]) -> Option<bool> {
        let _ = (direction, bytes);
        todo!("helper: http")
    }

    /// Takes the next event of one direction.
    pub fn push(&mut self, direction: Direction, event: StreamEvent<'_>, out: &mut Outbox) {
        let _ = (direction, event, out);
        todo!("helper: http")
    }

    /// Both directions are over: gives what is unfinished as it is.
    pub fn finish(&mut self, out: &mut Outbox) {
        let _ = out;
        todo!("helper: http")
    }
}
