//! Takes the `_m.xml` of a session, gives its times, addresses and flags.
//!
//! Fiddler writes one element `Session` with `SessionTimers` (one attribute a moment, local time with
//! offset) and `SessionFlags` (`<SessionFlag N="name" V="value"/>`). `BitFlags` is hexadecimal
//! (`Fiddler.SessionFlags`: 1 https, 0x1000 blind tunnel, 0x2000 tunnel that is decrypted).

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::base::Instant;
use crate::exchange::Endpoint;
use crate::import::tunnels::Inside;
use crate::import::{message, when};

/// What is said of a tunnel that Fiddler only passed on.
const BLIND: &str = "Fiddler did not open this tunnel: switch on HTTPS decryption and record again";

/// What a session's metadata say. All of it may be missing.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Metadata {
    pub(super) client: Option<Endpoint>,
    /// Of the server; the port is not among the flags.
    pub(super) host_ip: Option<Endpoint>,
    pub(super) https: bool,
    /// For tunnels.
    pub(super) inside: Inside,
    pub(super) sni: Option<String>,
    pub(super) cipher: Option<String>,
    pub(super) request: Option<(Instant, Instant)>,
    pub(super) response: Option<(Instant, Instant)>,
    /// Whether the times name no zone.
    pub(super) zoneless: bool,
}

/// Reads the file; `None` when it is no XML of this kind.
pub(super) fn parse(bytes: &[u8]) -> Option<Metadata> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = Reader::from_reader(bytes);
    let mut metadata = Metadata::default();
    let mut flags = Flags::default();
    let mut seen = false;
    loop {
        let element = match reader.read_event() {
            Ok(Event::Start(element) | Event::Empty(element)) => element,
            Ok(Event::Eof) | Err(_) => break,
            Ok(_) => continue,
        };
        match element.local_name().as_ref() {
            "Session" => {
                seen = true;
                let [bits] = attributes(&element, ["BitFlags"]);
                let bits = bits.and_then(|bits| u64::from_str_radix(&bits, 16).ok()).unwrap_or_default();
                metadata.https = bits & 1 != 0;
                if bits & 0x1000 != 0 {
                    metadata.inside = Inside::Closed(BLIND);
                } else if bits & 0x2000 != 0 {
                    metadata.inside = Inside::Open;
                }
            }
            "SessionTimers" => timers(&element, &mut metadata),
            "SessionFlag" => flags.take(&element),
            _ => {}
        }
    }
    metadata.client = flags.client_ip.as_deref().and_then(|ip| message::endpoint(ip, flags.client_port));
    metadata.host_ip = flags.host_ip.as_deref().and_then(|ip| message::endpoint(ip, 0));
    if flags.no_decrypt {
        metadata.inside = Inside::Closed(BLIND);
    }
    metadata.sni = flags.sni;
    metadata.cipher = flags.cipher;
    seen.then_some(metadata)
}

#[derive(Default)]
struct Flags {
    client_ip: Option<String>,
    client_port: u16,
    host_ip: Option<String>,
    sni: Option<String>,
    cipher: Option<String>,
    no_decrypt: bool,
}

impl Flags {
    fn take(&mut self, element: &BytesStart<'_>) {
        let [name, value] = attributes(element, ["N", "V"]);
        let Some(name) = name else { return };
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        let value = value.filter(|value| !value.is_empty());
        let owned = |value: Option<Cow<'_, str>>| value.map(Cow::into_owned);
        match () {
            () if is("x-clientip") => self.client_ip = owned(value),
            () if is("x-clientport") => {
                self.client_port = value.and_then(|port| port.parse().ok()).unwrap_or_default();
            }
            () if is("x-no-decrypt") => self.no_decrypt = true,
            () if is("x-hostip") => self.host_ip = owned(value),
            () if is("https-client-snihostname") => self.sni = owned(value),
            () if is("https-server-cipher") => self.cipher = owned(value),
            () => {}
        }
    }
}

fn timers(element: &BytesStart<'_>, metadata: &mut Metadata) {
    let found = attributes(
        element,
        [
            "ClientBeginRequest",
            "FiddlerBeginRequest",
            "ClientConnected",
            "ClientDoneRequest",
            "ServerGotRequest",
            "ServerBeginResponse",
            "ClientBeginResponse",
            "ServerDoneResponse",
            "ClientDoneResponse",
        ],
    );
    // The first of them that is a date.
    let moment = |texts: &[Option<Cow<'_, str>>]| texts.iter().flatten().find_map(|text| when::parse(text));
    let mut zoneless = false;
    let mut span = |begin: &[Option<Cow<'_, str>>], end: &[Option<Cow<'_, str>>]| {
        let (begin, end) = (moment(begin), moment(end));
        let (begin, zone) = begin.or(end)?;
        zoneless |= !zone;
        Some((begin, end.map_or(begin, |(end, _)| end).max(begin)))
    };
    let [client, fiddler, connected, done, got, server_begins, client_begins, server_done, client_done] =
        found;
    metadata.request = span(&[client, fiddler, connected], &[done, got]);
    metadata.response = span(&[server_begins, client_begins], &[server_done, client_done]);
    metadata.zoneless = zoneless;
}

/// Values of attributes, the first of each name, up to the first fault of the element.
fn attributes<'e, const N: usize>(
    element: &'e BytesStart<'_>,
    names: [&str; N],
) -> [Option<Cow<'e, str>>; N] {
    let mut found = [const { None }; N];
    for attribute in element.attributes().with_checks(false).map_while(Result::ok) {
        let place = names.iter().zip(&mut found).find(|(name, _)| attribute.key.as_ref() == **name);
        let Some((_, place @ None)) = place else { continue };
        // Only the five predefined entities are resolved; others leave the value as it stands.
        let raw = attribute.value;
        let resolved = match quick_xml::escape::unescape(&raw) {
            Ok(Cow::Owned(text)) => Some(Cow::Owned(text)),
            _ => None,
        };
        *place = Some(resolved.unwrap_or(raw));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_addresses_and_flags_are_read() {
        let text = "\u{feff}<?xml version=\"1.0\"?><Session SID=\"5\" BitFlags=\"1101\"><SessionTimers \
            ClientBeginRequest=\"2020-09-01T13:57:59.7287292-06:00\" ClientDoneRequest=\"2020-09-01T13:57:59.7287292-06:00\" \
            ServerBeginResponse=\"0001-01-01T00:00:00\" ClientBeginResponse=\"2020-09-01T13:58:00-06:00\"/>\
            <SessionFlags><SessionFlag N=\"x-ClientIP\" V=\"::ffff:10.0.0.7\"/><SessionFlag N=\"x-clientport\" V=\"53011\"/>\
            <SessionFlag N=\"x-hostIP\" V=\"140.82.112.4\"/></SessionFlags></Session>";
        let metadata = parse(text.as_bytes()).unwrap();
        assert_eq!(metadata.client.unwrap().to_string(), "10.0.0.7:53011");
        assert_eq!(metadata.host_ip.unwrap().address.to_string(), "140.82.112.4");
        assert!(metadata.https && !metadata.zoneless);
        let local = parse(text.replace("-06:00", "").as_bytes()).unwrap();
        assert!(local.zoneless && local.request.unwrap().0.to_string().starts_with("2020-09-01T13:57:59"));
        assert_eq!(metadata.inside, Inside::Closed(BLIND));
        assert_eq!(metadata.request.unwrap().0.to_string(), "2020-09-01T19:57:59.728729200Z");
        assert_eq!(metadata.response.unwrap().0.to_string(), "2020-09-01T19:58:00Z");
        assert_eq!(parse(b"<html>"), None);
    }

    #[test]
    fn the_flags_tell_of_the_inside_of_a_tunnel() {
        let inside = |bits: &str, flag: &str| {
            let text = format!(
                "<Session BitFlags=\"{bits}\"><SessionFlags><SessionFlag N=\"{flag}\" V=\"1\"/></SessionFlags></Session>"
            );
            parse(text.as_bytes()).unwrap().inside
        };
        assert_eq!(inside("1", "x"), Inside::Untold);
        assert_eq!(inside("2001", "x"), Inside::Open);
        assert_eq!(inside("1001", "x"), Inside::Closed(BLIND));
        assert_eq!(inside("1", "X-No-Decrypt"), Inside::Closed(BLIND));
    }
}
