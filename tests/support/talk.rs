//! Connections as what both sides say in turn, taken from recordings or written by hand; and the packets that
//! carry them, cut as one likes.

use std::fs;
use std::path::Path;

/// What both sides say: `true` for the client, and the bytes.
#[derive(Clone)]
pub struct Talk {
    pub name: String,
    pub turns: Vec<(bool, Vec<u8>)>,
    /// A key log.
    pub keys: Option<Vec<u8>>,
}

/// A pcap header: microseconds, least significant byte first, Ethernet.
pub const HEADER: [u8; 24] =
    [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0];

fn be16(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([bytes[at], bytes[at + 1]])
}

/// The connections of a recording of Ethernet and IPv4 without losses, in the order in which they begin.
pub fn recorded(case: &str, file: &str) -> Vec<Talk> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures").join(case);
    let bytes = fs::read(folder.join(file)).unwrap();
    assert_eq!(bytes[..4], HEADER[..4]);
    let keys = fs::read(folder.join("keys.log")).ok();
    let mut talks: Vec<(u16, Talk)> = Vec::new();
    let mut rest = &bytes[24..];
    while rest.len() >= 16 {
        let length = u32::from_le_bytes(rest[8..12].try_into().unwrap()) as usize;
        let (packet, after) = rest[16..].split_at(length);
        rest = after;
        let ip = &packet[14..14 + usize::from(be16(packet, 16))];
        let tcp = &ip[usize::from(ip[0] & 15) * 4..];
        let (from, to) = (be16(tcp, 0), be16(tcp, 2));
        if tcp[13] & 2 != 0 && tcp[13] & 16 == 0 {
            let name = format!("{case}/{file} port {from}");
            talks.push((from, Talk { name, turns: Vec::new(), keys: keys.clone() }));
        }
        let payload = &tcp[usize::from(tcp[12] >> 4) * 4..];
        let talk = talks.iter_mut().find(|(port, _)| *port == from || *port == to);
        if let (Some((port, talk)), false) = (talk, payload.is_empty()) {
            match talk.turns.last_mut() {
                Some((sent, said)) if *sent == (*port == from) => said.extend(payload),
                _ => talk.turns.push((*port == from, payload.to_vec())),
            }
        }
    }
    talks.into_iter().map(|(_, talk)| talk).filter(|talk| !talk.turns.is_empty()).collect()
}

/// One packet before it has a link layer.
#[derive(Clone)]
pub struct Packet {
    sent: bool,
    flags: u8,
    sequence: u32,
    acknowledged: u32,
    pub payload: Vec<u8>,
}

const FIN: u8 = 1;
const SYN: u8 = 2;
const ACK: u8 = 16;

impl Talk {
    /// The packets of the connection. `size` says how long the next segment may be.
    pub fn packets(&self, mut size: impl FnMut() -> usize) -> Vec<Packet> {
        // Both sides pass the end of the sequence space.
        let mut next = [u32::MAX - 700, 0xffff_ff00];
        let mut packets = Vec::new();
        let mut push = |sent: bool, flags: u8, payload: &[u8]| {
            let (own, other) = (usize::from(!sent), usize::from(sent));
            packets.push(Packet {
                sent,
                flags,
                sequence: next[own],
                acknowledged: next[other],
                payload: payload.to_vec(),
            });
            let control = u32::from(flags & (SYN | FIN) != 0);
            next[own] = next[own].wrapping_add(payload.len() as u32 + control);
        };
        push(true, SYN, &[]);
        push(false, SYN | ACK, &[]);
        push(true, ACK, &[]);
        for (sent, said) in &self.turns {
            let mut rest = &said[..];
            while !rest.is_empty() {
                let (now, after) = rest.split_at(size().clamp(1, 1400).min(rest.len()));
                push(*sent, ACK, now);
                push(!*sent, ACK, &[]);
                rest = after;
            }
        }
        push(true, FIN | ACK, &[]);
        push(false, FIN | ACK, &[]);
        push(true, ACK, &[]);
        packets
    }
}

impl Packet {
    /// The bytes from `from` on once more, as a retransmission that is cut otherwise.
    pub fn again(&self, from: usize) -> Self {
        let from = from.min(self.payload.len());
        Self {
            sequence: self.sequence.wrapping_add(from as u32),
            payload: self.payload[from..].to_vec(),
            flags: self.flags & ACK,
            ..self.clone()
        }
    }

    fn tcp(&self) -> Vec<u8> {
        let [from, to] = if self.sent { [40_000_u16, 8080] } else { [8080, 40_000] };
        let mut segment = [from.to_be_bytes(), to.to_be_bytes()].concat();
        segment.extend(self.sequence.to_be_bytes());
        segment.extend(if self.flags & ACK == 0 { 0 } else { self.acknowledged }.to_be_bytes());
        segment.extend([0x50, self.flags, 0xff, 0xff, 0, 0, 0, 0]);
        segment.extend(&self.payload);
        segment
    }

    /// One record of a pcap file.
    pub fn record(&self, number: usize) -> Vec<u8> {
        self.fragment(number, 0x4000, &self.tcp())
    }

    /// The packet as IPv4 fragments of so many bytes, which is rounded to whole blocks (RFC 791 3.2).
    pub fn fragments(&self, number: usize, size: usize) -> Vec<Vec<u8>> {
        let segment = self.tcp();
        let size = size.div_ceil(8).max(1) * 8;
        let count = segment.len().div_ceil(size);
        let piece = |(at, bytes): (usize, &[u8])| {
            let more = if at + 1 < count { 0x2000 } else { 0 };
            self.fragment(number, more | (at * size / 8) as u16, bytes)
        };
        segment.chunks(size).enumerate().map(piece).collect()
    }

    fn fragment(&self, number: usize, field: u16, payload: &[u8]) -> Vec<u8> {
        let [from, to] = if self.sent { [1_u8, 2] } else { [2, 1] };
        let mut packet = vec![0, 0, 0, 0, 0, to, 0, 0, 0, 0, 0, from, 8, 0, 0x45, 0];
        packet.extend((20 + payload.len() as u16).to_be_bytes());
        packet.extend((number as u16).to_be_bytes());
        packet.extend(field.to_be_bytes());
        packet.extend([64, 6, 0, 0, 10, 0, 0, from, 10, 0, 0, to]);
        packet.extend(payload);
        let length = (packet.len() as u32).to_le_bytes();
        let time = [1_700_000_000_u32.to_le_bytes(), (number as u32).to_le_bytes()].concat();
        [time, length.to_vec(), length.to_vec(), packet].concat()
    }
}
