//! Overlaps, bounds, and every order of pieces.

use std::net::{IpAddr, Ipv4Addr};

use proptest::prelude::*;

use super::*;

fn header(identity: u32, offset: usize, more: bool, version: u8) -> Fragment {
    let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let pair = Pair { source: address, destination: address };
    Fragment { pair, realm: 0, identity, protocol: 6, version, offset, more }
}

fn told(fragments: &Fragments, line: &str) -> u64 {
    fragments.notices().find(|(told, _)| told == line).map_or(0, |(_, count)| count)
}

#[test]
fn of_two_copies_that_differ_the_first_stays_and_is_counted() {
    let mut fragments = Fragments::default();
    assert_eq!(fragments.push(header(1, 0, true, 4), b"AAAAAAAABBBBBBBB", 1), None);
    let whole = fragments.push(header(1, 8, false, 4), b"bbbbbbbbCC", 2);
    assert_eq!(whole, Some((6, b"AAAAAAAABBBBBBBBCC".to_vec())));
    assert_eq!(told(&fragments, "fragmented datagrams with conflicting overlaps"), 1);
}

#[test]
fn an_equal_copy_is_no_conflict() {
    let mut fragments = Fragments::default();
    for _ in 0..2 {
        assert_eq!(fragments.push(header(1, 0, true, 4), b"AAAAAAAA", 1), None);
    }
    assert!(fragments.push(header(1, 8, false, 4), b"B", 2).is_some());
    assert!(fragments.notices().all(|(_, count)| count == 0));
}

#[test]
fn an_overlapping_ipv6_datagram_is_given_up() {
    let mut fragments = Fragments::default();
    assert_eq!(fragments.push(header(1, 0, true, 6), b"AAAAAAAABBBBBBBB", 1), None);
    assert_eq!(fragments.push(header(1, 8, false, 6), b"bbbbbbbb", 2), None);
    assert_eq!(told(&fragments, "fragmented datagrams with conflicting overlaps"), 1);
}

#[test]
fn nothing_is_joined_across_a_hole() {
    let mut fragments = Fragments::default();
    assert_eq!(fragments.push(header(1, 0, true, 4), b"AAAAAAAA", 1), None);
    assert_eq!(fragments.push(header(1, 16, false, 4), b"C", 2), None);
    assert_eq!(fragments.push(header(2, 8, false, 4), b"C", 3), None);
    assert_eq!(told(&fragments, "fragmented datagrams without an end"), 1);
    assert_eq!(told(&fragments, "fragmented datagrams without a beginning"), 1);
}

#[test]
fn a_piece_beyond_the_longest_datagram_is_refused() {
    let mut fragments = Fragments::default();
    assert_eq!(fragments.push(header(1, 65_528, false, 4), &[0; 8], 1), None);
    assert_eq!(fragments.push(header(1, 0, true, 4), &[0; 7], 1), None);
    assert_eq!(told(&fragments, "malformed fragments"), 2);
    assert_eq!(fragments.held, 0);
}

#[test]
fn memory_and_age_are_bounded() {
    let mut fragments = Fragments::default();
    for identity in 0..5000 {
        fragments.push(header(identity, 65_000, true, 4), &[0; 8], 1);
    }
    assert!(fragments.held <= limits::FRAGMENT_BYTES);
    assert!(fragments.partial.len() <= limits::FRAGMENTED_DATAGRAMS);
    assert!(
        told(&fragments, "fragmented datagrams given up: too many bytes waited (limit FRAGMENT_BYTES)")
            > 3000
    );
    fragments.push(header(9999, 0, true, 4), &[0; 8], limits::FRAGMENT_PACKETS + 2);
    assert_eq!(fragments.partial.len(), 1);
    let line = "fragmented datagrams given up: their end did not come (limit FRAGMENT_PACKETS)";
    assert!(told(&fragments, line) > 200);
    for identity in 0..20_000 {
        fragments.push(header(identity, 0, true, 4), &[0; 8], limits::FRAGMENT_PACKETS + 3);
        fragments.push(header(identity, 8, false, 4), &[0; 8], limits::FRAGMENT_PACKETS + 3);
    }
    assert!(fragments.order.len() <= limits::FRAGMENTED_DATAGRAMS * 4 + 1);
    for identity in 0..2000 {
        fragments.push(header(identity, 0, true, 4), &[0; 8], limits::FRAGMENT_PACKETS + 4);
    }
    let line = "fragmented datagrams given up: too many waited (limit FRAGMENTED_DATAGRAMS)";
    assert!(told(&fragments, line) > 900);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_order_with_any_copies_gives_the_datagram(
        content in proptest::collection::vec(any::<u8>(), 1..400),
        cuts in proptest::collection::vec((0..50_usize, 1..50_usize), 0..30),
        seed in any::<usize>(),
    ) {
        let last = content.len().div_ceil(8) - 1;
        let mut pieces: Vec<(usize, usize)> = (0..=last).map(|block| (block * 8, block * 8 + 8)).collect();
        pieces.extend(cuts.iter().map(|(from, count)| (from * 8, (from + count) * 8)));
        pieces.retain(|(from, _)| *from < content.len());
        let length = pieces.len();
        for at in 0..length {
            pieces.swap(at, seed.wrapping_mul(at + 1) % length);
        }
        let mut fragments = Fragments::default();
        let whole = pieces.iter().find_map(|(from, to)| {
            let to = (*to).min(content.len());
            fragments.push(header(1, *from, to < content.len(), 4), &content[*from..to], 1)
        });
        prop_assert_eq!(whole, Some((6, content)));
        prop_assert_eq!(told(&fragments, "fragmented datagrams with conflicting overlaps"), 0);
    }
}
