//! Takes the bytes of a capture file, gives packets, secrets and comments. Streaming: a window of fixed
//! size, whatever the file's.
//!
//! pcap (libpcap's savefile(5), both byte orders, µs and ns), pcapng (draft-ietf-opsawg-pcapng),
//! NetMon 2 and ETL; gzip and zstd around them.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read};
use std::ops::Range;
use std::sync::Arc;

use crate::base::Instant;

/// gzip and zstd around a file.
pub mod decompress;
mod etl;
mod netmon;
mod pcap;
mod pcapng;
/// What a file is, from its first bytes.
pub mod sniff;
mod window;
/// pcapng, written.
pub mod write;

use etl::Etl;
use netmon::Netmon;
use pcap::Pcap;
use pcapng::Pcapng;
use sniff::{Sniffed, sniff};
use window::Window;

pub(super) use netmon::NETMON_MEDIA;
pub(super) use pcapng::NO_INTERFACE;

/// A link type as pcap files number them (<https://www.tcpdump.org/linktypes.html>).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct LinkType(pub u32);

/// One captured packet.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// From 1, as Wireshark counts.
    pub number: u64,
    /// Capture time; `None` for simple packets.
    pub time: Option<Instant>,
    /// Link type of its interface.
    pub link: LinkType,
    /// What was captured.
    pub bytes: &'a [u8],
    /// Its length on the wire; larger than `bytes` when a snap length cut it.
    pub original: u32,
}

/// What a capture file holds.
#[derive(Clone, Copy, Debug)]
pub enum Item<'a> {
    /// A packet.
    Packet(Packet<'a>),
    /// A Decryption Secrets Block: its type (0x544c534b for a TLS key log) and content.
    Secrets {
        /// The type as registered.
        kind: u32,
        /// The content.
        bytes: &'a [u8],
    },
    /// A comment of the section, an interface or a packet: some tools keep keys in it.
    Comment(&'a [u8]),
    /// Packets that the recorder says it lost, since it last said so.
    Dropped(u64),
}

/// Why reading a capture ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CaptureError {
    /// The system's word.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// The file header itself is damaged or cut: nothing can be used.
    #[error("{0}")]
    Header(String),
    /// Damaged or cut at this byte, after so many packets; what came before was used.
    #[error("cut or damaged at byte {at}, after {}: {what}", counted(*packets))]
    Cut {
        /// Byte offset in the (uncompressed) file.
        at: u64,
        /// Packets before.
        packets: u64,
        /// What was expected.
        what: String,
    },
}

fn counted(packets: u64) -> String {
    if packets == 1 { "1 packet".to_owned() } else { format!("{packets} packets") }
}

/// Why a format ended early; the reader adds where.
#[derive(Debug)]
enum Stop {
    Header(String),
    Cut(String),
}

/// A packet whose bytes are still named by their place.
#[derive(Clone, Debug)]
struct RawPacket {
    number: u64,
    time: Option<Instant>,
    link: LinkType,
    bytes: Range<usize>,
    original: u32,
}

/// An [`Item`] whose bytes are still named by their place, so that formats need not borrow the window.
#[derive(Clone, Debug)]
enum Raw {
    Packet(RawPacket),
    Secrets { kind: u32, bytes: Range<usize> },
    Comment(Range<usize>),
    Dropped(u64),
}

impl Raw {
    #[inline]
    fn resolve(self, at: &[u8]) -> Item<'_> {
        match self {
            Self::Packet(packet) => Item::Packet(Packet {
                number: packet.number,
                time: packet.time,
                link: packet.link,
                bytes: at.get(packet.bytes).unwrap_or_default(),
                original: packet.original,
            }),
            Self::Secrets { kind, bytes } => Item::Secrets { kind, bytes: at.get(bytes).unwrap_or_default() },
            Self::Comment(bytes) => Item::Comment(at.get(bytes).unwrap_or_default()),
            Self::Dropped(count) => Item::Dropped(count),
        }
    }
}

enum Format {
    Pcap(Pcap),
    Pcapng(Box<Pcapng>),
    Netmon(Box<Netmon>),
    Etl(Box<Etl>),
}

/// The memory that packets stand in. Whoever holds it keeps its bytes as they are.
pub type Memory = Arc<Vec<u8>>;

/// Where the bytes of an item stand.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'r> {
    /// The memory, to be held while others work on it.
    pub memory: &'r Memory,
    /// Where its first byte stands in the (uncompressed) file.
    pub base: u64,
}

/// Where a file of a recording stands that consists of several.
#[derive(Clone, Copy, Default, Debug)]
pub struct Start {
    /// Position of its first byte: see [`Ground::base`].
    pub position: u64,
    /// Added to the numbers of its packets.
    pub number: u64,
}

/// Reads any capture file, recognised by its first bytes.
pub struct Reader {
    window: Window,
    format: Format,
    start: Start,
    ended: bool,
    /// Items of the same block that follow the one just given; their places stay valid until they are
    /// given, since the window moves only for the next block.
    pending: VecDeque<Raw>,
}

impl Reader {
    /// Opens a capture (already uncompressed).
    ///
    /// # Errors
    /// [`CaptureError::Header`] when the first bytes are not those of a capture, or are cut.
    pub fn open(read: Box<dyn Read + Send>) -> Result<Self, CaptureError> {
        Self::open_at(read, Start::default())
    }

    /// The same for a file that goes on with a recording.
    ///
    /// # Errors
    /// Those of [`Reader::open`].
    pub fn open_at(read: Box<dyn Read + Send>, start: Start) -> Result<Self, CaptureError> {
        let mut window = Window::new(read, start.position);
        window.need(sniff::HEAD);
        let opened = match sniff(window.ready()) {
            Sniffed::Pcap => Pcap::open(&mut window).map(Format::Pcap),
            Sniffed::Pcapng => Pcapng::open(&mut window).map(|opened| Format::Pcapng(Box::new(opened))),
            Sniffed::Netmon => Netmon::open(&mut window).map(|opened| Format::Netmon(Box::new(opened))),
            Sniffed::Etl => Etl::open(&mut window).map(|opened| Format::Etl(Box::new(opened))),
            other => Err(Stop::Header(format!("not a capture file, but {}", other.describe()))),
        };
        match opened {
            Ok(mut format) => {
                format.count_from(start.number);
                Ok(Self { window, format, start, ended: false, pending: VecDeque::new() })
            }
            Err(stop) => Err(explain(stop, &mut window, start, 0)),
        }
    }

    /// The next item; `None` at the end.
    ///
    /// # Errors
    /// After an error the reader gives `None`.
    #[inline]
    pub fn next_item(&mut self) -> Result<Option<Item<'_>>, CaptureError> {
        Ok(self.next_in_memory()?.map(|(item, _)| item))
    }

    /// The same with the memory that its bytes stand in.
    ///
    /// # Errors
    /// After an error the reader gives `None`.
    #[inline]
    pub fn next_in_memory(&mut self) -> Result<Option<(Item<'_>, Ground<'_>)>, CaptureError> {
        if let Some(raw) = self.pending.pop_front() {
            return Ok(Some((raw.resolve(self.window.all()), self.window.ground())));
        }
        if self.ended {
            return Ok(None);
        }
        let next = match &mut self.format {
            Format::Pcap(format) => format.next(&mut self.window),
            Format::Pcapng(format) => format.next(&mut self.window, &mut self.pending),
            Format::Netmon(format) => format.next(),
            Format::Etl(format) => format.next(),
        };
        match next {
            Ok(Some(raw)) => {
                let ground = match &self.format {
                    Format::Pcap(_) | Format::Pcapng(_) => self.window.ground(),
                    Format::Netmon(format) => Ground { memory: format.bytes(), base: self.start.position },
                    Format::Etl(format) => Ground { memory: format.bytes(), base: self.start.position },
                };
                Ok(Some((raw.resolve(ground.memory), ground)))
            }
            Ok(None) => {
                self.ended = true;
                let packets = self.packets();
                match self.window.failed() {
                    true => {
                        let stop = Stop::Cut("more was expected".into());
                        Err(explain(stop, &mut self.window, self.start, packets))
                    }
                    false => Ok(None),
                }
            }
            Err(stop) => {
                self.ended = true;
                let packets = self.packets();
                Err(explain(stop, &mut self.window, self.start, packets))
            }
        }
    }

    /// Packets given so far.
    pub fn packets(&self) -> u64 {
        let number = match &self.format {
            Format::Pcap(format) => format.packets(),
            Format::Pcapng(format) => format.packets(),
            Format::Netmon(format) => format.packets(),
            Format::Etl(format) => format.packets(),
        };
        number.saturating_sub(self.start.number)
    }

    /// Bytes of the (uncompressed) file used so far, after those where it starts.
    pub const fn position(&self) -> u64 {
        self.window.offset()
    }

    /// A position behind all memory that was given: what is kept of it is bounded by positions, however little of it a
    /// small file fills.
    pub fn behind(&self) -> u64 {
        // Far enough behind a file that is held whole for nobody to keep it while the next is.
        let end = |memory: &Memory| self.start.position.saturating_add(memory.len() as u64);
        let whole = |memory: &Memory| end(memory).saturating_add(crate::limits::RECENT_BYTES);
        let whole = match &self.format {
            Format::Pcap(_) | Format::Pcapng(_) => 0,
            Format::Netmon(format) => whole(format.bytes()),
            Format::Etl(format) => whole(format.bytes()),
        };
        let Ground { memory, base } = self.window.ground();
        whole.max(base.saturating_add(memory.len() as u64))
    }
}

impl Format {
    /// Adds `number` to the numbers of all packets.
    fn count_from(&mut self, number: u64) {
        match self {
            Self::Pcap(format) => format.count_from(number),
            Self::Pcapng(format) => format.count_from(number),
            Self::Netmon(format) => format.count_from(number),
            Self::Etl(format) => format.count_from(number),
        }
    }
}

/// Places a stop in the file. A broken decompression is a cut; other errors of the source are the system's.
fn explain(stop: Stop, window: &mut Window, start: Start, packets: u64) -> CaptureError {
    let at = window.offset().saturating_sub(start.position);
    match (stop, window.take_error()) {
        (_, Some(error)) if !matches!(error.kind(), ErrorKind::InvalidData | ErrorKind::UnexpectedEof) => {
            CaptureError::Io(error)
        }
        (Stop::Header(what), None) => CaptureError::Header(what),
        (Stop::Header(what), Some(error)) => CaptureError::Header(format!("{what} ({error})")),
        (Stop::Cut(what), None) => CaptureError::Cut { at, packets, what },
        (Stop::Cut(what), Some(error)) => {
            CaptureError::Cut { at, packets, what: format!("{what} ({error})") }
        }
    }
}

/// Reads any bytes as a capture, to the end.
#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    let Ok(mut reader) = Reader::open(Box::new(std::io::Cursor::new(data.to_vec()))) else { return };
    while let Ok(Some(_)) = reader.next_item() {}
}

/// The same, of one format: with its first bytes put right.
fn fuzz_after(head: &[u8], data: &[u8]) {
    fuzz(&[head, data.get(head.len()..).unwrap_or_default()].concat());
}

/// Reads any bytes as a NetMon capture, to the end.
#[doc(hidden)]
pub fn fuzz_netmon(data: &[u8]) {
    fuzz_after(b"GMBU", data);
}

/// Reads any bytes as an Event Trace Log, to the end.
#[doc(hidden)]
pub fn fuzz_etl(data: &[u8]) {
    let mut log = data.to_vec();
    let size = log.get(..4).map_or([0; 4], |size| [0, size[1], size[2] & 0x0f, 0]);
    for (at, bytes) in [(0, &size[..]), (0x4a, &[2, 0xc0]), (0x68, &size)] {
        if let Some(place) = log.get_mut(at..at + bytes.len()) {
            place.copy_from_slice(bytes);
        }
    }
    fuzz(&log);
}

/// Reads any bytes as a pcapng capture, to the end.
#[doc(hidden)]
pub fn fuzz_pcapng(data: &[u8]) {
    fuzz_after(b"\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a", data);
}

#[cfg(test)]
mod tests;
