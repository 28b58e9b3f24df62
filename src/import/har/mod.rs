//! Takes the bytes of an HTTP Archive, gives its exchanges. HAR 1.2 (W3C draft 2012-08-14) as browsers,
//! proxies and test tools write it.
//!
//! The file is scanned once, entry by entry, without a tree, through a window that is used again: what an
//! entry holds is borrowed from it until its exchange is built. An entry with a fault costs itself; scanning
//! goes on at the next one. A file that is cut is used up to the cut.

mod build;
mod entry;
pub(crate) mod scan;
mod spread;
mod stripped;
mod walk;
mod window;

use std::io::Read;
use std::sync::mpsc::{channel, sync_channel};
use std::sync::{Arc, Mutex};

use super::tunnels::{Inside, Tunnels};
use super::{ImportError, ImportSettings, Notice, Receiver, Worker};
use crate::connection::LeftOut;
use crate::exchange::{Enough, Exchange};
use crate::limits;
use entry::Entry;
use scan::{Fault, Scan, Span};
use spread::{Hand, Part};
use stripped::Stripped;
use walk::{Step, Walk};
use window::Window;

/// Reads the whole of a HAR file.
///
/// # Errors
/// When it is no HAR file, or is cut or damaged before its entries.
pub fn read(bytes: &[u8], settings: &ImportSettings, out: &mut dyn Receiver) -> Result<(), ImportError> {
    read_from(&mut &bytes[..], settings, Vec::new(), out)
}

/// Bytes of a file after which threads are worth their start.
const SMALL: u64 = 4 << 20;

/// Reads a HAR file as it comes. What cannot be read ends it as its end does. Once it proves large, and no doubt
/// is left whether credentials were taken out of it, exchanges go to the workers, each on a thread of its own.
///
/// # Errors
/// As for [`read`].
pub fn read_from(
    bytes: &mut dyn Read,
    settings: &ImportSettings,
    workers: Vec<Worker<'_>>,
    out: &mut dyn Receiver,
) -> Result<(), ImportError> {
    through(Window::new(bytes, window::SIZE), Crowd { workers, after: SMALL }, settings.enough, out)
}

/// Threads that may be had, and the offset from which on.
struct Crowd<'c> {
    workers: Vec<Worker<'c>>,
    after: u64,
}

fn through(
    mut window: Window<'_>,
    crowd: Crowd<'_>,
    enough: Option<Enough>,
    out: &mut dyn Receiver,
) -> Result<(), ImportError> {
    while window.held().len() < BEGINNING && window.more() == Ok(true) {}
    let beginning = window.held().get(..BEGINNING).unwrap_or(window.held());
    let mark = super::text::mark(beginning);
    if super::text::is_wide(beginning) {
        let text = wide(&mut window);
        return File::new(Window::new(&mut &text[..], window::SIZE), crowd, enough, out).read();
    }
    window.pass_mark(mark);
    File::new(window, crowd, enough, out).read()
}

/// Bytes that tell how text is written.
const BEGINNING: usize = 64;

/// A file in UTF-16, whole.
fn wide(window: &mut Window<'_>) -> Vec<u8> {
    let mut bytes = window.held().to_vec();
    window.pass(bytes.len());
    while (bytes.len() as u64) < limits::EXPORT_BYTES && window.more() == Ok(true) {
        bytes.extend_from_slice(window.held());
        window.pass(window.held().len());
    }
    super::text::utf8(&bytes).into_owned()
}

/// What is known while a file is read.
struct File<'w, 'c, 'r> {
    window: Window<'w>,
    crowd: Crowd<'c>,
    enough: Option<Enough>,
    out: &'r mut dyn Receiver,
    stripped: Stripped,
    tunnels: Tunnels,
    /// Where entries go once there are threads.
    hand: Option<Hand>,
    /// Entries begun so far.
    entries: u64,
    /// Entries that gave exchanges.
    used: u64,
    /// Bytes that were read twice because of faults.
    rescanned: u64,
    /// Whether an entry was begun and not read to its end.
    inside: bool,
}

/// A fault and where it is.
type Found = (Fault, u64);

/// Where a walk has come to.
enum Come {
    /// To the end.
    End,
    /// To where threads are worth their start.
    Far,
}

impl<'w, 'c, 'r> File<'w, 'c, 'r> {
    fn new(window: Window<'w>, crowd: Crowd<'c>, enough: Option<Enough>, out: &'r mut dyn Receiver) -> Self {
        let stripped = Stripped::default();
        Self {
            window,
            crowd,
            enough,
            out,
            stripped,
            tunnels: Tunnels::default(),
            hand: None,
            entries: 0,
            used: 0,
            rescanned: 0,
            inside: false,
        }
    }

    fn read(mut self) -> Result<(), ImportError> {
        let mut walk = Walk::new();
        let (first, at) = self.first();
        if first != Some(b'{') {
            return Err(ImportError::Damaged(place(at, "expected a JSON object with the member log")));
        }
        self.window.pass(1);
        let end = match self.walk(&mut walk) {
            Ok(Come::Far) => self.spread(&mut walk),
            end => end,
        };
        std::mem::take(&mut self.stripped).finish(self.out);
        std::mem::take(&mut self.tunnels).finish(self.out);
        match end {
            Ok(_) if walk.found => {
                self.rest();
                Ok(())
            }
            Ok(_) => Err(ImportError::Kind("is JSON, but no HAR: it has no member log.entries".to_owned())),
            Err((fault, at)) if self.used == 0 => Err(ImportError::Damaged(place(at, &describe(fault)))),
            Err((fault, at)) => {
                let what = match fault {
                    Fault::Cut => "is cut",
                    _ => "is damaged",
                };
                let before = match self.used {
                    1 => "the entry before is used".to_owned(),
                    used => format!("the {used} entries before are used"),
                };
                let told = format!("{what}: {}; {before}", describe(fault));
                // A cut between entries costs none that is there.
                let lost = self.inside || fault != Fault::Cut;
                let loss = lost.then(LeftOut::request);
                self.out.notice(Notice { loss, ..Notice::new(Some(self.entries), place(at, &told)) });
                self.out.truncated();
                Ok(())
            }
        }
    }

    /// The first byte that is not white space, and where it stands.
    fn first(&mut self) -> (Option<u8>, u64) {
        loop {
            let mut scan = Scan::new(self.window.held());
            let found = scan.peek();
            let blank = scan.position();
            self.window.pass(blank);
            if found.is_some() || self.window.more() != Ok(true) {
                return (found, self.window.offset());
            }
        }
    }

    /// Tells when something follows the document, as where several were put into one file. Zeros are what is left of
    /// space that was reserved for a file.
    fn rest(&mut self) {
        loop {
            let held = self.window.held();
            match held.iter().position(|byte| !byte.is_ascii_whitespace() && *byte != 0) {
                Some(found) => {
                    let at = self.window.offset() + found as u64;
                    let text = place(at, "more follows behind the end of the document, and is not read");
                    return self.out.notice(Notice::lost(None, text, LeftOut::request()));
                }
                None => self.window.pass(held.len()),
            }
            if self.window.more() != Ok(true) {
                return;
            }
        }
    }

    /// Walks on while others build exchanges of what is found.
    fn spread(&mut self, walk: &mut Walk) -> Result<Come, Found> {
        let (send, batches) = sync_channel(spread::WAITING);
        let (back, spare) = channel();
        let batches = Arc::new(Mutex::new(batches));
        let workers = std::mem::take(&mut self.crowd.workers);
        let enough = self.enough;
        let mut parts = Vec::new();
        let end = std::thread::scope(|scope| {
            let start = |worker| {
                let (batches, back) = (Arc::clone(&batches), back.clone());
                scope.spawn(move || spread::work(&batches, &back, enough, worker))
            };
            let running: Vec<_> = workers.into_iter().map(start).collect();
            // Only the workers hold it now: without them nothing can be sent.
            drop(batches);
            self.hand = Some(Hand::new(send, spare, enough));
            let end = self.walk(walk);
            self.hand_over();
            parts.extend(self.hand.take().map(|hand| hand.part));
            for thread in running {
                parts.push(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            }
            end
        });
        self.used += parts.iter().map(|part| part.used).sum::<u64>();
        for part in &mut parts {
            self.tunnels.merge(std::mem::take(&mut part.tunnels));
        }
        Part::told(parts).for_each(|notice| self.out.notice(notice));
        end
    }

    fn hand_over(&mut self) {
        if let Some(hand) = &mut self.hand {
            hand.over(&mut self.window, |exchange| self.out.exchange(exchange));
        }
    }

    /// Has more of the document in the window. What was found in it is given on before.
    fn more(&mut self) -> Result<bool, window::Full> {
        self.hand_over();
        self.window.more()
    }

    fn tell(&mut self, notice: Notice) {
        match &mut self.hand {
            Some(hand) => hand.part.tell(notice),
            None => self.out.notice(notice),
        }
    }

    /// Walks to each entry and reads it.
    fn walk(&mut self, walk: &mut Walk) -> Result<Come, Found> {
        loop {
            let far = self.window.offset() >= self.crowd.after && self.stripped.is_over();
            if far && !self.crowd.workers.is_empty() {
                return Ok(Come::Far);
            }
            let ended = self.window.ended();
            let mut scan = Scan::part(self.window.held(), !ended);
            let step = walk.step(&mut scan);
            let at = scan.position();
            match step {
                Ok(Step::On) => self.window.pass(at),
                Ok(Step::End) => {
                    self.window.pass(at);
                    return Ok(Come::End);
                }
                Ok(Step::Entry) => {
                    self.window.pass(at);
                    self.entry()?;
                    walk.after_entry();
                }
                Err(Fault::Cut) if !ended => {
                    self.window.pass(at);
                    self.more().map_err(|window::Full| (Fault::Large, self.window.offset()))?;
                }
                Err(Fault::Cut) => return Err((Fault::Cut, self.window.seen())),
                Err(fault) => return Err((fault, self.window.offset() + at as u64)),
            }
        }
    }

    /// Reads the entry at which the window begins. Where it goes on behind the window, it is read again
    /// when more is there.
    fn entry(&mut self) -> Result<(), Found> {
        let index = self.entries;
        self.inside = true;
        if index >= limits::EXPORT_ENTRIES {
            let fault = Fault::Expected("fewer entries (limit EXPORT_ENTRIES)");
            return Err((fault, self.window.offset()));
        }
        let told = loop {
            let ended = self.window.ended();
            let mut scan = Scan::part(self.window.held(), !ended);
            let read = Entry::read(&mut scan);
            let at = scan.position();
            let fault = match read {
                Ok(entry) => {
                    let told = self.found(entry, index);
                    self.window.pass(at);
                    break told;
                }
                Err(Fault::Cut) if !ended => match self.more() {
                    Ok(_) => continue,
                    Err(window::Full) => Fault::Large,
                },
                Err(fault) => fault,
            };
            let text = self.give_up(fault, at)?;
            break Some(Notice::lost(Some(index), text, LeftOut::request()));
        };
        self.entries += 1;
        self.inside = false;
        told.into_iter().for_each(|notice| self.tell(notice));
        Ok(())
    }

    /// Gives on the entry at which the window begins, or says why it gives none.
    fn found(&mut self, entry: Option<Entry<Span>>, index: u64) -> Option<Notice> {
        if let Some(hand) = &mut self.hand {
            hand.add(&self.window, index, entry);
            return None;
        }
        let exchange = |exchange: Exchange| {
            self.used += 1;
            self.tunnels.see(&exchange, Inside::Untold, None);
            self.stripped.pass(exchange, self.out);
        };
        spread::build(entry, self.window.held(), index, self.enough).map(exchange).err()
    }

    /// Leaves out the entry at which the window begins, and goes to the next one.
    fn give_up(&mut self, fault: Fault, at: usize) -> Result<String, Found> {
        let stopped = self.window.offset() + at as u64;
        let told = format!("entry {} is damaged and left out: {}", self.entries, describe(fault));
        // A cut may be a quote that is missing: what follows is looked at in both cases.
        if self.rescanned > 2 * self.window.seen() || !self.next_entry() {
            return Err((fault, stopped));
        }
        self.rescanned += stopped.saturating_sub(self.window.offset());
        Ok(place(stopped, &told))
    }

    /// Goes to the comma before the next entry, if there is one.
    fn next_entry(&mut self) -> bool {
        let mut from = 1;
        loop {
            let ended = self.window.ended();
            let mut scan = Scan::part(self.window.held(), !ended);
            match scan.next_entry(from) {
                Ok(()) => {
                    let at = scan.position();
                    self.window.pass(at);
                    return true;
                }
                Err(_) if ended => return false,
                Err(resume) => {
                    // The comma may stand before.
                    let before = self.window.held().get(..resume).unwrap_or_default().trim_ascii_end();
                    let passed = before.len().saturating_sub(1);
                    self.window.pass(passed);
                    from = resume - passed;
                    if self.more().is_err() {
                        return false;
                    }
                }
            }
        }
    }
}

fn describe(fault: Fault) -> String {
    match fault {
        Fault::Cut => "the file ends inside a value".to_owned(),
        Fault::Expected(what) => format!("expected {what}"),
        Fault::Deep => format!("nested deeper than {} levels (limit EXPORT_DEPTH)", limits::EXPORT_DEPTH),
        Fault::Large => {
            format!("larger than {} bytes (limit EXPORT_ENTRY_BYTES)", limits::EXPORT_ENTRY_BYTES)
        }
    }
}

fn place(at: u64, what: &str) -> String {
    format!("{what} (at byte {at})")
}

#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    let _ = read(data, &ImportSettings::default(), &mut super::Collected::default());
}

#[cfg(test)]
mod tests;
