//! Takes a Network Monitor 2.x capture, gives its frames in the order of its frame table.
//!
//! "Capture File Format" of the Network Monitor 3.x help: a header of 128 bytes, frames with a header and a
//! trailer that grew with versions 2.1 to 2.3, and a table of their offsets. The file is read whole, since
//! the table stands at the end. Where it is cut off, frames are walked one after another.
//!
//! Before version 2.3 times are the recorder's local clock, whose zone the file does not name: they are
//! taken as UTC.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::window::Window;
use super::{LinkType, Memory, Raw, RawPacket, Stop};
use crate::base::{Instant, Reader};

const HEADER: usize = 128;
/// 1601-01-01 to 1970-01-01 in units of 100 ns.
const FILETIME_EPOCH: u64 = 116_444_736_000_000_000;

/// State of a Network Monitor capture.
pub(super) struct Netmon {
    bytes: Memory,
    minor: u8,
    /// Media type of the file; since version 2.1 each frame has its own.
    media: u16,
    start: i64,
    /// Offsets of the frames.
    frames: std::vec::IntoIter<usize>,
    /// The number of the last packet, and of the one before the first.
    packets: u64,
    before: u64,
    /// What is wrong with the file, told after the frames.
    damage: Option<String>,
}

/// Whether `head` begins like a Network Monitor 2 capture.
pub(super) fn is_netmon(head: &[u8]) -> bool {
    head.starts_with(b"GMBU")
}

/// From Windows' clock.
pub(super) fn filetime(ticks: u64) -> Instant {
    let nanos = (i128::from(ticks) - i128::from(FILETIME_EPOCH)).saturating_mul(100);
    Instant::from_nanos(i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX }))
}

impl Netmon {
    pub(super) fn open(window: &mut Window) -> Result<Self, Stop> {
        let bytes = window.whole();
        if bytes.len() < HEADER {
            return Err(Stop::Header(format!(
                "a Network Monitor capture cut in its header: {} of {HEADER} bytes; record or copy it again",
                bytes.len()
            )));
        }
        let header = Header::read(&bytes).ok_or_else(|| Stop::Header("no Network Monitor header".into()))?;
        if header.major != 2 {
            let (major, minor) = (header.major, header.minor);
            return Err(Stop::Header(format!("Network Monitor format {major}.{minor}: only 2.x is known")));
        }
        let mut netmon = Self {
            minor: header.minor,
            media: header.media,
            start: header.start,
            bytes: Memory::new(bytes),
            frames: Vec::new().into_iter(),
            packets: 0,
            before: 0,
            damage: None,
        };
        let frames = match netmon.table(header.table, header.table_bytes) {
            Some(frames) => frames,
            None => {
                netmon.damage = Some("the frame table is cut off; frames were read one after another".into());
                netmon.walk()
            }
        };
        netmon.frames = frames.into_iter();
        Ok(netmon)
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
        (self.packets, self.before) = (number, number);
    }

    pub(super) fn next(&mut self) -> Result<Option<Raw>, Stop> {
        let Some(at) = self.frames.next() else {
            return self.damage.take().map_or(Ok(None), |what| Err(Stop::Cut(what)));
        };
        self.packets += 1;
        match self.frame(at) {
            Some((packet, _)) => Ok(Some(Raw::Packet(packet))),
            None => {
                self.frames = Vec::new().into_iter();
                let frame = self.packets - self.before;
                Err(Stop::Cut(format!("frame {frame} at byte {at} is cut off")))
            }
        }
    }

    /// The offsets in the frame table; `None` when it is not there.
    fn table(&self, at: usize, length: usize) -> Option<Vec<usize>> {
        let table = self.bytes.get(at..at.checked_add(length)?).filter(|_| at >= HEADER)?;
        let (offsets, _) = table.as_chunks::<4>();
        Some(offsets.iter().map(|offset| u32::from_le_bytes(*offset) as usize).collect())
    }

    /// The offsets of frames that follow the header one after another.
    fn walk(&self) -> Vec<usize> {
        let mut found = Vec::new();
        let mut at = HEADER;
        while let Some((_, end)) = self.frame(at) {
            found.push(at);
            at = end;
        }
        found
    }

    /// The frame at `at`, and where it ends.
    fn frame(&self, at: usize) -> Option<(RawPacket, usize)> {
        let mut reader = Reader::new(self.bytes.get(at..)?);
        let delta = reader.u64_le()?.cast_signed();
        let original = reader.u32_le()?;
        let captured = reader.u32_le()? as usize;
        let start = at.checked_add(reader.position())?;
        let content = reader.take(captured)?;
        let mut media = self.media;
        let mut time = Instant::from_nanos(self.start.saturating_add(delta.saturating_mul(1000)));
        if self.minor >= 1 {
            media = reader.u16_le()?;
        }
        if self.minor >= 2 {
            reader.skip(4)?;
        }
        if self.minor >= 3 {
            let utc = reader.u64_le()?;
            if utc != 0 {
                time = filetime(utc);
            }
            reader.skip(1)?;
        }
        let (link, skipped) = link_of(media, content);
        let packet = RawPacket {
            number: self.packets,
            time: Some(time),
            link,
            bytes: start.checked_add(skipped)?..start.checked_add(captured)?,
            original: original.saturating_sub(u32::try_from(skipped).ok()?),
        };
        Some((packet, at.checked_add(reader.position())?))
    }
}

/// The link type of a media type, and the length of Network Monitor's own header before the frame.
fn link_of(media: u16, content: &[u8]) -> (LinkType, usize) {
    match media {
        // Captures of virtual private networks have Ethernet headers under type 0.
        0 | 1 => (LinkType(1), 0),
        2 => (LinkType(6), 0),
        3 => (LinkType(10), 0),
        // ATM: two addresses and the circuit.
        4 if content.len() >= 16 => (LinkType(100), 16),
        // Wireless: a version, its length, statistics.
        6 => {
            let length = content.get(1..3).map_or(0, |two| Reader::new(two).u16_le().unwrap_or(0));
            (LinkType(105), usize::from(length).min(content.len()))
        }
        // Tunnels, mobile broadband, raw IP.
        7..=9 => (LinkType(101), 0),
        0xe000..=0xefff => (LinkType(u32::from(media - 0xe000)), 0),
        other => (LinkType(NETMON_MEDIA | u32::from(other)), 0),
    }
}

/// Marks media types that are no link types: no registered number is near.
pub(in crate::wire) const NETMON_MEDIA: u32 = 0x4e4d_0000;

struct Header {
    major: u8,
    minor: u8,
    media: u16,
    start: i64,
    table: usize,
    table_bytes: usize,
}

impl Header {
    fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        reader.skip(4)?;
        let (minor, major, media) = (reader.u8()?, reader.u8()?, reader.u16_le()?);
        let mut clock = [0_i16; 8];
        for field in &mut clock {
            *field = i16::try_from(reader.u16_le()?).unwrap_or(0);
        }
        let [year, month, _, day, hour, minute, second, milli] = clock;
        let small = |field: i16| i8::try_from(field).unwrap_or(0);
        let nanos = i32::from(milli.clamp(0, 999)) * 1_000_000;
        let start =
            DateTime::new(year, small(month), small(day), small(hour), small(minute), small(second), nanos)
                .and_then(|local| local.to_zoned(TimeZone::UTC))
                .map_or(0, |zoned| i64::try_from(zoned.timestamp().as_nanosecond()).unwrap_or(0));
        let (table, table_bytes) = (reader.u32_le()? as usize, reader.u32_le()? as usize);
        Some(Self { major, minor, media, start, table, table_bytes })
    }
}

#[cfg(test)]
mod tests;
