//! Takes a captured frame and its link type, gives the IP packet in it, or why there is none.
//!
//! <https://www.tcpdump.org/linktypes.html>; IEEE 802.3, 802.1Q, 802.1ad, 802.1ah, 802.2, 802.11; RFC 1042
//! (SNAP), RFC 1661 and 1662 (PPP), RFC 2516 (PPPoE), RFC 3032 (MPLS), RFC 2427 (frame relay).

use super::capture::LinkType;

mod other;
mod ppp;
mod skip;
mod snapped;
mod wireless;

pub use skip::Skip;
pub use snapped::Snapped;

pub use ppp::ppp;

use crate::limits;

/// The IP packet in a frame. The version stands in its first four bits.
///
/// # Errors
/// What the frame is instead.
#[inline]
pub fn peel(link: LinkType, frame: Snapped<'_>) -> Result<Snapped<'_>, Skip> {
    match link.0 {
        1 => ethernet(frame),
        number => peel_other(number, frame, 0),
    }
}

#[inline(never)]
fn peel_other(number: u32, frame: Snapped<'_>, depth: usize) -> Result<Snapped<'_>, Skip> {
    if depth > limits::ENCAPSULATION_DEPTH {
        return Err(Skip::Other("nested too deeply (limit ENCAPSULATION_DEPTH)"));
    }
    match number {
        0 => other::null(frame),
        1 => ethernet(frame),
        7 | 129 => other::arcnet(frame, number == 129),
        9 => ppp::ppp(frame),
        12 | 14 | 101 | 228 | 229 => Ok(frame),
        50 => ppp::serial(frame),
        51 => ppp::pppoe(frame),
        100 => llc(frame, false),
        104 => ppp::cisco(frame),
        105 => wireless::ieee_802_11(frame, 0),
        107 => other::frame_relay(frame),
        108 => other::loopback(frame),
        109 => other::enc(frame),
        113 => other::cooked(frame, depth),
        119 => wireless::prism(frame),
        127 => wireless::radiotap(frame),
        138 => other::ieee_1394(frame),
        163 => wireless::avs(frame),
        166 | 204 => ppp::with_direction(frame),
        192 => wireless::ppi(frame).and_then(|(number, inner)| peel_other(number, inner, depth + 1)),
        205 => after(frame, 1, "Cisco HDLC").and_then(ppp::cisco),
        219 => mpls(frame, 0),
        239 => other::nflog(frame),
        240 => after(frame, 4, "netANALYZER header").and_then(ethernet),
        241 => after(frame, 12, "netANALYZER header").and_then(ethernet),
        258 => other::pktap(frame).and_then(|(number, inner)| peel_other(number, inner, depth + 1)),
        276 => other::cooked2(frame, depth),
        number => Err(Skip::LinkType(number)),
    }
}

/// What follows a header of fixed length.
fn after<'a>(frame: Snapped<'a>, count: usize, name: &'static str) -> Result<Snapped<'a>, Skip> {
    frame.skip(count).ok_or(Skip::Short(name))
}

/// IEEE 802.3 clause 3: Ethernet II, or a length and IEEE 802.2.
///
/// # Errors
/// What the frame is instead.
#[inline]
pub fn ethernet(frame: Snapped<'_>) -> Result<Snapped<'_>, Skip> {
    let kind = frame.u16(12).ok_or(Skip::Short("Ethernet header"))?;
    let inner = after(frame, 14, "Ethernet header")?;
    match kind {
        0x0800 | 0x86dd => Ok(inner),
        _ => above(kind, inner, 0),
    }
}

/// What an EtherType announces: IP, or tags and labels that lead to it.
///
/// # Errors
/// What it is instead.
pub fn ethertype(kind: u16, inner: Snapped<'_>) -> Result<Snapped<'_>, Skip> {
    above(kind, inner, 0)
}

fn above(mut kind: u16, mut inner: Snapped<'_>, depth: usize) -> Result<Snapped<'_>, Skip> {
    for depth in depth..limits::ENCAPSULATION_DEPTH {
        // How many bytes of tag stand before the next EtherType.
        let tag = match kind {
            0x0800 | 0x86dd => return Ok(inner),
            0..=1500 => return llc(inner.trim(usize::from(kind)), true),
            // 802.1Q, 802.1ad, and what came before its number was assigned.
            0x8100 | 0x88a8 | 0x9100 | 0x9200 | 0x9300 => 2,
            // HSR and 802.1CB redundancy tags, VN-tag.
            0x892f | 0xf1c1 | 0x8926 => 4,
            // 802.1BR, Cisco metadata.
            0x893f | 0x8909 => 6,
            // 802.1ah: the customer's whole frame after four bytes.
            0x88e7 => 16,
            0x6558 => 12,
            0x8847 | 0x8848 => return mpls(inner, depth),
            0x8864 => return ppp::pppoe(inner),
            0x880b => return ppp::ppp(inner),
            0x8870 => return llc(inner, false),
            kind => return Err(Skip::EtherType(kind)),
        };
        kind = inner.u16(tag).ok_or(Skip::Short("VLAN tag"))?;
        inner = after(inner, tag + 2, "VLAN tag")?;
    }
    Err(Skip::Other("nested too deeply (limit ENCAPSULATION_DEPTH)"))
}

/// IEEE 802.2 and SNAP (RFC 1042). In an Ethernet frame a length of 0xffff first means Novell's raw IPX.
fn llc(inner: Snapped<'_>, framed: bool) -> Result<Snapped<'_>, Skip> {
    match inner.array(0).ok_or(Skip::Short("LLC header"))? {
        [0xaa, 0xaa, 0x03] => {
            let kind = inner.u16(6).ok_or(Skip::Short("SNAP header"))?;
            let inner = after(inner, 8, "SNAP header")?;
            match kind {
                0x0800 | 0x86dd => Ok(inner),
                0..=1500 => Err(Skip::Other("SNAP with a private protocol")),
                _ => above(kind, inner, 1),
            }
        }
        // RFC 948.
        [0x06, 0x06, 0x03] => after(inner, 3, "LLC header"),
        [0xff, 0xff, _] if framed => Err(Skip::Llc(0xff)),
        [destination, ..] => Err(Skip::Llc(destination)),
    }
}

/// RFC 3032, a label stack; what is below the last label says itself what it is: IP by its first four bits,
/// a pseudowire's Ethernet otherwise (RFC 4385, RFC 4448).
///
/// # Errors
/// What it is instead.
pub fn mpls(mut inner: Snapped<'_>, depth: usize) -> Result<Snapped<'_>, Skip> {
    for _ in depth..limits::ENCAPSULATION_DEPTH {
        let label = inner.u32(0).ok_or(Skip::Short("MPLS label"))?;
        inner = after(inner, 4, "MPLS label")?;
        if label & 0x100 == 0 {
            continue;
        }
        return match inner.u8(0).ok_or(Skip::Short("MPLS payload"))? >> 4 {
            4 | 6 => Ok(inner),
            // A control word of zeros and a sequence number.
            0 if inner.u8(1) == Some(0) => {
                after(inner, 4, "pseudowire").and_then(|inner| pseudowire(inner, depth))
            }
            _ => pseudowire(inner, depth),
        };
    }
    Err(Skip::Other("nested too deeply (limit ENCAPSULATION_DEPTH)"))
}

fn pseudowire(inner: Snapped<'_>, depth: usize) -> Result<Snapped<'_>, Skip> {
    match inner.u16(12) {
        Some(kind) if depth < limits::ENCAPSULATION_DEPTH => {
            above(kind, after(inner, 14, "pseudowire")?, depth.saturating_add(4))
        }
        _ => Err(Skip::Short("pseudowire")),
    }
}

#[cfg(test)]
mod tests;
