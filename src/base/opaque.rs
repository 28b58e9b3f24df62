//! Takes text, gives the ranges that look like secrets although nobody names them: long runs of mixed
//! letters and digits with many different characters.

use std::borrow::Cow;
use std::ops::Range;

use super::{MASKED, is_guid, secret_names};

/// Shorter runs are words, numbers and short identifiers.
pub const SHORTEST: usize = 20;

/// Bits a character. Random base64 of twenty characters has about 4.0, of forty 4.8; English words joined
/// by hyphens have under 3.6, host names under 3.5.
const BITS: f64 = 3.6;

/// Random hexadecimal digits have about 3.5 bits from 24 characters on.
const BITS_HEX: f64 = 2.9;

/// The runs of `text` that look random: GUIDs, paths and public certificates are none.
pub fn runs(text: &[u8]) -> Vec<Range<usize>> {
    if text.len() < SHORTEST {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let run = text.get(at..).unwrap_or_default().iter().take_while(|byte| is_part(**byte)).count();
        let range = at..at + run;
        at += run + 1;
        if text.get(range.clone()).is_some_and(|run| run.len() >= SHORTEST && looks_random(run)) {
            found.push(range);
        }
    }
    found
}

/// The words that may be secrets in what somebody wrote for people, who quotes back what he was given. Names of keys,
/// which such texts are about, are none: thumbprints in hexadecimal digits, and `x5t`, which is shorter.
pub fn words(text: &[u8]) -> Vec<Range<usize>> {
    /// Of opaque tokens in practice.
    const WORD: usize = 32;
    let is_thumbprint = |run: &[u8]| matches!(run.len(), 40 | 64) && run.iter().all(u8::is_ascii_hexdigit);
    let mut found = runs(text);
    found.retain(|range| text.get(range.clone()).is_some_and(|run| run.len() >= WORD && !is_thumbprint(run)));
    found
}

/// What stands behind a name that promises a secret, in what somebody wrote for people: `client_secret: x7…`,
/// `password='x7…'`. A word without a digit, a mark or a capital inside is one of the sentence.
pub fn named(text: &[u8]) -> Vec<Range<usize>> {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let is_quote = |byte: &u8| matches!(byte, b'"' | b'\'' | b'`' | b'\\');
    let count = |from: usize, part: &dyn Fn(&u8) -> bool| {
        text.get(from..).unwrap_or_default().iter().take_while(|byte| part(byte)).count()
    };
    let (mut found, mut at) = (Vec::new(), 0);
    while at < text.len() {
        let length = count(at, &is_name);
        let name = text.get(at..at + length).unwrap_or_default();
        at += length.max(1);
        if length < NAME || !std::str::from_utf8(name).is_ok_and(secret_names::promise) {
            continue;
        }
        let mut start = at + count(at, &is_quote);
        start += count(start, &|byte| matches!(byte, b' ' | b'+'));
        let joint = count(start, &|byte| matches!(byte, b':' | b'='));
        start += joint;
        start += count(start, &|byte| matches!(byte, b' ' | b'+'));
        let quotes = count(start, &is_quote);
        start += quotes;
        let ends = |byte: &u8| is_quote(byte) || matches!(byte, b' ' | b',' | b';' | b')' | b'<' | b'&');
        let end = start + count(start, &|byte| !ends(byte));
        let value = text.get(start..end).unwrap_or_default();
        let inner = value.get(1..).unwrap_or_default();
        let odd = value.iter().any(|byte| !byte.is_ascii_alphabetic() && *byte != b'.')
            || inner.iter().any(u8::is_ascii_uppercase);
        if joint + quotes > 0 && value.len() >= NAMED && odd {
            found.push(start..end);
            at = end;
        }
    }
    found
}

/// Letters of the shortest name that promises a secret.
const NAME: usize = 3;

/// Shorter values are words and numbers.
const NAMED: usize = 4;

/// The same text without them.
pub fn without(text: &str) -> Cow<'_, str> {
    let (mut out, mut copied) = (String::new(), 0);
    let mut all = words(text.as_bytes());
    all.extend(named(text.as_bytes()));
    all.sort_by_key(|range| range.start);
    for range in all {
        if range.start < copied {
            continue;
        }
        out.push_str(text.get(copied..range.start).unwrap_or_default());
        out.push_str(MASKED);
        copied = range.end;
    }
    match copied {
        0 => Cow::Borrowed(text),
        _ => Cow::Owned(out + text.get(copied..).unwrap_or_default()),
    }
}

const fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'_' | b'-' | b'=' | b'~')
}

fn looks_random(run: &[u8]) -> bool {
    let bare = trimmed(run);
    if bare.len() < SHORTEST || is_certificate(bare) {
        return false;
    }
    // Between the slashes of a path stand words and GUIDs; base64 has few slashes.
    let longest =
        bare.split(|byte| *byte == b'/').filter(|piece| !is_guid(piece)).max_by_key(|piece| piece.len());
    let Some(bare) = longest.map(trimmed).filter(|piece| piece.len() >= SHORTEST) else { return false };
    // Names of cipher suites and the like: many short words.
    if bare.split(|byte| matches!(byte, b'-' | b'_')).all(|word| word.len() < 9) {
        return false;
    }
    let letters = bare.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    let digits = bare.iter().filter(|byte| byte.is_ascii_digit()).count();
    let hex = bare.iter().all(u8::is_ascii_hexdigit);
    let cases = bare.iter().any(u8::is_ascii_lowercase) && bare.iter().any(u8::is_ascii_uppercase);
    let bits = bits(bare);
    if hex {
        return bare.len() >= 24 && digits > 0 && letters > 0 && bits >= BITS_HEX;
    }
    // Words and version numbers have their digits at the end, and few of them.
    let mixed = digits * 12 >= bare.len() || (cases && bare.len() >= 40 && bits >= 4.5);
    letters > 0 && mixed && bits >= BITS && !guids_only(bare)
}

/// A run without the separators at its ends: they belong to the text around.
pub fn trimmed(run: &[u8]) -> &[u8] {
    let odd = |byte: &u8| matches!(byte, b'-' | b'/' | b'=' | b'_');
    let start = run.iter().take_while(|byte| odd(byte)).count();
    let end = run.len() - run.iter().rev().take_while(|byte| odd(byte)).count();
    run.get(start..end).unwrap_or_default()
}

/// Shannon's entropy of the characters.
fn bits(text: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in text {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count += 1;
        }
    }
    let length = text.len() as f64;
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) / length)
        .map(|share| -share * share.log2())
        .sum()
}

/// GUIDs joined by slashes, or a GUID with a word before or behind.
fn guids_only(text: &[u8]) -> bool {
    let mut rest = Vec::new();
    let mut at = 0;
    let mut seen = false;
    while at < text.len() {
        if text.get(at..at + 36).is_some_and(is_guid) {
            at += 36;
            seen = true;
        } else {
            rest.extend(text.get(at).copied());
            at += 1;
        }
    }
    seen && rest.len() < SHORTEST
}

/// Base64 of a DER certificate or public key: it begins with a SEQUENCE whose length takes two bytes.
fn is_certificate(text: &[u8]) -> bool {
    text.len() >= 300 && text.starts_with(b"MII")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        runs(text.as_bytes()).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn random_values_are_found() {
        for value in [
            "dGhpcyBpcyBhIHNlY3JldCB2YWx1ZSAxMjM0",
            "9f86d081884c7d659a2feaa0c55ad015",
            "xoxb17653672481x19874698323pdFZKVeTuE8sk7oOcHrzzqgy",
            "0.AXoA9Zk3mQe7YUKxq8v2Lw1b7nQ2x",
        ] {
            assert!(!found(value).is_empty(), "{value}");
        }
        assert_eq!(found("sid=Zk3mQe7YUKxq8v2Lw1b7nQ2x; x"), ["sid=Zk3mQe7YUKxq8v2Lw1b7nQ2x"]);
    }

    #[test]
    fn words_names_guids_paths_and_certificates_are_not() {
        for value in [
            "00000002-0000-0ff1-ce00-000000000000/mail.contoso.example@5e3a1c52-7d0b-4f1e-9c55-2b1f0a6d9e11",
            "https://mail.contoso.example/autodiscover/autodiscover.svc/wssecurity",
            "urn:ietf:params:oauth:grant-type:client-credentials",
            "app_asserted_user_v1 service_asserted_app_v1",
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36",
            "http://schemas.microsoft.com/exchange/services/2006/messages/GetUserConfiguration",
            "2026-11-23T06:52:46.321568+00:00",
            "X-AnchorMailbox-Exchange-SP1",
            "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
            "ECDHE-RSA-AES128-GCM-SHA256",
        ] {
            assert_eq!(found(value), Vec::<&str>::new(), "{value}");
        }
        assert_eq!(found(&format!("MIIDdzCCAl{}", "8aQ3".repeat(100))), Vec::<&str>::new());
    }

    #[test]
    fn words_that_may_be_secrets_are_left_out_and_names_of_keys_stay() {
        let opaque = "Zq77XkP0aQ7rT9vLmB4nC8dE2fG6hJ1wY3uK5";
        assert_eq!(without(&format!("token {opaque} is bad")), "token <masked> is bad");
        for plain in [
            "The key was not found, thumbprint 37C3B6C7815C68394F3EB295FBFBE543673D1E48",
            "x5t N8O2x4FcaDlPPrKV-_vlQ2c9Hkg is unknown",
            "The hostname component of the audience claim value is invalid. Expected 'https://mail.contoso.com'.",
            "Trace ID: 0b7c0e5f-1a2b-4c3d-8e9f-001122334455",
        ] {
            assert_eq!(without(plain), plain);
        }
    }

    #[test]
    fn what_is_named_a_secret_is_one_however_short() {
        let found = |text: &str| -> Vec<String> {
            named(text.as_bytes()).into_iter().map(|range| text[range].to_owned()).collect()
        };
        for text in [
            "client_secret: x7-Q, then",
            "password='x7-Q'",
            "bad passwd x7-Q".replace(' ', "=").as_str(),
            r#"{\"client_secret\": \"x7-Q\"}"#,
            "the secret \"x7-Q\" expired",
            "Password:+x7-Q",
        ] {
            assert_eq!(found(text), ["x7-Q"], "{text}");
        }
        for text in ["the password expired", "secret: invalid", "client secret=<masked>", "pwd=abc", "x=y9z8"]
        {
            assert!(found(text).is_empty(), "{text}");
        }
        assert_eq!(without("a secret: x7-Q, b"), "a secret: <masked>, b");
    }
}
