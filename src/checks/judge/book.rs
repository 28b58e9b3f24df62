//! The books of a judge: what became of each token, the findings in the making, and what is remembered.
//!
//! The token store stands beside it, so that rules may read tokens while counts are written.

use std::collections::HashMap;
use std::net::IpAddr;

use crate::base::{Instant, in_first_file};
use crate::checks::CheckId;
use crate::checks::expectations::Expectations;
use crate::checks::finding::Evidence;
use crate::checks::place;
use crate::checks::rule::{Hit, Out, Rule};
use crate::checks::scoped;
use crate::checks::subject::{ExchangeCase, Proof, Standing, TokenCase, UseCase};
use crate::checks::tally::{CauseId, Tally};
use crate::exchange::ExchangeKey;
use crate::keys::KeyRing;
use crate::limits::TOKEN_DEPTH;
use crate::token::store::TokenStore;
use crate::token::{Half, Role, Sighting, Token, TokenId};

use super::memory::Memory;
use super::noted;
use super::repeated;
use super::repeats::{ByToken, Key};
use super::standing::{self, TokenState};

/// What a token is taken for at a place. By itself it is what its content says; where it was seen first
/// must not matter, so each of these is judged by itself, and all are put together at the end.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
enum Taken {
    /// By its content and its own application.
    Itself,
    /// In scope, because the token around it is.
    Carried,
    /// Of another role, because the field it stood in says so.
    As(Role),
}

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Book<'e> {
    pub(super) expectations: &'e Expectations,
    uploaded: KeyRing,
    pub(super) states: Vec<Option<TokenState>>,
    /// States of tokens that are not taken for themselves.
    others: HashMap<(TokenId, Taken), TokenState, foldhash::fast::RandomState>,
    pub(super) tally: Tally,
    pub(super) memory: Memory,
    /// What rules said of uses that were the same but for the time.
    said: ByToken<Said>,
    key: Key,
}

/// What rules said.
#[derive(Clone, PartialEq, Debug)]
struct Said {
    hits: Vec<(CauseId, Hit)>,
    missing: Vec<(CheckId, String)>,
}

impl<'e> Book<'e> {
    pub(super) fn new(expectations: &'e Expectations) -> Self {
        Self {
            expectations,
            uploaded: standing::uploaded(&expectations.keys),
            states: Vec::new(),
            others: HashMap::default(),
            tally: Tally::default(),
            memory: Memory::default(),
            said: ByToken::default(),
            key: Key::default(),
        }
    }

    /// What became of a token by itself; at the end, of all that it was taken for.
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

    fn state_as(&self, id: TokenId, taken: Taken) -> Option<&TokenState> {
        match taken {
            Taken::Itself => self.state(id),
            _ => self.others.get(&(id, taken)),
        }
    }

    /// How far a token is judged at the end.
    pub(super) fn standing(&self, id: TokenId) -> Standing {
        self.state(id).map_or(Standing::Other, |state| state.standing)
    }

    /// How far a token that was seen by itself is judged there.
    pub(super) fn standing_at(&self, store: &TokenStore, sighting: &Sighting) -> Standing {
        let taken = by_place(store, sighting);
        self.state_as(sighting.token, taken).map_or(Standing::Other, |state| state.standing)
    }

    /// Judges a token, and those inside it, when it is new.
    pub(super) fn learn(&mut self, store: &TokenStore, sighting: &Sighting) {
        let mut next = Some((sighting.token, by_place(store, sighting)));
        for _ in 0..TOKEN_DEPTH {
            let Some((id, taken)) = next else { return };
            self.learn_as(store, id, Taken::Itself);
            self.learn_as(store, id, taken);
            next = store.get(id).and_then(|token| token.actor).map(|inner| {
                self.learn_as(store, inner, Taken::Itself);
                (inner, self.taken_inside(id, taken, inner))
            });
        }
    }

    /// What a token is taken for inside of another.
    fn taken_inside(&self, outer: TokenId, taken: Taken, inner: TokenId) -> Taken {
        let expected = self.state_as(outer, taken).is_some_and(|state| state.expected);
        let by_itself = self.state(inner).is_some_and(|state| state.standing == Standing::InScope);
        if expected && !by_itself { Taken::Carried } else { Taken::Itself }
    }

    fn learn_as(&mut self, store: &TokenStore, id: TokenId, taken: Taken) {
        if self.state_as(id, taken).is_some() {
            return;
        }
        let Some(token) = token_as(store, id, taken) else { return };
        let standing = match taken {
            Taken::Carried => Standing::InScope,
            _ => standing::standing(token, store, self.expectations),
        };
        let state = self.examine(store, id, token, standing);
        match taken {
            Taken::Itself => {
                if let Some(slot) = self.slot(id) {
                    *slot = Some(state);
                }
            }
            _ => {
                self.others.insert((id, taken), state);
            }
        }
    }

    fn examine(&mut self, store: &TokenStore, id: TokenId, token: &Token, standing: Standing) -> TokenState {
        let proof = standing::prove(token, self.expectations, &self.uploaded);
        let (mut hits, mut missing) = (Vec::new(), Vec::new());
        let case = TokenCase { expected: self.expectations, store, id, token, standing, proof: &proof };
        for &(rule, examine) in scoped::TOKEN.iter().filter(|(rule, _)| standing.judged_by(rule.check)) {
            examine(&case, &mut Out::new(rule, &mut hits, &mut missing));
        }
        if standing.judged_by(CheckId::Signature)
            && let Some(reason) = standing::unproved(token, &proof, self.expectations)
        {
            missing.push((CheckId::Signature, reason));
        }
        missing.extend(standing::unread_actor(&case));
        missing.extend(repeated::unclear(token).into_iter().filter(|(check, _)| standing.judged_by(*check)));
        if standing.judged_by(CheckId::Certificate)
            && let Proof::Verified { thumbprint: Some(print), .. } = &proof
        {
            self.memory.thumbprints.insert(*print);
        }
        if standing == Standing::InScope
            && let Some(issuer) = token.principal("iss").filter(|issuer| place::is_acs(issuer.id))
        {
            self.memory.issuers.insert(issuer.id.to_ascii_lowercase());
        }
        if standing == Standing::InScope
            && token.role != Role::Assertion
            && let Some(host) = token.principal("aud").and_then(|aud| aud.host)
        {
            self.memory.host(&place::bare_host(host));
        }
        let hits = hits.into_iter().map(|hit| (self.tally.cause(&hit), hit)).collect();
        let expected = standing::is_expected(token, self.expectations);
        TokenState { standing, proof, hits, missing, used: false, expected }
    }

    /// Runs the rules for uses on a token and those inside it, and counts what is known of them. `time`: when it
    /// was used, where no exchange says so.
    pub(super) fn use_token(
        &mut self,
        store: &TokenStore,
        sighting: &Sighting,
        exchange: Option<&ExchangeCase<'_>>,
        key: ExchangeKey,
        time: Option<Instant>,
    ) {
        let at = exchange.map_or(self.expectations.at.or(time), |case| case.at);
        let mut next = Some((sighting.token, by_place(store, sighting)));
        for depth in 0..TOKEN_DEPTH {
            let Some((id, taken)) = next else { return };
            let Some(token) = token_as(store, id, taken) else { return };
            next = token.actor.map(|inner| (inner, self.taken_inside(id, taken, inner)));
            let expected = self.expectations;
            let state = match taken {
                Taken::Itself => self.states.get_mut(id.0 as usize).and_then(Option::as_mut),
                _ => self.others.get_mut(&(id, taken)),
            };
            let Some(state) = state else { return };
            state.used = true;
            self.memory.reasons(&std::mem::take(&mut state.missing));
            let found = At { key, sighting, token: id, at };
            for (cause, hit) in &state.hits {
                self.tally.place(*cause, hit, Some(key), || found.evidence(hit));
            }
            let standing = state.standing;
            if standing == Standing::Other {
                continue;
            }
            let token = TokenCase { expected, store, id, token, standing, proof: &state.proof };
            let case = UseCase { token, exchange, sighting, carried: depth > 0, at };
            let Self { tally, memory, said, key: known, .. } = self;
            Said::by(&scoped::TIMED_USE, &case, tally).count(tally, memory, key, &found);
            noted::note_use(&case, memory);
            if case.exchange.is_none() {
                Said::by(&scoped::STEADY_USE, &case, tally).count(tally, memory, key, &found);
                continue;
            }
            same(known.clear(), &case, taken);
            let repeated = match said.get(id, known) {
                None => {
                    let fresh = Said::by(&scoped::STEADY_USE, &case, tally);
                    said.insert(id, known, fresh)
                }
                repeated => repeated,
            };
            let Some(repeated) = repeated else { continue };
            debug_assert_eq!(
                format!("{repeated:?}"),
                format!("{:?}", Said::by(&scoped::STEADY_USE, &case, tally)),
                "a rule looks at something of a use that is not among what must be the same"
            );
            repeated.count(tally, memory, key, &found);
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
                input: base.input.or(hit.exchange.map(|key| key.input)).or(hit.input),
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
        let moved = |mut state: TokenState| {
            for (cause, hit) in &mut state.hits {
                *cause = causes.get(cause.index()).copied().unwrap_or(*cause);
                hit.token = hit.token.map(here);
            }
            state
        };
        self.memory.merge(other.memory);
        for (state, &id) in other.states.into_iter().zip(tokens) {
            let Some(state) = state else { continue };
            match self.slot(id) {
                Some(Some(mine)) => mine.used |= state.used,
                Some(empty) => *empty = Some(moved(state)),
                None => {}
            }
        }
        for ((id, taken), state) in other.others {
            let used = state.used;
            let mine = self.others.entry((here(id), taken)).or_insert_with(|| moved(state));
            mine.used |= used;
        }
    }

    /// Puts together what each token was taken for, and follows a renumbering of the tokens. The last step.
    pub(super) fn settle(&mut self, tokens: &[TokenId]) {
        let mut others: Vec<_> = std::mem::take(&mut self.others).into_iter().collect();
        others.sort_unstable_by_key(|(taken, _)| *taken);
        for ((id, _), state) in others {
            let Some(Some(mine)) = self.slot(id) else { continue };
            let used = state.used || mine.used;
            if state.standing > mine.standing {
                *mine = state;
            }
            mine.used = used;
        }
        self.tally.renumber(tokens);
        let states = std::mem::take(&mut self.states);
        for (state, &id) in states.into_iter().zip(tokens) {
            if let Some(slot) = self.slot(id) {
                *slot = state;
            }
        }
    }
}

fn token_as(store: &TokenStore, id: TokenId, taken: Taken) -> Option<&Token> {
    match taken {
        Taken::As(role) => store.get_as(id, role),
        Taken::Itself | Taken::Carried => store.get(id),
    }
}

/// What a token that was seen by itself is taken for there.
fn by_place(store: &TokenStore, sighting: &Sighting) -> Taken {
    match store.get(sighting.token) {
        Some(token) if token.role != sighting.role => Taken::As(sighting.role),
        _ => Taken::Itself,
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
        let (file, frames) = in_first_file(&self.sighting.frames);
        Evidence {
            input: Some(self.key.input.saturating_add(file)),
            exchange: Some(self.key).filter(|_| self.sighting.location.half != Half::Text),
            connection: None,
            frames,
            token: hit.token.or(Some(self.token)),
            location: hit.location.clone().or_else(|| Some(self.sighting.location.to_string())),
            claim: hit.claim.map(str::to_owned),
            time: self.at,
        }
    }
}

impl Said {
    fn by(rules: &[(&'static Rule, scoped::ExamineUse)], case: &UseCase<'_>, tally: &mut Tally) -> Self {
        let (mut hits, mut missing) = (Vec::new(), Vec::new());
        for &(rule, examine) in rules.iter().filter(|(rule, _)| case.token.standing.judged_by(rule.check)) {
            examine(case, &mut Out::new(rule, &mut hits, &mut missing));
        }
        Self { hits: hits.into_iter().map(|hit| (tally.cause(&hit), hit)).collect(), missing }
    }

    fn count(&self, tally: &mut Tally, memory: &mut Memory, key: ExchangeKey, found: &At<'_>) {
        for (cause, hit) in &self.hits {
            tally.place(*cause, hit, Some(key), || found.evidence(hit));
        }
        memory.reasons(&self.missing);
    }
}

/// What has to be the same for rules to say the same of a use of a token in an exchange, the time aside.
fn same(key: &mut Key, case: &UseCase<'_>, taken: Taken) {
    let (taken, role) = match taken {
        Taken::Itself => (0, 0),
        Taken::Carried => (1, 0),
        Taken::As(role) => (2, role as i64),
    };
    let Some(exchange) = case.exchange else { return };
    let recorded = exchange.exchange;
    let location = &case.sighting.location;
    key.number(taken).number(role).number(location.half as i64);
    key.number(exchange.place as i64).number(exchange.clear().map_or(-1, i64::from));
    key.number(case.carried).number(case.sighting.presented).number(recorded.connection.is_some());
    key.text(Some(location.part.as_bytes())).text(exchange.host().map(str::as_bytes));
    key.text(exchange.request().and_then(|request| request.scheme.as_deref()).map(str::as_bytes));
    key.number(exchange.hosts().1);
    key.text(recorded.tls.as_ref().and_then(|tls| tls.sni.as_deref()).map(str::as_bytes));
    key.text(Some(place::raw_segment(exchange.path()).as_bytes()));
    let ends = [recorded.client, recorded.server];
    match ends.iter().flatten().find(|end| place::is_public(end.address)).map(|end| end.address) {
        Some(IpAddr::V4(address)) => key.text(Some(&address.octets())),
        Some(IpAddr::V6(address)) => key.text(Some(&address.octets())),
        None => key.text(None),
    };
}
