//! Takes what one direction cannot read yet, gives it back when the other has caught up, or hands it to
//! the protocol after HTTP.

use super::Http1;
use super::lane::{Held, State};
use crate::wire::http::{Outbox, OwnedChunk, Tunnel};
use crate::wire::stream::{Direction, FrameRef};

impl Http1 {
    pub(super) fn hold_or_force(&mut self, direction: Direction, event: Held, out: &mut Outbox) {
        if !self.lane(direction).hold(event) {
            self.force(direction, out);
        }
    }

    /// Lets directions go on that waited for the other.
    pub(super) fn release(&mut self, out: &mut Outbox) {
        loop {
            let received = Direction::Received.index();
            let sent = Direction::Sent.index();
            if self.done {
                return;
            }
            if self.lanes[received].state == State::Waiting {
                self.claim(true, out);
                if self.lanes[received].state != State::Waiting {
                    self.resume(Direction::Received, out);
                    continue;
                }
            }
            if let State::Answer(id) = self.lanes[sent].state
                && (self.pairing.answered(id) || self.lanes[received].ended && !self.lanes[received].holds())
            {
                self.force(Direction::Sent, out);
                continue;
            }
            return;
        }
    }

    /// Waits no longer.
    pub(super) fn force(&mut self, direction: Direction, out: &mut Outbox) {
        match self.lane(direction).state {
            State::Waiting => self.claim(false, out),
            State::Answer(id) => {
                // TLS after CONNECT shows that it was granted, though its answer was not seen.
                if let Some(Held::Data(chunk)) = self.lane(direction).held.front()
                    && chunk.bytes.starts_with(&[0x16, 0x03])
                {
                    let authority = self.pairing.authority(id);
                    if !authority.is_empty() {
                        self.tunnel(Tunnel::Connect(authority), out);
                        return;
                    }
                }
                self.lane(direction).state = State::Head;
            }
            _ => return,
        }
        self.resume(direction, out);
    }

    /// Reads what was held back.
    fn resume(&mut self, direction: Direction, out: &mut Outbox) {
        self.lane(direction).held_bytes = 0;
        for event in std::mem::take(&mut self.lane(direction).held) {
            match event {
                Held::Data(chunk) => self.data(direction, &chunk.bytes, &chunk.frames, out),
                Held::Gap { .. } | Held::End(_) if self.done => {}
                Held::Gap { missing, at } => self.gap(direction, missing, at, out),
                Held::End(end) => self.end(direction, end, out),
            }
        }
    }

    /// Whether TLS begins here because of a `CONNECT` that was not seen: with a ClientHello where the place is
    /// lost, or with a record in place of the body of a response that nobody asked for.
    pub(super) fn tunnel_after_all(&mut self, direction: Direction, bytes: &[u8], out: &mut Outbox) -> bool {
        let received = self.lane(Direction::Received);
        let empty = match (received.state, &received.message) {
            (State::Close, Some(message)) => message.doubt && message.total == 0 && !message.broken,
            _ => false,
        };
        let begins = match direction {
            Direction::Sent => {
                matches!(bytes, [0x16, 3, 0..=4, _, _, 1, ..]) && (empty || received.state == State::Scan)
            }
            Direction::Received => empty && matches!(bytes, [0x14..=0x17, 3, 0..=4, ..]),
        };
        if begins {
            self.finish_message(Direction::Received, empty, out);
            self.lane(direction).state = State::Head;
            self.tunnel(Tunnel::Connect(String::new()), out);
        }
        begins
    }

    /// Whether the place among the answers is lost.
    pub(super) fn answers_lost(&self) -> bool {
        self.lanes[Direction::Received.index()].state == State::Scan
    }

    /// HTTP is over: hands out what was read too far.
    pub(super) fn tunnel(&mut self, kind: Tunnel, out: &mut Outbox) {
        let sent = self.lane(Direction::Sent);
        let mut rest = Vec::new();
        if sent.state == State::Head && !sent.buffer.is_empty() {
            let numbers = sent.map.frames(0..sent.buffer.len());
            let time = sent.begun.and_then(|frame| frame.time);
            let frames = numbers.into_iter().map(|number| FrameRef { number, time }).collect();
            rest.push((Direction::Sent, OwnedChunk { bytes: std::mem::take(&mut sent.buffer), frames }));
        }
        for event in std::mem::take(&mut sent.held) {
            match event {
                Held::Data(chunk) => rest.push((Direction::Sent, chunk)),
                // Nothing is joined across a gap.
                Held::Gap { .. } | Held::End(_) => break,
            }
        }
        if sent.message.is_some() {
            self.finish_message(Direction::Sent, false, out);
        }
        self.done = true;
        self.pairing.flush_all(out);
        out.tunnel = Some((kind, rest));
    }
}

/// Adds bytes beyond the end of HTTP to what the tunnel's decoder gets.
pub(super) fn keep_rest(direction: Direction, bytes: &[u8], frames: &[FrameRef], out: &mut Outbox) {
    if let Some((_, rest)) = &mut out.tunnel {
        rest.push((direction, OwnedChunk { bytes: bytes.to_vec(), frames: frames.to_vec() }));
    }
}
