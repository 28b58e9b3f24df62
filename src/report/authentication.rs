//! Takes an exchange, gives the schemes that the client sent and those that the server offered.

use crate::exchange::Exchange;
use crate::wire::http::challenge;

/// The fields that carry credentials (RFC 9110 11.6.2, 11.7.2).
const CREDENTIALS: [&str; 2] = ["authorization", "proxy-authorization"];

/// The fields that carry challenges (RFC 9110 11.6.1, 11.7.1).
const CHALLENGES: [&str; 2] = ["www-authenticate", "proxy-authenticate"];

/// Credentials that were sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sent {
    /// Lower case; `None` where the value has no scheme in front.
    pub scheme: Option<String>,
    /// The field, lower case.
    pub header: &'static str,
    /// A scheme with nothing behind it: `Authorization: Bearer`.
    pub empty: bool,
}

/// What the request sent, in the order of the wire.
pub fn sent(exchange: &Exchange) -> Vec<Sent> {
    let Some(request) = &exchange.request else { return Vec::new() };
    let mut all = Vec::new();
    for field in request.head.fields() {
        let Some(header) = CREDENTIALS.into_iter().find(|name| field.is(name)) else { continue };
        let (scheme, rest) = split(field.value);
        all.push(Sent { scheme, header, empty: rest.is_empty() });
    }
    all
}

/// What the response offered: schemes in lower case, each once.
pub fn offered(exchange: &Exchange) -> Vec<String> {
    let Some(response) = &exchange.response else { return Vec::new() };
    let mut schemes: Vec<String> = Vec::new();
    for field in response.head.fields().filter(|field| CHALLENGES.into_iter().any(|name| field.is(name))) {
        for challenge in challenge::parse(&super::escape::header_text(field.value)) {
            let scheme = challenge.scheme.to_ascii_lowercase();
            if !scheme.is_empty() && !schemes.contains(&scheme) {
                schemes.push(scheme);
            }
        }
    }
    schemes
}

/// The scheme of a credentials value and what stands behind it. A single word is a scheme when it looks
/// like one (`Bearer` alone is realm discovery) and a credential without scheme otherwise.
pub fn split(value: &[u8]) -> (Option<String>, &[u8]) {
    let value = value.trim_ascii();
    let end = value.iter().position(|byte| matches!(byte, b' ' | b'\t'));
    let (word, rest) = match end {
        Some(end) => (&value[..end], value[end..].trim_ascii()),
        None => (value, &[][..]),
    };
    let like_a_scheme = !word.is_empty()
        && word.len() <= 32
        && word.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-');
    let lower = || String::from_utf8_lossy(word).to_ascii_lowercase();
    match end {
        Some(_) if like_a_scheme => (Some(lower()), rest),
        None if like_a_scheme && word.len() <= 16 => (Some(lower()), rest),
        _ => (None, value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_alone_is_empty_and_a_token_alone_has_none() {
        assert_eq!(split(b"Bearer "), (Some("bearer".into()), &b""[..]));
        assert_eq!(split(b"BEARER  abc"), (Some("bearer".into()), &b"abc"[..]));
        assert_eq!(split(b"eyJhbGciOiJub25lIn0.e30."), (None, &b"eyJhbGciOiJub25lIn0.e30."[..]));
        assert_eq!(split(b""), (None, &b""[..]));
    }
}
