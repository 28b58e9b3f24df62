//! Takes a capture and workers that share its connections, runs each worker on a thread of its own. Whoever finds
//! that little is left to decode reads on, so that reading is divided as well.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::engine::{Done, Worker};
use super::intake::{Batch, Intake};
use crate::sink::Sink;

/// Batches of one worker below which somebody should read on.
const FEW: usize = 2;
/// Batches of one worker beyond which nobody reads on: the others wait for it.
const MANY: usize = 8;

/// What the threads hand to each other.
struct Desk<'f> {
    /// Batches that wait, by worker.
    queues: Vec<VecDeque<Batch>>,
    /// Where packets come from, unless somebody is reading.
    intake: Option<Box<Intake<'f>>>,
    /// Batches to be used again.
    spare: Vec<Batch>,
    /// Nothing more will be read.
    ended: bool,
}

struct Office<'f> {
    desk: Mutex<Desk<'f>>,
    news: Condvar,
}

/// What a thread does next.
enum Task<'f> {
    Read(Box<Intake<'f>>, Vec<Batch>),
    Decode(Batch),
    Leave,
}

/// Decodes all that is left of the capture; the first worker on this thread and into `sink`. Gives back what
/// read it: whoever reads brings it back before leaving.
pub(super) fn run<'f, S: Sink>(
    intake: Box<Intake<'f>>,
    workers: Vec<Worker>,
    sink: &mut S,
) -> (Option<Box<Intake<'f>>>, Done) {
    let desk = Desk {
        queues: workers.iter().map(|_| VecDeque::new()).collect(),
        intake: Some(intake),
        spare: Vec::new(),
        ended: false,
    };
    let office = Office { desk: Mutex::new(desk), news: Condvar::new() };
    let mut done = Done::default();
    let mut workers = workers.into_iter();
    let first = workers.next();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (1..)
            .zip(workers)
            .map(|(number, worker)| {
                let (office, mut sink) = (&office, sink.fork());
                scope.spawn(move || {
                    let done = office.work(number, worker, &mut sink);
                    (sink, done)
                })
            })
            .collect();
        if let Some(first) = first {
            done.add(&office.work(0, first, sink));
        }
        for thread in threads {
            let (other, part) = thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            sink.join(other);
            done.add(&part);
        }
    });
    (office.desk.into_inner().unwrap_or_else(PoisonError::into_inner).intake, done)
}

impl<'f> Office<'f> {
    fn work<S: Sink>(&self, number: usize, mut worker: Worker, sink: &mut S) -> Done {
        let _guard = Guard(self);
        loop {
            match self.task(number) {
                Task::Read(mut intake, mut batches) => {
                    let more = intake.fill(&mut batches);
                    self.bring(intake, batches, more);
                }
                Task::Decode(mut batch) => {
                    worker.decode(&mut batch, sink);
                    self.lock().spare.push(batch);
                }
                Task::Leave => {
                    // What this worker decoded is counted among what waits; only that concerns it.
                    if let Some(intake) = &mut self.lock().intake {
                        intake.end();
                    }
                    return worker.end(sink);
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Desk<'f>> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn task(&self, number: usize) -> Task<'f> {
        let mut desk = self.lock();
        loop {
            let lengths = || desk.queues.iter().map(VecDeque::len);
            let due = lengths().any(|length| length < FEW) && lengths().all(|length| length < MANY);
            if due
                && !desk.ended
                && let Some(intake) = desk.intake.take()
            {
                let count = desk.queues.len();
                let from = desk.spare.len().saturating_sub(count);
                return Task::Read(intake, desk.spare.split_off(from));
            }
            if let Some(queue) = desk.queues.get_mut(number)
                && let Some(batch) = queue.pop_front()
            {
                if queue.len() + 1 == MANY {
                    // Somebody may read on.
                    self.news.notify_all();
                }
                return Task::Decode(batch);
            }
            if desk.ended {
                return Task::Leave;
            }
            desk = self.news.wait(desk).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// What was read is on the desk.
    fn bring(&self, intake: Box<Intake<'f>>, batches: Vec<Batch>, more: bool) {
        let mut desk = self.lock();
        let Desk { queues, spare, .. } = &mut *desk;
        for (queue, batch) in queues.iter_mut().zip(batches) {
            if batch.segments.is_empty() { spare.push(batch) } else { queue.push_back(batch) }
        }
        desk.intake = Some(intake);
        desk.ended |= !more;
        drop(desk);
        self.news.notify_all();
    }
}

/// Lets the others go when a thread panics: they would wait for it forever.
struct Guard<'o, 'f>(&'o Office<'f>);

impl Drop for Guard<'_, '_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.lock().ended = true;
            self.0.news.notify_all();
        }
    }
}
