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
        const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
        match direction {
            Direction::Sent => {
                let same = bytes.iter().zip(PREFACE).all(|(a, b)| a == b);
                if same && bytes.len() < PREFACE.len() { None } else { Some(same) }
            }
            // The first frame is SETTINGS on stream 0, no acknowledgement: whole entries of six bytes.
            Direction::Received => match bytes {
                [0, 0, length, 4, 0, 0, 0, 0, 0, ..] => Some(length % 6 == 0),
                _ if bytes.len() >= 9 => Some(false),
                _ => bytes.iter().zip([0, 0]).any(|(a, b)| *a != b).then_some(false),
            },
        }
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
