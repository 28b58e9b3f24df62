//! Takes plain text (a raw copy from Fiddler, a `curl -v` transcript, a paste of a log), gives the HTTP
//! messages in it, and outside of them the texts that look like tokens.
//!
//! A message is taken for one only where its first line stands at the start of a line and at least one
//! field follows; a lone token gives no exchange, because nobody knows how it travelled. UTF-16 is
//! converted.

/// Messages of which the parts stood apart.
mod assembled;
/// Requests that became no message.
mod beside;
/// Challenges that go on where a text ends.
mod cut;
/// Traces of the EWS Managed API.
mod ews;
/// Credentials that were broken into lines.
pub(crate) mod folds;
/// Texts of other tools, which are not read.
pub(crate) mod foreign;
/// Traces of `System.Net`.
pub(crate) mod network;
/// Tokens without a message around them.
mod paste;
/// Words of a server without a message around them.
mod quoted;
/// Dumps of what curl sent and received.
pub(crate) mod trace;

use std::borrow::Cow;
use std::collections::VecDeque;
use std::ops::Range;

use bytes::Bytes;
use memchr::memmem;

use self::assembled::Extent;
use self::beside::{Found, Place};
use super::{ImportError, ImportSettings, Notice, Receiver};
use super::{message, raw};
use crate::base::Instant;
pub(crate) use crate::base::utf8::{is_wide, mark, text as utf8};
use crate::connection::LeftOut;
use crate::exchange::{Body, Exchange, ExchangeKey, Head, Oddity, Protocol};
use crate::json::dump;
use crate::limits;

/// Reads the whole of a text.
///
/// # Errors
/// When it holds neither a message nor anything that looks like a token, nor, in a file that somebody named, words of a
/// server.
pub fn read(bytes: &[u8], settings: &ImportSettings, out: &mut dyn Receiver) -> Result<(), ImportError> {
    let text = utf8(bytes);
    let assembled = if network::is_trace(&text) {
        Some(network::messages(&text))
    } else if ews::is_trace(&text) {
        Some(ews::messages(&text))
    } else {
        None
    };
    let (text, messages) = if let Some(assembled) = assembled {
        let (text, messages) = assembled.place();
        (Cow::Owned(text), messages)
    } else {
        let text = if trace::is_trace(&text) { Cow::Owned(trace::messages(&text)) } else { unquoted(text) };
        let messages = messages(&text);
        (text, messages)
    };
    let mut from = 0;
    let mut seen = Seen::default();
    for message in &messages {
        tokens(&text, from..message.range.start, out, &mut seen);
        from = message.range.end;
    }
    tokens(&text, from..text.len(), out, &mut seen);
    let exchanges = exchanges(&messages, out);
    if seen.too_long > 0 {
        let text = format!(
            "{} texts like tokens are longer than {} bytes (limit TOKEN_BYTES)",
            seen.too_long,
            limits::TOKEN_BYTES
        );
        out.notice(Notice::new(None, text));
    }
    if seen.dumps > 0 {
        let tokens = if seen.dumps == 1 { "token is a dump" } else { "tokens are dumps" };
        let text = format!(
            "{} {tokens} of header and claims without the signature, which can be inspected, never verified",
            seen.dumps
        );
        out.notice(Notice::new(None, text));
    }
    let mut quoted = Vec::new();
    if settings.named && !messages.iter().any(|message| message.is_request) {
        let heads: Vec<Range<usize>> = messages.iter().map(|message| message.range.clone()).collect();
        quoted = quoted::records(&text, &heads);
    }
    let foreign = if exchanges == 0 { foreign::told(&text) } else { None };
    if exchanges == 0 && seen.tokens == 0 && quoted.is_empty() {
        let hint = if settings.named { quoted::hint(&text) } else { String::new() };
        let told = foreign.or_else(|| foreign::elsewhere(&text));
        let told = told.unwrap_or("holds neither an HTTP message nor anything that looks like a token");
        return Err(ImportError::Kind(format!("{told}{hint}")));
    }
    if let Some(told) = foreign {
        out.notice(Notice::new(None, told));
    }
    quoted.into_iter().for_each(|record| out.log_record(record));
    left_out(&text, &messages, exchanges, out);
    Ok(())
}

/// Tells of requests beside the messages. Where there is no message, a token was given to be looked at, and only a
/// password beside it is more than that.
fn left_out(text: &[u8], messages: &[Message], exchanges: u64, out: &mut dyn Receiver) {
    let said = |credentials: &[u8]| {
        let finder = memmem::Finder::new(credentials);
        messages.iter().any(|message| message.is_request && finder.find(&message.bytes).is_some())
    };
    let mut found = Found::default();
    let mut from = 0;
    for message in messages {
        found.look(text, from..message.range.start, Place::Outside, &said);
        from = message.range.end;
        if let Some(body_at) = message.open {
            found.look(text, from - (message.bytes.len() - body_at).min(from)..from, Place::Tail, &said);
        }
    }
    found.look(text, from..text.len(), Place::Outside, &said);
    let (count, first) = match exchanges {
        0 => (found.passwords, found.first_password),
        _ => (found.requests, found.first),
    };
    if count > 0 {
        let told = format!("line {first} holds a request or credentials that belong to no message, left out");
        out.notice(Notice::lost(None, told, LeftOut { count, ..LeftOut::request() }));
    }
}

/// Whether the first bytes of a file look like text that may hold tokens: no zero bytes after
/// conversion, and few control characters.
#[must_use]
pub fn recognise(beginning: &[u8]) -> bool {
    let text = utf8(beginning);
    let odd = text.iter().filter(|byte| **byte < 9 || (14..27).contains(*byte)).count();
    !text.is_empty() && !text.contains(&0) && odd * 100 <= text.len()
}

/// A message with its place in the text.
struct Message {
    range: Range<usize>,
    /// Its bytes, without the marks that curl puts before each line.
    bytes: Bytes,
    is_request: bool,
    /// Where the body begins in `bytes`, if nothing tells that what is there is all of it and nothing else.
    open: Option<usize>,
    /// Whether the text can hold the body of a request (curl shows none).
    from_curl: bool,
    time: Option<Instant>,
    extent: Extent,
    /// Whether the request may have had credentials that are not told.
    hides_credentials: bool,
}

impl Message {
    /// What a tool left out, in words.
    fn left_out(&self, body: &mut Body, oddities: &mut Vec<Oddity>) {
        if self.extent != Extent::Told {
            body.complete = self.extent == Extent::Whole;
            oddities.retain(|oddity| oddity.name != "export-body-missing");
        }
        if self.extent == Extent::Cut {
            let detail = "the trace does not hold the whole of a body (maxdatasize)".to_owned();
            oddities.push(Oddity { name: "export-body-missing", detail });
        }
        if self.hides_credentials && self.is_request {
            let told = "the trace of a request does not tell the credentials that .NET adds by itself";
            oddities.push(message::fields_missing(told));
        }
    }

    /// Whether it only announces the response (RFC 9110 15.2).
    fn is_interim(&self) -> bool {
        let status = self.bytes.split(|byte| *byte == b' ').nth(1);
        !self.is_request && status.is_some_and(|status| status.first() == Some(&b'1') && status != b"101")
    }
}

/// Splits the text into messages; what lies between them is left.
fn messages(text: &[u8]) -> Vec<Message> {
    let starts = starts(text);
    let mut found: Vec<Message> = Vec::new();
    for (number, start) in starts.iter().enumerate() {
        let next = starts.get(number + 1).map_or(text.len(), |next| next.at);
        let mut message = start.message(text, next);
        while let Some(read) = message.take() {
            // A body need not end in a line end: what is saved of a stream goes on right behind it.
            let end = read.range.end;
            if start.mark.is_none() && end < next {
                message = Start::at(text, end).and_then(|start| start.message(text, next));
            }
            found.push(read);
        }
    }
    found
}

/// A line that begins a message.
struct Start {
    at: usize,
    is_request: bool,
    /// `> ` or `< ` of curl.
    mark: Option<u8>,
}

fn starts(text: &[u8]) -> Vec<Start> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = text.get(at..).unwrap_or_default();
        let length = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        let line = rest.get(..length).unwrap_or_default();
        found.extend(Start::of(line, at).or_else(|| Start::behind(line, at)));
        at += length;
    }
    found
}

fn is_status_line(line: &[u8]) -> bool {
    let line = line.trim_ascii_end();
    let Some(rest) = line.strip_prefix(b"HTTP/") else { return false };
    let mut words = rest.splitn(3, |byte| *byte == b' ');
    let version = words.next().unwrap_or_default();
    let status = words.next().unwrap_or_default();
    matches!(version, b"1.0" | b"1.1" | b"2" | b"2.0" | b"3" | b"3.0")
        && status.len() == 3
        && status.iter().all(u8::is_ascii_digit)
}

fn is_request_line(line: &[u8]) -> bool {
    let line = line.trim_ascii_end();
    let mut words = line.split(|byte| *byte == b' ');
    let method = words.next().unwrap_or_default();
    let target = words.next().unwrap_or_default();
    let version = words.next().unwrap_or_default();
    (3..=20).contains(&method.len())
        && method.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'-' || *byte == b'_')
        && !target.is_empty()
        && version.starts_with(b"HTTP/")
        && version.len() <= 8
        && words.next().is_none()
}

impl Start {
    /// What the line that stands at `at` begins.
    fn of(line: &[u8], at: usize) -> Option<Self> {
        let line = line.get(..line.len().min(limits::HEAD_BYTES))?;
        let mark = match line {
            [mark @ (b'>' | b'<'), b' ', ..] => Some(*mark),
            _ => None,
        };
        let bare = if mark.is_some() { line.get(2..).unwrap_or_default() } else { line };
        let is_request = match () {
            () if is_status_line(bare) && mark != Some(b'>') => false,
            () if is_request_line(bare) && mark != Some(b'<') => true,
            () => return None,
        };
        Some(Self { at, is_request, mark })
    }

    /// The same for what follows markup or JSON right behind its end, as where a stream is saved that was decoded.
    fn behind(line: &[u8], at: usize) -> Option<Self> {
        let end = memchr::memrchr2(b'>', b'}', line)? + 1;
        let (body, rest) = line.split_at_checked(end)?;
        let is_tag = || {
            let tag = memchr::memrchr(b'<', body).and_then(|open| body.get(open..)).unwrap_or_default();
            tag.starts_with(b"</") || tag.ends_with(b"/>")
        };
        let ends = !rest.is_empty() && (body.ends_with(b"}") || is_tag());
        Self::of(rest, at + end).filter(|start| ends && start.mark.is_none())
    }

    /// The same for what follows a body on its last line: a mark of curl stands only at the start of one.
    fn at(text: &[u8], at: usize) -> Option<Self> {
        let rest = text.get(at..)?;
        let line = rest.get(..rest.len().min(limits::HEAD_BYTES))?;
        let length = memchr::memchr(b'\n', line).map_or(line.len(), |end| end + 1);
        Self::of(line.get(..length)?, at).filter(|start| start.mark.is_none())
    }

    /// The message that begins here and ends before `next` at the latest.
    fn message(&self, text: &[u8], next: usize) -> Option<Message> {
        let (range, bytes) = match self.mark {
            Some(mark) => self.of_curl(text, next, mark),
            None => {
                let own = self.own(text.get(self.at..next)?)?;
                (self.at..self.at + own.len(), folds::unfold(own))
            }
        };
        let (head, body_at) = raw::beginning(&bytes)?;
        if head.spans.is_empty() {
            return None;
        }
        let length = length(&head, bytes.get(body_at..).unwrap_or_default());
        let (range, bytes) = match (self.mark, length) {
            (Some(b'<'), Some(length)) if bytes.len() == body_at => {
                late_body(text, next, length, range, bytes)
            }
            _ => (range, bytes),
        };
        let body = bytes.len().saturating_sub(body_at);
        let extra = length.map_or(0, |length| body.saturating_sub(length));
        let range = range.start..range.end - extra.min(range.len());
        let mut bytes = bytes.get(..bytes.len() - extra)?.to_vec();
        // The last line of a copy need not end: what stands in it was all that was marked, unless it shows the contrary.
        if bytes.len() == body_at && !bytes.ends_with(b"\n") && !cut::is_cut(&bytes) {
            bytes.push(b'\n');
        }
        // Editors add the line end that a text lacks: it makes no scheme of the beginning of one.
        let last = bytes.strip_suffix(b"\n").map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        if let Some(line) = last.filter(|line| bytes.len() == body_at && cut::is_cut_in_name(line)) {
            let length = line.len();
            bytes.truncate(length);
        }
        let bytes = Bytes::from(bytes);
        let ends = length.is_some_and(|length| length <= body);
        let open = (!ends && body_at < bytes.len()).then_some(body_at);
        let (is_request, from_curl) = (self.is_request, self.mark.is_some());
        let (time, extent, hides_credentials) = (None, Extent::Told, false);
        Some(Message { range, bytes, is_request, open, from_curl, time, extent, hides_credentials })
    }

    /// What of `rest` is this message's own, where many may stand one behind the other. Copies lose the end of a message:
    /// its length tells where it was, if line ends are unchanged.
    fn own<'t>(&self, rest: &'t [u8]) -> Option<&'t [u8]> {
        let (head, body_at) = raw::beginning(rest)?;
        let end = match length(&head, rest.get(body_at..).unwrap_or_default()) {
            Some(length) => body_at.saturating_add(length).min(rest.len()),
            None if self.is_request && head.get("transfer-encoding").is_none() => body_at,
            None => rest.len(),
        };
        rest.get(..end)
    }

    /// Takes curl's marks away. A response's body stands without mark after the bare `<`, until curl says
    /// something else.
    fn of_curl(&self, text: &[u8], next: usize, mark: u8) -> (Range<usize>, Cow<'static, [u8]>) {
        let mut out = Vec::new();
        let mut at = self.at;
        let mut in_body = false;
        while at < next {
            let rest = text.get(at..next).unwrap_or_default();
            let length = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
            let line = rest.get(..length).unwrap_or_default();
            match line {
                [first, after @ ..] if *first == mark && !in_body => {
                    let bare = after.strip_prefix(b" ").unwrap_or(after);
                    out.extend_from_slice(bare);
                    in_body = bare.trim_ascii().is_empty();
                }
                [b'*' | b'<' | b'>' | b'{' | b'}', b' ', ..] if in_body && is_curl_talk(line) => {
                    if mark == b'>' || out.last().is_some_and(|_| line.starts_with(b"* ")) {
                        break;
                    }
                }
                _ if in_body && mark == b'<' => out.extend_from_slice(line),
                _ => break,
            }
            at += length;
        }
        (self.at..at, Cow::Owned(out))
    }
}

/// The length of the body that `rest` begins with, if the head tells that of these bytes: tools decode bodies, and people
/// lay them out anew, and the field stays.
fn length(head: &Head, rest: &[u8]) -> Option<usize> {
    let length: usize = head.text("content-length")?.trim().parse().ok()?;
    let closes = match rest.trim_ascii_start().first() {
        Some(b'<') => b'>',
        Some(b'{') => b'}',
        Some(b'[') => b']',
        _ => return Some(length),
    };
    let coded = head.text("content-encoding").is_some_and(|coding| !coding.eq_ignore_ascii_case("identity"));
    let body = rest.get(..length).unwrap_or(rest).trim_ascii_end();
    let of_soap = memmem::find(body.get(..body.len().min(512)).unwrap_or_default(), b"Envelope").is_some();
    let whole = body.last() == Some(&closes) && (!of_soap || body.ends_with(b"Envelope>"));
    (!coded && (whole || rest.len() <= length)).then_some(length)
}

/// A text without the marks of a mail that quotes it: curl marks so what was sent, and never an answer.
fn unquoted(text: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    let quoted = memmem::find_iter(&text, b"> HTTP/").any(|at| {
        let starts = at == 0 || text.get(at - 1) == Some(&b'\n');
        let line = text.get(at + 2..).unwrap_or_default();
        starts && is_status_line(line.split(|byte| *byte == b'\n').next().unwrap_or_default())
    });
    if !quoted {
        return text;
    }
    let lines = text.split_inclusive(|byte| *byte == b'\n');
    let bare = |line: &[u8]| match line {
        [b'>', b' ', rest @ ..] | [b'>', rest @ ..] => rest.to_vec(),
        line => line.to_vec(),
    };
    Cow::Owned(lines.flat_map(bare).collect())
}

/// Adds the body that was written behind all that curl said, as when both go into one file: it is what is left, and just
/// as long as the head says.
fn late_body<'t>(
    text: &[u8],
    next: usize,
    length: usize,
    range: Range<usize>,
    bytes: Cow<'t, [u8]>,
) -> (Range<usize>, Cow<'t, [u8]>) {
    let mut at = range.end;
    loop {
        let rest = text.get(at..next).unwrap_or_default();
        let line =
            rest.get(..memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1)).unwrap_or_default();
        if line.is_empty() || !(is_curl_talk(line) || line.trim_ascii().is_empty()) {
            break;
        }
        at += line.len();
    }
    match text.get(at..next).filter(|rest| length > 0 && rest.trim_ascii_end().len() <= length) {
        Some(rest) if rest.len() >= length => {
            let body = rest.get(..length).unwrap_or_default();
            (range.start..at + length, Cow::Owned([&bytes[..], body].concat()))
        }
        _ => (range, bytes),
    }
}

/// `* Connection #0 …`, `{ [1234 bytes data]`, `} [12 bytes data]`.
fn is_curl_talk(line: &[u8]) -> bool {
    line.starts_with(b"* ") || line.trim_ascii_end().ends_with(b" bytes data]")
}

/// Pairs requests with the responses that follow them.
fn exchanges(messages: &[Message], out: &mut dyn Receiver) -> u64 {
    let mut waiting: VecDeque<(usize, Exchange)> = VecDeque::new();
    let mut count = 0;
    let mut put = |exchange: Exchange, out: &mut dyn Receiver| {
        count += 1;
        out.exchange(exchange);
    };
    for (index, (message, answered)) in messages.iter().zip(answered(messages)).enumerate() {
        let mut oddities: Vec<Oddity> = Vec::new();
        let total = message.bytes.len() as u64;
        let key = ExchangeKey { input: 0, frame: index as u64, sub: 0 };
        if message.is_request {
            let Some(raw) = raw::request(&message.bytes, total, &mut oddities) else { continue };
            let mut request = raw.request;
            oddities.retain(|oddity| oddity.detail != message::UNENDED || cut::is_cut(&message.bytes));
            if message.from_curl && request.head.get("content-length").is_some_and(|length| length != b"0") {
                // Said once, in words that fit.
                oddities.retain(|oddity| oddity.name != "export-body-missing");
                request.body = Body { complete: false, ..request.body };
                let detail = "curl does not show the body of a request".to_owned();
                oddities.push(Oddity { name: "export-body-missing", detail });
            }
            message.left_out(&mut request.body, &mut oddities);
            request.times = message.time.map(|at| (at, at));
            let mut exchange = bare(key, raw.protocol, oddities);
            exchange.request = Some(Box::new(request));
            waiting.push_back((index, exchange));
            continue;
        }
        if message.is_interim() {
            continue;
        }
        // Requests before the one that it answers got no answer.
        let asked = answered.filter(|asked| waiting.iter().any(|(at, _)| at == asked));
        while let Some((_, before)) = waiting.pop_front_if(|(at, _)| Some(*at) != asked) {
            put(before, out);
        }
        let request = waiting.front().and_then(|(_, exchange)| exchange.request.as_ref());
        let method = request.map(|request| request.method.clone()).unwrap_or_default();
        let Some(mut response) = raw::response(&message.bytes, total, &method, &mut oddities) else {
            continue;
        };
        message.left_out(&mut response.body, &mut oddities);
        response.times = message.time.map(|at| (at, at));
        // Who copies a head leaves out the empty line behind it.
        response.head.partial &=
            response.head.spans.len() >= limits::HEAD_FIELDS || cut::is_cut(&message.bytes);
        let asked = waiting.pop_front().map(|(_, exchange)| exchange);
        let mut exchange = asked.unwrap_or_else(|| bare(key, Protocol::Http11, Vec::new()));
        exchange.oddities.append(&mut oddities);
        exchange.response = Some(Box::new(response));
        put(exchange, out);
    }
    for (_, last) in waiting {
        put(last, out);
    }
    count
}

/// For each response the request that it answers. As many responses as requests before them are in their order, as a
/// client sends that does not wait, or a tool writes that keeps the directions apart; else the first is the last's.
fn answered(messages: &[Message]) -> Vec<Option<usize>> {
    let mut answered = vec![None; messages.len()];
    let numbered: Vec<(usize, &Message)> = messages.iter().enumerate().collect();
    for run in numbered.chunk_by(|(_, one), (_, next)| one.is_request || !next.is_request) {
        let (requests, responses): (Vec<_>, Vec<_>) = run
            .iter()
            .filter(|(_, message)| !message.is_interim())
            .partition(|(_, message)| message.is_request);
        let skipped = if requests.len() == responses.len() { 0 } else { requests.len().saturating_sub(1) };
        for ((response, _), (request, _)) in responses.iter().zip(requests.get(skipped..).unwrap_or_default())
        {
            if let Some(answered) = answered.get_mut(*response) {
                *answered = Some(*request);
            }
        }
    }
    answered
}

fn bare(key: ExchangeKey, protocol: Protocol, oddities: Vec<Oddity>) -> Exchange {
    Exchange {
        key,
        connection: None,
        frames: None,
        until: None,
        client: None,
        server: None,
        protocol,
        tls: None,
        request: None,
        response: None,
        oddities,
    }
}

#[derive(Default)]
struct Seen {
    tokens: u64,
    too_long: u64,
    dumps: u64,
}

/// Gives what looks like a token in `range` of the text.
fn tokens(text: &[u8], range: Range<usize>, out: &mut dyn Receiver, seen: &mut Seen) {
    let Some(part) = text.get(range.clone()) else { return };
    let (pasted, too_long) = paste::tokens(part);
    seen.too_long += too_long;
    let places: Vec<Range<usize>> = pasted.iter().map(|pasted| pasted.range.clone()).collect();
    let mut found: Vec<(usize, Vec<u8>)> =
        pasted.into_iter().map(|pasted| (pasted.range.start, pasted.token)).collect();
    found.extend(
        opaque(part, &places)
            .into_iter()
            .map(|place| (place.start, part.get(place).unwrap_or_default().to_vec())),
    );
    // Looked for only where one may be: most texts hold no brace.
    if let Some(text) = std::str::from_utf8(part).ok().filter(|text| text.contains("\"alg\"")) {
        // A compact token inside of a dump is reached through it.
        let dumps = dump::find(text);
        found.retain(|(at, _)| !dumps.iter().any(|dump| dump.range.contains(at)));
        seen.dumps += dumps.len() as u64;
        found.extend(dumps.into_iter().map(|dump| (dump.range.start, dump.compact.into_bytes())));
    }
    found.sort_by_key(|(at, _)| *at);
    for (at, token) in found {
        seen.tokens += 1;
        out.token(&token, (range.start + at) as u64);
    }
}

/// The compact tokens in a text, in order, without the line ends inside.
pub(crate) fn compact(text: &[u8]) -> Vec<Vec<u8>> {
    paste::tokens(text).0.into_iter().map(|pasted| pasted.token).collect()
}

/// Values after the word `Bearer` that are no JWT: at least twenty characters of RFC 6750 2.1, letters
/// and digits mixed, so that prose is not taken for a credential.
fn opaque(part: &[u8], known: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for at in memmem::find_iter(part, b"earer ") {
        let start = at + 6;
        let letter = at.checked_sub(1).and_then(|before| part.get(before));
        if !letter.is_some_and(|letter| letter.eq_ignore_ascii_case(&b'b')) {
            continue;
        }
        let value = part.get(start..).unwrap_or_default();
        let is_value = |byte: u8| paste::is_token_byte(byte) || matches!(byte, b'~' | b'+' | b'/' | b'=');
        let length = value.iter().take(limits::TOKEN_BYTES).take_while(|byte| is_value(**byte)).count();
        let value = value.get(..length).unwrap_or_default();
        let mixed = value.iter().any(u8::is_ascii_digit) && value.iter().any(u8::is_ascii_alphabetic);
        // They stand in order, and none in another: only the first that ends behind this value's beginning can lie in it.
        let next = known.partition_point(|place| place.end <= start);
        let overlaps = known.get(next).is_some_and(|place| place.start < start + length);
        if length >= 20 && mixed && !overlaps {
            found.push(start..start + length);
        }
    }
    found
}

#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    let _ = read(data, &ImportSettings::default(), &mut super::Collected::default());
}

#[cfg(test)]
mod tests;
