use proptest::prelude::*;

use super::*;
use crate::exchange::{Head, Request, Response};
use crate::wire::http::{Finished, Tunnel};

const S: Direction = Direction::Sent;
const R: Direction = Direction::Received;

/// What a test pushes: bytes, a hole, or an end.
#[derive(Clone)]
enum Step<'a> {
    Data(Direction, &'a [u8]),
    Gap(Direction, u64),
    End(Direction, End),
}
use Step::{Data, Gap};

/// One frame a step.
fn run_with(mut decoder: Http1, steps: &[Step<'_>]) -> Outbox {
    let mut out = Outbox::default();
    for (number, step) in (1..).zip(steps) {
        let at = FrameRef { number, time: None };
        match step {
            Data(direction, bytes) => {
                decoder.push(*direction, StreamEvent::Data(Chunk { bytes, frames: &[at] }), &mut out);
            }
            Gap(direction, missing) => {
                decoder.push(*direction, StreamEvent::Gap { missing: *missing, at }, &mut out);
            }
            Step::End(direction, end) => decoder.push(*direction, StreamEvent::End(*end), &mut out),
        }
    }
    decoder.finish(&mut out);
    out
}

fn run(steps: &[Step<'_>]) -> Outbox {
    run_with(Http1::default(), steps)
}

/// `target=status` of each exchange; `-` where a half is missing.
fn pairs(out: &Outbox) -> Vec<String> {
    out.exchanges
        .iter()
        .map(|one| {
            let target = one.request.as_ref().map_or("-", |request| &request.target);
            let status = one.response.as_ref().map_or("-".to_owned(), |response| response.status.to_string());
            format!("{target}={status}")
        })
        .collect()
}

fn names(one: &Finished) -> Vec<&'static str> {
    one.oddities.iter().map(|oddity| oddity.name).collect()
}

fn request(one: &Finished) -> &Request {
    one.request.as_ref().unwrap()
}

fn response(one: &Finished) -> &Response {
    one.response.as_ref().unwrap()
}

const GET_A: &[u8] = b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
const GET_B: &[u8] = b"GET /b HTTP/1.1\r\nHost: h\r\n\r\n";
const GET_C: &[u8] = b"GET /c HTTP/1.1\r\nHost: h\r\n\r\n";
const OK_2: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok";
const NO_401: &[u8] = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n";

#[test]
fn a_head_keeps_its_bytes_its_order_and_its_places() {
    let head = b"\r\nPOST /ews/exchange.asmx HTTP/1.1\r\nHost: mail\r\nauthorization:  Bearer x \r\nX: 1\r\nx: 2\r\n\r\n";
    let out = run(&[Data(S, head), Data(R, OK_2)]);
    let one = &out.exchanges[0];
    assert_eq!(request(one).method, "POST");
    assert_eq!(request(one).host.as_deref(), Some("mail"));
    assert_eq!(request(one).head.bytes, head[2..]);
    let field = request(one).head.all("Authorization").next().unwrap();
    assert_eq!(field.value, b"Bearer x");
    assert_eq!(&head[2..][field.value_at..][..8], b"Bearer x");
    assert_eq!(request(one).head.all("x").map(|field| field.value).collect::<Vec<_>>(), [b"1", b"2"]);
    assert_eq!(response(one).body.bytes, b"ok"[..]);
    assert!(one.oddities.is_empty() && response(one).body.complete);
    assert_eq!(one.frames, (1, 2));
    assert_eq!(request(one).head.frames.frames(0..5), [1]);
    assert_eq!(response(one).body.frames.frames(0..2), [2]);
}

#[test]
fn pipelined_requests_meet_their_responses_in_order() {
    let head = b"HEAD /h HTTP/1.1\r\nHost: h\r\n\r\n";
    let sent = [GET_A, head, GET_C].concat();
    let received =
        [OK_2, b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", b"HTTP/1.1 204 No\r\n\r\n"].concat();
    assert_eq!(pairs(&run(&[Data(S, &sent), Data(R, &received)])), ["/a=200", "/h=200", "/c=204"]);
    // The capture may hold a response before its request.
    assert_eq!(pairs(&run(&[Data(R, &received), Data(S, &sent)])), ["/a=200", "/h=200", "/c=204"]);
}

#[test]
fn interim_responses_are_dropped() {
    let post = b"POST /a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n";
    let out =
        run(&[Data(S, post), Data(R, b"HTTP/1.1 100 Continue\r\n\r\n"), Data(S, b"abc"), Data(R, OK_2)]);
    assert_eq!(pairs(&out), ["/a=200"]);
    assert_eq!(request(&out.exchanges[0]).body.bytes, b"abc"[..]);
    // A client that is refused need not send the body.
    let out = run(&[Data(S, post), Data(R, NO_401), Data(S, GET_B), Data(R, OK_2)]);
    assert_eq!(pairs(&out), ["/a=401", "/b=200"]);
    // Nothing is missing then (RFC 9110 10.1.1), nor where it closes the connection instead of asking again.
    assert!(request(&out.exchanges[0]).body.complete);
    let out = run(&[Data(S, post), Data(R, NO_401), Step::End(S, End::Fin), Step::End(R, End::Fin)]);
    assert_eq!(
        (pairs(&out), names(&out.exchanges[0])),
        (vec!["/a=401".to_owned()], vec!["http-body-absent"])
    );
    assert!(request(&out.exchanges[0]).body.complete);
    // Whoever did not ask first, or began to send, has sent too little.
    let unasked = b"POST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\n";
    for sent in [&unasked[..], &[&post[..], b"a"].concat()] {
        let out = run(&[Data(S, sent), Data(R, NO_401), Step::End(S, End::Fin), Step::End(R, End::Fin)]);
        assert!(!request(&out.exchanges[0]).body.complete);
    }
}

#[test]
fn a_message_is_found_whose_first_byte_stands_in_a_record_of_its_own() {
    let ask = |target: &str| format!("GET {target} HTTP/1.1\r\nHost: h\r\n\r\n");
    let [b, c] = ["/b", "/c"].map(|target| ask(target).into_bytes());
    let out = run(&[
        Data(S, GET_A),
        Data(R, OK_2),
        // Another request was lost, whose answer was not.
        Gap(S, 99),
        Data(R, &OK_2[..1]),
        Data(R, &OK_2[1..]),
        Data(S, &b[..1]),
        Data(S, &b[1..]),
        Data(R, &OK_2[..1]),
        Data(R, &OK_2[1..]),
        Data(S, &c[..1]),
        Data(S, &c[1..]),
        Data(R, NO_401),
    ]);
    assert_eq!(pairs(&out), ["/a=200", "-=200", "/b=200", "/c=401"]);
    assert_eq!(request(&out.exchanges[2]).head.frames.frames(0..9), [6, 7]);
    // A byte that begins nothing is forgotten.
    let out = run(&[Data(S, GET_A), Data(R, OK_2), Gap(S, 9), Data(S, b"G"), Data(S, GET_B), Data(R, OK_2)]);
    assert_eq!(pairs(&out).iter().filter(|pair| pair.starts_with("/b")).count(), 1);
}

#[test]
fn a_late_body_and_one_that_never_comes_are_told_apart() {
    let head =
        |framing: &str| format!("POST /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n{framing}\r\n\r\n");
    let next = b"POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n";
    for (framing, body, content) in [
        ("Content-Length: 5", &b"hello"[..], &b"hello"[..]),
        ("Content-Length: 1", b"x", b"x"),
        ("Content-Length: 5", b"", b""),
        ("Content-Length: 1", b"", b""),
        ("Transfer-Encoding: chunked", b"5\r\nhello\r\n0\r\n\r\n", b"hello"),
        ("Transfer-Encoding: chunked", b"", b""),
    ] {
        // It was answered before the body was sent, in one segment with the next request.
        let (first, late) = (head(framing), [body, next].concat());
        let out = run(&[Data(S, first.as_bytes()), Data(R, NO_401), Data(S, &late), Data(R, OK_2)]);
        assert_eq!(pairs(&out), ["/a=401", "/b=200"], "{framing} {body:?}");
        assert!(out.exchanges.iter().all(|one| request(one).method == "POST"), "{framing} {body:?}");
        let sent = &request(&out.exchanges[0]).body;
        assert_eq!((&sent.bytes[..], sent.complete), (content, true), "{framing} {body:?}");
        assert!(!out.request_head_lost, "{framing} {body:?}");
    }
}

#[test]
fn requests_behind_a_body_of_unknown_length_are_lost_heads() {
    for fields in ["Content-Length: 0x3", "Transfer-Encoding: unheard-of", "Transfer-Encoding: chunked"] {
        let first = format!("POST /a HTTP/1.1\r\n{fields}\r\n\r\nno chunk\r\n");
        let both = [first.as_bytes(), GET_B].concat();
        let out = run(&[Data(S, &both), Data(R, OK_2), Data(R, NO_401)]);
        assert!(out.request_head_lost, "{fields}");
    }
    // A body longer than its head says.
    let longer = [b"POST /a HTTP/1.1\r\nContent-Length: 1\r\n\r\na\x01", GET_B].concat();
    assert!(run(&[Data(S, &longer), Data(R, OK_2)]).request_head_lost);
}

#[test]
fn chunks_extensions_and_trailers_are_read() {
    let body = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=\"b\"\r\nabc\r\n0A\r\n0123456789\r\n0\r\nX-Sum: 7\r\n\r\n";
    let out = run(&[Data(S, GET_A), Data(R, body), Data(S, GET_B), Data(R, OK_2)]);
    assert_eq!(pairs(&out), ["/a=200", "/b=200"]);
    let one = response(&out.exchanges[0]);
    assert_eq!((&one.body.bytes[..], one.body.total, one.body.complete), (&b"abc0123456789"[..], 13, true));
    assert_eq!(one.head.get("x-sum"), Some(&b"7"[..]));
}

#[test]
fn a_body_that_ends_with_the_connection_is_whole_only_after_fin() {
    let head = b"HTTP/1.0 200 OK\r\n\r\nsome";
    for (end, complete) in [(End::Fin, true), (End::Reset, false), (End::Silence, false)] {
        let out = run(&[Data(S, GET_A), Data(R, head), Data(R, b"thing"), Step::End(R, end)]);
        let one = response(&out.exchanges[0]);
        assert_eq!((&one.body.bytes[..], one.body.complete), (&b"something"[..], complete));
    }
}

#[test]
fn contradicting_lengths_are_told_and_not_guessed() {
    let cases: [(&[u8], &str); 4] = [
        (b"Content-Length: 1\r\nContent-Length: 2", "http-length-conflict"),
        (b"Content-Length: +3", "http-length-conflict"),
        (b"Transfer-Encoding: pigeons", "http-transfer-coding"),
        (b"Content-Length: 3, 3", "http-length-repeated"),
    ];
    for (fields, name) in cases {
        let post = [b"POST /a HTTP/1.1\r\n", fields, b"\r\n\r\nabc"].concat();
        let out = run(&[Data(S, &post)]);
        assert_eq!(names(&out.exchanges[0]), [name]);
        assert_eq!(request(&out.exchanges[0]).body.complete, name == "http-length-repeated");
    }
    let both =
        b"POST /a HTTP/1.1\r\nContent-Length: 40\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n";
    let out = run(&[Data(S, both), Data(S, GET_B), Data(R, OK_2), Data(R, NO_401)]);
    assert_eq!(pairs(&out), ["/a=200", "/b=401"]);
    assert_eq!(names(&out.exchanges[0]), ["http-length-conflict"]);
    assert_eq!(request(&out.exchanges[0]).body.bytes, b"hi"[..]);
}

#[test]
fn tolerated_deviations_have_names() {
    let cases: [(&[u8], &str); 6] = [
        (b"GET / HTTP/1.1\nHost: h\n\n", "http-bare-lf"),
        (b"GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", "http-obsolete-fold"),
        (b"GET / HTTP/1.1\r\nA : b\r\n\r\n", "http-blank-before-colon"),
        (b"GET / HTTP/1.1\r\nnonsense\r\n\r\n", "http-malformed-field"),
        (b"GET  /  HTTP/1.1\r\n\r\n", "http-start-line-blanks"),
        (b"GET / HTTP/1.1\r\nA: b\0\r\n\r\n", "http-invalid-field-byte"),
    ];
    for (head, name) in cases {
        assert_eq!(names(&run(&[Data(S, head)]).exchanges[0]), [name]);
    }
}

#[test]
fn connect_and_upgrade_hand_over_what_was_read_too_far() {
    let connect = b"CONNECT mail:443 HTTP/1.1\r\nHost: mail:443\r\n\r\n";
    let out = run(&[
        Data(S, connect),
        Data(S, b"\x16\x03\x01hello"),
        Data(R, b"HTTP/1.1 200 Connection established\r\n\r\n\x16\x03\x03server"),
    ]);
    assert_eq!(pairs(&out), ["mail:443=200"]);
    let (kind, rest) = out.tunnel.unwrap();
    assert_eq!(kind, Tunnel::Connect("mail:443".into()));
    let rest: Vec<_> = rest.iter().map(|(direction, chunk)| (*direction, &chunk.bytes[..])).collect();
    assert_eq!(rest, [(S, &b"\x16\x03\x01hello"[..]), (R, b"\x16\x03\x03server")]);

    let upgrade = b"GET /ws HTTP/1.1\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n";
    let switch = b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x00";
    let out = run(&[Data(S, upgrade), Data(R, switch)]);
    assert_eq!(pairs(&out), ["/ws=101"]);
    assert_eq!(out.tunnel.unwrap().0, Tunnel::Upgrade("websocket".into()));
    // Refused: HTTP goes on.
    let out = run(&[Data(S, upgrade), Data(S, GET_B), Data(R, OK_2), Data(R, NO_401)]);
    assert_eq!(pairs(&out), ["/ws=200", "/b=401"]);
    assert!(out.tunnel.is_none());
}

#[test]
fn other_text_protocols_are_no_http() {
    let sent = |bytes: &[u8]| Http1::recognise(S, bytes);
    assert_eq!(sent(b"OPTIONS sip:a@b SIP/2.0\r\n"), Some(false));
    assert_eq!(sent(b"DESCRIBE rtsp://x RTSP/1.0\r\n"), Some(false));
    assert_eq!(sent(b"REQMOD icap://x ICAP/1.0\r\n"), Some(false));
    assert_eq!(sent(b"GET /\r\n"), None);
    assert_eq!(sent(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), Some(false));
    assert_eq!(sent(b"\x16\x03\x01"), Some(false));
    assert_eq!(sent(b"RPC_IN_DATA /rpc HTTP/1.1\r\n"), Some(true));
    assert_eq!(sent(b"GET /long/path"), Some(true));
    assert_eq!(sent(b"GE"), None);
    assert_eq!(Http1::recognise(R, b"HTTP/1.1 20"), None);
    assert_eq!(Http1::recognise(R, b"HTTP/1.1 200\r\n"), Some(true));
    assert_eq!(Http1::recognise(R, b"HTTP/2 200\r\n"), Some(false));
}

#[test]
fn a_head_that_a_loss_cuts_off_keeps_what_is_certain() {
    let cut = b"POST /a HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer t\r\nContent-Le";
    let out = run(&[Data(S, cut), Gap(S, 90), Data(R, NO_401), Data(S, GET_B), Data(R, OK_2)]);
    assert_eq!(pairs(&out)[0], "/a=401");
    let one = &out.exchanges[0];
    assert_eq!(request(one).head.get("authorization"), Some(&b"Bearer t"[..]));
    assert_eq!(request(one).head.all("content-le").count(), 0);
    assert!(names(one).contains(&"http-head-cut") && !request(one).body.complete && out.request_head_lost);
    assert!(request(one).head.partial && !response(one).head.partial);
    let out =
        run(&[Data(S, GET_A), Data(R, b"HTTP/1.1 401 No\r\nWWW-Authenticate: NTLM\r\nWWW-Auth"), Gap(R, 90)]);
    assert_eq!(
        (response(&out.exchanges[0]).head.spans.len(), response(&out.exchanges[0]).head.partial),
        (1, true)
    );
    // A value that is cut itself is not told: it would be a wrong token.
    let out = run(&[Data(S, &cut[..50]), Gap(S, 90)]);
    assert_eq!(request(&out.exchanges[0]).head.spans.len(), 1);
    let out = run(&[Data(S, cut), Step::End(S, End::Reset)]);
    assert_eq!(request(&out.exchanges[0]).head.spans.len(), 2);
    // The same for a response, but not where the connection ends: then it was never finished.
    let answer = b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\nContent";
    let out = run(&[Data(S, GET_A), Data(R, answer), Gap(R, 9)]);
    assert_eq!(pairs(&out), ["/a=401"]);
    assert_eq!(response(&out.exchanges[0]).head.spans.len(), 1);
    assert_eq!(pairs(&run(&[Data(S, GET_A), Data(R, answer), Step::End(R, End::Reset)])), ["/a=-"]);
    // Nothing is certain without a whole start line.
    assert!(run(&[Data(S, b"GET /lo"), Gap(S, 9)]).exchanges.is_empty());
    assert!(run(&[Data(S, GET_A), Data(R, b"HTTP/1.1 2"), Gap(R, 9)]).exchanges[0].response.is_none());
}

#[test]
fn a_message_with_a_bad_start_line_is_one_where_a_message_is_due() {
    let bad = b"GET /a HTTP/1.\r\nHost: h\r\nAuthorization: Bearer t\r\n\r\n";
    let out = run(&[Data(S, bad), Data(R, b"HTTP/2.0 200 ok\r\nContent-Length: 2\r\n\r\nok")]);
    assert_eq!(pairs(&out), ["/a=200"]);
    assert!(names(&out.exchanges[0]).contains(&"http-start-line-invalid"));
    assert_eq!(request(&out.exchanges[0]).head.get("authorization"), Some(&b"Bearer t"[..]));
    // After a loss it proves nothing.
    let out = run(&[Data(S, GET_A), Gap(S, 3), Data(S, bad)]);
    assert_eq!(pairs(&out), ["/a=-"]);
}

#[test]
fn a_hole_in_a_body_of_known_length_is_skipped_exactly() {
    let post = b"POST /a HTTP/1.1\r\nContent-Type: text/xml\r\nContent-Length: 10\r\n\r\nab";
    let out =
        run(&[Data(S, post), Gap(S, 5), Data(S, b"xyz"), Data(S, GET_B), Data(R, OK_2), Data(R, NO_401)]);
    assert_eq!(pairs(&out), ["/a=200", "/b=401"]);
    let body = &request(&out.exchanges[0]).body;
    assert_eq!((&body.bytes[..], body.total, body.complete), (&b"ab"[..], 10, false));
    assert!(!out.request_head_lost);
}

#[test]
fn a_lost_request_pairs_nobody_wrongly() {
    // /a was lost; the response that follows is its answer, not that of /b.
    for steps in [
        [Data(R, OK_2), Gap(S, 28), Data(S, GET_B), Data(R, NO_401)],
        [Gap(S, 28), Data(R, OK_2), Data(S, GET_B), Data(R, NO_401)],
    ] {
        let out = run(&steps);
        assert_eq!(pairs(&out), ["-=200", "/b=401"]);
        assert!(out.request_head_lost);
    }
    // A client that pipelines: nobody can say.
    let out = run(&[Gap(S, 28), Data(S, GET_B), Data(R, OK_2), Data(R, NO_401)]);
    assert!(!pairs(&out).contains(&"/b=200".to_owned()), "{:?}", pairs(&out));
}

#[test]
fn after_a_loss_whose_requests_were_answered_pairs_are_made_again() {
    const CHUNKED: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nab";
    const POST: &[u8] = b"POST /p HTTP/1.1\r\nContent-Length: 9\r\nTransf";
    let after = |lost: &[Step<'static>]| {
        let rest = [Data(S, GET_B), Data(R, NO_401), Data(S, GET_C), Data(R, OK_2)];
        pairs(&run(&[&[Data(S, GET_A), Data(R, OK_2)], lost, &rest].concat()))
    };
    // A whole exchange, told in either order; with the end of an answer; of unknown length, as inside TLS.
    for known in [60, 0] {
        assert_eq!(after(&[Gap(R, known), Gap(S, known)]), ["/a=200", "/b=401", "/c=200"], "{known}");
        assert_eq!(after(&[Gap(S, known), Gap(R, known)]), ["/a=200", "/b=401", "/c=200"], "{known}");
        let more = [Data(S, GET_A), Data(R, CHUNKED), Gap(R, known), Gap(S, known)];
        assert_eq!(after(&more), ["/a=200", "/a=200", "/b=401", "/c=200"], "{known}");
        // A part of an answer that was due.
        assert_eq!(after(&more[..3]), ["/a=200", "/a=200", "/b=401", "/c=200"], "{known}");
        // The end of a request that was answered.
        let cut = [Data(S, POST), Gap(S, known), Data(R, OK_2)];
        assert_eq!(after(&cut), ["/a=200", "/p=200", "/b=401", "/c=200"], "{known}");
    }
    // The answer was lost as well, and is that of none that follows.
    let cut = [Data(S, POST), Gap(R, 60), Gap(S, 60)];
    assert_eq!(after(&cut), ["/a=200", "/p=-", "/b=401", "/c=200"]);
    // The answer of what was lost may yet come: nobody can say.
    assert_eq!(after(&[Gap(S, 60)])[1], "/b=-");
    let two = [Data(S, POST), Gap(S, 60), Data(S, GET_C), Data(R, OK_2)];
    assert!(!after(&two).contains(&"/b=401".to_owned()), "{:?}", after(&two));
}

#[test]
fn a_lost_response_pairs_nobody_wrongly() {
    let out =
        run(&[Data(S, GET_A), Data(S, GET_B), Gap(R, 80), Data(R, NO_401), Data(S, GET_C), Data(R, OK_2)]);
    let mut found = pairs(&out);
    found.sort();
    assert_eq!(found, ["/a=-", "/b=401", "/c=200"]);
}

#[test]
fn a_response_that_was_recorded_before_its_request_leaves_it_to_nobody_else() {
    let mut decoder = Http1::default();
    let mut out = Outbox::default();
    let steps = [
        (1, Data(S, GET_A)),
        (2, Gap(R, 80)),
        (4, Data(S, GET_B)),
        (3, Data(R, NO_401)),
        (6, Data(S, GET_C)),
        (5, Data(R, OK_2)),
    ];
    for (number, step) in steps {
        let at = FrameRef { number, time: None };
        match step {
            Data(direction, bytes) => {
                decoder.push(direction, StreamEvent::Data(Chunk { bytes, frames: &[at] }), &mut out);
            }
            Gap(direction, missing) => decoder.push(direction, StreamEvent::Gap { missing, at }, &mut out),
            Step::End(..) => {}
        }
    }
    decoder.finish(&mut out);
    assert!(!pairs(&out).contains(&"/b=200".to_owned()), "{:?}", pairs(&out));
}

#[test]
fn a_head_with_a_hole_ends_there() {
    let out = run(&[Data(S, &GET_A[..20]), Gap(S, 4), Data(S, &GET_A[24..]), Data(R, OK_2), Data(S, GET_B)]);
    assert!(out.request_head_lost);
    assert_eq!(pairs(&out), ["/a=200", "/b=-"]);
}

#[test]
fn a_start_in_the_middle_resynchronises_at_a_message() {
    let steps = [
        Data(R, b"the end of a page"),
        Data(S, b"token.rest\r\n\r\n"),
        Data(R, OK_2),
        Data(S, GET_B),
        Data(R, NO_401),
    ];
    let out = run_with(Http1::midway(), &steps);
    assert_eq!(pairs(&out), ["-=200", "/b=401"]);
    assert!(out.request_head_lost);
    let out = run_with(Http1::midway(), &[Data(S, GET_A), Data(R, OK_2)]);
    assert_eq!(pairs(&out), ["/a=200"]);
    assert!(!out.request_head_lost);
}

#[test]
fn bounds_hold() {
    let endless = vec![b'a'; 1 << 20];
    let out = run(&[Data(S, b"GET / HTTP/1.1\r\nX: "), Data(S, &endless)]);
    assert!(out.exchanges.is_empty() && out.request_head_lost);
    assert_eq!(out.oddities[0].name, "http-head-too-long");
    let many = [b"GET / HTTP/1.1\r\n".to_vec(), b"A: b\r\n".repeat(3000), b"\r\n".to_vec()].concat();
    let out = run(&[Data(S, &many)]);
    assert_eq!(request(&out.exchanges[0]).head.spans.len(), limits::HEAD_FIELDS);
    assert!(out.request_head_lost);
    let big =
        [b"POST / HTTP/1.1\r\nContent-Length: 9000000\r\n\r\n".to_vec(), vec![b'x'; 9_000_000]].concat();
    let body = &request(&run(&[Data(S, &big)]).exchanges[0]).body.clone();
    assert_eq!((body.bytes.len(), body.total, body.complete), (limits::BODY_KEPT, 9_000_000, true));
}

#[test]
fn binary_bodies_are_counted_and_not_kept() {
    let page = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 4\r\n\r\n\x89PNG";
    let out = run(&[Data(S, GET_A), Data(R, page)]);
    let body = &response(&out.exchanges[0]).body;
    assert_eq!((body.bytes.len(), body.total, body.complete), (0, 4, true));
}

/// Both directions of a connection with most of what HTTP/1 has.
fn conversation() -> [Vec<u8>; 2] {
    let sent = [
        GET_A,
        b"POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1f;x=y\r\nassertion=aaaaaaaaaaaaaaaaaaaaa\r\n0\r\nT: 1\r\n\r\n",
        b"\r\nHEAD http://x/h HTTP/1.1\r\nHost: h\r\nA: b\r\n c\r\n\r\n",
        b"PUT /q HTTP/1.1\r\nContent-Length: 7\r\nContent-Type: text/plain\r\n\r\nseven b",
        GET_B,
    ];
    let received = [
        OK_2,
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 401 No\r\nWWW-Authenticate: Bearer\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n<a/>\r\n0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\nuntil the end",
    ];
    [sent.concat(), received.concat()]
}

/// Cuts both directions at `cuts` and interleaves them by `turns`.
fn cut(cuts: &[usize], turns: &[bool]) -> Outbox {
    let [sent, received] = conversation();
    let mut rests = [&sent[..], &received[..]];
    let mut decoder = Http1::default();
    let mut out = Outbox::default();
    let mut step = 0;
    while rests.iter().any(|rest| !rest.is_empty()) {
        let turn = usize::from(turns[step % turns.len()]);
        let which = if rests[turn].is_empty() { 1 - turn } else { turn };
        let count = cuts[step % cuts.len()].clamp(1, rests[which].len());
        let (bytes, rest) = rests[which].split_at(count);
        rests[which] = rest;
        let frames = [FrameRef { number: 1, time: None }];
        decoder.push(Direction::BOTH[which], StreamEvent::Data(Chunk { bytes, frames: &frames }), &mut out);
        step += 1;
    }
    decoder.push(R, StreamEvent::End(End::Fin), &mut out);
    decoder.finish(&mut out);
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn however_the_stream_is_cut_the_exchanges_are_the_same(
        cuts in prop::collection::vec(1usize..200, 1..30),
        turns in prop::collection::vec(any::<bool>(), 1..20),
    ) {
        let whole = cut(&[usize::MAX], &[false, true]);
        prop_assert_eq!(pairs(&whole), ["/a=200", "/p=401", "http://x/h=200", "/q=200", "/b=200"]);
        let parts = cut(&cuts, &turns);
        prop_assert_eq!(pairs(&whole), pairs(&parts));
        for (one, other) in whole.exchanges.iter().zip(&parts.exchanges) {
            let (a, b) = (request(one), request(other));
            prop_assert_eq!((&a.head.bytes, &a.head.spans, &a.body.bytes), (&b.head.bytes, &b.head.spans, &b.body.bytes));
            let (a, b) = (response(one), response(other));
            prop_assert_eq!((&a.head.bytes, &a.head.spans, &a.body.bytes), (&b.head.bytes, &b.head.spans, &b.body.bytes));
            prop_assert_eq!(names(one), names(other));
            prop_assert!(a.body.complete && b.body.complete);
        }
    }

    /// Dropping any one packet of an orderly conversation: what is found was there.
    #[test]
    fn a_lost_packet_never_makes_another_exchange(lost in 0usize..40, size in 8usize..120, known in any::<bool>()) {
        let sent = [GET_A, GET_B, GET_C, b"POST /p HTTP/1.1\r\nContent-Length: 30\r\n\r\n012345678901234567890123456789", GET_A];
        let received = [OK_2, NO_401, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n14\r\naaaaaaaaaabbbbbbbbbb\r\n0\r\n\r\n", OK_2, NO_401];
        let mut steps = Vec::new();
        for (ask, answer) in sent.iter().zip(received) {
            steps.extend(ask.chunks(size).map(|bytes| Data(S, bytes)));
            steps.extend(answer.chunks(size).map(|bytes| Data(R, bytes)));
        }
        let whole = run(&steps);
        let lost = lost % steps.len();
        if let Data(direction, bytes) = steps[lost].clone() {
            steps[lost] = Gap(direction, if known { bytes.len() as u64 } else { 0 });
        }
        for one in &run(&steps).exchanges {
            let cut = names(one).contains(&"http-head-cut");
            let head = |a: &Head, b: &Head| a.bytes == b.bytes || cut && b.bytes.starts_with(&a.bytes);
            let same = whole.exchanges.iter().any(|other| {
                one.request.as_ref().is_none_or(|a| {
                    let b = request(other);
                    head(&a.head, &b.head) && b.body.bytes.starts_with(&a.body.bytes)
                }) && one.response.as_ref().is_none_or(|a| {
                    let b = response(other);
                    head(&a.head, &b.head) && b.body.bytes.starts_with(&a.body.bytes)
                })
            });
            prop_assert!(same, "{:?}", one);
        }
    }

    #[test]
    fn any_bytes_end_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        fuzz(&bytes);
    }

    #[test]
    fn http_like_bytes_end_without_panic(words in prop::collection::vec(0usize..14, 0..60), gaps in any::<u64>()) {
        const WORDS: [&[u8]; 14] = [
            b"GET / HTTP/1.1\r\n", b"HTTP/1.1 200 OK\r\n", b"Content-Length: 3\r\n", b"\r\n", b"abc", b"5\r\n", b"0\r\n",
            b"Transfer-Encoding: chunked\r\n", b"CONNECT a:1 HTTP/1.1\r\n", b"HTTP/1.1 101 x\r\n", b"Upgrade: y\r\nConnection: upgrade\r\n",
            b"HEAD / HTTP/1.1\r\n\r\n", b"\n", b"HTTP/1.0 100 \r\n\r\n",
        ];
        let steps: Vec<_> = words.iter().enumerate().map(|(at, word)| {
            let direction = if WORDS[*word].starts_with(b"HTTP") { R } else { Direction::BOTH[at % 2] };
            if gaps >> (at % 64) & 7 == 0 { Gap(direction, gaps & 7) } else { Data(direction, WORDS[*word]) }
        }).collect();
        run(&steps);
    }
}
