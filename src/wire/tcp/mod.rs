//! Takes TCP segments, gives the events of each connection's two byte streams. RFC 9293.
//!
//! Right under reordering, retransmission, overlap (the first copy wins), sequence wrap (RFC 1982), reuse
//! of ports, starts in the middle and half-open endings. Nothing is ever joined across a gap.

mod assembler;
mod connection;
mod history;
mod key;
mod pieces;
mod recent;
mod slab;
#[cfg(test)]
mod tests;

pub use connection::{Identity, Summary};
pub use history::{History, Mark};

use std::collections::VecDeque;
use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use self::connection::{After, Connection};
use self::key::{FlowKey, Side};
use self::recent::Recent;
use self::slab::Slab;
use crate::base::Instant;
use crate::limits;
use crate::wire::ip::{Flags, Segment};
use crate::wire::stream::{Direction, FrameRef, StreamEvent};

/// Who listens to the streams. `Talk` is what it keeps for one connection, from the first event on.
pub trait Listener {
    /// State of one connection.
    type Talk;

    /// Who would say this: [`Direction::Sent`] for a client, `Received` for a server, `None` when it cannot be
    /// told. Asked only when no SYN was seen.
    fn speaker(&self, bytes: &[u8]) -> Option<Direction>;

    /// The next event of one direction. Gives whether the bytes still matter: what nobody looks at is
    /// only counted here, and not given on.
    fn event(
        &mut self,
        who: &Identity,
        talk: &mut Option<Box<Self::Talk>>,
        direction: Direction,
        event: StreamEvent<'_>,
    ) -> bool;

    /// The connection is over; both directions have ended when there is a talk.
    fn closed(&mut self, summary: Summary, talk: Option<Box<Self::Talk>>);

    /// Looks at what the next event will need, so that it is in the cache by then; gives anything that
    /// depends on all of it.
    fn touch(_talk: &Self::Talk) -> usize {
        0
    }
}

/// The header of a segment, as a connection needs it: what one thread gives to another.
#[derive(Clone, Copy, Debug)]
pub struct Header {
    key: FlowKey,
    frame: FrameRef,
    sequence: u32,
    acknowledgement: u32,
    cut: u32,
    flags: Flags,
    side: Side,
}

impl Header {
    /// That of `segment`.
    #[inline]
    pub fn of(segment: &Segment<'_>) -> Self {
        let (key, side) = FlowKey::of(segment.source, segment.destination, segment.realm);
        Self {
            key,
            frame: segment.frame,
            sequence: segment.sequence,
            acknowledgement: segment.acknowledgement,
            cut: segment.cut,
            flags: segment.flags,
            side,
        }
    }

    /// When it came.
    pub fn time(&self) -> Option<Instant> {
        self.frame.time
    }

    /// Which of the [`limits::SHARDS`] its connection belongs to.
    #[inline]
    pub fn shard(&self) -> usize {
        self.key.shard(limits::SHARDS)
    }
}

/// Where a connection is said to be. The key itself stands in the connection only; whether it is this one is looked
/// at when its memory is needed anyway.
#[derive(Clone, Copy, Debug)]
struct Entry {
    /// Bits of the key's hash.
    tag: u32,
    place: u32,
}

/// Where a connection was found, most likely: checked when it is used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Hint(u32);

/// The connections of one shard.
#[derive(Debug)]
pub struct Flows<T> {
    /// Places of connections by their keys, which stand in the connections only.
    places: HashTable<Entry>,
    hasher: RandomState,
    slab: Slab<Connection<T>>,
    recent: Recent,
    /// Payloads of segments that came alone, and how many bytes came so.
    alone: (History, u64),
    /// Connections that are over and wait for late packets, oldest first: places and ordinals.
    over: VecDeque<(u32, u32)>,
    /// Connections with early segments; may name some that have none any more.
    early: Vec<u32>,
    held: usize,
    hand: u32,
    /// Connections on which nothing was said when they began, oldest first; some speak by now.
    silent: VecDeque<(u32, u32)>,
    reached: Reached,
}

/// How often bounds were reached.
#[derive(Clone, Copy, Default, Debug)]
pub struct Reached {
    /// Connections that were let go because there were too many.
    pub evicted: u64,
    /// The same, of such on which nothing was said.
    pub silent: u64,
    /// Connections whose holes were taken for losses because all together held back too much.
    pub relieved: u64,
    /// Holes that were taken for losses because their connection held back too much.
    pub forced: u64,
}

impl<T> Default for Flows<T> {
    fn default() -> Self {
        Self {
            places: HashTable::new(),
            hasher: RandomState::default(),
            slab: Slab::default(),
            recent: Recent::default(),
            alone: (History::default(), 0),
            over: VecDeque::new(),
            early: Vec::new(),
            held: 0,
            hand: 0,
            silent: VecDeque::new(),
            reached: Reached::default(),
        }
    }
}

/// Bits of a hash that the table does not look at itself.
const fn tag(hash: u64) -> u32 {
    (hash >> 24) as u32
}

/// What a packet counts for beyond its payload, where [`Flows::push`] says what is recent.
const PACKET: u64 = 64;

impl<T> Flows<T> {
    /// Takes the next segment, whose payload stands nowhere else. `ordinal` numbers a connection that begins
    /// with it.
    pub fn push<L: Listener<Talk = T>>(&mut self, segment: &Segment<'_>, ordinal: u32, listener: &mut L) {
        let header = Header::of(segment);
        let mark = Mark { position: self.alone.1, copied: true };
        self.alone.1 += segment.payload.len() as u64 + PACKET;
        let mut history = std::mem::take(&mut self.alone.0);
        if !segment.payload.is_empty() {
            history.keep(mark.position, segment.payload.into());
        }
        let hint = self.find(&header);
        self.push_at(hint, &header, (segment.payload, mark), ordinal, &history, listener);
        self.alone.0 = history;
    }

    /// Connections that may say more: those that are over and only wait for late packets hold no decoder.
    #[inline]
    pub fn speaking(&self) -> usize {
        self.places.len().saturating_sub(self.over.len())
    }

    /// Looks for the connection of a segment, without looking at any: their memory is seldom in the cache.
    #[inline]
    pub fn find(&self, segment: &Header) -> Hint {
        let hash = self.hasher.hash_one(segment.key);
        let tag = tag(hash);
        Hint(self.places.find(hash, |entry| entry.tag == tag).map_or(u32::MAX, |entry| entry.place))
    }

    /// The same for certain.
    fn find_certainly(&self, segment: &Header) -> Hint {
        let hash = self.hasher.hash_one(segment.key);
        let tag = tag(hash);
        let found = self.places.find(hash, |entry| entry.tag == tag && self.has(entry.place, segment));
        Hint(found.map_or(u32::MAX, |entry| entry.place))
    }

    /// Looks at what a segment will need, so that it is in the cache by then; gives anything that depends on it.
    #[inline]
    pub fn touch<L: Listener<Talk = T>>(&self, hint: Hint, segment: &Header) -> usize {
        let connection = self.slab.get(hint.0);
        connection.map_or(0, |connection| connection.touch::<L>(segment.side))
    }

    #[inline]
    fn has(&self, place: u32, segment: &Header) -> bool {
        let connection = self.slab.get(place);
        connection.is_some_and(|connection| connection.identity.key == segment.key)
    }

    /// Takes the next segment with its payload and where that stands in `history`. `ordinal` numbers a
    /// connection that begins with it.
    pub fn push_at<L: Listener<Talk = T>>(
        &mut self,
        hint: Hint,
        segment: &Header,
        (payload, mark): (&[u8], Mark),
        ordinal: u32,
        history: &History,
        listener: &mut L,
    ) {
        let hint = if self.has(hint.0, segment) { hint } else { self.find_certainly(segment) };
        let known = self.slab.get(hint.0);
        let place = match known {
            Some(connection) if !connection.is_replaced_by(segment, payload) => hint.0,
            _ if segment.flags.rst() => return,
            known => {
                if known.is_some() {
                    self.close(hint.0, false, listener);
                }
                self.open(segment, ordinal, listener)
            }
        };
        let Some(connection) = self.slab.get_mut(place) else { return };
        let before = connection.held_cost();
        let after = connection.push(segment, (payload, mark), (&mut self.recent, history), listener);
        let now = connection.held_cost();
        if now != before {
            self.reached.forced += u64::from(std::mem::take(&mut connection.forced));
        }
        if after == After::Over && !connection.lingering {
            connection.lingering = true;
            self.over.push_back((place, connection.identity.ordinal));
        }
        if now != before {
            self.account(place, before, now, listener);
        }
        if self.over.len() > limits::LINGERING {
            self.let_go(listener);
        }
    }

    fn open<L: Listener<Talk = T>>(&mut self, segment: &Header, ordinal: u32, listener: &mut L) -> u32 {
        if self.places.len() >= limits::CONNECTIONS / limits::SHARDS {
            self.evict(listener);
        }
        if self.silent.len() >= limits::SILENT_CONNECTIONS / limits::SHARDS {
            self.let_go_silent(listener);
        }
        let place = self.slab.insert(Connection::new(segment.key, ordinal, segment.frame));
        let Self { places, hasher, slab, .. } = self;
        let key = |entry: &Entry| slab.get(entry.place).map(|one| one.identity.key);
        let rehash = |entry: &Entry| key(entry).map_or(0, |key| hasher.hash_one(key));
        let hash = hasher.hash_one(segment.key);
        places.insert_unique(hash, Entry { tag: tag(hash), place }, rehash);
        self.silent.push_back((place, ordinal));
        place
    }

    fn close<L: Listener<Talk = T>>(&mut self, place: u32, evicted: bool, listener: &mut L) {
        let Some(connection) = self.slab.remove(place) else { return };
        self.held = self.held.saturating_sub(connection.held_cost());
        let hash = self.hasher.hash_one(connection.identity.key);
        if let Ok(entry) = self.places.find_entry(hash, |there| there.place == place) {
            entry.remove();
        }
        connection.close(evicted, &mut self.recent, listener);
    }

    /// Lets go the connection that has been over for longest, unless it came to life again.
    fn let_go<L: Listener<Talk = T>>(&mut self, listener: &mut L) {
        let Some((place, ordinal)) = self.over.pop_front() else { return };
        let Some(connection) = self.slab.get_mut(place) else { return };
        if connection.identity.ordinal == ordinal {
            connection.lingering = false;
            if connection.is_over() {
                self.close(place, false, listener);
            }
        }
    }

    /// Lets go the oldest connection that began without a word and never spoke.
    fn let_go_silent<L: Listener<Talk = T>>(&mut self, listener: &mut L) {
        let Some((place, ordinal)) = self.silent.pop_front() else { return };
        let Some(connection) = self.slab.get(place) else { return };
        if connection.identity.ordinal == ordinal && connection.is_silent() {
            self.reached.silent += u64::from(!connection.is_over());
            self.close(place, false, listener);
        }
    }

    /// Lets go one connection that was not seen for a while: the clock's hand passes over those that
    /// were seen since its last round, and first takes such that carried nothing.
    fn evict<L: Listener<Talk = T>>(&mut self, listener: &mut L) {
        let count = u32::try_from(self.slab.len()).unwrap_or(u32::MAX);
        for step in 0..count.saturating_mul(2) {
            self.hand = if self.hand + 1 >= count { 0 } else { self.hand + 1 };
            let Some(connection) = self.slab.get_mut(self.hand) else { continue };
            let spared = std::mem::take(&mut connection.touched) || (connection.has_talk() && step < 64);
            if !spared {
                break;
            }
        }
        self.reached.evicted += 1;
        self.close(self.hand, true, listener);
    }

    /// Keeps the sum of early segments within its bound.
    fn account<L: Listener<Talk = T>>(&mut self, place: u32, before: usize, now: usize, listener: &mut L) {
        self.held = (self.held + now).saturating_sub(before);
        if before == 0 {
            self.early.push(place);
        }
        let bound = limits::REORDER_BYTES_TOTAL / limits::SHARDS;
        if self.held <= bound && self.early.len() < 2 * self.slab.len() + 64 {
            return;
        }
        let mut early = std::mem::take(&mut self.early);
        early.sort_unstable();
        early.dedup();
        let cost = |slab: &Slab<Connection<T>>, place: u32| slab.get(place).map_or(0, Connection::held_cost);
        early.retain(|place| cost(&self.slab, *place) > 0);
        if self.held > bound {
            // Certain holes first, then the largest.
            early.sort_by_key(|place| {
                let connection = self.slab.get(*place);
                let certain = connection.is_some_and(Connection::has_certain_hole);
                std::cmp::Reverse((certain, cost(&self.slab, *place), *place))
            });
            for place in &early {
                if self.held <= bound / 2 {
                    break;
                }
                let Some(connection) = self.slab.get_mut(*place) else {
                    continue;
                };
                self.held = self.held.saturating_sub(connection.held_cost());
                connection.relieve(&mut self.recent, listener);
                self.held += connection.held_cost();
                self.reached.relieved += 1;
            }
            early.retain(|place| cost(&self.slab, *place) > 0);
        }
        self.early = early;
    }

    /// Closes all connections, in the order in which they began.
    pub fn finish<L: Listener<Talk = T>>(&mut self, listener: &mut L) {
        let mut all: Vec<(u32, u32)> =
            self.slab.iter().map(|(place, connection)| (connection.identity.ordinal, place)).collect();
        all.sort_unstable();
        for (_, place) in all {
            self.close(place, false, listener);
        }
    }

    /// How often bounds were reached.
    pub fn bounds_reached(&self) -> Reached {
        self.reached
    }
}

/// For fuzzing: nine bytes of control, then as much payload as they say, again and again.
#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    struct Deaf;
    impl Listener for Deaf {
        type Talk = [u64; 2];
        fn speaker(&self, bytes: &[u8]) -> Option<Direction> {
            bytes.first().filter(|byte| **byte > 9).map(|byte| Direction::BOTH[usize::from(byte & 1)])
        }
        fn event(
            &mut self,
            _: &Identity,
            talk: &mut Option<Box<[u64; 2]>>,
            direction: Direction,
            event: StreamEvent<'_>,
        ) -> bool {
            let ends = talk.get_or_insert_default();
            assert_eq!(ends[direction.index()], 0, "an event after the end");
            ends[direction.index()] = u64::from(matches!(event, StreamEvent::End(_)));
            true
        }
        fn closed(&mut self, _: Summary, talk: Option<Box<[u64; 2]>>) {
            assert!(talk.is_none_or(|ends| *ends == [1, 1]), "a stream without an end");
        }
    }

    let mut flows = Flows::default();
    let mut rest = data;
    let mut number = 0;
    while let Some((control, after)) = rest.split_first_chunk::<9>() {
        let [ends, flags, length, cut, s0, s1, a0, a1, high] = *control;
        let (payload, after) = after.split_at(usize::from(length).min(after.len()));
        let end = |bit: u8| (std::net::IpAddr::from([10, 0, 0, ends >> bit & 1]), u16::from(ends >> 4 & 1));
        let high = u32::from(high).wrapping_mul(0x0101_0000);
        let segment = Segment {
            frame: FrameRef { number, time: None },
            source: end(0),
            destination: end(1),
            realm: 0,
            sequence: u32::from_be_bytes([0, 0, s0, s1]).wrapping_add(high),
            acknowledgement: u32::from_be_bytes([0, 0, a0, a1]).wrapping_add(high),
            flags: Flags(flags),
            payload,
            cut: u32::from(cut),
        };
        flows.push(&segment, u32::try_from(number).unwrap_or(u32::MAX), &mut Deaf);
        number += 1;
        rest = after;
    }
    flows.finish(&mut Deaf);
}
