//! Takes the text beside messages, says where requests or credentials stand in it that became no message: a copy that
//! lost its start line, what browsers show, a command for curl.
//!
//! Prose speaks of such things, too. So nothing counts for a word alone: a field has its value, credentials look like
//! some, a request line is nothing but one.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use memchr::memmem;

use crate::limits;

/// What was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Found {
    /// Paragraphs that hold a request or credentials.
    pub(super) requests: u64,
    /// Those of them that hold a password.
    pub(super) passwords: u64,
    /// Line of the first, from 1.
    pub(super) first: usize,
    /// Line of the first password.
    pub(super) first_password: usize,
}

/// What a line tells.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Sign {
    Request,
    Password,
}

/// How sure it is that a part of the text belongs to no message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// Outside of all messages.
    Outside,
    /// At the end of a message that does not tell where it ends.
    Tail,
}

impl Found {
    /// Looks through a part of the text. `said` tells whether credentials stand in a message as well: then the text
    /// beside it repeats them, as the command does that curl was called with.
    pub(super) fn look(
        &mut self,
        text: &[u8],
        part: Range<usize>,
        place: Place,
        said: &dyn Fn(&[u8]) -> bool,
    ) {
        let Some(bytes) = text.get(part.clone()) else { return };
        let mut number: Option<usize> = None;
        let (mut counted, mut counted_password) = (false, false);
        let mut lines = bytes.split(|byte| *byte == b'\n').peekable();
        let mut index = 0;
        while let Some(line) = lines.next() {
            index += 1;
            let line = trimmed(line);
            if line.is_empty() {
                (counted, counted_password) = (false, false);
                continue;
            }
            let next = lines.peek().map_or(&b""[..], |next| trimmed(next));
            let Some(sign) = sign(line, next, place, said) else { continue };
            let before = number.get_or_insert_with(|| newlines(text.get(..part.start).unwrap_or_default()));
            let at = *before + index;
            if !std::mem::replace(&mut counted, true) {
                self.requests += 1;
                self.first = if self.first == 0 { at } else { self.first };
            }
            if sign == Sign::Password && !std::mem::replace(&mut counted_password, true) {
                self.passwords += 1;
                self.first_password = if self.first_password == 0 { at } else { self.first_password };
            }
        }
    }
}

fn newlines(bytes: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', bytes).count()
}

/// A line without what quotes it, and not longer than is looked at.
fn trimmed(line: &[u8]) -> &[u8] {
    let line = line.get(..limits::HEAD_BYTES).unwrap_or(line).trim_ascii();
    let quoted = line.iter().take_while(|byte| matches!(byte, b'>' | b'|' | b' ' | b'\t')).count();
    line.get(quoted..).unwrap_or_default()
}

fn sign(line: &[u8], next: &[u8], place: Place, said: &dyn Fn(&[u8]) -> bool) -> Option<Sign> {
    let mut best = field(line, place, said);
    if is_request(line, next) {
        best = best.max(Some(Sign::Request));
    }
    if place == Place::Outside {
        best = best.max(shown_by_browser(line, next)).max(password(line));
    }
    best
}

/// A request line, alone in its line: whole, or without its version and with a field behind it.
fn is_request(line: &[u8], next: &[u8]) -> bool {
    let words: Vec<&[u8]> =
        line.split(|byte| *byte == b' ').filter(|word| !word.is_empty()).take(4).collect();
    let (method, target, version) = match *words.as_slice() {
        [method, target] => (method, target, None),
        [method, target, version] => (method, target, Some(version)),
        _ => return false,
    };
    let known = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "PROPFIND"];
    let is_target = target.starts_with(b"/") || begins(target, b"http://") || begins(target, b"https://");
    is_target
        && known.iter().any(|name| method.eq_ignore_ascii_case(name.as_bytes()))
        && version.map_or_else(|| is_field(next), |version| begins(version, b"HTTP/"))
}

/// `Name: value`, as in a head: prose has blanks before its colons.
fn is_field(line: &[u8]) -> bool {
    let Some(colon) = memchr::memchr(b':', line) else { return false };
    let name = line.get(..colon).unwrap_or_default();
    !name.is_empty() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// The header fields as browsers show them: in one line each, or name and value in two.
fn shown_by_browser(line: &[u8], next: &[u8]) -> Option<Sign> {
    let pseudo = [&b":method"[..], b":path", b":authority"]
        .into_iter()
        .any(|name| begins(line, name) && matches!(line.get(name.len()), None | Some(b':' | b' ' | b'\t')));
    if pseudo {
        return Some(Sign::Request);
    }
    let is_name = line.strip_suffix(b":").unwrap_or(line).eq_ignore_ascii_case(b"authorization");
    if is_name { credentials(next).map(|(sign, _)| sign) } else { None }
}

/// `Authorization: Basic …` at the beginning of the line, or anywhere in it: `-H 'Authorization: …'`,
/// `"authorization": "…"`.
fn field(line: &[u8], place: Place, said: &dyn Fn(&[u8]) -> bool) -> Option<Sign> {
    const NAME: &[u8] = b"authorization";
    let lower = line.to_ascii_lowercase();
    memmem::find_iter(&lower, NAME)
        .filter_map(|at| {
            let before = at.checked_sub(1).and_then(|before| line.get(before)).copied();
            if before.is_some_and(|before| before.is_ascii_alphanumeric() || matches!(before, b'-' | b'_')) {
                return None;
            }
            let rest = line.get(at + NAME.len()..).unwrap_or_default();
            let rest = skip(rest, b"\"' \t");
            let value = skip(rest.strip_prefix(b":").or_else(|| rest.strip_prefix(b"="))?, b"\"' \t");
            let head = before.is_none();
            if !head && place == Place::Tail {
                return None;
            }
            if let Some((sign, credentials)) = credentials(value) {
                return (!said(credentials)).then_some(sign);
            }
            // Nobody writes prose so: a placeholder, or a scheme that is not known.
            let words = value.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).take(3).count();
            let quoted = matches!(before, Some(b'"' | b'\''));
            let code =
                quoted && scheme(value).is_some_and(|(_, rest)| !skip(rest, b"\"',;)}] \t").is_empty());
            (head && (1..=2).contains(&words) && !said(value) || code).then_some(Sign::Request)
        })
        .max()
}

/// A scheme, and what stands behind it.
fn scheme(value: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = value.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let (name, rest) = value.split_at_checked(length)?;
    let known = ["basic", "bearer", "digest", "ntlm", "negotiate"];
    known.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes())).then_some((name, rest))
}

/// Credentials with their scheme that look like some.
fn credentials(value: &[u8]) -> Option<(Sign, &[u8])> {
    let (name, rest) = scheme(value)?;
    let rest = rest.strip_prefix(b" ").or_else(|| rest.strip_prefix(b"\t"))?.trim_ascii_start();
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(byte);
    let length = rest.iter().take_while(|byte| is_part(byte)).count();
    let word = rest.get(..length).unwrap_or_default();
    if name.eq_ignore_ascii_case(b"basic") {
        let bare = word.iter().rposition(|byte| *byte != b'=').map_or(0, |last| last + 1);
        let decoded = STANDARD_NO_PAD.decode(word.get(..bare)?).ok()?;
        return decoded.contains(&b':').then_some((Sign::Password, word));
    }
    let digest = name.eq_ignore_ascii_case(b"digest") && begins(rest, b"username=");
    (word.len() >= 16 || digest).then_some((Sign::Request, word))
}

/// A password: for curl, in an address, or in a form.
fn password(line: &[u8]) -> Option<Sign> {
    (for_curl(line) || in_address(line) || in_form(line)).then_some(Sign::Password)
}

/// `-u user:password`, in the command or in a line that continues it.
fn for_curl(line: &[u8]) -> bool {
    let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let (mut command, mut first) = (false, true);
    while let Some(word) = words.next() {
        let bare = word.rsplit(|byte| matches!(byte, b'/' | b'\\')).next().unwrap_or_default();
        command |= bare.eq_ignore_ascii_case(b"curl") || bare.eq_ignore_ascii_case(b"curl.exe");
        let attached = word.strip_prefix(b"--user=").or_else(|| word.strip_prefix(b"-u"));
        let user = match attached {
            _ if !(command || first) => None,
            _ if matches!(word, b"-u" | b"--user") => words.next(),
            attached => attached,
        };
        if user.is_some_and(|user| user.contains(&b':')) {
            return true;
        }
        first = false;
    }
    false
}

/// `https://user:password@host`.
fn in_address(line: &[u8]) -> bool {
    memmem::find_iter(line, b"://").any(|at| {
        let rest = line.get(at + 3..).unwrap_or_default();
        let ends = |byte: &u8| byte.is_ascii_whitespace() || b"/?#\"'<>".contains(byte);
        let length = rest.iter().take_while(|byte| !ends(byte)).count();
        let authority = rest.get(..length).unwrap_or_default();
        let user = memchr::memrchr(b'@', authority).and_then(|at| authority.get(..at)).unwrap_or_default();
        memchr::memchr(b':', user).is_some_and(|colon| colon > 0 && colon + 1 < user.len())
    })
}

/// `grant_type=password`.
fn in_form(line: &[u8]) -> bool {
    const GRANT: &[u8] = b"grant_type=password";
    let lower = line.to_ascii_lowercase();
    memmem::find_iter(&lower, GRANT).any(|at| {
        // A form has more fields; prose names this one alone, and goes on after a semicolon and a blank.
        let before = at.checked_sub(1).and_then(|before| lower.get(before));
        let after = lower.get(at + GRANT.len()..).unwrap_or_default();
        matches!(before, Some(b'&' | b';'))
            || matches!(after, [b'&', ..])
            || matches!(after, [b';', next, ..] if !next.is_ascii_whitespace())
    })
}

fn begins(text: &[u8], with: &[u8]) -> bool {
    text.get(..with.len()).is_some_and(|head| head.eq_ignore_ascii_case(with))
}

fn skip<'b>(text: &'b [u8], what: &[u8]) -> &'b [u8] {
    text.get(text.iter().take_while(|byte| what.contains(byte)).count()..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(text: &str) -> Found {
        let mut found = Found::default();
        found.look(text.as_bytes(), 0..text.len(), Place::Outside, &|_| false);
        found
    }

    #[test]
    fn requests_and_credentials_are_found_in_what_became_no_message() {
        for text in [
            "POST /ews/exchange.asmx\nHost: mail.contoso.com\nAuthorization: Basic dTpw",
            "  > Authorization: Basic dTpw",
            ":authority: mail.contoso.com\n:method: POST\n:path: /ews/exchange.asmx",
            ":path\n/ews/exchange.asmx",
            "authorization\nBasic dTpw",
            "curl -H 'Authorization: Basic dTpw' https://mail.contoso.com/ews",
            "  -H \"authorization: Bearer <token>\" \\",
            "\"Authorization\"=\"Basic dTpw\"",
            "Authorization: ***",
            "Authorization: Digest username=\"anna\"",
            "curl -u anna:secret https://mail.contoso.com/ews",
            "  --user 'anna:secret' \\",
            "https://anna:secret@mail.contoso.com/ews",
            "username=a&grant_type=password",
            "grant_type=password;username=a;password=b",
            "GET /ews/exchange.asmx HTTP/1.1",
        ] {
            assert_eq!(look(text).requests, 1, "{text}");
        }
        let found = look("x\n\nAuthorization: Basic dTpw\nAuthorization: Basic dTpw\n\nGET /x HTTP/1.1\n");
        assert_eq!(found, Found { requests: 2, passwords: 1, first: 3, first_password: 3 });
    }

    #[test]
    fn prose_and_comments_are_none() {
        for text in [
            "",
            "# the call of this morning, copied from the proxy",
            "The client sends an Authorization: Basic header, or Authorization: Bearer.",
            "POST /ews/exchange.asmx was answered with 401:",
            "POST /ews/exchange.asmx\n\nthe call",
            "Authorization is done with OAuth: see the notes",
            "Proxy-Authorization: Basic dTpw",
            "WWW-Authenticate: Basic realm=\"x\"",
            "we never send grant_type=password here",
            "they send grant_type=password; this is wrong",
            "see https://learn.microsoft.com/exchange and mail anna@contoso.com: thanks",
            "the switch -u asks for a user: none here",
            "* Connection #0 to host mail.contoso.com left intact",
            "10:15:02 -> 200",
        ] {
            assert_eq!(look(text), Found::default(), "{text}");
        }
    }

    #[test]
    fn what_a_message_says_too_is_not_lost() {
        let text = "curl -v -H 'Authorization: Bearer 0123456789abcdefghij' https://h/ews";
        let look = |said: bool| {
            let mut found = Found::default();
            found.look(text.as_bytes(), 0..text.len(), Place::Outside, &|_| said);
            found.requests
        };
        assert_eq!((look(true), look(false)), (0, 1));
    }

    #[test]
    fn the_tail_of_a_message_is_held_to_more() {
        let look = |text: &str| {
            let mut found = Found::default();
            found.look(text.as_bytes(), 0..text.len(), Place::Tail, &|_| false);
            found.requests
        };
        assert_eq!(look("<x/>\n\nAuthorization: Basic dTpw\n"), 1);
        assert_eq!(look("{\"authorization\": \"Basic dTpw\", \"u\": \"https://a:b@c/\"}"), 0);
    }
}
