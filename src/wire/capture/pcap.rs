//! Takes a libpcap file, gives its packets.
//!
//! draft-ietf-opsawg-pcap, libpcap's pcap-savefile(5); both byte orders, microseconds and nanoseconds, and
//! Kuznetzov's variant with eight more bytes a record.

use super::window::Window;
use super::{LinkType, Raw, RawPacket, Stop};
use crate::base::{Instant, Reader};
use crate::limits;

/// State of a libpcap file.
pub(super) struct Pcap {
    big: bool,
    /// Nanoseconds of one unit of the fraction.
    unit: i64,
    link: LinkType,
    /// 16, or 24 in Kuznetzov's variant.
    record: usize,
    /// Whether the lengths may be swapped: versions before 2.3 wrote them in the other order.
    swapped: Swapped,
    packets: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Swapped {
    No,
    Maybe,
    Yes,
}

const HEADER: usize = 24;
const MICRO: u32 = 0xa1b2_c3d4;
const NANO: u32 = 0xa1b2_3c4d;
const KUZNETZOV: u32 = 0xa1b2_cd34;

/// Whether `head` begins like a libpcap file.
pub(super) fn is_pcap(head: &[u8]) -> bool {
    Reader::new(head).u32().is_some_and(|magic| {
        [MICRO, NANO, KUZNETZOV].iter().any(|known| *known == magic || known.swap_bytes() == magic)
    })
}

impl Pcap {
    pub(super) fn open(window: &mut Window) -> Result<Self, Stop> {
        let whole = window.need(HEADER);
        let mut head = Reader::new(window.ready());
        let magic = head.u32().unwrap_or_default();
        let big = [MICRO, NANO, KUZNETZOV].contains(&magic);
        let magic = if big { magic } else { magic.swap_bytes() };
        if !whole {
            let found = window.ready().len();
            return Err(Stop::Header(format!(
                "a pcap file cut in its header: {found} of {HEADER} bytes; record or copy it again"
            )));
        }
        let half = |head: &mut Reader<'_>| if big { head.u16() } else { head.u16_le() }.unwrap_or_default();
        let major = half(&mut head);
        let minor = half(&mut head);
        let network = Reader::new(window.ready()).sub(HEADER).and_then(|mut all| {
            all.skip(20)?;
            if big { all.u32() } else { all.u32_le() }
        });
        if major != 2 {
            return Err(Stop::Header(format!("pcap version {major}.{minor}: only version 2 is defined")));
        }
        window.take(HEADER);
        Ok(Self {
            big,
            unit: if magic == NANO { 1 } else { 1000 },
            // The upper six bits hold the length of a frame check sequence.
            link: LinkType(network.unwrap_or_default() & 0x03ff_ffff),
            record: if magic == KUZNETZOV { 24 } else { 16 },
            swapped: match minor {
                0..=2 => Swapped::Yes,
                3 => Swapped::Maybe,
                _ => Swapped::No,
            },
            packets: 0,
        })
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
    pub(super) fn next(&mut self, window: &mut Window) -> Result<Option<Raw>, Stop> {
        if !window.need(self.record) {
            return match window.ready().len() {
                0 => Ok(None),
                left => Err(Stop::Cut(format!("{left} bytes are left, a record header has {}", self.record))),
            };
        }
        let Some(&[s0, s1, s2, s3, f0, f1, f2, f3, c0, c1, c2, c3, o0, o1, o2, o3]) =
            window.ready().first_chunk::<16>()
        else {
            return Ok(None);
        };
        let word = |bytes: [u8; 4]| {
            if self.big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
        };
        let seconds = word([s0, s1, s2, s3]);
        let fraction = word([f0, f1, f2, f3]);
        let (mut captured, mut original) = (word([c0, c1, c2, c3]), word([o0, o1, o2, o3]));
        let swap = match self.swapped {
            Swapped::No => false,
            Swapped::Maybe => captured > original,
            Swapped::Yes => true,
        };
        if swap {
            (captured, original) = (original, captured);
        }
        let length = captured as usize;
        if length > limits::CAPTURE_BLOCK {
            return Err(Stop::Cut(format!(
                "a record header claims {captured} captured bytes (limit CAPTURE_BLOCK)"
            )));
        }
        if !window.need(self.record.saturating_add(length)) {
            let left = window.ready().len().saturating_sub(self.record);
            return Err(Stop::Cut(format!("{captured} bytes of a packet expected, {left} are there")));
        }
        window.take(self.record);
        self.packets += 1;
        let nanos = i64::from(seconds)
            .wrapping_mul(1_000_000_000)
            .saturating_add(i64::from(fraction).wrapping_mul(self.unit));
        Ok(Some(Raw::Packet(RawPacket {
            number: self.packets,
            time: Some(Instant::from_nanos(nanos)),
            link: self.link,
            bytes: window.take(length),
            original,
        })))
    }
}
