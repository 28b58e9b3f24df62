//! Takes an exchange in scope, says what of its request is not in the input and could have held a password.

use std::net::IpAddr;

use crate::checks::CheckId;
use crate::checks::body_fields;
use crate::checks::place::Place;
use crate::checks::said::Said;
use crate::checks::subject::{ExchangeCase, SeenToken};
use crate::connection::{Connection, Content};
use crate::exchange::{Endpoint, Request};
use crate::limits;
use crate::token::Half;
use crate::token::jwt::{Jwt, is_mask};
use crate::wire::http::body::{self, CodingError};
use crate::wire::http::challenge::{NO_SCHEME, Sent};

use super::memory::{Closed, Memory};
use super::outcomes::{first, plural};
use super::witness;

/// Said of a request whose path nobody knows.
const NO_PATH: &str = "an input does not say which path a request went to, and a password could have gone to one of \
     those that OAuth calls use: record from the start of the connection, or give an export that holds the addresses";

/// Said of a request to a token service whose body was not read.
const NO_BODY: &str = "the body of a request to a token service is not in the input, not whole or not readable, and \
     could have been a password grant: record or export the content of requests, too";

/// Said of an exchange of which an export holds a part: of a connection, `coverage` tells itself.
const IN_PART: &str = "an export holds an exchange in scope without its answer, or without the whole of a body: export \
     content, too";

/// Said of an answer without its request. Of a connection, its ledger tells.
const NO_REQUEST: &str = "an input holds an answer of Exchange without its request, which could have held a password: \
     give one that holds both";

/// Said of credentials that somebody took out of packets.
const TAKEN_OUT: &str = "the value of an Authorization field was taken out of a recording, and could have been a \
     password: give the recording as it was made";

/// Said of a token of which nobody can tell whose it is: damaged, or masked. What is whole beside it does not speak for it.
const NO_TOKEN: &str = "a token that was presented to Exchange cannot be read, and may be one of an application in \
     scope: record or export it whole";

/// Notes what `issuer`, `no-basic` and `coverage` cannot know of an exchange.
pub(super) fn note(case: &ExchangeCase<'_>, memory: &mut Memory) {
    let in_scope = matches!(case.place, Place::Exchange | Place::TokenService);
    let damaged = |seen: &SeenToken<'_>| {
        let presented = seen.sighting.presented && seen.sighting.location.half == Half::Request;
        // Without a dot it is no token in form, but may be the beginning of one.
        let cut = || seen.token.text.starts_with(b"eyJ");
        presented && seen.token.jwt.as_ref().map_or_else(cut, Jwt::is_unread)
    };
    if case.place == Place::Exchange && case.tokens.iter().any(damaged) {
        memory.reason(CheckId::Issuer, NO_TOKEN);
    }
    if in_scope && case.exchange.connection.is_none() && !case.exchange.complete() {
        memory.reason(CheckId::Coverage, IN_PART);
    }
    let alone = case.response().filter(|_| case.request().is_none() && case.exchange.connection.is_none());
    if alone.is_some_and(|answer| witness::bears_marks(&answer.head)) {
        memory.reason(CheckId::NoBasic, NO_REQUEST);
    }
    let Some(request) = case.request().filter(|request| request.method != "CONNECT") else { return };
    let masked = |scheme: &str| {
        let value = |sent: &Sent| request.head.bytes.get(sent.at.clone()).unwrap_or_default();
        case.sent().iter().any(|sent| sent.scheme == scheme && is_mask(value(sent)))
    };
    if case.place == Place::Exchange && masked("bearer") {
        memory.reason(CheckId::Issuer, NO_TOKEN);
    }
    // Of exports their readers say it.
    if in_scope && case.exchange.connection.is_some() && masked(NO_SCHEME) {
        memory.reason(CheckId::NoBasic, TAKEN_OUT);
    }
    if !names_path(&request.target) {
        memory.reason(CheckId::NoBasic, NO_PATH);
    }
    if case.place == Place::TokenService && request.may_post() && !is_read(case, request) {
        memory.reason(CheckId::NoBasic, NO_BODY);
    }
}

/// Whether a target holds a path, or is one that never does (RFC 9112 3.2).
fn names_path(target: &str) -> bool {
    target.starts_with('/') || target.contains("://") || target == "*"
}

/// Whether bytes of a connection were lost of which nothing was recognised, or whether those that are there were not
/// because their beginning is missing: what they were is not known.
pub(super) fn is_unheard_of(connection: &Connection) -> bool {
    let beginning = !connection.starts_midway && connection.received.missing > 0;
    let nothing = match connection.content {
        Content::Empty | Content::Other => connection.exchanges_complete + connection.exchanges_partial == 0,
        // The exchanges are those that asked for the tunnel.
        Content::Tls => true,
        _ => false,
    };
    // The rest of something that began before the recording, a record of TLS perhaps; a keep-alive repeats one byte.
    let rest = connection.starts_midway && connection.content == Content::Other && connection.sent.bytes > 1;
    nothing && (connection.sent.missing > 0 || beginning || rest)
}

/// What of the traffic of servers in scope was not read though nothing says that it was in scope: who else listens
/// at their ports is not known either.
pub(super) fn at_servers(memory: &Memory) -> impl Iterator<Item = Said> {
    let quic = memory.quic.iter().filter(|(address, _)| listens(memory, **address));
    let quic = quic.map(|(address, found)| {
        let count = plural(found.count, "QUIC connection");
        Said::from(format!("{count} to {address} stayed closed"))
            .then(first(found))
            .then(": switch HTTP/3 off and record again")
    });
    let lost = memory.unheard_of.iter().filter(|(server, _)| is_of(memory, server));
    quic.chain(lost.map(|(server, found)| {
        let count = plural(found.count, "connection");
        Said::from(format!("what was said on {count} to {server} was lost, or joined in the middle"))
            .then(first(found))
            .then(": record again from the start of the connection, whole packets without loss")
    }))
}

/// Of the same servers, or of all where none is known: connections that were joined inside something of which nobody
/// knows what it is.
pub(super) fn joined(memory: &Memory) -> impl Iterator<Item = Said> {
    let any = memory.servers.is_empty();
    let joined = memory.joined.iter().filter(move |(server, _)| any || is_of(memory, server));
    joined.map(|(server, found)| {
        let count = plural(found.count, "connection");
        Said::from(format!(
            "{count} to {server} began before the recording, inside something that is not read"
        ))
        .then(first(found))
        .then(": record from the start of the connection")
    })
}

/// Connections that one input leaves open and another joins: neither names nor times show that one recording goes on with
/// the other.
pub(super) fn split(memory: &Memory) -> Option<Said> {
    let mut found = Closed::default();
    for one in memory.troubled.values().filter(|one| one.starts_midway) {
        let (Some(client), Some(server)) = (one.client, one.server) else { continue };
        let parts = memory.left_open.range((client, server, 0)..=(client, server, u32::MAX));
        if parts.into_iter().any(|(_, _, input)| *input != one.input) {
            found.count += 1;
            let at = (one.input, one.ordinal, one.first_frame);
            found.first = Some(found.first.map_or(at, |first| first.min(at)));
        }
    }
    (found.count > 0).then(|| {
        let count = plural(found.count, "connection");
        Said::from(format!("{count} began in another input than the one that goes on with it"))
            .then(first(&found))
            .then(
                ", and their names and times do not show that they are one recording: if they are, join them in one \
                 file (mergecap -w) and give that",
            )
    })
}

/// Whether a server in scope listens at an address.
fn listens(memory: &Memory, address: IpAddr) -> bool {
    let any = Endpoint { address, port: 0 }..=Endpoint { address, port: u16::MAX };
    memory.servers.range(any).next().is_some()
}

/// Whether a server may be one in scope. Behind a mirror without TLS, Exchange itself listens at other ports than the
/// mirror shows.
fn is_of(memory: &Memory, server: &Endpoint) -> bool {
    let usual = matches!(server.port, 80 | 443 | 444);
    memory.servers.contains(server) || usual && listens(memory, server.address)
}

/// Whether the body of a request to a token service was read to its end, or there was none.
fn is_read(case: &ExchangeCase<'_>, request: &Request) -> bool {
    let (head, kept) = (&request.head, &request.body);
    // Its Expect was refused, and nothing was sent.
    if case.exchange.oddities.iter().any(|oddity| oddity.name == "http-body-absent") {
        return true;
    }
    if !kept.bytes.is_empty() {
        // Exports may count the body of a request otherwise than they write it.
        let counted = case.exchange.connection.is_some() || kept.bytes.len() >= limits::BODY_KEPT;
        let held = !counted || kept.bytes.len() as u64 >= kept.total;
        let (content, error) = body::content(head, kept);
        return kept.complete
            && held
            && matches!(error, None | Some(CodingError::NotCoded(_)))
            && body_fields::are_all_read(&content);
    }
    let length = head.text("content-length").and_then(|text| text.trim().parse::<u64>().ok());
    // Packets show where a request ends. An export without a body only tells that it holds none, and whoever asks for
    // a token sends one.
    let recorded = case.exchange.connection.is_some() && length.is_none();
    let none = length == Some(0) || recorded && head.get("transfer-encoding").is_none();
    none && kept.total == 0 && kept.complete
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use crate::checks::testing::Scene;
    use crate::checks::{CheckId, Outcome};
    use crate::connection::{Connection, Content, TlsLedger};
    use crate::exchange::{Body, Endpoint, Exchange, Head, Oddity};
    use crate::limits;

    const FORM: &str = "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&assertion=x";

    /// What `no-basic` comes to, and why it is not established.
    fn no_basic(scene: &Scene) -> (Outcome, String) {
        let judgement = scene.judge();
        let check = judgement.checks.iter().find(|check| check.id == CheckId::NoBasic).unwrap();
        let missing: Vec<String> = check.missing.iter().map(ToString::to_string).collect();
        (check.outcome, missing.join("; "))
    }

    /// A healthy call beside a request to the token service with this change.
    fn asked(change: impl FnOnce(&mut Exchange)) -> (Outcome, String) {
        no_basic(&Scene::healthy().token_request(FORM, 200, "{}").last_request(change))
    }

    /// What `issuer` comes to where a token like this was presented beside a healthy call.
    fn beside(token: &str, target: &str) -> Outcome {
        let mut more = Scene::healthy().authorization(&format!("Bearer {token}")).target(target).exchanges();
        let judgement = Scene::healthy()
            .token_request(FORM, 200, "{}")
            .last_request(|last| {
                more[0].key = last.key;
                *last = more.remove(0);
            })
            .judge();
        judgement.checks.iter().find(|check| check.id == CheckId::Issuer).unwrap().outcome
    }

    #[test]
    fn a_token_that_cannot_be_read_leaves_the_issuer_open() {
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(100), "]".repeat(100));
        let damaged = [
            "eyJhbGciOiJub25lIn0.eyJpc3MiOiJhQGIi.".to_owned(),
            "eyJhbGciOiJub25lIn0.e!!.".to_owned(),
            "eyJhbGciOiJub25lIn0...".to_owned(),
            "eyJhbGciOiJub25lIiwid".to_owned(),
            "***".to_owned(),
            "<token>".to_owned(),
            "[redacted]".to_owned(),
            format!("eyJhbGciOiJub25lIn0.{}.", URL_SAFE_NO_PAD.encode(deep)),
        ];
        for token in &damaged {
            assert_eq!(beside(token, "/ews/exchange.asmx"), Outcome::NotEstablished, "{token}");
            assert_eq!(beside(token, "/owa/"), Outcome::Pass, "{token}");
        }
        // What is read and of nobody in scope, is encrypted or opaque.
        for other in
            ["eyJhbGciOiJub25lIn0.eyJpc3MiOiJhQGIifQ.", "eyJhbGciOiJkaXIifQ..a.b.c", "0a1b2c3d4e5f60718293"]
        {
            assert_eq!(beside(other, "/ews/exchange.asmx"), Outcome::Pass, "{other}");
        }
    }

    #[test]
    fn an_answer_of_exchange_without_its_request_leaves_no_basic_open() {
        let alone = |fields: &[(&[u8], &[u8])], connection: Option<u32>| {
            asked(|last| {
                (last.request, last.connection) = (None, connection);
                last.response.as_mut().unwrap().head = Head::from_pairs(fields.iter().copied());
            })
        };
        let (outcome, why) = alone(&[(b"X-FEServer", b"EX01"), (b"Server", b"Microsoft-IIS/10.0")], None);
        assert_eq!(outcome, Outcome::NotEstablished);
        assert!(why.contains("without its request"), "{why}");
        // That of anybody else, and one whose connection tells what was lost.
        assert_eq!(alone(&[(b"Server", b"nginx")], None).0, Outcome::Pass);
        assert_eq!(alone(&[(b"X-FEServer", b"EX01")], Some(0)).0, Outcome::Pass);
    }

    fn without_body(fields: &[(&[u8], &[u8])], total: u64, complete: bool) -> (Outcome, String) {
        asked(|last| {
            let request = last.request.as_mut().unwrap();
            request.head = Head::from_pairs(fields.iter().copied());
            request.body = Body { total, complete, ..Body::default() };
            last.connection = None;
        })
    }

    #[test]
    fn a_token_request_without_its_body_leaves_no_basic_open() {
        for (outcome, why) in [
            without_body(&[(b"Content-Length", b"60")], 0, true),
            without_body(&[(b"Transfer-Encoding", b"chunked")], 0, true),
            without_body(&[], 60, false),
            without_body(&[], 0, true),
            asked(|last| last.request.as_mut().unwrap().body.complete = false),
            asked(|last| last.request.as_mut().unwrap().body.bytes = "a=b&".repeat(2000).into()),
            // Longer than is kept.
            asked(|last| {
                let body = &mut last.request.as_mut().unwrap().body;
                (body.bytes, body.total) =
                    (vec![b'a'; limits::BODY_KEPT].into(), 2 * limits::BODY_KEPT as u64);
            }),
            asked(|last| {
                last.connection = Some(0);
                last.request.as_mut().unwrap().body.total = 5 << 20;
            }),
            asked(|last| {
                last.request.as_mut().unwrap().head =
                    Head::from_pairs([(&b"Content-Encoding"[..], &b"unheard-of"[..])]);
            }),
        ] {
            assert_eq!(outcome, Outcome::NotEstablished);
            assert!(why.contains("body of a request to a token service"), "{why}");
        }
    }

    #[test]
    fn a_token_request_that_has_its_body_or_never_had_one_does_not() {
        assert_eq!(asked(|_| {}).0, Outcome::Pass);
        // An export that writes the fields in another way than they were sent.
        let rewritten = asked(|last| {
            last.connection = None;
            last.request.as_mut().unwrap().body.total += 10;
        });
        assert_eq!(rewritten.0, Outcome::Pass);
        assert_eq!(without_body(&[(b"Content-Length", b"0")], 0, true).0, Outcome::Pass);
        // Packets show where a request without a body ends, unless it says that one follows; a refused Expect says
        // that none does.
        let recorded = |field: &'static [u8], odd: bool| {
            asked(move |last| {
                let request = last.request.as_mut().unwrap();
                request.head = Head::from_pairs([(field, &b"chunked"[..])]);
                request.body = Body { complete: true, ..Body::default() };
                last.connection = Some(0);
                let detail = String::new();
                last.oddities.extend(odd.then_some(Oddity { name: "http-body-absent", detail }));
            })
        };
        assert_eq!(recorded(b"X-Field", false).0, Outcome::Pass);
        assert_eq!(recorded(b"Transfer-Encoding", false).0, Outcome::NotEstablished);
        assert_eq!(recorded(b"Transfer-Encoding", true).0, Outcome::Pass);
        let other = asked(|last| {
            let request = last.request.as_mut().unwrap();
            (request.method, request.body) = ("GET".into(), Body { complete: true, ..Body::default() });
        });
        assert_eq!(other.0, Outcome::Pass);
    }

    #[test]
    fn a_request_whose_path_nobody_knows_leaves_no_basic_open() {
        let scene = |target: &'static str| Scene::healthy().target(target);
        let (outcome, why) = no_basic(&scene(""));
        assert_eq!(outcome, Outcome::NotEstablished);
        assert!(why.contains("which path"), "{why}");
        assert_eq!(no_basic(&scene("/owa/")).0, Outcome::Pass);
    }

    #[test]
    fn credentials_that_were_taken_out_of_packets_leave_no_basic_open() {
        let with = |value: &str| no_basic(&Scene::healthy().authorization(value).captured());
        let (outcome, why) = with("[redacted]");
        assert_eq!(outcome, Outcome::NotEstablished);
        assert!(why.contains("taken out"), "{why}");
        assert_eq!(with("***").0, Outcome::NotEstablished);
        for other in ["", "Bearer [redacted]", "NTLM TlRMTVNTUAAB", "0123456789abcdef"] {
            assert_eq!(with(other).0, Outcome::Pass, "{other}");
        }
        assert_eq!(with("Basic ***").0, Outcome::Fail);
    }

    #[test]
    fn a_connection_that_goes_on_in_another_input_asks_for_both_in_one_file() {
        let asked = |second: u32, change: &dyn Fn(&mut Connection)| {
            let end = |number| Some(Endpoint { address: [10, 0, 0, number].into(), port: 443 });
            let part = |input: u32, one: &mut Connection| {
                (one.client, one.server, one.input, one.ordinal) = (end(1), end(2), input, 7 + input);
            };
            let judgement = Scene::healthy()
                .connection(|one| {
                    part(0, one);
                    one.open_at_end = true;
                })
                .connection(|one| {
                    part(second, one);
                    (one.starts_midway, one.exchanges_partial) = (true, 1);
                    change(one);
                })
                .judge();
            let check = judgement.checks.iter().find(|check| check.id == CheckId::Coverage).unwrap();
            check.missing.iter().any(|said| said.words().contains("mergecap"))
        };
        assert!(asked(1, &|_| ()));
        // The same ports later on, and where nothing is missing.
        assert!(!asked(1, &|one| one.starts_midway = false));
        assert!(!asked(1, &|one| one.exchanges_partial = 0));
        assert!(!asked(0, &|_| ()));
    }

    #[test]
    fn a_connection_to_exchange_that_was_lost_whole_leaves_no_basic_open() {
        let lost = |port: u16, change: &dyn Fn(&mut Connection)| {
            no_basic(&Scene::healthy().connection(|one| {
                one.content = Content::Empty;
                one.server = Some(Endpoint { address: [10, 0, 0, 2].into(), port });
                change(one);
            }))
        };
        let (outcome, why) = lost(443, &|one| one.sent.missing = 600);
        assert_eq!(outcome, Outcome::NotEstablished);
        assert!(why.contains("what was said on 1 connection to 10.0.0.2:443 was lost"), "{why}");
        assert_eq!(lost(443, &|one| one.received.missing = 600).0, Outcome::NotEstablished);
        // TLS has a name, wherever it went.
        let tls = |name: &str, exchanges| {
            let tls = Scene::healthy().closed_tls(name).connections()[0].tls.clone().unwrap();
            let tls = TlsLedger { undecrypted: None, ..tls };
            lost(8443, &|one| {
                (one.content, one.tls, one.sent.missing) = (Content::Tls, Some(tls.clone()), 600);
                one.exchanges_complete = exchanges;
            })
        };
        assert_eq!(tls("mail.contoso.com", 0).0, Outcome::NotEstablished);
        assert_eq!(tls("mail.contoso.com", 1).0, Outcome::NotEstablished);
        assert_eq!(tls("www.example.org", 0).0, Outcome::Pass);
        // Nothing was said, something else was said, or it went elsewhere.
        assert_eq!(lost(443, &|_| ()).0, Outcome::Pass);
        assert_eq!(lost(25, &|one| one.sent.missing = 600).0, Outcome::Pass);
        let upgraded = |one: &mut Connection| {
            (one.content, one.sent.missing, one.exchanges_complete) = (Content::Other, 600, 1);
        };
        assert_eq!(lost(443, &upgraded).0, Outcome::Pass);
        let midway = |one: &mut Connection| (one.starts_midway, one.received.missing) = (true, 600);
        assert_eq!(lost(443, &midway).0, Outcome::Pass);
        // The rest of a record, without the next one.
        let rest = |bytes: u64| {
            move |one: &mut Connection| {
                (one.starts_midway, one.content, one.sent.bytes) = (true, Content::Other, bytes);
            }
        };
        let coverage = |port: u16, change: &dyn Fn(&mut Connection)| {
            let judgement = Scene::healthy()
                .connection(|one| {
                    rest(300)(one);
                    one.begins_inside = true;
                    one.server = Some(Endpoint { address: [10, 0, 0, 2].into(), port });
                    change(one);
                })
                .judge();
            let check = judgement.checks.iter().find(|check| check.id == CheckId::Coverage).unwrap();
            (check.outcome, check.missing.len())
        };
        assert_eq!(coverage(443, &|_| ()), (Outcome::NotEstablished, 1));
        assert_eq!(coverage(443, &|one| one.content = Content::Http1), (Outcome::NotEstablished, 1));
        // Nobody knows what it is, and it went elsewhere.
        assert_eq!(coverage(636, &|_| ()), (Outcome::Pass, 0));
        assert_eq!(coverage(636, &|one| one.sent.missing = 7), (Outcome::NotEstablished, 1));
        assert_eq!(lost(443, &rest(300)).0, Outcome::NotEstablished);
        assert_eq!(lost(443, &rest(1)).0, Outcome::Pass);
        assert_eq!(lost(636, &rest(300)).0, Outcome::Pass);
    }
}
