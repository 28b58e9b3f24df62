//! One frame of each link layer, around the same few bytes of IP.

use super::*;

const IP: [u8; 4] = [0x45, 1, 2, 3];

fn peel_to(link: u32, head: &[u8]) -> Result<Vec<u8>, String> {
    let frame = [head, &IP].concat();
    let peeled = peel(LinkType(link), Snapped::whole(&frame));
    peeled.map(|packet| packet.bytes.to_vec()).map_err(|skip| skip.to_string())
}

fn found(link: u32, head: &[u8]) {
    assert_eq!(peel_to(link, head), Ok(IP.to_vec()), "{link} {head:02x?}");
}

fn skipped(link: u32, head: &[u8], line: &str) {
    assert_eq!(peel_to(link, head), Err(line.to_owned()), "{link} {head:02x?}");
}

const MACS: [u8; 12] = [2; 12];
const SNAP: [u8; 8] = [0xaa, 0xaa, 3, 0, 0, 0, 8, 0];

fn after_macs(rest: &[u8]) -> Vec<u8> {
    [&MACS[..], rest].concat()
}

#[test]
fn ethernet_is_peeled_with_its_tags() {
    found(1, &after_macs(&[8, 0]));
    found(1, &after_macs(&[0x86, 0xdd]));
    found(1, &after_macs(&[0x81, 0, 0, 5, 8, 0]));
    found(1, &after_macs(&[0x88, 0xa8, 0, 5, 0x91, 0, 0, 6, 0x81, 0, 0, 7, 8, 0]));
    // 802.3 with SNAP, also behind a tag; 802.1ah around a whole frame.
    found(1, &after_macs(&[&[0, 12][..], &SNAP].concat()));
    found(1, &after_macs(&[&[0x81, 0, 0, 5, 0, 12][..], &SNAP].concat()));
    found(1, &after_macs(&[&[0x88, 0xe7, 0, 0, 0, 1][..], &MACS, &[8, 0]].concat()));
    // PPPoE, MPLS with two labels, a pseudowire with a control word.
    found(1, &after_macs(&[0x88, 0x64, 0x11, 0, 0, 1, 0, 6, 0, 0x21]));
    found(1, &after_macs(&[0x88, 0x47, 0, 1, 0, 64, 0, 2, 1, 64]));
    found(1, &after_macs(&[&[0x88, 0x47, 0, 1, 1, 64, 0, 0, 0, 0][..], &MACS, &[8, 0]].concat()));
    found(1, &after_macs(&[&[0x88, 0x47, 0, 1, 1, 64][..], &MACS, &[8, 0]].concat()));
}

#[test]
fn the_length_of_an_802_3_frame_ends_the_packet() {
    let frame = [&after_macs(&[&[0, 12][..], &SNAP].concat())[..], &IP, &[0xee; 30]].concat();
    assert_eq!(peel(LinkType(1), Snapped::whole(&frame)).unwrap().bytes, IP);
}

#[test]
fn what_is_not_ip_is_named() {
    skipped(1, &after_macs(&[8, 6]), "ARP");
    skipped(1, &after_macs(&[0x88, 0xcc]), "LLDP");
    skipped(1, &after_macs(&[0x12, 0x34]), "EtherType 0x1234");
    skipped(1, &after_macs(&[0, 38, 0x42, 0x42, 3]), "spanning tree");
    skipped(1, &after_macs(&[0, 38, 0xff, 0xff, 0]), "IPX");
    skipped(1, &after_macs(&[0x88, 0x64, 0x22, 0, 0, 1, 0, 6]), "malformed PPPoE header");
    skipped(9, &[0xff, 3, 0xc0, 0x21], "PPP control");
    skipped(147, &[], "link type 147 (private use)");
    skipped(9999, &[], "unknown link type 9999");
    skipped(0x4e4d_fffb, &[], "Network Monitor media type 0xfffb");
    skipped(189, &[], "link type 189 (USB)");
    let mut tags = after_macs(&[0x81, 0]);
    tags.extend([0, 5, 0x81, 0].repeat(40));
    skipped(1, &tags, "nested too deeply (limit ENCAPSULATION_DEPTH)");
}

#[test]
fn pseudo_link_layers_are_peeled() {
    for raw in [12, 14, 101, 228, 229] {
        found(raw, &[]);
    }
    found(0, &[2, 0, 0, 0]);
    found(0, &[0, 0, 0, 2]);
    found(0, &[30, 0, 0, 0]);
    found(108, &[0, 0, 0, 24]);
    skipped(0, &[7, 0, 0, 0], "loopback of another family");
    found(113, &[0, 0, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 8, 0]);
    found(113, &[0, 0, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 0x81, 0, 0, 5, 8, 0]);
    found(113, &[&[0, 0, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 0, 4][..], &SNAP].concat());
    skipped(113, &[0, 0, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 8, 6], "ARP");
    skipped(113, &[0, 0, 3, 56, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 0, 9], "netlink");
    found(276, &[0x86, 0xdd, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0]);
    found(100, &SNAP);
    found(219, &[0, 2, 1, 64]);
    found(258, &[16, 0, 0, 0, 0, 0, 0, 0, 101, 0, 0, 0, 0, 0, 0, 0]);
    found(107, &[0x18, 0x41, 3, 0xcc]);
    found(107, &[0x18, 0x41, 3, 0, 0x80, 0, 0, 0, 8, 0]);
    found(138, &[&[0; 16][..], &[8, 0]].concat());
}

#[test]
fn nflog_is_read_in_either_order() {
    let little = [2, 0, 0, 0, 6, 0, 1, 0, 9, 9, 0, 0, 8, 0, 9, 0];
    let big = [2, 0, 0, 0, 0, 6, 0, 1, 9, 9, 0, 0, 0, 8, 0, 9];
    found(239, &little);
    found(239, &big);
    skipped(239, &[2, 0, 0, 0, 1, 0, 9, 0], "malformed NFLOG header");
}

#[test]
fn serial_lines_are_peeled() {
    found(9, &[0xff, 3, 0, 0x21]);
    found(9, &[0, 0x57]);
    found(9, &[0x21]);
    found(50, &[0xff, 3, 0, 0x21]);
    found(50, &[0x0f, 0, 8, 0]);
    found(51, &[0x11, 0, 0, 1, 0, 6, 0, 0x21]);
    found(104, &[0x0f, 0, 8, 0]);
    found(205, &[1, 0x0f, 0, 8, 0]);
    found(166, &[1, 3, 0, 0x21]);
    found(204, &[0, 0xff, 3, 0, 0x21]);
    skipped(104, &[0x8f, 0, 0x80, 0x35], "Cisco SLARP");
}

/// A data frame from a station: 24 bytes, then LLC.
fn wireless(kind: u8, control: u8, more: &[u8]) -> Vec<u8> {
    let mut frame = vec![kind, control];
    frame.resize(24, 3);
    frame.extend(more);
    frame.extend(SNAP);
    frame
}

#[test]
fn wireless_frames_are_peeled() {
    found(105, &wireless(0x08, 1, &[]));
    found(105, &wireless(0x08, 3, &[4; 6]));
    found(105, &wireless(0x88, 1, &[0, 0]));
    found(105, &wireless(0x88, 0x81, &[0, 0, 5, 5, 5, 5]));
    skipped(105, &wireless(0x08, 0x41, &[]), "802.11 encrypted");
    skipped(105, &wireless(0x48, 1, &[]), "802.11 without data");
    skipped(105, &wireless(0x80, 0, &[]), "802.11 management");
    skipped(105, &wireless(0x88, 1, &[0x80, 0]), "802.11 aggregates (A-MSDU)");
    found(127, &[&[0, 0, 8, 0, 0, 0, 0, 0][..], &wireless(0x08, 1, &[])].concat());
    // With a clock, flags that announce padding, and two presence words.
    let mut tap = vec![0, 0, 25, 0, 3, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0];
    tap.extend([7; 8]);
    tap.push(0x20);
    found(127, &[&tap[..], &wireless(0x88, 1, &[0, 0, 0, 0])].concat());
    found(192, &[&[0, 0, 8, 0, 105, 0, 0, 0][..], &wireless(0x08, 1, &[])].concat());
    found(163, &[&[0x80, 0x21, 0x10, 1, 0, 0, 0, 8][..], &wireless(0x08, 1, &[])].concat());
    found(119, &[&[0x44, 0, 0, 0, 12, 0, 0, 0, 9, 9, 9, 9][..], &wireless(0x08, 1, &[])].concat());
}

#[test]
fn a_frame_cut_short_is_named() {
    for (link, line) in [
        (0, "null header cut short"),
        (1, "Ethernet header cut short"),
        (113, "cooked header cut short"),
        (127, "radiotap header cut short"),
    ] {
        let peeled = peel(LinkType(link), Snapped::new(&[0], 60));
        assert_eq!(peeled.map(|_| ()).map_err(|skip| skip.to_string()), Err(line.to_owned()));
    }
}
