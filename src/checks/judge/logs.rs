//! Takes lines of logs and what was recorded beside them, gives which of them belong together.
//!
//! Lines meet exchanges by the number of the request (and the time), and connections that stayed closed by
//! the address of the caller, the host and the time. What that can establish is decided strictly: see
//! `prove`. Lines are kept in a compact form and bounded; what is dropped can prove nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::base::Instant;
use crate::checks::expectations::Expectations;
use crate::checks::place;
use crate::checks::subject::LogCase;
use crate::connection::Connection;
use crate::exchange::ExchangeKey;
use crate::limits::{JOINABLE_KEPT, LOG_BREAKS_KEPT, LOG_LINES_KEPT, LOG_SILENCE, LOG_TOLERANCE};
use crate::logrecord::{LogRecord, LogSource};

/// The services of Exchange that OAuth calls use: each has a log of its own.
const SERVICES: [&str; 5] = ["ews", "autodiscover", "api", "mapi", "oab"];

/// What a log says of the caller's authentication.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Scheme {
    /// Nobody was authenticated.
    None,
    Basic,
    Bearer,
    Other,
}

/// A line, as far as it can be joined with something.
#[derive(Clone, Debug)]
struct Line {
    source: LogSource,
    server: String,
    service: Option<&'static str>,
    at: Instant,
    client: Option<IpAddr>,
    host: String,
    scheme: Scheme,
    tells: bool,
    status: Option<u16>,
    /// Of IIS: whether a password was refused; `None` where the log does not say.
    password_refused: Option<bool>,
    ids: [Option<u128>; 2],
    /// Names an application in scope.
    named: bool,
    /// Tells of an error although the status may be 200.
    failed: bool,
}

/// An exchange that a line may speak of.
#[derive(Clone, Debug)]
pub(crate) struct Joinable {
    /// Numbers of the request.
    pub(crate) ids: [Option<u128>; 2],
    /// When.
    pub(crate) at: Option<Instant>,
    /// Status that was recorded.
    pub(crate) status: Option<u16>,
    /// Whether it presented a token in scope.
    pub(crate) presented: bool,
    /// Whether it asked for the challenge only: an empty `Authorization: Bearer`.
    pub(crate) discovery: bool,
}

/// A line and the exchange that it speaks of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Joined {
    /// The exchange.
    pub exchange: ExchangeKey,
    /// Input and line of the log.
    pub line: (u32, u64),
    /// Which log.
    pub source: LogSource,
    /// Status in the recording.
    pub recorded: Option<u16>,
    /// Status in the log.
    pub logged: Option<u16>,
    /// Whether the exchange presented a token in scope.
    pub presented: bool,
    /// Whether the exchange asked for the challenge only.
    pub discovery: bool,
    /// Whether the log tells of an error.
    pub failed: bool,
}

/// Which log of which server: IIS has one for all services.
type Which = (LogSource, String, Option<&'static str>);

/// Lines that could not be read, between two that could.
#[derive(Clone, Copy, Debug)]
struct Break {
    source: LogSource,
    from: Option<Instant>,
    to: Option<Instant>,
}

/// What logs told, as far as it can be joined with something.
#[derive(Clone, Debug, Default)]
pub struct Logs {
    lines: BTreeMap<(u32, u64), Line>,
    /// The earliest moment of lines that were dropped.
    dropped: Option<Instant>,
    /// Stretches of time without silence, in the order of the files.
    covered: BTreeMap<Which, Vec<(Instant, Instant)>>,
    /// The newest readable line of each input, and whether unreadable ones follow it.
    newest: BTreeMap<u32, (Option<Instant>, Option<LogSource>)>,
    breaks: Vec<Break>,
    breaks_more: bool,
    /// Exchanges that lines may speak of.
    joinable: BTreeMap<ExchangeKey, Joinable>,
    /// Exchanges that were offered.
    offered: u64,
    /// What was joined; filled at the end.
    pub joined: Vec<Joined>,
}

/// A number of a request: a GUID as it is, anything else by a hash of its text.
pub(crate) fn number(text: &str) -> Option<u128> {
    let text = text.trim().trim_matches(['{', '}']);
    if text.is_empty() {
        return None;
    }
    guid(text).or_else(|| {
        let step = |hash: u128, byte: u8| {
            (hash ^ u128::from(byte.to_ascii_lowercase())).wrapping_mul(0x0100_0000_0000_0000_013b)
        };
        Some(text.bytes().fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d, step))
    })
}

/// Thirty-two hexadecimal digits, hyphens left out. Every exchange has one or two: nothing is copied.
fn guid(text: &str) -> Option<u128> {
    let mut digits = 0;
    let mut number = 0_u128;
    for byte in text.bytes().filter(|byte| *byte != b'-') {
        number = number << 4 | u128::from(char::from(byte).to_digit(16)?);
        digits += 1;
    }
    (digits == 32).then_some(number)
}

impl Logs {
    /// Whether no log was given.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Notes a line.
    pub(crate) fn line(&mut self, record: &LogRecord, expected: &Expectations) {
        if !matches!(
            record.source,
            LogSource::Iis | LogSource::HttpProxy | LogSource::Ews | LogSource::Autodiscover
        ) {
            return;
        }
        let (newest, open) = self.newest.entry(record.input).or_default();
        let Some(at) = record.time.filter(|_| !record.unreadable) else {
            *open = Some(record.source);
            return;
        };
        let before = newest.replace(at);
        if let Some(source) = open.take() {
            if self.breaks.len() < LOG_BREAKS_KEPT {
                self.breaks.push(Break { source, from: before, to: Some(at) });
            } else {
                self.breaks_more = true;
            }
        }
        let line = Line::of(record, at, expected);
        self.cover(&line);
        let place = (record.input, record.line);
        if self.lines.len() < LOG_LINES_KEPT
            || self.lines.last_key_value().is_some_and(|(last, _)| place < *last)
        {
            self.lines.insert(place, line);
        } else {
            self.drop_at(at);
        }
        self.bound();
    }

    fn bound(&mut self) {
        while self.lines.len() > LOG_LINES_KEPT {
            let Some((_, line)) = self.lines.pop_last() else { return };
            self.drop_at(line.at);
        }
    }

    fn drop_at(&mut self, at: Instant) {
        self.dropped = Some(self.dropped.map_or(at, |first| first.min(at)));
    }

    fn cover(&mut self, line: &Line) {
        let service = line.service.filter(|_| line.source != LogSource::Iis);
        let spans = self.covered.entry((line.source, line.server.clone(), service)).or_default();
        match spans.last_mut() {
            Some((from, to)) if near(line.at, *from, *to) => {
                *from = line.at.min(*from);
                *to = line.at.max(*to);
            }
            _ => spans.push((line.at, line.at)),
        }
    }

    /// Notes an exchange, as long as there is room for it.
    pub(crate) fn exchange(&mut self, key: ExchangeKey, make: impl FnOnce() -> Joinable) {
        self.offered += 1;
        let last = self.joinable.last_key_value().map(|(last, _)| *last);
        if self.joinable.len() >= JOINABLE_KEPT && last.is_some_and(|last| key > last) {
            return;
        }
        let joinable = make();
        if joinable.ids != [None, None] {
            self.joinable.insert(key, joinable);
            while self.joinable.len() > JOINABLE_KEPT {
                self.joinable.pop_last();
            }
        }
    }

    /// Whether lines could speak of exchanges for which there was no room.
    pub(crate) fn crowded(&self) -> bool {
        let full = self.joinable.len() >= JOINABLE_KEPT && self.offered > JOINABLE_KEPT as u64;
        full && !self.lines.is_empty()
    }

    /// Takes over what another thread noted.
    pub(crate) fn merge(&mut self, other: Self) {
        self.lines.extend(other.lines);
        other.dropped.into_iter().for_each(|at| self.drop_at(at));
        self.bound();
        for (which, spans) in other.covered {
            self.covered.entry(which).or_default().extend(spans);
        }
        self.newest.extend(other.newest);
        self.breaks.extend(other.breaks);
        self.breaks_more |= other.breaks_more;
        self.offered += other.offered;
        self.joinable.extend(other.joinable);
        while self.joinable.len() > JOINABLE_KEPT {
            self.joinable.pop_last();
        }
    }

    /// Joins lines with exchanges; to be called once, after everything was seen.
    pub(crate) fn finish(&mut self, leeway: i64) {
        for spans in self.covered.values_mut() {
            spans.sort_unstable();
            let mut whole: Vec<(Instant, Instant)> = Vec::with_capacity(spans.len());
            for span in spans.drain(..) {
                match whole.last_mut() {
                    Some((from, to)) if near(span.0, *from, *to) => *to = span.1.max(*to),
                    _ => whole.push(span),
                }
            }
            *spans = whole;
        }
        let open = self.newest.values().filter_map(|(at, open)| open.map(|source| (*at, source)));
        self.breaks.extend(open.map(|(from, source)| Break { source, from, to: None }));
        let mut by_id: BTreeMap<u128, Vec<ExchangeKey>> = BTreeMap::new();
        for (key, joinable) in &self.joinable {
            joinable.ids.iter().flatten().for_each(|id| by_id.entry(*id).or_default().push(*key));
        }
        let mut joined = BTreeSet::new();
        for (place, line) in &self.lines {
            for key in line.ids.iter().flatten().filter_map(|id| by_id.get(id)).flatten() {
                let Some(exchange) = self.joinable.get(key) else { continue };
                let near = exchange.at.is_none_or(|at| line.at.seconds_since(at).abs() <= leeway.max(1));
                if near {
                    joined.insert(Joined {
                        exchange: *key,
                        line: *place,
                        source: line.source,
                        recorded: exchange.status,
                        logged: line.status,
                        presented: exchange.presented,
                        discovery: exchange.discovery,
                        failed: line.failed,
                    });
                }
            }
        }
        self.joined = joined.into_iter().collect();
    }

    /// Calls of applications in scope that logs tell of: all, and those that were answered with success.
    pub(crate) fn calls(&self) -> (u64, u64) {
        let of_scope = |line: &&Line| line.named && line.scheme == Scheme::Bearer && line.service.is_some();
        let failed: BTreeSet<u128> =
            self.lines.values().filter(|line| line.failed).flat_map(|line| line.ids).flatten().collect();
        let mut seen: BTreeMap<Option<u128>, (u64, bool)> = BTreeMap::new();
        for line in self.lines.values().filter(of_scope) {
            let good = matches!(line.status, Some(200..=299))
                && !line.failed
                && !line.ids.iter().flatten().any(|id| failed.contains(id));
            // One request has a line in several logs; without a number each line stands for itself.
            let id = line.ids.iter().flatten().next().copied();
            let (count, all_good) = seen.entry(id).or_insert((0, true));
            *count = if id.is_some() { 1 } else { *count + u64::from(good) };
            *all_good &= good || id.is_none();
        }
        let all = self.lines.values().filter(of_scope).filter(|line| line.ids == [None, None]).count() as u64
            + seen.keys().flatten().count() as u64;
        let good = seen.values().filter(|(_, good)| *good).map(|(count, _)| count).sum();
        (all, good)
    }

    /// Requests with a token in scope that the recording left without an answer, and a log answers.
    pub(crate) fn answered(&self) -> u64 {
        let good = |joined: &&Joined| {
            joined.presented
                && joined.recorded.is_none()
                && matches!(joined.logged, Some(200..=299))
                && !joined.failed
        };
        let exchanges: BTreeSet<_> = self.joined.iter().filter(good).map(|joined| joined.exchange).collect();
        exchanges.len() as u64
    }

    /// For each connection that stayed closed, whether logs tell of every request on it how its sender was
    /// authenticated; otherwise what is missing.
    ///
    /// They do when all of this holds: an HttpProxy log has a column AuthenticationType and at least one line
    /// of the caller's address and host in the time of the connection that belongs to no other connection;
    /// the HttpProxy logs of that server have lines before and after the connection, without an unreadable
    /// line and without a silence longer than [`LOG_SILENCE`], for each service that may have been asked (all
    /// five, unless the log of IIS covers the time and shows which); and no request was refused without a
    /// scheme, unless the log of IIS shows that it was no password that was refused.
    pub(crate) fn prove(&self, closed: &[(&Connection, &str)]) -> BTreeMap<(u32, u32), Result<(), String>> {
        let mut order: Vec<&(&Connection, &str)> = closed.iter().collect();
        order.sort_by_key(|(connection, _)| (connection.times, connection.input, connection.ordinal));
        let mut by_time: Vec<(&(u32, u64), &Line)> = self.lines.iter().collect();
        by_time.sort_by_key(|(place, line)| (line.at, **place));
        let mut taken: BTreeSet<(u32, u64)> = BTreeSet::new();
        let prove = |(connection, name): &(&Connection, &str)| {
            let proof = Proof { logs: self, connection, name };
            ((connection.input, connection.ordinal), proof.prove(&by_time, &mut taken))
        };
        order.into_iter().map(prove).collect()
    }

    /// Why a log does not cover a time; `None` when it does.
    fn uncovered(&self, which: &Which, from: Instant, to: Instant) -> Option<String> {
        let (source, server, service) = which;
        let of = if server.is_empty() { String::new() } else { format!(" of {server}") };
        let log = match (source, service) {
            (LogSource::Iis, _) => format!("the IIS log{of}"),
            (_, service) => format!("the HttpProxy log for {}{of}", service.unwrap_or("another service")),
        };
        let Some(spans) = self.covered.get(which) else { return Some(format!("{log} was not given")) };
        let touches = |found: &&Break| {
            found.source == *source
                && found.from.is_none_or(|begin| begin <= to)
                && found.to.is_none_or(|end| end >= from)
        };
        if self.breaks_more || self.breaks.iter().any(|found| touches(&found)) {
            return Some(format!("{log} has lines in that time that could not be read"));
        }
        if spans.iter().any(|(begin, end)| *begin <= from && *end >= to) {
            return None;
        }
        let before = spans.iter().filter(|(begin, _)| *begin <= from).map(|(_, end)| *end).max();
        let after = spans.iter().filter(|(_, end)| *end >= to).map(|(begin, _)| *begin).min();
        Some(match (before, after) {
            (Some(end), Some(begin)) => format!("{log} has a gap from {end} to {begin}"),
            (None, _) => format!("{log} begins too late: it needs a line before {from}"),
            (_, None) => format!("{log} ends too early: it needs a line after {to}"),
        })
    }
}

fn near(at: Instant, from: Instant, to: Instant) -> bool {
    at >= from.plus_seconds(-LOG_SILENCE) && at <= to.plus_seconds(LOG_SILENCE)
}

impl Line {
    fn of(record: &LogRecord, at: Instant, expected: &Expectations) -> Self {
        let scheme = match record.authentication.as_deref().map(str::trim) {
            None | Some("") => Scheme::None,
            Some(name) if name.eq_ignore_ascii_case("basic") => Scheme::Basic,
            Some(name) if name.to_ascii_lowercase().starts_with("bearer") => Scheme::Bearer,
            Some(_) => Scheme::Other,
        };
        let case = LogCase::of(record, expected);
        Self {
            source: record.source,
            server: record.server.clone().unwrap_or_default().to_ascii_lowercase(),
            service: service(record),
            at,
            client: record.client.map(|address| address.to_canonical()),
            host: record.host.as_deref().map(place::bare_host).unwrap_or_default(),
            scheme,
            tells: record.tells_authentication,
            status: record.status,
            password_refused: password_refused(record),
            ids: [record.request_id.as_deref(), record.client_request_id.as_deref()]
                .map(|text| text.and_then(number)),
            named: case.in_scope(),
            failed: case.went_wrong(),
        }
    }
}

fn service(record: &LogRecord) -> Option<&'static str> {
    let known = |name: &str| {
        let name = if name == "rest" { "api" } else { name };
        SERVICES.into_iter().find(|service| *service == name)
    };
    match record.source {
        LogSource::Ews => return Some("ews"),
        LogSource::Autodiscover => return Some("autodiscover"),
        _ => {}
    }
    let of_log = record.service.as_deref().and_then(|name| known(&name.trim().to_ascii_lowercase()));
    of_log.or_else(|| known(&place::first_segment(record.path.as_deref().unwrap_or_default())))
}

/// `401 1` is a refused logon; the Windows error tells a missing credential (the first leg of Negotiate,
/// `SEC_E_NO_CREDENTIALS`, and plain success) from a wrong one.
fn password_refused(record: &LogRecord) -> Option<bool> {
    const NO_CREDENTIALS: u32 = 0x8009_030e;
    let (substatus, error) = record.substatus?;
    Some(record.status == Some(401) && substatus == 1 && !matches!(error, 0 | 5 | NO_CREDENTIALS))
}

/// One connection whose requests are looked for.
struct Proof<'a> {
    logs: &'a Logs,
    connection: &'a Connection,
    name: &'a str,
}

impl Proof<'_> {
    fn prove(&self, lines: &[(&(u32, u64), &Line)], taken: &mut BTreeSet<(u32, u64)>) -> Result<(), String> {
        let (Some((from, to)), Some(client)) = (self.connection.times, self.connection.client) else {
            return Err("its time and its client are not known".into());
        };
        let client = client.address.to_canonical();
        let (first, last) = (from.plus_seconds(-LOG_TOLERANCE), to.plus_seconds(LOG_TOLERANCE));
        if self.logs.dropped.is_some_and(|at| at <= last) {
            return Err(format!(
                "the logs have more than {LOG_LINES_KEPT} lines: cut them to the time of the recording"
            ));
        }
        let begin = lines.partition_point(|(_, line)| line.at < first);
        let of_time = lines.get(begin..).unwrap_or_default().iter().take_while(|(_, line)| line.at <= last);
        let mine = |line: &Line| {
            line.client == Some(client)
                && (line.host.is_empty() || self.name.is_empty() || line.host == self.name)
        };
        let mine: Vec<_> = of_time.filter(|(_, line)| mine(line)).collect();
        let proxied: Vec<_> =
            mine.iter().filter(|(_, line)| line.source == LogSource::HttpProxy && line.tells).collect();
        let Some((own, _)) = proxied.iter().find(|(place, _)| !taken.contains(place)) else {
            return Err(format!(
                "no line of an HttpProxy log with AuthenticationType is of {client} between {from} and {to}"
            ));
        };
        taken.insert(**own);
        let lines = |iis: bool| mine.iter().filter(move |(_, line)| (line.source == LogSource::Iis) == iis);
        let servers: BTreeSet<&str> = lines(true).map(|(_, line)| line.server.as_str()).collect();
        let iis = if servers.is_empty() { Some("the IIS log was not given".to_owned()) } else { None };
        let iis = iis.or_else(|| {
            servers
                .iter()
                .find_map(|&server| self.logs.uncovered(&(LogSource::Iis, server.to_owned(), None), from, to))
        });
        self.services(&proxied, iis.is_none().then(|| lines(true).map(|(_, line)| *line)), (from, to))?;
        if let Some((_, line)) = proxied.iter().find(|(_, line)| line.scheme == Scheme::Basic) {
            return Err(format!("a line tells of Basic at {}", line.at));
        }
        if lines(true).any(|(_, line)| line.password_refused == Some(true)) {
            return Err("the IIS log tells of a refused password (401 1) in that time".into());
        }
        let refused = |line: &&Line| line.scheme == Scheme::None && matches!(line.status, Some(401 | 403));
        let unclear = proxied.iter().map(|(_, line)| *line).filter(refused).count();
        let told = iis.is_none() && lines(true).all(|(_, line)| line.password_refused.is_some());
        if unclear > 0 && !told {
            let why = iis.unwrap_or_else(|| "the IIS log has no sc-substatus and sc-win32-status".into());
            return Err(format!(
                "a refused request without a scheme could have carried a wrong password: give the IIS log of \
                 that time with sc-substatus and sc-win32-status ({why})"
            ));
        }
        Ok(())
    }

    /// Whether the logs of every service that may have been asked cover the time. `iis`: what the log of IIS
    /// shows, when it covers the time.
    fn services<'l>(
        &self,
        proxied: &[&&(&(u32, u64), &'l Line)],
        iis: Option<impl Iterator<Item = &'l Line>>,
        (from, to): (Instant, Instant),
    ) -> Result<(), String> {
        let mut needed: BTreeSet<&'static str> =
            proxied.iter().filter_map(|(_, line)| line.service).collect();
        let shown = iis.is_some();
        match iis {
            Some(lines) => needed.extend(lines.filter_map(|line| line.service)),
            None => needed.extend(SERVICES),
        }
        let servers: BTreeSet<&str> = proxied.iter().map(|(_, line)| line.server.as_str()).collect();
        for server in servers {
            for service in &needed {
                let which = (LogSource::HttpProxy, server.to_owned(), Some(*service));
                if let Some(why) = self.logs.uncovered(&which, from, to) {
                    let advice =
                        if shown { "" } else { " (or give the IIS log, which shows what was asked)" };
                    return Err(format!("{why}{advice}"));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests;
