//! Takes requests and responses as they begin and end, gives exchanges: who answers whom.
//!
//! Responses come in the order of their requests (RFC 9112 9.3.2), so counting is enough until something
//! is lost. Then a pair is only made where it is certain; what cannot be paired stands alone.

use std::collections::VecDeque;

use super::super::packed::Packed;
use super::super::{Finished, Outbox};
use crate::exchange::{Oddity, Protocol, Request, Response};
use crate::limits;

/// What a request means for the shape of its response.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Asked {
    /// `HEAD`: the response has no body.
    pub(super) head: bool,
    /// `CONNECT`: a 2xx begins a tunnel.
    pub(super) connect: bool,
    /// `Upgrade`: a 101 begins another protocol.
    pub(super) upgrade: bool,
    /// `Expect: 100-continue`: an interim response is likely.
    pub(super) expects: bool,
}

/// One half of an exchange.
#[derive(Debug)]
enum Part<T> {
    /// Not begun.
    Awaited,
    /// Its head was seen.
    Open,
    /// It is over, as far as it was seen.
    Done(Box<T>),
    /// The same, kept small: a request.
    Packed(Box<Packed>),
    /// It will not come, or nobody can say which it is.
    Absent,
}

impl<T> Part<T> {
    fn settled(&self) -> bool {
        matches!(self, Self::Done(_) | Self::Packed(_) | Self::Absent)
    }
}

/// A request whose response has not come yet, kept small.
#[derive(Debug)]
pub(super) struct Asking {
    request: Packed,
    asked: Asked,
    protocol: Protocol,
    frames: (u64, u64),
    oddities: Vec<Oddity>,
}

#[derive(Debug)]
struct Slot {
    id: u64,
    request: Part<Request>,
    response: Part<Response>,
    asked: Asked,
    authority: String,
    protocol: Protocol,
    frames: (u64, u64),
    oddities: Vec<Oddity>,
}

/// What is known about the order of requests and responses.
#[derive(Clone, Copy, Debug, Default)]
enum Order {
    /// Nothing was lost: the next response answers the first request without one.
    #[default]
    Certain,
    /// Requests may have been lost after those still awaiting an answer: so many were seen since, and so
    /// many responses that belong to none of those before.
    RequestsLost { requests: u32, responses: u32, midway: bool, answered: Answered },
    /// Responses may have been lost.
    ResponsesLost,
}

/// Whether what was lost of requests was answered: bytes of the server were lost as well, or what was seen of a request
/// was answered. Then none of a client that does not pipeline need be open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Answered {
    No,
    Yes,
    /// The same, and so was the request whose head had begun by then, or will not be.
    WithNext,
}

impl Order {
    /// Something was lost just now; so many responses were seen since.
    const fn lost(responses: u32, midway: bool, answered: Answered) -> Self {
        Self::RequestsLost { requests: 0, responses, midway, answered }
    }
}

/// Whose response has begun.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Claim {
    /// That of a known request.
    Slot(u64, Asked),
    /// That of a request that was not seen, or of one nobody can name.
    Alone(u64),
    /// The request has not come yet.
    Wait,
}

/// The exchanges of a connection that are not over.
#[derive(Debug, Default)]
pub(super) struct Pairing {
    slots: VecDeque<Slot>,
    next: u64,
    order: Order,
    /// A request was seen while another had no answer.
    pipelined: bool,
    /// Requests that were given up but whose responses would still come.
    given_up: u32,
}

const UNCERTAIN: &str = "http-pairing-uncertain";

impl Pairing {
    /// The connection began before the capture.
    pub(super) fn midway() -> Self {
        Self { order: Order::lost(0, true, Answered::No), ..Self::default() }
    }

    /// Whether nothing is open and nothing was lost: a new one would serve as well.
    pub(super) fn rests(&self) -> bool {
        self.slots.is_empty() && matches!(self.order, Order::Certain) && !self.pipelined && self.given_up == 0
    }

    /// When all that is open is one whole request whose response has not begun, and nothing was lost: that request.
    pub(super) fn asks(&mut self) -> Option<Asking> {
        let certain = matches!(self.order, Order::Certain) && !self.pipelined && self.given_up == 0;
        let [Slot { request, response: Part::Awaited, asked, authority, protocol, frames, oddities, .. }] =
            self.slots.make_contiguous()
        else {
            return None;
        };
        let request = match request {
            _ if !certain || !authority.is_empty() => return None,
            Part::Done(request) => Packed::of(request),
            Part::Packed(packed) => *std::mem::take(packed),
            Part::Awaited | Part::Open | Part::Absent => return None,
        };
        let oddities = std::mem::take(oddities);
        Some(Asking { request, asked: *asked, protocol: *protocol, frames: *frames, oddities })
    }

    /// The exchanges of a connection that has asked.
    pub(super) fn asking(asking: Asking) -> Self {
        let Asking { request, asked, protocol, frames, oddities } = asking;
        let mut pairing = Self::default();
        pairing.open(Slot {
            id: 0,
            request: Part::Packed(Box::new(request)),
            response: Part::Awaited,
            asked,
            authority: String::new(),
            protocol,
            frames,
            oddities,
        });
        pairing
    }

    /// A request's head was seen. `idle`: no response is being received, and the last one ended before
    /// this request began.
    pub(super) fn request(
        &mut self,
        asked: Asked,
        protocol: Protocol,
        authority: String,
        frame: u64,
        idle: Idle,
    ) -> u64 {
        let owed = self.slots.iter().any(|slot| matches!(slot.response, Part::Awaited));
        let mut response = Part::Awaited;
        if let Order::RequestsLost { requests, responses, midway, answered } = &mut self.order {
            // A client that does not pipeline asks again when it has its answer: once more responses
            // than requests were seen since the loss, or may have been lost with them, the lost one was answered too.
            let quiet = if *midway || *answered == Answered::Yes {
                idle != Idle::Busy && *responses >= *requests
            } else {
                idle == Idle::Between && *responses > *requests
            };
            if quiet && !owed && !self.pipelined {
                self.order = Order::Certain;
            } else {
                response = Part::Absent;
                // One from before what the server lost has its answer there, and is as good as lost itself.
                let before = *answered == Answered::WithNext;
                *requests = requests.saturating_add(u32::from(!before));
                *answered = if before { Answered::Yes } else { Answered::No };
            }
        } else if owed {
            self.pipelined = true;
        }
        let uncertain = matches!(response, Part::Absent);
        let id = self.open(Slot {
            id: 0,
            request: Part::Open,
            response,
            asked,
            authority,
            protocol,
            frames: (frame, frame),
            oddities: Vec::new(),
        });
        if uncertain {
            self.note(id, UNCERTAIN, "its response could not be told from others after a loss");
        }
        self.give_up_oldest();
        id
    }

    /// A final response's head was seen.
    pub(super) fn response(&mut self, protocol: Protocol, frame: u64, may_wait: bool) -> Claim {
        if self.given_up > 0 {
            self.given_up -= 1;
            return Claim::Alone(self.alone(protocol, frame));
        }
        let mut awaited =
            self.slots.iter().enumerate().filter(|(_, slot)| matches!(slot.response, Part::Awaited));
        match self.order {
            Order::Certain => match awaited.next() {
                Some((at, _)) => self.claim(at),
                None if may_wait => Claim::Wait,
                None => {
                    // Its request may still come, too late to be known as such.
                    self.order = Order::lost(1, false, Answered::No);
                    Claim::Alone(self.alone(protocol, frame))
                }
            },
            Order::RequestsLost { .. } => match awaited.next() {
                Some((at, slot)) => {
                    let cut = matches!(&slot.request, Part::Done(request) if !request.body.complete);
                    if let (true, Order::RequestsLost { answered, .. }) = (cut, &mut self.order) {
                        *answered = Answered::Yes;
                    }
                    self.claim(at)
                }
                None => {
                    if let Order::RequestsLost { responses, .. } = &mut self.order {
                        *responses = responses.saturating_add(1);
                    }
                    Claim::Alone(self.alone(protocol, frame))
                }
            },
            Order::ResponsesLost => {
                let mut awaited = awaited.map(|(at, slot)| (at, slot.frames.0 <= frame));
                match (awaited.next(), awaited.next()) {
                    (Some((only, true)), None | Some((_, false))) => {
                        self.order = Order::Certain;
                        self.claim(only)
                    }
                    (first, _) => {
                        // It answers one of several, or one that was recorded after it: at the latest the first of
                        // them is answered now.
                        if let Some(slot) = first.and_then(|(at, _)| self.slots.get_mut(at)) {
                            slot.response = Part::Absent;
                        }
                        let id = self.alone(protocol, frame);
                        self.note(id, UNCERTAIN, "its request could not be told from others after a loss");
                        Claim::Alone(id)
                    }
                }
            }
        }
    }

    fn claim(&mut self, at: usize) -> Claim {
        match self.slots.get_mut(at) {
            Some(slot) => {
                slot.response = Part::Open;
                Claim::Slot(slot.id, slot.asked)
            }
            None => Claim::Wait,
        }
    }

    fn alone(&mut self, protocol: Protocol, frame: u64) -> u64 {
        self.open(Slot {
            id: 0,
            request: Part::Absent,
            response: Part::Open,
            asked: Asked::default(),
            authority: String::new(),
            protocol,
            frames: (frame, frame),
            oddities: Vec::new(),
        })
    }

    fn open(&mut self, mut slot: Slot) -> u64 {
        let id = self.next;
        self.next += 1;
        slot.id = id;
        if self.slots.capacity() == 0 {
            // Most connections never have more.
            self.slots.reserve_exact(1);
        }
        self.slots.push_back(slot);
        id
    }

    fn slot(&mut self, id: u64) -> Option<&mut Slot> {
        self.slots.iter_mut().find(|slot| slot.id == id)
    }

    /// Whether the response of a request was seen to begin.
    pub(super) fn answered(&self, id: u64) -> bool {
        self.slots
            .iter()
            .find(|slot| slot.id == id)
            .is_none_or(|slot| !matches!(slot.response, Part::Awaited))
    }

    /// Whether a request from before this frame still awaits its response.
    pub(super) fn awaits_at(&self, frame: u64) -> bool {
        self.slots.iter().any(|slot| matches!(slot.response, Part::Awaited) && slot.frames.0 < frame)
    }

    /// What a `CONNECT` asked for.
    pub(super) fn authority(&self, id: u64) -> String {
        self.slots.iter().find(|slot| slot.id == id).map(|slot| slot.authority.clone()).unwrap_or_default()
    }

    /// Adds an oddity to an exchange.
    pub(super) fn note(&mut self, id: u64, name: &'static str, detail: &str) {
        if let Some(slot) = self.slot(id) {
            slot.oddities.push(Oddity { name, detail: detail.to_owned() });
        }
    }

    /// A request is over.
    pub(super) fn end_request(&mut self, id: u64, request: Box<Request>, last: u64, oddities: Vec<Oddity>) {
        if let Some(slot) = self.slot(id) {
            slot.request = Part::Done(request);
            slot.frames.1 = slot.frames.1.max(last);
            slot.oddities.extend(oddities);
        }
    }

    /// A response is over.
    pub(super) fn end_response(
        &mut self,
        id: u64,
        response: Box<Response>,
        (first, last): (u64, u64),
        oddities: Vec<Oddity>,
    ) {
        if let Some(slot) = self.slot(id) {
            slot.response = Part::Done(response);
            slot.frames = (slot.frames.0.min(first), slot.frames.1.max(last));
            slot.oddities.extend(oddities);
        }
    }

    /// Bytes that may have held request heads are missing.
    pub(super) fn requests_lost(&mut self) {
        // One loss takes bytes of both directions, and which is told first depends on what followed.
        let answered = match self.order {
            Order::Certain | Order::RequestsLost { answered: Answered::No, .. } => Answered::No,
            // What had begun is lost by now.
            Order::RequestsLost { .. } => Answered::Yes,
            Order::ResponsesLost => {
                self.settle();
                Answered::Yes
            }
        };
        self.order = Order::lost(0, false, answered);
    }

    /// Bytes that may have held response heads are missing. `head`: the first byte of the next response
    /// was among them. `asking`: the head of a request has begun.
    pub(super) fn responses_lost(&mut self, head: bool, asking: bool) {
        let answered = if asking { Answered::WithNext } else { Answered::Yes };
        let first = self.slots.iter_mut().find(|slot| matches!(slot.response, Part::Awaited));
        match (self.order, first) {
            (Order::RequestsLost { midway, .. }, _) => {
                self.settle();
                self.order = Order::lost(0, midway, answered);
            }
            (_, Some(slot)) if !head || !slot.asked.expects => {
                if head {
                    slot.response = Part::Absent;
                }
                self.order = Order::ResponsesLost;
            }
            (_, None) if !head => self.order = Order::ResponsesLost,
            // An interim response may be all that was lost, or the request is not known yet.
            _ => {
                self.settle();
                self.order = Order::lost(0, false, answered);
            }
        }
    }

    /// Bytes of the server were passed over: the response of a request that awaits one may be among them.
    pub(super) fn response_passed(&mut self) {
        let awaited = self.slots.iter().any(|slot| matches!(slot.response, Part::Awaited));
        if awaited && matches!(self.order, Order::Certain) {
            self.order = Order::ResponsesLost;
        }
    }

    /// No request that still awaits its response gets one.
    fn settle(&mut self) {
        for slot in &mut self.slots {
            if matches!(slot.response, Part::Awaited) {
                slot.response = Part::Absent;
                slot.oddities.push(Oddity {
                    name: UNCERTAIN,
                    detail: "its response could not be told from others after a loss".to_owned(),
                });
            }
        }
    }

    fn give_up_oldest(&mut self) {
        if self.slots.len() <= limits::PIPELINED_REQUESTS {
            return;
        }
        if let Some(slot) = self.slots.iter_mut().find(|slot| matches!(slot.response, Part::Awaited)) {
            slot.response = Part::Absent;
            slot.oddities.push(Oddity {
                name: "http-too-many-unanswered",
                detail: "its response was not waited for any longer (limit PIPELINED_REQUESTS)".to_owned(),
            });
            self.given_up = self.given_up.saturating_add(1);
        }
    }

    /// Gives the exchanges that nothing can be added to.
    pub(super) fn flush(&mut self, out: &mut Outbox) {
        let mut at = 0;
        while let Some(slot) = self.slots.get(at) {
            if !(slot.request.settled() && slot.response.settled()) {
                at += 1;
            } else if let Some(slot) = self.slots.remove(at) {
                emit(slot, out);
            }
        }
    }

    /// Gives everything as it is.
    pub(super) fn flush_all(&mut self, out: &mut Outbox) {
        self.slots.drain(..).for_each(|slot| emit(slot, out));
    }
}

/// What the server is doing when a request comes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Idle {
    /// All responses that began are over.
    Between,
    /// Nobody can say.
    Unsure,
    /// A response is being received, or came after this request.
    Busy,
}

fn emit(slot: Slot, out: &mut Outbox) {
    let request = match slot.request {
        Part::Done(request) => Some(request),
        Part::Packed(packed) => Some(Box::new(packed.open())),
        Part::Awaited | Part::Open | Part::Absent => None,
    };
    let response = match slot.response {
        Part::Done(response) => Some(response),
        _ => None,
    };
    if request.is_none() && response.is_none() {
        return;
    }
    out.exchanges.push(Finished {
        request,
        response,
        protocol: slot.protocol,
        frames: slot.frames,
        oddities: slot.oddities,
    });
}
