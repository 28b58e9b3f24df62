//! Takes an exchange, gives every token in it with the place it stood at.
//!
//! RFC 6750 (header, form field, query), RFC 6265 (cookies), RFC 7521 (assertions), RFC 8693 names, and the
//! fields of SharePoint apps. A value of a field that carries tokens by its name is a token even when it is
//! no JWT; anywhere else only a JWT is one.

/// Message bodies: forms, JSON, XML, text.
mod body;
/// Header fields.
mod header;
/// `name=value` pairs of queries and forms.
mod params;
/// JWTs in any bytes.
mod scan;

use std::borrow::Cow;
use std::ops::Range;

use super::store::{Hint, TokenStore};
use super::{Half, Location, Sighting};
use crate::exchange::{Exchange, ExchangeKey, FrameMap, Head, Request};
use crate::wire::http::body::Glimpse;
pub(crate) use body::may_hold_token;
pub use scan::jwts;

/// What was found in an exchange, and seen on the way.
#[derive(Debug)]
pub struct Found<'e> {
    /// The tokens.
    pub sightings: Vec<Sighting>,
    /// The beginning of a large XML answer of which only that was searched.
    pub glimpse: Option<Glimpse<'e>>,
    /// Whether the content of the request was searched, and holds nothing that names or begins a token.
    pub tokenless_request: bool,
}

/// Finds the tokens of one exchange, in both halves, and remembers them in `store`.
pub fn in_exchange(exchange: &Exchange, store: &mut TokenStore) -> Vec<Sighting> {
    search(exchange, store, false).sightings
}

/// The same for one who has no use for tokens deep inside of large XML answers: of those only the
/// beginning is searched, and given on.
pub fn in_use<'e>(exchange: &'e Exchange, store: &mut TokenStore) -> Found<'e> {
    search(exchange, store, true)
}

fn search<'e>(exchange: &'e Exchange, store: &mut TokenStore, brief: bool) -> Found<'e> {
    let mut finder = Finder::new(store, exchange.key, Half::Request);
    finder.brief = brief;
    if let Some(request) = &exchange.request {
        finder.target(request);
        finder.head(&request.head);
        finder.body(&request.head, &request.body);
    }
    finder.half = Half::Response;
    if let Some(response) = &exchange.response {
        finder.head(&response.head);
        finder.body(&response.head, &response.body);
    }
    let Finder { sightings, glimpse, tokenless_request, .. } = finder;
    Found { sightings, glimpse, tokenless_request }
}

/// Finds the tokens in plain text that stood at byte `offset` of an input, outside any message.
pub fn in_text(text: &[u8], input: u32, offset: u64, store: &mut TokenStore) -> Vec<Sighting> {
    let exchange = ExchangeKey { input, frame: offset, sub: 0 };
    let mut finder = Finder::new(store, exchange, Half::Text);
    let at = |range: Range<usize>| {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        start.saturating_add(range.start)..start.saturating_add(range.end)
    };
    for range in jwts(text) {
        let token = text.get(range.clone()).unwrap_or_default();
        finder.add(token, Hint::None, "text".into(), at(range), Vec::new(), false);
    }
    finder.sightings
}

/// What is gathered while one exchange is read.
struct Finder<'s, 'e> {
    store: &'s mut TokenStore,
    exchange: ExchangeKey,
    half: Half,
    sightings: Vec<Sighting>,
    /// Search large XML answers by their beginning.
    brief: bool,
    /// That beginning.
    glimpse: Option<Glimpse<'e>>,
    /// See [`Found::tokenless_request`].
    tokenless_request: bool,
}

impl<'s> Finder<'s, '_> {
    fn new(store: &'s mut TokenStore, exchange: ExchangeKey, half: Half) -> Self {
        Self {
            store,
            exchange,
            half,
            sightings: Vec::new(),
            brief: false,
            glimpse: None,
            tokenless_request: false,
        }
    }

    fn add(
        &mut self,
        text: &[u8],
        hint: Hint,
        part: Cow<'static, str>,
        bytes: Range<usize>,
        frames: Vec<u64>,
        presented: bool,
    ) {
        let (token, _) = self.store.intern(text, hint);
        let location = Location { half: self.half, part, bytes };
        self.store.seen(token, self.exchange, &location);
        let role = self.store.role(token, hint);
        self.sightings.push(Sighting { token, role, location, frames, presented });
    }

    /// The request target: query parameters, and JWTs in its path.
    fn target(&mut self, request: &Request) {
        let target = request.target.as_bytes();
        // A token in a target takes more room than most targets have.
        if target.len() < 16 {
            return;
        }
        let base = target_at(request);
        let frames = |range: Range<usize>| match base {
            Some(base) => request.head.frames.frames(base + range.start..base + range.end),
            None => whole(&request.head.frames, request.head.bytes.len()),
        };
        let query = memchr::memchr(b'?', target).map_or(target.len(), |at| at + 1);
        for range in jwts(target.get(..query).unwrap_or_default()) {
            let text = target.get(range.clone()).unwrap_or_default();
            self.add(text, Hint::None, "path".into(), range.clone(), frames(range), true);
        }
        for found in params::tokens(target, query..target.len()) {
            let part = format!("query.{}", found.name);
            self.add(&found.text, found.hint, part.into(), found.bytes.clone(), frames(found.bytes), true);
        }
    }
}

/// Where the target stands in the head's bytes: only HTTP/1 heads begin with it.
fn target_at(request: &Request) -> Option<usize> {
    let head: &Head = &request.head;
    let at = request.method.len() + 1;
    let there = head.bytes.get(at..at + request.target.len())?;
    (head.bytes.starts_with(request.method.as_bytes()) && there == request.target.as_bytes()).then_some(at)
}

fn whole(frames: &FrameMap, length: usize) -> Vec<u64> {
    if frames.is_empty() { Vec::new() } else { frames.frames(0..length) }
}

/// What a field says about its value by its name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct FieldKind {
    hint: Hint,
    /// Whether a request that carries it uses the token as its credential.
    presented: bool,
}

/// The fields that carry tokens: of forms and queries (RFC 6749, 6750, 7521, 8693; SharePoint's app pages),
/// and of JSON bodies.
fn field_kind(name: &str) -> Option<FieldKind> {
    const FIELDS: [(&str, Hint, bool); 18] = [
        ("access_token", Hint::Access, true),
        ("accesstoken", Hint::Access, true),
        ("spapptoken", Hint::Access, true),
        ("appcontext", Hint::Access, true),
        ("appcontexttoken", Hint::Access, true),
        ("assertion", Hint::Assertion, false),
        ("client_assertion", Hint::Assertion, false),
        ("id_token", Hint::Id, false),
        ("id_token_hint", Hint::Id, false),
        ("idtoken", Hint::Id, false),
        ("refresh_token", Hint::Refresh, false),
        ("refreshtoken", Hint::Refresh, false),
        ("actor_token", Hint::Access, false),
        ("subject_token", Hint::Access, false),
        ("actortoken", Hint::Access, false),
        ("logon_token", Hint::None, false),
        ("bearer_token", Hint::Access, true),
        ("authtoken", Hint::Access, true),
    ];
    // Names are short: this runs for every field of every form.
    if !(7..=16).contains(&name.len()) {
        return None;
    }
    FIELDS
        .iter()
        .find(|(known, ..)| name.eq_ignore_ascii_case(known))
        .map(|&(_, hint, presented)| FieldKind { hint, presented })
}

/// A name as it may stand in a location: what is long or odd is cut.
fn tidy(name: &str) -> String {
    name.chars().filter(|letter| !letter.is_control()).take(64).collect()
}

/// For fuzzing: any bytes, searched for tokens.
#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    let mut store = TokenStore::default();
    in_text(data, 0, 0, &mut store);
    store.finalise();
}

#[cfg(test)]
mod tests;
