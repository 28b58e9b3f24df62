//! Takes a trace of `System.Net` (.NET Framework, network tracing), gives the messages that a program sent and received.
//!
//! ```text
//! System.Net Information: 0 : [3408] HttpWebRequest#1 - Request: POST /EWS/Exchange.asmx HTTP/1.1
//! System.Net Information: 0 : [3408] ConnectStream#2 - Sending headers
//! {
//! Host: mail.contoso.com
//! }.
//! System.Net Information: 0 : [3408] Connection#3 - Received status line: Version=1.1, StatusCode=200, …
//! ```
//!
//! Calls of several threads stand in one another; the numbers of the objects, and the lines that associate them, tell what
//! belongs together. The words around are those of the language of .NET, the names of objects are not
//! (`chocolatey/choco` issues 1408 and 2350, `GoogleCloudPlatform/iap-desktop` issue 851). Bodies stand as dumps, up to
//! `maxdatasize` bytes of each read or write ("Interpreting Network Tracing", Microsoft Learn).

use std::collections::{HashMap, HashSet};

use super::assembled::{Assembled, Extent, Pair, Piece};
use crate::base::Instant;
use crate::import::when;

/// Whether a text is such a trace.
pub(crate) fn is_trace(text: &[u8]) -> bool {
    let lines = text.get(..text.len().min(256 << 10)).unwrap_or_default().split(|byte| *byte == b'\n');
    lines.filter_map(entry).any(|entry| {
        let object = Object::of(entry.text);
        object.is_some_and(|(object, rest)| {
            matches!(object.kind, b"HttpWebRequest") && request_line(rest).is_some()
                || matches!(object.kind, b"Connection") && status_line(rest).is_some()
        })
    })
}

/// The messages in such a trace, call by call.
pub(super) fn messages(text: &[u8]) -> Assembled {
    let mut trace = Trace::default();
    text.split_inclusive(|byte| *byte == b'\n').for_each(|line| trace.push(line));
    trace.finish()
}

/// A line that begins something.
#[derive(Clone, Copy)]
struct Entry<'t> {
    thread: &'t [u8],
    text: &'t [u8],
}

/// `System.Net Information: 0 : [3408] …`, with what a listener puts before it.
fn entry(line: &[u8]) -> Option<Entry<'_>> {
    const SOURCE: &[u8] = b"System.Net ";
    let at = memchr::memmem::find(line.get(..line.len().min(80))?, SOURCE)?;
    let rest = line.get(at + SOURCE.len()..)?;
    let open = memchr::memmem::find(rest.get(..rest.len().min(48))?, b": 0 : [")? + 7;
    let rest = rest.get(open..)?;
    let close = rest.iter().take(12).position(|byte| *byte == b']')?;
    let (thread, text) = rest.split_at_checked(close)?;
    Some(Entry { thread, text: text.get(1..)?.trim_ascii() })
}

/// `ConnectStream#29578451`.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Object<'t> {
    kind: &'t [u8],
    number: &'t [u8],
}

impl<'t> Object<'t> {
    /// The object that a text begins with, and what stands behind it.
    fn of(text: &'t [u8]) -> Option<(Self, &'t [u8])> {
        let mark = text.iter().take(32).position(|byte| *byte == b'#')?;
        let (kind, rest) = text.split_at_checked(mark)?;
        let rest = rest.get(1..)?;
        let digits = rest.iter().take(20).take_while(|byte| byte.is_ascii_digit()).count();
        let (number, rest) = rest.split_at_checked(digits)?;
        let named = kind.iter().all(u8::is_ascii_alphanumeric) && !kind.is_empty() && digits > 0;
        named.then_some((Self { kind, number }, rest))
    }
}

/// ` - Request: POST /EWS/Exchange.asmx HTTP/1.1`: the last three words, whatever the language.
fn request_line(rest: &[u8]) -> Option<&[u8]> {
    let line = rest.strip_prefix(b" - ")?;
    let line = line.get(memchr::memchr(b':', line)? + 1..)?.trim_ascii();
    super::is_request_line(line).then_some(line)
}

/// `… StatusCode=401, StatusDescription=Unauthorized.` as the line that was received.
fn status_line(rest: &[u8]) -> Option<String> {
    let rest = std::str::from_utf8(rest.strip_prefix(b" - ")?).ok()?;
    let value = |name: &str| {
        let behind = rest.get(rest.find(name)? + name.len()..)?;
        behind.trim_start().strip_prefix('=').map(str::trim_start)
    };
    let word = |name: &str| value(name)?.split(',').next().map(str::trim);
    let (version, status) = (word("Version")?, word("StatusCode")?);
    (status.len() == 3 && status.bytes().all(|byte| byte.is_ascii_digit())).then_some(())?;
    let reason = value("StatusDescription").unwrap_or_default().trim_end_matches('.');
    Some(format!("HTTP/{version} {status} {reason}"))
}

/// One direction of a call.
#[derive(Default)]
struct Half {
    line: Vec<u8>,
    fields: Vec<u8>,
    body: Vec<u8>,
    /// Whether more was transferred than was printed.
    cut: bool,
    time: Option<Instant>,
}

impl Half {
    fn piece(self) -> Option<Piece> {
        let Self { line, fields, body, cut, time } = self;
        let bytes = [&line[..], b"\r\n", &fields, b"\r\n", &body].concat();
        let extent = if cut { Extent::Cut } else { Extent::Told };
        (!line.is_empty()).then_some(Piece { bytes, time, extent, hides_credentials: false })
    }
}

#[derive(Default)]
struct Call {
    /// Whether the trace tells on which connection it went.
    connected: bool,
    sent: Half,
    received: Half,
}

impl Call {
    fn half(&mut self, received: bool) -> &mut Half {
        if received { &mut self.received } else { &mut self.sent }
    }
}

/// What the lines that follow are.
#[derive(Clone, Copy, Default)]
enum Open {
    #[default]
    Nothing,
    /// Fields of a half of a call, between braces; `begun`: the brace was there.
    Fields { call: usize, received: bool, begun: bool },
    /// A body of one, between `<<` and `>>`.
    Text { call: usize, received: bool },
}

#[derive(Default)]
struct Trace {
    calls: Vec<Call>,
    /// The last call of each request object.
    requests: HashMap<Vec<u8>, usize>,
    /// The last call of each thread.
    threads: HashMap<Vec<u8>, usize>,
    /// Which request a connection carries.
    connections: HashMap<Vec<u8>, Vec<u8>>,
    /// The requests whose connection is told.
    connected: HashSet<Vec<u8>>,
    /// The request of a stream, and the call at that moment.
    streams: HashMap<Vec<u8>, (Vec<u8>, Option<usize>)>,
    /// The last answer on a connection.
    answers: HashMap<Vec<u8>, usize>,
    /// What each thread prints a dump of.
    dumps: HashMap<Vec<u8>, (usize, bool)>,
    open: Open,
    /// What was told of last, for the time behind it.
    last: Option<(usize, bool)>,
    rest: Vec<u8>,
}

impl Trace {
    fn push(&mut self, line: &[u8]) {
        let bare = line.trim_ascii();
        if let Some(entry) = entry(line) {
            self.open = Open::Nothing;
            self.last = None;
            if !self.entry(entry) {
                self.rest.extend_from_slice(line);
            }
            return;
        }
        match self.open {
            Open::Fields { call, received, begun: false } if bare == b"{" => {
                self.open = Open::Fields { call, received, begun: true };
            }
            Open::Fields { begun: true, .. } if bare.starts_with(b"}") => self.open = Open::Nothing,
            Open::Fields { call, received, begun: true } => {
                if let Some(call) = self.calls.get_mut(call).filter(|_| !bare.is_empty()) {
                    call.half(received).fields.extend([bare, b"\r\n"].concat());
                }
            }
            Open::Text { call, received } => self.text(call, received, line),
            _ => {
                let time = bare.strip_prefix(b"DateTime=").and_then(|text| std::str::from_utf8(text).ok());
                match (self.last, time.and_then(when::parse)) {
                    (Some((call, received)), Some((at, _))) => {
                        if let Some(call) = self.calls.get_mut(call) {
                            call.half(received).time.get_or_insert(at);
                        }
                    }
                    _ => self.rest.extend_from_slice(line),
                }
            }
        }
    }

    /// Takes a line that begins something; `false` where it is none of a message.
    fn entry(&mut self, entry: Entry<'_>) -> bool {
        if let Some(pair) = entry.text.strip_prefix(b"Associating ") {
            self.associate(pair);
            return true;
        }
        if let Some(rest) = entry.text.strip_prefix(b"Data from ") {
            return self.data_from(rest, entry.thread);
        }
        if let Some(&(call, received)) = self.dumps.get(entry.thread) {
            if let Some(bytes) = dumped(entry.text) {
                if let Some(call) = self.calls.get_mut(call) {
                    call.half(received).body.extend(bytes);
                }
                return true;
            }
            if let Some(text) = entry.text.strip_prefix(b"<<") {
                self.open = Open::Text { call, received };
                self.text(call, received, &[text, b"\n"].concat());
                return true;
            }
            if entry.text.starts_with(b"(printing ") {
                if let Some(call) = self.calls.get_mut(call) {
                    call.half(received).cut = true;
                }
                return true;
            }
            self.dumps.remove(entry.thread);
        }
        let Some((object, rest)) = Object::of(entry.text) else { return false };
        match object.kind {
            b"HttpWebRequest" => self.request(object, rest, entry.thread),
            b"ConnectStream" if rest.starts_with(b" - ") => {
                let call = self.streams.get(object.number).map(|(request, _)| request.clone());
                let call = call.and_then(|request| self.requests.get(&request).copied());
                let call = call.or_else(|| {
                    let call = self.latest(entry.thread, |call| call.sent.fields.is_empty())?;
                    self.streams.insert(object.number.to_vec(), (Vec::new(), Some(call)));
                    Some(call)
                });
                self.fields(call, false)
            }
            b"Connection" => match status_line(rest) {
                Some(line) => self.answered(object, line, entry.thread),
                None if rest.starts_with(b" - ") => {
                    let call = self.answers.get(object.number).copied();
                    let fresh = |call: &usize| {
                        self.calls.get(*call).is_some_and(|call| call.received.fields.is_empty())
                    };
                    let call = call.filter(fresh);
                    self.fields(call, true)
                }
                None => false,
            },
            _ => false,
        }
    }

    /// The last call of a thread that lacks something.
    fn latest(&self, thread: &[u8], lacks: impl Fn(&Call) -> bool) -> Option<usize> {
        let last = *self.threads.get(thread)?;
        self.calls.get(last).is_some_and(lacks).then_some(last)
    }

    /// `HttpWebRequest#1 with ConnectStream#2`, or the like.
    fn associate(&mut self, pair: &[u8]) {
        let Some((one, rest)) = Object::of(pair) else { return };
        let Some((other, _)) = rest.strip_prefix(b" with ").and_then(Object::of) else { return };
        match (one.kind, other.kind) {
            (b"Connection", b"HttpWebRequest") => {
                self.connections.insert(one.number.to_vec(), other.number.to_vec());
                self.connected.insert(other.number.to_vec());
            }
            (b"HttpWebRequest", b"ConnectStream") => {
                let call = self.requests.get(one.number).copied();
                self.streams.insert(other.number.to_vec(), (one.number.to_vec(), call));
            }
            _ => {}
        }
    }

    fn request(&mut self, object: Object<'_>, rest: &[u8], thread: &[u8]) -> bool {
        let Some(line) = request_line(rest) else { return false };
        let sent = Half { line: line.to_vec(), ..Half::default() };
        self.last = Some((self.calls.len(), false));
        self.requests.insert(object.number.to_vec(), self.calls.len());
        let connected = self.connected.contains(object.number);
        self.threads.insert(thread.to_vec(), self.calls.len());
        self.calls.push(Call { connected, sent, ..Call::default() });
        true
    }

    fn answered(&mut self, connection: Object<'_>, line: String, thread: &[u8]) -> bool {
        let request = self.connections.get(connection.number);
        let call = request.and_then(|request| self.requests.get(request)).copied();
        let open = |call: &Call| !call.connected && call.received.line.is_empty();
        let call = call.or_else(|| self.latest(thread, open));
        // What only announces an answer stands before it (RFC 9110 15.2).
        let free = |call: &usize| {
            let line = self.calls.get(*call).map_or(&b""[..], |call| &call.received.line);
            line.is_empty() || line.get(9..).is_some_and(|status| status.starts_with(b"1"))
        };
        let call = call.filter(free).unwrap_or_else(|| {
            self.calls.push(Call::default());
            self.calls.len() - 1
        });
        if let Some(call) = self.calls.get_mut(call) {
            call.received = Half { line: line.into_bytes(), ..Half::default() };
        }
        self.answers.insert(connection.number.to_vec(), call);
        self.last = Some((call, true));
        true
    }

    fn fields(&mut self, call: Option<usize>, received: bool) -> bool {
        if let Some(call) = call {
            self.open = Open::Fields { call, received, begun: false };
        }
        call.is_some()
    }

    /// `ConnectStream#2::Write`: a dump follows on the same thread.
    fn data_from(&mut self, rest: &[u8], thread: &[u8]) -> bool {
        self.dumps.remove(thread);
        let Some((stream, method)) = Object::of(rest).filter(|(stream, _)| stream.kind == b"ConnectStream")
        else {
            return false;
        };
        let Some((request, then)) = self.streams.get(stream.number) else { return false };
        let received = memchr::memmem::find(method, b"Write").is_none();
        let sent = || self.requests.get(request).copied().or(*then);
        let call = if received { *then } else { sent() };
        if let Some(call) = call {
            self.dumps.insert(thread.to_vec(), (call, received));
        }
        call.is_some()
    }

    /// A line of a body that is printed as text.
    fn text(&mut self, call: usize, received: bool, line: &[u8]) {
        let end = line.trim_ascii_end().strip_suffix(b">>");
        if end.is_some() {
            self.open = Open::Nothing;
        }
        if let Some(call) = self.calls.get_mut(call) {
            call.half(received).body.extend_from_slice(end.unwrap_or(line));
        }
    }

    fn finish(self) -> Assembled {
        let pairs = self.calls.into_iter().map(|call| {
            let [request, response] = [call.sent, call.received].map(Half::piece);
            Pair { request, response }
        });
        Assembled::of(pairs.collect(), self.rest)
    }
}

/// `00000010 : 54 50 2F 31 2E 31 0D 0A-48 6F : TP/1.1..Ho`.
fn dumped(text: &[u8]) -> Option<Vec<u8>> {
    let (offset, rest) = text.split_at_checked(8)?;
    offset.iter().all(u8::is_ascii_hexdigit).then_some(())?;
    let mut bytes = Vec::with_capacity(16);
    for pair in rest.strip_prefix(b" : ")?.chunks(3).take(16) {
        let digit = |byte: u8| char::from(byte).to_digit(16);
        match *pair {
            [high, low, b' ' | b'-'] | [high, low] => match digit(high).zip(digit(low)) {
                Some((high, low)) => bytes.push(u8::try_from(high * 16 + low).ok()?),
                None => break,
            },
            _ => break,
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> String {
        format!("System.Net Information: 0 : [7] {text}\r\n")
    }

    fn dump(bytes: &str) -> String {
        bytes
            .as_bytes()
            .chunks(16)
            .enumerate()
            .map(|(row, bytes)| {
                let mut pairs: String = bytes.iter().map(|byte| format!("{byte:02X} ")).collect();
                if bytes.len() > 8 {
                    pairs.replace_range(23..24, "-");
                }
                let shown: String =
                    bytes.iter().map(|byte| if *byte < 32 { '.' } else { char::from(*byte) }).collect();
                line(&format!("{:08X} : {pairs:<48}: {shown}", row * 16))
            })
            .collect()
    }

    fn pieces(text: &str) -> Vec<String> {
        messages(text.as_bytes()).shown()
    }

    /// As .NET writes a call: English, then German.
    fn call(number: u32, status: u16, body: &str, answer: &str, german: bool) -> [String; 2] {
        let (sending, received) = match german {
            false => (["Sending headers", "}."], ["Received headers", "}."]),
            true => (["Header", "} werden gesendet."], ["Header", "} wurden empfangen."]),
        };
        let stream = number + 1000;
        let sent = [
            line(&format!("Associating Connection#{number} with HttpWebRequest#{number}")),
            line(&format!("Associating HttpWebRequest#{number} with ConnectStream#{stream}")),
            line(&format!("HttpWebRequest#{number} - Request: POST /EWS/{number} HTTP/1.1\r\n")),
            line(&format!("ConnectStream#{stream} - {}\r\n{{\r\nHost: h\r\n{}", sending[0], sending[1])),
            line(&format!("Data from ConnectStream#{stream}::Write")),
            dump(body),
        ];
        let told = match german {
            false => format!(
                "Received status line: Version=1.1, StatusCode={status}, StatusDescription=Not so good."
            ),
            true => format!(
                "Empfangene Statusleiste: Version = 1.1, StatusCode = {status}, StatusDescription = Not so good."
            ),
        };
        let stream = number + 2000;
        let got = [
            line(&format!("Connection#{number} - {told}")),
            line(&format!("Connection#{number} - {}\r\n{{\r\nServer: s\r\n{}", received[0], received[1])),
            line(&format!("Associating HttpWebRequest#{number} with ConnectStream#{stream}")),
            line(&format!("Data from ConnectStream#{stream}::Read")),
            dump(answer),
        ];
        [sent.concat(), got.concat()]
    }

    #[test]
    fn calls_in_one_another_are_told_apart_in_any_language() {
        for german in [false, true] {
            let [first, answer] = call(1, 401, "<one/> and more than a row", "no", german);
            let [second, other] = call(2, 200, "<two/>", "yes", german);
            let text = [first, second, other, answer].concat();
            assert!(is_trace(text.as_bytes()));
            assert_eq!(
                pieces(&text),
                [
                    "POST /EWS/1 HTTP/1.1\r\nHost: h\r\n\r\n<one/> and more than a row",
                    "HTTP/1.1 401 Not so good\r\nServer: s\r\n\r\nno",
                    "POST /EWS/2 HTTP/1.1\r\nHost: h\r\n\r\n<two/>",
                    "HTTP/1.1 200 Not so good\r\nServer: s\r\n\r\nyes",
                ]
            );
        }
    }

    #[test]
    fn a_request_that_is_sent_again_is_another() {
        let [first, refused] = call(1, 401, "<x/>", "no", false);
        let [again, accepted] = call(1, 200, "<x/>", "yes", false);
        let pieces = pieces(&[first, refused, again, accepted].concat());
        assert_eq!(pieces.len(), 4, "{pieces:?}");
        assert!(pieces[1].contains(" 401 ") && pieces[1].ends_with("no"), "{pieces:?}");
        assert!(pieces[3].contains(" 200 ") && pieces[3].ends_with("yes"), "{pieces:?}");
    }

    #[test]
    fn times_bodies_as_text_and_cuts_are_read() {
        let [sent, got] = call(1, 200, "", "", false);
        let stamp = "    ProcessId=2176\r\n    DateTime=2026-11-23T06:49:26.1234567Z\r\n";
        let sent = sent.replace("HTTP/1.1\r\n\r\n", &format!("HTTP/1.1\r\n\r\n{stamp}"));
        let text = format!(
            "{sent}{}{}{got}{}",
            line("(printing 1024 out of 4711)"),
            line("<<<s:Envelope>\r\n</s:Envelope>>>"),
            line("<<ok>>")
        );
        let made = messages(text.as_bytes());
        let [Pair { request: Some(request), response: Some(response) }] = &made.pairs[..] else { panic!() };
        assert_eq!(request.time.map(Instant::seconds), Some(1_795_416_566));
        assert_eq!((request.extent, response.extent), (Extent::Cut, Extent::Told));
        assert!(request.bytes.ends_with(b"\r\n\r\n<s:Envelope>\n</s:Envelope>"));
        assert!(response.bytes.ends_with(b"\r\n\r\nok"), "{:?}", String::from_utf8_lossy(&response.bytes));
    }

    #[test]
    fn what_belongs_to_no_message_is_left_beside() {
        let [sent, _] = call(1, 200, "", "", false);
        let [_, orphan] = call(2, 403, "", "no", false);
        let alone = line("HttpWebRequest#9 - Request: GET /lost HTTP/1.1\r\n");
        let other = line("Decrypt failed with error 0X90317.");
        let made = messages([sent, orphan, alone, other.clone()].concat().as_bytes());
        let rest = String::from_utf8_lossy(&made.rest).into_owned();
        assert!(rest.contains("GET /lost HTTP/1.1\n") && rest.contains(&other), "{rest}");
        // The answer to nothing comes first: it is not that of the request that got none.
        let shown = made.shown();
        assert!(shown[0].starts_with("HTTP/1.1 403 ") && shown[1].starts_with("POST /EWS/1 "), "{shown:?}");
        assert_eq!(shown.len(), 2);
    }

    #[test]
    fn other_texts_are_no_traces() {
        for text in [
            "",
            "System.Net Information: 0 : [7] Current OS installation type is 'Client'.",
            "HttpWebRequest#1 - Request: GET / HTTP/1.1",
            "System.Net.Sockets Verbose: 0 : [7] Socket#1::Socket()",
        ] {
            assert!(!is_trace(text.as_bytes()), "{text}");
        }
    }
}
