//! Takes an exchange, gives the schemes that the client sent and those that the server offered.

use crate::exchange::Exchange;
use crate::wire::http::challenge;

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
    let sent = challenge::credentials_sent(&request.head).into_iter();
    sent.map(|sent| Sent {
        scheme: (sent.scheme != challenge::NO_SCHEME).then(|| sent.scheme.into_owned()),
        header: sent.header,
        empty: sent.empty,
    })
    .collect()
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

/// The scheme of a credentials value, if it has one, and what stands behind it.
pub fn split(value: &[u8]) -> (Option<String>, &[u8]) {
    let value = value.trim_ascii();
    let end = value.iter().position(|byte| matches!(byte, b' ' | b'\t')).unwrap_or(value.len());
    let (word, rest) = value.split_at(end);
    if challenge::is_scheme(word, !rest.is_empty()) {
        (Some(String::from_utf8_lossy(word).to_ascii_lowercase()), rest.trim_ascii())
    } else {
        (None, value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::Head;

    #[test]
    fn a_scheme_alone_is_empty_and_a_token_alone_has_none() {
        assert_eq!(split(b"Bearer "), (Some("bearer".into()), &b""[..]));
        assert_eq!(split(b"BEARER  abc"), (Some("bearer".into()), &b"abc"[..]));
        assert_eq!(split(b"eyJhbGciOiJub25lIn0.e30."), (None, &b"eyJhbGciOiJub25lIn0.e30."[..]));
        assert_eq!(split(b"hunter2secret"), (None, &b"hunter2secret"[..]));
        assert_eq!(split(b"api_key \tx y"), (Some("api_key".into()), &b"x y"[..]));
        assert_eq!(split(b""), (None, &b""[..]));
    }

    #[test]
    fn every_credential_is_listed_and_none_shown_as_a_scheme() {
        let head = Head::from_pairs([
            (&b"Authorization"[..], &b"Bearer eyJhbGciOiJub25lIn0.e30., Basic YTpi"[..]),
            (b"Authorization", b"hunter2secret"),
            (b"Proxy-Authorization", b"Negotiate"),
        ]);
        let mut exchange = crate::checks::testing::plain();
        exchange.request.as_mut().unwrap().head = head;
        let all = sent(&exchange);
        let schemes: Vec<_> = all.iter().map(|sent| (sent.scheme.as_deref(), sent.empty)).collect();
        assert_eq!(
            schemes,
            [(Some("bearer"), false), (Some("basic"), false), (None, false), (Some("negotiate"), true)]
        );
    }
}
