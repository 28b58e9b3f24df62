//! Takes the bytes of an HTTP Archive, gives its exchanges. HAR 1.2 (W3C draft 2012-08-14) as browsers,
//! proxies and test tools write it.
//!
//! The file is scanned once, entry by entry, without a tree: what an entry holds is borrowed from the
//! file until its exchange is built. An entry with a fault costs itself; scanning goes on at the next
//! one. A file that is cut is used up to the cut.

mod build;
mod entry;
pub(crate) mod scan;
mod stripped;

use super::{ImportError, ImportSettings, Notice, Receiver};
use entry::Entry;
use scan::{Fault, Scan};
use stripped::Stripped;

/// Reads the whole of a HAR file.
///
/// # Errors
/// When it is no HAR file, or is cut or damaged before its entries.
pub fn read(bytes: &[u8], settings: &ImportSettings, out: &mut dyn Receiver) -> Result<(), ImportError> {
    let _ = settings;
    let text = super::text::utf8(bytes);
    let mut scan = Scan::new(&text);
    let mut file =
        File { out, stripped: Stripped::default(), entries: 0, used: 0, found: false, rescanned: 0 };
    let end = match scan.peek() {
        Some(b'{') => file.top(&mut scan),
        _ => return Err(ImportError::Damaged(place(&scan, "expected a JSON object with the member log"))),
    };
    let File { out, stripped, entries, used, found, .. } = file;
    stripped.finish(out);
    match end {
        Ok(()) if found => Ok(()),
        Ok(()) => Err(ImportError::Kind("is JSON, but no HAR: it has no member log.entries".to_owned())),
        Err(fault) if used == 0 => Err(ImportError::Damaged(place(&scan, &describe(fault)))),
        Err(fault) => {
            let what = match fault {
                Fault::Cut => "is cut",
                _ => "is damaged",
            };
            let told = format!("{what}: {}; the {used} entries before are used", describe(fault));
            out.notice(Notice { entry: Some(entries), text: place(&scan, &told) });
            out.truncated();
            Ok(())
        }
    }
}

/// What is known while a file is read.
struct File<'r> {
    out: &'r mut dyn Receiver,
    stripped: Stripped,
    /// Entries begun so far.
    entries: u64,
    /// Entries that gave exchanges.
    used: u64,
    /// Whether there was a list of entries.
    found: bool,
    /// Bytes that were read twice because of faults.
    rescanned: usize,
}

impl File<'_> {
    /// The outermost object; `entries` without `log` around it is let pass.
    fn top(&mut self, scan: &mut Scan<'_>) -> Result<(), Fault> {
        scan.object(|scan, name| match name.raw() {
            b"log" => scan
                .object(|scan, name| match name.raw() {
                    b"entries" => self.list(scan),
                    // A HAR of pages only is one without entries.
                    b"pages" => {
                        self.found |= scan.peek() == Some(b'[');
                        scan.skip()
                    }
                    _ => scan.skip(),
                })
                .map(|_| ()),
            b"entries" => self.list(scan),
            _ => scan.skip(),
        })
        .map(|_| ())
    }

    fn list(&mut self, scan: &mut Scan<'_>) -> Result<(), Fault> {
        self.found |= scan.peek() == Some(b'[');
        scan.array(|scan| self.entry(scan)).map(|_| ())
    }

    fn entry(&mut self, scan: &mut Scan<'_>) -> Result<(), Fault> {
        let index = self.entries;
        // To the entry's brace, so that looking for the next one does not find this one again.
        scan.peek();
        let start = scan.position();
        let told = match Entry::read(scan) {
            Ok(Some(entry)) => match build::exchange(&entry, index) {
                Ok(exchange) => {
                    self.used += 1;
                    self.stripped.pass(exchange, self.out);
                    None
                }
                Err(lack) => Some(format!("entry {index} {lack}, left out")),
            },
            Ok(None) => Some(format!("entry {index} is no object, left out")),
            Err(fault) => {
                // A cut may be a quote that is missing: what follows is looked at in both cases.
                let told =
                    place(scan, &format!("entry {index} is damaged and left out: {}", describe(fault)));
                let stopped = scan.position();
                if self.rescanned > 2 * scan.length() || !scan.next_entry(start + 1) {
                    return Err(fault);
                }
                self.rescanned += stopped.saturating_sub(scan.position());
                Some(told)
            }
        };
        self.entries += 1;
        if let Some(text) = told {
            self.out.notice(Notice { entry: Some(index), text });
        }
        Ok(())
    }
}

fn describe(fault: Fault) -> String {
    match fault {
        Fault::Cut => "the file ends inside a value".to_owned(),
        Fault::Expected(what) => format!("expected {what}"),
        Fault::Deep => format!("nested deeper than {} levels", crate::limits::EXPORT_DEPTH),
    }
}

fn place(scan: &Scan<'_>, what: &str) -> String {
    format!("{what} (at byte {})", scan.position())
}

#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    let _ = read(data, &ImportSettings::default(), &mut super::Collected::default());
}

#[cfg(test)]
mod tests;
