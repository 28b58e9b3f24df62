//! Takes the values of authentication fields, gives schemes with their parameters. RFC 9110 11, RFC 7235.
//!
//! Exchange joins several schemes in one value (`Bearer …, error="invalid_token",Negotiate,NTLM,Basic
//! realm="host"`), so a comma may begin a parameter or a scheme.

use std::borrow::Cow;
use std::ops::Range;

use super::is_token_byte;
use crate::base::lossy;
use crate::exchange::Head;

/// One challenge of a `WWW-Authenticate` value, or the credentials of an `Authorization` value.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Challenge {
    /// The scheme as written.
    pub scheme: String,
    /// Its parameters in order, quotes removed; names as written.
    pub parameters: Vec<(String, String)>,
    /// `token68` after the scheme (NTLM, Negotiate).
    pub token: Option<String>,
}

impl Challenge {
    /// The value of the first parameter named `name`, in any case.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| &**value)
    }

    /// Whether the scheme is `name`, in any case.
    pub fn is(&self, name: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(name)
    }
}

/// Challenges of one value beyond this are not read: a value of commas must not become a list of them.
const CHALLENGES: usize = 64;

/// A folded value keeps its line breaks (RFC 9112 5.2: they stand for blanks).
const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

/// Reads all challenges of one field value. Never fails; unreadable rests are a challenge with an empty scheme.
pub fn parse(value: &str) -> Vec<Challenge> {
    let mut challenges: Vec<Challenge> = Vec::new();
    let mut text = Text { rest: value };
    loop {
        text.skip(&[',', ' ', '\t', '\r', '\n']);
        if text.rest.is_empty() || challenges.len() >= CHALLENGES {
            return challenges;
        }
        if let Some(last) = challenges.last_mut()
            && let Some(parameter) = text.parameter()
        {
            last.parameters.push(parameter);
        } else if let Some(scheme) = text.token() {
            let mut challenge = Challenge { scheme: scheme.to_owned(), ..Challenge::default() };
            // A parameter without a scheme before it stands under an empty one.
            if text.rest.trim_start_matches(BLANKS).starts_with('=') {
                text.rest = value.get(value.len() - text.rest.len() - scheme.len()..).unwrap_or_default();
                challenge.scheme.clear();
            } else if text.skip(&BLANKS) {
                challenge.token = text.token68().map(str::to_owned);
            }
            if challenge.scheme.is_empty() {
                match text.parameter() {
                    Some(parameter) => challenge.parameters.push(parameter),
                    None => challenge.token = Some(std::mem::take(&mut text.rest).to_owned()),
                }
            }
            challenges.push(challenge);
        } else {
            let rest = std::mem::take(&mut text.rest).to_owned();
            challenges.push(Challenge { token: Some(rest), ..Challenge::default() });
        }
    }
}

/// What is left of a value.
struct Text<'a> {
    rest: &'a str,
}

impl<'a> Text<'a> {
    /// Skips any of `these`; whether there was one.
    fn skip(&mut self, these: &[char]) -> bool {
        let before = self.rest.len();
        self.rest = self.rest.trim_start_matches(these);
        before != self.rest.len()
    }

    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    fn token(&mut self) -> Option<&'a str> {
        let length = self.rest.bytes().take_while(|&byte| is_token_byte(byte)).count();
        (length > 0).then(|| self.take(length))
    }

    /// `name BWS = BWS (token / quoted-string)`; the text stays where it was when it is none.
    fn parameter(&mut self) -> Option<(String, String)> {
        let before = self.rest;
        let name = self.token().filter(|_| {
            self.skip(&BLANKS);
            self.rest.starts_with('=')
        });
        let Some(name) = name else {
            self.rest = before;
            return None;
        };
        self.take(1);
        self.skip(&BLANKS);
        let value = if self.rest.starts_with('"') {
            self.quoted()
        } else {
            // Unquoted addresses (`authorization_uri=https://…`) are not tokens, but are meant.
            let end = self.rest.find([',', ' ', '\t', '\r', '\n']).unwrap_or(self.rest.len());
            self.take(end).to_owned()
        };
        Some((name.to_owned(), value))
    }

    /// A quoted string; one without its closing quote reaches to the end.
    fn quoted(&mut self) -> String {
        let mut value = String::new();
        let mut chars = self.rest.char_indices().skip(1);
        while let Some((at, char)) = chars.next() {
            match char {
                '"' => {
                    self.rest = self.rest.get(at + 1..).unwrap_or_default();
                    return value;
                }
                '\\' => value.extend(chars.next().map(|(_, escaped)| escaped)),
                other => value.push(other),
            }
        }
        self.rest = "";
        value
    }

    /// A `token68` that fills the list element; the text stays where it was when it is none.
    fn token68(&mut self) -> Option<&'a str> {
        let body = self.rest.bytes().take_while(|&byte| is_token68(byte)).count();
        let pad = self.rest.bytes().skip(body).take_while(|byte| *byte == b'=').count();
        let after = self.rest.get(body + pad..)?.trim_start_matches(BLANKS);
        let name = self.rest.get(..body)?;
        let fills = after.is_empty() || after.starts_with(',');
        (body > 0 && fills && !(pad == 1 && name.eq_ignore_ascii_case("realm")))
            .then(|| self.take(body + pad))
    }
}

const fn is_token68(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/')
}

/// Stands for the scheme of credentials that name none.
pub const NO_SCHEME: &str = "unknown";

/// Credentials that a request carried. The credentials themselves stay in the head.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sent {
    /// Lower-case scheme: `bearer`, `basic`, …; [`NO_SCHEME`] when the value names none.
    pub scheme: Cow<'static, str>,
    /// `authorization` or `proxy-authorization`.
    pub header: &'static str,
    /// Whether nothing follows the scheme (a `Bearer` that asks for a challenge).
    pub empty: bool,
    /// Place of the credentials in the head's bytes.
    pub at: Range<usize>,
}

/// Schemes that are known without anything after them.
const SCHEMES: [&str; 12] = [
    "basic",
    "bearer",
    "negotiate",
    "ntlm",
    "digest",
    "kerberos",
    "oauth",
    "dpop",
    "token",
    "hoba",
    "mutual",
    "wsse",
];

/// No registered scheme is longer than 19 bytes; a longer first word is rather a secret without scheme.
const SCHEME_BYTES: usize = 24;

/// The credentials of `Authorization` and `Proxy-Authorization`, in the order of the wire; a value may
/// join several.
pub fn credentials_sent(head: &Head) -> Vec<Sent> {
    let mut sent = Vec::new();
    for field in head.fields_of(|length| matches!(length, 13 | 19)) {
        let header = match field.name.len() {
            13 if field.is("authorization") => "authorization",
            19 if field.is("proxy-authorization") => "proxy-authorization",
            _ => continue,
        };
        let mut at = 0;
        for part in joined(field.value) {
            let start = field.value_at + at;
            at += part.len() + 1;
            sent.push(credentials(part, header, start));
        }
    }
    sent
}

/// Splits a value at commas that are followed by a known scheme and a blank.
fn joined(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let begins_credentials = |comma: &usize| {
        let rest = value.get(comma + 1..).unwrap_or_default().trim_ascii_start();
        let word = rest.iter().take_while(|&&byte| is_token_byte(byte)).count();
        let blank = rest.get(word).is_none_or(u8::is_ascii_whitespace);
        blank && known(rest.get(..word).unwrap_or_default()).is_some()
    };
    let commas = memchr::memchr_iter(b',', value).take(CHALLENGES * 16).filter(begins_credentials);
    let mut from = 0;
    commas.chain([value.len()]).map(move |end| {
        let part = value.get(from..end).unwrap_or_default();
        from = end + 1;
        part
    })
}

/// The scheme that a word names, in any case, if it is one that is known without anything after it.
fn known(word: &[u8]) -> Option<&'static str> {
    SCHEMES.into_iter().find(|scheme| word.eq_ignore_ascii_case(scheme.as_bytes()))
}

/// Whether the first word of credentials is their scheme: a known one (`Bearer` alone is realm discovery), or one that
/// looks so, where something follows it.
pub fn is_scheme(word: &[u8], followed: bool) -> bool {
    known(word).is_some()
        || (followed
            && word.len() <= SCHEME_BYTES
            && word.first().is_some_and(u8::is_ascii_alphabetic)
            && word.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')))
}

fn credentials(part: &[u8], header: &'static str, start: usize) -> Sent {
    let lead = part.len() - part.trim_ascii_start().len();
    let text = part.trim_ascii();
    // A folded value keeps its line breaks, which stand for blanks.
    let word = text.iter().take_while(|byte| !byte.is_ascii_whitespace()).count();
    let name = text.get(..word).unwrap_or_default();
    let begins = start + lead;
    if !is_scheme(name, word < text.len()) {
        let scheme = NO_SCHEME.into();
        return Sent { scheme, header, empty: text.is_empty(), at: begins..begins + text.len() };
    }
    let rest = text.get(word..).unwrap_or_default().trim_ascii_start();
    let end = begins + text.len();
    Sent {
        scheme: known(name).map_or_else(|| lossy(name).to_ascii_lowercase().into(), Cow::Borrowed),
        header,
        empty: rest.is_empty(),
        at: end - rest.len()..end,
    }
}

/// The lower-case names of the schemes that a response offers, in the order of the wire, each once.
pub fn schemes_offered(head: &Head) -> Vec<String> {
    let mut offered = Vec::new();
    for challenge in challenges(head) {
        let scheme = challenge.scheme.to_ascii_lowercase();
        if !scheme.is_empty() && !offered.contains(&scheme) {
            offered.push(scheme);
        }
    }
    offered
}

/// All challenges of `WWW-Authenticate` and `Proxy-Authenticate`.
pub fn challenges(head: &Head) -> Vec<Challenge> {
    head.fields_of(|length| matches!(length, 16 | 18))
        .filter(|field| field.is("www-authenticate") || field.is("proxy-authenticate"))
        .flat_map(|field| parse(&lossy(field.value)))
        .collect()
}

/// For fuzzing: any bytes as the fields of a response and of a request.
#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    parse(&String::from_utf8_lossy(data));
    let pairs = data.split(|byte| *byte == b'\n').flat_map(|value| {
        [&b"WWW-Authenticate"[..], b"Authorization", b"Proxy-Authorization"].map(|name| (name, value))
    });
    let head = Head::from_pairs(pairs);
    credentials_sent(&head);
    schemes_offered(&head);
    challenges(&head);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schemes(value: &str) -> Vec<String> {
        parse(value).into_iter().map(|challenge| challenge.scheme).collect()
    }

    /// Microsoft's support article on wildcard accepted domains shows this value.
    const JOINED: &str = "Bearer client_id=\"00000002-0000-0ff1-ce00-000000000000\", \
        trusted_issuers=\"00000001-0000-0000-c000-000000000000@r,00000004-0000-0ff1-ce00-000000000000@contoso.com\", \
        error=\"invalid_token\",Negotiate,NTLM,Basic realm=\"host\"";

    #[test]
    fn schemes_joined_in_one_value_are_told_apart() {
        let all = parse(JOINED);
        assert_eq!(schemes(JOINED), ["Bearer", "Negotiate", "NTLM", "Basic"]);
        assert_eq!(all[0].parameters.len(), 3);
        assert_eq!(
            all[0].parameter("Trusted_Issuers"),
            Some("00000001-0000-0000-c000-000000000000@r,00000004-0000-0ff1-ce00-000000000000@contoso.com")
        );
        assert_eq!(all[0].parameter("error"), Some("invalid_token"));
        assert_eq!(all[3].parameter("realm"), Some("host"));
        assert!(all[1].parameters.is_empty() && all[1].token.is_none());
    }

    #[test]
    fn a_token68_is_no_parameter_and_an_empty_realm_is_one() {
        let all =
            parse("NTLM TlRMTVNTUAAC==, Negotiate oYG=, Basic Realm=\"\", Digest realm=a, qop = \"auth\"");
        assert_eq!(all[0].token.as_deref(), Some("TlRMTVNTUAAC=="));
        assert_eq!(all[1].token.as_deref(), Some("oYG="));
        assert_eq!(all[2].parameters, [("Realm".to_owned(), String::new())]);
        assert_eq!(all[3].parameters.len(), 2);
        assert_eq!(parse("Basic realm=")[0].parameters, [("realm".to_owned(), String::new())]);
    }

    #[test]
    fn a_folded_value_is_one_value() {
        let all = parse("Bearer client_id=\"x\",\r\n error=\"invalid_token\",\r\n\tNegotiate");
        assert_eq!(all.len(), 2);
        assert_eq!((all[0].parameter("error"), &*all[1].scheme), (Some("invalid_token"), "Negotiate"));
    }

    #[test]
    fn quoted_pairs_and_weird_blanks_are_read() {
        let all = parse(" ,,\tBasic   realm = \"a\\\"b, c\\\\\" ,\t, Bearer");
        assert_eq!(all[0].parameter("realm"), Some("a\"b, c\\"));
        assert_eq!(all[1].scheme, "Bearer");
        assert_eq!(parse("Basic realm=\"open, Negotiate")[0].parameter("realm"), Some("open, Negotiate"));
        assert_eq!(parse("Bearer a=\"1\" b=\"2\"")[0].parameters.len(), 2);
    }

    #[test]
    fn what_is_no_challenge_stands_under_an_empty_scheme() {
        assert_eq!(parse("realm=\"x\", Basic")[0].scheme, "");
        assert_eq!(parse("realm=\"x\", Basic")[0].parameter("realm"), Some("x"));
        assert_eq!(parse("\"\"")[0], Challenge { token: Some("\"\"".into()), ..Challenge::default() });
        assert!(parse("").is_empty());
    }

    fn sent(value: &str) -> Vec<(String, bool, String)> {
        let head = Head::from_pairs([(&b"AUTHORIZATION"[..], value.as_bytes())]);
        credentials_sent(&head)
            .into_iter()
            .map(|one| {
                let text = String::from_utf8_lossy(&head.bytes[one.at]).into_owned();
                (one.scheme.into_owned(), one.empty, text)
            })
            .collect()
    }

    #[test]
    fn credentials_name_their_scheme_in_any_case_and_their_place() {
        assert_eq!(sent("bEARER  abc.def"), [("bearer".into(), false, "abc.def".into())]);
        assert_eq!(sent("Bearer"), [("bearer".into(), true, String::new())]);
        assert_eq!(sent("Bearer "), [("bearer".into(), true, String::new())]);
        assert_eq!(sent("Basic dXNlcjpwYXNz"), [("basic".into(), false, "dXNlcjpwYXNz".into())]);
        assert_eq!(
            sent("Bearer a.b.c, Basic eHk="),
            [("bearer".into(), false, "a.b.c".into()), ("basic".into(), false, "eHk=".into())]
        );
        assert_eq!(sent("Digest username=\"x\", realm=\"y\"").len(), 1);
    }

    #[test]
    fn credentials_that_are_folded_name_their_scheme() {
        let basic = |text: &str| vec![("basic".to_owned(), false, text.to_owned())];
        for fold in ["\r\n ", "\r\n\t", "\n ", " \r\n  "] {
            assert_eq!(sent(&format!("Basic{fold}dXNlcjpwYXNz")), basic("dXNlcjpwYXNz"));
            assert_eq!(sent(&format!("Bearer a.b.c,{fold}Basic{fold}eHk="))[1..], basic("eHk="));
        }
    }

    #[test]
    fn credentials_without_a_scheme_never_become_a_scheme_name() {
        assert_eq!(
            sent("eyJhbGciOiJub25lIn0.e30."),
            [("unknown".into(), false, "eyJhbGciOiJub25lIn0.e30.".into())]
        );
        assert_eq!(sent("hunter2"), [("unknown".into(), false, "hunter2".into())]);
        assert_eq!(sent(""), [("unknown".into(), true, String::new())]);
    }

    #[test]
    fn offers_are_listed_once_and_in_order() {
        let head = Head::from_pairs([
            (&b"WWW-Authenticate"[..], JOINED.as_bytes()),
            (b"www-authenticate", b"NTLM"),
            (b"Proxy-Authenticate", b"Digest realm=x"),
        ]);
        assert_eq!(schemes_offered(&head), ["bearer", "negotiate", "ntlm", "basic", "digest"]);
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn any_value_is_read_to_its_end(value in "[a-zA-Z0-9=\", \\\\\t.~é]{0,80}") {
            parse(&value);
            sent(&value);
        }
    }
}
