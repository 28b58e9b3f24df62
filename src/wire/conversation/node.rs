//! Takes the events of one stream, recognises what is spoken, and gives exchanges; a tunnel or TLS holds
//! another node inside.

use std::sync::Arc;

use aws_lc_rs::digest;

use super::preamble::{self, Recognised};
use crate::connection::{Content, TlsLedger};
use crate::exchange::{Enough, Oddity, TlsFacts};
use crate::limits;
use crate::wire::http::h1::{Http1, Resting, Waiting};
use crate::wire::http::h2::Http2;
use crate::wire::http::{Finished, Outbox, OwnedChunk, Tunnel};
use crate::wire::stream::{Chunk, Direction, End, FrameRef, StreamEvent};
use crate::wire::tls::Tls;
use crate::wire::tls::secrets::Secrets;

/// What nodes share, and where they put what they find.
pub(super) struct Context<'c> {
    pub(super) secrets: &'c Arc<Secrets>,
    pub(super) hashes: bool,
    /// Exchanges, with the TLS that carried them once it is known.
    pub(super) found: Vec<(Finished, Option<Arc<TlsFacts>>)>,
    pub(super) oddities: Vec<Oddity>,
    pub(super) request_head_lost: bool,
    /// What was passed over is the rest of something that began before the recording, or before a loss.
    pub(super) begins_inside: bool,
    /// There are so many connections that what waits must be kept small.
    pub(super) crowded: bool,
    /// When the beginning of an answer is enough for the sink.
    pub(super) enough: Option<Enough>,
}

impl Context<'_> {
    fn nested_too_deeply(&mut self) {
        let detail = format!("more than {} protocols inside each other (limit NESTING)", limits::NESTING);
        self.oddities.push(Oddity { name: "nested-too-deeply", detail });
    }
}

/// One level of a connection.
pub(super) struct Node {
    depth: usize,
    spoken: Spoken,
}

enum Spoken {
    Unknown(Box<Unknown>),
    Http1(Box<Http1>),
    /// HTTP/1 between two exchanges.
    Resting(Resting),
    /// HTTP/1 between a request and its response, where there are many connections.
    Waiting(Box<Waiting>),
    Http2(Box<Http2>),
    Tls(Box<Inside>),
    /// It is over, and its decoder gone: connections wait a while for late packets.
    Over(Content),
    Other,
}

/// A TLS session and what is inside.
struct Inside {
    tls: Tls,
    facts: Option<Arc<TlsFacts>>,
    tally: Tally,
    node: Node,
}

/// Counts and hashes the application data of one level; arrays by [`Direction::index`].
#[derive(Default)]
pub(super) struct Tally {
    pub(super) bytes: [u64; 2],
    pub(super) missing: [u64; 2],
    hashes: Option<Box<[digest::Context; 2]>>,
}

impl Tally {
    pub(super) fn new(hashes: bool) -> Self {
        let context = || digest::Context::new(&digest::SHA256);
        Self { hashes: hashes.then(|| Box::new([context(), context()])), ..Self::default() }
    }

    pub(super) fn count(&mut self, direction: Direction, event: &StreamEvent<'_>) {
        let at = direction.index() & 1;
        match event {
            StreamEvent::Data(chunk) => {
                self.bytes[at] += chunk.bytes.len() as u64;
                if let Some(hashes) = &mut self.hashes {
                    hashes[at].update(chunk.bytes);
                }
            }
            StreamEvent::Gap { missing, .. } => self.missing[at] += missing,
            StreamEvent::End(_) => {}
        }
    }

    pub(super) fn sha256(&self) -> [Option<[u8; 32]>; 2] {
        let of = |at: usize| {
            let hashes = self.hashes.as_ref()?;
            hashes[at].clone().finish().as_ref().try_into().ok()
        };
        [of(0), of(1)]
    }
}

/// Bytes that wait until it is clear what they are.
struct Unknown {
    /// Also recognise in the middle: the beginning was not seen, or lost.
    searching: bool,
    /// Bytes that wait, and events between them, in order.
    waiting: Vec<(Direction, Owned)>,
    /// The waiting bytes of each direction.
    first: [Vec<u8>; 2],
    /// Bytes of each direction that begin nothing and were passed over.
    passed: [usize; 2],
    /// Bytes of the client were lost.
    lost: bool,
}

enum Owned {
    Data(OwnedChunk),
    Gap(u64, FrameRef),
    End(End),
}

impl Owned {
    fn of(event: &StreamEvent<'_>) -> Self {
        match event {
            StreamEvent::Data(chunk) => {
                Self::Data(OwnedChunk { bytes: chunk.bytes.to_vec(), frames: chunk.frames.to_vec() })
            }
            StreamEvent::Gap { missing, at } => Self::Gap(*missing, *at),
            StreamEvent::End(end) => Self::End(*end),
        }
    }

    fn event(&self) -> StreamEvent<'_> {
        match self {
            Self::Data(chunk) => StreamEvent::Data(Chunk { bytes: &chunk.bytes, frames: &chunk.frames }),
            Self::Gap(missing, at) => StreamEvent::Gap { missing: *missing, at: *at },
            Self::End(end) => StreamEvent::End(*end),
        }
    }
}

/// What the deepest TLS level that was opened, or else the outermost that was not, amounted to.
pub(super) struct TlsResult {
    pub(super) ledger: TlsLedger,
    pub(super) opened: Option<OpenedTally>,
    /// A handshake message was too long to be read.
    pub(super) skipped_message: bool,
}

/// Bytes, missing bytes and hashes of decrypted application data.
pub(super) type OpenedTally = ([u64; 2], [u64; 2], [Option<[u8; 32]>; 2]);

impl Node {
    pub(super) fn new(depth: usize, midway: bool) -> Self {
        let unknown = Unknown {
            searching: midway,
            waiting: Vec::new(),
            first: Default::default(),
            passed: [0; 2],
            lost: false,
        };
        Self { depth, spoken: Spoken::Unknown(Box::new(unknown)) }
    }

    /// Takes the next event of one direction.
    pub(super) fn push(&mut self, direction: Direction, event: StreamEvent<'_>, context: &mut Context<'_>) {
        self.wake();
        match &mut self.spoken {
            Spoken::Other | Spoken::Over(_) | Spoken::Resting(_) | Spoken::Waiting(_) => {}
            Spoken::Unknown(_) => self.recognise(direction, event, context),
            Spoken::Http1(http) => {
                let mut out = Outbox { enough: context.enough, ..Outbox::default() };
                http.push(direction, event, &mut out);
                // Few connections keep their decoders: making them anew costs more than they hold.
                let quiet = match context.crowded {
                    true => quiet(http),
                    false => None,
                };
                self.take(out, context);
                if let (Some(quiet), Spoken::Http1(_)) = (quiet, &self.spoken) {
                    self.spoken = quiet;
                }
            }
            Spoken::Http2(http) => {
                let mut out = Outbox { enough: context.enough, ..Outbox::default() };
                http.push(direction, event, &mut out);
                self.take(out, context);
            }
            Spoken::Tls(inside) => inside.push(direction, event, context),
        }
    }

    /// Something comes again: a decoder is needed.
    fn wake(&mut self) {
        if !matches!(self.spoken, Spoken::Resting(_) | Spoken::Waiting(_)) {
            return;
        }
        let http = match std::mem::replace(&mut self.spoken, Spoken::Other) {
            Spoken::Resting(resting) => Http1::rested(resting),
            Spoken::Waiting(waiting) => Http1::waited(*waiting),
            _ => return,
        };
        self.spoken = Spoken::Http1(Box::new(http));
    }

    /// Whether anybody still looks at the bytes.
    pub(super) fn listens(&self) -> bool {
        !matches!(&self.spoken, Spoken::Other | Spoken::Over(_))
    }

    /// Looks at what the next event will need; gives anything that depends on it.
    pub(super) fn touch(&self) -> usize {
        match &self.spoken {
            Spoken::Http1(http) => http.touch(),
            Spoken::Tls(inside) => inside.tls.waiting() ^ inside.node.depth,
            _ => self.depth,
        }
    }

    /// Whether ciphertext is held back because its keys may yet come.
    pub(super) fn waits_for_keys(&self) -> bool {
        match &self.spoken {
            Spoken::Tls(inside) => inside.tls.waiting() > 0 || inside.node.waits_for_keys(),
            _ => false,
        }
    }

    /// Both directions are over.
    pub(super) fn finish(&mut self, context: &mut Context<'_>) {
        self.wake();
        match &mut self.spoken {
            Spoken::Other | Spoken::Over(_) | Spoken::Resting(_) | Spoken::Waiting(_) => {}
            Spoken::Unknown(_) => self.decide_late(context),
            Spoken::Http1(http) => {
                let mut out = Outbox::default();
                http.finish(&mut out);
                self.take(out, context);
            }
            Spoken::Http2(http) => {
                let mut out = Outbox::default();
                http.finish(&mut out);
                self.take(out, context);
            }
            Spoken::Tls(inside) => inside.finish(context),
        }
        // What waited to be recognised is let go with the decoders.
        if let Spoken::Http1(_) | Spoken::Http2(_) | Spoken::Unknown(_) = &self.spoken {
            self.spoken = Spoken::Over(self.content());
        }
    }

    /// What was recognised, innermost.
    pub(super) fn content(&self) -> Content {
        match &self.spoken {
            Spoken::Unknown(unknown) if unknown.waiting.is_empty() && !unknown.searching => Content::Empty,
            Spoken::Unknown(_) | Spoken::Other => Content::Other,
            Spoken::Http1(_) | Spoken::Resting(_) | Spoken::Waiting(_) => Content::Http1,
            Spoken::Http2(_) => Content::Http2,
            Spoken::Over(content) => *content,
            Spoken::Tls(inside) => match inside.node.content() {
                Content::Empty | Content::Other => Content::Tls,
                content => content,
            },
        }
    }

    /// The TLS of this connection, if there was any.
    pub(super) fn tls(&self) -> Option<TlsResult> {
        let Spoken::Tls(inside) = &self.spoken else { return None };
        let skipped_message = inside.tls.skipped_message();
        if let Some(deeper) = inside.node.tls() {
            return Some(TlsResult { skipped_message: skipped_message || deeper.skipped_message, ..deeper });
        }
        let ledger = inside.tls.ledger();
        let tally = &inside.tally;
        let opened = (ledger.records_opened > 0 || tally.bytes != [0, 0])
            .then(|| (tally.bytes, tally.missing, tally.sha256()));
        Some(TlsResult { ledger, opened, skipped_message })
    }

    /// Takes what an HTTP decoder put out; goes into a tunnel.
    fn take(&mut self, mut out: Outbox, context: &mut Context<'_>) {
        if out.is_empty() {
            return;
        }
        context.request_head_lost |= out.request_head_lost;
        context.begins_inside |= out.passed_over;
        context.oddities.append(&mut out.oddities);
        let tunnel = out.tunnel.take();
        let h2c = matches!(&tunnel, Some((Tunnel::Upgrade(name), _)) if name.eq_ignore_ascii_case("h2c"));
        let upgraded = match h2c {
            true => out.exchanges.pop().and_then(|exchange| Some((exchange.request?, exchange.oddities))),
            false => None,
        };
        context.found.extend(out.exchanges.into_iter().map(|exchange| (exchange, None)));
        let Some((tunnel, rest)) = tunnel else { return };
        self.spoken = match (tunnel, upgraded) {
            (_, Some((request, oddities))) => Spoken::Http2(Box::new(Http2::upgraded(*request, oddities))),
            // The request that asked for it was not captured.
            _ if h2c => Spoken::Http2(Box::default()),
            (Tunnel::Upgrade(name), _) if name.eq_ignore_ascii_case("websocket") => Spoken::Other,
            // Of other protocols one may be TLS with HTTP inside (RFC 2817): what they are is looked at.
            _ if self.depth < limits::NESTING => {
                *self = Self::new(self.depth + 1, false);
                return self.replay(&rest, context);
            }
            _ => {
                context.nested_too_deeply();
                Spoken::Other
            }
        };
        self.replay(&rest, context);
    }

    fn replay(&mut self, rest: &[(Direction, OwnedChunk)], context: &mut Context<'_>) {
        for (direction, chunk) in rest {
            let chunk = Chunk { bytes: &chunk.bytes, frames: &chunk.frames };
            self.push(*direction, StreamEvent::Data(chunk), context);
        }
    }

    fn recognise(&mut self, direction: Direction, event: StreamEvent<'_>, context: &mut Context<'_>) {
        let Spoken::Unknown(unknown) = &mut self.spoken else { return };
        let StreamEvent::Data(chunk) = &event else {
            if let StreamEvent::Gap { missing, .. } = event {
                // What waits belongs to a beginning that is now lost.
                unknown.searching = true;
                unknown.first = Default::default();
                if direction == Direction::Sent {
                    unknown.waiting.clear();
                    // TLS does not count what it could not open, and tells itself whether that was the beginning.
                    unknown.lost |= missing > 0;
                }
            }
            unknown.wait(direction, &event);
            unknown.bound();
            return;
        };
        let answer = unknown.first_of(direction, chunk.bytes);
        match answer {
            Recognised::Unclear if unknown.room() => unknown.wait(direction, &event),
            Recognised::Unclear | Recognised::Other if unknown.searching => {
                unknown.pass(direction, chunk.bytes.len());
                unknown.first = Default::default();
                unknown.waiting.retain(|(_, event)| !matches!(event, Owned::Data(_)));
                unknown.bound();
            }
            Recognised::Unclear | Recognised::Other => self.spoken = Spoken::Other,
            answer => {
                unknown.wait(direction, &event);
                self.become_(answer, context);
            }
        }
    }

    /// The streams ended before it was clear what they were.
    fn decide_late(&mut self, context: &mut Context<'_>) {
        let Spoken::Unknown(unknown) = &mut self.spoken else { return };
        let [sent, received] = &unknown.first;
        let sent = preamble::direction(Direction::Sent, sent);
        let answer = match sent {
            Recognised::Unclear | Recognised::Other => preamble::direction(Direction::Received, received),
            answer => answer,
        };
        if !matches!(answer, Recognised::Unclear | Recognised::Other) {
            self.become_(answer, context);
            self.finish(context);
        } else {
            unknown.pass(Direction::Sent, 0);
            context.begins_inside |= unknown.began_before();
            // What a tunnel was opened for.
            context.request_head_lost |= unknown.lost && self.depth > 0;
        }
    }

    /// Goes on as what was recognised, with everything that waited.
    fn become_(&mut self, answer: Recognised, context: &mut Context<'_>) {
        let depth = self.depth;
        let midway = matches!(&self.spoken, Spoken::Unknown(unknown) if unknown.searching);
        let next = match answer {
            Recognised::Http1 if midway => Spoken::Http1(Box::new(Http1::midway())),
            Recognised::Http2 if midway => Spoken::Http2(Box::new(Http2::midway())),
            Recognised::Http1 => Spoken::Http1(Box::default()),
            Recognised::Http2 => Spoken::Http2(Box::default()),
            Recognised::Tls if depth < limits::NESTING => Spoken::Tls(Box::new(Inside::new(depth, context))),
            Recognised::Preamble(_) if depth < limits::NESTING => Self::new(depth + 1, false).spoken,
            Recognised::Tls | Recognised::Preamble(_) => {
                context.nested_too_deeply();
                Spoken::Other
            }
            _ => Spoken::Other,
        };
        self.depth += usize::from(matches!(answer, Recognised::Preamble(_)));
        let Spoken::Unknown(unknown) = std::mem::replace(&mut self.spoken, next) else { return };
        // What was passed over is the rest of a message whose beginning was not captured, unless a handshake answers it;
        // a keep-alive repeats one byte. A greeting of a proxy follows no message: what looks like one says nothing.
        let told = match answer {
            Recognised::Preamble(_) => false,
            Recognised::Tls => unknown.first[1].first() != Some(&22),
            _ => true,
        };
        context.request_head_lost |= told && unknown.passed[0] > 1;
        context.begins_inside |= unknown.began_before();
        let mut skip = match answer {
            Recognised::Preamble(lengths) => lengths,
            _ => [0, 0],
        };
        for (direction, mut event) in unknown.waiting {
            if let Owned::Data(chunk) = &mut event {
                let skip = &mut skip[direction.index() & 1];
                let now = (*skip).min(chunk.bytes.len());
                chunk.bytes.drain(..now);
                *skip -= now;
                if chunk.bytes.is_empty() {
                    continue;
                }
            }
            self.push(direction, event.event(), context);
        }
    }
}

/// What is to be remembered of a decoder that has nothing to do at the moment. Of one that has, what is begun is
/// kept small.
fn quiet(http: &mut Http1) -> Option<Spoken> {
    if let Some(resting) = http.rests() {
        return Some(Spoken::Resting(resting));
    }
    let waiting = http.waits().map(|waiting| Spoken::Waiting(Box::new(waiting)));
    if waiting.is_none() {
        http.pack();
    }
    waiting
}

impl Unknown {
    /// Adds bytes of one direction and says what they are.
    fn first_of(&mut self, direction: Direction, bytes: &[u8]) -> Recognised {
        let first = &mut self.first[direction.index() & 1];
        first.extend_from_slice(bytes.get(..bytes.len().min(limits::RECOGNISE_BYTES)).unwrap_or(bytes));
        if self.searching {
            return match preamble::direction(direction, first) {
                Recognised::Unclear | Recognised::Other if Http2::recognise_midway(direction, first) => {
                    Recognised::Http2
                }
                answer => answer,
            };
        }
        let [sent, received] = &self.first;
        if sent.is_empty() {
            // The server speaks first: perhaps the request is only late, or was lost.
            return match preamble::direction(direction, received) {
                Recognised::Other => Recognised::Unclear,
                answer => answer,
            };
        }
        preamble::stream(sent, received)
    }

    /// Whether more may wait.
    fn room(&self) -> bool {
        self.first.iter().map(Vec::len).sum::<usize>() < limits::RECOGNISE_BYTES
    }

    fn wait(&mut self, direction: Direction, event: &StreamEvent<'_>) {
        if self.waiting.is_empty() {
            // A scan leaves a million connections with one event each.
            self.waiting.reserve_exact(1);
        }
        self.waiting.push((direction, Owned::of(event)));
    }

    /// What waits begins nothing, nor do these bytes of one direction.
    fn pass(&mut self, direction: Direction, bytes: usize) {
        let mut lengths = self.first.each_ref().map(Vec::len);
        // Of a long chunk only the beginning was kept.
        let longest = &mut lengths[direction.index() & 1];
        *longest = bytes.max(*longest);
        for (passed, length) in self.passed.iter_mut().zip(lengths) {
            *passed = passed.saturating_add(length);
        }
    }

    /// Whether the rest of something was passed over; a keep-alive repeats one byte.
    fn began_before(&self) -> bool {
        self.searching && self.passed.iter().any(|passed| *passed > 1)
    }

    /// Keeps the events that wait few: many gaps say no more than one.
    fn bound(&mut self) {
        if self.waiting.len() > 16 {
            self.waiting.drain(1..9);
        }
    }
}

impl Inside {
    fn new(depth: usize, context: &Context<'_>) -> Self {
        Self {
            tls: Tls::new(Arc::clone(context.secrets)),
            facts: None,
            tally: Tally::new(context.hashes),
            node: Node::new(depth + 1, false),
        }
    }

    fn push(&mut self, direction: Direction, event: StreamEvent<'_>, context: &mut Context<'_>) {
        let before = context.found.len();
        let Self { tls, tally, node, .. } = self;
        let mut out = |direction: Direction, event: StreamEvent<'_>| {
            tally.count(direction, &event);
            node.push(direction, event, context);
        };
        tls.push(direction, event, &mut out);
        context.request_head_lost |= self.tls.beginning_lost();
        context.begins_inside |= self.tls.begins_inside();
        self.dress(before, context);
    }

    fn finish(&mut self, context: &mut Context<'_>) {
        let before = context.found.len();
        let Self { tls, tally, node, .. } = self;
        let mut out = |direction: Direction, event: StreamEvent<'_>| {
            tally.count(direction, &event);
            node.push(direction, event, context);
        };
        tls.retry(&mut out);
        tls.finish(&mut out);
        context.request_head_lost |= self.tls.beginning_lost();
        context.begins_inside |= self.tls.begins_inside();
        self.node.finish(context);
        self.dress(before, context);
    }

    /// Tells exchanges from inside which TLS carried them.
    fn dress(&mut self, from: usize, context: &mut Context<'_>) {
        let found = context.found.get_mut(from..).unwrap_or_default();
        if found.is_empty() {
            return;
        }
        let facts = self.facts.get_or_insert_with(|| self.tls.facts());
        for (_, tls) in found {
            tls.get_or_insert_with(|| Arc::clone(facts));
        }
    }
}
