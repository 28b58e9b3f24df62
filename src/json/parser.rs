//! Takes UTF-8 text, gives one value with spans. RFC 8259, nothing more lenient.

use std::ops::Range;

use super::{JsonError, Member, Node, Value};
use crate::limits;

/// A recursive descent with a bound on depth and on the number of values.
pub(super) struct Parser<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    nodes_left: usize,
}

type Parsed<T> = Result<T, JsonError>;

impl<'t> Parser<'t> {
    pub(super) const fn new(text: &'t str, nodes: usize) -> Self {
        Self { text, bytes: text.as_bytes(), at: 0, nodes_left: nodes }
    }

    pub(super) fn document(mut self) -> Parsed<Node> {
        self.blanks();
        let node = self.value(0)?;
        self.blanks();
        if self.at == self.bytes.len() { Ok(node) } else { Err(self.error("end of the text")) }
    }

    const fn error(&self, what: &'static str) -> JsonError {
        JsonError { at: self.at, what }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn value(&mut self, depth: usize) -> Parsed<Node> {
        self.nodes_left = self.nodes_left.checked_sub(1).ok_or(self.error(super::TOO_MANY))?;
        let start = self.at;
        let value = match self.peek() {
            Some(b'"') => Value::String(self.string()?),
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.array(depth)?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.word("true", Value::Bool(true))?,
            Some(b'f') => self.word("false", Value::Bool(false))?,
            Some(b'n') => self.word("null", Value::Null)?,
            _ => return Err(self.error("a value")),
        };
        Ok(Node { span: start..self.at, value })
    }

    fn word(&mut self, word: &'static str, value: Value) -> Parsed<Value> {
        if !self.bytes.get(self.at..).unwrap_or_default().starts_with(word.as_bytes()) {
            return Err(self.error("a value"));
        }
        self.at += word.len();
        Ok(value)
    }

    fn number(&mut self) -> Parsed<Value> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(Value::Number(self.slice(start..self.at).to_owned()))
    }

    fn digits(&mut self) -> Parsed<()> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start { Err(self.error("a digit")) } else { Ok(()) }
    }

    fn slice(&self, range: Range<usize>) -> &'t str {
        self.text.get(range).unwrap_or_default()
    }

    /// A string; the cursor stands on its opening quote.
    fn string(&mut self) -> Parsed<String> {
        self.at += 1;
        let mut text: Option<String> = None;
        loop {
            let start = self.at;
            let rest = self.bytes.get(start..).unwrap_or_default();
            let Some(run) = memchr::memchr2(b'"', b'\\', rest) else {
                self.at = self.bytes.len();
                return Err(self.error("the end of a string"));
            };
            // The whole run at once, which a processor does many bytes at a time; then the place.
            let plain = rest.get(..run).unwrap_or_default();
            if plain.iter().fold(false, |any, &byte| any | (byte < 0x20)) {
                self.at = start + plain.iter().position(|&byte| byte < 0x20).unwrap_or_default();
                return Err(self.error("no control character in a string"));
            }
            self.at = start + run;
            let plain = self.slice(start..self.at);
            if self.peek() == Some(b'"') {
                self.at += 1;
                return Ok(match text {
                    None => plain.to_owned(),
                    Some(mut text) => {
                        text.push_str(plain);
                        text
                    }
                });
            }
            let text = text.get_or_insert_default();
            text.push_str(plain);
            text.push(self.escape()?);
        }
    }

    /// An escape; the cursor stands on its backslash.
    fn escape(&mut self) -> Parsed<char> {
        let known = match self.bytes.get(self.at + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(),
            _ => return Err(self.error("an escape")),
        };
        self.at += 2;
        Ok(known)
    }

    /// `\uXXXX`, or two of them for a character beyond the basic plane (RFC 8259 section 7). Half a pair alone is
    /// in the grammar (section 8.2), as a name cut inside a character leaves it: it stands for no character.
    fn unicode(&mut self) -> Parsed<char> {
        let first = self.unit(self.at).ok_or(self.error("four hexadecimal digits"))?;
        if !(0xd800..0xe000).contains(&first) {
            self.at += 6;
            return char::from_u32(first).ok_or(self.error("a character"));
        }
        let second = self.unit(self.at + 6);
        match second {
            Some(low @ 0xdc00..0xe000) if first < 0xdc00 => {
                self.at += 12;
                char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (low - 0xdc00))
                    .ok_or(self.error("a character"))
            }
            _ => {
                self.at += 6;
                Ok(char::REPLACEMENT_CHARACTER)
            }
        }
    }

    /// The code unit of a `\uXXXX` at `at`.
    fn unit(&self, at: usize) -> Option<u32> {
        let escape = self.bytes.get(at..at + 6)?;
        let digits = escape.strip_prefix(b"\\u")?;
        digits.iter().try_fold(0, |value, &digit| Some(value << 4 | char::from(digit).to_digit(16)?))
    }

    fn object(&mut self, depth: usize) -> Parsed<Value> {
        self.enter(depth)?;
        // A token's payload has about ten members; growing from four twice costs more than this.
        let mut members = Vec::with_capacity(12);
        loop {
            self.blanks();
            match self.peek() {
                Some(b'}') if members.is_empty() => break,
                Some(b'"') => {}
                _ => return Err(self.error("a member name")),
            }
            let start = self.at;
            let name = self.string()?;
            let span = start..self.at;
            self.blanks();
            if self.peek() != Some(b':') {
                return Err(self.error("a colon"));
            }
            self.at += 1;
            self.blanks();
            let value = self.value(depth + 1)?;
            members.push(Member { name, span, value });
            self.blanks();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                _ => return Err(self.error("a comma or a closing brace")),
            }
        }
        self.at += 1;
        // A capture may hold a hundred thousand tokens.
        members.shrink_to_fit();
        Ok(Value::Object(members))
    }

    fn array(&mut self, depth: usize) -> Parsed<Value> {
        self.enter(depth)?;
        let mut elements = Vec::new();
        self.blanks();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::Array(elements));
        }
        loop {
            self.blanks();
            elements.push(self.value(depth + 1)?);
            self.blanks();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                _ => return Err(self.error("a comma or a closing bracket")),
            }
        }
        self.at += 1;
        Ok(Value::Array(elements))
    }

    fn enter(&mut self, depth: usize) -> Parsed<()> {
        if depth >= limits::JSON_DEPTH {
            return Err(self.error(super::TOO_DEEP));
        }
        self.at += 1;
        Ok(())
    }
}
