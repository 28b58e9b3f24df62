//! Takes the bytes of a mitmproxy flow dump, gives its exchanges.
//!
//! A dump is a row of typed netstrings, one a flow (`mitmproxy/io/tnetstring.py`). The format has
//! changed twenty-odd times (`mitmproxy/io/compat.py`): versions `0.11` to `3.0` were tuples, since then
//! they count from 4. What changed for us are names of members, so each is looked for under all its
//! names instead of migrating from version to version. Bodies are as they travelled, without transfer
//! coding.

pub(crate) mod tnetstring;

use std::sync::Arc;

use bytes::Bytes;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::message;
use super::tunnels::{self, Inside, Tunnels};
use super::when;
use super::{ImportError, ImportSettings, Notice, Receiver};
use crate::connection::{Connection, Content, LeftOut};
use crate::exchange::{
    Body, Endpoint, Exchange, ExchangeKey, Head, Oddity, Protocol, Request, Response, TlsFacts,
};
use crate::limits;
use tnetstring::{Fault, Value};

/// The newest version that is known (mitmproxy 11 and 12).
const NEWEST: i64 = 21;

/// Reads the whole of a flow dump.
///
/// # Errors
/// When it is no flow dump, is cut inside its first flow, or begins with a version that is not known.
pub fn read(bytes: &[u8], settings: &ImportSettings, out: &mut dyn Receiver) -> Result<(), ImportError> {
    let _ = settings;
    let mut rest = bytes;
    let mut index = 0_u64;
    let mut others = Others::default();
    while !rest.is_empty() {
        if index >= limits::EXPORT_ENTRIES {
            let text = format!("only the first {index} flows were read (limit EXPORT_ENTRIES)");
            out.notice(Notice::lost(Some(index), text, LeftOut::request()));
            out.truncated();
            break;
        }
        let at = bytes.len() - rest.len();
        let (flow, after) = match Value::read(rest) {
            Ok(found) => found,
            Err(fault) if index == 0 => return Err(no_dump(fault)),
            Err(fault) => {
                let what = match fault {
                    Fault::Cut => "is cut inside",
                    Fault::Malformed => "is damaged at",
                };
                let text = format!("the file {what} flow {index} (at byte {at}); the flows before are used");
                out.notice(Notice::lost(Some(index), text, LeftOut::request()));
                out.truncated();
                break;
            }
        };
        rest = after;
        if let Err(text) = one(flow, index, &mut others, out)? {
            let text = format!("flow {index} {text}, left out");
            out.notice(Notice::lost(Some(index), text, LeftOut::request().to(server_name(flow))));
        }
        index += 1;
    }
    if index == 0 {
        return Err(ImportError::Damaged("is empty".to_owned()));
    }
    others.tell(out);
    Ok(())
}

fn no_dump(fault: Fault) -> ImportError {
    ImportError::Damaged(match fault {
        Fault::Cut => "is cut inside its first flow".to_owned(),
        Fault::Malformed => "is no mitmproxy flow dump (expected a typed netstring at byte 0)".to_owned(),
    })
}

/// Flows that are counted but give no exchanges.
#[derive(Default)]
struct Others {
    websocket: u64,
    tcp: u64,
    udp: u64,
    dns: u64,
    tunnels: Tunnels,
}

impl Others {
    fn tell(self, out: &mut dyn Receiver) {
        for (count, name) in
            [(self.websocket, "WebSocket"), (self.tcp, "TCP"), (self.udp, "UDP"), (self.dns, "DNS")]
        {
            if count > 0 {
                let flows = if count == 1 { "flow is" } else { "flows are" };
                let text = format!("{count} {name} {flows} not looked into");
                out.notice(Notice::new(None, text));
            }
        }
        self.tunnels.finish(out);
    }
}

/// A connection that mitmproxy passed through: what of it could have held requests, and was not read.
fn passed_through(flow: Value<'_>, index: u64, out: &mut dyn Receiver) {
    let sent = flow.get("messages").into_iter().flat_map(Value::elements).find_map(|message| {
        let mut parts = message.elements();
        let from_client = parts.next()?.data() == b"true";
        parts.next()?.bytes().filter(|bytes| from_client && !bytes.is_empty())
    });
    let Some(sent) = sent else { return };
    let mut connection = match sent {
        // A record of the handshake, RFC 8446 5.1.
        [0x16, 3, ..] => {
            let facts = TlsFacts { sni: server_name(flow), ..TlsFacts::default() };
            tunnels::closed(
                facts,
                "mitmproxy passed it through without opening it (ignore_hosts, tcp_hosts): let it decrypt this host \
                 and record again",
            )
        }
        // A long header, RFC 9000 17.2.
        [first, ..] if is_udp(flow) && first & 0xc0 == 0xc0 => {
            Connection { content: Content::Quic, ..Connection::default() }
        }
        _ => {
            if is_request(sent) {
                let text = format!("flow {index} holds HTTP as plain TCP, left out");
                out.notice(Notice::lost(Some(index), text, LeftOut::request().to(server_name(flow))));
            }
            return;
        }
    };
    connection.first_frame = index;
    (connection.client, connection.server) = ends(flow);
    out.connection(connection);
}

fn is_udp(flow: Value<'_>) -> bool {
    flow.get("type").and_then(Value::bytes) == Some(b"udp")
}

/// Whether bytes begin as a request does, in HTTP/1 or HTTP/2.
fn is_request(bytes: &[u8]) -> bool {
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii_end();
    [&b" HTTP/1.0"[..], b" HTTP/1.1", b" HTTP/2.0"].iter().any(|end| line.ends_with(end))
}

/// The name of the server that a flow's connection went to.
fn server_name(flow: Value<'_>) -> Option<String> {
    let server = flow.get("server_conn")?;
    let named = server.get("sni").and_then(Value::text).filter(|name| !name.is_empty());
    named.or_else(|| {
        let address = server.get("address")?;
        let list = if address.is_dictionary() { address.get("address")? } else { address };
        let name = list.elements().next()?.text()?;
        // An address tells no name.
        message::endpoint(&name, 0).is_none().then_some(name)
    })
}

/// Takes one flow: the inner error costs it alone.
fn one(
    flow: Value<'_>,
    index: u64,
    others: &mut Others,
    out: &mut dyn Receiver,
) -> Result<Result<(), String>, ImportError> {
    if !flow.is_dictionary() {
        let text = "is no dictionary".to_owned();
        return if index == 0 { Err(no_dump(Fault::Malformed)) } else { Ok(Err(text)) };
    }
    match version(flow) {
        Ok(()) => {}
        Err(text) if index == 0 => return Err(ImportError::Version(text)),
        Err(text) => return Ok(Err(text)),
    }
    let kind = flow.get("type").and_then(Value::text).unwrap_or_default();
    match kind.as_str() {
        // Dumps of 0.11 know nothing but HTTP.
        "http" | "" => {}
        "websocket" => {
            others.websocket += 1;
            return Ok(Ok(()));
        }
        "tcp" => {
            others.tcp += 1;
            passed_through(flow, index, out);
            return Ok(Ok(()));
        }
        "udp" => {
            others.udp += 1;
            passed_through(flow, index, out);
            return Ok(Ok(()));
        }
        "dns" => {
            others.dns += 1;
            return Ok(Ok(()));
        }
        _ => return Ok(Err("is of a kind that is not known".to_owned())),
    }
    others.websocket += u64::from(flow.get("websocket").is_some());
    Ok(match exchange(flow, index) {
        Some(exchange) => {
            others.tunnels.see(&exchange, Inside::Untold, None);
            out.exchange(exchange);
            Ok(())
        }
        None => Err("has no request".to_owned()),
    })
}

/// Whether the flow's version is known.
fn version(flow: Value<'_>) -> Result<(), String> {
    let value = flow.get("version").ok_or("names no format version")?;
    let unknown = |number: String| {
        Err(format!(
            "has mitmproxy flow format version {number}, which is not known (known: 0.11 to 3.0, 4 to {NEWEST})"
        ))
    };
    if let Some(number) = value.integer() {
        return if (4..=NEWEST).contains(&number) { Ok(()) } else { unknown(number.to_string()) };
    }
    let parts: Vec<i64> = value.elements().filter_map(Value::integer).take(2).collect();
    match *parts.as_slice() {
        [0, 11..=19] | [1..=3, 0] => Ok(()),
        [major, minor] => unknown(format!("{major}.{minor}")),
        _ => unknown("of an unknown form".to_owned()),
    }
}

fn exchange(flow: Value<'_>, index: u64) -> Option<Exchange> {
    let raw = flow.get("request")?;
    let mut oddities = Vec::new();
    let request = request(raw, &mut oddities);
    oddities.extend(message::lacking(listed(raw), protocol(raw)));
    let method = request.method.clone();
    let response = flow.get("response").and_then(|raw| response(raw, &method, &mut oddities));
    if response.is_none()
        && let Some(message) = flow.get("error").and_then(|error| error.get("msg")).and_then(Value::text)
    {
        let message: String = message.chars().filter(|letter| !letter.is_control()).take(120).collect();
        oddities.push(Oddity { name: "export-no-response", detail: format!("no response: {message}") });
    }
    let (client, server) = ends(flow);
    Some(Exchange {
        key: ExchangeKey { input: 0, frame: index, sub: 0 },
        connection: None,
        frames: None,
        until: None,
        client,
        server,
        protocol: protocol(raw),
        tls: flow.get("server_conn").and_then(tls),
        request: Some(Box::new(request)),
        response: response.map(Box::new),
        oddities,
    })
}

/// Client and server of a flow.
fn ends(flow: Value<'_>) -> (Option<Endpoint>, Option<Endpoint>) {
    let named = |connection: &str, names: &[&str]| {
        let connection = flow.get(connection)?;
        names.iter().find_map(|name| end(connection.get(name)?))
    };
    (
        named("client_conn", &["peername", "address"]),
        named("server_conn", &["peername", "ip_address", "peer_address", "address"]),
    )
}

fn protocol(request: Value<'_>) -> Protocol {
    let named = request.get("http_version").and_then(Value::text).and_then(|text| message::protocol(&text));
    // Before 0.14 a list of two numbers.
    let numbers: Option<Vec<i64>> =
        request.get("httpversion").map(|list| list.elements().filter_map(Value::integer).collect());
    named.unwrap_or(match numbers.as_deref() {
        Some([1, 0] | [0, 9]) => Protocol::Http10,
        _ => Protocol::Http11,
    })
}

fn request(raw: Value<'_>, oddities: &mut Vec<Oddity>) -> Request {
    let text = |name: &str| raw.get(name).and_then(Value::text).filter(|text| !text.is_empty());
    let method = text("method").unwrap_or_default();
    let port = raw.get("port").and_then(Value::integer);
    let scheme = text("scheme");
    let address = text("host").map(|host| {
        let host = if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host };
        match (port, scheme.as_deref()) {
            (Some(443), Some("https")) | (Some(80), Some("http")) | (None, _) => host,
            (Some(port), _) => format!("{host}:{port}"),
        }
    });
    let connect = method.eq_ignore_ascii_case("CONNECT");
    let head = head(raw);
    let host = text("authority")
        .or_else(|| pairs(raw, "headers").find(|pair| pair.0 == b":authority").map(|pair| lossy(pair.1)))
        .or_else(|| head.text("host").map(str::to_owned))
        // Where the message names no host, the address that was called may be that of any device.
        .or_else(|| address.clone().filter(|_| !text("host").is_some_and(|host| is_address(&host))))
        .filter(|host| !host.is_empty());
    let target = match text("path") {
        Some(path) if !connect => path,
        _ => text("authority").or(address).unwrap_or_default(),
    };
    // HTTP/1 says of every request that has a body how long it is (RFC 9112 6.3); HTTP/2 need not.
    let silent = protocol(raw) != Protocol::Http2 || method != "POST";
    let body = body(raw, &head, (connect, silent), oddities);
    oddities.extend(head.fields().filter_map(|field| message::taken_out(field.name, field.value)));
    Request { method, target, scheme, host, head, body, times: times(raw) }
}

fn response(raw: Value<'_>, method: &str, oddities: &mut Vec<Oddity>) -> Option<Response> {
    let status = raw.any(&["status_code", "code"])?.integer()?;
    let status = u16::try_from(status).ok().filter(|status| (100..1000).contains(status))?;
    let mut head = head(raw);
    head.partial = message::is_partial(listed(raw));
    let bodiless =
        method.eq_ignore_ascii_case("HEAD") || method == "CONNECT" || matches!(status, 101 | 204 | 304);
    let body = body(raw, &head, (bodiless, false), oddities);
    Some(Response { status, head, body, times: times(raw) })
}

/// Names with values of a list of pairs.
fn pairs<'a>(message: Value<'a>, name: &str) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
    message.get(name).into_iter().flat_map(Value::elements).filter_map(|pair| {
        let mut pair = pair.elements();
        Some((pair.next()?.bytes()?, pair.next()?.bytes()?))
    })
}

/// How many header fields a message lists; `None` where there is no list of them, or one that is damaged.
fn listed(message: Value<'_>) -> Option<usize> {
    let list = message.get("headers").filter(|list| list.is_list_of_whole())?;
    let count = pairs(message, "headers").count();
    (count == list.elements().count()).then_some(count)
}

fn is_address(host: &str) -> bool {
    host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok()
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The fields, with the trailers after them.
fn head(message: Value<'_>) -> Head {
    let fields = pairs(message, "headers").chain(pairs(message, "trailers"));
    Head::from_pairs(fields.filter(|(name, _)| !name.starts_with(b":")).take(limits::HEAD_FIELDS))
}

/// `bodiless`: it cannot have a body; `silent`: nor has it one of which no field tells.
fn body(
    message: Value<'_>,
    head: &Head,
    (bodiless, silent): (bool, bool),
    oddities: &mut Vec<Oddity>,
) -> Body {
    let Some(content) = message.any(&["content", "body"]).and_then(Value::bytes) else {
        // Streamed through; what was seen to be empty is an empty string.
        let length = head.text("content-length").and_then(|text| text.trim().parse::<u64>().ok());
        let total = length.unwrap_or_default();
        let told = length.is_some() || head.get("transfer-encoding").is_some();
        let complete = bodiless || length == Some(0) || (silent && !told);
        if !complete {
            let detail = "mitmproxy streamed a body through and kept nothing of it".to_owned();
            oddities.push(Oddity { name: "export-body-missing", detail });
        }
        return Body { total, complete, ..Body::default() };
    };
    let wanted = message::can_matter(head.get("content-type").unwrap_or_default());
    let kept = if wanted { content.get(..limits::BODY_KEPT).unwrap_or(content) } else { &[] };
    let bytes = Bytes::copy_from_slice(kept);
    Body { bytes, total: content.len() as u64, complete: true, ..Body::default() }
}

fn times(message: Value<'_>) -> Option<(crate::base::Instant, crate::base::Instant)> {
    let moment = |name: &str| message.get(name).and_then(Value::number).filter(|seconds| *seconds > 0.0);
    let begin = moment("timestamp_start")?;
    let end = moment("timestamp_end").unwrap_or(begin).max(begin);
    Some((when::from_seconds(begin), when::from_seconds(end)))
}

/// `[address, port, …]`, before 2.0 inside a dictionary.
fn end(value: Value<'_>) -> Option<Endpoint> {
    let list = if value.is_dictionary() { value.get("address")? } else { value };
    let mut elements = list.elements();
    let address = elements.next()?.text()?;
    let port = elements.next().and_then(Value::integer).and_then(|port| u16::try_from(port).ok());
    message::endpoint(&address, port.unwrap_or_default())
}

/// What mitmproxy knows of the session with the server; the client's own one ends at the proxy.
fn tls(server: Value<'_>) -> Option<Arc<TlsFacts>> {
    let text = |names: &[&str]| server.any(names).and_then(Value::text).filter(|text| !text.is_empty());
    let version = text(&["tls_version"]);
    let pem = server.get("certificate_list").into_iter().flat_map(Value::elements).chain(server.get("cert"));
    let certificates: Vec<Bytes> = pem
        .filter_map(Value::bytes)
        .filter_map(|pem| CertificateDer::from_pem_slice(pem).ok())
        .take(10)
        .map(|der| Bytes::copy_from_slice(&der))
        .collect();
    (version.is_some() || !certificates.is_empty()).then(|| {
        Arc::new(TlsFacts {
            version: version.map(|name| spelled(&name)),
            cipher: text(&["cipher", "cipher_name"]),
            sni: text(&["sni"]),
            alpn: text(&["alpn", "alpn_proto_negotiated"]),
            certificates,
        })
    })
}

/// `TLSv1.3` (OpenSSL's word) as `TLS 1.3`.
fn spelled(name: &str) -> String {
    match name.strip_prefix("TLSv") {
        Some("1") => "TLS 1.0".to_owned(),
        Some(number) => format!("TLS {number}"),
        None => name.to_owned(),
    }
}

#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    let _ = read(data, &ImportSettings::default(), &mut super::Collected::default());
}

#[cfg(test)]
mod tests;
