//! Takes the JSON of a token's header or payload, gives it one member a line, with the place of each.
//!
//! What text, HTML and Markdown show of a token. A token inside is a reference, secrets are masked, hostile
//! characters are escaped, long values are cut and counted.

use std::ops::Range;

use super::escape::{shorten, terminal};
use super::mask::{Mask, stand_in};
use super::numbers::Order;
use crate::base::Instant;
use crate::json::{Node, Value};
use crate::token::Token;
use crate::token::store::TokenStore;

/// Characters of one value that are shown.
const VALUE_SHOWN: usize = 400;

/// Members of one object that are shown.
const MEMBERS_SHOWN: usize = 100;

/// JSON in lines, and where its members stand.
#[derive(Clone, Debug, Default)]
pub struct Pretty {
    /// The lines.
    pub text: String,
    /// For each top-level member: name, range of its value in the text.
    pub members: Vec<(String, Range<usize>)>,
}

impl Pretty {
    /// Where a member stands; the last of repeated ones.
    pub fn member(&self, name: &str) -> Option<Range<usize>> {
        self.members.iter().rev().find(|(known, _)| known == name).map(|(_, range)| range.clone())
    }
}

/// Writes the claims or the header of a token, one member a line.
pub fn pretty(node: &Node, token: &Token, store: &TokenStore, order: &Order, mask: Mask) -> Pretty {
    let inside = token.actor.and_then(|actor| Some((store.get(actor)?, order.number(actor))));
    let mut pretty = Pretty { text: "{\n".into(), members: Vec::new() };
    let members = node.members();
    for (index, member) in members.iter().take(MEMBERS_SHOWN).enumerate() {
        let value = match (&member.value.value, inside) {
            (Value::String(text), Some((actor, number))) if text.as_bytes() == &actor.text[..] => {
                match number {
                    Some(number) => format!("<token {number}>"),
                    None => "<token>".into(),
                }
            }
            _ => one_line(&member.value, mask, mask.hides(&member.name)),
        };
        pretty.text.push_str("  ");
        pretty.text.push_str(&format!("{}: ", quoted(&member.name)));
        let from = pretty.text.len();
        pretty.text.push_str(&value);
        pretty.members.push((member.name.clone(), from..pretty.text.len()));
        let last = index + 1 == members.len();
        pretty.text.push_str(if last { "\n" } else { ",\n" });
    }
    let more = members.len().saturating_sub(MEMBERS_SHOWN);
    if more > 0 {
        pretty.text.push_str(&format!("  … {more} more\n"));
    }
    pretty.text.push('}');
    pretty
}

/// A time claim as a date, for the reader.
pub fn date(name: &str, node: &Node) -> Option<String> {
    if !matches!(name, "exp" | "nbf" | "iat" | "auth_time") {
        return None;
    }
    let text = node.number().or(node.as_str())?;
    let seconds: i64 = text.split('.').next()?.parse().ok()?;
    Some(Instant::from_seconds(seconds).to_string())
}

fn quoted(text: &str) -> String {
    let clean = terminal(&shorten(text, VALUE_SHOWN)).replace('"', "\\\"");
    format!("\"{clean}\"")
}

/// `hidden`: its name promises a secret.
fn one_line(node: &Node, mask: Mask, hidden: bool) -> String {
    match &node.value {
        Value::Null => "null".into(),
        Value::Bool(value) => value.to_string(),
        Value::Number(text) | Value::String(text) if hidden => quoted(&stand_in(text.as_bytes())),
        Value::Number(text) => shorten(text, VALUE_SHOWN).into_owned(),
        Value::String(text) => quoted(&mask.text(text)),
        Value::Array(items) => {
            let shown: Vec<_> =
                items.iter().take(MEMBERS_SHOWN).map(|item| one_line(item, mask, hidden)).collect();
            shorten(&format!("[{}]", shown.join(", ")), VALUE_SHOWN).into_owned()
        }
        Value::Object(members) => {
            let one = |member: &crate::json::Member| {
                let hidden = hidden || mask.hides_among(&member.name, members);
                format!("{}: {}", quoted(&member.name), one_line(&member.value, mask, hidden))
            };
            let shown: Vec<_> = members.iter().take(MEMBERS_SHOWN).map(one).collect();
            shorten(&format!("{{{}}}", shown.join(", ")), VALUE_SHOWN).into_owned()
        }
    }
}
