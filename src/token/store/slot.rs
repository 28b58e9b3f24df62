//! Takes tokens, keeps those that were not used lately by their text alone: a capture may hold more distinct tokens
//! than memory holds parsed ones.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use super::super::jwt::{Digest, Jwt};
use super::super::{Role, Token, TokenId, actor};
use crate::base::{Fingerprint, Text, base64url, texts};
use crate::json::Node;
use crate::limits;

/// Different headers of tokens that are remembered: a capture has a few.
const HEADERS: usize = 256;

/// One token: parsed, or kept small, or both.
#[derive(Clone, Debug, Default)]
struct Slot {
    hash: u64,
    whole: OnceCell<Box<Token>>,
    small: Option<Box<Small>>,
    /// Looked at since the clock's hand last passed.
    used: Cell<bool>,
}

/// What a token is made of again.
#[derive(Clone, Debug)]
struct Small {
    text: Text,
    fingerprint: Fingerprint,
    role: Role,
    actor: Option<TokenId>,
    carried_by: Vec<TokenId>,
    depth: usize,
    jwt: Option<Digest>,
}

/// What may change of a token that is known.
pub(super) struct Ties<'s> {
    pub(super) role: &'s mut Role,
    pub(super) actor: &'s mut Option<TokenId>,
    pub(super) carried_by: &'s mut Vec<TokenId>,
    pub(super) depth: &'s mut usize,
}

/// Tokens by their identities.
#[derive(Clone, Debug, Default)]
pub(super) struct Slots {
    slots: Vec<Slot>,
    /// Tokens that are parsed, oldest first.
    parsed: VecDeque<TokenId>,
    /// The same, of such that were parsed again while they were looked at.
    again: RefCell<Vec<TokenId>>,
    headers: HashMap<Bytes, Arc<Node>, foldhash::fast::RandomState>,
}

impl Small {
    fn of(token: &Token, hash: u64) -> Self {
        Self {
            text: Text::keep_around(&token.text, hash, shared(token)),
            fingerprint: token.fingerprint,
            role: token.role,
            actor: token.actor,
            carried_by: token.carried_by.clone(),
            depth: token.depth,
            jwt: token.jwt.as_ref().map(|jwt| jwt.digest(&token.text)),
        }
    }

    fn text(&self) -> Bytes {
        let mut text = Vec::with_capacity(self.text.len());
        self.text.write(&mut text);
        text.into()
    }

    fn parse(&self) -> Token {
        let text = self.text();
        let jwt = self.jwt.as_ref().map(|digest| Jwt::again(&text, digest));
        Token {
            text,
            fingerprint: self.fingerprint,
            role: self.role,
            jwt,
            actor: self.actor,
            carried_by: self.carried_by.clone(),
            depth: self.depth,
        }
    }
}

impl Slots {
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// A token by its identity.
    pub(super) fn get(&self, id: TokenId) -> Option<&Token> {
        let slot = self.slots.get(id.0 as usize)?;
        slot.used.set(true);
        if let Some(token) = slot.whole.get() {
            return Some(token);
        }
        let small = slot.small.as_ref()?;
        Some(slot.whole.get_or_init(|| {
            self.again.borrow_mut().push(id);
            Box::new(small.parse())
        }))
    }

    /// Looks at a token; one that is kept small stays so.
    pub(super) fn visit<T>(&self, id: TokenId, look: impl FnOnce(&Token) -> T) -> Option<T> {
        let slot = self.slots.get(id.0 as usize)?;
        match slot.whole.get() {
            Some(token) => Some(look(token)),
            None => Some(look(&slot.small.as_ref()?.parse())),
        }
    }

    /// The text of a token; one that is kept small stays so.
    pub(super) fn text(&self, id: TokenId) -> Option<Bytes> {
        let slot = self.slots.get(id.0 as usize)?;
        let whole = slot.whole.get().map(|token| token.text.clone());
        whole.or_else(|| slot.small.as_ref().map(|small| small.text()))
    }

    /// What a token is.
    pub(super) fn role(&self, id: TokenId) -> Option<Role> {
        let slot = self.slots.get(id.0 as usize)?;
        slot.whole.get().map(|token| token.role).or(slot.small.as_ref().map(|small| small.role))
    }

    /// Whether it is the token of this text.
    pub(super) fn is(&self, id: TokenId, hash: u64, text: &[u8]) -> bool {
        let Some(slot) = self.slots.get(id.0 as usize).filter(|slot| slot.hash == hash) else { return false };
        match (slot.whole.get(), &slot.small) {
            (Some(token), _) => token.text == text,
            (None, Some(small)) => small.text.is(text),
            (None, None) => false,
        }
    }

    /// The hash of a token's text.
    pub(super) fn hash(&self, id: TokenId) -> u64 {
        self.slots.get(id.0 as usize).map_or(0, |slot| slot.hash)
    }

    /// Adds a token.
    pub(super) fn push(&mut self, hash: u64, mut token: Token) -> TokenId {
        let id = TokenId(u32::try_from(self.slots.len()).unwrap_or(u32::MAX));
        self.share_header(&mut token);
        let whole = OnceCell::from(Box::new(token));
        self.slots.push(Slot { hash, whole, small: None, used: Cell::new(true) });
        self.parsed.push_back(id);
        id
    }

    /// Tokens of one application have one header.
    fn share_header(&mut self, token: &mut Token) {
        let Token { text, jwt: Some(jwt), .. } = token else { return };
        let (Some(header), Some(encoded)) = (&mut jwt.header, text.get(jwt.header_part.clone())) else {
            return;
        };
        match self.headers.get(encoded) {
            Some(known) => *header = Arc::clone(known),
            None if self.headers.len() < HEADERS => {
                self.headers.insert(Bytes::copy_from_slice(encoded), Arc::clone(header));
            }
            None => {}
        }
    }

    /// Changes what ties a token to others.
    pub(super) fn tie<T>(&mut self, id: TokenId, change: impl Fn(Ties<'_>) -> T) -> Option<T> {
        let slot = self.slots.get_mut(id.0 as usize)?;
        let small = slot.small.as_mut().map(|small| {
            let Small { role, actor, carried_by, depth, .. } = &mut **small;
            change(Ties { role, actor, carried_by, depth })
        });
        let whole = slot.whole.get_mut().map(|token| {
            let Token { role, actor, carried_by, depth, .. } = &mut **token;
            change(Ties { role, actor, carried_by, depth })
        });
        whole.or(small)
    }

    /// How deep inside others a token was seen at least, and which token is inside it.
    pub(super) fn place(&self, id: TokenId) -> Option<(usize, Option<TokenId>)> {
        let slot = self.slots.get(id.0 as usize)?;
        match (slot.whole.get(), &slot.small) {
            (Some(token), _) => Some((token.depth, token.actor)),
            (None, Some(small)) => Some((small.depth, small.actor)),
            (None, None) => None,
        }
    }

    /// Keeps tokens small that were not looked at for long, where there are many.
    pub(super) fn rest(&mut self) {
        self.parsed.extend(self.again.get_mut().drain(..));
        while self.parsed.len() > limits::TOKENS_PARSED
            && let Some(id) = self.parsed.pop_front()
        {
            let Some(slot) = self.slots.get_mut(id.0 as usize) else { continue };
            if slot.used.replace(false) {
                self.parsed.push_back(id);
            } else if let Some(token) = slot.whole.take()
                && slot.small.is_none()
            {
                slot.small = Some(Box::new(Small::of(&token, slot.hash)));
            }
        }
    }

    /// Takes all apart: each token's hash, and what it is, in the order of their identities.
    pub(super) fn into_parts(self) -> impl Iterator<Item = Part> {
        self.slots.into_iter().map(Part)
    }

    /// Looks for a token by what is known of it elsewhere.
    pub(super) fn same(&self, id: TokenId, part: &Part) -> bool {
        let Some(slot) = self.slots.get(id.0 as usize).filter(|slot| slot.hash == part.0.hash) else {
            return false;
        };
        match (&slot.small, &part.0.small, part.0.whole.get()) {
            (Some(mine), Some(theirs), _) => mine.text == theirs.text,
            (_, _, Some(theirs)) => self.is(id, part.0.hash, &theirs.text),
            (None, Some(theirs), None) => slot.whole.get().is_some_and(|mine| theirs.text.is(&mine.text)),
            (_, None, None) => false,
        }
    }

    /// Adds a token of another store, which is tied to nothing yet.
    pub(super) fn adopt(&mut self, part: Part) -> TokenId {
        let id = TokenId(u32::try_from(self.slots.len()).unwrap_or(u32::MAX));
        let Part(mut slot) = part;
        if let Some(token) = slot.whole.get_mut() {
            self.share_header(token);
            self.parsed.push_back(id);
        }
        self.slots.push(slot);
        self.tie(id, |ties| {
            *ties.actor = None;
            ties.carried_by.clear();
        });
        self.rest();
        id
    }

    /// Gives the tokens the order of their old identities.
    pub(super) fn reorder(&mut self, order: &[usize], new_ids: &[TokenId]) {
        self.slots = super::reorder(std::mem::take(&mut self.slots), order);
        self.parsed.extend(self.again.get_mut().drain(..));
        for id in &mut self.parsed {
            *id = new_ids.get(id.0 as usize).copied().unwrap_or(*id);
        }
    }

    /// How many are kept by their text alone.
    #[cfg(test)]
    pub(super) fn kept_small(&self) -> usize {
        self.slots.iter().filter(|slot| slot.whole.get().is_none()).count()
    }

    /// The fingerprint of a token.
    pub(super) fn fingerprint(&self, id: TokenId) -> Option<Fingerprint> {
        let slot = self.slots.get(id.0 as usize)?;
        slot.whole.get().map(|token| token.fingerprint).or(slot.small.as_ref().map(|small| small.fingerprint))
    }
}

/// A token on the way from one store to another.
pub(super) struct Part(Slot);

impl Part {
    pub(super) fn hash(&self) -> u64 {
        self.0.hash
    }

    pub(super) fn place(&self) -> (usize, Option<TokenId>) {
        let small = || self.0.small.as_ref().map(|small| (small.depth, small.actor));
        self.0.whole.get().map(|token| (token.depth, token.actor)).or_else(small).unwrap_or_default()
    }
}

/// The bytes of a token's text that stand for the token inside it, which many tokens share.
fn shared(token: &Token) -> Option<Range<usize>> {
    let jwt = token.jwt.as_ref()?;
    let inside = actor::nested(token.claims()?)?.span;
    Some(base64url::encoded_at(jwt.payload_part.start, &inside))
}

/// The hash of a token's text, the same in all stores.
pub(super) fn hash(text: &[u8]) -> u64 {
    texts::hash(text)
}
