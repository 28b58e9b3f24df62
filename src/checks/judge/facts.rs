//! What a diagnosis needs to know of traffic that was dropped: kinds of calls, token requests and metadata
//! documents, each with how often and where it was first seen.
//!
//! An exchange adds to one kind when it agrees with it in everything that a diagnosis looks at; so memory
//! grows with the variety of the traffic, not with its length, and is bounded besides.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::Instant;
use crate::exchange::ExchangeKey;
use crate::limits::{EVIDENCE_LISTED, FACTS_KEPT};

/// How often a kind was seen, and where.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Seen {
    /// How often.
    pub count: u64,
    /// The first places, sorted.
    pub exchanges: BTreeSet<ExchangeKey>,
    /// The earliest moment.
    pub first: Option<Instant>,
    /// Minutes that the server's clock was ahead of the recording, in the first exchange in which it was beyond the
    /// tolerance.
    skew: Option<(ExchangeKey, i64)>,
}

/// Where a kind was seen once more. Lines of logs are no exchanges.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sight {
    pub(crate) key: Option<ExchangeKey>,
    pub(crate) at: Option<Instant>,
    /// See [`Seen::offset`].
    pub(crate) offset: Option<i64>,
}

impl Seen {
    pub(super) fn add(&mut self, Sight { key, at, offset }: Sight) {
        self.count += 1;
        self.skew = earlier(self.skew, key.zip(offset));
        let full = self.exchanges.len() >= EVIDENCE_LISTED;
        if !(full && key.as_ref() > self.exchanges.last()) {
            self.exchanges.extend(key);
        }
        if self.exchanges.len() > EVIDENCE_LISTED {
            self.exchanges.pop_last();
        }
        self.first = earlier(self.first, at);
    }

    fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.exchanges.extend(other.exchanges);
        while self.exchanges.len() > EVIDENCE_LISTED {
            self.exchanges.pop_last();
        }
        self.first = earlier(self.first, other.first);
        self.skew = earlier(self.skew, other.skew);
    }

    /// The first exchange.
    pub fn key(&self) -> Option<ExchangeKey> {
        self.exchanges.first().copied()
    }

    /// Minutes that the server's clock was ahead of the recording where that was first beyond the tolerance. It is
    /// not the same in two exchanges of a recording whose clock runs at another speed, so it tells no kinds apart.
    pub fn offset(&self) -> Option<i64> {
        self.skew.map(|(_, minutes)| minutes)
    }
}

fn earlier<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    one.into_iter().chain(other).min()
}

/// What the caller proved itself with.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Credential {
    /// Nothing.
    #[default]
    None,
    /// `Bearer` with nothing behind it: discovery.
    EmptyBearer,
    /// A token of an application in scope.
    Token,
    /// Another bearer value.
    OtherToken,
    /// Basic.
    Basic,
    /// NTLM or Negotiate.
    Windows,
    /// Something else.
    Other,
}

/// What the tool itself found of a signature.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Signed {
    /// It verifies with a supplied key.
    Verified,
    /// It does not.
    Failed,
    /// The key was not supplied.
    NoKey,
    /// The source took it out.
    Removed,
    /// There is none, or it cannot be judged.
    #[default]
    Unknown,
}

/// A call to something that is no token service.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Call {
    /// Bare host name.
    pub host: String,
    /// The first segments of the path, lower case.
    pub path: String,
    /// What Exchange in the cloud says in `X-EWS-Policy-Reason`.
    pub policy: Option<String>,
    /// Whether the path belongs to Exchange.
    pub exchange: bool,
    /// See [`Credential`].
    pub credential: Credential,
    /// Application of the presented token, lower case.
    pub application: Option<String>,
    /// Issuer of the signed token.
    pub issuer: Option<String>,
    /// Whether it is an Entra token rather than one of the S2S family.
    pub entra: bool,
    /// What the signature came to.
    pub signed: Signed,
    /// Whether it was within its validity by the clock of the recording.
    pub in_time: Option<bool>,
    /// Whether its application belongs to the tenant.
    pub tenant: Option<bool>,
    /// Whether the host in its audience is the one of the request, and that host.
    pub audience: Option<(bool, String)>,
    /// Status of the answer.
    pub status: Option<u16>,
    /// Number, canonical category and reason of `x-ms-diagnostics`.
    pub said: Option<(u32, String, String)>,
    /// The same of what other servers on the way said.
    pub also: Vec<(u32, String, String)>,
    /// Whether the answer bears the marks of Exchange (`request-id`, `X-FEServer`, …).
    pub marks: bool,
    /// Whether the answer lost a part of its head: what it does not show may have been there.
    pub head_cut: bool,
    /// Whether the answer is a web page for people.
    pub page: bool,
    /// Whether the answer is a success whose body, in which EWS reports errors, is not in the input.
    pub unseen: bool,
    /// Whether the answer names a proxy (`Via`).
    pub via: bool,
    /// Schemes that the answer offers, lower case.
    pub offered: BTreeSet<String>,
    /// `trusted_issuers` of the challenge.
    pub trusted: Vec<String>,
    /// Response codes and texts of EWS that are errors.
    pub ews: Vec<(String, String)>,
    /// Whether the answer redirects to something that is not Autodiscover.
    pub redirected: bool,
    /// SOAP operation.
    pub operation: Option<String>,
    /// Distinguished folders.
    pub folders: Vec<String>,
    /// Item classes.
    pub classes: Vec<String>,
    /// Roles asked for.
    pub roles: Vec<String>,
    /// What the user agent says of the caller.
    pub agent: Option<&'static str>,
    /// Whether the server's clock differs from that of the recording by more than the tolerance; [`Seen::offset`]
    /// tells by how much.
    pub skewed: bool,
    /// Whether a log tells of it, not a recording.
    pub logged: bool,
    /// Whether the request came without TLS.
    pub clear: Option<bool>,
}

impl Call {
    /// Whether a token in scope was presented and answered with success.
    pub fn accepted(&self) -> bool {
        self.credential == Credential::Token && self.succeeded()
    }

    /// How it ended; `None` when that was not seen.
    pub fn ended(&self) -> Option<bool> {
        (self.status.is_some() && !self.unseen).then(|| self.succeeded())
    }

    /// Whether the answer is a success, also inside as far as that was seen.
    pub fn succeeded(&self) -> bool {
        matches!(self.status, Some(200..=299 | 304)) && self.ews.is_empty() && !self.page
    }

    /// Whether the token that was presented is not in the recording: a log tells of the call, or the answer stands alone.
    pub fn unseen_token(&self) -> bool {
        self.credential == Credential::Token && self.signed == Signed::Unknown && self.issuer.is_none()
    }

    /// The canonical category of a refusal.
    pub fn category(&self) -> Option<&str> {
        self.said.as_ref().map(|(_, category, _)| category.as_str())
    }

    /// Whether a refusal has this canonical category, or one of several that it has.
    pub fn says(&self, wanted: &str) -> bool {
        self.said.iter().chain(&self.also).any(|(_, category, _)| category == wanted)
    }

    /// The sentences of a refusal.
    pub fn reasons(&self) -> impl Iterator<Item = &str> {
        self.said.iter().chain(&self.also).map(|(.., reason)| reason.as_str())
    }

    /// The sentence that goes with this category.
    pub fn reason_of(&self, wanted: &str) -> &str {
        let mut all = self.said.iter().chain(&self.also);
        all.find(|(_, category, _)| category == wanted).map_or("", |(.., reason)| reason.as_str())
    }
}

/// A request to a token service.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Ask {
    /// Bare host name.
    pub host: String,
    /// Tenant in the path.
    pub tenant: Option<String>,
    /// Whether the tenant in the path is the given one: `None` when that cannot be told.
    pub own_tenant: Option<bool>,
    /// `grant_type`; `CONNECT` for a tunnel that a proxy refused.
    pub grant: String,
    /// `resource`.
    pub resource: Option<String>,
    /// Application that asks: of the assertion, else `client_id`.
    pub application: Option<String>,
    /// Thumbprint that signed the assertion, in upper-case hexadecimal.
    pub thumbprint: Option<String>,
    /// What the signature of the assertion came to.
    pub signed: Signed,
    /// Whether the assertion was within its validity by the clock of the recording.
    pub in_time: Option<bool>,
    /// Status of the answer.
    pub status: Option<u16>,
    /// Whether the answer is a web page for people.
    pub page: bool,
    /// Whether the answer is a success that holds no token.
    pub tokenless: bool,
    /// Whether the answer names a proxy (`Via`).
    pub via: bool,
    /// `error`.
    pub error: Option<String>,
    /// Codes, `AADSTS…`.
    pub codes: Vec<String>,
    /// `error_description`, without the lines that identify the request.
    pub description: String,
    /// See [`Call::skewed`].
    pub skewed: bool,
}

impl Ask {
    /// Whether a token was granted.
    pub fn granted(&self) -> bool {
        self.error.is_none() && matches!(self.status, Some(200..=299)) && !self.page && !self.tokenless
    }

    /// Whether something else than the token service answered, or stopped the request: no error code of its own in
    /// the statuses of proxies, or a web page.
    pub fn foreign(&self) -> bool {
        let proxies = matches!(self.status, Some(403 | 407 | 502..=504 | 511));
        self.error.is_none() && self.codes.is_empty() && (proxies || self.page)
    }

    /// Whether the token service refused.
    pub fn refused(&self) -> bool {
        self.error.is_some() || self.status.is_some_and(|status| status >= 400) || self.page
    }

    /// Whether it names one of these codes, digits compared.
    pub fn has(&self, codes: &[&str]) -> bool {
        let digits =
            |code: &str| code.trim_start_matches(|letter: char| letter.is_ascii_alphabetic()).to_owned();
        self.codes.iter().any(|code| codes.contains(&digits(code).as_str()))
    }
}

/// A request for a metadata document.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Metadata {
    /// Bare host name.
    pub host: String,
    /// Path, lower case, shortened.
    pub path: String,
    /// Status of the answer.
    pub status: Option<u16>,
}

/// A failure of Exchange as a caller, as a log or `Test-OAuthConnectivity` tells.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Outbound {
    /// A name of [`crate::soap::codes::OUTBOUND`], where the log gives one.
    pub name: Option<&'static str>,
    /// Host that was called, bare.
    pub host: String,
    /// What the log says.
    pub text: String,
}

/// Everything that was remembered for a diagnosis.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Facts {
    /// Calls.
    pub calls: BTreeMap<Call, Seen>,
    /// Token requests.
    pub asks: BTreeMap<Ask, Seen>,
    /// Metadata documents.
    pub metadata: BTreeMap<Metadata, Seen>,
    /// Failures of Exchange as a caller.
    pub outbound: BTreeMap<Outbound, Seen>,
    /// Results of `Test-OAuthConnectivity`: whether it went well.
    pub tests: BTreeMap<bool, Seen>,
    /// Hosts that a password was sent to as logs tell; exchanges that show one are among the calls.
    pub passwords: BTreeSet<String>,
    /// Kinds that were left out because there were too many.
    pub left_out: u64,
}

impl Facts {
    /// Adds a call.
    pub(crate) fn call(&mut self, call: Call, sight: Sight) {
        add(&mut self.calls, call, sight, &mut self.left_out);
    }

    /// Adds calls of one kind.
    pub(super) fn calls_seen(&mut self, call: Call, seen: Seen) {
        self.calls.entry(call).or_default().merge(seen);
        prune(&mut self.calls, 2 * FACTS_KEPT, &mut self.left_out);
    }

    /// Adds a failure of Exchange as a caller.
    pub(crate) fn outbound(&mut self, outbound: Outbound, sight: Sight) {
        add(&mut self.outbound, outbound, sight, &mut self.left_out);
    }

    /// Adds a result of `Test-OAuthConnectivity`.
    pub(crate) fn tested(&mut self, good: bool, sight: Sight) {
        self.tests.entry(good).or_default().add(sight);
    }

    /// Adds a host that a password was sent to; a few suffice.
    pub(crate) fn password(&mut self, host: String) {
        self.passwords.insert(host);
        while self.passwords.len() > EVIDENCE_LISTED {
            self.passwords.pop_last();
        }
    }

    /// Adds a token request.
    pub(crate) fn ask(&mut self, ask: Ask, sight: Sight) {
        add(&mut self.asks, ask, sight, &mut self.left_out);
    }

    /// Adds a metadata request.
    pub(crate) fn metadata(&mut self, metadata: Metadata, sight: Sight) {
        add(&mut self.metadata, metadata, sight, &mut self.left_out);
    }

    /// Nothing more will come: keeps as many kinds as threads that were joined would keep.
    pub(crate) fn finish(&mut self) {
        prune(&mut self.calls, FACTS_KEPT, &mut self.left_out);
        prune(&mut self.asks, FACTS_KEPT, &mut self.left_out);
        prune(&mut self.metadata, FACTS_KEPT, &mut self.left_out);
        prune(&mut self.outbound, FACTS_KEPT, &mut self.left_out);
    }

    /// Takes over what another thread remembered.
    pub(crate) fn merge(&mut self, other: Self) {
        self.left_out += other.left_out;
        merge(&mut self.calls, other.calls, &mut self.left_out);
        merge(&mut self.asks, other.asks, &mut self.left_out);
        merge(&mut self.metadata, other.metadata, &mut self.left_out);
        merge(&mut self.outbound, other.outbound, &mut self.left_out);
        other.passwords.into_iter().for_each(|host| self.password(host));
        for (good, seen) in other.tests {
            self.tests.entry(good).or_default().merge(seen);
        }
    }
}

fn add<K: Ord + Clone>(map: &mut BTreeMap<K, Seen>, kind: K, sight: Sight, left_out: &mut u64) {
    map.entry(kind).or_default().add(sight);
    prune(map, 2 * FACTS_KEPT, left_out);
}

fn merge<K: Ord + Clone>(mine: &mut BTreeMap<K, Seen>, theirs: BTreeMap<K, Seen>, left_out: &mut u64) {
    for (kind, seen) in theirs {
        mine.entry(kind).or_default().merge(seen);
    }
    prune(mine, FACTS_KEPT, left_out);
}

/// Beyond `most`, keeps the [`FACTS_KEPT`] kinds that were seen first.
fn prune<K: Ord + Clone>(map: &mut BTreeMap<K, Seen>, most: usize, left_out: &mut u64) {
    if map.len() <= most {
        return;
    }
    let mut order: Vec<(Option<ExchangeKey>, &K)> =
        map.iter().map(|(kind, seen)| (seen.key(), kind)).collect();
    order.sort_unstable();
    let Some(&(key, kind)) = order.get(FACTS_KEPT) else { return };
    let first_left_out = (key, kind.clone());
    map.retain(|kind, seen| {
        let keep = (seen.key(), kind) < (first_left_out.0, &first_left_out.1);
        *left_out += if keep { 0 } else { seen.count };
        keep
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_the_bound_the_kinds_that_were_seen_first_are_kept() {
        let kinds = 2 * FACTS_KEPT as u64 + 1;
        let mut facts = Facts::default();
        // Backwards, so that the newest are the first.
        for frame in (0..kinds).rev() {
            let call = Call { path: format!("/{:05}", frame * 7919 % kinds), ..Call::default() };
            let key = Some(ExchangeKey { frame, ..ExchangeKey::default() });
            facts.call(call.clone(), Sight { key, ..Sight::default() });
            facts.call(call, Sight { key, ..Sight::default() });
        }
        assert_eq!(facts.calls.len(), FACTS_KEPT);
        assert_eq!(facts.left_out, 2 * (kinds - FACTS_KEPT as u64));
        assert!(facts.calls.values().all(|seen| seen.key().unwrap().frame < FACTS_KEPT as u64));
    }
}
