//! Tests of conversations: how a crowd of connections is kept must not show.

use std::net::IpAddr;
use std::sync::Arc;

use super::Conversations;
use crate::connection::{Connection, State};
use crate::exchange::Exchange;
use crate::sink::Sink;
use crate::wire::ip::{Flags, Segment};
use crate::wire::stream::FrameRef;
use crate::wire::tcp::Flows;
use crate::wire::tls::secrets::Secrets;

const FIN: u8 = 1;
const SYN: u8 = 2;
const ACK: u8 = 16;

#[derive(Default)]
struct Kept(Vec<Exchange>, Vec<Connection>);

impl Sink for Kept {
    fn exchange(&mut self, exchange: Exchange) {
        self.0.push(exchange);
    }
    fn connection(&mut self, connection: Connection) {
        self.1.push(connection);
    }
    fn fork(&self) -> Self {
        Self::default()
    }
    fn join(&mut self, other: Self) {
        self.0.extend(other.0);
        self.1.extend(other.1);
    }
}

/// What comes of a dialogue: turns of one side (0 asks), each cut into segments of so many bytes.
fn hear(turns: &[(usize, Vec<u8>)], cut: usize, crowded: bool) -> Kept {
    hear_without(&[], turns, cut, crowded)
}

/// The same where these packets were not captured.
fn hear_without(lost: &[u64], turns: &[(usize, Vec<u8>)], cut: usize, crowded: bool) -> Kept {
    let secrets = Arc::new(Secrets::default());
    let mut kept = Kept::default();
    let mut listener = Conversations {
        sink: &mut kept,
        input: 0,
        secrets: &secrets,
        hashes: false,
        exchanges: &mut Vec::new(),
        crowded,
    };
    let mut flows = Flows::default();
    let mut next = [0_u32; 2];
    let mut number = 0;
    let mut push = |side: usize, flags: u8, payload: &[u8]| {
        let end = |side: usize| (IpAddr::from([10, 0, 0, side as u8 + 1]), 40_000 + side as u16);
        let segment = Segment {
            frame: FrameRef { number, time: None },
            source: end(side),
            destination: end(1 - side),
            realm: 0,
            sequence: next[side],
            acknowledgement: next[1 - side],
            flags: Flags(flags),
            payload,
            cut: 0,
        };
        if !lost.contains(&number) {
            flows.push(&segment, 0, &mut listener);
        }
        next[side] += payload.len() as u32 + u32::from(flags & (SYN | FIN) != 0);
        number += 1;
    };
    push(0, SYN, &[]);
    push(1, SYN | ACK, &[]);
    for (side, bytes) in turns {
        bytes.chunks(cut).for_each(|part| push(*side, ACK, part));
    }
    push(0, FIN | ACK, &[]);
    push(1, FIN | ACK, &[]);
    flows.finish(&mut listener);
    kept
}

#[test]
fn a_crowd_of_connections_gives_the_same_exchanges() {
    let token = format!("Bearer {}.{}.", "e".repeat(36), "x".repeat(900));
    let ask = |path: &str, more: &str, body: &str| {
        let length = body.len();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: mail.contoso.example\r\nAuthorization: {token}\r\n{more}Content-Length: {length}\r\n\r\n"
        );
        (0, (head + body).into_bytes())
    };
    let ok = |body: &str| {
        (1, format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes())
    };
    let soap = format!("<soap>{}</soap>", "y".repeat(400));
    let (expect, go_on) = ("Expect: 100-continue\r\n", (1, b"HTTP/1.1 100 Continue\r\n\r\n".to_vec()));
    let chunked = format!(
        "POST /ews HTTP/1.1\r\nAuthorization: {token}\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nAfter: all\r\n\r\n"
    );
    let dialogues = [
        vec![(0, chunked.into_bytes()), ok("with a trailer")],
        vec![ask("/ews", "Content-Type: text/xml\r\n", &soap), ok("fine"), ask("/ews", "", ""), ok("")],
        vec![ask("/ews", expect, ""), go_on.clone(), ok("late")],
        // Asked twice before anything was answered, answered twice, and cut off.
        vec![ask("/a", "", "1"), ask("/b", "", "2"), ok("1"), ok("2"), ask("/c", "", "3")],
        vec![ask("/ews", "", &soap), go_on, ok("a"), (1, b"HTTP/1.1 500 Oops\r\n\r\nrest".to_vec())],
        vec![(0, b"CONNECT h:80 HTTP/1.1\r\n\r\n".to_vec()), ok(""), ask("/inside", "", "z"), ok("y")],
        vec![ask("/upgrade", "Connection: upgrade\r\nUpgrade: websocket\r\n", ""), ok("no")],
    ];
    for turns in &dialogues {
        for cut in [1, 7, 100, 1448, 10_000] {
            let (one, many) = (hear(turns, cut, false), hear(turns, cut, true));
            assert!(!one.0.is_empty());
            assert_eq!(one.0, many.0);
            assert_eq!(one.1, many.1);
        }
    }
}

#[test]
fn a_server_that_tires_of_waiting_leaves_nothing_out() {
    let ask = (0, b"GET /ews HTTP/1.1\r\nHost: mail\r\n\r\n".to_vec());
    let ok = (1, b"HTTP/1.1 204 None\r\n\r\n".to_vec());
    let tired = |status: &str| {
        (1, format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n").into_bytes())
    };
    let partial = |turns: &[(usize, Vec<u8>)]| {
        let kept = hear(turns, 10_000, false);
        (kept.0.len(), kept.1[0].exchanges_partial, kept.1[0].request_head_lost)
    };
    let timeout = tired("408 Request Timeout");
    assert_eq!(partial(&[ask.clone(), ok.clone(), timeout.clone()]), (2, 0, false));
    assert_eq!(partial(&[timeout]), (1, 0, false));
    assert_eq!(partial(&[ask, ok, tired("500 Oops")]), (2, 1, false));
}

#[test]
fn a_start_inside_a_request_has_lost_its_head_and_one_between_messages_has_not() {
    let ask = (0, b"POST /ews HTTP/1.1\r\nHost: mail.contoso.example\r\nContent-Length: 0\r\n\r\n".to_vec());
    let ok = (1, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec());
    let turns = [ask.clone(), ok.clone(), ask.clone(), ok.clone()];
    let lost = |lost: &[u64], turns: &[(usize, Vec<u8>)]| {
        let kept = hear_without(lost, turns, 40, false);
        (kept.0.iter().filter(|one| one.request.is_some()).count(), kept.1[0].request_head_lost)
    };
    // Packets 0 and 1 open the connection, 2 and 3 are the first request.
    assert_eq!(lost(&[], &turns), (2, false));
    assert_eq!(lost(&[0, 1], &turns), (2, false));
    assert_eq!(lost(&[0, 1, 2], &turns), (1, true));
    assert_eq!(lost(&[0, 1, 2, 3], &turns), (1, false));
    // A keep-alive repeats the byte before the next one.
    let alive = [(0, vec![0]), ask, ok];
    assert_eq!(lost(&[0, 1], &alive), (1, false));
}

#[test]
fn a_start_inside_a_message_is_told_and_one_between_messages_is_not() {
    let ask = (0, b"POST /ews HTTP/1.1\r\nHost: mail.contoso.example\r\nContent-Length: 0\r\n\r\n".to_vec());
    let ok = (
        1,
        b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n0123456789012345678901234567890123456789".to_vec(),
    );
    let inside = |from: u64, turns: &[(usize, Vec<u8>)]| {
        let lost: Vec<u64> = (0..from).collect();
        let kept = hear_without(&lost, turns, 40, false);
        (kept.1[0].begins_inside, kept.1[0].state())
    };
    // Packets 2 and 3 are the first request, 4 and 5 its response.
    let turns = [ask.clone(), ok.clone(), ask.clone(), ok];
    let (whole, part) = ((false, State::Complete), (true, State::Partial));
    assert_eq!([0, 2, 3, 5, 6, 7].map(|from| inside(from, &turns)), [whole, whole, part, part, whole, part]);
    // Where nothing that follows tells what it was, and where a keep-alive repeats one byte.
    assert_eq!(inside(2, &[(0, vec![0x11; 900]), (1, vec![0x22; 900])]), part);
    assert!(!inside(2, &[(0, vec![0]), ask]).0);
}

#[test]
fn a_start_after_the_response_of_what_was_seen_pairs_nobody_wrongly() {
    let ask = |path: &str| (0, format!("GET {path} HTTP/1.1\r\nHost: mail\r\n\r\n").into_bytes());
    let answer = |status: u16| (1, format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n").into_bytes());
    let turns = [ask("/a"), answer(401), ask("/b"), answer(200), ask("/c"), answer(500)];
    // Neither the opening of the connection nor the first response was captured.
    let kept = hear_without(&[0, 1, 3], &turns, 10_000, false);
    let pairs: Vec<_> =
        kept.0.iter().map(|one| one.response.as_ref().map(|response| response.status)).collect();
    assert_eq!(pairs, [None, Some(200), Some(500)]);
}

#[test]
fn what_was_lost_whole_inside_a_tunnel_could_have_been_a_request() {
    let connect = (0, b"CONNECT mail:80 HTTP/1.1\r\nHost: mail:80\r\n\r\n".to_vec());
    let ok = (1, b"HTTP/1.1 200 Go on\r\n\r\n".to_vec());
    let ask = (0, b"GET /ews HTTP/1.1\r\nHost: mail\r\n\r\n".to_vec());
    let none = (1, b"HTTP/1.1 204 None\r\n\r\n".to_vec());
    let lost = |lost: &[u64], turns: &[(usize, Vec<u8>)]| {
        hear_without(lost, turns, 10_000, false).1[0].request_head_lost
    };
    let turns = [connect, ok, ask, none];
    assert!(!lost(&[], &turns) && !lost(&[], &turns[..2]));
    assert!(lost(&[4], &turns) && lost(&[4, 5], &turns) && lost(&[4], &turns[..3]));
    assert!(!lost(&[5], &turns));
}
