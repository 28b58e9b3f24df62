//! Takes plain text, gives the compact tokens that people pasted into it: also when a mail or a terminal broke them into
//! lines, when a sentence ends behind them, when base64 was padded, when the last dot is lost.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use memchr::memchr_iter;

use crate::json;
use crate::limits;

/// Base64url as people paste it.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// How base64url of a JSON object begins: `{"`, `{ `, `{` and a line end or a tab.
const BEGINNINGS: [&[u8]; 5] = [b"eyJ", b"eyA", b"ew0K", b"ewo", b"ewk"];

/// One token of a text.
pub(super) struct Pasted {
    /// Where it stands, with the line ends inside.
    pub(super) range: Range<usize>,
    /// Without them.
    pub(super) token: Vec<u8>,
}

/// The tokens in a text, in order, not overlapping; and how many texts like tokens are too long for one.
pub(super) fn tokens(text: &[u8]) -> (Vec<Pasted>, u64) {
    let (mut found, mut too_long, mut after) = (Vec::new(), 0, 0);
    for at in memchr_iter(b'e', text) {
        let alone = at == 0 || text.get(at - 1).is_some_and(|before| !is_token_byte(*before));
        if at < after || !alone || !begins(text.get(at..).unwrap_or_default()) {
            continue;
        }
        let run = run(text, at);
        after = run.end;
        if run.len() > limits::TOKEN_BYTES {
            too_long += 1;
        } else if let Some(pasted) = token(text, run) {
            after = pasted.range.end;
            found.push(pasted);
        }
    }
    (found, too_long)
}

fn begins(text: &[u8]) -> bool {
    BEGINNINGS.iter().any(|beginning| text.starts_with(beginning))
}

/// The token whose first line holds `run`.
fn token(text: &[u8], run: Range<usize>) -> Option<Pasted> {
    let line = text.get(run.clone())?;
    if let Some(length) = compact(line) {
        let range = run.start..run.start + length;
        return Some(Pasted { token: text.get(range.clone())?.to_vec(), range });
    }
    unwrap(text, run.clone())
        .or_else(|| is_without_last_dot(line).then(|| Pasted { token: line.to_vec(), range: run }))
}

/// Puts the lines of a broken token together. All but the last are equally long, and hold nothing else.
fn unwrap(text: &[u8], first: Range<usize>) -> Option<Pasted> {
    let count = |piece: &[u8]| memchr_iter(b'.', piece).count();
    let mut token = text.get(first.clone())?.to_vec();
    let (mut end, mut dots, mut width, mut full) = (first.end, count(&token), first.len(), true);
    while let Some(next) = continued(text, end) {
        let piece = text.get(next.clone())?;
        // The payload is the only part behind the first that begins so.
        let another = begins(piece) && !token.ends_with(b".");
        // Behind a token that could be all, a line goes on with it where the one before was full.
        let behind = dots >= 2 && (!full || piece.len() > width);
        dots += count(piece);
        if another || behind || dots > 4 || token.len() + piece.len() > limits::TOKEN_BYTES {
            break;
        }
        token.extend_from_slice(piece);
        end = next.end;
        full = piece.len() >= width;
        width = width.max(piece.len());
        if dots == 2 && token.ends_with(b".") && is_unsigned(&token) {
            break;
        }
    }
    let length = compact(&token)?;
    let range = first.start..end - (token.len() - length);
    token.truncate(length);
    Some(Pasted { range, token })
}

/// The run of token bytes that is all of the line behind `end`, if nothing but a line end stands between.
fn continued(text: &[u8], end: usize) -> Option<Range<usize>> {
    let rest = text.get(end..)?;
    let blanks = |bytes: &[u8]| bytes.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let mut at = blanks(rest);
    at += usize::from(rest.get(at) == Some(&b'\r'));
    if rest.get(at) != Some(&b'\n') {
        return None;
    }
    at += 1;
    at += blanks(rest.get(at..)?);
    let run = run(text, end + at);
    let behind = text.get(run.end..)?;
    let behind = behind.get(blanks(behind)..)?;
    let ends =
        matches!(behind.first(), None | Some(b'\r' | b'\n' | b'"' | b'\'' | b'`' | b'<' | b',' | b';'));
    (!run.is_empty() && ends).then_some(run)
}

/// The bytes of a token from `at`, with the padding of its parts.
fn run(text: &[u8], at: usize) -> Range<usize> {
    let mut end = at;
    loop {
        let rest = text.get(end..).unwrap_or_default();
        end += rest.iter().take_while(|byte| is_token_byte(**byte)).count();
        let rest = text.get(end..).unwrap_or_default();
        let padding = rest.iter().take(3).take_while(|byte| **byte == b'=').count();
        match rest.get(padding) {
            _ if padding == 0 || padding > 2 || end == at => return at..end,
            Some(b'.') => end += padding,
            // What is named by this run is no part of it.
            Some(byte) if byte.is_ascii_alphanumeric() || matches!(byte, b'"' | b'\'' | b'<' | b'%') => {
                return at..end;
            }
            _ => return at..end + padding,
        }
    }
}

pub(super) fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

/// How much of a text is a token: three parts (the last may be empty: unsigned), or the five of an encrypted token (RFC
/// 7515 7.1, 7516 7.1). A dot behind three parts ends a sentence.
fn compact(text: &[u8]) -> Option<usize> {
    let parts: Vec<&[u8]> = text.splitn(7, |byte| *byte == b'.').collect();
    let filled = |count: usize| parts.iter().take(count).all(|part| !part.is_empty());
    match parts.len() {
        3 if filled(2) => Some(text.len()),
        4 if filled(2) && parts.last().is_some_and(|part| part.is_empty()) => Some(text.len() - 1),
        5 if filled(1) && parts.iter().skip(2).all(|part| !part.is_empty()) => Some(text.len()),
        _ => None,
    }
}

/// An unsigned token whose last dot the copy lost.
fn is_without_last_dot(text: &[u8]) -> bool {
    let mut parts = text.split(|byte| *byte == b'.');
    let (header, payload, more) = (parts.next(), parts.next(), parts.next());
    let payload = payload.and_then(object);
    more.is_none()
        && payload.is_some()
        && header.and_then(object).is_some_and(|header| header.get("alg").is_some())
}

/// Whether the header says that no signature follows.
fn is_unsigned(token: &[u8]) -> bool {
    let header = token.split(|byte| *byte == b'.').next().and_then(object);
    let algorithm = header.as_ref().and_then(|header| header.get("alg")).and_then(json::Node::as_str);
    algorithm.is_none_or(|name| name.eq_ignore_ascii_case("none"))
}

fn object(part: &[u8]) -> Option<json::Node> {
    let node = json::parse(&LENIENT.decode(part).ok()?).ok()?;
    matches!(node.value, json::Value::Object(_)).then_some(node)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "eyJhbGciOiJSUzI1NiJ9";
    const NONE: &str = "eyJhbGciOiJub25lIn0";
    const PAYLOAD: &str = "eyJpc3MiOiJhQGIiLCJhdWQiOiJjQGQiLCJuYW1laWQiOiJlQGYifQ";

    fn found(text: &str) -> Vec<String> {
        let (found, _) = tokens(text.as_bytes());
        for pasted in &found {
            let part = &text.as_bytes()[pasted.range.clone()];
            let part: Vec<u8> = part.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
            assert_eq!(part, pasted.token);
        }
        found.into_iter().map(|pasted| String::from_utf8(pasted.token).unwrap()).collect()
    }

    fn broken(token: &str, width: usize, end: &str) -> String {
        let lines: Vec<&str> =
            token.as_bytes().chunks(width).map(|line| std::str::from_utf8(line).unwrap()).collect();
        lines.join(end)
    }

    #[test]
    fn broken_lines_are_put_together() {
        let signed = format!("{HEADER}.{PAYLOAD}.{}", "Ab3_".repeat(30));
        let unsigned = format!("{NONE}.{PAYLOAD}.");
        for token in [&signed, &unsigned] {
            for width in [8, 20, 21, 64] {
                for end in ["\n", "\r\n", "\r\n  ", " \n"] {
                    let text = broken(token, width, end);
                    assert_eq!(found(&text), [token.as_str()], "{width}");
                    assert_eq!(
                        found(&format!("Authorization: Bearer {text}\n\nHost: h\n")),
                        [token.as_str()]
                    );
                    let two = format!("{text}\n{}\n", broken(&unsigned, width, end));
                    assert_eq!(found(&two), [token.as_str(), &unsigned], "{width} {end:?}");
                }
            }
        }
    }

    #[test]
    fn what_stands_on_the_next_line_is_no_part() {
        let token = format!("{HEADER}.{PAYLOAD}.c2ln");
        for text in [
            format!("{token}\nword\n"),
            format!("{token}\n{token}"),
            format!("{}\nword", broken(&token, 64, "\n")),
            format!("eyJodW5ncnk\n{token}\n"),
            format!("<{token}>"),
            format!("It was {token}."),
            format!("It was {token}.\nThen"),
            format!("a={token}&b=c"),
        ] {
            assert!(found(&text).iter().all(|one| *one == token) && !found(&text).is_empty(), "{text}");
        }
    }

    #[test]
    fn padding_and_a_lost_dot_are_read() {
        let padded = format!("{NONE}=.{PAYLOAD}==.");
        assert_eq!(found(&format!("x {padded} y")), [padded]);
        assert_eq!(found(&format!("{HEADER}.{PAYLOAD}.c2ln=\n")), [format!("{HEADER}.{PAYLOAD}.c2ln=")]);
        assert_eq!(found(&format!("{NONE}.{PAYLOAD}\n")), [format!("{NONE}.{PAYLOAD}")]);
        assert_eq!(found("ew0KImFsZyI6Im5vbmUifQ.e30."), ["ew0KImFsZyI6Im5vbmUifQ.e30."]);
        assert_eq!(found("eyJ.a eyJhbGciOiJub25lIn0 eyJhbGciOiJub25lIn0.x xeyJx.y.z"), [""; 0]);
    }
}
