//! The assembler against a naive model: a script of turns, cut into segments, disturbed, and read back.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use proptest::prelude::*;

use super::*;
use crate::base::Instant;
use crate::wire::ip::Flags;
use crate::wire::stream::{End, FrameRef};

const CLIENT: (IpAddr, u16) = (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2)), 40000);
const SERVER: (IpAddr, u16) = (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 443);

const SYN: u8 = 0x02;
const ACK: u8 = 0x10;
const FIN: u8 = 0x01;
const RST: u8 = 0x04;

/// A segment that owns its payload.
#[derive(Clone, Debug)]
struct Packet {
    direction: Direction,
    sequence: u32,
    acknowledgement: u32,
    flags: u8,
    payload: Vec<u8>,
    cut: u32,
}

impl Packet {
    fn segment(&self, number: u64) -> Segment<'_> {
        let (source, destination) = match self.direction {
            Direction::Sent => (CLIENT, SERVER),
            Direction::Received => (SERVER, CLIENT),
        };
        Segment {
            frame: FrameRef { number, time: None },
            source,
            destination,
            realm: 0,
            sequence: self.sequence,
            acknowledgement: self.acknowledgement,
            flags: Flags(self.flags),
            payload: &self.payload,
            cut: self.cut,
        }
    }
}

/// What one connection gave.
#[derive(Default, Debug, PartialEq, Clone)]
struct Heard {
    /// Bytes of each direction, `None` where a gap was.
    streams: [Vec<Option<u8>>; 2],
    /// Directions in the order in which they spoke, repeats joined.
    turns: Vec<Direction>,
    ends: [Option<End>; 2],
    conflicting: [u64; 2],
    missing: [u64; 2],
    midway: bool,
    snapped: bool,
    /// Where something is told to stand before the first byte: how much the other direction had said by then.
    begins_later: [Option<usize>; 2],
    client_port: u16,
}

#[derive(Default)]
struct Ear {
    closed: Vec<Heard>,
}

impl Listener for Ear {
    type Talk = Heard;

    fn speaker(&self, bytes: &[u8]) -> Option<Direction> {
        (bytes.first()? == &b'>').then_some(Direction::Sent)
    }

    fn event(
        &mut self,
        who: &Identity,
        talk: &mut Option<Box<Heard>>,
        direction: Direction,
        event: StreamEvent<'_>,
    ) -> bool {
        let talk = talk.get_or_insert_default();
        let at = direction.index();
        assert_eq!(talk.ends[at], None, "nothing comes after the end");
        match event {
            StreamEvent::Data(chunk) => {
                assert!(!chunk.bytes.is_empty());
                talk.streams[at].extend(chunk.bytes.iter().copied().map(Some));
                if talk.turns.last() != Some(&direction) {
                    talk.turns.push(direction);
                }
            }
            StreamEvent::Gap { missing, .. } => {
                // Of what passed before a recording began nobody knows how much it was.
                assert!(missing > 0 || who.midway && talk.streams[at].is_empty());
                if missing == 0 {
                    talk.begins_later[at] = Some(talk.streams[1 - at].len());
                }
                talk.streams[at]
                    .extend(std::iter::repeat_n(None, usize::try_from(missing).unwrap().min(1 << 20)));
            }
            StreamEvent::End(end) => talk.ends[at] = Some(end),
        }
        true
    }

    fn closed(&mut self, summary: Summary, talk: Option<Box<Heard>>) {
        let mut heard = talk.map(|talk| *talk).unwrap_or_default();
        heard.conflicting = summary.conflicting;
        heard.missing = summary.missing;
        heard.midway = summary.identity.midway;
        heard.snapped = summary.snapped;
        heard.client_port = summary.identity.client().port;
        self.closed.push(heard);
    }
}

fn hear(packets: &[Packet]) -> Vec<Heard> {
    let mut flows = Flows::default();
    let mut ear = Ear::default();
    for (index, packet) in packets.iter().enumerate() {
        flows.push(&packet.segment(index as u64 + 1), u32::try_from(index).unwrap(), &mut ear);
    }
    flows.finish(&mut ear);
    ear.closed
}

fn hear_one(packets: &[Packet]) -> Heard {
    let mut all = hear(packets);
    assert_eq!(all.len(), 1, "one connection");
    all.remove(0)
}

/// Writes the packets of a connection in the order in which they were sent.
struct Script {
    next: [u32; 2],
    packets: Vec<Packet>,
}

impl Script {
    fn open(client: u32, server: u32) -> Self {
        let mut script = Self { next: [client, server], packets: Vec::new() };
        script.packet(Direction::Sent, SYN, b"");
        script.packet(Direction::Received, SYN | ACK, b"");
        script.packet(Direction::Sent, ACK, b"");
        script
    }

    fn packet(&mut self, direction: Direction, flags: u8, payload: &[u8]) -> &mut Self {
        let (mine, peer) = (direction.index(), direction.reverse().index());
        let acknowledgement = if flags & ACK != 0 { self.next[peer] } else { 0 };
        self.packets.push(Packet {
            direction,
            sequence: self.next[mine],
            acknowledgement,
            flags,
            payload: payload.to_vec(),
            cut: 0,
        });
        let counted = payload.len() as u32 + u32::from(flags & (SYN | FIN) != 0);
        self.next[mine] = self.next[mine].wrapping_add(counted);
        self
    }

    fn say(&mut self, direction: Direction, bytes: &[u8], size: usize) -> &mut Self {
        for part in bytes.chunks(size.max(1)) {
            self.packet(direction, ACK, part);
        }
        self.packet(direction.reverse(), ACK, b"")
    }

    fn close(&mut self) -> &mut Self {
        self.packet(Direction::Sent, FIN | ACK, b"").packet(Direction::Received, FIN | ACK, b"").packet(
            Direction::Sent,
            ACK,
            b"",
        )
    }
}

fn turns() -> impl Strategy<Value = Vec<(Vec<u8>, Vec<u8>, usize)>> {
    let bytes = || proptest::collection::vec(any::<u8>(), 1..60);
    proptest::collection::vec((bytes(), bytes(), 1_usize..20), 1..6)
}

fn script(
    turns: &[(Vec<u8>, Vec<u8>, usize)],
    client: u32,
    server: u32,
) -> (Vec<Packet>, [Vec<Option<u8>>; 2]) {
    let mut script = Script::open(client, server);
    let mut streams = [Vec::new(), Vec::new()];
    for (request, response, size) in turns {
        script.say(Direction::Sent, request, *size).say(Direction::Received, response, *size);
        streams[0].extend(request.iter().copied().map(Some));
        streams[1].extend(response.iter().copied().map(Some));
    }
    script.close();
    (script.packets, streams)
}

/// Moves each packet by at most `window` places.
fn shuffle(packets: &mut Vec<Packet>, order: &[usize], window: usize) {
    let jitter = |at: usize| order.get(at % order.len().max(1)).copied().unwrap_or(0) % (window + 1);
    let mut numbered: Vec<(usize, Packet)> = packets.drain(..).enumerate().collect();
    numbered.sort_by_key(|(at, _)| at + jitter(*at));
    packets.extend(numbered.into_iter().map(|(_, packet)| packet));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_order_within_a_window_gives_the_same_streams(
        turns in turns(), client: u32, server: u32,
        order in proptest::collection::vec(0_usize..30, 1..40), window in 0_usize..30,
    ) {
        let (mut packets, streams) = script(&turns, client, server);
        let straight = hear_one(&packets);
        prop_assert_eq!(&straight.streams, &streams);
        prop_assert_eq!(straight.turns.len(), 2 * turns.len());
        shuffle(&mut packets, &order, window);
        let heard = hear_one(&packets);
        prop_assert_eq!(&heard.streams, &streams);
        prop_assert_eq!(heard.missing, [0, 0]);
        prop_assert_eq!(heard.ends, [Some(End::Fin), Some(End::Fin)]);
        // A SYN of the server alone lets its peer's first bytes wait; turns stay turns all the same.
        prop_assert_eq!(heard.turns, straight.turns);
        prop_assert_eq!(heard.client_port, CLIENT.1);
    }

    #[test]
    fn retransmissions_and_overlaps_change_nothing(
        turns in turns(), client: u32, server: u32,
        again in proptest::collection::vec((any::<prop::sample::Index>(), 0_usize..12, 0_usize..5, 0_usize..5), 0..20),
    ) {
        let (packets, streams) = script(&turns, client, server);
        let mut disturbed = packets.clone();
        for (which, later, before, after) in again {
            // Copies with other bounds, made of the true bytes.
            let packet = which.get(&packets);
            if packet.payload.is_empty() { continue; }
            let whole: Vec<u8> = streams[packet.direction.index()].iter().flatten().copied().collect();
            let base = if packet.direction == Direction::Sent { client } else { server }.wrapping_add(1);
            let start = packet.sequence.wrapping_sub(base) as usize;
            let from = start.saturating_sub(before);
            let to = (start + packet.payload.len() + after).min(whole.len());
            let copy = Packet {
                sequence: base.wrapping_add(from as u32),
                payload: whole[from..to].to_vec(),
                ..packet.clone()
            };
            let at = disturbed.iter().position(|other| other.sequence == packet.sequence && !other.payload.is_empty());
            let at = (at.unwrap_or(0) + 1 + later).min(disturbed.len());
            disturbed.insert(at, copy);
        }
        let heard = hear_one(&disturbed);
        prop_assert_eq!(&heard.streams, &streams);
        prop_assert_eq!(heard.conflicting, [0, 0]);
        prop_assert_eq!(heard.missing, [0, 0]);
    }

    #[test]
    fn a_lost_packet_leaves_a_gap_of_its_size_and_nothing_else(
        turns in turns(), client: u32, server: u32, lost: prop::sample::Index,
    ) {
        let (mut packets, streams) = script(&turns, client, server);
        let index = lost.index(packets.len());
        let gone = packets.remove(index);
        let heard = hear_one(&packets);
        let mut expected = streams.clone();
        if !gone.payload.is_empty() {
            let base = if gone.direction == Direction::Sent { client } else { server }.wrapping_add(1);
            let start = gone.sequence.wrapping_sub(base) as usize;
            for byte in &mut expected[gone.direction.index()][start..start + gone.payload.len()] {
                *byte = None;
            }
        }
        prop_assert_eq!(&heard.streams, &expected);
        prop_assert_eq!(heard.client_port, CLIENT.1);
    }

    #[test]
    fn any_segments_at_all_do_no_harm(
        packets in proptest::collection::vec(
            (any::<bool>(), 0_u32..40, 0_u32..40, any::<u8>(), proptest::collection::vec(any::<u8>(), 0..12), 0_u32..3),
            0..60,
        ),
        base: u32,
    ) {
        let packets: Vec<Packet> = packets
            .into_iter()
            .map(|(sent, sequence, acknowledgement, flags, payload, cut)| Packet {
                direction: if sent { Direction::Sent } else { Direction::Received },
                sequence: base.wrapping_add(sequence.pow(3)),
                acknowledgement: base.wrapping_add(acknowledgement.pow(4)),
                // SYN and RST now and then.
                flags: if flags < 16 { flags } else { flags & !(SYN | RST) },
                payload,
                cut,
            })
            .collect();
        let total: usize = packets.iter().map(|packet| packet.payload.len()).sum();
        let given: usize = hear(&packets).iter().flat_map(|heard| &heard.streams).map(|stream| stream.iter().flatten().count()).sum();
        prop_assert!(given <= total, "no byte is given on twice");
    }

    #[test]
    fn first_copies_win_as_in_a_map_of_bytes(
        parts in proptest::collection::vec((0_u32..50, proptest::collection::vec(any::<u8>(), 1..20)), 1..30),
        isn: u32,
    ) {
        let mut model: BTreeMap<u32, u8> = BTreeMap::new();
        let mut script = Script::open(isn, 7);
        for (at, bytes) in &parts {
            for (index, byte) in bytes.iter().enumerate() {
                model.entry(at + index as u32).or_insert(*byte);
            }
            script.packets.push(Packet {
                direction: Direction::Sent,
                sequence: isn.wrapping_add(1 + at),
                acknowledgement: 8,
                flags: ACK,
                payload: bytes.clone(),
                cut: 0,
            });
        }
        let end = model.keys().last().unwrap() + 1;
        let expected: Vec<Option<u8>> = (0..end).map(|at| model.get(&at).copied()).collect();
        let heard = hear_one(&script.packets);
        prop_assert_eq!(&heard.streams[0], &expected);
    }
}

fn text(stream: &[Option<u8>]) -> String {
    stream.iter().map(|byte| byte.map_or('_', char::from)).collect()
}

#[test]
fn a_copy_that_differs_is_counted_and_not_used() {
    let mut script = Script::open(100, 200);
    script.packet(Direction::Sent, ACK, b"secret");
    let mut copy = script.packets.last().unwrap().clone();
    copy.payload = b"sEcrEt".to_vec();
    script.packets.push(copy);
    script.packet(Direction::Received, ACK, b"answer");
    let heard = hear_one(&script.packets);
    assert_eq!(text(&heard.streams[0]), "secret");
    assert_eq!(heard.conflicting, [2, 0]);
}

#[test]
fn a_new_syn_on_the_same_ports_begins_a_new_connection() {
    let mut first = Script::open(100, 200);
    first.say(Direction::Sent, b"one", 9).close();
    let mut second = Script::open(90_000, 7_000_000);
    second.say(Direction::Sent, b"two", 9);
    let mut third = Script::open(1_000, 2_000);
    third.say(Direction::Sent, b"three", 9);
    let packets = [first.packets, second.packets, third.packets].concat();
    let all = hear(&packets);
    let texts: Vec<_> = all.iter().map(|heard| text(&heard.streams[0])).collect();
    assert_eq!(texts, ["one", "two", "three"]);
    assert_eq!(all[1].ends, [Some(End::Silence), Some(End::Silence)]);
}

#[test]
fn a_new_syn_a_little_lower_begins_a_new_connection() {
    for end in [FIN | ACK, RST] {
        let mut first = Script::open(1000, 200);
        first.say(Direction::Sent, b"one", 9).packet(Direction::Sent, end, b"");
        let mut second = Script::open(500, 100);
        second.say(Direction::Sent, b"two", 9);
        let all = hear(&[first.packets, second.packets].concat());
        let texts: Vec<_> = all.iter().map(|heard| text(&heard.streams[0])).collect();
        assert_eq!(texts, ["one", "two"]);
    }
}

#[test]
fn the_same_syn_later_than_the_end_begins_a_new_connection_and_a_copy_does_not() {
    let mut first = Script::open(100, 200);
    first.say(Direction::Sent, b"one", 9).close();
    let mut second = Script::open(100, 200);
    second.say(Direction::Sent, b"two", 9).close();
    let (before, packets) = (first.packets.len(), [first.packets, second.packets].concat());
    for (shift, expected) in [(0, vec!["one", "two"]), (before, vec!["one"])] {
        let mut flows = Flows::default();
        let mut ear = Ear::default();
        for (index, packet) in packets.iter().enumerate() {
            // A second file appended to the first begins at its time.
            let moment = if index < before { index } else { index - shift };
            let mut segment = packet.segment(index as u64 + 1);
            segment.frame.time = Some(Instant::from_nanos(i64::try_from(moment).unwrap()));
            flows.push(&segment, u32::try_from(index).unwrap(), &mut ear);
        }
        flows.finish(&mut ear);
        let texts: Vec<_> = ear.closed.iter().map(|heard| text(&heard.streams[0])).collect();
        assert_eq!(texts, expected);
    }
}

#[test]
fn a_syn_that_is_repeated_begins_nothing_new() {
    let mut script = Script::open(100, 200);
    let syn = script.packets[0].clone();
    script.packets.insert(1, syn.clone());
    script.packets.insert(1, syn);
    script.say(Direction::Sent, b"one", 9);
    assert_eq!(text(&hear_one(&script.packets).streams[0]), "one");
}

#[test]
fn a_start_in_the_middle_finds_the_client_by_what_is_said() {
    let mut script = Script::open(100, 200);
    script.packets.clear();
    script.say(Direction::Received, b"tail of a response", 9).say(Direction::Sent, b">request", 4);
    let heard = hear_one(&script.packets);
    assert!(heard.midway);
    assert_eq!(text(&heard.streams[0]), ">request");
    assert_eq!(text(&heard.streams[1]), "tail of a response");
    assert_eq!(heard.missing, [0, 0]);
}

#[test]
fn what_was_read_before_the_first_byte_of_a_start_in_the_middle_is_told_and_not_counted() {
    let mut script = Script::open(100, 200);
    script.packets.clear();
    script.say(Direction::Sent, b">one", 9).say(Direction::Received, b"first", 9);
    script.say(Direction::Sent, b">two", 9).say(Direction::Received, b"second", 9);
    let whole = hear_one(&script.packets);
    assert_eq!((whole.begins_later, text(&whole.streams[1])), ([None; 2], "firstsecond".into()));
    script.packets.retain(|packet| packet.payload != b"first");
    let heard = hear_one(&script.packets);
    // It stands between what was said before and after it.
    assert_eq!((heard.begins_later, heard.missing), ([None, Some(4)], [0, 0]));
    assert_eq!((text(&heard.streams[0]), text(&heard.streams[1])), (">one>two".into(), "second".into()));
}

#[test]
fn a_start_in_the_middle_out_of_order_loses_nothing() {
    let mut script = Script::open(100, 200);
    script.packets.clear();
    script.say(Direction::Sent, b">request", 2).say(Direction::Received, b"response", 2);
    script.packets.swap(0, 2);
    script.packets.swap(4, 8);
    let heard = hear_one(&script.packets);
    assert_eq!(text(&heard.streams[0]), ">request");
    assert_eq!(text(&heard.streams[1]), "response");
}

#[test]
fn keep_alives_and_window_probes_are_no_data() {
    let mut script = Script::open(100, 200);
    script.say(Direction::Sent, b"one", 9);
    for garbage in [&b""[..], b"\0"] {
        let probe = Packet {
            direction: Direction::Sent,
            sequence: script.next[0].wrapping_sub(1),
            acknowledgement: script.next[1],
            flags: ACK,
            payload: garbage.to_vec(),
            cut: 0,
        };
        script.packets.push(probe);
    }
    script.say(Direction::Sent, b"two", 9);
    let heard = hear_one(&script.packets);
    assert_eq!(text(&heard.streams[0]), "onetwo");
    assert_eq!(heard.missing, [0, 0]);
}

#[test]
fn data_on_syn_and_on_fin_is_given_on() {
    let mut script = Script { next: [100, 200], packets: Vec::new() };
    script.packet(Direction::Sent, SYN, b"early");
    script.next[0] = 106;
    script.packet(Direction::Received, SYN | ACK, b"");
    script.packet(Direction::Sent, ACK | FIN, b" last");
    let heard = hear_one(&script.packets);
    assert_eq!(text(&heard.streams[0]), "early last");
    assert_eq!(heard.ends[0], Some(End::Fin));
}

#[test]
fn what_a_snap_length_cut_is_a_gap() {
    let mut script = Script::open(100, 200);
    script.packet(Direction::Sent, ACK, b"begin");
    script.packets.last_mut().unwrap().cut = 3;
    script.next[0] += 3;
    script.packet(Direction::Sent, ACK, b"end");
    let heard = hear_one(&script.packets);
    assert_eq!(text(&heard.streams[0]), "begin___end");
    assert_eq!((heard.missing, heard.snapped), ([3, 0], true));
    // What was lost was not recorded in part.
    script.packets[3].cut = 0;
    let heard = hear_one(&script.packets);
    assert_eq!((heard.missing, heard.snapped), ([3, 0], false));
}

#[test]
fn a_reset_ends_a_connection_but_not_what_is_still_on_its_way() {
    let mut script = Script::open(100, 200);
    script.packet(Direction::Sent, ACK, b"request");
    script.packet(Direction::Received, ACK, b"response");
    let late = script.packets.pop().unwrap();
    script.packet(Direction::Sent, RST, b"");
    script.packets.push(late);
    let heard = hear_one(&script.packets);
    assert_eq!(text(&heard.streams[1]), "response");
    assert_eq!(heard.ends, [Some(End::Reset), Some(End::Reset)]);
}

#[test]
fn one_direction_alone_is_read_with_its_holes_told() {
    let mut script = Script::open(100, 200);
    for _ in 0..200 {
        script.say(Direction::Sent, &[b'q'; 700], 350).say(Direction::Received, &[b'a'; 1400], 1400);
    }
    script.packets.retain(|packet| packet.direction == Direction::Received);
    let heard = hear_one(&script.packets);
    assert_eq!(heard.streams[1].len(), 200 * 1400);
    assert!(heard.streams[1].iter().all(Option::is_some));
    assert_eq!(heard.missing, [200 * 700, 0]);
}

#[test]
fn a_hole_that_was_acknowledged_does_not_stop_a_long_stream() {
    let mut script = Script::open(100, 200);
    script.packet(Direction::Sent, ACK, b"lost");
    script.packets.pop();
    for _ in 0..2000 {
        script.packet(Direction::Sent, ACK, &[b'x'; 1000]);
        script.packet(Direction::Received, ACK, b"");
    }
    let mut flows = Flows::default();
    let mut ear = Ear::default();
    let mut most = 0;
    for (index, packet) in script.packets.iter().enumerate() {
        flows.push(&packet.segment(index as u64 + 1), 0, &mut ear);
        most = most.max(flows.held);
    }
    flows.finish(&mut ear);
    assert!(most < 2 * limits::GAP_BYTES, "{most} bytes waited");
    assert_eq!(ear.closed[0].missing, [4, 0]);
    assert_eq!(ear.closed[0].streams[0].len(), 4 + 2_000_000);
}

#[test]
fn what_waits_for_all_connections_together_is_bounded() {
    let mut flows = Flows::default();
    let mut ear = Ear::default();
    let payload = [b'x'; 1400];
    for number in 0..200_000_u32 {
        let segment = Segment {
            frame: FrameRef { number: u64::from(number), time: None },
            source: (CLIENT.0, (number % 5000) as u16),
            destination: SERVER,
            realm: 0,
            // Every other segment is missing.
            sequence: (number / 5000) * 2800,
            acknowledgement: 0,
            flags: Flags(if number < 5000 { SYN } else { 0 }),
            payload: &payload,
            cut: 0,
        };
        flows.push(&segment, number, &mut ear);
        assert!(flows.held <= limits::REORDER_BYTES_TOTAL / limits::SHARDS + 2000);
    }
    flows.finish(&mut ear);
    assert!(flows.bounds_reached().relieved > 0);
    assert_eq!(ear.closed.len(), 5000);
}

#[test]
fn a_connection_takes_three_cache_lines() {
    assert_eq!(size_of::<Option<connection::Connection<()>>>(), 192);
}
