use std::sync::Arc;

use super::*;
use crate::checks::judge::Judge;
use crate::checks::rule::Rule;
use crate::checks::testing::{HOST, Scene};
use crate::checks::{CheckId, CheckResult, Outcome};
use crate::connection::{Content, TlsLedger};
use crate::exchange::{Endpoint, Head, TlsFacts};
use crate::import::{Collected, ImportSettings, logs};
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

fn feed(judge: &mut Judge<'_>, input: u32, text: &str) {
    let mut out = Collected::default();
    logs::read(text.as_bytes(), &ImportSettings::default(), &mut out).unwrap();
    assert!(!out.log_records.is_empty());
    out.log_records.into_iter().for_each(|record| judge.log_record(LogRecord { input, ..record }));
}

fn clock(seconds: i64) -> String {
    Instant::from_seconds(Scene::NOW + seconds).to_string()
}

/// An HttpProxy log: seconds from the recording, scheme, status, host.
fn proxy(service: &str, lines: &[(i64, &str, u16, &str)]) -> String {
    let mut text = String::from(
        "\u{feff}DateTime,RequestId,MajorVersion,ClientRequestId,Protocol,UrlHost,UrlStem,ProtocolAction,AuthenticationType,IsAuthenticated,AuthenticatedUser,Organization,AnchorMailbox,UserAgent,ClientIpAddress,ServerHostName,HttpStatus,BackEndStatus,ErrorCode,Method,UrlQuery,GenericInfo,GenericErrors\r\n\
         #Software: Microsoft Exchange Server\r\n#Version: 15.02.1118.007\r\n#Log-type: HttpProxy Logs\r\n#Date: 2026-11-22T10:00:00.000Z\r\n",
    );
    for (at, scheme, status, host) in lines {
        let (user, client) = match *host {
            HOST if *scheme == "Bearer" => ("S2S~00000004-0000-0ff1-ce00-000000000000", "10.0.0.1"),
            HOST => ("", "10.0.0.1"),
            _ => ("HealthMailbox", "::1"),
        };
        let path = if service == "Ews" { "/EWS/Exchange.asmx" } else { "/Autodiscover/autodiscover.svc" };
        let id = if *at == 0 { "r-1".to_owned() } else { format!("r{at}") };
        text.push_str(&format!(
            "{},{id},15,,{service},{host},{path},,{scheme},{},{user},,,UA,{client},EX01,{status},{},,POST,,,\r\n",
            clock(*at),
            !scheme.is_empty(),
            if *status == 200 { "200" } else { "" },
        ));
    }
    text
}

/// The log of IIS: seconds from the recording, path, `status substatus win32`.
fn iis(lines: &[(i64, &str, &str)]) -> String {
    let mut text = String::from(
        "#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n#Date: 2026-11-22 00:00:00\r\n\
         #Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken\r\n",
    );
    for (at, path, status) in lines {
        let time = clock(*at).replace('T', " ").replace('Z', "");
        text.push_str(&format!(
            "{time} 10.0.0.2 POST {path} &CorrelationID=<empty>;&cafeReqId=r{at}; 443 - 10.0.0.1 UA - {status} 31\r\n"
        ));
    }
    text
}

const QUIET: &str = "localhost";

fn around(service: &str, own: &[(i64, &str, u16, &str)]) -> String {
    let mut lines = vec![(-200, "", 200, QUIET), (100, "", 200, QUIET), (400, "", 200, QUIET)];
    lines.extend_from_slice(own);
    lines.sort();
    proxy(service, &lines)
}

const CALL: (i64, &str, u16, &str) = (30, "Bearer", 200, HOST);

/// A recording whose only connection to Exchange stayed closed from second 20 to 40 (a metadata request was
/// readable), with logs.
fn judged(logs: &[String]) -> (CheckResult, CheckResult) {
    let scene = Scene::healthy().connection(|connection| {
        let at = |seconds| Instant::from_seconds(Scene::NOW + seconds);
        let end = |address: &str, port| Some(Endpoint { address: address.parse().unwrap(), port });
        connection.times = Some((at(20), at(40)));
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

fn why(logs: &[String]) -> String {
    let (check, _) = judged(logs);
    assert_eq!(check.outcome, Outcome::NotEstablished, "{check:?}");
    check.missing.join("\n")
}

#[test]
fn logs_that_cover_a_closed_connection_establish_that_no_password_was_sent() {
    let all = |own: &[(i64, &str, u16, &str)]| {
        let mut logs: Vec<String> =
            ["Autodiscover", "Rest", "Mapi", "OAB"].iter().map(|service| around(service, &[])).collect();
        logs.push(around("Ews", own));
        logs
    };
    let (check, accepted) = judged(&all(&[CALL]));
    assert_eq!(check.outcome, Outcome::Pass, "{check:?}");
    assert!(check.summary.contains("1 connection that stayed closed"), "{check:?}");
    assert_eq!(accepted.outcome, Outcome::Pass, "{accepted:?}");
    // With the log of IIS, which shows what was asked, the log of that service is enough.
    let asked =
        [(-100, "/owa/", "200 0 0"), (30, "/EWS/Exchange.asmx", "200 0 0"), (300, "/owa/", "200 0 0")];
    let (check, _) = judged(&[around("Ews", &[CALL]), iis(&asked)]);
    assert_eq!(check.outcome, Outcome::Pass, "{check:?}");
    // Discovery: refused without a scheme, and IIS tells that it was no password.
    let discovery = [(25, "", 401, HOST), CALL];
    assert!(why(&all(&discovery)).contains("give the IIS log"));
    let asked = [
        (-100, "/owa/", "200 0 0"),
        (25, "/EWS/Exchange.asmx", "401 0 0"),
        (30, "/EWS/Exchange.asmx", "200 0 0"),
        (300, "/owa/", "200 0 0"),
    ];
    let (check, _) = judged(&[around("Ews", &discovery), iis(&asked)]);
    assert_eq!(check.outcome, Outcome::Pass, "{check:?}");
}

#[test]
fn logs_that_do_not_cover_it_establish_nothing() {
    let owa = |at| (at, "/owa/", "200 0 0");
    let asked = [owa(-100), (30, "/EWS/Exchange.asmx", "200 0 0"), owa(300)];
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
    let broken = around("Ews", &[CALL]).replace(",,POST,,,\r\n", ",POST,,,x\r\n");
    let torn = around("Ews", &[CALL]);
    let at = torn.find(&clock(30)).unwrap();
    let torn = format!("{}torn line\r\n{}", &torn[..at], &torn[at..]);
    assert!(why(&[torn, iis(&asked)]).contains("could not be read"), "{broken}");
    // Another service was asked, whose log is not there.
    let more = [owa(-100), (30, "/EWS/Exchange.asmx", "200 0 0"), (31, "/mapi/emsmdb", "200 0 0"), owa(300)];
    assert!(why(&[around("Ews", &[CALL]), iis(&more)]).contains("mapi of ex01 was not given"));
    assert!(why(&[around("Ews", &[CALL])]).contains("or give the IIS log"));
    // A refused password.
    let refused = [owa(-100), (29, "/EWS/Exchange.asmx", "401 1 1326"), owa(300)];
    assert!(why(&[around("Ews", &[CALL]), iis(&refused)]).contains("refused password"));
    // A log of another caller, of another host, and without the column.
    let other = around("Ews", &[CALL]).replace("10.0.0.1", "10.0.0.9");
    assert!(why(&[other, iis(&asked)]).contains("no line of an HttpProxy log"));
    let host = around("Ews", &[CALL]).replace(HOST, "other.contoso.com");
    assert!(why(&[host, iis(&asked)]).contains("no line of an HttpProxy log"));
    let column = around("Ews", &[CALL]).replace("AuthenticationType", "AuthenticationKind");
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
    let nobody = line.replace("S2S~00000004-0000-0ff1-ce00-000000000000", "user@contoso.com");
    assert_eq!(judged(&[nobody]).1.outcome, Outcome::NotApplicable);
    // EWS tells of an error for the same request.
    let ews = format!(
        "#Log-type: EWS Logs\r\n#Fields: DateTime,RequestId,AuthenticationType,AuthenticatedUser,SoapAction,HttpStatus,ErrorCode\r\n\
         {},r30,Bearer,S2S~00000004-0000-0ff1-ce00-000000000000,GetItem,200,ErrorAccessDenied\r\n",
        clock(30)
    );
    assert_eq!(judged(&[line, ews]).1.outcome, Outcome::NotEstablished);
}

#[test]
fn the_order_of_inputs_does_not_matter() {
    let asked =
        [(-100, "/owa/", "200 0 0"), (30, "/EWS/Exchange.asmx", "200 0 0"), (300, "/owa/", "200 0 0")];
    let (one, _) = judged(&[around("Ews", &[CALL]), iis(&asked)]);
    let (other, _) = judged(&[iis(&asked), around("Ews", &[CALL])]);
    assert_eq!(one, other);
}
