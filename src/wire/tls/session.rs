//! Takes records, gaps and ends of both directions in order, gives the events of the inner streams.

use super::half::{Held, Level, State};
use super::handshake;
use super::negotiation::Negotiation;
use super::opener::{Opened, Opener};
use super::record::{Header, borrow_plain, kind, return_plain};
use super::why::Reason;
use super::{Out, Step, Tls, Version};
use crate::limits;
use crate::wire::stream::{Chunk, Direction, End, FrameRef, StreamEvent};

/// Who speaks in a direction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Role {
    Client,
    Server,
}

impl Tls {
    pub(super) fn process(&mut self, direction: Direction, held: &Held, out: Out<'_>) -> Step {
        match held {
            Held::Record { header, body, frames } => {
                return self.process_record(direction, *header, body, frames, out);
            }
            Held::Gap(at) => self.gap(direction, *at),
            Held::End(end) => self.end(direction, *end, out),
        }
        Step::Done
    }

    pub(super) fn process_record(
        &mut self,
        direction: Direction,
        header: Header,
        body: &[u8],
        frames: &[FrameRef],
        out: Out<'_>,
    ) -> Step {
        match self.halves[direction.index()].state {
            State::Clear => self.clear(direction, header, body, frames, out),
            State::Legacy { .. } => self.legacy(direction, header, body, frames, out),
            State::Modern(_) => self.modern(direction, header, body, frames, out),
            State::Dead => {
                self.passed(direction, header, frames);
                Step::Done
            }
        }
    }

    /// A record of a direction that was given up. Where keys had opened it before, those of a further handshake are not
    /// known, and what it says from there on is missing.
    pub(super) fn passed(&mut self, direction: Direction, header: Header, frames: &[FrameRef]) {
        if header.kind != kind::APPLICATION_DATA {
            return;
        }
        let half = &mut self.halves[direction.index()];
        half.protected = true;
        if half.opened_data() {
            self.failed(direction, frames);
        }
    }

    /// Who speaks: TCP's client, unless a ClientHello came from the other side.
    pub(super) fn role(&self, direction: Direction) -> Role {
        let client = self.client.unwrap_or(Direction::Sent);
        if client == direction { Role::Client } else { Role::Server }
    }

    /// The handshake that governs what a direction sends now.
    pub(super) fn negotiation(&mut self, direction: Direction) -> Option<&mut Negotiation> {
        let index = self.negotiation_index(direction);
        self.negotiations.get_mut(index)
    }

    pub(super) fn negotiation_index(&self, direction: Direction) -> usize {
        self.halves[direction.index()].hellos.saturating_sub(1)
    }

    fn gap(&mut self, direction: Direction, at: FrameRef) {
        let half = &mut self.halves[direction.index()];
        half.joiner.clear();
        half.doubt = true;
        half.holes = true;
        half.gap.get_or_insert(at);
        if let State::Legacy { opener: Some(opener), .. } = &mut half.state {
            opener.lost();
            if !opener.survives_loss() {
                half.state = State::Dead;
                self.reason.get_or_insert(Reason::StreamCipherLost);
            }
        }
        // The other direction may have waited for a hello that is lost now.
        self.progress = true;
    }

    pub(super) fn end(&mut self, direction: Direction, end: End, out: Out<'_>) {
        let half = &mut self.halves[direction.index()];
        if half.outer_end.is_none() {
            half.outer_end = Some(end);
            self.progress = true;
        }
        if half.ended {
            return;
        }
        half.ended = true;
        let (known, holes) = (half.protected || half.opened_application, half.holes);
        // Of a direction that was lost whole nothing is known but what the other one answered.
        if known || holes && self.halves[direction.reverse().index()].spoke {
            self.tell_gap(direction, out);
        }
        out(direction, StreamEvent::End(end));
    }

    /// Tells the inner stream of what was lost before this point, if anything was.
    fn tell_gap(&mut self, direction: Direction, out: Out<'_>) {
        let opened = self.halves.iter().any(|half| half.opened);
        let shaken = !self.negotiations.is_empty();
        let client = self.role(direction) == Role::Client;
        let half = &mut self.halves[direction.index()];
        let Some(at) = half.gap.take() else { return };
        half.told = true;
        // Records that only other keys open are no loss, and refused early data is sent again. Whether it was
        // refused is not known where the server's flight is lost.
        let hello = self.negotiations.first().and_then(|negotiation| negotiation.client.as_ref());
        let offered = client && hello.is_some_and(|hello| hello.early_data);
        let early = self.early.unwrap_or(offered);
        let lost = half.holes || self.ledger.records_failed > 0 || early;
        // Inside, a stream that begins so looks like one that was joined midway. It was not: its handshake was seen.
        self.beginning_lost |= client && opened && shaken && lost && !half.spoke;
        out(direction, StreamEvent::Gap { missing: 0, at });
    }

    /// Whether the first thing that the client said was lost, though the handshake before it was seen.
    pub fn beginning_lost(&self) -> bool {
        self.beginning_lost
    }

    /// Whether what was seen first in a direction is the rest of a record that began before.
    pub fn begins_inside(&self) -> bool {
        self.begins_inside
    }

    fn clear(
        &mut self,
        direction: Direction,
        header: Header,
        body: &[u8],
        frames: &[FrameRef],
        out: Out<'_>,
    ) -> Step {
        let half = &mut self.halves[direction.index()];
        let clear = match header.kind {
            kind::HANDSHAKE => !half.joiner.is_empty() || handshake::plausible(body),
            kind::ALERT => body.len() == 2,
            kind::CHANGE_CIPHER_SPEC => body.len() == 1,
            _ => false,
        };
        if !clear {
            let first = self.negotiations.is_empty() && !half.protected;
            half.joiner.too_long |= first && header.kind == kind::HANDSHAKE && handshake::too_long(body);
            half.protected |= header.kind == kind::APPLICATION_DATA;
            return match self.protect(direction) {
                Step::Wait => Step::Wait,
                Step::Done => self.process_record(direction, header, body, frames, out),
            };
        }
        match header.kind {
            kind::HANDSHAKE => self.handshake(direction, body),
            kind::ALERT => self.alert(direction, body, out),
            _ => return self.change_cipher_spec(direction),
        }
        Step::Done
    }

    /// ChangeCipherSpec: up to TLS 1.2 what follows is protected; TLS 1.3 sends it for show.
    fn change_cipher_spec(&mut self, direction: Direction) -> Step {
        if self.negotiation(direction).is_some_and(|negotiation| negotiation.tls13())
            || self.suite13.is_some()
        {
            return Step::Done;
        }
        self.protect(direction)
    }

    /// Decides what protects a direction from now on. Never leaves it in the clear, except to wait.
    fn protect(&mut self, direction: Direction) -> Step {
        let role = self.role(direction);
        let index = self.negotiation_index(direction);
        let other = &self.halves[direction.reverse().index()];
        let lost =
            self.closing || other.holes || other.outer_end.is_some() || !matches!(other.state, State::Clear);
        let negotiation = self.negotiations.get(index);
        let hello = negotiation.and_then(|negotiation| negotiation.client.as_ref());
        let early = role == Role::Client && hello.is_some_and(|hello| hello.early_data);
        if negotiation.is_some_and(Negotiation::tls13) || self.suite13.is_some() {
            let level = if early { Level::Early } else { Level::Handshake };
            // Without any hello nobody knows how far the direction had come when the capture began.
            let midway = self.negotiations.is_empty();
            self.halves[direction.index()].doubt |= midway;
            self.enter_modern(direction, level, midway);
            return Step::Done;
        }
        if negotiation.is_some_and(|negotiation| negotiation.server.is_some()) {
            self.halves[direction.index()].state = State::Legacy { negotiation: index, opener: None };
            return Step::Done;
        }
        let expected = role == Role::Client && hello.is_some();
        if expected && !lost {
            return Step::Wait;
        }
        self.without_server_hello(direction)
    }

    fn legacy(
        &mut self,
        direction: Direction,
        header: Header,
        body: &[u8],
        frames: &[FrameRef],
        out: Out<'_>,
    ) -> Step {
        let half = &mut self.halves[direction.index()];
        half.protected |= header.kind == kind::APPLICATION_DATA;
        let State::Legacy { negotiation, opener } = &mut half.state else { return Step::Done };
        let negotiation = *negotiation;
        if opener.is_none() {
            match self.legacy_opener(direction, negotiation) {
                Ok(mut found) => {
                    let half = &mut self.halves[direction.index()];
                    if half.holes {
                        found.lost();
                    }
                    half.state = State::Legacy { negotiation, opener: Some(found) };
                }
                Err(Some(reason)) => {
                    self.reason.get_or_insert(reason);
                    self.halves[direction.index()].state = State::Dead;
                    return Step::Done;
                }
                Err(None) => return Step::Wait,
            }
        }
        let half = &mut self.halves[direction.index()];
        let State::Legacy { opener: Some(opener), .. } = &mut half.state else { return Step::Done };
        let mut plain = borrow_plain();
        let little = half.doubt && opener.hides_little(body);
        let opened = if half.doubt {
            opener.search(header, body, &mut plain, limits::TLS_RESYNC_WINDOW, &mut self.tries)
        } else {
            opener.open(header, body, &mut plain)
        };
        match opened {
            Some(opened) => {
                // The first record is Finished: when the second comes next, no plaintext was lost.
                let first = opener.sequence() <= 2 && negotiation == 0;
                self.deliver(direction, &opened, &plain, first, frames, out);
            }
            None => {
                if !half.doubt {
                    opener.skip(body);
                }
                let survives = opener.survives_loss();
                let half = &self.halves[direction.index()];
                // What is left of a loss that was told, and maybe answered since: not another.
                let known = little && half.told && half.gap.is_none();
                self.failed(direction, frames);
                if known {
                    self.halves[direction.index()].gap = None;
                }
                if !survives {
                    self.halves[direction.index()].state = State::Dead;
                    self.reason.get_or_insert(Reason::StreamCipherLost);
                }
            }
        }
        return_plain(plain);
        Step::Done
    }

    /// The opener of a direction up to TLS 1.2; `Err(None)` when it may be there later.
    fn legacy_opener(&mut self, direction: Direction, index: usize) -> Result<Opener, Option<Reason>> {
        let role = self.role(direction);
        let holes = self.halves.iter().any(|half| half.holes || half.outer_end.is_some());
        let Some(negotiation) = self.negotiations.get_mut(index) else {
            return Err(Some(Reason::ServerHelloLost));
        };
        let Some(server) = &negotiation.server else { return Err(Some(Reason::ServerHelloLost)) };
        let (version, etm, compression) = (server.version, server.encrypt_then_mac, server.compression);
        let Some(suite) = negotiation.suite() else { return Err(Some(Reason::Unsupported)) };
        if suite.cipher == super::suites::Cipher::Other {
            return Err(Some(Reason::Unsupported));
        }
        if compression != 0 {
            return Err(Some(Reason::Compressed));
        }
        if negotiation.client.is_none() {
            return Err(Some(Reason::ClientHelloLost));
        }
        let may_resume = negotiation.may_resume(&self.secrets);
        let key_exchange_ahead = !holes && role == Role::Server && self.secrets.derives_masters();
        let Some(keys) = negotiation.keys(&self.secrets) else {
            let hope = !self.secrets.sealed() || may_resume || key_exchange_ahead;
            return Err((self.closing || !hope).then_some(Reason::NoKeys));
        };
        let keys = &keys[usize::from(role == Role::Server)];
        Opener::new(suite, version, keys, etm).ok_or(Some(Reason::Unsupported))
    }

    /// A record did not open: what was in it is missing.
    pub(super) fn failed(&mut self, direction: Direction, frames: &[FrameRef]) {
        self.ledger.records_failed += 1;
        let half = &mut self.halves[direction.index()];
        half.joiner.clear();
        half.doubt = true;
        // The last of several: what was said before it may have been answered in it.
        half.gap = frames.last().copied().or(half.gap);
    }

    /// Hands on what was in a record. `first`: nothing that carries application data came before it.
    pub(super) fn deliver(
        &mut self,
        direction: Direction,
        opened: &Opened,
        buffer: &[u8],
        first: bool,
        frames: &[FrameRef],
        out: Out<'_>,
    ) {
        self.ledger.records_opened += 1;
        let plain = buffer.get(opened.at.clone()).unwrap_or_default();
        let half = &mut self.halves[direction.index()];
        half.doubt = false;
        half.opened = true;
        half.opened_application |= half.at_application_level();
        if first {
            half.gap = None;
        }
        match opened.kind {
            kind::APPLICATION_DATA if !plain.is_empty() && !half.ended => {
                // What the other side lost before this was said stands before it.
                let midway = self.negotiations.is_empty();
                let other = &self.halves[direction.reverse().index()];
                if (other.opened_application || midway) && !other.ended {
                    self.tell_gap(direction.reverse(), out);
                }
                self.tell_gap(direction, out);
                let half = &mut self.halves[direction.index()];
                (half.spoke, half.told) = (true, false);
                out(direction, StreamEvent::Data(Chunk { bytes: plain, frames }));
            }
            kind::HANDSHAKE => self.handshake(direction, plain),
            kind::ALERT => self.alert(direction, plain, out),
            kind::CHANGE_CIPHER_SPEC if matches!(half.state, State::Legacy { .. }) => {
                half.state = State::Clear;
                if self.protect(direction) == Step::Wait {
                    let negotiation = self.negotiation_index(direction);
                    self.halves[direction.index()].state = State::Legacy { negotiation, opener: None };
                }
            }
            _ => {}
        }
    }

    pub(super) fn alert(&mut self, direction: Direction, body: &[u8], out: Out<'_>) {
        let &[level, description] = body else { return };
        if description == 0 {
            let half = &mut self.halves[direction.index()];
            if !half.ended && half.opened {
                half.ended = true;
                self.tell_gap(direction, out);
                out(direction, StreamEvent::End(End::Fin));
            }
        } else if self.ledger.alert.is_none() && (level == 2 || self.suite13.is_some()) {
            let who = if self.role(direction) == Role::Client { "client" } else { "server" };
            self.ledger.alert = Some(format!("{who}: {}", super::why::alert(description)));
        }
    }

    /// The version, as far as it is known.
    pub(super) fn version(&self) -> Option<Version> {
        let server = self.negotiations.iter().rev().find_map(|negotiation| negotiation.server.as_ref());
        server.map(|hello| hello.version).or(self.suite13.map(|_| Version::TLS13))
    }
}
