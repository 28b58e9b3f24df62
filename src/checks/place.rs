//! Takes hosts, paths and addresses, gives what kind of place they are.

use std::borrow::Cow;
use std::net::IpAddr;

use crate::base::{lower, percent};
use crate::state::cloud;

/// What a request went to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// `/ews`, `/autodiscover`, `/api`, `/mapi` or `/oab`: the paths that OAuth calls use.
    Exchange,
    /// Another virtual directory of Exchange: `/owa`, `/ecp`, …
    ExchangeOther,
    /// A token service, by its host or its path.
    TokenService,
    /// Anything else.
    Elsewhere,
}

/// An authority without user information (`user:password@`), which may be secret.
pub fn without_user(authority: &str) -> &str {
    let user = memchr::memrchr(b'@', authority.as_bytes()).map_or(0, |at| at + 1);
    authority.get(user..).unwrap_or_default()
}

/// A path for messages: long segments may be tokens, and are cut.
pub fn shown_path(path: &str) -> String {
    const LONGEST: usize = 48;
    let short = |segment: &str| -> String {
        if segment.len() <= LONGEST {
            return segment.to_owned();
        }
        segment.chars().take(8).chain(['…']).collect()
    };
    path.split('/').take(16).map(short).collect::<Vec<_>>().join("/")
}

/// Host without port and final dot, lower case.
pub fn bare_host(host: &str) -> String {
    bare(host).into_owned()
}

/// The same, borrowed where it is written so.
pub(super) fn bare(host: &str) -> Cow<'_, str> {
    let host = without_user(host.trim());
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => match memchr::memchr(b':', host.as_bytes()) {
            Some(at) if memchr::memrchr(b':', host.as_bytes()) == Some(at) => {
                host.get(..at).unwrap_or_default()
            }
            _ => host,
        },
    };
    lower(name.trim_end_matches('.'))
}

/// Authority in lower case, without the port that the scheme implies.
pub fn authority(host: &str, scheme: Option<&str>) -> String {
    let host = without_user(host.trim()).to_ascii_lowercase();
    let implied: &[&str] = match scheme {
        Some("https") => &[":443"],
        Some("http") => &[":80"],
        _ => &[":443", ":80"],
    };
    let host = implied.iter().find_map(|port| host.strip_suffix(port)).unwrap_or(&host);
    host.trim_end_matches('.').to_owned()
}

/// Whether `host` belongs to a token service.
pub fn is_token_service_host(host: &str) -> bool {
    cloud::is_token_service(&bare(host))
}

/// What a request went to, by host and path.
pub fn of(host: Option<&str>, path: &str) -> Place {
    if host.is_some_and(is_token_service_host) {
        return Place::TokenService;
    }
    let decoded = percent_decoded(path);
    let whole = decoded.trim_end_matches('/');
    let ends = ["/tokens/oauth/2", "/oauth2/token", "/oauth2/v2.0/token", "/adfs/oauth2/token"];
    if ends.iter().any(|end| ends_with(whole, end)) {
        return Place::TokenService;
    }
    let first = routed(path);
    let is = |names: &[&str]| names.iter().any(|name| first.eq_ignore_ascii_case(name));
    if is(&["ews", "autodiscover", "api", "mapi", "oab"]) {
        Place::Exchange
    } else if is(&["owa", "ecp", "rpc", "powershell", "microsoft-server-activesync"]) {
        Place::ExchangeOther
    } else if is(&["adfs"]) && begins_with(whole.trim_start_matches('/'), "adfs/services/trust/") {
        // WS-Trust: tokens for a name and a password, for a certificate or for Windows' own.
        Place::TokenService
    } else {
        Place::Elsewhere
    }
}

/// Whether a text begins so, in any case.
pub(super) fn begins_with(text: &str, beginning: &str) -> bool {
    let head = text.as_bytes().get(..beginning.len());
    head.is_some_and(|head| head.eq_ignore_ascii_case(beginning.as_bytes()))
}

/// Whether a text ends so, in any case.
pub(super) fn ends_with(text: &str, end: &str) -> bool {
    let tail = text.len().checked_sub(end.len()).and_then(|at| text.as_bytes().get(at..));
    tail.is_some_and(|tail| tail.eq_ignore_ascii_case(end.as_bytes()))
}

/// The first segment of a path, as it stands there.
pub(super) fn raw_segment(path: &str) -> &str {
    let path = path.trim_start_matches('/');
    let end = memchr::memchr(b'/', path.as_bytes()).unwrap_or(path.len());
    path.get(..end).unwrap_or_default()
}

/// The first segment of a path as a server sees it that decodes it (once) and resolves dots before it routes:
/// `/owa/../ews/` is `/ews/`. RFC 3986 5.2.4.
fn routed(path: &str) -> Cow<'_, str> {
    let bytes = path.as_bytes();
    let encoded = memchr::memchr2(b'%', b'\\', bytes).is_some();
    if !encoded && !bytes.windows(2).any(|two| two == b"/.") {
        return Cow::Borrowed(raw_segment(path));
    }
    let decoded = percent_decoded(path);
    let mut segments: Vec<&str> = Vec::new();
    for segment in decoded.split(['/', '\\']) {
        match segment {
            "" | "." => {}
            ".." => _ = segments.pop(),
            _ => segments.push(segment),
        }
    }
    Cow::Owned(segments.first().map_or_else(String::new, |&first| first.to_owned()))
}

/// The first segment of a path, percent-decoded as a server would before it routes.
pub fn first_segment(path: &str) -> String {
    routed(path).to_ascii_lowercase()
}

/// Undoes percent-encoding; what is not UTF-8 afterwards is replaced.
pub fn percent_decode(text: &str) -> String {
    percent_decoded(text).into_owned()
}

fn percent_decoded(text: &str) -> Cow<'_, str> {
    match percent::decode(text.as_bytes()) {
        Cow::Borrowed(_) => Cow::Borrowed(text),
        Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
    }
}

/// Fields of a form or query string (`application/x-www-form-urlencoded`), decoded, in order, up to a bound.
pub fn form_fields(text: &str) -> Vec<(String, String)> {
    fields(text).take(crate::limits::HEAD_FIELDS).collect()
}

/// The same, each when it is asked for, and all of them.
pub fn fields(text: &str) -> impl Iterator<Item = (String, String)> {
    // Assertions are long and hold neither: one look, one copy.
    let decode = |part: &str| match memchr::memchr2(b'+', b'%', part.as_bytes()) {
        Some(_) => percent_decode(&part.replace('+', " ")),
        None => part.to_owned(),
    };
    text.split('&').filter(|pair| !pair.is_empty()).map(move |pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(name), decode(value))
    })
}

/// Whether packets to or from this address cross networks that others own: not private (RFC 1918, 4193),
/// not shared (RFC 6598), not loopback, not link-local, not for documentation (RFC 3849: never routed).
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_unspecified()
                || v4.is_broadcast()
                || v4.is_multicast()
                || (a == 100 && (64..128).contains(&b)))
        }
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => is_public(IpAddr::V4(v4)),
            None => {
                let [first, second, ..] = v6.segments();
                !(v6.is_loopback()
                    || v6.is_unspecified()
                    || v6.is_multicast()
                    || first & 0xfe00 == 0xfc00
                    || first & 0xffc0 == 0xfe80
                    || (first, second) == (0x2001, 0x0db8))
            }
        },
    }
}

/// Whether an application id is that of a token service of the ACS family.
pub fn is_acs(id: &str) -> bool {
    let id = id.to_ascii_lowercase();
    id.len() == 36 && id.starts_with("00000001-") && id.ends_with("-0000-c000-000000000000")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_hosts_tell_the_place() {
        assert_eq!(of(None, "/EWS/Exchange.asmx"), Place::Exchange);
        assert_eq!(of(None, "//%65ws/x"), Place::Exchange);
        for path in ["/owa/../ews/exchange.asmx", "/./ews/x", "/ews%2fx", "/..//%2e%2e/EWS/", "/owa\\..\\ews"]
        {
            assert_eq!(of(None, path), Place::Exchange, "{path}");
        }
        for path in ["/ews/../owa/", "/ews%252fx", "/..", "/ews../x", ""] {
            assert_ne!(of(None, path), Place::Exchange, "{path}");
        }
        assert_eq!(of(None, "/ewsx"), Place::Elsewhere);
        assert_eq!(of(None, "/owa/"), Place::ExchangeOther);
        assert_eq!(of(None, "/t/tokens/OAuth/2"), Place::TokenService);
        assert_eq!(of(None, "/oauth2/%74oken/"), Place::TokenService);
        assert_eq!(of(None, "/ADFS/services/trust/2005/usernamemixed"), Place::TokenService);
        assert_eq!(of(None, "/adfs/ls/"), Place::Elsewhere);
        assert_eq!(of(Some("Accounts.AccessControl.Windows.Net:443"), "/"), Place::TokenService);
        assert_eq!(of(Some("notlogin.windows.net.example"), "/"), Place::Elsewhere);
    }

    #[test]
    fn authorities_lose_the_port_that_the_scheme_implies() {
        assert_eq!(authority("Mail.Contoso.com:443", Some("https")), "mail.contoso.com");
        assert_eq!(authority("mail.contoso.com:443", Some("http")), "mail.contoso.com:443");
        assert_eq!(authority("mail.contoso.com:8443", None), "mail.contoso.com:8443");
        assert_eq!(bare_host("[::1]:8443"), "::1");
        assert_eq!(bare_host("anna:secret@mail.contoso.com:443"), "mail.contoso.com");
    }

    #[test]
    fn public_addresses_are_those_that_are_nothing_else() {
        let public = |text: &str| is_public(text.parse().unwrap());
        assert!(public("8.8.8.8") && public("203.0.113.7") && public("2a01:4f8::1"));
        for private in ["10.0.0.1", "172.20.1.1", "192.168.1.1", "127.0.0.1", "169.254.1.1", "100.64.0.1"] {
            assert!(!public(private), "{private}");
        }
        for private in ["::1", "fd00::1", "fe80::1", "2001:db8::5", "::ffff:10.1.2.3"] {
            assert!(!public(private), "{private}");
        }
        assert!(public("::ffff:8.8.8.8"));
        // The neighbours of the shared ones, and those that are no single machine's.
        assert!(public("100.63.255.255") && public("100.128.0.0") && public("101.64.0.1"));
        for nobody in ["0.0.0.0", "255.255.255.255", "224.0.0.1", "::", "ff02::1"] {
            assert!(!public(nobody), "{nobody}");
        }
    }

    #[test]
    fn long_segments_of_a_path_are_not_shown() {
        let token = format!("eyJhbGciOi.{}", "x".repeat(60));
        assert_eq!(shown_path(&format!("/ews/{token}/a")), "/ews/eyJhbGci…/a");
    }

    #[test]
    fn token_services_have_ids_of_one_form() {
        assert!(
            is_acs("00000001-0000-0000-c000-000000000000") && is_acs("00000001-0001-0000-C000-000000000000")
        );
        for other in [
            "00000002-0000-0000-c000-000000000000",
            "00000001-0000-0000-c000-000000000001",
            "00000001-0000-0ff1-ce00-000000000000",
            "00000001-0000-0000-0000-c000-000000000000",
            "00000001-0000-c000-000000000000",
        ] {
            assert!(!is_acs(other), "{other}");
        }
    }

    #[test]
    fn what_only_looks_encoded_stays_as_it_is() {
        for (text, plain) in [
            ("%41b%2E", "Ab."),
            ("100%", "100%"),
            ("%4", "%4"),
            ("%zz%4g%g4", "%zz%4g%g4"),
            ("%%41", "%A"),
            ("%c3%a4%ff", "ä\u{fffd}"),
        ] {
            assert_eq!(percent_decode(text), plain, "{text}");
        }
        assert_eq!(form_fields("&&a=1&&"), [("a".to_owned(), "1".to_owned())]);
    }

    #[test]
    fn forms_are_decoded() {
        assert_eq!(
            form_fields("grant_type=password&a=b+c%21&x"),
            [
                ("grant_type".to_owned(), "password".to_owned()),
                ("a".to_owned(), "b c!".to_owned()),
                ("x".to_owned(), String::new())
            ]
        );
    }
}
