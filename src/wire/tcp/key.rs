//! Takes the addresses of a segment, gives the key of its connection: both ends in a fixed order.

use std::hash::{Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::exchange::Endpoint;

/// One end of a connection by its place in the key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Side {
    /// The lower address and port.
    Low,
    /// The other.
    High,
}

impl Side {
    /// Both, the lower first.
    pub(super) const BOTH: [Self; 2] = [Self::Low, Self::High];

    /// For arrays of two.
    #[inline]
    pub(super) const fn index(self) -> usize {
        match self {
            Self::Low => 0,
            Self::High => 1,
        }
    }

    /// The peer's.
    #[inline]
    pub(super) const fn other(self) -> Self {
        match self {
            Self::Low => Self::High,
            Self::High => Self::Low,
        }
    }
}

/// The whole four-tuple, lower end first, and the realm: five words. Nothing is folded, so two
/// connections never share a key; the table hashes it with a seed of its own.
#[derive(Clone, Copy, Eq, Debug)]
pub(super) struct FlowKey([u64; 5]);

/// Marks an IPv4 address in the upper words; no IPv6 interface identifier is all ones below `::/32`.
const V4: u64 = u64::MAX;

impl PartialEq for FlowKey {
    /// Word by word, in registers: this runs once for every packet.
    fn eq(&self, other: &Self) -> bool {
        let differing = self.0.iter().zip(other.0).fold(0, |all, (a, b)| all | (a ^ b));
        differing == 0
    }
}

impl Hash for FlowKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for word in self.0 {
            state.write_u64(word);
        }
    }
}

impl FlowKey {
    /// The key, and which side of it `source` is.
    pub(super) fn of(source: (IpAddr, u16), destination: (IpAddr, u16), realm: u32) -> (Self, Side) {
        let (from, to) = (words(source.0), words(destination.0));
        let swap = (from, source.1) > (to, destination.1);
        let (low, high) = if swap {
            ((to, destination.1), (from, source.1))
        } else {
            ((from, source.1), (to, destination.1))
        };
        let ports = u64::from(low.1) << 48 | u64::from(high.1) << 32 | u64::from(realm);
        (Self([low.0.0, low.0.1, high.0.0, high.0.1, ports]), if swap { Side::High } else { Side::Low })
    }

    /// The end on `side`.
    pub(super) fn endpoint(&self, side: Side) -> Endpoint {
        let [a, b, c, d, ports] = self.0;
        let (high, low, shift) = if side == Side::Low { (a, b, 48) } else { (c, d, 32) };
        let address = if low == V4 && high <= u64::from(u32::MAX) {
            IpAddr::V4(Ipv4Addr::from_bits((high & u64::from(u32::MAX)) as u32))
        } else {
            IpAddr::V6(Ipv6Addr::from_bits(u128::from(high) << 64 | u128::from(low)))
        };
        Endpoint { address, port: ((ports >> shift) & 0xffff) as u16 }
    }

    /// Spreads connections over `count` shards, the same way in every run: bounds are kept per shard,
    /// and what they do must not depend on a random seed.
    pub(super) fn shard(&self, count: usize) -> usize {
        let mut mixed = 0_u64;
        for word in self.0 {
            mixed = (mixed.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
        ((mixed >> 32) as usize) % count.max(1)
    }
}

fn words(address: IpAddr) -> (u64, u64) {
    match address {
        IpAddr::V4(address) => (u64::from(address.to_bits()), V4),
        IpAddr::V6(address) => {
            let bits = address.to_bits();
            ((bits >> 64) as u64, bits as u64)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_directions_have_one_key_and_opposite_sides() {
        for (a, b) in [("10.0.0.1", "10.0.0.2"), ("2001:db8::1", "fe80::2"), ("10.0.0.1", "10.0.0.1")] {
            let (a, b) = ((a.parse().unwrap(), 40000), (b.parse().unwrap(), 443));
            let (there, side) = FlowKey::of(a, b, 7);
            let (back, other) = FlowKey::of(b, a, 7);
            assert_eq!(there, back);
            assert_eq!(side.other(), other);
            assert_eq!(there.endpoint(side), Endpoint { address: a.0, port: a.1 });
            assert_eq!(there.endpoint(other), Endpoint { address: b.0, port: b.1 });
            assert_ne!(there, FlowKey::of(a, b, 8).0);
        }
    }
}
