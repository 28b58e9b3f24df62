//! TLS 1.3: which traffic secret opens the records of a direction, and the search for it where the
//! handshake was not seen in full.

use super::half::{Level, Modern, State};
use super::handshake::plausible;
use super::keylog::Label;
use super::opener::{Opened, Opener};
use super::record::{Header, borrow_plain, kind, return_plain};
use super::schedule;
use super::secrets::Material;
use super::session::Role;
use super::suites::{CipherSuite, Suite, TLS13};
use super::why::Reason;
use super::{Out, Step, Tls, Version};
use crate::limits;
use crate::wire::stream::{Direction, FrameRef};

/// KeyUpdates that may have been lost together.
const UPDATES_LOST: usize = 2;

/// KeyUpdates that may have come before a connection was joined, and secrets up to which they are tried: of a key log of
/// many connections each would be tried as often.
const UPDATES_BEFORE: usize = 8;
const UPDATED_SECRETS: usize = 128;

/// Record numbers tried at the handshake level: a flight has few records.
const HANDSHAKE_WINDOW: u64 = 16;

/// The key log label of a level.
fn label(role: Role, level: Level) -> Option<Label> {
    match (role, level) {
        (Role::Client, Level::Early) => Some(Label::ClientEarly),
        (Role::Client, Level::Handshake) => Some(Label::ClientHandshake),
        (Role::Client, Level::Application) => Some(Label::ClientTraffic),
        (Role::Server, Level::Early) => None,
        (Role::Server, Level::Handshake) => Some(Label::ServerHandshake),
        (Role::Server, Level::Application) => Some(Label::ServerTraffic),
    }
}

/// A traffic secret that may open a record.
struct Candidate {
    /// Whose line it is, where no hello says who is who.
    guess: Option<([u8; 32], Role)>,
    level: Level,
    /// KeyUpdates that made it of the one in the key log, or of the present one.
    updates: usize,
    secret: Material,
    suite: CipherSuite,
}

impl Tls {
    pub(super) fn enter_modern(&mut self, direction: Direction, level: Level, hunting: bool) {
        let modern = Modern { level, hunting, ..Modern::default() };
        self.halves[direction.index()].state = State::Modern(modern);
    }

    /// The ServerHello, or both hellos, are lost. TLS 1.3 traffic secrets may still open what follows;
    /// TLS 1.2 and older need the server's random.
    pub(super) fn without_server_hello(&mut self, direction: Direction) -> Step {
        let hello = self.negotiation(direction).and_then(|negotiation| negotiation.client.as_ref());
        let random = hello.map(|hello| hello.random);
        let early = hello.is_some_and(|hello| hello.early_data);
        let tls13 = match random {
            Some(random) => self.secrets.labels(&random).iter().any(|label| *label >= Label::ClientHandshake),
            None => self.secrets.has_traffic_secrets(),
        };
        if tls13 {
            self.halves[direction.index()].doubt = true;
            let early = early && self.role(direction) == Role::Client;
            self.enter_modern(direction, if early { Level::Early } else { Level::Handshake }, true);
            self.joined_midway(direction);
            return Step::Done;
        }
        if !self.secrets.sealed() && !self.closing {
            return Step::Wait;
        }
        let server = self.negotiations.iter().any(|negotiation| negotiation.server.is_some());
        self.reason.get_or_insert(match (random, server) {
            (Some(_), _) => Reason::ServerHelloLost,
            (None, true) => Reason::ClientHelloLost,
            (None, false) => Reason::Midway,
        });
        self.halves[direction.index()].state = State::Dead;
        Step::Done
    }

    /// Without any hello the capture began later than the connection: both inner streams are told before anything is
    /// said in one, so that nobody takes the first answer for that of the first request.
    fn joined_midway(&mut self, direction: Direction) {
        let at = self.halves[direction.index()].last_frame;
        if let Some(at) = at.filter(|_| self.negotiations.is_empty()) {
            for half in &mut self.halves {
                half.gap.get_or_insert(at);
            }
        }
    }

    pub(super) fn modern(
        &mut self,
        direction: Direction,
        header: Header,
        body: &[u8],
        frames: &[FrameRef],
        out: Out<'_>,
    ) -> Step {
        let half = &mut self.halves[direction.index()];
        match header.kind {
            kind::APPLICATION_DATA => half.protected = true,
            kind::HANDSHAKE if matches!(body.first(), Some(1 | 2)) => {
                // A second ClientHello: the server refused early data and asked to try again.
                if !half.opened && plausible(body) {
                    half.state = State::Clear;
                    return self.process_record(direction, header, body, frames, out);
                }
                return Step::Done;
            }
            kind::ALERT => {
                // Sent before there were keys.
                self.alert(direction, body, out);
                return Step::Done;
            }
            _ => return Step::Done,
        }
        if let Some(step) = self.early_data(direction, header) {
            return step;
        }
        if let Some(step) = self.modern_keys(direction) {
            return step;
        }
        let half = &mut self.halves[direction.index()];
        let State::Modern(modern) = &mut half.state else { return Step::Done };
        let mut plain = borrow_plain();
        let mut opened = match &mut modern.opener {
            Some(opener) if !half.doubt && !modern.hunting => opener.open(header, body, &mut plain),
            _ => None,
        };
        if opened.is_none() && (half.doubt || modern.hunting) {
            opened = self.seek(direction, header, body, &mut plain);
        }
        match opened {
            Some(opened) => {
                let first = self.nothing_before(direction);
                self.deliver(direction, &opened, &plain, first, frames, out);
            }
            None => self.not_opened(direction, body, frames),
        }
        return_plain(plain);
        Step::Done
    }

    /// Whether the record just opened is the first one that could carry application data.
    fn nothing_before(&self, direction: Direction) -> bool {
        let half = &self.halves[direction.index()];
        let State::Modern(Modern { level, opener: Some(opener), generation: 0, .. }) = &half.state else {
            return false;
        };
        // Early data comes before all that.
        let hello = self.negotiations.first().and_then(|negotiation| negotiation.client.as_ref());
        if self.role(direction) == Role::Client && hello.is_none_or(|hello| hello.early_data) {
            return false;
        }
        *level == Level::Handshake || *level == Level::Application && opener.sequence() == 1
    }

    /// Early data waits until it is known whether the server took it: what it refuses is sent again.
    fn early_data(&mut self, direction: Direction, _: Header) -> Option<Step> {
        let half = &mut self.halves[direction.index()];
        let State::Modern(modern) = &mut half.state else { return Some(Step::Done) };
        if modern.level != Level::Early || modern.opener.is_some() || modern.hunting {
            return None;
        }
        match self.early {
            None if !self.closing => return Some(Step::Wait),
            Some(false) => {
                modern.level = Level::Handshake;
                modern.hunting = true;
            }
            None | Some(true) => {}
        }
        None
    }

    /// Makes the opener of the present level; `Some` when there is none.
    fn modern_keys(&mut self, direction: Direction) -> Option<Step> {
        let State::Modern(modern) = &self.halves[direction.index()].state else { return Some(Step::Done) };
        if modern.opener.is_some() || modern.hunting {
            return None;
        }
        let level = modern.level;
        let secret = self.secret(direction, level);
        if let (Some(secret), Some(suite)) = (secret, self.suite13.and_then(CipherSuite::row)) {
            let keys = schedule::traffic_keys(suite, &secret);
            let Some(opener) = Opener::new(suite, Version::TLS13, &keys, false) else {
                self.reason.get_or_insert(Reason::Unsupported);
                self.halves[direction.index()].state = State::Dead;
                return Some(Step::Done);
            };
            if let State::Modern(modern) = &mut self.halves[direction.index()].state {
                modern.opener = Some(opener);
                modern.secret = secret;
            }
            return None;
        }
        let mut later = [Level::Handshake, Level::Application].into_iter().filter(|other| *other > level);
        let blind = self.random().is_none() && self.secrets.has_traffic_secrets();
        if blind || later.any(|level| self.secret(direction, level).is_some()) {
            let half = &mut self.halves[direction.index()];
            half.doubt |= blind;
            if let State::Modern(modern) = &mut half.state {
                modern.hunting = true;
            }
            return None;
        }
        if !self.secrets.sealed() && !self.closing {
            return Some(Step::Wait);
        }
        self.reason.get_or_insert(Reason::NoKeys);
        self.halves[direction.index()].state = State::Dead;
        Some(Step::Done)
    }

    /// The client random: from the ClientHello, or from the key log line that opened the other direction.
    fn random(&self) -> Option<[u8; 32]> {
        let hello = self.negotiations.iter().rev().find_map(|negotiation| negotiation.client.as_ref());
        hello.map(|hello| hello.random).or(self.guessed)
    }

    fn secret(&self, direction: Direction, level: Level) -> Option<Material> {
        self.secrets.by_random(&self.random()?, label(self.role(direction), level)?)
    }

    /// The secrets that may open the next record, likeliest first.
    fn candidates(&self, direction: Direction) -> Vec<Candidate> {
        let State::Modern(modern) = &self.halves[direction.index()].state else { return Vec::new() };
        let mut secrets = Vec::new();
        if modern.level == Level::Application {
            let Some(suite) = self.suite13.and_then(CipherSuite::row) else { return Vec::new() };
            let mut secret = modern.secret.clone();
            for updates in 1..=UPDATES_LOST {
                secret = schedule::next_secret(suite.hash, &secret);
                secrets.push((None, Level::Application, updates, secret.clone()));
            }
        } else if self.random().is_some() {
            // Where the ServerHello was lost, its suite is not known, and early data still closed.
            let early = modern.level == Level::Early && modern.opener.is_none() && self.early != Some(false);
            let levels = [Level::Early, Level::Handshake, Level::Application];
            for level in levels.into_iter().skip(usize::from(!early)) {
                secrets.extend(self.secret(direction, level).map(|secret| (None, level, 0, secret)));
            }
        } else {
            // Who opened a connection that was joined midway is a guess as well.
            let other = if self.role(direction) == Role::Client { Role::Server } else { Role::Client };
            let roles: &[Role] = if self.client.is_some() { &[] } else { &[other] };
            for role in [self.role(direction)].iter().chain(roles) {
                for level in [Level::Application, Level::Handshake] {
                    let Some(label) = label(*role, level) else { continue };
                    let all = self.secrets.all(label, limits::TLS_BLIND_SECRETS);
                    let of = |(random, secret)| (Some((random, *role)), level, 0, secret);
                    secrets.extend(all.into_iter().map(of));
                }
            }
        }
        let suites = self.possible_suites();
        let mut candidates = Vec::new();
        for (guess, level, updates, secret) in secrets {
            for suite in suites.iter().filter(|suite| suite.hash.bytes() == secret.len()) {
                let suite = CipherSuite(suite.id);
                candidates.push(Candidate { guess, level, updates, secret: secret.clone(), suite });
            }
        }
        candidates
    }

    /// What further KeyUpdates would make of the secrets of a connection that was joined midway. They are tried after the
    /// others, the next generations first.
    fn updated(&self, candidates: &[Candidate]) -> Vec<Candidate> {
        let fresh = |one: &&Candidate| one.level == Level::Application && one.updates == 0;
        let mut latest: Vec<(&Candidate, &'static Suite, Material)> = candidates
            .iter()
            .filter(fresh)
            .filter_map(|one| Some((one, one.suite.row()?, one.secret.clone())))
            .collect();
        let mut updated = Vec::new();
        // Half of the tries are left to what is likelier.
        let spent = self.tries < limits::TLS_RESYNC_TRIES / 2;
        if spent || !self.negotiations.is_empty() || latest.len() > UPDATED_SECRETS {
            return updated;
        }
        for updates in 1..=UPDATES_BEFORE {
            for (one, suite, secret) in &mut latest {
                *secret = schedule::next_secret(suite.hash, secret);
                let (guess, level) = (one.guess, one.level);
                updated.push(Candidate { guess, level, updates, secret: secret.clone(), suite: one.suite });
            }
        }
        updated
    }

    /// The suite, or those that the client offered, or all.
    fn possible_suites(&self) -> Vec<&'static Suite> {
        if let Some(suite) = self.suite13 {
            return suite.row().into_iter().collect();
        }
        let hello = self.negotiations.iter().rev().find_map(|negotiation| negotiation.client.as_ref());
        let offered = |suite: &CipherSuite| hello.is_none_or(|hello| hello.suites.contains(suite));
        TLS13.into_iter().filter(offered).filter_map(CipherSuite::row).collect()
    }

    /// Tries the present keys further on, then those of later levels and generations.
    fn seek(
        &mut self,
        direction: Direction,
        header: Header,
        body: &[u8],
        plain: &mut Vec<u8>,
    ) -> Option<Opened> {
        if self.tries == 0 {
            return None;
        }
        let candidates = self.candidates(direction);
        let doubt = self.halves[direction.index()].doubt;
        let updated = if doubt { self.updated(&candidates) } else { Vec::new() };
        let half = &mut self.halves[direction.index()];
        let State::Modern(modern) = &mut half.state else { return None };
        let level = modern.level;
        if let Some(opener) = &mut modern.opener {
            let window = match level {
                _ if !doubt => 1,
                Level::Application => limits::TLS_RESYNC_WINDOW,
                _ => HANDSHAKE_WINDOW,
            };
            if let Some(opened) = opener.search(header, body, plain, window, &mut self.tries) {
                modern.hunting = false;
                return Some(opened);
            }
        }
        let midway = level != Level::Application;
        let shared = limits::TLS_RESYNC_WINDOW / (candidates.len() as u64).max(1);
        for candidate in candidates.into_iter().chain(updated) {
            let Some(suite) = candidate.suite.row() else { continue };
            let keys = schedule::traffic_keys(suite, &candidate.secret);
            let Some(mut opener) = Opener::new(suite, Version::TLS13, &keys, false) else { continue };
            let window = match candidate.level {
                _ if !doubt => 1,
                // All of these together take as long as those of the key log.
                Level::Application if midway && candidate.updates > 0 => {
                    (shared / UPDATES_BEFORE as u64).max(HANDSHAKE_WINDOW)
                }
                Level::Application => shared.max(HANDSHAKE_WINDOW),
                _ => HANDSHAKE_WINDOW,
            };
            if let Some(opened) = opener.search(header, body, plain, window, &mut self.tries) {
                modern.generation += candidate.updates;
                modern.level = candidate.level;
                modern.opener = Some(opener);
                modern.secret = candidate.secret;
                modern.hunting = false;
                if let Some((random, role)) = candidate.guess {
                    self.guessed = Some(random);
                    let client = if role == Role::Client { direction } else { direction.reverse() };
                    self.client = Some(client);
                }
                if self.suite13.is_none() {
                    self.suite13 = Some(candidate.suite);
                    self.tls_facts(Version::TLS13, candidate.suite);
                }
                self.progress = true;
                return Some(opened);
            }
        }
        None
    }

    fn not_opened(&mut self, direction: Direction, body: &[u8], frames: &[FrameRef]) {
        let half = &mut self.halves[direction.index()];
        let State::Modern(modern) = &mut half.state else { return };
        if modern.hunting {
            // Of another level, or early data without its secret: application data may be among it.
            if let Some(at) = frames.last() {
                half.gap.get_or_insert(*at);
            }
            return;
        }
        if let Some(opener) = modern.opener.as_mut().filter(|_| !half.doubt) {
            opener.skip(body);
        }
        self.failed(direction, frames);
    }

    /// Finished and EndOfEarlyData: the next level.
    pub(super) fn next_level(&mut self, direction: Direction, from: Level, to: Level) {
        let half = &mut self.halves[direction.index()];
        if let State::Modern(modern) = &mut half.state
            && modern.level == from
        {
            modern.level = to;
            modern.opener = None;
        }
    }

    /// KeyUpdate: the next generation.
    pub(super) fn key_update(&mut self, direction: Direction) {
        let Some(suite) = self.suite13.and_then(CipherSuite::row) else { return };
        let half = &mut self.halves[direction.index()];
        if let State::Modern(modern) = &mut half.state
            && modern.level == Level::Application
        {
            modern.secret = schedule::next_secret(suite.hash, &modern.secret);
            let keys = schedule::traffic_keys(suite, &modern.secret);
            modern.opener = Opener::new(suite, Version::TLS13, &keys, false);
            modern.generation += 1;
        }
    }
}
