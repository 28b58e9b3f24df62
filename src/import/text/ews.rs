//! Takes what the EWS Managed API traces (EWSEditor, scripts with `TraceEnabled`), gives the messages in it.
//!
//! ```text
//! <Trace Tag="EwsRequestHttpHeaders" Tid="9" Time="2026-11-23 06:49:26Z">
//! POST /EWS/Exchange.asmx HTTP/1.1
//! Authorization: Bearer …
//!
//! </Trace>
//! <Trace Tag="EwsRequest" Tid="9" Time="2026-11-23 06:49:26Z" Version="15.00.0847.030">
//!   <?xml version="1.0" encoding="utf-8"?>
//! ```
//!
//! The same with `Autodiscover` for `Ews`. Heads are escaped as text of XML, bodies are indented anew; the host is not
//! among the fields, and neither are credentials that .NET adds by itself, of which the trace therefore tells nothing
//! (`OfficeDev/ews-managed-api`, `Core/EwsUtilities.cs`).

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use memchr::memmem;

use super::assembled::{Assembled, Extent, Pair, Piece};
use crate::base::Instant;
use crate::import::{raw, when};

const BEGINNING: &[u8] = b"<Trace Tag=\"";
const END: &[u8] = b"</Trace>";

/// Whether a text is such a trace, with the heads of messages.
pub(super) fn is_trace(text: &[u8]) -> bool {
    blocks(text).any(|block| matches!(block.part(), Some((_, true))))
}

/// Whether a text is such a trace, which has no heads.
pub(super) fn is_headless(text: &[u8]) -> bool {
    let mut bodies = blocks(text).filter_map(|block| block.part());
    bodies.any(|(_, head)| !head) && !is_trace(text)
}

/// One `<Trace>`.
struct Block<'t> {
    range: Range<usize>,
    tag: &'t str,
    thread: &'t str,
    time: Option<Instant>,
    content: &'t [u8],
}

impl Block<'_> {
    /// Whether it is part of a request, and whether the head of one.
    fn part(&self) -> Option<(bool, bool)> {
        let part = self.tag.strip_prefix("Ews").or_else(|| self.tag.strip_prefix("Autodiscover"))?;
        match part {
            "RequestHttpHeaders" => Some((true, true)),
            "ResponseHttpHeaders" => Some((false, true)),
            "Request" => Some((true, false)),
            "Response" => Some((false, false)),
            _ => None,
        }
    }
}

fn blocks(text: &[u8]) -> impl Iterator<Item = Block<'_>> {
    let mut from = 0;
    let (beginning, end) = (memmem::Finder::new(BEGINNING), memmem::Finder::new(END));
    std::iter::from_fn(move || {
        loop {
            let start = from + beginning.find(text.get(from..)?)?;
            from = start + BEGINNING.len();
            let rest = text.get(start..)?;
            let Some(close) = rest.iter().take(400).position(|byte| *byte == b'>') else { continue };
            let Ok(attributes) = std::str::from_utf8(rest.get(..close)?) else { continue };
            let value = |name: &str| attributes.split_once(name)?.1.split('"').next();
            let content = rest.get(close + 1..)?;
            // A trace that was cut is used up to there.
            let next = beginning.find(content).unwrap_or(content.len());
            let found = end.find(content.get(..next)?);
            let length = found.unwrap_or(next);
            let behind = found.map_or(next, |length| length + END.len());
            from = start + close + 1 + behind;
            return Some(Block {
                range: start..from,
                tag: value("Tag=\"")?,
                thread: value("Tid=\"").unwrap_or_default(),
                time: value("Time=\"").and_then(when::parse).map(|(at, _)| at),
                content: content.get(..length)?.trim_ascii(),
            });
        }
    })
}

/// The messages in such a trace.
pub(super) fn messages(text: &[u8]) -> Assembled {
    let mut pairs: Vec<Pair> = Vec::new();
    let mut last: HashMap<&str, usize> = HashMap::new();
    let (mut rest, mut copied) = (Vec::new(), 0);
    for block in blocks(text) {
        let Some((is_request, is_head)) = block.part() else { continue };
        let piece = || {
            let bytes = [&unescaped(block.content)[..], b"\n\n"].concat();
            let seen = raw::beginning(&bytes).is_some_and(|(head, _)| head.get("authorization").is_some());
            Piece { bytes, time: block.time, extent: Extent::Told, hides_credentials: !seen }
        };
        let own = last.get(block.thread).copied();
        let used = match (is_request, is_head) {
            (true, true) => {
                last.insert(block.thread, pairs.len());
                pairs.push(Pair { request: Some(piece()), response: None });
                true
            }
            (false, true) => {
                // What began on one thread may end on another.
                let open = |at: &usize| pairs.get(*at).is_some_and(|pair| pair.response.is_none());
                let at = own.filter(open).or_else(|| pairs.len().checked_sub(1).filter(open));
                let at = at.unwrap_or_else(|| {
                    pairs.push(Pair::default());
                    pairs.len() - 1
                });
                last.insert(block.thread, at);
                if let Some(pair) = pairs.get_mut(at) {
                    pair.response = Some(piece());
                }
                true
            }
            (_, false) => {
                let pair = own.and_then(|at| pairs.get_mut(at));
                let half = pair.map(|pair| if is_request { &mut pair.request } else { &mut pair.response });
                let piece = half.and_then(Option::as_mut).filter(|piece| piece.bytes.ends_with(b"\n\n"));
                let used = piece.is_some();
                if let Some(piece) = piece {
                    let markup = block.content.starts_with(b"<");
                    let body = if markup { Cow::Borrowed(block.content) } else { unescaped(block.content) };
                    piece.bytes.extend_from_slice(&body);
                    piece.extent = Extent::Whole;
                }
                used
            }
        };
        if used {
            rest.extend_from_slice(text.get(copied..block.range.start).unwrap_or_default());
            copied = block.range.end;
        }
    }
    rest.extend_from_slice(text.get(copied..).unwrap_or_default());
    Assembled::of(pairs, rest)
}

/// Text of XML as it was.
fn unescaped(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'&', text).is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'&', rest) {
        let (before, entity) = rest.split_at(at);
        out.extend_from_slice(before);
        let known: [(&[u8], u8); 6] = [
            (b"&lt;", b'<'),
            (b"&gt;", b'>'),
            (b"&amp;", b'&'),
            (b"&quot;", b'"'),
            (b"&apos;", b'\''),
            (b"&#xD;", b'\r'),
        ];
        let found = known.into_iter().find(|(name, _)| entity.starts_with(name));
        let (length, byte) = found.map_or((1, b'&'), |(name, byte)| (name.len(), byte));
        out.push(byte);
        rest = entity.get(length..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(tag: &str, thread: u8, content: &str) -> String {
        format!(
            "<Trace Tag=\"{tag}\" Tid=\"{thread}\" Time=\"2026-11-23 06:49:26Z\">\r\n{content}\r\n</Trace>\r\n"
        )
    }

    #[test]
    fn heads_and_bodies_are_put_together_thread_by_thread() {
        let head = "POST /EWS/Exchange.asmx HTTP/1.1\nX: a &lt;b&gt; &amp;c\nAuthorization: Bearer\n\n";
        let text = [
            block("EwsRequestHttpHeaders", 1, head),
            block("EwsRequest", 1, "  <?xml version=\"1.0\"?>\r\n  <x/>"),
            block(
                "AutodiscoverRequestHttpHeaders",
                2,
                "GET /autodiscover/autodiscover.svc HTTP/1.1\nA: b\n\n",
            ),
            block("EwsResponseHttpHeaders", 1, "HTTP/1.1 200 OK\nServer: s\n\n"),
            block("EwsResponse", 1, "  <ok/>"),
            block("DebugMessage", 1, "Autodiscover service discarded."),
            block("AutodiscoverResponseHttpHeaders", 3, "HTTP/1.1 401 Unauthorized\nServer: s\n\n"),
        ]
        .concat();
        assert!(is_trace(text.as_bytes()) && !is_headless(text.as_bytes()));
        let made = messages(text.as_bytes());
        assert_eq!(
            made.shown(),
            [
                "POST /EWS/Exchange.asmx HTTP/1.1\nX: a <b> &c\nAuthorization: Bearer\n\n<?xml version=\"1.0\"?>\r\n  <x/>",
                "HTTP/1.1 200 OK\nServer: s\n\n<ok/>",
                "GET /autodiscover/autodiscover.svc HTTP/1.1\nA: b\n\n",
                "HTTP/1.1 401 Unauthorized\nServer: s\n\n",
            ]
        );
        let requests: Vec<&Piece> = made.pairs.iter().filter_map(|pair| pair.request.as_ref()).collect();
        assert_eq!(requests[0].time.map(Instant::seconds), Some(1_795_416_566));
        assert_eq!([requests[0].hides_credentials, requests[1].hides_credentials], [false, true]);
        assert!(String::from_utf8_lossy(&made.rest).contains("discarded"));
    }

    #[test]
    fn a_trace_that_is_cut_or_has_no_heads_is_no_reason_to_stop() {
        let head = block("EwsRequestHttpHeaders", 1, "POST /EWS HTTP/1.1\nA: b\n\n");
        let cut = head.trim_end().trim_end_matches("</Trace>");
        let again = messages([cut, &head].concat().as_bytes());
        assert_eq!(again.shown(), ["POST /EWS HTTP/1.1\nA: b\n\n"; 2]);
        let bodies = block("EwsRequest", 1, "<x/>");
        assert!(is_headless(bodies.as_bytes()) && !is_trace(bodies.as_bytes()));
        assert_eq!(messages(bodies.as_bytes()).shown(), [""; 0]);
        for text in ["", "<Trace Tag=\"", "<Trace Tag=\"EwsRequest", "<Trace Tag=\"Other\">x</Trace>"] {
            assert!(!is_trace(text.as_bytes()) && !is_headless(text.as_bytes()), "{text}");
        }
    }
}
