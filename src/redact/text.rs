//! Takes any text, gives it without the secrets that its own form betrays: tokens, pairs, elements, header
//! lines, credentials after a scheme, passwords in addresses, private keys. Whatever a structured reader
//! finds ends here; so does what none of them understands.

use std::cell::LazyCell;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use memchr::memmem;

use super::field::{AUTHORITIES, LENIENT};
use super::vault::{self, Kind};
use super::{Redactor, entropy, names};
use crate::report::mask::promises_secret;
use crate::token::find::jwts;
use crate::token::jwt::Jwt;

/// One way of looking at a text.
type Look = fn(&mut Redactor, &[u8]) -> Vec<Edit>;

/// Bytes in which a name is looked for.
const NAME: usize = 48;

/// What stands in the place of a part of a text.
pub(super) type Edit = (Range<usize>, Vec<u8>);

impl Redactor {
    /// Text that has no structure of its own; `random`: whether long random runs are secrets here.
    pub(super) fn leaf(&mut self, text: &[u8], random: bool) -> Option<Vec<u8>> {
        if text.len() < 4 {
            return None;
        }
        let mut now: Option<Vec<u8>> = None;
        let passes: [Look; 9] = [
            Self::tokens,
            Self::wrapped_tokens,
            Self::private_keys,
            Self::elements,
            Self::named_values,
            Self::arguments,
            Self::schemes,
            Self::userinfo,
            Self::known,
        ];
        for pass in passes {
            let edits = pass(self, now.as_deref().unwrap_or(text));
            apply(&mut now, text, edits);
        }
        if random && self.random {
            let edits = self.random_runs(now.as_deref().unwrap_or(text));
            apply(&mut now, text, edits);
        }
        if let Some(people) = &mut self.people {
            let edits = people.edits(now.as_deref().unwrap_or(text));
            apply(&mut now, text, edits);
        }
        now.filter(|now| now != text)
    }

    fn tokens(&mut self, text: &[u8]) -> Vec<Edit> {
        jwts(text)
            .into_iter()
            .map(|range| {
                let new = self.token(text.get(range.clone()).unwrap_or_default());
                (range, new)
            })
            .collect()
    }

    /// A token in base64 once more: `BinarySecurityToken`.
    fn wrapped_tokens(&mut self, text: &[u8]) -> Vec<Edit> {
        let mut edits = Vec::new();
        for range in base64_runs(text) {
            let Some(decoded) = text.get(range.clone()).and_then(|run| LENIENT.decode(run).ok()) else {
                continue;
            };
            if jwts(&decoded).is_empty() {
                continue;
            }
            if let Some(Some(new)) = self.deeper(|this| this.leaf(&decoded, true)) {
                edits.push((range, STANDARD.encode(new).into_bytes()));
            }
        }
        edits
    }

    /// Whether a value is, or holds, base64 of a token.
    pub(super) fn wraps_token(&self, text: &[u8]) -> bool {
        base64_runs(text).into_iter().any(|range| {
            let run = text.get(range).unwrap_or_default();
            LENIENT.decode(run).is_ok_and(|decoded| !jwts(&decoded).is_empty())
        })
    }

    /// RFC 7468: what stands between the lines.
    fn private_keys(&mut self, text: &[u8]) -> Vec<Edit> {
        /// Room for the words before, as in `-----END ENCRYPTED PRIVATE KEY-----`.
        const LABEL: usize = 24;
        let mut edits = Vec::new();
        let mut covered = 0;
        for at in memmem::find_iter(text, b"PRIVATE KEY-----") {
            let before = text.get(at.saturating_sub(LABEL)..at).unwrap_or_default();
            let footer = memmem::rfind(before, b"-----")
                .is_some_and(|at| before.get(at..).is_some_and(|word| word.starts_with(b"-----END ")));
            if footer || at < covered {
                continue;
            }
            let start = at + 16;
            let rest = text.get(start..).unwrap_or_default();
            let end = memmem::find(rest, b"-----END").unwrap_or(rest.len());
            covered = start + end;
            let body = rest.get(..end).unwrap_or_default();
            let key = body.trim_ascii();
            if key.len() >= 16 {
                let lead = body.len() - body.trim_ascii_start().len();
                let new = self.vault.mark(key, Kind::PrivateKey);
                edits.push((start + lead..start + lead + key.len(), new));
            }
        }
        edits
    }

    /// `name=value`, `"name": "value"` (escaped or not) and `Name: value` lines, where the name betrays it.
    fn named_values(&mut self, text: &[u8]) -> Vec<Edit> {
        let mut edits: Vec<Edit> = Vec::new();
        for at in memchr::memchr2_iter(b'=', b':', text) {
            if edits.last().is_some_and(|(range, _)| at < range.end) {
                continue;
            }
            let edit = match text.get(at) {
                Some(b'=') => self.assigned(text, at),
                _ => self.quoted_member(text, at).or_else(|| self.line(text, at)),
            };
            edits.extend(edit.filter(|(range, new)| text.get(range.clone()) != Some(new.as_slice())));
        }
        edits
    }

    /// `name=value`, `name = "value with blanks"`
    fn assigned(&mut self, text: &[u8], equals: usize) -> Option<Edit> {
        let delimiter = |byte: &u8| b"?&;,#\"' <>{}()\\|".contains(byte) || byte.is_ascii_control();
        let blank = |byte: &&u8| matches!(byte, b' ' | b'\t');
        let before = text.get(..equals)?;
        let before = before.get(..equals - before.iter().rev().take_while(blank).count())?;
        let name = before.iter().rev().take(NAME).take_while(|byte| !delimiter(byte)).count();
        let name = before.get(before.len() - name..)?;
        // In a query or a form, further names mean a secret.
        let lead = before.get(..before.len() - name.len())?;
        let in_query =
            before.len() == equals && [&b"?"[..], b"&", b"&amp;"].iter().any(|mark| lead.ends_with(mark));
        let promise = match in_query && names::is_secret_parameter(name) {
            true => names::Promise::Secret,
            false => names::Promise::of(name),
        };
        if promise == names::Promise::Nothing {
            return None;
        }
        let mut start = equals + 1 + text.get(equals + 1..)?.iter().take_while(blank).count();
        if let Some(inside) = quoted(text, start) {
            let secret = promise.holds(text.get(inside.clone())?);
            return if secret { self.named(name, text, inside) } else { None };
        }
        if promise != names::Promise::Secret {
            return None;
        }
        // After blanks, code is no value: `$password = $given`, `secret == x`.
        let next = text.get(start).copied();
        if start != equals + 1 && next.is_none_or(|next| b"=$([@".contains(&next)) {
            return None;
        }
        start +=
            text.get(start..)?.iter().take(4).take_while(|byte| matches!(byte, b'"' | b'\'' | b'\\')).count();
        let length = text.get(start..)?.iter().take_while(|byte| !delimiter(byte)).count();
        self.named(name, text, start..start + length)
    }

    /// The member of a JSON text that could not be read as such, perhaps escaped inside a string.
    fn quoted_member(&mut self, text: &[u8], colon: usize) -> Option<Edit> {
        let before = text.get(..colon)?.trim_ascii_end();
        let before = before.strip_suffix(b"\"")?;
        let escapes = before.iter().rev().take_while(|byte| **byte == b'\\').count();
        let before = before.get(..before.len() - escapes)?;
        let name = before
            .iter()
            .rev()
            .take(NAME)
            .take_while(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(byte))
            .count();
        let name = before.get(before.len() - name..)?;
        let promise = names::Promise::of(name);
        if promise == names::Promise::Nothing {
            return None;
        }
        let after = text.get(colon + 1..)?;
        let blanks = after.len() - after.trim_ascii_start().len();
        let quote = [vec![b'\\'; escapes], vec![b'"']].concat();
        let value = after.get(blanks..)?.strip_prefix(quote.as_slice())?;
        let start = colon + 1 + blanks + quote.len();
        let length = memmem::find_iter(value, &quote)
            .find(|at| escapes > 0 || at.checked_sub(1).and_then(|at| value.get(at)) != Some(&b'\\'))
            .unwrap_or(value.len());
        let secret = promise.holds(value.get(..length)?);
        if secret { self.named(name, text, start..start + length) } else { None }
    }

    /// A header line, as it stands in transcripts, logs and command lines.
    fn line(&mut self, text: &[u8], colon: usize) -> Option<Edit> {
        let before = text.get(..colon)?;
        // `Format-List` pads names with blanks.
        let blanks = before.iter().rev().take(NAME).take_while(|byte| **byte == b' ').count();
        let before = before.get(..colon - blanks)?;
        let name = before
            .iter()
            .rev()
            .take(NAME)
            .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
            .count();
        let name_at = before.len() - name;
        let name = before.get(name_at..)?;
        let lower = String::from_utf8_lossy(name).to_ascii_lowercase();
        let known = lower.ends_with("authorization") || lower == "cookie" || lower == "set-cookie";
        // Other names must stand at the beginning of a line, or anything in prose would be a field. A line can be as long
        // as the text: only marks and blanks are gone back over.
        let lead = before.get(..name_at)?;
        let marks = lead.iter().rev().take_while(|byte| b" \t<>*'\"".contains(byte)).count();
        let first = lead.iter().rev().nth(marks).is_none_or(|byte| *byte == b'\n')
            || lead.ends_with(b"-H '")
            || lead.ends_with(b"-H \"");
        let at_host = || {
            text.get(colon + 1..)
                .unwrap_or_default()
                .iter()
                .take_while(|byte| **byte != b'\n')
                .any(|byte| *byte == b'@')
        };
        let secret = || {
            promises_secret(&lower)
                || names::is_secret(name)
                || lower == "x-ms-diagnostics"
                || (AUTHORITIES.contains(&lower.as_str()) && at_host())
        };
        if name.is_empty() || !((known && blanks == 0) || (first && secret())) {
            return None;
        }
        let quote = lead.last().copied().filter(|last| matches!(last, b'"' | b'\''));
        let rest = text.get(colon + 1..)?;
        let end = rest
            .iter()
            .position(|byte| matches!(byte, b'\n' | b'\r' | 0) || Some(*byte) == quote)
            .unwrap_or(rest.len());
        let value = rest.get(..end)?;
        let start = colon + 1 + (value.len() - value.trim_ascii_start().len());
        let value = value.trim_ascii();
        if let Some(inside) = quoted(text, start) {
            // A member of JSON: its quotes were looked at.
            return if quote.is_none() { self.named(name, text, inside) } else { None };
        }
        if value.is_empty() || value.starts_with(b"\"") || value.starts_with(b"//") {
            return None;
        }
        let new = self.deeper(|this| this.field(name, value))??;
        Some((start..start + value.len(), new))
    }

    /// `-Password value` and `--client-secret value` of command lines, and what PowerShell makes secure.
    fn arguments(&mut self, text: &[u8]) -> Vec<Edit> {
        let mut edits: Vec<Edit> = Vec::new();
        for dash in memmem::find_iter(text, b" -") {
            let rest = text.get(dash + 1..).unwrap_or_default();
            let dashes = rest.iter().take_while(|byte| **byte == b'-').count();
            let name = rest.get(dashes..).unwrap_or_default();
            let length =
                name.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'-').count();
            let name = name.get(..length).unwrap_or_default();
            let after = dash + 1 + dashes + length;
            let blanks = text.get(after..).unwrap_or_default();
            let blanks = blanks.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
            if blanks == 0 || dashes > 2 || !names::is_secret(name) {
                continue;
            }
            let start = after + blanks;
            let rest = text.get(start..).unwrap_or_default();
            let code = rest.first().is_none_or(|first| b"-$(@|;".contains(first));
            let word = || start..start + rest.iter().take_while(|byte| !byte.is_ascii_whitespace()).count();
            let value = quoted(text, start).or_else(|| (!code).then(word));
            edits.extend(value.and_then(|value| self.named(name, text, value)));
        }
        for at in memmem::find_iter(text, b"ConvertTo-SecureString") {
            let rest = text.get(at..).unwrap_or_default();
            let quote = memchr::memchr3(b'"', b'\'', b'\n', rest);
            let Some(quote) = quote.filter(|at| rest.get(*at) != Some(&b'\n')) else { continue };
            edits.extend(quoted(text, at + quote).and_then(|value| self.named(b"password", text, value)));
        }
        edits.sort_by_key(|(range, _)| range.start);
        edits
    }

    pub(super) fn named(&mut self, name: &[u8], text: &[u8], range: Range<usize>) -> Option<Edit> {
        let value = text.get(range.clone())?;
        // A token keeps its claims: it has lost its signature in an earlier pass.
        let token = Jwt::parse(value).is_some() || !jwts(value).is_empty() || self.wraps_token(value);
        if value.is_empty() || token || vault::is_mark(value) {
            return None;
        }
        let kind = if names::is_password(name) { Kind::Password } else { Kind::Opaque };
        Some((range, self.vault.mark(value, kind)))
    }

    /// `Basic dXNlcjpwYXNz` and the like, wherever they stand.
    fn schemes(&mut self, text: &[u8]) -> Vec<Edit> {
        let mut edits: Vec<Edit> = Vec::new();
        for at in memchr::memchr_iter(b' ', text) {
            let word = text.get(..at).unwrap_or_default();
            let length = word.iter().rev().take(12).take_while(|byte| byte.is_ascii_alphabetic()).count();
            let scheme = word.get(at - length..).unwrap_or_default().to_ascii_lowercase();
            if !matches!(scheme.as_slice(), b"basic" | b"bearer" | b"ntlm" | b"negotiate" | b"token") {
                continue;
            }
            let start = at + 1;
            let rest = text.get(start..).unwrap_or_default();
            let part = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(byte);
            let run = rest.get(..rest.iter().take_while(|byte| part(byte)).count()).unwrap_or_default();
            let mixed = run.iter().any(u8::is_ascii_digit) && run.iter().any(u8::is_ascii_alphabetic);
            let new = match scheme.as_slice() {
                b"basic" if LENIENT.decode(run).is_ok_and(|decoded| decoded.contains(&b':')) => {
                    self.basic(run)
                }
                b"ntlm" | b"negotiate" if run.len() >= 16 && mixed => self.vault.mark(run, Kind::Credential),
                b"bearer" | b"token" if run.len() >= 20 && mixed && Jwt::parse(run).is_none() => {
                    self.opaque(run)
                }
                _ => continue,
            };
            edits.push((start..start + run.len(), new));
        }
        edits
    }

    /// `https://user:password@host`, and `-u user:password` of curl.
    fn userinfo(&mut self, text: &[u8]) -> Vec<Edit> {
        let mut edits: Vec<Edit> = Vec::new();
        for at in memmem::find_iter(text, b"://") {
            let start = at + 3;
            let rest = text.get(start..).unwrap_or_default();
            let end = rest.iter().position(|byte| b"/?#\"'<> \\".contains(byte) || byte.is_ascii_control());
            let authority = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
            let Some(host) = memchr::memrchr(b'@', authority) else { continue };
            let user = authority.get(..host).unwrap_or_default();
            let Some(colon) = memchr::memchr(b':', user) else { continue };
            let password = start + colon + 1..start + host;
            let given = text.get(password.clone()).unwrap_or_default();
            edits.push((password, self.vault.mark(given, Kind::Password)));
        }
        let curl = LazyCell::new(|| memmem::find(text, b"curl").is_some());
        for option in [&b" -u "[..], b" --user "] {
            for at in memmem::find_iter(text, option) {
                let start = at + option.len();
                let rest = text.get(start..).unwrap_or_default();
                let end = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
                let word = rest.get(..end).unwrap_or_default();
                let word = word.strip_suffix(b"'").or_else(|| word.strip_suffix(b"\"")).unwrap_or(word);
                let Some(colon) = memchr::memchr(b':', word).filter(|_| *curl) else { continue };
                let range = start + colon + 1..start + word.len();
                let new = self.vault.mark(text.get(range.clone()).unwrap_or_default(), Kind::Password);
                edits.push((range, new));
            }
        }
        edits.sort_by_key(|(range, _)| range.start);
        edits
    }

    /// Secrets that stand elsewhere in the file under a name.
    pub(super) fn known(&mut self, text: &[u8]) -> Vec<Edit> {
        let mut edits = Vec::new();
        let mut from = 0;
        while let Some((range, number)) = self.needles.find(text, from) {
            if self.vault.is_long(number) {
                return vec![(0..text.len(), self.vault.mark_known(number))];
            }
            from = range.end;
            edits.push((range, self.vault.mark_known(number)));
        }
        edits
    }

    pub(super) fn random_runs(&mut self, text: &[u8]) -> Vec<Edit> {
        entropy::random(text)
            .into_iter()
            .map(|range| {
                let new = self.vault.mark(text.get(range.clone()).unwrap_or_default(), Kind::Random);
                (range, new)
            })
            .collect()
    }
}

/// What stands in quotes at `start`, perhaps escaped ones; `None` where the line ends before they do.
fn quoted(text: &[u8], start: usize) -> Option<Range<usize>> {
    let rest = text.get(start..)?;
    let escapes = rest.iter().take(4).take_while(|byte| **byte == b'\\').count();
    let quote = rest.get(escapes).copied().filter(|byte| matches!(byte, b'"' | b'\''))?;
    let start = start + escapes + 1;
    let rest = text.get(start..)?;
    // The line is not looked for first: it may be as long as the text, and hold as many quotes.
    for at in memchr::memchr2_iter(quote, b'\n', rest) {
        if rest.get(at) == Some(&b'\n') {
            return None;
        }
        let before =
            rest.get(..at)?.iter().rev().take(escapes + 1).take_while(|byte| **byte == b'\\').count();
        let closes = if escapes == 0 { before == 0 } else { before >= escapes };
        if closes {
            return Some(start..start + at - escapes);
        }
    }
    None
}

/// Runs of base64 that begin like a JWT in base64: `eyJ`, `eyA`, `ew0K`, … at the start.
fn base64_runs(text: &[u8]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for beginning in [&b"ZXlK"[..], b"ZXlB", b"ZXcw", b"ZXdv", b"ZXdr"] {
        for start in memmem::find_iter(text, beginning) {
            let part = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
            let rest = text.get(start..).unwrap_or_default();
            let length = rest.iter().take_while(|byte| part(byte)).count();
            if length >= 40 && !runs.iter().any(|run| start < run.end && run.start < start + length) {
                runs.push(start..start + length);
            }
        }
    }
    runs.sort_by_key(|run| run.start);
    runs
}

/// Replaces parts; those that overlap an earlier one are left out, the search afterwards sees to them.
pub(super) fn splice(text: &[u8], edits: &[Edit]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    for (range, new) in edits {
        if range.start < at {
            continue;
        }
        out.extend_from_slice(text.get(at..range.start).unwrap_or_default());
        out.extend_from_slice(new);
        at = range.end;
    }
    out.extend_from_slice(text.get(at..).unwrap_or_default());
    out
}

fn apply(now: &mut Option<Vec<u8>>, text: &[u8], edits: Vec<Edit>) {
    if !edits.is_empty() {
        let changed = splice(now.as_deref().unwrap_or(text), &edits);
        *now = Some(changed);
    }
}
