//! Takes the segments of one direction, gives its bytes in order: what is in order passes through
//! without a copy, what is early waits here.
//!
//! Sequence numbers are unwrapped to 64-bit offsets at once (RFC 1982 comparison around the next
//! expected byte), so nothing else here knows about wrapping. Where copies overlap, the first one wins.

use super::history::Mark;
use super::pieces::{Piece, Pieces};
use crate::limits;
use crate::wire::stream::FrameRef;

/// Offset of the byte after the initial sequence number. Not 0, so that bytes from before the first
/// segment that was seen still have an offset.
const ORIGIN: u64 = 1 << 40;

/// Beyond this distance a sequence number belongs to no window of this connection (RFC 7323 2.3 allows
/// windows up to 2^30).
const WINDOW: i64 = 1 << 30;

/// What one early segment costs beyond its bytes, for the bounds.
const PIECE_COST: usize = 128;

/// What most directions never need, or only at their end: kept apart, so that a connection is small.
#[derive(Debug)]
struct Rare {
    /// What is early.
    early: Pieces,
    /// Memory of that.
    cost: usize,
    /// Lowest offset that the peer acknowledged before the beginning was known.
    lowest: u64,
    /// Offset of the FIN.
    fin: Option<u64>,
    /// Payload bytes in gaps.
    missing: u64,
    /// Payload bytes that differed from their first copy.
    conflicting: u64,
}

impl Default for Rare {
    fn default() -> Self {
        Self { early: Pieces::default(), cost: 0, lowest: u64::MAX, fin: None, missing: 0, conflicting: 0 }
    }
}

/// One direction of a connection.
#[derive(Debug)]
pub(super) struct Half {
    /// Offset of the next byte to give on.
    pub(super) next: u64,
    /// Highest offset that the peer acknowledged.
    pub(super) acked: u64,
    /// The newest record of this direction in the shard's list of recent payload.
    pub(super) recent: u64,
    rare: Option<Box<Rare>>,
    /// Sequence number at `ORIGIN`.
    base: u32,
    /// Sequence number of the first byte of the stream, once anchored.
    first: u32,
    /// Whether `base` means anything.
    known: bool,
    /// Whether `next` is where the stream begins or goes on, rather than only the first thing seen.
    pub(super) anchored: bool,
    /// Whether a SYN of this direction said where the stream begins.
    told: bool,
    /// No byte of this direction was captured so far, although the peer acknowledged some: its holes
    /// are not waited for.
    pub(super) absent: bool,
    /// Whether the end was given on.
    pub(super) ended: bool,
    /// The peer acknowledged bytes before the first one that was seen, of a connection that was joined midway: they
    /// may have passed before the recording began.
    late: bool,
}

impl Default for Half {
    fn default() -> Self {
        Self {
            next: ORIGIN,
            acked: 0,
            recent: 0,
            rare: None,
            base: 0,
            first: 0,
            known: false,
            anchored: false,
            told: false,
            absent: false,
            ended: false,
            late: false,
        }
    }
}

/// Where a segment stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// At this offset.
    At(u64),
    /// In no window of this connection.
    Elsewhere,
}

impl Half {
    /// The offset of a sequence number; the first one asked about begins the numbering.
    pub(super) fn place(&mut self, sequence: u32) -> Place {
        if !self.known {
            self.known = true;
            self.base = sequence;
        }
        self.peek(sequence)
    }

    /// The same without beginning the numbering.
    pub(super) fn peek(&self, sequence: u32) -> Place {
        if !self.known {
            return Place::Elsewhere;
        }
        let distance = i64::from(sequence.wrapping_sub(self.sequence(self.next)) as i32);
        if distance.abs() > WINDOW {
            return Place::Elsewhere;
        }
        Place::At(self.next.saturating_add_signed(distance))
    }

    /// The sequence number of an offset.
    fn sequence(&self, offset: u64) -> u32 {
        self.base.wrapping_add(offset.wrapping_sub(ORIGIN) as u32)
    }

    /// Whether any sequence number is known.
    pub(super) fn known(&self) -> bool {
        self.known
    }

    /// Whether `sequence` is the first of the stream, as an earlier SYN said or the first bytes let think.
    pub(super) fn begins_with(&self, sequence: u32) -> bool {
        self.anchored && self.first == sequence
    }

    /// A SYN said that the stream begins with `sequence`: whether that fits what is known already.
    pub(super) fn could_begin_with(&self, sequence: u32) -> bool {
        if !self.known || self.begins_with(sequence) {
            return true;
        }
        if self.told {
            return false;
        }
        let Place::At(start) = self.peek(sequence) else { return false };
        if self.anchored {
            // A SYN that comes later than what was taken for the beginning.
            let late = self.first.wrapping_sub(sequence) as usize;
            return late < limits::ANCHOR_BYTES;
        }
        start <= self.first_held().unwrap_or(self.next)
    }

    /// A SYN of this direction says that the stream begins with `sequence`.
    pub(super) fn begin_at(&mut self, sequence: u32) {
        self.told |= !self.anchored;
        self.anchor_at(sequence);
    }

    /// Fixes the beginning of the stream at `sequence`.
    pub(super) fn anchor_at(&mut self, sequence: u32) {
        if self.anchored {
            return;
        }
        if let Place::At(start) = self.place(sequence) {
            self.next = start;
        }
        self.first = self.sequence(self.next);
        self.anchored = true;
    }

    /// Fixes the beginning at what was seen first in order, or what the peer acknowledged before that; `whole` when a
    /// SYN was seen, so that it is missing rather than perhaps from before the capture.
    pub(super) fn anchor_at_seen(&mut self, whole: bool) {
        if self.anchored || !self.known {
            return;
        }
        let seen = self.first_held().unwrap_or(u64::MAX);
        let start = seen.min(self.lowest());
        self.late = !whole && seen != u64::MAX && start < seen;
        if start != u64::MAX {
            self.next = start;
        }
        self.first = self.sequence(self.next);
        self.anchored = true;
    }

    /// The peer acknowledged everything before `sequence`.
    pub(super) fn acknowledge(&mut self, sequence: u32) {
        if let Place::At(offset) = self.place(sequence) {
            self.acked = self.acked.max(offset);
            if !self.anchored {
                let rare = self.rare.get_or_insert_default();
                rare.lowest = rare.lowest.min(offset);
            }
        }
    }

    /// The offset before which nothing is outstanding.
    pub(super) fn read_up_to(&self) -> u64 {
        match (self.anchored, self.held_count()) {
            (true, _) => self.next,
            (false, 0) => self.lowest(),
            (false, _) => 0,
        }
    }

    fn lowest(&self) -> u64 {
        self.rare.as_ref().map_or(u64::MAX, |rare| rare.lowest)
    }

    /// Offset of the FIN.
    #[inline]
    pub(super) fn fin(&self) -> Option<u64> {
        self.rare.as_ref().and_then(|rare| rare.fin)
    }

    /// A FIN stands at `offset`; the first one counts.
    pub(super) fn finishes_at(&mut self, offset: u64) {
        self.rare.get_or_insert_default().fin.get_or_insert(offset);
    }

    /// Payload bytes in gaps.
    pub(super) fn missing(&self) -> u64 {
        self.rare.as_ref().map_or(0, |rare| rare.missing)
    }

    /// Gives the next `missing` bytes up; gives how many of them are known to be missing.
    pub(super) fn skip(&mut self, missing: u64) -> u64 {
        self.next += missing;
        if std::mem::take(&mut self.late) {
            self.first = self.sequence(self.next);
            return 0;
        }
        self.rare.get_or_insert_default().missing += missing;
        missing
    }

    /// Bytes were given on.
    pub(super) fn gave(&mut self, bytes: u64) {
        self.next += bytes;
        self.late = false;
    }

    /// Payload bytes that differed from their first copy.
    pub(super) fn conflicting(&self) -> u64 {
        self.rare.as_ref().map_or(0, |rare| rare.conflicting)
    }

    /// So many bytes differed from their first copy.
    pub(super) fn conflicts(&mut self, bytes: u64) {
        if bytes > 0 {
            self.rare.get_or_insert_default().conflicting += bytes;
        }
    }

    /// Payload bytes given on: all since the beginning that are not missing.
    pub(super) fn bytes(&self) -> u64 {
        if !self.anchored {
            return 0;
        }
        let start = ORIGIN.saturating_add_signed(i64::from(self.first.wrapping_sub(self.base) as i32));
        self.next.saturating_sub(start).saturating_sub(self.missing())
    }

    /// Keeps an early segment. Bytes that are there already stay (those that differ are counted); bytes
    /// before `next` must have been cut off.
    pub(super) fn hold(
        &mut self,
        offset: u64,
        bytes: &[u8],
        cut: u32,
        need: u64,
        (frame, mark): (FrameRef, Mark),
    ) {
        let end = offset.saturating_add(bytes.len() as u64).saturating_add(u64::from(cut));
        let data_end = offset.saturating_add(bytes.len() as u64);
        let rare = &mut **self.rare.get_or_insert_default();
        let mut free = Vec::new();
        let mut cursor = offset;
        for (start, piece) in rare.early.within(offset, end) {
            if start > cursor {
                free.push((cursor, start));
            }
            rare.conflicting += differing(bytes, offset, &piece.bytes, start);
            cursor = cursor.max(start + piece.span());
        }
        if cursor < end {
            free.push((cursor, end));
        }
        for (from, to) in free {
            let part: Box<[u8]> = slice(bytes, from - offset, to.min(data_end).max(from) - offset).into();
            let cut = u32::try_from(to.saturating_sub(data_end.max(from))).unwrap_or(u32::MAX);
            rare.cost += part.len() + PIECE_COST;
            rare.early.insert(from, Piece { bytes: part, mark: mark.after(from - offset), cut, need, frame });
        }
    }

    fn first_early(&self) -> Option<(u64, &Piece)> {
        self.rare.as_ref()?.early.first()
    }

    /// Offset of the first early piece.
    pub(super) fn first_held(&self) -> Option<u64> {
        self.first_early().map(|(offset, _)| offset)
    }

    /// How far the sender of the first early piece had read the other direction.
    pub(super) fn first_need(&self) -> Option<u64> {
        self.first_early().map(|(_, piece)| piece.need)
    }

    /// The frame of the first early piece.
    pub(super) fn first_frame(&self) -> Option<FrameRef> {
        self.first_early().map(|(_, piece)| piece.frame)
    }

    /// Early pieces in order.
    pub(super) fn pieces(&self) -> impl Iterator<Item = &Piece> {
        self.rare.iter().flat_map(|rare| rare.early.values())
    }

    /// Takes out the first early piece.
    pub(super) fn take_first(&mut self) -> Option<(u64, Piece)> {
        let rare = self.rare.as_mut()?;
        let (offset, piece) = rare.early.pop_first()?;
        rare.cost = rare.cost.saturating_sub(piece.bytes.len() + PIECE_COST);
        if rare.early.is_empty() {
            // A list or tree that grew is not kept.
            rare.early = Pieces::default();
        }
        Some((offset, piece))
    }

    /// The first early piece is given on whatever its sender had read.
    pub(super) fn waive_first_need(&mut self) {
        if let Some(first) = self.rare.as_mut().and_then(|rare| rare.early.first_mut()) {
            first.need = 0;
        }
    }

    /// Nothing more comes: bytes beyond a FIN are not part of the stream.
    pub(super) fn end(&mut self) {
        self.ended = true;
        if let Some(rare) = &mut self.rare {
            rare.early = Pieces::default();
            rare.cost = 0;
        }
    }

    /// What the early pieces cost in memory.
    pub(super) fn held_cost(&self) -> usize {
        self.rare.as_ref().map_or(0, |rare| rare.cost)
    }

    /// How many pieces are early.
    pub(super) fn held_count(&self) -> usize {
        self.rare.as_ref().map_or(0, |rare| rare.early.len())
    }
}

/// `bytes[from..to]`, clamped.
pub(super) fn slice(bytes: &[u8], from: u64, to: u64) -> &[u8] {
    let at = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
    bytes.get(at(from)..at(to)).unwrap_or_default()
}

/// How many bytes differ where `a` at offset `a_at` and `b` at offset `b_at` overlap.
pub(super) fn differing(a: &[u8], a_at: u64, b: &[u8], b_at: u64) -> u64 {
    let from = a_at.max(b_at);
    let to = (a_at + a.len() as u64).min(b_at + b.len() as u64);
    if from >= to {
        return 0;
    }
    let (a, b) = (slice(a, from - a_at, to - a_at), slice(b, from - b_at, to - b_at));
    if a == b {
        return 0;
    }
    a.iter().zip(b).filter(|(a, b)| a != b).count() as u64
}
