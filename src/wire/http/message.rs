//! Takes the pieces of one message as they are found, gives the message. Shared by `h1` and `h2`.

use super::packed::Packed;
use super::{body, pool};
use crate::base::{Beginning, Instant};
use crate::exchange::{Body, Enough, FrameMap, Head, Oddity, Request, Response};
use crate::limits;
use crate::wire::stream::{Direction, FrameRef};

/// Which half of an exchange a message is, while it is read.
#[derive(Debug)]
pub(super) enum Half {
    Request(Requested),
    Response(Box<Response>),
}

/// A request, as it is or kept small.
#[derive(Debug)]
pub(super) struct Requested {
    whole: Option<Box<Request>>,
    small: Option<Box<Packed>>,
}

impl Requested {
    /// The request as it is.
    pub(super) fn open(&mut self) -> &mut Box<Request> {
        let small = &mut self.small;
        self.whole.get_or_insert_with(|| opened(small.take()))
    }

    fn into_open(self) -> Box<Request> {
        self.whole.unwrap_or_else(|| opened(self.small))
    }
}

/// One of both is there.
fn opened(small: Option<Box<Packed>>) -> Box<Request> {
    Box::new(small.map(|small| small.open()).unwrap_or_default())
}

impl From<Request> for Half {
    fn from(request: Request) -> Self {
        Self::Request(Requested { whole: Some(Box::new(request)), small: None })
    }
}

impl From<Response> for Half {
    fn from(response: Response) -> Self {
        Self::Response(Box::new(response))
    }
}

/// A half that is over.
#[derive(Debug)]
pub(super) enum Whole {
    Request(Box<Request>),
    Response(Box<Response>),
}

/// A message that is being read.
#[derive(Debug)]
pub(super) struct Message {
    /// Its exchange.
    pub(super) id: u64,
    pub(super) half: Half,
    pub(super) old: bool,
    kept: Vec<u8>,
    /// How many bytes of the body to keep.
    pub(super) keep: usize,
    /// How many bytes the body will have, as far as its head says.
    pub(super) announced: Option<u64>,
    /// Asked once, when [`limits::ANSWER_LOOK`] bytes are there, whether they are enough.
    enough: Option<Enough>,
    told: bool,
    beginning: Option<Beginning>,
    map: FrameMap,
    /// Bytes of the body on the wire.
    pub(super) total: u64,
    /// The end of its head is missing.
    pub(super) cut: bool,
    /// Something is missing.
    pub(super) broken: bool,
    /// The request is unknown: it may have been `HEAD`.
    pub(super) doubt: bool,
    pub(super) first: FrameRef,
    last: FrameRef,
    pub(super) oddities: Vec<Oddity>,
    /// What to do when it is over.
    pub(super) may_change: bool,
}

/// Room that is made at once for a body, whatever its head claims.
const BODY_RESERVED: usize = 64 << 10;

impl Message {
    pub(super) fn new(half: Half, old: bool, first: FrameRef, last: FrameRef, oddities: Vec<Oddity>) -> Self {
        Self {
            id: u64::MAX,
            half,
            old,
            kept: Vec::new(),
            keep: 0,
            announced: None,
            enough: None,
            told: false,
            beginning: None,
            map: FrameMap::default(),
            total: 0,
            cut: false,
            broken: false,
            doubt: false,
            first,
            last,
            oddities,
            may_change: false,
        }
    }

    /// Of a large answer in XML no more is kept than its beginning, when `enough` says that it tells everything.
    pub(super) fn look_early(&mut self, enough: Option<Enough>) {
        let Half::Response(response) = &self.half else { return };
        if self.keep > limits::ANSWER_LOOK
            && response.head.text("content-type").is_some_and(|kind| body::is_xml(kind.as_bytes()))
        {
            self.enough = enough;
        }
    }

    /// Adds content. Gives where it begins among what is kept, unless nothing of it is.
    pub(super) fn content(&mut self, bytes: &[u8]) -> Option<usize> {
        self.total = self.total.saturating_add(bytes.len() as u64);
        let at = self.kept.len();
        let Some(enough) = self.enough else { return self.put(bytes).then_some(at) };
        let (first, rest) =
            bytes.split_at_checked(limits::ANSWER_LOOK.saturating_sub(at)).unwrap_or((bytes, &[]));
        let kept = self.put(first);
        if self.kept.len() >= limits::ANSWER_LOOK {
            self.enough = None;
            self.look(enough);
            self.put(rest);
        }
        kept.then_some(at)
    }

    /// Looks at the beginning, and keeps no more when it is enough.
    fn look(&mut self, enough: Enough) {
        let Half::Response(response) = &self.half else { return };
        let Some(seen) = body::look(&response.head, &self.kept) else { return };
        // What ends here may go on: another member of gzip may follow.
        if !seen.whole && enough(&seen.bytes) {
            self.keep = self.kept.len();
            self.told = true;
            self.beginning = seen.beginning();
        }
    }

    /// Keeps bytes as far as they are wanted; whether any was.
    fn put(&mut self, bytes: &[u8]) -> bool {
        let room = self.keep.saturating_sub(self.kept.len());
        let take = bytes.get(..bytes.len().min(room)).unwrap_or_default();
        if self.broken || take.is_empty() {
            return false;
        }
        if self.kept.is_empty() {
            let announced = self.announced.map_or(0, |length| usize::try_from(length).unwrap_or(0));
            self.kept = match (announced, self.enough) {
                (1..pool::BODY, _) => {
                    // A short one of known length has a size of its own: many requests wait for their answers.
                    Vec::with_capacity(announced.min(self.keep).max(take.len()))
                }
                (_, Some(_)) => pool::take_for(limits::ANSWER_LOOK.max(take.len())),
                (0, None) => pool::take(),
                (_, None) => pool::take_for(announced.min(BODY_RESERVED).min(self.keep).max(take.len())),
            };
        }
        self.kept.extend_from_slice(take);
        true
    }

    /// Says where the bytes from `at` on came from.
    pub(super) fn carried(&mut self, at: usize, frames: &[FrameRef]) {
        for frame in frames {
            self.map.push(at, frame.number);
        }
    }

    /// Notes that a frame carried bytes of this message.
    pub(super) fn touch(&mut self, frames: &[FrameRef]) {
        if let Some(last) = frames.last() {
            self.last = *last;
        }
    }

    /// Adds an oddity once.
    pub(super) fn note(&mut self, name: &'static str, detail: &str) {
        if !self.oddities.iter().any(|known| known.name == name) {
            self.oddities.push(Oddity { name, detail: detail.to_owned() });
        }
    }

    /// Keeps a request small until its body is there: a capture may hold many of them at once.
    pub(super) fn pack(&mut self) {
        if let Half::Request(requested) = &mut self.half
            && let Some(request) = requested.whole.take()
        {
            requested.small = Some(Box::new(Packed::of(&request)));
        }
    }

    /// The head of either half.
    pub(super) fn head_mut(&mut self) -> &mut Head {
        match &mut self.half {
            Half::Request(requested) => &mut requested.open().head,
            Half::Response(response) => &mut response.head,
        }
    }

    /// The finished half with its first and last frame and its oddities.
    pub(super) fn finish(self, complete: bool) -> (u64, Whole, (u64, u64), Vec<Oddity>) {
        let body = Body {
            bytes: pool::bytes(self.kept),
            total: self.total,
            complete: complete && !self.broken,
            already_decoded: false,
            told: self.told,
            beginning: self.beginning,
            frames: self.map,
        };
        let times: Option<(Instant, Instant)> = self.first.time.zip(self.last.time);
        let whole = match self.half {
            Half::Request(requested) => {
                let mut request = requested.into_open();
                (request.body, request.times) = (body, times);
                Whole::Request(request)
            }
            Half::Response(mut response) => {
                (response.body, response.times) = (body, times);
                Whole::Response(response)
            }
        };
        (self.id, whole, (self.first.number, self.last.number), self.oddities)
    }
}

/// How many bytes of a body a check could use.
pub(super) fn keeps(direction: Direction, content_type: Option<&[u8]>, length: Option<u64>) -> usize {
    match (direction, content_type) {
        (Direction::Sent, None) => limits::BODY_KEPT,
        (Direction::Received, None) => limits::BODY_UNTYPED_KEPT,
        (_, Some(kind)) if !body::may_matter(direction, kind) => 0,
        (Direction::Received, _) if length > Some(limits::BODY_KEPT as u64) => limits::BODY_HEAD_KEPT,
        _ => limits::BODY_KEPT,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::limits::{ANSWER_GLIMPSE, ANSWER_LOOK};

    fn answer(fields: &[(&[u8], &[u8])], pieces: &[&[u8]], enough: Option<Enough>) -> Body {
        let head = Head::from_pairs(fields.iter().copied());
        let frame = FrameRef { number: 1, time: None };
        let half = Response { status: 200, head, ..Response::default() }.into();
        let mut message = Message::new(half, false, frame, frame, Vec::new());
        message.keep = limits::BODY_KEPT;
        message.look_early(enough);
        for piece in pieces {
            message.content(piece);
        }
        let (_, Whole::Response(response), ..) = message.finish(true) else { panic!("a response") };
        response.body
    }

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    fn text(length: usize) -> Vec<u8> {
        (0..)
            .flat_map(|number: u64| number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_string().into_bytes())
            .take(length)
            .collect()
    }

    const XML: (&[u8], &[u8]) = (b"Content-Type", b"Text/XML; charset=utf-8");
    const GZIP: (&[u8], &[u8]) = (b"Content-Encoding", b"gzip");
    const ENOUGH: Option<Enough> = Some(|_| true);

    #[test]
    fn of_an_answer_whose_beginning_is_enough_no_more_is_kept_however_it_is_cut() {
        let plain = text(60_000);
        let coded = gzip(&plain);
        assert!(coded.len() > 2 * ANSWER_LOOK);
        for (fields, bytes) in [(&[XML][..], &plain), (&[XML, GZIP], &coded)] {
            let whole = answer(fields, &[bytes], ENOUGH);
            assert_eq!(whole.bytes, bytes[..ANSWER_LOOK]);
            assert_eq!((whole.total, whole.complete, whole.told), (bytes.len() as u64, true, true));
            let head = Head::from_pairs(fields.iter().copied());
            let seen = body::glimpse(&head, &whole).unwrap();
            assert_eq!((&seen.bytes[..], seen.whole), (&plain[..ANSWER_GLIMPSE], false));
            for size in [1, 1000, 1448, ANSWER_LOOK, ANSWER_LOOK + 1] {
                let pieces: Vec<&[u8]> = bytes.chunks(size).collect();
                assert_eq!(answer(fields, &pieces, ENOUGH), whole, "{size}");
            }
        }
    }

    #[test]
    fn everything_else_is_kept_whole() {
        let plain = text(20_000);
        let coded = gzip(&plain);
        let members = [gzip(&text(1000)), coded.clone()].concat();
        let json: (&[u8], &[u8]) = (b"Content-Type", b"application/json");
        let odd: (&[u8], &[u8]) = (b"Content-Type", b"text/xml\xff");
        let brotli: (&[u8], &[u8]) = (b"Content-Encoding", b"br");
        let never: Option<Enough> = Some(|_| false);
        for (fields, bytes, enough) in [
            (&[XML][..], &plain, None),
            (&[XML, GZIP], &coded, never),
            (&[json], &plain, ENOUGH),
            (&[odd], &plain, ENOUGH),
            (&[], &plain, ENOUGH),
            (&[XML, brotli], &coded, ENOUGH),
            (&[XML, GZIP], &plain, ENOUGH),
        ] {
            let body = answer(fields, &[bytes], enough);
            assert_eq!(
                (&body.bytes[..], body.told, &body.beginning),
                (&bytes[..], false, &None),
                "{fields:?}"
            );
        }
        assert_eq!(answer(&[XML, GZIP], &[&members], ENOUGH).bytes.len(), members.len());
        let short = &plain[..ANSWER_LOOK - 1];
        assert_eq!(answer(&[XML], &[short], ENOUGH).bytes, short);
    }
}
