//! Takes token texts as they are seen, gives each distinct one an identity and a single parse.
//!
//! A capture repeats a token thousands of times; one hash of its text decides whether it is known. Stores
//! of several threads are merged, and numbered at the end by what was seen, not by who saw it.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;

use super::jwt::{Fault, Jwt};
use super::{Half, Location, Role, Token, TokenId, actor, role};
use crate::base::Fingerprint;
use crate::exchange::ExchangeKey;
use crate::limits;

/// What the place of a token says about its role, where the content does not. Several places may say
/// several things: the strongest wins, in the order of this list, whichever was seen first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Hint {
    /// Nothing.
    #[default]
    None,
    /// An `access_token` field.
    Access,
    /// An `id_token` field.
    Id,
    /// An `assertion` or `client_assertion` field.
    Assertion,
    /// A `refresh_token` field.
    Refresh,
}

impl Hint {
    const COUNT: usize = 5;
    /// All, weakest first.
    pub(super) const ALL: [Self; Self::COUNT] =
        [Self::None, Self::Access, Self::Id, Self::Assertion, Self::Refresh];
}

/// The distinct tokens of a run.
///
/// While they are gathered, a token has the role that its content gives it by itself; what a place adds is
/// asked with [`TokenStore::role`], so that it does not matter which place was seen first. At the end it has
/// the role that the strongest place gives it.
#[derive(Clone, Debug, Default)]
pub struct TokenStore {
    tokens: Vec<Token>,
    uses: Vec<Uses>,
    /// Tokens as places say that they are, where the content alone says otherwise.
    placed: HashMap<(TokenId, Role), Box<Token>>,
    /// Keyed with a seed of this process: a capture is hostile and must not be able to choose collisions.
    known: HashMap<Bytes, TokenId, foldhash::fast::RandomState>,
    /// What was not read because of a bound, and how often. The texts name bounds only, so they are few.
    unread: BTreeMap<String, u64>,
}

/// Where and how often a token was seen; for a nested token, where the tokens that carry it were.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Seen {
    /// The first [`limits::EVIDENCE_LISTED`] exchanges by key, ascending, each once.
    pub exchanges: Vec<ExchangeKey>,
    /// How many exchanges in all.
    pub count: u64,
    /// The sighting with the smallest key, and the earliest place within that exchange: orders tokens
    /// the same way however the work was divided. A nested token has the place of its carrier.
    pub first: Option<(ExchangeKey, Location)>,
}

/// What is known of a token's places.
#[derive(Clone, Debug)]
struct Uses {
    seen: Seen,
    /// Nesting at the first sighting: an actor token comes after its outer.
    first_depth: usize,
    /// The last sighting: a token may stand twice in one exchange.
    last: Option<ExchangeKey>,
    /// The strongest hint of all places.
    hint: Hint,
    /// The role by each hint.
    roles: [Role; Hint::COUNT],
}

impl TokenStore {
    /// Remembers a token and the tokens inside it. Gives its identity and whether it was new. The text is
    /// copied when it is new, so that a token does not keep its message alive.
    pub fn intern(&mut self, text: &[u8], hint: Hint) -> (TokenId, bool) {
        self.intern_at(text, hint, 0)
    }

    fn intern_at(&mut self, text: &[u8], hint: Hint, depth: usize) -> (TokenId, bool) {
        if let Some(&id) = self.known.get(text) {
            self.hinted(id, hint);
            if let Some(token) = self.tokens.get_mut(id.0 as usize) {
                token.depth = token.depth.min(depth);
            }
            return (id, false);
        }
        let mut jwt = Jwt::parse(text);
        let inner = jwt
            .as_ref()
            .and_then(|jwt| actor::nested(jwt.claims.as_ref()?))
            .map(|nested| nested.text.to_owned());
        let too_deep = inner.is_some() && depth + 1 >= limits::TOKEN_DEPTH;
        if let Some(jwt) = jwt.as_mut().filter(|_| too_deep) {
            jwt.faults.push(Fault::TooDeep);
        }
        let bounds = jwt.iter().flat_map(|jwt| &jwt.faults).filter_map(Fault::bound);
        bounds.collect::<Vec<_>>().into_iter().for_each(|what| self.note_unread(what));
        let id = self.add(text, jwt, hint, depth);
        if let Some(inner) = inner.filter(|_| !too_deep) {
            let (inner, _) = self.intern_at(inner.as_bytes(), Hint::None, depth + 1);
            self.link(id, inner);
        }
        (id, true)
    }

    /// Notes that something was not read, or not to its end, because of a bound of `limits`.
    pub fn note_unread(&mut self, what: String) {
        let count = self.unread.entry(what).or_default();
        *count = count.saturating_add(1);
    }

    /// What was not read because of a bound, and how often.
    pub fn unread(&self) -> impl Iterator<Item = (&str, u64)> {
        self.unread.iter().map(|(what, count)| (what.as_str(), *count))
    }

    fn add(&mut self, text: &[u8], jwt: Option<Jwt>, hint: Hint, depth: usize) -> TokenId {
        let id = TokenId(u32::try_from(self.tokens.len()).unwrap_or(u32::MAX));
        let text = Bytes::copy_from_slice(text);
        self.known.insert(text.clone(), id);
        let roles = role::by_hint(jwt.as_ref());
        self.tokens.push(Token {
            fingerprint: Fingerprint::of(&text),
            role: roles.first().copied().unwrap_or(Role::Opaque),
            text,
            jwt,
            actor: None,
            carried_by: Vec::new(),
            depth,
        });
        self.uses.push(Uses { seen: Seen::default(), first_depth: 0, last: None, hint: Hint::None, roles });
        self.hinted(id, hint);
        id
    }

    fn hinted(&mut self, id: TokenId, hint: Hint) {
        let index = id.0 as usize;
        let (Some(uses), Some(token)) = (self.uses.get_mut(index), self.tokens.get(index)) else { return };
        uses.hint = uses.hint.max(hint);
        let role = uses.role(hint);
        if role != token.role {
            let placed = || Box::new(Token { role, ..token.clone() });
            self.placed.entry((id, role)).or_insert_with(placed);
        }
    }

    /// Links an outer token to the one inside it, once.
    fn link(&mut self, outer: TokenId, inner: TokenId) {
        let Some(token) = self.tokens.get_mut(outer.0 as usize) else { return };
        if token.actor == Some(inner) {
            return;
        }
        token.actor = Some(inner);
        for hint in Hint::ALL {
            let role = self.role(outer, hint);
            if let Some(placed) = self.placed.get_mut(&(outer, role)) {
                placed.actor = Some(inner);
            }
        }
        if let Some(token) = self.tokens.get_mut(inner.0 as usize) {
            token.carried_by.push(outer);
        }
    }

    /// What a token is at a place that says `hint`.
    pub fn role(&self, id: TokenId, hint: Hint) -> Role {
        self.uses.get(id.0 as usize).map_or(Role::Opaque, |uses| uses.role(hint))
    }

    /// A token as a place says that it is: see [`TokenStore::role`].
    pub fn get_as(&self, id: TokenId, role: Role) -> Option<&Token> {
        let token = self.get(id)?;
        if token.role == role { Some(token) } else { self.placed.get(&(id, role)).map(|placed| &**placed) }
    }

    /// Notes that a token (and so the tokens inside it) was seen in an exchange: the first sixteen are
    /// listed, all are counted; several places in one exchange count once. `find::in_exchange` calls it.
    /// For a token in plain text (`Half::Text`) the key only orders it: no exchange is listed or counted.
    pub fn seen(&mut self, token: TokenId, exchange: ExchangeKey, location: &Location) {
        let mut next = Some(token);
        for depth in 0..limits::TOKEN_DEPTH {
            let Some(id) = next else { break };
            if let Some(uses) = self.uses.get_mut(id.0 as usize) {
                uses.see(exchange, location, depth);
            }
            next = self.get(id).and_then(|token| token.actor);
        }
    }

    /// Where a token was seen.
    pub fn sightings(&self, token: TokenId) -> Option<&Seen> {
        self.uses.get(token.0 as usize).map(|uses| &uses.seen)
    }

    /// A token by its identity.
    pub fn get(&self, id: TokenId) -> Option<&Token> {
        self.tokens.get(id.0 as usize)
    }

    /// All tokens with their identities.
    pub fn iter(&self) -> impl Iterator<Item = (TokenId, &Token)> {
        (0..).map(TokenId).zip(&self.tokens)
    }

    /// How many distinct tokens there are.
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// Takes over what another store has seen. Gives the identity here of each token there, by its index.
    pub fn merge(&mut self, other: Self) -> Vec<TokenId> {
        let Self { tokens, uses, placed, known: _, unread } = other;
        for (what, more) in unread {
            let count = self.unread.entry(what).or_default();
            *count = count.saturating_add(more);
        }
        let mut new_ids = Vec::with_capacity(tokens.len());
        let mut links = Vec::new();
        for (token, their_uses) in tokens.into_iter().zip(uses) {
            links.extend(token.actor.map(|inner| (new_ids.len(), inner)));
            let id = match self.known.get(&token.text) {
                Some(&id) => id,
                None => {
                    let id = TokenId(u32::try_from(self.tokens.len()).unwrap_or(u32::MAX));
                    self.known.insert(token.text.clone(), id);
                    self.uses.push(Uses { seen: Seen::default(), last: None, ..their_uses.clone() });
                    self.tokens.push(Token { actor: None, carried_by: Vec::new(), ..token.clone() });
                    id
                }
            };
            if let Some(mine) = self.tokens.get_mut(id.0 as usize) {
                mine.depth = mine.depth.min(token.depth);
            }
            if let Some(mine) = self.uses.get_mut(id.0 as usize) {
                mine.absorb(their_uses);
            }
            new_ids.push(id);
        }
        for ((id, role), token) in placed {
            if let Some(&id) = new_ids.get(id.0 as usize) {
                let here = || Box::new(Token { actor: None, ..*token });
                self.placed.entry((id, role)).or_insert_with(here);
            }
        }
        for (outer, inner) in links {
            if let (Some(&outer), Some(&inner)) = (new_ids.get(outer), new_ids.get(inner.0 as usize)) {
                self.link(outer, inner);
            }
        }
        new_ids
    }

    /// Gives each token the role that the strongest of its places tells: what a list of tokens shows. Until
    /// then a token has the role that its content alone tells, and places are asked by [`TokenStore::role`].
    pub fn settle_roles(&mut self) {
        self.placed.clear();
        for (token, uses) in self.tokens.iter_mut().zip(&self.uses) {
            token.role = uses.role(uses.hint);
        }
    }

    /// Numbers the tokens by their first sighting (an actor token after its outer), so that the numbers do
    /// not depend on how the work was divided. Gives the new identity of each token, by its old index.
    pub fn finalise(&mut self) -> Vec<TokenId> {
        let mut order: Vec<usize> = (0..self.tokens.len()).collect();
        order.sort_by_key(|&index| {
            let first = self.uses.get(index).and_then(Uses::order);
            (first.is_none(), first, self.tokens.get(index).map(|token| token.fingerprint))
        });
        let mut new_ids = vec![TokenId(0); order.len()];
        for (rank, &old) in order.iter().enumerate() {
            if let Some(new) = new_ids.get_mut(old) {
                *new = TokenId(u32::try_from(rank).unwrap_or(u32::MAX));
            }
        }
        let renumber = |id: &mut TokenId| *id = new_ids.get(id.0 as usize).copied().unwrap_or(*id);
        self.settle_roles();
        for token in &mut self.tokens {
            token.actor.iter_mut().for_each(renumber);
            token.carried_by.iter_mut().for_each(renumber);
            token.carried_by.sort_unstable();
        }
        self.known.values_mut().for_each(renumber);
        self.tokens = reorder(std::mem::take(&mut self.tokens), &order);
        self.uses = reorder(std::mem::take(&mut self.uses), &order);
        new_ids
    }
}

/// The elements in the order of their old indices.
fn reorder<T>(elements: Vec<T>, order: &[usize]) -> Vec<T> {
    let mut slots: Vec<Option<T>> = elements.into_iter().map(Some).collect();
    order.iter().filter_map(|&old| slots.get_mut(old)?.take()).collect()
}

/// Orders sightings: exchange, half, part of the message, byte, nesting.
type Order = (ExchangeKey, Half, u8, usize, usize);

fn order(exchange: ExchangeKey, location: &Location, depth: usize) -> Order {
    let part = match location.part.split('.').next() {
        Some("path" | "query") => 0,
        Some("header" | "cookie") => 1,
        _ => 2,
    };
    (exchange, location.half, part, location.bytes.start, depth)
}

impl Uses {
    fn order(&self) -> Option<Order> {
        self.seen.first.as_ref().map(|(exchange, location)| order(*exchange, location, self.first_depth))
    }

    fn see(&mut self, exchange: ExchangeKey, location: &Location, depth: usize) {
        let order = order(exchange, location, depth);
        if self.order().is_none_or(|known| order < known) {
            self.seen.first = Some((exchange, location.clone()));
            self.first_depth = depth;
        }
        if location.half == Half::Text {
            return;
        }
        if self.last != Some(exchange) && self.list(exchange) {
            self.seen.count += 1;
        }
        self.last = Some(exchange);
    }

    /// Lists an exchange if it is among the first; whether it was not listed yet.
    fn list(&mut self, exchange: ExchangeKey) -> bool {
        let listed = &mut self.seen.exchanges;
        match listed.binary_search(&exchange) {
            Ok(_) => false,
            Err(at) => {
                if at < limits::EVIDENCE_LISTED {
                    listed.insert(at, exchange);
                    listed.truncate(limits::EVIDENCE_LISTED);
                }
                true
            }
        }
    }

    fn role(&self, hint: Hint) -> Role {
        self.roles.get(hint as usize).copied().unwrap_or(Role::Opaque)
    }

    /// Exchanges come once, so what two stores counted is disjoint.
    fn absorb(&mut self, other: Self) {
        self.hint = self.hint.max(other.hint);
        self.seen.count += other.seen.count;
        for &exchange in &other.seen.exchanges {
            self.list(exchange);
        }
        if let Some(first) = other.order()
            && self.order().is_none_or(|known| first < known)
        {
            self.seen.first = other.seen.first;
            self.first_depth = other.first_depth;
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    fn jws(payload: &str) -> String {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.AAEC", part(r#"{"alg":"RS256"}"#), part(payload))
    }

    fn nest(depth: usize) -> String {
        (0..depth).fold(jws(r#"{"iss":"a@r","nameid":"b@r"}"#), |inner, level| {
            jws(&format!(r#"{{"iss":"b@r","n":{level},"actortoken":"{inner}"}}"#))
        })
    }

    fn key(frame: u64) -> ExchangeKey {
        ExchangeKey { input: 0, frame, sub: 0 }
    }

    fn place() -> Location {
        Location { half: Half::Request, part: "header.authorization".into(), bytes: 0..1 }
    }

    #[test]
    fn an_actor_token_gets_its_own_entry_and_both_know_each_other() {
        let mut store = TokenStore::default();
        let (outer, new) = store.intern(nest(1).as_bytes(), Hint::Access);
        assert!(new);
        assert_eq!(store.intern(nest(1).as_bytes(), Hint::Access), (outer, false));
        let inner = store.get(outer).unwrap().actor.unwrap();
        assert_eq!(store.get(inner).unwrap().carried_by, [outer]);
        assert_eq!(store.get(inner).unwrap().depth, 1);
        assert_eq!(
            (store.get(outer).unwrap().role, store.get(inner).unwrap().role),
            (Role::Outer, Role::Actor)
        );
        assert_eq!(store.intern(nest(0).as_bytes(), Hint::Assertion), (inner, false));
        assert_eq!(store.get(inner).unwrap().depth, 0);
        assert_eq!(store.get(inner).unwrap().role, Role::Actor);
    }

    #[test]
    fn nesting_is_bounded_and_said_to_be() {
        let mut store = TokenStore::default();
        store.intern(nest(6).as_bytes(), Hint::None);
        assert_eq!(store.len(), limits::TOKEN_DEPTH);
        let deepest = store.tokens.last().unwrap();
        assert!(deepest.jwt.as_ref().unwrap().faults.contains(&Fault::TooDeep));
    }

    #[test]
    fn sixteen_exchanges_are_listed_and_all_are_counted() {
        let mut store = TokenStore::default();
        let (id, _) = store.intern(b"opaque", Hint::None);
        for frame in (0..100).rev() {
            store.seen(id, key(frame), &place());
        }
        let uses = store.sightings(id).unwrap();
        assert_eq!(uses.count, 100);
        let frames: Vec<_> = uses.exchanges.iter().map(|key| key.frame).collect();
        assert_eq!(frames, (0..16).collect::<Vec<_>>());
    }

    #[test]
    fn the_order_does_not_depend_on_who_saw_what() {
        let texts = [nest(1), nest(2), jws("{}"), "opaque".to_owned()];
        let see = |store: &mut TokenStore, at: usize| {
            let (id, _) = store.intern(texts[at].as_bytes(), Hint::None);
            store.seen(id, key(at as u64), &place());
        };
        let describe = |mut store: TokenStore| {
            store.finalise();
            store
                .iter()
                .map(|(id, token)| {
                    let seen = store.sightings(id).unwrap().clone();
                    (token.fingerprint, token.actor, token.carried_by.clone(), seen)
                })
                .collect::<Vec<_>>()
        };
        let mut one = TokenStore::default();
        (0..4).for_each(|at| see(&mut one, at));
        let (mut left, mut right) = (TokenStore::default(), TokenStore::default());
        for at in [3, 1] {
            see(&mut left, at);
        }
        for at in [2, 0] {
            see(&mut right, at);
        }
        let ids = left.merge(right);
        assert_eq!(ids.len(), 3);
        let (one, two) = (describe(one), describe(left));
        assert_eq!(one, two);
        assert_eq!(one[1].3.first, Some((key(0), place())));
        assert_eq!(one[0].1, Some(TokenId(1)));
    }

    #[test]
    fn a_field_decides_for_opaque_text_whichever_came_first() {
        for hints in [[Hint::Access, Hint::Refresh], [Hint::Refresh, Hint::Access]] {
            let mut store = TokenStore::default();
            let ids = hints.map(|hint| store.intern(b"0.AAA", hint).0);
            assert_eq!(store.get(ids[0]).unwrap().role, Role::Opaque, "by itself");
            let there = |role| store.get_as(ids[0], role).map(|token| token.role);
            assert_eq!(there(store.role(ids[0], Hint::Refresh)), Some(Role::Refresh));
            store.finalise();
            assert_eq!(store.get(TokenId(0)).unwrap().role, Role::Refresh);
        }
    }
}
