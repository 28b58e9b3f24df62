//! Takes segments from the reading thread, gives them in batches to workers that own the shards.

use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{Scope, ScopedJoinHandle};

use super::engine::{Done, Shard, Shared, end};
use crate::sink::Sink;
use crate::wire::ip::Segment;

/// Payload bytes of one batch.
const BATCH_BYTES: usize = 256 << 10;
/// Segments of one batch.
const BATCH_SEGMENTS: usize = 2048;
/// Batches that may wait for one worker.
const WAITING: usize = 8;

/// A segment whose payload stands in its batch.
#[derive(Clone, Copy)]
struct Packed {
    segment: Segment<'static>,
    shard: usize,
    ordinal: u32,
    from: usize,
    to: usize,
}

#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    segments: Vec<Packed>,
}

struct Worker<'scope, S> {
    full: SyncSender<Batch>,
    batch: Batch,
    thread: ScopedJoinHandle<'scope, (S, Done)>,
}

/// All workers.
pub(super) struct Workers<'scope, S> {
    workers: Vec<Worker<'scope, S>>,
    empty: Receiver<Batch>,
}

impl<'scope, S: Sink + 'scope> Workers<'scope, S> {
    /// Starts `count` workers and deals the shards to them.
    pub(super) fn start<'env>(
        scope: &'scope Scope<'scope, 'env>,
        count: usize,
        shards: Vec<Shard>,
        shared: &Shared,
        fork: impl Fn() -> S,
    ) -> Self {
        let count = count.clamp(1, shards.len().max(1));
        let mut dealt: Vec<Vec<Shard>> = (0..count).map(|_| Vec::new()).collect();
        for (number, shard) in shards.into_iter().enumerate() {
            if let Some(hand) = dealt.get_mut(number % count) {
                hand.push(shard);
            }
        }
        let (give_back, empty) = channel();
        let workers = dealt
            .into_iter()
            .map(|shards| {
                let (full, batches) = sync_channel(WAITING);
                let (sink, shared, give_back) = (fork(), shared.clone(), give_back.clone());
                let thread = scope.spawn(move || work(shards, count, &shared, sink, &batches, &give_back));
                Worker { full, batch: Batch::default(), thread }
            })
            .collect();
        Self { workers, empty }
    }

    /// Takes the next segment.
    pub(super) fn push(&mut self, shard: usize, ordinal: u32, segment: &Segment<'_>) {
        let count = self.workers.len();
        let Some(worker) = self.workers.get_mut(shard % count.max(1)) else { return };
        let batch = &mut worker.batch;
        let from = batch.bytes.len();
        batch.bytes.extend_from_slice(segment.payload);
        let to = batch.bytes.len();
        batch.segments.push(Packed {
            segment: Segment { payload: &[], ..*segment },
            shard,
            ordinal,
            from,
            to,
        });
        if to >= BATCH_BYTES || batch.segments.len() >= BATCH_SEGMENTS {
            let empty = self.empty.try_recv().unwrap_or_default();
            let batch = std::mem::replace(&mut worker.batch, empty);
            // A worker ends only when this side hangs up.
            let _ = worker.full.send(batch);
        }
    }

    /// Waits for all; gives what each found.
    pub(super) fn finish(self) -> Vec<(S, Done)> {
        let threads: Vec<_> = self
            .workers
            .into_iter()
            .map(|worker| {
                let _ = worker.full.send(worker.batch);
                worker.thread
            })
            .collect();
        let join = |thread: ScopedJoinHandle<'_, _>| {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        threads.into_iter().map(join).collect()
    }
}

fn work<S: Sink>(
    mut shards: Vec<Shard>,
    stride: usize,
    shared: &Shared,
    mut sink: S,
    batches: &Receiver<Batch>,
    give_back: &Sender<Batch>,
) -> (S, Done) {
    let mut exchanges = 0;
    for mut batch in batches {
        let mut listener = shared.listener(&mut sink);
        for packed in &batch.segments {
            let payload = batch.bytes.get(packed.from..packed.to).unwrap_or_default();
            let segment = Segment { payload, ..packed.segment };
            if let Some(flows) = shards.get_mut(packed.shard / stride) {
                flows.push(&segment, packed.ordinal, &mut listener);
            }
        }
        exchanges += listener.exchanges;
        batch.bytes.clear();
        batch.segments.clear();
        // The reader may be done already.
        let _ = give_back.send(batch);
    }
    let mut done = end(&mut shards, shared, &mut sink);
    done.exchanges += exchanges;
    (sink, done)
}
