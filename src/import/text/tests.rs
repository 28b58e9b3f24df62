use super::super::Collected;
use super::*;

fn collect(text: &[u8]) -> Collected {
    let mut out = Collected::default();
    read(text, &ImportSettings::default(), &mut out).unwrap();
    out
}

fn lines(out: &Collected) -> Vec<String> {
    out.exchanges
        .iter()
        .map(|exchange| {
            let request = exchange.request.as_ref();
            let request = request.map_or("-".to_owned(), |r| format!("{} {}", r.method, r.target));
            let response = exchange.response.as_ref();
            let response = response.map_or("-".to_owned(), |r| {
                format!("{} {}", r.status, String::from_utf8_lossy(&r.body.bytes))
            });
            format!("{request} {response}")
        })
        .collect()
}

const TOKEN: &str = "eyJhbGciOiJub25lIn0.eyJhIjoxfQ.";

#[test]
fn tokens_outside_of_messages_come_with_their_place_and_no_exchange() {
    let text = format!(
        "x {TOKEN} and \"eyJhbGciOiJSUzI1NiJ9.e30.c2ln\", xeyJx.y.z eyJ.a eyJ Bearer authentication\nbearer 0123456789abcdefghij"
    );
    let out = collect(text.as_bytes());
    assert_eq!(out.exchanges, []);
    let found: Vec<&[u8]> = out.tokens.iter().map(|(_, token)| &token[..]).collect();
    assert_eq!(found, [TOKEN.as_bytes(), b"eyJhbGciOiJSUzI1NiJ9.e30.c2ln", b"0123456789abcdefghij"]);
    for (offset, token) in &out.tokens {
        assert_eq!(&text.as_bytes()[*offset as usize..][..token.len()], token);
    }
}

#[test]
fn a_readable_dump_is_given_once_as_a_token_without_signature_beside_compact_ones() {
    let text = format!(
        "{TOKEN} then {{\"alg\":\"RS256\"}}.{{\"iss\":\"a\",\"actortoken\":\"{TOKEN}\"}}.[Signature]"
    );
    let out = collect(text.as_bytes());
    let found: Vec<&str> = out.tokens.iter().map(|(_, token)| std::str::from_utf8(token).unwrap()).collect();
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(found[0], TOKEN);
    assert!(found[1].starts_with("eyJhbGciOiJSUzI1NiJ9.") && found[1].ends_with('.'), "{found:?}");
}

#[test]
fn a_raw_copy_gives_its_exchange_and_its_token_once() {
    let text = format!(
        "POST /EWS/Exchange.asmx HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 4\r\n\r\n<x/>\r\n\r\n\
         HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok\r\nand later {TOKEN}\r\n"
    );
    let out = collect(text.as_bytes());
    assert_eq!(lines(&out), ["POST /EWS/Exchange.asmx 200 ok"]);
    assert_eq!(&out.exchanges[0].request.as_ref().unwrap().body.bytes[..], b"<x/>");
    assert_eq!(out.tokens.len(), 1);
    assert!(out.tokens[0].0 > 100);
}

#[test]
fn what_is_saved_of_a_stream_goes_on_right_behind_a_body() {
    let first = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n<x/>";
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    let text =
        [first, answer, "GET /b HTTP/1.1\r\nHost: h\r\nAuthorization: Basic YTpi\r\n\r\n", answer].concat();
    let out = collect(text.as_bytes());
    assert_eq!(lines(&out), ["POST /a 200 ok", "GET /b 200 ok"]);
    assert_eq!(out.notices, []);
    let all = [first.repeat(300), answer.repeat(300)].concat();
    assert_eq!(lines(&collect(all.as_bytes())), vec!["POST /a 200 ok"; 300]);
    // A length that is not that of the copy ends in the middle of something else.
    let off = text.replace("Content-Length: 4", "Content-Length: 3");
    assert_eq!(lines(&collect(off.replace("<x/>", "wxyz").as_bytes())).len(), 1);
    // Markup tells where it ends.
    assert_eq!(lines(&collect(off.as_bytes())), lines(&out));
    // A body may hold what looks like a message in the middle of a line.
    let inner = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 23\r\n\r\nsee GET /b HTTP/1.1\r\nA:b";
    assert_eq!(lines(&collect(inner.as_bytes())), ["POST /a -"]);
}

#[test]
fn credentials_in_a_message_that_a_mail_broke_are_whole() {
    let text =
        format!("GET /ews HTTP/1.1\nHost: h\nAuthorization: Bearer\n {}\n{}\n\n", &TOKEN[..9], &TOKEN[9..]);
    let out = collect(format!("{text}HTTP/1.1 200 OK\nA: b\n\nok\n").as_bytes());
    assert_eq!(lines(&out), ["GET /ews 200 ok\n"]);
    let head = &out.exchanges[0].request.as_ref().unwrap().head;
    assert_eq!(head.text("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
    assert_eq!(out.exchanges[0].oddities, []);
}

#[test]
fn answers_that_come_together_are_those_of_the_requests_before_them() {
    let ask = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n");
    let answer = |status: u16| format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n");
    let interim = "HTTP/1.1 100 Continue\r\nDate: x\r\n\r\n".to_owned();
    let read = |parts: &[String]| lines(&collect(parts.concat().as_bytes()));
    let both = ["GET /a 401 ", "GET /b 200 "];
    assert_eq!(read(&[ask("/a"), ask("/b"), answer(401), answer(200)]), both);
    assert_eq!(read(&[ask("/a"), interim.clone(), answer(401), ask("/b"), interim, answer(200)]), both);
    assert_eq!(read(&[ask("/a"), ask("/b"), answer(200)]), ["GET /a -", "GET /b 200 "]);
    assert_eq!(read(&[ask("/a"), answer(401), answer(200)]), ["GET /a 401 ", "- 200 "]);
    assert_eq!(
        read(&[ask("/a"), ask("/b"), ask("/c"), answer(401), answer(200)]),
        ["GET /a -", "GET /b -", "GET /c 401 ", "- 200 "]
    );
}

#[test]
fn a_body_behind_all_that_curl_said_is_that_of_the_answer() {
    let said = "> GET /ews HTTP/1.1\n> Host: h\n> \n< HTTP/1.1 200 OK\n< Content-Length: 4\n< \n{ [4 bytes data]\n* Connection #0 to host h left intact\n";
    let body = |rest: &str| lines(&collect(format!("{said}{rest}").as_bytes()));
    for rest in ["body", "body\n", "body\r\n"] {
        assert_eq!(body(rest), ["GET /ews 200 body"], "{rest:?}");
    }
    for rest in ["", "bod", "body and more"] {
        assert_eq!(body(rest), ["GET /ews 200 "], "{rest:?}");
    }
}

#[test]
fn a_trace_of_curl_gives_its_exchange() {
    let text = "== Info: Trying\n=> Send header, 57 bytes (0x39)\n0000: GET /ews HTTP/1.1\n0013: Host: h\n001c: Authorization: Basic YTpi\n0037: \n\
                <= Recv header, 17 bytes (0x11)\n0000: HTTP/1.1 200 OK\n<= Recv header, 19 bytes (0x13)\n0000: Content-Length: 2\n\
                <= Recv header, 2 bytes (0x2)\n0000: \n<= Recv data, 2 bytes (0x2)\n0000: ok\n== Info: left intact\n";
    let out = collect(text.as_bytes());
    assert_eq!(lines(&out), ["GET /ews 200 ok"]);
    assert_eq!(out.exchanges[0].request.as_ref().unwrap().head.text("authorization"), Some("Basic YTpi"));
}

#[test]
fn a_transcript_of_curl_is_read_without_its_marks() {
    let text = format!(
        "*   Trying 127.0.0.1:443...\n> GET /ews HTTP/1.1\n> Host: h\n> Authorization: Bearer {TOKEN}\n> \n\
         * Mark bundle as not supporting multiuse\n< HTTP/1.1 401 Unauthorized\n< WWW-Authenticate: Bearer\n< \n<html>no</html>\n* Connection #0 to host h left intact\n\
         > POST /token HTTP/1.1\n> Host: h\n> Content-Length: 9\n> \n}} [9 bytes data]\n< HTTP/1.1 200 OK\n< Content-Length: 4\n< \n{{ [4 bytes data]\nbody* Closing"
    );
    let out = collect(text.as_bytes());
    assert_eq!(lines(&out), ["GET /ews 401 <html>no</html>\n", "POST /token 200 body"]);
    assert_eq!(out.tokens, []);
    assert!(!out.exchanges[1].request.as_ref().unwrap().body.complete, "curl shows no request body");
    assert!(out.exchanges[0].complete());
}

#[test]
fn a_challenge_that_goes_on_where_the_text_ends_leaves_its_head_open() {
    let asked = "> POST /ews HTTP/1.1\n> Host: h\n> Authorization: Bearer\n>\n< HTTP/1.1 401 Unauthorized\n< Server: x\n< ";
    let head = |text: &str| {
        let out = collect(text.as_bytes());
        let head = &out.exchanges[0].response.as_ref().unwrap().head;
        (head.partial, head.get("www-authenticate").is_some())
    };
    for (last, expected) in [
        ("WWW-Authenticate:", (true, false)),
        ("WWW-Authenticate: Bearer client_id=", (true, false)),
        ("WWW-Authenticate: Bearer client_id=\"00000002-0000", (true, false)),
        ("www-authenticate: Bearer client_id=\"x\",", (true, false)),
        ("WWW-Authenticate: Bearer client_id=\"x\"", (false, true)),
        ("WWW-Authenticate: Negotiate", (false, true)),
        ("WWW-Authenticate: Basic realm=\"x\"", (false, true)),
        ("WWW-Authenticate: Bearer", (false, true)),
    ] {
        assert_eq!(head(&format!("{asked}{last}")), expected, "{last}");
        assert_eq!(head(&format!("{asked}{last}").replace("> ", "").replace("< ", "")), expected, "{last}");
        // What stands on a line of its own is all of it.
        assert_eq!(head(&format!("{asked}{last}\n")), (false, true), "{last}");
    }
    // No scheme is called so, whether an editor ended the line or not.
    for last in [
        "WWW-Authenticate: Bea",
        "WWW-Authenticate: Negotiate, NT",
        "www-authenticate: B",
        "WWW-Authenticate: Bearer client_id=\"x\", trusted_iss",
    ] {
        for end in ["", "\n", "\r\n"] {
            assert_eq!(head(&format!("{asked}{last}{end}")), (true, false), "{last:?}{end:?}");
        }
        let whole = format!("{}{last}\n\n", asked.replace("> ", "").replace("< ", ""));
        assert_eq!(head(&whole), (false, true), "an empty line ends a head");
    }
    // Padding of base64 is no such end.
    let out = collect(b"GET /ews HTTP/1.1\nHost: h\nAuthorization: Basic dTpwdw==");
    assert_eq!(out.exchanges[0].request.as_ref().unwrap().head.text("authorization"), Some("Basic dTpwdw=="));
}

#[test]
fn lines_that_only_mention_http_are_no_messages() {
    let text = format!("GET /x HTTP/1.1 was asked\nGET /y HTTP/1.1\n\nHTTP/1.1 200 OK\n{TOKEN}");
    let out = collect(text.as_bytes());
    assert_eq!(out.exchanges, []);
    assert_eq!(out.tokens.len(), 1);
}

const CALL: &str = "POST /ews/exchange.asmx HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n<x/>\r\n\r\n\
    HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok\r\n";

#[test]
fn a_request_that_became_no_message_is_told_as_left_out() {
    let lost = |text: &str| -> u64 {
        collect(text.as_bytes())
            .notices
            .iter()
            .filter_map(|notice| notice.loss.as_ref())
            .map(|loss| loss.count)
            .sum()
    };
    let cut = "\r\nPOST /ews/exchange.asmx\r\nHost: h\r\nAuthorization: Basic dTpw\r\n";
    assert_eq!(lost(&format!("{CALL}{cut}")), 1);
    assert_eq!(lost(&format!("{cut}\r\n{CALL}")), 1);
    // Nothing tells where the answer ends.
    let open = CALL.replace("Content-Length: 2\r\n", "");
    assert_eq!(lost(&format!("{open}\r\nAuthorization: Basic dTpw\r\n")), 1);
    // Beside a lone token, only a password is more than was asked.
    assert_eq!(lost(&format!("{TOKEN}\ncurl -u a:b https://h/ews")), 1);
    assert_eq!(lost(&format!("Authorization: Bearer {TOKEN}")), 0);
    let notices = collect(format!("{CALL}{cut}").as_bytes()).notices;
    assert!(notices[0].text.starts_with("line 12 ") && !notices[0].text.contains("dTpw"), "{notices:?}");
}

#[test]
fn prose_and_blank_lines_around_messages_are_not_told() {
    let text = format!(
        "# copied at noon\n\n{CALL}\n\nIt worked: Authorization: Bearer is what it asks for.\n\n{CALL}\n"
    );
    assert_eq!(collect(text.as_bytes()).notices, []);
    let curl = format!(
        "$ curl -v -H 'Authorization: Bearer {TOKEN}' https://h/ews\n> GET /ews HTTP/1.1\n> Host: h\n\
         > Authorization: Bearer {TOKEN}\n> \n< HTTP/1.1 200 OK\n< Content-Length: 2\n< \nok\n* Closing\n"
    );
    assert_eq!(collect(curl.as_bytes()).notices, []);
}

#[test]
fn utf_16_is_converted() {
    let wide: Vec<u8> = format!("token: {TOKEN}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(collect(&wide).tokens, [(7, TOKEN.as_bytes().to_vec())]);
    let marked = [&[0xff, 0xfe][..], &wide].concat();
    assert_eq!(collect(&marked).tokens.len(), 1);
}

#[test]
fn a_text_without_either_is_refused() {
    for text in [&b""[..], b"hello", b"\0\0\0\0"] {
        let result = read(text, &ImportSettings::default(), &mut Collected::default());
        assert!(matches!(result, Err(ImportError::Kind(_))));
    }
    assert!(recognise(b"hello\r\n") && !recognise(b"\0\x01\x02") && !recognise(b""));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_makes_it_panic(pieces in proptest::collection::vec(proptest::sample::select(vec![
        "<Trace Tag=\"EwsRequestHttpHeaders\" Tid=\"1\" Time=\"x\">\n", "<Trace Tag=\"EwsResponse\" Tid=\"1\">", "</Trace>", "\nSystem.Net Information: 0 : [7] ", "HttpWebRequest#1 - Request: GET / HTTP/1.1\n", "ConnectStream#1 - x\n{\nA: b\n}.", "Associating HttpWebRequest#1 with ConnectStream#1\n", "Data from ConnectStream#1::Read\n", "00000000 : 3C 6F ", "<<a>>\n", "GET / HTTP/1.1\r\n", "HTTP/1.1 200 OK\n", "> ", "< ", "* x\n", "A: b\r\n", "\r\n", "\n", "Content-Length: 99999999999999999999\n",
        "Content-Length: 3\n", "Transfer-Encoding: chunked\n", "ffffffff\n", "eyJ", ".", "eyJh.eyJh.", "Bearer ", "\0", "x",
    ]), 0..40)) {
        fuzz(pieces.concat().as_bytes());
    }
}

#[test]
fn a_trace_of_the_ews_managed_api_gives_its_exchange_with_its_time() {
    let block = |tag: &str, content: &str| {
        format!("<Trace Tag=\"{tag}\" Tid=\"9\" Time=\"2026-11-23 06:49:26Z\">\r\n{content}\r\n</Trace>\r\n")
    };
    let head = |fields: &str| format!("POST /EWS/Exchange.asmx HTTP/1.1\nContent-Type: text/xml\n{fields}\n");
    let text = [
        block("EwsRequestHttpHeaders", &head(&format!("Authorization: Bearer {TOKEN}\n"))),
        block("EwsRequest", "  <?xml version=\"1.0\"?>\r\n  <Envelope/>"),
        block("EwsResponseHttpHeaders", "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nServer: s\n\n"),
        block("EwsResponse", "  <ok/>"),
        block("EwsRequestHttpHeaders", &head("")),
        block("EwsResponseHttpHeaders", "HTTP/1.1 200 OK\nServer: s\n\n"),
    ]
    .concat();
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for bytes in [text.as_bytes(), &[b"\xff\xfe", &wide[..]].concat()] {
        let out = collect(bytes);
        let expected = ["POST /EWS/Exchange.asmx 200 <ok/>", "POST /EWS/Exchange.asmx 200 "];
        assert_eq!(lines(&out), expected);
        assert_eq!(out.exchanges[0].time().unwrap().to_string(), "2026-11-23T06:49:26Z");
        let request = out.exchanges[0].request.as_ref().unwrap();
        assert!(request.body.bytes.ends_with(b"<Envelope/>"));
        // What .NET adds by itself is not told.
        let odd =
            |at: usize| out.exchanges[at].oddities.iter().any(|odd| odd.name == "export-fields-missing");
        assert_eq!([odd(0), odd(1)], [false, true]);
        assert_eq!(out.tokens, []);
    }
}

#[test]
fn a_trace_of_system_net_gives_its_exchange_and_says_what_it_cut() {
    let line = |text: &str| format!("System.Net Information: 0 : [7] {text}\r\n");
    let text = [
        line("Associating Connection#3 with HttpWebRequest#1"),
        line("HttpWebRequest#1 - Request: POST /EWS/Exchange.asmx HTTP/1.1\r\n"),
        line(&format!(
            "ConnectStream#2 - Sending headers\r\n{{\r\nHost: h\r\nAuthorization: Bearer {TOKEN}\r\n}}."
        )),
        line("Connection#3 - Received status line: Version=1.1, StatusCode=200, StatusDescription=OK."),
        line("Connection#3 - Received headers\r\n{\r\nTransfer-Encoding: chunked\r\n}."),
        line("Associating HttpWebRequest#1 with ConnectStream#4"),
        line("Data from ConnectStream#4::Read"),
        line("(printing 1024 out of 4711)"),
        line("00000000 : 3C 6F 6B 2F 3E : <ok/>"),
        line("HttpWebRequest#5 - Request: GET /lost HTTP/1.1\r\n"),
    ]
    .concat();
    let out = collect(text.as_bytes());
    assert_eq!(lines(&out), ["POST /EWS/Exchange.asmx 200 <ok/>"]);
    let response = out.exchanges[0].response.as_ref().unwrap();
    assert!(!response.body.complete);
    assert_eq!(out.exchanges[0].oddities.len(), 1, "{:?}", out.exchanges[0].oddities);
    let lost: Vec<_> = out.notices.iter().filter_map(|notice| notice.loss.clone()).collect();
    assert_eq!(lost, [LeftOut::request()]);
}

#[test]
fn a_text_of_another_tool_is_named_whether_or_not_a_token_is_in_it() {
    let session = format!("[{{\"actualPort\":443,\"firstLine\":\"GET\",\"value\":\"Bearer {TOKEN}\"}}]");
    let told = collect(session.as_bytes()).notices;
    assert!(told.iter().any(|notice| notice.text.contains("HAR")), "{told:?}");
    let bare = session.replace(TOKEN, "");
    let error = read(bare.as_bytes(), &ImportSettings::default(), &mut Collected::default()).unwrap_err();
    assert!(matches!(&error, ImportError::Kind(text) if text.contains("Charles")), "{error}");
}

#[test]
fn the_length_of_a_body_that_was_decoded_or_laid_out_anew_is_not_that_of_what_stands_there() {
    let body =
        "<s:Envelope><s:Body>\n  <m:ResponseCode>ErrorAccessDenied</m:ResponseCode>\n</s:Body></s:Envelope>";
    let request = "POST /ews HTTP/1.1\r\nHost: h\r\n\r\n";
    for coding in ["Content-Encoding: gzip\r\n", ""] {
        let head = format!("HTTP/1.1 200 OK\r\n{coding}Content-Length: 30\r\n\r\n");
        // Right behind the body, in lines of its own, and behind the marks of curl.
        let marked = |text: &str, mark: &str| {
            let lines: Vec<String> = text.lines().map(|line| format!("{mark} {line}\n")).collect();
            lines.concat()
        };
        let shown = format!("{}{}{body}\n* left intact\n", marked(request, ">"), marked(&head, "<"));
        for text in [
            format!("{request}{head}{body}").repeat(2),
            format!("{request}{head}{body}\r\n\r\n").repeat(2),
            shown.repeat(2),
        ] {
            let out = collect(text.as_bytes());
            assert_eq!(out.exchanges.len(), 2, "{text}");
            for line in lines(&out) {
                assert_eq!(line.trim_end(), format!("POST /ews 200 {body}"), "{text}");
            }
        }
    }
}

#[test]
fn a_message_that_a_page_shows_is_none_of_the_stream() {
    let page = "<html><pre>GET /ews HTTP/1.1\r\nHost: h</pre></html>";
    let text = format!(
        "GET /help HTTP/1.1\r\nHost: h\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n{page}"
    );
    assert_eq!(lines(&collect(text.as_bytes())), [format!("GET /help 200 {page}")]);
}

#[test]
fn a_conversation_that_a_mail_quotes_is_read() {
    let text = "POST /ews HTTP/1.1\nHost: h\n\nHTTP/1.1 401 Unauthorized\nContent-Length: 2\n\nno\n";
    let quoted: String = text.lines().map(|line| format!("{}\n", format!("> {line}").trim_end())).collect();
    for text in
        [quoted.clone(), quoted.replace('\n', "\r\n"), format!("On Monday somebody wrote:\n\n{quoted}")]
    {
        assert_eq!(lines(&collect(text.as_bytes())), ["POST /ews 401 no"], "{text}");
    }
}
