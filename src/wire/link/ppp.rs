//! Takes PPP, PPPoE and Cisco HDLC frames, gives the IP packet in them (RFC 1661, 1662, 2516, 1547).

use super::{Skip, Snapped, after, mpls};

/// PPP, with or without address and control; the protocol may be compressed to one byte.
///
/// # Errors
/// What it is instead.
pub fn ppp(frame: Snapped<'_>) -> Result<Snapped<'_>, Skip> {
    let frame = match frame.bytes {
        [0xff, 0x03, ..] => after(frame, 2, "PPP header")?,
        _ => frame,
    };
    let first = frame.u8(0).ok_or(Skip::Short("PPP header"))?;
    let (protocol, inner) = if first & 1 == 1 {
        (u16::from(first), after(frame, 1, "PPP header")?)
    } else {
        (frame.u16(0).ok_or(Skip::Short("PPP header"))?, after(frame, 2, "PPP header")?)
    };
    match protocol {
        0x0021 | 0x0057 => Ok(inner),
        0x0281 | 0x0283 => mpls(inner, 0),
        protocol => Err(Skip::Ppp(protocol)),
    }
}

/// Link type 50: PPP in HDLC-like framing, or Cisco HDLC, by its address byte.
pub(super) fn serial(frame: Snapped<'_>) -> Result<Snapped<'_>, Skip> {
    match frame.u8(0) {
        Some(0x0f | 0x8f) => cisco(frame),
        _ => ppp(frame),
    }
}

/// Link types 166 and 204: a byte of direction first.
pub(super) fn with_direction(frame: Snapped<'_>) -> Result<Snapped<'_>, Skip> {
    let inner = after(frame, 1, "PPP header")?;
    // pppd writes the direction over the address byte.
    if inner.u8(0) == Some(0x03) { ppp(after(inner, 1, "PPP header")?) } else { ppp(inner) }
}

/// Cisco HDLC: address, control, EtherType.
pub(super) fn cisco(frame: Snapped<'_>) -> Result<Snapped<'_>, Skip> {
    let kind = frame.u16(2).ok_or(Skip::Short("Cisco HDLC"))?;
    let inner = after(frame, 4, "Cisco HDLC")?;
    match kind {
        0x0800 | 0x86dd => Ok(inner),
        0x8847 | 0x8848 => mpls(inner, 0),
        0x8035 => Err(Skip::Other("Cisco SLARP")),
        kind => Err(Skip::EtherType(kind)),
    }
}

/// PPPoE session stage: version and type, code 0, session, length, PPP.
pub(super) fn pppoe(frame: Snapped<'_>) -> Result<Snapped<'_>, Skip> {
    let [version, code, _, _, high, low] = frame.array(0).ok_or(Skip::Short("PPPoE header"))?;
    if version != 0x11 {
        return Err(Skip::Malformed("PPPoE header"));
    }
    if code != 0 {
        return Err(Skip::Other("PPPoE discovery"));
    }
    let length = usize::from(u16::from_be_bytes([high, low]));
    ppp(after(frame, 6, "PPPoE header")?.trim(length))
}
