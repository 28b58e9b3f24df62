//! Takes a message that somebody looks at later, keeps it small until then: a capture may hold a million requests that
//! wait for their responses, and a list of exchanges all of them. Long values (tokens) and bodies are kept once for all,
//! the rest in one piece.

use super::lines;
use crate::base::texts::Text;
use crate::base::{Instant, varint};
use crate::exchange::{Body, FieldSpan, FrameMap, Head, Indexing, Request, Response};

/// Values and bodies that are shorter stay with the rest.
const LONG: usize = 256;

/// Room for what stands around the longest value of a head.
const SHARED: usize = 1024;

/// The request line gives method and target.
const LINE: u8 = 1;
const SCHEME: u8 = 2;
const HOST: u8 = 4;
const COMPLETE: u8 = 8;
const DECODED: u8 = 16;
const TIMES: u8 = 32;
const PARTIAL: u8 = 64;

/// Moment of the first and of the last byte.
type Times = (Instant, Instant);

/// A request or a response that is kept small. Of its body what was found out about it is not kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct Packed {
    rest: Box<[u8]>,
    /// The longest value of the head.
    value: Option<Text>,
    body: Option<Text>,
}

impl Packed {
    /// Packs a request.
    pub(crate) fn of(request: &Request) -> Self {
        let Request { method, target, scheme, host, head, body, times } = request;
        let line = request_line(&head.bytes) == Some((method.as_bytes(), target.as_bytes()));
        let own = flags(&[(LINE, line), (SCHEME, scheme.is_some()), (HOST, host.is_some())]);
        let mut out = Vec::with_capacity(SHARED);
        out.push(own | shared(head, body, *times));
        if !line {
            text(&mut out, method.as_bytes());
            text(&mut out, target.as_bytes());
        }
        scheme.iter().chain(host).for_each(|known| lines::put(&mut out, known.as_bytes()));
        Self::message(out, head, body, *times)
    }

    /// Packs a response.
    pub(crate) fn of_response(response: &Response) -> Self {
        let Response { status, head, body, times } = response;
        let mut out = Vec::with_capacity(SHARED);
        out.push(shared(head, body, *times));
        varint::put(&mut out, u64::from(*status));
        Self::message(out, head, body, *times)
    }

    /// Packs what requests and responses have in common, behind `out`.
    fn message(mut out: Vec<u8>, head: &Head, body: &Body, times: Option<Times>) -> Self {
        if let Some((first, last)) = times {
            out.extend_from_slice(&first.nanos().to_le_bytes());
            out.extend_from_slice(&last.nanos().to_le_bytes());
        }
        frames(&mut out, &head.frames);
        frames(&mut out, &body.frames);
        varint::put(&mut out, body.total);
        spans(&mut out, &head.spans);
        let longest = head.spans.iter().map(|span| span.value.clone()).max_by_key(ExactSizeIterator::len);
        let (value, at) = match longest.filter(|value| value.len() >= LONG) {
            Some(value) => {
                let long = head.bytes.get(value.start as usize..value.end as usize).unwrap_or_default();
                // Behind the scheme: the same token stands in other places without it.
                let scheme = memchr::memchr(b' ', long.get(..16).unwrap_or_default()).map_or(0, |at| at + 1);
                let at = value.start as usize + scheme;
                (long.get(scheme..).map(Text::keep), at)
            }
            None => (None, 0),
        };
        varint::put(&mut out, at as u64);
        let end = at + value.as_ref().map_or(0, Text::len);
        lines::put(&mut out, head.bytes.get(..at).unwrap_or_default());
        lines::put(&mut out, head.bytes.get(end..).unwrap_or_default());
        let apart = (body.bytes.len() >= LONG).then(|| Text::keep(&body.bytes));
        if apart.is_none() {
            out.extend_from_slice(&body.bytes);
        }
        Self { rest: out.as_slice().into(), value, body: apart }
    }

    /// The request as it was.
    pub(crate) fn open(&self) -> Request {
        Parts(&self.rest).request(self).unwrap_or_default()
    }

    /// The response as it was, where it is one.
    pub(crate) fn open_response(&self) -> Response {
        Parts(&self.rest).response(self).unwrap_or_default()
    }
}

/// Those of the flags that are set.
fn flags(known: &[(u8, bool)]) -> u8 {
    known.iter().filter(|(_, set)| *set).fold(0, |all, (flag, _)| all | flag)
}

/// The flags that requests and responses have in common.
fn shared(head: &Head, body: &Body, times: Option<Times>) -> u8 {
    flags(&[
        (COMPLETE, body.complete),
        (DECODED, body.already_decoded),
        (TIMES, times.is_some()),
        (PARTIAL, head.partial),
    ])
}

/// Method and target as the first line says.
fn request_line(head: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr2(b'\r', b'\n', head)?;
    let line = head.get(..end)?;
    let first = memchr::memchr(b' ', line)?;
    let last = memchr::memrchr(b' ', line)?;
    Some((line.get(..first)?, line.get(first + 1..last)?))
}

fn text(out: &mut Vec<u8>, text: &[u8]) {
    varint::put(out, text.len() as u64);
    out.extend_from_slice(text);
}

fn frames(out: &mut Vec<u8>, map: &FrameMap) {
    varint::put(out, map.runs().len() as u64);
    let (mut at, mut last) = (0, 0);
    for &(start, frame) in map.runs() {
        varint::put(out, u64::from(start.wrapping_sub(at)));
        varint::put(out, frame.wrapping_sub(last));
        (at, last) = (start, frame);
    }
}

fn spans(out: &mut Vec<u8>, spans: &[FieldSpan]) {
    varint::put(out, spans.len() as u64);
    let mut at = 0_u32;
    for FieldSpan { name, value, indexing } in spans {
        for place in [name.start, name.end, value.start, value.end] {
            varint::put(out, u64::from(place.wrapping_sub(at)));
            at = place;
        }
        out.push(match indexing {
            Indexing::Plain => 0,
            Indexing::Indexed => 1,
            Indexing::Never => 2,
            Indexing::Unknown => 3,
        });
    }
}

/// What was packed and is not read yet.
struct Parts<'p>(&'p [u8]);

impl<'p> Parts<'p> {
    fn request(mut self, packed: &Packed) -> Option<Request> {
        let flags = self.byte()?;
        let has = |flag: u8| flags & flag != 0;
        let (mut method, mut target) = (String::new(), String::new());
        if !has(LINE) {
            method = string(self.text()?);
            target = string(self.text()?);
        }
        let scheme = if has(SCHEME) { Some(self.shared()?) } else { None };
        let host = if has(HOST) { Some(self.shared()?) } else { None };
        let (head, body, times) = self.message(packed, flags)?;
        if has(LINE) {
            let (first, second) = request_line(&head.bytes)?;
            (method, target) = (string(first), string(second));
        }
        Some(Request { method, target, scheme, host, head, body, times })
    }

    fn response(mut self, packed: &Packed) -> Option<Response> {
        let flags = self.byte()?;
        let status = u16::try_from(self.number()?).ok()?;
        let (head, body, times) = self.message(packed, flags)?;
        Some(Response { status, head, body, times })
    }

    fn message(mut self, packed: &Packed, flags: u8) -> Option<(Head, Body, Option<Times>)> {
        let has = |flag: u8| flags & flag != 0;
        let times = if has(TIMES) { Some((self.time()?, self.time()?)) } else { None };
        let (head_frames, body_frames) = (self.frames()?, self.frames()?);
        let total = self.number()?;
        let spans = self.spans()?;
        self.number()?;
        let mut bytes = Vec::with_capacity(SHARED + packed.value.as_ref().map_or(0, Text::len));
        lines::take(&mut self.0, &mut bytes)?;
        packed.value.iter().for_each(|value| value.write(&mut bytes));
        lines::take(&mut self.0, &mut bytes)?;
        let content = match &packed.body {
            Some(body) => {
                let mut content = Vec::with_capacity(body.len());
                body.write(&mut content);
                content
            }
            None => self.0.to_vec(),
        };
        let head = Head { bytes: bytes.into(), spans, frames: head_frames, partial: has(PARTIAL) };
        let body = Body {
            bytes: content.into(),
            total,
            complete: has(COMPLETE),
            told: false,
            already_decoded: has(DECODED),
            beginning: None,
            frames: body_frames,
        };
        Some((head, body, times))
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn number(&mut self) -> Option<u64> {
        varint::take(&mut self.0)
    }

    fn place(&mut self) -> Option<u32> {
        u32::try_from(self.number()?).ok()
    }

    fn text(&mut self) -> Option<&'p [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(text)
    }

    fn shared(&mut self) -> Option<String> {
        let mut text = Vec::new();
        lines::take(&mut self.0, &mut text)?;
        Some(string(&text))
    }

    fn time(&mut self) -> Option<Instant> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(Instant::from_nanos(i64::from_le_bytes(*bytes)))
    }

    fn frames(&mut self) -> Option<FrameMap> {
        let mut map = FrameMap::default();
        let (mut at, mut last) = (0_u32, 0_u64);
        for _ in 0..self.number()? {
            at = at.wrapping_add(self.place()?);
            last = last.wrapping_add(self.number()?);
            map.push(at as usize, last);
        }
        Some(map)
    }

    fn spans(&mut self) -> Option<Vec<FieldSpan>> {
        let many = usize::try_from(self.number()?).ok()?;
        let mut spans = Vec::with_capacity(many.min(crate::limits::HEAD_FIELDS));
        let mut at = 0_u32;
        for _ in 0..many {
            let mut next = || {
                at = at.wrapping_add(self.place()?);
                Some(at)
            };
            let (name, value) = (next()?..next()?, next()?..next()?);
            let indexing = match self.byte()? {
                0 => Indexing::Plain,
                1 => Indexing::Indexed,
                2 => Indexing::Never,
                _ => Indexing::Unknown,
            };
            spans.push(FieldSpan { name, value, indexing });
        }
        Some(spans)
    }
}

fn string(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(request: &Request) {
        assert_eq!(Packed::of(request).open(), *request);
        let Request { head, body, times, .. } = request.clone();
        let response = Response { status: 401, head, body, times };
        assert_eq!(Packed::of_response(&response).open_response(), response);
    }

    #[test]
    fn a_request_comes_back_as_it_was() {
        let token = format!("Bearer {}.{}.", "e".repeat(40), "x".repeat(2000));
        let fields =
            [(&b"Host"[..], &b"mail.contoso.example"[..]), (b"Authorization", token.as_bytes()), (b"a", b"")];
        let mut head = Head::from_pairs(fields);
        let line = b"POST /ews/exchange.asmx?a=b HTTP/1.1\r\n";
        for span in &mut head.spans {
            for range in [&mut span.name, &mut span.value] {
                *range = range.start + line.len() as u32..range.end + line.len() as u32;
            }
        }
        head.bytes = [&line[..], &head.bytes].concat().into();
        head.frames.push(0, 17);
        head.frames.push(1448, 18);
        head.frames.push(1448, 19);
        let request = Request {
            method: "POST".into(),
            target: "/ews/exchange.asmx?a=b".into(),
            scheme: None,
            host: Some("mail.contoso.example".into()),
            head,
            body: Body { bytes: vec![b'<'; 700].into(), total: 700, complete: true, ..Body::default() },
            times: Some((Instant::from_nanos(-5), Instant::from_nanos(i64::MAX))),
        };
        check(&request);
        let packed = Packed::of(&request);
        assert!(packed.rest.len() < 200 && packed.value.is_some() && packed.body.is_some());
        check(&Request { target: "/other".into(), scheme: Some("https".into()), ..request });
        check(&Request::default());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_request_comes_back(
            method in ".{0,9}",
            target in ".{0,40}",
            fields in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..9), prop::collection::vec(any::<u8>(), 0..400)), 0..6),
            body in prop::collection::vec(any::<u8>(), 0..400),
            runs in prop::collection::vec((any::<u16>(), any::<u32>()), 0..6),
            complete in any::<bool>(),
        ) {
            let mut head = Head::from_pairs(fields.iter().map(|(name, value)| (&name[..], &value[..])));
            let mut starts: Vec<_> = runs.clone();
            starts.sort_unstable();
            starts.iter().for_each(|(at, frame)| head.frames.push(usize::from(*at), u64::from(*frame)));
            let total = body.len() as u64 * 3;
            let body = Body { bytes: body.into(), total, complete, already_decoded: !complete, ..Body::default() };
            check(&Request { method, target, head, body, ..Request::default() });
        }
    }
}
