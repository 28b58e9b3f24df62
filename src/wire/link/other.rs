//! Takes frames of the small pseudo link layers, gives the IP packet in them.

use super::{Skip, Snapped, above, after, llc, peel_other, ppp};

/// BSD null: the address family in the recorder's byte order.
pub(super) fn null(frame: Snapped<'_>) -> Result<Snapped<'_>, Skip> {
    let family = frame.u32_le(0).ok_or(Skip::Short("null header"))?;
    let family = if family > 0xffff { family.swap_bytes() } else { family };
    let inner = after(frame, 4, "null header")?;
    match family {
        // AF_INET; AF_INET6 of the BSDs, of macOS, Linux and Windows.
        2 | 24 | 28 | 30 | 10 | 23 => Ok(inner),
        kind @ 0x0600.. => above(u16::try_from(kind).unwrap_or_default(), inner, 0),
        _ => Err(Skip::Other("loopback of another family")),
    }
}

/// OpenBSD loop: as null, most significant byte first; `null` reads either order.
pub(super) fn loopback(frame: Snapped<'_>) -> Result<Snapped<'_>, Skip> {
    null(frame)
}

/// OpenBSD enc: family, SPI and flags before the packet inside an IPsec tunnel.
pub(super) fn enc(frame: Snapped<'_>) -> Result<Snapped<'_>, Skip> {
    after(frame, 12, "enc header")
}

/// Linux cooked capture, version 1: type, ARPHRD, address, protocol.
pub(super) fn cooked(frame: Snapped<'_>, depth: usize) -> Result<Snapped<'_>, Skip> {
    let hardware = frame.u16(2).ok_or(Skip::Short("cooked header"))?;
    let protocol = frame.u16(14).ok_or(Skip::Short("cooked header"))?;
    cooked_payload(hardware, protocol, after(frame, 16, "cooked header")?, depth)
}

/// Linux cooked capture, version 2: the protocol first.
pub(super) fn cooked2(frame: Snapped<'_>, depth: usize) -> Result<Snapped<'_>, Skip> {
    let protocol = frame.u16(0).ok_or(Skip::Short("cooked header"))?;
    let hardware = frame.u16(8).ok_or(Skip::Short("cooked header"))?;
    cooked_payload(hardware, protocol, after(frame, 20, "cooked header")?, depth)
}

fn cooked_payload(
    hardware: u16,
    protocol: u16,
    inner: Snapped<'_>,
    depth: usize,
) -> Result<Snapped<'_>, Skip> {
    match (hardware, protocol) {
        (_, 0x0800 | 0x86dd) => Ok(inner),
        // ARPHRD of netlink, 802.11, 802.11 with Prism, with radiotap, frame relay.
        (824, _) => Err(Skip::Other("netlink")),
        (801, _) => peel_other(105, inner, depth + 1),
        (802, _) => peel_other(119, inner, depth + 1),
        (803, _) => peel_other(127, inner, depth + 1),
        (770, _) => frame_relay(inner),
        (_, 0x0001) => Err(Skip::Llc(0xff)),
        (_, 0x0004) => llc(inner, true),
        (_, 0x000c) => Err(Skip::Other("CAN")),
        (_, kind @ 0..=1500) => Err(Skip::EtherType(kind)),
        (_, kind) => above(kind, inner, 0),
    }
}

/// Linux NFLOG: family, version, resource, then attributes; the ninth holds the packet. Lengths are in the
/// recorder's byte order.
pub(super) fn nflog(frame: Snapped<'_>) -> Result<Snapped<'_>, Skip> {
    let attributes = after(frame, 4, "NFLOG header")?;
    nflog_payload(attributes, Snapped::u16_le)
        .or_else(|| nflog_payload(attributes, Snapped::u16))
        .ok_or(Skip::Malformed("NFLOG header"))
}

fn nflog_payload<'a>(
    mut rest: Snapped<'a>,
    word: fn(Snapped<'a>, usize) -> Option<u16>,
) -> Option<Snapped<'a>> {
    loop {
        let length = usize::from(word(rest, 0)?);
        let kind = word(rest, 2)? & 0x7fff;
        if length < 4 || length > rest.wire {
            return None;
        }
        if kind == 9 {
            return rest.trim(length).skip(4);
        }
        rest = rest.skip(length.next_multiple_of(4))?;
    }
}

/// Apple's pktap: a header that names its own length and the link type after it.
pub(super) fn pktap(frame: Snapped<'_>) -> Result<(u32, Snapped<'_>), Skip> {
    let length = frame.u32_le(0).ok_or(Skip::Short("pktap header"))?;
    let number = frame.u32_le(8).ok_or(Skip::Short("pktap header"))?;
    if length < 12 {
        return Err(Skip::Malformed("pktap header"));
    }
    Ok((number, after(frame, length as usize, "pktap header")?))
}

/// IP over IEEE 1394 as macOS records it: two addresses and an EtherType.
pub(super) fn ieee_1394(frame: Snapped<'_>) -> Result<Snapped<'_>, Skip> {
    let kind = frame.u16(16).ok_or(Skip::Short("IEEE 1394 header"))?;
    above(kind, after(frame, 18, "IEEE 1394 header")?, 0)
}

/// RFC 2427: a Q.922 address, unnumbered information, then the protocol.
pub(super) fn frame_relay(frame: Snapped<'_>) -> Result<Snapped<'_>, Skip> {
    const NAME: &str = "frame relay header";
    let address = frame.bytes.iter().take(4).position(|byte| byte & 1 == 1).ok_or(Skip::Malformed(NAME))?;
    let rest = after(frame, address + 1, NAME)?;
    match rest.bytes {
        [0x03, 0xcc | 0x8e, ..] => after(rest, 2, NAME),
        [0x03, 0x00, 0x80, _, _, _, high, low, ..] => {
            above(u16::from_be_bytes([*high, *low]), after(rest, 8, NAME)?, 0)
        }
        [0x03, 0x80, _, _, _, high, low, ..] => {
            above(u16::from_be_bytes([*high, *low]), after(rest, 7, NAME)?, 0)
        }
        [0x03, 0xcf, ..] => ppp::ppp(after(rest, 2, NAME)?),
        // Cisco's own encapsulation puts the EtherType straight after the address.
        [0x08, 0x00, ..] | [0x86, 0xdd, ..] => after(rest, 2, NAME),
        _ => Err(Skip::Other("frame relay without IP")),
    }
}

/// RFC 1201 and RFC 1051 on ARCNET: addresses (and, as Linux records it, two bytes of offset), the protocol,
/// and for RFC 1201 a split flag and a sequence number. Split packets are counted, not joined.
pub(super) fn arcnet(frame: Snapped<'_>, linux: bool) -> Result<Snapped<'_>, Skip> {
    const NAME: &str = "ARCNET header";
    let frame = after(frame, if linux { 4 } else { 2 }, NAME)?;
    match frame.u8(0).ok_or(Skip::Short(NAME))? {
        240 => after(frame, 1, NAME),
        212 | 196 => match frame.u8(1).ok_or(Skip::Short(NAME))? {
            0 => after(frame, 4, NAME),
            // An exception frame repeats the header after three bytes of 0xff.
            0xff => after(frame, 8, NAME),
            _ => Err(Skip::Unread("split ARCNET packets")),
        },
        213 | 241 => Err(Skip::EtherType(0x0806)),
        _ => Err(Skip::Other("ARCNET without IP")),
    }
}
