//! Takes the parts of messages that a tool wrote apart from one another, gives messages in a text of their own.

use bytes::Bytes;

use super::Message;
use crate::base::Instant;
use crate::import::raw;

/// How much of the body is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Extent {
    /// The message tells.
    Told,
    /// All of it, written anew: its length is another one.
    Whole,
    /// The tool left out a part.
    Cut,
}

/// One message, whole as far as the tool told it.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) bytes: Vec<u8>,
    pub(super) time: Option<Instant>,
    pub(super) extent: Extent,
    /// Whether credentials may have been sent that the tool does not see.
    pub(super) hides_credentials: bool,
}

/// A request and its response.
#[derive(Debug, Default)]
pub(super) struct Pair {
    pub(super) request: Option<Piece>,
    pub(super) response: Option<Piece>,
}

/// What a text told.
#[derive(Debug, Default)]
pub(super) struct Assembled {
    /// Responses to requests that are not there come first: they are not those of any that is.
    pub(super) pairs: Vec<Pair>,
    /// What belongs to no message.
    pub(super) rest: Vec<u8>,
}

impl Assembled {
    /// Puts pairs in order. What has no fields is no message: whether it had some is not known, so it is told as one that
    /// is left out.
    pub(super) fn of(pairs: Vec<Pair>, mut rest: Vec<u8>) -> Self {
        let mut usable = |piece: &Piece| {
            let usable = raw::beginning(&piece.bytes).is_some_and(|(head, _)| !head.spans.is_empty());
            if !usable {
                rest.push(b'\n');
                rest.extend_from_slice(piece.bytes.trim_ascii());
                rest.extend_from_slice(b"\n\n");
            }
            usable
        };
        let checked: Vec<Pair> = pairs
            .into_iter()
            .map(|pair| Pair {
                request: pair.request.filter(&mut usable),
                response: pair.response.filter(&mut usable),
            })
            .collect();
        let (mut pairs, asked): (Vec<Pair>, Vec<Pair>) =
            checked.into_iter().partition(|pair| pair.request.is_none());
        pairs.extend(asked);
        Self { pairs, rest }
    }

    /// The messages, and the text that they stand in.
    pub(super) fn place(self) -> (Vec<u8>, Vec<Message>) {
        let mut text = Vec::new();
        let mut messages = Vec::new();
        for Pair { request, response } in self.pairs {
            for (piece, is_request) in [(request, true), (response, false)] {
                let Some(Piece { bytes, time, extent, hides_credentials }) = piece else { continue };
                let start = text.len();
                text.extend_from_slice(&bytes);
                messages.push(Message {
                    range: start..text.len(),
                    bytes: Bytes::from(bytes),
                    is_request,
                    open: None,
                    from_curl: false,
                    time,
                    extent,
                    hides_credentials,
                });
                text.push(b'\n');
            }
        }
        text.extend_from_slice(&self.rest);
        (text, messages)
    }

    #[cfg(test)]
    pub(super) fn shown(&self) -> Vec<String> {
        let pieces = self.pairs.iter().flat_map(|pair| pair.request.iter().chain(&pair.response));
        pieces.map(|piece| String::from_utf8_lossy(&piece.bytes).into_owned()).collect()
    }
}
