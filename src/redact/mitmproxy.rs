//! Takes a mitmproxy flow dump, gives the same flows, redacted. `mitmproxy/io/tnetstring.py`.
//!
//! The tree of each flow is written again with new lengths; members that are not known stay unless they
//! hold a secret. What a proxy saw of TCP, UDP, DNS and WebSocket is taken out: nothing tells what it means.

use super::body::Travelled;
use super::{RedactError, Redactor};
use crate::exchange::Head;
use crate::import::mitmproxy::tnetstring::Value;
use crate::limits;

/// A value that can be changed.
enum Tree {
    Leaf(Vec<u8>, u8),
    List(Vec<Self>),
    /// Keys with their type bytes, and values.
    Dictionary(Vec<(Vec<u8>, u8, Self)>),
}

const BYTES: u8 = b',';
const TEXT: u8 = b';';

/// Members of a message whose lists are header fields.
const FIELDS: [&[u8]; 2] = [b"headers", b"trailers"];

fn read(value: Value<'_>, depth: usize) -> Option<Tree> {
    if depth > limits::EXPORT_DEPTH {
        return None;
    }
    Some(match value.kind() {
        b']' => Tree::List(
            children(value)?.into_iter().map(|child| read(child, depth + 1)).collect::<Option<_>>()?,
        ),
        b'}' => {
            let children = children(value)?;
            let mut members = Vec::new();
            for pair in children.chunks(2) {
                let [key, value] = pair else { return None };
                members.push((key.data().to_vec(), key.kind(), read(*value, depth + 1)?));
            }
            Tree::Dictionary(members)
        }
        kind => Tree::Leaf(value.data().to_vec(), kind),
    })
}

/// All elements; `None` where they do not fill the value.
fn children(value: Value<'_>) -> Option<Vec<Value<'_>>> {
    let mut rest = value.data();
    let mut all = Vec::new();
    while !rest.is_empty() {
        let (child, after) = Value::read(rest).ok()?;
        all.push(child);
        rest = after;
    }
    Some(all)
}

impl Tree {
    fn write(&self, out: &mut Vec<u8>) {
        let mut data = Vec::new();
        let kind = match self {
            Self::Leaf(bytes, kind) => {
                data.extend_from_slice(bytes);
                *kind
            }
            Self::List(elements) => {
                elements.iter().for_each(|element| element.write(&mut data));
                b']'
            }
            Self::Dictionary(members) => {
                for (key, kind, value) in members {
                    Self::Leaf(key.clone(), *kind).write(&mut data);
                    value.write(&mut data);
                }
                b'}'
            }
        };
        out.extend_from_slice(format!("{}:", data.len()).as_bytes());
        out.extend(data);
        out.push(kind);
    }

    fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Leaf(bytes, BYTES | TEXT) => Some(bytes),
            _ => None,
        }
    }

    fn get_mut(&mut self, names: &[&str]) -> Option<&mut Self> {
        let Self::Dictionary(members) = self else { return None };
        members
            .iter_mut()
            .find(|(key, ..)| names.iter().any(|name| key == name.as_bytes()))
            .map(|(.., value)| value)
    }

    fn pairs(&self) -> Vec<(&[u8], &[u8])> {
        let Self::List(pairs) = self else { return Vec::new() };
        pairs
            .iter()
            .filter_map(|pair| match pair {
                Self::List(pair) => Some((pair.first()?.bytes()?, pair.get(1)?.bytes()?)),
                _ => None,
            })
            .collect()
    }
}

impl Redactor {
    /// The whole dump.
    pub(super) fn flows(&mut self, bytes: &[u8]) -> Result<Vec<u8>, RedactError> {
        let mut out = Vec::with_capacity(bytes.len());
        let mut rest = bytes;
        let mut index = 0_u64;
        while !rest.is_empty() {
            let at = bytes.len() - rest.len();
            let damaged =
                || RedactError::Unreadable(format!("is cut or damaged in flow {index} (at byte {at})"));
            let (value, after) = Value::read(rest).map_err(|_| damaged())?;
            let mut flow = read(value, 0).ok_or_else(damaged)?;
            self.flow(&mut flow);
            flow.write(&mut out);
            rest = after;
            index += 1;
        }
        Ok(out)
    }

    fn flow(&mut self, flow: &mut Tree) {
        for half in ["request", "response"] {
            if let Some(message) = flow.get_mut(&[half]) {
                self.flow_message(message);
            }
        }
        for holder in ["messages", "websocket"] {
            if let Some(value) = flow.get_mut(&[holder]) {
                self.empty_messages(value);
            }
        }
        let Tree::Dictionary(members) = flow else { return };
        for (key, _, value) in members {
            if key == b"request" || key == b"response" {
                continue;
            }
            // Connections are full of names that look random: ciphers, identifiers.
            let random = self.random;
            self.random &= !key.ends_with(b"_conn");
            self.anything(value, key);
            self.random = random;
        }
    }

    /// Messages of other protocols keep their number and direction, not their content.
    fn empty_messages(&mut self, value: &mut Tree) {
        match value {
            Tree::Leaf(bytes, BYTES | TEXT) if bytes.len() >= 4 => {
                self.messages_removed += 1;
                bytes.clear();
            }
            Tree::Leaf(..) => {}
            Tree::List(elements) => elements.iter_mut().for_each(|element| self.empty_messages(element)),
            Tree::Dictionary(members) => {
                members
                    .iter_mut()
                    .filter(|(key, ..)| key.as_slice() == b"messages")
                    .for_each(|(.., value)| self.empty_messages(value));
            }
        }
    }

    fn flow_message(&mut self, message: &mut Tree) {
        let fields = message.get_mut(&["headers"]).map(|fields| Head::from_pairs(fields.pairs()));
        let head = fields.unwrap_or_default();
        let media = head.get("content-type").unwrap_or_default().to_vec();
        let mut decoded = None;
        if let Some(Tree::Leaf(body, BYTES | TEXT)) = message.get_mut(&["content", "body"])
            && let Travelled::New(new) = self.travelled(&head, &media, body)
        {
            decoded = Some(new.len());
            *body = new;
        }
        let Tree::Dictionary(members) = message else { return };
        for (key, _, value) in members {
            match key.as_slice() {
                b"content" | b"body" => {}
                name if FIELDS.contains(&name) => self.field_list(value, decoded),
                b"path" => self.change(value, Self::address),
                b"host" | b"authority" if value.bytes().is_some_and(|value| value.contains(&b'@')) => {
                    self.change(value, Self::authority);
                }
                name => {
                    let name = name.to_vec();
                    self.anything(value, &name);
                }
            }
        }
    }

    /// `[[name, value], …]`; `length`: of a body that is no longer coded.
    fn field_list(&mut self, list: &mut Tree, length: Option<usize>) {
        let Tree::List(fields) = list else { return };
        if length.is_some() {
            fields.retain(|field| {
                let name = match field {
                    Tree::List(pair) => pair.first().and_then(Tree::bytes),
                    _ => None,
                };
                !name.is_some_and(|name| {
                    name.eq_ignore_ascii_case(b"content-encoding")
                        || name.eq_ignore_ascii_case(b"transfer-encoding")
                })
            });
        }
        for field in fields {
            let Tree::List(pair) = field else { continue };
            let Some(name) = pair.first().and_then(Tree::bytes).map(<[u8]>::to_vec) else { continue };
            let Some(Tree::Leaf(value, _)) = pair.get_mut(1) else { continue };
            if let (Some(length), true) = (length, name.eq_ignore_ascii_case(b"content-length")) {
                *value = length.to_string().into_bytes();
            } else if let Some(new) = self.field(&name, value) {
                *value = new;
            }
        }
    }

    fn change(&mut self, value: &mut Tree, with: impl FnOnce(&mut Self, &[u8]) -> Option<Vec<u8>>) {
        if let Tree::Leaf(bytes, BYTES | TEXT) = value
            && let Some(new) = with(self, bytes)
        {
            *bytes = new;
        }
    }

    /// A member whose meaning is not known. Certificates are public.
    fn anything(&mut self, value: &mut Tree, name: &[u8]) {
        match value {
            Tree::Leaf(_, BYTES | TEXT) => {
                let public = matches!(name, b"certificate_list" | b"cert" | b"mitmcert" | b"id");
                let secret = super::names::is_secret(name);
                self.change(value, |this, bytes| {
                    if secret { this.secret_value(name, bytes) } else { this.value(bytes, !public) }
                });
            }
            Tree::Leaf(..) => {}
            Tree::List(elements) => elements.iter_mut().for_each(|element| self.anything(element, name)),
            Tree::Dictionary(members) => {
                for (key, _, value) in members {
                    self.anything(value, key);
                }
            }
        }
    }
}
