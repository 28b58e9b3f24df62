//! Takes exchanges and connections as they are decoded, gives outcomes, findings and the verdict.
//!
//! One pass: tokens of an exchange are found and, when new, judged once; rules look at the exchange; what
//! later decisions need is remembered in counts and names, and the exchange is dropped.

/// Answers that look like success and show none.
mod answers;
/// Token states, findings in the making, and memory.
mod book;
/// Kinds of calls that repeat themselves.
mod calls;
/// Which cloud the tenant lives in.
mod cloud;
/// Kinds of calls, token requests and metadata, for the diagnosis.
pub mod facts;
/// Messages of exports that were left out.
pub mod left_out;
/// Lines of logs, joined with what was recorded.
pub mod logs;
/// What is remembered of traffic that was dropped.
pub mod memory;
/// What the outcomes will be decided by.
mod noted;
/// From what was remembered to the outcomes of the checks.
mod outcomes;
/// Judging what a live service answered.
mod probing;
/// What repeated members of a token leave open.
mod repeated;
/// What was judged before.
mod repeats;
/// What the state of the organisation can be held against.
mod shown;
/// How far a token is judged, and what its signature came to.
pub(crate) mod standing;
#[cfg(test)]
mod tests;
/// What of a request could have held a password and was not read.
mod unread;
/// From an exchange to facts.
mod witness;

use std::collections::{BTreeMap, HashSet};

use crate::base::{Instant, Question, Secret};
use crate::connection::{Connection, Content, LeftOut, State};
use crate::exchange::{Enough, Exchange, ExchangeKey, Head, Indexing};
use crate::json::dump;
use crate::keys::certificate::Certificate;
use crate::limits;
use crate::logrecord::LogRecord;
use crate::sink::Sink;
use crate::soap;
use crate::token::store::{Hint, TokenStore};
use crate::token::{Half, Location, Sighting, TokenId, find};

pub(crate) use outcomes::{NO_EXCHANGE, NOTHING_DECODED, and_more, plural};
pub(crate) use witness::{tested, tunnel_refused};

use super::expectations::Expectations;
use super::finding::{Evidence, Finding};
use super::marks::Marks;
use super::organisation::thumbprints::Row;
use super::organisation::{self, StateCase};
use super::place::{self, Place};
use super::rule::{Out, Scope};
use super::rules::RULES;
use super::said::Said;
use super::scoped;
use super::subject::{
    CaptureCase, CertificateCase, ConnectionCase, ExchangeCase, LogCase, Proof, SeenToken, Standing,
};
use super::{CheckId, CheckResult, Verdict, judge_state};
use book::Book;
use calls::Calls;
use memory::count_closed;

/// What the signature of a token came to, for reports.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignatureState {
    /// `verified`, `failed`, `no-key`, `wrong-kind-of-key`, `unsigned` or `removed`.
    pub state: &'static str,
    /// The key that was used or named, described.
    pub key: Option<String>,
}

/// The end of judging: everything that a report of `verify` shows.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// The answer.
    pub verdict: Verdict,
    /// All thirteen checks in the contract's order.
    pub checks: Vec<CheckResult>,
    /// Sorted by check, severity (worst first), rule, first evidence.
    pub findings: Vec<Finding>,
    /// Distinct tokens, numbered by their first sighting.
    pub tokens: TokenStore,
    /// Which of them are in scope, and what their signatures came to. Tokens that are no JWT have
    /// no signature to speak of and are left out.
    pub judged: BTreeMap<TokenId, (bool, SignatureState)>,
    /// Tokens that are not in scope and judged with them: assertions and self-issued tokens of Exchange.
    pub own: usize,
    /// What a diagnosis needs to know of the traffic.
    pub facts: facts::Facts,
    /// Which certificate stands where; empty without the state of the organisation.
    pub thumbprints: Vec<Row>,
}

/// Judges one stream of exchanges; several judges of one run are joined.
#[derive(Clone, Debug)]
pub struct Judge<'e> {
    book: Book<'e>,
    store: TokenStore,
    calls: Calls,
    hosts: HashSet<String>,
    /// With `--host`: connections (by ordinal: those of one recording end before another begins) whose last exchange
    /// concerned others.
    foreign: HashSet<u32>,
    /// Lines of logs that tell of a refused call, and may tell of a recorded discovery: it is known at the end.
    unclear: Vec<LogRecord>,
}

impl<'e> Judge<'e> {
    /// A judge that has seen nothing.
    pub fn new(expectations: &'e Expectations) -> Self {
        Self {
            book: Book::new(expectations),
            store: TokenStore::default(),
            calls: Calls::default(),
            hosts: expectations.hosts.iter().map(|host| place::bare_host(host)).collect(),
            foreign: HashSet::new(),
            unclear: Vec::new(),
        }
    }

    /// Notes that an input was cut, and was used up to the cut.
    pub fn truncated(&mut self, input: u32) {
        self.book.memory.truncated.insert(input);
    }

    /// Notes what was said about reading an input: the bounds that were reached.
    pub fn notice(&mut self, text: &str) {
        self.book.memory.reached(text, 1);
    }

    /// Notes that the recorder of an input lost packets.
    pub fn lost(&mut self, input: u32, packets: u64) {
        let packets = plural(packets, "packet");
        self.book.memory.reason(
            CheckId::Coverage,
            Said::from("the recorder of ").then(Said::input(input)).then(format!(" lost {packets}")),
        );
    }

    /// Notes that packets of an input could not be read, by kind.
    pub fn unread(&mut self, input: u32, kinds: &[(String, u64)]) {
        let all = kinds.iter().fold(0_u64, |all, (_, count)| all.saturating_add(*count));
        if all == 0 {
            return;
        }
        let mut listed: Vec<String> = kinds
            .iter()
            .take(limits::REASONS_LISTED)
            .map(|(kind, count)| format!("{kind}: {count}"))
            .collect();
        if kinds.len() > listed.len() {
            listed.push(format!("and {}", plural((kinds.len() - listed.len()) as u64, "further kind")));
        }
        let (packets, listed) = (plural(all, "packet"), listed.join(", "));
        let said = Said::from(format!("{packets} of "))
            .then(Said::input(input))
            .then(format!(" could not be read, whatever was in them: {listed}"));
        self.book.memory.reason(CheckId::Coverage, said);
    }

    /// Findings that are not marked in `told`; marks them.
    pub fn news(&self, told: &mut Vec<bool>) -> Vec<&Finding> {
        self.book.tally.news(told)
    }

    /// The outcome of everything that was seen.
    pub fn finish(mut self) -> Judgement {
        if self.book.memory.logs.crowded() {
            self.book.memory.limit("JOINABLE_KEPT", 1);
        }
        self.book.memory.logs.finish(self.book.expectations.leeway);
        self.judge_unclear_lines();
        self.calls.settle(&mut self.book.memory.facts);
        tested(&self.book.expectations.state, self.book.expectations, &mut self.book.memory.facts);
        self.book.memory.facts.finish();
        let renumbered = self.store.finalise();
        self.book.settle(&renumbered);
        self.judge_certificates();
        self.judge_capture();
        let thumbprints = self.judge_state();
        let judged = self.judged();
        let Book { expectations, states, tally, memory, .. } = self.book;
        let own = states.iter().flatten().filter(|state| state.standing == Standing::SelfIssued).count();
        let findings = tally.finish();
        let checks = outcomes::decide(expectations, &self.store, &states, &memory, &findings);
        let severities = findings.iter().map(|finding| finding.severity);
        let verdict = Verdict::of(&checks, severities, expectations.fail_on);
        let judgement = Judgement {
            verdict,
            checks,
            findings,
            tokens: self.store,
            judged,
            own,
            facts: memory.facts,
            thumbprints,
        };
        judgement.fit(expectations)
    }

    /// Both sides together: what the tokens show, and the state that the organisation is in.
    fn judge_state(&mut self) -> Vec<Row> {
        let Book { expectations: expected, memory, .. } = &self.book;
        if expected.state.is_empty() {
            return Vec::new();
        }
        let last = memory.uses.or(memory.times).map(|(_, last)| last);
        let at = expected.at.or(last).unwrap_or_else(Instant::now);
        let case = StateCase {
            shown: Some(shown::shown(&self.book, &self.store)),
            ..StateCase::expected(expected, at)
        };
        let (hits, missing) = judge_state::ask_state(&case);
        // What of the state could not be compared says nothing about the tokens: it is told, and decides nothing.
        let scripts = (!case.has_state()).then(|| {
            "--state was given scripts only: give what cmdlets print, best with the script of `oauthtrace provision collect`"
                .to_owned()
        });
        let reasons = missing.into_iter().map(|(_, reason)| reason).chain(scripts);
        let missing: Vec<_> = reasons.map(|reason| (CheckId::Coverage, reason)).collect();
        let rows = organisation::thumbprints::table(&case);
        self.book.put(&hits, &missing, None, &Evidence::default());
        rows
    }

    fn judged(&self) -> BTreeMap<TokenId, (bool, SignatureState)> {
        let describe = |id: TokenId| {
            let state = self.book.state(id)?;
            let (word, key) = match &state.proof {
                Proof::NoJwt => return None,
                Proof::Unsigned => ("unsigned", None),
                Proof::Removed => ("removed", None),
                Proof::Verified { key, .. } => ("verified", Some(key.clone())),
                Proof::Malformed => ("failed", None),
                Proof::Failed { key } => ("failed", key.clone()),
                Proof::NoKey | Proof::UnknownAlgorithm => ("no-key", None),
                Proof::WrongKind { key, .. } => ("wrong-kind-of-key", Some(key.clone())),
            };
            Some((id, (state.standing == Standing::InScope, SignatureState { state: word, key })))
        };
        self.store.ids().filter_map(describe).collect()
    }

    /// Whether an exchange concerns the hosts given with `--host`.
    fn concerns(&self, exchange: &Exchange, place: Place, sightings: &[Sighting]) -> bool {
        if self.hosts.is_empty() || place == Place::TokenService {
            return true;
        }
        let wanted = |host: &str| self.hosts.contains(&place::bare_host(host));
        let Some(host) = exchange.request.as_ref().and_then(|request| request.host.as_deref()) else {
            return true;
        };
        let audience = |sighting: &Sighting| self.store.get(sighting.token)?.principal("aud")?.host;
        wanted(host)
            || exchange.tls.as_ref().and_then(|tls| tls.sni.as_deref()).is_some_and(wanted)
            || sightings
                .iter()
                .filter(|sighting| sighting.presented)
                .any(|sighting| audience(sighting).is_some_and(&wanted))
    }

    /// A token outside any exchange.
    fn lone_token(&mut self, text: &[u8], location: Location, key: ExchangeKey, time: Option<Instant>) {
        let (id, _) = self.store.intern(text, Hint::None);
        self.store.seen(id, key, &location);
        let role = self.store.role(id, Hint::None);
        let sighting = Sighting { token: id, role, location, frames: Vec::new(), presented: false };
        self.book.learn(&self.store, &sighting);
        self.book.use_token(&self.store, &sighting, None, key, time);
    }

    fn judge_certificates(&mut self) {
        let expected = self.book.expectations;
        let memory = &self.book.memory;
        let uses = expected.at.map(|at| (at, at)).or(memory.uses).or(memory.times);
        let (mut hits, mut missing) = (Vec::new(), Vec::new());
        let given: Vec<(&String, _, &Certificate)> = expected
            .certificates
            .iter()
            .flat_map(|(path, loaded)| loaded.certificates.iter().map(move |found| (path, loaded, found)))
            .collect();
        for &(path, loaded, certificate) in &given {
            let case = CertificateCase {
                expected,
                path,
                loaded,
                certificate,
                uses,
                used: memory.thumbprints.contains(&certificate.thumbprint),
                superseded: given.iter().any(|(.., other)| other.not_before > certificate.not_before),
            };
            let from = hits.len();
            for rule in RULES {
                if let Scope::Certificate(examine) = rule.scope {
                    examine(&case, &mut Out::new(rule, &mut hits, &mut missing));
                }
            }
            for hit in hits.iter_mut().skip(from) {
                hit.location(path);
            }
        }
        self.book.put(&hits, &missing, None, &Evidence::default());
    }

    fn judge_capture(&mut self) {
        let (mut hits, mut missing) = (Vec::new(), Vec::new());
        let Book { expectations: expected, memory, .. } = &self.book;
        let case = CaptureCase { expected, store: &self.store, memory };
        for rule in RULES {
            if let Scope::Capture(examine) = rule.scope {
                examine(&case, &mut Out::new(rule, &mut hits, &mut missing));
            }
        }
        self.book.put(&hits, &missing, None, &Evidence::default());
    }
}

impl Sink for Judge<'_> {
    fn exchange(&mut self, exchange: Exchange) {
        let memory = &mut self.book.memory;
        memory.exchanges += 1;
        exchange.moment().into_iter().for_each(|at| memory.happened_at(at));
        exchange.oddities.iter().for_each(|oddity| memory.reached(&oddity.detail, 1));
        cut_bodies(&exchange).for_each(|limit| memory.limit(limit, 1));
        let find::Found { sightings, glimpse, tokenless_request } = find::in_use(&exchange, &mut self.store);
        let top = outermost(&sightings, &self.store);
        for sighting in &top {
            self.book.learn(&self.store, sighting);
        }
        let request = exchange.request.as_ref();
        let host = request.and_then(|request| request.host.as_deref());
        let place = place::of(host, request.map_or("", |request| request.path()));
        let concerns = self.concerns(&exchange, place, &sightings);
        if let Some(connection) = exchange.connection.filter(|_| !self.hosts.is_empty()) {
            if concerns {
                self.foreign.remove(&connection)
            } else {
                self.foreign.insert(connection)
            };
        }
        if !concerns {
            return;
        }
        let Self { store, book, calls, .. } = self;
        let tokens = top
            .iter()
            .filter_map(|&sighting| {
                let token = store.get_as(sighting.token, sighting.role)?;
                let standing = book.standing_at(store, sighting);
                let proof = book.state(token.actor.unwrap_or(sighting.token)).map(|state| &state.proof);
                let signed = witness::signature(proof);
                Some(SeenToken { id: sighting.token, token, standing, sighting, signed })
            })
            .collect();
        let case = ExchangeCase::new(book.expectations, store, &exchange, place, tokens)
            .with(glimpse, tokenless_request);
        let (mut hits, mut missing) = (Vec::new(), Vec::new());
        let marks = Marks::of(&case);
        for &(rule, (wanted, examine)) in scoped::EXCHANGE.iter() {
            if wanted.is_none_or(|wanted| marks.meet(wanted)) {
                examine(&case, &mut Out::new(rule, &mut hits, &mut missing));
            } else if cfg!(debug_assertions) && book.memory.exchanges <= RULES_TRIED {
                let (mut hits, mut missing) = (Vec::new(), Vec::new());
                examine(&case, &mut Out::new(rule, &mut hits, &mut missing));
                assert!(hits.is_empty() && missing.is_empty(), "{} speaks without its marks", rule.id);
            }
        }
        if exchange.request.as_ref().is_some_and(|request| unreadable(&request.head)) {
            missing.push((CheckId::NoBasic, outcomes::HPACK_BEFORE.to_owned()));
            missing.push((CheckId::Coverage, outcomes::HPACK_BEFORE.to_owned()));
        } else if exchange.response.as_ref().is_some_and(|response| unreadable(&response.head)) {
            missing.push((CheckId::Coverage, HPACK_ANSWER.to_owned()));
        }
        if !(hits.is_empty() && missing.is_empty()) {
            let base = Evidence {
                input: Some(exchange.key.input),
                exchange: Some(exchange.key),
                frames: exchange.frames.map_or_else(Vec::new, |(first, last)| ends(first, last)),
                time: exchange.moment(),
                ..Evidence::default()
            };
            book.put(&hits, &missing, Some(exchange.key), &base);
        }
        noted::note_exchange(&case, &mut book.memory);
        unread::note(&case, &mut book.memory);
        let Book { states, memory, .. } = &mut *book;
        let proof = |id: TokenId| Some(&states.get(id.0 as usize)?.as_ref()?.proof);
        witness::note(&case, marks, &proof, calls, &mut memory.facts);
        for sighting in top {
            book.use_token(store, sighting, Some(&case), exchange.key, None);
        }
        if case.ews_too_deep() {
            book.memory.limit("XML_DEPTH", 1);
        }
    }

    fn enough(&self) -> Option<Enough> {
        Some(|seen| {
            !seen.ask(Question::Token, find::may_hold_token)
                && seen.ask(Question::Decides, soap::ews::decides)
        })
    }

    fn connection(&mut self, connection: Connection) {
        let foreign = self.foreign.remove(&connection.ordinal);
        let name = name_of(&connection);
        let case = ConnectionCase { connection: &connection, name: name.as_deref() };
        let (mut hits, mut missing) = (Vec::new(), Vec::new());
        for &(rule, examine) in scoped::CONNECTION.iter() {
            examine(&case, &mut Out::new(rule, &mut hits, &mut missing));
        }
        let base = Evidence {
            input: Some(connection.input),
            connection: Some(connection.ordinal),
            frames: vec![connection.first_frame],
            ..Evidence::default()
        };
        let key = ExchangeKey { input: connection.input, frame: connection.first_frame, sub: 0 };
        self.book.put(&hits, &missing, Some(key), &base);
        let memory = &mut self.book.memory;
        let closed = stayed_closed(&connection);
        let unheard_of = unread::is_unheard_of(&connection);
        memory.connections += 1;
        connection.oddities.iter().for_each(|oddity| memory.reached(&oddity.detail, 1));
        if let Some(reason) = connection.tls.as_ref().and_then(|tls| tls.undecrypted.as_deref()) {
            memory.reached(reason, 1);
        }
        memory.undecrypted += u64::from(closed);
        let name = name.unwrap_or_default();
        let at = (connection.input, connection.ordinal, connection.first_frame);
        if closed {
            let lost = connection.tls.as_ref().is_some_and(|tls| tls.hello_lost);
            if let Some(entry) = count_closed(&mut memory.closed, name, at) {
                entry.passed_on += u64::from(connection.passed_on);
                entry.hello_lost += u64::from(lost);
            }
        } else if let (Content::Quic, Some(server)) = (connection.content, connection.server) {
            count_closed(&mut memory.quic, server.address, at);
        } else if (connection.request_head_lost || unheard_of && connection.tls.is_some()) && !foreign {
            count_closed(&mut memory.heads_lost, name, at);
        } else if let Some(server) = connection.server.filter(|_| unheard_of) {
            count_closed(&mut memory.unheard_of, server, at);
        }
        memory.leave_open(&connection);
        // Whether the rest of something unknown matters is only known when all servers are.
        let rest = connection.is_unrecognised_rest();
        if let Some(server) = connection.server.filter(|_| rest) {
            count_closed(&mut memory.joined, server, at);
        }
        let complete = connection.state() == State::Complete || rest && !connection.lost_something();
        if !complete || !connection.oddities.is_empty() {
            memory.trouble(connection);
        }
    }

    fn token_text(&mut self, input: u32, offset: u64, text: &[u8]) {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let bytes = start..start.saturating_add(text.len());
        let location = Location { half: Half::Text, part: "text".into(), bytes };
        self.lone_token(text, location, ExchangeKey { input, frame: offset, sub: 0 }, None);
    }

    fn log_record(&mut self, record: LogRecord) {
        // Lines about other hosts show that the log was being written.
        self.book.memory.logs.line(&record, self.book.expectations);
        if record.unreadable {
            return;
        }
        let host = record.host.as_deref().map(place::bare_host);
        if !self.hosts.is_empty() && host.is_some_and(|host| !self.hosts.contains(&host)) {
            return;
        }
        if self.unclear.len() < limits::LOG_UNCLEAR_KEPT && may_be_discovery(&record) {
            self.unclear.push(record);
        } else {
            self.judge_line(&record);
        }
    }

    fn left_out(&mut self, input: u32, loss: LeftOut, why: &str) {
        self.book.memory.left_out.add(input, loss, standing::shown(why));
    }

    fn fork(&self) -> Self {
        Self::new(self.book.expectations)
    }

    fn join(&mut self, mut other: Self) {
        other.calls.settle(&mut other.book.memory.facts);
        let tokens = self.store.merge(other.store);
        self.book.merge(other.book, &tokens);
        self.foreign.extend(other.foreign);
        self.unclear.extend(other.unclear);
    }
}

/// Whether a line of a log could tell of a discovery, which asks with an empty `Authorization: Bearer` for the
/// challenge: a 401 of which it gives neither user nor reason.
fn may_be_discovery(record: &LogRecord) -> bool {
    let empty = |text: &Option<String>| text.as_deref().is_none_or(|text| text.trim().is_empty());
    record.status == Some(401)
        && (record.request_id.is_some() || record.client_request_id.is_some())
        && [&record.user, &record.diagnostics, &record.errors].into_iter().all(empty)
        && record.token_dump.is_none()
        && record.token_sent.is_none()
}

impl Judge<'_> {
    /// Judges those lines of logs that turned out not to tell of a recorded discovery.
    fn judge_unclear_lines(&mut self) {
        let mut unclear = std::mem::take(&mut self.unclear);
        unclear.sort_unstable_by_key(|record| (record.input, record.line));
        let joined = &self.book.memory.logs.joined;
        let discoveries: HashSet<_> =
            joined.iter().filter(|joined| joined.discovery).map(|joined| joined.line).collect();
        for record in unclear.iter().filter(|record| !discoveries.contains(&(record.input, record.line))) {
            self.judge_line(record);
        }
    }

    fn judge_line(&mut self, record: &LogRecord) {
        let (mut hits, mut missing) = (Vec::new(), Vec::new());
        let case = LogCase::of(record, self.book.expectations);
        for &(rule, examine) in scoped::LOG.iter() {
            examine(&case, &mut Out::new(rule, &mut hits, &mut missing));
        }
        let base = Evidence {
            input: Some(record.input),
            location: Some(format!("line {}", record.line)),
            time: record.time,
            ..Evidence::default()
        };
        let key = ExchangeKey { input: record.input, frame: record.line, sub: 0 };
        self.book.put(&hits, &missing, Some(key), &base);
        for (text, location) in tokens_of(record) {
            self.lone_token(text.as_bytes(), location, key, record.time);
        }
        witness::log(record, self.book.expectations, &mut self.book.memory.facts);
    }
}

/// The bounds that cut bodies which arrived whole; those of which nothing is wanted are not cut.
fn cut_bodies(exchange: &Exchange) -> impl Iterator<Item = &'static str> {
    let request = exchange.request.as_ref().map(|request| &request.body);
    let response = exchange.response.as_ref().map(|response| &response.body);
    [request, response].into_iter().flatten().filter_map(|body| {
        let kept = body.bytes.len();
        let cut = (kept as u64) < body.total;
        match kept {
            limits::BODY_KEPT if cut => Some("BODY_KEPT"),
            limits::BODY_HEAD_KEPT if cut => Some("BODY_HEAD_KEPT"),
            limits::BODY_UNTYPED_KEPT if cut => Some("BODY_UNTYPED_KEPT"),
            _ => None,
        }
    })
}

/// The tokens of a line of a log as compact serialisations: those that it prints without their signatures, and the one
/// that was sent.
pub(crate) fn tokens_of(record: &LogRecord) -> Vec<(String, Location)> {
    fn text(secret: Option<&Secret>) -> Option<&str> {
        std::str::from_utf8(secret?.expose()).ok()
    }
    let part = format!("line {}", record.line);
    let at = |bytes| Location { half: Half::Text, part: part.clone().into(), bytes };
    let dumped = text(record.token_dump.as_ref()).map(dump::find).unwrap_or_default();
    let sent = text(record.token_sent.as_ref()).map(|token| (token.to_owned(), at(0..token.len())));
    dumped.into_iter().map(|dump| (dump.compact, at(dump.range))).chain(sent).collect()
}

/// Whether TLS stayed closed, so that anything could have been said inside.
pub(super) fn stayed_closed(connection: &Connection) -> bool {
    connection
        .tls
        .as_ref()
        .is_some_and(|tls| tls.undecrypted.is_some() || (tls.records_failed > 0 && tls.records_opened == 0))
}

/// What `coverage` misses then of a response.
const HPACK_ANSWER: &str = "header fields of a response refer to HPACK entries from before the recording began: record \
     from the start of the connection";

/// Whether a header field could not be read: in a request, credentials could have been in it.
fn unreadable(head: &Head) -> bool {
    head.spans.iter().any(|span| span.indexing == Indexing::Unknown)
}

/// First and last frame as a list without repetition.
fn ends(first: u64, last: u64) -> Vec<u64> {
    if first == last { vec![first] } else { vec![first, last] }
}

/// Sightings of tokens that do not travel inside another token seen at the same place.
fn outermost<'s>(sightings: &'s [Sighting], store: &TokenStore) -> Vec<&'s Sighting> {
    // As most exchanges have it.
    if let [alone] = sightings {
        return vec![alone];
    }
    // What is inside of each outer token, with the outer token's place. Sorted: one message may hold tokens by the
    // ten thousand.
    let mut around: Vec<(TokenId, Half, usize, usize)> = sightings
        .iter()
        .filter_map(|outer| {
            let Location { half, bytes, .. } = &outer.location;
            Some((store.get(outer.token)?.actor?, *half, bytes.start, bytes.end))
        })
        .collect();
    around.sort_unstable();
    let is_inside = |inner: &Sighting| {
        let Location { half, bytes, .. } = &inner.location;
        let behind = around.partition_point(|place| *place <= (inner.token, *half, bytes.start, usize::MAX));
        // Outer tokens around the same token do not lie in each other: the nearest one tells.
        let nearest = behind.checked_sub(1).and_then(|at| around.get(at));
        nearest
            .is_some_and(|&(token, place, _, end)| (token, place) == (inner.token, *half) && bytes.end <= end)
    };
    sightings.iter().filter(|inner| !is_inside(inner)).collect()
}

/// Exchanges of which a debug build tries all rules, to see that those without their marks stay silent.
const RULES_TRIED: u64 = 10_000;

/// The name that the client asked for, else the first name of the server's certificate.
pub(super) fn name_of(connection: &Connection) -> Option<String> {
    let facts = &connection.tls.as_ref()?.facts;
    if let Some(sni) = facts.sni.as_deref().filter(|sni| !sni.is_empty()) {
        return Some(place::bare_host(sni));
    }
    let certificate = Certificate::from_der(facts.certificates.first()?, "server certificate").ok()?;
    let common = certificate.subject.split(',').find_map(|part| part.trim().strip_prefix("CN="));
    let name = certificate.dns_names.first().map(String::as_str).or(common)?;
    Some(place::bare_host(name))
}
