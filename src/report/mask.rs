//! Takes header fields, targets and texts, gives them without what opens doors.
//!
//! Masked are: credentials of every scheme, cookies, tokens wherever they stand, sensitive parameters of
//! targets, passwords in URLs, and fields whose name says that they hold a secret. A masked token keeps
//! its fingerprint, so that it can be found in the list of tokens; passwords and short secrets get none.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, URL_SAFE_NO_PAD};
use bytes::Bytes;

use super::authentication::split;
use super::escape::header_text;
use crate::base::{Fingerprint, secret_names};
use crate::checks::place::percent_decode;
use crate::token::principal::Principal;

/// What stands in the place of a short secret.
pub const MASKED: &str = "<masked>";

/// Secrets shorter than this could be guessed from a fingerprint.
const FINGERPRINTED: usize = 32;

/// How often a value of a parameter is decoded: an address inside an address inside an address.
const ENCODED_DEPTH: usize = 3;

/// Parameters of targets, forms and fields that carry credentials.
const PARAMETERS: [&str; 32] = [
    "access_token",
    "accesstoken",
    "actortoken",
    "api_key",
    "apikey",
    "appcontext",
    "appcontexttoken",
    "assertion",
    "auth",
    "authorization",
    "bearer",
    "client_assertion",
    "client_secret",
    "code",
    "code_verifier",
    "credential",
    "id_token",
    "key",
    "pass",
    "passwd",
    "password",
    "pwd",
    "refresh_token",
    "samlresponse",
    "secret",
    "sessionid",
    "sig",
    "signature",
    "spapptoken",
    "subscription-key",
    "token",
    "wresult",
];

/// Parts of field names that promise a secret.
const FIELD_PARTS: [&str; 15] = [
    "token",
    "secret",
    "passw",
    "credential",
    "api-key",
    "apikey",
    "authorization",
    "session-id",
    "sessionid",
    "subscription-key",
    "functions-key",
    "csrf",
    "xsrf",
    "signature",
    "canary",
];

/// Fields with such a name that hold no secret.
const HARMLESS: [&str; 6] = [
    "x-ms-diagnostics",
    "access-control-allow-headers",
    "access-control-expose-headers",
    "access-control-request-headers",
    "vary",
    "accept-signature",
];

/// Base64 as people write it: with padding or without, last bits as they come.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Masks, unless the user asked to see secrets.
#[derive(Clone, Copy, Debug)]
pub struct Mask {
    show: bool,
}

impl Mask {
    /// `show`: `--show-secrets`.
    pub const fn new(show: bool) -> Self {
        Self { show }
    }

    /// Whether secrets are shown.
    pub const fn shows(self) -> bool {
        self.show
    }

    /// The value of a header field. `tokens`: texts of the tokens that were found in the message.
    pub fn field(self, name: &[u8], value: &[u8], tokens: &[Bytes]) -> String {
        let text = header_text(value);
        if self.show {
            return text.into_owned();
        }
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        match name.as_str() {
            "authorization" | "proxy-authorization" => credentials(value),
            "cookie" | "cookie2" => cookies(&text),
            "set-cookie" | "set-cookie2" => set_cookie(&text),
            "www-authenticate" | "proxy-authenticate" => challenges(&self.text(&text)),
            "authentication-info" | "proxy-authentication-info" => MASKED.into(),
            "host" | ":authority" => self.host(&self.known(&text, tokens)).into_owned(),
            _ if promises_secret(&name) => with_scheme(value),
            _ => self.known(&text, tokens).into_owned(),
        }
    }

    /// A request target, or any other text from a message, in which tokens were found.
    pub fn known<'t>(self, text: &'t str, tokens: &[Bytes]) -> Cow<'t, str> {
        if self.show {
            return Cow::Borrowed(text);
        }
        let mut text = Cow::Borrowed(text);
        for token in tokens.iter().filter(|token| token.len() >= 8) {
            if let Ok(token) = std::str::from_utf8(token)
                && text.contains(token)
            {
                text = Cow::Owned(text.replace(token, &stand_in(token.as_bytes())));
            }
        }
        match self.text(&text) {
            Cow::Borrowed(_) => text,
            Cow::Owned(masked) => Cow::Owned(masked),
        }
    }

    /// An authority: user name and password before the host are masked.
    pub fn host(self, authority: &str) -> Cow<'_, str> {
        match authority.rsplit_once('@') {
            Some((_, host)) if !self.show => Cow::Owned(format!("{MASKED}@{host}")),
            _ => Cow::Borrowed(authority),
        }
    }

    /// The name of an application as a token writes it: whoever writes one may write a token or an address there.
    pub fn name(self, name: &Principal<'_>) -> String {
        let name = name.to_string();
        match self.text(&name) {
            Cow::Borrowed(_) => name,
            Cow::Owned(masked) => masked,
        }
    }

    /// Whether a member of a token is masked for its name: context tokens hold a `refreshtoken`.
    pub fn hides(self, member: &str) -> bool {
        !self.show && is_secret_member(member)
    }

    /// Any text: tokens, sensitive parameters and passwords in URLs are masked.
    pub fn text(self, text: &str) -> Cow<'_, str> {
        // A token has a dot, a parameter an equals sign, a URL a colon, a scheme a blank behind it.
        let may_hold = |byte: u8| matches!(byte, b'.' | b'=' | b':' | b' ');
        if self.show || !text.bytes().any(may_hold) {
            return Cow::Borrowed(text);
        }
        let tokens = jwts(text);
        let members = members(tokens.as_deref().unwrap_or(text));
        let tokens = members.or(tokens);
        let parameters = parameters(tokens.as_deref().unwrap_or(text));
        let so_far = parameters.as_deref().or(tokens.as_deref()).unwrap_or(text);
        let users = userinfo(so_far);
        match schemes(users.as_deref().unwrap_or(so_far)).or(users).or(parameters).or(tokens) {
            Some(masked) => Cow::Owned(masked),
            None => Cow::Borrowed(text),
        }
    }
}

/// Credentials behind the name of their scheme, as logs and messages of errors quote them (`Basic dXNlcjpw…`); `None`
/// without any. Words that only follow such a name stay.
fn schemes(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let named = |blank: usize| {
        let before = bytes.get(..blank).unwrap_or_default();
        let ends = |name: &[u8]| {
            before
                .get(before.len().wrapping_sub(name.len())..)
                .is_some_and(|end| end.eq_ignore_ascii_case(name))
        };
        [&b"basic"[..], b"bearer", b"ntlm", b"negotiate"].into_iter().any(ends)
    };
    if !memchr::memchr_iter(b' ', bytes).any(named) {
        return None;
    }
    let mut out = String::new();
    let mut done = 0;
    let words = text.split_inclusive([' ', '\t', '\n', ',', ';', '"', '\'']).scan(0, |at, word| {
        let begin = *at;
        *at += word.len();
        Some((begin, word))
    });
    let mut before = "";
    for (begin, word) in words {
        let bare = word.trim_end_matches([' ', '\t', '\n', ',', ';', '"', '\'']);
        let scheme = before.rsplit([':', '=']).next().unwrap_or_default().to_ascii_lowercase();
        if is_credential(&scheme, bare) {
            out.push_str(text.get(done..begin).unwrap_or_default());
            match scheme.as_str() {
                "bearer" => out.push_str(&stand_in(bare.as_bytes())),
                _ => out.push_str(MASKED),
            }
            done = begin + bare.len();
        }
        before = bare;
    }
    if done == 0 {
        return None;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    Some(out)
}

/// Whether a word is what follows the name of this scheme.
fn is_credential(scheme: &str, word: &str) -> bool {
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=-_.~".contains(&byte);
    if word.len() < 8 || !word.bytes().all(letters) {
        return false;
    }
    match scheme {
        // RFC 7617 2: name and password, joined by a colon.
        "basic" => {
            let plain = LENIENT.decode(word.trim_end_matches('='));
            plain.is_ok_and(|plain| plain.contains(&b':'))
        }
        // [MS-NLMP] and RFC 4559 4.2.
        "ntlm" | "negotiate" => word.starts_with("TlRMTVNTUA") || (word.starts_with('Y') && word.len() >= 40),
        "bearer" => {
            word.len() >= 20
                && word.bytes().any(|byte| byte.is_ascii_digit())
                && word.bytes().any(|byte| byte.is_ascii_alphabetic())
        }
        _ => false,
    }
}

/// What stands in the place of a secret.
pub fn stand_in(secret: &[u8]) -> String {
    if secret.len() < FINGERPRINTED {
        return MASKED.into();
    }
    format!("<masked fingerprint {}>", Fingerprint::of(secret))
}

/// `Bearer <masked fingerprint …>`; a scheme alone stays as it is.
fn credentials(value: &[u8]) -> String {
    let (scheme, rest) = split(value);
    // The scheme as it was written.
    let word = |scheme: &str| header_text(value.trim_ascii()).chars().take(scheme.len()).collect::<String>();
    match scheme {
        Some(scheme) if rest.is_empty() => word(&scheme),
        Some(scheme) if scheme == "bearer" => {
            let token = rest.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(rest);
            format!("{} {}", word(&scheme), stand_in(token))
        }
        // Basic and Digest hold passwords or what they can be guessed from; NTLM and Negotiate, too.
        Some(scheme) => format!("{} {MASKED}", word(&scheme)),
        None if rest.is_empty() => String::new(),
        None => stand_in(rest),
    }
}

/// A field with a secret by its name: a scheme in front stays.
fn with_scheme(value: &[u8]) -> String {
    match split(value) {
        (_, []) if value.trim_ascii().is_empty() => String::new(),
        (Some(scheme), []) if matches!(scheme.as_str(), "bearer" | "basic" | "negotiate" | "ntlm") => {
            header_text(value).trim().to_owned()
        }
        (Some(scheme), rest)
            if matches!(scheme.as_str(), "bearer" | "basic" | "negotiate" | "ntlm") && !rest.is_empty() =>
        {
            credentials(value)
        }
        _ => stand_in(value.trim_ascii()),
    }
}

/// Whether a header field holds a secret, by its name in small letters.
pub fn promises_secret(name: &str) -> bool {
    // `X-Auth`, `X-Auth-Key`: as a word of its own, since `WWW-Authenticate` and `:authority` hold it too.
    let is_auth = |word: &str| word == "auth";
    !HARMLESS.contains(&name)
        && (FIELD_PARTS.iter().any(|part| name.contains(part)) || name.split(['-', '_']).any(is_auth))
}

/// `name=<masked>; …`
fn cookies(text: &str) -> String {
    let one = |cookie: &str| match cookie.split_once('=') {
        Some((name, value)) if !value.is_empty() => format!("{}={MASKED}", name.trim()),
        Some((name, _)) => format!("{}=", name.trim()),
        None if cookie.trim().is_empty() => String::new(),
        None => MASKED.into(),
    };
    text.split(';').map(one).collect::<Vec<_>>().join("; ")
}

/// The cookie's value is masked, its attributes stay.
fn set_cookie(text: &str) -> String {
    match text.split_once(';') {
        Some((cookie, attributes)) => format!("{};{attributes}", cookies(cookie)),
        None => cookies(text),
    }
}

/// The `token68` of NTLM and Negotiate challenges is masked, parameters stay.
fn challenges(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    for (index, part) in text.split(',').enumerate() {
        if index > 0 {
            masked.push(',');
        }
        let trimmed = part.trim_start();
        let lead = &part[..part.len() - trimmed.len()];
        match trimmed.split_once(' ') {
            Some((scheme, _))
                if scheme.eq_ignore_ascii_case("ntlm") || scheme.eq_ignore_ascii_case("negotiate") =>
            {
                masked.push_str(&format!("{lead}{scheme} {MASKED}"));
            }
            _ => masked.push_str(part),
        }
    }
    masked
}

/// Masks texts that are JWTs: a first part that decodes to the beginning of a JSON object, and a dot.
fn jwts(text: &str) -> Option<String> {
    let token_byte =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'=' | b'+' | b'/');
    let bytes = text.as_bytes();
    let (mut masked, mut copied, mut at) = (String::new(), 0, 0);
    while let Some(found) = memchr::memchr(b'e', &bytes[at..]) {
        at += found;
        let begins = at == 0 || !is_base64url(bytes[at - 1]) || text[..at].ends_with("%3D");
        if !begins || !opens_object(&bytes[at..]) {
            at += 1;
            continue;
        }
        let end =
            bytes[at..].iter().position(|byte| !token_byte(*byte)).map_or(bytes.len(), |length| at + length);
        if bytes[at..end].contains(&b'.') {
            masked.push_str(&text[copied..at]);
            masked.push_str(&stand_in(&bytes[at..end]));
            copied = end;
        }
        at = end.max(at + 1);
    }
    (copied > 0).then(|| masked + &text[copied..])
}

fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// Whether these bytes are base64 of `{"` or `{` and white space.
fn opens_object(bytes: &[u8]) -> bool {
    let Some(four) = bytes.get(..4) else { return false };
    matches!(URL_SAFE_NO_PAD.decode(four).as_deref(), Ok([b'{', b'"' | b' ' | b'\t' | b'\r' | b'\n', ..]))
}

/// Masks what JSON in a text holds under such names, `"password": "…"`, also where it is quoted once more.
fn members(text: &str) -> Option<String> {
    const QUOTES: [char; 2] = ['"', '\''];
    if !text.contains(QUOTES) {
        return None;
    }
    let (mut masked, mut copied) = (String::new(), 0);
    for (colon, _) in text.match_indices(':') {
        let Some(before) = text.get(copied..colon).and_then(|before| before.trim_end().strip_suffix(QUOTES))
        else {
            continue;
        };
        let name = before.rsplit(QUOTES).next().unwrap_or_default();
        let value = text[colon + 1..].trim_start().trim_start_matches('\\');
        let Some(value) = value.strip_prefix(QUOTES).filter(|_| is_secret_member(name)) else { continue };
        let value_at = text.len() - value.len();
        let value = value.split(QUOTES).next().unwrap_or_default().trim_end_matches('\\');
        if !value.is_empty() && !value.starts_with("<masked") {
            masked.push_str(&text[copied..value_at]);
            masked.push_str(&stand_in(value.as_bytes()));
            copied = value_at + value.len();
        }
    }
    (copied > 0).then(|| masked + &text[copied..])
}

/// Whether a member of this name in JSON carries a credential.
fn is_secret_member(name: &str) -> bool {
    let plain = name.chars().filter(|letter| letter.is_alphanumeric()).collect::<String>();
    secret_names::promise(&plain.to_ascii_lowercase())
}

/// Masks the values of sensitive parameters: `access_token=…`.
fn parameters(text: &str) -> Option<String> {
    parameters_within(text, ENCODED_DEPTH)
}

/// `depth`: how often values are decoded, to look at what is inside.
fn parameters_within(text: &str, depth: usize) -> Option<String> {
    if !text.contains('=') {
        return None;
    }
    let delimiter = |c: char| "?&;,#\"' <>{}".contains(c) || c.is_control();
    let (mut masked, mut copied) = (String::new(), 0);
    for (equals, _) in text.match_indices('=') {
        if equals < copied {
            continue;
        }
        let name_at = text[..equals]
            .rfind(delimiter)
            .map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
        let named = is_secret_parameter(&text[name_at.max(copied)..equals]);
        let value = &text[equals + 1..];
        // A value may be quoted; a stand-in that is already there stays.
        let value = value.strip_prefix('"').unwrap_or(value);
        let value_at = text.len() - value.len();
        let value_end = value_at + value.find(delimiter).unwrap_or(value.len());
        if value_end == value_at || !(named || holds_secret(&text[value_at..value_end], depth)) {
            continue;
        }
        masked.push_str(&text[copied..value_at]);
        masked.push_str(&stand_in(&text.as_bytes()[value_at..value_end]));
        copied = value_end;
    }
    (copied > 0).then(|| masked + &text[copied..])
}

/// Whether a value is an encoded address or form with a secret in it: where somebody is to return to after signing in.
fn holds_secret(value: &str, depth: usize) -> bool {
    if depth == 0 || !value.contains('%') {
        return false;
    }
    let (decoded, depth) = (percent_decode(value), depth - 1);
    userinfo(&decoded).is_some()
        || parameters_within(&decoded, depth).is_some()
        || holds_secret(&decoded, depth)
}

/// Whether a parameter of this name, as a target writes it, carries a credential.
fn is_secret_parameter(name: &str) -> bool {
    let name = percent_decode(name).to_ascii_lowercase();
    if PARAMETERS.contains(&name.as_str()) {
        return true;
    }
    let plain: String = name.chars().filter(|letter| letter.is_alphanumeric()).collect();
    secret_names::promise(&plain) || ["sessionid", "signature"].iter().any(|ending| plain.ends_with(ending))
}

/// Masks `user:password@` after `://`.
fn userinfo(text: &str) -> Option<String> {
    let (mut masked, mut copied) = (String::new(), 0);
    for (at, separator) in text.match_indices("://") {
        let begin = at + separator.len();
        if begin < copied {
            continue;
        }
        let authority = &text[begin..];
        let authority =
            &authority[..authority.find(|c: char| "/?#\"' ".contains(c)).unwrap_or(authority.len())];
        if let Some(end) = authority.rfind('@') {
            masked.push_str(&text[copied..begin]);
            masked.push_str(MASKED);
            copied = begin + end;
        }
    }
    (copied > 0).then(|| masked + &text[copied..])
}

#[cfg(test)]
mod tests {
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
        for name in ["Auth", "X-Auth", "X-Auth-Key", "x_auth"] {
            assert_eq!(field(name, "abc"), "<masked>", "{name}");
        }
        for name in ["X-AnchorMailbox", "X-AuthType", "Author", "X-Forwarded-Authority"] {
            assert_eq!(field(name, "bob@contoso.com"), "bob@contoso.com", "{name}");
        }
        assert_eq!(
            field("x-ms-diagnostics", "2000003;reason=\"The token is bad\""),
            "2000003;reason=\"The token is bad\""
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
    }

    #[test]
    fn what_json_in_a_text_holds_is_masked() {
        let text = |text: &str| Mask::new(false).text(text).into_owned();
        for (given, shown) in [
            (r#"{"user":"a","password" : "a:b","x":"y"}"#, r#"{"user":"a","password" : "<masked>","x":"y"}"#),
            (r#"{\"clientSecret\":\"abc\"}"#, r#"{\"clientSecret\":\"<masked>\"}"#),
            ("{'passwd':'abc','pwd':'def'}", "{'passwd':'<masked>','pwd':'<masked>'}"),
            (r#""password":"abc"#, r#""password":"<masked>"#),
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
    fn what_an_encoded_address_holds_is_masked() {
        let target = |text: &str| Mask::new(false).known(text, &[]).into_owned();
        for held in ["https%3A%2F%2Fh%2F%3Fcode%3Dabc", "%2Fa%3Fpassword%3Dabc", "https%3a%2f%2fbob%3apw%40h"]
        {
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
        let value = "Bearer client_id=\"00000002-0000-0ff1-ce00-000000000000\", trusted_issuers=\"a@b\",NTLM TlRMTVNT";
        assert_eq!(field("WWW-Authenticate", value), value.replace("TlRMTVNT", MASKED));
    }

    #[test]
    fn asked_to_show_it_shows() {
        let value = "Basic dXNlcjpwYXNz";
        assert_eq!(Mask::new(true).field(b"Authorization", value.as_bytes(), &[]), value);
    }
}
