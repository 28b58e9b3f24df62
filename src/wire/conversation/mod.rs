//! Takes the two byte streams of one connection, gives its exchanges and its ledger.
//!
//! Recognises what is spoken by what is said, on any port: TLS, HTTP/1, HTTP/2 with prior knowledge,
//! SOCKS, PROXY protocol; goes into tunnels (`CONNECT`, TLS inside TLS).

mod node;
mod preamble;
#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::sync::Arc;

use self::node::{Context, Node, Tally};
use self::preamble::Recognised;
use crate::base::file_and_frame;
use crate::connection::{Connection, Content, Flow};
use crate::exchange::{Exchange, ExchangeKey, Oddity, Response, TlsFacts};
use crate::limits;
use crate::sink::{Nowhere, Sink};
use crate::wire::http::Finished;
use crate::wire::ip::{Flags, Segment};
use crate::wire::stream::{Direction, FrameRef, StreamEvent};
use crate::wire::tcp::{Flows, Identity, Listener, Summary};
use crate::wire::tls::secrets::Secrets;

/// What is said on one connection.
pub struct Conversation {
    node: Node,
    /// Raw application data, with `--hashes`.
    tally: Option<Box<Tally>>,
    ended: [bool; 2],
    finished: bool,
    /// Exchanges given on so far.
    count: u32,
    complete: u64,
    partial: u64,
    request_head_lost: bool,
    begins_inside: bool,
    oddities: Vec<Oddity>,
}

/// Listens to all connections of a shard and hands exchanges and ledgers to a sink.
pub struct Conversations<'s, S> {
    /// Where they go.
    pub sink: &'s mut S,
    /// Number of the input, the first of those that are one recording.
    pub input: u32,
    /// Secrets of the run.
    pub secrets: &'s Arc<Secrets>,
    /// Hash application data.
    pub hashes: bool,
    /// Exchanges given on, by the file of the recording in which they began.
    pub exchanges: &'s mut Vec<u64>,
    /// There are so many connections that what waits must be kept small.
    pub crowded: bool,
}

impl Conversation {
    fn new(midway: bool, hashes: bool) -> Self {
        Self {
            node: Node::new(0, midway),
            tally: hashes.then(|| Box::new(Tally::new(true))),
            ended: [false; 2],
            finished: false,
            count: 0,
            complete: 0,
            partial: 0,
            request_head_lost: false,
            begins_inside: false,
            oddities: Vec::new(),
        }
    }

    fn oddity(&mut self, oddity: Oddity) {
        if self.oddities.len() < limits::ODDITIES && !self.oddities.contains(&oddity) {
            self.oddities.push(oddity);
        }
    }
}

/// Whether a server gave up waiting for a request that was never begun (RFC 9110 15.5.9): nothing is missing. Where
/// bytes of one are, they are counted themselves.
fn unasked(exchange: &Exchange) -> bool {
    let timeout = |response: &Response| response.status == 408 && response.body.complete;
    exchange.request.is_none() && exchange.response.as_deref().is_some_and(timeout)
}

impl<S: Sink> Listener for Conversations<'_, S> {
    type Talk = Conversation;

    fn speaker(&self, bytes: &[u8]) -> Option<Direction> {
        Direction::BOTH.into_iter().find(|direction| {
            // A TLS hello says by itself who speaks: handshake type 1 is the client's.
            match preamble::direction(*direction, bytes) {
                // Any other record says nothing.
                Recognised::Tls if bytes.first() != Some(&22) => false,
                Recognised::Tls => (bytes.get(5) == Some(&1)) == (*direction == Direction::Sent),
                Recognised::Http1 | Recognised::Http2 => true,
                _ => false,
            }
        })
    }

    fn event(
        &mut self,
        who: &Identity,
        talk: &mut Option<Box<Conversation>>,
        direction: Direction,
        event: StreamEvent<'_>,
    ) -> bool {
        let talk = talk.get_or_insert_with(|| Box::new(Conversation::new(who.midway, self.hashes)));
        if let Some(tally) = &mut talk.tally {
            tally.count(direction, &event);
        }
        if let StreamEvent::End(_) = event {
            talk.ended[direction.index() & 1] = true;
        }
        if talk.finished {
            return talk.tally.is_some();
        }
        let mut context = self.context();
        talk.node.push(direction, event, &mut context);
        // Keys may yet come: then the connection is finished when it is let go.
        if talk.ended == [true, true] && !talk.node.waits_for_keys() {
            talk.finished = true;
            talk.node.finish(&mut context);
        }
        self.deliver(who, talk, context);
        talk.node.listens() || talk.tally.is_some()
    }

    fn closed(&mut self, summary: Summary, talk: Option<Box<Conversation>>) {
        let who = summary.identity;
        let flow = |direction: Direction| Flow {
            bytes: summary.bytes[direction.index()],
            missing: summary.missing[direction.index()],
            sha256: None,
            conflicting: summary.conflicting[direction.index()],
        };
        let (file, first_frame) = file_and_frame(who.first_frame);
        let mut connection = Connection {
            input: self.input.saturating_add(file),
            ordinal: who.ordinal,
            first_frame,
            times: summary.times,
            client: Some(who.client()),
            server: Some(who.server()),
            sent: flow(Direction::Sent),
            received: flow(Direction::Received),
            starts_midway: who.midway,
            snapped: summary.snapped,
            open_at_end: summary.open,
            ..Connection::default()
        };
        if let Some(mut talk) = talk {
            if !talk.finished {
                let mut context = self.context();
                talk.node.finish(&mut context);
                self.deliver(&who, &mut talk, context);
            }
            note(&mut connection, *talk);
        }
        // The first thing that the client said on it was lost, and TLS joined midway looks like nothing was.
        let hello = connection.tls.as_ref().is_none_or(|tls| tls.client_random.is_some());
        connection.request_head_lost |= !hello && !who.midway && summary.missing[0] > 0;
        if connection.sent.conflicting + connection.received.conflicting > 0 {
            let [sent, received] = summary.conflicting;
            connection.oddities.push(Oddity {
                name: "tcp-conflicting-copies",
                detail: format!(
                    "{sent} sent and {received} received bytes came twice with different content; the first copy was used"
                ),
            });
        }
        if summary.evicted {
            connection.oddities.push(Oddity {
                name: "tcp-connection-limit",
                detail: format!(
                    "let go before its end: more than {} connections were open at once (limit CONNECTIONS)",
                    limits::CONNECTIONS
                ),
            });
        }
        self.sink.connection(connection);
    }

    fn touch(talk: &Conversation) -> usize {
        talk.node.touch()
    }
}

impl<'s, S: Sink> Conversations<'s, S> {
    fn context(&self) -> Context<'s> {
        Context {
            secrets: self.secrets,
            hashes: self.hashes,
            found: Vec::new(),
            oddities: Vec::new(),
            request_head_lost: false,
            begins_inside: false,
            crowded: self.crowded,
            enough: self.sink.enough(),
        }
    }

    fn deliver(&mut self, who: &Identity, talk: &mut Conversation, context: Context<'_>) {
        talk.request_head_lost |= context.request_head_lost;
        talk.begins_inside |= context.begins_inside;
        for oddity in context.oddities {
            talk.oddity(oddity);
        }
        for (finished, tls) in context.found {
            let mut exchange = self.exchange(who, talk.count, finished, tls);
            exchange.settle();
            talk.count = talk.count.saturating_add(1);
            if exchange.complete() {
                talk.complete += 1;
            } else if !unasked(&exchange) {
                talk.partial += 1;
            }
            self.count(exchange.key.input - self.input);
            self.sink.exchange(exchange);
        }
    }

    fn count(&mut self, file: u32) {
        let file = file as usize;
        if self.exchanges.len() <= file {
            self.exchanges.resize(file + 1, 0);
        }
        if let Some(count) = self.exchanges.get_mut(file) {
            *count += 1;
        }
    }

    fn exchange(
        &self,
        who: &Identity,
        count: u32,
        finished: Finished,
        tls: Option<Arc<TlsFacts>>,
    ) -> Exchange {
        let scheme = if tls.is_some() { "https" } else { "http" };
        let request = finished.request.map(|mut request| {
            request.scheme.get_or_insert_with(|| scheme.to_owned());
            request
        });
        Exchange {
            key: ExchangeKey {
                input: self.input,
                frame: finished.frames.0,
                sub: u64::from(who.ordinal) << 32 | u64::from(count),
            },
            connection: Some(who.ordinal),
            frames: Some(finished.frames),
            until: None,
            client: Some(who.client()),
            server: Some(who.server()),
            protocol: finished.protocol,
            tls,
            request,
            response: finished.response,
            oddities: finished.oddities,
        }
    }
}

/// Writes what was said into the ledger.
fn note(connection: &mut Connection, talk: Conversation) {
    let [sent, received] = match &talk.tally {
        Some(tally) => tally.sha256(),
        None => [None, None],
    };
    connection.sent.sha256 = sent;
    connection.received.sha256 = received;
    connection.content = talk.node.content();
    if connection.content == Content::Empty && connection.sent.bytes + connection.received.bytes > 0 {
        connection.content = Content::Other;
    }
    let mut skipped_message = false;
    if let Some(result) = talk.node.tls() {
        if let Some((bytes, missing, sha256)) = result.opened {
            for (flow, at) in [(&mut connection.sent, 0), (&mut connection.received, 1)] {
                flow.bytes = bytes[at];
                flow.missing = flow.missing.max(missing[at]);
                flow.sha256 = sha256[at];
            }
        } else {
            connection.sent.sha256 = None;
            connection.received.sha256 = None;
        }
        connection.tls = Some(result.ledger);
        skipped_message = result.skipped_message;
    }
    connection.exchanges_complete = talk.complete;
    connection.exchanges_partial = talk.partial;
    connection.request_head_lost = talk.request_head_lost;
    // Where bytes are missing, what follows them looks the same.
    connection.begins_inside = talk.begins_inside && connection.starts_midway;
    connection.oddities = talk.oddities;
    if skipped_message {
        let most = limits::TLS_HANDSHAKE_BYTES;
        let detail =
            format!("a handshake message longer than {most} bytes was not read (limit TLS_HANDSHAKE_BYTES)");
        connection.oddities.push(Oddity { name: "tls-handshake-too-long", detail });
    }
}

/// For fuzzing: two bytes with the length of a key log and the key log, then what both sides say: a byte with
/// the direction, a loss and the high bits of the length, one with its low bits, and as many bytes.
#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    const FIN: u8 = 1;
    const SYN: u8 = 2;
    const ACK: u8 = 16;

    let Some(([high, low], rest)) = data.split_first_chunk() else { return };
    let (keys, mut rest) = rest.split_at(usize::from(u16::from_be_bytes([*high, *low])).min(rest.len()));
    let secrets = Arc::new(Secrets::default());
    secrets.add_keylog("fuzz", keys);
    let mut listener = Conversations {
        sink: &mut Nowhere,
        input: 0,
        secrets: &secrets,
        hashes: true,
        exchanges: &mut Vec::new(),
        crowded: data.len() % 2 == 1,
    };
    let mut flows = Flows::default();
    let mut next = [0_u32; 2];
    let mut number = 0;
    let mut push = |side: usize, flags: u8, lost: u32, payload: &[u8]| {
        let end =
            |side: usize| (IpAddr::from([10, 0, 0, u8::from(side == 1)]), 40_000 + u16::from(side == 1));
        let [sent, seen] = if side == 0 { [0, 1] } else { [1, 0] };
        next[sent] = next[sent].wrapping_add(lost);
        let segment = Segment {
            frame: FrameRef { number, time: None },
            source: end(sent),
            destination: end(seen),
            realm: 0,
            sequence: next[sent],
            acknowledgement: next[seen],
            flags: Flags(flags),
            payload,
            cut: 0,
        };
        flows.push(&segment, 0, &mut listener);
        let control = u32::from(flags & (SYN | FIN) != 0);
        next[sent] = next[sent].wrapping_add(u32::try_from(payload.len()).unwrap_or(0)).wrapping_add(control);
        number += 1;
    };
    push(0, SYN, 0, &[]);
    push(1, SYN | ACK, 0, &[]);
    while let [control, low, more @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([control >> 2, *low])).min(more.len());
        let (payload, after) = more.split_at(length);
        push(usize::from(control & 1), ACK, u32::from(control & 2) * 50, payload);
        rest = after;
    }
    push(0, FIN | ACK, 0, &[]);
    push(1, FIN | ACK, 0, &[]);
    flows.finish(&mut listener);
}
