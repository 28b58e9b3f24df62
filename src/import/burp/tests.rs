use super::super::Collected;
use super::*;

/// Made after Burp's own DTD.
const HEAD: &str = r#"<?xml version="1.0"?>
<!DOCTYPE items [
<!ELEMENT items (item*)>
<!ATTLIST items burpVersion CDATA "">
<!ATTLIST items exportTime CDATA "">
<!ELEMENT item (time, url, host, port, protocol, method, path, extension, request, status, responselength, mimetype, response, comment)>
<!ELEMENT time (#PCDATA)>
<!ELEMENT host (#PCDATA)>
<!ATTLIST host ip CDATA "">
<!ELEMENT request (#PCDATA)>
<!ATTLIST request base64 (true|false) "false">
<!ELEMENT response (#PCDATA)>
<!ATTLIST response base64 (true|false) "false">
]>
<items burpVersion="2023.10.3.4" exportTime="Mon Jan 09 12:06:37 CET 2023">"#;

fn item(path: &str) -> String {
    let base64 = |text: String| base64::engine::general_purpose::STANDARD.encode(text);
    let request = base64(format!(
        "POST {path} HTTP/2\r\nHost: mail.example\r\nAuthorization: Bearer t\r\nContent-Length: 4\r\n\r\n<x/>"
    ));
    let response = base64("HTTP/2 200 OK\r\nContent-Type: text/xml\r\n\r\n<y/>".to_owned());
    format!(
        "<item>
    <time>Mon Jan 09 12:06:12 CET 2023</time>
    <url><![CDATA[https://mail.example{path}]]></url>
    <host ip=\"10.0.0.7\">mail.example</host>
    <port>443</port>
    <protocol>https</protocol>
    <method><![CDATA[POST]]></method>
    <path><![CDATA[{path}]]></path>
    <extension>asmx</extension>
    <request base64=\"true\"><![CDATA[{request}]]></request>
    <status>200</status>
    <response base64=\"true\"><![CDATA[{response}]]></response>
    <comment></comment>
  </item>"
    )
}

fn collect(text: &str) -> Result<Collected, ImportError> {
    let mut out = Collected::default();
    read(text.as_bytes(), &ImportSettings::default(), &mut out).map(|()| out)
}

#[test]
fn an_item_gives_its_exchange() {
    let out = collect(&format!("{HEAD}{}</items>", item("/ews/exchange.asmx"))).unwrap();
    assert_eq!(out.notices, []);
    let exchange = &out.exchanges[0];
    let request = exchange.request.as_ref().unwrap();
    assert_eq!((request.scheme.as_deref(), request.host.as_deref()), (Some("https"), Some("mail.example")));
    assert_eq!(request.head.text("authorization"), Some("Bearer t"));
    assert_eq!(&exchange.response.as_ref().unwrap().body.bytes[..], b"<y/>");
    assert_eq!(exchange.protocol, Protocol::Http2);
    assert_eq!(exchange.server.unwrap().to_string(), "10.0.0.7:443");
    assert_eq!(exchange.time().unwrap().to_string(), "2023-01-09T11:06:12Z");
}

#[test]
fn a_time_of_an_unknown_zone_is_none() {
    let read = |zone: &str| {
        let item = item("/ews").replace("CET 2023", &format!("{zone} 2023"));
        let out = collect(&format!("{HEAD}{item}</items>")).unwrap();
        let exchange = &out.exchanges[0];
        let odd = exchange.oddities.iter().any(|oddity| oddity.name == "export-time-without-zone");
        (exchange.time().map(|at| at.to_string()), odd)
    };
    assert_eq!(read("AEDT"), (Some("2023-01-09T01:06:12Z".into()), false));
    assert_eq!(read("GMT+05:30"), (Some("2023-01-09T06:36:12Z".into()), false));
    assert_eq!(read("IST"), (None, true));
}

#[test]
fn plain_text_messages_and_missing_responses_are_read() {
    let text = format!(
        "{HEAD}<item><request>GET /a&amp;b HTTP/1.1&#13;\nHost: h\n\n</request><response/></item></items>"
    );
    let out = collect(&text).unwrap();
    let exchange = &out.exchanges[0];
    assert_eq!(exchange.request.as_ref().unwrap().target, "/a&b");
    assert_eq!(exchange.response, None);
}

#[test]
fn one_odd_item_costs_itself_and_a_cut_file_is_used_up_to_the_cut() {
    let odd = "<item><request base64=\"true\">***</request></item><item/>";
    let text = format!("{HEAD}{}{odd}{}</items>", item("/a"), item("/b"));
    let out = collect(&text).unwrap();
    assert_eq!(out.exchanges.iter().map(|exchange| exchange.key.frame).collect::<Vec<_>>(), [0, 3]);
    assert_eq!(out.notices.iter().map(|notice| notice.entry).collect::<Vec<_>>(), [Some(1), Some(2)]);
    assert!(out.notices.iter().all(|notice| notice.loss == Some(LeftOut::request())));
    let cut = text.rfind("</item>").unwrap();
    for cut in [cut, cut + 3, cut - 200] {
        let out = collect(&text[..cut]).unwrap();
        assert!(out.truncated);
        assert_eq!(out.exchanges.len(), 1);
        assert_eq!(out.notices.last().unwrap().loss, Some(LeftOut::request()));
    }
    let between = collect(&text[..text.rfind("</items>").unwrap()]).unwrap();
    assert!(between.truncated && between.notices.last().unwrap().loss.is_none());
    for cut in (0..HEAD.len()).step_by(7) {
        assert!(collect(&text[..cut]).is_err(), "{cut}");
    }
}

#[test]
fn what_was_left_out_of_an_item_is_told_with_its_host() {
    let lost = |request: &str, response: &str| {
        let odd = format!(
            "<item><url>https://mail.example/ews</url><request>{request}</request><response{response}</response></item>"
        );
        let notices = collect(&format!("{HEAD}{}{odd}</items>", item("/whole"))).unwrap().notices;
        notices.into_iter().filter_map(|notice| notice.loss).collect::<Vec<_>>()
    };
    let request = "GET /ews HTTP/1.1&#13;\n&#13;\n";
    assert_eq!(lost("odd", ">"), [LeftOut::request().to(Some("mail.example".to_owned()))]);
    assert_eq!(lost(request, " base64=\"true\">***"), [LeftOut::response()]);
    assert_eq!(lost(request, ">odd"), [LeftOut::response()]);
    assert_eq!(lost(request, ">"), []);
}

#[test]
fn entities_and_depth_cost_nothing() {
    let laughs = "<!DOCTYPE items [<!ENTITY a \"GET / HTTP/1.1\"><!ENTITY b SYSTEM \"file:///etc/passwd\">]><items><item><request>&a;&b;</request></item></items>";
    let out = collect(laughs).unwrap();
    assert_eq!((out.exchanges.len(), out.notices.len()), (0, 1));
    let deep = format!("<items>{}", "<a>".repeat(200_000));
    assert!(matches!(collect(&deep), Err(ImportError::Damaged(_))));
    assert!(collect("<html></html>").is_err());
    assert!(collect("").is_err());
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_makes_it_panic(pieces in proptest::collection::vec(proptest::sample::select(vec![
        "<items>", "</items>", "<item>", "</item>", "<request base64=\"true\">", "<request>", "</request>", "R0VUIC8=", "GET / HTTP/1.1\r\n\r\n",
        "<![CDATA[", "]]>", "&amp;", "&#0;", "&x;", "<!--", "-->", "<?", "<time>Mon Jan 09 12:06:12 é€ 2023</time>", "<host ip=\"::\"/>", "\"",
    ]), 0..40)) {
        fuzz(pieces.concat().as_bytes());
        fuzz(format!("<items><item>{}", pieces.concat()).as_bytes());
    }
}
