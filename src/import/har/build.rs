//! Takes an entry of a HAR file, gives the exchange that it describes. HAR 1.2, RFC 9110.
//!
//! Nothing is invented: what is put together from other members (a form from its parameters, a `Cookie`
//! field from the list of cookies) is said in an oddity, and so is a body that was left out.

use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;

use super::entry::{self, Entry, Pairs};
use super::scan::Text;
use crate::base::{Instant, Seen, lossy, percent::decode_form};
use crate::exchange::{
    Body, Enough, Exchange, ExchangeKey, Head, Oddity, PASSWORD_IN_ADDRESS, PASSWORD_IN_QUERY, Protocol,
    Request, Response, TIME_WITHOUT_ZONE, TlsFacts, is_password_parameter,
};
use crate::import::message::{self, Address};
use crate::import::when;
use crate::limits;
use crate::wire::http::body::is_xml;
use crate::wire::http::pool;

/// A name with a value, decoded.
type Field<'a> = (Cow<'a, [u8]>, Cow<'a, [u8]>);

/// Builds the exchange of an entry, or says what it lacks.
pub(super) fn exchange(
    entry: &Entry<Text<'_>>,
    index: u64,
    enough: Option<Enough>,
) -> Result<Exchange, String> {
    let raw = entry.request.as_ref().ok_or("has no request")?;
    let mut oddities = Vec::new();
    let url = raw.url.unwrap_or_default().text();
    let address = Address::parse(&url);
    let fields = fields(&raw.headers);
    let protocol = protocol(raw, &fields);
    oddities.extend(message::lacking(raw.headers_listed.then_some(raw.headers.len()), protocol));
    let times = Times::of(entry, &mut oddities);
    let (request, response) =
        (request(raw, &url, address.as_ref(), fields, &mut oddities), response(entry, enough, &mut oddities));
    if request.target.is_empty() && request.head.spans.is_empty() && response.is_none() {
        return Err("has neither an address nor header fields nor a response".to_owned());
    }
    let port = entry.server_port.and_then(Text::number).map_or_else(
        || address.as_ref().map_or(0, Address::port),
        |port| if (0.0..65_536.0).contains(&port) { port as u16 } else { 0 },
    );
    Ok(Exchange {
        key: ExchangeKey { input: 0, frame: index, sub: 0 },
        connection: None,
        frames: None,
        until: None,
        client: None,
        server: entry.server_ip.and_then(|ip| message::endpoint(&ip.text(), port)),
        protocol,
        tls: tls(entry),
        request: Some(Box::new(Request { times: times.as_ref().map(|times| times.request), ..request })),
        response: response
            .map(|response| Response { times: times.as_ref().map(|times| times.response), ..response })
            .map(Box::new),
        oddities,
    })
}

/// When the messages travelled: the start and the phases that browsers measure.
struct Times {
    request: (Instant, Instant),
    response: (Instant, Instant),
}

impl Times {
    fn of(entry: &Entry<Text<'_>>, oddities: &mut Vec<Oddity>) -> Option<Self> {
        let text = entry.started?.text();
        let Some((start, zone)) = when::parse(&text) else {
            oddities.push(oddity("export-time-unreadable", "startedDateTime is no date"));
            return None;
        };
        let ahead = match zone {
            true => Some(0),
            false => told_by_date(entry, when::plus_millis(start, entry.time)),
        };
        if ahead.is_none() {
            oddities.push(oddity(TIME_WITHOUT_ZONE, "startedDateTime names no zone, taken for UTC"));
        }
        let start = start.plus_seconds(ahead.unwrap_or_default());
        let end = when::plus_millis(start, entry.time);
        let sent = when::plus_millis(start, entry.before + entry.send).min(end.max(start));
        let begun = when::plus_millis(sent, entry.wait).min(end.max(sent));
        Some(Self { request: (start, sent), response: (begun, end.max(begun)) })
    }
}

/// Seconds from a clock without a zone to UTC, as the server's `Date` (RFC 9110 6.6.1) tells: zones differ by quarters
/// of an hour, and clocks of one zone by much less.
fn told_by_date(entry: &Entry<Text<'_>>, answered: Instant) -> Option<i64> {
    const QUARTER: i64 = 900;
    const ZONES: i64 = 14 * 3600;
    const CLOCKS: i64 = 120;
    let response = entry.response.as_ref()?;
    let (_, date) = response.headers.iter().find(|(name, _)| name.text().eq_ignore_ascii_case("date"))?;
    let date = jiff::fmt::rfc2822::parse(&date.text()).ok()?.timestamp().as_second();
    let ahead = date.saturating_sub(answered.seconds());
    let zone = ahead.saturating_add(QUARTER / 2).div_euclid(QUARTER).saturating_mul(QUARTER);
    (zone.abs() <= ZONES && (ahead - zone).abs() <= CLOCKS).then_some(zone)
}

fn tls(entry: &Entry<Text<'_>>) -> Option<Arc<TlsFacts>> {
    let version = entry.tls_version.filter(|text| !text.is_empty())?;
    Some(Arc::new(TlsFacts {
        version: Some(version.text().into_owned()),
        cipher: entry.tls_cipher.map(|text| text.text().into_owned()),
        ..TlsFacts::default()
    }))
}

/// Decodes names and values. Chrome and Firefox join repeated fields with line feeds, which no field may
/// hold: they are taken apart.
fn fields<'a>(pairs: &Pairs<Text<'a>>) -> Vec<Field<'a>> {
    let mut out = Vec::with_capacity(pairs.len());
    for (name, value) in pairs.iter().take(limits::HEAD_FIELDS) {
        // No name holds blanks, and none that stands before the colon of a raw message counts.
        let name = match name.bytes() {
            Cow::Borrowed(name) => Cow::Borrowed(name.trim_ascii()),
            Cow::Owned(name) => Cow::Owned(name.trim_ascii().to_vec()),
        };
        match value.bytes() {
            value if memchr::memchr2(b'\n', b'\r', &value).is_none() => out.push((name, value)),
            value => {
                for line in value.split(|byte| matches!(byte, b'\n' | b'\r')).map(<[u8]>::trim_ascii) {
                    if !line.is_empty() {
                        out.push((name.clone(), Cow::Owned(line.to_vec())));
                    }
                }
            }
        }
    }
    out
}

fn value_of<'f>(fields: &'f [Field<'_>], name: &str) -> Option<&'f [u8]> {
    fields.iter().find(|field| field.0.eq_ignore_ascii_case(name.as_bytes())).map(|field| &*field.1)
}

fn text_of(fields: &[Field<'_>], name: &str) -> Option<String> {
    value_of(fields, name).map(|value| lossy(value).into_owned())
}

fn head(fields: &[Field<'_>]) -> Head {
    // Pseudo-header fields (RFC 9113 8.3) are no fields of the message.
    let plain = fields.iter().filter(|field| !field.0.starts_with(b":")).map(|field| (&*field.0, &*field.1));
    let texts = plain.clone().map(|(name, value)| name.len() + value.len()).sum();
    Head::from_pairs_of(plain, fields.len(), texts)
}

/// The protocol as named, else as the pseudo-header fields of HTTP/2 tell.
fn protocol(raw: &entry::Request<Text<'_>>, fields: &[Field<'_>]) -> Protocol {
    raw.version.and_then(|version| message::protocol(&version.text())).unwrap_or({
        if value_of(fields, ":authority").is_some() { Protocol::Http2 } else { Protocol::Http11 }
    })
}

fn request(
    raw: &entry::Request<Text<'_>>,
    url: &str,
    address: Option<&Address<'_>>,
    mut fields: Vec<Field<'_>>,
    oddities: &mut Vec<Oddity>,
) -> Request {
    let method = raw.method.map(|text| text.text().into_owned());
    let method = method.or_else(|| text_of(&fields, ":method")).unwrap_or_default();
    if address.is_some_and(|address| address.password) {
        oddities
            .push(oddity(PASSWORD_IN_ADDRESS, "the address holds a user name and a password, left out here"));
    } else if address.is_some_and(|address| address.user) {
        oddities.push(oddity("export-user-in-address", "the address holds a user name, left out here"));
    }
    let host = text_of(&fields, ":authority")
        .or_else(|| text_of(&fields, "host"))
        .or_else(|| address.map(|address| address.authority.to_owned()))
        .filter(|host| !host.is_empty());
    let target = match address {
        Some(address) if method.eq_ignore_ascii_case("CONNECT") => address.authority.to_owned(),
        Some(address) => address.origin_form(),
        None if url.is_empty() => text_of(&fields, ":path").unwrap_or_default(),
        None => url.to_owned(),
    };
    let target = add_query(raw, target, oddities);
    let scheme = address.map(|address| address.scheme.to_ascii_lowercase());
    let scheme = scheme.or_else(|| text_of(&fields, ":scheme"));
    add_cookies(raw, &mut fields, oddities);
    add_content_type(raw, &mut fields, oddities);
    let body = request_body(raw, &fields, oddities);
    oddities.extend(fields.iter().filter_map(|(name, value)| message::taken_out(name, value)));
    Request { method, target, scheme, host, head: head(&fields), body, times: None }
}

/// Passwords and tokens that stand only in the list of parameters, where an exporter cleaned the address and nothing
/// else. The address is what was sent as far as can be told: a password is told of, and only a token put back into it, so
/// that it is judged. What else the list says more stays there.
fn add_query(raw: &entry::Request<Text<'_>>, mut target: String, oddities: &mut Vec<Oddity>) -> String {
    if raw.query.is_empty() || !target.starts_with('/') {
        return target;
    }
    let query = target.split_once('?').map_or("", |(_, query)| query);
    // Escapes are written in many ways.
    let written: Vec<Cow<'_, [u8]>> = query
        .split(['&', ';'])
        .map(|field| decode_form(field.split('=').next().unwrap_or_default().as_bytes()))
        .collect();
    let is_absent =
        |name: &[u8]| !name.is_empty() && !written.iter().any(|known| **known == *decode_form(name));
    let is_password = |(name, value): &(Text<'_>, Text<'_>)| {
        is_password_parameter(&name.text(), &value.text()) && is_absent(&name.bytes())
    };
    if raw.query.iter().any(is_password) {
        oddities.push(oddity(PASSWORD_IN_QUERY, "a password stands in queryString, and not in the address"));
    }
    let is_token =
        |(name, value): &&(Text<'_>, Text<'_>)| value.bytes().starts_with(b"eyJ") && is_absent(&name.bytes());
    let absent: Pairs<_> = raw.query.iter().filter(is_token).take(limits::HEAD_FIELDS).copied().collect();
    if !absent.is_empty() {
        oddities.push(oddity(
            "export-query-reconstructed",
            "a token stands in queryString, and not in the address",
        ));
        target.push(if target.contains('?') { '&' } else { '?' });
        target.push_str(&lossy(&form(&absent)));
    }
    target
}

/// Some exporters list cookies only apart from the fields.
fn add_cookies(raw: &entry::Request<Text<'_>>, fields: &mut Vec<Field<'_>>, oddities: &mut Vec<Oddity>) {
    if raw.cookies.is_empty() || value_of(fields, "cookie").is_some() {
        return;
    }
    let mut value = Vec::new();
    for (name, content) in &raw.cookies {
        if !value.is_empty() {
            value.extend_from_slice(b"; ");
        }
        value.extend_from_slice(&name.bytes());
        value.push(b'=');
        value.extend_from_slice(&content.bytes());
    }
    fields.push((Cow::Borrowed(b"Cookie"), Cow::Owned(value)));
    oddities.push(oddity("export-field-reconstructed", "Cookie stands only in the list of cookies"));
}

/// Some exporters name the kind of a body only beside the body.
fn add_content_type(raw: &entry::Request<Text<'_>>, fields: &mut Vec<Field<'_>>, oddities: &mut Vec<Oddity>) {
    let Some(mime) = raw.post.as_ref().and_then(|post| post.mime).filter(|mime| !mime.is_empty()) else {
        return;
    };
    if value_of(fields, "content-type").is_none() {
        fields.push((Cow::Borrowed(b"Content-Type"), Cow::Owned(mime.bytes().into_owned())));
        oddities.push(oddity("export-field-reconstructed", "Content-Type stands only in postData.mimeType"));
    }
}

fn request_body(raw: &entry::Request<Text<'_>>, fields: &[Field<'_>], oddities: &mut Vec<Oddity>) -> Body {
    let size = raw.body_size.filter(|size| *size > 0.0).map(|size| size as u64);
    let kind = value_of(fields, "content-type").unwrap_or_default();
    let Some(post) = &raw.post else {
        if size.is_some() && message::can_matter(kind) {
            oddities.push(oddity("export-body-missing", "the body of the request was not exported"));
        }
        let complete = size.is_none();
        return Body { total: size.unwrap_or_default(), complete, ..Body::default() };
    };
    let text = post.text.filter(|text| !text.is_empty());
    if let Some(text) = text {
        return body(text, post.encoding, size, kind, fields, None, oddities);
    }
    if post.params.is_empty() {
        return Body { total: size.unwrap_or_default(), complete: size.is_none(), ..Body::default() };
    }
    let boundary = boundary(kind);
    let bytes = match &boundary {
        Some(boundary) => multipart(&post.params, boundary),
        None => form(&post.params),
    };
    oddities.push(oddity("export-body-reconstructed", "the body was put together from postData.params"));
    Body {
        total: size.unwrap_or(bytes.len() as u64),
        bytes: bytes.into(),
        complete: true,
        already_decoded: true,
        ..Body::default()
    }
}

/// The boundary of a multipart type (RFC 2046 5.1.1); a made one where it names none.
fn boundary(kind: &[u8]) -> Option<String> {
    let kind = lossy(kind).into_owned();
    if !kind.trim_start().to_ascii_lowercase().starts_with("multipart/") {
        return None;
    }
    let named = kind.split(';').find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("boundary").then(|| value.trim().trim_matches('"').to_owned())
    });
    Some(named.unwrap_or_else(|| "boundary".to_owned()))
}

fn multipart(params: &Pairs<Text<'_>>, boundary: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, value) in params {
        out.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
        out.extend_from_slice(b"Content-Disposition: form-data; name=\"");
        out.extend_from_slice(&name.bytes());
        out.extend_from_slice(b"\"\r\n\r\n");
        out.extend_from_slice(&value.bytes());
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    out
}

/// `application/x-www-form-urlencoded` (WHATWG URL 5.2) from parameters. Chrome writes them still
/// encoded, others decoded: when all of them could stand in a form as they are, they do.
fn form(params: &Pairs<Text<'_>>) -> Vec<u8> {
    let encoded =
        params.iter().all(|(name, value)| could_stand(&name.bytes()) && could_stand(&value.bytes()));
    let mut out = Vec::new();
    for (name, value) in params {
        if !out.is_empty() {
            out.push(b'&');
        }
        for (text, separator) in [(name.bytes(), &b"="[..]), (value.bytes(), b"")] {
            for &byte in &*text {
                match byte {
                    _ if encoded => out.push(byte),
                    b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => out.push(byte),
                    b' ' => out.push(b'+'),
                    _ => out.extend_from_slice(format!("%{byte:02X}").as_bytes()),
                }
            }
            out.extend_from_slice(separator);
        }
    }
    out
}

/// Whether a form could hold `text` as it is: no byte that would have to be encoded.
fn could_stand(text: &[u8]) -> bool {
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = match byte {
            b'%' => match after.split_at_checked(2) {
                Some((digits, after)) if digits.iter().all(u8::is_ascii_hexdigit) => after,
                _ => return false,
            },
            b'a'..=b'z'
            | b'A'..=b'Z'
            | b'0'..=b'9'
            | b'*'
            | b'-'
            | b'.'
            | b'_'
            | b'~'
            | b'!'
            | b'('
            | b')' => after,
            _ => return false,
        };
    }
    true
}

fn response(entry: &Entry<Text<'_>>, enough: Option<Enough>, oddities: &mut Vec<Oddity>) -> Option<Response> {
    let raw = entry.response.as_ref()?;
    let status = raw.status.and_then(Text::number).filter(|status| (100.0..1000.0).contains(status));
    let Some(status) = status else {
        if let Some(error) = raw.error.filter(|error| !error.is_empty()) {
            oddities.push(oddity("export-no-response", &format!("no response: {}", clip(&error.text()))));
        }
        return None;
    };
    let fields = fields(&raw.headers);
    let kind = value_of(&fields, "content-type")
        .map_or_else(|| raw.mime.unwrap_or_default().bytes().into_owned(), <[u8]>::to_vec);
    let positive = |size: Option<f64>| size.filter(|size| *size > 0.0).map(|size| size as u64);
    let size = positive(raw.body_size).or(positive(raw.size));
    let body = match raw.text.filter(|text| !text.is_empty()) {
        Some(text) => body(text, raw.encoding, size, &kind, &fields, enough, oddities),
        // They have no body (RFC 9110 15.3.5, 15.4.5); browsers tell the size of what they had kept before.
        None if matches!(status as u16, 204 | 304) => Body { complete: true, ..Body::default() },
        // A redirect's body and the like are counted by some, kept by none.
        None => {
            // An answer that succeeded may have said anything where its size is not known (-1 is how HAR says so), or where
            // the content counts as none and its fields or its size on the wire tell of some.
            let unknown = raw.size.is_none_or(|size| size < 0.0);
            let promised = value_of(&fields, "content-length").is_some_and(|length| length != b"0");
            let emptied = promised || size.is_some();
            let lost =
                positive(raw.size).is_some() || (200.0..300.0).contains(&status) && (unknown || emptied);
            let lost = lost && message::can_matter(&kind);
            if lost {
                oddities.push(oddity("export-body-missing", "the body of the response was not exported"));
            }
            Body { total: size.unwrap_or_default(), complete: !lost, ..Body::default() }
        }
    };
    let mut head = head(&fields);
    head.partial = message::is_partial(raw.headers_listed.then_some(raw.headers.len()));
    Some(Response { status: status as u16, head, body, times: None })
}

/// The beginning of a large text, where `enough` says that it tells everything.
fn beginning(text: Text<'_>, enough: Enough) -> Option<Bytes> {
    if text.raw().len() <= limits::ANSWER_LOOK {
        return None;
    }
    let mut bytes = pool::take_for(limits::ANSWER_LOOK);
    text.first(limits::ANSWER_LOOK, &mut bytes);
    if bytes.get(..limits::ANSWER_GLIMPSE).is_some_and(|first| enough(&Seen::Plain(first))) {
        return Some(pool::bytes(bytes));
    }
    pool::give(bytes);
    None
}

/// A body from its text. Only as much is decoded as is kept; of an answer in XML no more than is `enough`.
fn body(
    text: Text<'_>,
    encoding: Option<Text<'_>>,
    size: Option<u64>,
    kind: &[u8],
    fields: &[Field<'_>],
    enough: Option<Enough>,
    oddities: &mut Vec<Oddity>,
) -> Body {
    let base64 = encoding.is_some_and(|encoding| encoding.raw().eq_ignore_ascii_case(b"base64"));
    let total = size.unwrap_or_else(|| length(text, base64));
    if !message::can_matter(kind) {
        return Body { total, complete: true, already_decoded: true, ..Body::default() };
    }
    let plain = encoding.is_none_or(Text::is_empty) && is_xml(kind);
    if let Some(bytes) = enough.filter(|_| plain).and_then(|enough| beginning(text, enough)) {
        return Body { bytes, total, complete: true, already_decoded: true, told: true, ..Body::default() };
    }
    let most = limits::BODY_KEPT * 2;
    let (mut bytes, mut complete) = (pool::take_for(text.raw().len().min(most)), true);
    text.beginning(most, &mut bytes);
    if base64 {
        match from_base64(&bytes) {
            Some(decoded) => bytes = decoded,
            None => {
                complete = false;
                oddities.push(oddity("export-body-damaged", "a body said to be base64 is not"));
            }
        }
    }
    bytes.truncate(limits::BODY_KEPT);
    // Exporters decode bodies, but one that they could not decode they keep as it travelled.
    let as_sent = bytes.starts_with(&[0x1f, 0x8b]) || (base64 && !is_text(&bytes));
    let coded = as_sent && value_of(fields, "content-encoding").is_some();
    Body { bytes: pool::bytes(bytes), total, complete, already_decoded: !coded, ..Body::default() }
}

/// Whether these bytes begin as a text does. Bodies that matter here are texts, and no coding makes one of them.
fn is_text(bytes: &[u8]) -> bool {
    let begin = bytes.get(..bytes.len().min(256)).unwrap_or_default();
    let whole = std::str::from_utf8(begin).map_or_else(|error| error.error_len().is_none(), |_| true);
    whole && begin.iter().all(|byte| *byte >= b' ' || byte.is_ascii_whitespace())
}

/// Bytes of a body of which no size is told.
fn length(text: Text<'_>, base64: bool) -> u64 {
    let bytes = text.bytes();
    if !base64 {
        return bytes.len() as u64;
    }
    let digits = bytes.iter().filter(|byte| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte)).count();
    (digits as u64).saturating_mul(3) / 4
}

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Decodes base64 whose end may be cut off, with line breaks inside.
fn from_base64(text: &[u8]) -> Option<Vec<u8>> {
    let decode = |text: &[u8]| {
        let whole = if text.len() % 4 == 1 { text.len() - 1 } else { text.len() };
        LENIENT.decode(text.get(..whole)?).ok()
    };
    decode(text).or_else(|| {
        let bare: Vec<u8> = text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
        decode(&bare)
    })
}

fn oddity(name: &'static str, detail: &str) -> Oddity {
    Oddity { name, detail: detail.to_owned() }
}

/// The beginning of a text of the file, for a message.
fn clip(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_survives_line_breaks_and_a_cut() {
        assert_eq!(from_base64(b"MTIz\r\nNA==").unwrap(), b"1234");
        assert_eq!(from_base64(b"MTIzN").unwrap(), b"123");
        assert_eq!(from_base64(b"<xml>"), None);
    }
}
