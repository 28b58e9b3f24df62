//! Takes the entries that one thread finds, gives their exchanges on others: finding where an entry ends is a small
//! part of the work. When the others have enough to do, the thread that finds builds exchanges itself.

use std::sync::mpsc::{Receiver, Sender, SyncSender, TrySendError};
use std::sync::{Mutex, PoisonError};

use super::super::tunnels::{Inside, Tunnels};
use super::super::{Notice, Worker};
use super::build;
use super::entry::Entry;
use super::scan::Span;
use super::window::{SIZE, Window};
use crate::connection::LeftOut;
use crate::exchange::{Enough, Exchange};

/// Batches that wait at most: whoever finds is not far ahead.
pub(super) const WAITING: usize = 4;

/// Memory of a batch beyond which it is not given on: several threads would hold as much.
const LARGE: usize = 8 * SIZE;

/// Notices that are kept of one thread: more are only counted.
const NOTICES: usize = 128;

/// An entry that was found.
struct Found {
    /// Where its spans count from.
    base: usize,
    index: u64,
    /// `None` where something else than an object stands.
    entry: Option<Entry<Span>>,
}

/// Entries, and the memory that they stand in.
#[derive(Default)]
pub(super) struct Batch {
    bytes: Vec<u8>,
    entries: Vec<Found>,
}

/// What came of some entries besides exchanges.
#[derive(Default)]
pub(super) struct Part {
    /// Entries that gave exchanges.
    pub(super) used: u64,
    pub(super) tunnels: Tunnels,
    notices: Vec<Notice>,
    more: u64,
}

impl Part {
    /// Tells later of an entry that was left out.
    pub(super) fn tell(&mut self, notice: Notice) {
        if self.notices.len() < NOTICES { self.notices.push(notice) } else { self.more += 1 }
    }

    /// All notices in the order of the entries, then as many without words as were only counted.
    pub(super) fn told(parts: Vec<Self>) -> impl Iterator<Item = Notice> {
        let more: u64 = parts.iter().map(|part| part.more).sum();
        let mut notices: Vec<Notice> = parts.into_iter().flat_map(|part| part.notices).collect();
        notices.sort_by_key(|notice| notice.entry);
        let further = || Notice::lost(None, "a further entry is odd", LeftOut::request());
        let counted = (0..more).map(move |_| further());
        notices.into_iter().chain(counted)
    }
}

/// Builds the exchange of an entry, or tells why there is none.
pub(super) fn build(
    entry: Option<Entry<Span>>,
    bytes: &[u8],
    index: u64,
    enough: Option<Enough>,
) -> Result<Exchange, Notice> {
    let built = match entry {
        Some(entry) => build::exchange(&entry.of(bytes), index, enough),
        None => Err("is no object".to_owned()),
    };
    built.map_err(|lack| {
        Notice::lost(Some(index), format!("entry {index} {lack}, left out"), LeftOut::request())
    })
}

impl Batch {
    fn build(&mut self, part: &mut Part, enough: Option<Enough>, mut take: impl FnMut(Exchange)) {
        for Found { base, index, entry } in self.entries.drain(..) {
            match build(entry, self.bytes.get(base..).unwrap_or_default(), index, enough) {
                Ok(exchange) => {
                    part.used += 1;
                    part.tunnels.see(&exchange, Inside::Untold, None);
                    take(exchange);
                }
                Err(notice) => part.tell(notice),
            }
        }
    }
}

/// Where found entries go.
pub(super) struct Hand {
    send: SyncSender<Batch>,
    spare: Receiver<Batch>,
    /// What was built here, to be used again.
    own: Option<Batch>,
    enough: Option<Enough>,
    open: Vec<Found>,
    /// What the finding thread has to tell.
    pub(super) part: Part,
}

impl Hand {
    pub(super) fn new(send: SyncSender<Batch>, spare: Receiver<Batch>, enough: Option<Enough>) -> Self {
        Self { send, spare, own: None, enough, open: Vec::new(), part: Part::default() }
    }

    /// Takes the entry at which the window begins.
    pub(super) fn add(&mut self, window: &Window<'_>, index: u64, entry: Option<Entry<Span>>) {
        self.open.push(Found { base: window.start(), index, entry });
    }

    /// Gives on what was taken, before the window moves its memory. What is large stays here, and what nobody
    /// waits for.
    pub(super) fn over(&mut self, window: &mut Window<'_>, take: impl FnMut(Exchange)) {
        if self.open.is_empty() {
            return;
        }
        let mut spare = self.own.take().or_else(|| self.spare.try_recv().ok()).unwrap_or_default();
        let bytes = window.give(std::mem::take(&mut spare.bytes));
        let entries = std::mem::replace(&mut self.open, spare.entries);
        let batch = Batch { bytes, entries };
        let large = batch.bytes.len() > LARGE;
        let unsent = if large { Err(TrySendError::Full(batch)) } else { self.send.try_send(batch) };
        // When all workers are gone, by a panic that whoever joins them passes on, nothing is built any more.
        if let Err(TrySendError::Full(mut batch)) = unsent {
            batch.build(&mut self.part, self.enough, take);
            self.own = (!large).then_some(batch);
        }
    }
}

/// Builds exchanges until nothing more is found.
pub(super) fn work(
    batches: &Mutex<Receiver<Batch>>,
    back: &Sender<Batch>,
    enough: Option<Enough>,
    mut worker: Worker<'_>,
) -> Part {
    let mut part = Part::default();
    loop {
        let next = batches.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(mut batch) = next else { return part };
        batch.build(&mut part, enough, &mut worker);
        let _ = back.send(batch);
    }
}
