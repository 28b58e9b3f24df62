//! Takes the segments of one connection, gives the events of its two streams in an order that could
//! have happened: bytes are given on only after those that their sender had acknowledged, so a response
//! never overtakes its request, however the capture was ordered.
//!
//! RFC 9293. What comes early waits; a hole becomes a gap when it is certain that its bytes were
//! received but not captured and enough has waited, when a bound is reached, or at the end.

use super::assembler::{Half, Place, slice};
use super::history::{History, Mark};
use super::key::{FlowKey, Side};
use super::pieces::Piece;
use super::recent::Recent;
use super::{Header, Listener};
use crate::base::Instant;
use crate::exchange::Endpoint;
use crate::limits;
use crate::wire::stream::{Chunk, Direction, End, FrameRef, StreamEvent};

/// Who a connection is.
#[derive(Clone, Copy, Debug)]
pub struct Identity {
    pub(super) key: FlowKey,
    /// Frame number of its first packet.
    pub first_frame: u64,
    /// Tells it from the others of its input; ascending in the order of first packets.
    pub ordinal: u32,
    /// Which side of the key asks.
    pub(super) client: Option<Side>,
    /// Whether its beginning was not seen.
    pub midway: bool,
}

impl Identity {
    /// Who opened it.
    pub fn client(&self) -> Endpoint {
        self.key.endpoint(self.client.unwrap_or(Side::Low))
    }

    /// Who accepted it.
    pub fn server(&self) -> Endpoint {
        self.key.endpoint(self.client.unwrap_or(Side::Low).other())
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
    /// Whether packets were recorded in part.
    pub snapped: bool,
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

/// A time that may not be known, in eight bytes.
#[derive(Clone, Copy, Debug)]
struct Moment(i64);

impl Moment {
    /// No recorder was there in 1677.
    const UNKNOWN: i64 = i64::MIN;

    fn of(time: Option<Instant>) -> Self {
        Self(time.map_or(Self::UNKNOWN, Instant::nanos))
    }

    fn get(self) -> Option<Instant> {
        (self.0 != Self::UNKNOWN).then_some(Instant::from_nanos(self.0))
    }
}

/// One connection. Three cache lines: every packet looks at all of them, and captures hold many connections.
#[derive(Debug)]
#[repr(C, align(64))]
pub(super) struct Connection<T> {
    pub(super) identity: Identity,
    talk: Option<Box<T>>,
    halves: [Half; 2],
    /// Time of the first frame.
    first: Moment,
    /// The newest frame, for gaps that are noticed at the end.
    last: (u64, Moment),
    reset: bool,
    /// A snap length cut payload off.
    snapped: bool,
    /// A SYN or SYN-ACK was seen.
    whole: bool,
    /// The listener looks at the bytes.
    interest: bool,
    /// Seen since the clock's hand last passed.
    pub(super) touched: bool,
    /// Waits to be let go.
    pub(super) lingering: bool,
    /// A hole was taken for a loss because too much was held back; whoever reads it sets it back.
    pub(super) forced: bool,
}

impl<T> Connection<T> {
    pub(super) fn new(key: FlowKey, ordinal: u32, frame: FrameRef) -> Self {
        let identity = Identity { key, first_frame: frame.number, ordinal, client: None, midway: true };
        Self {
            identity,
            halves: Default::default(),
            talk: None,
            last: (frame.number, Moment::of(frame.time)),
            first: Moment::of(frame.time),
            reset: false,
            snapped: false,
            whole: false,
            interest: true,
            touched: true,
            lingering: false,
            forced: false,
        }
    }

    /// Whether the segment cannot belong to this connection, so that the four-tuple was used again.
    pub(super) fn is_replaced_by(&self, segment: &Header, payload: &[u8]) -> bool {
        let mine = &self.halves[segment.side.index()];
        if segment.flags.rst() {
            return false;
        }
        if segment.flags.syn() {
            return self.is_reopened_by(segment) || !mine.could_begin_with(segment.sequence.wrapping_add(1));
        }
        if payload.is_empty() || !mine.known() {
            return false;
        }
        match mine.peek(segment.sequence) {
            Place::Elsewhere => true,
            Place::At(offset) if self.is_over() => {
                let beyond = mine.fin().is_some_and(|fin| offset > fin);
                beyond || offset.abs_diff(mine.next) > limits::REORDER_BYTES as u64
            }
            Place::At(_) => false,
        }
    }

    /// Whether a SYN opens the same ports anew with the same sequence number, as small stacks and written captures do:
    /// it is later than all that was said. An older one is a copy, of a file that holds packets twice.
    fn is_reopened_by(&self, segment: &Header) -> bool {
        let said = self.halves.iter().any(|half| half.bytes() > 0);
        let later = self.last.1.get().zip(segment.frame.time).is_some_and(|(last, now)| now > last);
        said && later && !segment.flags.ack() && self.is_over()
    }

    /// Takes the next segment.
    pub(super) fn push<L: Listener<Talk = T>>(
        &mut self,
        segment: &Header,
        (payload, mark): (&[u8], Mark),
        (recent, history): (&mut Recent, &History),
        listener: &mut L,
    ) -> After {
        let side = segment.side;
        self.touched = true;
        self.last = (segment.frame.number, Moment::of(segment.frame.time));
        if segment.flags.rst() {
            self.reset = true;
            return After::Over;
        }
        let sequence = self.handshake(side, segment);
        let need = self.acknowledge(side, segment);
        if !payload.is_empty() || segment.cut > 0 {
            let at = (sequence, need);
            self.payload(segment, at, (payload, mark), (recent, history), listener);
        }
        if segment.flags.fin() {
            let length = payload.len() as u32;
            let end = sequence.wrapping_add(length).wrapping_add(segment.cut);
            let mine = self.half_mut(side);
            if let Place::At(offset) = mine.place(end)
                && (offset >= mine.next || !mine.anchored)
            {
                mine.finishes_at(offset);
            }
        }
        self.settle(recent, listener);
        if self.is_over() { After::Over } else { After::Open }
    }

    /// Learns from SYN flags who is who and where the streams begin; gives the sequence number of the
    /// payload.
    fn handshake(&mut self, side: Side, segment: &Header) -> u32 {
        if !segment.flags.syn() {
            return segment.sequence;
        }
        let started = self.talk.is_some();
        let begins = segment.sequence.wrapping_add(1);
        self.half_mut(side).begin_at(begins);
        self.whole = true;
        if segment.flags.ack() {
            let peer = self.half_mut(side.other());
            if peer.held_count() == 0 {
                peer.anchor_at(segment.acknowledgement);
            }
        }
        if !started {
            self.identity.midway = false;
            self.identity.client = Some(if segment.flags.ack() { side.other() } else { side });
        }
        begins
    }

    /// Notes what the sender had received; gives that as an offset of the other direction.
    fn acknowledge(&mut self, side: Side, segment: &Header) -> u64 {
        if !segment.flags.ack() {
            return 0;
        }
        let peer = self.half_mut(side.other());
        peer.acknowledge(segment.acknowledgement);
        match peer.peek(segment.acknowledgement) {
            Place::At(offset) => offset,
            Place::Elsewhere => 0,
        }
    }

    fn payload<L: Listener<Talk = T>>(
        &mut self,
        segment: &Header,
        (sequence, need): (u32, u64),
        (mut bytes, mut mark): (&[u8], Mark),
        (recent, history): (&mut Recent, &History),
        listener: &mut L,
    ) {
        let side = segment.side;
        let satisfied = self.satisfied(side, need);
        let mine = self.half_mut(side);
        let Place::At(mut offset) = mine.place(sequence) else { return };
        let mut cut = segment.cut;
        mine.absent = false;
        if mine.anchored && offset < mine.next {
            let old = mine.next - offset;
            let seen = slice(bytes, 0, old);
            mine.conflicts(recent.conflicts(history, mine.recent, offset, seen, mark));
            let into_cut = old.saturating_sub(bytes.len() as u64);
            bytes = slice(bytes, old, u64::MAX);
            mark = mark.after(old);
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
            self.give(side, (bytes, mark), cut, segment.frame, recent, listener);
        } else {
            mine.hold(offset, bytes, cut, need, (segment.frame, mark));
        }
    }

    /// Whether what `side` says may be given on: its sender had read the other direction up to `need`.
    fn satisfied(&self, side: Side, need: u64) -> bool {
        let peer = self.half(side.other());
        !peer.known() || peer.ended || need <= peer.read_up_to()
    }

    fn half(&self, side: Side) -> &Half {
        &self.halves[side.index()]
    }

    fn half_mut(&mut self, side: Side) -> &mut Half {
        &mut self.halves[side.index()]
    }

    /// Gives on the next bytes of a direction.
    fn give<L: Listener<Talk = T>>(
        &mut self,
        side: Side,
        (bytes, mark): (&[u8], Mark),
        cut: u32,
        frame: FrameRef,
        recent: &mut Recent,
        listener: &mut L,
    ) {
        self.choose_client(listener, side, bytes);
        let interest = self.interest;
        let mine = self.half_mut(side);
        if !bytes.is_empty() {
            if interest {
                mine.recent = recent.push(mine.recent, mine.next, mark, bytes.len());
            }
            mine.gave(bytes.len() as u64);
            if interest {
                let chunk = Chunk { bytes, frames: std::slice::from_ref(&frame) };
                self.tell(side, StreamEvent::Data(chunk), listener);
            }
        }
        if cut > 0 {
            self.snapped = true;
            self.skip(side, u64::from(cut), frame, listener);
        }
    }

    /// Declares the next `missing` bytes of a direction lost.
    fn skip<L: Listener<Talk = T>>(&mut self, side: Side, missing: u64, at: FrameRef, listener: &mut L) {
        let mine = self.half_mut(side);
        mine.absent = mine.bytes() == 0 && mine.held_count() == 0;
        let missing = mine.skip(missing);
        self.choose_client(listener, side, &[]);
        self.tell(side, StreamEvent::Gap { missing, at }, listener);
    }

    fn tell<L: Listener<Talk = T>>(&mut self, side: Side, event: StreamEvent<'_>, listener: &mut L) {
        let direction = self.direction(side);
        self.interest = listener.event(&self.identity, &mut self.talk, direction, event);
    }

    fn direction(&self, side: Side) -> Direction {
        if self.identity.client.unwrap_or(Side::Low) == side { Direction::Sent } else { Direction::Received }
    }

    /// Decides who the client is where no SYN told: by what the first bytes say, else the lower port is
    /// the server's.
    fn choose_client<L: Listener<Talk = T>>(&mut self, listener: &L, side: Side, bytes: &[u8]) {
        if let Some(client) = self.identity.client {
            // A request that the called side sends first, before a byte of the caller: HTTP the other way
            // round. Nothing was given on yet, so who asks can still be said.
            let first =
                self.talk.is_none() && client != side && self.halves.iter().all(|half| half.bytes() == 0);
            if first && listener.speaker(bytes) == Some(Direction::Sent) {
                self.identity.client = Some(side);
            }
            return;
        }
        let said = |side: Side, bytes: &[u8]| match listener.speaker(bytes)? {
            Direction::Sent => Some(side),
            Direction::Received => Some(side.other()),
        };
        let first = said(side, bytes);
        let early = || {
            Side::BOTH
                .into_iter()
                .find_map(|side| self.half(side).pieces().find_map(|piece| said(side, &piece.bytes)))
        };
        let by_port = || {
            let [low, high] = Side::BOTH.map(|side| self.identity.key.endpoint(side).port);
            if low < high { Side::High } else { Side::Low }
        };
        self.identity.client = Some(first.or_else(early).unwrap_or_else(by_port));
    }

    /// Gives on what can be by now, and declares gaps where it is time to.
    fn settle<L: Listener<Talk = T>>(&mut self, recent: &mut Recent, listener: &mut L) {
        if self.held_count() == 0 && self.halves.iter().all(|half| half.ended || half.fin().is_none()) {
            return;
        }
        self.anchor_if_due();
        loop {
            self.pump(recent, listener);
            if !self.hole_is_gap() {
                break;
            }
            self.forced |= self.held_cost() >= limits::REORDER_BYTES;
            if !self.give_up(listener) {
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
            for side in Side::BOTH {
                while let Some((piece, old)) = self.next_piece(side) {
                    let bytes = slice(&piece.bytes, old, u64::MAX);
                    self.give(side, (bytes, piece.mark.after(old)), piece.cut, piece.frame, recent, listener);
                    moved = true;
                }
                let mine = self.half_mut(side);
                if mine.anchored && !mine.ended && mine.fin().is_some_and(|fin| fin <= mine.next) {
                    mine.end();
                    moved = true;
                    self.choose_client(listener, side, &[]);
                    self.tell(side, StreamEvent::End(End::Fin), listener);
                }
            }
        }
    }

    /// Takes out the first early piece of a direction when it is its turn, and says how many of its bytes were
    /// given up before.
    fn next_piece(&mut self, side: Side) -> Option<(Piece, u64)> {
        let mine = self.half(side);
        if !mine.anchored || mine.first_held()? > mine.next {
            return None;
        }
        let need = mine.first_need()?;
        if !self.satisfied(side, need) {
            return None;
        }
        let mine = self.half_mut(side);
        let (offset, mut piece) = mine.take_first()?;
        // Only when a gap was declared over bytes that came after all.
        let old = mine.next - offset;
        let into_cut = u32::try_from(old.saturating_sub(piece.bytes.len() as u64)).unwrap_or(u32::MAX);
        piece.cut = piece.cut.saturating_sub(into_cut);
        Some((piece, old))
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
        Side::BOTH.into_iter().any(|side| {
            let (mine, peer) = (self.half(side), self.half(side.other()));
            let acknowledged = mine.acked > mine.next.saturating_add(1);
            let blocked = mine.first_need().is_some_and(|need| !self.satisfied(side, need));
            (acknowledged || blocked) && patient || blocked && peer.absent
        })
    }

    /// Declares one hole a gap: the one that holds back the earliest frame. Gives whether it could.
    fn give_up<L: Listener<Talk = T>>(&mut self, listener: &mut L) -> bool {
        let number = |side: Side| self.half(side).first_frame().map(|frame| frame.number);
        let side = match (number(Side::Low), number(Side::High)) {
            (None, None) => return false,
            (Some(_), None) => Side::Low,
            (None, Some(_)) => Side::High,
            (Some(low), Some(high)) if high < low => Side::High,
            _ => Side::Low,
        };
        let (mine, peer) = (self.half(side), self.half(side.other()));
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
                self.skip(side.other(), missing, at, listener);
                return true;
            }
            if first <= mine.next {
                self.half_mut(side).waive_first_need();
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
        for side in Side::BOTH {
            let mine = self.half(side);
            if mine.ended {
                continue;
            }
            let end = mine.fin().unwrap_or(mine.acked);
            let lost = end.saturating_sub(mine.next);
            // A FIN that was not captured is acknowledged like one byte.
            if lost > u64::from(mine.fin().is_none()) {
                let (number, time) = self.last;
                self.skip(side, lost, FrameRef { number, time: time.get() }, listener);
            }
            self.half_mut(side).end();
            let how = match (self.half(side).fin(), self.reset) {
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
        let open = !self.reset && self.halves.iter().all(|half| half.fin().is_none());
        self.finish(recent, listener);
        self.choose_client(listener, Side::Low, &[]);
        let client = self.identity.client.unwrap_or(Side::Low);
        let of = |read: fn(&Half) -> u64| [read(self.half(client)), read(self.half(client.other()))];
        let summary = Summary {
            identity: self.identity,
            times: self
                .first
                .get()
                .zip(self.last.1.get())
                .map(|(first, last)| (first.min(last), first.max(last))),
            bytes: of(Half::bytes),
            missing: of(Half::missing),
            conflicting: of(Half::conflicting),
            snapped: self.snapped,
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

    /// Looks at what the next segment of `side` will need, so that it is in the cache by then.
    #[inline]
    pub(super) fn touch<L: Listener<Talk = T>>(&self, side: Side) -> usize {
        let mine = self.half(side);
        let talk = self.talk.as_ref().filter(|_| self.interest).map_or(0, |talk| L::touch(talk));
        talk ^ mine.next as usize ^ usize::from(self.reset)
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

    /// Whether nothing was said yet, and nobody answered: a connection that both ends know may speak any moment.
    pub(super) fn is_silent(&self) -> bool {
        self.talk.is_none() && self.held_count() == 0 && !self.halves.iter().all(Half::known)
    }

    /// Whether payload was given on.
    pub(super) fn has_talk(&self) -> bool {
        self.talk.is_some()
    }
}
