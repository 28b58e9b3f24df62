//! Takes a header field, gives its value without what opens doors. RFC 9110 11, RFC 6265, RFC 7617.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use super::text::splice;
use super::vault::Kind;
use super::{Redactor, entropy, names};
use crate::base::opaque;
use crate::report::authentication::split;
use crate::report::mask::promises_secret;
use crate::token::find::jwts;
use crate::token::jwt::{Jwt, is_mask};

/// Base64 as careless clients write it.
pub(super) const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Fields whose values are addresses.
const ADDRESSES: [&str; 7] =
    [":path", "location", "content-location", "referer", "refresh", "link", "destination"];

/// Fields whose values are authorities: careless clients write user and password before the host.
pub(super) const AUTHORITIES: [&str; 4] = [":authority", "host", "x-forwarded-host", "x-original-host"];

/// Fields whose values may look random and are none.
const PUBLIC: [&str; 15] = [
    ":authority",
    "host",
    "etag",
    "if-match",
    "if-none-match",
    "user-agent",
    "server",
    "content-type",
    "content-security-policy",
    "content-security-policy-report-only",
    "public-key-pins",
    "content-md5",
    "digest",
    "expect-ct",
    "soapaction",
];

/// Words and parameters of credentials that say how, not what.
fn is_kept(name: &[u8]) -> bool {
    const KEPT: [&str; 14] = [
        "bearer",
        "basic",
        "realm",
        "username",
        "uri",
        "algorithm",
        "qop",
        "nc",
        "client_id",
        "bearer:",
        "charset",
        "stale",
        "ntlm",
        "negotiate",
    ];
    KEPT.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
}

impl Redactor {
    /// The value of a field; `None` when it stays as it is.
    pub(super) fn field(&mut self, name: &[u8], value: &[u8]) -> Option<Vec<u8>> {
        let name = String::from_utf8_lossy(name).trim().to_ascii_lowercase();
        if value.trim_ascii().is_empty() {
            return None;
        }
        let changed = match name.as_str() {
            "authorization" | "proxy-authorization" => self.credentials(value),
            "set-cookie" | "set-cookie2" => self.set_cookie(value),
            "www-authenticate" | "proxy-authenticate" => self.challenges(value),
            // What the server proves itself with, and the nonce of the next request (RFC 7615 3).
            "authentication-info" | "proxy-authentication-info" => Some(self.words(value, Kind::Credential)),
            "sec-websocket-protocol" => self.protocols(value),
            _ if name == "cookie" || name.contains("cookie") => self.cookies(value),
            _ if promises_secret(&name) || names::is_secret(name.trim_start_matches("x-").as_bytes()) => {
                self.named_field(value)
            }
            // Its reason may quote what the server was given.
            "x-ms-diagnostics" => self.quoted(value),
            _ if ADDRESSES.contains(&name.as_str()) => self.address(value),
            _ if AUTHORITIES.contains(&name.as_str()) && value.contains(&b'@') => self.authority(value),
            _ if PUBLIC.contains(&name.as_str()) => self.leaf(value, false),
            _ => self.leaf(value, true),
        };
        // Names and attributes of cookies, and words that were kept, may be secrets elsewhere.
        let edits = self.known(changed.as_deref().unwrap_or(value));
        let changed = match edits.as_slice() {
            [] => changed,
            edits => Some(splice(changed.as_deref().unwrap_or(value), edits)),
        };
        changed.filter(|changed| changed != value)
    }

    /// What a server says to people.
    fn quoted(&mut self, value: &[u8]) -> Option<Vec<u8>> {
        let changed = self.leaf(value, false);
        let text = changed.as_deref().unwrap_or(value);
        // Tokens among them keep their claims.
        let random = entropy::random(text);
        let mut words = opaque::words(text);
        words.retain(|word| random.contains(word));
        // A name promises a secret, however short.
        for named in opaque::named(text) {
            let known = super::vault::is_mark(text.get(named.clone()).unwrap_or_default());
            if !known && !words.iter().any(|word| word.start < named.end && named.start < word.end) {
                words.push(named);
            }
        }
        words.sort_by_key(|word| word.start);
        let edits: Vec<_> = words
            .into_iter()
            .map(|range| {
                let word = text.get(range.clone()).unwrap_or_default();
                (range, self.vault.mark(word, Kind::Random))
            })
            .collect();
        if edits.is_empty() { changed } else { Some(splice(text, &edits)) }
    }

    /// `scheme credentials`.
    fn credentials(&mut self, value: &[u8]) -> Option<Vec<u8>> {
        let (scheme, rest) = split(value);
        if rest.is_empty() {
            return None;
        }
        let at = value.trim_ascii_end().len().checked_sub(rest.len())?;
        let before = value.get(..at).unwrap_or_default();
        let after = value.get(at + rest.len()..).unwrap_or_default();
        let masked = match scheme.as_deref() {
            Some("basic") => self.basic(rest),
            Some("bearer") | None => self.bearers(rest),
            Some(_) if super::vault::is_mark(rest) => rest.to_vec(),
            Some(scheme) => {
                let masked = self.words(rest, Kind::Credential);
                match self.people.as_mut().filter(|_| scheme == "digest") {
                    Some(people) => people.digest(&masked),
                    None => masked,
                }
            }
        };
        Some([before, &masked, after].concat())
    }

    /// The value of the Basic scheme; what it says is remembered too.
    pub(super) fn basic(&mut self, value: &[u8]) -> Vec<u8> {
        if super::vault::is_mark(value) {
            return value.to_vec();
        }
        if let Ok(decoded) = LENIENT.decode(value)
            && let Some(colon) = memchr::memchr(b':', &decoded)
        {
            self.vault.remember(&decoded, Kind::Password);
            self.vault.remember(decoded.get(colon + 1..).unwrap_or_default(), Kind::Password);
        }
        self.vault.mark(value, Kind::Basic)
    }

    /// One token, as usual, or several with words, quotes and parameters between.
    fn bearers(&mut self, value: &[u8]) -> Vec<u8> {
        if super::vault::is_mark(value) {
            return value.to_vec();
        }
        if Jwt::parse(value).is_some() {
            return self.token(value);
        }
        // `${token}`, `***`, `<redacted>`: the source has nothing here, and the copy must not seem to.
        if is_mask(value) && !value.iter().any(u8::is_ascii_digit) {
            return value.to_vec();
        }
        self.words(value, Kind::Opaque)
    }

    /// Masks each word: a JWT loses its signature, of a parameter the value goes.
    fn words(&mut self, value: &[u8], kind: Kind) -> Vec<u8> {
        let mut out = Vec::with_capacity(value.len());
        let mut at = 0;
        let separator = |byte: &u8| b", \t\r\n\";".contains(byte);
        while at < value.len() {
            let rest = value.get(at..).unwrap_or_default();
            let blank = rest.iter().take_while(|byte| separator(byte)).count();
            out.extend_from_slice(rest.get(..blank).unwrap_or_default());
            let rest = rest.get(blank..).unwrap_or_default();
            let length = rest.iter().take_while(|byte| !separator(byte)).count();
            let word = rest.get(..length).unwrap_or_default();
            at += blank + length;
            if word.is_empty() {
                continue;
            }
            let quoted = rest.get(length..).and_then(|rest| rest.strip_prefix(b"\""));
            if let (Some(name), Some(quoted)) = (word.strip_suffix(b"="), quoted) {
                let end = memchr::memchr(b'"', quoted).unwrap_or(quoted.len());
                let given = quoted.get(..end).unwrap_or_default();
                out.extend_from_slice(word);
                out.push(b'"');
                out.extend(if is_kept(name) { given.to_vec() } else { self.vault.mark(given, kind) });
                at += 1 + end;
                continue;
            }
            out.extend(self.word(word, kind));
        }
        out
    }

    fn word(&mut self, word: &[u8], kind: Kind) -> Vec<u8> {
        if is_kept(word) {
            return word.to_vec();
        }
        if Jwt::parse(word).is_some() {
            return self.token(word);
        }
        if !jwts(word).is_empty()
            && let Some(changed) = self.leaf(word, true)
        {
            return changed;
        }
        let equals = memchr::memchr(b'=', word).filter(|at| word.iter().skip(*at).any(|byte| *byte != b'='));
        let Some(equals) = equals else {
            return self.vault.mark(word, kind);
        };
        let (name, given) = word.split_at(equals + 1);
        if is_kept(name.get(..equals).unwrap_or_default()) {
            return word.to_vec();
        }
        [name, &self.vault.mark(given, kind)].concat()
    }

    /// A field with a secret by its name: a known scheme in front stays.
    fn named_field(&mut self, value: &[u8]) -> Option<Vec<u8>> {
        if let Some("bearer" | "basic" | "negotiate" | "ntlm" | "digest") = split(value).0.as_deref() {
            return self.credentials(value);
        }
        let bare = value.trim_ascii();
        if Jwt::parse(bare).is_some() {
            return Some(self.token(bare));
        }
        let tokens = jwts(bare);
        if !tokens.is_empty() {
            return self.leaf(value, true);
        }
        Some(self.vault.mark(bare, Kind::Credential))
    }

    /// `name=value; name=value`; a cookie without name is all value.
    pub(super) fn cookies(&mut self, value: &[u8]) -> Option<Vec<u8>> {
        let masked: Vec<Vec<u8>> = value.split(|byte| *byte == b';').map(|pair| self.cookie(pair)).collect();
        Some(masked.join(&b';'))
    }

    fn cookie(&mut self, pair: &[u8]) -> Vec<u8> {
        let equals = memchr::memchr(b'=', pair).map_or(0, |at| at + 1);
        let (name, value) = pair.split_at(equals);
        let blanks = value.len() - value.trim_ascii_start().len();
        let (blanks, value) = value.split_at(blanks);
        let end = value.trim_ascii_end().len();
        let (value, tail) = value.split_at(end);
        [name, blanks, &self.cookie_value(value), tail].concat()
    }

    /// A cookie's value alone.
    pub(super) fn cookie_value(&mut self, value: &[u8]) -> Vec<u8> {
        let bare = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value);
        if Jwt::parse(bare).is_some_and(|jwt| jwt.header.is_some_and(|header| header.get("alg").is_some())) {
            return self.token(bare);
        }
        self.vault.mark(value, Kind::Cookie)
    }

    /// The first pair is the cookie, what follows are its attributes.
    fn set_cookie(&mut self, value: &[u8]) -> Option<Vec<u8>> {
        // Some exporters join several fields with line feeds.
        let one = |this: &mut Self, line: &[u8]| {
            let end = memchr::memchr(b';', line).unwrap_or(line.len());
            let (cookie, attributes) = line.split_at(end);
            [&this.cookie(cookie), attributes].concat()
        };
        let lines: Vec<Vec<u8>> = value.split(|byte| *byte == b'\n').map(|line| one(self, line)).collect();
        Some(lines.join(&b'\n'))
    }

    /// NTLM and Negotiate answer with tokens, which go; parameters stay.
    fn challenges(&mut self, value: &[u8]) -> Option<Vec<u8>> {
        let mut out: Vec<Vec<u8>> = Vec::new();
        for part in value.split(|byte| *byte == b',') {
            let bare = part.trim_ascii_start();
            let lead = part.get(..part.len() - bare.len()).unwrap_or_default();
            let space = memchr::memchr(b' ', bare).unwrap_or(bare.len());
            let (scheme, rest) = bare.split_at(space);
            let blob = rest.trim_ascii();
            if ["ntlm", "negotiate", "kerberos"]
                .iter()
                .any(|name| scheme.eq_ignore_ascii_case(name.as_bytes()))
                && !blob.is_empty()
            {
                let mark = self.vault.mark(blob, Kind::Credential);
                out.push([lead, scheme, b" ", &mark].concat());
            } else {
                out.push(part.to_vec());
            }
        }
        let joined = out.join(&b',');
        self.leaf(&joined, false).or(Some(joined))
    }

    /// WebSocket: a token travels as a protocol's name after a word that announces it.
    fn protocols(&mut self, value: &[u8]) -> Option<Vec<u8>> {
        let mut announced = false;
        let mut out = Vec::new();
        for (index, word) in value.split(|byte| *byte == b',').enumerate() {
            if index > 0 {
                out.push(b',');
            }
            let bare = word.trim_ascii();
            if announced && !bare.is_empty() {
                let lead = word.len() - word.trim_ascii_start().len();
                out.extend_from_slice(word.get(..lead).unwrap_or_default());
                out.extend(self.token(bare));
            } else {
                out.extend(self.leaf(word, true).unwrap_or_else(|| word.to_vec()));
            }
            announced = ["access_token", "bearer", "authorization"]
                .iter()
                .any(|name| bare.eq_ignore_ascii_case(name.as_bytes()));
        }
        Some(out)
    }
}
