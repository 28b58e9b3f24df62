//! Takes IEEE 802.11 frames and the headers that recorders put before them, gives the IP packet in them.
//!
//! IEEE 802.11-2020 9.2; <https://www.radiotap.org>; CACE PPI; Prism and AVS.

use super::{Skip, Snapped, after, llc};

/// Set in the radiotap flags when padding follows the 802.11 header.
const DATA_PADDED: u8 = 0x20;

/// An 802.11 frame; `flags` as radiotap has them.
pub(super) fn ieee_802_11(frame: Snapped<'_>, flags: u8) -> Result<Snapped<'_>, Skip> {
    let [kind, control] = frame.array(0).ok_or(Skip::Short("802.11 header"))?;
    match kind & 0x0c {
        0x08 => {}
        0x00 => return Err(Skip::Other("802.11 management")),
        _ => return Err(Skip::Other("802.11 control")),
    }
    let quality = kind & 0x80 != 0;
    if kind & 0x40 != 0 {
        return Err(Skip::Other("802.11 without data"));
    }
    if control & 0x40 != 0 {
        return Err(Skip::Unread("802.11 encrypted"));
    }
    let mut header = 24_usize;
    if control & 0x03 == 0x03 {
        header += 6;
    }
    if quality {
        let qos = frame.u8(header).ok_or(Skip::Short("802.11 header"))?;
        if qos & 0x80 != 0 {
            return Err(Skip::Unread("802.11 aggregates (A-MSDU)"));
        }
        header += 2;
        if control & 0x80 != 0 {
            header += 4;
        }
    }
    if flags & DATA_PADDED != 0 {
        header = header.next_multiple_of(4);
    }
    llc(after(frame, header, "802.11 header")?, false)
}

/// Radiotap: version 0, length, presence words, then fields in their natural alignment.
pub(super) fn radiotap(frame: Snapped<'_>) -> Result<Snapped<'_>, Skip> {
    let length = frame.u16_le(2).ok_or(Skip::Short("radiotap header"))?;
    let inner = after(frame, usize::from(length), "radiotap header")?;
    if frame.u8(0) != Some(0) || length < 8 {
        return Err(Skip::Malformed("radiotap header"));
    }
    ieee_802_11(inner, radiotap_flags(frame).unwrap_or_default())
}

/// The flags field, the second one: after the 64-bit clock, when that is there.
fn radiotap_flags(frame: Snapped<'_>) -> Option<u8> {
    let present = frame.u32_le(4)?;
    if present & 0x02 == 0 {
        return None;
    }
    let mut at = 8_usize;
    let mut word = present;
    while word & 0x8000_0000 != 0 {
        word = frame.u32_le(at)?;
        at = at.checked_add(4)?;
    }
    if present & 0x01 != 0 {
        at = at.next_multiple_of(8).checked_add(8)?;
    }
    frame.u8(at)
}

/// AVS: version and length, most significant byte first.
pub(super) fn avs(frame: Snapped<'_>) -> Result<Snapped<'_>, Skip> {
    let length = frame.u32(4).ok_or(Skip::Short("AVS header"))?;
    ieee_802_11(after(frame, length as usize, "AVS header")?, 0)
}

/// Prism: message code and length in the recorder's order; AVS headers stand under this link type too.
pub(super) fn prism(frame: Snapped<'_>) -> Result<Snapped<'_>, Skip> {
    if frame.u32(0).is_some_and(|magic| magic & 0xffff_f000 == 0x8021_1000) {
        return avs(frame);
    }
    let length = frame.u32_le(4).ok_or(Skip::Short("Prism header"))?;
    let length = if length > 0xffff { length.swap_bytes() } else { length };
    ieee_802_11(after(frame, length as usize, "Prism header")?, 0)
}

/// PPI: version, flags, length, link type; all least significant byte first.
pub(super) fn ppi(frame: Snapped<'_>) -> Result<(u32, Snapped<'_>), Skip> {
    let length = frame.u16_le(2).ok_or(Skip::Short("PPI header"))?;
    let number = frame.u32_le(4).ok_or(Skip::Short("PPI header"))?;
    if length < 8 {
        return Err(Skip::Malformed("PPI header"));
    }
    Ok((number, after(frame, usize::from(length), "PPI header")?))
}
