//! Takes secrets, gives the places where they stand in any bytes: raw, in base64 at each of its three
//! alignments, URL-encoded, or escaped as JSON.

use std::collections::HashMap;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Bytes that a spelling must share with the text before it is compared: all are at least as long.
const PREFIX: usize = 8;

/// Of longer secrets only the beginning is searched for; a text that holds it is replaced whole.
pub(super) const LONG: usize = 4096;

/// Many texts that are searched for at once.
#[derive(Default)]
pub(super) struct Needles {
    /// By their first eight bytes, the longest first.
    by_prefix: HashMap<u64, Vec<(Vec<u8>, usize)>, foldhash::fast::RandomState>,
    /// A bit for each hash of the first two bytes: most positions of a text end here.
    begins: Vec<bool>,
}

impl Needles {
    /// All spellings of the given secrets.
    pub(super) fn new<'s>(secrets: impl IntoIterator<Item = (usize, &'s [u8])>) -> Self {
        let mut needles = Self { begins: vec![false; 1 << 16], ..Self::default() };
        for (number, secret) in secrets {
            // So many spellings of something endless would fill memory; its beginning tells it.
            for spelling in spellings(secret.get(..LONG).unwrap_or(secret)) {
                needles.add(spelling, number);
            }
        }
        for list in needles.by_prefix.values_mut() {
            list.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.cmp(b)));
            list.dedup_by(|a, b| a.0 == b.0);
        }
        needles
    }

    fn add(&mut self, spelling: Vec<u8>, number: usize) {
        let (Some(prefix), Some(first)) = (prefix(&spelling), pair(&spelling)) else { return };
        if let Some(begins) = self.begins.get_mut(first) {
            *begins = true;
        }
        self.by_prefix.entry(prefix).or_default().push((spelling, number));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_prefix.is_empty()
    }

    /// The first secret at `from` or later: where, and its number.
    pub(super) fn find(&self, text: &[u8], from: usize) -> Option<(Range<usize>, usize)> {
        let mut at = from;
        if self.is_empty() {
            return None;
        }
        while let Some(rest) = text.get(at..).filter(|rest| rest.len() >= PREFIX) {
            if pair(rest).and_then(|pair| self.begins.get(pair)) == Some(&true)
                && let Some(list) = prefix(rest).and_then(|prefix| self.by_prefix.get(&prefix))
                && let Some((needle, number)) = list.iter().find(|(needle, _)| rest.starts_with(needle))
            {
                return Some((at..at + needle.len(), *number));
            }
            at += 1;
        }
        None
    }
}

fn prefix(bytes: &[u8]) -> Option<u64> {
    bytes.first_chunk::<PREFIX>().map(|chunk| u64::from_le_bytes(*chunk))
}

fn pair(bytes: &[u8]) -> Option<usize> {
    bytes.first_chunk::<2>().map(|chunk| usize::from(u16::from_le_bytes(*chunk)))
}

/// Every form in which a secret may stand in a text.
fn spellings(secret: &[u8]) -> Vec<Vec<u8>> {
    let mut all = vec![secret.to_vec()];
    // The same base64 in the other alphabet.
    let swapped = |from: [u8; 2], to: [u8; 2]| -> Vec<u8> {
        let swap = |byte: &u8| from.iter().position(|old| old == byte).and_then(|at| to.get(at)).copied();
        secret.iter().map(|byte| swap(byte).unwrap_or(*byte)).collect()
    };
    all.push(swapped(*b"-_", *b"+/"));
    all.push(swapped(*b"+/", *b"-_"));
    all.push(percent(secret, b"-._~", false));
    all.push(percent(secret, b"-._~", true));
    all.push(percent(secret, b"-_.!~*'()", false));
    all.push(percent(secret, b"-._*", false));
    all.push(percent(secret, b"", false));
    for slash in [false, true] {
        for wide in [Wide::No, Wide::Upper, Wide::Lower] {
            all.push(json(secret, slash, wide));
        }
    }
    // JSON inside JSON: bodies of HAR files.
    all.push(json(&json(secret, false, Wide::No), false, Wide::No));
    for shift in 0..3 {
        let padded = [vec![0; shift], secret.to_vec()].concat();
        // Characters that hold bits of what stands before or behind are left out.
        let skip = (shift * 8).div_ceil(6);
        let whole = padded.len() * 8 / 6;
        for encoded in [STANDARD_NO_PAD.encode(&padded), URL_SAFE_NO_PAD.encode(&padded)] {
            if let Some(core) = encoded.as_bytes().get(skip..whole) {
                all.push(core.to_vec());
                all.push(percent(core, b"-._~", false));
                all.push(json(core, true, Wide::No));
            }
        }
    }
    all.retain(|spelling| spelling.len() >= PREFIX);
    all.sort();
    all.dedup();
    all
}

/// RFC 3986 2.1; letters and digits always stay.
pub(super) fn percent(text: &[u8], kept: &[u8], lower: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for &byte in text {
        if byte.is_ascii_alphanumeric() || kept.contains(&byte) {
            out.push(byte);
        } else if lower {
            out.extend_from_slice(format!("%{byte:02x}").as_bytes());
        } else {
            out.extend_from_slice(format!("%{byte:02X}").as_bytes());
        }
    }
    out
}

/// Whether the characters that .NET and Python's `ensure_ascii` write as `\uXXXX` are written so.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wide {
    No,
    Upper,
    Lower,
}

/// RFC 8259 7.
fn json(text: &[u8], slash: bool, wide: Wide) -> Vec<u8> {
    let escape = |unit: u16| match wide {
        Wide::Upper => format!("\\u{unit:04X}"),
        _ => format!("\\u{unit:04x}"),
    };
    let wide = wide != Wide::No;
    let mut out = Vec::with_capacity(text.len());
    for letter in String::from_utf8_lossy(text).chars() {
        match letter {
            '"' | '\\' => out.extend([b'\\', letter as u8]),
            '/' if slash => out.extend(b"\\/"),
            '\n' => out.extend(b"\\n"),
            '\r' => out.extend(b"\\r"),
            '\t' => out.extend(b"\\t"),
            '+' | '&' | '<' | '>' | '=' | '\'' if wide => {
                out.extend(escape(letter as u16).as_bytes());
            }
            letter if (letter as u32) < 32 => out.extend(escape(letter as u16).as_bytes()),
            letter if wide && !letter.is_ascii() => {
                for unit in letter.encode_utf16(&mut [0; 2]) {
                    out.extend(escape(*unit).as_bytes());
                }
            }
            letter => out.extend(letter.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    const SECRET: &[u8] = b"s3cr\"t+/value\\with=all?";

    fn holds(text: &[u8]) -> bool {
        Needles::new([(1, SECRET)]).find(text, 0).is_some()
    }

    #[test]
    fn a_secret_is_found_in_each_of_the_four_forms() {
        assert!(holds(&[b"x", SECRET, b"y"].concat()));
        for lead in ["", "a", "ab", "abc"] {
            let whole = [lead.as_bytes(), SECRET, b"tail"].concat();
            assert!(holds(STANDARD.encode(&whole).as_bytes()), "base64 after {lead:?}");
            assert!(holds(URL_SAFE_NO_PAD.encode(&whole).as_bytes()), "base64url after {lead:?}");
        }
        assert!(holds(b"p=s3cr%22t%2B%2Fvalue%5Cwith%3Dall%3F&x"));
        assert!(holds(b"p=s3cr%22t%2b%2fvalue%5cwith%3dall%3f&x"));
        assert!(holds(serde_json::to_string(std::str::from_utf8(SECRET).unwrap()).unwrap().as_bytes()));
        assert!(!holds(b"s3cr\"t+/value\\with=al?"));
    }
}
