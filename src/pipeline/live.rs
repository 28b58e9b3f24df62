//! Takes packets one by one as they are recorded, gives exchanges and connections to the sink as soon as
//! they are whole. The same decoders as for files, on one thread.

use std::sync::Arc;

use super::engine::{Shard, Shared, end};
use crate::limits;
use crate::sink::Sink;
use crate::wire::capture::Packet;
use crate::wire::ip::{Decapsulator, Transport};
use crate::wire::quic::Quic;
use crate::wire::tcp::Header;
use crate::wire::tls::secrets::Secrets;

/// Decodes what arrives.
pub struct Live {
    shared: Shared,
    shards: Vec<Shard>,
    decapsulator: Decapsulator,
    quic: Quic,
    segments: u32,
    exchanges: Vec<u64>,
}

impl Live {
    /// For packets of one input; keys may be added to `secrets` at any time.
    pub fn new(input: u32, secrets: Arc<Secrets>) -> Self {
        Self {
            shared: Shared { secrets, hashes: false, input },
            shards: (0..limits::SHARDS).map(|_| Shard::default()).collect(),
            decapsulator: Decapsulator::default(),
            quic: Quic::default(),
            segments: 0,
            exchanges: Vec::new(),
        }
    }

    /// Takes the next packet.
    pub fn push<S: Sink>(&mut self, packet: &Packet<'_>, sink: &mut S) {
        let Self { shared, shards, decapsulator, quic, segments, exchanges } = self;
        decapsulator.push(packet, |transport| match transport {
            Transport::Tcp(segment) => {
                let mut listener = shared.listener(sink, exchanges);
                if let Some(flows) = shards.get_mut(Header::of(&segment).shard()) {
                    flows.push(&segment, *segments, &mut listener);
                }
                *segments = segments.saturating_add(1);
            }
            Transport::Udp { frame, source, destination, payload } => {
                if quic.push(shared.input, *segments, frame, source, destination, payload) {
                    *segments = segments.saturating_add(1);
                }
            }
        });
    }

    /// Ends all connections; gives the number of exchanges, notices for people, and packets that could not be read, by
    /// kind.
    pub fn finish<S: Sink>(mut self, sink: &mut S) -> (u64, Vec<String>, Vec<(String, u64)>) {
        let mut done = end(&mut self.shards, &self.shared, self.exchanges, sink);
        done.say();
        let (connections, _) = self.quic.finish();
        connections.into_iter().for_each(|connection| sink.connection(connection));
        let skipped = self
            .decapsulator
            .notices()
            .into_iter()
            .map(|(what, count)| format!("passed over: {what}: {count}"));
        done.notices.extend(skipped);
        (done.exchanges.iter().sum(), done.notices, self.decapsulator.unread())
    }
}
