//! Takes segments that came early, keeps them by their offset until their turn comes.

use std::collections::BTreeMap;

use super::history::Mark;
use crate::wire::stream::FrameRef;

/// A segment that came early.
#[derive(Debug)]
pub(super) struct Piece {
    /// Its bytes.
    pub(super) bytes: Box<[u8]>,
    /// Where they stand in the capture.
    pub(super) mark: Mark,
    /// Bytes after them that a snap length cut off.
    pub(super) cut: u32,
    /// The offset of the other direction up to which its sender had read: it is not given on earlier.
    pub(super) need: u64,
    /// The frame that carried it.
    pub(super) frame: FrameRef,
}

impl Piece {
    pub(super) fn span(&self) -> u64 {
        self.bytes.len() as u64 + u64::from(self.cut)
    }
}

/// Pieces that never overlap, by offset. Few are kept in a plain list: most connections have one or two, and a
/// million connections one each. Many go into a tree, so that no order of arrival is slow.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    /// Ascending; empty once there is a tree.
    few: Vec<(u64, Piece)>,
    many: Option<BTreeMap<u64, Piece>>,
}

/// How many a list holds.
const FEW: usize = 8;

impl Pieces {
    pub(super) fn len(&self) -> usize {
        self.many.as_ref().map_or(self.few.len(), BTreeMap::len)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn insert(&mut self, offset: u64, piece: Piece) {
        if let Some(many) = &mut self.many {
            many.insert(offset, piece);
            return;
        }
        if self.few.len() >= FEW {
            let mut many: BTreeMap<u64, Piece> = std::mem::take(&mut self.few).into_iter().collect();
            many.insert(offset, piece);
            self.many = Some(many);
            return;
        }
        if self.few.is_empty() {
            self.few.reserve_exact(1);
        }
        let at = self.few.partition_point(|(from, _)| *from < offset);
        self.few.insert(at, (offset, piece));
    }

    pub(super) fn first(&self) -> Option<(u64, &Piece)> {
        match &self.many {
            Some(many) => many.first_key_value().map(|(offset, piece)| (*offset, piece)),
            None => self.few.first().map(|(offset, piece)| (*offset, piece)),
        }
    }

    pub(super) fn first_mut(&mut self) -> Option<&mut Piece> {
        match &mut self.many {
            Some(many) => many.values_mut().next(),
            None => self.few.first_mut().map(|(_, piece)| piece),
        }
    }

    pub(super) fn pop_first(&mut self) -> Option<(u64, Piece)> {
        match &mut self.many {
            Some(many) => many.pop_first(),
            None if self.few.is_empty() => None,
            None => Some(self.few.remove(0)),
        }
    }

    /// Those that share an offset with `from..to`, ascending.
    pub(super) fn within(&self, from: u64, to: u64) -> impl Iterator<Item = (u64, &Piece)> {
        let many = self.many.iter().flat_map(move |many| {
            let before = many.range(..from).next_back();
            before.into_iter().chain(many.range(from..to.max(from))).map(|(offset, piece)| (*offset, piece))
        });
        let few = self.few.iter().map(|(offset, piece)| (*offset, piece));
        many.chain(few).filter(move |(offset, piece)| *offset < to && offset + piece.span() > from)
    }

    /// All, ascending.
    pub(super) fn values(&self) -> impl Iterator<Item = &Piece> {
        self.many.iter().flat_map(BTreeMap::values).chain(self.few.iter().map(|(_, piece)| piece))
    }
}
