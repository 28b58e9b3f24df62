//! Takes batches of TCP segments, gives exchanges to the sink: on this thread while the capture is small, on
//! several once it proves large.
//!
//! Connections are dealt to a fixed number of shards; a worker owns several. Everything that is bounded
//! is bounded per shard, so the result is the same however many threads there are.

use std::hint::black_box;
use std::sync::Arc;

use super::Settings;
use super::intake::{Batch, Intake, Packed};
use super::workers;
use crate::limits;
use crate::sink::Sink;
use crate::wire::conversation::{Conversation, Conversations};
use crate::wire::tcp::{Flows, Hint, History};
use crate::wire::tls::secrets::Secrets;

/// Bytes of a capture after which threads are worth their start.
const SMALL: u64 = 8 << 20;

/// Segments that are looked up before the first of them is decoded: a processor fetches so many connections
/// from memory at once, rather than one after the other.
const GROUP: usize = 16;

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
    /// By the file in which they began.
    pub(super) exchanges: Vec<u64>,
    pub(super) notices: Vec<String>,
    evicted: u64,
    silent: u64,
    relieved: u64,
    forced: u64,
}

/// Decodes all of a capture. Gives back what read it.
pub(super) fn run<'f, S: Sink>(
    mut intake: Box<Intake<'f>>,
    settings: &Settings,
    shared: &Shared,
    sink: &mut S,
) -> (Option<Box<Intake<'f>>>, Done) {
    let threads = settings.workers().min(limits::SHARDS);
    let mut worker = Worker::new(shared.clone());
    let mut full = Vec::new();
    let mut more = true;
    while more && (threads == 1 || intake.position() < SMALL) {
        more = intake.fill(&mut full);
        full.iter_mut().for_each(|batch| worker.decode(batch, sink));
    }
    if !more {
        intake.end();
        let mut done = worker.end(sink);
        done.say();
        return (Some(intake), done);
    }
    intake.deal(threads).iter_mut().for_each(|batch| worker.decode(batch, sink));
    let (intake, mut done) = workers::run(intake, worker.split(threads), sink);
    done.say();
    (intake, done)
}

/// Some of the shards, and what decoding them needs.
pub(super) struct Worker {
    shards: Vec<Shard>,
    /// The worker has every so many-th shard.
    stride: usize,
    history: History,
    shared: Shared,
    /// By the file in which they began.
    exchanges: Vec<u64>,
}

impl Worker {
    fn new(shared: Shared) -> Self {
        let shards = (0..limits::SHARDS).map(|_| Shard::default()).collect();
        Self { shards, stride: 1, history: History::default(), shared, exchanges: Vec::new() }
    }

    /// Deals its shards to so many workers.
    fn split(self, count: usize) -> Vec<Self> {
        let empty = |_| Self {
            shards: Vec::new(),
            stride: count,
            history: self.history.clone(),
            shared: self.shared.clone(),
            exchanges: Vec::new(),
        };
        let mut workers: Vec<Self> = (0..count).map(empty).collect();
        for (number, shard) in self.shards.into_iter().enumerate() {
            if let Some(worker) = workers.get_mut(number % count) {
                worker.shards.push(shard);
            }
        }
        if let Some(first) = workers.first_mut() {
            first.exchanges = self.exchanges;
        }
        workers
    }

    /// Decodes a batch, and empties it.
    pub(super) fn decode<S: Sink>(&mut self, batch: &mut Batch, sink: &mut S) {
        if let Some((base, memory)) = &batch.memory {
            self.history.see(*base, memory);
        }
        for (position, bytes) in batch.copies.drain(..) {
            self.history.keep(position, bytes);
        }
        for group in batch.segments.chunks(GROUP) {
            self.group(group, sink);
        }
        batch.clear();
    }

    fn group<S: Sink>(&mut self, group: &[Packed], sink: &mut S) {
        let Self { shards, stride, history, shared, exchanges } = self;
        let place = |packed: &Packed| usize::from(packed.shard) / *stride;
        let mut hints = [Hint::default(); GROUP];
        for (hint, packed) in hints.iter_mut().zip(group) {
            if let Some(flows) = shards.get(place(packed)) {
                *hint = flows.find(&packed.header);
            }
        }
        let mut touched = 0;
        for (hint, packed) in hints.iter().zip(group) {
            if let Some(flows) = shards.get(place(packed)) {
                touched ^= flows.touch::<Conversations<'_, S>>(*hint, &packed.header);
            }
        }
        black_box(touched);
        let connections: usize = shards.iter().map(Flows::speaking).sum();
        let mut listener = shared.listener(sink, exchanges);
        listener.crowded = connections > limits::CROWD;
        for (hint, packed) in hints.iter().zip(group) {
            let payload = history.get(packed.mark, packed.length as usize).unwrap_or_default();
            if let Some(flows) = shards.get_mut(place(packed)) {
                let at = (payload, packed.mark);
                flows.push_at(*hint, &packed.header, at, packed.ordinal, history, &mut listener);
            }
        }
    }

    /// Ends all connections.
    pub(super) fn end<S: Sink>(mut self, sink: &mut S) -> Done {
        end(&mut self.shards, &self.shared, self.exchanges, sink)
    }
}

/// Ends all connections of some shards, which gave so many exchanges before.
pub(super) fn end<S: Sink>(shards: &mut [Shard], shared: &Shared, exchanges: Vec<u64>, sink: &mut S) -> Done {
    let mut done = Done { exchanges, ..Done::default() };
    for flows in shards {
        let mut listener = shared.listener(sink, &mut done.exchanges);
        flows.finish(&mut listener);
        let reached = flows.bounds_reached();
        done.evicted += reached.evicted;
        done.silent += reached.silent;
        done.relieved += reached.relieved;
        done.forced += reached.forced;
    }
    done
}

impl Shared {
    pub(super) fn listener<'s, S: Sink>(
        &'s self,
        sink: &'s mut S,
        exchanges: &'s mut Vec<u64>,
    ) -> Conversations<'s, S> {
        Conversations {
            sink,
            input: self.input,
            secrets: &self.secrets,
            hashes: self.hashes,
            exchanges,
            crowded: false,
        }
    }
}

impl Done {
    pub(super) fn add(&mut self, other: &Self) {
        let files = self.exchanges.len().max(other.exchanges.len());
        self.exchanges.resize(files, 0);
        self.exchanges.iter_mut().zip(&other.exchanges).for_each(|(count, more)| *count += more);
        self.evicted += other.evicted;
        self.silent += other.silent;
        self.relieved += other.relieved;
        self.forced += other.forced;
    }

    pub(super) fn say(&mut self) {
        if self.evicted > 0 {
            self.notices.push(format!(
                "{} connections were let go before their end: more than {} at once (limit CONNECTIONS)",
                self.evicted,
                limits::CONNECTIONS
            ));
        }
        if self.silent > 0 {
            self.notices.push(format!(
                "{} connections on which nothing was said were let go: more than {} at once (limit \
                 SILENT_CONNECTIONS)",
                self.silent,
                limits::SILENT_CONNECTIONS
            ));
        }
        if self.forced > 0 {
            self.notices.push(format!(
                "{} holes were taken for losses: more than {} bytes of one connection came out of order (limit \
                 REORDER_BYTES)",
                self.forced,
                limits::REORDER_BYTES
            ));
        }
        if self.relieved > 0 {
            self.notices.push(format!(
                "{} holes were given up early: more than {} bytes came out of order (limit \
                 REORDER_BYTES_TOTAL)",
                self.relieved,
                limits::REORDER_BYTES_TOTAL
            ));
        }
    }
}
