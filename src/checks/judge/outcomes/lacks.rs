//! Takes what was remembered, says what the evidence lacks for a check to pass, and what to supply.

use std::collections::BTreeMap;

use crate::checks::judge::memory::{Closed, Memory};
use crate::checks::judge::standing::{TokenState, shown};
use crate::checks::judge::unread;
use crate::checks::said::Said;
use crate::checks::subject::Standing;
use crate::checks::{coverage, expectations, place};
use crate::limits::{self, REASONS_LISTED};

use super::words::{first, named, plural};
use super::{Decision, NO_EXCHANGE, NO_TOKEN, NOTHING_DECODED};

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

/// What `coverage` misses of an input that was cut, behind its number.
const CUT: &str = " was cut, and was used up to the cut";

impl Decision<'_> {
    /// Why no answer counts as a success.
    pub(super) fn unaccepted(&self) -> Vec<Said> {
        let mut missing = vec!["no successful answer of Exchange to a token in scope was seen".into()];
        let Memory { pages, unseen, .. } = self.memory;
        if *pages > 0 {
            missing.push(format!(
                "{} answered with a web page, which is no answer of Exchange to an application: look for a device \
                 in front of it",
                plural(*pages, "call")
            ).into());
        }
        if *unseen > 0 {
            missing.push(format!(
                "{} answered with status 200, but the body, in which EWS reports errors, is not in the input: \
                 record or export the content of answers, too",
                plural(*unseen, "call")
            ).into());
        }
        missing
    }

    /// Why no token in scope was seen, as far as that can be told.
    pub(super) fn no_token(&self) -> Vec<Said> {
        let mut missing = vec![NO_TOKEN.into()];
        let in_scope = |state: &Option<TokenState>| {
            state.as_ref().is_some_and(|state| state.standing == Standing::InScope)
        };
        if self.states.iter().any(in_scope) {
            missing.push(
                format!(
                    "tokens in scope went to other hosts than --host {}: add the host that they went to",
                    self.expected.hosts.join(" and ")
                )
                .into(),
            );
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
            missing.push(
                format!(
                    "tokens of another application were seen: --principal {}{known} would judge them",
                    shown(&application)
                )
                .into(),
            );
        }
        if self.memory.undecrypted > 0 {
            missing.push(
                format!(
                    "{} stayed closed: give the key log with --keylog, or record behind the TLS end point",
                    plural(self.memory.undecrypted, "TLS connection")
                )
                .into(),
            );
        }
        if self.memory.exchanges == 0 {
            missing.push(NO_EXCHANGE.into());
        }
        missing
    }

    /// What of the traffic in scope could have held a password and was not read.
    pub(super) fn unread(&self) -> Vec<Said> {
        let mut missing = Vec::new();
        let proven = self.proven();
        if self.memory.requests == 0 && proven == 0 {
            missing.push("no HTTP request in scope could be read".into());
        } else if proven == 0 && self.memory.calls == 0 && !self.expected.hosts.is_empty() {
            missing.push(format!("no request to {} could be read", self.expected.hosts.join(" or ")).into());
        }
        let closed = |name: &str, closed: &Closed| {
            let why = self.told.closed.get(name).and_then(|(_, why)| why.as_deref());
            let advice = if closed.hello_lost == closed.count {
                "record again from the start of the connection, give all files of one recording together or, for TLS \
                 1.3, give the key log with --keylog"
            } else if closed.passed_on < closed.count {
                "give the key log with --keylog"
            } else {
                "give a recording in which the proxy decrypted them"
            };
            // Only with another host beside it does somebody know which are those of Exchange.
            let unwanted = self.expected.hosts.is_empty() && self.memory.calls > 0;
            let or = if unwanted {
                ", or name the hosts of Exchange with --host if it is none of them"
            } else {
                ""
            };
            let why = why.map_or_else(String::new, |why| format!("; the logs do not replace it: {why}"));
            let count = plural(closed.count.saturating_sub(self.told.proven(name)), "TLS connection");
            Said::from(format!("{count}{} stayed closed", named(name)))
                .then(first(closed))
                .then(format!(": {advice}{or}{why}"))
        };
        let lost = |name: &str, lost: &Closed| {
            let count = plural(lost.count, "connection");
            Said::from(format!("bytes of a request head were lost on {count}{}", named(name)))
                .then(first(lost))
                .then(": record again from the start of the connection, whole packets without loss")
        };
        let mut list: Vec<Said> = Vec::new();
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
            missing.push(format!("and {more} further names whose connections could not be read").into());
        }
        missing
    }

    /// Connections whose name does not put them out of scope.
    pub(super) fn in_scope<'m>(
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

    /// Why nothing can be said of the certificate.
    pub(super) fn certificate(&self) -> Vec<Said> {
        let mut missing = Vec::new();
        if self.expected.certificates.iter().all(|(_, loaded)| loaded.certificates.is_empty()) {
            missing.push("no certificate was found in the files given with --cert".into());
        }
        if self.expected.at.is_none() && self.memory.uses.is_none() && self.memory.times.is_none() {
            missing.push("no moment of use is known: give it with --at".into());
        }
        missing
    }

    /// What of the inputs could not be read.
    pub(super) fn uncovered(&self) -> Vec<Said> {
        let memory = self.memory;
        let mut missing = Vec::new();
        if memory.exchanges == 0 && memory.connections == 0 {
            missing.push(NOTHING_DECODED.into());
        }
        for input in &memory.truncated {
            missing.push(Said::input(*input).then(CUT));
        }
        missing.extend(memory.left_out.missing());
        for (what, count) in self.store.unread() {
            let bound = if limits::named(what).next().is_some() { " because of a bound" } else { "" };
            missing.push(format!("{count} not read to the end{bound}: {what}").into());
        }
        for (name, count) in memory.limits.iter().filter(|(name, _)| HIDES.contains(*name)) {
            let times = plural(*count, "time");
            missing
                .push(format!("a bound was reached {times}, and nothing beyond it was read: {name}").into());
        }
        for connection in memory.troubled.values().take(REASONS_LISTED) {
            missing.push(coverage::describe(connection));
        }
        missing.extend(unread::joined(memory).take(REASONS_LISTED));
        missing.extend(unread::split(memory));
        let more = memory.troubled.len().saturating_sub(REASONS_LISTED) as u64 + memory.troubled_more;
        if more > 0 {
            missing.push(format!("and {} with something missing", plural(more, "further connection")).into());
        }
        missing
    }
}
