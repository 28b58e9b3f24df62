//! Byte streams as events: what TCP gives to whatever is above it, and TLS to what is inside.

use crate::base::Instant;

/// Which way bytes went. One code path serves both, as two values: no twins.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Direction {
    /// Client to server.
    Sent,
    /// Server to client.
    Received,
}

impl Direction {
    /// Both, client to server first.
    pub const BOTH: [Self; 2] = [Self::Sent, Self::Received];

    /// 0 for `Sent`, 1 for `Received`: for arrays of two.
    pub const fn index(self) -> usize {
        match self {
            Self::Sent => 0,
            Self::Received => 1,
        }
    }

    /// The opposite one.
    pub const fn reverse(self) -> Self {
        match self {
            Self::Sent => Self::Received,
            Self::Received => Self::Sent,
        }
    }
}

/// A frame that carried bytes: its number as Wireshark counts, and its time where the file has one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FrameRef {
    /// From 1 in each input.
    pub number: u64,
    /// Capture time.
    pub time: Option<Instant>,
}

/// The next bytes of one direction, with the frames that carried them. A piece of TCP payload comes from
/// one frame; the plaintext of a TLS record may come from several, ascending.
#[derive(Clone, Copy, Debug)]
pub struct Chunk<'a> {
    /// In-order bytes, never empty.
    pub bytes: &'a [u8],
    /// The frames, never empty.
    pub frames: &'a [FrameRef],
}

/// How a direction ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// FIN, or `close_notify`: the sender said that it was done.
    Fin,
    /// RST.
    Reset,
    /// The capture ended, or the four-tuple was used again: nobody said anything.
    Silence,
}

/// An event of one direction of a byte stream.
#[derive(Clone, Copy, Debug)]
pub enum StreamEvent<'a> {
    /// The next bytes.
    Data(Chunk<'a>),
    /// So many bytes are known to be missing here (0: unknown how many). What follows must not be joined
    /// with what went before.
    Gap {
        /// Bytes missing; 0 when that is not known.
        missing: u64,
        /// The frame after which, or in which, the hole was noticed.
        at: FrameRef,
    },
    /// No more will come. Comes exactly once, last.
    End(End),
}
