//! Takes segments from the reading thread, gives them in batches to workers that own the shards. A batch
//! holds the memory that its payloads were read into, so they are not copied.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{Scope, ScopedJoinHandle};

use super::engine::{Done, Shard, Shared, end};
use crate::sink::Sink;
use crate::wire::capture::Memory;
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
    /// In the memory of the capture, rather than in the batch's own bytes.
    shared: bool,
    from: usize,
    to: usize,
}

#[derive(Default)]
struct Batch {
    /// The memory of the capture that payloads stand in: they are not copied.
    memory: Option<Memory>,
    /// Copies of payloads that stand elsewhere, for example in joined fragments.
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

    /// Takes the next segment; its payload may stand in `memory`.
    pub(super) fn push(
        &mut self,
        shard: usize,
        ordinal: u32,
        segment: &Segment<'_>,
        memory: Option<&Memory>,
    ) {
        let Self { workers, empty } = self;
        let count = workers.len();
        let Some(worker) = workers.get_mut(shard % count.max(1)) else { return };
        let place = memory.and_then(|memory| Some((memory, place_of(segment.payload, memory)?)));
        if let Some((memory, _)) = place {
            match &worker.batch.memory {
                Some(held) if Arc::ptr_eq(held, memory) => {}
                held => {
                    if held.is_some() {
                        worker.send(empty);
                    }
                    worker.batch.memory = Some(Arc::clone(memory));
                }
            }
        }
        let batch = &mut worker.batch;
        let (shared, from) = match place {
            Some((_, from)) => (true, from),
            None => {
                batch.bytes.extend_from_slice(segment.payload);
                (false, batch.bytes.len() - segment.payload.len())
            }
        };
        batch.segments.push(Packed {
            segment: Segment { payload: &[], ..*segment },
            shard,
            ordinal,
            shared,
            from,
            to: from + segment.payload.len(),
        });
        if batch.bytes.len() >= BATCH_BYTES || batch.segments.len() >= BATCH_SEGMENTS {
            worker.send(empty);
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

impl<S> Worker<'_, S> {
    /// Gives the batch to the worker, begins another.
    fn send(&mut self, empty: &Receiver<Batch>) {
        let empty = empty.try_recv().unwrap_or_default();
        let batch = std::mem::replace(&mut self.batch, empty);
        // A worker ends only when this side hangs up.
        let _ = self.full.send(batch);
    }
}

/// Where `payload` stands in `memory`, if it does.
fn place_of(payload: &[u8], memory: &[u8]) -> Option<usize> {
    let from = payload.as_ptr().addr().checked_sub(memory.as_ptr().addr())?;
    let there = memory.get(from..from.checked_add(payload.len())?)?;
    // The same bytes, not equal ones.
    std::ptr::eq(there, payload).then_some(from)
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
            let memory = batch.memory.as_deref().filter(|_| packed.shared).unwrap_or(&batch.bytes);
            let payload = memory.get(packed.from..packed.to).unwrap_or_default();
            let segment = Segment { payload, ..packed.segment };
            if let Some(flows) = shards.get_mut(packed.shard / stride) {
                flows.push(&segment, packed.ordinal, &mut listener);
            }
        }
        exchanges += listener.exchanges;
        batch.memory = None;
        batch.bytes.clear();
        batch.segments.clear();
        // The reader may be done already.
        let _ = give_back.send(batch);
    }
    let mut done = end(&mut shards, shared, &mut sink);
    done.exchanges += exchanges;
    (sink, done)
}
