//! Takes the bytes of one direction, keeps what of a frame is not whole yet.

use std::collections::VecDeque;

use super::frame::Header;
use super::hpack::Hpack;
use crate::wire::stream::FrameRef;

/// Where one direction stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum State {
    /// In the client's preface.
    Preface,
    /// In the nine bytes of a frame's header.
    Header,
    /// In a payload that is collected.
    Payload(Header),
    /// Before the padding length of a DATA frame.
    DataPadding(Header),
    /// In DATA: bytes of content and of padding that are left, and whether the stream ends with it.
    Data { stream: u32, content: u32, padding: u32, end: bool },
    /// In a payload that nobody needs.
    Skip(u32),
    /// The place is not known.
    Scan,
}

/// A header block that is not whole yet.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) stream: u32,
    /// The stream promised, if it is a PUSH_PROMISE.
    pub(super) promised: Option<u32>,
    pub(super) end_stream: bool,
    pub(super) bytes: Vec<u8>,
    pub(super) frames: Vec<FrameRef>,
    /// CONTINUATION frames so far.
    pub(super) pieces: usize,
    /// Beyond a bound: only its end is waited for.
    pub(super) dropped: bool,
}

/// One direction.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) state: State,
    /// Bytes of the preface, a header or a payload.
    pub(super) buffer: Vec<u8>,
    /// Frames that carried the payload in `buffer`.
    pub(super) frames: Vec<FrameRef>,
    pub(super) hpack: Hpack,
    pub(super) block: Option<Block>,
    /// Table sizes that the other side announced and this side has not acknowledged yet.
    pub(super) announced: VecDeque<u32>,
    /// Frames of the other side's SETTINGS were seen.
    pub(super) settled: bool,
    /// Longest payload that the other side takes.
    pub(super) longest: u32,
    pub(super) fresh: bool,
    pub(super) ended: bool,
}

impl Lane {
    pub(super) fn new(state: State) -> Self {
        let mut hpack = Hpack::default();
        hpack.allow(usize::MAX);
        Self {
            state,
            buffer: Vec::new(),
            frames: Vec::new(),
            hpack,
            block: None,
            announced: VecDeque::new(),
            settled: false,
            longest: super::DEFAULT_FRAME,
            fresh: true,
            ended: false,
        }
    }

    /// Adds bytes of a header or payload.
    pub(super) fn collect(&mut self, bytes: &[u8], frames: &[FrameRef]) {
        self.buffer.extend_from_slice(bytes);
        for frame in frames {
            if self.frames.last() != Some(frame) {
                self.frames.push(*frame);
            }
        }
    }

    /// Forgets an unfinished frame; whether there was one.
    pub(super) fn clear(&mut self) -> bool {
        let some = !self.buffer.is_empty() || self.block.is_some();
        self.buffer = Vec::new();
        self.frames.clear();
        self.block = None;
        some
    }
}
