//! Takes a capture file, gives its TCP segments in batches, each with the memory that the payloads stand in: they
//! are not copied. The one place where packets are read, whoever decodes what is in them.

use std::sync::Arc;

use super::lookahead::Lookahead;
use super::ring::Turn;
use super::sources::Meter;
use super::{Decoded, Input, InputError, Run, kind_of, take_secrets};
use crate::base::{Instant, frames_before, plain};
use crate::connection::Connection;
use crate::limits;
use crate::wire::capture::decompress::{self, Opened};
use crate::wire::capture::{CaptureError, Item, Memory, Reader, Start};
use crate::wire::ip::{Decapsulator, Segment, Transport};
use crate::wire::quic::Quic;
use crate::wire::tcp::{Header, Mark};
use crate::wire::tls::secrets::Secrets;

/// Segments after which a batch is full, however large the memory is.
const SEGMENTS: usize = 4096;

/// A segment whose payload stands in its batch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packed {
    pub(super) header: Header,
    pub(super) mark: Mark,
    pub(super) length: u32,
    /// The number of the connection, should it begin here.
    pub(super) ordinal: u32,
    pub(super) shard: u8,
}

/// Segments in the order of the capture.
#[derive(Default)]
pub(super) struct Batch {
    /// The memory that payloads stand in, and the position of its first byte.
    pub(super) memory: Option<(u64, Memory)>,
    /// Payloads that stand elsewhere (joined fragments), with the positions that their marks have.
    pub(super) copies: Vec<(u64, Box<[u8]>)>,
    pub(super) segments: Vec<Packed>,
}

impl Batch {
    pub(super) fn clear(&mut self) {
        self.memory = None;
        self.copies.clear();
        self.segments.clear();
    }

    fn pack(&mut self, segment: &Segment<'_>, header: Header, packet: u64, (ordinal, shard): (u32, usize)) {
        let place =
            self.memory.as_ref().and_then(|(base, memory)| Some(base + place_of(segment.payload, memory)?));
        let mark = match place {
            Some(position) => Mark { position, copied: false },
            None if segment.payload.is_empty() => Mark { position: packet, copied: false },
            None => {
                self.copies.push((packet, segment.payload.into()));
                Mark { position: packet, copied: true }
            }
        };
        self.segments.push(Packed {
            header,
            mark,
            length: u32::try_from(segment.payload.len()).unwrap_or(u32::MAX),
            ordinal,
            shard: u8::try_from(shard).unwrap_or(u8::MAX),
        });
    }
}

/// Where `payload` stands in `memory`, if it does.
fn place_of(payload: &[u8], memory: &[u8]) -> Option<u64> {
    let from = payload.as_ptr().addr().checked_sub(memory.as_ptr().addr())?;
    let there = memory.get(from..from.checked_add(payload.len())?)?;
    // The same bytes, not equal ones.
    std::ptr::eq(there, payload).then_some(from as u64)
}

/// A file of the recording: what is known of it, and what counts its bytes.
pub(super) struct Part {
    pub(super) input: Input,
    pub(super) meter: Meter,
}

/// Reads a capture, and the files that go on with it.
pub(super) struct Intake<'f> {
    reader: Reader,
    decapsulator: Decapsulator,
    quic: Quic,
    ahead: Lookahead<'f>,
    run: Run<'f>,
    secrets: Arc<Secrets>,
    /// The file that is being read.
    turn: Turn,
    /// Number of the first input of the recording.
    number: u32,
    /// The files of the recording so far; the last is being read.
    parts: Vec<Part>,
    /// Files that should have gone on with it.
    failed: Vec<InputError>,
    /// Segments so far: numbers connections in the order of their first packets.
    ordinal: u32,
    /// Batches that are being filled, one for each worker.
    open: Vec<Batch>,
    memory: Option<(u64, Memory)>,
    /// When the last segment came that was given on.
    last: Option<Instant>,
    /// Packets of the file so far, and packets that the recorder lost.
    packets: u64,
    dropped: u64,
    /// Why the file ended early.
    error: Option<CaptureError>,
}

impl<'f> Intake<'f> {
    /// Reads for one worker.
    pub(super) fn new(reader: Reader, run: Run<'f>, turn: Turn, part: Part) -> Self {
        Self {
            reader,
            decapsulator: Decapsulator::default(),
            quic: Quic::default(),
            ahead: Lookahead::new(run, turn.found.clone()),
            run,
            secrets: Arc::clone(run.secrets),
            turn,
            number: part.input.number,
            parts: vec![part],
            failed: Vec::new(),
            ordinal: 0,
            open: vec![Batch::default()],
            memory: None,
            last: None,
            packets: 0,
            dropped: 0,
            error: None,
        }
    }

    /// Bytes of the (uncompressed) files read so far.
    pub(super) const fn position(&self) -> u64 {
        self.reader.position()
    }

    /// From now on fills so many batches, dealing the shards to them one by one; gives what was begun.
    pub(super) fn deal(&mut self, workers: usize) -> Vec<Batch> {
        let fresh = || Batch { memory: self.memory.clone(), ..Batch::default() };
        let fresh = (0..workers.max(1)).map(|_| fresh()).collect();
        std::mem::replace(&mut self.open, fresh)
    }

    /// Fills `full`, which holds used batches, one for each worker, with what stands in the next piece of memory.
    /// Gives whether more follows.
    pub(super) fn fill(&mut self, full: &mut Vec<Batch>) -> bool {
        full.resize_with(self.open.len(), Batch::default);
        full.iter_mut().for_each(Batch::clear);
        loop {
            let (item, ground) = match self.reader.next_in_memory() {
                Ok(Some(next)) => next,
                ended => {
                    self.error = ended.err();
                    if self.go_on() {
                        continue;
                    }
                    break;
                }
            };
            let Self { decapsulator, quic, ordinal, open, memory, .. } = self;
            let same = matches!(memory, Some((base, held)) if *base == ground.base && Arc::ptr_eq(held, ground.memory));
            if !same {
                *memory = Some((ground.base, Arc::clone(ground.memory)));
            }
            let begun: usize = open.iter().map(|batch| batch.segments.len()).sum();
            let over = begun >= SEGMENTS || !same && begun > 0;
            if over {
                self.last = last_of(open).or(self.last);
                std::mem::swap(open, full);
            }
            if over || !same {
                open.iter_mut().for_each(|batch| batch.memory.clone_from(memory));
            }
            match item {
                Item::Packet(packet) => {
                    self.packets += 1;
                    let at = ground.base + place_of(packet.bytes, ground.memory).unwrap_or_default();
                    decapsulator.push(&packet, |transport| match transport {
                        Transport::Tcp(segment) => {
                            let header = Header::of(&segment);
                            let shard = header.shard();
                            let worker = shard % open.len().max(1);
                            if let Some(batch) = open.get_mut(worker) {
                                batch.pack(&segment, header, at, (*ordinal, shard));
                            }
                            *ordinal = ordinal.saturating_add(1);
                        }
                        Transport::Udp { frame, source, destination, payload } => {
                            if quic.push(self.number, *ordinal, frame, source, destination, payload) {
                                *ordinal = ordinal.saturating_add(1);
                            }
                        }
                    });
                    self.ahead.tick(&self.secrets);
                }
                Item::Dropped(count) => self.dropped = self.dropped.saturating_add(count),
                item => take_secrets(&self.turn.found.name, &item, &self.secrets),
            }
            if over {
                return true;
            }
        }
        std::mem::swap(&mut self.open, full);
        false
    }

    /// Looks for keys behind the end of the file, if a connection still waits for some. May be called again.
    pub(super) fn end(&mut self) {
        self.ahead.end(&self.secrets);
    }

    /// The file is over: what was counted in it is its own. Gives whether another goes on with the recording.
    fn go_on(&mut self) -> bool {
        self.last = last_of(&self.open).or(self.last);
        loop {
            let next = self.run.queue().after(&self.turn, self.last);
            let Some(turn) = next else { return false };
            match self.begin(&turn) {
                Ok((reader, part)) => {
                    let over = self.decapsulator.turn();
                    self.close(&over);
                    self.reader = reader;
                    self.parts.push(part);
                    self.ahead.turn_to(turn.found.clone());
                    self.turn = turn;
                    return true;
                }
                // What comes after it cannot be told from what would have come after this one.
                Err(message) => self.failed.push(InputError { path: turn.found.name, message }),
            }
        }
    }

    /// Opens a file that goes on with the recording.
    fn begin(&self, turn: &Turn) -> Result<(Reader, Part), String> {
        let (found, meter) = (&turn.found, Meter::new(self.run.settings));
        let file = found.open().map_err(|error| plain(&error))?;
        let opened = decompress::open(meter.around(file, found.size())).map_err(|error| error.to_string())?;
        let kind = kind_of(opened.kind, found)?.ok_or("is no capture any more")?;
        let place = u32::try_from(self.parts.len()).unwrap_or(u32::MAX);
        let number = self.number.saturating_add(place);
        let mut input = Input::new(found, number as usize, kind, &opened);
        input.follows = number.checked_sub(1);
        let Opened { read, .. } = opened;
        let start = Start { position: self.reader.behind(), number: frames_before(place) };
        let reader = Reader::open_at(read, start).map_err(|error| error.to_string())?;
        Ok((reader, Part { input, meter }))
    }

    /// Writes down what was counted in the file.
    fn close(&mut self, over: &Decapsulator) {
        let Some(Part { input, .. }) = self.parts.last_mut() else { return };
        input.packets = std::mem::take(&mut self.packets);
        input.dropped = std::mem::take(&mut self.dropped);
        if let Some(error) = self.error.take() {
            input.cut(&error);
        }
        input.unread = over.unread();
        let notices = over.notices().into_iter().map(|(what, count)| format!("passed over: {what}: {count}"));
        input.notices.extend(notices);
        if input.dropped > 0 {
            input.notices.push(format!("the recorder says that it lost {} packets", input.dropped));
        }
    }

    /// What is known of the files, and connections that are not TCP.
    pub(super) fn finish(mut self) -> (Decoded, Vec<Connection>) {
        let (connections, over) = std::mem::take(&mut self.quic).finish();
        if let Some(Part { input, .. }) = self.parts.last_mut()
            && over > 0
        {
            input.notices.push(format!(
                "{over} datagrams of QUIC connections beyond {} (limit QUIC_CONNECTIONS)",
                limits::QUIC_CONNECTIONS
            ));
        }
        let over = std::mem::take(&mut self.decapsulator);
        self.close(&over);
        // What it left of its file is counted when it is let go.
        drop(self.reader);
        let inputs = self.parts.into_iter().map(|Part { mut input, meter }| {
            (input.bytes, input.sha256) = meter.finish();
            input
        });
        (Decoded { inputs: inputs.collect(), failed: self.failed }, connections)
    }
}

/// When the last segment came that stands in batches.
fn last_of(batches: &[Batch]) -> Option<Instant> {
    let ends = batches.iter().filter_map(|batch| batch.segments.last());
    ends.max_by_key(|packed| packed.ordinal)?.header.time()
}
