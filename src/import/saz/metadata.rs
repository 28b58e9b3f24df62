//! Takes the `_m.xml` of a session, gives its times, addresses and flags.
//!
//! Fiddler writes one element `Session` with `SessionTimers` (one attribute a moment, local time with
//! offset) and `SessionFlags` (`<SessionFlag N="name" V="value"/>`). `BitFlags` is hexadecimal
//! (`Fiddler.SessionFlags`: 1 https, 0x1000 blind tunnel, 0x2000 tunnel that is decrypted).

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::base::Instant;
use crate::exchange::Endpoint;
use crate::import::{message, when};

/// What a session's metadata say. All of it may be missing.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Metadata {
    pub(super) client: Option<Endpoint>,
    /// Of the server; the port is not among the flags.
    pub(super) host_ip: Option<Endpoint>,
    pub(super) https: bool,
    pub(super) blind_tunnel: bool,
    pub(super) sni: Option<String>,
    pub(super) cipher: Option<String>,
    pub(super) request: Option<(Instant, Instant)>,
    pub(super) response: Option<(Instant, Instant)>,
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
                let bits =
                    attribute(&element, "BitFlags").and_then(|bits| u64::from_str_radix(&bits, 16).ok());
                let bits = bits.unwrap_or_default();
                metadata.https = bits & 1 != 0;
                metadata.blind_tunnel = bits & 0x1000 != 0;
            }
            "SessionTimers" => timers(&element, &mut metadata),
            "SessionFlag" => flags.take(&element),
            _ => {}
        }
    }
    metadata.client = flags.client_ip.as_deref().and_then(|ip| message::endpoint(ip, flags.client_port));
    metadata.host_ip = flags.host_ip.as_deref().and_then(|ip| message::endpoint(ip, 0));
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
}

impl Flags {
    fn take(&mut self, element: &BytesStart<'_>) {
        let Some(name) = attribute(element, "N") else { return };
        let value = || attribute(element, "V").filter(|value| !value.is_empty());
        match name.to_ascii_lowercase().as_str() {
            "x-clientip" => self.client_ip = value(),
            "x-clientport" => {
                self.client_port = value().and_then(|port| port.parse().ok()).unwrap_or_default()
            }
            "x-hostip" => self.host_ip = value(),
            "https-client-snihostname" => self.sni = value(),
            "https-server-cipher" => self.cipher = value(),
            _ => {}
        }
    }
}

fn timers(element: &BytesStart<'_>, metadata: &mut Metadata) {
    let moment =
        |names: &[&str]| names.iter().find_map(|name| Some(when::parse(&attribute(element, name)?)?.0));
    let span = |begin: Option<Instant>, end: Option<Instant>| {
        let begin = begin.or(end)?;
        Some((begin, end.unwrap_or(begin).max(begin)))
    };
    metadata.request = span(
        moment(&["ClientBeginRequest", "FiddlerBeginRequest", "ClientConnected"]),
        moment(&["ClientDoneRequest", "ServerGotRequest"]),
    );
    metadata.response = span(
        moment(&["ServerBeginResponse", "ClientBeginResponse"]),
        moment(&["ServerDoneResponse", "ClientDoneResponse"]),
    );
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = element.try_get_attribute(name).ok()??;
    // Only the five predefined entities are resolved; others leave the value as it stands.
    let raw = &*found.value;
    Some(quick_xml::escape::unescape(raw).map_or_else(|_| raw.to_owned(), |text| text.into_owned()))
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
        assert!(metadata.https && metadata.blind_tunnel);
        assert_eq!(metadata.request.unwrap().0.to_string(), "2020-09-01T19:57:59.728729200Z");
        assert_eq!(metadata.response.unwrap().0.to_string(), "2020-09-01T19:58:00Z");
        assert_eq!(parse(b"<html>"), None);
    }
}
