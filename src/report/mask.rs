//! Takes header fields, targets and texts, gives them without what opens doors.
//!
//! Masked are: credentials of every scheme, cookies, tokens wherever they stand, sensitive parameters of
//! targets, passwords in URLs, and fields whose name says that they hold a secret. A masked token keeps
//! its fingerprint, so that it can be found in the list of tokens; passwords and short secrets get none.

use std::borrow::Cow;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, URL_SAFE_NO_PAD};
use bytes::Bytes;

use super::authentication::split;
use super::escape::header_text;
use crate::base::{AnyOf, Fingerprint, MASKED, opaque, secret_names};
use crate::checks::place::percent_decode;
use crate::json::Member;
use crate::token::principal::Principal;

/// Secrets shorter than this could be guessed from a fingerprint.
const FINGERPRINTED: usize = 32;

/// How often a value of a parameter is decoded: an address inside an address inside an address.
const ENCODED_DEPTH: usize = 3;

/// Parameters of targets, forms and fields that carry credentials.
const PARAMETERS: [&str; 42] = [
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
    "canary",
    "client_assertion",
    "client_secret",
    "code",
    "code_verifier",
    "credential",
    "credentials",
    "creds",
    "device_code",
    "id_token",
    "jwt",
    "key",
    "otp",
    "pass",
    "passw",
    "passwd",
    "password",
    "psw",
    "pw",
    "pwd",
    "refresh_token",
    "samlresponse",
    "secret",
    "sessionid",
    "sig",
    "signature",
    "spapptoken",
    "subscription-key",
    "ticket",
    "token",
    "wresult",
];

/// How names of other parameters end that do: `userToken`, `X-Amz-Security-Token`, `usr_pass`.
const PARAMETER_ENDINGS: [&str; 6] = ["canary", "pass", "sessionid", "signature", "ticket", "token"];

/// Parameters with such a name that hold none.
const PARAMETERS_HARMLESS: [&str; 1] = ["bypass"];

/// Parts of field names that promise a secret.
const FIELD_PARTS: [&str; 22] = [
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
    "assertion",
    "bearer",
    "cookie",
    "security-context",
    "securitycontext",
    "shared-key",
    "ticket",
];

/// Every name of a field is looked at.
static PROMISES: LazyLock<AnyOf> = LazyLock::new(|| AnyOf::new(&FIELD_PARTS.map(str::as_bytes)));

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

/// Marks of what is masked: a token has a dot, a member of JSON quotes and a colon, a parameter an equals sign, a URL
/// with a password a colon and an at sign, a scheme a blank behind it.
const DOT: u8 = 1;
const COLON: u8 = 2;
const QUOTE: u8 = 4;
const EQUALS: u8 = 8;
const AT: u8 = 16;
const BLANK: u8 = 32;

/// The mark that each byte is.
static MARKS: [u8; 256] = {
    let mut marks = [0; 256];
    marks[b'.' as usize] = DOT;
    marks[b':' as usize] = COLON;
    marks[b'"' as usize] = QUOTE;
    marks[b'\'' as usize] = QUOTE;
    marks[b'=' as usize] = EQUALS;
    marks[b'@' as usize] = AT;
    marks[b' ' as usize] = BLANK;
    marks
};

/// The marks that a text holds.
fn marks(text: &str) -> u8 {
    text.bytes().fold(0, |marks, byte| marks | MARKS[usize::from(byte)])
}

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
            "www-authenticate" | "proxy-authenticate" => challenges(&self.known(&text, tokens)),
            "authentication-info" | "proxy-authentication-info" => MASKED.into(),
            "host" | ":authority" => self.host(&self.known(&text, tokens)).into_owned(),
            // Its reason may quote what the server was given.
            "x-ms-diagnostics" => opaque::without(&self.known(&text, tokens)).into_owned(),
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
        let lengths = 8..=text.len();
        for token in tokens.iter().filter(|token| lengths.contains(&token.len())) {
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
        !self.show && secret_names::promise(member)
    }

    /// The same of an object's member: the private members of a key in JSON (RFC 7518 6) are known by the others.
    pub fn hides_among(self, member: &str, members: &[Member]) -> bool {
        let private = matches!(member, "d" | "p" | "q" | "dp" | "dq" | "qi" | "oth" | "k");
        self.hides(member) || (private && !self.show && members.iter().any(|other| other.name == "kty"))
    }

    /// Any text: tokens, sensitive parameters and passwords in URLs are masked.
    pub fn text(self, text: &str) -> Cow<'_, str> {
        let masked = if self.show { None } else { masked(text, marks(text)) };
        masked.map_or(Cow::Borrowed(text), Cow::Owned)
    }
}

/// A text without what is masked in it; `None` where nothing is. `marks`: those that it holds, since nearly all texts of
/// tokens have none.
fn masked(text: &str, marks: u8) -> Option<String> {
    let holds = |wanted: u8| marks & wanted == wanted;
    let mut changed: Option<String> = None;
    let mut pass = |needed: u8, change: fn(&str) -> Option<String>| {
        if holds(needed)
            && let Some(masked) = change(changed.as_deref().unwrap_or(text))
        {
            changed = Some(masked);
        }
    };
    pass(DOT, jwts);
    pass(COLON | QUOTE, members);
    pass(EQUALS, parameters);
    pass(COLON | AT, userinfo);
    pass(BLANK, schemes);
    changed
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
    let is_word = |word: &str| matches!(word, "auth" | "jwt" | "pass" | "pwd");
    !HARMLESS.contains(&name) && (PROMISES.is_in(name.as_bytes()) || name.split(['-', '_']).any(is_word))
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
    // What follows the brace leaves only these two.
    let Some(four @ [_, b'y' | b'w', ..]) = bytes.get(..4) else { return false };
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
        // A token of another form stands there, too.
        let secret = secret_names::promise(name) || name.to_ascii_lowercase().ends_with("token");
        let Some(value) = value.strip_prefix(QUOTES).filter(|_| secret) else { continue };
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
        let value = value.strip_prefix(['"', '\'']).unwrap_or(value);
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
pub fn is_secret_parameter(name: &str) -> bool {
    let name = percent_decode(name).to_ascii_lowercase();
    if PARAMETERS.contains(&name.as_str()) {
        return true;
    }
    let plain: String = name.chars().filter(|letter| letter.is_alphanumeric()).collect();
    let ends = PARAMETER_ENDINGS.iter().any(|ending| plain.ends_with(ending));
    secret_names::promise(&name) || (ends && !PARAMETERS_HARMLESS.contains(&plain.as_str()))
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
mod tests;
