//! Takes where payload stands that is given on, remembers the newest of it: a retransmission that differs from
//! the first copy is a conflict worth telling, and nothing else looks at bytes that passed through.
//!
//! One list serves all connections of a shard, so idle connections cost nothing; the bytes themselves stay in
//! the memory of the capture ([`History`]).

use std::collections::VecDeque;

use super::assembler::differing;
use super::history::{History, Mark};

/// Records that are looked at for one retransmission.
const STEPS: usize = 64;

#[derive(Debug)]
struct Record {
    /// The record before it of the same direction.
    previous: u64,
    /// Stream offset of its bytes.
    offset: u64,
    /// Where its bytes stand.
    mark: Mark,
    length: usize,
}

/// The newest payload of all connections of a shard.
#[derive(Debug)]
pub(super) struct Recent {
    records: VecDeque<Record>,
    /// Number of the first record; numbers begin at 1, 0 is none.
    first: u64,
}

impl Default for Recent {
    fn default() -> Self {
        Self { records: VecDeque::new(), first: 1 }
    }
}

impl Recent {
    /// Remembers bytes of a direction whose newest record is `previous`; gives the number of the new one.
    pub(super) fn push(&mut self, previous: u64, offset: u64, mark: Mark, length: usize) -> u64 {
        while self.records.front().is_some_and(|record| record.mark.is_old(mark)) {
            self.records.pop_front();
            self.first += 1;
        }
        self.records.push_back(Record { previous, offset, mark, length });
        self.first + self.records.len() as u64 - 1
    }

    /// How many of `bytes`, which stand at `now` and at `offset` of the direction whose newest record is `newest`,
    /// differ from what was given on.
    pub(super) fn conflicts(
        &self,
        history: &History,
        newest: u64,
        offset: u64,
        bytes: &[u8],
        now: Mark,
    ) -> u64 {
        let mut number = newest;
        let mut differ = 0;
        for _ in 0..STEPS {
            let record = number
                .checked_sub(self.first)
                .and_then(|index| self.records.get(usize::try_from(index).unwrap_or(usize::MAX)));
            let Some(record) = record.filter(|record| !record.mark.is_old(now)) else { break };
            let Some(kept) = history.get(record.mark, record.length) else { break };
            differ += differing(bytes, offset, kept, record.offset);
            if record.offset <= offset {
                break;
            }
            number = record.previous;
        }
        differ
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::limits;

    #[test]
    fn remembers_the_newest_and_forgets_the_oldest() {
        let mut recent = Recent::default();
        let mut history = History::default();
        history.see(1000, &Arc::new(b"....aaaaaaaaaa....bbbbbbbbbb".to_vec()));
        let mark = |position| Mark { position, copied: false };
        let now = mark(1100);
        let one = recent.push(0, 100, mark(1004), 10);
        let two = recent.push(one, 110, mark(1018), 10);
        assert_eq!(recent.conflicts(&history, two, 105, b"aaaaabbbbb", now), 0);
        assert_eq!(recent.conflicts(&history, two, 105, b"aaaaXXbbbb", now), 2);
        assert_eq!(recent.conflicts(&history, 0, 105, b"XXXX", now), 0);
        let far = mark(1018 + limits::RECENT_BYTES);
        assert_eq!(recent.conflicts(&history, two, 110, b"XXXX", far), 0, "forgotten: nothing is claimed");
        history.see(far.position, &Arc::new(b"cccccccccc".to_vec()));
        let other = recent.push(0, 120, far, 10);
        assert_eq!(recent.records.len(), 1);
        assert_eq!(recent.conflicts(&history, two, 105, b"XXXXX", far), 0);
        assert_eq!(recent.conflicts(&history, other, 120, b"ccccXccccc", far), 1);
    }

    #[test]
    fn copies_are_found_as_well() {
        let mut history = History::default();
        history.keep(7, b"fragments".to_vec().into());
        history.keep(90, b"others".to_vec().into());
        let mark = Mark { position: 7, copied: true };
        assert_eq!(history.get(mark.after(4), 5), Some(&b"ments"[..]));
        assert_eq!(history.get(mark.after(4), 6), None);
        history.keep(7 + limits::RECENT_BYTES, b"new".to_vec().into());
        assert_eq!(history.get(mark, 9), None);
    }
}
