//! Takes any text, gives it without the secrets that its own form betrays: tokens, pairs, elements, header
//! lines, credentials after a scheme, passwords in addresses, private keys. Whatever a structured reader
//! finds ends here; so does what none of them understands.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use memchr::memmem;

use super::field::LENIENT;
use super::vault::{self, Kind};
use super::{Redactor, entropy, names};
use crate::limits;
use crate::report::mask::promises_secret;
use crate::token::find::jwts;
use crate::token::jwt::Jwt;

/// One way of looking at a text.
type Look = fn(&mut Redactor, &[u8]) -> Vec<Edit>;

/// What stands in the place of a part of a text.
type Edit = (Range<usize>, Vec<u8>);

impl Redactor {
    /// Text that has no structure of its own; `random`: whether long random runs are secrets here.
    pub(super) fn leaf(&mut self, text: &[u8], random: bool) -> Option<Vec<u8>> {
        if text.len() < 4 {
            return None;
        }
        let mut now: Option<Vec<u8>> = None;
        let passes: [Look; 8] = [
            Self::tokens,
            Self::wrapped_tokens,
            Self::private_keys,
            Self::elements,
            Self::named_values,
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
        let mut edits = Vec::new();
        for at in memmem::find_iter(text, b"PRIVATE KEY-----") {
            let start = at + 16;
            let rest = text.get(start..).unwrap_or_default();
            let end = memmem::find(rest, b"-----END").unwrap_or(rest.len());
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

    /// Elements of XML with a secret by their name, also where the XML itself is escaped, and the hidden
    /// fields of pages.
    fn elements(&mut self, text: &[u8]) -> Vec<Edit> {
        let mut edits = Vec::new();
        for (open, close) in [(&b"<"[..], &b">"[..]), (b"&lt;", b"&gt;")] {
            let mut from = 0;
            while let Some(found) = text.get(from..).and_then(|rest| memmem::find(rest, open)) {
                let start = from + found + open.len();
                from = start;
                let rest = text.get(start..).unwrap_or_default();
                let name = rest
                    .iter()
                    .take_while(|byte| byte.is_ascii_alphanumeric() || b":_-.".contains(byte))
                    .count();
                let name = rest.get(..name).unwrap_or_default();
                let input = name.eq_ignore_ascii_case(b"input");
                if name.is_empty() || !(input || names::is_secret(name)) {
                    continue;
                }
                let tag = if input { tag_end(rest) } else { memmem::find(rest, close) };
                let Some(tag) = tag else { break };
                if input {
                    edits.extend(self.hidden_field(text, start..start + tag));
                    continue;
                }
                if rest.get(..tag).is_some_and(|tag| tag.ends_with(b"/")) {
                    continue;
                }
                let body = start + tag + close.len();
                let length =
                    text.get(body..).and_then(|rest| memmem::find(rest, open)).unwrap_or(text.len() - body);
                let content = text.get(body..body + length).unwrap_or_default();
                let bare = content.trim_ascii();
                let at = body + (content.len() - content.trim_ascii_start().len());
                // Of a token the claims were kept by the passes before.
                if !bare.is_empty() && jwts(bare).is_empty() && !self.wraps_token(bare) {
                    let kind = if names::is_password(name) { Kind::Password } else { Kind::Opaque };
                    edits.push((at..at + bare.len(), self.vault.mark(bare, kind)));
                }
                from = body;
            }
        }
        edits.sort_by_key(|(range, _)| range.start);
        edits
    }

    /// `<input type="hidden" name="wresult" value="…">`
    fn hidden_field(&mut self, text: &[u8], tag: Range<usize>) -> Option<Edit> {
        let inside = text.get(tag.clone())?;
        let attribute = |name: &[u8]| -> Option<Range<usize>> {
            let at = memmem::find_iter(inside, name).find(|at| {
                let before = at.checked_sub(1).and_then(|before| inside.get(before));
                before.is_some_and(u8::is_ascii_whitespace)
            })?;
            let start = at + name.len();
            let quote = inside.get(start).copied().filter(|quote| matches!(quote, b'"' | b'\''))?;
            let length = memchr::memchr(quote, inside.get(start + 1..)?)?;
            Some(start + 1..start + 1 + length)
        };
        let name = inside.get(attribute(b"name=")?)?;
        let value = attribute(b"value=")?;
        let given = inside.get(value.clone())?;
        if given.is_empty() || !names::is_secret_parameter(name) || !jwts(given).is_empty() {
            return None;
        }
        Some((tag.start + value.start..tag.start + value.end, self.vault.mark(given, Kind::Opaque)))
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

    /// `name=value`
    fn assigned(&mut self, text: &[u8], equals: usize) -> Option<Edit> {
        let delimiter = |byte: &u8| b"?&;,#\"' <>{}()\\|".contains(byte) || byte.is_ascii_control();
        let before = text.get(..equals)?;
        let name = before.iter().rev().take(48).take_while(|byte| !delimiter(byte)).count();
        let name = before.get(equals - name..)?;
        if !names::is_secret(name) {
            return None;
        }
        let mut start = equals + 1;
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
            .take(48)
            .take_while(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(byte))
            .count();
        let name = before.get(before.len() - name..)?;
        if !names::is_secret(name) {
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
        self.named(name, text, start..start + length)
    }

    /// A header line, as it stands in transcripts, logs and command lines.
    fn line(&mut self, text: &[u8], colon: usize) -> Option<Edit> {
        let before = text.get(..colon)?;
        let name = before
            .iter()
            .rev()
            .take(48)
            .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
            .count();
        let name_at = colon - name;
        let name = before.get(name_at..)?;
        let lower = String::from_utf8_lossy(name).to_ascii_lowercase();
        let known = lower.ends_with("authorization") || lower == "cookie" || lower == "set-cookie";
        // Other names must stand at the beginning of a line, or anything in prose would be a field.
        let line = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
        let lead = before.get(line..name_at).unwrap_or_default();
        let first = lead.iter().all(|byte| b" \t<>*'\"".contains(byte))
            || lead.ends_with(b"-H '")
            || lead.ends_with(b"-H \"");
        if name.is_empty() || !(known || (first && promises_secret(&lower))) {
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
        // A member of JSON: its quotes were looked at.
        if value.is_empty() || value.starts_with(b"\"") || value.starts_with(b"//") {
            return None;
        }
        let new = self.deeper(|this| this.field(name, value))??;
        Some((start..start + value.len(), new))
    }

    fn named(&mut self, name: &[u8], text: &[u8], range: Range<usize>) -> Option<Edit> {
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
        for option in [&b" -u "[..], b" --user "] {
            for at in memmem::find_iter(text, option) {
                let start = at + option.len();
                let rest = text.get(start..).unwrap_or_default();
                let end = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
                let word = rest.get(..end).unwrap_or_default();
                let word = word.strip_suffix(b"'").or_else(|| word.strip_suffix(b"\"")).unwrap_or(word);
                let Some(colon) =
                    memchr::memchr(b':', word).filter(|_| memmem::find(text, b"curl").is_some())
                else {
                    continue;
                };
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

    fn random_runs(&mut self, text: &[u8]) -> Vec<Edit> {
        entropy::random(text)
            .into_iter()
            .map(|range| {
                let new = self.vault.mark(text.get(range.clone()).unwrap_or_default(), Kind::Random);
                (range, new)
            })
            .collect()
    }
}

/// Where a tag ends: a `>` that is in no quotes.
fn tag_end(tag: &[u8]) -> Option<usize> {
    let mut quote = None;
    tag.iter().take(limits::TOKEN_BYTES).position(|byte| {
        match quote {
            Some(open) if open == *byte => quote = None,
            None if matches!(byte, b'"' | b'\'') => quote = Some(*byte),
            _ => {}
        }
        quote.is_none() && *byte == b'>'
    })
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
