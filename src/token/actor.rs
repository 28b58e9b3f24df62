//! Takes an outer token's claims, gives the text of the actor token inside.
//!
//! [MS-XOAUTH] prints the claim as `actortoken` in its text and `actort` in its examples: both are read.

use std::ops::Range;

use crate::json::{Node, Value};

/// The claims that carry an actor token, the usual one first.
pub const CLAIMS: [&str; 2] = ["actortoken", "actort"];

/// An actor token inside a payload.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Nested<'c> {
    /// The claim's name.
    pub claim: &'static str,
    /// The token's text.
    pub text: &'c str,
    /// Its bytes in the payload, when it is written without escapes; else of the whole value.
    pub span: Range<usize>,
}

/// The actor token of these claims; of several the first. A `Bearer` before it is dropped.
pub fn nested(claims: &Node) -> Option<Nested<'_>> {
    claims.members().iter().find_map(|member| {
        let claim = CLAIMS.into_iter().find(|name| *name == member.name)?;
        let Value::String(whole) = &member.value.value else { return None };
        let bare = whole.trim();
        let text = bare.split_at_checked(7).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer "));
        let text = text.map_or(bare, |(_, rest)| rest.trim_start());
        let plain = member.value.span.len() == whole.len() + 2 && text.len() == whole.len();
        let span = if plain {
            member.value.span.start + 1..member.value.span.end - 1
        } else {
            member.value.span.clone()
        };
        Some(Nested { claim, text, span })
    })
}
