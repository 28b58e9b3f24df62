//! Takes the text of a token's header or payload, gives its members in order, with spans, duplicates kept.
//!
//! RFC 8259. The only JSON reader that tokens may use: an ordinary map would silently keep the last of
//! two members, and a rule must be able to point at a claim's bytes.

use std::ops::Range;

/// Why a text is not JSON.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{what} at byte {at}")]
pub struct JsonError {
    /// Byte offset in the text.
    pub at: usize,
    /// What was expected.
    pub what: &'static str,
}

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
        let mut twice: Vec<&str> = Vec::new();
        for (index, member) in self.members().iter().enumerate() {
            let seen = self.members().iter().take(index).any(|earlier| earlier.name == member.name);
            if seen && !twice.contains(&member.name.as_str()) {
                twice.push(&member.name);
            }
        }
        twice
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
    let _ = text;
    todo!("helper: tokens")
}
