//! Takes TCP segments, gives exchanges to the sink: on this thread while the capture is small, on
//! workers once it proves large.
//!
//! Connections are dealt to a fixed number of shards; a worker owns several. Everything that is bounded
//! is bounded per shard, so the result is the same however many threads there are.

use std::sync::Arc;
use std::thread::Scope;

use super::Settings;
use super::workers::Workers;
use crate::limits;
use crate::sink::Sink;
use crate::wire::capture::Memory;
use crate::wire::conversation::{Conversation, Conversations};
use crate::wire::ip::Segment;
use crate::wire::tcp::{Flows, shard_of};
use crate::wire::tls::secrets::Secrets;

/// Payload bytes after which threads are worth their start.
const SMALL: u64 = 8 << 20;

/// The connections of one shard.
pub(super) type Shard = Flows<Conversation>;

/// What threads share.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) secrets: Arc<Secrets>,
    pub(super) hashes: bool,
    pub(super) input: u32,
}

/// What came of a capture besides exchanges.
#[derive(Default)]
pub(super) struct Done {
    pub(super) exchanges: u64,
    pub(super) notices: Vec<String>,
    evicted: u64,
    relieved: u64,
}

/// Decodes segments, here or elsewhere.
pub(super) struct Engine<'scope, 'env, S> {
    scope: &'scope Scope<'scope, 'env>,
    shared: Shared,
    sink: &'env mut S,
    shards: Vec<Shard>,
    workers: Option<Workers<'scope, S>>,
    threads: usize,
    /// Segments so far: numbers connections in the order of their first packets.
    segments: u32,
    bytes: u64,
    exchanges: u64,
}

impl<'scope, 'env, S: Sink> Engine<'scope, 'env, S>
where
    S: 'scope,
{
    pub(super) fn new(
        scope: &'scope Scope<'scope, 'env>,
        settings: &Settings,
        secrets: &Arc<Secrets>,
        input: u32,
        sink: &'env mut S,
    ) -> Self {
        let threads = match settings.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        };
        Self {
            scope,
            shared: Shared { secrets: Arc::clone(secrets), hashes: settings.hashes, input },
            sink,
            shards: (0..limits::SHARDS).map(|_| Shard::default()).collect(),
            workers: None,
            threads,
            segments: 0,
            bytes: 0,
            exchanges: 0,
        }
    }

    /// The number of the next connection, should it begin now.
    pub(super) fn ordinal(&self) -> u32 {
        self.segments
    }

    /// Numbers a connection that is not TCP.
    pub(super) fn count_other(&mut self) {
        self.segments = self.segments.saturating_add(1);
    }

    /// Takes the next segment; its payload may stand in `memory`.
    pub(super) fn push(&mut self, segment: &Segment<'_>, memory: Option<&Memory>) {
        let ordinal = self.segments;
        self.segments = self.segments.saturating_add(1);
        self.bytes += segment.payload.len() as u64;
        let shard = shard_of(segment);
        if let Some(workers) = &mut self.workers {
            return workers.push(shard, ordinal, segment, memory);
        }
        let mut listener = self.shared.listener(self.sink);
        if let Some(flows) = self.shards.get_mut(shard) {
            flows.push(segment, ordinal, &mut listener);
        }
        self.exchanges += listener.exchanges;
        if self.threads > 1 && self.bytes > SMALL {
            // This thread reads; the others decode.
            let shards = std::mem::take(&mut self.shards);
            let fork = || self.sink.fork();
            self.workers = Some(Workers::start(self.scope, self.threads - 1, shards, &self.shared, fork));
        }
    }

    /// Ends all connections.
    pub(super) fn finish(mut self) -> Done {
        let mut done = Done { exchanges: self.exchanges, ..Done::default() };
        if let Some(workers) = self.workers.take() {
            for (sink, part) in workers.finish() {
                self.sink.join(sink);
                done.add(&part);
            }
        }
        done.add(&end(&mut self.shards, &self.shared, self.sink));
        done.say();
        done
    }
}

/// Ends all connections of some shards.
pub(super) fn end<S: Sink>(shards: &mut [Shard], shared: &Shared, sink: &mut S) -> Done {
    let mut done = Done::default();
    for flows in shards {
        let mut listener = shared.listener(sink);
        flows.finish(&mut listener);
        done.exchanges += listener.exchanges;
        let (evicted, relieved) = flows.bounds_reached();
        done.evicted += evicted;
        done.relieved += relieved;
    }
    done
}

impl Shared {
    pub(super) fn listener<'s, S: Sink>(&'s self, sink: &'s mut S) -> Conversations<'s, S> {
        Conversations { sink, input: self.input, secrets: &self.secrets, hashes: self.hashes, exchanges: 0 }
    }
}

impl Done {
    fn add(&mut self, other: &Self) {
        self.exchanges += other.exchanges;
        self.evicted += other.evicted;
        self.relieved += other.relieved;
    }

    pub(super) fn say(&mut self) {
        if self.evicted > 0 {
            self.notices.push(format!(
                "{} connections were let go before their end: more than {} at once",
                self.evicted,
                limits::CONNECTIONS
            ));
        }
        if self.relieved > 0 {
            self.notices.push(format!(
                "{} holes were given up early: more than {} bytes came out of order",
                self.relieved,
                limits::REORDER_BYTES_TOTAL
            ));
        }
    }
}
