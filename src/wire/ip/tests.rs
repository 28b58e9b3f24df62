//! Packets built layer by layer; the corpus is read by `tests/packets.rs`.

use proptest::prelude::*;

use super::*;
use crate::wire::capture::LinkType;

/// A unit as the tests look at it.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    frame: u64,
    ends: String,
    realm: u32,
    sequence: u32,
    payload: Vec<u8>,
    cut: u32,
}

fn run(frames: &[(u32, Vec<u8>, u32)]) -> (Vec<Seen>, Vec<(String, u64)>) {
    let mut decapsulator = Decapsulator::default();
    let mut seen = Vec::new();
    for ((link, bytes, original), number) in frames.iter().zip(1..) {
        let packet = Packet { number, time: None, link: LinkType(*link), bytes, original: *original };
        decapsulator.push(&packet, |unit| {
            seen.push(match unit {
                Transport::Tcp(segment) => Seen {
                    frame: segment.frame.number,
                    ends: format!("{:?} {:?}", segment.source, segment.destination),
                    realm: segment.realm,
                    sequence: segment.sequence,
                    payload: segment.payload.to_vec(),
                    cut: segment.cut,
                },
                Transport::Udp { frame, source, destination, payload } => Seen {
                    frame: frame.number,
                    ends: format!("udp {source:?} {destination:?}"),
                    realm: 0,
                    sequence: 0,
                    payload: payload.to_vec(),
                    cut: 0,
                },
            });
        });
    }
    (seen, decapsulator.notices())
}

/// One raw IP packet.
fn one(packet: Vec<u8>) -> (Vec<Seen>, Vec<(String, u64)>) {
    run(&[(101, packet, 0)])
}

fn tcp_segment(options: usize, payload: &[u8]) -> Vec<u8> {
    let mut segment = vec![0x30, 0x39, 0, 80, 0, 0, 0, 7, 0, 0, 0, 9];
    segment.extend([((5 + options / 4) << 4) as u8, 0x18, 0, 0, 0, 0, 0, 0]);
    segment.resize(20 + options, 1);
    segment.extend(payload);
    segment
}

fn ipv4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    fragment(protocol, 0, payload)
}

/// `field`: the flags and the offset.
fn fragment(protocol: u8, field: u16, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x45, 0];
    packet.extend((20 + payload.len() as u16).to_be_bytes());
    packet.extend([0x12, 0x34]);
    packet.extend(field.to_be_bytes());
    packet.extend([64, protocol, 0xba, 0xad, 10, 0, 0, 1, 10, 0, 0, 2]);
    packet.extend(payload);
    packet
}

fn ipv6(next: u8, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x60, 0, 0, 0];
    packet.extend((payload.len() as u16).to_be_bytes());
    packet.extend([next, 64]);
    packet.extend([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    packet.extend([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
    packet.extend(payload);
    packet
}

fn ethernet(kind: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![2; 12];
    frame.extend(kind.to_be_bytes());
    frame.extend(payload);
    frame
}

fn udp(port: u16, payload: &[u8]) -> Vec<u8> {
    let mut datagram = vec![0xc0, 0];
    datagram.extend(port.to_be_bytes());
    datagram.extend((8 + payload.len() as u16).to_be_bytes());
    datagram.extend([0, 0]);
    datagram.extend(payload);
    datagram
}

fn hello() -> Vec<u8> {
    ipv4(6, &tcp_segment(0, b"hello"))
}

/// That one segment came out, from its inside, with nothing to tell.
fn is_hello((seen, notices): (Vec<Seen>, Vec<(String, u64)>)) -> u32 {
    assert_eq!(notices, []);
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!((seen[0].payload.as_slice(), seen[0].sequence, seen[0].cut), (&b"hello"[..], 7, 0));
    assert_eq!(seen[0].ends, "(10.0.0.1, 12345) (10.0.0.2, 80)");
    seen[0].realm
}

#[test]
fn segments_are_found_behind_options_and_before_padding() {
    let mut packet = hello();
    packet.extend([0xee; 6]);
    assert_eq!(is_hello(one(packet)), 0);
    is_hello(one(ipv4(6, &tcp_segment(12, b"hello"))));
    let mut optioned = hello();
    optioned[0] = 0x46;
    optioned[3] += 4;
    optioned.splice(20..20, [1, 1, 1, 1]);
    is_hello(one(optioned));
    let (seen, _) = one(ipv6(6, &tcp_segment(0, b"six")));
    assert_eq!(
        (seen[0].ends.as_str(), seen[0].payload.as_slice()),
        ("(2001:db8::1, 12345) (2001:db8::2, 80)", &b"six"[..])
    );
}

#[test]
fn a_total_length_of_zero_means_the_whole_frame() {
    let mut packet = hello();
    packet[2..4].fill(0);
    is_hello(one(packet));
    let mut packet = ipv6(6, &tcp_segment(0, b"hello"));
    packet[4..6].fill(0);
    assert_eq!(one(packet).0[0].payload, b"hello");
}

#[test]
fn what_a_snap_length_cut_is_counted() {
    let packet = ipv4(6, &tcp_segment(12, b"hello"));
    let cut = |length: usize| run(&[(101, packet[..length].to_vec(), packet.len() as u32)]);
    let (seen, _) = cut(packet.len() - 2);
    assert_eq!((seen[0].payload.as_slice(), seen[0].cut), (&b"hel"[..], 2));
    let (seen, _) = cut(45);
    assert_eq!((seen[0].payload.as_slice(), seen[0].cut), (&b""[..], 5));
    assert_eq!(cut(30).1, [("TCP header cut short".to_owned(), 1)]);
    assert_eq!(cut(19).1, [("IPv4 header cut short".to_owned(), 1)]);
    assert_eq!(cut(0).1, [("IP header cut short".to_owned(), 1)]);
}

#[test]
fn impossible_headers_are_counted() {
    let mut short = hello();
    short[32] = 0x40;
    assert_eq!(one(short).1, [("malformed TCP header".to_owned(), 1)]);
    let mut long = hello();
    long[32] = 0xf0;
    assert_eq!(one(long).1, [("malformed TCP header".to_owned(), 1)]);
    let mut header = hello();
    header[0] = 0x44;
    assert_eq!(one(header).1, [("malformed IPv4 header".to_owned(), 1)]);
    assert_eq!(one(vec![0x95; 40]).1, [("malformed IP header".to_owned(), 1)]);
    assert_eq!(one(ipv4(1, b"ping")).1, [("ICMP".to_owned(), 1)]);
    assert_eq!(one(ipv4(50, b"????")).1, [("ESP (encrypted IPsec)".to_owned(), 1)]);
}

#[test]
fn what_may_have_held_traffic_is_told_apart_from_what_cannot() {
    let unread = |link: u32, bytes: &[u8]| {
        let mut decapsulator = Decapsulator::default();
        let packet = Packet { number: 1, time: None, link: LinkType(link), bytes, original: 0 };
        decapsulator.push(&packet, |_| panic!("nothing is carried on"));
        assert_eq!(decapsulator.notices().len(), 1);
        decapsulator.unread().len()
    };
    let radio = |kind: u8, control: u8| [&[kind, control, 0, 0][..], &[2; 40]].concat();
    // Encrypted, cut, damaged, incomplete, of a kind that is not read.
    assert_eq!(unread(101, &ipv4(50, b"????????")), 1);
    assert_eq!(unread(101, &ipv4(17, &udp(4500, &[7; 60]))), 1);
    assert_eq!(unread(1, &ethernet(0x88e5, &[0; 40])), 1);
    assert_eq!(unread(1, &ethernet(0x894f, &[0; 40])), 1);
    assert_eq!(unread(101, &ipv4(108, b"????????")) + unread(101, &ipv4(115, b"????????")), 2);
    assert_eq!(unread(101, &ipv4(6, &[0, 80])), 1);
    assert_eq!(unread(101, &[0x43; 40]), 1);
    assert_eq!(unread(101, &fragment(6, 0x2000, &[0; 24])), 1);
    assert_eq!(unread(105, &radio(0x08, 0x41)), 1);
    assert_eq!(unread(9, &[0xff, 3, 0, 0xfd, 1, 2, 3]), 1);
    assert_eq!(unread(147, &[0; 40]), 1);
    assert_eq!(unread(u32::MAX, &[0; 40]), 1);
    // A negotiation of keys, and what keeps a translation alive.
    for payload in [&[0, 0, 0, 0, 9, 9, 9, 9, 9, 9][..], &[0xff]] {
        let (seen, notices) = one(ipv4(17, &udp(4500, payload)));
        assert_eq!((seen.len(), notices), (1, vec![]));
    }
    // Neighbours of IP, and what stands beside TCP.
    assert_eq!(unread(1, &ethernet(0x0806, &[0; 46])), 0);
    assert_eq!(unread(1, &ethernet(0x88cc, &[0; 46])), 0);
    assert_eq!(unread(101, &ipv4(1, b"ping")), 0);
    assert_eq!(unread(105, &radio(0x80, 0)), 0);
    assert_eq!(unread(9, &[0xff, 3, 0x80, 0x21, 1, 2, 3]), 0);
    assert_eq!(unread(189, &[0; 40]), 0);
}

#[test]
fn ipv6_extension_headers_are_walked() {
    let mut payload = vec![43, 0, 1, 4, 0, 0, 0, 0];
    payload.extend([60, 0, 0, 0, 0, 0, 0, 0]);
    payload.extend([51, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    // Authentication header: its length counts in words of four, less two.
    payload.extend([60, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9]);
    // Destination options a second time, for the last destination only (RFC 8200 4.1).
    payload.extend([6, 0, 1, 4, 0, 0, 0, 0]);
    payload.extend(tcp_segment(0, b"deep"));
    let (seen, notices) = one(ipv6(0, &payload));
    assert_eq!((seen[0].payload.as_slice(), notices), (&b"deep"[..], vec![]));
    let endless = ipv6(0, &[0; 400]);
    assert_eq!(one(endless).1, [("nested too deeply (limit ENCAPSULATION_DEPTH)".to_owned(), 1)]);
}

#[test]
fn fragments_are_joined_in_any_order_under_the_last_frame() {
    let segment = tcp_segment(0, &[b'x'; 50]);
    let pieces = [
        fragment(6, 0x2000, &segment[..24]),
        fragment(6, 0x2000 | 3, &segment[24..48]),
        fragment(6, 6, &segment[48..]),
    ];
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let frames: Vec<_> = order.iter().map(|at: &usize| (101, pieces[*at].clone(), 0)).collect();
        let (seen, notices) = run(&frames);
        assert_eq!(notices, []);
        assert_eq!((seen.len(), seen[0].frame, seen[0].payload.len()), (1, 3, 50));
    }
    let (seen, notices) = run(&[(101, pieces[0].clone(), 0), (101, pieces[2].clone(), 0)]);
    assert_eq!(seen, []);
    assert_eq!(notices, [("fragmented datagrams without an end".to_owned(), 1)]);
}

#[test]
fn ipv6_fragments_are_joined_and_atomic_ones_pass() {
    let segment = tcp_segment(0, &[b'y'; 20]);
    let piece = |field: u16, content: &[u8]| {
        let mut payload = vec![6, 0];
        payload.extend(field.to_be_bytes());
        payload.extend([0, 0, 0, 9]);
        payload.extend(content);
        (101, ipv6(44, &payload), 0)
    };
    let (seen, _) = run(&[piece(1, &segment[..24]), piece(24, &segment[24..])]);
    assert_eq!((seen[0].frame, seen[0].payload.len()), (2, 20));
    let (seen, _) = run(&[piece(0, &segment)]);
    assert_eq!(seen[0].payload.len(), 20);
}

#[test]
fn tunnels_are_entered() {
    let inner = hello();
    let frame = ethernet(0x0800, &inner);
    let with = |head: &[u8], rest: &[u8]| [head, rest].concat();
    // IP in IP, IPv4 in IPv6, MPLS and Ethernet straight in IP.
    is_hello(one(ipv4(4, &inner)));
    is_hello(one(ipv6(4, &inner)));
    is_hello(one(ipv4(137, &with(&[0, 0, 0x11, 64], &inner))));
    is_hello(one(ipv4(97, &with(&[0x30, 0], &frame))));
    // GRE: plain, with checksum, key and sequence; Ethernet; ERSPAN I, II, III; PPTP; behind VLAN tags.
    is_hello(one(ipv4(47, &with(&[0, 0, 8, 0], &inner))));
    is_hello(one(ipv4(47, &with(&[&[0xb0, 0, 8, 0][..], &[9; 12]].concat(), &inner))));
    is_hello(one(ipv4(47, &with(&[0, 0, 0x65, 0x58], &frame))));
    is_hello(one(ipv4(47, &with(&[0, 0, 0x88, 0xbe], &frame))));
    is_hello(one(ipv4(47, &with(&[&[0x10, 0, 0x88, 0xbe][..], &[0; 12]].concat(), &frame))));
    is_hello(one(ipv4(47, &with(&[&[0x10, 0, 0x22, 0xeb][..], &[0; 16]].concat(), &frame))));
    is_hello(one(ipv4(47, &with(&[0x20, 1, 0x88, 0x0b, 0, 0, 0, 1, 0xff, 3, 0, 0x21], &inner))));
    is_hello(one(ipv4(47, &with(&[0, 0, 0x81, 0, 0, 5, 8, 0], &inner))));
    // MPLS and a service VLAN, whose numbers stand among those of Aruba's access points.
    is_hello(one(ipv4(47, &with(&[0, 0, 0x88, 0x47, 0, 0, 0x11, 64], &inner))));
    is_hello(one(ipv4(47, &with(&[0, 0, 0x88, 0xa8, 0, 5, 8, 0], &inner))));
    // What a MikroTik router recorded, with a field, padding and the end of the fields before it.
    is_hello(one(ipv4(17, &udp(37008, &with(&[1, 0, 0, 1, 10, 1, 0xc0, 0, 1], &frame)))));
    // GTP-U with an extension header, Teredo with an origin, L2TP with a length, GRE in UDP.
    is_hello(one(ipv4(17, &udp(2152, &with(&[0x30, 0xff, 0, 45, 0, 0, 0, 1], &inner)))));
    let extended = [0x34, 0xff, 0, 53, 0, 0, 0, 1, 0, 0, 0, 0x85, 1, 0, 0, 0];
    is_hello(one(ipv4(17, &udp(2152, &with(&extended, &inner)))));
    let six = ipv6(6, &tcp_segment(0, b"hello"));
    assert_eq!(one(ipv4(17, &udp(3544, &with(&[0, 0, 1, 1, 1, 1, 1, 1], &six)))).0[0].payload, b"hello");
    is_hello(one(ipv4(17, &udp(1701, &with(&[0x40, 2, 0, 57, 0, 1, 0, 1, 0xff, 3, 0, 0x21], &inner)))));
    is_hello(one(ipv4(17, &udp(4754, &with(&[0, 0, 8, 0], &inner)))));
}

#[test]
fn virtual_networks_keep_equal_addresses_apart() {
    let frame = ethernet(0x0800, &hello());
    let vxlan = |number: u8| {
        let head = [8, 0, 0, 0, 0, 0, number, 0];
        is_hello(one(ipv4(17, &udp(4789, &[&head[..], &frame].concat()))))
    };
    let geneve = |number: u8| {
        let head = [1, 0, 0x65, 0x58, 0, 0, number, 0, 1, 2, 3, 4];
        is_hello(one(ipv4(17, &udp(6081, &[&head[..], &frame].concat()))))
    };
    let realms = [0, vxlan(1), vxlan(2), geneve(1), geneve(2)];
    assert_eq!(vxlan(1), realms[1]);
    let distinct: std::collections::BTreeSet<_> = realms.iter().collect();
    assert_eq!(distinct.len(), realms.len());
}

/// The networks that segments come out with: those of `(network, client speaks, sequence, acknowledgement, flags)`.
fn realms_of(segments: &[(u8, bool, u32, u32, u8)]) -> Vec<u32> {
    let mut decapsulator = Decapsulator::default();
    let mut realms = Vec::new();
    for (number, (network, client, sequence, acknowledgement, flags)) in (1..).zip(segments) {
        let mut segment = tcp_segment(0, b"");
        segment[4..8].copy_from_slice(&sequence.to_be_bytes());
        segment[8..12].copy_from_slice(&acknowledgement.to_be_bytes());
        segment[13] = *flags;
        let mut inner = ipv4(6, &segment);
        if !client {
            let (ports, addresses) = (inner[20..24].to_vec(), inner[12..20].to_vec());
            inner[20..24].copy_from_slice(&[&ports[2..], &ports[..2]].concat());
            inner[12..20].copy_from_slice(&[&addresses[4..], &addresses[..4]].concat());
        }
        let inner = ethernet(0x0800, &inner);
        let bytes =
            ethernet(0x0800, &ipv4(17, &udp(4789, &[&[8, 0, 0, 0, 0, 0, *network, 0], &inner[..]].concat())));
        let original = u32::try_from(bytes.len()).unwrap();
        let packet = Packet { number, time: None, link: LinkType(1), bytes: &bytes, original };
        decapsulator.push(&packet, |transport| {
            if let Transport::Tcp(segment) = transport {
                realms.push(segment.realm);
            }
        });
    }
    realms
}

#[test]
fn two_networks_of_one_connection_are_one_and_those_of_two_are_not() {
    const SYN: u8 = 2;
    const ACK: u8 = 16;
    let same = |realms: &[u32]| realms.iter().all(|realm| *realm == realms[0]);
    let handshake = [(1, true, 100, 0, SYN), (2, false, 900, 101, SYN | ACK), (1, true, 101, 901, ACK)];
    assert!(same(&realms_of(&handshake)));
    // The answer was recorded first, and a connection that was joined midway.
    assert!(same(&realms_of(&[handshake[1], handshake[0], handshake[2]])));
    assert!(same(&realms_of(&[(1, true, 5000, 77_000, ACK), (2, false, 77_000, 5200, ACK)])));
    // Two customers with the same addresses, each with both directions in its own network.
    let customers = realms_of(&[
        (1, true, 100, 0, SYN),
        (2, true, 40_000_000, 0, SYN),
        (2, false, 3_000_000_000, 40_000_001, SYN | ACK),
        (1, false, 900, 101, SYN | ACK),
    ]);
    assert_eq!(customers[0], customers[3]);
    assert_eq!(customers[1], customers[2]);
    assert_ne!(customers[0], customers[1]);
    // Of each only one direction, which have nothing to do with each other.
    let halves = realms_of(&[(1, true, 100, 0, SYN), (2, false, 900, 50_000_000, ACK)]);
    assert_ne!(halves[0], halves[1]);
}

#[test]
fn a_tunnel_port_without_a_tunnel_is_a_datagram() {
    let (seen, notices) = one(ipv4(17, &udp(4789, b"\0not a tunnel")));
    assert_eq!(notices, []);
    assert_eq!(seen[0].ends, "udp (10.0.0.1, 49152) (10.0.0.2, 4789)");
    assert_eq!(seen[0].payload, b"\0not a tunnel");
}

#[test]
fn tunnels_in_tunnels_are_bounded() {
    let mut packet = hello();
    for _ in 0..limits::ENCAPSULATION_DEPTH {
        packet = ipv4(4, &packet);
    }
    is_hello(one(packet.clone()));
    assert_eq!(one(ipv4(4, &packet)).1, [("nested too deeply (limit ENCAPSULATION_DEPTH)".to_owned(), 1)]);
}

#[test]
fn vlan_tags_do_not_part_a_flow() {
    let plain = is_hello(run(&[(1, ethernet(0x0800, &hello()), 0)]));
    let tagged = ethernet(0x88a8, &[&[0, 7, 0x81, 0, 0, 9, 8, 0][..], &hello()].concat());
    assert_eq!(is_hello(run(&[(1, tagged, 0)])), plain);
}

/// An exported PDU with tags and a payload.
fn exported(tags: &[(u16, &[u8])], payload: &[u8]) -> (Vec<Seen>, Vec<(String, u64)>) {
    let mut pdu = Vec::new();
    for (tag, value) in tags.iter().chain([&(0, &[][..])]) {
        pdu.extend(tag.to_be_bytes());
        pdu.extend((value.len() as u16).to_be_bytes());
        pdu.extend(*value);
    }
    pdu.extend(payload);
    run(&[(252, pdu, 0)])
}

#[test]
fn exported_pdus_are_carried_on_where_they_have_a_place() {
    is_hello(exported(&[(12, b"ip\0\0")], &hello()));
    is_hello(exported(&[(12, b"eth_maybefcs")], &ethernet(0x0800, &hello())));
    let ends: [(u16, &[u8]); 5] = [
        (20, &[10, 0, 0, 1]),
        (21, &[10, 0, 0, 2]),
        (24, &[0, 0, 0, 2]),
        (25, &[0, 0, 0x30, 0x39]),
        (26, &[0, 0, 0, 80]),
    ];
    let place = [0, 1, 0, 0, 0, 7, 0, 0, 0, 12, 0, 0, 0, 9, 0, 0, 0x18, 0, 0];
    is_hello(exported(&[&[(12, &b"http"[..]), (34, &place)], &ends[..]].concat(), b"hello"));
    is_hello(exported(&[&[(12, &b"tcp"[..])], &ends[..]].concat(), &tcp_segment(0, b"hello")));
    let mut reassembled = place;
    reassembled[14] = 1;
    let (seen, notices) =
        exported(&[&[(12, &b"http"[..]), (34, &reassembled)], &ends[..]].concat(), b"hello");
    assert_eq!((seen, notices), (vec![], vec![("exported PDUs reassembled before".to_owned(), 1)]));
    let (_, notices) = exported(&[&[(12, &b"http"[..])], &ends[..]].concat(), b"hello");
    assert_eq!(notices, [("exported PDUs without a place in a TCP stream".to_owned(), 1)]);
    assert_eq!(exported(&[(12, b"http")], b"x").1, [("exported PDUs without addresses".to_owned(), 1)]);
    assert_eq!(run(&[(252, vec![0, 12, 0], 0)]).1, [("malformed exported PDU".to_owned(), 1)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_packet_makes_the_decapsulator_panic(
        kind in 0..8_usize,
        noise in proptest::collection::vec(any::<u8>(), 0..200),
        at in any::<usize>(),
    ) {
        const LINKS: [u16; 30] = [
            0, 1, 7, 9, 12, 50, 51, 100, 101, 104, 105, 107, 108, 109, 113, 119, 127, 129, 138, 163, 166, 192,
            204, 205, 219, 239, 240, 252, 258, 276,
        ];
        let frame = ethernet(0x0800, &hello());
        let mut packet = match kind {
            0 => hello(),
            1 => ipv4(47, &[&[0xb0, 0, 8, 0][..], &hello()].concat()),
            2 => ipv4(17, &udp(4789, &[&[8, 0, 0, 0, 0, 0, 1, 0][..], &frame].concat())),
            3 => ipv4(17, &udp(2152, &[&[0x34, 0xff, 0, 53, 0, 0, 0, 1, 0, 0, 0, 0x85][..], &noise].concat())),
            4 => ipv6(0, &noise),
            5 => fragment(6, 0x2000 | at as u16 & 0x1fff, &noise),
            6 => frame,
            _ => Vec::new(),
        };
        packet.extend(&noise);
        let length = packet.len();
        if let (Some(byte), Some(value)) = (packet.get_mut(at % length.max(1)), noise.first()) {
            *byte ^= value;
        }
        for link in LINKS {
            fuzz(&[&link.to_be_bytes()[..], &packet].concat());
        }
    }
}
