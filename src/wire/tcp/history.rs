//! Takes the memory that a capture is read into, block by block, keeps the newest: payload that was given on
//! can still be compared with a retransmission, and is not copied for that.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::limits;

/// Where a payload stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mark {
    /// Of its first byte (or its packet's, where it is a copy) in the capture. Says also what is recent:
    /// the distance to it does not depend on how a file was read.
    pub position: u64,
    /// Not in the memory of the capture, but a copy: joined fragments.
    pub copied: bool,
}

impl Mark {
    /// The mark of what follows the first `count` bytes.
    pub(super) fn after(self, count: u64) -> Self {
        Self { position: self.position.saturating_add(count), ..self }
    }

    /// Whether it is too far back, as seen from `now`, to be compared with.
    pub(super) fn is_old(self, now: Self) -> bool {
        self.position.saturating_add(limits::RECENT_BYTES) <= now.position
    }
}

/// The newest blocks of a capture. Each worker has its own; the blocks are shared.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Blocks with the position of their first byte, ascending.
    blocks: VecDeque<(u64, Arc<Vec<u8>>)>,
    /// Copies with their positions.
    copies: VecDeque<(u64, Box<[u8]>)>,
}

impl History {
    /// The capture is being read in `memory`, whose first byte stands at `base`.
    pub fn see(&mut self, base: u64, memory: &Arc<Vec<u8>>) {
        if self.blocks.back().is_some_and(|(from, last)| *from == base && Arc::ptr_eq(last, memory)) {
            return;
        }
        let old = |(from, block): &(u64, Arc<Vec<u8>>)| {
            from.saturating_add(block.len() as u64).saturating_add(limits::RECENT_BYTES) <= base
        };
        while self.blocks.front().is_some_and(old) {
            self.blocks.pop_front();
        }
        self.blocks.push_back((base, Arc::clone(memory)));
    }

    /// Keeps a payload that stands nowhere else.
    pub fn keep(&mut self, position: u64, bytes: Box<[u8]>) {
        let now = Mark { position, copied: true };
        while self.copies.front().is_some_and(|(from, _)| Mark { position: *from, copied: true }.is_old(now))
        {
            self.copies.pop_front();
        }
        self.copies.push_back((position, bytes));
    }

    /// The bytes at a mark; `None` when they are forgotten.
    pub fn get(&self, mark: Mark, length: usize) -> Option<&[u8]> {
        let (base, bytes): (u64, &[u8]) = match mark.copied {
            true => {
                let (base, bytes) = self.copies.iter().rev().find(|(from, _)| *from <= mark.position)?;
                (*base, bytes)
            }
            // Blocks overlap: a packet that was cut by the end of one stands whole in the next.
            false => {
                let (base, block) = self.blocks.iter().rev().find(|(from, _)| *from <= mark.position)?;
                (*base, block)
            }
        };
        let from = usize::try_from(mark.position - base).ok()?;
        bytes.get(from..from.checked_add(length)?)
    }
}
