//! Takes holes and ends, says what becomes of the message that they meet: nothing is joined across a hole.

use super::chunks::Chunks;
use super::lane::{Held, State};
use super::pairing::Pairing;
use super::{Http1, head, loose};
use crate::wire::http::{Outbox, note};
use crate::wire::stream::{Direction, End, FrameRef};

impl Http1 {
    /// The place in a direction is lost; `head`: with the first byte of the next message.
    pub(super) fn lost(&mut self, direction: Direction, head: bool) {
        match direction {
            Direction::Sent => self.pairing.requests_lost(),
            Direction::Received => {
                let asking = self.lanes[Direction::Sent.index()].begun.is_some();
                self.pairing.responses_lost(head, asking);
            }
        }
        self.lane(direction).clear();
        self.lane(direction).state = State::Scan;
    }

    /// A hole, or the end, cuts off an unfinished head: what stands in whole lines is certain and kept.
    /// Gives whether a message was begun (and ended) so.
    fn begin_cut(&mut self, direction: Direction, out: &mut Outbox) -> bool {
        let lane = self.lane(direction);
        let Some(first) = lane.begun else { return false };
        let Some((part, sent)) = loose::certain_part(direction, &lane.buffer) else { return false };
        if !head::certain(direction, &part) {
            return false;
        }
        let map = std::mem::take(&mut lane.map);
        let time = first.time;
        let frames = map.frames(0..part.len());
        let frames: Vec<FrameRef> = frames.into_iter().map(|number| FrameRef { number, time }).collect();
        self.begin(direction, Some(sent), part.into(), map, first, &frames, out);
        self.lanes[direction.index()].state != State::Head
    }

    pub(super) fn gap(&mut self, direction: Direction, missing: u64, at: FrameRef, out: &mut Outbox) {
        let (state, fresh) = (self.lane(direction).state, self.lane(direction).fresh);
        match state {
            State::Answer(_) | State::Waiting => {
                self.hold_or_force(direction, Held::Gap { missing, at }, out)
            }
            State::Head | State::Scan if fresh && missing == 0 => self.began_before(direction, at),
            State::Head if self.begin_cut(direction, out) => {
                out.request_head_lost |= direction == Direction::Sent;
                if self.lanes[direction.index()].holds() {
                    self.hold_or_force(direction, Held::Gap { missing, at }, out);
                }
            }
            State::Head | State::Scan => {
                self.lane(direction).fresh = false;
                out.request_head_lost |= direction == Direction::Sent;
                self.lost(direction, state == State::Head);
            }
            State::Close => {
                if let Some(message) = &mut self.lane(direction).message {
                    message.broken = true;
                }
            }
            State::Length(left) => self.skip(direction, left, missing, out),
            State::Chunked(Chunks::Data(left)) => self.skip(direction, left, missing, out),
            State::Chunked(_) => {
                self.finish_message(direction, false, out);
                out.request_head_lost |= direction == Direction::Sent;
                self.lost(direction, false);
            }
        }
        self.pairing.flush(out);
    }

    /// The first event of a direction says that its beginning was not captured.
    fn began_before(&mut self, direction: Direction, at: FrameRef) {
        if self.lanes.iter().all(|lane| lane.fresh) {
            self.pairing = Pairing::midway();
            self.lanes.iter_mut().for_each(|lane| lane.state = State::Scan);
        } else if self.lane(direction).state == State::Head
            || direction == Direction::Received && self.pairing.awaits_at(at.number)
        {
            // The other side was heard before: the first message here is lost with its head.
            self.lost(direction, true);
        }
    }

    /// A hole in a body: exactly as many bytes as are missing are skipped, if they fit in it.
    fn skip(&mut self, direction: Direction, left: u64, missing: u64, out: &mut Outbox) {
        let lane = self.lane(direction);
        if let Some(message) = &mut lane.message {
            message.broken = true;
            message.total = message.total.saturating_add(missing.min(left));
        }
        if missing == 0 || missing > left {
            self.finish_message(direction, false, out);
            out.request_head_lost |= direction == Direction::Sent;
            self.lost(direction, missing > left);
            return;
        }
        let left = left - missing;
        match lane.state {
            State::Chunked(_) if left == 0 => lane.state = State::Chunked(Chunks::DataEnd),
            State::Chunked(_) => lane.state = State::Chunked(Chunks::Data(left)),
            _ if left == 0 => self.finish_message(direction, false, out),
            _ => lane.state = State::Length(left),
        }
    }

    pub(super) fn end(&mut self, direction: Direction, end: End, out: &mut Outbox) {
        let lane = self.lane(direction);
        lane.ended = true;
        let state = lane.state;
        match state {
            State::Waiting | State::Answer(_) => self.hold_or_force(direction, Held::End(end), out),
            // An answer that ends inside its head is none (RFC 9112 8); a request may hold a token.
            State::Head if direction == Direction::Sent && self.begin_cut(direction, out) => {
                out.request_head_lost = true;
            }
            State::Head | State::Scan => {
                if self.lane(direction).clear() {
                    match direction {
                        Direction::Sent => out.request_head_lost = true,
                        Direction::Received => {
                            note(out, "http-head-cut", "the connection ends in a response's head");
                        }
                    }
                    self.lost(direction, true);
                }
            }
            State::Close => {
                // Of a response to nobody knows what, nobody knows whether this was its body.
                let doubt = self.lane(direction).message.as_ref().is_some_and(|message| message.doubt);
                self.finish_message(direction, end == End::Fin && !doubt, out);
            }
            State::Length(_) | State::Chunked(_) => {
                let withheld = end != End::Silence && self.withheld(direction);
                self.finish_message(direction, withheld, out);
            }
        }
    }
}
