//! Takes the parts of messages as exports spell them, gives those of the exchange model.

use std::net::IpAddr;

use crate::exchange::{Endpoint, Oddity, Protocol};
use crate::limits;

/// An absolute address, split. RFC 3986 3, RFC 9110 4.2.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Address<'a> {
    /// As written.
    pub(super) scheme: &'a str,
    /// Host and port as written, without user information.
    pub(super) authority: &'a str,
    /// Path and query, without fragment; empty where the address ends after the authority.
    pub(super) target: &'a str,
    /// Whether a user name (and perhaps a password) stood before the host.
    pub(super) user: bool,
    /// Whether a password stood there.
    pub(super) password: bool,
}

impl<'a> Address<'a> {
    /// Splits `url`; `None` where it is not absolute.
    pub(super) fn parse(url: &'a str) -> Option<Self> {
        let (scheme, rest) = url.trim().split_once("://")?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        if scheme.is_empty() || !scheme.bytes().all(plain) {
            return None;
        }
        let rest = rest.split('#').next().unwrap_or_default();
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(end);
        let (user, authority) =
            authority.rsplit_once('@').map_or((None, authority), |(user, host)| (Some(user), host));
        let word = user.and_then(|user| user.split_once(':')).map(|(_, word)| word);
        let password = word.is_some_and(|word| !word.is_empty());
        Some(Self { scheme, authority, target, user: user.is_some(), password })
    }

    /// The request target in origin form.
    pub(super) fn origin_form(&self) -> String {
        match self.target {
            "" => "/".to_owned(),
            query if query.starts_with('?') => format!("/{query}"),
            target => target.to_owned(),
        }
    }

    /// The port that was named or is the scheme's; 0 where neither is known.
    pub(super) fn port(&self) -> u16 {
        let secure = ["https", "wss"].iter().any(|name| self.scheme.eq_ignore_ascii_case(name));
        let plain = ["http", "ws"].iter().any(|name| self.scheme.eq_ignore_ascii_case(name));
        port_of(self.authority).unwrap_or(if secure {
            443
        } else if plain {
            80
        } else {
            0
        })
    }
}

/// The port of an authority that names one.
pub(super) fn port_of(authority: &str) -> Option<u16> {
    let after_host = authority.rsplit_once(']').map_or(authority, |(_, rest)| rest);
    after_host.rsplit_once(':')?.1.parse().ok()
}

/// The host of an authority, without port, brackets and final dot.
pub(super) fn bare(authority: &str) -> &str {
    let host = match authority.trim().strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.trim().split(':').next().unwrap_or_default(),
    };
    host.trim_end_matches('.')
}

/// An address as exports write it, IPv6 with or without brackets or zone.
pub(super) fn endpoint(text: &str, port: u16) -> Option<Endpoint> {
    let bare = text.trim().trim_start_matches('[');
    let bare = bare.split([']', '%']).next().unwrap_or_default();
    let address: IpAddr = bare.parse().ok()?;
    // Dual-stack sockets show IPv4 peers mapped.
    Some(Endpoint { address: address.to_canonical(), port })
}

/// The protocol that a version names: `HTTP/1.1`, `h2`, `HTTP/2.0`, `http/2.0+quic/43`, …; `None` for
/// `unknown` and the like.
pub(super) fn protocol(version: &str) -> Option<Protocol> {
    let text = version.trim().to_ascii_lowercase();
    if text.contains("quic") || text.starts_with("h3") {
        return Some(Protocol::Http3);
    }
    let number = text.strip_prefix("http/").or_else(|| text.strip_prefix("http ")).unwrap_or(&text);
    match number {
        "1.0" | "0.9" => Some(Protocol::Http10),
        "1.1" | "1" => Some(Protocol::Http11),
        "2" | "2.0" | "h2" | "h2c" | "http2" | "http2.0" => Some(Protocol::Http2),
        "3" | "3.0" | "http3" => Some(Protocol::Http3),
        _ => None,
    }
}

/// What is odd about a request whose header fields are not all there: credentials could have been among them.
pub(super) fn fields_missing(detail: &str) -> Oddity {
    Oddity { name: "export-fields-missing", detail: detail.to_owned() }
}

/// Why the header fields of a request are not all there, as an export lists them; `None` where they are. `listed`: how
/// many, if a list was there and could be read. Of HTTP/1.1 on, no request is without any (RFC 9112 3.2).
pub(super) fn lacking(listed: Option<usize>, protocol: Protocol) -> Option<Oddity> {
    match listed {
        None => Some(fields_missing("there is no list of the request's header fields that can be read")),
        Some(0) if protocol != Protocol::Http10 => {
            Some(fields_missing("the list of the request's header fields is empty"))
        }
        Some(count) if count > limits::HEAD_FIELDS => Some(fields_missing(BEYOND)),
        Some(_) => None,
    }
}

/// Whether header fields of a response may be missing; `listed` as for [`lacking`]. No server answers without any.
pub(super) fn is_partial(listed: Option<usize>) -> bool {
    listed.is_none_or(|count| count == 0 || count > limits::HEAD_FIELDS)
}

/// What is said of more header fields than are read.
pub(super) const BEYOND: &str = "the request has more header fields than are read (limit HEAD_FIELDS)";

/// What is said of a head without the empty line behind it.
pub(super) const UNENDED: &str = "the head of the request does not end: fields may be missing";

/// What is odd about a field of credentials whose value was taken out: values that tools put in the place of secrets are
/// evidence of it, and so is a field without any.
pub(super) fn taken_out(name: &[u8], value: &[u8]) -> Option<Oddity> {
    let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
    if !["authorization", "cookie", "proxy-authorization"].into_iter().any(is) {
        return None;
    }
    let emptied = value.trim_ascii().is_empty() && !is("cookie");
    (emptied || redacted(value)).then(|| Oddity {
        name: "export-stripped-headers",
        detail: format!("the value of {} was taken out", String::from_utf8_lossy(name)),
    })
}

/// Whether a value is, apart from a scheme before it, a placeholder: a redaction word, alone or in brackets of any
/// kind, or nothing but asterisks and the like.
fn redacted(value: &[u8]) -> bool {
    let text = String::from_utf8_lossy(value.get(..64).unwrap_or(value)).to_ascii_lowercase();
    let last = text.trim_end().rsplit(' ').next().unwrap_or_default();
    let bare = last.trim_matches(|letter: char| "[]<>{}()\"'".contains(letter));
    let masks = |letter: char| matches!(letter, '*' | 'x' | '.' | '#' | '•' | '█' | '…');
    let masked = (bare.chars().count() >= 3 || bare == "…") && bare.chars().all(masks);
    let words = [
        "redacted",
        "removed",
        "masked",
        "hidden",
        "sanitized",
        "sanitised",
        "stripped",
        "filtered",
        "omitted",
        "scrubbed",
    ];
    // Signs around the word are part of the placeholder: `***redacted***`.
    masked || words.contains(&bare.trim_matches(|letter: char| !letter.is_ascii_alphanumeric()))
}

/// Whether a body of this `Content-Type` can hold anything that a check reads. What is not known is
/// kept: only the kinds that certainly hold nothing are left out.
pub(super) fn can_matter(content_type: &[u8]) -> bool {
    let kind = content_type.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    let starts = |prefix: &str| {
        kind.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix.as_bytes()))
    };
    !["image/", "font/", "audio/", "video/", "text/css", "application/font", "application/x-font"]
        .into_iter()
        .any(starts)
        || starts("image/svg")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_split_and_lose_their_user() {
        let address = Address::parse("https://u:p@[2001:db8::1]:8443?q=a/b#f").unwrap();
        assert_eq!((address.authority, address.user), ("[2001:db8::1]:8443", true));
        let with_password = |url| Address::parse(url).map(|address| (address.user, address.password));
        assert_eq!(with_password("https://u:p@host/"), Some((true, true)));
        assert_eq!(with_password("https://u:@host/"), Some((true, false)));
        assert_eq!(with_password("https://host/u:p@"), Some((false, false)));
        assert_eq!((address.origin_form().as_str(), address.port()), ("/?q=a/b", 8443));
        let address = Address::parse("http://host").unwrap();
        assert_eq!((address.origin_form().as_str(), address.port()), ("/", 80));
        assert_eq!(Address::parse("/ews?u=http://x"), None);
        assert_eq!(port_of("[::1]"), None);
        assert_eq!([bare("[::1]:443"), bare("mail.example.:443"), bare("h")], ["::1", "mail.example", "h"]);
        assert_eq!(endpoint("[::ffff:10.0.0.1]", 1).unwrap().to_string(), "10.0.0.1:1");
    }

    #[test]
    fn versions_in_every_spelling() {
        for (text, expected) in [
            ("HTTP/1.1", Some(Protocol::Http11)),
            ("http/2.0+quic/43", Some(Protocol::Http3)),
            ("HTTP/2.0", Some(Protocol::Http2)),
            ("h2", Some(Protocol::Http2)),
            ("HTTP/2", Some(Protocol::Http2)),
            ("1.1", Some(Protocol::Http11)),
            ("HTTP/1.0", Some(Protocol::Http10)),
            ("unknown", None),
            ("", None),
        ] {
            assert_eq!(protocol(text), expected, "{text}");
        }
    }

    #[test]
    fn placeholders_are_told_from_values() {
        for value in [
            "[REDACTED]",
            "Bearer ***",
            "redacted",
            "[authorization redacted]",
            "Bearer xxxxxxxx",
            "Bearer [REDACTED]",
            "Bearer <redacted>",
            "Basic {REDACTED}",
            "Bearer (removed)",
            "Bearer {{redacted}}",
            "Bearer __REDACTED__ ",
            "Basic ***removed***",
            "Bearer [***]",
            "NTLM ••••••",
            "Bearer …",
            "fedauth [cookie redacted]",
        ] {
            assert!(redacted(value.as_bytes()), "{value}");
        }
        for value in [
            "Bearer abc123",
            "Basic dXNlcjpwYXNz",
            "Bearer",
            "",
            "a=1; b=2",
            "Bearer ${token}",
            "Bearer <token>",
            "Basic cmVkYWN0ZWQ=",
            "Bearer redactedx.y.z",
        ] {
            assert!(!redacted(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn only_fields_of_credentials_are_asked_for_their_values() {
        let odd = |name: &str, value: &str| taken_out(name.as_bytes(), value.as_bytes()).is_some();
        assert!(odd("AUTHORIZATION", "Bearer [removed]") && odd("Cookie", "[cookie redacted]"));
        assert!(odd("authorization", " ") && odd("Proxy-Authorization", "Basic ***"));
        assert!(!odd("X-Token", "***") && !odd("Cookie", "") && !odd("Authorization", "Bearer"));
    }

    #[test]
    fn header_fields_that_are_not_there_are_told_from_those_that_are() {
        let lacks = |listed, protocol| lacking(listed, protocol).is_some();
        assert!(lacks(None, Protocol::Http10) && lacks(Some(0), Protocol::Http2));
        assert!(lacks(Some(limits::HEAD_FIELDS + 1), Protocol::Http11));
        assert!(!lacks(Some(1), Protocol::Http11) && !lacks(Some(limits::HEAD_FIELDS), Protocol::Http11));
        assert!(!lacks(Some(0), Protocol::Http10), "HTTP/1.0 asks for none");
    }

    #[test]
    fn only_what_certainly_holds_nothing_is_left_out() {
        assert!(!can_matter(b"Image/PNG"));
        assert!(can_matter(b"image/svg+xml"));
        assert!(can_matter(b""));
        assert!(can_matter(b"text/html; charset=utf-8"));
    }
}
