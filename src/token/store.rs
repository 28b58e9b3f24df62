//! Takes token texts as they are seen, gives each distinct one an identity and a single parse.
//!
//! A capture repeats a token thousands of times; one hash of its text decides whether it is known. Stores
//! of several threads are merged, and numbered at the end by what was seen, not by who saw it.

/// Tokens, parsed or kept small.
mod slot;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use hashbrown::HashTable;

use self::slot::Slots;
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
    slots: Slots,
    uses: Vec<Uses>,
    /// Tokens as places say that they are, where the content alone says otherwise.
    placed: HashMap<(TokenId, Role), Box<Token>>,
    /// All by their text.
    known: HashTable<TokenId>,
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
        self.slots.rest();
        let hash = slot::hash(text);
        if let Some(&id) = self.known.find(hash, |id| self.slots.is(*id, hash, text)) {
            self.hinted(id, hint);
            self.at_depth(id, depth);
            return (id, false);
        }
        let mut jwt = Jwt::parse(text);
        let inner = jwt
            .as_ref()
            .and_then(|jwt| actor::nested(jwt.claims(text)?))
            .map(|nested| nested.text.to_owned());
        let too_deep = inner.is_some() && depth + 1 >= limits::TOKEN_DEPTH;
        if let Some(jwt) = jwt.as_mut().filter(|_| too_deep) {
            jwt.faults.push(Fault::TooDeep);
        }
        let bounds = jwt.iter().flat_map(|jwt| &jwt.faults).filter_map(Fault::bound);
        bounds.collect::<Vec<_>>().into_iter().for_each(|what| self.note_unread(what));
        let id = self.add(text, hash, jwt, hint, depth);
        if let Some(inner) = inner.filter(|_| !too_deep) {
            let (inner, _) = self.intern_at(inner.as_bytes(), Hint::None, depth + 1);
            self.link(id, inner);
        }
        (id, true)
    }

    /// Notes that something was not read, or not to its end: because of a bound of `limits`, or of damage.
    pub fn note_unread(&mut self, what: String) {
        let count = self.unread.entry(what).or_default();
        *count = count.saturating_add(1);
    }

    /// What was not read, and how often.
    pub fn unread(&self) -> impl Iterator<Item = (&str, u64)> {
        self.unread.iter().map(|(what, count)| (what.as_str(), *count))
    }

    /// Notes how deep inside others a token was seen.
    fn at_depth(&mut self, id: TokenId, depth: usize) {
        if self.slots.place(id).is_some_and(|(known, _)| depth < known) {
            self.slots.tie(id, |ties| *ties.depth = depth);
        }
    }

    fn add(&mut self, text: &[u8], hash: u64, jwt: Option<Jwt>, hint: Hint, depth: usize) -> TokenId {
        let text = Bytes::copy_from_slice(text);
        let roles = role::by_hint(jwt.as_ref(), &text);
        let id = self.slots.push(
            hash,
            Token {
                fingerprint: Fingerprint::of(&text),
                role: roles.first().copied().unwrap_or(Role::Opaque),
                text,
                jwt,
                actor: None,
                carried_by: Vec::new(),
                depth,
            },
        );
        let Self { known, slots, .. } = self;
        known.insert_unique(hash, id, |id| slots.hash(*id));
        self.uses.push(Uses { seen: Seen::default(), first_depth: 0, last: None, hint: Hint::None, roles });
        self.hinted(id, hint);
        id
    }

    fn hinted(&mut self, id: TokenId, hint: Hint) {
        let index = id.0 as usize;
        let Some(uses) = self.uses.get_mut(index) else { return };
        uses.hint = uses.hint.max(hint);
        let role = uses.role(hint);
        if role != uses.role(Hint::None)
            && !self.placed.contains_key(&(id, role))
            && let Some(token) = self.slots.get(id)
        {
            self.placed.insert((id, role), Box::new(Token { role, ..token.clone() }));
        }
    }

    /// Links an outer token to the one inside it, once.
    fn link(&mut self, outer: TokenId, inner: TokenId) {
        match self.slots.place(outer) {
            Some((_, actor)) if actor != Some(inner) => {}
            _ => return,
        }
        self.slots.tie(outer, |ties| *ties.actor = Some(inner));
        for hint in Hint::ALL {
            let role = self.role(outer, hint);
            if let Some(placed) = self.placed.get_mut(&(outer, role)) {
                placed.actor = Some(inner);
            }
        }
        self.slots.tie(inner, |ties| ties.carried_by.push(outer));
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
            next = self.slots.place(id).and_then(|(_, actor)| actor);
        }
    }

    /// Where a token was seen.
    pub fn sightings(&self, token: TokenId) -> Option<&Seen> {
        self.uses.get(token.0 as usize).map(|uses| &uses.seen)
    }

    /// A token by its identity.
    pub fn get(&self, id: TokenId) -> Option<&Token> {
        self.slots.get(id)
    }

    /// The text of a token.
    pub fn text(&self, id: TokenId) -> Option<Bytes> {
        self.slots.text(id)
    }

    /// Looks at a token once. There may be more of them than memory holds parsed ones: what [`TokenStore::get`] gives
    /// stays parsed, what is only looked at does not.
    pub fn visit<T>(&self, id: TokenId, look: impl FnOnce(&Token) -> T) -> Option<T> {
        self.slots.visit(id, look)
    }

    /// What a token is by its content, and at the end by the strongest of its places.
    pub fn role_of(&self, id: TokenId) -> Option<Role> {
        self.slots.role(id)
    }

    /// How deep inside others a token was seen at least: 0 for one that stands by itself.
    pub fn depth(&self, id: TokenId) -> Option<usize> {
        self.slots.place(id).map(|(depth, _)| depth)
    }

    /// The fingerprint of a token's text.
    pub fn fingerprint(&self, id: TokenId) -> Option<Fingerprint> {
        self.slots.fingerprint(id)
    }

    /// All identities.
    pub fn ids(&self) -> impl Iterator<Item = TokenId> + use<> {
        (0..u32::try_from(self.len()).unwrap_or(u32::MAX)).map(TokenId)
    }

    /// All tokens with their identities, for those who want all of them at once.
    pub fn iter(&self) -> impl Iterator<Item = (TokenId, &Token)> {
        self.ids().filter_map(|id| Some((id, self.slots.get(id)?)))
    }

    /// How many are kept by their text alone.
    #[cfg(test)]
    pub fn kept_small(&self) -> usize {
        self.slots.kept_small()
    }

    /// How many distinct tokens there are.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes over what another store has seen. Gives the identity here of each token there, by its index.
    pub fn merge(&mut self, other: Self) -> Vec<TokenId> {
        let Self { slots, uses, placed, unread, .. } = other;
        for (what, more) in unread {
            let count = self.unread.entry(what).or_default();
            *count = count.saturating_add(more);
        }
        let mut new_ids = Vec::with_capacity(slots.len());
        let mut links = Vec::new();
        for (part, their_uses) in slots.into_parts().zip(uses) {
            let (depth, actor) = part.place();
            links.extend(actor.map(|inner| (new_ids.len(), inner)));
            let hash = part.hash();
            let known = self.known.find(hash, |id| self.slots.same(*id, &part)).copied();
            let id = known.unwrap_or_else(|| {
                let id = self.slots.adopt(part);
                self.uses.push(Uses { seen: Seen::default(), last: None, ..their_uses.clone() });
                let Self { known, slots, .. } = self;
                known.insert_unique(hash, id, |id| slots.hash(*id));
                id
            });
            self.at_depth(id, depth);
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
        for (id, uses) in (0..).map(TokenId).zip(&self.uses) {
            self.slots.tie(id, |ties| *ties.role = uses.role(uses.hint));
        }
    }

    /// Numbers the tokens by their first sighting (an actor token after its outer), so that the numbers do
    /// not depend on how the work was divided. Gives the new identity of each token, by its old index.
    pub fn finalise(&mut self) -> Vec<TokenId> {
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.sort_by_cached_key(|&index| {
            let first = self.uses.get(index).and_then(Uses::order);
            let id = TokenId(u32::try_from(index).unwrap_or(u32::MAX));
            (first.is_none(), first, self.slots.fingerprint(id))
        });
        let mut new_ids = vec![TokenId(0); order.len()];
        for (rank, &old) in order.iter().enumerate() {
            if let Some(new) = new_ids.get_mut(old) {
                *new = TokenId(u32::try_from(rank).unwrap_or(u32::MAX));
            }
        }
        let renumber = |id: &mut TokenId| *id = new_ids.get(id.0 as usize).copied().unwrap_or(*id);
        self.settle_roles();
        for id in (0..u32::try_from(self.len()).unwrap_or(u32::MAX)).map(TokenId) {
            self.slots.tie(id, |ties| {
                ties.actor.iter_mut().for_each(renumber);
                ties.carried_by.iter_mut().for_each(renumber);
                ties.carried_by.sort_unstable();
            });
        }
        self.known.iter_mut().for_each(renumber);
        self.slots.reorder(&order, &new_ids);
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
        // Nearly all sightings come in order.
        let later = self.seen.first.as_ref().is_some_and(|(first, _)| *first < exchange);
        if !later && self.order().is_none_or(|known| order(exchange, location, depth) < known) {
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
