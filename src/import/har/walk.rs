//! Takes the bytes of a HAR file piece by piece, gives the place of each entry: the walk from the outermost
//! object to the list `log.entries`. Values of other members are passed over.

use super::scan::{Fault, Scan};

/// What one stands in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    /// The outermost object.
    Top,
    /// The object `log`.
    Log,
    /// The list of entries.
    Entries,
}

/// What is to be read next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Next {
    /// A first member or element, or the end.
    First,
    /// A member or element.
    Other,
    /// A comma, or the end.
    After,
    /// The rest of a value that nobody asks for, so deep inside of it.
    Skip(usize),
}

/// What a step came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step {
    /// There is more to walk.
    On,
    /// An entry stands here; the caller reads it and calls [`Walk::after_entry`].
    Entry,
    /// The outermost object is over.
    End,
}

/// Where a walk has come to.
#[derive(Clone, Debug)]
pub(super) struct Walk {
    places: Vec<Place>,
    next: Next,
    /// Whether there was a list of entries.
    pub(super) found: bool,
}

impl Walk {
    /// Inside the outermost object, before its first member.
    pub(super) fn new() -> Self {
        Self { places: vec![Place::Top], next: Next::First, found: false }
    }

    /// One step. At [`Fault::Cut`], with the rest of the document at hand, the same step can be done again
    /// from the position of `scan`.
    pub(super) fn step(&mut self, scan: &mut Scan<'_>) -> Result<Step, Fault> {
        let Some(&place) = self.places.last() else { return Ok(Step::End) };
        if let Next::Skip(depth) = &mut self.next {
            scan.skip_on(depth)?;
            self.next = Next::After;
            return Ok(Step::On);
        }
        let end = if place == Place::Entries { b']' } else { b'}' };
        let found = scan.peek().ok_or(Fault::Cut)?;
        if found == end && self.next != Next::Other {
            scan.step();
            self.places.pop();
            self.next = Next::After;
            return Ok(if self.places.is_empty() { Step::End } else { Step::On });
        }
        if self.next == Next::After {
            if found != b',' {
                return Err(Fault::Expected(match place {
                    Place::Entries => "a comma or the end of an array",
                    Place::Top | Place::Log => "a comma or the end of an object",
                }));
            }
            scan.step();
            self.next = Next::Other;
            return Ok(Step::On);
        }
        if place == Place::Entries {
            return Ok(Step::Entry);
        }
        self.member(place, scan)
    }

    /// An entry was read, or given up: one stands behind it.
    pub(super) fn after_entry(&mut self) {
        self.next = Next::After;
    }

    fn member(&mut self, place: Place, scan: &mut Scan<'_>) -> Result<Step, Fault> {
        let start = scan.clone();
        let result = self.enter(place, scan);
        if result == Err(Fault::Cut) {
            *scan = start;
        }
        result.map(|()| Step::On)
    }

    /// Reads a name and goes into its value. `entries` without `log` around it is let pass.
    fn enter(&mut self, place: Place, scan: &mut Scan<'_>) -> Result<(), Fault> {
        let name = scan.name()?;
        let value = scan.peek().ok_or(Fault::Cut)?;
        let inner = match (name.raw(), place, value) {
            (b"log", Place::Top, b'{') => Place::Log,
            (b"entries", Place::Top | Place::Log, b'[') => Place::Entries,
            // A HAR of pages only is one without entries.
            (b"pages", Place::Log, b'[') => {
                self.found = true;
                self.next = Next::Skip(0);
                return Ok(());
            }
            _ => {
                self.next = Next::Skip(0);
                return Ok(());
            }
        };
        scan.step();
        self.found |= inner == Place::Entries;
        self.places.push(inner);
        self.next = Next::First;
        Ok(())
    }
}
