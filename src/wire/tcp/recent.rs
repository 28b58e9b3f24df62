//! Takes payload as it is given on, remembers the newest of it: a retransmission that differs from the
//! first copy is a conflict worth telling, and nothing else keeps bytes that passed through.
//!
//! One ring serves all connections of a shard, so memory is fixed and idle connections cost nothing.

use std::collections::VecDeque;

use super::assembler::{differing, slice};

/// Records that are looked at for one retransmission.
const STEPS: usize = 64;

#[derive(Debug)]
struct Record {
    /// The record before it of the same direction.
    previous: u64,
    /// Stream offset of its bytes.
    offset: u64,
    /// Where its bytes stand in the ring.
    at: usize,
    length: usize,
}

/// The newest payload of all connections of a shard.
#[derive(Debug)]
pub(super) struct Recent {
    ring: Vec<u8>,
    capacity: usize,
    at: usize,
    records: VecDeque<Record>,
    /// Number of the first record; numbers begin at 1, 0 is none.
    first: u64,
}

impl Recent {
    pub(super) fn new(capacity: usize) -> Self {
        Self { ring: Vec::new(), capacity, at: 0, records: VecDeque::new(), first: 1 }
    }

    /// Remembers bytes of a direction whose newest record is `previous`; gives the number of the new one.
    pub(super) fn push(&mut self, previous: u64, offset: u64, bytes: &[u8]) -> u64 {
        let length = bytes.len();
        if length > self.capacity / 2 {
            return previous;
        }
        if self.at + length > self.capacity {
            while self.records.front().is_some_and(|record| record.at >= self.at) {
                self.forget();
            }
            self.at = 0;
        }
        let (from, to) = (self.at, self.at + length);
        while self.records.front().is_some_and(|record| record.at < to && record.at + record.length > from) {
            self.forget();
        }
        if self.ring.len() < to {
            self.ring.resize(to, 0);
        }
        if let Some(room) = self.ring.get_mut(from..to) {
            room.copy_from_slice(bytes);
        }
        self.at = to;
        self.records.push_back(Record { previous, offset, at: from, length });
        self.first + self.records.len() as u64 - 1
    }

    fn forget(&mut self) {
        self.records.pop_front();
        self.first += 1;
    }

    /// How many of `bytes`, at `offset` of the direction whose newest record is `newest`, differ from
    /// what was given on.
    pub(super) fn conflicts(&self, newest: u64, offset: u64, bytes: &[u8]) -> u64 {
        let mut number = newest;
        let mut differ = 0;
        for _ in 0..STEPS {
            let Some(record) = number
                .checked_sub(self.first)
                .and_then(|index| self.records.get(usize::try_from(index).unwrap_or(usize::MAX)))
            else {
                break;
            };
            let kept = slice(&self.ring, record.at as u64, (record.at + record.length) as u64);
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
    use super::*;

    #[test]
    fn remembers_the_newest_and_forgets_the_oldest() {
        let mut recent = Recent::new(64);
        let one = recent.push(0, 100, b"aaaaaaaaaa");
        let two = recent.push(one, 110, b"bbbbbbbbbb");
        assert_eq!(recent.conflicts(two, 105, b"aaaaabbbbb"), 0);
        assert_eq!(recent.conflicts(two, 105, b"aaaaXXbbbb"), 2);
        assert_eq!(recent.conflicts(0, 105, b"XXXX"), 0);
        let mut other = 0;
        for round in 0..20 {
            other = recent.push(other, round * 10, b"cccccccccc");
        }
        assert_eq!(recent.conflicts(two, 105, b"XXXXX"), 0, "forgotten: nothing is claimed");
        assert_eq!(recent.conflicts(other, 190, b"ccccXccccc"), 1);
    }
}
