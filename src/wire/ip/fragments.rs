//! Takes fragments, gives whole datagrams. Bounded; nothing is joined across a hole.
//!
//! RFC 791 3.2, RFC 8200 4.5, RFC 815. Overlaps do not occur in honest traffic: where two copies differ, the
//! IPv4 datagram keeps the first and is counted, the IPv6 datagram is given up (RFC 5722).

use std::collections::{HashMap, VecDeque};

use super::Pair;
use crate::limits;

/// The header of a fragment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fragment {
    pub(super) pair: Pair,
    pub(super) realm: u32,
    pub(super) identity: u32,
    /// What the datagram holds, as this fragment says.
    pub(super) protocol: u8,
    pub(super) version: u8,
    pub(super) offset: usize,
    pub(super) more: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Key {
    pair: Pair,
    realm: u32,
    identity: u32,
    /// 0 for IPv6, where only the first fragment's protocol counts.
    protocol: u8,
}

/// A datagram that is not yet whole.
#[derive(Debug, Default)]
struct Partial {
    bytes: Vec<u8>,
    /// What is there, ascending, neither touching nor overlapping.
    have: Vec<(usize, usize)>,
    /// Its length, once the last fragment was seen.
    length: Option<usize>,
    protocol: Option<u8>,
    born: u64,
    conflict: bool,
}

/// Datagrams in pieces.
#[derive(Debug, Default)]
pub(super) struct Fragments {
    partial: HashMap<Key, Partial, foldhash::fast::RandomState>,
    /// In order of birth; may name datagrams that are done.
    order: VecDeque<(Key, u64)>,
    held: usize,
    conflicting: u64,
    unfinished: u64,
    too_many: u64,
    too_large: u64,
    malformed: u64,
}

/// The longest datagram.
const LONGEST: usize = 65_535;

impl Fragments {
    /// Takes a piece; gives the protocol and the datagram when that completes it. `now` counts packets.
    pub(super) fn push(&mut self, fragment: Fragment, piece: &[u8], now: u64) -> Option<(u8, Vec<u8>)> {
        let end = fragment.offset.saturating_add(piece.len());
        if end > LONGEST || piece.is_empty() || (fragment.more && !piece.len().is_multiple_of(8)) {
            self.malformed += 1;
            return None;
        }
        self.expire(now);
        let key = Key {
            pair: fragment.pair,
            realm: fragment.realm,
            identity: fragment.identity,
            protocol: if fragment.version == 4 { fragment.protocol } else { 0 },
        };
        let partial = self.partial.entry(key).or_insert_with(|| {
            self.order.push_back((key, now));
            Partial { born: now, ..Partial::default() }
        });
        let before = partial.bytes.len();
        partial.insert(fragment.offset, piece);
        self.held = self.held.saturating_add(partial.bytes.len()).saturating_sub(before);
        if fragment.offset == 0 {
            partial.protocol = Some(fragment.protocol);
        }
        if !fragment.more {
            partial.conflict |= partial.length.is_some_and(|length| length != end);
            partial.length = Some(partial.length.map_or(end, |length| length.min(end)));
        }
        if partial.is_whole() {
            return self.finish(key, fragment.version);
        }
        self.bound();
        None
    }

    fn finish(&mut self, key: Key, version: u8) -> Option<(u8, Vec<u8>)> {
        let mut partial = self.partial.remove(&key)?;
        self.held = self.held.saturating_sub(partial.bytes.len());
        if partial.conflict {
            self.conflicting += 1;
            if version == 6 {
                return None;
            }
        }
        partial.bytes.truncate(partial.length?);
        Some((partial.protocol?, partial.bytes))
    }

    /// Gives up what waited too long.
    fn expire(&mut self, now: u64) {
        while let Some((key, born)) = self.order.front().copied() {
            let live = self.partial.get(&key).is_some_and(|partial| partial.born == born);
            if live && now.saturating_sub(born) <= limits::FRAGMENT_PACKETS {
                return;
            }
            self.order.pop_front();
            if live {
                self.unfinished += 1;
                self.forget(&key);
            }
        }
    }

    /// Gives up the oldest when too many wait.
    fn bound(&mut self) {
        while self.partial.len() > limits::FRAGMENTED_DATAGRAMS || self.held > limits::FRAGMENT_BYTES {
            let Some((key, born)) = self.order.pop_front() else { return };
            if self.partial.get(&key).is_some_and(|partial| partial.born == born) {
                match self.held > limits::FRAGMENT_BYTES {
                    true => self.too_large += 1,
                    false => self.too_many += 1,
                }
                self.forget(&key);
            }
        }
        // Names of finished datagrams must not pile up behind one that waits.
        if self.order.len() > limits::FRAGMENTED_DATAGRAMS * 4 {
            let partial = &self.partial;
            self.order.retain(|(key, born)| partial.get(key).is_some_and(|live| live.born == *born));
        }
    }

    fn forget(&mut self, key: &Key) {
        if let Some(partial) = self.partial.remove(key) {
            self.held = self.held.saturating_sub(partial.bytes.len());
        }
    }

    pub(super) fn notices(&self) -> impl Iterator<Item = (String, u64)> {
        let headless = self.partial.values().filter(|partial| partial.protocol.is_none()).count() as u64;
        let waiting = (self.partial.len() as u64).saturating_sub(headless);
        [
            ("fragmented datagrams with conflicting overlaps", self.conflicting),
            ("fragmented datagrams without a beginning", headless),
            ("fragmented datagrams without an end", waiting),
            ("fragmented datagrams given up: too many waited (limit FRAGMENTED_DATAGRAMS)", self.too_many),
            ("fragmented datagrams given up: too many bytes waited (limit FRAGMENT_BYTES)", self.too_large),
            (
                "fragmented datagrams given up: their end did not come (limit FRAGMENT_PACKETS)",
                self.unfinished,
            ),
            ("malformed fragments", self.malformed),
        ]
        .into_iter()
        .map(|(line, count)| (line.to_owned(), count))
    }
}

impl Partial {
    fn is_whole(&self) -> bool {
        match (self.have.as_slice(), self.length) {
            ([(0, end)], Some(length)) => *end >= length,
            _ => false,
        }
    }

    /// Adds what is new of a piece; what was there first stays.
    fn insert(&mut self, offset: usize, piece: &[u8]) {
        let end = offset.saturating_add(piece.len());
        if self.bytes.is_empty() {
            // Fresh memory of the system is zero already: a small piece far behind must not cost what it claims.
            self.bytes = vec![0; end];
        } else if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        let old: Vec<(usize, usize)> =
            self.have.iter().copied().filter(|(from, to)| *from < end && *to > offset).collect();
        let mut at = offset;
        for (from, to) in old.iter().copied().chain([(end, end)]) {
            self.copy(at, from.max(at), offset, piece);
            let (from, to) = (from.max(offset), to.min(end));
            if self.bytes.get(from..to) != piece.get(from - offset..to.max(from) - offset) {
                self.conflict = true;
            }
            at = to.max(at);
        }
        self.note(offset, end);
    }

    /// Copies `from..to` of the datagram out of a piece that begins at `offset`.
    fn copy(&mut self, from: usize, to: usize, offset: usize, piece: &[u8]) {
        let source = piece.get(from.saturating_sub(offset)..to.saturating_sub(offset));
        if let (Some(target), Some(source)) = (self.bytes.get_mut(from..to), source)
            && target.len() == source.len()
        {
            target.copy_from_slice(source);
        }
    }

    /// Merges `from..to` into what is there.
    fn note(&mut self, mut from: usize, mut to: usize) {
        let first = self.have.partition_point(|range| range.1 < from);
        let last = self.have.partition_point(|range| range.0 <= to);
        for range in self.have.get(first..last).unwrap_or_default() {
            from = from.min(range.0);
            to = to.max(range.1);
        }
        self.have.splice(first..last.max(first), [(from, to)]);
    }
}

#[cfg(test)]
mod tests;
