use std::sync::Arc;

use super::*;
use crate::checks::judge::Judge;
use crate::checks::rule::Rule;
use crate::checks::testing::{HOST, Scene};
use crate::checks::{CheckId, CheckResult, Outcome};
use crate::connection::{Content, TlsLedger};
use crate::exchange::{Endpoint, Head, TlsFacts};
use crate::sink::Sink as _;

/// Whether a rule speaks when the log has a line with the number `r-1`, and the recording an exchange with
/// `id` and `status`.
pub(crate) fn joined(rule: &Rule, id: &str, status: u16) -> bool {
    let id = id.to_owned();
    let scene = Scene::healthy().status(status).change(move |exchange| {
        let response = exchange.response.as_mut().unwrap();
        response.head = Head::from_pairs([(b"request-id".as_slice(), id.as_bytes())]);
    });
    let expected = scene.expectations();
    let mut judge = Judge::new(&expected);
    scene.exchanges().into_iter().for_each(|exchange| judge.exchange(exchange));
    let log = proxy("Ews", &[(0, "Bearer", 200, HOST)]);
    feed(&mut judge, 1, &log);
    judge.finish().findings.iter().any(|finding| finding.rule == rule.id)
}

fn feed(judge: &mut Judge<'_>, input: u32, lines: &[LogRecord]) {
    assert!(!lines.is_empty());
    for (line, number) in lines.iter().zip(1..) {
        judge.log_record(LogRecord { input, line: number, ..line.clone() });
    }
}

fn at(seconds: i64) -> Option<Instant> {
    Some(Instant::from_seconds(Scene::NOW + seconds))
}

/// An HttpProxy log: seconds from the recording, scheme, status, host.
fn proxy(service: &str, lines: &[(i64, &str, u16, &str)]) -> Vec<LogRecord> {
    let line = |(seconds, scheme, status, host): &(i64, &str, u16, &str)| {
        let bearer = *scheme == "Bearer";
        LogRecord {
            time: at(*seconds),
            client: Some(if *host == HOST { "10.0.0.1" } else { "::1" }.parse().unwrap()),
            server: Some("EX01".into()),
            host: Some((*host).into()),
            path: Some(if service == "Ews" { "/EWS/Exchange.asmx" } else { "/x" }.into()),
            status: Some(*status),
            service: Some(service.into()),
            tells_authentication: true,
            authentication: Some((*scheme).to_owned()).filter(|scheme| !scheme.is_empty()),
            user: bearer.then(|| "S2S~00000004-0000-0ff1-ce00-000000000000".into()),
            request_id: Some(if *seconds == 0 { "r-1".into() } else { format!("r{seconds}") }),
            ..LogRecord::new(LogSource::HttpProxy, 0)
        }
    };
    lines.iter().map(line).collect()
}

/// The log of IIS: seconds from the recording, path, status, substatus and Windows error.
fn iis(lines: &[(i64, &str, (u16, u16, u32))]) -> Vec<LogRecord> {
    let line = |(seconds, path, (status, substatus, error)): &(i64, &str, (u16, u16, u32))| LogRecord {
        time: at(*seconds),
        client: Some("10.0.0.1".parse().unwrap()),
        server: Some("10.0.0.2".into()),
        path: Some((*path).into()),
        status: Some(*status),
        substatus: Some((*substatus, *error)),
        request_id: Some(format!("r{seconds}")),
        ..LogRecord::new(LogSource::Iis, 0)
    };
    lines.iter().map(line).collect()
}

fn changed(lines: Vec<LogRecord>, change: impl Fn(&mut LogRecord)) -> Vec<LogRecord> {
    let mut lines = lines;
    lines.iter_mut().for_each(change);
    lines
}

const FINE: (u16, u16, u32) = (200, 0, 0);

const QUIET: &str = "localhost";

fn around(service: &str, own: &[(i64, &str, u16, &str)]) -> Vec<LogRecord> {
    let mut lines = vec![(-200, "", 200, QUIET), (100, "", 200, QUIET), (400, "", 200, QUIET)];
    lines.extend_from_slice(own);
    lines.sort();
    proxy(service, &lines)
}

const CALL: (i64, &str, u16, &str) = (30, "Bearer", 200, HOST);

/// A recording whose only connection to Exchange stayed closed from second 20 to 40 (a metadata request was
/// readable), with logs.
fn judged(logs: &[Vec<LogRecord>]) -> (CheckResult, CheckResult) {
    let scene = Scene::healthy().connection(|connection| {
        let end = |address: &str, port| Some(Endpoint { address: address.parse().unwrap(), port });
        connection.times = at(20).zip(at(40));
        (connection.client, connection.server) = (end("10.0.0.1", 41_000), end("10.0.0.2", 443));
        connection.content = Content::Tls;
        connection.tls = Some(TlsLedger {
            facts: Arc::new(TlsFacts { sni: Some(HOST.into()), ..TlsFacts::default() }),
            undecrypted: Some("no keys".into()),
            ..TlsLedger::default()
        });
    });
    let expected = scene.expectations();
    let mut judge = Judge::new(&expected);
    scene.connections().iter().for_each(|connection| judge.connection(connection.clone()));
    for (log, input) in logs.iter().zip(1..) {
        feed(&mut judge, input, log);
    }
    let judgement = judge.finish();
    let check = |id| judgement.checks.iter().find(|check| check.id == id).unwrap().clone();
    (check(CheckId::NoBasic), check(CheckId::Accepted))
}

fn why(logs: &[Vec<LogRecord>]) -> String {
    let (check, _) = judged(logs);
    assert_eq!(check.outcome, Outcome::NotEstablished, "{check:?}");
    check.missing.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn logs_that_cover_a_closed_connection_establish_that_no_password_was_sent() {
    let all = |own: &[(i64, &str, u16, &str)]| {
        let mut logs: Vec<Vec<LogRecord>> =
            ["Autodiscover", "Rest", "Mapi", "OAB"].iter().map(|service| around(service, &[])).collect();
        logs.push(around("Ews", own));
        logs
    };
    let (check, accepted) = judged(&all(&[CALL]));
    assert_eq!(check.outcome, Outcome::Pass, "{check:?}");
    assert!(check.summary.words().contains("1 connection that stayed closed"), "{check:?}");
    assert_eq!(accepted.outcome, Outcome::Pass, "{accepted:?}");
    // With the log of IIS, which shows what was asked, the log of that service is enough.
    let asked = [(-100, "/owa/", FINE), (30, "/EWS/Exchange.asmx", FINE), (300, "/owa/", FINE)];
    let (check, _) = judged(&[around("Ews", &[CALL]), iis(&asked)]);
    assert_eq!(check.outcome, Outcome::Pass, "{check:?}");
    // Discovery: refused without a scheme, and IIS tells that it was no password.
    let discovery = [(25, "", 401, HOST), CALL];
    assert!(why(&all(&discovery)).contains("give the IIS log"));
    let asked = [
        (-100, "/owa/", FINE),
        (25, "/EWS/Exchange.asmx", (401, 0, 0)),
        (30, "/EWS/Exchange.asmx", FINE),
        (300, "/owa/", FINE),
    ];
    let (check, _) = judged(&[around("Ews", &discovery), iis(&asked)]);
    assert_eq!(check.outcome, Outcome::Pass, "{check:?}");
}

#[test]
fn logs_that_do_not_cover_it_establish_nothing() {
    let owa = |at| (at, "/owa/", FINE);
    let asked = [owa(-100), (30, "/EWS/Exchange.asmx", FINE), owa(300)];
    // No log at all, and a log without a line of that caller.
    assert!(!why(&[]).contains("the logs"));
    assert!(why(&[around("Ews", &[]), iis(&asked)]).contains("no line of an HttpProxy log"));
    // A gap: nothing between 1000 seconds before and the call, or the call and 1000 seconds after.
    let gap = proxy("Ews", &[(-1000, "", 200, QUIET), CALL, (100, "", 200, QUIET)]);
    assert!(why(&[gap, iis(&asked)]).contains("has a gap from"));
    let ends = proxy("Ews", &[(-100, "", 200, QUIET), CALL]);
    assert!(why(&[ends, iis(&asked)]).contains("ends too early"));
    let begins = proxy("Ews", &[CALL, (100, "", 200, QUIET)]);
    assert!(why(&[begins, iis(&asked)]).contains("begins too late"));
    // Lines that cannot be read, in that time.
    let mut torn = around("Ews", &[CALL]);
    torn.insert(2, LogRecord { unreadable: true, ..LogRecord::new(LogSource::HttpProxy, 0) });
    assert!(why(&[torn, iis(&asked)]).contains("could not be read"));
    // Another service was asked, whose log is not there.
    let more = [owa(-100), (30, "/EWS/Exchange.asmx", FINE), (31, "/mapi/emsmdb", FINE), owa(300)];
    assert!(why(&[around("Ews", &[CALL]), iis(&more)]).contains("mapi of ex01 was not given"));
    assert!(why(&[around("Ews", &[CALL])]).contains("or give the IIS log"));
    // A refused password.
    let refused = [owa(-100), (29, "/EWS/Exchange.asmx", (401, 1, 1326)), owa(300)];
    assert!(why(&[around("Ews", &[CALL]), iis(&refused)]).contains("refused password"));
    // A log of another caller, of another host, and without the column.
    let other = changed(around("Ews", &[CALL]), |line| line.client = Some("10.0.0.9".parse().unwrap()));
    assert!(why(&[other, iis(&asked)]).contains("no line of an HttpProxy log"));
    let host = changed(around("Ews", &[CALL]), |line| line.host = Some("other.contoso.com".into()));
    assert!(why(&[host, iis(&asked)]).contains("no line of an HttpProxy log"));
    let column = changed(around("Ews", &[CALL]), |line| line.tells_authentication = false);
    assert!(why(&[column, iis(&asked)]).contains("no line of an HttpProxy log"));
}

#[test]
fn a_password_in_a_log_is_an_error_wherever_it_stands() {
    let (check, _) = judged(&[around("Ews", &[(30, "Basic", 200, HOST)])]);
    assert_eq!(check.outcome, Outcome::Fail);
}

#[test]
fn a_line_counts_as_accepted_only_for_an_application_in_scope_and_without_an_error() {
    let line = around("Ews", &[CALL]);
    assert_eq!(judged(std::slice::from_ref(&line)).1.outcome, Outcome::Pass);
    let nobody = changed(line.clone(), |line| line.user = Some("user@contoso.com".into()));
    assert_eq!(judged(&[nobody]).1.outcome, Outcome::NotApplicable);
    // EWS tells of an error for the same request.
    let ews = LogRecord {
        request_id: Some("r30".into()),
        time: at(30),
        status: Some(200),
        errors: Some("ErrorAccessDenied".into()),
        ..LogRecord::new(LogSource::Ews, 0)
    };
    let ews = vec![ews];
    assert_eq!(judged(&[line, ews]).1.outcome, Outcome::NotEstablished);
}

#[test]
fn the_order_of_inputs_does_not_matter() {
    let asked = [(-100, "/owa/", FINE), (30, "/EWS/Exchange.asmx", FINE), (300, "/owa/", FINE)];
    let (one, _) = judged(&[around("Ews", &[CALL]), iis(&asked)]);
    let (other, _) = judged(&[iis(&asked), around("Ews", &[CALL])]);
    assert_eq!(one, other);
}

/// The outcome of `accepted` and the rules that speak, where a log tells of a 401 with the number `r-1`, and the
/// recording of a discovery with `id`, and of a call that was answered with success.
fn beside_discovery(id: &str, change: impl Fn(&mut LogRecord)) -> (Outcome, Vec<&'static str>) {
    let id = id.to_owned();
    let discovery = Scene::healthy().discovery("Bearer client_id=\"x\"").change(move |exchange| {
        let head = &mut exchange.response.as_mut().unwrap().head;
        *head = Head::from_pairs([(b"request-id".as_slice(), id.as_bytes())]);
    });
    let call = Scene::healthy().change(|exchange| exchange.key.frame += 1);
    let expected = call.expectations();
    let mut judge = Judge::new(&expected);
    for exchange in discovery.exchanges().into_iter().chain(call.exchanges()) {
        judge.exchange(exchange);
    }
    let mut log = proxy("Ews", &[(0, "Bearer", 401, HOST)]);
    log.iter_mut().for_each(|line| {
        line.user = None;
        change(line);
    });
    // What another thread read is joined like its own.
    let mut other = judge.fork();
    feed(&mut other, 1, &log);
    judge.join(other);
    let judgement = judge.finish();
    let outcome = judgement.checks.iter().find(|check| check.id == CheckId::Accepted).unwrap().outcome;
    (outcome, judgement.findings.iter().map(|finding| finding.rule).collect())
}

#[test]
fn a_line_about_a_recorded_discovery_is_no_refusal() {
    let (outcome, rules) = beside_discovery("r-1", |_| {});
    assert_eq!(outcome, Outcome::Pass);
    assert!(!rules.contains(&"log-refused") && rules.contains(&"log-joined"), "{rules:?}");
    let (outcome, rules) = beside_discovery("r-2", |_| {});
    assert_eq!(outcome, Outcome::Fail);
    assert!(rules.contains(&"log-refused"), "{rules:?}");
    // A reason is given for a token only.
    let told = |line: &mut LogRecord| line.errors = Some("invalid_token".into());
    assert!(beside_discovery("r-1", told).1.contains(&"log-refused"));
    let named = |line: &mut LogRecord| line.user = Some("S2S~00000004-0000-0ff1-ce00-000000000000".into());
    assert!(beside_discovery("r-1", named).1.contains(&"log-refused"));
}
