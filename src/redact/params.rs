//! Takes addresses, queries and forms, gives them without their secrets. RFC 3986, WHATWG URL 5.
//!
//! What is changed is percent-encoded again; everything else stays as it was written.

use super::needles::percent;
use super::text::splice;
use super::vault::Kind;
use super::{Redactor, names, people};
use crate::base::opaque;
use crate::base::percent::decode_form;
use crate::token::find::jwts;
use crate::token::jwt::Jwt;

impl Redactor {
    /// An address, absolute or not, perhaps with text around it.
    pub(super) fn address(&mut self, text: &[u8]) -> Option<Vec<u8>> {
        let question = memchr::memchr2(b'?', b'#', text);
        let (path, query) = text.split_at(question.map_or(text.len(), |at| at + 1));
        let new_path = self.leaf(path, false);
        let new_path = self.segments(new_path.as_deref().unwrap_or(path)).or(new_path);
        let new_query = if query.is_empty() { None } else { self.pairs(query) };
        (new_path.is_some() || new_query.is_some()).then(|| {
            let path = new_path.as_deref().unwrap_or(path);
            [path, new_query.as_deref().unwrap_or(query)].concat()
        })
    }

    /// Segments of a path that look random: tokens of links that were mailed, sessions (`/(S(…))/`), and items.
    fn segments(&mut self, path: &[u8]) -> Option<Vec<u8>> {
        /// Longer ones hold data.
        const LONGEST: usize = 4096;
        if !self.random || !(opaque::SHORTEST..=LONGEST).contains(&path.len()) {
            return None;
        }
        let mut out = Vec::with_capacity(path.len());
        let mut changed = false;
        for (index, segment) in path.split(|byte| *byte == b'/').enumerate() {
            if index > 0 {
                out.push(b'/');
            }
            let edits = self.random_runs(segment);
            changed |= !edits.is_empty();
            out.extend(splice(segment, &edits));
        }
        changed.then_some(out)
    }

    /// `name=value&…`, of a query or of a form.
    pub(super) fn pairs(&mut self, text: &[u8]) -> Option<Vec<u8>> {
        let mut out = Vec::with_capacity(text.len());
        let mut changed = false;
        let mut at = 0;
        while at <= text.len() {
            let rest = text.get(at..).unwrap_or_default();
            let length = rest.iter().take_while(|byte| !matches!(byte, b'&' | b'#')).count();
            let pair = rest.get(..length).unwrap_or_default();
            match self.pair(pair) {
                Some(new) => {
                    changed = true;
                    out.extend(new);
                }
                None => out.extend_from_slice(pair),
            }
            out.extend(rest.get(length));
            at += length + 1;
        }
        changed.then_some(out)
    }

    fn pair(&mut self, pair: &[u8]) -> Option<Vec<u8>> {
        let equals = memchr::memchr(b'=', pair).map_or(0, |at| at + 1);
        let (name, value) = pair.split_at(equals);
        if value.is_empty() {
            return None;
        }
        let plain_name = decode_form(name.strip_suffix(b"=").unwrap_or_default());
        let plain = decode_form(value);
        let new = self.parameter(&plain_name, &plain)?;
        // Blanks as they were written.
        let plus = memchr::memchr(b'+', value).is_some();
        let mut encoded = percent(&new, if plus { b"-._~ " } else { b"-._~" }, false);
        if plus {
            encoded.iter_mut().filter(|byte| **byte == b' ').for_each(|byte| *byte = b'+');
        }
        Some([name, &encoded].concat())
    }

    /// A decoded value under its decoded name.
    pub(super) fn parameter(&mut self, name: &[u8], value: &[u8]) -> Option<Vec<u8>> {
        if names::is_secret_parameter(name) {
            return self.secret_value(name, value);
        }
        let account = people::signs_in(name) && !value.contains(&b'@');
        if let Some(people) = self.people.as_mut().filter(|_| account) {
            return people.account(value);
        }
        // Addresses travel inside addresses.
        let address = memchr::memmem::find(value, b"://").is_some() && value.contains(&b'=');
        if address { self.address(value) } else { self.value(value, !names::is_public(name)) }
    }

    /// The value of something that is a secret by its name: tokens keep their claims.
    pub(super) fn secret_value(&mut self, name: &[u8], value: &[u8]) -> Option<Vec<u8>> {
        let bare = value.trim_ascii();
        if bare.is_empty() {
            return None;
        }
        let bearer = bare.split_at_checked(7).filter(|(scheme, _)| scheme.eq_ignore_ascii_case(b"bearer "));
        let (scheme, bare) = bearer.unwrap_or((b"", bare));
        if Jwt::parse(bare).is_some_and(|jwt| jwt.header.is_some()) {
            return changed(value, [scheme, &self.token(bare)].concat());
        }
        // Tokens in SOAP, JSON or base64 in a field; what is left of it is looked at as any value.
        let holds_tokens = !jwts(bare).is_empty() || self.wraps_token(bare);
        if holds_tokens {
            return self.value(value, true);
        }
        let kind = if names::is_password(name) { Kind::Password } else { Kind::Opaque };
        changed(value, self.vault.mark(value, kind))
    }
}

fn changed(old: &[u8], new: Vec<u8>) -> Option<Vec<u8>> {
    (old != new).then_some(new)
}
