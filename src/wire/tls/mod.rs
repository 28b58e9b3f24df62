//! Takes the two byte streams of a TLS connection and secrets, gives the two byte streams inside.
//!
//! SSL 3.0 to TLS 1.3, passively. RFC 5246, RFC 8446, RFC 9850. Keys may come before, with or after the
//! packets: records wait, within bounds, until the secrets of their connection are known.

/// The secrets of a run.
pub mod secrets;

use std::sync::Arc;

use crate::connection::TlsLedger;
use crate::wire::stream::{Direction, StreamEvent};

/// One TLS connection.
#[derive(Debug)]
pub struct Tls {
    secrets: Arc<secrets::Secrets>,
}

impl Tls {
    /// A connection that will look for its keys in `secrets`.
    pub fn new(secrets: Arc<secrets::Secrets>) -> Self {
        Self { secrets }
    }

    /// Whether `bytes`, the first of a direction, look like TLS records (or an SSL 2.0-framed hello);
    /// `None` when they are too few to tell.
    pub fn recognise(bytes: &[u8]) -> Option<bool> {
        let _ = bytes;
        todo!("helper: tls")
    }

    /// Takes the next event of one direction of the outer stream; calls `out` with the events of the
    /// inner streams. Inner `End` events come from `close_notify` or the outer end.
    pub fn push(
        &mut self,
        direction: Direction,
        event: StreamEvent<'_>,
        out: &mut dyn FnMut(Direction, StreamEvent<'_>),
    ) {
        let _ = (direction, event, out, &self.secrets);
        todo!("helper: tls")
    }

    /// Tries again what waited for keys; call it when the secrets have grown, and before `finish`.
    pub fn retry(&mut self, out: &mut dyn FnMut(Direction, StreamEvent<'_>)) {
        let _ = out;
        todo!("helper: tls")
    }

    /// Bytes held back while waiting for keys.
    pub fn waiting(&self) -> usize {
        todo!("helper: tls")
    }

    /// Gives up what still waits, and says in the ledger why.
    pub fn finish(&mut self, out: &mut dyn FnMut(Direction, StreamEvent<'_>)) {
        let _ = out;
        todo!("helper: tls")
    }

    /// What is known by now. Its `facts` are final once the handshake was seen.
    pub fn ledger(&self) -> TlsLedger {
        todo!("helper: tls")
    }
}
