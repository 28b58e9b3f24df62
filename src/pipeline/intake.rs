//! Takes a capture file, gives its TCP segments in batches, each with the memory that the payloads stand in: they
//! are not copied. The one place where packets are read, whoever decodes what is in them.

use std::sync::Arc;

use super::lookahead::Lookahead;
use super::take_secrets;
use crate::connection::Connection;
use crate::limits;
use crate::wire::capture::{CaptureError, Item, Memory, Reader};
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

/// Reads a capture.
pub(super) struct Intake<'f> {
    reader: Reader,
    decapsulator: Decapsulator,
    quic: Quic,
    ahead: Lookahead<'f>,
    secrets: Arc<Secrets>,
    /// Number and name of the input.
    number: u32,
    name: String,
    /// Segments so far: numbers connections in the order of their first packets.
    ordinal: u32,
    /// Batches that are being filled, one for each worker.
    open: Vec<Batch>,
    memory: Option<(u64, Memory)>,
    pub(super) packets: u64,
    pub(super) dropped: u64,
    /// Why the file ended early.
    pub(super) error: Option<CaptureError>,
}

impl<'f> Intake<'f> {
    /// Reads for one worker.
    pub(super) fn new(
        reader: Reader,
        ahead: Lookahead<'f>,
        secrets: &Arc<Secrets>,
        (number, name): (u32, String),
    ) -> Self {
        Self {
            reader,
            decapsulator: Decapsulator::default(),
            quic: Quic::default(),
            ahead,
            secrets: Arc::clone(secrets),
            number,
            name,
            ordinal: 0,
            open: vec![Batch::default()],
            memory: None,
            packets: 0,
            dropped: 0,
            error: None,
        }
    }

    /// Bytes of the (uncompressed) file read so far.
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
                Ok(None) => break,
                Err(error) => {
                    self.error = Some(error);
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
                item => take_secrets(&self.name, &item, &self.secrets),
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

    /// Packets that could not be read, by kind.
    pub(super) fn unread(&self) -> Vec<(String, u64)> {
        self.decapsulator.unread()
    }

    /// Lines about what was not carried on, and connections that are not TCP.
    pub(super) fn finish(self) -> (Vec<String>, Vec<Connection>) {
        let (connections, over) = self.quic.finish();
        let mut notices = Vec::new();
        if over > 0 {
            notices.push(format!(
                "{over} datagrams of QUIC connections beyond {} (limit QUIC_CONNECTIONS)",
                limits::QUIC_CONNECTIONS
            ));
        }
        notices.extend(
            self.decapsulator
                .notices()
                .into_iter()
                .map(|(what, count)| format!("passed over: {what}: {count}")),
        );
        (notices, connections)
    }
}
