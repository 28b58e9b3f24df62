use super::super::Collected;
use super::*;

fn collect(text: &str) -> Collected {
    let mut out = Collected::default();
    read(text.as_bytes(), &ImportSettings::default(), &mut out).unwrap();
    out
}

fn entry(text: &str) -> crate::exchange::Exchange {
    let mut out = collect(&format!(r#"{{"log":{{"entries":[{text}]}}}}"#));
    assert_eq!(out.notices, [], "no notice expected");
    out.exchanges.remove(0)
}

#[test]
fn header_fields_in_every_shape() {
    for headers in [
        r#"[{"name":"A","value":"1"},{"name":"b","value":2},{"name":"C","value":null,"comment":"x"}]"#,
        r#"[["A","1"],["b","2"],["C",""]]"#,
        r#"{"A":"1","b":["2"],"C":null}"#,
    ] {
        let exchange =
            entry(&format!(r#"{{"request":{{"method":"GET","url":"http://h/","headers":{headers}}}}}"#));
        let head = &exchange.request.as_ref().unwrap().head;
        let values: Vec<_> = head.fields().map(|field| (field.name, field.value)).collect();
        assert_eq!(values, [(&b"A"[..], &b"1"[..]), (b"b", b"2"), (b"C", b"")], "{headers}");
    }
}

#[test]
fn header_fields_that_are_not_there_are_told() {
    let lacks = |more: &str| {
        let exchange = entry(&format!(r#"{{"request":{{"method":"GET","url":"http://h/"{more}}}}}"#));
        exchange.oddities.into_iter().map(|oddity| oddity.name).collect::<Vec<_>>()
    };
    for headers in [
        "",
        r#","headers":null"#,
        r#","headers":"Authorization: Basic x""#,
        r#","headers":[]"#,
        r#","headers":{}"#,
        r#","headers":["Authorization: Basic x"]"#,
        r#","headers":[{"name":"Host","value":"h"},{"value":"Basic x"}]"#,
        r#","headers":[["Host","h"]],"headers":7"#,
    ] {
        assert_eq!(lacks(headers), ["export-fields-missing"], "{headers}");
    }
    for headers in [
        r#","headers":[{"name":"Host","value":"h"}]"#,
        r#","headers":[["Host","h"]]"#,
        r#","headers":{"Host":"h"}"#,
        r#","headers":null,"headers":[["Host",null]]"#,
        r#","httpVersion":"HTTP/1.0","headers":[]"#,
    ] {
        assert_eq!(lacks(headers), [""; 0], "{headers}");
    }
    for field in [r#"{"name":"Authorization"}"#, r#"["authorization",null]"#, r#"["Authorization "," "]"#] {
        assert_eq!(lacks(&format!(r#","headers":[{field}]"#)), ["export-stripped-headers"], "{field}");
    }
    assert_eq!(lacks(r#","headers":[["Cookie",""],["Authorization ","Bearer"]]"#), [""; 0]);
    let many = vec![r#"["a","b"]"#; limits::HEAD_FIELDS + 1].join(",");
    assert_eq!(lacks(&format!(r#","headers":[{many}]"#)), ["export-fields-missing"]);
}

#[test]
fn pseudo_header_fields_name_host_and_protocol_and_are_no_fields() {
    let exchange = entry(
        r#"{"request":{"method":"GET","url":"https://h/x?y#z","httpVersion":"unknown","headers":[
            {"name":":authority","value":"mail.example"},{"name":":path","value":"/x?y"},
            {"name":"accept","value":"*/*"}]}}"#,
    );
    assert_eq!(exchange.protocol, crate::exchange::Protocol::Http2);
    let request = exchange.request.unwrap();
    assert_eq!((request.host.as_deref(), request.target.as_str()), (Some("mail.example"), "/x?y"));
    assert_eq!(request.head.spans.len(), 1);
}

#[test]
fn a_form_without_text_is_put_together_from_its_parameters() {
    let body = |params: &str| {
        let exchange = entry(&format!(
            r#"{{"request":{{"method":"POST","url":"http://h/","postData":{{
                "mimeType":"application/x-www-form-urlencoded","params":{params}}}}}}}"#
        ));
        assert!(exchange.oddities.iter().any(|oddity| oddity.name == "export-body-reconstructed"));
        String::from_utf8(exchange.request.unwrap().body.bytes.to_vec()).unwrap()
    };
    assert_eq!(
        body(r#"[{"name":"grant type","value":"a&b=c"},{"name":"x","value":"1"}]"#),
        "grant+type=a%26b%3Dc&x=1"
    );
    assert_eq!(body(r#"[{"name":"f%5B1%5D","value":"v%20w"}]"#), "f%5B1%5D=v%20w");
}

#[test]
fn one_odd_entry_costs_itself_and_is_named_by_its_index() {
    let good = |path: &str| {
        format!(r#"{{"startedDateTime":"x","request":{{"method":"GET","url":"http://h/{path}"}}}}"#)
    };
    for odd in [
        "7",
        "null",
        "{}",
        r#"{"request":null}"#,
        r#"{"request":{"method":1}}"#,
        r#"{"startedDateTime" "x"}"#,
        r#"{"request":{"url":"http://h/","method":"GET",}}"#,
        r#"{"request":@}"#,
    ] {
        let out = collect(&format!(r#"{{"log":{{"entries":[{},{odd},{}]}}}}"#, good("a"), good("b")));
        let paths: Vec<_> =
            out.exchanges.iter().map(|exchange| exchange.request.as_ref().unwrap().target.clone()).collect();
        assert_eq!(paths, ["/a", "/b"], "{odd}");
        assert_eq!(out.exchanges[1].key.frame, 2);
        assert_eq!(out.notices.len(), 1, "{odd}");
        assert_eq!(out.notices[0].entry, Some(1));
        assert!(out.notices[0].text.contains("entry 1"), "{:?}", out.notices);
        assert_eq!(out.notices[0].loss, Some(LeftOut::request()), "{odd}");
    }
}

#[test]
fn a_cut_file_is_used_up_to_the_cut() {
    let whole = r#"{"log":{"entries":[{"request":{"method":"GET","url":"http://h/a"}},{"request":{"method":"GET","url":"http://h/b"}}]}}"#;
    let first = whole.find("},{").unwrap() + 1;
    for cut in 0..whole.len() {
        let mut out = Collected::default();
        let result = read(&whole.as_bytes()[..cut], &ImportSettings::default(), &mut out);
        assert_eq!(result.is_ok(), cut >= first, "{cut}");
        if result.is_ok() {
            assert!(out.truncated);
            assert_eq!(out.notices.len(), 1);
            // Between two entries, and behind the last, a cut costs none that is there.
            let inside = cut > first + 1 && cut < whole.len() - 3;
            assert_eq!(out.notices[0].loss, inside.then(LeftOut::request), "{cut}");
        }
    }
}

#[test]
fn what_follows_the_document_is_told() {
    let whole = r#"{"log":{"entries":[{"request":{"method":"GET","url":"http://h/a"}}]}}"#;
    for (behind, told) in [("", 0), (" \r\n\0\0", 0), ("\n{\"log\":{}}", 1), (whole, 1), ("\0]", 1)] {
        let text = format!("{whole}{behind}");
        for size in [1, 7, 1000] {
            let (result, out) = through_window(text.as_bytes(), size);
            assert_eq!((result, out.exchanges.len(), out.notices.len()), (Ok(()), 1, told), "{behind:?}");
            assert!(out.notices.iter().all(|notice| notice.loss == Some(LeftOut::request())), "{behind:?}");
        }
    }
}

#[test]
fn damage_that_ends_the_reading_costs_what_follows() {
    let out = collect(r#"{"log":{"entries":[{"request":{"method":"GET","url":"http://h/a"}} 7]}}"#);
    assert!(out.truncated);
    assert_eq!(out.notices[0].loss, Some(LeftOut::request()), "{:?}", out.notices);
}

#[test]
fn what_is_no_har_is_refused() {
    for text in [
        "",
        "[]",
        "{}",
        r#"{"log":[]}"#,
        r#"{"log":{"entries":5}}"#,
        "{\"log\":\n[\n    2,1,3\n]\n\"request:\"}",
    ] {
        let result = read(text.as_bytes(), &ImportSettings::default(), &mut Collected::default());
        assert!(matches!(result, Err(ImportError::Damaged(_) | ImportError::Kind(_))), "{text}: {result:?}");
    }
    let deep = format!(r#"{{"log":{{"x":{}"#, "[".repeat(1_000_000));
    assert!(read(deep.as_bytes(), &ImportSettings::default(), &mut Collected::default()).is_err());
}

#[test]
fn credentials_that_were_taken_out_are_noticed_only_on_evidence() {
    let ews =
        r#"{"request":{"method":"POST","url":"https://h/ews/exchange.asmx"},"response":{"status":200}}"#;
    let stripped = |entries: &str| {
        let out = collect(&format!(r#"{{"log":{{"entries":[{entries}]}}}}"#));
        out.exchanges
            .iter()
            .filter(|e| e.oddities.iter().any(|o| o.name == "export-stripped-headers"))
            .count()
    };
    assert_eq!(stripped(&format!("{ews},{ews}")), 2);
    let with = r#"{"request":{"method":"GET","url":"https://h/","headers":[{"name":"authorization","value":"Bearer x"}]}}"#;
    assert_eq!(stripped(&format!("{ews},{with}")), 0);
    let ntlm = r#"{"request":{"method":"GET","url":"https://h/"},"response":{"status":401,"headers":[{"name":"WWW-Authenticate","value":"NTLM"}]}}"#;
    assert_eq!(stripped(&format!("{ntlm},{ews}")), 1, "an offer is no handshake");
    let handshake = with.replace("Bearer x", "NTLM TlRMTVNTUAAB");
    assert_eq!(stripped(&format!("{ntlm},{handshake},{ews}")), 0);
    let inside = ews.replace("asmx", "asmx/WSSecurity/X509Cert");
    assert_eq!(stripped(&format!("{inside},{inside}")), 0, "the message proves who it is");
    let persistent = ews.replace("200", r#"200,"headers":[{"name":"Persistent-Auth","value":"true"}]"#);
    assert_eq!(stripped(&format!("{persistent},{persistent}")), 0);
    assert_eq!(stripped(&format!("{persistent},{ews}")), 1, "it speaks for its own connection");
    assert_eq!(
        stripped(&format!("{ews},{}", with.replace("Bearer x", ""))),
        2,
        "both, of a name without a value"
    );
    assert_eq!(stripped(r#"{"request":{"method":"GET","url":"https://h/"},"response":{"status":200}}"#), 0);
    assert_eq!(stripped(&with.replace("Bearer x", "[REDACTED]")), 1);
}

#[test]
fn utf_16_and_byte_order_marks_are_read() {
    let text = r#"{"log":{"entries":[{"request":{"method":"GET","url":"http://h/é"}}]}}"#;
    let mut wide = vec![0xff, 0xfe];
    wide.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    for bytes in [wide, [b"\xef\xbb\xbf", text.as_bytes()].concat()] {
        let mut out = Collected::default();
        read(&bytes, &ImportSettings::default(), &mut out).unwrap();
        assert_eq!(out.exchanges[0].request.as_ref().unwrap().target, "/é");
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_make_it_panic(
        pieces in proptest::collection::vec(proptest::sample::select(vec![
            "{", "}", "[", "]", ",", ":", "\"", "\\", "\"log\":", "\"entries\":[", "\"request\":{", "\"url\":\"http://h/\"",
            "\"method\":\"GET\"", "\"headers\":", "\"startedDateTime\":\"", "1e999", "-", "null", "\\ud800", "é", "\u{feff}",
        ]), 0..60),
    ) {
        fuzz(pieces.concat().as_bytes());
        fuzz(format!("{{\"log\":{{\"entries\":[{}", pieces.concat()).as_bytes());
    }
}

/// What a file gives when it is read through a window of `size` bytes.
fn through_window(bytes: &[u8], size: usize) -> (Result<(), ImportError>, Collected) {
    let mut out = Collected::default();
    let crowd = Crowd { workers: Vec::new(), after: 0 };
    let result = through(Window::new(&mut &bytes[..], size), crowd, None, &mut out);
    (result, out)
}

/// The same on several threads.
fn on_threads(bytes: &[u8], size: usize) -> (Result<(), ImportError>, Collected) {
    let found = Mutex::new(Vec::new());
    let mut out = Collected::default();
    let take = || -> Worker<'_> { Box::new(|exchange| found.lock().unwrap().push(exchange)) };
    let crowd = Crowd { workers: vec![take(), take()], after: 0 };
    let result = through(Window::new(&mut &bytes[..], size), crowd, None, &mut out);
    out.exchanges.extend(found.into_inner().unwrap());
    out.exchanges.sort_by_key(|exchange| exchange.key);
    (result, out)
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let sent =
        r#"{"request":{"method":"GET","url":"http://h/","headers":[{"name":"Cookie","value":"a=1"}]}}"#;
    let many: Vec<String> = (0..700)
        .map(|number| match number % 7 {
            0 => "null".to_owned(),
            1 => r#"{"request":{"method":"GET" "url":1}}"#.to_owned(),
            2 => "{}".to_owned(),
            _ => format!(
                r#"{{"startedDateTime":"","request":{{"method":"GET","url":"http://h/{number}\n\u00e9"}}}}"#
            ),
        })
        .collect();
    let many = many.join(" ,\n");
    for end in ["]}}", "", r#",{"request":"#, r#"],"x":1}}"#, "}"] {
        let text = format!(r#"{{"log":{{"entries":[{sent},{many}{end}"#);
        let (expected, whole) = through_window(text.as_bytes(), 1 << 20);
        assert!(whole.exchanges.len() > 300 && whole.notices.len() > 140);
        for size in [1, 100, 1000, 1 << 20] {
            let (result, out) = on_threads(text.as_bytes(), size);
            assert_eq!((result, out.truncated), (expected.clone(), whole.truncated), "{size}");
            assert_eq!(out.exchanges, whole.exchanges, "{size}");
            // Beyond those that are listed, notices are only counted.
            assert_eq!(out.notices.len(), whole.notices.len(), "{size}");
            assert_eq!(out.notices[..100], whole.notices[..100], "{size}");
        }
    }
}

#[test]
fn tunnels_are_told_unless_the_file_holds_what_is_inside() {
    let entry = |method: &str, url: &str, status: u16| {
        format!(
            r#"{{"request":{{"method":"{method}","url":"{url}","headers":[["Cookie","a=1"]]}},"response":{{"status":{status}}}}}"#
        )
    };
    let many = vec![entry("GET", "https://open.example/ews", 200); 300].join(",");
    let tunnels = [
        entry("CONNECT", "https://open.example:443", 200),
        entry("CONNECT", "closed.example:443", 200),
        entry("CONNECT", "refused.example:443", 407),
    ];
    let text = format!(r#"{{"log":{{"entries":[{},{many}]}}}}"#, tunnels.join(","));
    for size in [1, 1000, 1 << 20] {
        for (result, out) in [through_window(text.as_bytes(), size), on_threads(text.as_bytes(), size)] {
            assert_eq!((result, out.exchanges.len()), (Ok(()), 303));
            let names: Vec<_> = out
                .connections
                .iter()
                .map(|found| found.tls.as_ref().unwrap().facts.sni.as_deref())
                .collect();
            assert_eq!(names, [Some("closed.example")], "{size}");
            assert_eq!(out.connections[0].first_frame, 1);
        }
    }
}

#[test]
fn the_size_of_the_window_changes_nothing() {
    let entry = |more: &str| format!(r#"{{"request":{{"method":"GET","url":"http://h/{more}"}}}}"#);
    let long = "y".repeat(9000);
    let (a, b, c) = (entry("a"), entry(r#"b","_x":[1,2,[{}]],"z":"\""#), entry(&long));
    let blank = " ".repeat(5000);
    for text in [
        format!(
            r#"{{"x":[1,{{"y":-12.5e3}},"\""],"log":{{"pages":[{{"id":1}}],"entries":[{a},{b} , {c}]}},"z":0}}"#
        ),
        format!("\u{feff}{blank}{{\"entries\":[{a},{{\"request\":{{,{blank}{blank}{{\"request\":1}},{b}]}}"),
        format!(r#"{{"log":{{"entries":[{a},{{"request":"unclosed}},{c},{b}]}}}}"#),
        format!(r#"{{"log":{{"entries":[{a},{b}"#),
        format!(r#"{{"log":{{"entries":[{a},]}}}}"#),
        format!(r#"{{"log":{{"entries":[{a}],}}}}"#),
        format!(r#"{{"log" {a}}}"#),
        r#"{"log":{"entries":5}}"#.to_owned(),
        "12".to_owned(),
        String::new(),
    ] {
        let (expected, whole) = through_window(text.as_bytes(), 1 << 20);
        for size in [1, 2, 3, 7, 64, 1000] {
            let (result, out) = through_window(text.as_bytes(), size);
            let label = format!("{size}: {}", text.get(..60).unwrap_or(&text));
            assert_eq!(result, expected, "{label}");
            assert_eq!(out.exchanges, whole.exchanges, "{label}");
            assert_eq!((out.notices, out.truncated), (whole.notices.clone(), whole.truncated), "{label}");
        }
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn a_damaged_file_is_the_same_through_every_window(
        size in 1_usize..200,
        at in 0_usize..400,
        put in proptest::sample::select(vec!["", "\"", "{", "}", "]", ",", "\\", "[[", "é"]),
    ) {
        let entry = r#"{"startedDateTime":"2020-01-01T00:00:00Z","request":{"method":"GET","url":"http://h/a","headers":[["a","b"]]}}"#;
        let mut text = format!(r#"{{"log":{{"entries":[{entry},{entry},{entry}]}}}}"#);
        text.insert_str(at.min(text.len()), put);
        let (expected, whole) = through_window(text.as_bytes(), 1 << 20);
        let (result, out) = through_window(text.as_bytes(), size);
        proptest::prop_assert_eq!(result, expected);
        proptest::prop_assert_eq!(out.exchanges, whole.exchanges);
        proptest::prop_assert_eq!((out.notices, out.truncated), (whole.notices, whole.truncated));
    }
}

#[test]
fn of_a_large_xml_answer_the_beginning_is_kept_where_it_is_enough() {
    let content = format!("<m:Item>\\\"{}\\\"</m:Item>", "é ".repeat(10_000));
    let kept = |kind: &str, encoding: &str, content: &str, enough: Option<Enough>| {
        let text = format!(
            r#"{{"log":{{"entries":[{{"request":{{"method":"POST","url":"http://h/"}},"response":{{"status":200,"content":
            {{"mimeType":"{kind}","encoding":"{encoding}","text":"{content}"}}}}}}]}}}}"#
        );
        let mut out = Collected::default();
        let settings = ImportSettings { enough, ..ImportSettings::default() };
        read(text.as_bytes(), &settings, &mut out).unwrap();
        let body = out.exchanges.pop().unwrap().response.unwrap().body;
        // Where no size is told, what the text stands for is counted, not how it is written.
        let plain = content.replace('\\', "").len();
        let total = if encoding.is_empty() { plain } else { content.len() / 4 * 3 };
        assert!(body.complete && body.total == total as u64);
        body.bytes
    };
    let whole = kept("text/xml", "", &content, None);
    assert_eq!(whole.len(), content.len() - 2);
    let begins: Option<Enough> = Some(|begin| begin.len() == crate::limits::ANSWER_GLIMPSE);
    let begin = kept("text/xml; charset=utf-8", "", &content, begins);
    assert!(begin.len() <= crate::limits::ANSWER_LOOK && whole.starts_with(&begin));
    assert!(begin.len() > crate::limits::ANSWER_GLIMPSE);
    assert_eq!(kept("text/xml", "", &content, Some(|_| false)), whole);
    assert_eq!(kept("application/json", "", &content, begins), whole);
    assert_eq!(kept("text/xml", "base64", &"AAAA".repeat(4000), begins).len(), 12_000);
    assert_eq!(kept("text/xml", "", "<short/>", begins), "<short/>");
}

#[test]
fn an_answer_that_has_no_body_lacks_none() {
    let answer = |status: u16| {
        let content = r#"{"size":1234,"mimeType":"text/xml"}"#;
        let exchange = entry(&format!(
            r#"{{"request":{{"method":"GET","url":"http://h/","headers":[["A","b"]]}},"response":{{"status":{status},"headers":[["A","b"]],"content":{content},"bodySize":0}}}}"#
        ));
        let body = &exchange.response.as_ref().unwrap().body;
        (exchange.complete(), body.total, exchange.oddities.len())
    };
    assert_eq!(answer(304), (true, 0, 0));
    assert_eq!(answer(204), (true, 0, 0));
    assert_eq!(answer(200), (false, 1234, 1));
}

#[test]
fn a_body_whose_size_nobody_tells_is_counted_or_missed() {
    let bodies = |post: &str, content: &str| {
        let exchange = entry(&format!(
            r#"{{"request":{{"method":"POST","url":"http://h/","headers":[["A","b"]],"bodySize":-1,"postData":{{"mimeType":"text/xml",{post}}}}},"response":{{"status":200,"headers":[["Content-Type","text/xml"]],{content}"bodySize":-1}}}}"#
        ));
        let (request, response) = (exchange.request.unwrap().body, exchange.response.unwrap().body);
        (request.total, response.total, response.complete)
    };
    let text = r#""text":"<a b=\"\u00e9\"/>""#;
    let size = r#""content":{"size":7,"text":"<x y=1>"},"#;
    assert_eq!(bodies(text, size), (11, 7, true));
    assert_eq!(bodies(r#""encoding":"base64","text":"PGEvPg==""#, ""), (4, 0, false));
    assert_eq!(bodies(text, r#""content":{"size":-1,"mimeType":"text/xml"},"#), (11, 0, false));
    assert_eq!(bodies(text, r#""content":{"size":0,"mimeType":"text/xml"},"#), (11, 0, true));
}

#[test]
fn a_body_that_is_kept_as_it_travelled_is_decoded_by_its_coding() {
    let decoded = |bytes: &[u8]| {
        let text = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes);
        let exchange = entry(&format!(
            r#"{{"request":{{"method":"GET","url":"http://h/","headers":[["A","b"]]}},"response":{{"status":200,"headers":[["Content-Type","text/xml"],["Content-Encoding","deflate"]],"content":{{"encoding":"base64","text":"{text}"}}}}}}"#
        ));
        exchange.response.unwrap().body.already_decoded
    };
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut encoder, "<é/>".repeat(100).as_bytes()).unwrap();
    assert!(!decoded(&encoder.finish().unwrap()));
    assert!(decoded("<é/>".repeat(100).as_bytes()) && decoded(&"é".repeat(200).as_bytes()[..399]));
}

#[test]
fn content_that_was_not_kept_is_not_taken_for_none() {
    let complete = |status: u16, kind: &str, field: &str, size: i32| {
        let out = collect(&format!(
            r#"{{"log":{{"version":"1.2","entries":[{{"request":{{"method":"POST","url":"https://h/ews","headers":[{{"name":"A","value":"b"}}]}},"response":{{"status":{status},"headers":[{field}],"content":{{"size":0,"mimeType":"{kind}","text":""}},"bodySize":{size}}}}}]}}}}"#
        ));
        out.exchanges[0].response.as_ref().unwrap().body.complete
    };
    let length = |length| format!(r#"{{"name":"Content-Length","value":"{length}"}}"#);
    assert!(complete(200, "text/xml; charset=utf-8", "", 0), "who counts none says so");
    assert!(!complete(200, "text/html", &length(431), 0));
    assert!(!complete(200, "text/html", "", 431));
    assert!(complete(200, "text/html", &length(0), 0));
    assert!(complete(200, "text/html", "", 0));
    assert!(complete(302, "text/html", &length(431), 431), "kept by none");
}

#[test]
fn secret_parameters_that_stand_only_in_their_list_are_found() {
    let read = |url: &str, query: &str| {
        let text = format!(
            r#"{{"request":{{"method":"GET","url":"{url}","headers":[["Host","h"]],"queryString":{query}}}}}"#
        );
        let exchange = entry(&text);
        let tells = |name: &str| exchange.oddities.iter().any(|oddity| oddity.name == name);
        let told = (tells("export-password-in-query"), tells("export-query-reconstructed"));
        (exchange.request.unwrap().target, told)
    };
    let list =
        r#"[{"name":"a b","value":"x&y"},{"name":"password","value":"p w"},{"name":"x","value":"eyJ.e30."}]"#;
    for (url, query, expected, told) in [
        ("https://h/ews", list, "/ews?x=eyJ.e30.", (true, true)),
        ("https://h/ews?a%20b=x", list, "/ews?a%20b=x&x=eyJ.e30.", (true, true)),
        ("https://h/ews?a+b=x&p%61ssword=1", list, "/ews?a+b=x&p%61ssword=1&x=eyJ.e30.", (false, true)),
        ("https://h/?p%61ssword=1;x=2", list, "/?p%61ssword=1;x=2", (false, false)),
        ("https://h", r#"{"access_token":["eyJ a&b"]}"#, "/?access_token=eyJ+a%26b", (false, true)),
        ("https://h/ews", r#"[{"name":"search","value":"kitten"}]"#, "/ews", (false, false)),
        ("https://h/ews", r#"[{"name":"Password","value":""}]"#, "/ews", (false, false)),
        ("https://h/ews", "[]", "/ews", (false, false)),
        ("https://h/ews", "null", "/ews", (false, false)),
        ("https://h/ews", r#"[7,{"value":"eyJ"},{"name":"","value":"eyJ"}]"#, "/ews", (false, false)),
        ("https://h/ews", r#""password=x""#, "/ews", (false, false)),
    ] {
        assert_eq!(read(url, query), (expected.to_owned(), told), "{url} {query}");
    }
}

#[test]
fn a_date_without_zone_is_told_by_that_of_the_answer() {
    let read = |started: &str, date: &str| {
        let response = format!(r#"{{"status":200,"headers":[{{"name":"Date","value":"{date}"}}]}}"#);
        let request = r#"{"method":"GET","url":"http://h/","headers":[{"name":"Host","value":"h"}]}"#;
        let exchange = entry(&format!(
            r#"{{"startedDateTime":"{started}","time":500,"request":{request},"response":{response}}}"#
        ));
        (exchange.time().unwrap().to_string(), exchange.zone_is_unknown())
    };
    let date = "Sun, 30 Nov 2025 10:53:20 GMT";
    for local in ["2025-11-30T12:53:20", "2025-11-30T05:23:20", "2025-11-30T10:53:20"] {
        assert_eq!(read(local, date), ("2025-11-30T10:53:20Z".to_owned(), false), "{local}");
    }
    // A clock that is wrong, or no date of this day, tells no zone.
    for local in ["2025-11-30T12:58:20", "2025-12-02T10:53:20"] {
        assert_eq!(read(local, date), (format!("{local}Z"), true), "{local}");
    }
    assert_eq!(read("2025-11-30T12:53:20", "today"), ("2025-11-30T12:53:20Z".to_owned(), true));
    assert_eq!(read("2025-11-30T12:53:20+02:00", "today"), ("2025-11-30T10:53:20Z".to_owned(), false));
}
