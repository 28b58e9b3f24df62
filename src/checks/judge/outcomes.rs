//! Takes what was remembered and found, gives the outcome of each check, as the contract's table says.
//!
//! A check fails exactly when an error hangs under it. It passes only when its condition was seen to hold
//! on something; otherwise it is not established, and says what to supply.

/// What the evidence lacks.
mod lacks;
/// How outcomes are said.
mod words;

use std::collections::BTreeMap;

use crate::checks::expectations::Expectations;
use crate::checks::finding::{Finding, Severity};
use crate::checks::place;
use crate::checks::said::Said;
use crate::checks::subject::{Proof, Standing};
use crate::checks::{CheckId, CheckResult, Outcome};
use crate::connection::Connection;
use crate::limits::REASONS_LISTED;
use crate::token::Role;
use crate::token::store::TokenStore;

pub(super) use self::words::first;
use self::words::in_short;
pub(crate) use self::words::{and_more, plural};
use super::memory::Memory;
use super::standing::TokenState;
use super::{name_of, stayed_closed};

/// A reason that requests and responses give.
pub(super) const HPACK_BEFORE: &str = "header fields of a request refer to HPACK entries from before the \
     recording began, and could have been credentials: record from the start of the connection";

/// What `oauth` misses when nothing could be read.
pub(crate) const NO_EXCHANGE: &str = "no HTTP exchange could be read from the inputs";
/// What `challenge` misses when challenges say too little.
pub(crate) const NAMES_NOTHING: &str = "no challenge names both Exchange and the issuers that it trusts";
/// What `coverage` misses then.
pub(crate) const NOTHING_DECODED: &str = "nothing was decoded from the inputs";
const NO_TOKEN: &str = "no token of an application in scope was seen";

/// Decides all checks.
pub(super) fn decide(
    expected: &Expectations,
    store: &TokenStore,
    states: &[Option<TokenState>],
    memory: &Memory,
    findings: &[Finding],
) -> Vec<CheckResult> {
    let seen = Seen::count(store, states);
    let told = Told::of(memory);
    let decision = Decision { expected, store, states, memory, seen, told };
    CheckId::ALL
        .into_iter()
        .map(|id| {
            let of = |severity| {
                let mut found = findings
                    .iter()
                    .filter(|finding| finding.check == id && finding.severity == severity)
                    .map(|finding| finding.message.as_str());
                (found.next(), found.count())
            };
            decision.check(id, of(Severity::Error), of(Severity::Warning))
        })
        .collect()
}

/// Distinct tokens by what they are.
#[derive(Clone, Copy, Default)]
struct Seen {
    in_scope: usize,
    outer: usize,
    signed: usize,
    verified: usize,
}

impl Seen {
    fn count(store: &TokenStore, states: &[Option<TokenState>]) -> Self {
        let mut seen = Self::default();
        for (id, state) in store.ids().zip(states) {
            let judged = |state: &&TokenState| state.used && state.standing != Standing::Other;
            let Some(state) = state.as_ref().filter(judged) else { continue };
            let in_scope = state.standing == Standing::InScope;
            seen.in_scope += usize::from(in_scope);
            seen.outer += usize::from(in_scope && store.role_of(id) == Some(Role::Outer));
            seen.signed += usize::from(!matches!(state.proof, Proof::NoJwt | Proof::Unsigned));
            seen.verified += usize::from(matches!(state.proof, Proof::Verified { .. }));
        }
        seen
    }
}

/// What logs tell beside the recording.
#[derive(Default)]
struct Told {
    /// Calls of applications in scope, and those answered with success.
    calls: (u64, u64),
    /// Requests that the recording left without an answer.
    answered: u64,
    /// By name: connections that stayed closed and whose requests are all told of, and the first reason of those
    /// where that is not so.
    closed: BTreeMap<String, (u64, Option<String>)>,
}

impl Told {
    fn of(memory: &Memory) -> Self {
        if memory.logs.is_empty() {
            return Self::default();
        }
        let closed: Vec<(&Connection, String)> = memory
            .troubled
            .values()
            .filter(|connection| stayed_closed(connection))
            .map(|connection| (connection, name_of(connection).unwrap_or_default()))
            .collect();
        let named: Vec<(&Connection, &str)> =
            closed.iter().map(|(found, name)| (*found, name.as_str())).collect();
        let mut proofs = memory.logs.prove(&named);
        let mut told =
            Self { calls: memory.logs.calls(), answered: memory.logs.answered(), ..Self::default() };
        for (connection, name) in closed {
            let (proven, why) = told.closed.entry(name).or_default();
            match proofs.remove(&(connection.input, connection.ordinal)) {
                Some(Ok(())) => *proven += 1,
                Some(Err(reason)) if why.is_none() => *why = Some(reason),
                _ => {}
            }
        }
        told
    }

    /// How many connections of a name logs tell of to the end.
    fn proven(&self, name: &str) -> u64 {
        // What went to a token service stands in no log of Exchange.
        if place::is_token_service_host(name) {
            0
        } else {
            self.closed.get(name).map_or(0, |(proven, _)| *proven)
        }
    }
}

struct Decision<'a> {
    expected: &'a Expectations,
    store: &'a TokenStore,
    states: &'a [Option<TokenState>],
    memory: &'a Memory,
    seen: Seen,
    told: Told,
}

impl Decision<'_> {
    /// `errors` and `warnings`: the first, in words, and how many more there are.
    fn check(
        &self,
        id: CheckId,
        errors: (Option<&str>, usize),
        warnings: (Option<&str>, usize),
    ) -> CheckResult {
        let (required, applicable) = self.conditions(id);
        let missing = self.missing(id);
        let (outcome, summary) = if let (Some(first), more) = errors {
            (Outcome::Fail, and_more(first, more, "error").into())
        } else if !applicable {
            (Outcome::NotApplicable, self.absent(id).into())
        } else if missing.is_empty() {
            let holds = self.holds(id);
            let summary = match warnings {
                // A password that was sent elsewhere is a warning: then there is none only where OAuth calls go.
                (Some(first), more) if id == CheckId::NoBasic => format!(
                    "{}; but: {}",
                    holds.replacen("no password", "no password to the paths of OAuth calls", 1),
                    and_more(first, more, "warning")
                ),
                (Some(first), more) => format!("{holds}; but: {}", and_more(first, more, "warning")),
                (None, _) => holds,
            };
            (Outcome::Pass, summary.into())
        } else {
            (Outcome::NotEstablished, in_short(&missing))
        };
        let missing = if outcome == Outcome::NotEstablished { missing } else { Vec::new() };
        CheckResult { id, required, outcome, summary, missing }
    }

    /// Whether the check is required, and whether it applies at all.
    fn conditions(&self, id: CheckId) -> (bool, bool) {
        let memory = self.memory;
        match id {
            CheckId::Oauth | CheckId::Issuer | CheckId::Signature | CheckId::Lifetime | CheckId::NoBasic => {
                (true, true)
            }
            CheckId::Chain => (self.seen.outer > 0, self.seen.outer > 0),
            CheckId::Audience => (memory.presented > 0, memory.presented > 0),
            CheckId::Certificate => {
                let given = !self.expected.certificates.is_empty();
                (given, given)
            }
            CheckId::Transport => (false, memory.travelled > 0),
            CheckId::Accepted => (false, memory.presented > 0 || self.told.calls.0 > 0),
            CheckId::TokenRequest => (false, memory.asked > 0),
            CheckId::Challenge => (false, memory.challenges + memory.bare_challenges > 0),
            CheckId::Coverage => (false, true),
        }
    }

    /// Why the check is not established; empty when it is.
    fn missing(&self, id: CheckId) -> Vec<Said> {
        let mut missing = match id {
            CheckId::Oauth if self.seen.in_scope == 0 => self.no_token(),
            CheckId::Issuer if self.seen.in_scope == 0 => vec![NO_TOKEN.into()],
            CheckId::Signature if self.seen.signed == 0 => {
                vec!["no signed token in scope was seen".into()]
            }
            CheckId::Lifetime if self.memory.lifetimes == 0 => {
                vec!["no token in scope with an `exp` was seen in use at a known time".into()]
            }
            CheckId::NoBasic => self.unread(),
            CheckId::Certificate => self.certificate(),
            CheckId::Accepted if self.accepted() == 0 => self.unaccepted(),
            CheckId::TokenRequest if self.memory.granted == 0 => {
                vec!["the token service's answer was not seen: record it too".into()]
            }
            CheckId::Challenge if self.memory.challenges == 0 => vec![NAMES_NOTHING.into()],
            CheckId::Coverage => self.uncovered(),
            _ => Vec::new(),
        };
        let removed = |state: &&TokenState| {
            state.used && state.standing != Standing::Other && state.proof == Proof::Removed
        };
        if id == CheckId::Signature && self.states.iter().flatten().any(|state| removed(&state)) {
            missing.push(
                "a token's signature was removed by the source (a log, a dump or a masked export): give the \
                 recording itself"
                    .into(),
            );
        }
        let reasons: Vec<&Said> =
            self.memory.reasons.iter().filter(|(check, _)| *check == id).map(|(_, reason)| reason).collect();
        // Whatever the cause: a signature that was not verified is never a pass.
        if id == CheckId::Signature
            && missing.is_empty()
            && reasons.is_empty()
            && self.seen.verified < self.seen.signed
        {
            missing.push("a signature could be verified with none of the supplied keys".into());
        }
        missing.extend(reasons.iter().take(REASONS_LISTED).map(|&reason| reason.clone()));
        if reasons.len() > REASONS_LISTED {
            let more = reasons.len() - REASONS_LISTED;
            missing.push(format!("and {more} further reasons of the same kind").into());
        }
        missing
    }

    /// Calls with a token in scope that Exchange answered with success, as far as recording or logs tell.
    fn accepted(&self) -> u64 {
        self.memory.accepted + self.told.answered + self.told.calls.1
    }

    /// Connections in scope that stayed closed and of whose requests logs tell how they were authenticated.
    fn proven(&self) -> u64 {
        self.in_scope(&self.memory.closed)
            .map(|(name, closed)| self.told.proven(name).min(closed.count))
            .sum()
    }
}
