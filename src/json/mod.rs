//! Takes the text of a token's header or payload, gives its members in order, with spans, duplicates kept.
//!
//! RFC 8259. The only JSON reader that tokens may use: an ordinary map would silently keep the last of
//! two members, and a rule must be able to point at a claim's bytes.

/// Readable dumps of tokens in text.
pub mod dump;
/// The recursive descent.
mod parser;

use std::collections::HashSet;
use std::ops::Range;

use foldhash::fast::RandomState;

use crate::limits;

/// Why a text is not JSON.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{what} at byte {at}")]
pub struct JsonError {
    /// Byte offset in the text.
    pub at: usize,
    /// What was expected.
    pub what: &'static str,
}

/// What [`JsonError`] says at the bound on nesting.
pub(crate) const TOO_DEEP: &str = "less nesting";
/// What [`JsonError`] says at the bound on members and elements.
pub(crate) const TOO_MANY: &str = "fewer members and elements";

/// One value with its place in the text.
#[derive(Clone, PartialEq, Debug)]
pub struct Node {
    /// Byte range of the value in the text.
    pub span: Range<usize>,
    /// The value.
    pub value: Value,
}

/// A JSON value. Numbers stay text: nothing is rounded.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// The digits as written.
    Number(String),
    /// Unescaped.
    String(String),
    /// Elements in order.
    Array(Vec<Node>),
    /// Members in order, duplicates kept.
    Object(Vec<Member>),
}

/// One member of an object.
#[derive(Clone, PartialEq, Debug)]
pub struct Member {
    /// The name, unescaped.
    pub name: String,
    /// Byte range of the name with its quotes.
    pub span: Range<usize>,
    /// The value.
    pub value: Node,
}

impl Node {
    /// The members of an object; empty for other values.
    pub fn members(&self) -> &[Member] {
        match &self.value {
            Value::Object(members) => members,
            _ => &[],
        }
    }

    /// The first member named `name`.
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.members().iter().find(|member| member.name == name).map(|member| &member.value)
    }

    /// Names that occur more than once, in the order of their second occurrence.
    pub fn duplicates(&self) -> Vec<&str> {
        let mut told = HashSet::with_hasher(RandomState::default());
        let again = self.repeated().into_iter().filter_map(|at| Some(self.members().get(at)?.name.as_str()));
        again.filter(|name| told.insert(*name)).collect()
    }

    /// Places of the members whose name stands further ahead, too, in order.
    pub fn repeated(&self) -> Vec<usize> {
        if !self.may_repeat() {
            return Vec::new();
        }
        let members = self.members();
        let mut known = HashSet::with_capacity_and_hasher(members.len(), RandomState::default());
        let again = members.iter().enumerate().filter(|(_, member)| !known.insert(member.name.as_str()));
        again.map(|(at, _)| at).collect()
    }

    /// Whether two members may have one name. Every token is asked, and nearly none repeats a name: a few bytes of each
    /// tell most objects.
    fn may_repeat(&self) -> bool {
        let mut seen = [0_u64; 4];
        self.members().iter().any(|member| {
            let name = member.name.as_bytes();
            let [first, middle, last] = [0, name.len() / 2, name.len().wrapping_sub(1)]
                .map(|at| u32::from(name.get(at).copied().unwrap_or_default()));
            let length = u32::try_from(name.len()).unwrap_or(u32::MAX);
            let mixed = (first | middle << 8 | last << 16 | length << 24).wrapping_mul(0x9e37_79b1);
            let (word, bit) = ((mixed >> 30) as usize, 1 << (mixed >> 24 & 63));
            let before = seen[word] & bit != 0;
            seen[word] |= bit;
            before
        })
    }

    /// The text of a string value.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The digits of a number value, as written.
    pub fn number(&self) -> Option<&str> {
        match &self.value {
            Value::Number(text) => Some(text),
            _ => None,
        }
    }

    /// A boolean value.
    pub fn as_bool(&self) -> Option<bool> {
        match self.value {
            Value::Bool(value) => Some(value),
            _ => None,
        }
    }
}

/// Parses one JSON text; white space around it is allowed, anything else after it is an error.
///
/// # Errors
/// When the text is not JSON, or nests or grows beyond `limits::JSON_DEPTH` and `limits::JSON_NODES`.
pub fn parse(text: &[u8]) -> Result<Node, JsonError> {
    parse_bounded(text, limits::JSON_NODES)
}

/// The same with a bound of its own on members and elements: message bodies are larger than tokens.
///
/// # Errors
/// As [`parse`].
pub fn parse_bounded(text: &[u8], nodes: usize) -> Result<Node, JsonError> {
    let text =
        std::str::from_utf8(text).map_err(|error| JsonError { at: error.valid_up_to(), what: "UTF-8" })?;
    parser::Parser::new(text, nodes).document()
}

/// Entry for fuzzing: a text that parses has spans that lie inside it and nest.
#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    fn walk(node: &Node, within: &Range<usize>) {
        assert!(within.start <= node.span.start && node.span.end <= within.end);
        match &node.value {
            Value::Array(elements) => elements.iter().for_each(|element| walk(element, &node.span)),
            Value::Object(members) => members.iter().for_each(|member| walk(&member.value, &node.span)),
            _ => {}
        }
    }
    if let Ok(node) = parse(data) {
        walk(&node, &(0..data.len()));
    }
}

#[cfg(test)]
mod tests;
