//! Takes a head, gives its message: what it is, whose answer it is, and how its body ends. RFC 9112 6.

use bytes::Bytes;

use super::Http1;
use super::chunks::Chunks;
use super::framing::{Facts, Framing};
use super::head::{self, Start};
use super::lane::State;
use super::pairing::{Asked, Claim, Idle};
use crate::base::lossy;
use crate::exchange::{FrameMap, Head, Protocol, Request, Response};
use crate::wire::http::message::{Half, Message, Whole};
use crate::wire::http::{Outbox, Tunnel};
use crate::wire::stream::{Direction, FrameRef};

impl Http1 {
    /// A head is there: whole, or what is left of it, of which so many bytes (`cut`) were sent.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn begin(
        &mut self,
        direction: Direction,
        cut: Option<usize>,
        bytes: Bytes,
        map: FrameMap,
        first: FrameRef,
        frames: &[FrameRef],
        out: &mut Outbox,
    ) {
        self.lane(direction).clear();
        let Some(parsed) = head::parse(direction, &bytes) else {
            self.not_a_message(direction, 0, out);
            return;
        };
        let last = frames.last().copied().unwrap_or(first);
        let text = |range| lossy(bytes.get(range).unwrap_or_default()).into_owned();
        let half = match parsed.start {
            Start::Request { method, target } => {
                out.request_head_lost |= parsed.cut;
                Half::from(Request { method: text(method), target: text(target), ..Request::default() })
            }
            Start::Status(code) if (100..200).contains(&code) && code != 101 => return,
            Start::Status(status) => Response { status, ..Response::default() }.into(),
        };
        let bytes = match cut {
            Some(sent) => bytes.slice(..sent.min(bytes.len())),
            None => bytes,
        };
        let head = Head { bytes, spans: parsed.spans, frames: map, partial: cut.is_some() || parsed.cut };
        let mut message = Box::new(Message::new(half, parsed.old, first, last, parsed.oddities));
        *message.head_mut() = head;
        message.cut = cut.is_some();
        if message.cut {
            message.note("http-head-cut", "the rest of its head is missing: fields may be");
        }
        match direction {
            Direction::Sent => self.begin_request(message, out),
            Direction::Received => {
                let lane = self.lane(Direction::Received);
                lane.message = Some(message);
                lane.state = State::Waiting;
                self.claim(true, out);
            }
        }
    }

    fn begin_request(&mut self, mut message: Box<Message>, out: &mut Outbox) {
        let Half::Request(requested) = &mut message.half else { return };
        let request = requested.open();
        let facts = Facts::of(&request.head);
        let asked = Asked {
            head: request.method == "HEAD",
            connect: request.method == "CONNECT",
            upgrade: facts.upgrade.is_some() && facts.connection_upgrade,
            expects: facts.expects_continue,
        };
        let framing = match message.cut {
            true => Framing::Unknown,
            false => facts.framing(Direction::Sent, asked.connect, message.old, &mut message.oddities),
        };
        message.keep = facts.keeps(Direction::Sent);
        let host = facts.host.map(|host| lossy(host).into_owned());
        let absolute = head::absolute(&request.target);
        let (scheme, authority) = match absolute {
            Some((scheme, authority)) => (Some(scheme), Some(authority)),
            None if asked.connect => (None, Some(request.target.clone())),
            None => (None, None),
        };
        request.scheme = scheme;
        request.host = authority.clone().or(host);
        let received = &self.lanes[Direction::Received.index()];
        let idle = match received.state {
            _ if received.last_frame > message.first.number => Idle::Busy,
            State::Head if received.buffer.is_empty() => Idle::Between,
            State::Scan => Idle::Unsure,
            _ => Idle::Busy,
        };
        message.doubt = asked.expects;
        message.may_change = (asked.connect || asked.upgrade) && !message.cut;
        let authority = if asked.connect { authority.unwrap_or_default() } else { String::new() };
        let protocol = protocol(message.old);
        message.id = self.pairing.request(asked, protocol, authority, message.first.number, idle);
        self.follow(Direction::Sent, message, framing, out);
    }

    /// Finds whose response has begun, once its request is known or will not be.
    pub(super) fn claim(&mut self, may_wait: bool, out: &mut Outbox) {
        let may_wait = may_wait && !self.lanes[Direction::Sent.index()].ended;
        let lane = self.lane(Direction::Received);
        let Some(mut message) = lane.message.take() else {
            lane.state = State::Scan;
            return;
        };
        let (id, asked) = match self.pairing.response(protocol(message.old), message.first.number, may_wait) {
            Claim::Slot(id, asked) => (id, Some(asked)),
            Claim::Alone(id) => (id, None),
            Claim::Wait => {
                self.lane(Direction::Received).message = Some(message);
                return;
            }
        };
        message.id = id;
        message.doubt = asked.is_none();
        let Half::Response(response) = &message.half else { return };
        let asked = asked.unwrap_or_default();
        let status = response.status;
        let cut = message.cut;
        let tunnel = asked.connect && (200..300).contains(&status) && !cut;
        let bodiless = asked.head || tunnel || matches!(status, 101 | 204 | 304);
        let facts = Facts::of(&response.head);
        let framing = match cut {
            true => Framing::Unknown,
            false => facts.framing(Direction::Received, bodiless, message.old, &mut message.oddities),
        };
        message.keep = facts.keeps(Direction::Received);
        let tunnel = match (status, tunnel) {
            (101, _) if !cut => {
                let name = facts.upgrade.map(|name| lossy(name).into_owned());
                Some(Tunnel::Upgrade(name.unwrap_or_default()))
            }
            (_, true) => Some(Tunnel::Connect(self.pairing.authority(id))),
            _ => None,
        };
        if status == 101 && !asked.upgrade {
            message.note("http-upgrade-unasked", "101 to a request that was not seen to ask for it");
        }
        message.look_early(out.enough);
        self.follow(Direction::Received, message, framing, out);
        if let Some(tunnel) = tunnel {
            self.tunnel(tunnel, out);
        }
    }

    /// Goes from a head to what follows it.
    fn follow(
        &mut self,
        direction: Direction,
        mut message: Box<Message>,
        framing: Framing,
        out: &mut Outbox,
    ) {
        if let Framing::Length(length) = framing {
            message.announced = Some(length);
        }
        let lane = self.lane(direction);
        lane.message = Some(message);
        lane.state = match framing {
            Framing::None => State::Head,
            Framing::Length(length) => State::Length(length),
            Framing::Chunked => State::Chunked(Chunks::Size),
            Framing::Close => State::Close,
            Framing::Unknown => State::Scan,
        };
        match framing {
            Framing::None => self.finish_message(direction, true, out),
            Framing::Unknown => {
                self.finish_message(direction, false, out);
                self.lost(direction, false);
            }
            _ => {}
        }
    }

    /// The message of a direction is over.
    pub(super) fn finish_message(&mut self, direction: Direction, complete: bool, out: &mut Outbox) {
        let lane = self.lane(direction);
        lane.clear();
        lane.state = State::Head;
        let Some(message) = lane.message.take() else { return };
        let may_change = message.may_change;
        let (id, half, frames, oddities) = message.finish(complete);
        if may_change && direction == Direction::Sent {
            lane.state = State::Answer(id);
        }
        match half {
            Whole::Request(request) => self.pairing.end_request(id, request, frames.1, oddities),
            Whole::Response(response) => self.pairing.end_response(id, response, frames, oddities),
        }
        self.pairing.flush(out);
    }
}

const fn protocol(old: bool) -> Protocol {
    if old { Protocol::Http10 } else { Protocol::Http11 }
}
