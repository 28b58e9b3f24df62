//! Takes the bytes of a capture file, gives packets, secrets and comments. Streaming: a window of fixed
//! size, whatever the file's.
//!
//! pcap (libpcap's savefile(5), both byte orders, µs and ns), pcapng (draft-ietf-opsawg-pcapng),
//! NetMon 2 and ETL; gzip and zstd around them.

use std::io::Read;

use crate::base::Instant;

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
    /// Interface statistics: packets that the kernel dropped.
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
    #[error("cut or damaged at byte {at}, after {packets} packets: {what}")]
    Cut {
        /// Byte offset in the (uncompressed) file.
        at: u64,
        /// Packets before.
        packets: u64,
        /// What was expected.
        what: String,
    },
}

/// Reads any capture file, recognised by its first bytes.
pub struct Reader {
    _read: Box<dyn Read + Send>,
}

impl Reader {
    /// Opens a capture (already uncompressed).
    ///
    /// # Errors
    /// [`CaptureError::Header`] when the first bytes are not those of a capture, or are cut.
    pub fn open(read: Box<dyn Read + Send>) -> Result<Self, CaptureError> {
        let _ = read;
        todo!("helper: capture")
    }

    /// The next item; `None` at the end.
    ///
    /// # Errors
    /// After an error the reader gives `None`.
    pub fn next_item(&mut self) -> Result<Option<Item<'_>>, CaptureError> {
        todo!("helper: capture")
    }
}
