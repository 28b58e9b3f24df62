//! Takes a pcapng file, gives its packets, secrets, comments and losses.
//!
//! draft-ietf-opsawg-pcapng: several sections of either byte order, several interfaces, every time
//! resolution; enhanced, simple and obsolete packet blocks; interface statistics; decryption secrets.
//! Name resolution and unknown blocks are skipped. Frames are numbered as Wireshark does.

use std::collections::VecDeque;
use std::ops::Range;

use super::window::Window;
use super::{LinkType, Raw, RawPacket, Stop};
use crate::base::{Instant, Reader};
use crate::limits;

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const OBSOLETE_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const INTERFACE_STATISTICS: u32 = 5;
const ENHANCED_PACKET: u32 = 6;
const SYSTEMD_JOURNAL: u32 = 9;
const DECRYPTION_SECRETS: u32 = 10;
const CUSTOM: u32 = 0x0bad;
const CUSTOM_NOT_COPIED: u32 = 0x4000_0bad;
const MAGIC: u32 = 0x1a2b_3c4d;

/// The link type of packets whose interface no block describes; none has this number.
pub(in crate::wire) const NO_INTERFACE: LinkType = LinkType(u32::MAX);

const OPTION_END: u16 = 0;
const OPTION_COMMENT: u16 = 1;

/// Whether `head` begins like a pcapng file.
pub(super) fn is_pcapng(head: &[u8]) -> bool {
    let mut head = Reader::new(head);
    let kind = head.u32();
    let magic = head.skip(4).and_then(|()| head.u32());
    kind == Some(SECTION_HEADER) && magic.is_none_or(|magic| magic == MAGIC || magic == MAGIC.swap_bytes())
}

/// How the clock of an interface counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Resolution {
    /// One tick is so many nanoseconds.
    Times(u64),
    /// One nanosecond is so many ticks.
    Per(u64),
    /// One second is two to this many ticks.
    Binary(u32),
}

impl Resolution {
    /// `if_tsresol`: a negative power of ten, or of two with the upper bit.
    fn of(byte: u8) -> Option<Self> {
        let power = u32::from(byte & 0x7f);
        if byte & 0x80 != 0 {
            return (power < 64).then_some(Self::Binary(power));
        }
        match power {
            0..=9 => 10_u64.checked_pow(9 - power).map(Self::Times),
            _ => 10_u64.checked_pow(power - 9).map(Self::Per),
        }
    }

    fn nanos(self, ticks: u64) -> i64 {
        let nanos = match self {
            Self::Times(1000) => return ticks.wrapping_mul(1000).cast_signed(),
            Self::Times(unit) => u128::from(ticks).saturating_mul(u128::from(unit)),
            Self::Per(unit) => u128::from(ticks / unit.max(1)),
            Self::Binary(bits) => u128::from(ticks).saturating_mul(1_000_000_000) >> bits,
        };
        i64::try_from(nanos).unwrap_or(i64::MAX)
    }
}

#[derive(Clone, Copy, Debug)]
struct Interface {
    link: LinkType,
    snap: u32,
    resolution: Resolution,
    offset: i64,
    /// Losses already told.
    dropped: u64,
}

impl Interface {
    fn time(&self, high: u32, low: u32) -> Instant {
        let ticks = u64::from(high) << 32 | u64::from(low);
        Instant::from_nanos(self.resolution.nanos(ticks)).plus_seconds(self.offset)
    }
}

/// State of a pcapng file.
pub(super) struct Pcapng {
    big: bool,
    interfaces: Vec<Interface>,
    packets: u64,
    /// Blocks that were passed over because of their size.
    oversized: u64,
}

impl Pcapng {
    pub(super) fn open(window: &mut Window) -> Result<Self, Stop> {
        if !window.need(28) {
            let found = window.ready().len();
            return Err(Stop::Header(format!(
                "a pcapng file cut in its section header: {found} of at least 28 bytes; record or copy it again"
            )));
        }
        Ok(Self { big: false, interfaces: Vec::new(), packets: 0, oversized: 0 })
    }

    /// The number of the last packet.
    pub(super) const fn packets(&self) -> u64 {
        self.packets
    }

    /// Packets have numbers behind this one.
    pub(super) const fn count_from(&mut self, number: u64) {
        self.packets = number;
    }

    #[inline]
    fn word(&self, bytes: [u8; 4]) -> u32 {
        if self.big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
    }

    fn half(&self, bytes: [u8; 2]) -> u16 {
        if self.big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) }
    }

    /// The next item; what else is in its block goes to `pending`.
    pub(super) fn next(
        &mut self,
        window: &mut Window,
        pending: &mut VecDeque<Raw>,
    ) -> Result<Option<Raw>, Stop> {
        loop {
            if let Some(raw) = pending.pop_front() {
                return Ok(Some(raw));
            }
            let Some((kind, body)) = self.block(window)? else { return Ok(None) };
            match kind {
                ENHANCED_PACKET => {
                    if let Some(packet) = self.enhanced(window, body, pending) {
                        return Ok(Some(packet));
                    }
                }
                SIMPLE_PACKET => {
                    if let Some(packet) = self.simple(window, body) {
                        return Ok(Some(packet));
                    }
                }
                OBSOLETE_PACKET => {
                    if let Some(packet) = self.obsolete(window, body, pending) {
                        return Ok(Some(packet));
                    }
                }
                SECTION_HEADER => {
                    self.interfaces.clear();
                    self.comments(window, body, 16, pending);
                }
                INTERFACE_DESCRIPTION => self.interface(window, body, pending)?,
                INTERFACE_STATISTICS => self.statistics(window, body, pending),
                DECRYPTION_SECRETS => self.secrets(window, body, pending),
                // Wireshark shows them as frames.
                SYSTEMD_JOURNAL | CUSTOM | CUSTOM_NOT_COPIED => self.packets += 1,
                _ => {}
            }
        }
    }

    /// The next block, consumed: its type and where its body is. Blocks too large to hold are skipped.
    #[inline]
    fn block(&mut self, window: &mut Window) -> Result<Option<(u32, Range<usize>)>, Stop> {
        loop {
            if !window.need(12) {
                return match window.ready().len() {
                    0 if self.oversized == 0 => Ok(None),
                    0 => Err(Stop::Cut(format!(
                        "the end; but {} blocks before it were larger than is read (limit CAPTURE_BLOCK)",
                        std::mem::take(&mut self.oversized)
                    ))),
                    left => Err(Stop::Cut(format!("{left} bytes are left, a block has at least 12"))),
                };
            }
            let Some(&[k0, k1, k2, k3, l0, l1, l2, l3, m0, m1, m2, m3]) = window.ready().first_chunk::<12>()
            else {
                return Ok(None);
            };
            if [k0, k1, k2, k3] == SECTION_HEADER.to_be_bytes() {
                self.section([m0, m1, m2, m3])?;
            }
            let kind = self.word([k0, k1, k2, k3]);
            let claimed = self.word([l0, l1, l2, l3]);
            let total = claimed as usize;
            if total < 12 {
                return Err(Stop::Cut(format!("a block of type {kind:#x} claims {claimed} bytes")));
            }
            // Some writers count a length that is no multiple of four but pad it nevertheless.
            let padded = total.next_multiple_of(4);
            if padded > limits::CAPTURE_BLOCK {
                if matches!(kind, ENHANCED_PACKET | SIMPLE_PACKET | OBSOLETE_PACKET)
                    || !window.skip(padded as u64)
                {
                    return Err(Stop::Cut(format!(
                        "a block of type {kind:#x} claims {claimed} bytes (limit CAPTURE_BLOCK)"
                    )));
                }
                self.oversized = self.oversized.saturating_add(1);
                continue;
            }
            if !window.need(padded) {
                let left = window.ready().len();
                return Err(Stop::Cut(format!("{claimed} bytes of a block expected, {left} are there")));
            }
            let trailer = window.ready().get(padded - 4..padded).and_then(|tail| tail.try_into().ok());
            if trailer.map(|tail| self.word(tail)) != Some(claimed) {
                return Err(Stop::Cut(format!(
                    "a block of type {kind:#x} does not end with its length {claimed}"
                )));
            }
            let at = window.take(padded);
            return Ok(Some((kind, at.start + 8..at.end - 4)));
        }
    }

    fn section(&mut self, magic: [u8; 4]) -> Result<(), Stop> {
        self.big = match u32::from_be_bytes(magic) {
            MAGIC => true,
            magic if magic.swap_bytes() == MAGIC => false,
            magic => return Err(Stop::Cut(format!("a section header with byte-order magic {magic:#010x}"))),
        };
        Ok(())
    }

    #[inline]
    fn enhanced(&mut self, window: &Window, body: Range<usize>, pending: &mut VecDeque<Raw>) -> Option<Raw> {
        self.packets += 1;
        let &[i0, i1, i2, i3, h0, h1, h2, h3, t0, t1, t2, t3, c0, c1, c2, c3, o0, o1, o2, o3] =
            window.at(body.clone()).first_chunk::<20>()?;
        let interface = self.word([i0, i1, i2, i3]);
        let captured = self.word([c0, c1, c2, c3]) as usize;
        let known = self.interfaces.get(interface as usize);
        let packet = RawPacket {
            number: self.packets,
            time: known.map(|known| known.time(self.word([h0, h1, h2, h3]), self.word([t0, t1, t2, t3]))),
            link: known.map_or(NO_INTERFACE, |known| known.link),
            original: self.word([o0, o1, o2, o3]),
            bytes: held(&body, 20, captured),
        };
        let options = 20_usize.saturating_add(captured.next_multiple_of(4));
        if body.len() > options.saturating_add(4) {
            self.packet_options(window, &body, options, interface, pending);
        }
        Some(Raw::Packet(packet))
    }

    #[cold]
    fn packet_options(
        &mut self,
        window: &Window,
        body: &Range<usize>,
        from: usize,
        interface: u32,
        pending: &mut VecDeque<Raw>,
    ) {
        for (code, value) in self.options(window, body.clone(), from) {
            match code {
                OPTION_COMMENT => pending.push_back(Raw::Comment(value)),
                // epb_dropcount: packets lost between the preceding packet and this one.
                4 => {
                    let lost = self.long(window.at(value));
                    if let Some(known) = self.interfaces.get_mut(interface as usize)
                        && lost > 0
                    {
                        known.dropped = known.dropped.saturating_add(lost);
                        pending.push_back(Raw::Dropped(lost));
                    }
                }
                _ => {}
            }
        }
    }

    fn simple(&mut self, window: &Window, body: Range<usize>) -> Option<Raw> {
        self.packets += 1;
        let original = window.at(body.clone()).first_chunk().map(|bytes| self.word(*bytes))?;
        let known = self.interfaces.first();
        let snap = known.map_or(0, |known| known.snap);
        let snap = if snap == 0 { u32::MAX } else { snap };
        let captured = (original.min(snap) as usize).min(body.len().saturating_sub(4));
        let link = known.map_or(NO_INTERFACE, |known| known.link);
        let bytes = held(&body, 4, captured);
        Some(Raw::Packet(RawPacket { number: self.packets, time: None, link, bytes, original }))
    }

    fn obsolete(&mut self, window: &Window, body: Range<usize>, pending: &mut VecDeque<Raw>) -> Option<Raw> {
        self.packets += 1;
        let mut head = Reader::new(window.at(body.clone()));
        let interface = self.half(head.array()?);
        let lost = self.half(head.array()?);
        let (high, low) = (self.word(head.array()?), self.word(head.array()?));
        let captured = self.word(head.array()?) as usize;
        let original = self.word(head.array()?);
        let known = self.interfaces.get_mut(usize::from(interface));
        let bytes = held(&body, 20, captured);
        let time = known.as_ref().map(|known| known.time(high, low));
        let link = known.as_ref().map_or(NO_INTERFACE, |known| known.link);
        // 0xffff: not known.
        if let Some(known) = known
            && lost != 0
            && lost != u16::MAX
        {
            known.dropped = known.dropped.saturating_add(u64::from(lost));
            pending.push_back(Raw::Dropped(u64::from(lost)));
        }
        self.comments(window, body, 20_usize.saturating_add(captured.next_multiple_of(4)), pending);
        Some(Raw::Packet(RawPacket { number: self.packets, time, link, bytes, original }))
    }

    fn interface(
        &mut self,
        window: &Window,
        body: Range<usize>,
        pending: &mut VecDeque<Raw>,
    ) -> Result<(), Stop> {
        if self.interfaces.len() >= limits::CAPTURE_INTERFACES {
            return Err(Stop::Cut(format!(
                "more than {} interfaces in one section (limit CAPTURE_INTERFACES)",
                limits::CAPTURE_INTERFACES
            )));
        }
        let mut head = Reader::new(window.at(body.clone()));
        let link = head.array().map_or(u32::MAX, |bytes| u32::from(self.half(bytes)));
        let snap = head.skip(2).and_then(|()| head.array()).map_or(0, |bytes| self.word(bytes));
        let mut known = Interface {
            link: LinkType(link),
            snap,
            resolution: Resolution::Times(1000),
            offset: 0,
            dropped: 0,
        };
        for (code, value) in self.options(window, body, 8) {
            match code {
                OPTION_COMMENT => pending.push_back(Raw::Comment(value)),
                9 => {
                    let resolution = window.at(value).first().and_then(|byte| Resolution::of(*byte));
                    known.resolution = resolution.unwrap_or(known.resolution);
                }
                14 => known.offset = self.long(window.at(value)).cast_signed(),
                _ => {}
            }
        }
        self.interfaces.push(known);
        Ok(())
    }

    /// `isb_ifdrop` and `isb_osdrop` count from the start of the capture.
    fn statistics(&mut self, window: &Window, body: Range<usize>, pending: &mut VecDeque<Raw>) {
        let interface = window.at(body.clone()).first_chunk().map(|bytes| self.word(*bytes));
        let mut total = 0_u64;
        for (code, value) in self.options(window, body, 12) {
            match code {
                OPTION_COMMENT => pending.push_back(Raw::Comment(value)),
                5 | 7 => total = total.saturating_add(self.long(window.at(value))),
                _ => {}
            }
        }
        let known = interface.and_then(|at| self.interfaces.get_mut(at as usize));
        let told = known.map_or(0, |known| {
            let told = known.dropped;
            known.dropped = told.max(total);
            told
        });
        if total > told {
            pending.push_back(Raw::Dropped(total - told));
        }
    }

    fn secrets(&self, window: &Window, body: Range<usize>, pending: &mut VecDeque<Raw>) {
        let mut head = Reader::new(window.at(body.clone()));
        let Some(kind) = head.array().map(|bytes| self.word(bytes)) else { return };
        let Some(length) = head.array().map(|bytes| self.word(bytes) as usize) else { return };
        if let Some(bytes) = place(&body, 8, length) {
            pending.push_back(Raw::Secrets { kind, bytes });
            self.comments(window, body, 8_usize.saturating_add(length.next_multiple_of(4)), pending);
        }
    }

    fn comments(&self, window: &Window, body: Range<usize>, from: usize, pending: &mut VecDeque<Raw>) {
        for (code, value) in self.options(window, body, from) {
            if code == OPTION_COMMENT {
                pending.push_back(Raw::Comment(value));
            }
        }
    }

    /// The options that begin `from` bytes into a block's body: codes and places.
    fn options(&self, window: &Window, body: Range<usize>, from: usize) -> Vec<(u16, Range<usize>)> {
        let mut found = Vec::new();
        let all = window.at(body.clone());
        let mut rest = Reader::new(all.get(from..).unwrap_or_default());
        while let (Some(code), Some(length)) = (rest.array(), rest.array()) {
            let (code, length) = (self.half(code), usize::from(self.half(length)));
            let at = from.saturating_add(rest.position());
            if code == OPTION_END || rest.skip(length).is_none() {
                break;
            }
            found.extend(place(&body, at, length).map(|range| (code, range)));
            // The last option may lack its padding.
            rest.skip(length.next_multiple_of(4) - length);
        }
        found
    }

    /// A 64-bit option; the halves are in the section's order too.
    fn long(&self, bytes: &[u8]) -> u64 {
        let Some(bytes) = bytes.first_chunk::<8>() else { return 0 };
        if self.big { u64::from_be_bytes(*bytes) } else { u64::from_le_bytes(*bytes) }
    }
}

/// `length` bytes from `from` on, if they are inside `body`.
#[inline]
fn place(body: &Range<usize>, from: usize, length: usize) -> Option<Range<usize>> {
    let start = body.start.checked_add(from)?;
    let end = start.checked_add(length)?;
    (end <= body.end).then_some(start..end)
}

/// The bytes of a packet; none where it claims more than its block holds, so that it is counted all the same.
#[inline]
fn held(body: &Range<usize>, from: usize, length: usize) -> Range<usize> {
    place(body, from, length).unwrap_or(body.start..body.start)
}

#[cfg(test)]
pub(super) mod tests;
