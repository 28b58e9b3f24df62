//! What the judge remembers of traffic that it has dropped: counts, names and reasons, all bounded.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::base::Instant;
use crate::checks::CheckId;
use crate::checks::said::Said;
use crate::connection::Connection;
use crate::exchange::{Endpoint, ExchangeKey};
use crate::limits::{self, CONNECTIONS_LISTED, NAMES_KEPT};

use super::facts::Facts;
use super::left_out::Losses;
use super::logs::Logs;

/// Counts of one connection name that stayed closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Closed {
    /// How many connections.
    pub count: u64,
    /// Of these: passed on by a proxy that did not record what is inside, so that no key opens them.
    pub passed_on: u64,
    /// Of these: joined too late or with a loss in the handshake, so that keys alone do not open them.
    pub hello_lost: u64,
    /// Input, ordinal and first frame of the first.
    pub first: Option<(u32, u32, u64)>,
}

/// What is remembered until the end.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// Exchanges in all.
    pub exchanges: u64,
    /// Exchanges in scope with a request that could be read.
    pub requests: u64,
    /// Of these: those that went to no token service.
    pub calls: u64,
    /// Hosts that a decoded exchange or an audience names, bare.
    pub hosts: BTreeSet<String>,
    /// Servers of exchanges in scope.
    pub servers: BTreeSet<Endpoint>,
    /// TLS connections that stayed closed, by name (empty where none is known).
    pub closed: BTreeMap<String, Closed>,
    /// QUIC connections by server address.
    pub quic: BTreeMap<IpAddr, Closed>,
    /// Connections that lost bytes of a request head, by name.
    pub heads_lost: BTreeMap<String, Closed>,
    /// Connections of which everything that was said was lost, by server.
    pub unheard_of: BTreeMap<Endpoint, Closed>,
    /// Connections that were joined inside something of which nobody knows what it is, by server.
    pub joined: BTreeMap<Endpoint, Closed>,
    /// Connections that an input ends inside of: who, and which input.
    pub left_open: BTreeSet<(Endpoint, Endpoint, u32)>,
    /// Reasons for `not-established`.
    pub reasons: BTreeSet<(CheckId, Said)>,
    /// Uses of judged tokens whose lifetime could be judged.
    pub lifetimes: u64,
    /// Uses of tokens in scope in a request, token services aside.
    pub presented: u64,
    /// Of these: answered with success and no error inside.
    pub accepted: u64,
    /// Of these: answered with success, but by a page for people.
    pub pages: u64,
    /// Of these: answered with success, but without the body, in which an error could stand.
    pub unseen: u64,
    /// Token requests seen, and granted.
    pub asked: u64,
    /// See above.
    pub granted: u64,
    /// Bearer challenges that name Exchange and list issuers.
    pub challenges: u64,
    /// Bearer challenges of Exchange that lack one of both.
    pub bare_challenges: u64,
    /// Token services of the ACS family that issued tokens in scope.
    pub issuers: BTreeSet<String>,
    /// The same that challenges of Exchange trust, with the first exchange that said so.
    pub trusted: BTreeMap<BTreeSet<String>, ExchangeKey>,
    /// Uses of tokens in scope in an exchange, whatever protected it.
    pub travelled: u64,
    /// Times at which judged tokens were used.
    pub uses: Option<(Instant, Instant)>,
    /// Times of all exchanges.
    pub times: Option<(Instant, Instant)>,
    /// Thumbprints of certificates that verified a judged token.
    pub thumbprints: BTreeSet<[u8; 20]>,
    /// Roles that requests asked for in `ManagementRole` headers.
    pub roles: BTreeSet<String>,
    /// Connections in all.
    pub connections: u64,
    /// TLS connections that stayed closed, in all.
    pub undecrypted: u64,
    /// Messages of exports that could not be read.
    pub left_out: Losses,
    /// Inputs that were cut.
    pub truncated: BTreeSet<u32>,
    /// The first connections with something missing, by input and ordinal.
    pub troubled: BTreeMap<(u32, u32), Connection>,
    /// Connections with something missing beyond those listed.
    pub troubled_more: u64,
    /// Bounds of `limits` that were reached, with how often.
    pub limits: BTreeMap<&'static str, u64>,
    /// Kinds of calls, token requests and metadata, for the diagnosis.
    pub facts: Facts,
    /// What logs told, to be joined with the recording.
    pub logs: Logs,
}

/// The wider of two spans of time.
fn span(a: Option<(Instant, Instant)>, b: Option<(Instant, Instant)>) -> Option<(Instant, Instant)> {
    match (a, b) {
        (Some((from, to)), Some((first, last))) => Some((from.min(first), to.max(last))),
        (one, other) => one.or(other),
    }
}

impl Memory {
    /// Remembers a reason for `not-established`.
    pub(crate) fn reason(&mut self, check: CheckId, said: impl Into<Said>) {
        if self.reasons.len() < NAMES_KEPT {
            self.reasons.insert((check, said.into()));
        }
    }

    /// Remembers what rules said is missing.
    pub(crate) fn reasons(&mut self, missing: &[(CheckId, String)]) {
        for (check, text) in missing {
            self.reason(*check, text.as_str());
        }
    }

    /// Remembers a moment at which a judged token was used.
    pub(crate) fn used_at(&mut self, at: Instant) {
        self.uses = span(self.uses, Some((at, at)));
    }

    /// Remembers the moment of an exchange.
    pub(crate) fn happened_at(&mut self, at: Instant) {
        self.times = span(self.times, Some((at, at)));
    }

    /// Remembers which token services a challenge trusts.
    pub(crate) fn trusts(&mut self, issuers: BTreeSet<String>, key: ExchangeKey) {
        if self.trusted.len() < NAMES_KEPT || self.trusted.contains_key(&issuers) {
            let first = self.trusted.entry(issuers).or_insert(key);
            *first = key.min(*first);
        }
    }

    /// Remembers a role that was asked for.
    pub(crate) fn role(&mut self, role: String) {
        if self.roles.len() < NAMES_KEPT {
            self.roles.insert(role);
        }
    }

    /// Remembers a host name.
    pub(crate) fn host(&mut self, bare: &str) {
        if !bare.is_empty() && self.hosts.len() < NAMES_KEPT && !self.hosts.contains(bare) {
            self.hosts.insert(bare.to_owned());
        }
    }

    /// Remembers the bounds that a text says were reached.
    pub(crate) fn reached(&mut self, text: &str, count: u64) {
        for (name, _) in limits::named(text) {
            self.limit(name, count);
        }
    }

    /// Remembers that a bound of `limits` was reached.
    pub(crate) fn limit(&mut self, name: &'static str, count: u64) {
        let known = self.limits.entry(name).or_default();
        *known = known.saturating_add(count);
    }

    /// Remembers a connection that was not over where its input ended: another may go on with it.
    pub(crate) fn leave_open(&mut self, connection: &Connection) {
        if let (true, Some(client), Some(server)) =
            (connection.open_at_end, connection.client, connection.server)
        {
            self.left_open.insert((client, server, connection.input));
        }
        self.bound_open();
    }

    fn bound_open(&mut self) {
        while self.left_open.len() > CONNECTIONS_LISTED {
            self.left_open.pop_last();
        }
    }

    /// Remembers a connection of which something is missing.
    pub(crate) fn trouble(&mut self, connection: Connection) {
        self.troubled.insert((connection.input, connection.ordinal), connection);
        if self.troubled.len() > CONNECTIONS_LISTED {
            self.troubled.pop_last();
            self.troubled_more += 1;
        }
    }

    /// Takes over what another thread remembered.
    pub(crate) fn merge(&mut self, other: Self) {
        self.facts.merge(other.facts);
        self.logs.merge(other.logs);
        self.left_out.merge(other.left_out);
        self.hosts.extend(other.hosts);
        self.servers.extend(other.servers);
        self.thumbprints.extend(other.thumbprints);
        self.truncated.extend(other.truncated);
        for (name, count) in other.limits {
            self.limit(name, count);
        }
        for role in other.roles {
            self.role(role);
        }
        self.issuers.extend(other.issuers);
        for (issuers, key) in other.trusted {
            self.trusts(issuers, key);
        }
        self.reasons.extend(other.reasons);
        join_closed(&mut self.closed, other.closed);
        join_closed(&mut self.quic, other.quic);
        join_closed(&mut self.heads_lost, other.heads_lost);
        join_closed(&mut self.unheard_of, other.unheard_of);
        join_closed(&mut self.joined, other.joined);
        self.left_open.extend(other.left_open);
        self.bound_open();
        self.uses = span(self.uses, other.uses);
        self.times = span(self.times, other.times);
        self.troubled_more += other.troubled_more;
        for connection in other.troubled.into_values() {
            self.trouble(connection);
        }
        for (mine, theirs) in [
            (&mut self.exchanges, other.exchanges),
            (&mut self.requests, other.requests),
            (&mut self.calls, other.calls),
            (&mut self.lifetimes, other.lifetimes),
            (&mut self.presented, other.presented),
            (&mut self.accepted, other.accepted),
            (&mut self.pages, other.pages),
            (&mut self.unseen, other.unseen),
            (&mut self.asked, other.asked),
            (&mut self.granted, other.granted),
            (&mut self.challenges, other.challenges),
            (&mut self.bare_challenges, other.bare_challenges),
            (&mut self.travelled, other.travelled),
            (&mut self.connections, other.connections),
            (&mut self.undecrypted, other.undecrypted),
        ] {
            *mine += theirs;
        }
    }
}

/// Counts one more connection of a name; gives what is known of those, unless there are too many names.
pub(crate) fn count_closed<K: Ord + Clone>(
    map: &mut BTreeMap<K, Closed>,
    name: K,
    at: (u32, u32, u64),
) -> Option<&mut Closed> {
    if map.len() >= NAMES_KEPT && !map.contains_key(&name) {
        return None;
    }
    let entry = map.entry(name).or_default();
    entry.count += 1;
    entry.first = Some(entry.first.map_or(at, |first| first.min(at)));
    Some(entry)
}

fn join_closed<K: Ord + Clone>(mine: &mut BTreeMap<K, Closed>, theirs: BTreeMap<K, Closed>) {
    for (name, closed) in theirs {
        let entry = mine.entry(name).or_default();
        entry.count += closed.count;
        entry.passed_on += closed.passed_on;
        entry.hello_lost += closed.hello_lost;
        entry.first = match (entry.first, closed.first) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }
}
