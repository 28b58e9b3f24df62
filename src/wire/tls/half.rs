//! One direction of a TLS connection: what was cut into records, what waits, what opens the rest.

use std::collections::VecDeque;

use super::handshake::Joiner;
use super::opener::Opener;
use super::record::{Deframer, Header};
use super::secrets::Material;
use crate::wire::stream::{End, FrameRef};

/// State of one direction.
#[derive(Debug, Default)]
pub(super) struct Half {
    pub(super) deframer: Deframer,
    pub(super) joiner: Joiner,
    pub(super) state: State,
    /// What cannot be processed yet, in order.
    pub(super) waiting: VecDeque<Waiting>,
    /// Bytes in `waiting`.
    pub(super) waiting_bytes: usize,
    /// Bytes were lost since the last record that was opened: its number must be looked for.
    pub(super) doubt: bool,
    /// Bytes were lost at least once.
    pub(super) holes: bool,
    /// A gap that is told before the next plaintext, unless it turns out that no plaintext was lost.
    pub(super) gap: Option<FrameRef>,
    /// Nothing was handed on since a gap was told.
    pub(super) told: bool,
    /// Hellos sent so far.
    pub(super) hellos: usize,
    /// Records of protected application data were seen.
    pub(super) protected: bool,
    /// The last frame that was seen.
    pub(super) last_frame: Option<FrameRef>,
    /// A record was opened.
    pub(super) opened: bool,
    /// A record was opened with keys for application data.
    pub(super) opened_application: bool,
    /// Application data was handed on.
    pub(super) spoke: bool,
    /// The inner stream was ended.
    pub(super) ended: bool,
    /// The outer stream was ended.
    pub(super) outer_end: Option<End>,
}

/// What protects the records of a direction now.
#[derive(Debug, Default)]
pub(super) enum State {
    /// Nothing.
    #[default]
    Clear,
    /// The keys of the negotiation with this number, up to TLS 1.2.
    Legacy { negotiation: usize, opener: Option<Opener> },
    /// TLS 1.3.
    Modern(Modern),
    /// Will not be opened any more.
    Dead,
}

/// TLS 1.3: where in the key schedule a direction is.
#[derive(Default)]
pub(super) struct Modern {
    pub(super) level: Level,
    pub(super) opener: Option<Opener>,
    /// The traffic secret of `opener`: KeyUpdate needs it.
    pub(super) secret: Material,
    /// KeyUpdates so far.
    pub(super) generation: usize,
    /// Records that do not open are passed over quietly: keys of another level protect them.
    pub(super) hunting: bool,
}

impl std::fmt::Debug for Modern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Modern({:?}, {:?})", self.level, self.opener)
    }
}

/// Levels of protection in TLS 1.3 (RFC 8446 7.1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(super) enum Level {
    Early,
    #[default]
    Handshake,
    Application,
}

/// Something that waits for keys or for the other direction.
#[derive(Debug)]
pub(super) struct Waiting {
    /// Order of arrival over both directions.
    pub(super) order: u64,
    pub(super) what: Held,
}

#[derive(Debug)]
pub(super) enum Held {
    Record { header: Header, body: Box<[u8]>, frames: Box<[FrameRef]> },
    Gap(FrameRef),
    End(End),
}

impl Held {
    /// Bytes that it holds back, bookkeeping included.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Record { body, frames, .. } => {
                size_of::<Waiting>() + body.len() + std::mem::size_of_val::<[FrameRef]>(frames)
            }
            Self::Gap(_) | Self::End(_) => size_of::<Waiting>(),
        }
    }
}
