//! Takes text, gives the readable dumps of tokens in it, written again as compact serialisations without a
//! signature: what a log or a person prints of a token can be inspected, never verified.
//!
//! Three habits are read: `{header}.{claims}` of Exchange's logs and of jwt.ms, claims without braces as newer
//! builds of `Test-OAuthConnectivity` print them (`{header}."iss": "…" "aud": "…"`), and an actor token behind
//! `; actor:`. Values that a console wrapped are joined again.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{Node, Value};
use crate::limits;

/// A dump with its place in the text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Dump {
    /// Byte range of the dump, the actor token's included.
    pub range: Range<usize>,
    /// `header.claims.` in base64url.
    pub compact: String,
}

/// Characters between header and claims: a dot, `PAYLOAD:DATA`, line ends. Never a quote: those begin a value of
/// something else.
const BETWEEN: usize = 64;

/// A header holds an algorithm, a type and names of keys; `x5c` does not occur in these tokens.
const HEADER_BYTES: usize = 2 << 10;

/// All dumps of a text, in order. At most [`limits::TOKEN_BYTES`] are read of each, at most
/// two thousand bytes of its header.
pub fn find(text: &str) -> Vec<Dump> {
    let mut found = Vec::new();
    let mut at = 0;
    let mut misses = 0;
    while let Some(next) = text.get(at..).and_then(|rest| rest.find('{')) {
        let start = at + next;
        match dump(text, start, limits::TOKEN_DEPTH) {
            Some(dump) => {
                at = dump.range.end.max(start + 1);
                found.push(dump);
            }
            None => {
                at = start + 1;
                // A header without claims is rare in honest text, and reading on behind it is what costs.
                misses +=
                    usize::from(object(text, start, HEADER_BYTES).is_some_and(|part| is_header(&part.json)));
            }
        }
        if found.len() + misses >= limits::DUMPS_KEPT {
            break;
        }
    }
    found
}

fn is_header(json: &str) -> bool {
    let node = super::parse(json.as_bytes()).ok();
    let header = |node: &Node| {
        let alg = node.get("alg").is_some_and(|alg| matches!(alg.value, Value::String(_)));
        alg && node.members().len() <= 12 && !is_claims(node)
    };
    node.as_ref().is_some_and(header)
}

/// The dump that begins at `start`.
fn dump(text: &str, start: usize, depth: usize) -> Option<Dump> {
    let header = object(text, start, HEADER_BYTES).filter(|header| is_header(&header.json))?;
    let claims_at = after(text, header.end)?;
    let mut claims = match text.as_bytes().get(claims_at)? {
        b'{' => object(text, claims_at, limits::TOKEN_BYTES)?,
        _ => members(text, claims_at)?,
    };
    if !is_claims(&super::parse(claims.json.as_bytes()).ok()?) {
        return None;
    }
    let mut end = claims.end;
    if let Some(actor) = actor(text, end, depth) {
        end = actor.range.end;
        claims.json = with_actor(&claims.json, &actor.compact)?;
    }
    let encode = |json: &str| URL_SAFE_NO_PAD.encode(json);
    let compact = format!("{}.{}.", encode(&header.json), encode(&claims.json));
    Some(Dump { range: start..end, compact })
}

fn is_claims(node: &Node) -> bool {
    ["iss", "nameid", "aud", "appid", "exp", "actortoken", "oid"].iter().any(|name| node.get(name).is_some())
}

/// Where the claims begin, behind the header that ends at `end`.
fn after(text: &str, end: usize) -> Option<usize> {
    let rest = text.get(end..)?;
    let gap = rest.find(['{', '"'])?;
    let between = rest.get(..gap)?;
    let prose =
        |letter: char| letter.is_ascii_alphabetic() || letter.is_whitespace() || ".:_-/".contains(letter);
    (gap <= BETWEEN && between.chars().all(prose)).then_some(end + gap)
}

/// The actor token's dump behind `; actor:`, as far as there is one.
fn actor(text: &str, end: usize, depth: usize) -> Option<Dump> {
    let rest = text.get(end..)?;
    let trimmed = rest.trim_start_matches([' ', '\r', '\n', '\t', '.', '\'']);
    // A console cuts words, too.
    let named = "actor:".chars().try_fold(trimmed.strip_prefix(';')?, |rest, letter| {
        rest.trim_start_matches(['\r', '\n', ' ', '\t']).strip_prefix(letter)
    })?;
    let named = named.trim_start();
    let start = text.len() - named.len();
    if depth <= 1 || !named.starts_with('{') {
        return None;
    }
    dump(text, start, depth - 1)
}

/// The claims with the actor token in its place.
fn with_actor(json: &str, actor: &str) -> Option<String> {
    let node = super::parse(json.as_bytes()).ok()?;
    let value = node.get("actortoken").or_else(|| node.get("actort"));
    if let Some(place) = value.map(|value| value.span.clone()) {
        return Some(format!("{}\"{actor}\"{}", json.get(..place.start)?, json.get(place.end..)?));
    }
    let body = json.trim_end().strip_suffix('}')?;
    let comma = if node.members().is_empty() { "" } else { "," };
    Some(format!("{body}{comma}\"actortoken\":\"{actor}\"}}"))
}

/// JSON with the end of its text.
struct Part {
    json: String,
    end: usize,
}

/// The object that begins at `start`, up to its closing brace, in at most `most` characters.
fn object(text: &str, start: usize, most: usize) -> Option<Part> {
    let mut clean = Cleaner::default();
    let mut depth = 0_usize;
    for (offset, letter) in text.get(start..)?.char_indices().take(most) {
        if !clean.quoted {
            match letter {
                '{' => depth += 1,
                '}' => depth = depth.checked_sub(1)?,
                _ => {}
            }
        }
        clean.push(letter);
        if depth == 0 {
            return Some(Part { json: clean.json, end: start + offset + letter.len_utf8() });
        }
        if depth > limits::JSON_DEPTH {
            return None;
        }
    }
    None
}

/// `"iss": "…" "aud": "…"` with or without commas, written as an object.
fn members(text: &str, start: usize) -> Option<Part> {
    let mut json = String::from("{");
    let mut at = start;
    let mut count = 0;
    while let Some(member) = member(text, at) {
        if count > 0 {
            json.push(',');
        }
        json.push_str(&member.json);
        at = member.end;
        count += 1;
        let rest = text.get(at..).unwrap_or_default();
        let next = rest.trim_start().trim_start_matches(',').trim_start();
        if count > 200 || !next.starts_with('"') {
            break;
        }
        at = text.len() - next.len();
    }
    json.push('}');
    (count > 1).then_some(Part { json, end: at })
}

fn member(text: &str, start: usize) -> Option<Part> {
    let name = string(text, start)?;
    let rest = text.get(name.end..)?;
    let value = rest.trim_start().strip_prefix(':')?.trim_start();
    let at = text.len() - value.len();
    let value = match value.as_bytes().first()? {
        b'"' => string(text, at)?,
        b'{' => object(text, at, limits::TOKEN_BYTES)?,
        _ => {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
            let length = value.bytes().take_while(|byte| plain(*byte)).count();
            let json = value.get(..length).filter(|json| !json.is_empty())?;
            Part { json: json.trim_end_matches('.').to_owned(), end: at + length }
        }
    };
    Some(Part { json: format!("{}:{}", name.json, value.json), end: value.end })
}

fn string(text: &str, start: usize) -> Option<Part> {
    let mut clean = Cleaner::default();
    for (offset, letter) in text.get(start..)?.char_indices().take(limits::TOKEN_BYTES) {
        clean.push(letter);
        if offset == 0 && letter != '"' {
            return None;
        }
        if offset > 0 && !clean.quoted {
            return Some(Part { json: clean.json, end: start + offset + letter.len_utf8() });
        }
    }
    None
}

/// Copies JSON and takes out the line ends, with the blanks behind them, that a console put into strings.
#[derive(Default)]
struct Cleaner {
    json: String,
    quoted: bool,
    escaped: bool,
    wrapped: bool,
}

impl Cleaner {
    fn push(&mut self, letter: char) {
        if self.quoted && matches!(letter, '\r' | '\n') {
            self.wrapped = true;
            return;
        }
        if self.wrapped && matches!(letter, ' ' | '\t') {
            return;
        }
        self.wrapped = false;
        match letter {
            _ if self.escaped => self.escaped = false,
            '\\' if self.quoted => self.escaped = true,
            '"' => self.quoted = !self.quoted,
            _ => {}
        }
        self.json.push(letter);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(compact: &str) -> String {
        let payload = compact.split('.').nth(1).unwrap();
        String::from_utf8(URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
    }

    #[test]
    fn the_form_of_the_logs_is_read_with_its_actor_token() {
        let text = r#"2026,{"typ":"JWT","alg":"none"}.{"aud":"a","iss":"b@c"}; actor: {"typ":"JWT","alg":"RS256","x5t":"x"}.{"nameid":"b@c","iss":"d"}, rest {"a":1}"#;
        let [dump] = &find(text)[..] else { panic!("{:?}", find(text)) };
        assert!(text[dump.range.clone()].ends_with(r#""iss":"d"}"#));
        let outer = claims(&dump.compact);
        let inner = outer.split("\"actortoken\":\"").nth(1).unwrap().trim_end_matches("\"}");
        assert_eq!(claims(inner), r#"{"nameid":"b@c","iss":"d"}"#);
        assert!(inner.ends_with('.') && inner.split('.').count() == 3);
    }

    #[test]
    fn claims_without_braces_and_wrapped_lines_are_read() {
        let text = "sent '{\"typ\":\"JWT\",\"alg\":\"none\"}.\"iss\": \"00000002-0000-0ff1-ce00\r\n              -000000000000@t\" \"aud\": \"x/y@t\" \"nbf\": \"17\" \"exp\": 18 ; actor: {\"typ\":\"JWT\",\"alg\":\"RS256\"}.\"oid\": \"o\" \"iss\": \"i\"' end";
        let [dump] = &find(text)[..] else { panic!("{:?}", find(text)) };
        let outer = claims(&dump.compact);
        assert!(
            outer.starts_with(r#"{"iss": "00000002-0000-0ff1-ce00-000000000000@t","aud": "x/y@t","nbf": "17","exp": 18,"actortoken""#)
                || outer.starts_with(r#"{"iss":"00000002-0000-0ff1-ce00-000000000000@t","aud":"x/y@t","nbf":"17","exp":18,"actortoken""#),
            "{outer}"
        );
    }

    #[test]
    fn words_that_a_window_cut_anywhere_are_whole() {
        let issuer = "00000002-0000-0ff1-ce00-000000000000@5e3a1c52-7d0b-4f1e-9c55-2b1f0a6d9e11";
        let text = format!(
            r#"with the bearer token: '{{"typ":"JWT","alg":"none"}}."iss": "{issuer}" "aud": "x" ; actor: {{"typ":"JWT","alg":"RS256"}}."iss": "a" "nameid": "b"'"#
        );
        for window in 40..130 {
            let lines: Vec<&str> =
                text.as_bytes().chunks(window).map(|line| std::str::from_utf8(line).unwrap()).collect();
            let [dump] = &find(&lines.join("\n"))[..] else { panic!("{window}") };
            let claims = |compact: &str| serde_json::from_str::<serde_json::Value>(&claims(compact)).unwrap();
            let outer = claims(&dump.compact);
            assert_eq!(outer["iss"], issuer, "{window}");
            assert_eq!(claims(outer["actortoken"].as_str().unwrap())["nameid"], "b", "{window}");
        }
    }

    #[test]
    fn what_people_paste_from_a_decoder_is_read() {
        let text = "{\n  \"typ\": \"JWT\",\n  \"alg\": \"RS256\"\n}.{\n  \"iss\": \"a\",\n  \"exp\": 1\n}.[Signature]\n";
        assert_eq!(find(text).len(), 1);
        assert_eq!(find("HEADER:ALGORITHM\n{\"alg\":\"RS256\"}\nPAYLOAD:DATA\n{\"iss\":\"a\"}").len(), 1);
    }

    #[test]
    fn other_json_is_none() {
        for text in [
            r#"{"alg":"RS256"}"#,
            r#"{"header":{"alg":"RS256"},"claims":{"iss":"a"}}"#,
            r#"{"alg":"RS256"}.{"a":1}"#,
            r#"{"keys":[{"alg":"RS256","kid":"x"},{"alg":"RS256","kid":"y"}]}"#,
            "{{{{{",
            r#"{"alg":"none"}."iss":"#,
        ] {
            assert_eq!(find(text), [], "{text}");
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

        #[test]
        fn no_text_makes_it_panic(pieces in proptest::collection::vec(proptest::sample::select(vec![
            "{\"alg\":\"none\"}", ".", "\"iss\": \"a\"", " ", "{", "}", "\"", "\\", "\n", "; actor: ", "é", "{\"iss\":\"é\"}", ":", "1", "[", "]",
        ]), 0..40)) {
            find(&pieces.concat());
        }
    }
}
