//! Takes a PDU that Wireshark exported (link type 252), gives the frame in it, or its TCP payload with the
//! addresses and sequence number that stand before it.
//!
//! Wireshark's `wsutil/exported_pdu_tlvs.h`: tags of 16 bits, lengths of 16 bits, most significant byte
//! first, until tag 0; then the payload. What lacks addresses or a place in its stream, or was reassembled
//! before it was exported (and so has no place), is counted.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Decapsulator, Flags, Pair, Place, Segment, Transport};
use crate::limits;
use crate::wire::link::{self, Skip, Snapped};

/// Linktype of exported PDUs.
pub(super) const UPPER_PDU: u32 = 252;

/// What the tags say.
#[derive(Default)]
struct Tags<'a> {
    protocol: &'a [u8],
    source: Option<IpAddr>,
    destination: Option<IpAddr>,
    is_tcp: bool,
    ports: (u16, u16),
    /// Sequence and acknowledgement numbers, flags.
    place: Option<(u32, u32, u8)>,
    reassembled: bool,
}

impl Decapsulator {
    /// An exported PDU.
    #[inline(never)]
    pub(super) fn exported<F: FnMut(Transport<'_>)>(
        &mut self,
        place: Place,
        pdu: Snapped<'_>,
        out: &mut F,
    ) -> Result<(), Skip> {
        let (tags, payload) = read(pdu).ok_or(Skip::Malformed("exported PDU"))?;
        match tags.protocol {
            b"ip" | b"ipv6" | b"raw_ip" => return self.ip(place, payload, out),
            b"eth" | b"eth_maybefcs" | b"eth_withoutfcs" | b"eth_withfcs" => {
                return self.ip(place, link::ethernet(payload)?, out);
            }
            _ => {}
        }
        let (Some(source), Some(destination)) = (tags.source, tags.destination) else {
            return Err(Skip::Unread("exported PDUs without addresses"));
        };
        let pair = Pair { source, destination };
        match (tags.protocol, tags.place) {
            (b"tcp", _) => self.transport(place, pair, 6, payload, out),
            (b"udp", _) => self.transport(place, pair, 17, payload, out),
            (_, Some((sequence, acknowledgement, flags))) if tags.is_tcp && !tags.reassembled => {
                out(Transport::Tcp(Segment {
                    frame: place.frame,
                    source: (source, tags.ports.0),
                    destination: (destination, tags.ports.1),
                    realm: place.realm,
                    sequence,
                    acknowledgement,
                    // SYN takes a sequence number that the payload does not start at.
                    flags: Flags(flags & !0x02),
                    payload: payload.bytes,
                    cut: u32::try_from(payload.cut()).unwrap_or(u32::MAX),
                }));
                Ok(())
            }
            (_, Some(_)) if tags.reassembled => Err(Skip::Unread("exported PDUs reassembled before")),
            _ => Err(Skip::Unread("exported PDUs without a place in a TCP stream")),
        }
    }
}

fn read(pdu: Snapped<'_>) -> Option<(Tags<'_>, Snapped<'_>)> {
    let mut tags = Tags::default();
    let mut rest = pdu;
    for _ in 0..limits::ENCAPSULATION_DEPTH * 4 {
        let (tag, length) = (rest.u16(0)?, usize::from(rest.u16(2)?));
        let value = Snapped::whole(rest.bytes.get(4..length.checked_add(4)?)?);
        rest = rest.skip(length + 4)?;
        match tag {
            0 => return Some((tags, rest)),
            // Names may be padded with zeros.
            12 | 13 => tags.protocol = value.bytes.split(|byte| *byte == 0).next().unwrap_or_default(),
            20 => tags.source = Some(IpAddr::V4(Ipv4Addr::from(value.array::<4>(0)?))),
            21 => tags.destination = Some(IpAddr::V4(Ipv4Addr::from(value.array::<4>(0)?))),
            22 => tags.source = Some(IpAddr::V6(Ipv6Addr::from(value.array::<16>(0)?))),
            23 => tags.destination = Some(IpAddr::V6(Ipv6Addr::from(value.array::<16>(0)?))),
            24 => tags.is_tcp = value.u32(0)? == 2,
            25 => tags.ports.0 = u16::try_from(value.u32(0)?).ok()?,
            26 => tags.ports.1 = u16::try_from(value.u32(0)?).ok()?,
            // Version, sequence, next sequence, acknowledgement, reassembled, flags, urgent pointer.
            34 if value.u16(0)? == 1 => {
                let [_, flags] = value.array(15)?;
                tags.place = Some((value.u32(2)?, value.u32(10)?, flags));
                tags.reassembled = value.u8(14)? != 0;
            }
            _ => {}
        }
    }
    None
}
