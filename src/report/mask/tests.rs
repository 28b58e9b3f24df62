//! What is masked, and what stays.

use proptest::prelude::*;

use super::*;

const JWT: &str = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJhQGIifQ.c2lnbmF0dXJl";

fn field(name: &str, value: &str) -> String {
    Mask::new(false).field(name.as_bytes(), value.as_bytes(), &[])
}

#[test]
fn credentials_keep_their_scheme() {
    let print = Fingerprint::of(JWT.as_bytes());
    assert_eq!(
        field("Authorization", &format!("Bearer {JWT}")),
        format!("Bearer <masked fingerprint {print}>")
    );
    assert_eq!(field("authorization", "BASIC dXNlcjpwYXNzd29yZA=="), "BASIC <masked>");
    assert_eq!(field("Proxy-Authorization", "NTLM TlRMTVNTUAAB"), "NTLM <masked>");
    assert_eq!(field("Authorization", "Bearer "), "Bearer");
    assert_eq!(field("Authorization", JWT), format!("<masked fingerprint {print}>"));
    assert_eq!(field("Authorization", "Digest username=\"bob\", response=\"6629\""), "Digest <masked>");
}

#[test]
fn credentials_in_any_text_are_masked_and_words_stay() {
    let text = |text: &str| Mask::new(false).text(text).into_owned();
    assert_eq!(text("said \"Basic dXNlcjpwYXNzd29yZA==\", 401"), "said \"Basic <masked>\", 401");
    assert_eq!(text("Authorization:basic dXNlcjpwYXNzd29yZA"), "Authorization:basic <masked>");
    assert_eq!(text("Negotiate TlRMTVNTUAABAAAA;x"), "Negotiate <masked>;x");
    let opaque = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";
    assert_eq!(text(&format!("a bearer {opaque}")), format!("a bearer {}", stand_in(opaque.as_bytes())));
    for plain in [
        "Basic authentication was used",
        "Bearer trusted_issuers=\"x\"",
        "Negotiate, NTLM, Basic",
        "é Basic \u{1f600}basic ",
    ] {
        assert_eq!(text(plain), plain);
    }
}

#[test]
fn cookies_keep_their_names_and_attributes() {
    assert_eq!(field("Cookie", "FedAuth=abc; b="), "FedAuth=<masked>; b=");
    assert_eq!(field("set-cookie", "sid=31d4; Path=/; Secure"), "sid=<masked>; Path=/; Secure");
}

#[test]
fn fields_that_promise_a_secret_are_masked() {
    assert_eq!(field("X-My-Token", "abc"), "<masked>");
    assert_eq!(field("X-MS-Forwarded-Authorization", "Basic dXNlcjpwYXNz"), "Basic <masked>");
    for name in [
        "Auth",
        "X-Auth",
        "X-Auth-Key",
        "x_auth",
        "X-BackEndCookie",
        "X-WLID-Ticket",
        "X-User-Pass",
        "X-JWT",
        "X-SerializedSecurityContext",
    ] {
        assert_eq!(field(name, "abc"), "<masked>", "{name}");
    }
    for name in ["X-AnchorMailbox", "X-AuthType", "Author", "X-Forwarded-Authority"] {
        assert_eq!(field(name, "bob@contoso.com"), "bob@contoso.com", "{name}");
    }
    assert_eq!(
        field("x-ms-diagnostics", "2000003;reason=\"The token is bad\""),
        "2000003;reason=\"The token is bad\""
    );
    assert_eq!(
        field("x-ms-diagnostics", "2000001;reason=\"Zq77XkP0aQ7rT9vLmB4nC8dE2fG6hJ1wY3uK5 is bad\""),
        "2000001;reason=\"<masked> is bad\""
    );
}

#[test]
fn tokens_are_masked_wherever_they_stand() {
    let masked = field("X-Other", &format!("a={JWT};b"));
    assert!(
        !masked.contains("eyJ") && masked.starts_with("a=<masked fingerprint ") && masked.ends_with(";b")
    );
    assert_eq!(field("Host", "exchange.contoso.com"), "exchange.contoso.com");
    let opaque = b"0.AXoA-opaque-and-long-enough-to-be-a-token";
    let masked = Mask::new(false).field(b"X-Echo", opaque, &[Bytes::from_static(opaque)]);
    assert_eq!(masked, stand_in(opaque));
}

#[test]
fn parameters_and_passwords_of_targets_are_masked() {
    let target = |text: &str| Mask::new(false).known(text, &[]).into_owned();
    assert_eq!(target("/cb?code=abc&state=x"), "/cb?code=<masked>&state=x");
    assert_eq!(target("/a?Access_Token=xyz#frag"), "/a?Access_Token=<masked>#frag");
    assert_eq!(target("https://bob:pw@host/p?q=1"), "https://<masked>@host/p?q=1");
    assert_eq!(target("/ews/exchange.asmx?wsdl"), "/ews/exchange.asmx?wsdl");
    assert_eq!(target("/é?password=é"), "/é?password=<masked>");
    assert_eq!(target("/ews?pass%77ord=x&b=1"), "/ews?pass%77ord=<masked>&b=1");
    assert_eq!(target("/ews?user=a&pass=b&bypass=c"), "/ews?user=a&pass=<masked>&bypass=c");
    assert_eq!(target("/ews?user_Password=x&newPwd=y"), "/ews?user_Password=<masked>&newPwd=<masked>");
    assert_eq!(target("/ews;jsessionid=x?keyword=pass"), "/ews;jsessionid=<masked>?keyword=pass");
    for name in ["userToken", "X-Amz-Security-Token", "ticket", "jwt", "usr_pass", "pw", "creds"] {
        assert_eq!(target(&format!("/ews?{name}=abc&a=b")), format!("/ews?{name}=<masked>&a=b"));
    }
    assert_eq!(target("/ews?tokens=2&state=x&nonce=y"), "/ews?tokens=2&state=x&nonce=y");
}

#[test]
fn what_json_in_a_text_holds_is_masked() {
    let text = |text: &str| Mask::new(false).text(text).into_owned();
    for (given, shown) in [
        (r#"{"user":"a","password" : "a:b","x":"y"}"#, r#"{"user":"a","password" : "<masked>","x":"y"}"#),
        (r#"{\"clientSecret\":\"abc\"}"#, r#"{\"clientSecret\":\"<masked>\"}"#),
        ("{'passwd':'abc','pwd':'def'}", "{'passwd':'<masked>','pwd':'<masked>'}"),
        (r#""password":"abc"#, r#""password":"<masked>"#),
        (r#"{"msexchuid":"a","token":"b"}"#, r#"{"msexchuid":"a","token":"<masked>"}"#),
    ] {
        assert_eq!(text(given), shown);
        assert_eq!(text(shown), shown);
    }
    for plain in
        [r#"{"error":{"code":"ErrorAccessDenied"}}"#, r#"{"password":""}"#, "the password: none", "\":"]
    {
        assert_eq!(text(plain), plain);
    }
}

#[test]
fn what_a_server_quotes_under_the_name_of_a_secret_is_masked() {
    let reason =
        "2000001;reason=\"password='Hunter22x' client_secret: Zx9~s1\";error_category=\"invalid_token\"";
    let text = field("x-ms-diagnostics", reason);
    assert!(
        !text.contains("Hunter") && !text.contains("Zx9") && text.ends_with("\"invalid_token\""),
        "{text}"
    );
}

#[test]
fn what_an_encoded_address_holds_is_masked() {
    let target = |text: &str| Mask::new(false).known(text, &[]).into_owned();
    for held in ["https%3A%2F%2Fh%2F%3Fcode%3Dabc", "%2Fa%3Fpassword%3Dabc", "https%3a%2f%2fbob%3apw%40h"] {
        assert_eq!(target(&format!("/cb?to={held}&x=1")), "/cb?to=<masked>&x=1");
        let twice = held.replace('%', "%25");
        assert_eq!(target(&format!("/cb?to={twice}")), format!("/cb?to={}", stand_in(twice.as_bytes())));
    }
    for plain in ["/a?Email=adele%40contoso.com&Protocol=EWS", "/a?to=https%3A%2F%2Fh%2F%3Fstate%3Dabc"] {
        assert_eq!(target(plain), plain);
    }
    // However often it is encoded.
    target(&format!("/a?b=%{}3D", "25".repeat(100_000)));
}

#[test]
fn passwords_of_authorities_are_masked() {
    assert_eq!(field("Host", "bob:pw@mail.contoso.com:443"), "<masked>@mail.contoso.com:443");
    assert_eq!(field(":authority", "mail.contoso.com"), "mail.contoso.com");
    assert_eq!(Mask::new(true).host("bob:pw@host"), "bob:pw@host");
}

#[test]
fn names_of_applications_are_masked_where_they_are_something_else() {
    let name = |text: &str| Mask::new(false).name(&Principal::parse(text).unwrap());
    let plain = "00000004-0000-0ff1-ce00-000000000000@11111111-2222-3333-4444-555555555555";
    assert_eq!(name(plain), plain);
    assert_eq!(name(JWT), stand_in(JWT.as_bytes()));
    assert_eq!(name(&format!("a@{JWT}")), format!("a@{}", stand_in(JWT.as_bytes())));
    assert_eq!(name("https://bob:pw@sts.contoso.com/"), "https://<masked>@sts.contoso.com/");
}

#[test]
fn members_of_tokens_are_hidden_by_their_names() {
    let mask = Mask::new(false);
    for name in ["refreshtoken", "refresh_token", "client_secret", "Password"] {
        assert!(mask.hides(name) && !Mask::new(true).hides(name), "{name}");
    }
    for name in ["actortoken", "nameid", "appctx", "x5t", "kid", "nonce", "upn"] {
        assert!(!mask.hides(name), "{name}");
    }
}

#[test]
fn challenges_keep_their_parameters() {
    let value =
        "Bearer client_id=\"00000002-0000-0ff1-ce00-000000000000\", trusted_issuers=\"a@b\",NTLM TlRMTVNT";
    assert_eq!(field("WWW-Authenticate", value), value.replace("TlRMTVNT", MASKED));
}

#[test]
fn asked_to_show_it_shows() {
    let value = "Basic dXNlcjpwYXNz";
    assert_eq!(Mask::new(true).field(b"Authorization", value.as_bytes(), &[]), value);
}

#[test]
fn private_members_of_keys_are_hidden() {
    let header = crate::json::parse(br#"{"kty":"oct","k":"c2VjcmV0","kid":"1"}"#);
    let node = header.unwrap();
    let crate::json::Value::Object(members) = &node.value else { panic!("an object") };
    let mask = Mask::new(false);
    assert!(mask.hides_among("k", members) && !mask.hides_among("kid", members));
    assert!(!mask.hides_among("k", &[]) && !Mask::new(true).hides_among("k", members));
}

proptest! {
    #[test]
    fn what_a_text_has_no_mark_of_is_not_in_it(
        pieces in prop::collection::vec(
            prop::sample::select(vec![
                JWT, "eyJ", ".", ":", "\"", "'", "=", "@", " ", "://", "password", "token", "Basic", "bearer", "x",
                "dXNlcjpwYXNzd29yZA", "0a1b2c3d4e5f60718293a4b5c6d7e8f9", "%3D", "&", "\t", "\u{e9}", "https",
            ]),
            0..12,
        ),
    ) {
        let text = pieces.concat();
        prop_assert_eq!(masked(&text, marks(&text)), masked(&text, u8::MAX));
    }
}
