//! What could not be read is told, and what hides nothing is not: captures are built byte by byte, and judged from
//! outside.

#[allow(dead_code)]
#[path = "bounds/build.rs"]
mod build;

use build::{Pcap, Talk, dialogue, gzip, verify};
use serde_json::Value;

const GET: &[u8] = b"GET /ews/a HTTP/1.1\r\nHost: mail.contoso.example\r\n\r\n";
const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const FORM: &[u8] = b"grant_type=password&username=u&password=secret";

/// What a check came to, and what it misses.
fn outcome(name: &str, capture: &[u8], check: &str) -> (String, String) {
    let run = verify(name, capture);
    let first = serde_json::Deserializer::from_str(&run.said).into_iter::<Value>().next();
    let report = first.unwrap().unwrap();
    let checks = report["checks"].as_array().unwrap();
    let found = checks.iter().find(|one| one["id"] == check).unwrap();
    (found["outcome"].as_str().unwrap().to_owned(), found["missing"].to_string())
}

/// A whole conversation, and one packet more.
fn beside(protocol: u8, fragment: u16, payload: &[u8]) -> Vec<u8> {
    let mut pcap = Pcap(dialogue(80, GET, OK));
    pcap.ip([[10, 9, 9, 9], [192, 0, 2, 1]], 7, fragment, protocol, payload);
    pcap.0
}

#[test]
fn packets_that_nobody_can_read_leave_coverage_open() {
    for (why, capture) in [
        ("ESP", beside(50, 0, &[9; 80])),
        ("without an end", beside(6, 0x2000, &[9; 80])),
        ("TCP header", beside(6, 0, &[0, 80, 0, 80])),
    ] {
        let (outcome, missing) = outcome(why, &capture, "coverage");
        assert_eq!(outcome, "not-established", "{why}");
        assert!(missing.contains(why) && missing.contains("1 packet of input 0"), "{missing}");
    }
}

#[test]
fn packets_that_hide_nothing_do_not() {
    for (name, capture) in [
        ("nothing", dialogue(80, GET, OK)),
        ("ICMP", beside(1, 0, &[8; 40])),
        ("OSPF", beside(89, 0, &[2; 40])),
        ("a whole datagram", beside(17, 0, &[0, 53, 0, 53, 0, 12, 0, 0, 1, 2, 3, 4])),
    ] {
        assert_eq!(outcome(name, &capture, "coverage"), ("pass".to_owned(), "[]".to_owned()), "{name}");
    }
}

fn asked(fields: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST /tokens/OAuth/2 HTTP/1.1\r\nHost: accounts.accesscontrol.windows.net\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n{fields}\r\n\r\n"
    );
    dialogue(80, &[head.as_bytes(), body].concat(), OK)
}

#[test]
fn a_password_below_a_coding_of_the_transfer_is_seen() {
    let coded = gzip(FORM);
    let chunked = [format!("{:x}\r\n", coded.len()).as_bytes(), &coded, b"\r\n0\r\n\r\n"].concat();
    let capture = asked("Transfer-Encoding: gzip, chunked", &chunked);
    assert_eq!(outcome("gzip in chunks", &capture, "no-basic").0, "fail");
    let unknown = asked("Transfer-Encoding: compress, chunked", &chunked);
    assert_eq!(outcome("compress in chunks", &unknown, "no-basic").0, "not-established");
}

#[test]
fn a_request_behind_a_body_of_unknown_length_leaves_no_basic_open() {
    for length in ["Content-Length: abc", "Content-Length: 5, 6", "Transfer-Encoding: chunked"] {
        let first =
            format!("POST /ews/a HTTP/1.1\r\nHost: mail.contoso.example\r\n{length}\r\n\r\nno chunk\r\n");
        let second =
            b"GET /ews/b HTTP/1.1\r\nHost: mail.contoso.example\r\nAuthorization: Basic dTpw\r\n\r\n";
        let capture = dialogue(80, &[first.as_bytes(), second].concat(), &[OK, OK].concat());
        let (outcome, missing) = outcome(length, &capture, "no-basic");
        assert_eq!(outcome, "not-established", "{length}");
        assert!(missing.contains("request head"), "{missing}");
    }
}

#[test]
fn an_answer_whose_coding_is_cut_is_told() {
    let answer = |coded: &[u8]| {
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
            coded.len()
        );
        dialogue(80, GET, &[head.as_bytes(), coded].concat())
    };
    let coded = gzip(&br#"{"token_type":"Bearer","expires_in":"3600","scope":"everything"}"#.repeat(20));
    assert_eq!(outcome("whole", &answer(&coded), "coverage").0, "pass");
    let (outcome, missing) = outcome("cut", &answer(&coded[..coded.len() / 2]), "coverage");
    assert_eq!(outcome, "not-established");
    assert!(missing.contains("gzip data that is damaged or cut"), "{missing}");
}

#[test]
fn fields_beyond_the_bound_leave_coverage_open() {
    let fields: String = (0..1500).map(|number| format!("X-{number}: a\r\n")).collect();
    let head = format!("GET /ews/a HTTP/1.1\r\nHost: mail.contoso.example\r\n{fields}\r\n");
    let (outcome, missing) = outcome("fields", &dialogue(80, head.as_bytes(), OK), "coverage");
    assert_eq!(outcome, "not-established");
    assert!(missing.contains("HEAD_FIELDS"), "{missing}");
}

#[test]
fn a_body_longer_than_is_kept_may_end_in_a_password() {
    let body = [b"a=".as_slice(), &vec![b'b'; 5_000_000], b"&", FORM].concat();
    let capture = asked(&format!("Content-Length: {}", body.len()), &body);
    assert_eq!(outcome("a long form", &capture, "no-basic").0, "not-established");
}

#[test]
fn tls_after_an_upgrade_is_a_closed_connection() {
    // Hellos with one suite and without extensions, and a record of data.
    let record = |kind: u8, body: &[u8]| [&[kind, 3, 3, 0, body.len() as u8], body].concat();
    let hello = |kind: u8, rest: &[u8]| {
        let body = [&[3, 3][..], &[7; 32], rest].concat();
        record(0x16, &[&[kind, 0, 0, body.len() as u8], &body[..]].concat())
    };
    let asks = hello(1, &[0, 0, 2, 0xc0, 0x2f, 1, 0]);
    let answers = hello(2, &[0, 0xc0, 0x2f, 0]);
    let data = record(0x17, &[9; 60]);
    for (upgrade, outcome_then) in [("TLS/1.2", "not-established"), ("websocket", "pass")] {
        let asked = format!(
            "GET /ews/a HTTP/1.1\r\nHost: mail.contoso.example\r\nConnection: Upgrade\r\nUpgrade: {upgrade}\r\n\r\n"
        );
        let answered =
            format!("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: {upgrade}\r\n\r\n");
        let mut pcap = Pcap::new();
        let mut talk = Talk::open(&mut pcap, 1, 80);
        talk.say(&mut pcap, 0, asked.as_bytes());
        talk.say(&mut pcap, 1, answered.as_bytes());
        for (side, bytes) in [(0, &asks), (1, &answers), (0, &data), (1, &data)] {
            talk.say(&mut pcap, side, bytes);
        }
        talk.close(&mut pcap);
        assert_eq!(outcome(upgrade, &pcap.0, "no-basic").0, outcome_then, "{upgrade}");
    }
}

/// A HAR of one request with these members.
fn har(request: &str) -> Vec<u8> {
    let response = r#"{"status":200,"headers":[{"name":"Content-Length","value":"0"}],"content":{"size":0}}"#;
    let time = "2026-11-22T10:00:00Z";
    format!(
        r#"{{"log":{{"version":"1.2","entries":[{{"startedDateTime":"{time}","request":{{{request}}},"response":{response}}}]}}}}"#
    )
    .into_bytes()
}

#[test]
fn a_password_in_the_address_of_an_export_is_seen() {
    let with = |user: &str| {
        har(&format!(
            r#""method":"GET","url":"https://{user}mail.contoso.example/ews/a","headers":[{{"name":"A","value":"b"}}]"#
        ))
    };
    assert_eq!(outcome("password", &with("anna:secret@"), "no-basic").0, "fail");
    assert_eq!(outcome("user", &with("anna@"), "no-basic").0, "pass");
    assert_eq!(outcome("nobody", &with(""), "no-basic").0, "pass");
    assert!(!verify("password", &with("anna:secret@")).said.contains("secret"));
}

#[test]
fn fields_in_any_of_two_lists_are_seen() {
    let basic = r#"[{"name":"Authorization","value":"Basic dTpw"}]"#;
    let other = r#"[{"name":"A","value":"b"}]"#;
    for (first, second) in [(basic, other), (other, basic)] {
        let request = format!(
            r#""method":"GET","url":"https://mail.contoso.example/ews/a","headers":{first},"headers":{second}"#
        );
        assert_eq!(outcome("two lists", &har(&request), "no-basic").0, "fail");
    }
}

#[test]
fn an_exchange_in_scope_without_its_answer_leaves_coverage_open() {
    let request =
        r#""method":"GET","url":"https://mail.contoso.example/ews/a","headers":[{"name":"A","value":"b"}]"#;
    let whole = String::from_utf8(har(request)).unwrap();
    let status = |status: &str| whole.replace("\"status\":200", status).into_bytes();
    assert_eq!(outcome("answered", &status("\"status\":200"), "coverage").0, "pass");
    assert_eq!(outcome("not answered", &status("\"status\":0"), "coverage").0, "not-established");
}
