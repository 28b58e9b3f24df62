//! Tokens as the page shows them: each unfolded, with its actor inside.

use std::io;

use askama::Template;

use crate::checks::judge::Judgement;
use crate::report::claims::{date, pretty};
use crate::report::escape::terminal;
use crate::report::json::model::location;
use crate::report::mask::Mask;
use crate::report::numbers::Order;
use crate::report::{Inspection, Verification};
use crate::token::TokenId;
use crate::token::store::TokenStore;

/// Tokens that are shown; those in scope come first.
const TOKENS: usize = 200;

#[derive(Template)]
#[template(path = "token.html")]
struct TokenView {
    number: usize,
    open: bool,
    role: &'static str,
    name: Option<String>,
    scope: Option<&'static str>,
    signature: Option<&'static str>,
    fingerprint: String,
    place: Option<String>,
    key: Option<String>,
    dates: Vec<(&'static str, String)>,
    parts: Vec<String>,
    inside: String,
}

struct Shown<'r> {
    store: &'r TokenStore,
    order: &'r Order,
    judgement: Option<&'r Judgement>,
    mask: Mask,
}

/// The tokens of an inspection, and how many were left out.
pub(super) fn of_inspection(inspection: &Inspection, mask: Mask) -> io::Result<(Vec<String>, usize)> {
    Shown { store: &inspection.tokens, order: &inspection.order, judgement: None, mask }.all()
}

/// The tokens of a verification, and how many were left out.
pub(super) fn of_verification(verification: &Verification, mask: Mask) -> io::Result<(Vec<String>, usize)> {
    let judgement = &verification.judgement;
    Shown { store: &judgement.tokens, order: &verification.order, judgement: Some(judgement), mask }.all()
}

impl Shown<'_> {
    fn all(&self) -> io::Result<(Vec<String>, usize)> {
        let outermost =
            |id: &&TokenId| self.store.visit(**id, |token| token.carried_by.is_empty()).unwrap_or_default();
        let mut ids: Vec<TokenId> = self.order.tokens().iter().filter(outermost).copied().collect();
        let left_out = ids.len().saturating_sub(TOKENS);
        if left_out > 0 {
            // Stable: the order of first sightings remains within both groups.
            ids.sort_by_key(|id| !self.in_scope(*id));
            ids.truncate(TOKENS);
        }
        let html: io::Result<Vec<_>> = ids.into_iter().map(|id| self.one(id, 0)).collect();
        Ok((html?, left_out))
    }

    fn in_scope(&self, id: TokenId) -> bool {
        self.judgement.and_then(|judgement| judgement.judged.get(&id)).is_some_and(|(in_scope, _)| *in_scope)
    }

    fn one(&self, id: TokenId, depth: usize) -> io::Result<String> {
        let (Some(token), Some(number)) = (self.store.get(id), self.order.number(id)) else {
            return Ok(String::new());
        };
        let judged = self.judgement.and_then(|judgement| judgement.judged.get(&id));
        let first = self.store.sightings(id).and_then(|seen| seen.first.as_ref());
        let inside = match token.actor.filter(|_| depth < crate::limits::TOKEN_DEPTH) {
            Some(actor) => self.one(actor, depth + 1)?,
            None => String::new(),
        };
        let nodes = [token.header(), token.claims()].into_iter().flatten();
        let dates = ["iat", "nbf", "exp"]
            .into_iter()
            .filter_map(|name| Some((name, date(name, token.claims()?.get(name)?)?)));
        let view = TokenView {
            number,
            open: depth > 0 || self.judgement.is_none_or(|_| self.in_scope(id)),
            role: token.role.name(),
            name: token.application().map(|name| terminal(&self.mask.name(&name)).into_owned()),
            scope: self.judgement.map(|_| if self.in_scope(id) { "in scope" } else { "not in scope" }),
            signature: judged.map(|(_, signature)| signature.state),
            fingerprint: token.fingerprint.to_string(),
            place: first.map(|(_, at)| terminal(&location(token, at, self.store)).into_owned()),
            key: judged
                .and_then(|(_, signature)| signature.key.as_deref())
                .map(|key| terminal(key).into_owned()),
            dates: dates.collect(),
            parts: nodes.map(|node| pretty(node, token, self.store, self.order, self.mask).text).collect(),
            inside,
        };
        view.render().map_err(io::Error::other)
    }
}
