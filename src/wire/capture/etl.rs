//! Takes an Event Trace Log, gives the packets that `netsh trace` or `pktmon` recorded in it.
//!
//! UNPROVEN: built from documented layouts (`WMI_BUFFER_HEADER`, `EVENT_HEADER`, `TRACE_LOGFILE_HEADER` of the
//! Windows SDK; the manifests of Microsoft-Windows-NDIS-PacketCapture and Microsoft-Windows-PktMon) and on a
//! real log without packets; no recorded log with packets was at hand.
//!
//! The file is read whole: each processor has buffers of its own, and only the times put events in order.
//! Frames are numbered in that order.

use std::collections::HashMap;
use std::ops::Range;

use super::netmon::filetime;
use super::window::Window;
use super::{LinkType, Memory, Raw, RawPacket, Stop};
use crate::base::{Instant, Reader};
use crate::limits;

/// `{2ED6006E-4729-4609-B423-3EE7BCD678EF}` as stored.
const NDIS: [u8; 16] = *b"\x6e\x00\xd6\x2e\x29\x47\x09\x46\xb4\x23\x3e\xe7\xbc\xd6\x78\xef";
/// `{4D4F80D9-C8BD-4D73-BB5B-19C90402C5AC}` as stored.
const PKTMON: [u8; 16] = *b"\xd9\x80\x4f\x4d\xbd\xc8\x73\x4d\xbb\x5b\x19\xc9\x04\x02\xc5\xac";

const BUFFER_HEADER: usize = 72;
const EVENT_HEADER: usize = 80;
const COMPRESSED: u16 = 0x40;

// Keywords of the NDIS provider.
const WIRELESS_WAN: u64 = 0x200;
const NATIVE_802_11: u64 = 0x1_0000;
const PACKET_START: u64 = 0x4000_0000;
const PACKET_END: u64 = 0x8000_0000;

/// Whether `head` begins like an Event Trace Log: a buffer header, and in it the log's own header, which
/// repeats the buffer size.
pub(super) fn is_etl(head: &[u8]) -> bool {
    let word = |at: usize| head.get(at..).and_then(|rest| Reader::new(rest).u32_le());
    let size = word(0).unwrap_or_default();
    (1024..=16 << 20).contains(&size)
        && word(0x68) == Some(size)
        && matches!(head.get(0x4a..0x4c), Some([1 | 2, 0xc0]))
}

/// A packet in the file, or joined behind it.
struct Found {
    time: i64,
    link: LinkType,
    bytes: Range<usize>,
    original: u32,
}

/// One event of a packet provider.
struct Event {
    time: i64,
    thread: u32,
    kind: Kind,
    bytes: Range<usize>,
    original: u32,
    link: LinkType,
}

#[derive(Clone, Copy)]
enum Kind {
    Fragment { start: bool, end: bool, interface: u32 },
    Whole,
}

/// The clock of a log.
#[derive(Clone, Copy, Default)]
struct Clock {
    /// Windows' time at `first`.
    start: u64,
    first: i64,
    /// Ticks a second; 0: the ticks are Windows' time.
    frequency: u64,
}

impl Clock {
    fn at(self, ticks: i64) -> Instant {
        if self.frequency == 0 {
            return filetime(ticks.cast_unsigned());
        }
        let since = i128::from(ticks.saturating_sub(self.first)) * 10_000_000 / i128::from(self.frequency);
        let now = i128::from(self.start).saturating_add(since);
        filetime(u64::try_from(now).unwrap_or(0))
    }
}

/// State of an Event Trace Log.
pub(super) struct Etl {
    bytes: Memory,
    clock: Clock,
    found: std::vec::IntoIter<Found>,
    lost: u64,
    packets: u64,
    damage: Option<String>,
}

impl Etl {
    pub(super) fn open(window: &mut Window) -> Result<Self, Stop> {
        let mut bytes = window.whole();
        let mut log = Log::default();
        log.read(&bytes);
        let compressed = log.compressed;
        let mut events = std::mem::take(&mut log.events);
        events.sort_by_key(|event| event.time);
        let found = join(events, &mut bytes);
        if found.is_empty() {
            return Err(Stop::Header(match compressed {
                0 => "an event trace log without packets: record with `netsh trace start capture=yes` or `pktmon \
                      start --capture --pkt-size 0`"
                    .into(),
                count => format!(
                    "an event trace log with {count} compressed buffers, which are not read; convert it with \
                     `pktmon etl2pcap` or etl2pcapng"
                ),
            }));
        }
        let found = found.into_iter();
        Ok(Self {
            bytes: Memory::new(bytes),
            clock: log.clock,
            found,
            lost: log.lost,
            packets: 0,
            damage: log.damage,
        })
    }

    pub(super) const fn bytes(&self) -> &Memory {
        &self.bytes
    }

    /// The number of the last packet.
    pub(super) const fn packets(&self) -> u64 {
        self.packets
    }

    /// Packets have numbers behind this one.
    pub(super) const fn count_from(&mut self, number: u64) {
        self.packets = number;
    }

    pub(super) fn next(&mut self) -> Result<Option<Raw>, Stop> {
        if let Some(found) = self.found.next() {
            self.packets += 1;
            return Ok(Some(Raw::Packet(RawPacket {
                number: self.packets,
                time: Some(self.clock.at(found.time)),
                link: found.link,
                original: found.original,
                bytes: found.bytes,
            })));
        }
        if self.lost > 0 {
            return Ok(Some(Raw::Dropped(std::mem::take(&mut self.lost))));
        }
        self.damage.take().map_or(Ok(None), |what| Err(Stop::Cut(what)))
    }
}

/// What is read from the buffers.
#[derive(Default)]
struct Log {
    clock: Clock,
    events: Vec<Event>,
    lost: u64,
    compressed: u64,
    damage: Option<String>,
}

impl Log {
    fn read(&mut self, bytes: &[u8]) {
        let mut at = 0_usize;
        while at < bytes.len() {
            let rest = bytes.get(at..).unwrap_or_default();
            let size = Reader::new(rest).u32_le().unwrap_or(0) as usize;
            if !(BUFFER_HEADER..=limits::CAPTURE_BLOCK).contains(&size) {
                self.damage = Some(format!("a buffer header expected at byte {at}"));
                return;
            }
            if rest.len() < size {
                self.damage =
                    Some(format!("{size} bytes of a buffer expected at byte {at}, {} are there", rest.len()));
            }
            self.buffer(rest.get(..size).unwrap_or(rest), at);
            at = at.saturating_add(size);
        }
    }

    /// A buffer: its header says how much of it is used.
    fn buffer(&mut self, buffer: &[u8], base: usize) {
        let mut header = Reader::new(buffer);
        let fields = header.skip(0x30).and_then(|()| Some((header.u32_le()? as usize, header.u16_le()?)));
        let Some((used, flags)) = fields else { return };
        if flags & COMPRESSED != 0 {
            self.compressed += 1;
            return;
        }
        let mut at = BUFFER_HEADER;
        while at < used.min(buffer.len()) {
            let Some(event) = buffer.get(at..) else { return };
            let Some((size, kind)) = size_of(event) else { return };
            let Some(event) = event.get(..size) else { return };
            match kind {
                0x12 | 0x13 => {
                    let packet = packet_event(event, base.saturating_add(at));
                    self.events.extend(packet);
                }
                1 | 2 if at == BUFFER_HEADER && base == 0 => self.log_header(event),
                _ => {}
            }
            at = at.saturating_add(size.next_multiple_of(8));
        }
    }

    /// `TRACE_LOGFILE_HEADER`, after a system header of 32 bytes whose time is in ticks.
    fn log_header(&mut self, event: &[u8]) {
        let at = |at: usize| Reader::new(event.get(at..).unwrap_or_default());
        let wide = at(0x20 + 0x2c).u32_le() == Some(8);
        // Two names by pointer, a time zone of 172 bytes, then the clock, aligned to eight.
        let clock = 0x20 + if wide { 0xf8 } else { 0xf0 };
        self.lost = u64::from(at(0x20 + 0x30).u32_le().unwrap_or(0));
        let first = at(0x10).u64_le().unwrap_or(0).cast_signed();
        let frequency = at(clock + 8).u64_le().unwrap_or(0);
        let start = at(clock + 16).u64_le().unwrap_or(0);
        // 1 performance counter, 2 system time, 3 processor cycles.
        let frequency = match at(clock + 24).u32_le() {
            Some(2) => 0,
            Some(3) => u64::from(at(0x20 + 0x34).u32_le().unwrap_or(0)).saturating_mul(1_000_000),
            _ => frequency,
        };
        self.clock = Clock { start, first, frequency };
    }
}

/// Size and header type of an event: three layouts, told apart by the marker.
fn size_of(event: &[u8]) -> Option<(usize, u8)> {
    let mut reader = Reader::new(event);
    let first = reader.u16_le()?;
    let (kind, marker) = (reader.u8()?, reader.u8()?);
    let second = reader.u16_le()?;
    if marker & 0x80 == 0 {
        return None;
    }
    let size = match (marker & 0x40 != 0, kind) {
        (true, 1..=4 | 0x10 | 0x11) => second,
        _ => first,
    };
    (size >= 8).then_some((usize::from(size), if marker & 0x40 != 0 { kind } else { 0 }))
}

/// An event of a packet provider, `None` for all others.
fn packet_event(event: &[u8], base: usize) -> Option<Event> {
    let mut reader = Reader::new(event);
    reader.skip(4)?;
    let flags = reader.u16_le()?;
    reader.skip(2)?;
    let thread = reader.u32_le()?;
    reader.skip(4)?;
    let time = reader.u64_le()?.cast_signed();
    let provider: [u8; 16] = reader.array()?;
    let id = reader.u16_le()?;
    reader.skip(6)?;
    let keyword = reader.u64_le()?;
    let mut user = Reader::new(event);
    user.skip(EVENT_HEADER)?;
    if flags & 1 != 0 {
        skip_extended(&mut user)?;
    }
    let ours = Event { time, thread, kind: Kind::Whole, bytes: 0..0, original: 0, link: LinkType(1) };
    match (provider, id) {
        (NDIS, 1001 | 1003) => ndis(ours, id, keyword, user, base),
        (PKTMON, 160 | 170) => pktmon(ours, user, base),
        _ => None,
    }
}

/// Extended data items: type, whether another follows, size; aligned to eight.
fn skip_extended(user: &mut Reader<'_>) -> Option<()> {
    loop {
        user.skip(4)?;
        let linkage = user.u16_le()?;
        let size = usize::from(user.u16_le()?);
        user.skip(size.next_multiple_of(8))?;
        if linkage & 1 == 0 {
            return Some(());
        }
    }
}

/// `PacketFragment`: two interface indexes, size, bytes; the switch's variant has ports and names between.
fn ndis(event: Event, id: u16, keyword: u64, mut user: Reader<'_>, base: usize) -> Option<Event> {
    user.skip(4)?;
    let interface = user.u32_le()?;
    if id == 1003 {
        user.skip(4)?;
        for _ in 0..3 {
            while user.u16_le()? != 0 {}
        }
        user.skip(4)?;
    }
    let size = user.u32_le()? as usize;
    let at = user.position();
    user.take(size)?;
    let link = match keyword {
        _ if keyword & NATIVE_802_11 != 0 => LinkType(105),
        _ if keyword & WIRELESS_WAN != 0 => LinkType(101),
        _ => LinkType(1),
    };
    let (start, end) = (keyword & PACKET_START != 0, keyword & PACKET_END != 0);
    let bytes = base.checked_add(at)?..base.checked_add(at)?.checked_add(size)?;
    Some(Event {
        kind: Kind::Fragment { start, end, interface },
        bytes,
        original: u32::try_from(size).ok()?,
        link,
        ..event
    })
}

/// `FramePayload`: identity, direction, type, component, drop reason, sizes, bytes.
fn pktmon(event: Event, mut user: Reader<'_>, base: usize) -> Option<Event> {
    user.skip(14)?;
    let kind = user.u16_le()?;
    user.skip(14)?;
    let (original, logged) = (user.u16_le()?, usize::from(user.u16_le()?));
    let at = base.checked_add(user.position())?;
    user.take(logged)?;
    let link = match kind {
        1 => LinkType(1),
        2 => LinkType(105),
        3 => LinkType(101),
        // Not a frame.
        _ => return None,
    };
    Some(Event { bytes: at..at.checked_add(logged)?, original: u32::from(original), link, ..event })
}

/// Joins the fragments of packets. One thread writes those of one packet one after another; what began
/// without an end, or goes on without a beginning, is left out.
fn join(events: Vec<Event>, bytes: &mut Vec<u8>) -> Vec<Found> {
    let mut found = Vec::new();
    let mut open: HashMap<(u32, u32), Vec<Range<usize>>, foldhash::fast::RandomState> = HashMap::default();
    for event in events {
        let mut place = event.bytes.clone();
        if let Kind::Fragment { start, end, interface } = event.kind {
            let key = (event.thread, interface);
            if !(start && end) {
                if start {
                    open.insert(key, Vec::new());
                }
                let Some(pieces) = open.get_mut(&key) else { continue };
                pieces.push(place);
                if !end {
                    continue;
                }
                let from = bytes.len();
                for piece in open.remove(&key).unwrap_or_default() {
                    bytes.extend_from_within(piece);
                }
                place = from..bytes.len();
            }
        }
        if event.link == LinkType(105) {
            // The driver decrypted the frame but left the bit that says it is protected.
            if let Some(control) = place.start.checked_add(1).and_then(|at| bytes.get_mut(at)) {
                *control &= !0x40;
            }
        }
        let length = u32::try_from(place.len()).unwrap_or(u32::MAX);
        let original = match event.kind {
            Kind::Whole => event.original,
            Kind::Fragment { .. } => on_the_wire(event.link, bytes.get(place.clone()).unwrap_or_default()),
        };
        found.push(Found {
            time: event.time,
            link: event.link,
            bytes: place,
            original: original.max(length),
        });
    }
    found
}

/// The provider does not tell when it truncated a packet; the IP header does.
fn on_the_wire(link: LinkType, frame: &[u8]) -> u32 {
    let header = match (link.0, frame.get(12..14)) {
        (1, Some([0x08, 0x00] | [0x86, 0xdd])) => 14,
        (101, _) => 0,
        _ => return 0,
    };
    let mut packet = Reader::new(frame.get(header..).unwrap_or_default());
    let length = match packet.u16().map(|first| first >> 12) {
        Some(4) => packet.u16().map(u32::from),
        Some(6) => packet.skip(2).and_then(|()| packet.u16()).map(|payload| u32::from(payload) + 40),
        _ => None,
    };
    length.map_or(0, |length| length.saturating_add(u32::try_from(header).unwrap_or(0)))
}

#[cfg(test)]
pub(super) mod tests;
