//! Takes the exchanges of an export, gives the tunnels (`CONNECT`, RFC 9110 9.3.6) whose inside it does not hold.
//!
//! Proxies write a session for each tunnel, and then, where they opened it, one for each request inside. A tunnel
//! is open when the export says so, or holds requests inside TLS to the same place. Of the others nothing is known:
//! they are told as connections that stayed closed.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use super::{Notice, Receiver, message};
use crate::base::Instant;
use crate::connection::{Connection, Content, LeftOut, TlsLedger};
use crate::exchange::{Endpoint, Exchange, TlsFacts};
use crate::limits::NAMES_KEPT;

/// What an export itself says of the inside of a tunnel.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Inside {
    /// Nothing.
    #[default]
    Untold,
    /// The proxy looked into it: what was said inside stands elsewhere in the export.
    Open,
    /// The proxy did not look into it, and this is why.
    Closed(&'static str),
}

/// Where a request went: port, and from where it came.
type Way = (u16, Option<Endpoint>);

/// Tunnels, and requests that may have gone through them.
#[derive(Debug, Default)]
pub(super) struct Tunnels {
    tunnels: Vec<Tunnel>,
    /// Tunnels that could not be kept.
    more: u64,
    /// By the name of the host, lower case.
    inside: BTreeMap<String, BTreeSet<Way>>,
    /// By the address of the server: some tunnels name no more.
    servers: BTreeSet<(IpAddr, Way)>,
    /// Ways in all.
    ways: usize,
}

#[derive(Debug)]
struct Tunnel {
    /// The entry, and what tells entries of one number apart.
    place: (u64, u64),
    host: String,
    port: u16,
    client: Option<Endpoint>,
    server: Option<Endpoint>,
    times: Option<(Instant, Instant)>,
    facts: Option<Arc<TlsFacts>>,
    /// Why it was not opened, where the export says so.
    closed: Option<&'static str>,
}

/// Why a tunnel counts as closed of which the export says nothing.
const NOTHING_INSIDE: &str = "the export holds no request from inside of this tunnel: switch on HTTPS decryption \
                              in the proxy and record again";

impl Tunnels {
    /// Notes the next exchange. `facts`: what the export tells of the TLS inside of it, if it is a tunnel.
    pub(super) fn see(&mut self, exchange: &Exchange, inside: Inside, facts: Option<&Arc<TlsFacts>>) {
        let Some(request) = &exchange.request else { return };
        if request.method.eq_ignore_ascii_case("CONNECT") {
            let closed = match inside {
                Inside::Open => return,
                Inside::Untold => None,
                Inside::Closed(why) => Some(why),
            };
            if !established(exchange) {
                return;
            }
            let tunnel = Tunnel {
                place: (exchange.key.frame, exchange.key.sub),
                host: message::bare(&request.target).to_ascii_lowercase(),
                port: message::port_of(&request.target).unwrap_or(443),
                client: exchange.client,
                server: exchange.server,
                times: times(exchange),
                facts: facts.cloned(),
                closed,
            };
            self.keep(tunnel);
        } else if request.scheme.as_deref().is_some_and(|scheme| matches!(scheme, "https" | "wss")) {
            let host = request.host.as_deref().unwrap_or_default();
            let way = (message::port_of(host).unwrap_or(443), exchange.client);
            self.went(message::bare(host), way);
            if let Some(name) = exchange.tls.as_ref().and_then(|tls| tls.sni.as_deref()) {
                self.went(name, way);
            }
            if let Some(server) = exchange.server.filter(|_| self.ways < NAMES_KEPT) {
                self.ways += usize::from(self.servers.insert((server.address, way)));
            }
        }
    }

    /// A request inside TLS to a host of that name. Beyond the bound none is noted: tunnels count as closed then.
    fn went(&mut self, name: &str, way: Way) {
        if self.ways >= NAMES_KEPT {
            return;
        }
        let lower = name.bytes().any(|byte| byte.is_ascii_uppercase()).then(|| name.to_ascii_lowercase());
        let name = lower.as_deref().unwrap_or(name);
        let known = match self.inside.get_mut(name) {
            Some(ways) => ways,
            None => self.inside.entry(name.to_owned()).or_default(),
        };
        self.ways += usize::from(known.insert(way));
    }

    fn keep(&mut self, tunnel: Tunnel) {
        if self.tunnels.len() < NAMES_KEPT { self.tunnels.push(tunnel) } else { self.more += 1 }
    }

    /// Takes over what another thread noted.
    pub(super) fn merge(&mut self, other: Self) {
        for (name, ways) in other.inside {
            ways.into_iter().for_each(|way| self.went(&name, way));
        }
        self.servers.extend(other.servers);
        other.tunnels.into_iter().for_each(|tunnel| self.keep(tunnel));
        self.more += other.more;
    }

    /// Whether a request went through a tunnel, as far as can be told.
    fn is_open(&self, tunnel: &Tunnel) -> bool {
        let through = |&(port, client): &Way| {
            let same = client.zip(tunnel.client).is_none_or(|(one, other)| {
                one.address == other.address && (one.port == other.port || one.port == 0 || other.port == 0)
            });
            port == tunnel.port && same
        };
        tunnel.closed.is_none()
            && (self.inside.get(&tunnel.host).is_some_and(|ways| ways.iter().any(through))
                || tunnel.host.parse().is_ok_and(|address: IpAddr| {
                    self.servers.iter().any(|(server, way)| *server == address && through(way))
                }))
    }

    /// The export is over: tells the tunnels that stayed closed, in the order of their entries.
    pub(super) fn finish(mut self, out: &mut dyn Receiver) {
        self.tunnels.sort_unstable_by_key(|tunnel| tunnel.place);
        let tunnels = std::mem::take(&mut self.tunnels);
        for tunnel in tunnels.into_iter().filter(|tunnel| !self.is_open(tunnel)) {
            out.connection(tunnel.connection());
        }
        if self.more > 0 {
            let text = format!("{} further tunnels were not looked into", self.more);
            out.notice(Notice::lost(None, text, LeftOut { count: self.more, ..LeftOut::request() }));
        }
    }
}

impl Tunnel {
    fn connection(self) -> Connection {
        // Its name is what the client asked the proxy for; an address is none.
        let name = Some(self.host).filter(|host| host.parse::<IpAddr>().is_err());
        let mut facts = self.facts.as_deref().cloned().unwrap_or_default();
        facts.sni = facts.sni.or(name);
        let why = self.closed.unwrap_or(NOTHING_INSIDE);
        Connection {
            first_frame: self.place.0,
            times: self.times,
            client: self.client,
            server: self.server.map(|end| Endpoint { port: self.port, ..end }),
            ..closed(facts, why)
        }
    }
}

/// A connection inside TLS that was passed through.
pub(super) fn closed(facts: TlsFacts, why: &str) -> Connection {
    let undecrypted = Some(why.to_owned());
    Connection {
        content: Content::Tls,
        passed_on: true,
        tls: Some(TlsLedger { facts: Arc::new(facts), undecrypted, ..TlsLedger::default() }),
        ..Connection::default()
    }
}

/// Whether there was a tunnel: it was not refused, and nothing says that the proxy got no answer.
fn established(exchange: &Exchange) -> bool {
    match &exchange.response {
        Some(response) => (200..300).contains(&response.status),
        None => exchange.oddities.iter().all(|oddity| oddity.name != "export-no-response"),
    }
}

fn times(exchange: &Exchange) -> Option<(Instant, Instant)> {
    let (from, to) = exchange.request.as_ref()?.times?;
    let end = exchange.response.as_ref().and_then(|response| response.times);
    Some((from, end.map_or(to, |(_, end)| end.max(to))))
}

#[cfg(test)]
mod tests {
    use super::super::Collected;
    use super::*;
    use crate::exchange::{Body, ExchangeKey, Head, Protocol, Request, Response};

    fn exchange(frame: u64, method: &str, host: &str, status: Option<u16>) -> Exchange {
        let connect = method == "CONNECT";
        Exchange {
            key: ExchangeKey { input: 0, frame, sub: 0 },
            connection: None,
            frames: None,
            until: None,
            client: None,
            server: None,
            protocol: Protocol::Http11,
            tls: None,
            request: Some(Box::new(Request {
                method: method.to_owned(),
                target: if connect { host.to_owned() } else { "/ews".to_owned() },
                scheme: Some("https".to_owned()).filter(|_| !connect),
                host: Some(host.to_owned()),
                head: Head::default(),
                body: Body::default(),
                times: None,
            })),
            response: status.map(|status| {
                Box::new(Response { status, head: Head::default(), body: Body::default(), times: None })
            }),
            oddities: Vec::new(),
        }
    }

    fn from(port: u16, exchange: Exchange) -> Exchange {
        Exchange { client: message::endpoint("10.0.0.1", port), ..exchange }
    }

    /// The names of the tunnels that stayed closed; the exchanges are seen by two threads.
    fn told(exchanges: &[Exchange], inside: Inside) -> Vec<Option<String>> {
        let (mut one, mut other) = (Tunnels::default(), Tunnels::default());
        for (number, exchange) in exchanges.iter().enumerate() {
            if number % 2 == 0 { &mut one } else { &mut other }.see(exchange, inside, None);
        }
        other.merge(one);
        let mut out = Collected::default();
        other.finish(&mut out);
        assert_eq!(out.notices, []);
        assert!(out.connections.iter().all(|found| found.passed_on));
        out.connections.into_iter().map(|found| found.tls.unwrap().facts.sni.clone()).collect()
    }

    fn names(names: &[&str]) -> Vec<Option<String>> {
        names.iter().map(|name| Some((*name).to_owned())).collect()
    }

    #[test]
    fn a_tunnel_without_requests_from_inside_stayed_closed() {
        let connect = |host: &str| exchange(1, "CONNECT", host, Some(200));
        let get = |host: &str| exchange(2, "GET", host, Some(200));
        assert_eq!(told(&[connect("Mail.example:443")], Inside::Untold), names(&["mail.example"]));
        for other in ["other.example", "mail.example:8443"] {
            let seen = [connect("mail.example:443"), get(other)];
            assert_eq!(told(&seen, Inside::Untold), names(&["mail.example"]), "{other}");
        }
        let plain = |mut exchange: Exchange| {
            exchange.request.as_mut().unwrap().scheme = Some("http".to_owned());
            exchange
        };
        let seen = [connect("mail.example:443"), plain(get("mail.example"))];
        assert_eq!(told(&seen, Inside::Untold), names(&["mail.example"]), "not inside TLS");
        let seen = [get("mail.example"), exchange(7, "CONNECT", "mail.example:443", None)];
        assert_eq!(told(&seen, Inside::Closed("why")), names(&["mail.example"]), "the export says so");
        let seen = [from(1, connect("mail.example:443")), from(2, get("mail.example"))];
        assert_eq!(told(&seen, Inside::Untold), names(&["mail.example"]), "from elsewhere");
        assert_eq!(told(&[connect("10.0.0.9:443")], Inside::Untold), [None]);
    }

    #[test]
    fn a_tunnel_with_requests_from_inside_is_open() {
        let connect = |host: &str| exchange(1, "CONNECT", host, Some(200));
        for host in ["mail.example", "MAIL.example:443"] {
            let seen = [connect("mail.example:443"), exchange(2, "GET", host, Some(200))];
            assert_eq!(told(&seen, Inside::Untold), [], "{host}");
            let seen = [from(5, seen[0].clone()), from(5, seen[1].clone())];
            assert_eq!(told(&seen, Inside::Untold), [], "{host}");
        }
        let served = Exchange { server: message::endpoint("10.0.0.9", 443), ..exchange(2, "GET", "h", None) };
        assert_eq!(told(&[connect("10.0.0.9:443"), served], Inside::Untold), []);
        assert_eq!(told(&[connect("mail.example:443")], Inside::Open), []);
    }

    #[test]
    fn what_was_refused_was_no_tunnel() {
        assert_eq!(told(&[exchange(1, "CONNECT", "h:443", Some(407))], Inside::Untold), []);
        assert_eq!(told(&[exchange(1, "CONNECT", "h:443", None)], Inside::Untold), names(&["h"]));
        let mut failed = exchange(1, "CONNECT", "h:443", None);
        failed.oddities.push(crate::exchange::Oddity { name: "export-no-response", detail: String::new() });
        assert_eq!(told(&[failed], Inside::Untold), []);
    }
}
