use super::super::Collected;
use super::*;

/// Writes a value as mitmproxy does.
fn net(data: &[u8], kind: char) -> Vec<u8> {
    let mut out = format!("{}:", data.len()).into_bytes();
    out.extend_from_slice(data);
    out.push(kind as u8);
    out
}

fn text(value: &str) -> Vec<u8> {
    net(value.as_bytes(), ',')
}

fn list(values: &[Vec<u8>]) -> Vec<u8> {
    net(&values.concat(), ']')
}

fn dictionary(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let parts: Vec<u8> = members
        .iter()
        .flat_map(|(name, value)| [net(name.as_bytes(), ';'), value.clone()].concat())
        .collect();
    net(&parts, '}')
}

fn flow(version: Vec<u8>, kind: &str) -> Vec<u8> {
    let request = dictionary(&[
        ("method", text("POST")),
        ("scheme", text("https")),
        ("host", text("10.0.0.1")),
        ("port", net(b"443", '#')),
        ("path", text("/ews/exchange.asmx")),
        ("http_version", text("HTTP/2.0")),
        ("headers", list(&[list(&[text("Authorization"), text("Bearer t")])])),
        ("content", text("<x/>")),
        ("authority", text("mail.example")),
        ("timestamp_start", net(b"1700000000.25", '^')),
    ]);
    dictionary(&[
        ("version", version),
        ("type", text(kind)),
        ("request", request),
        ("response", net(b"", '~')),
    ])
}

fn collect(bytes: &[u8]) -> Result<Collected, ImportError> {
    let mut out = Collected::default();
    read(bytes, &ImportSettings::default(), &mut out).map(|()| out)
}

#[test]
fn a_flow_gives_an_exchange_without_inventing_a_response() {
    let out = collect(&flow(net(b"21", '#'), "http")).unwrap();
    let exchange = &out.exchanges[0];
    let request = exchange.request.as_ref().unwrap();
    assert_eq!(
        (request.host.as_deref(), request.target.as_str()),
        (Some("mail.example"), "/ews/exchange.asmx")
    );
    assert_eq!(request.head.text("authorization"), Some("Bearer t"));
    assert_eq!(exchange.protocol, Protocol::Http2);
    assert_eq!(exchange.time().unwrap().to_string(), "2023-11-14T22:13:20.250000Z");
    assert_eq!(exchange.response, None);
}

/// What is streamed through is kept as null, also where no field told that something would come.
#[test]
fn a_body_of_which_nothing_was_kept_is_not_an_empty_one() {
    let complete = |content: Vec<u8>| {
        let response = dictionary(&[
            ("status_code", net(b"200", '#')),
            ("headers", list(&[list(&[text("Content-Type"), text("text/xml")])])),
            ("content", content.clone()),
        ]);
        let request = dictionary(&[
            ("method", text("POST")),
            ("path", text("/ews")),
            ("http_version", text("HTTP/2.0")),
            ("content", content),
        ]);
        let flow = dictionary(&[
            ("version", net(b"21", '#')),
            ("type", text("http")),
            ("request", request),
            ("response", response),
        ]);
        let exchange = collect(&flow).unwrap().exchanges.remove(0);
        (exchange.request.unwrap().body.complete, exchange.response.unwrap().body.complete)
    };
    assert_eq!(complete(net(b"", '~')), (false, false));
    assert_eq!(complete(text("")), (true, true));
}

#[test]
fn a_version_that_is_not_known_is_refused_by_its_number() {
    for (version, number) in [
        (net(b"22", '#'), "22"),
        (net(b"3", '#'), "3"),
        (list(&[net(b"0", '#'), net(b"10", '#')]), "0.10"),
        (list(&[net(b"4", '#'), net(b"0", '#'), net(b"0", '#')]), "4.0"),
    ] {
        match collect(&flow(version, "http")) {
            Err(ImportError::Version(text)) => {
                assert!(text.contains(&format!("version {number},")), "{text}")
            }
            other => panic!("{other:?}"),
        }
    }
    for version in
        [list(&[net(b"0", '#'), net(b"18", '#')]), list(&[net(b"2", '#'), net(b"0", '#'), net(b"0", '#')])]
    {
        assert_eq!(collect(&flow(version, "http")).unwrap().exchanges.len(), 1);
    }
}

#[test]
fn flows_that_are_not_http_are_counted() {
    let bytes =
        ["tcp", "dns", "udp", "websocket", "http", "tcp"].map(|kind| flow(net(b"21", '#'), kind)).concat();
    let out = collect(&bytes).unwrap();
    assert_eq!(out.exchanges.len(), 1);
    assert_eq!(out.exchanges[0].key.frame, 4);
    assert!(out.notices.iter().any(|notice| notice.text.starts_with("2 TCP flows")));
    assert_eq!(out.notices.len(), 4);
}

#[test]
fn a_cut_file_is_used_up_to_the_cut_and_an_odd_flow_costs_itself() {
    let one = flow(net(b"21", '#'), "http");
    let two = [one.clone(), one.clone()].concat();
    for cut in 0..two.len() {
        match collect(&two[..cut]) {
            Ok(out) => {
                assert!(cut >= one.len());
                assert_eq!(out.truncated, cut > one.len());
                assert_eq!(out.exchanges.len(), 1);
                assert!(out.notices.iter().all(|notice| notice.loss == Some(LeftOut::request())));
            }
            Err(error) => assert!(cut < one.len(), "{error}"),
        }
    }
    let odd = [one.clone(), text("odd"), dictionary(&[("version", net(b"99", '#'))]), one].concat();
    let out = collect(&odd).unwrap();
    assert_eq!((out.exchanges.len(), out.notices.len()), (2, 2));
    assert_eq!(out.notices[1].entry, Some(2));
    assert!(out.notices.iter().all(|notice| notice.loss == Some(LeftOut::request())));
}

#[test]
fn header_fields_that_are_not_there_are_told() {
    let lacks = |version: &str, headers: Option<Vec<u8>>| {
        let headers = headers.map(|headers| ("headers", headers));
        let request: Vec<_> =
            [("method", text("GET")), ("path", text("/ews")), ("http_version", text(version))]
                .into_iter()
                .chain(headers)
                .collect();
        let flow = dictionary(&[
            ("version", net(b"21", '#')),
            ("type", text("http")),
            ("request", dictionary(&request)),
        ]);
        let oddities = collect(&flow).unwrap().exchanges.remove(0).oddities;
        oddities.iter().any(|oddity| oddity.name == "export-fields-missing")
    };
    let field = list(&[text("Host"), text("h")]);
    assert!(lacks("HTTP/1.1", None) && lacks("HTTP/1.1", Some(net(b"", '~'))));
    assert!(lacks("HTTP/1.1", Some(text("Host: h"))) && lacks("HTTP/2.0", Some(list(&[]))));
    assert!(lacks("HTTP/1.1", Some(list(&[field.clone(), text("odd")]))));
    assert!(lacks("HTTP/1.1", Some(net(&[&field[..], b"9:cut"].concat(), ']'))));
    assert!(!lacks("HTTP/1.1", Some(list(&[field]))) && !lacks("HTTP/1.0", Some(list(&[]))));
}

#[test]
fn credentials_that_were_taken_out_are_told() {
    let odd = |value: &str| {
        let bytes = String::from_utf8(flow(net(b"21", '#'), "http")).unwrap();
        // As long as what stood there, so that no length changes.
        let bytes = bytes.replace("Bearer t", value).into_bytes();
        let oddities = collect(&bytes).unwrap().exchanges.remove(0).oddities;
        oddities.iter().any(|oddity| oddity.name == "export-stripped-headers")
    };
    assert!(odd("redacted") && odd("NTLM ***"));
    assert!(!odd("Bearer t"));
}

#[test]
fn a_flow_that_was_left_out_names_its_server() {
    let lost = |server: Vec<u8>| {
        let whole = flow(net(b"21", '#'), "http");
        let odd =
            dictionary(&[("version", net(b"21", '#')), ("type", text("http")), ("server_conn", server)]);
        collect(&[whole, odd].concat()).unwrap().notices.remove(0).loss.unwrap()
    };
    let address = |name: &str| ("address", list(&[text(name), net(b"443", '#')]));
    let host = Some("mail.example".to_owned());
    assert_eq!(lost(dictionary(&[("sni", text("mail.example")), address("other")])).host, host);
    assert_eq!(lost(dictionary(&[address("mail.example")])).host, host);
    assert_eq!(lost(dictionary(&[address("10.0.0.1")])), LeftOut::request());
}

#[test]
fn what_was_passed_through_is_told_where_it_may_hold_requests() {
    let whole = flow(net(b"21", '#'), "http");
    let passed = |kind: &str, messages: &[(&[u8], &[u8])]| {
        let message = |&(client, bytes): &(&[u8], &[u8])| list(&[net(client, '!'), net(bytes, ',')]);
        let messages: Vec<_> = messages.iter().map(message).collect();
        let server = dictionary(&[("address", list(&[text("mail.example"), net(b"443", '#')]))]);
        let flow = dictionary(&[
            ("version", net(b"21", '#')),
            ("type", text(kind)),
            ("server_conn", server),
            ("client_conn", dictionary(&[("peername", list(&[text("10.0.0.1"), net(b"5", '#')]))])),
            ("messages", list(&messages)),
        ]);
        collect(&[whole.clone(), flow].concat()).unwrap()
    };
    let hello: (&[u8], &[u8]) = (b"true", b"\x16\x03\x01\x02\x00\x01");
    let out = passed("tcp", &[hello, (b"false", b"\x16\x03\x03")]);
    assert_eq!(out.connections.len(), 1);
    assert_eq!(out.connections[0].state(), crate::connection::State::Undecrypted);
    assert_eq!(out.connections[0].tls.as_ref().unwrap().facts.sni.as_deref(), Some("mail.example"));
    assert_eq!(out.connections[0].client.unwrap().to_string(), "10.0.0.1:5");
    let out = passed("udp", &[(b"true", b"\xc3\x00\x00\x00\x01")]);
    assert_eq!(out.connections[0].content, Content::Quic);
    let losses = |out: &Collected| out.notices.iter().filter(|notice| notice.loss.is_some()).count();
    let out = passed("tcp", &[(b"true", b"GET /ews HTTP/1.1\r\nHost: h\r\n\r\n")]);
    assert_eq!((out.connections.len(), losses(&out)), (0, 1));
    for other in [&[][..], &[(&b"false"[..], &b"\x16\x03\x01"[..])], &[(b"true", b"\x10\x0c"), hello]] {
        let out = passed("tcp", other);
        assert_eq!((out.connections.len(), losses(&out)), (0, 0), "{other:?}");
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200), at in 0_usize..400, byte in proptest::num::u8::ANY) {
        fuzz(&bytes);
        let mut whole = flow(net(b"21", '#'), "http");
        if let Some(place) = whole.get_mut(at) {
            *place = byte;
        }
        fuzz(&whole);
    }
}
