//! Takes the bytes of a Fiddler session archive, gives its exchanges.
//!
//! A SAZ file is a ZIP archive with, for each session N, `raw/N_c.txt` (request), `raw/N_s.txt`
//! (response), `raw/N_m.xml` (metadata) and perhaps `raw/N_w.txt` (WebSocket messages). Nothing is
//! unpacked to disk. Bodies are as Fiddler kept them: often still chunked and compressed. They are
//! inflated only as far as they are kept, a large XML answer only as far as it tells enough (damage behind
//! that is not noticed then). A plain archive is read where it lies, by several threads.

pub(crate) mod archive;
mod index;
mod metadata;
mod salvage;

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread::ScopedJoinHandle;

use super::raw;
use super::tunnels::{Inside, Tunnels};
use super::{ImportError, ImportSettings, Notice, Receiver, Worker};
use crate::connection::LeftOut;
use crate::exchange::{
    Endpoint, Enough, Exchange, ExchangeKey, Oddity, Protocol, Response, TIME_WITHOUT_ZONE, TlsFacts,
};
use crate::limits;
use archive::{AT_ONCE, Archive, Member, MemberError, Unpacker};
use metadata::Metadata;

/// Reads the whole of a SAZ file.
///
/// # Errors
/// When it is no archive or no SAZ, or when its password is missing or wrong.
pub fn read(bytes: &[u8], settings: &ImportSettings, out: &mut dyn Receiver) -> Result<(), ImportError> {
    let mut archive = Archive::open(bytes)?;
    let members = archive.members(out);
    sessions_of(&archive, &members, bytes.len() as u64, settings, Vec::new(), out)
}

/// Reads a SAZ file where it lies, as much of it as is wanted at a time. Its exchanges go to the workers, in
/// no order; all else to `out`. `None` where the whole of it must be read to understand it.
///
/// # Errors
/// As for [`read`].
pub fn read_file(
    file: &File,
    size: u64,
    settings: &ImportSettings,
    workers: Vec<Worker<'_>>,
    out: &mut dyn Receiver,
) -> Option<Result<(), ImportError>> {
    let (archive, members) = Archive::of_file(file, size)?;
    Some(sessions_of(&archive, &members, size, settings, workers, out))
}

fn sessions_of(
    archive: &Archive<'_>,
    members: &[Member],
    size: u64,
    settings: &ImportSettings,
    workers: Vec<Worker<'_>>,
    out: &mut dyn Receiver,
) -> Result<(), ImportError> {
    let sessions = sessions(members);
    if sessions.is_empty() {
        return Err(ImportError::Kind(
            "is a ZIP archive, but no Fiddler session archive: it holds no raw/*_c.txt; give what is in it unpacked"
                .to_owned(),
        ));
    }
    check_password(archive, &sessions, settings)?;
    let work = Work {
        archive,
        sessions: &sessions,
        settings,
        next: AtomicUsize::new(0),
        inflated: AtomicU64::new(0),
        bound: limits::ARCHIVE_TOTAL.max(size.saturating_mul(limits::ARCHIVE_RATIO)),
    };
    let mut tunnels = Tunnels::default();
    let (used, left_out) = if workers.is_empty() {
        work.here(&mut tunnels, out)
    } else {
        work.spread(workers, &mut tunnels, out)
    };
    tunnels.finish(out);
    if left_out > 0 {
        let text = format!(
            "unpacks to more than {} bytes: {left_out} of {} sessions are left out (limit {})",
            work.bound,
            sessions.len(),
            if work.bound > limits::ARCHIVE_TOTAL { "ARCHIVE_RATIO" } else { "ARCHIVE_TOTAL" }
        );
        out.notice(Notice::lost(None, text, LeftOut { count: left_out, ..LeftOut::request() }));
    }
    let websockets = sessions.iter().filter(|session| session.websocket).count();
    if websockets > 0 {
        let text = format!("{websockets} sessions hold WebSocket messages, which are not looked into");
        out.notice(Notice::new(None, text));
    }
    if used == 0 {
        let mut methods = sessions.iter().flat_map(Session::members).filter_map(Member::unknown_method);
        let reason = methods.next().map_or_else(String::new, |method| {
            format!(": they are packed by a method that is not read ({method}); unpack it, and pack it as ZIP with Deflate")
        });
        let told = format!("none of its {} sessions can be read{reason}", sessions.len());
        return Err(ImportError::Damaged(told));
    }
    Ok(())
}

/// Sessions that are read from the file, and taken by a worker, at a time.
const TAKEN: usize = 32;

/// The sessions of an archive, and how many were begun.
struct Work<'w> {
    archive: &'w Archive<'w>,
    sessions: &'w [Session<'w>],
    settings: &'w ImportSettings,
    next: AtomicUsize,
    /// Bytes that came out so far, and how many may.
    inflated: AtomicU64,
    bound: u64,
}

impl Work<'_> {
    fn beyond(&self) -> bool {
        self.inflated.load(Ordering::Relaxed) > self.bound
    }

    fn read(&self, session: &Session<'_>, unpacker: &mut Unpacker<'_, '_>) -> Done {
        if self.beyond() {
            return Done { beyond: true, ..Done::default() };
        }
        session.read(unpacker, &self.inflated, self.settings.enough)
    }

    /// One after another; how many gave exchanges, and how many were not begun because of the bound.
    fn here(&self, tunnels: &mut Tunnels, out: &mut dyn Receiver) -> (u64, u64) {
        let mut unpacker = self.archive.unpacker(&self.settings.passwords);
        let (mut used, mut left_out) = (0, 0);
        for taken in self.sessions.chunks(TAKEN) {
            unpacker.fetch(taken.iter().flat_map(Session::members));
            for session in taken {
                let mut done = self.read(session, &mut unpacker);
                done.pass(tunnels);
                let exchange = done.exchange.take();
                left_out += u64::from(done.beyond);
                done.tell(out);
                if let Some(exchange) = exchange {
                    used += 1;
                    out.exchange(exchange);
                }
            }
        }
        (used, left_out)
    }

    /// Each worker takes sessions as it can; what is told is told in their order.
    fn spread(&self, workers: Vec<Worker<'_>>, tunnels: &mut Tunnels, out: &mut dyn Receiver) -> (u64, u64) {
        let parts: Vec<Share> = std::thread::scope(|scope| {
            let running: Vec<_> =
                workers.into_iter().map(|worker| scope.spawn(|| self.part(worker))).collect();
            let join = |running: ScopedJoinHandle<'_, Share>| match running.join() {
                Ok(part) => part,
                Err(panic) => std::panic::resume_unwind(panic),
            };
            running.into_iter().map(join).collect()
        });
        let (mut used, mut left_out) = (0, 0);
        let mut told = Vec::new();
        for part in parts {
            used += part.used;
            left_out += part.left_out;
            tunnels.merge(part.tunnels);
            told.extend(part.told);
        }
        told.sort_unstable_by_key(|(number, _)| *number);
        told.into_iter().for_each(|(_, done)| done.tell(out));
        (used, left_out)
    }

    fn part(&self, mut worker: Worker<'_>) -> Share {
        let mut unpacker = self.archive.unpacker(&self.settings.passwords);
        let mut part = Share::default();
        loop {
            let from = self.next.fetch_add(TAKEN, Ordering::Relaxed);
            let left = self.sessions.get(from..).unwrap_or_default();
            let taken = left.get(..TAKEN).unwrap_or(left);
            if taken.is_empty() {
                return part;
            }
            unpacker.fetch(taken.iter().flat_map(Session::members));
            for (number, session) in (from..).zip(taken) {
                let mut done = self.read(session, &mut unpacker);
                part.left_out += u64::from(done.beyond);
                done.pass(&mut part.tunnels);
                if let Some(exchange) = done.exchange.take() {
                    part.used += 1;
                    worker(exchange);
                }
                if !done.notices.is_empty() {
                    part.told.push((number, done));
                }
            }
        }
    }
}

/// What one worker did.
#[derive(Default)]
struct Share {
    used: u64,
    left_out: u64,
    tunnels: Tunnels,
    /// By the session's place.
    told: Vec<(usize, Done)>,
}

/// The members of one session.
#[derive(Clone, Debug, Default)]
struct Session<'m> {
    /// Which folder of the archive, in order, and the number in the names.
    folder: u64,
    number: u64,
    client: Option<&'m Member>,
    server: Option<&'m Member>,
    metadata: Option<&'m Member>,
    websocket: bool,
    /// Members that another of the same name took the place of: what they held is not seen.
    replaced: u64,
}

/// Groups members by folder and number: `raw/017_c.txt`, in any case and with any number of digits.
fn sessions(members: &[Member]) -> Vec<Session<'_>> {
    let mut found: Vec<(&str, Session<'_>)> = Vec::with_capacity(members.len() / 3 + 1);
    for member in members {
        let (folder, name) = member.name.rsplit_once('/').unwrap_or(("", &member.name));
        let Some((number, part)) = name.split_once('_') else { continue };
        let Ok(number) = number.parse::<u64>() else { continue };
        let Some(part) = Session::of_member(number, part, member) else { continue };
        match found.last_mut() {
            Some((last, session)) if *last == folder && session.number == number => session.add(part),
            _ => found.push((folder, part)),
        }
    }
    // Most archives are in order already. Where two members have one name the last one counts.
    found.sort_by_key(|&(folder, ref session)| (folder, session.number));
    found.dedup_by(|(folder, later), (known, session)| {
        let same = folder == known && later.number == session.number;
        if same {
            session.add(std::mem::take(later));
        }
        same
    });
    let (mut ordinal, mut last) = (0, None);
    for (folder, session) in &mut found {
        ordinal += u64::from(last.is_some_and(|last| last != *folder));
        session.folder = ordinal;
        last = Some(*folder);
    }
    let usable = |session: &Session<'_>| session.client.is_some() || session.server.is_some();
    found.into_iter().map(|(_, session)| session).filter(usable).collect()
}

/// Tells a missing password from a wrong one, on the smallest member that needs one.
fn check_password(
    archive: &Archive<'_>,
    sessions: &[Session<'_>],
    settings: &ImportSettings,
) -> Result<(), ImportError> {
    let members = sessions.iter().flat_map(|session| [session.client, session.server]).flatten();
    let mut locked: Vec<&Member> = members.filter(|member| member.encrypted()).collect();
    locked.sort_by_key(|member| member.size);
    if locked.is_empty() {
        return Ok(());
    }
    if settings.passwords.is_empty() {
        return Err(ImportError::PasswordMissing);
    }
    let mut unpacker = archive.unpacker(&settings.passwords);
    // A few, because one of them may be damaged.
    let opens =
        locked.iter().take(8).any(|member| unpacker.read(member, WANTED, usize::MAX, |_| false).is_ok());
    if opens { Ok(()) } else { Err(ImportError::PasswordWrong) }
}

/// Bytes of a message that are read: a head and what is kept of a body.
const WANTED: usize = limits::HEAD_BYTES + limits::BODY_KEPT;

/// Most answers beyond this size tell enough with their beginning.
const LARGE_ANSWER: usize = 6 << 10;

/// What became of a session.
#[derive(Default)]
struct Done {
    exchange: Option<Exchange>,
    /// What its metadata say, if it is a tunnel.
    inside: (Inside, Option<Arc<TlsFacts>>),
    notices: Vec<Notice>,
    /// Nothing, because enough came out of the archive already.
    beyond: bool,
}

impl Done {
    /// Tells what it has to tell.
    fn tell(self, out: &mut dyn Receiver) {
        self.notices.into_iter().for_each(|notice| out.notice(notice));
    }

    /// Notes what it shows of tunnels.
    fn pass(&self, tunnels: &mut Tunnels) {
        let (inside, facts) = &self.inside;
        self.exchange.iter().for_each(|exchange| tunnels.see(exchange, *inside, facts.as_ref()));
    }
}

impl<'m> Session<'m> {
    /// A session of one member; `part` is the rest of its name. `None` for others.
    fn of_member(number: u64, part: &str, member: &'m Member) -> Option<Self> {
        let is = |name: &str| part.eq_ignore_ascii_case(name);
        let (client, server) = (is("c.txt").then_some(member), is("s.txt").then_some(member));
        let (metadata, websocket) = (is("m.xml").then_some(member), is("w.txt"));
        let known = client.or(server).or(metadata).is_some() || websocket;
        known.then_some(Self { number, client, server, metadata, websocket, ..Self::default() })
    }

    /// Takes members that stand behind its own in the archive.
    fn add(&mut self, later: Self) {
        let both = |one: Option<&Member>, other: Option<&Member>| u64::from(one.is_some() && other.is_some());
        self.replaced += later.replaced + both(self.client, later.client) + both(self.server, later.server);
        self.client = later.client.or(self.client);
        self.server = later.server.or(self.server);
        self.metadata = later.metadata.or(self.metadata);
        self.websocket |= later.websocket;
    }

    fn members(&self) -> impl Iterator<Item = &'m Member> + use<'m> {
        [self.client, self.server, self.metadata].into_iter().flatten()
    }

    /// What a member holds, with the size of its whole; else a notice. Of one larger than `large` no more than its
    /// beginning, when `enough` says so.
    fn unpacked<'u>(
        &self,
        unpacker: &'u mut Unpacker<'_, '_>,
        inflated: &AtomicU64,
        (member, what, loss): (Option<&Member>, &str, Option<LeftOut>),
        large: usize,
        enough: impl FnOnce(&[u8]) -> bool,
        notices: &mut Vec<Notice>,
    ) -> Option<(&'u [u8], u64)> {
        let member = member?;
        match unpacker.read(member, WANTED, large, enough) {
            Ok(found) => {
                inflated.fetch_add(found.len() as u64, Ordering::Relaxed);
                Some((found, member.size.max(found.len() as u64)))
            }
            Err(error) => {
                let text = match error {
                    MemberError::Password => "none of the given passwords opens it".to_owned(),
                    MemberError::Damaged(text) => text,
                };
                notices.push(self.notice(&format!("the {what} is left out: {text}"), loss));
                None
            }
        }
    }

    fn notice(&self, text: &str, loss: Option<LeftOut>) -> Notice {
        Notice { loss, ..Notice::new(Some(self.number), format!("session {}: {text}", self.number)) }
    }

    /// Reads the members one after another, in memory that they share.
    fn read(&self, unpacker: &mut Unpacker<'_, '_>, inflated: &AtomicU64, enough: Option<Enough>) -> Done {
        unpacker.fetch(self.members());
        let (mut notices, mut oddities) = (Vec::new(), Vec::new());
        let wanted = (self.client, "request", Some(LeftOut::request()));
        let client = self.unpacked(unpacker, inflated, wanted, AT_ONCE, holds_nothing, &mut notices);
        let had_client = client.is_some();
        let request = client.and_then(|(bytes, size)| raw::request(bytes, size, &mut oddities));
        let method = request.as_ref().map_or("", |raw| raw.request.method.as_str());
        let mut told = None;
        let tells = |begin: &[u8]| {
            told = enough.and_then(|enough| raw::told(begin, enough));
            told.is_some() || holds_nothing(begin)
        };
        let wanted = (self.server, "response", Some(LeftOut::response()));
        let response = self
            .unpacked(unpacker, inflated, wanted, LARGE_ANSWER, tells, &mut notices)
            .filter(|(bytes, _)| !bytes.is_empty());
        let had_server = response.is_some();
        let response = response
            .and_then(|(bytes, size)| raw::response_told(bytes.into(), size, method, told, &mut oddities));
        let metadata = self
            .unpacked(
                unpacker,
                inflated,
                (self.metadata, "metadata", None),
                usize::MAX,
                |_| false,
                &mut notices,
            )
            .and_then(|(bytes, _)| metadata::parse(bytes))
            .unwrap_or_default();
        if had_client && request.is_none() {
            notices.push(self.notice("expected an HTTP request, found none", Some(LeftOut::request())));
        }
        if self.client.is_none() {
            notices.push(self.notice("its request is not in the archive", Some(LeftOut::request())));
        }
        if had_server && response.is_none() {
            notices.push(self.notice("expected an HTTP response, found none", Some(LeftOut::response())));
        }
        if self.replaced > 0 {
            let text = format!(
                "{} of its messages stand twice in the archive, and only the last is read",
                self.replaced
            );
            notices.push(self.notice(&text, Some(LeftOut { count: self.replaced, ..LeftOut::request() })));
        }
        for loss in notices.iter_mut().filter_map(|notice| notice.loss.as_mut()) {
            loss.host.clone_from(&metadata.sni);
        }
        if request.is_none() && response.is_none() {
            return Done { notices, ..Done::default() };
        }
        let facts = tls(&metadata);
        let exchange = self.build(request, response, &metadata, facts.clone(), oddities);
        Done { exchange: Some(exchange), inside: (metadata.inside, facts), notices, beyond: false }
    }

    fn build(
        &self,
        request: Option<raw::RawRequest>,
        mut response: Option<Response>,
        metadata: &Metadata,
        tls: Option<Arc<TlsFacts>>,
        mut oddities: Vec<Oddity>,
    ) -> Exchange {
        if metadata.zoneless {
            let detail = "the times of a session name no zone, taken for UTC".to_owned();
            oddities.push(Oddity { name: TIME_WITHOUT_ZONE, detail });
        }
        let (protocol, port) = request.as_ref().map_or((Protocol::Http11, 0), |raw| (raw.protocol, raw.port));
        let mut request = request.map(|raw| raw.request);
        if let Some(request) = &mut request {
            request.times = metadata.request;
            if request.scheme.is_none() && request.method != "CONNECT" {
                request.scheme = Some(if metadata.https { "https" } else { "http" }.to_owned());
            }
        }
        if let Some(response) = &mut response {
            response.times = metadata.response.or(metadata.request);
        }
        let server = metadata.host_ip.map(|end| Endpoint { port, ..end });
        Exchange {
            key: ExchangeKey { input: 0, frame: self.number, sub: self.folder << 32 },
            connection: None,
            frames: None,
            until: None,
            client: metadata.client,
            server,
            protocol,
            // What Fiddler says about a tunnel belongs to the connections inside it.
            tls: tls.filter(|_| metadata.https),
            request: request.map(Box::new),
            response: response.map(Box::new),
            oddities,
        }
    }
}

fn tls(metadata: &Metadata) -> Option<Arc<TlsFacts>> {
    (metadata.cipher.is_some() || metadata.sni.is_some()).then(|| {
        Arc::new(TlsFacts {
            cipher: metadata.cipher.clone(),
            sni: metadata.sni.clone(),
            ..TlsFacts::default()
        })
    })
}

/// Whether the rest of a message, of which this is the beginning, can hold nothing that a check reads.
fn holds_nothing(beginning: &[u8]) -> bool {
    raw::beginning(beginning).is_some_and(|(head, body_at)| {
        body_at < beginning.len() && !super::message::can_matter(head.get("content-type").unwrap_or_default())
    })
}

/// For fuzzing: any bytes as an archive, read whole and as far as it tells enough.
#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    let markup: Enough = |begin| begin.first() == Some(&b'<');
    for enough in [None, Some(markup)] {
        let settings = ImportSettings { enough, ..ImportSettings::default() };
        let _ = read(data, &settings, &mut super::Collected::default());
    }
}

#[cfg(test)]
mod tests;
