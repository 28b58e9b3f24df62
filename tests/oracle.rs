//! Builds packets with etherparse and reads them with our own layers: both must tell the same.

use etherparse::{
    Ipv4Options, Ipv6FlowLabel, Ipv6FragmentHeader, Ipv6Header, Ipv6RawExtHeader, LaxSlicedPacket, NetSlice,
    PacketBuilder, TransportSlice, VlanId, ip_number,
};
use oauthtrace::wire::capture::{LinkType, Packet};
use oauthtrace::wire::ip::{Decapsulator, Transport};
use proptest::prelude::*;

const ETHERNET: LinkType = LinkType(1);

/// Source port, destination port, sequence number, acknowledgement, payload.
type Read = (u16, u16, u32, u32, Vec<u8>);

fn ours(bytes: &[u8]) -> Vec<Read> {
    let mut found = Vec::new();
    let packet = Packet { number: 1, time: None, link: ETHERNET, bytes, original: bytes.len() as u32 };
    Decapsulator::default().push(&packet, |unit| {
        if let Transport::Tcp(segment) = unit {
            let payload = segment.payload.to_vec();
            let (from, to) = (segment.source.1, segment.destination.1);
            found.push((from, to, segment.sequence, segment.acknowledgement, payload));
        }
    });
    found
}

fn theirs(bytes: &[u8]) -> Vec<Read> {
    let Ok(sliced) = LaxSlicedPacket::from_ethernet(bytes) else { return Vec::new() };
    let Some(TransportSlice::Tcp(tcp)) = sliced.transport else { return Vec::new() };
    let (from, to) = (tcp.source_port(), tcp.destination_port());
    vec![(from, to, tcp.sequence_number(), tcp.acknowledgment_number(), tcp.payload().to_vec())]
}

#[derive(Clone, Debug)]
struct Wanted {
    vlans: usize,
    six: bool,
    options: Vec<u8>,
    extensions: Vec<u8>,
    tcp_options: usize,
    read: Read,
}

fn wanted() -> impl Strategy<Value = Wanted> {
    let read = (1_u16.., 1_u16.., any::<u32>(), any::<u32>(), proptest::collection::vec(any::<u8>(), 0..200));
    let lists =
        (0_usize..3, any::<bool>(), 0_usize..10, proptest::collection::vec(0_u8..3, 0..3), 0_usize..4);
    (lists, read).prop_map(|((vlans, six, words, extensions, tcp_options), read)| Wanted {
        vlans,
        six,
        // No-operations, and the end.
        options: [vec![1; words * 4], vec![]].concat(),
        extensions,
        tcp_options,
        read,
    })
}

fn build(wanted: &Wanted) -> Vec<u8> {
    let (from, to, sequence, acknowledgement, payload) = &wanted.read;
    let mut tcp = etherparse::TcpHeader::new(*from, *to, *sequence, 1024);
    tcp.acknowledgment_number = *acknowledgement;
    tcp.ack = true;
    let options = vec![etherparse::TcpOptionElement::Noop; wanted.tcp_options * 4];
    tcp.set_options(&options).unwrap();
    let mut inner = tcp.to_bytes().to_vec();
    inner.extend(payload);

    let mut bytes = Vec::new();
    if wanted.six {
        // Hop-by-hop options may only stand first; the rest are destination options and routing headers.
        let kinds = wanted.extensions.iter().enumerate().map(|(at, kind)| match (at, kind) {
            (0, 0) => ip_number::IPV6_HEADER_HOP_BY_HOP,
            (_, 1) => ip_number::IPV6_ROUTE_HEADER,
            _ => ip_number::IPV6_DEST_OPTIONS,
        });
        let kinds: Vec<_> = kinds.collect();
        let mut chain = Vec::new();
        for (at, kind) in kinds.iter().enumerate() {
            let next = kinds.get(at + 1).copied().unwrap_or(ip_number::TCP);
            let body: &[u8] =
                if *kind == ip_number::IPV6_ROUTE_HEADER { &[2, 0, 0, 0, 0, 0] } else { &[1, 4, 0, 0, 0, 0] };
            Ipv6RawExtHeader::new_raw(next, body).unwrap().write(&mut chain).unwrap();
        }
        let header = Ipv6Header {
            traffic_class: 0,
            flow_label: Ipv6FlowLabel::ZERO,
            payload_length: (chain.len() + inner.len()) as u16,
            next_header: kinds.first().copied().unwrap_or(ip_number::TCP),
            hop_limit: 64,
            source: [0x20; 16],
            destination: [0x30; 16],
        };
        header.write(&mut bytes).unwrap();
        bytes.extend(chain);
    } else {
        let mut header =
            etherparse::Ipv4Header::new(inner.len() as u16, 64, ip_number::TCP, [10, 0, 0, 1], [10, 0, 0, 2])
                .unwrap();
        header.options = Ipv4Options::try_from(&wanted.options[..]).unwrap();
        header.set_payload_len(inner.len()).unwrap();
        header.header_checksum = header.calc_header_checksum();
        header.write(&mut bytes).unwrap();
    }
    bytes.extend(inner);

    let mut frame = vec![2; 12];
    for tag in 0..wanted.vlans {
        frame.extend(if tag + 1 < wanted.vlans { [0x88, 0xa8] } else { [0x81, 0] });
        frame.extend(VlanId::try_new(7 + tag as u16).unwrap().value().to_be_bytes());
    }
    frame.extend(if wanted.six { [0x86, 0xdd] } else { [8, 0] });
    frame.extend(bytes);
    frame
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn what_etherparse_builds_is_read_as_it_was_meant(wanted in wanted()) {
        let frame = build(&wanted);
        prop_assert_eq!(ours(&frame), [wanted.read.clone()]);
        prop_assert_eq!(theirs(&frame), [wanted.read]);
    }

    #[test]
    fn where_etherparse_finds_tcp_in_damaged_packets_so_do_we(
        wanted in wanted(),
        at in any::<prop::sample::Index>(),
        value in any::<u8>(),
    ) {
        // Only the ports, numbers and payload are damaged: what may be done about a damaged length or
        // kind is a matter of taste.
        let mut frame = build(&wanted);
        let tail = 12 + wanted.read.4.len() + 4 * wanted.tcp_options;
        let start = frame.len() - tail - 8;
        let at = start + at.index(12);
        frame[at] = value;
        prop_assert_eq!(ours(&frame), theirs(&frame));
    }
}

#[test]
fn a_datagram_in_fragments_of_ipv6_is_read_once_and_whole() {
    let mut tcp = Vec::new();
    etherparse::TcpHeader::new(40_000, 443, 7, 1024).write(&mut tcp).unwrap();
    tcp.extend([b'x'; 1000]);
    let mut decapsulator = Decapsulator::default();
    let mut found = Vec::new();
    for (number, piece) in tcp.chunks(512).enumerate() {
        let more = (number + 1) * 512 < tcp.len();
        let mut bytes = Vec::new();
        Ipv6Header {
            payload_length: 8 + piece.len() as u16,
            next_header: ip_number::IPV6_FRAGMENTATION_HEADER,
            hop_limit: 64,
            source: [0x20; 16],
            destination: [0x30; 16],
            ..Default::default()
        }
        .write(&mut bytes)
        .unwrap();
        let offset = etherparse::IpFragOffset::try_new((number * 64) as u16).unwrap();
        Ipv6FragmentHeader::new(ip_number::TCP, offset, more, 99).write(&mut bytes).unwrap();
        bytes.extend(piece);
        let frame = [&[2; 12][..], &[0x86, 0xdd], &bytes].concat();
        let packet = Packet {
            number: number as u64 + 1,
            time: None,
            link: ETHERNET,
            bytes: &frame,
            original: frame.len() as u32,
        };
        decapsulator.push(&packet, |unit| {
            if let Transport::Tcp(segment) = unit {
                found.push((segment.sequence, segment.payload.to_vec()));
            }
        });
    }
    assert_eq!(found, [(7, vec![b'x'; 1000])]);
}

#[test]
fn the_builder_of_etherparse_is_read_end_to_end() {
    let builder = PacketBuilder::ethernet2([1; 6], [2; 6])
        .double_vlan(VlanId::try_new(5).unwrap(), VlanId::try_new(6).unwrap())
        .ipv6([0x20; 16], [0x30; 16], 64)
        .tcp(40_000, 443, 77, 1024)
        .ack(99);
    let mut frame = Vec::new();
    builder.write(&mut frame, b"hello").unwrap();
    assert_eq!(ours(&frame), [(40_000, 443, 77, 99, b"hello".to_vec())]);
    let sliced = LaxSlicedPacket::from_ethernet(&frame).unwrap();
    assert!(matches!(sliced.net, Some(etherparse::LaxNetSlice::Ipv6(_))));
    let strict = etherparse::SlicedPacket::from_ethernet(&frame).unwrap();
    assert!(matches!(strict.net, Some(NetSlice::Ipv6(_))));
}
