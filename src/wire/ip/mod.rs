//! Takes packets, gives TCP segments and UDP datagrams: link headers peeled, tunnels entered, fragments
//! joined.
//!
//! RFC 791, 8200 (IPv4, IPv6), 4302 (AH), 9293 (TCP header), 768 (UDP). Checksums are never looked at: with
//! offload, a sender's own capture holds wrong ones. Lengths come from the IP header, so that padding and
//! trailers of the link layer do not count; a length of 0 means that the network card was to cut the
//! segment, and the frame's length counts.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::base::file_and_frame;
use crate::limits;
use crate::wire::capture::Packet;
use crate::wire::link::{self, Skip, Snapped};
use crate::wire::stream::FrameRef;

mod exported;
mod fragments;
mod realms;
mod tunnels;

use fragments::{Fragment, Fragments};
use realms::Realms;

/// TCP flags that matter here (RFC 9293 3.1), as the header's low byte has them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Flags(pub u8);

impl Flags {
    /// FIN
    pub const fn fin(self) -> bool {
        self.0 & 0x01 != 0
    }
    /// SYN
    pub const fn syn(self) -> bool {
        self.0 & 0x02 != 0
    }
    /// RST
    pub const fn rst(self) -> bool {
        self.0 & 0x04 != 0
    }
    /// ACK
    pub const fn ack(self) -> bool {
        self.0 & 0x10 != 0
    }
}

/// A TCP segment in place.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a> {
    /// The packet that carried it.
    pub frame: FrameRef,
    /// Sender.
    pub source: (IpAddr, u16),
    /// Receiver.
    pub destination: (IpAddr, u16),
    /// Keeps equal four-tuples in different virtual networks (VXLAN, Geneve) apart; 0 outside. Where the two
    /// directions of a connection have networks of their own, that in which it began. VLAN tags do not count, nor
    /// do tunnels whose two directions always have identities of their own: one flow would come apart.
    pub realm: u32,
    /// Sequence number.
    pub sequence: u32,
    /// Acknowledgement number.
    pub acknowledgement: u32,
    /// Flags.
    pub flags: Flags,
    /// Payload that was captured.
    pub payload: &'a [u8],
    /// Payload that a snap length cut off after it.
    pub cut: u32,
}

/// What a packet carried.
#[derive(Clone, Copy, Debug)]
pub enum Transport<'a> {
    /// TCP.
    Tcp(Segment<'a>),
    /// A UDP datagram: QUIC is named and counted, nothing else is looked at.
    Udp {
        /// The packet.
        frame: FrameRef,
        /// Sender.
        source: (IpAddr, u16),
        /// Receiver.
        destination: (IpAddr, u16),
        /// Payload.
        payload: &'a [u8],
    },
}

/// What surrounds an IP packet inside a frame.
#[derive(Clone, Copy)]
struct Place {
    frame: FrameRef,
    realm: u32,
    depth: usize,
}

/// The two ends, as the IP header has them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
struct Pair {
    source: IpAddr,
    destination: IpAddr,
}

/// From packets to transport. One per thread that reads packets: it holds the fragments.
#[derive(Debug, Default)]
pub struct Decapsulator {
    fragments: Fragments,
    realms: Realms,
    skipped: BTreeMap<Skip, u64>,
}

impl Decapsulator {
    /// Another file begins: gives one that knows what was not carried on of the file that is over, and nothing of its
    /// fragments, which the next may complete.
    pub fn turn(&mut self) -> Self {
        Self { skipped: std::mem::take(&mut self.skipped), ..Self::default() }
    }

    /// Takes one packet and calls `out` for each transport unit in it (more than one when a fragment
    /// completes a datagram).
    #[inline]
    pub fn push(&mut self, packet: &Packet<'_>, mut out: impl FnMut(Transport<'_>)) {
        let frame = FrameRef { number: packet.number, time: packet.time };
        let bytes = Snapped::new(packet.bytes, packet.original as usize);
        let place = Place { frame, realm: 0, depth: 0 };
        let done = match packet.link.0 {
            exported::UPPER_PDU => self.exported(place, bytes, &mut out),
            _ => link::peel(packet.link, bytes).and_then(|ip| self.ip(place, ip, &mut out)),
        };
        if let Err(skip) = done {
            self.skip(skip);
        }
    }

    /// Lines about what was not carried on: packets by kind (unknown link type 147: 12, ARP: 3, fragments
    /// without a beginning: 2, …), in a stable order.
    pub fn notices(&self) -> Vec<(String, u64)> {
        let skipped = self.skipped.iter().map(|(skip, count)| (skip.to_string(), *count));
        let mut notices: Vec<_> = skipped.chain(self.fragments.notices()).filter(|line| line.1 > 0).collect();
        notices.sort();
        notices
    }

    /// Those of these lines that tell of packets which may have held traffic, and could not be read. Where a bound
    /// was the reason, the line names it, and says enough.
    pub fn unread(&self) -> Vec<(String, u64)> {
        let skipped = self.skipped.iter().filter(|(skip, _)| skip.hides());
        let skipped = skipped.map(|(skip, count)| (skip.to_string(), *count));
        let fragments = self.fragments.notices().filter(|(line, _)| limits::named(line).next().is_none());
        let mut unread: Vec<_> = skipped.chain(fragments).filter(|line| line.1 > 0).collect();
        unread.sort();
        unread
    }

    #[cold]
    fn skip(&mut self, skip: Skip) {
        // The keys are a few hundred at most, but for EtherTypes and the like in noise.
        if self.skipped.len() < 4096 || self.skipped.contains_key(&skip) {
            *self.skipped.entry(skip).or_default() += 1;
        } else {
            *self.skipped.entry(Skip::Unread("of further kinds")).or_default() += 1;
        }
    }

    /// The virtual network that the connection of a segment is known by.
    #[cold]
    fn realm(&mut self, place: Place, pair: Pair, payload: Snapped<'_>) -> u32 {
        tcp(place, pair, payload).map_or(place.realm, |segment| self.realms.of(&segment))
    }

    /// An IP packet of either version.
    #[inline]
    fn ip<F: FnMut(Transport<'_>)>(
        &mut self,
        place: Place,
        packet: Snapped<'_>,
        out: &mut F,
    ) -> Result<(), Skip> {
        match packet.u8(0).ok_or(Skip::Short("IP header"))? >> 4 {
            4 => self.ipv4(place, packet, out),
            6 => self.ipv6(place, packet, out),
            _ => Err(Skip::Malformed("IP header")),
        }
    }

    #[inline]
    fn ipv4<F: FnMut(Transport<'_>)>(
        &mut self,
        place: Place,
        packet: Snapped<'_>,
        out: &mut F,
    ) -> Result<(), Skip> {
        const SHORT: Skip = Skip::Short("IPv4 header");
        let [first, _, t0, t1, i0, i1, f0, f1, _, protocol, _, _, a, b, c, d, w, x, y, z] =
            packet.array::<20>(0).ok_or(SHORT)?;
        let header = usize::from(first & 0x0f) * 4;
        let total = usize::from(u16::from_be_bytes([t0, t1]));
        let packet = if total == 0 { packet } else { packet.trim(total) };
        if header < 20 || packet.wire < header {
            return Err(Skip::Malformed("IPv4 header"));
        }
        let payload = packet.skip(header).ok_or(SHORT)?;
        let pair = Pair {
            source: IpAddr::V4(Ipv4Addr::new(a, b, c, d)),
            destination: IpAddr::V4(Ipv4Addr::new(w, x, y, z)),
        };
        let fragment = u16::from_be_bytes([f0, f1]);
        if fragment & 0x3fff != 0 {
            let fragment = Fragment {
                pair,
                realm: place.realm,
                identity: u32::from(u16::from_be_bytes([i0, i1])),
                // RFC 791: identity is within a protocol; IPv6's is not.
                protocol,
                version: 4,
                offset: usize::from(fragment & 0x1fff) * 8,
                more: fragment & 0x2000 != 0,
            };
            return self.fragment(place, fragment, payload, out);
        }
        self.transport(place, pair, protocol, payload, out)
    }

    #[inline]
    fn ipv6<F: FnMut(Transport<'_>)>(
        &mut self,
        place: Place,
        packet: Snapped<'_>,
        out: &mut F,
    ) -> Result<(), Skip> {
        const SHORT: Skip = Skip::Short("IPv6 header");
        let [_, _, _, _, l0, l1, mut next, _] = packet.array::<8>(0).ok_or(SHORT)?;
        let pair = Pair {
            source: IpAddr::V6(Ipv6Addr::from(packet.array::<16>(8).ok_or(SHORT)?)),
            destination: IpAddr::V6(Ipv6Addr::from(packet.array::<16>(24).ok_or(SHORT)?)),
        };
        let length = usize::from(u16::from_be_bytes([l0, l1]));
        let mut payload = packet.skip(40).ok_or(SHORT)?;
        if length != 0 {
            payload = payload.trim(length);
        }
        for _ in 0..limits::ENCAPSULATION_DEPTH {
            let header = match next {
                next if is_extension(next) => {
                    extension_bytes(next, payload.u8(1).ok_or(Skip::Short("IPv6 extension header"))?)
                }
                44 => {
                    let [inner, _, o0, o1] = payload.array(0).ok_or(Skip::Short("IPv6 fragment header"))?;
                    let identity = payload.u32(4).ok_or(Skip::Short("IPv6 fragment header"))?;
                    let field = u16::from_be_bytes([o0, o1]);
                    if field & 0xfff9 != 0 {
                        let fragment = Fragment {
                            pair,
                            realm: place.realm,
                            identity,
                            protocol: inner,
                            version: 6,
                            offset: usize::from(field & 0xfff8),
                            more: field & 1 != 0,
                        };
                        let piece = payload.skip(8).ok_or(Skip::Short("IPv6 fragment header"))?;
                        return self.fragment(place, fragment, piece, out);
                    }
                    // RFC 6946: an atomic fragment is a datagram of its own.
                    8
                }
                _ => return self.transport(place, pair, next, payload, out),
            };
            next = payload.u8(0).ok_or(Skip::Short("IPv6 extension header"))?;
            if payload.wire < header {
                return Err(Skip::Malformed("IPv6 extension header"));
            }
            payload = payload.skip(header).ok_or(Skip::Short("IPv6 extension header"))?;
        }
        Err(Skip::Other("nested too deeply (limit ENCAPSULATION_DEPTH)"))
    }

    #[inline(never)]
    fn fragment<F: FnMut(Transport<'_>)>(
        &mut self,
        place: Place,
        fragment: Fragment,
        piece: Snapped<'_>,
        out: &mut F,
    ) -> Result<(), Skip> {
        if piece.cut() > 0 {
            return Err(Skip::Unread("fragments cut by the snap length"));
        }
        // Within its file: how many packets went by since a file before is not in the numbers.
        let (_, now) = file_and_frame(place.frame.number);
        match self.fragments.push(fragment, piece.bytes, now) {
            Some((protocol, datagram)) => {
                let place = Place { depth: place.depth + 1, ..place };
                // A fragment header may stand before further extension headers.
                self.after_fragments(place, fragment.pair, protocol, Snapped::whole(&datagram), out)
            }
            None => Ok(()),
        }
    }

    fn after_fragments<F: FnMut(Transport<'_>)>(
        &mut self,
        place: Place,
        pair: Pair,
        mut protocol: u8,
        mut payload: Snapped<'_>,
        out: &mut F,
    ) -> Result<(), Skip> {
        for _ in 0..limits::ENCAPSULATION_DEPTH {
            if !is_extension(protocol) || pair.source.is_ipv4() {
                return self.transport(place, pair, protocol, payload, out);
            }
            let [next, length] = payload.array(0).ok_or(Skip::Malformed("IPv6 extension header"))?;
            let header = extension_bytes(protocol, length);
            payload = payload.skip(header).ok_or(Skip::Malformed("IPv6 extension header"))?;
            protocol = next;
        }
        Err(Skip::Other("nested too deeply (limit ENCAPSULATION_DEPTH)"))
    }

    #[inline]
    fn transport<F: FnMut(Transport<'_>)>(
        &mut self,
        place: Place,
        pair: Pair,
        protocol: u8,
        payload: Snapped<'_>,
        out: &mut F,
    ) -> Result<(), Skip> {
        match protocol {
            6 => {
                let realm = if place.realm == 0 { 0 } else { self.realm(place, pair, payload) };
                out(Transport::Tcp(tcp(Place { realm, ..place }, pair, payload)?));
                Ok(())
            }
            17 => self.udp(place, pair, payload, out),
            protocol => self.tunnel(place, pair, protocol, payload, out),
        }
    }
}

/// Extension headers of IPv6 that are stepped over: hop-by-hop, routing, authentication, destination, mobility, host
/// identity, shim6.
#[inline]
const fn is_extension(protocol: u8) -> bool {
    matches!(protocol, 0 | 43 | 51 | 60 | 135 | 139 | 140)
}

/// How long an extension header is whose field says `length`: in eights behind the first (RFC 8200 4), an
/// authentication header in fours behind the first two (RFC 4302 2.2).
#[inline]
const fn extension_bytes(protocol: u8, length: u8) -> usize {
    let length = length as usize;
    if protocol == 51 { (length + 2) * 4 } else { (length + 1) * 8 }
}

/// RFC 9293 3.1. Options are stepped over, whatever they hold.
#[inline]
fn tcp(place: Place, pair: Pair, segment: Snapped<'_>) -> Result<Segment<'_>, Skip> {
    const SHORT: Skip = Skip::Short("TCP header");
    let [p0, p1, q0, q1, s0, s1, s2, s3, a0, a1, a2, a3, offset, flags] =
        segment.array::<14>(0).ok_or(SHORT)?;
    let header = usize::from(offset >> 4) * 4;
    if header < 20 || segment.wire < header {
        return Err(Skip::Malformed("TCP header"));
    }
    // Where the snap length cut the options, the payload is cut whole.
    let payload = segment.skip(header).unwrap_or(Snapped { bytes: &[], wire: segment.wire - header });
    Ok(Segment {
        frame: place.frame,
        source: (pair.source, u16::from_be_bytes([p0, p1])),
        destination: (pair.destination, u16::from_be_bytes([q0, q1])),
        realm: place.realm,
        sequence: u32::from_be_bytes([s0, s1, s2, s3]),
        acknowledgement: u32::from_be_bytes([a0, a1, a2, a3]),
        flags: Flags(flags),
        payload: payload.bytes,
        cut: u32::try_from(payload.cut()).unwrap_or(u32::MAX),
    })
}

/// Takes any bytes as a frame of any link type.
#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    let Some((link, rest)) = data.split_first_chunk::<2>() else { return };
    let link = crate::wire::capture::LinkType(u32::from(u16::from_be_bytes(*link)));
    let mut decapsulator = Decapsulator::default();
    for (number, bytes) in (1..).zip(rest.chunks(512)) {
        let packet = Packet { number, time: None, link, bytes, original: 0 };
        decapsulator.push(&packet, |_| {});
    }
    decapsulator.notices();
}

#[cfg(test)]
mod tests;
