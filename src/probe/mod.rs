//! Takes addresses of live services, asks them for challenges, metadata and handshakes, gives exchanges,
//! connections and what else was learned.
//!
//! Only the hosts that are named (and the proxy, when one is named) see a connection. No credentials, no
//! tokens and no cookies are sent: `Authorization: Bearer` goes out empty ([MS-XOAUTH] 4).

/// Where to ask.
pub mod address;
mod ask;
mod dial;
mod hello;
/// Which questions a host is asked.
mod questions;
/// What chains are verified against.
pub mod roots;
mod session;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use self::address::Address;
use self::ask::Ask;
use self::dial::{Deadline, dial};
use self::hello::Until;
use self::questions::{Planned, plan};
use self::roots::Roots;
use crate::checks::probed::{Accepted, Offer, Purpose, Question, Service};
use crate::connection::{Connection, Content, Flow, TlsLedger};
use crate::exchange::{Endpoint, Exchange, ExchangeKey, TlsFacts};
use crate::keys::Origin;
use crate::keys::load::key_file;
use crate::limits;
use crate::wire::http::body;
use crate::wire::tls::Version;

/// How to ask.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What chains are verified against.
    pub roots: Roots,
    /// The time for one question, from the name's lookup to the last byte.
    pub timeout: Duration,
    /// A proxy that was named on the command line.
    pub proxy: Option<Address>,
    /// The tenant, for the documents of token services.
    pub tenant: Option<String>,
}

/// Everything that one address gave.
#[derive(Debug, Default)]
pub struct Probe {
    /// What the handshakes showed; `None` for http.
    pub service: Option<Service>,
    /// The questions, in order.
    pub questions: Vec<Question>,
    /// Exchanges in order, redirections included.
    pub exchanges: Vec<Exchange>,
    /// The connections of these exchanges.
    pub connections: Vec<Connection>,
    /// Documents with keys: address and bytes.
    pub documents: Vec<(String, Bytes)>,
    /// Bytes that were received.
    pub received: u64,
}

impl Probe {
    /// Whether nothing at all was answered.
    pub fn unreachable(&self) -> bool {
        self.exchanges.is_empty()
    }
}

/// Asks one address; `input` is its place on the command line.
pub fn probe(address: &Address, settings: &Settings, input: u32) -> Probe {
    let mut asker = Asker { address, settings, input, probe: Probe::default(), spoke: None };
    if address.tls {
        asker.probe.service = Some(Service { authority: address.authority(), ..Service::default() });
    }
    for planned in plan(address, settings.tenant.as_deref()) {
        asker.question(&planned);
        if let Some(why) = asker.hopeless() {
            asker.spoke = Some(why);
            break;
        }
    }
    asker.offers();
    asker.probe
}

struct Asker<'a> {
    address: &'a Address,
    settings: &'a Settings,
    input: u32,
    probe: Probe,
    /// Why there was no connection, when there was none.
    spoke: Option<String>,
}

impl Asker<'_> {
    fn deadline(&self) -> Deadline {
        Deadline::after(self.settings.timeout)
    }

    /// Why further questions would not be answered either.
    fn hopeless(&self) -> Option<String> {
        let last = self.probe.questions.last()?;
        let trouble = last.trouble.clone()?;
        (last.exchange.is_none() || trouble.starts_with("timeout")).then_some(trouble)
    }

    /// Asks one question, and goes on where the same host sends it.
    fn question(&mut self, planned: &Planned) {
        let mut path = planned.path.clone();
        let mut question = Question {
            url: self.address.url(&path),
            purpose: planned.purpose,
            needed: planned.needed,
            exchange: None,
            trouble: None,
            redirect: None,
            keys: None,
        };
        for turn in 0..=limits::PROBE_REDIRECTS {
            let (exchange, trouble) = self.once(&path, planned.purpose);
            question.trouble = trouble;
            let location = exchange.as_ref().and_then(location);
            question.exchange = exchange.or(question.exchange);
            let Some(location) = location else { break };
            match self.address.redirected(&path, &location) {
                Ok(_) if turn == limits::PROBE_REDIRECTS => {
                    question.trouble = Some(format!("redirected more than {turn} times"));
                }
                Ok(next) => path = next,
                Err(elsewhere) => {
                    question.redirect = Some(elsewhere);
                    break;
                }
            }
        }
        if planned.purpose == Purpose::Keys && question.trouble.is_none() {
            question.keys = self.keys(&question);
        }
        self.probe.questions.push(question);
    }

    /// The keys of a document; it is kept when it has some.
    fn keys(&mut self, question: &Question) -> Option<Result<crate::keys::load::Loaded, String>> {
        let response =
            question.exchange.as_ref()?.response.as_ref().filter(|response| response.status == 200)?;
        let (content, _) = body::content(&response.head, &response.body);
        let keys =
            key_file(&content, &question.url, Origin::TokenService, &[]).map_err(|error| error.to_string());
        if keys.is_ok() {
            self.probe.documents.push((question.url.clone(), Bytes::copy_from_slice(&content)));
        }
        Some(keys)
    }

    /// One request on a connection of its own.
    fn once(&mut self, path: &str, purpose: Purpose) -> (Option<Exchange>, Option<String>) {
        let ordinal = u32::try_from(self.probe.connections.len()).unwrap_or(u32::MAX);
        let proxy = self.settings.proxy.as_ref();
        let line = match dial(self.address, proxy, self.deadline()) {
            Ok(line) => line,
            Err(why) => return (None, Some(why)),
        };
        let host = self.address.host_field();
        let whole = self.address.url(path);
        let ends = line.ends();
        let what = Ask {
            host: &host,
            target: if proxy.is_some() && !self.address.tls { &whole } else { path },
            bearer: purpose == Purpose::Challenge,
            scheme: if self.address.tls { "https" } else { "http" },
        };
        let (finished, trouble, line, facts) = if self.address.tls {
            let mut session = match session::open(line, &self.address.host, &self.settings.roots) {
                Ok(session) => session,
                Err(refused) => {
                    self.refused(&refused.why);
                    return (None, Some(refused.why));
                }
            };
            self.met(&session.facts);
            let (finished, trouble) = ask::ask(&mut session.stream, &what);
            (finished, trouble, session.stream.sock, Some(Arc::new(session.facts)))
        } else {
            let mut line = line;
            let (finished, trouble) = ask::ask(&mut line, &what);
            (finished, trouble, line, None)
        };
        self.probe.received += line.received;
        let end = |address: Option<std::net::SocketAddr>| {
            address.map(|address| Endpoint { address: address.ip(), port: address.port() })
        };
        let (client, server) = (end(ends.0), end(ends.1));
        let number = self.probe.exchanges.len() as u64;
        let exchange = finished.map(|finished| Exchange {
            client,
            server,
            tls: facts.clone(),
            ..ask::exchange(finished, ExchangeKey { input: self.input, frame: number, sub: 0 }, ordinal)
        });
        let complete = exchange.as_ref().is_some_and(Exchange::complete);
        self.probe.connections.push(Connection {
            input: self.input,
            ordinal,
            client,
            server,
            sent: Flow { bytes: line.sent, ..Flow::default() },
            received: Flow { bytes: line.received, ..Flow::default() },
            content: if exchange.is_some() { Content::Http1 } else { Content::Other },
            tls: facts.map(|facts| TlsLedger { facts, ..TlsLedger::default() }),
            exchanges_complete: u64::from(complete),
            exchanges_partial: u64::from(exchange.is_some() && !complete),
            ..Connection::default()
        });
        if let Some(exchange) = &exchange {
            self.answered_by(exchange);
            self.probe.exchanges.push(exchange.clone());
        }
        (exchange, trouble)
    }

    fn refused(&mut self, why: &str) {
        if let Some(service) = self.probe.service.as_mut().filter(|service| service.session.is_none()) {
            service.refused = Some(why.to_owned());
        }
    }

    /// The first session tells version, suite and chain.
    fn met(&mut self, facts: &TlsFacts) {
        let Some(service) = self.probe.service.as_mut().filter(|service| service.session.is_none()) else {
            return;
        };
        service.chain = Some(self.settings.roots.check(&self.address.host, &facts.certificates));
        service.certificates.clone_from(&facts.certificates);
        service.session = Some(facts.clone());
        service.refused = None;
    }

    /// Headers that tell which server, or which device, answered; each once.
    fn answered_by(&mut self, exchange: &Exchange) {
        const NAMES: [&str; 8] = [
            "server",
            "x-feserver",
            "x-beserver",
            "x-calculatedbetarget",
            "x-owa-version",
            "x-powered-by",
            "via",
            "x-diaginfo",
        ];
        let (Some(service), Some(response)) = (&mut self.probe.service, &exchange.response) else { return };
        for field in response.head.fields() {
            let line = format!(
                "{}: {}",
                String::from_utf8_lossy(field.name),
                String::from_utf8_lossy(field.value).chars().take(100).collect::<String>()
            );
            let named = NAMES.iter().any(|name| field.is(name));
            if named && service.answered_by.len() < 16 && !service.answered_by.contains(&line) {
                service.answered_by.push(line);
            }
        }
    }

    /// What older hellos are answered: one connection each.
    fn offers(&mut self) {
        // No connection, no hello: only refused handshakes are worth another try.
        let deaf = self.spoke.is_some()
            && self
                .probe
                .service
                .as_ref()
                .is_none_or(|service| service.refused.is_none() && service.session.is_none());
        if deaf || self.probe.service.is_none() {
            return;
        }
        for (name, version) in [
            ("TLS 1.3", Version::TLS13),
            ("TLS 1.2", Version::TLS12),
            ("TLS 1.1", Version::TLS11),
            ("TLS 1.0", Version::TLS10),
        ] {
            let line = dial(self.address, self.settings.proxy.as_ref(), self.deadline());
            let suites = hello::usual(version);
            // TLS 1.3 hides the certificates.
            let until = if version >= Version::TLS13 { Until::Hello } else { Until::Certificates };
            let chosen =
                line.and_then(|line| hello::offer(line, &self.address.host, version, &suites, until));
            let silent = chosen.as_ref().is_err_and(|why| why.starts_with("timeout"));
            let Some(service) = &mut self.probe.service else { return };
            if let Ok(chosen) = &chosen
                && service.certificates.is_empty()
                && !chosen.certificates.is_empty()
            {
                service.certificates.clone_from(&chosen.certificates);
                service.chain = Some(self.settings.roots.check(&self.address.host, &chosen.certificates));
            }
            let chosen = chosen.map(|chosen| (chosen.version, chosen.suite));
            // Refused suites may leave room for those that nobody offers by habit.
            let spoken = match &chosen {
                Ok((version, _)) => version == name,
                Err(why) => why.contains("handshake_failure"),
            };
            service.offers.push(Offer { version: name, chosen, suites: Vec::new(), cut: false });
            // Some old devices drop a hello of TLS 1.3 without a word; who is deaf to another is not asked on.
            if silent && version < Version::TLS13 {
                return;
            }
            if spoken {
                let (suites, cut) = self.suites(name, version);
                let offers = self.probe.service.as_mut().map(|service| &mut service.offers);
                if let Some(offer) = offers.and_then(|offers| offers.last_mut()) {
                    (offer.suites, offer.cut) = (suites, cut);
                }
            }
        }
    }

    /// Asks again without the suite that was chosen, until the server refuses; and whether the bounds ended
    /// it before.
    fn suites(&self, name: &str, version: Version) -> (Vec<Accepted>, bool) {
        let deadline = self.deadline();
        let (mut accepted, mut hellos) = (Vec::new(), 0);
        for mut left in [hello::usual(version), hello::unusual(version)] {
            while !left.is_empty() {
                if hellos == limits::PROBE_HELLOS || deadline.left().is_none() {
                    return (accepted, true);
                }
                hellos += 1;
                let line = dial(self.address, self.settings.proxy.as_ref(), deadline);
                let line = match line {
                    Ok(line) => line,
                    // A server that stops to take connections has not refused a suite.
                    Err(_) => return (accepted, true),
                };
                match hello::offer(line, &self.address.host, version, &left, Until::Hello) {
                    Ok(chosen) if chosen.version == name => {
                        let at = left.iter().position(|suite| suite.to_string() == chosen.suite);
                        let Some(at) = at else { break };
                        let weak = left.remove(at).weak();
                        accepted.push(Accepted { name: chosen.suite, weak });
                    }
                    Err(why) if why.starts_with("timeout") => return (accepted, true),
                    Ok(_) | Err(_) => break,
                }
            }
        }
        (accepted, false)
    }
}

/// Where a redirection points.
fn location(exchange: &Exchange) -> Option<String> {
    let response = exchange.response.as_ref()?;
    let redirects = matches!(response.status, 301 | 302 | 303 | 307 | 308);
    redirects.then(|| response.head.text("location").unwrap_or_default().to_owned())
}
