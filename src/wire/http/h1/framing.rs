//! Takes a head, gives how its body is delimited and what is odd about that. RFC 9112 6.

use crate::exchange::{Head, Oddity};
use crate::wire::http::message;
use crate::wire::stream::Direction;

/// Where a body ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Framing {
    /// There is none.
    None,
    /// After so many bytes.
    Length(u64),
    /// With its last chunk.
    Chunked,
    /// With the connection.
    Close,
    /// The head contradicts itself: nobody can say.
    Unknown,
}

/// What a head says about its message, gathered in one pass over the fields.
#[derive(Default)]
pub(super) struct Facts<'a> {
    length: Option<u64>,
    lengths: usize,
    length_bad: Option<&'static str>,
    chunked: bool,
    coded: bool,
    coding_bad: bool,
    coding_fields: usize,
    content_type: Option<&'a [u8]>,
    pub(super) host: Option<&'a [u8]>,
    pub(super) upgrade: Option<&'a [u8]>,
    pub(super) connection_upgrade: bool,
    pub(super) expects_continue: bool,
}

impl<'a> Facts<'a> {
    /// Reads the fields that matter here.
    pub(super) fn of(head: &'a Head) -> Self {
        let mut facts = Self::default();
        for field in head.fields_of(|length| matches!(length, 4 | 6 | 7 | 10 | 12 | 14 | 17)) {
            match field.name.len() {
                4 if field.is("host") => facts.host = facts.host.or(Some(field.value)),
                6 if field.is("expect") => facts.expects_continue |= has_word(field.value, "100-continue"),
                7 if field.is("upgrade") => facts.upgrade = facts.upgrade.or(Some(field.value)),
                10 if field.is("connection") => facts.connection_upgrade |= has_word(field.value, "upgrade"),
                12 if field.is("content-type") => {
                    facts.content_type = facts.content_type.or(Some(field.value))
                }
                14 if field.is("content-length") => facts.length(field.value),
                17 if field.is("transfer-encoding") => facts.coding(field.value),
                _ => {}
            }
        }
        facts
    }

    fn length(&mut self, value: &[u8]) {
        for part in value.split(|byte| *byte == b',') {
            self.lengths += 1;
            match number(part.trim_ascii()) {
                None => self.length_bad = Some("not a number of bytes"),
                Some(length) if self.length.is_some_and(|known| known != length) => {
                    self.length_bad = Some("several lengths that differ");
                }
                length => self.length = length,
            }
        }
    }

    fn coding(&mut self, value: &[u8]) {
        self.coding_fields += 1;
        for part in value.split(|byte| *byte == b',') {
            let name = part.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
            if name.eq_ignore_ascii_case(b"chunked") {
                self.coding_bad |= self.chunked;
                self.chunked = true;
            } else if !name.is_empty() && !name.eq_ignore_ascii_case(b"identity") {
                self.coded = true;
                // Chunked must be the last coding (RFC 9112 6.1).
                self.coding_bad |= self.chunked;
            }
        }
    }

    /// How the body is delimited. `bodiless`: the message has none whatever its fields say.
    pub(super) fn framing(
        &self,
        direction: Direction,
        bodiless: bool,
        old: bool,
        oddities: &mut Vec<Oddity>,
    ) -> Framing {
        let mut note = |name, detail: &str| oddities.push(Oddity { name, detail: detail.to_owned() });
        if self.coding_fields > 0 && self.lengths > 0 {
            note("http-length-conflict", "both Content-Length and Transfer-Encoding");
        }
        if let Some(why) = self.length_bad {
            note("http-length-conflict", &format!("Content-Length: {why}"));
        } else if self.lengths > 1 {
            note("http-length-repeated", "the same Content-Length several times");
        }
        if self.coding_fields > 0 && old {
            note("http-transfer-coding", "Transfer-Encoding in an HTTP/1.0 message");
        }
        if bodiless {
            return Framing::None;
        }
        if self.coding_bad || (self.coded && !self.chunked) {
            note("http-transfer-coding", "the last transfer coding is not chunked");
            return match direction {
                Direction::Sent => Framing::Unknown,
                Direction::Received => Framing::Close,
            };
        }
        if self.chunked {
            if self.coded {
                note("http-transfer-coding", "the body is coded below its chunks");
            }
            return Framing::Chunked;
        }
        if self.coding_fields > 0 {
            note("http-transfer-coding", "Transfer-Encoding names no coding");
        }
        match (self.length_bad, self.length, direction) {
            (Some(_), ..) => Framing::Unknown,
            (None, Some(0), _) | (None, None, Direction::Sent) => Framing::None,
            (None, Some(length), _) => Framing::Length(length),
            (None, None, Direction::Received) => Framing::Close,
        }
    }

    /// How many bytes of the body a check could use.
    pub(super) fn keeps(&self, direction: Direction) -> usize {
        message::keeps(direction, self.content_type, self.length)
    }
}

fn number(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0u64, |value, byte| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
        value.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

fn has_word(value: &[u8], word: &str) -> bool {
    value.split(|byte| *byte == b',').any(|part| part.trim_ascii().eq_ignore_ascii_case(word.as_bytes()))
}
