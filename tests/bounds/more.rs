//! The bounds that `bounds.rs` does not reach: one small file for each.

use std::fmt::Write as _;

use super::build::{ACK, Pcap, Talk, dialogue, gzip, verify, verify_all};
use super::{ASK, answer, tls_hello, token};

/// Google's brotli 1.1 of 64 MiB of blanks.
const BROTLI: &str = "cfffff7ff82540e2b14020f7fe9ffffffff04b00c4610180eefd3fffffffe1970088c32200ddfb7ffeffffc32f0110870500baf7ff03";

fn unhex(text: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(digit).collect()
}

#[test]
fn brotli_that_unpacks_without_end_is_given_up() {
    verify("brotli body", &answer("br", &unhex(BROTLI))).within(150, 30).names("DECODE_RATIO");
}

/// HTTP/2: SETTINGS of the server between two parts of the client's.
fn h2(settings: &[u8], more: &[u8]) -> Vec<u8> {
    let mut pcap = Pcap::new();
    let mut talk = Talk::open(&mut pcap, 1, 80);
    talk.say(&mut pcap, 0, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0");
    talk.say(&mut pcap, 1, settings);
    talk.say(&mut pcap, 0, more);
    talk.close(&mut pcap);
    pcap.0
}

#[test]
fn a_table_of_fields_larger_than_is_kept_is_named() {
    // The server allows 4 MiB (RFC 9113 6.5.2), the client uses them and fills two.
    let settings = b"\0\0\x06\x04\0\0\0\0\0\0\x01\0\x40\0\0";
    let mut sent = b"\0\0\0\x04\x01\0\0\0\0".to_vec();
    for stream in 0..600_u32 {
        let mut block = vec![0x82, 0x84, 0x86];
        if stream == 0 {
            block.splice(0..0, [0x3f, 0xe1, 0xff, 0xff, 0x01]);
        }
        block.extend(b"\x40\x01x\x7f\x81\x1e");
        block.resize(block.len() + 0x7f + 1 + (0x1e << 7), b'v');
        sent.extend(&(block.len() as u32).to_be_bytes()[1..]);
        sent.extend([1, 5]);
        sent.extend((2 * stream + 1).to_be_bytes());
        sent.extend(block);
    }
    verify("HPACK table", &h2(settings, &sent)).within(150, 30).names("HPACK_TABLE_BYTES");
}

#[test]
fn settings_that_are_never_acknowledged_are_counted_out() {
    let sent = b"\0\0\x06\x04\0\0\0\0\0\0\x01\0\0\x10\0".repeat(100);
    verify("settings", &h2(b"\0\0\0\x04\0\0\0\0\0", &sent)).within(100, 30).names("H2_SETTINGS");
}

#[test]
fn tokens_by_the_ten_thousand_in_one_message_cost_no_more_than_each_alone() {
    let tokens: Vec<_> =
        (0..50_000).map(|number| format!("\"{}\"", token(&format!("{{\"iss\":{number}}}")))).collect();
    let body = format!("[{}]", tokens.join(","));
    let head = format!(
        "POST /ews/a HTTP/1.1\r\nHost: mail.contoso.example\r\nContent-Type: application/json\r\nContent-Length: \
         {}\r\n\r\n",
        body.len()
    );
    verify(
        "crowded body",
        &dialogue(80, &[head.as_bytes(), body.as_bytes()].concat(), b"HTTP/1.1 204 None\r\n\r\n"),
    )
    .within(300, 40);
}

#[test]
fn a_json_body_of_very_many_members_is_searched_as_text() {
    let body = format!("{{\"a\":[{}0],\"access_token\":\"{}\"}}", "1,".repeat(250_000), token("{}"));
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    verify("wide body", &dialogue(80, ASK, &[head.as_bytes(), body.as_bytes()].concat()))
        .within(150, 30)
        .names("JSON_BODY_NODES");
}

#[test]
fn protocols_inside_each_other_end_somewhere() {
    let sent = [b"PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n".repeat(12), ASK.to_vec()].concat();
    verify("preambles", &dialogue(80, &sent, b"")).within(100, 30).names("NESTING");

    let mut pcap = Pcap::new();
    let mut talk = Talk::open(&mut pcap, 1, 80);
    for _ in 0..12 {
        talk.say(&mut pcap, 0, b"CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n");
        talk.say(&mut pcap, 1, b"HTTP/1.1 200 OK\r\n\r\n");
    }
    talk.close(&mut pcap);
    verify("CONNECT in CONNECT", &pcap.0).within(100, 30).names("NESTING");

    let mut pcap = Pcap::new();
    let mut packet = vec![0x45, 0, 0, 20, 0, 0, 0x40, 0, 64, 4, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2].repeat(40);
    for at in 0..40_usize {
        packet[at * 20 + 2..at * 20 + 4].copy_from_slice(&((800 - at * 20) as u16).to_be_bytes());
    }
    pcap.packet(&packet);
    verify("IP in IP", &pcap.0).within(100, 30).names("ENCAPSULATION_DEPTH");
}

#[test]
fn more_fields_than_are_read_are_named() {
    let fields = "a: b\r\n".repeat(1200);
    let sent = format!("GET / HTTP/1.1\r\nHost: h\r\n{fields}\r\n");
    verify("many fields", &dialogue(80, sent.as_bytes(), b"")).within(100, 30).names("HEAD_FIELDS");
}

#[test]
fn what_was_cut_off_long_bodies_is_named() {
    let said = |media: &str, length: usize| {
        let head = format!("HTTP/1.1 200 OK\r\n{media}Content-Length: {length}\r\n\r\n");
        let mut said = head.into_bytes();
        said.resize(said.len() + length, b' ');
        dialogue(80, ASK, &said)
    };
    verify("long body", &said("Content-Type: text/xml\r\n", 5 << 20)).within(100, 30).names("BODY_HEAD_KEPT");
    verify("untyped body", &said("", 200 << 10)).within(100, 30).names("BODY_UNTYPED_KEPT");
}

#[test]
fn a_capture_packed_many_times_over_is_not_unpacked() {
    let mut bytes = Pcap::new().0;
    for _ in 0..6 {
        bytes = gzip(&bytes);
    }
    verify("packed six times", &bytes).within(100, 30).names("COMPRESSION_LAYERS");
}

/// The bound is kept by each of sixteen shards, to which a fixed hash of both ends deals connections: one shard is
/// full with a sixteenth of the packets.
#[test]
fn connections_beyond_the_bound_are_let_go() {
    let shard = |number: u32| {
        let server = u64::from(u32::from_be_bytes([192, 0, 2, 1]));
        let words = [10 << 24 | u64::from(number), u64::MAX, server, u64::MAX, 40_000 << 48 | 443 << 32];
        let mix = |mixed: u64, word: u64| (mixed.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (words.into_iter().fold(0, mix) >> 32) & 15
    };
    let mut pcap = Pcap::new();
    for number in (0..1 << 24).filter(|number| shard(*number) == 0).take((1 << 16) + 1000) {
        let [_, a, b, c] = number.to_be_bytes();
        pcap.tcp([[10, a, b, c], [192, 0, 2, 1]], [40_000, 443], [number, 1], ACK, b"x");
    }
    verify("connections", &pcap.0).within(400, 120).names("limit CONNECTIONS");
}

#[test]
fn quic_connections_beyond_the_bound_are_counted() {
    let mut pcap = Pcap::new();
    for number in 0..66_000_u32 {
        let [_, a, b, c] = number.to_be_bytes();
        // A long header of version 1 (RFC 9000 17.2), an Initial.
        let mut datagram =
            [40_000_u16.to_be_bytes(), 443_u16.to_be_bytes(), 1208_u16.to_be_bytes(), [0, 0]].concat();
        datagram.extend([0xc3, 0, 0, 0, 1, 8, 0, 0, 0, 0, 0, a, b, c, 0, 0, 0x44, 0x96]);
        datagram.resize(8 + 1200, 0);
        pcap.ip([[10, a, b, c], [192, 0, 2, 1]], 0, 0x4000, 17, &datagram);
    }
    verify("QUIC", &gzip(&pcap.0)).within(200, 60).names("QUIC_CONNECTIONS");
}

#[test]
fn a_handshake_message_longer_than_is_read_is_named() {
    // After a hello comes a certificate that says it is 16 MiB long.
    let mut pcap = Pcap::new();
    let mut talk = Talk::open(&mut pcap, 1, 443);
    let hello = tls_hello();
    talk.say(&mut pcap, 0, &hello[0]);
    let mut both = hello[1].clone();
    both.extend([11, 0xff, 0xff, 0xff]);
    let length = (both.len() - 5) as u16;
    both[3..5].copy_from_slice(&length.to_be_bytes());
    talk.say(&mut pcap, 1, &both);
    let more = [&[22, 3, 3, 0x40, 0][..], &[3; 0x4000]].concat();
    talk.say(&mut pcap, 1, &more.repeat(1200));
    talk.close(&mut pcap);
    verify("long certificate", &pcap.0).within(100, 30).names("TLS_HANDSHAKE_BYTES");
}

#[test]
fn causes_beyond_the_bound_stand_in_one_finding() {
    // Each of these tokens is of a tenant of its own.
    let mut pcap = Pcap::new();
    let mut talk = Talk::open(&mut pcap, 1, 80);
    for number in 0..1500 {
        let tenant = format!("5e3a1c52-7d0b-4f1e-9c55-{number:012}");
        let claims = format!(
            "{{\"iss\":\"00000001-0000-0000-c000-000000000000@{tenant}\",\"aud\":\"00000002-0000-0ff1-ce00-000000000000/h@{tenant}\",\
             \"nameid\":\"00000004-0000-0ff1-ce00-000000000000@{tenant}\",\"nbf\":1699999000,\"exp\":1700009000}}"
        );
        let ask = format!(
            "GET /ews/exchange.asmx HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {}\r\n\r\n",
            token(&claims)
        );
        talk.say(&mut pcap, 0, ask.as_bytes());
        talk.say(&mut pcap, 1, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    }
    talk.close(&mut pcap);
    verify("causes", &pcap.0).within(150, 30).names("CAUSES_KEPT");
}

#[test]
fn lines_of_logs_that_could_speak_of_more_exchanges_than_are_remembered() {
    let (mut sent, mut received) = (Vec::new(), Vec::new());
    for number in 0..4200_u32 {
        let id = format!("0f6e54d1-0000-4000-8000-{number:012}");
        sent.push(format!("GET /ews/exchange.asmx HTTP/1.1\r\nHost: h\r\nclient-request-id: {id}\r\n\r\n"));
        received.push(format!("HTTP/1.1 401 Unauthorized\r\nrequest-id: {id}\r\nContent-Length: 0\r\n\r\n"));
    }
    let mut pcap = Pcap::new();
    let mut talk = Talk::open(&mut pcap, 1, 80);
    for (ask, answer) in sent.iter().zip(&received) {
        talk.say(&mut pcap, 0, ask.as_bytes());
        talk.say(&mut pcap, 1, answer.as_bytes());
    }
    talk.close(&mut pcap);
    let log = "#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n#Date: 2023-11-14 22:13:20\r\n\
        #Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status time-taken\r\n\
        2023-11-14 22:13:20 192.0.2.1 GET /ews/exchange.asmx &cafeReqId=0f6e54d1-0000-4000-8000-000000000001; 443 - 10.0.0.1 UA/1.0 401 15\r\n";
    verify_all("joinable", &[&pcap.0, log.as_bytes()]).within(150, 30).names("JOINABLE_KEPT");
}

#[test]
fn entities_of_xml_are_not_unfolded() {
    // "A billion laughs": ten levels of ten.
    let mut xml = String::from("<?xml version=\"1.0\"?><!DOCTYPE items [<!ENTITY a0 \"ha\">");
    for level in 1..10 {
        write!(xml, "<!ENTITY a{level} \"{}\">", format!("&a{};", level - 1).repeat(10)).unwrap();
    }
    xml.push_str("]><items burpVersion=\"1\"><item><url>http://h/&a9;</url></item></items>");
    let run = verify("entities", xml.as_bytes()).within(100, 30);
    assert!(!run.said.contains("hahaha"), "{}", run.said);
    assert!(run.said.contains("exchange") && run.said.contains("not-established"), "{}", run.said);
}
