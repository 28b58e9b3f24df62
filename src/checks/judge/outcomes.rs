//! Takes what was remembered and found, gives the outcome of each check, as the contract's table says.
//!
//! A check fails exactly when an error hangs under it. It passes only when its condition was seen to hold
//! on something; otherwise it is not established, and says what to supply.

use std::collections::BTreeMap;

use crate::checks::expectations::{self, Expectations};
use crate::checks::finding::{Finding, Severity};
use crate::checks::place::{self, Place};
use crate::checks::subject::{ExchangeCase, Proof, Standing, UseCase};
use crate::checks::{CheckId, CheckResult, Outcome, challenge, realm};
use crate::connection::Connection;
use crate::limits::{self, REASONS_LISTED};
use crate::token::store::TokenStore;
use crate::token::{Role, TimeClaim};

use super::answers;
use super::logs::{Joinable, number};
use super::memory::{Closed, Memory};
use super::standing::TokenState;
use super::{name_of, stayed_closed, unread, witness};

/// A reason that several places give.
pub(super) const HPACK_BEFORE: &str = "header fields of a request refer to HPACK entries from before the \
     recording began, and could have been credentials: record from the start of the connection";

/// The same, of an export.
const FIELDS_MISSING: &str = "an export holds a request without its header fields, or not all of them, and credentials \
     could have been among them: give an export that holds them";

/// Notes one use of a judged token.
pub(super) fn note_use(case: &UseCase<'_>, memory: &mut Memory) {
    match case.at {
        Some(at) => {
            memory.used_at(at);
            memory.lifetimes += u64::from(matches!(case.token.token.time("exp"), TimeClaim::At(..)));
        }
        None => memory.reason(
            CheckId::Lifetime,
            "the source does not say when a token was used: give the moment with --at",
        ),
    }
    if case.token.standing != Standing::InScope {
        return;
    }
    memory.travelled += u64::from(case.exchange.is_some());
    if let Some(exchange) = case.presented() {
        memory.presented += 1;
        memory.audiences += 1;
        match exchange.status() {
            None => memory.unanswered += 1,
            Some(200..=299 | 304) if exchange.ews().is_none_or(|outcome| outcome.is_success()) => {
                match exchange.response() {
                    Some(response) if answers::is_page(exchange, response) => memory.pages += 1,
                    Some(response) if answers::is_unseen(exchange, response) => memory.unseen += 1,
                    _ => memory.accepted += 1,
                }
            }
            Some(_) => memory.refused += 1,
        }
    }
}

/// Notes one exchange in scope.
pub(super) fn note_exchange(case: &ExchangeCase<'_>, memory: &mut Memory) {
    // What goes through a tunnel was not read by reading whom it leads to, nor does that make it Exchange.
    if case.request().is_some_and(|request| request.method != "CONNECT") {
        memory.requests += 1;
        memory.calls += u64::from(case.place != Place::TokenService);
        if let Some(host) = case.host() {
            memory.host(&place::bare(host));
        }
    }
    if let Some(server) = case.exchange.server {
        memory.servers.insert(server);
    }
    // Only with the state of the organisation does somebody ask which roles were wanted.
    if !case.expected.state.is_empty() && case.presented().is_some() {
        case.management_roles().into_iter().for_each(|role| memory.role(role));
    }
    if case.token_request().is_some() {
        memory.asked += 1;
        match case.status() {
            None => memory.unheard += 1,
            // What a page for people says, if it was seen, a rule tells.
            Some(200..=299) if case.response().is_some_and(witness::is_page) => memory.unheard += 1,
            Some(200..=299) => memory.granted += 1,
            Some(_) => {}
        }
    }
    if case.place != Place::TokenService
        && let Some(offer) = case.bearer_challenge()
    {
        let telling = challenge::names_both(offer);
        // Of an answer to nobody knows what, nobody knows whether Exchange gave it.
        memory.challenges += u64::from(telling && case.request().is_some());
        memory.bare_challenges += u64::from(!telling && case.at_exchange());
        let issuers = challenge::issuers(offer).unwrap_or_default();
        let acs = issuers.iter().filter(|name| case.at_exchange() && place::is_acs(name.id));
        memory.trusts(acs.map(|name| name.id.to_ascii_lowercase()).collect(), case.exchange.key);
    }
    if case.at_exchange() {
        memory.logs.exchange(case.exchange.key, || joinable(case));
    }
    let odd = |name: &str| case.exchange.oddities.iter().any(|oddity| oddity.name == name);
    if odd("export-fields-missing") {
        memory.reason(CheckId::Coverage, FIELDS_MISSING);
        // Elsewhere a password would be no error, so that its absence need not be seen.
        if matches!(case.place, Place::Exchange | Place::TokenService) {
            memory.reason(CheckId::NoBasic, FIELDS_MISSING);
        }
    }
    if odd("export-stripped-headers") {
        memory.reason(
            CheckId::NoBasic,
            "an export was stripped of its authentication headers: export again with sensitive data \
             (Chromium: \"Export HAR (with sensitive data)\")",
        );
    }
}

/// The numbers by which a line of a log may name the exchange.
fn joinable(case: &ExchangeCase<'_>) -> Joinable {
    let client = case.request().and_then(|request| request.head.text("client-request-id"));
    let server = case.response().and_then(|response| response.head.text("request-id"));
    Joinable {
        ids: [server, client].map(|text| text.and_then(number)),
        at: case.exchange.moment(),
        status: case.status(),
        presented: case.presented().is_some(),
        discovery: case.status() == Some(401) && case.presented().is_none() && case.sends_empty_bearer(),
    }
}

/// Bounds beyond which traffic lies that no connection and no exchange tells of.
const HIDES: [&str; 9] = [
    "CONNECTIONS",
    "ENCAPSULATION_DEPTH",
    "FRAGMENTED_DATAGRAMS",
    "FRAGMENT_BYTES",
    "FRAGMENT_PACKETS",
    "HEAD_FIELDS",
    "NESTING",
    "QUIC_CONNECTIONS",
    "TLS_HANDSHAKE_BYTES",
];

/// What `oauth` misses when nothing could be read.
pub(crate) const NO_EXCHANGE: &str = "no HTTP exchange could be read from the inputs";
/// What `challenge` misses when challenges say too little.
pub(crate) const NAMES_NOTHING: &str = "no challenge names both Exchange and the issuers that it trusts";
/// What `coverage` misses then.
pub(crate) const NOTHING_DECODED: &str = "nothing was decoded from the inputs";
/// What `coverage` misses of an input that was cut, behind its number.
const CUT: &str = " was cut, and was used up to the cut";

/// The first thing that is missing; what to do about it stands with the whole.
fn in_short(missing: &[String]) -> String {
    const KEY: &str = " was not supplied";
    let keys = missing.iter().filter(|line| line.contains(KEY)).count();
    let first = missing.first().map_or("", String::as_str);
    if keys > 0 && first.contains(KEY) {
        return format!("{} to verify with{KEY}", plural(keys as u64, "key"))
            .replace("s to verify with was", "s to verify with were");
    }
    let advice = [": save ", ": give ", ": add ", "; supply "];
    let end = advice.iter().filter_map(|words| first.find(words)).min();
    first.get(..end.unwrap_or(first.len())).unwrap_or(first).to_owned()
}

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
            (Outcome::Fail, and_more(first, more, "error"))
        } else if !applicable {
            (Outcome::NotApplicable, self.absent(id).to_owned())
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
            (Outcome::Pass, summary)
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
    fn missing(&self, id: CheckId) -> Vec<String> {
        let mut missing = match id {
            CheckId::Oauth if self.seen.in_scope == 0 => self.no_token(),
            CheckId::Issuer if self.seen.in_scope == 0 => vec![NO_TOKEN.to_owned()],
            CheckId::Signature if self.seen.signed == 0 => {
                vec!["no signed token in scope was seen".to_owned()]
            }
            CheckId::Lifetime if self.memory.lifetimes == 0 => {
                vec!["no token in scope with an `exp` was seen in use at a known time".to_owned()]
            }
            CheckId::NoBasic => self.unread(),
            CheckId::Certificate => self.certificate(),
            CheckId::Accepted if self.accepted() == 0 => self.unaccepted(),
            CheckId::TokenRequest if self.memory.granted == 0 => {
                vec!["the token service's answer was not seen: record it too".to_owned()]
            }
            CheckId::Challenge if self.memory.challenges == 0 => vec![NAMES_NOTHING.to_owned()],
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
                    .to_owned(),
            );
        }
        let reasons: Vec<&String> =
            self.memory.reasons.keys().filter(|(check, _)| *check == id).map(|(_, reason)| reason).collect();
        // Whatever the cause: a signature that was not verified is never a pass.
        if id == CheckId::Signature
            && missing.is_empty()
            && reasons.is_empty()
            && self.seen.verified < self.seen.signed
        {
            missing.push("a signature could be verified with none of the supplied keys".to_owned());
        }
        missing.extend(reasons.iter().take(REASONS_LISTED).map(|&reason| reason.clone()));
        if reasons.len() > REASONS_LISTED {
            missing.push(format!("and {} further reasons of the same kind", reasons.len() - REASONS_LISTED));
        }
        missing
    }

    /// Calls with a token in scope that Exchange answered with success, as far as recording or logs tell.
    /// Why no answer counts as a success.
    fn unaccepted(&self) -> Vec<String> {
        let mut missing = vec!["no successful answer of Exchange to a token in scope was seen".to_owned()];
        let Memory { pages, unseen, .. } = self.memory;
        if *pages > 0 {
            missing.push(format!(
                "{} answered with a web page, which is no answer of Exchange to an application: look for a device \
                 in front of it",
                plural(*pages, "call")
            ));
        }
        if *unseen > 0 {
            missing.push(format!(
                "{} answered with status 200, but the body, in which EWS reports errors, is not in the input: \
                 record or export the content of answers, too",
                plural(*unseen, "call")
            ));
        }
        missing
    }

    fn accepted(&self) -> u64 {
        self.memory.accepted + self.told.answered + self.told.calls.1
    }

    /// Connections in scope that stayed closed and of whose requests logs tell how they were authenticated.
    fn proven(&self) -> u64 {
        self.in_scope(&self.memory.closed)
            .map(|(name, closed)| self.told.proven(name).min(closed.count))
            .sum()
    }

    /// Why no token in scope was seen, as far as that can be told.
    fn no_token(&self) -> Vec<String> {
        let mut missing = vec![NO_TOKEN.to_owned()];
        let in_scope = |state: &Option<TokenState>| {
            state.as_ref().is_some_and(|state| state.standing == Standing::InScope)
        };
        if self.states.iter().any(in_scope) {
            missing.push(format!(
                "tokens in scope went to other hosts than --host {}: add the host that they went to",
                self.expected.hosts.join(" and ")
            ));
        }
        let mut others: Vec<String> = Vec::new();
        for (id, _) in self.store.ids().zip(self.states).filter(|(_, state)| !in_scope(state)) {
            if others.len() >= REASONS_LISTED {
                break;
            }
            let name = self.store.visit(id, |token| token.application().map(|name| name.id.to_owned()));
            let name =
                name.flatten().filter(|name| !others.iter().any(|known| known.eq_ignore_ascii_case(name)));
            others.extend(name);
        }
        for application in others {
            let known = expectations::application_name(&application)
                .map_or_else(String::new, |name| format!(" ({name})"));
            missing.push(format!(
                "tokens of another application were seen: --principal {}{known} would judge them",
                super::standing::shown(&application)
            ));
        }
        if self.memory.undecrypted > 0 {
            missing.push(format!(
                "{} stayed closed: give the key log with --keylog, or record behind the TLS end point",
                plural(self.memory.undecrypted, "TLS connection")
            ));
        }
        if self.memory.exchanges == 0 {
            missing.push(NO_EXCHANGE.to_owned());
        }
        missing
    }

    /// What of the traffic in scope could have held a password and was not read.
    fn unread(&self) -> Vec<String> {
        let mut missing = Vec::new();
        let proven = self.proven();
        if self.memory.requests == 0 && proven == 0 {
            missing.push("no HTTP request in scope could be read".to_owned());
        } else if proven == 0 && self.memory.calls == 0 && !self.expected.hosts.is_empty() {
            missing.push(format!("no request to {} could be read", self.expected.hosts.join(" or ")));
        }
        let closed = |name: &str, closed: &Closed| {
            let why = self.told.closed.get(name).and_then(|(_, why)| why.as_deref());
            let advice = if closed.passed_on < closed.count {
                "give the key log with --keylog"
            } else {
                "give a recording in which the proxy decrypted them"
            };
            // Only with another host beside it does somebody know which are those of Exchange.
            let unwanted = self.expected.hosts.is_empty() && self.memory.calls > 0;
            format!(
                "{}{} stayed closed{}: {advice}{}{}",
                plural(closed.count.saturating_sub(self.told.proven(name)), "TLS connection"),
                named(name),
                first(closed),
                if unwanted {
                    ", or name the hosts of Exchange with --host if it is none of them"
                } else {
                    ""
                },
                why.map_or_else(String::new, |why| format!("; the logs do not replace it: {why}")),
            )
        };
        let lost = |name: &str, lost: &Closed| {
            format!(
                "bytes of a request head were lost on {}{}{}: record again without loss",
                plural(lost.count, "connection"),
                named(name),
                first(lost),
            )
        };
        let mut list: Vec<String> = Vec::new();
        let unproven = |(name, found): &(&str, &Closed)| self.told.proven(name) < found.count;
        list.extend(
            self.in_scope(&self.memory.closed).filter(unproven).map(|(name, found)| closed(name, found)),
        );
        list.extend(self.in_scope(&self.memory.heads_lost).map(|(name, found)| lost(name, found)));
        list.extend(self.memory.left_out.requests(|name| self.concerns(name)));
        list.extend(unread::at_servers(self.memory));
        let more = list.len().saturating_sub(REASONS_LISTED);
        list.truncate(REASONS_LISTED);
        missing.extend(list);
        if more > 0 {
            missing.push(format!("and {more} further names whose connections could not be read"));
        }
        missing
    }

    /// Connections whose name does not put them out of scope.
    fn in_scope<'m>(
        &'m self,
        map: &'m BTreeMap<String, Closed>,
    ) -> impl Iterator<Item = (&'m str, &'m Closed)> {
        map.iter().filter(|(name, _)| self.concerns(name)).map(|(name, closed)| (name.as_str(), closed))
    }

    /// Whether the name of a server, empty where none is known, does not put what went there out of scope.
    fn concerns(&self, name: &str) -> bool {
        let covers = |host: &str| {
            host == name
                || name
                    .strip_prefix("*.")
                    .is_some_and(|suffix| host.split_once('.').is_some_and(|(_, parent)| parent == suffix))
        };
        let (given, seen) = (&self.expected.hosts, &self.memory.hosts);
        name.is_empty()
            || place::is_token_service_host(name)
            || match (given.is_empty(), seen.is_empty()) {
                (false, _) => given.iter().any(|host| covers(&place::bare_host(host))),
                (true, false) => seen.iter().any(|host| covers(host)),
                (true, true) => true,
            }
    }

    fn certificate(&self) -> Vec<String> {
        let mut missing = Vec::new();
        if self.expected.certificates.iter().all(|(_, loaded)| loaded.certificates.is_empty()) {
            missing.push("no certificate was found in the files given with --cert".to_owned());
        }
        if self.expected.at.is_none() && self.memory.uses.is_none() && self.memory.times.is_none() {
            missing.push("no moment of use is known: give it with --at".to_owned());
        }
        missing
    }

    fn uncovered(&self) -> Vec<String> {
        let memory = self.memory;
        let mut missing = Vec::new();
        if memory.exchanges == 0 && memory.connections == 0 {
            missing.push(NOTHING_DECODED.to_owned());
        }
        for input in &memory.truncated {
            missing.push(format!("input {input}{CUT}"));
        }
        missing.extend(memory.left_out.missing());
        for (what, count) in self.store.unread() {
            let bound = if limits::named(what).next().is_some() { " because of a bound" } else { "" };
            missing.push(format!("{count} not read to the end{bound}: {what}"));
        }
        for (name, count) in memory.limits.iter().filter(|(name, _)| HIDES.contains(*name)) {
            let times = plural(*count, "time");
            missing.push(format!("a bound was reached {times}, and nothing beyond it was read: {name}"));
        }
        for connection in memory.troubled.values().take(REASONS_LISTED) {
            missing.push(crate::checks::coverage::describe(connection));
        }
        let more = memory.troubled.len().saturating_sub(REASONS_LISTED) as u64 + memory.troubled_more;
        if more > 0 {
            missing.push(format!("and {} with something missing", plural(more, "further connection")));
        }
        missing
    }

    /// One line for a check that passes.
    fn holds(&self, id: CheckId) -> String {
        let memory = self.memory;
        let tenant = || realm::list(&self.expected.tenants);
        match id {
            CheckId::Oauth => {
                format!("{} of applications in scope seen", plural(self.seen.in_scope as u64, "token"))
            }
            CheckId::Issuer => format!("every token in scope names an expected application at {}", tenant()),
            CheckId::Signature => {
                format!("{} verified with a supplied key", plural(self.seen.verified as u64, "signed token"))
            }
            CheckId::Chain => format!(
                "{} around a signed actor token of the same application; `alg: none` outside is right there",
                plural(self.seen.outer as u64, "unsigned outer token")
            ),
            CheckId::Audience => {
                format!("{} meant for the host that got them", plural(memory.presented, "presented token"))
            }
            CheckId::Lifetime => format!(
                "{} within validity, {} s tolerance",
                plural(memory.lifetimes, "use"),
                self.expected.leeway
            ),
            CheckId::Certificate => "valid when it was used, RSA of 2048 bits or more".to_owned(),
            CheckId::NoBasic => match self.proven() {
                0 => format!("no password in {}", plural(memory.requests, "request")),
                proven => {
                    let read = match memory.requests {
                        0 => "no password".to_owned(),
                        requests => format!("no password in {}, and none", plural(requests, "request")),
                    };
                    format!(
                        "{read} on {} that stayed closed: the logs of Exchange tell how each request there was \
                         authenticated",
                        plural(proven, "connection")
                    )
                }
            },
            CheckId::Transport => {
                "no token in scope crossed a public network in the clear, or travelled in a URL".to_owned()
            }
            CheckId::Accepted => {
                let recorded = format!(
                    "{} of {} answered with success",
                    memory.accepted,
                    plural(memory.presented, "call")
                );
                let (calls, good) = self.told.calls;
                match good + self.told.answered {
                    0 => recorded,
                    good => {
                        let told =
                            format!("logs tell of success for {good} of {}", plural(calls.max(good), "call"));
                        if memory.presented == 0 { told } else { format!("{recorded}; {told}") }
                    }
                }
            }
            CheckId::TokenRequest => {
                format!("{} of {} granted", memory.granted, plural(memory.asked, "token request"))
            }
            CheckId::Challenge => {
                format!("{} named the right application and issuer", plural(memory.challenges, "challenge"))
            }
            CheckId::Coverage => {
                // Exports tell nothing of connections.
                let read = match memory.connections {
                    0 => plural(memory.exchanges, "exchange"),
                    connections => plural(connections, "connection"),
                };
                format!("everything could be read of {read}")
            }
        }
    }

    /// One line for a check that does not apply.
    fn absent(&self, id: CheckId) -> &'static str {
        match id {
            CheckId::Chain => "no outer token in scope was seen",
            CheckId::Audience | CheckId::Accepted => "no token in scope was presented in a request",
            CheckId::Certificate => "no --cert was given",
            CheckId::Transport => "no token in scope was seen in an exchange",
            CheckId::TokenRequest => "no request to a token service was seen",
            CheckId::Challenge => "no Bearer challenge was seen",
            _ => "not applicable",
        }
    }
}

const NO_TOKEN: &str = "no token of an application in scope was seen";

fn named(name: &str) -> String {
    if name.is_empty() { " (server name not known)".to_owned() } else { format!(" to {name}") }
}

pub(super) fn first(closed: &Closed) -> String {
    let unit = if closed.passed_on > 0 { "entry" } else { "frame" };
    closed.first.map_or_else(String::new, |(input, _, frame)| {
        format!(" (the first begins with {unit} {frame} of input {input})")
    })
}

/// `the first (and 2 more errors)`.
pub(crate) fn and_more(first: &str, more: usize, thing: &str) -> String {
    match more {
        0 => first.to_owned(),
        more => format!("{first} (and {})", plural(more as u64, &format!("more {thing}"))),
    }
}

/// `1 token`, `2 tokens`.
pub(crate) fn plural(count: u64, thing: &str) -> String {
    if count == 1 { format!("{count} {thing}") } else { format!("{count} {thing}s") }
}
