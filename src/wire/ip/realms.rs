//! Takes TCP segments from inside virtual networks, gives the network that their connection is known by.
//!
//! RFC 7348 and 8926 leave it to the ends which network a packet travels in: where a router stands at each end (RFC 9135
//! 4.2, asymmetric routing) the two directions of a connection have networks of their own. What belongs together is told by
//! the acknowledgements: equal addresses of two customers have other sequence numbers.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

use super::Segment;
use crate::limits;

/// Both ends, the lower first.
type Ends = [(IpAddr, u16); 2];

/// What was seen between the same ends in one network; of each direction, the lower end's first.
#[derive(Clone, Copy, Debug)]
struct Seen {
    realm: u32,
    /// The network that its connection began in.
    known_as: u32,
    /// Sequence numbers that follow what was sent.
    next: [Option<u32>; 2],
    /// What was acknowledged last.
    acknowledged: [Option<u32>; 2],
}

/// Connections inside virtual networks.
#[derive(Debug, Default)]
pub(super) struct Realms {
    seen: HashMap<Ends, Vec<Seen>, foldhash::fast::RandomState>,
    /// In the order in which they were seen first.
    order: VecDeque<Ends>,
}

/// Networks between the same ends.
const NETWORKS: usize = 8;

/// How far an acknowledgement may be from the sequence number that it belongs to: a window, and what was lost.
const NEAR: u32 = 1 << 20;

impl Realms {
    /// The network that the connection of a segment is known by.
    pub(super) fn of(&mut self, segment: &Segment<'_>) -> u32 {
        let lower = segment.source <= segment.destination;
        let (ends, side) = match lower {
            true => ([segment.source, segment.destination], 0),
            false => ([segment.destination, segment.source], 1),
        };
        let Self { seen, order } = self;
        let known = seen.entry(ends).or_insert_with(|| {
            order.push_back(ends);
            Vec::new()
        });
        let length = u32::try_from(segment.payload.len()).unwrap_or(u32::MAX).wrapping_add(segment.cut);
        let control = u32::from(segment.flags.syn()) + u32::from(segment.flags.fin());
        let next = segment.sequence.wrapping_add(length).wrapping_add(control);
        let acknowledged = segment.flags.ack().then_some(segment.acknowledgement);
        let realm = match known.iter_mut().find(|one| one.realm == segment.realm) {
            Some(one) => {
                one.next[side] = Some(next);
                one.acknowledged[side] = acknowledged.or(one.acknowledged[side]);
                one.known_as
            }
            None => {
                let mut new = Seen {
                    realm: segment.realm,
                    known_as: segment.realm,
                    next: [None; 2],
                    acknowledged: [None; 2],
                };
                new.next[side] = Some(next);
                new.acknowledged[side] = acknowledged;
                if let Some(other) = known.iter_mut().find(|other| other.is_the_other_way(&new, side)) {
                    // No third belongs to it.
                    other.next[side] = Some(next);
                    new.known_as = other.known_as;
                }
                if known.len() < NETWORKS {
                    known.push(new);
                }
                new.known_as
            }
        };
        if order.len() > limits::NETWORK_CONNECTIONS
            && let Some(oldest) = order.pop_front()
        {
            seen.remove(&oldest);
        }
        realm
    }
}

impl Seen {
    /// Whether only the peer of `side` was seen in this network, and speaks with what `new` begins with in another.
    fn is_the_other_way(&self, new: &Self, side: usize) -> bool {
        let peer = 1 - side;
        let near = |one: Option<u32>, other: Option<u32>| {
            let distance =
                one.zip(other).map(|(one, other)| one.wrapping_sub(other).cast_signed().unsigned_abs());
            distance.map(|distance| distance <= NEAR)
        };
        let theirs = near(self.next[peer], new.acknowledged[side]);
        let mine = near(self.acknowledged[peer], new.next[side]);
        // A SYN acknowledges nothing yet.
        self.next[side].is_none() && theirs.or(mine) == Some(true) && mine != Some(false)
    }
}
