use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prelude::*;

use super::*;
use crate::exchange::{Body, Exchange, Protocol, Response};
use crate::limits;
use crate::token::Role;

fn jws(payload: &str) -> String {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.AAECAwQF", part(r#"{"typ":"JWT","alg":"RS256"}"#), part(payload))
}

fn request(target: &str, fields: &[(&str, &str)], body: &[u8]) -> Request {
    let mut text = format!("POST {target} HTTP/1.1\r\n").into_bytes();
    let mut head = Head::from_pairs(fields.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())));
    let shift = u32::try_from(text.len()).unwrap();
    for span in &mut head.spans {
        span.name = span.name.start + shift..span.name.end + shift;
        span.value = span.value.start + shift..span.value.end + shift;
    }
    text.extend_from_slice(&head.bytes);
    head.bytes = text.into();
    head.frames.push(0, 7);
    let body =
        Body { bytes: body.to_vec().into(), total: body.len() as u64, complete: true, ..Body::default() };
    Request { method: "POST".into(), target: target.into(), head, body, ..Request::default() }
}

fn exchange(request: Option<Request>, response: Option<Response>) -> Exchange {
    Exchange {
        key: ExchangeKey::default(),
        connection: None,
        frames: None,
        until: None,
        client: None,
        server: None,
        protocol: Protocol::Http11,
        tls: None,
        request: request.map(Box::new),
        response: response.map(Box::new),
        oddities: Vec::new(),
    }
}

/// What was found: place, text, presented. Checks that every range holds the text where it is exact.
fn found(exchange: &Exchange) -> Vec<(String, String, bool)> {
    let mut store = TokenStore::default();
    in_exchange(exchange, &mut store)
        .iter()
        .map(|sighting| {
            let text = store.get(sighting.token).unwrap().text.clone();
            let place = sighting.location.to_string();
            let request = exchange.request.as_ref();
            let source = match sighting.location.part.split('.').next().unwrap() {
                "header" | "cookie" if place.starts_with("request") => &request.unwrap().head.bytes[..],
                "query" | "path" => request.unwrap().target.as_bytes(),
                "body" if place.starts_with("request") => &request.unwrap().body.bytes[..],
                "body" => &exchange.response.as_ref().unwrap().body.bytes[..],
                _ => &exchange.response.as_ref().unwrap().head.bytes[..],
            };
            let there = &source[sighting.location.bytes.clone()];
            assert!(
                !there.is_empty() && (there == text || there.contains(&b'%') || there.starts_with(b"ZXlK"))
            );
            (place, String::from_utf8_lossy(&text).into_owned(), sighting.presented)
        })
        .collect()
}

fn in_fields(fields: &[(&str, &str)]) -> Vec<(String, String, bool)> {
    found(&exchange(Some(request("/ews/exchange.asmx", fields, b"")), None))
}

fn in_body(media: &str, body: &str) -> Vec<(String, String, bool)> {
    found(&exchange(Some(request("/", &[("Content-Type", media)], body.as_bytes())), None))
}

fn row(place: &str, text: &str, presented: bool) -> (String, String, bool) {
    (place.to_owned(), text.to_owned(), presented)
}

#[test]
fn authorization_in_any_case_without_scheme_and_several_times() {
    let (a, b) = (jws(r#"{"n":1}"#), jws(r#"{"n":2}"#));
    let place = "request.header.authorization";
    for value in [
        format!("Bearer {a}"),
        format!("bEARER   {a}"),
        a.clone(),
        format!("\"{a}\""),
        format!("Bearer: {a}"),
    ] {
        assert_eq!(in_fields(&[("AUTHORIZATION", &value)]), [row(place, &a, true)], "{value}");
    }
    let both = [row(place, &a, true), row(place, &b, true)];
    assert_eq!(in_fields(&[("Authorization", &format!("Bearer {a}, Bearer {b}"))]), both);
    assert_eq!(in_fields(&[("Authorization", &format!("Bearer {a},{b}"))]), both);
    assert_eq!(
        in_fields(&[("Authorization", &format!("Bearer {a}")), ("authorization", &format!("Bearer {b}"))]),
        both
    );
    let msauth = format!("MSAuth1.0 actortoken=\"Bearer {a}\", accesstoken=\"Bearer {b}\", type=\"PFAT\"");
    assert_eq!(in_fields(&[("Authorization", &msauth)]), both);
    let proxy = in_fields(&[("Proxy-Authorization", &format!("Bearer {a}"))]);
    assert_eq!(proxy, [row("request.header.proxy-authorization", &a, true)]);
}

#[test]
fn other_schemes_empty_bearers_and_masks_are_no_tokens() {
    for value in [
        "Bearer",
        "Bearer ",
        "Basic dXNlcjpwYXNz",
        "Negotiate YIIabc==",
        "NTLM TlRMTVNTUA==",
        "Bearer ***",
        "Bearer <redacted>",
        "Digest username=\"a\", realm=\"b\"",
    ] {
        assert_eq!(in_fields(&[("Authorization", value)]), [], "{value}");
    }
    assert_eq!(in_fields(&[("X-Long", "they say that keys.are.not tokens, even eyJ")]), []);
}

#[test]
fn a_bearer_that_is_no_jwt_is_opaque() {
    let mut store = TokenStore::default();
    let request = request("/", &[("Authorization", "Bearer 2YotnFZFEjr1zCsicMWpAA")], b"");
    let found = in_exchange(&exchange(Some(request), None), &mut store);
    assert_eq!(store.get(found[0].token).unwrap().role, Role::Opaque);
    assert_eq!(found[0].frames, [7]);
}

#[test]
fn other_fields_cookies_and_protocols() {
    let a = jws(r#"{"n":1}"#);
    let found = in_fields(&[
        ("X-MS-TokenHeader", &a),
        ("Cookie", &format!("x=1; FedAuth={a}; y=2")),
        ("Sec-WebSocket-Protocol", "chat, access_token, abcdefgh"),
        ("Referer", &format!("https://a/?x={a}")),
    ]);
    let rows = [
        row("request.header.x-ms-tokenheader", &a, true),
        row("request.cookie.FedAuth", &a, true),
        row("request.header.sec-websocket-protocol", "abcdefgh", true),
        row("request.header.referer", &a, false),
    ];
    assert_eq!(found, rows);
    let head = Head::from_pairs([
        (&b"Set-Cookie"[..], format!("t={a}; Path=/").as_bytes()),
        (b"Location", format!("https://app/#state=1&access_token=opaque123&id_token={a}").as_bytes()),
    ]);
    let response = Response { status: 302, head, ..Response::default() };
    let rows = [
        row("response.cookie.t", &a, false),
        row("response.header.location", "opaque123", false),
        row("response.header.location", &a, false),
    ];
    assert_eq!(self::found(&exchange(None, Some(response))), rows);
}

#[test]
fn queries_and_paths_with_escapes() {
    let a = jws(r#"{"n":1}"#);
    let escaped = a.replace('.', "%2E");
    let target = format!("/cb/{a}/x?access_token=abc%2Bdef1&u=1&other={escaped}#f");
    let rows = [
        row("request.path", &a, true),
        row("request.query.access_token", "abc+def1", true),
        row("request.query.other", &a, true),
    ];
    assert_eq!(found(&exchange(Some(request(&target, &[], b"")), None)), rows);
}

#[test]
fn form_fields_by_name_and_any_field_with_a_jwt() {
    let (a, b) = (jws(r#"{"n":1}"#), jws(r#"{"n":2}"#));
    let wresult = format!("%3Ct%3E{b}%3C%2Ft%3E");
    let body = format!(
        "grant_type=x&assertion={a}&refresh_token=0.AAA-opaque&wresult={wresult}&SPAppToken={a}&password=p"
    );
    let rows = [
        row("request.body.form.assertion", &a, false),
        row("request.body.form.refresh_token", "0.AAA-opaque", false),
        row("request.body.form.wresult", &b, false),
        row("request.body.form.SPAppToken", &a, true),
    ];
    assert_eq!(in_body("application/x-www-form-urlencoded; charset=utf-8", &body), rows);
    let multipart = format!(
        "--XyZ\r\nContent-Disposition: form-data; name=\"access_token\"\r\n\r\nopaque-1\r\n--XyZ\r\n\
         Content-Disposition: form-data; name=\"f\"\r\n\r\n{a}\r\n--XyZ--\r\n"
    );
    let rows =
        [row("request.body.form.access_token", "opaque-1", true), row("request.body.form.f", &a, false)];
    assert_eq!(in_body("multipart/form-data; boundary=XyZ", &multipart), rows);
}

#[test]
fn thousands_of_tokens_in_one_field_stand_where_they_were_sent() {
    let tokens: Vec<_> = (0..6000).map(|number| jws(&format!(r#"{{"n":{number}}}"#))).collect();
    // Each `+` and `%20` is a blank, so that places drift apart.
    let body = format!("x=%C3%A4{}", tokens.join("+%20"));
    let rows: Vec<_> = tokens.iter().map(|token| row("request.body.form.x", token, false)).collect();
    assert_eq!(in_body("application/x-www-form-urlencoded", &body), rows);
}

#[test]
fn json_members_have_their_pointer_and_exact_bytes() {
    let a = jws(r#"{"n":1}"#);
    let body =
        format!(r#"{{"token_type":"Bearer","access_token":"opaque-1","a/b":[{{"x":"see {a} there"}}]}}"#);
    let rows = [
        row("request.body.json./access_token", "opaque-1", false),
        row("request.body.json./a~1b/0/x", &a, false),
    ];
    assert_eq!(in_body("application/json", &body), rows);
    // Cut in the middle: what stands before is still found.
    let cut = &body[..body.len() - 8];
    assert_eq!(in_body("application/json", cut), [row("request.body.json", &a, false)]);
}

#[test]
fn the_beginning_of_a_token_at_the_end_of_a_cut_body_is_no_token() {
    let a = jws(r#"{"n":1}"#);
    for (media, body) in
        [("text/plain", format!("x {a}")), ("application/x-www-form-urlencoded", format!("assertion={a}"))]
    {
        assert_eq!(in_body(media, &body).len(), 1);
        let mut cut = request("/", &[("Content-Type", media)], body.as_bytes());
        cut.body.complete = false;
        assert_eq!(found(&exchange(Some(cut), None)), []);
    }
}

#[test]
fn xml_bodies_hold_jwts_in_the_clear_and_in_base64() {
    let a = jws(r#"{"n":1}"#);
    let unsigned = a.rsplit_once('.').unwrap().0;
    let body = format!("<a><TokenValue>{a}</TokenValue><B>{}</B><C>{unsigned}.</C></a>", STANDARD.encode(&a));
    let place = "request.body.xml";
    let rows = [row(place, &a, false), row(place, &format!("{unsigned}."), false), row(place, &a, false)];
    assert_eq!(in_body("text/xml; charset=utf-8", &body), rows);
}

#[test]
fn plain_text_gives_tokens_with_their_offsets() {
    let a = jws(r#"{"n":1}"#);
    let masked = a.replace(".AAECAwQF", ".<redacted>");
    let text = format!("token: {a}. Masked: {masked}, cut eyJhbGciOi and keys.a.b");
    let mut store = TokenStore::default();
    let found = in_text(text.as_bytes(), 3, 100, &mut store);
    let places: Vec<_> = found.iter().map(|sighting| sighting.location.bytes.clone()).collect();
    assert_eq!(places, [107..107 + a.len(), 117 + a.len()..117 + a.len() + masked.len()]);
    assert_eq!(found[0].location.to_string(), "text");
    let masked = store.get(found[1].token).unwrap().jwt.clone().unwrap();
    assert!(masked.signature_removed());
    assert!(store.sightings(found[0].token).unwrap().exchanges.is_empty());
}

/// What is found in plain text.
fn in_plain(text: &str) -> Vec<String> {
    let mut store = TokenStore::default();
    let found = in_text(text.as_bytes(), 0, 0, &mut store);
    let text = |sighting: &Sighting| store.get(sighting.token).unwrap().text.clone();
    found.iter().map(|sighting| String::from_utf8_lossy(&text(sighting)).into_owned()).collect()
}

#[test]
fn a_jwt_begins_where_no_word_goes_on_and_ends_with_its_signature() {
    let a = jws(r#"{"n":1}"#);
    let unsigned = a.rsplit_once('.').unwrap().0;
    let header = a.split_once('.').unwrap().0;
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let encrypted = format!("{}.a2V5.aXY.dGV4dA.dGFn", part(r#"{"alg":"RSA-OAEP","enc":"A256GCM"}"#));
    let nested = jws(&format!(r#"{{"actortoken":"{a}"}}"#));
    let unnamed = format!("{}.{}.AAAA", part(r#"{"typ":"JWT"}"#), part("{}"));
    for (text, tokens) in [
        (format!("token={a}"), vec![a.clone()]),
        (format!("\"{a}\""), vec![a.clone()]),
        // An escape ends before it.
        (format!("one\\n{a}"), vec![a.clone()]),
        (format!("one%20{a}"), vec![a.clone()]),
        // A word does not.
        (format!("one{a}"), vec![]),
        (format!("one-{a}"), vec![]),
        (format!("one_{a}"), vec![]),
        (format!("n{a}"), vec![]),
        (format!("{a},{a}\n{a}"), vec![a.clone(), a.clone(), a.clone()]),
        (format!("It is {a}."), vec![a.clone()]),
        (format!("It is {a}.exe"), vec![a.clone()]),
        (format!("It is {a}.exe.old"), vec![a.clone()]),
        (format!("{a}== and so on"), vec![format!("{a}==")]),
        (format!("{nested} {a}"), vec![nested.clone(), a.clone()]),
        // The last dot is lost; more is not.
        (format!("({unsigned})"), vec![unsigned.to_owned()]),
        (format!("({unsigned}.)"), vec![format!("{unsigned}.")]),
        (format!("({header})"), vec![]),
        (format!("({header}.)"), vec![]),
        (format!("({header}..)"), vec![format!("{header}..")]),
        (unnamed, vec![]),
        (format!("<{encrypted}>"), vec![encrypted.clone()]),
        // Five parts of something that is not encrypted are no token of five parts.
        (format!("{a}.b.c"), vec![a.clone()]),
        // What tools put in the place of a signature belongs to the token.
        (format!("{unsigned}.*** x"), vec![format!("{unsigned}.***")]),
        (format!("{unsigned}.<redacted> x"), vec![format!("{unsigned}.<redacted>")]),
        (format!("{unsigned}.[redacted] x"), vec![format!("{unsigned}.[redacted]")]),
        (format!("{unsigned}.{{redacted}} x"), vec![format!("{unsigned}.{{redacted}}")]),
        (format!("{unsigned}.(redacted) x"), vec![format!("{unsigned}.(redacted)")]),
        (format!("{unsigned}.\u{2026} x"), vec![format!("{unsigned}.\u{2026}")]),
        (format!("{unsigned}.</p>"), vec![format!("{unsigned}.")]),
        (format!("{unsigned}.\u{201d}"), vec![format!("{unsigned}.")]),
    ] {
        assert_eq!(in_plain(&text), tokens, "{text}");
    }
}

#[test]
fn values_of_authorization_that_are_no_jwt() {
    let a = jws(r#"{"n":1}"#);
    let place = "request.header.authorization";
    for (value, tokens) in [
        // Padding is not a parameter.
        ("Bearer abcdefgh==".to_owned(), vec!["abcdefgh=="]),
        ("Bearer realm=x, y=abcdefgh".to_owned(), vec![]),
        ("Bearer: abcdefgh".to_owned(), vec!["abcdefgh"]),
        ("Bearer\tabcdefgh".to_owned(), vec!["abcdefgh"]),
        ("abcdefgh".to_owned(), vec![]),
        ("Bearer ab".to_owned(), vec!["ab"]),
        (format!("Bearer x={a}"), vec![&a]),
        ("Bearer xxxxxxxxxxxxxxxx".to_owned(), vec![]),
    ] {
        let rows: Vec<_> = tokens.iter().map(|token| row(place, token, true)).collect();
        assert_eq!(in_fields(&[("Authorization", &value)]), rows, "{value}");
    }
    // What comes between and behind credentials is looked through as well.
    let found = in_fields(&[
        ("Authorization", "Bearer abcdefgh"),
        ("X-First", &a),
        ("Proxy-Authorization", "Bearer ijklmnop"),
        ("X-Last", &a),
    ]);
    let rows = [
        row(place, "abcdefgh", true),
        row("request.header.x-first", &a, true),
        row("request.header.proxy-authorization", "ijklmnop", true),
        row("request.header.x-last", &a, true),
    ];
    assert_eq!(found, rows);
    let protocol = "request.header.sec-websocket-protocol";
    for (value, token) in [
        ("Bearer, abcdefgh".to_owned(), Some("abcdefgh")),
        ("authorization, abcdefgh".to_owned(), Some("abcdefgh")),
        (format!("chat, {a}"), Some(&a[..])),
        (format!("access_token, {a}"), Some(&a)),
        ("chat, superchat".to_owned(), None),
    ] {
        let rows: Vec<_> = token.iter().map(|token| row(protocol, token, true)).collect();
        assert_eq!(in_fields(&[("Sec-WebSocket-Protocol", &value)]), rows, "{value}");
    }
    let origin = in_fields(&[("Origin", &format!("https://a/{a}"))]);
    assert_eq!(origin, [row("request.header.origin", &a, false)]);
}

#[test]
fn what_a_body_is_shows_where_the_type_does_not_say_it() {
    let a = jws(r#"{"n":1}"#);
    let member = row("request.body.json./access_token", "opaque-1", false);
    let field = row("request.body.form.access_token", "opaque-1", true);
    let multipart = |boundary: &str, value: &str| {
        format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"access_token\"\r\n\r\n{value}\r\n--{boundary}--\r\n"
        )
    };
    for (media, body, rows) in [
        ("", r#" {"access_token":"opaque-1"}"#.to_owned(), vec![member.clone()]),
        ("text/plain", r#"{"access_token":"opaque-1"}"#.to_owned(), vec![member.clone()]),
        ("application/json", "\u{feff}{\"access_token\":\"opaque-1\"}".to_owned(), vec![member.clone()]),
        (
            "",
            r#"[{"access_token":["opaque-1"]}]"#.to_owned(),
            vec![row("request.body.json./0/access_token/0", "opaque-1", false)],
        ),
        (
            "application/json",
            r#"{"a~b":{"access_token":"opaque-1"},"c":1}"#.to_owned(),
            vec![row("request.body.json./a~0b/access_token", "opaque-1", false)],
        ),
        ("", format!("<a>{a}</a>"), vec![row("request.body.xml", &a, false)]),
        ("application/soap+xml", format!("see {a}"), vec![row("request.body.xml", &a, false)]),
        ("application/octet-stream", format!("see {a}"), vec![row("request.body.text", &a, false)]),
        ("", "access_token=opaque-1".to_owned(), vec![field.clone()]),
        (
            "",
            "\naccess_token=opaque-1&x=1".to_owned(),
            vec![row("request.body.form.access_token", "opaque-1", true)],
        ),
        // What curl sends where nobody said what it is.
        (
            "application/x-www-form-urlencoded",
            r#"{"access_token":"opaque-1"}"#.to_owned(),
            vec![member.clone()],
        ),
        (
            "application/x-www-form-urlencoded",
            format!("[\"{a}\"]"),
            vec![row("request.body.json./0", &a, false)],
        ),
        (
            "application/x-www-form-urlencoded",
            format!("<a>{a}</a>"),
            vec![row("request.body.xml", &a, false)],
        ),
        ("text/plain", "access_token=opaque-1".to_owned(), vec![]),
        ("", "access token=opaque-1".to_owned(), vec![]),
        ("", "=access_token=opaque-1".to_owned(), vec![]),
        ("multipart/form-data; boundary=\"XyZ\"", multipart("XyZ", "opaque-1"), vec![field.clone()]),
        ("multipart/form-data; boundary= XyZ ; x=1", multipart("XyZ", "opaque-1"), vec![field.clone()]),
        ("multipart/form-data", multipart("XyZ", &a), vec![row("request.body.text", &a, false)]),
        // Secrets that somebody took out, and names that say nothing of a token.
        ("multipart/form-data; boundary=XyZ", multipart("XyZ", "********"), vec![]),
        ("multipart/form-data; boundary=XyZ", multipart("XyZ", ""), vec![]),
        ("application/json", r#"{"access_token":"********"}"#.to_owned(), vec![]),
        ("application/json", r#"{"access_token":"", "x":"y"}"#.to_owned(), vec![]),
        ("application/json", r#"{"access_token":7,"xtoken":"opaque-1"}"#.to_owned(), vec![]),
        ("application/x-www-form-urlencoded", "access_token=&x=opaque-1".to_owned(), vec![]),
        ("application/x-www-form-urlencoded", "access_token=++&xtoken=opaque-1".to_owned(), vec![]),
    ] {
        let found = in_body(media, &body);
        assert_eq!(found, rows, "{media}: {body}");
    }
}

#[test]
fn coded_bodies_are_undone_and_their_tokens_have_the_frames_of_all_of_it() {
    use std::io::Write as _;
    let a = jws(r#"{"n":1}"#);
    let gzip = |text: &str| {
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        writer.write_all(text.as_bytes()).unwrap();
        writer.finish().unwrap()
    };
    let text = format!("{{\"x\":\"{a}\",\"y\":\"{}\"}}", "z".repeat(200));
    let frames = |bytes: &[u8], fields: &[(&str, &str)]| {
        let mut request = request("/", fields, bytes);
        request.body.frames.push(0, 8);
        request.body.frames.push(20, 9);
        request.body.frames.push(bytes.len() - 4, 10);
        let found = in_exchange(&exchange(Some(request), None), &mut TokenStore::default());
        found.into_iter().map(|sighting| sighting.frames).collect::<Vec<_>>()
    };
    for media in [
        "application/json",
        "text/xml",
        "application/xml",
        "text/html",
        "application/x-www-form-urlencoded",
        "application/javascript",
        "",
    ] {
        let fields = [("Content-Type", media), ("Content-Encoding", "gzip")];
        assert_eq!(frames(&gzip(&text), &fields), [[8, 9, 10]], "{media}");
    }
    // In the clear the token's own frames are known.
    assert_eq!(frames(text.as_bytes(), &[("Content-Type", "application/json")]), [[8, 9]]);
}

#[test]
fn tokens_of_targets_have_the_frames_of_the_head_where_it_does_not_begin_with_them() {
    let a = jws(r#"{"n":1}"#);
    let target = format!("/callback/{a}");
    let frames = |change: fn(&mut Request)| {
        let mut request = request(&target, &[], b"");
        request.head.frames = FrameMap::default();
        request.head.frames.push(0, 7);
        request.head.frames.push(10, 8);
        change(&mut request);
        let found = in_exchange(&exchange(Some(request), None), &mut TokenStore::default());
        found.into_iter().map(|sighting| sighting.frames).collect::<Vec<_>>()
    };
    assert_eq!(frames(|_| ()), [[8]]);
    assert_eq!(frames(|request| request.method = "PUT".into()), [[7, 8]]);
    assert_eq!(frames(|request| request.head.frames = FrameMap::default()), [[0; 0]]);
    let fragment = format!("https://app/#access_token={a}");
    let head = Head::from_pairs([(&b"Location"[..], fragment.as_bytes())]);
    let response = Response { status: 302, head, ..Response::default() };
    assert_eq!(found(&exchange(None, Some(response))), [row("response.header.location", &a, false)]);
}

#[test]
fn what_could_not_be_read_of_a_body_is_told() {
    let told = |fields: &[(&str, &str)], bytes: &[u8], whole: bool| {
        let mut store = TokenStore::default();
        let mut request = request("/", fields, bytes);
        request.body.complete = whole;
        in_exchange(&exchange(Some(request), None), &mut store);
        let unread: Vec<String> = store.unread().map(|(what, _)| what.to_owned()).collect();
        unread
    };
    let coded = |coding| [("Content-Type", "application/json"), ("Content-Encoding", coding)];
    let damaged = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff";
    assert_eq!(told(&coded("gzip"), damaged, true), ["bodies: gzip data that is damaged or cut"]);
    // What the recording lacks is told of where it was.
    assert_eq!(told(&coded("gzip"), damaged, false), [""; 0]);
    assert_eq!(told(&coded("x-own"), &[0x80; 40], true), ["bodies: a coding that is not known"]);
    assert_eq!(told(&coded("x-own"), b"{\"x\":\"not coded at all\"}", true), [""; 0]);
    let json = [("Content-Type", "application/json")];
    let deep =
        format!("{{\"token\":{}{}}}", "[".repeat(limits::JSON_DEPTH + 1), "]".repeat(limits::JSON_DEPTH + 1));
    let [line] = &told(&json, deep.as_bytes(), true)[..] else { panic!("depth") };
    assert!(line.contains("limit JSON_DEPTH") && line.ends_with("searched as text alone"), "{line}");
    let many = format!("{{\"token\":[{}0]}}", "0,".repeat(limits::JSON_BODY_NODES));
    let [line] = &told(&json, many.as_bytes(), true)[..] else { panic!("members") };
    assert!(line.contains("limit JSON_BODY_NODES"), "{line}");
    assert_eq!(told(&json, b"{\"token\": this is no JSON }", true), [""; 0]);
    // Tokens in JSON that is too much are found nevertheless.
    let a = jws(r#"{"n":1}"#);
    let found = in_body("application/json", &deep.replacen("[[", &format!("[\"{a}\",["), 1));
    assert_eq!(found, [row("request.body.json", &a, false)]);
}

#[test]
fn a_request_is_without_tokens_where_its_content_was_searched_and_names_none() {
    let tokenless = |body: &str| {
        let exchange = exchange(Some(request("/", &[("Content-Type", "text/xml")], body.as_bytes())), None);
        in_use(&exchange, &mut TokenStore::default()).tokenless_request
    };
    assert!(tokenless("<Envelope><Body><GetFolder/></Body></Envelope>"));
    assert!(!tokenless("<Envelope><Body><Token>abc</Token></Body></Envelope>"));
    assert!(!tokenless(""));
    let body =
        Body { bytes: b"<Envelope><Body/></Envelope>".to_vec().into(), complete: true, ..Body::default() };
    let answer = exchange(None, Some(Response { status: 200, body, ..Response::default() }));
    assert!(!in_use(&answer, &mut TokenStore::default()).tokenless_request);
}

#[test]
fn of_an_xml_answer_that_told_enough_only_the_beginning_is_searched_by_one_who_has_no_use_for_more() {
    let a = jws(r#"{"n":1}"#);
    let text = format!("<Envelope><Body><Token>{a}</Token></Body></Envelope>");
    let answer = |media: &str, told: bool| {
        let head = Head::from_pairs([(&b"Content-Type"[..], media.as_bytes())]);
        let (bytes, total) = (text.clone().into(), text.len() as u64);
        let body = Body { bytes, total, complete: true, told, ..Body::default() };
        exchange(None, Some(Response { status: 200, head, body, ..Response::default() }))
    };
    let count = |exchange: &Exchange| {
        let mut store = TokenStore::default();
        let used = in_use(exchange, &mut store);
        (used.sightings.len(), used.glimpse.is_some(), in_exchange(exchange, &mut store).len())
    };
    assert_eq!(count(&answer("text/xml", true)), (0, true, 1));
    assert_eq!(count(&answer("text/xml", false)), (1, true, 1));
    assert_eq!(count(&answer("text/plain", true)), (1, false, 1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_message_makes_it_panic(
        target in "/[a-z?&=%#+eyJ.0-9]{0,60}",
        value in "[A-Za-z ,\"=.;eyJ%<*\\[]{0,60}",
        media in "(multipart/form-data; boundary=-|application/json|x-www-form-urlencoded|text/xml|)",
        body in "[-{}\":,&=%eyJ.ZXlK\r\n<token>]{0,80}",
    ) {
        let fields = [("Authorization", &value[..]), ("Cookie", &value), ("Location", &value), ("Content-Type", &media)];
        let request = request(&target, &fields, body.as_bytes());
        in_exchange(&exchange(Some(request), None), &mut TokenStore::default());
        in_text(body.as_bytes(), 0, u64::MAX, &mut TokenStore::default());
    }
}
