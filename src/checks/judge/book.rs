//! The books of a judge: what became of each token, the findings in the making, and what is remembered.
//!
//! The token store stands beside it, so that rules may read tokens while counts are written.

use crate::base::Instant;
use crate::checks::CheckId;
use crate::checks::expectations::Expectations;
use crate::checks::finding::Evidence;
use crate::checks::place;
use crate::checks::rule::{Hit, Out, Rule, Scope};
use crate::checks::rules::RULES;
use crate::checks::subject::{ExchangeCase, Proof, Standing, TokenCase, UseCase};
use crate::checks::tally::Tally;
use crate::exchange::ExchangeKey;
use crate::keys::KeyRing;
use crate::limits::TOKEN_DEPTH;
use crate::token::store::TokenStore;
use crate::token::{Half, Role, Sighting, TokenId};

use super::memory::Memory;
use super::outcomes;
use super::standing::{self, TokenState};

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Book<'e> {
    pub(super) expectations: &'e Expectations,
    uploaded: KeyRing,
    pub(super) states: Vec<Option<TokenState>>,
    pub(super) tally: Tally,
    pub(super) memory: Memory,
}

impl<'e> Book<'e> {
    pub(super) fn new(expectations: &'e Expectations) -> Self {
        Self {
            expectations,
            uploaded: standing::uploaded(&expectations.keys),
            states: Vec::new(),
            tally: Tally::default(),
            memory: Memory::default(),
        }
    }

    /// What became of a token.
    pub(super) fn state(&self, id: TokenId) -> Option<&TokenState> {
        self.states.get(id.0 as usize)?.as_ref()
    }

    fn slot(&mut self, id: TokenId) -> Option<&mut Option<TokenState>> {
        let index = id.0 as usize;
        if self.states.len() <= index {
            self.states.resize_with(index + 1, || None);
        }
        self.states.get_mut(index)
    }

    pub(super) fn standing(&self, id: TokenId) -> Standing {
        self.state(id).map_or(Standing::Other, |state| state.standing)
    }

    /// Judges a token, and those inside it, when it is new or has become another.
    pub(super) fn learn(&mut self, store: &TokenStore, id: TokenId) {
        let mut next = Some(id);
        for _ in 0..TOKEN_DEPTH {
            let Some(id) = next else { return };
            let Some(token) = store.get(id) else { return };
            next = token.actor;
            let basis = (token.role, token.carried_by.len());
            let known = self.state(id);
            if known.is_some_and(|known| known.basis == basis) {
                continue;
            }
            let standing = standing::standing(token, store, self.expectations);
            // An actor token rises when an outer token in scope is seen to carry it; nothing falls.
            if known.is_some_and(|known| known.standing >= standing && known.basis.0 == token.role) {
                if let Some(Some(known)) = self.slot(id) {
                    known.basis = basis;
                }
                continue;
            }
            let state = self.examine(store, id, standing, basis);
            if let Some(slot) = self.slot(id) {
                *slot = state;
            }
        }
    }

    fn examine(
        &mut self,
        store: &TokenStore,
        id: TokenId,
        standing: Standing,
        basis: (Role, usize),
    ) -> Option<TokenState> {
        let token = store.get(id)?;
        let proof = standing::prove(token, self.expectations, &self.uploaded);
        let (mut hits, mut missing) = (Vec::new(), Vec::new());
        let case = TokenCase { expected: self.expectations, store, id, token, standing, proof: &proof };
        for rule in RULES.iter().filter(|rule| standing.judged_by(rule.check)) {
            if let Scope::Token(examine) = rule.scope {
                examine(&case, &mut Out::new(rule, &mut hits, &mut missing));
            }
        }
        if standing.judged_by(CheckId::Signature)
            && let Some(reason) = standing::unproved(token, &proof, self.expectations)
        {
            missing.push((CheckId::Signature, reason));
        }
        if standing.judged_by(CheckId::Certificate)
            && let Proof::Verified { thumbprint: Some(print), .. } = &proof
        {
            self.memory.thumbprints.insert(*print);
        }
        if standing == Standing::InScope
            && let Some(issuer) = token.principal("iss").filter(|issuer| place::is_acs(&issuer.id))
        {
            self.memory.issuers.insert(issuer.id.to_ascii_lowercase());
        }
        if standing == Standing::InScope
            && token.role != Role::Assertion
            && let Some(host) = token.principal("aud").and_then(|aud| aud.host)
        {
            self.memory.host(&place::bare_host(&host));
        }
        let hits = hits.into_iter().map(|hit| (self.tally.cause(&hit), hit)).collect();
        Some(TokenState { standing, proof, hits, missing, used: false, basis })
    }

    /// Runs the rules for uses on a token and those inside it, and counts what is known of them.
    pub(super) fn use_token(
        &mut self,
        store: &TokenStore,
        sighting: &Sighting,
        exchange: Option<&ExchangeCase<'_>>,
        key: ExchangeKey,
    ) {
        let at = exchange.map_or(self.expectations.at, |case| case.at);
        let mut next = Some(sighting.token);
        for depth in 0..TOKEN_DEPTH {
            let Some(id) = next else { return };
            let Some(token) = store.get(id) else { return };
            next = token.actor;
            let Some(Some(state)) = self.states.get_mut(id.0 as usize) else { return };
            state.used = true;
            self.memory.reasons(&std::mem::take(&mut state.missing));
            let standing = state.standing;
            let found = At { key, sighting, token: id, at };
            for (cause, hit) in &state.hits {
                self.tally.place(*cause, hit, Some(key), || found.evidence(hit));
            }
            if standing == Standing::Other {
                continue;
            }
            let token =
                TokenCase { expected: self.expectations, store, id, token, standing, proof: &state.proof };
            let case = UseCase { token, exchange, sighting, carried: depth > 0, at };
            let (mut hits, mut missing) = (Vec::new(), Vec::new());
            for &(rule, examine) in uses().iter().filter(|(rule, _)| standing.judged_by(rule.check)) {
                examine(&case, &mut Out::new(rule, &mut hits, &mut missing));
            }
            outcomes::note_use(&case, &mut self.memory);
            for hit in &hits {
                let cause = self.tally.cause(hit);
                self.tally.place(cause, hit, Some(key), || found.evidence(hit));
            }
            self.memory.reasons(&missing);
        }
    }

    /// Counts what rules said of one place.
    pub(super) fn put(
        &mut self,
        hits: &[Hit],
        missing: &[(CheckId, String)],
        key: Option<ExchangeKey>,
        base: &Evidence,
    ) {
        for hit in hits {
            let cause = self.tally.cause(hit);
            self.tally.place(cause, hit, key.or(hit.exchange), || Evidence {
                input: base.input.or(hit.exchange.map(|key| key.input)),
                exchange: base.exchange.or(hit.exchange),
                location: hit.location.clone().or_else(|| base.location.clone()),
                claim: hit.claim.map(str::to_owned),
                token: hit.token.or(base.token),
                ..base.clone()
            });
        }
        self.memory.reasons(missing);
    }

    /// Takes over the books of another judge, whose tokens are known here as `tokens` says.
    pub(super) fn merge(&mut self, other: Self, tokens: &[TokenId]) {
        let here = |id: TokenId| tokens.get(id.0 as usize).copied().unwrap_or(id);
        let causes = self.tally.merge(other.tally, tokens);
        self.memory.merge(other.memory);
        for (state, &id) in other.states.into_iter().zip(tokens) {
            let Some(mut state) = state else { continue };
            for (cause, hit) in &mut state.hits {
                *cause = causes.get(cause.index()).copied().unwrap_or(*cause);
                hit.token = hit.token.map(here);
            }
            if let Some(slot) = self.slot(id) {
                let used = state.used || slot.as_ref().is_some_and(|mine| mine.used);
                if slot.as_ref().is_none_or(|mine| mine.standing < state.standing) {
                    *slot = Some(state);
                }
                slot.iter_mut().for_each(|mine| mine.used = used);
            }
        }
    }

    /// Follows a renumbering of the tokens.
    pub(super) fn renumber(&mut self, tokens: &[TokenId]) {
        self.tally.renumber(tokens);
        let states = std::mem::take(&mut self.states);
        for (state, &id) in states.into_iter().zip(tokens) {
            if let Some(slot) = self.slot(id) {
                *slot = state;
            }
        }
    }
}

/// Where a token was used, before it is known whether anybody lists it.
struct At<'s> {
    key: ExchangeKey,
    sighting: &'s Sighting,
    token: TokenId,
    at: Option<Instant>,
}

impl At<'_> {
    fn evidence(&self, hit: &Hit) -> Evidence {
        Evidence {
            input: Some(self.key.input),
            exchange: Some(self.key).filter(|_| self.sighting.location.half != Half::Text),
            connection: None,
            frames: self.sighting.frames.clone(),
            token: hit.token.or(Some(self.token)),
            location: hit.location.clone().or_else(|| Some(self.sighting.location.to_string())),
            claim: hit.claim.map(str::to_owned),
            time: self.at,
        }
    }
}

type UseExaminer = for<'a> fn(&UseCase<'a>, &mut Out<'_>);

/// Rules that look at uses: found once.
fn uses() -> &'static [(&'static Rule, UseExaminer)] {
    static USES: std::sync::LazyLock<Vec<(&'static Rule, UseExaminer)>> = std::sync::LazyLock::new(|| {
        let examiner = |rule: &'static Rule| match rule.scope {
            Scope::Use(examine) => Some((rule, examine)),
            _ => None,
        };
        RULES.iter().filter_map(|&rule| examiner(rule)).collect()
    });
    &USES
}
