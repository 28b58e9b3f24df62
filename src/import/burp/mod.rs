//! Takes the bytes of Burp Suite's XML ("Save items"), gives its exchanges.
//!
//! `items` holds an `item` for each message pair, with `request` and `response` as raw HTTP, mostly in
//! base64. Burp writes an internal DTD subset that declares these elements; nothing of a DTD is obeyed,
//! and of entities only the five predefined ones and character references are resolved. No sample by
//! Burp itself was to be had: the test's one is made after Burp's DTD and published descriptions.

use std::borrow::Cow;

use base64::Engine;
use bytes::Bytes;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::tunnels::{Inside, Tunnels};
use super::{ImportError, ImportSettings, Notice, Receiver, message, raw, text, when};
use crate::base::Instant;
use crate::connection::LeftOut;
use crate::exchange::{Exchange, ExchangeKey, Oddity, Protocol, TIME_WITHOUT_ZONE};
use crate::limits;

/// Reads the whole of a file.
///
/// # Errors
/// When it is no XML with an element `items`, or damaged before its first item.
pub fn read(bytes: &[u8], settings: &ImportSettings, out: &mut dyn Receiver) -> Result<(), ImportError> {
    let _ = settings;
    let text = text::utf8(bytes);
    let text = String::from_utf8_lossy(&text);
    let mut reader = Reader::from_str(&text);
    reader.config_mut().check_end_names = true;
    let mut file = File::default();
    // Whether the file is cut between two items, which costs none that is there.
    let mut between = false;
    let end = loop {
        match reader.read_event() {
            Ok(Event::Eof) if file.path.is_empty() => break None,
            Ok(Event::Eof) => {
                between = file.path.len() == 1;
                break Some("the file ends inside an element".to_owned());
            }
            Ok(event) => {
                if let Err(fault) = file.take(event, out) {
                    break Some(fault);
                }
            }
            Err(error) => break Some(format!("{error}")),
        }
    };
    std::mem::take(&mut file.tunnels).finish(out);
    match end {
        None if file.found => Ok(()),
        None => Err(ImportError::Kind("is XML, but not by Burp: it has no element items".to_owned())),
        Some(fault) => {
            let place =
                format!("{fault} (at byte {})", reader.error_position().max(reader.buffer_position()));
            if !file.found || file.used == 0 {
                return Err(ImportError::Damaged(place));
            }
            let text = format!("item {} is cut or damaged: {place}; the items before are used", file.items);
            let loss = (!between).then(LeftOut::request);
            out.notice(Notice { loss, ..Notice::new(Some(file.items), text) });
            out.truncated();
            Ok(())
        }
    }
}

/// What is known while a file is read.
#[derive(Default)]
struct File {
    /// Names of the open elements.
    path: Vec<String>,
    found: bool,
    /// Items begun, and those that gave exchanges.
    items: u64,
    used: u64,
    item: Item,
    tunnels: Tunnels,
}

/// The members of an item that matter.
#[derive(Default)]
struct Item {
    time: String,
    url: String,
    port: String,
    protocol: String,
    ip: String,
    request: Part,
    response: Part,
}

#[derive(Default)]
struct Part {
    text: String,
    base64: bool,
}

impl File {
    fn take(&mut self, event: Event<'_>, out: &mut dyn Receiver) -> Result<(), String> {
        match event {
            Event::Start(element) => {
                self.open(&element)?;
            }
            Event::Empty(element) => {
                self.open(&element)?;
                self.close(out);
            }
            Event::End(_) => self.close(out),
            Event::Text(text) => self.text(&text.into_inner()),
            Event::CData(text) => self.text(&text.into_inner()),
            Event::GeneralRef(reference) => {
                let resolved = match reference.resolve_char_ref() {
                    Ok(Some(letter)) => Some(Cow::Owned(letter.to_string())),
                    _ => quick_xml::escape::resolve_predefined_entity(&reference.into_inner())
                        .map(Cow::Borrowed),
                };
                // What a DTD declares is left out: nothing is expanded.
                self.text(&resolved.unwrap_or_default());
            }
            _ => {}
        }
        Ok(())
    }

    fn open(&mut self, element: &BytesStart<'_>) -> Result<(), String> {
        if self.path.len() >= limits::EXPORT_DEPTH {
            return Err(format!("nested deeper than {} levels (limit EXPORT_DEPTH)", limits::EXPORT_DEPTH));
        }
        if self.items >= limits::EXPORT_ENTRIES {
            return Err("more items than are read (limit EXPORT_ENTRIES)".to_owned());
        }
        let name = element.local_name().as_ref().to_owned();
        let attribute =
            |name: &str| element.try_get_attribute(name).ok().flatten().map(|found| found.value.into_owned());
        match (self.path.len(), name.as_str()) {
            (0, "items") => self.found = true,
            (0, _) => return Err("is XML, but not by Burp: it has no element items".to_owned()),
            (1, "item") => self.item = Item::default(),
            (2, "host") => self.item.ip = attribute("ip").unwrap_or_default(),
            (2, "request") => {
                self.item.request.base64 = attribute("base64").is_some_and(|text| text == "true")
            }
            (2, "response") => {
                self.item.response.base64 = attribute("base64").is_some_and(|text| text == "true")
            }
            _ => {}
        }
        self.path.push(name);
        Ok(())
    }

    fn text(&mut self, text: &str) {
        let [items, item, name] = self.path.as_slice() else { return };
        if items != "items" || item != "item" {
            return;
        }
        let to = match name.as_str() {
            "time" => &mut self.item.time,
            "url" => &mut self.item.url,
            "port" => &mut self.item.port,
            "protocol" => &mut self.item.protocol,
            "request" => &mut self.item.request.text,
            "response" => &mut self.item.response.text,
            _ => return,
        };
        to.push_str(text);
    }

    fn close(&mut self, out: &mut dyn Receiver) {
        let closed = self.path.pop();
        if self.path.len() != 1 || closed.as_deref() != Some("item") {
            return;
        }
        let index = self.items;
        self.items += 1;
        let item = std::mem::take(&mut self.item);
        let host = message::Address::parse(&item.url).map(|address| address.authority.to_owned());
        match item.exchange(index) {
            Ok((exchange, fault)) => {
                self.used += 1;
                self.tunnels.see(&exchange, Inside::Untold, None);
                out.exchange(exchange);
                if let Some(fault) = fault {
                    let text = format!("item {index}: the response is left out: {fault}");
                    out.notice(Notice::lost(Some(index), text, LeftOut::response()));
                }
            }
            Err(text) => {
                let text = format!("item {index} is left out: {text}");
                out.notice(Notice::lost(Some(index), text, LeftOut::request().to(host)));
            }
        }
    }
}

impl Part {
    fn bytes(self) -> Result<Bytes, &'static str> {
        if !self.base64 {
            return Ok(Bytes::from(self.text));
        }
        let bare: Vec<u8> = self.text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        let decoded = base64::engine::general_purpose::STANDARD.decode(&bare);
        decoded.map(Bytes::from).map_err(|_| "said to be base64, but is not")
    }
}

impl Item {
    /// The exchange, and why its response was left out.
    fn exchange(self, index: u64) -> Result<(Exchange, Option<&'static str>), String> {
        let mut oddities: Vec<Oddity> = Vec::new();
        let request = self.request.bytes().map_err(|fault| format!("its request is {fault}"))?;
        let raw = raw::request(&request, request.len() as u64, &mut oddities)
            .ok_or("expected an HTTP request, found none")?;
        let mut request = raw.request;
        let (response, fault) = match self.response.bytes() {
            Ok(bytes) if bytes.is_empty() => (None, None),
            Ok(bytes) => match raw::response(&bytes, bytes.len() as u64, &request.method, &mut oddities) {
                Some(response) => (Some(response), None),
                None => (None, Some("expected an HTTP response, found none")),
            },
            Err(fault) => {
                let detail = format!("the response is {fault}");
                oddities.push(Oddity { name: "export-body-damaged", detail });
                (None, Some(fault))
            }
        };
        let address = message::Address::parse(&self.url);
        let scheme = address.map(|address| address.scheme.to_ascii_lowercase());
        request.scheme = request.scheme.or(scheme).or(Some(self.protocol).filter(|name| !name.is_empty()));
        request.host = request.host.or_else(|| address.map(|address| address.authority.to_owned()));
        let port = self.port.trim().parse().ok().or_else(|| address.map(|address| address.port()));
        let time = time(&self.time, &mut oddities);
        request.times = time.map(|at| (at, at));
        let response = response.map(|mut response| {
            response.times = request.times;
            response
        });
        let protocol = if matches!(raw.protocol, Protocol::Http10 | Protocol::Http11 | Protocol::Http2) {
            raw.protocol
        } else {
            Protocol::Http11
        };
        let exchange = Exchange {
            key: ExchangeKey { input: 0, frame: index, sub: 0 },
            connection: None,
            frames: None,
            until: None,
            client: None,
            server: message::endpoint(&self.ip, port.unwrap_or_default()),
            protocol,
            tls: None,
            request: Some(Box::new(request)),
            response: response.map(Box::new),
            oddities,
        };
        Ok((exchange, fault))
    }
}

/// Java's `Date.toString`: `Mon Jan 09 11:06:12 GMT 2023`. Its short names of zones are ambiguous; those
/// of Europe and North America are taken as people there mean them. What another name means (`IST` is India, Israel
/// and Ireland) would be a guess of hours, on which no lifetime can be judged.
fn time(text: &str, oddities: &mut Vec<Oddity>) -> Option<Instant> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    if let Some((at, _)) = when::parse(text) {
        return Some(at);
    }
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let &[_, month, day, clock, zone, year] = words.as_slice() else { return None };
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = months.iter().position(|name| *name == month)? + 1;
    let Some(offset) = offset(zone) else {
        let zone: String = zone.chars().take(8).collect();
        let detail = format!("the zone {zone:?} is not known, so neither is the time");
        oddities.push(Oddity { name: TIME_WITHOUT_ZONE, detail });
        return None;
    };
    when::parse(&format!("{year}-{month:02}-{day:0>2}T{clock}{offset}")).map(|(at, _)| at)
}

fn offset(zone: &str) -> Option<&str> {
    Some(match zone {
        "GMT" | "UTC" | "Z" | "WET" => "Z",
        "BST" | "CET" | "WEST" => "+01:00",
        "CEST" | "EET" | "SAST" => "+02:00",
        "EEST" | "MSK" | "TRT" => "+03:00",
        "PKT" => "+05:00",
        "ICT" | "WIB" => "+07:00",
        "AWST" | "HKT" | "MYT" | "SGT" => "+08:00",
        "JST" | "KST" => "+09:00",
        "ACST" => "+09:30",
        "AEST" => "+10:00",
        "ACDT" => "+10:30",
        "AEDT" => "+11:00",
        "NZST" => "+12:00",
        "NZDT" => "+13:00",
        "ART" | "BRT" => "-03:00",
        "EDT" => "-04:00",
        "EST" | "CDT" => "-05:00",
        "CST" | "MDT" => "-06:00",
        "MST" | "PDT" => "-07:00",
        "PST" | "AKDT" => "-08:00",
        "AKST" => "-09:00",
        "HST" => "-10:00",
        _ => zone.strip_prefix("GMT").filter(|rest| rest.len() == 6)?,
    })
}

#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    let _ = read(data, &ImportSettings::default(), &mut super::Collected::default());
}

#[cfg(test)]
mod tests;
