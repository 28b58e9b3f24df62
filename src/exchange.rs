//! The meeting point: one request and its response, whatever recorded them.
//!
//! Captures arrive here through the wire layers, exports through `import`; tokens, checks and reports
//! know nothing else about where traffic came from. Heads keep the bytes as sent, in order, so that
//! repeated names survive and a token's place is known to the byte.

use std::net::IpAddr;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use crate::base::{Beginning, Instant, Seen, file_and_frame, frames_before};

/// Orders exchanges the same way however they were decoded: by input, by the frame (or entry) that
/// began them, then by connection and place in it. The number that reports print is the rank of this
/// key among all exchanges of the run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct ExchangeKey {
    /// Which input, counted from 0.
    pub input: u32,
    /// Frame number of the first byte of the request (Wireshark's count, from 1), or the index of an
    /// export's entry.
    pub frame: u64,
    /// Breaks ties: connection ordinal in the upper half, ordinal within it in the lower.
    pub sub: u64,
}

/// One end of a connection. Exports may know a host without an address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Endpoint {
    /// The address.
    pub address: IpAddr,
    /// The port; 0 where an export does not say.
    pub port: u16,
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::net::SocketAddr::new(self.address, self.port).fmt(f)
    }
}

/// The protocol that carried an exchange.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Protocol {
    /// HTTP/0.9 or 1.0.
    Http10,
    /// HTTP/1.1 (RFC 9112).
    Http11,
    /// HTTP/2 (RFC 9113).
    Http2,
    /// HTTP/3 (RFC 9114): only exports hold it readable.
    Http3,
}

impl Protocol {
    /// The name in reports: `http/1.0`, `http/1.1`, `h2`, `h3`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Http10 => "http/1.0",
            Self::Http11 => "http/1.1",
            Self::Http2 => "h2",
            Self::Http3 => "h3",
        }
    }
}

/// What was learned about the TLS session that carried an exchange. Fields are `None` where the
/// source does not know.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TlsFacts {
    /// For example `TLS 1.3`.
    pub version: Option<String>,
    /// IANA name, for example `TLS_AES_128_GCM_SHA256`.
    pub cipher: Option<String>,
    /// Server name indication of the ClientHello.
    pub sni: Option<String>,
    /// Application protocol that was negotiated (ALPN).
    pub alpn: Option<String>,
    /// The server's certificate chain as DER, leaf first, where it was seen in the clear or decrypted.
    pub certificates: Vec<Bytes>,
}

/// Which frames carried which bytes of a message part. Runs are sorted by start; several runs with one
/// start mean that the bytes came from several frames (a TLS record that spans packets). A run ends
/// where the next run with a larger start begins. Exports leave it empty. Frames of files behind the one in which the
/// exchange began have numbers that [`file_and_frame`] takes apart.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FrameMap {
    runs: Vec<(u32, u64)>,
}

impl FrameMap {
    /// Says that the bytes from `start` on (until the next larger start) were carried by `frame`.
    /// Starts must not decrease; a repeat of the last run is dropped.
    pub fn push(&mut self, start: usize, frame: u64) {
        let start = u32::try_from(start).unwrap_or(u32::MAX);
        if self.runs.last().is_some_and(|&(at, last)| last == frame && at <= start)
            && self.runs.iter().rev().take_while(|run| run.0 == self.runs[self.runs.len() - 1].0).count() == 1
        {
            return;
        }
        self.runs.push((start, frame));
    }

    /// The distinct frames that carried the bytes in `range`, ascending.
    pub fn frames(&self, range: Range<usize>) -> Vec<u64> {
        let mut frames = Vec::new();
        for (index, &(start, frame)) in self.runs.iter().enumerate() {
            let begins = start as usize;
            let ends = self
                .runs
                .iter()
                .skip(index)
                .find(|run| run.0 > start)
                .map_or(usize::MAX, |run| run.0 as usize);
            if begins < range.end.max(range.start + 1) && ends > range.start {
                frames.push(frame);
            }
        }
        frames.sort_unstable();
        frames.dedup();
        frames
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Counts files from one that is so many frames behind the first. Gives the last frame in that file.
    fn count_from(&mut self, before: u64) -> Option<u64> {
        for (_, frame) in &mut self.runs {
            *frame = frame.saturating_sub(before);
        }
        self.runs.iter().map(|(_, frame)| *frame).filter(|frame| *frame < frames_before(1)).max()
    }

    /// Where each run begins and the frame that carried it, as they were pushed.
    pub(crate) fn runs(&self) -> &[(u32, u64)] {
        &self.runs
    }
}

/// Where one header field stands in [`Head::bytes`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FieldSpan {
    /// The name's bytes, as sent.
    pub name: Range<u32>,
    /// The value's bytes without the white space around it (an obsolete line fold stays inside).
    pub value: Range<u32>,
    /// What HPACK said about the field; `Plain` for HTTP/1 and exports.
    pub indexing: Indexing,
}

/// How a header field was represented (RFC 7541 section 6).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Indexing {
    /// Not HTTP/2, or nothing worth saying.
    #[default]
    Plain,
    /// Literal with incremental indexing, or an index: the value entered a compression table.
    Indexed,
    /// Literal never indexed.
    Never,
    /// A reference to a table entry from before the capture began: name or value is not known and
    /// stands empty.
    Unknown,
}

/// One header field, borrowed from its head.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Field<'a> {
    /// The name as sent; compare with [`Field::is`].
    pub name: &'a [u8],
    /// The value as sent, without the white space around it.
    pub value: &'a [u8],
    /// Where the value begins in [`Head::bytes`].
    pub value_at: usize,
    /// See [`Indexing`].
    pub indexing: Indexing,
}

impl Field<'_> {
    /// Whether the name is `name`, in any case (RFC 9110 5.1).
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }
}

/// The header section of a message, as sent, with trailers after the fields that preceded the body.
/// For HTTP/1 `bytes` is the raw head; HTTP/2 and exports build one of lines `name: value\r\n`
/// (pseudo-header fields are not among the fields).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Head {
    /// The bytes that the spans point into.
    pub bytes: Bytes,
    /// The fields in the order of the wire.
    pub spans: Vec<FieldSpan>,
    /// Which frames carried `bytes`.
    pub frames: FrameMap,
    /// Whether fields may be missing, since a part of the head was lost: from what does not stand in it nothing follows.
    pub partial: bool,
}

impl Head {
    /// A head from names and values, as exports give them.
    pub fn from_pairs<'p>(pairs: impl IntoIterator<Item = (&'p [u8], &'p [u8])>) -> Self {
        Self::from_pairs_of(pairs, 0, 0)
    }

    /// The same with room for so many fields whose names and values have so many bytes.
    pub(crate) fn from_pairs_of<'p>(
        pairs: impl IntoIterator<Item = (&'p [u8], &'p [u8])>,
        fields: usize,
        texts: usize,
    ) -> Self {
        // Between and behind name and value stand four bytes.
        let mut bytes = Vec::with_capacity(texts + 4 * fields);
        let mut spans = Vec::with_capacity(fields);
        let at = |bytes: &Vec<u8>| u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        for (name, value) in pairs {
            let name_at = at(&bytes);
            bytes.extend_from_slice(name);
            let name_end = at(&bytes);
            bytes.extend_from_slice(b": ");
            let value_at = at(&bytes);
            bytes.extend_from_slice(value);
            let value_end = at(&bytes);
            bytes.extend_from_slice(b"\r\n");
            spans.push(FieldSpan {
                name: name_at..name_end,
                value: value_at..value_end,
                indexing: Indexing::Plain,
            });
        }
        Self { bytes: bytes.into(), spans, ..Self::default() }
    }

    /// All fields in the order of the wire.
    pub fn fields(&self) -> impl Iterator<Item = Field<'_>> {
        self.fields_of(|_| true)
    }

    /// The fields whose names have lengths, in bytes, that are `wanted`: the others are not touched, which is most of what
    /// looking for a name costs.
    pub fn fields_of(&self, wanted: impl Fn(usize) -> bool) -> impl Iterator<Item = Field<'_>> {
        let is_wanted = move |span: &&FieldSpan| wanted(span.name.end.wrapping_sub(span.name.start) as usize);
        self.spans.iter().filter(is_wanted).map(|span| Field {
            name: slice(&self.bytes, &span.name),
            value: slice(&self.bytes, &span.value),
            value_at: span.value.start as usize,
            indexing: span.indexing,
        })
    }

    /// All fields named `name`, in any case.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = Field<'a>> {
        self.fields_of(|length| length == name.len()).filter(move |field| field.is(name))
    }

    /// The value of the first field named `name`.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        let mut fields = self.fields_of(|length| length == name.len());
        fields.find(|field| field.is(name)).map(|field| field.value)
    }

    /// The same as text; `None` when it is absent or not UTF-8.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(|value| std::str::from_utf8(value).ok())
    }
}

fn slice<'a>(bytes: &'a Bytes, range: &Range<u32>) -> &'a [u8] {
    bytes.get(range.start as usize..range.end as usize).unwrap_or_default()
}

/// Tells from the first bytes of an answer's content whether they tell all that somebody wants to know of it.
pub type Enough = fn(&Seen<'_>) -> bool;

/// A message body after transfer coding, before content coding.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Body {
    /// The bytes that were kept: all, or the beginning up to `limits::BODY_KEPT`, or none where no
    /// check could use them.
    pub bytes: Bytes,
    /// Bytes that the message held on the wire.
    pub total: u64,
    /// Whether the end of the body was seen, with nothing missing in the middle.
    pub complete: bool,
    /// Set by exports that keep bodies already decoded although `Content-Encoding` says otherwise.
    pub already_decoded: bool,
    /// Whether `bytes` ends early because the beginning told enough (see [`crate::sink::Sink::enough`]).
    pub told: bool,
    /// The first bytes of the content, decoded: kept where they told enough and are not those of `bytes`.
    pub beginning: Option<Beginning>,
    /// Which frames carried `bytes`.
    pub frames: FrameMap,
}

/// The request half.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Request {
    /// Method as sent.
    pub method: String,
    /// Request target as sent: origin, absolute, authority or asterisk form.
    pub target: String,
    /// `http` or `https`, where known.
    pub scheme: Option<String>,
    /// The authority as the message names it: absolute target, `:authority`, or `Host`.
    pub host: Option<String>,
    /// Header fields.
    pub head: Head,
    /// Body.
    pub body: Body,
    /// Moment of the first and of the last byte.
    pub times: Option<(Instant, Instant)>,
}

impl Request {
    /// Whether it is a POST, or may be one: an export that lost the method does not tell.
    pub fn may_post(&self) -> bool {
        matches!(&*self.method, "POST" | "")
    }

    /// The target's path without query, also of an absolute target; empty for `CONNECT` and `*`.
    pub fn path(&self) -> &str {
        let rest = if self.target.starts_with('/') {
            &*self.target
        } else {
            let rest = self.target.split_once("://").map_or("", |(_, rest)| rest);
            rest.find('/').map_or("", |at| &rest[at..])
        };
        let end = memchr::memchr2(b'?', b'#', rest.as_bytes()).unwrap_or(rest.len());
        rest.get(..end).unwrap_or_default()
    }

    /// The target's query, without the question mark.
    pub fn query(&self) -> Option<&str> {
        let (_, query) = self.target.split_once('?')?;
        Some(query.split('#').next().unwrap_or_default())
    }
}

/// The response half.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Response {
    /// Status code as sent; final responses only (1xx are dropped but 101).
    pub status: u16,
    /// Header fields.
    pub head: Head,
    /// Body.
    pub body: Body,
    /// Moment of the first and of the last byte.
    pub times: Option<(Instant, Instant)>,
}

/// One request with its response, either of which may be missing: a lost head is not invented.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exchange {
    /// Its place in the order of all exchanges.
    pub key: ExchangeKey,
    /// Ordinal of its connection, within the input or those that it is one recording with; `None` for exports.
    pub connection: Option<u32>,
    /// First and last frame of both messages in the input in which it began.
    pub frames: Option<(u64, u64)>,
    /// Where it ended if that was in another input: which, and the frame there.
    pub until: Option<Box<(u32, u64)>>,
    /// Who asked.
    pub client: Option<Endpoint>,
    /// Who answered.
    pub server: Option<Endpoint>,
    /// Protocol of the request.
    pub protocol: Protocol,
    /// TLS below it; `None` for clear text and for sources that do not know.
    pub tls: Option<Arc<TlsFacts>>,
    /// The request, unless its head was lost.
    pub request: Option<Box<Request>>,
    /// The response, unless it was not seen.
    pub response: Option<Box<Response>>,
    /// Oddities of the messages, worth a line in `coverage`.
    pub oddities: Vec<Oddity>,
}

impl Exchange {
    /// Whether both messages were seen to their end.
    pub fn complete(&self) -> bool {
        self.request.as_ref().is_some_and(|request| request.body.complete)
            && self.response.as_ref().is_some_and(|response| response.body.complete)
    }

    /// Takes frames that were numbered through several files of one recording, with the number of the first as input;
    /// says which it began in, and counts frames from there.
    pub fn settle(&mut self) {
        let Some((first, last)) = self.frames else { return };
        let (end, last) = file_and_frame(last);
        if end == 0 {
            return;
        }
        let (file, first) = file_and_frame(first);
        let maps = |head, body| [head, body];
        let request =
            self.request.iter_mut().flat_map(|one| maps(&mut one.head.frames, &mut one.body.frames));
        let response =
            self.response.iter_mut().flat_map(|one| maps(&mut one.head.frames, &mut one.body.frames));
        let seen = request.chain(response).filter_map(|map| map.count_from(frames_before(file))).max();
        if end > file {
            self.until = Some(Box::new((self.key.input.saturating_add(end), last)));
            self.frames = Some((first, seen.unwrap_or(first)));
        } else {
            self.frames = Some((first, last));
        }
        self.key.input = self.key.input.saturating_add(file);
        self.key.frame = first;
    }

    /// When it was used, as the source says: the first byte of the request, else of the response.
    pub fn time(&self) -> Option<Instant> {
        let of = |times: Option<(Instant, Instant)>| times.map(|(first, _)| first);
        of(self.request.as_ref().and_then(|request| request.times))
            .or_else(|| of(self.response.as_ref().and_then(|response| response.times)))
    }

    /// Whether the clock of the recording may be that of any zone.
    pub fn zone_is_unknown(&self) -> bool {
        self.oddities.iter().any(|oddity| oddity.name == TIME_WITHOUT_ZONE)
    }

    /// When it was used. `None` where the recorder counted from its own start instead of telling the time: those
    /// moments lie in the first day of 1970.
    pub fn moment(&self) -> Option<Instant> {
        const DAY: i64 = 86_400;
        self.time().filter(|at| !(0..DAY).contains(&at.seconds()))
    }
}

/// Whether a parameter of a query is a password by its name: `password`, `user_password`, `UserPwd`. `pass` is one
/// unless its value counts or switches something.
pub fn is_password_parameter(name: &str, value: &str) -> bool {
    const KNOWN: [&str; 8] =
        ["password", "passwd", "passphrase", "pwd", "userpassword", "userpasswd", "userpwd", "userpass"];
    const SWITCHES: [&str; 6] = ["true", "false", "yes", "no", "on", "off"];
    let plain = || name.bytes().filter(u8::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase());
    let is = |known: &str| plain().eq(known.bytes());
    if value.is_empty() {
        return false;
    }
    if is("pass") {
        let counts = value.len() < 3 && value.bytes().all(|byte| byte.is_ascii_digit());
        return !counts && !SWITCHES.iter().any(|switch| value.eq_ignore_ascii_case(switch));
    }
    KNOWN.into_iter().any(is)
}

/// Oddity of an export whose date names no zone, and nothing else does.
pub const TIME_WITHOUT_ZONE: &str = "export-time-without-zone";

/// Oddity of an export whose address held a password; the address itself is kept without it.
pub const PASSWORD_IN_ADDRESS: &str = "export-password-in-address";

/// Oddity of an export that lists a password among the parameters of the address, which does not hold it.
pub const PASSWORD_IN_QUERY: &str = "export-password-in-query";

/// What was odd about the messages of an exchange. The decoders go on; the report tells.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Oddity {
    /// A stable name, for example `http-obsolete-fold`, `http-length-conflict`, `export-stripped-headers`.
    pub name: &'static str,
    /// One line with the particulars; never a secret.
    pub detail: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_a_range_are_those_that_overlap_it() {
        let mut map = FrameMap::default();
        map.push(0, 17);
        map.push(100, 18);
        map.push(100, 19);
        map.push(300, 20);
        assert_eq!(map.frames(0..50), [17]);
        assert_eq!(map.frames(99..101), [17, 18, 19]);
        assert_eq!(map.frames(299..301), [18, 19, 20]);
        assert_eq!(map.frames(1000..1001), [20]);
    }

    #[test]
    fn frames_of_several_files_are_counted_from_that_in_which_the_exchange_began() {
        let mut map = FrameMap::default();
        for (at, frame) in [(0, frames_before(2) + 5), (10, frames_before(2) + 6), (20, frames_before(3) + 1)]
        {
            map.push(at, frame);
        }
        let head = Head { frames: map, ..Head::default() };
        let mut exchange = Exchange {
            key: ExchangeKey { input: 7, frame: frames_before(2) + 5, sub: 0 },
            connection: None,
            frames: Some((frames_before(2) + 5, frames_before(3) + 1)),
            until: None,
            client: None,
            server: None,
            protocol: Protocol::Http11,
            tls: None,
            request: Some(Box::new(Request { head, ..Request::default() })),
            response: None,
            oddities: Vec::new(),
        };
        exchange.settle();
        assert_eq!((exchange.key.input, exchange.key.frame, exchange.frames), (9, 5, Some((5, 6))));
        assert_eq!(exchange.until.as_deref(), Some(&(10, 1)));
        let frames = exchange.request.unwrap().head.frames.frames(0..30);
        assert_eq!(frames.into_iter().map(file_and_frame).collect::<Vec<_>>(), [(0, 5), (0, 6), (1, 1)]);
    }

    #[test]
    fn repeated_fields_survive_in_order() {
        let head = Head::from_pairs([(&b"A"[..], &b"1"[..]), (b"b", b"2"), (b"a", b"3")]);
        let values: Vec<_> = head.all("a").map(|field| field.value).collect();
        assert_eq!(values, [b"1", b"3"]);
        assert_eq!(head.text("B"), Some("2"));
    }

    #[test]
    fn the_path_of_every_target_form() {
        let path = |target: &str| Request { target: target.into(), ..Default::default() }.path().to_owned();
        assert_eq!(path("/ews/exchange.asmx?a=b"), "/ews/exchange.asmx");
        assert_eq!(path("http://host:80/ews?x"), "/ews");
        assert_eq!(path("/ews?to=http://host/owa"), "/ews");
        assert_eq!(path("host:443"), "");
        assert_eq!(path("*"), "");
    }
}
