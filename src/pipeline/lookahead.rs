//! Takes the files that are still to be read, gives their secrets ahead of their packets.
//!
//! Keys may stand after the packets that need them. Records wait for them within bounds; before the
//! bounds are reached the rest of the inputs is looked through for secrets, once, and nothing need wait
//! any longer.

use super::Run;
use super::sources::Found;
use super::take_secrets;
use crate::limits;
use crate::wire::capture::decompress;
use crate::wire::capture::sniff::Sniffed;
use crate::wire::capture::{Item, Reader};
use crate::wire::tls::secrets::Secrets;

/// Watches how much waits for keys.
pub(super) struct Lookahead<'f> {
    run: Run<'f>,
    /// The file that is being read.
    current: Found,
    done: bool,
    packets: u32,
}

impl<'f> Lookahead<'f> {
    pub(super) const fn new(run: Run<'f>, current: Found) -> Self {
        Self { run, current, done: false, packets: 0 }
    }

    /// Another file is being read.
    pub(super) fn turn_to(&mut self, current: Found) {
        self.current = current;
    }

    /// Called for every packet; looks now and then whether too much waits: into the rest of the file that is being
    /// read, and those after it.
    pub(super) fn tick(&mut self, secrets: &Secrets) {
        self.packets = self.packets.wrapping_add(1);
        if self.packets.is_multiple_of(64) && !self.done && secrets.waiting() > limits::LOOKAHEAD_BYTES {
            self.done = true;
            self.look(secrets, Some(&self.current));
        }
    }

    /// Called where the file that is being read ends, before its connections do: if something still waits, only the
    /// files after it can hold its keys. Called again by each thread, whose own connections may be those that wait.
    pub(super) fn end(&mut self, secrets: &Secrets) {
        if !self.done && secrets.waiting() > 0 {
            self.done = true;
            self.look(secrets, None);
        }
    }

    fn look(&self, secrets: &Secrets, current: Option<&Found>) {
        let waiting: Vec<Found> = self.run.queue().waiting().cloned().collect();
        let files = || current.into_iter().chain(&waiting);
        for found in files() {
            scan(found, secrets);
        }
        // What cannot be read twice, such as standard input, may still hold some.
        if files().all(|found| !found.is_read_once()) {
            secrets.seal();
        }
    }
}

/// Reads the secrets of one file; what cannot be read is complained of when its turn comes.
fn scan(found: &Found, secrets: &Secrets) {
    if found.is_read_once() {
        return;
    }
    let Some(opened) = found.open().ok().and_then(|file| decompress::open(file).ok()) else { return };
    if opened.kind != Sniffed::Pcapng {
        return;
    }
    let Ok(mut reader) = Reader::open(opened.read) else { return };
    while let Ok(Some(item)) = reader.next_item() {
        if !matches!(item, Item::Packet(_)) {
            take_secrets(&found.name, &item, secrets);
        }
    }
}
