use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prelude::*;

use super::*;

const SIGNATURE: &str = "aNf_OH8vQNbOM29Skr7EBuK6vM0gc_6IF-SCCE9dSqABtEYW";
const OPAQUE: &str = "0.AXoA9Zk3mQe7YUKxq8v2Lw1b7nQ2x";

fn jws(header: &str, payload: &str, signature: &str) -> String {
    format!("{}.{}.{signature}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload))
}

fn signed(payload: &str) -> String {
    jws(r#"{"typ":"JWT","alg":"RS256"}"#, payload, SIGNATURE)
}

/// Outer tokens around a signed one, each unsigned.
fn nested(depth: usize) -> String {
    (0..depth).fold(signed(r#"{"iss":"a@r","nameid":"b@r"}"#), |inner, level| {
        let claim = if level % 2 == 0 { "actortoken" } else { "actort" };
        jws(r#"{"alg":"none"}"#, &format!(r#"{{"iss":"b@r","{claim}":"{inner}"}}"#), "")
    })
}

#[track_caller]
fn masked(text: &str) -> String {
    String::from_utf8(redact(text.as_bytes(), &Options::default()).unwrap().bytes).unwrap()
}

fn har(request: &str) -> String {
    let entry = format!(r#"{{"request":{{"method":"POST","url":"https://h/",{request}}}}}"#);
    masked(&format!(r#"{{"log":{{"entries":[{entry}]}}}}"#))
}

#[test]
fn a_token_keeps_its_claims_at_every_depth_and_no_signature_at_any() {
    for depth in 0..6 {
        let text = masked(&format!("Authorization: Bearer {}\n", nested(depth)));
        let mut token = text.trim().strip_prefix("Authorization: Bearer ").unwrap().to_owned();
        for level in (0..depth).rev() {
            let payload = token.split('.').nth(1).unwrap();
            let claims: serde_json::Value =
                serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
            assert_eq!(claims["iss"], "b@r");
            token = claims[if level % 2 == 0 { "actortoken" } else { "actort" }].as_str().unwrap().to_owned();
        }
        let (rest, mark) = token.rsplit_once('.').unwrap();
        assert_eq!(mark, "[removed-1]", "depth {depth}");
        assert!(nested(0).starts_with(rest));
        let jwt = crate::token::jwt::Jwt::parse(token.as_bytes()).unwrap();
        assert!(jwt.signature_removed());
    }
}

#[test]
fn header_fields_keep_scheme_names_and_attributes() {
    let header = |name: &str, value: &str| {
        let text = har(&format!(r#""headers":[{{"name":"{name}","value":{}}}]"#, serde_json::json!(value)));
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        value["log"]["entries"][0]["request"]["headers"][0]["value"].as_str().unwrap().to_owned()
    };
    assert_eq!(header("authorization", "Basic dXNlcjpodW50ZXIyMg=="), "Basic REDACTED_VALUE_3");
    assert_eq!(header("Proxy-Authorization", "NTLM TlRMTVNTUAADAAAA"), "NTLM REDACTED_VALUE_1");
    assert_eq!(header("Authorization", &format!("Bearer {OPAQUE}")), "Bearer REDACTED_VALUE_1");
    assert_eq!(header("Authorization", "Bearer"), "Bearer");
    assert_eq!(
        header(
            "Authorization",
            "Digest username=\"bob\", realm=\"r\", response=\"6629fae49393a05397450978507c4ef1\""
        ),
        "Digest username=\"bob\", realm=\"r\", response=\"REDACTED_VALUE_1\""
    );
    assert_eq!(header("Cookie", "FedAuth=77u/PD94bWwg; b="), "FedAuth=REDACTED_VALUE_1; b=");
    assert_eq!(
        header("Set-Cookie", "sid=31d4d96e407a; Path=/; Secure"),
        "sid=REDACTED_VALUE_1; Path=/; Secure"
    );
    assert_eq!(header("X-My-Token", "short"), "REDACTED_VALUE_1");
    let reason =
        |word: &str| format!("2000001;reason=\"the key {word} is bad\";error_category=\"invalid_token\"");
    for (word, shown) in [
        ("Zq77XkP0aQ7rT9vLmB4nC8dE2fG6hJ1wY3uK5", "REDACTED_VALUE_1"),
        ("37C3B6C7815C68394F3EB295FBFBE543673D1E48", "37C3B6C7815C68394F3EB295FBFBE543673D1E48"),
    ] {
        assert_eq!(header("x-ms-diagnostics", &reason(word)), reason(shown));
    }
    assert_eq!(header("X-SessionKey", "short"), "REDACTED_VALUE_1");
    assert_eq!(header("X-Whatever", "Zk3mQe7YUKxq8v2Lw1b7nQ2x9Zr"), "REDACTED_VALUE_1");
    let challenge = "Bearer client_id=\"00000002-0000-0ff1-ce00-000000000000\", trusted_issuers=\"a@b\"";
    assert_eq!(header("WWW-Authenticate", challenge), challenge);
    assert_eq!(
        header("Location", "https://u:p4ssw0rd@h/?code=abc"),
        "https://u:REDACTED_VALUE_1@h/?code=REDACTED_VALUE_2"
    );
}

#[test]
fn bodies_of_every_kind_are_looked_into() {
    let body = |mime: &str, text: &str| {
        let out = har(&format!(r#""postData":{{"mimeType":"{mime}","text":{}}}"#, serde_json::json!(text)));
        let value: serde_json::Value = serde_json::from_str(&out).unwrap();
        value["log"]["entries"][0]["request"]["postData"]["text"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        body(
            "application/x-www-form-urlencoded",
            "a=b%20c&client_secret=s3cr%2Bt+x&refresh_token=0.A%2FB&z=1"
        ),
        "a=b%20c&client_secret=REDACTED_VALUE_1&refresh_token=REDACTED_VALUE_2&z=1"
    );
    assert_eq!(
        body(
            "application/json",
            r#"{ "expires_in": 1e3, "refresh_token" : "0.AB\"c", "x":{"password":"pw"}}"#
        ),
        r#"{ "expires_in": 1e3, "refresh_token" : "REDACTED_VALUE_1", "x":{"password":"REDACTED_VALUE_2"}}"#
    );
    let token = nested(1);
    let wrapped = STANDARD.encode(&token);
    let soap = format!(
        "<o:BinarySecurityToken>{wrapped}</o:BinarySecurityToken><o:Password Type=\"t\">hunter2</o:Password>"
    );
    let out = body("text/xml", &soap);
    assert!(out.contains("<o:Password Type=\"t\">REDACTED_VALUE_"), "{out}");
    let start = out.find('>').unwrap() + 1;
    let inside = STANDARD.decode(&out[start..out[start..].find('<').unwrap() + start]).unwrap();
    assert!(crate::token::jwt::Jwt::parse(&inside).is_some_and(|jwt| jwt.claims(&inside).is_some()));
    let page = r#"<form><input type="hidden" name="wresult" value="&lt;x>secret"/></form>"#;
    assert!(body("text/html", page).contains(r#"value="REDACTED_VALUE_1""#));
    let part = "--b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\nhunter2\r\n--b--\r\n";
    assert!(body("multipart/form-data; boundary=b", part).contains("\r\n\r\nREDACTED_VALUE_1\r\n--b--"));
}

#[test]
fn a_secret_goes_wherever_else_it_stands() {
    let out = har(&format!(
        r#""headers":[{{"name":"Authorization","value":"Bearer {OPAQUE}"}}],"comment":"it was {OPAQUE}.","_x":{{"{OPAQUE}":1}}"#
    ).replace(&format!("\"_x\":{{\"{OPAQUE}\":1}}"), "\"_x\":0"));
    assert!(out.contains(r#""comment":"it was REDACTED_VALUE_1.""#), "{out}");
}

#[test]
fn a_secret_that_the_policy_misses_is_not_delivered() {
    let text = format!(
        "GET / HTTP/1.1\r\nHost: h\r\nX-Plain: hello-wide-world\r\nAuthorization: Bearer {OPAQUE}\r\n\r\n"
    );
    assert!(redact(text.as_bytes(), &Options::default()).is_ok());
    for planted in ["hello-wide-world", "X-Plain: hello"] {
        let refused =
            redact_planted(text.as_bytes(), &Options::default(), &[planted.as_bytes()]).unwrap_err();
        assert!(matches!(refused, RedactError::Survivor(_)));
        assert!(!refused.to_string().contains("hello"), "{refused}");
    }
    // A member's name is not changed, or the structure would be.
    let text = format!(
        r#"{{"log":{{"entries":[{{"request":{{"headers":[{{"name":"Authorization","value":"Bearer {OPAQUE}"}}]}},"_by":{{"{OPAQUE}":1}}}}]}}}}"#
    );
    assert!(matches!(redact(text.as_bytes(), &Options::default()), Err(RedactError::Survivor(_))));
}

#[test]
fn fingerprints_depend_on_the_secret_and_the_key_alone() {
    let with = |key: &[u8], text: &str| {
        let options = Options { fingerprint_key: Some(Secret::new(key.to_vec())), ..Options::default() };
        String::from_utf8(redact(text.as_bytes(), &options).unwrap().bytes).unwrap()
    };
    let line = format!("Authorization: Bearer {OPAQUE}\n");
    let one = with(b"0123456789abcdef", &line);
    assert!(with(b"0123456789abcdef", &format!("Cookie: a=31d4d96e407a\n{line}")).ends_with(&one));
    assert_ne!(with(b"another key 0123", &line), one);
    let print = one.trim().rsplit('_').next().unwrap();
    assert!(print.len() == 16 && print.bytes().all(|byte| byte.is_ascii_hexdigit()), "{one}");
    let token = with(b"0123456789abcdef", &signed("{}"));
    assert!(token.contains(".[hmac:"), "{token}");
}

#[test]
fn a_copy_of_a_copy_is_the_same() {
    let text = format!(
        "POST /a?access_token={OPAQUE} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {}\r\nCookie: a=31d4d96e407a\r\n\r\nassertion={}&x=1",
        nested(2),
        signed("{}")
    );
    let once = masked(&text);
    assert_eq!(masked(&once), once);
}

#[test]
fn what_is_not_redacted_is_refused_with_a_way_out() {
    let refused = |bytes: &[u8]| redact(bytes, &Options::default()).unwrap_err().to_string();
    assert!(
        refused(b"\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\x04\0\x01\0\0\0")
            .contains("inspect -o json")
    );
    assert!(refused(b"").contains("empty"));
    assert!(refused(b"\x7fELF\x01\x02\x03\0\0\0\0").contains("expected HAR"));
    assert!(refused(br#"{"log":{"entries":[{"a" 1}]}}"#).contains("at byte"));
    assert!(refused(b"PK\x03\x04").contains("ZIP"));
}

#[test]
fn a_cut_file_loses_what_was_cut() {
    let text = format!(
        r#"{{"log":{{"entries":[{{"request":{{"headers":[{{"name":"Authorization","value":"Bearer {}"#,
        signed("{}")
    );
    let out = masked(&text);
    assert!(out.ends_with("\"value\":\"[cut]"), "{out}");
}

#[test]
fn depth_is_bounded() {
    let mut text = format!("\"{OPAQUE}\"");
    for _ in 0..9 {
        text = serde_json::to_string(&format!("[{text}]")).unwrap();
        if text.len() > 1 << 20 {
            break;
        }
    }
    let _ = redact(format!("[{text}]").as_bytes(), &Options::default());
    let _ = redact("[".repeat(100_000).as_bytes(), &Options::default());
    let deep = nested(18);
    let out = masked(&format!("Authorization: Bearer {deep}\n"));
    assert!(!out.contains(SIGNATURE));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_bytes_make_it_panic(
        data in proptest::collection::vec(any::<u8>(), 0..200),
        pieces in proptest::collection::vec(proptest::sample::select(vec![
            "{\"log\":{\"entries\":[", "{\"name\":\"Cookie\",\"value\":\"a=31d4d96e407a\"}", "\"headers\":[", "]", "}", ",",
            ":", "\"", "\\", "Authorization: Basic dXNlcjpodW50ZXIyMg==", "\r\n", "<Password>", "</", "&lt;", "%40", "@a.bc",
            "eyJhbGciOiJSUzI1NiJ9.e30.AAEC", "://u:p@", "é", "client_secret=", "\"password\": \"", "1:a,", "27:", "ZXlK",
        ]), 0..40),
    ) {
        fuzz(&data);
        fuzz(pieces.concat().as_bytes());
        fuzz(format!("{{\"log\":{{\"entries\":[{}", pieces.concat()).as_bytes());
        fuzz(format!("{}:{}}}", pieces.concat().len(), pieces.concat()).as_bytes());
    }
}

/// Where a password is announced without standing under its plainest name.
#[test]
fn passwords_are_known_by_what_announces_them() {
    let secret = "hunter2-Plain";
    for text in [
        "<a:NewPassword xmlns:a=\"u\">hunter2-Plain</a:NewPassword>",
        "<a><Password><![CDATA[hunter2-Plain]]></Password></a>",
        "<Credential><Password>\n <Value>hunter2-Plain</Value></Password></Credential>",
        "<S N=\"Password\">hunter2-Plain</S>",
        "<add key=\"ClientSecret\" value=\"hunter2-Plain\"/>",
        "<login user='a' password='it is hunter2-Plain &amp; more'/>",
        "&lt;UserPassword a=\"b\"&gt;hunter2-Plain&lt;/UserPassword&gt;",
        "UserName     : alice\nPassword     : hunter2-Plain\n",
        "client_secret: \"hunter2-Plain\"\n",
        "password = \"a blank, and hunter2-Plain\"\n",
        "$password = 'hunter2-Plain'\n",
        "Connect-Thing -ClientSecret \"hunter2-Plain\" -Verbose\n",
        "thing --user-password hunter2-Plain\n",
        "$s = ConvertTo-SecureString 'hunter2-Plain' -AsPlainText -Force\n",
    ] {
        let out = masked(text);
        assert!(!out.contains(secret), "{out}");
        assert!(out.contains("REDACTED_VALUE_1"), "{out}");
    }
    let json =
        masked("{\"credentials\":{\"Passphrase\":\"hunter2-Plain\",\"userPassword\":\"hunter2-Plain\"}}");
    assert!(!json.contains(secret), "{json}");
    // Code and prose stay readable.
    for text in
        ["$password = $given\n", "if ($secret -eq $x) { }\n", "the new password: see above <b> a = b </b>\n"]
    {
        assert_eq!(masked(text), text);
    }
}

#[test]
fn bodies_are_read_without_their_boundary_and_in_utf_16() {
    let form = "--xx\\r\\nContent-Disposition: form-data; name=\\\"password\\\"\\r\\n\\r\\nhunter2-Plain\\r\\n--xx--\\r\\n";
    for form in [form.to_owned(), form.replace("\\r", "")] {
        let out = har(&format!(r#""postData":{{"mimeType":"multipart/form-data","text":"{form}"}}"#));
        assert!(!out.contains("hunter2"), "{out}");
        assert!(out.contains("--xx--"), "{out}");
    }
    for big in [false, true] {
        let text = "\u{feff}<a><Password>hunter2-Plain</Password></a>".encode_utf16();
        let bytes: Vec<u8> =
            text.flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect();
        let out = har(&format!(
            r#""postData":{{"mimeType":"text/xml","encoding":"base64","text":"{}"}}"#,
            STANDARD.encode(bytes)
        ));
        let value: serde_json::Value = serde_json::from_str(&out).unwrap();
        let body = value["log"]["entries"][0]["request"]["postData"]["text"].as_str().unwrap();
        let body = STANDARD.decode(body).unwrap();
        assert_eq!(&body[..2], if big { b"\xfe\xff" } else { b"\xff\xfe" });
        assert_eq!(&*crate::import::text::utf8(&body), b"<a><Password>REDACTED_VALUE_1</Password></a>");
    }
}

#[test]
fn messages_in_a_text_keep_lengths_that_are_true() {
    let body = "{\"password\":\"hunter2-Plain and more of it\"}";
    let answer = "{\"refresh_token\":\"0.AXoA9Zk3mQe7YUKxq8v2Lw1b7nQ2x0.AXoA9Zk3mQe7YUKxq8v2Lw1b7nQ2x\"}";
    let text = format!(
        "POST /x HTTP/1.1\r\nHost: a.example\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}\r\n\
         HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{answer}\r\n",
        body.len(),
        answer.len()
    );
    let out = masked(&text);
    assert!(!out.contains("hunter2") && !out.contains("AXoA"), "{out}");
    let mut found = crate::import::Collected::default();
    let settings = crate::import::ImportSettings::default();
    crate::import::text::read(out.as_bytes(), &settings, &mut found).unwrap();
    let [exchange] = &found.exchanges[..] else { panic!("{out}") };
    assert!(exchange.request.as_ref().unwrap().body.complete, "{out}");
    assert!(exchange.response.as_ref().unwrap().body.complete, "{out}");
    assert!(out.ends_with("}\r\n") && out.contains("}\r\nHTTP/1.1 200 OK"), "{out}");
    // Lines between them are no end of a head.
    let out = masked(&[&text[..], &text].join("\r\n\r\n"));
    let mut found = crate::import::Collected::default();
    crate::import::text::read(out.as_bytes(), &settings, &mut found).unwrap();
    let whole = |body: Option<&crate::exchange::Body>| body.is_some_and(|body| body.complete);
    assert_eq!(found.exchanges.len(), 2, "{out}");
    for exchange in &found.exchanges {
        let (request, response) = (exchange.request.as_ref(), exchange.response.as_ref());
        assert!(whole(request.map(|one| &one.body)) && whole(response.map(|one| &one.body)), "{out}");
    }
}

/// Text of many beginnings without ends takes no longer than its length says.
#[test]
fn tags_without_end_are_no_work() {
    for piece in ["<a ", "<a \"", "&lt;password ", "<password><![CDATA[", "<password>&lt;", " -Password '"] {
        let text = piece.repeat(200_000 / piece.len());
        let start = std::time::Instant::now();
        let _ = redact(text.as_bytes(), &Options::default());
        assert!(start.elapsed().as_secs() < 20, "{piece}");
    }
}

#[test]
fn what_follows_a_private_key_stays() {
    let text = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEF\n-----END ENCRYPTED PRIVATE KEY-----\n\
                this line is no part of it\n-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEA\n-----END PRIVATE KEY-----\n\
                nor is this one\n";
    let masked = masked(text);
    assert!(!masked.contains("MIIEvQ"), "{masked}");
    assert!(
        masked.contains("this line is no part of it\n") && masked.contains("nor is this one\n"),
        "{masked}"
    );
}

/// Each of these made every mark of a text look at all that stands before it or behind it: of some it took minutes.
#[test]
fn a_text_of_nothing_but_marks_is_read_once() {
    for mark in [
        "PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----",
        " -u a:b",
        "<t:a>x</t:a>",
        ":",
        " : ",
        "password=\"a\" ",
        " -Password 'a' ",
    ] {
        let text = mark.repeat(400_000 / mark.len());
        let masked = masked(&text);
        let secret = mark.contains("KEY") || mark.to_ascii_lowercase().contains("password");
        assert_eq!(masked == text, !secret, "{mark}");
    }
}

#[test]
fn what_is_cut_into_the_lines_of_a_dump_is_not_delivered() {
    let dump = "=> Send header, 20 bytes (0x14)\n0000: 47 45 54 20 2f 20 48 54 54 50 2f 31 2e 31 0d 0a GET / HTTP/1.1..\n0010: 41 3a 62 0a                                     A:b.\n";
    assert!(matches!(redact(dump.as_bytes(), &Options::default()), Err(RedactError::Unreadable(_))));
}

#[test]
fn credentials_that_a_mail_broke_into_lines_are_masked_to_their_end() {
    for end in ["\r\n", "\n ", "\r\n\t"] {
        let text = format!(
            "GET /ews HTTP/1.1\r\nHost: h\r\nAuthorization: Basic dXNlcjpnZW{end}hlaW1lc1dvcnQ=\r\n\r\n"
        );
        let copy = redact(text.as_bytes(), &Options::default()).unwrap().bytes;
        let copy = String::from_utf8(copy).unwrap();
        assert!(!copy.contains("hlaW1lc1dvcnQ") && copy.contains("Host: h"), "{copy}");
    }
}

#[test]
fn who_signs_in_with_a_form_is_a_person() {
    let form = "grant_type=password&username=svc-kim&password=S3cretWord77";
    let entry = format!(
        r#"{{"request":{{"method":"POST","url":"https://h/t?login_hint=svc-kim","postData":{{"mimeType":"application/x-www-form-urlencoded","text":"{form}"}}}}}}"#
    );
    let text = format!(r#"{{"log":{{"entries":[{entry}]}}}}"#);
    let masked = |mask_people| {
        let options = Options { mask_people, ..Options::default() };
        String::from_utf8(redact(text.as_bytes(), &options).unwrap().bytes).unwrap()
    };
    let (with, without) = (masked(true), masked(false));
    assert!(!with.contains("kim") && with.contains("username=user1&"), "{with}");
    assert!(without.contains("username=svc-kim&") && without.contains("login_hint=svc-kim"), "{without}");
}

#[test]
fn a_body_that_no_length_tells_of_is_no_head() {
    for body in [
        "<o:Password>hunter22</o:Password>",
        "<o:Password Type=\"x#PasswordText\">hunter22</o:Password>",
        "<a b=\"c\" d=\"e\"><o:Password>hunter22</o:Password>",
        "POST <o:Password>hunter22</o:Password> x",
        "grant_type=password&username=a&password=hunter22",
        "see https://anna:hunter22@mail.contoso.com/ews there",
    ] {
        for head in ["POST /x HTTP/1.1\nHost: h\n\n", "POST /x HTTP/1.1\r\nHost: h\r\n\r\n", ""] {
            let text = format!("{head}{body}\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            let out = masked(&text);
            assert!(!out.contains("hunter22") && out.contains("HTTP/1.1 200 OK"), "{out}");
        }
    }
}

#[test]
fn the_header_of_a_token_loses_keys_and_signed_addresses_alone() {
    let header = |text: &str| {
        let token = masked(&format!("Authorization: Bearer {}\n", jws(text, r#"{"iss":"a@r"}"#, SIGNATURE)));
        let part = token.trim().rsplit(' ').next().unwrap().split('.').next().unwrap().to_owned();
        String::from_utf8(URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    };
    let plain = r#"{"alg":"RS256", "x5t":"N8O2x4FcaDlPPrKV-_vlQ2c9Hkg","jku":"https://h/keys"}"#;
    assert_eq!(header(plain), plain);
    let jku = header(&format!(r#"{{"alg":"RS256","jku":"https://h/keys?sig={OPAQUE}"}}"#));
    assert!(jku.contains("https://h/keys?sig=REDACTED") && !jku.contains(OPAQUE), "{jku}");
    let jwk = header(r#"{"alg":"HS256","jwk":{"kty":"oct","k":"c2VjcmV0IG9mIGEga2V5","kid":"1"}}"#);
    assert!(jwk.contains(r#""k":"REDACTED"#) && jwk.contains(r#""kid":"1""#), "{jwk}");
}

#[test]
fn variables_named_token_are_secrets_where_their_values_look_random() {
    let random = "Zq77XkP0aQ7rT9vLmB4nC8dE2fG6hJ1wY3uK5";
    let script = |text: &str| {
        let body = serde_json::json!(text);
        har(&format!(r#""postData":{{"mimeType":"application/javascript","text":{body}}}"#))
    };
    for announced in ["var token = ", "window.csrfToken=", "x.key = ", r#"{"token": "#] {
        let text = script(&format!("{announced}\"{random}\";"));
        assert!(!text.contains(random) && text.contains("REDACTED"), "{announced}: {text}");
    }
    for plain in ["var token = \"Subject\";", "key = \"conversation-history\";", "var hash = \"\";"] {
        assert!(!script(plain).contains("REDACTED"), "{plain}");
    }
}

#[test]
fn random_segments_of_a_path_go_and_the_others_stay() {
    let url = |path: &str| {
        let text = masked(&format!(r#"{{"log":{{"entries":[{{"request":{{"url":"https://h{path}"}}}}]}}}}"#));
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        let url = value["log"]["entries"][0]["request"]["url"].as_str().unwrap();
        url.strip_prefix("https://h").unwrap().to_owned()
    };
    let random = "Zq77XkP0aQ7rT9vLmB4nC8dE2fG6hJ1wY3uK5";
    assert_eq!(url(&format!("/reset/{random}/now?a=b")), "/reset/REDACTED_VALUE_1/now?a=b");
    for plain in [
        "/11111111-2222-3333-4444-555555555555/tokens/OAuth/2",
        "/autodiscover/autodiscover.svc/wssecurity",
        "/contoso.example/federationmetadata/2007-06/federationmetadata.xml",
        "/owa/prem/15.1.2507.6/resources/styles/0/boot.worldwide.mouse.css",
    ] {
        assert_eq!(url(plain), plain);
    }
}

#[test]
fn names_and_numbers_in_the_claims_of_a_token_are_those_of_people() {
    let token = signed(
        r#"{"name":"Anna Schmidt","winaccountname":"CONTOSO\\aschmidt","nameid":"10033FFF80001234","ver":"1.0"}"#,
    );
    let options = Options { mask_people: true, ..Options::default() };
    let text = redact(format!("Authorization: Bearer {token}\n").as_bytes(), &options).unwrap().bytes;
    let text = String::from_utf8(text).unwrap();
    let payload = URL_SAFE_NO_PAD.decode(text.split('.').nth(1).unwrap()).unwrap();
    let payload = String::from_utf8(payload).unwrap();
    assert_eq!(
        payload,
        r#"{"name":"Person 1","winaccountname":"CONTOSO\\user1","nameid":"0000000000000001","ver":"1.0"}"#
    );
}

#[test]
fn accounts_and_names_of_people_are_masked_wherever_they_stand() {
    let body = "<m:UnresolvedEntry>Anna Smith</m:UnresolvedEntry><t:FileAs>Smith, Anna</t:FileAs><t:NTAccount>CONTOSO\\asmith</t:NTAccount>";
    let text = format!(
        "POST /ews HTTP/1.1\r\nHost: h\r\nX-User: contoso\\asmith\r\nX-Log: C:\\Windows\\asmith, EX01\\EWS, EX01\\EX02$\r\n\
         Authorization: Digest username=\"asmith\", realm=\"r\", uri=\"/ews\", response=\"0123456789abcdef0123456789abcdef\"\r\n\
         Content-Type: text/xml\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let options = Options { mask_people: true, ..Options::default() };
    let out = String::from_utf8(redact(text.as_bytes(), &options).unwrap().bytes).unwrap();
    assert!(!out.replace("Windows\\asmith", "").contains("asmith") && !out.contains("Anna"), "{out}");
    assert!(out.contains("X-User: contoso\\user1") && out.contains("username=\"user1\""), "{out}");
    assert!(out.contains(">CONTOSO\\user1<") && out.contains("EX01\\EWS, EX01\\EX02$"), "{out}");
    let json = r#"{"log":{"entries":[{"a":{"displayName":"Anna Smith","x":{"name":"Anna Smith"},"y":{"name":"EX01"}}}]}}"#;
    let out = String::from_utf8(redact(json.as_bytes(), &options).unwrap().bytes).unwrap();
    assert!(!out.contains("Anna") && out.contains("EX01"), "{out}");
}

#[test]
fn passwords_of_authorities_are_masked_in_every_form() {
    let text = masked("GET / HTTP/1.1\r\nHost: anna:Sup3rS3cret9@mail.contoso.com\r\n\r\n");
    assert!(text.contains("Host: anna:REDACTED_VALUE_1@mail.contoso.com"), "{text}");
    let har = masked(
        r#"{"log":{"entries":[{"request":{"method":"GET","url":"https://h/","headers":[{"name":"Host","value":"anna:Sup3rS3cret9@h"}]}}]}}"#,
    );
    assert!(!har.contains("Sup3rS3cret9") && har.contains("@h\""), "{har}");
    let field = "4:Host,28:anna:Sup3rS3cret9@contoso.co,";
    let headers = format!("{}:{field}]", field.len());
    let request = format!(
        "6:method,3:GET,4:path,1:/,4:host,18:bob:0therPw12@h.co,7:headers,{}:{headers}]",
        headers.len()
    );
    let flow = format!("4:type;4:http;7:request;{}:{request}}}", request.len());
    let flow = masked(&format!("{}:{flow}}}", flow.len()));
    assert!(!flow.contains("Sup3rS3cret9") && !flow.contains("0therPw12") && flow.contains("bob:"), "{flow}");
}

#[test]
fn what_diagnostics_name_a_secret_is_one_however_short() {
    let field = "x-ms-diagnostics: 2000001;reason=\"client_secret: Zx9~s1, apikey 'QQQ9x' and password expired\";error_category=\"invalid_token\"";
    let text = masked(&format!("HTTP/1.1 401 Unauthorized\r\n{field}\r\n\r\n"));
    assert!(!text.contains("Zx9") && !text.contains("QQQ9x") && text.contains("password expired"), "{text}");
}

#[test]
fn what_the_search_masks_is_counted_too() {
    let log = "#Fields: date time cs-method cs-uri-stem cs(Authorization) sc-status\n\
               2026-11-25 09:50:00 POST /ews/exchange.asmx Basic+Q09SUFxhbm5hOlN1cDNyU2VjcmV0UQ== 200\n";
    let redacted = redact(log.as_bytes(), &Options::default()).unwrap();
    assert!(!String::from_utf8_lossy(&redacted.bytes).contains("Q09SUFxhbm5hOlN1"));
    assert_eq!(redacted.masked.iter().map(|(_, count)| count).sum::<u64>(), 1);
}

#[test]
fn parameters_of_queries_in_any_text_are_secrets_by_their_names() {
    for (before, after) in [
        ("GET /ews/x?", " HTTP/1.1\r\nHost: h\r\n\r\n"),
        ("see https://h/ews/x?a=b&", ", it failed"),
        ("<a href=\"https://h/x?a=b&amp;", "\">x</a>"),
        ("grant_type=password&", "&x=y"),
    ] {
        for name in ["pw", "pass", "otp", "sig", "code"] {
            let text = masked(&format!("{before}{name}=Hunter2!{after}"));
            assert!(!text.contains("Hunter2") && text.contains(&format!("{name}=REDACTED")), "{text}");
        }
    }
    // Elsewhere these names say nothing.
    for plain in ["exit code=0", "a ?code = 5", "if (x && code=5)", "the key=Subject"] {
        assert_eq!(masked(plain), plain);
    }
}
