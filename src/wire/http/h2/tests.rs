use proptest::prelude::*;

use super::*;
use crate::exchange::{Indexing, Response};
use crate::wire::http::Finished;

const S: Direction = Direction::Sent;
const R: Direction = Direction::Received;

fn frame(kind: Kind, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind.0, flags], &stream.to_be_bytes(), payload].concat()
}

/// Literals without indexing (RFC 7541 6.2.2), or with (6.2.1).
fn literals(indexed: bool, fields: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(if indexed { 0x40 } else { 0 });
        for text in [name, value] {
            assert!(text.len() < 127);
            block.push(u8::try_from(text.len()).unwrap());
            block.extend_from_slice(text.as_bytes());
        }
    }
    block
}

const BOTH: u8 = frame::END_HEADERS | frame::END_STREAM;

fn get(stream: u32, path: &str) -> Vec<u8> {
    let fields = [(":method", "GET"), (":scheme", "https"), (":authority", "mail"), (":path", path)];
    frame(Kind::HEADERS, BOTH, stream, &literals(false, &fields))
}

fn answer(stream: u32, status: &str, body: &str) -> Vec<u8> {
    let head = literals(false, &[(":status", status), ("content-type", "text/plain")]);
    let mut bytes = frame(Kind::HEADERS, frame::END_HEADERS, stream, &head);
    bytes.extend(frame(Kind::DATA, frame::END_STREAM, stream, body.as_bytes()));
    bytes
}

enum Step {
    Data(Direction, Vec<u8>),
    Gap(Direction, u64),
}
use Step::{Data, Gap};

fn run_with(mut decoder: Http2, steps: &[Step]) -> Outbox {
    let mut out = Outbox::default();
    for (number, step) in (1..).zip(steps) {
        let at = FrameRef { number, time: None };
        match step {
            Data(direction, bytes) if !bytes.is_empty() => {
                decoder.push(*direction, StreamEvent::Data(Chunk { bytes, frames: &[at] }), &mut out);
            }
            Data(..) => {}
            Gap(direction, missing) => {
                decoder.push(*direction, StreamEvent::Gap { missing: *missing, at }, &mut out);
            }
        }
    }
    decoder.finish(&mut out);
    out
}

/// With the preface and the server's SETTINGS before.
fn run(steps: Vec<Step>) -> Outbox {
    let mut all = vec![Data(S, PREFACE.to_vec()), Data(S, frame(Kind::SETTINGS, 0, 0, &[]))];
    all.push(Data(R, frame(Kind::SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 100])));
    all.extend(steps);
    run_with(Http2::default(), &all)
}

fn pairs(out: &Outbox) -> Vec<String> {
    let target = |one: &Finished| one.request.as_ref().map_or("-".into(), |request| request.target.clone());
    let status =
        |one: &Finished| one.response.as_ref().map_or("-".into(), |response| response.status.to_string());
    out.exchanges.iter().map(|one| format!("{}={}", target(one), status(one))).collect()
}

fn request(one: &Finished) -> &Request {
    one.request.as_ref().unwrap()
}

fn response(one: &Finished) -> &Response {
    one.response.as_ref().unwrap()
}

fn noted(out: &Outbox) -> Vec<&'static str> {
    out.oddities.iter().map(|oddity| oddity.name).collect()
}

#[test]
fn pseudo_header_fields_make_the_start_line() {
    let out = run(vec![Data(S, get(1, "/ews")), Data(R, answer(1, "401", "no"))]);
    let one = &out.exchanges[0];
    assert_eq!(pairs(&out), ["/ews=401"]);
    assert_eq!((request(one).method.as_str(), request(one).host.as_deref()), ("GET", Some("mail")));
    assert_eq!(request(one).scheme.as_deref(), Some("https"));
    assert!(request(one).head.spans.is_empty() && request(one).body.complete);
    assert_eq!(response(one).head.bytes, &b"content-type: text/plain\r\n"[..]);
    assert_eq!((&response(one).body.bytes[..], response(one).body.complete), (&b"no"[..], true));
    assert_eq!(one.frames, (4, 5));
    assert!(out.oddities.is_empty() && one.oddities.is_empty());
}

#[test]
fn streams_interleave_and_padding_and_interim_responses_are_left_out() {
    let padded = |stream, flags, text: &str| {
        let payload = [&[3], text.as_bytes(), &[0; 3]].concat();
        frame(Kind::DATA, frame::PADDED | flags, stream, &payload)
    };
    let head = |stream, status| {
        let block = literals(true, &[(":status", status), ("content-type", "text/xml")]);
        frame(Kind::HEADERS, frame::END_HEADERS, stream, &block)
    };
    let received = [
        head(3, "103"),
        head(3, "200"),
        head(1, "404"),
        padded(3, 0, "thr"),
        frame(Kind::WINDOW_UPDATE, 0, 0, &[0, 0, 1, 0]),
        padded(1, frame::END_STREAM, "one"),
        padded(3, 0, "ee"),
        frame(Kind::HEADERS, BOTH, 3, &literals(false, &[("x-sum", "7")])),
    ];
    let out = run(vec![Data(S, get(1, "/1")), Data(S, get(3, "/3")), Data(R, received.concat())]);
    assert_eq!(pairs(&out), ["/1=404", "/3=200"]);
    assert_eq!(response(&out.exchanges[0]).body.bytes, &b"one"[..]);
    assert_eq!(response(&out.exchanges[1]).body.bytes, &b"three"[..]);
    assert_eq!(response(&out.exchanges[1]).head.get("x-sum"), Some(&b"7"[..]));
}

#[test]
fn a_stream_that_is_cancelled_after_all_of_its_content_is_whole() {
    for (content, complete) in [("whole", true), ("whol", false)] {
        let fields = [(":status", "200"), ("content-length", "5"), ("content-type", "text/plain")];
        let head = frame(Kind::HEADERS, frame::END_HEADERS, 1, &literals(false, &fields));
        let data = frame(Kind::DATA, 0, 1, content.as_bytes());
        let reset = frame(Kind::RST_STREAM, 0, 1, &[0, 0, 0, 8]);
        let out = run(vec![Data(S, get(1, "/a")), Data(R, [head, data].concat()), Data(S, reset)]);
        let body = &out.exchanges[0].response.as_ref().unwrap().body;
        assert_eq!((body.total, body.complete), (content.len() as u64, complete));
    }
}

#[test]
fn header_blocks_continue_and_resets_end_streams() {
    let block = literals(false, &[(":method", "POST"), (":path", "/p"), ("authorization", "Bearer x")]);
    let (first, second) = block.split_at(10);
    let sent = [frame(Kind::HEADERS, 0, 1, first), frame(Kind::CONTINUATION, frame::END_HEADERS, 1, second)];
    let reset = frame(Kind::RST_STREAM, 0, 1, &[0, 0, 0, 7]);
    let out = run(vec![Data(S, sent.concat()), Data(R, reset)]);
    let one = &out.exchanges[0];
    assert_eq!(request(one).head.get("Authorization"), Some(&b"Bearer x"[..]));
    assert!(!request(one).body.complete && one.response.is_none());
    assert_eq!(one.oddities[0].name, "h2-stream-reset");
    // Something else inside a block.
    let sent = [frame(Kind::HEADERS, 0, 1, first), frame(Kind::PING, 0, 0, &[0; 8]), get(3, "/3")];
    let out = run(vec![Data(S, sent.concat())]);
    assert_eq!((pairs(&out), noted(&out)), (vec!["/3=-".to_owned()], vec!["h2-protocol-error"]));
    assert!(out.request_head_lost);
}

#[test]
fn indexing_of_a_token_is_told() {
    let block = [
        literals(false, &[(":method", "GET"), (":path", "/")]),
        b"\x10\x0dauthorization\x01a".to_vec(),
        b"\x57\x01b".to_vec(),
        b"\x0f\x08\x01c".to_vec(),
    ];
    let out = run(vec![Data(S, frame(Kind::HEADERS, BOTH, 1, &block.concat()))]);
    let kinds: Vec<_> =
        request(&out.exchanges[0]).head.fields().map(|field| (field.value, field.indexing)).collect();
    assert_eq!(kinds, [(&b"a"[..], Indexing::Never), (b"b", Indexing::Indexed), (b"c", Indexing::Plain)]);
}

#[test]
fn a_start_in_the_middle_keeps_literals_and_guesses_nothing() {
    // An unknown entry (62), then literals.
    let block = [b"\x82\x87\xbe".to_vec(), literals(true, &[(":path", "/x"), ("authorization", "Bearer t")])]
        .concat();
    let sent = frame(Kind::HEADERS, BOTH, 77, &block);
    let again = frame(Kind::HEADERS, BOTH, 79, b"\x82\x87\xbf\xbe");
    let out =
        run_with(Http2::midway(), &[Data(S, b"tail of a frame".to_vec()), Data(S, sent), Data(S, again)]);
    assert_eq!(pairs(&out), ["/x=-", "/x=-"]);
    let fields: Vec<_> =
        request(&out.exchanges[0]).head.fields().map(|field| (field.name, field.value)).collect();
    assert_eq!(fields, [(&b""[..], &b""[..]), (b"authorization", b"Bearer t")]);
    assert_eq!(request(&out.exchanges[0]).head.spans[0].indexing, Indexing::Unknown);
    assert_eq!(request(&out.exchanges[1]).head.get("authorization"), Some(&b"Bearer t"[..]));
    assert!(out.request_head_lost);
}

#[test]
fn frames_are_recognised_in_the_middle_of_a_connection_and_other_bytes_are_not() {
    let settings = frame(Kind::SETTINGS, frame::ACK, 0, &[]);
    assert!(Http2::recognise_midway(S, &get(77, "/x")));
    assert!(Http2::recognise_midway(R, &answer(77, "200", "ok")));
    assert!(Http2::recognise_midway(R, &settings));
    let long = frame(Kind::HEADERS, BOTH, 77, &[b"\x83".to_vec(), vec![0; 3000]].concat());
    assert!(Http2::recognise_midway(S, &long[..1400]));
    for other in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03",
        &[0; 64],
        b"\0\0\x08",
        b"",
    ] {
        assert!(!Http2::recognise_midway(S, other) && !Http2::recognise_midway(R, other));
    }
}

#[test]
fn a_hole_in_data_is_skipped_exactly_and_elsewhere_the_table_is_forgotten() {
    let response_ = answer(1, "200", "0123456789");
    let (front, rest) = response_.split_at(response_.len() - 8);
    let out = run(vec![
        Data(S, get(1, "/1")),
        Data(S, get(3, "/3")),
        Data(R, front.to_vec()),
        Gap(R, 5),
        Data(R, rest[5..].to_vec()),
        Data(R, answer(3, "200", "ok")),
    ]);
    assert_eq!(pairs(&out), ["/1=200", "/3=200"]);
    let body = &response(&out.exchanges[0]).body;
    assert_eq!((&body.bytes[..], body.total, body.complete), (&b"01"[..], 10, false));
    assert!(response(&out.exchanges[1]).body.complete);

    let named =
        frame(Kind::HEADERS, BOTH, 1, &literals(true, &[(":method", "GET"), (":path", "/1"), ("a", "b")]));
    let lost = frame(Kind::HEADERS, BOTH, 3, &literals(true, &[("c", "d")]));
    let after = frame(Kind::HEADERS, BOTH, 5, b"\x82\xbf\xbe");
    let length = lost.len() as u64;
    let out = run(vec![Data(S, named), Gap(S, length), Data(S, after)]);
    // 62 and 63 are one entry older than they would be without the loss: nobody can say what they are.
    assert_eq!(pairs(&out), ["/1=-", "=-"]);
    assert!(request(&out.exchanges[1]).head.fields().all(|field| field.value.is_empty()));
    assert!(out.request_head_lost);
}

#[test]
fn an_upgraded_connection_has_its_first_request() {
    let request_ = Request { method: "GET".into(), target: "/up".into(), ..Request::default() };
    let sent = [PREFACE.to_vec(), frame(Kind::SETTINGS, 0, 0, &[]), get(3, "/3")].concat();
    let received = [frame(Kind::SETTINGS, 0, 0, &[]), answer(1, "200", ""), answer(3, "204", "")].concat();
    let out = run_with(Http2::upgraded(request_, Vec::new()), &[Data(S, sent), Data(R, received)]);
    assert_eq!(pairs(&out), ["/up=200", "/3=204"]);
}

#[test]
fn a_promised_request_is_marked() {
    let block = literals(false, &[(":method", "GET"), (":path", "/pushed")]);
    let promise = frame(Kind::PUSH_PROMISE, frame::END_HEADERS, 1, &[&[0, 0, 0, 2][..], &block].concat());
    let received = [promise, answer(1, "200", "a"), answer(2, "200", "b")].concat();
    let out = run(vec![Data(S, get(1, "/1")), Data(R, received)]);
    assert_eq!(pairs(&out), ["/1=200", "/pushed=200"]);
    assert_eq!(out.exchanges[1].oddities[0].name, "h2-pushed");
}

#[test]
fn the_table_follows_the_acknowledged_setting() {
    let announce = frame(Kind::SETTINGS, 0, 0, &[0, 1, 0, 0, 0x10, 0x01]);
    let grow = |stream| {
        frame(
            Kind::HEADERS,
            BOTH,
            stream,
            &[b"\x3f\xe2\x1f\x82".to_vec(), literals(false, &[(":path", "/")])].concat(),
        )
    };
    let acknowledge = || frame(Kind::SETTINGS, frame::ACK, 0, &[]);
    // 4097 is allowed from the acknowledgement of that setting on, 4098 is not.
    let more = frame(Kind::HEADERS, BOTH, 5, b"\x3f\xe3\x1f\x82");
    let out = run(vec![
        Data(R, announce),
        Data(S, [acknowledge(), acknowledge(), grow(1)].concat()),
        Data(S, more),
    ]);
    assert_eq!(noted(&out), ["h2-compression-error"]);
    assert_eq!(pairs(&out).first().map(String::as_str), Some("/=-"));
}

#[test]
fn bounds_hold() {
    let mut sent = frame(Kind::HEADERS, 0, 1, &[]);
    (0..1000).for_each(|_| sent.extend(frame(Kind::CONTINUATION, 0, 1, &[])));
    sent.extend(frame(Kind::CONTINUATION, frame::END_HEADERS, 1, b"\x82"));
    sent.extend(get(3, "/3"));
    let out = run(vec![Data(S, sent)]);
    assert_eq!((pairs(&out), noted(&out)), (vec!["/3=-".to_owned()], vec!["h2-header-list-too-long"]));
    assert!(out.request_head_lost);
    // A bomb: one large entry, named again and again.
    let mut block = b"\x82\x40\x01a\x7f\x81\x1e".to_vec();
    block.extend(vec![b'x'; 4000]);
    block.extend(vec![0xbe; 12_000]);
    let out = run(vec![Data(S, frame(Kind::HEADERS, BOTH, 1, &block))]);
    let head = &request(&out.exchanges[0]).head;
    assert!(head.bytes.len() <= limits::HEAD_BYTES && !request(&out.exchanges[0]).body.complete);
    assert!(out.request_head_lost);
}

fn conversation() -> [Vec<u8>; 2] {
    let post = [(":method", "POST"), (":scheme", "https"), (":path", "/p"), ("content-type", "text/xml")];
    let block = literals(true, &post);
    let sent = [
        PREFACE.to_vec(),
        frame(Kind::SETTINGS, 0, 0, &[0, 1, 0, 0, 0, 0]),
        get(1, "/1"),
        frame(Kind::HEADERS, 0, 3, &block[..20]),
        frame(Kind::CONTINUATION, frame::END_HEADERS, 3, &block[20..]),
        frame(Kind::DATA, frame::PADDED, 3, b"\x02<a>\0\0"),
        get(5, "/5"),
        frame(Kind::DATA, frame::END_STREAM, 3, b"</a>"),
        frame(Kind::GOAWAY, 0, 0, &[0; 8]),
    ];
    let received = [
        frame(Kind::SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 100]),
        answer(1, "200", "one"),
        frame(Kind::HEADERS, BOTH, 3, &literals(true, &[(":status", "204"), ("a", "b")])),
        answer(5, "401", "five"),
    ];
    [sent.concat(), received.concat()]
}

fn cut(cuts: &[usize]) -> Outbox {
    let [sent, received] = conversation();
    let mut steps = Vec::new();
    let mut turn = cuts.iter().cycle();
    for (direction, bytes) in [(S, sent), (R, received)] {
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let (part, after) = rest.split_at((*turn.next().unwrap()).min(rest.len()));
            steps.push(Data(direction, part.to_vec()));
            rest = after;
        }
    }
    run_with(Http2::default(), &steps)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn however_the_stream_is_cut_the_exchanges_are_the_same(cuts in prop::collection::vec(1usize..60, 1..30)) {
        let (whole, parts) = (cut(&[usize::MAX]), cut(&cuts));
        prop_assert_eq!(pairs(&whole), ["/1=200", "/p=204", "/5=401"]);
        prop_assert_eq!(pairs(&whole), pairs(&parts));
        for (one, other) in whole.exchanges.iter().zip(&parts.exchanges) {
            let (a, b) = (request(one), request(other));
            prop_assert_eq!((&a.head.bytes, &a.head.spans, &a.body.bytes), (&b.head.bytes, &b.head.spans, &b.body.bytes));
            let (a, b) = (response(one), response(other));
            prop_assert_eq!((&a.head.bytes, &a.head.spans, &a.body.bytes), (&b.head.bytes, &b.head.spans, &b.body.bytes));
            prop_assert!(a.body.complete && b.body.complete && other.oddities.is_empty());
        }
    }

    #[test]
    fn a_lost_packet_never_makes_another_exchange(size in 5usize..80, lost in 0usize..100, known in any::<bool>()) {
        let whole = cut(&[usize::MAX]);
        let [sent, received] = conversation();
        let mut steps = Vec::new();
        for (direction, bytes) in [(S, sent), (R, received)] {
            steps.extend(bytes.chunks(size).map(|part| Data(direction, part.to_vec())));
        }
        let lost = lost % steps.len();
        if let Data(direction, bytes) = &steps[lost] {
            steps[lost] = Gap(*direction, if known { bytes.len() as u64 } else { 0 });
        }
        let fields = |head: &crate::exchange::Head| -> Vec<(Vec<u8>, Vec<u8>)> {
            head.fields().filter(|field| field.indexing != Indexing::Unknown)
                .map(|field| (field.name.to_vec(), field.value.to_vec())).collect()
        };
        for one in &run_with(Http2::default(), &steps).exchanges {
            let same = whole.exchanges.iter().any(|other| {
                one.request.as_ref().is_none_or(|a| {
                    let b = request(other);
                    (a.target == b.target || a.target.is_empty())
                        && fields(&a.head).iter().all(|field| fields(&b.head).contains(field))
                        && b.body.bytes.starts_with(&a.body.bytes)
                }) && one.response.as_ref().is_none_or(|a| {
                    let b = response(other);
                    (a.status == b.status || a.status == 0)
                        && fields(&a.head).iter().all(|field| fields(&b.head).contains(field))
                        && b.body.bytes.starts_with(&a.body.bytes)
                })
            });
            prop_assert!(same, "{:?}", one);
        }
    }

    #[test]
    fn any_bytes_end_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        fuzz(&bytes);
        let mut decoder = Http2::default();
        let mut out = Outbox::default();
        let at = [FrameRef { number: 1, time: None }];
        for direction in Direction::BOTH {
            let bytes = if direction == S { [PREFACE, &bytes].concat() } else { bytes.clone() };
            if !bytes.is_empty() {
                decoder.push(direction, StreamEvent::Data(Chunk { bytes: &bytes, frames: &at }), &mut out);
            }
        }
        decoder.finish(&mut out);
    }

    #[test]
    fn any_frames_end_without_panic(
        frames in prop::collection::vec((0u8..11, any::<u8>(), 0u32..6, prop::collection::vec(any::<u8>(), 0..40), any::<bool>()), 0..30),
    ) {
        let steps: Vec<_> = frames.iter().map(|(kind, flags, stream, payload, sent)| {
            Data(if *sent { S } else { R }, frame(Kind(*kind), *flags, *stream, payload))
        }).collect();
        run(steps);
    }
}

#[test]
fn what_is_said_in_a_tunnel_is_told_as_not_read() {
    let asked =
        |fields: &[(&str, &str)]| frame(Kind::HEADERS, frame::END_HEADERS, 1, &literals(false, fields));
    let said = |fields: &[(&str, &str)], status: &str| {
        run(vec![
            Data(S, asked(fields)),
            Data(R, frame(Kind::HEADERS, frame::END_HEADERS, 1, &literals(false, &[(":status", status)]))),
            Data(S, frame(Kind::DATA, frame::END_STREAM, 1, b"GET /ews HTTP/1.1\r\n\r\n")),
            Data(R, frame(Kind::DATA, frame::END_STREAM, 1, b"")),
        ])
    };
    let tunnel = [(":method", "CONNECT"), (":authority", "mail:443")];
    let out = said(&tunnel, "200");
    assert!(out.request_head_lost);
    assert_eq!(out.oddities.iter().map(|oddity| oddity.name).collect::<Vec<_>>(), ["h2-tunnel"]);
    assert!(!said(&tunnel, "407").request_head_lost);
    let socket = [
        (":method", "CONNECT"),
        (":protocol", "websocket"),
        (":scheme", "https"),
        (":authority", "mail"),
        (":path", "/chat"),
    ];
    assert!(!said(&socket, "200").request_head_lost);
}
