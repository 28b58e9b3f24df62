//! Takes the segments of one connection, gives the events of its two streams in an order that could
//! have happened: bytes are given on only after those that their sender had acknowledged, so a response
//! never overtakes its request, however the capture was ordered.
//!
//! RFC 9293. What comes early waits; a hole becomes a gap when it is certain that its bytes were
//! received but not captured and enough has waited, when a bound is reached, or at the end.

use super::Listener;
use super::assembler::{Half, Piece, Place, slice};
use super::key::{FlowKey, Side};
use super::recent::Recent;
use crate::base::Instant;
use crate::exchange::Endpoint;
use crate::limits;
use crate::wire::ip::Segment;
use crate::wire::stream::{Chunk, Direction, End, FrameRef, StreamEvent};

/// Who a connection is.
#[derive(Clone, Copy, Debug)]
pub struct Identity {
    pub(super) key: FlowKey,
    /// Which side of the key asks.
    pub(super) client: Option<Side>,
    /// Tells it from the others of its input; ascending in the order of first packets.
    pub ordinal: u32,
    /// Frame number of its first packet.
    pub first_frame: u64,
    /// Whether its beginning was not seen.
    pub midway: bool,
}

impl Identity {
    /// Who opened it.
    pub fn client(&self) -> Endpoint {
        self.key.endpoint(self.client.unwrap_or(0))
    }

    /// Who accepted it.
    pub fn server(&self) -> Endpoint {
        self.key.endpoint(1 - self.client.unwrap_or(0))
    }
}

/// What a connection amounted to; arrays by [`Direction::index`].
#[derive(Clone, Copy, Debug)]
pub struct Summary {
    /// Who it is.
    pub identity: Identity,
    /// Times of its first and newest packet.
    pub times: Option<(Instant, Instant)>,
    /// Payload bytes that were seen, in order.
    pub bytes: [u64; 2],
    /// Payload bytes in gaps.
    pub missing: [u64; 2],
    /// Retransmitted bytes that differed from the first copy.
    pub conflicting: [u64; 2],
    /// Whether neither FIN nor RST was seen.
    pub open: bool,
    /// Whether it was let go because there were too many connections.
    pub evicted: bool,
}

/// What became of a connection with a segment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum After {
    /// It goes on.
    Open,
    /// Nothing more is expected.
    Over,
}

/// One connection.
#[derive(Debug)]
pub(super) struct Connection<T> {
    pub(super) identity: Identity,
    halves: [Half; 2],
    talk: Option<Box<T>>,
    /// The newest frame, for gaps that are noticed at the end.
    last: FrameRef,
    /// When it was first seen.
    first: Option<Instant>,
    /// Told apart from a later one in the same place of the table.
    pub(super) generation: u32,
    reset: bool,
    /// A SYN or SYN-ACK was seen.
    whole: bool,
    /// The listener looks at the bytes.
    interest: bool,
    /// Seen since the clock's hand last passed.
    pub(super) touched: bool,
    /// Waits to be let go.
    pub(super) lingering: bool,
}

impl<T> Connection<T> {
    pub(super) fn new(key: FlowKey, ordinal: u32, generation: u32, frame: FrameRef) -> Self {
        let identity = Identity { key, client: None, ordinal, first_frame: frame.number, midway: true };
        Self {
            identity,
            halves: Default::default(),
            talk: None,
            last: frame,
            first: frame.time,
            generation,
            reset: false,
            whole: false,
            interest: true,
            touched: true,
            lingering: false,
        }
    }

    /// Whether the segment cannot belong to this connection, so that the four-tuple was used again.
    pub(super) fn is_replaced_by(&self, side: Side, segment: &Segment<'_>) -> bool {
        let Some(mine) = self.halves.get(side) else { return false };
        if segment.flags.rst() {
            return false;
        }
        if segment.flags.syn() {
            return !mine.could_begin_with(segment.sequence.wrapping_add(1));
        }
        if segment.payload.is_empty() || !mine.known() {
            return false;
        }
        match mine.peek(segment.sequence) {
            Place::Elsewhere => true,
            Place::At(offset) if self.is_over() => {
                let beyond = mine.fin.is_some_and(|fin| offset > fin);
                beyond || offset.abs_diff(mine.next) > limits::REORDER_BYTES as u64
            }
            Place::At(_) => false,
        }
    }

    /// Takes the next segment that `side` sent.
    pub(super) fn push<L: Listener<Talk = T>>(
        &mut self,
        side: Side,
        segment: &Segment<'_>,
        recent: &mut Recent,
        listener: &mut L,
    ) -> After {
        self.touched = true;
        self.last = segment.frame;
        if segment.flags.rst() {
            self.reset = true;
            return After::Over;
        }
        let sequence = self.handshake(side, segment);
        let need = self.acknowledge(side, segment);
        self.payload(side, sequence, segment, need, recent, listener);
        if segment.flags.fin() {
            let length = segment.payload.len() as u32;
            let end = sequence.wrapping_add(length).wrapping_add(segment.cut);
            let mine = &mut self.halves[side & 1];
            if let Place::At(offset) = mine.place(end)
                && (offset >= mine.next || !mine.anchored)
            {
                mine.fin.get_or_insert(offset);
            }
        }
        self.settle(recent, listener);
        if self.is_over() { After::Over } else { After::Open }
    }

    /// Learns from SYN flags who is who and where the streams begin; gives the sequence number of the
    /// payload.
    fn handshake(&mut self, side: Side, segment: &Segment<'_>) -> u32 {
        if !segment.flags.syn() {
            return segment.sequence;
        }
        let started = self.talk.is_some();
        let begins = segment.sequence.wrapping_add(1);
        self.halves[side & 1].anchor_at(begins);
        self.whole = true;
        if segment.flags.ack() {
            let peer = &mut self.halves[1 - (side & 1)];
            if peer.held_count() == 0 {
                peer.anchor_at(segment.acknowledgement);
            }
        }
        if !started {
            self.identity.midway = false;
            self.identity.client = Some(if segment.flags.ack() { 1 - side } else { side });
        }
        begins
    }

    /// Notes what the sender had received; gives that as an offset of the other direction.
    fn acknowledge(&mut self, side: Side, segment: &Segment<'_>) -> u64 {
        if !segment.flags.ack() {
            return 0;
        }
        let peer = &mut self.halves[1 - (side & 1)];
        peer.acknowledge(segment.acknowledgement);
        match peer.peek(segment.acknowledgement) {
            Place::At(offset) => offset,
            Place::Elsewhere => 0,
        }
    }

    fn payload<L: Listener<Talk = T>>(
        &mut self,
        side: Side,
        sequence: u32,
        segment: &Segment<'_>,
        need: u64,
        recent: &mut Recent,
        listener: &mut L,
    ) {
        if segment.payload.is_empty() && segment.cut == 0 {
            return;
        }
        let satisfied = self.satisfied(side, need);
        let mine = &mut self.halves[side & 1];
        let Place::At(mut offset) = mine.place(sequence) else { return };
        let (mut bytes, mut cut) = (segment.payload, segment.cut);
        mine.absent = false;
        if mine.anchored && offset < mine.next {
            let old = mine.next - offset;
            let seen = slice(bytes, 0, old);
            mine.conflicting += recent.conflicts(mine.recent, offset, seen);
            let into_cut = old.saturating_sub(bytes.len() as u64);
            bytes = slice(bytes, old, u64::MAX);
            cut = u32::try_from(u64::from(cut).saturating_sub(into_cut)).unwrap_or(0);
            offset = mine.next;
            if bytes.is_empty() && cut == 0 {
                return;
            }
        }
        if mine.ended {
            return;
        }
        if mine.anchored && offset == mine.next && satisfied && mine.held_count() == 0 {
            self.give(side, bytes, cut, segment.frame, recent, listener);
        } else {
            mine.hold(offset, bytes, cut, need, segment.frame);
        }
    }

    /// Whether what `side` says may be given on: its sender had read the other direction up to `need`.
    fn satisfied(&self, side: Side, need: u64) -> bool {
        let peer = &self.halves[1 - (side & 1)];
        !peer.known() || peer.ended || need <= peer.read_up_to()
    }

    /// Gives on the next bytes of a direction.
    fn give<L: Listener<Talk = T>>(
        &mut self,
        side: Side,
        bytes: &[u8],
        cut: u32,
        frame: FrameRef,
        recent: &mut Recent,
        listener: &mut L,
    ) {
        self.choose_client(listener, side, bytes);
        let mine = &mut self.halves[side & 1];
        if !bytes.is_empty() {
            if self.interest {
                mine.recent = recent.push(mine.recent, mine.next, bytes);
            }
            mine.next += bytes.len() as u64;
            mine.bytes += bytes.len() as u64;
            let chunk = Chunk { bytes, frames: std::slice::from_ref(&frame) };
            self.tell(side, StreamEvent::Data(chunk), listener);
        }
        if cut > 0 {
            self.skip(side, u64::from(cut), frame, listener);
        }
    }

    /// Declares the next `missing` bytes of a direction lost.
    fn skip<L: Listener<Talk = T>>(&mut self, side: Side, missing: u64, at: FrameRef, listener: &mut L) {
        let mine = &mut self.halves[side & 1];
        mine.absent = mine.bytes == 0 && mine.held_count() == 0;
        mine.next += missing;
        mine.missing += missing;
        self.choose_client(listener, side, &[]);
        self.tell(side, StreamEvent::Gap { missing, at }, listener);
    }

    fn tell<L: Listener<Talk = T>>(&mut self, side: Side, event: StreamEvent<'_>, listener: &mut L) {
        let direction = self.direction(side);
        self.interest = listener.event(&self.identity, &mut self.talk, direction, event);
    }

    fn direction(&self, side: Side) -> Direction {
        if self.identity.client.unwrap_or(0) == side { Direction::Sent } else { Direction::Received }
    }

    /// Decides who the client is where no SYN told: by what the first bytes say, else the lower port is
    /// the server's.
    fn choose_client<L: Listener<Talk = T>>(&mut self, listener: &L, side: Side, bytes: &[u8]) {
        if let Some(client) = self.identity.client {
            // A request that the called side sends first, before a byte of the caller: HTTP the other way
            // round. Nothing was given on yet, so who asks can still be said.
            let first =
                self.talk.is_none() && client != side && self.halves.iter().all(|half| half.bytes == 0);
            if first && listener.speaker(bytes) == Some(Direction::Sent) {
                self.identity.client = Some(side);
            }
            return;
        }
        let said = |side: Side, bytes: &[u8]| match listener.speaker(bytes)? {
            Direction::Sent => Some(side),
            Direction::Received => Some(1 - side),
        };
        let first = said(side, bytes);
        let early = || {
            [0, 1]
                .into_iter()
                .find_map(|side| self.halves[side].pieces().find_map(|piece| said(side, &piece.bytes)))
        };
        let by_port = || {
            let [low, high] = [0, 1].map(|side| self.identity.key.endpoint(side).port);
            usize::from(low < high)
        };
        self.identity.client = Some(first.or_else(early).unwrap_or_else(by_port));
    }

    /// Gives on what can be by now, and declares gaps where it is time to.
    fn settle<L: Listener<Talk = T>>(&mut self, recent: &mut Recent, listener: &mut L) {
        if self.held_count() == 0 && self.halves.iter().all(|half| half.ended || half.fin.is_none()) {
            return;
        }
        self.anchor_if_due();
        loop {
            self.pump(recent, listener);
            if !self.hole_is_gap() || !self.give_up(listener) {
                break;
            }
        }
    }

    /// Fixes where streams begin whose SYN was not seen, once enough has come that what was reordered
    /// is there.
    fn anchor_if_due(&mut self) {
        let enough = self.held_count() >= limits::ANCHOR_SEGMENTS || self.held_cost() >= limits::ANCHOR_BYTES;
        if enough {
            self.anchor();
        }
    }

    fn anchor(&mut self) {
        let whole = self.whole;
        for half in &mut self.halves {
            half.anchor_at_seen(whole);
        }
    }

    fn pump<L: Listener<Talk = T>>(&mut self, recent: &mut Recent, listener: &mut L) {
        let mut moved = true;
        while moved {
            moved = false;
            for side in [0, 1] {
                while let Some(piece) = self.next_piece(side) {
                    self.give(side, &piece.bytes, piece.cut, piece.frame, recent, listener);
                    moved = true;
                }
                let mine = &mut self.halves[side];
                if mine.anchored && !mine.ended && mine.fin.is_some_and(|fin| fin <= mine.next) {
                    mine.end();
                    moved = true;
                    self.choose_client(listener, side, &[]);
                    self.tell(side, StreamEvent::End(End::Fin), listener);
                }
            }
        }
    }

    /// Takes out the first early piece of a direction when it is its turn.
    fn next_piece(&mut self, side: Side) -> Option<Piece> {
        let mine = self.halves.get(side)?;
        if !mine.anchored || mine.first_held()? > mine.next {
            return None;
        }
        let need = mine.first_need()?;
        if !self.satisfied(side, need) {
            return None;
        }
        let mine = self.halves.get_mut(side)?;
        let (offset, mut piece) = mine.take_first()?;
        let old = mine.next - offset;
        if old > 0 {
            // Only when a gap was declared over bytes that came after all.
            piece.cut = piece.cut.saturating_sub(
                u32::try_from(old.saturating_sub(piece.bytes.len() as u64)).unwrap_or(u32::MAX),
            );
            piece.bytes.drain(..usize::try_from(old).unwrap_or(usize::MAX).min(piece.bytes.len()));
        }
        Some(piece)
    }

    /// Whether waiting longer makes no sense: the bytes were received by the peer but never captured, and
    /// much has waited since; or the bound is reached.
    fn hole_is_gap(&self) -> bool {
        let cost = self.held_cost();
        if cost == 0 {
            return false;
        }
        if cost >= limits::REORDER_BYTES {
            return true;
        }
        let patient = self.held_count() >= limits::GAP_SEGMENTS && cost >= limits::GAP_BYTES;
        [0, 1].into_iter().any(|side| {
            let (mine, peer) = (&self.halves[side], &self.halves[1 - side]);
            let acknowledged = mine.acked > mine.next.saturating_add(1);
            let blocked = mine.first_need().is_some_and(|need| !self.satisfied(side, need));
            (acknowledged || blocked) && patient || blocked && peer.absent
        })
    }

    /// Declares one hole a gap: the one that holds back the earliest frame. Gives whether it could.
    fn give_up<L: Listener<Talk = T>>(&mut self, listener: &mut L) -> bool {
        let number = |side: Side| self.halves[side].first_frame().map(|frame| frame.number);
        let side = match (number(0), number(1)) {
            (None, None) => return false,
            (Some(_), None) => 0,
            (None, Some(_)) => 1,
            (Some(low), Some(high)) => usize::from(high < low),
        };
        let (mine, peer) = (&self.halves[side], &self.halves[1 - side]);
        let (Some(first), Some(need), Some(at)) = (mine.first_held(), mine.first_need(), mine.first_frame())
        else {
            return false;
        };
        if !mine.anchored || (peer.known() && !peer.anchored) {
            self.anchor();
            return true;
        }
        if !self.satisfied(side, need) {
            let to = peer.first_held().map_or(need, |held| held.min(need));
            if to > peer.next {
                let missing = to - peer.next;
                self.skip(1 - side, missing, at, listener);
                return true;
            }
            if first <= mine.next {
                self.halves[side].waive_first_need();
                return true;
            }
        }
        if first > mine.next {
            let missing = first - mine.next;
            self.skip(side, missing, at, listener);
        }
        true
    }

    /// Gives on everything that waits, with gaps for what did not come, and ends both streams.
    pub(super) fn finish<L: Listener<Talk = T>>(&mut self, recent: &mut Recent, listener: &mut L) {
        self.anchor();
        loop {
            self.pump(recent, listener);
            if !self.give_up(listener) {
                break;
            }
        }
        // Ends that nobody listened to when they came: a loss of the other side may call a listener.
        let mut untold = None;
        for side in [0, 1] {
            let mine = &self.halves[side];
            if mine.ended {
                continue;
            }
            let end = mine.fin.unwrap_or(mine.acked);
            let lost = end.saturating_sub(mine.next);
            // A FIN that was not captured is acknowledged like one byte.
            if lost > u64::from(mine.fin.is_none()) {
                self.skip(side, lost, self.last, listener);
            }
            let mine = &mut self.halves[side];
            mine.end();
            let how = match (mine.fin, self.reset) {
                (Some(_), _) => End::Fin,
                (None, true) => End::Reset,
                (None, false) => End::Silence,
            };
            if self.talk.is_none() {
                untold = Some((side, how));
                continue;
            }
            for (side, how) in untold.take().into_iter().chain([(side, how)]) {
                self.tell(side, StreamEvent::End(how), listener);
            }
        }
    }

    /// Ends the connection and says what it amounted to.
    pub(super) fn close<L: Listener<Talk = T>>(
        mut self,
        evicted: bool,
        recent: &mut Recent,
        listener: &mut L,
    ) {
        let open = !self.reset && self.halves.iter().all(|half| half.fin.is_none());
        self.finish(recent, listener);
        self.choose_client(listener, 0, &[]);
        let [sent, received] = match self.identity.client {
            Some(1) => [1, 0],
            _ => [0, 1],
        };
        let of = |read: fn(&Half) -> u64| [read(&self.halves[sent]), read(&self.halves[received])];
        let summary = Summary {
            identity: self.identity,
            times: self.first.zip(self.last.time).map(|(first, last)| (first.min(last), first.max(last))),
            bytes: of(|half| half.bytes),
            missing: of(|half| half.missing),
            conflicting: of(|half| half.conflicting),
            open,
            evicted,
        };
        listener.closed(summary, self.talk);
    }

    /// Gives up on the earliest hole to make room.
    pub(super) fn relieve<L: Listener<Talk = T>>(&mut self, recent: &mut Recent, listener: &mut L) {
        while self.held_count() > 0 {
            self.give_up(listener);
            self.pump(recent, listener);
        }
    }

    /// Both directions ended, or a reset was seen.
    pub(super) fn is_over(&self) -> bool {
        self.reset || self.halves.iter().all(|half| half.ended)
    }

    /// Whether a hole is known to be one: acknowledged, not captured.
    pub(super) fn has_certain_hole(&self) -> bool {
        self.halves.iter().any(|half| half.acked > half.next.saturating_add(1))
    }

    /// Memory of early segments.
    pub(super) fn held_cost(&self) -> usize {
        self.halves.iter().map(Half::held_cost).sum()
    }

    fn held_count(&self) -> usize {
        self.halves.iter().map(Half::held_count).sum()
    }

    /// Whether payload was given on.
    pub(super) fn has_talk(&self) -> bool {
        self.talk.is_some()
    }
}
