//! Takes a stream and a path, asks it by HTTP/1.1, gives the exchange. The answer is bounded in time (by
//! the line's deadline) and in size. RFC 9112; read by the same decoder as recorded traffic.

use std::io::{Read, Write};

use super::dial::reason;
use crate::base::Instant;
use crate::exchange::{Exchange, ExchangeKey, Request, Response};
use crate::limits;
use crate::wire::http::h1::Http1;
use crate::wire::http::{Finished, Outbox};
use crate::wire::stream::{Chunk, Direction, End, FrameRef, StreamEvent};

/// What to ask.
pub(super) struct Ask<'a> {
    /// The `Host` field.
    pub(super) host: &'a str,
    /// The target: a path, or for a proxy without tunnel the whole URL.
    pub(super) target: &'a str,
    /// Whether to send an empty `Bearer`.
    pub(super) bearer: bool,
    /// `http` or `https`.
    pub(super) scheme: &'static str,
}

/// Asks; gives the exchange as far as it came, and why it is not whole.
pub(super) fn ask(stream: &mut (impl Read + Write), what: &Ask<'_>) -> (Option<Finished>, Option<String>) {
    let bearer = if what.bearer { "Authorization: Bearer\r\n" } else { "" };
    let request = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: oauthtrace/{}\r\nAccept: */*\r\n{bearer}Connection: close\r\n\r\n",
        what.target,
        what.host,
        env!("CARGO_PKG_VERSION"),
    );
    let mut reading = Reading::default();
    reading.push(Direction::Sent, request.as_bytes());
    if let Err(error) = stream.write_all(request.as_bytes()).and_then(|()| stream.flush()) {
        return (None, Some(reason(&error)));
    }
    let trouble = reading.answer(stream);
    let Some(mut finished) = reading.finish() else {
        return (None, Some(trouble.unwrap_or_else(|| "the answer is no HTTP".to_owned())));
    };
    if let Some(request) = &mut finished.request {
        request.scheme.get_or_insert_with(|| what.scheme.to_owned());
    }
    match &finished.response {
        Some(response) if response.body.complete => (Some(finished), None),
        Some(_) => (Some(finished), Some(trouble.unwrap_or_else(|| "the answer ended early".to_owned()))),
        None => (None, Some(trouble.unwrap_or_else(|| "the answer is no HTTP".to_owned()))),
    }
}

#[derive(Default)]
struct Reading {
    decoder: Http1,
    out: Outbox,
    frames: u64,
}

impl Reading {
    fn push(&mut self, direction: Direction, bytes: &[u8]) {
        self.frames += 1;
        let frame = [FrameRef { number: self.frames, time: Some(Instant::now()) }];
        self.decoder.push(direction, StreamEvent::Data(Chunk { bytes, frames: &frame }), &mut self.out);
    }

    /// Reads until the answer is whole; gives why it did not come so far.
    fn answer(&mut self, stream: &mut impl Read) -> Option<String> {
        let mut buffer = [0; 16 << 10];
        let mut total = 0;
        loop {
            match stream.read(&mut buffer) {
                Ok(0) => return self.ended(total),
                Ok(count) => {
                    total += count as u64;
                    self.push(Direction::Received, buffer.get(..count).unwrap_or_default());
                }
                // Many servers end TLS without close_notify.
                Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof && total > 0 => {
                    return self.ended(total);
                }
                Err(error) => return Some(reason(&error)),
            }
            if !self.out.exchanges.is_empty() {
                return None;
            }
            if total > limits::PROBE_ANSWER_BYTES {
                return Some(format!("the answer is longer than {} bytes", limits::PROBE_ANSWER_BYTES));
            }
        }
    }

    fn ended(&mut self, total: u64) -> Option<String> {
        self.decoder.push(Direction::Received, StreamEvent::End(End::Fin), &mut self.out);
        (total == 0).then(|| "the server closed the connection without an answer".to_owned())
    }

    fn finish(mut self) -> Option<Finished> {
        self.decoder.finish(&mut self.out);
        self.out.exchanges.into_iter().next()
    }
}

/// The exchange of a question: without frames, since nothing was recorded.
pub(super) fn exchange(finished: Finished, key: ExchangeKey, connection: u32) -> Exchange {
    let bare = |head: &mut crate::exchange::Head, body: &mut crate::exchange::Body| {
        head.frames = Default::default();
        body.frames = Default::default();
    };
    let request = finished.request.map(|mut request: Box<Request>| {
        bare(&mut request.head, &mut request.body);
        request
    });
    let response = finished.response.map(|mut response: Box<Response>| {
        bare(&mut response.head, &mut response.body);
        response
    });
    Exchange {
        key,
        connection: Some(connection),
        frames: None,
        until: None,
        client: None,
        server: None,
        protocol: finished.protocol,
        tls: None,
        request,
        response,
        oddities: finished.oddities,
    }
}
