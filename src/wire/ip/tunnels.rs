//! Takes what IP carries beside TCP and plain UDP, enters it when it is a tunnel.
//!
//! RFC 2003, 4213 (IP in IP), 2784, 2890 (GRE), 2637 (PPTP), 7637 (NVGRE), draft-foschiano-erspan, RFC 3378
//! (EtherIP), 4023 (MPLS in IP), 4302 (AH), 7348 (VXLAN), 8926 (Geneve), 3GPP TS 29.281 (GTP-U), RFC 4380
//! (Teredo), 2661 (L2TP), 3948 (ESP in UDP), <https://www.wireshark.org/docs/dfref/t/tzsp.html> (TZSP).

use super::{Decapsulator, Pair, Place, Transport};
use crate::limits;
use crate::wire::capture::LinkType;
use crate::wire::link::{self, Skip, Snapped};

/// What a tunnel carries.
enum Inner<'a> {
    Ip(Snapped<'a>),
    Ethernet(Snapped<'a>),
    Ppp(Snapped<'a>),
    Mpls(Snapped<'a>),
    Gre(Snapped<'a>),
    Wireless(Snapped<'a>),
    EtherType(u16, Snapped<'a>),
}

/// Virtual networks whose number is the same in both directions.
#[derive(Clone, Copy)]
enum Network {
    Vxlan = 1,
    Geneve = 2,
}

/// Tells virtual networks apart; never 0.
fn realm(outer: u32, network: Network, number: u32) -> u32 {
    let own = (network as u32) << 24 | (number & 0x00ff_ffff);
    (outer.rotate_left(7).wrapping_mul(0x9e37_79b1) ^ own).max(1)
}

impl Decapsulator {
    /// UDP: a tunnel on its known port, when its header agrees, or a datagram.
    #[inline]
    pub(super) fn udp<F: FnMut(Transport<'_>)>(
        &mut self,
        place: Place,
        pair: Pair,
        datagram: Snapped<'_>,
        out: &mut F,
    ) -> Result<(), Skip> {
        let [p0, p1, q0, q1, l0, l1, _, _] = datagram.array(0).ok_or(Skip::Short("UDP header"))?;
        let length = usize::from(u16::from_be_bytes([l0, l1]));
        let datagram = if length == 0 { datagram } else { datagram.trim(length) };
        let payload = datagram.skip(8).ok_or(Skip::Malformed("UDP header"))?;
        let source = u16::from_be_bytes([p0, p1]);
        let destination = u16::from_be_bytes([q0, q1]);
        if let Some((network, inner)) = tunnel_in_udp(source, destination, payload) {
            let number = network.map_or(place.realm, |(kind, number)| realm(place.realm, kind, number));
            return self.enter(Place { realm: number, ..place }, inner, out);
        }
        if is_esp(source, destination, payload) {
            return Err(Skip::IpProtocol(50));
        }
        out(Transport::Udp {
            frame: place.frame,
            source: (pair.source, source),
            destination: (pair.destination, destination),
            payload: payload.bytes,
        });
        Ok(())
    }

    /// Any other protocol above IP.
    #[inline(never)]
    pub(super) fn tunnel<F: FnMut(Transport<'_>)>(
        &mut self,
        place: Place,
        pair: Pair,
        protocol: u8,
        payload: Snapped<'_>,
        out: &mut F,
    ) -> Result<(), Skip> {
        match protocol {
            4 | 41 | 94 => self.enter(place, Inner::Ip(payload), out),
            47 => {
                let inner = gre(payload)?;
                self.enter(place, inner, out)
            }
            51 => {
                let [next, words] = payload.array(0).ok_or(Skip::Short("AH header"))?;
                let place = Place { depth: deeper(place.depth)?, ..place };
                let inner = payload.skip((usize::from(words) + 2) * 4).ok_or(Skip::Short("AH header"))?;
                self.transport(place, pair, next, inner, out)
            }
            97 => self.enter(place, Inner::Ethernet(payload.skip(2).ok_or(Skip::Short("EtherIP"))?), out),
            137 => self.enter(place, Inner::Mpls(payload), out),
            protocol => Err(Skip::IpProtocol(protocol)),
        }
    }

    fn enter<F: FnMut(Transport<'_>)>(
        &mut self,
        place: Place,
        inner: Inner<'_>,
        out: &mut F,
    ) -> Result<(), Skip> {
        let place = Place { depth: deeper(place.depth)?, ..place };
        let packet = match inner {
            Inner::Ip(packet) => packet,
            Inner::Ethernet(frame) => link::ethernet(frame)?,
            Inner::Ppp(frame) => link::ppp(frame)?,
            Inner::Mpls(frame) => link::mpls(frame, 0)?,
            Inner::EtherType(kind, inner) => link::ethertype(kind, inner)?,
            Inner::Gre(inner) => return self.enter(place, gre(inner)?, out),
            // IEEE 802.11 without a header before it.
            Inner::Wireless(frame) => link::peel(LinkType(105), frame)?,
        };
        self.ip(place, packet, out)
    }
}

/// Tunnels in tunnels are bounded.
fn deeper(depth: usize) -> Result<usize, Skip> {
    if depth < limits::ENCAPSULATION_DEPTH {
        Ok(depth + 1)
    } else {
        Err(Skip::Other("nested too deeply (limit ENCAPSULATION_DEPTH)"))
    }
}

/// RFC 3948 2.1: ESP behind address translation. Four zero bytes would be a negotiation, one byte keeps it alive.
#[inline]
fn is_esp(source: u16, destination: u16, payload: Snapped<'_>) -> bool {
    (source == 4500 || destination == 4500)
        && payload.wire > 8
        && payload.u32(0).is_some_and(|index| index != 0)
}

/// What a datagram tunnels, when its port is a tunnel's and its first bytes agree.
#[inline]
fn tunnel_in_udp(
    source: u16,
    destination: u16,
    payload: Snapped<'_>,
) -> Option<(Option<(Network, u32)>, Inner<'_>)> {
    match (destination, source) {
        (4789 | 8472 | 4790, _) => vxlan(payload, destination == 4790),
        (6081, _) => geneve(payload),
        (2152, _) | (_, 2152) => Some((None, Inner::Ip(gtp(payload)?))),
        (3544, _) | (_, 3544) => Some((None, Inner::Ip(teredo(payload)?))),
        (1701, _) | (_, 1701) => Some((None, Inner::Ppp(l2tp(payload)?))),
        // RFC 8086, RFC 7510.
        (4754, _) if payload.u16(0)? & 0x4fff == 0 => Some((None, Inner::Gre(payload))),
        (6635, _) => Some((None, Inner::Mpls(payload))),
        (37008, _) => tzsp(payload).map(|inner| (None, inner)),
        _ => None,
    }
}

/// RFC 7348 5, and the generic protocol extension, which names what is inside.
fn vxlan(payload: Snapped<'_>, generic: bool) -> Option<(Option<(Network, u32)>, Inner<'_>)> {
    let [flags, _, _, next, n0, n1, n2, _] = payload.array(0)?;
    if flags & 0x08 == 0 {
        return None;
    }
    let inner = payload.skip(8)?;
    let inner = match next {
        1 | 2 if generic && flags & 0x04 != 0 => Inner::Ip(inner),
        5 if generic && flags & 0x04 != 0 => Inner::Mpls(inner),
        _ => Inner::Ethernet(inner),
    };
    Some((Some((Network::Vxlan, u32::from_be_bytes([0, n0, n1, n2]))), inner))
}

/// RFC 8926 3.4: version and length of the options, flags, EtherType, network.
fn geneve(payload: Snapped<'_>) -> Option<(Option<(Network, u32)>, Inner<'_>)> {
    let [first, _, t0, t1, n0, n1, n2, _] = payload.array(0)?;
    if first & 0xc0 != 0 {
        return None;
    }
    let inner = payload.skip(8 + usize::from(first & 0x3f) * 4)?;
    let inner = match u16::from_be_bytes([t0, t1]) {
        0x6558 => Inner::Ethernet(inner),
        kind => Inner::EtherType(kind, inner),
    };
    Some((Some((Network::Geneve, u32::from_be_bytes([0, n0, n1, n2]))), inner))
}

/// GTP-U version 1: a G-PDU with its extension headers. Its tunnel number differs by direction.
fn gtp(payload: Snapped<'_>) -> Option<Snapped<'_>> {
    let [flags, 0xff, l0, l1] = payload.array(0)? else { return None };
    if flags >> 4 != 3 {
        return None;
    }
    let payload = payload.trim(usize::from(u16::from_be_bytes([l0, l1])).saturating_add(8));
    if flags & 0x07 == 0 {
        return ip_version(payload.skip(8)?);
    }
    let mut next = if flags & 0x04 == 0 { 0 } else { payload.u8(11)? };
    let mut inner = payload.skip(12)?;
    for _ in 0..limits::ENCAPSULATION_DEPTH {
        if next == 0 {
            return ip_version(inner);
        }
        let length = usize::from(inner.u8(0)?) * 4;
        if length == 0 {
            return None;
        }
        next = inner.u8(length - 1)?;
        inner = inner.skip(length)?;
    }
    None
}

/// RFC 4380 5.1.1: authentication and origin may stand before the IPv6 packet.
fn teredo(payload: Snapped<'_>) -> Option<Snapped<'_>> {
    let mut inner = payload;
    if let [0, 1, identity, value] = inner.array(0)? {
        inner = inner.skip(13 + usize::from(identity) + usize::from(value))?;
    }
    if let [0, 0] = inner.array(0)? {
        inner = inner.skip(8)?;
    }
    (inner.u8(0)? >> 4 == 6 && inner.wire >= 40).then_some(inner)
}

/// TZSP, by which MikroTik's routers send what they record: version 1, received or sent packets, what they hold,
/// fields with a number and a length up to the one that ends them.
fn tzsp(payload: Snapped<'_>) -> Option<Inner<'_>> {
    let [1, 0 | 1, e0, e1] = payload.array(0)? else { return None };
    let mut at = 4;
    for _ in 0..TZSP_FIELDS {
        at += match payload.u8(at)? {
            0 => 1,
            1 => {
                let inner = payload.skip(at + 1)?;
                return match u16::from_be_bytes([e0, e1]) {
                    1 => Some(Inner::Ethernet(inner)),
                    18 => Some(Inner::Wireless(inner)),
                    _ => None,
                };
            }
            _ => 2 + usize::from(payload.u8(at + 1)?),
        };
    }
    None
}

/// Fields before a packet in TZSP, padding included; senders write a handful.
const TZSP_FIELDS: usize = 64;

/// RFC 2661 3.1, version 2, data messages.
fn l2tp(payload: Snapped<'_>) -> Option<Snapped<'_>> {
    let flags = payload.u16(0)?;
    if flags & 0x8000 != 0 || flags & 0x000f != 2 {
        return None;
    }
    let mut at = 6;
    if flags & 0x4000 != 0 {
        at += 2;
    }
    if flags & 0x0800 != 0 {
        at += 4;
    }
    if flags & 0x0200 != 0 {
        at += 2 + usize::from(payload.u16(at)?);
    }
    payload.skip(at)
}

fn ip_version(inner: Snapped<'_>) -> Option<Snapped<'_>> {
    matches!(inner.u8(0)? >> 4, 4 | 6).then_some(inner)
}

/// GRE: flags say which fields stand before the payload. Its key is no identity: taps give the directions
/// of one flow different ones.
fn gre(payload: Snapped<'_>) -> Result<Inner<'_>, Skip> {
    const SHORT: Skip = Skip::Short("GRE header");
    let flags = payload.u16(0).ok_or(SHORT)?;
    let kind = payload.u16(2).ok_or(SHORT)?;
    if flags & 0x4000 != 0 {
        return Err(Skip::Unread("GRE with source routes"));
    }
    let has = |bit: u16| usize::from(flags & bit != 0) * 4;
    let key = 4 + has(0x8000);
    let mut header = key + has(0x2000) + has(0x1000);
    if flags & 7 == 1 {
        header += has(0x0080);
    }
    let inner = payload.skip(header).ok_or(SHORT)?;
    if flags & 7 == 1 && inner.wire == 0 {
        return Err(Skip::Other("PPTP acknowledgements"));
    }
    let sequenced = flags & 0x1000 != 0;
    Ok(match kind {
        0x0800 | 0x86dd => Inner::Ip(inner),
        0x6558 => Inner::Ethernet(inner),
        0x880b => Inner::Ppp(inner),
        // ERSPAN types I (no header, no sequence number), II and III.
        0x88be if !sequenced => Inner::Ethernet(inner),
        0x88be => Inner::Ethernet(inner.skip(8).ok_or(SHORT)?),
        0x22eb => erspan3(inner)?,
        // WCCP: version 2 puts a redirect header first.
        0x883e if inner.u8(0).is_some_and(|first| first >> 4 == 4) => Inner::Ip(inner),
        0x883e => Inner::Ip(inner.skip(4).ok_or(SHORT)?),
        // They stand inside the range of the next line: RFC 4023 (MPLS), and what carriers put below it.
        0x8847 | 0x8848 | 0x8864 | 0x88a8 => Inner::EtherType(kind, inner),
        // Aruba's access points: 802.11 frames, unencrypted where the controller decrypts.
        0x8200..=0x9000 => Inner::Wireless(inner),
        kind => Inner::EtherType(kind, inner),
    })
}

/// ERSPAN type III: twelve bytes, eight more when the last bit says so; the frame type is in the tenth and
/// eleventh.
fn erspan3(inner: Snapped<'_>) -> Result<Inner<'_>, Skip> {
    const SHORT: Skip = Skip::Short("ERSPAN header");
    let fields = inner.u16(10).ok_or(SHORT)?;
    let header = if fields & 1 != 0 { 20 } else { 12 };
    let packet = inner.skip(header).ok_or(SHORT)?;
    match (fields >> 10) & 0x1f {
        0 => Ok(Inner::Ethernet(packet)),
        2 => Ok(Inner::Ip(packet)),
        _ => Err(Skip::Unread("ERSPAN with another frame type")),
    }
}
