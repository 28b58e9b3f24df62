//! Takes a token, gives what its repeated members leave open: readers differ in which of two values they take.
//!
//! RFC 7519 section 4: a parser refuses such a token, or takes the last of them. Here the first is judged, which may
//! not be the one that Exchange takes; so the check that rests on it is not established.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::checks::CheckId;
use crate::json::{Node, Value};
use crate::token::actor;
use crate::token::{Role, Token};

/// The checks that rest on a member which stands in the token with several values, and why.
pub(super) fn unclear(token: &Token) -> Vec<(CheckId, String)> {
    let reason = |(check, name): (CheckId, &str)| {
        (
            check,
            format!(
                "a token holds `{name}` twice with different values, and readers differ in which they take: find out \
                 what built it"
            ),
        )
    };
    let header = token.header().map(differing).unwrap_or_default().into_iter();
    let header = header.filter(|name| matches!(*name, "alg" | "x5t" | "x5t#S256" | "kid" | "crit"));
    let claims = token.claims().map(differing).unwrap_or_default().into_iter();
    let claims = claims.filter_map(|name| Some((check_of(token, name)?, name)));
    header.map(|name| (CheckId::Signature, name)).chain(claims).map(reason).collect()
}

/// The check that rests on a claim.
fn check_of(token: &Token, name: &str) -> Option<CheckId> {
    let entra = matches!(token.role, Role::Access | Role::Id);
    match name {
        "nbf" | "exp" => Some(CheckId::Lifetime),
        "aud" => Some(CheckId::Audience),
        "iss" => Some(CheckId::Issuer),
        "tid" if entra => Some(CheckId::Issuer),
        _ if token.application_claim() == Some(name) => Some(CheckId::Issuer),
        _ if actor::CLAIMS.contains(&name) => Some(CheckId::Signature),
        _ => None,
    }
}

/// Names of members that stand there more than once, with different values.
fn differing(node: &Node) -> Vec<&str> {
    // Nearly every token ends here.
    let either = node.members().iter().filter(|member| actor::CLAIMS.contains(&member.name.as_str())).count();
    if either < 2 && node.repeated().is_empty() {
        return Vec::new();
    }
    // What the first of a name says, and whether another was seen to say something else.
    let room = node.members().len();
    let mut firsts: HashMap<&str, (&Value, bool), RandomState> =
        HashMap::with_capacity_and_hasher(room, RandomState::default());
    let mut names = Vec::new();
    for member in node.members() {
        let name = known_as(&member.name);
        let (first, differs) = firsts.entry(name).or_insert((&member.value.value, false));
        if !*differs && **first != member.value.value {
            *differs = true;
            names.push(name);
        }
    }
    names
}

/// The name of a claim; the actor token has two, of which either is read.
fn known_as(name: &str) -> &str {
    if actor::CLAIMS.contains(&name) { actor::CLAIMS[0] } else { name }
}
