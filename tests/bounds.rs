//! Files made to exhaust the reader: each ends within memory and time, with a line that names the bound.
//!
//! The bounds stand in `src/limits.rs`. Memory is the process's own peak as the system tells it.

#[path = "bounds/build.rs"]
mod build;
#[path = "bounds/more.rs"]
mod more;

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use self::build::{ACK, Pcap, SYN, Talk, dialogue, gzip, times, verify};

const ASK: &[u8] = b"GET /EWS/Exchange.asmx HTTP/1.1\r\nHost: mail.contoso.example\r\n\r\n";

#[test]
fn half_open_connections_do_not_pile_up() {
    let mut pcap = Pcap::new();
    for number in 0..times(700_000) as u32 {
        let [_, a, b, c] = number.to_be_bytes();
        pcap.tcp([[10, a, b, c], [192, 0, 2, 1]], [40_000, 443], [number, 0], SYN, &[]);
    }
    verify("half-open", &pcap.0).within(220, 60).names("SILENT_CONNECTIONS");
}

#[test]
fn connections_with_one_hole_each_do_not_pile_up() {
    let mut pcap = Pcap::new();
    for number in 0..times(60_000) as u32 {
        let [_, a, b, c] = number.to_be_bytes();
        let ends = [[10, a, b, c], [192, 0, 2, 1]];
        pcap.tcp(ends, [40_000, 443], [1, 0], SYN, &[]);
        pcap.tcp(ends, [40_000, 443], [10_000, 1], ACK, &[0; 1400]);
    }
    verify("holes", &pcap.0).within(200, 60).names("REORDER_BYTES_TOTAL");
}

#[test]
fn segments_that_never_fit_do_not_pile_up() {
    let mut pcap = Pcap::new();
    for number in 0..times(200) as u32 {
        let [_, a, b, c] = number.to_be_bytes();
        let ends = [[10, a, b, c], [192, 0, 2, 1]];
        pcap.tcp(ends, [40_000, 443], [1, 0], SYN, &[]);
        for at in 0..10 {
            pcap.tcp(ends, [40_000, 443], [10_000 + at * 120_000, 1], ACK, &vec![b'x'; 60_000]);
        }
    }
    verify("early bytes", &pcap.0).within(300, 60).names("REORDER_BYTES_TOTAL");
}

#[test]
fn an_endless_header_section_is_given_up() {
    let mut sent = b"GET / HTTP/1.1\r\nHost: mail.contoso.example\r\n".to_vec();
    for number in 0..times(400_000) {
        sent.extend(format!("X-{number}: yyyyyyyyyyyyyyyyyyyy\r\n").into_bytes());
    }
    verify("endless header", &dialogue(80, &sent, b"")).within(100, 30).names("HEAD_BYTES");
}

#[test]
fn an_endless_field_is_given_up() {
    let mut sent = b"GET / HTTP/1.1\r\nAuthorization: Bearer ".to_vec();
    sent.resize(times(16 << 20), b'a');
    verify("endless field", &dialogue(80, &sent, b"")).within(100, 30).names("HEAD_BYTES");
}

#[test]
fn hpack_bombs_are_given_up() {
    // RFC 7541: one large entry, then a block of references to it: each byte stands for four kilobytes.
    let mut block = vec![0x82, 0x84, 0x86, 0x40, 1, b'x', 0x7f, 0x81, 0x1e];
    block.extend([b'v'; 0x7f + 0x81 - 0x80 + (0x1e << 7)]);
    block.resize(block.len() + 12_000, 0xbe);
    let mut sent = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec();
    for stream in 0..times(200) as u32 {
        sent.extend(&(block.len() as u32).to_be_bytes()[1..]);
        sent.extend([1, 5]);
        sent.extend((2 * stream + 1).to_be_bytes());
        sent.extend(&block);
    }
    verify("HPACK bomb", &dialogue(80, &sent, b"")).within(150, 30).names("HEAD_BYTES");
}

#[test]
fn continuation_floods_are_given_up() {
    let mut sent =
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\x01\x01\0\0\0\0\x01\x82".to_vec();
    for _ in 0..times(300_000) {
        sent.extend(b"\0\0\0\x09\0\0\0\0\x01");
    }
    verify("CONTINUATION flood", &dialogue(80, &sent, b"")).within(100, 30).names("H2_CONTINUATIONS");
}

#[test]
fn streams_that_never_end_are_let_go() {
    let mut sent = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec();
    for stream in 0..times(100_000) as u32 {
        sent.extend(b"\0\0\x03\x01\x04");
        sent.extend((2 * stream + 1).to_be_bytes());
        sent.extend([0x82, 0x84, 0x86]);
    }
    verify("HTTP/2 streams", &dialogue(80, &sent, b"")).within(150, 30).names("H2_STREAMS");
}

/// A request, and its answer in a content coding.
fn answer(coding: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: {coding}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    dialogue(80, ASK, &[head.as_bytes(), body].concat())
}

#[test]
fn bodies_that_unpack_without_end_are_given_up() {
    let blank = vec![b' '; times(64 << 20)];
    let once = gzip(&blank);
    verify("gzip body", &answer("gzip", &once)).within(150, 30).names("BODY_DECODED");
    verify("gzip in gzip", &answer("gzip, gzip", &gzip(&once))).within(150, 30).names("BODY_DECODED");
    verify("five codings", &answer("gzip, gzip, gzip, gzip, gzip", &once))
        .within(100, 30)
        .names("CODING_LAYERS");
    verify("zstd body", &answer("zstd", &zstd_of_blanks(128))).within(150, 30).names("DECODE_RATIO");
}

/// RFC 8878: a frame of blocks that each repeat one byte 131072 times.
fn zstd_of_blanks(blocks: u32) -> Vec<u8> {
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0, 0x58];
    for number in 1..=blocks {
        let header = (0x2_0000 << 3) | (1 << 1) | u32::from(number == blocks);
        frame.extend(&header.to_le_bytes()[..3]);
        frame.push(b' ');
    }
    frame
}

#[test]
fn a_packed_capture_that_unpacks_without_end_is_given_up() {
    // One packet, and records of nothing after it.
    let mut pcap = Pcap::new();
    pcap.packet(&[0; 64]);
    pcap.0.resize(times(128 << 20), 0);
    verify("gzip capture", &gzip(&gzip(&pcap.0))).within(100, 120).names("UNPACK_RATIO");
}

#[test]
fn overlapping_fragments_do_not_pile_up() {
    let mut pcap = Pcap::new();
    for number in 0..times(20_000) as u32 {
        let identity = (number / 50) as u16;
        let offset = (number % 50 * 140) as u16;
        pcap.ip([[10, 0, 0, 1], [192, 0, 2, 1]], identity, 0x2000 | offset, 6, &[number as u8; 1480]);
    }
    verify("fragments", &pcap.0).within(150, 30).names("FRAGMENT");
}

#[test]
fn datagrams_without_an_end_are_given_up() {
    let mut pcap = Pcap::new();
    for number in 0..times(50_000) as u32 {
        let [_, _, b, c] = number.to_be_bytes();
        pcap.ip([[10, 0, b, c], [192, 0, 2, 1]], number as u16, 0x2000 | 0x1f00, 6, &[0; 64]);
    }
    verify("headless fragments", &pcap.0).within(150, 30).names("FRAGMENT");
}

#[test]
fn a_gap_of_four_gibibytes_costs_nothing() {
    let mut pcap = Pcap::new();
    let mut talk = Talk::open(&mut pcap, 1, 80);
    talk.say(&mut pcap, 0, ASK);
    for _ in 0..8 {
        talk.next[1] = talk.next[1].wrapping_add(0x7fff_0000);
        for _ in 0..20 {
            talk.say(&mut pcap, 1, &[b'x'; 60_000]);
        }
    }
    talk.close(&mut pcap);
    verify("gap", &pcap.0).within(100, 30).names("missing");
}

#[test]
fn what_stands_behind_a_wide_gap_waits_only_up_to_the_bound() {
    let mut pcap = Pcap::new();
    let ends = [[10, 0, 0, 1], [192, 0, 2, 1]];
    pcap.tcp(ends, [40_000, 80], [1, 0], SYN, &[]);
    for at in 0..80 {
        pcap.tcp(ends, [40_000, 80], [0x1000_0000 + at * 60_000, 1], ACK, &vec![b'x'; 60_000]);
    }
    verify("early gap", &pcap.0).within(100, 30).names("limit REORDER_BYTES)");
}

#[test]
fn requests_without_answers_do_not_pile_up() {
    let sent = ASK.repeat(times(50_000));
    verify("pipelined", &dialogue(80, &sent, b"")).within(150, 30).names("PIPELINED_REQUESTS");
}

#[test]
fn chunks_without_end_are_counted_not_kept() {
    let mut received =
        b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    received.extend(b"1\r\nx\r\n".repeat(times(5_000_000)));
    verify("chunks", &dialogue(80, ASK, &received)).within(150, 60).names("BODY_KEPT");

    let mut received =
        b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n1;".to_vec();
    received.resize(times(1 << 20), b'x');
    verify("chunk line", &dialogue(80, ASK, &received)).within(100, 30).names("CHUNK_LINE_BYTES");
}

#[test]
fn tls_records_that_wait_for_keys_are_bounded() {
    let hello = tls_hello();
    let mut pcap = Pcap::new();
    let record = [&[23, 3, 3, 0x40, 0][..], &[0x5a; 0x4000]].concat();
    for number in 0..times(40) as u32 {
        let mut talk = Talk::open(&mut pcap, number, 443);
        talk.say(&mut pcap, 0, &hello[0]);
        talk.say(&mut pcap, 1, &hello[1]);
        talk.say(&mut pcap, 1, &record.repeat(128));
    }
    verify("TLS records", &pcap.0).within(250, 60).names("no CLIENT_HANDSHAKE_TRAFFIC_SECRET");
}

/// A ClientHello and a ServerHello of TLS 1.3 (RFC 8446 4.1).
fn tls_hello() -> [Vec<u8>; 2] {
    let wrap = |kind: u8, body: Vec<u8>| {
        let mut record = vec![22, 3, 3];
        record.extend((body.len() as u16 + 4).to_be_bytes());
        record.push(kind);
        record.extend(&(body.len() as u32).to_be_bytes()[1..]);
        [record, body].concat()
    };
    let client = [&[3, 3][..], &[7; 32], &[0, 0, 2, 0x13, 1, 1, 0, 0, 7, 0, 43, 0, 3, 2, 3, 4]].concat();
    let server = [&[3, 3][..], &[8; 32], &[0, 0x13, 1, 0, 0, 6, 0, 43, 0, 2, 3, 4]].concat();
    [wrap(1, client), wrap(2, server)]
}

fn bearer(token: &str) -> Vec<u8> {
    let sent = format!("GET /EWS/Exchange.asmx HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {token}\r\n\r\n");
    dialogue(80, sent.as_bytes(), b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
}

fn token(claims: &str) -> String {
    format!("{}.{}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#), URL_SAFE_NO_PAD.encode(claims))
}

#[test]
fn deep_json_in_a_token_is_given_up() {
    let claims = format!("{{\"iss\":{}1{}}}", "[".repeat(50_000), "]".repeat(50_000));
    verify("deep JSON", &bearer(&token(&claims))).within(100, 30).names("JSON_DEPTH");
}

#[test]
fn many_members_in_a_token_are_given_up() {
    let members: Vec<_> = (0..12_000).map(|number| format!("\"{number}\":1")).collect();
    verify("wide JSON", &bearer(&token(&format!("{{{}}}", members.join(",")))))
        .within(100, 30)
        .names("JSON_NODES");
}

#[test]
fn a_token_ten_levels_deep_is_read_to_the_bound() {
    let mut inner = token(r#"{"iss":"innermost"}"#);
    for level in 0..10 {
        inner = token(&format!("{{\"iss\":\"level {level}\",\"actortoken\":\"{inner}\"}}"));
    }
    verify("nested tokens", &bearer(&inner)).within(100, 30).names("TOKEN_DEPTH");
}

#[test]
fn an_archive_that_unpacks_without_end_is_given_up() {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    let block = vec![b' '; 1 << 20];
    for name in ["raw/1_c.txt", "raw/1_s.txt"] {
        archive.start_file(name, options).unwrap();
        archive.write_all(if name.ends_with("c.txt") { ASK } else { b"HTTP/1.1 200 OK\r\n\r\n" }).unwrap();
        for _ in 0..times(300) {
            archive.write_all(&block).unwrap();
        }
    }
    let bytes = archive.finish().unwrap().into_inner();
    verify("SAZ bomb", &bytes).within(150, 120).names("BODY_");
}

#[test]
fn a_har_of_very_many_entries_is_read_in_passing() {
    let mut har = br#"{"log":{"version":"1.2","creator":{"name":"x","version":"1"},"entries":[{}"#.to_vec();
    har.extend(br#",{"request":{"method":"GET","url":"http://h/"}}"#.repeat(times(2_000_001)));
    har.extend(b"]}}");
    // Four seconds of a release build; a debug build takes two minutes and more.
    verify("tiny entries", &gzip(&har)).within(250, 240).names("EXPORT_ENTRIES");
}

#[test]
fn a_har_that_nests_without_end_is_given_up() {
    let mut har = br#"{"log":{"version":"1.2","creator":{},"entries":[{"_x":"#.to_vec();
    har.resize(har.len() + times(4 << 20), b'[');
    verify("deep HAR", &har).within(100, 30).names("EXPORT_DEPTH");
}

#[test]
fn an_entry_of_a_har_that_does_not_end_is_given_up() {
    let mut har = br#"{"log":{"version":"1.2","creator":{},"entries":[{"request":{"method":"GET","url":"http://h/"}},{"_x":""#.to_vec();
    har.resize(times(257 << 20), b'a');
    verify("endless entry", &gzip(&har)).within(600, 120).names("EXPORT_ENTRY_BYTES");
}

#[test]
fn blocks_and_interfaces_of_pcapng_are_bounded() {
    let block = |kind: u32, body: &[u8]| {
        let length = (body.len() as u32 + 12).to_le_bytes();
        [&kind.to_le_bytes()[..], &length, body, &length].concat()
    };
    let section = block(0x0a0d_0d0a, b"\x4d\x3c\x2b\x1a\x01\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff");
    let interface = block(1, b"\x01\0\0\0\0\0\x04\0");
    let giant = block(10, &vec![0; (64 << 20) + 4]);
    verify("giant block", &gzip(&[&section[..], &giant, &interface].concat()))
        .within(150, 60)
        .names("CAPTURE_BLOCK");
    let many = interface.repeat(70_000);
    verify("interfaces", &[&section[..], &many].concat()).within(100, 30).names("CAPTURE_INTERFACES");
}

#[test]
fn a_tls_handshake_that_never_ends_is_bounded() {
    // Records of a handshake message that says it is 16 MiB long.
    let mut sent = vec![22, 3, 3, 0x40, 0, 1, 0xff, 0xff, 0xff];
    sent.resize(5 + 0x4000, 3);
    let more = [&[22, 3, 3, 0x40, 0][..], &[3; 0x4000]].concat();
    sent.extend(more.repeat(times(2000)));
    verify("endless handshake", &dialogue(443, &sent, b"")).within(100, 30).names("TLS_HANDSHAKE_BYTES");
}

#[test]
fn xml_that_nests_or_grows_without_end_is_given_up() {
    let mut body = b"<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>".to_vec();
    body.extend(b"<a>".repeat(times(60_000)));
    body.extend(b"<m:GetFolderResponseMessage ResponseClass=\"Error\">");
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=utf-8\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let claims = r#"{"iss":"00000004-0000-0ff1-ce00-000000000000@5e3a1c52-7d0b-4f1e-9c55-2b1f0a6d9e11","aud":"00000002-0000-0ff1-ce00-000000000000/h@5e3a1c52-7d0b-4f1e-9c55-2b1f0a6d9e11"}"#;
    let ask = format!(
        "POST /EWS/Exchange.asmx HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {}\r\n\r\n",
        token(claims)
    );
    let ask = ask.into_bytes();
    verify("deep XML", &dialogue(80, &ask, &[head.into_bytes(), body].concat()))
        .within(100, 30)
        .names("XML_DEPTH");

    let mut burp = b"<?xml version=\"1.0\"?><items burpVersion=\"2023\">".to_vec();
    burp.extend(b"<item>".repeat(times(500_000)));
    verify("deep Burp", &burp).within(150, 60).names("EXPORT_DEPTH");
}

#[test]
fn a_token_of_mebibytes_is_named_not_kept() {
    let mut har = String::from(
        r#"{"log":{"version":"1.2","creator":{},"entries":[{"request":{"method":"GET","url":"http://h/","headers":[{"name":"Authorization","value":"Bearer "#,
    );
    har.push_str(&token(&format!("{{\"iss\":\"{}\"}}", STANDARD.encode(vec![0; times(8 << 20)]))));
    har.push_str(r#""}]},"response":{"status":200,"headers":[]}}]}}"#);
    verify("large token", har.as_bytes()).within(300, 30).names("TOKEN_BYTES");
}

#[test]
fn a_log_is_read_line_by_line_whatever_its_lines() {
    let head = "#Software: Microsoft Internet Information Services 10.0\r\n#Fields: date time cs-method sc-status cs-uri-stem\r\n";
    let row = "2026-11-22 10:00:02 GET 200 /ews/x\r\n";
    let line = vec![b'A'; times(100 << 20)];
    verify("endless line", &[head.as_bytes(), row.as_bytes(), &line].concat()).within(90, 30);
    verify("many lines", &[head.as_bytes(), &row.as_bytes().repeat(times(400_000))].concat()).within(170, 60);
}
