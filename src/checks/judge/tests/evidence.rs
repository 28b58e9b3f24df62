//! What was not seen, or not whole: which checks it leaves open, whatever thread noticed it.

use super::{check, missing, outcome};
use crate::checks::expectations::EXCHANGE;
use crate::checks::finding::Severity;
use crate::checks::judge::{Judge, Judgement};
use crate::checks::testing::{self, Scene, TENANT};
use crate::checks::{CheckId, Outcome, Verdict};
use crate::connection::{Connection, Content, TlsLedger};
use crate::exchange::{Endpoint, Exchange, Head, Indexing, Oddity};
use crate::limits::REASONS_LISTED;
use crate::sink::Sink as _;

/// A healthy call, and what another thread noticed beside it.
fn beside(notice: impl Fn(&mut Judge<'_>)) -> Judgement {
    let scene = Scene::healthy();
    let expected = scene.expectations();
    let mut judge = Judge::new(&expected);
    scene.exchanges().into_iter().for_each(|exchange| judge.exchange(exchange));
    let mut other = judge.fork();
    notice(&mut other);
    judge.join(other);
    judge.finish()
}

fn open(judgement: &Judgement, id: CheckId) -> String {
    assert_eq!(outcome(judgement, id), Outcome::NotEstablished, "{:?}", check(judgement, id));
    missing(judgement, id)
}

#[test]
fn packets_that_the_recorder_lost_or_nobody_could_read_stand_under_coverage() {
    let lost = beside(|judge| judge.lost(2, 5));
    assert_eq!(open(&lost, CheckId::Coverage), "the recorder of input 2 lost 5 packets");
    assert_eq!(lost.verdict, Verdict::Pass);
    let kinds = |count: usize| -> Vec<(String, u64)> {
        (0..count).map(|number| (format!("kind {number}"), 2)).collect()
    };
    let unread = |kinds: &[(String, u64)]| beside(|judge| judge.unread(1, kinds));
    assert_eq!(
        open(&unread(&kinds(2)), CheckId::Coverage),
        "4 packets of input 1 could not be read, whatever was in them: kind 0: 2, kind 1: 2"
    );
    assert!(!open(&unread(&kinds(REASONS_LISTED)), CheckId::Coverage).contains("further"));
    let many = open(&unread(&kinds(REASONS_LISTED + 3)), CheckId::Coverage);
    assert!(many.ends_with(", and 3 further kinds"), "{many}");
    for nothing in [vec![], vec![("kind".to_owned(), 0)]] {
        assert_eq!(outcome(&unread(&nothing), CheckId::Coverage), Outcome::Pass);
    }
}

#[test]
fn a_bound_beyond_which_traffic_lies_stands_under_coverage() {
    let reached = |text: &'static str| beside(|judge| (0..2).for_each(|_| judge.notice(text)));
    let hidden = reached("more of them were not read (limit CONNECTIONS)");
    assert_eq!(
        open(&hidden, CheckId::Coverage),
        "a bound was reached 2 times, and nothing beyond it was read: CONNECTIONS"
    );
    // Of what lies beyond others, exchanges and connections tell themselves.
    assert_eq!(outcome(&reached("kept in part (limit BODY_KEPT)"), CheckId::Coverage), Outcome::Pass);
    assert_eq!(outcome(&reached("nothing"), CheckId::Coverage), Outcome::Pass);
}

#[test]
fn what_is_missing_of_a_connection_is_said_in_full() {
    let told = |change: &dyn Fn(&mut Connection)| {
        let judgement = Scene::healthy().connection(|one| change(one)).judge();
        open(&judgement, CheckId::Coverage)
    };
    let failed = |records_opened| {
        move |one: &mut Connection| {
            one.content = Content::Tls;
            one.tls = Some(TlsLedger { records_failed: 3, records_opened, ..TlsLedger::default() });
        }
    };
    assert_eq!(told(&failed(5)), "connection from frame 1 of input 0: 3 TLS records did not open");
    assert_eq!(
        told(&|one| (one.exchanges_partial, one.sent.missing) = (1, 7)),
        "connection from frame 1 of input 0: 7 bytes missing; 1 exchange incomplete"
    );
    assert_eq!(
        told(&|one| (one.snapped, one.sent.missing) = (true, 7)),
        "connection from frame 1 of input 0: 7 bytes missing; packets were recorded in part: record them whole (tcpdump \
         -s 0, pktmon start --pkt-size 0)"
    );
    assert_eq!(
        told(&|one| (one.begins_inside, one.content) = (true, Content::Http1)),
        "connection from frame 1 of input 0: joined inside a message: record from the start of the connection, or give \
         all files of one recording together"
    );
    let end = |number| Some(Endpoint { address: [10, 0, 0, number].into(), port: 443 });
    assert_eq!(
        told(&|one| (one.client, one.server, one.passed_on, one.sent.missing) = (end(1), end(2), true, 1)),
        "connection 10.0.0.1:443 to 10.0.0.2:443 from entry 1 of input 0: 1 byte missing"
    );
    let closed = Scene::healthy().closed_tls("mail.contoso.com").judge();
    let said = "connection from frame 1 of input 0: not decrypted: no keys";
    assert_eq!(open(&closed, CheckId::Coverage), said);
    assert_eq!(
        told(&|one| one.oddities.push(Oddity { name: "odd", detail: "in a way".into() })),
        "connection from frame 1 of input 0: odd: in a way"
    );
    // A connection of which nothing opened is closed, though nobody says why; one of which something did is not.
    let closed = |opened| Scene::healthy().connection(failed(opened)).judge();
    assert!(
        open(&closed(0), CheckId::NoBasic).contains("1 TLS connection (server name not known) stayed closed")
    );
    assert_eq!(outcome(&closed(1), CheckId::NoBasic), Outcome::Pass);
}

#[test]
fn more_connections_than_are_listed_are_counted() {
    let mut scene = Scene::healthy();
    for number in 0..REASONS_LISTED + 2 {
        scene = scene.closed_tls(&format!("{number}.contoso.com"));
    }
    let hosts = |expected: &mut crate::checks::expectations::Expectations| {
        expected.hosts = (0..REASONS_LISTED + 1).map(|number| format!("{number}.contoso.com")).collect();
        expected.hosts.push("mail.contoso.com".into());
    };
    let judgement = scene.expect(hosts).judge();
    let closed = open(&judgement, CheckId::NoBasic);
    assert_eq!(closed.lines().count(), REASONS_LISTED + 1);
    assert!(closed.ends_with("and 1 further names whose connections could not be read"), "{closed}");
    let covered = open(&judgement, CheckId::Coverage);
    assert!(covered.ends_with("and 2 further connections with something missing"), "{covered}");
}

#[test]
fn a_certificate_for_all_hosts_of_a_domain_may_be_that_of_exchange() {
    let no_basic = |name: &str| outcome(&Scene::healthy().closed_tls(name).judge(), CheckId::NoBasic);
    assert_eq!(no_basic("*.contoso.com"), Outcome::NotEstablished);
    for other in ["*.example.org", "*.mail.contoso.com", "*.com", "contoso.com"] {
        assert_eq!(no_basic(other), Outcome::Pass, "{other}");
    }
}

#[test]
fn quic_to_a_server_of_exchange_leaves_no_basic_open() {
    let quic = |address: [u8; 4]| {
        let spoken = |one: &mut Connection| {
            one.content = Content::Quic;
            one.server = Some(Endpoint { address: address.into(), port: 443 });
        };
        Scene::healthy().connection(spoken).connection(spoken).judge()
    };
    let same = open(&quic([10, 0, 0, 2]), CheckId::NoBasic);
    assert!(
        same.starts_with("2 QUIC connections to 10.0.0.2 stayed closed (the first begins with frame 1"),
        "{same}"
    );
    assert_eq!(outcome(&quic([10, 0, 0, 3]), CheckId::NoBasic), Outcome::Pass);
}

#[test]
fn a_field_of_an_answer_that_was_not_read_is_missed_and_could_not_have_been_a_password() {
    let answer = |exchange: &mut Exchange| {
        let mut head = Head::from_pairs([(&b"server"[..], &b"x"[..])]);
        head.spans.iter_mut().for_each(|span| span.indexing = Indexing::Unknown);
        exchange.response.as_mut().unwrap().head = head;
    };
    let judgement = Scene::healthy().change(answer).judge();
    assert!(open(&judgement, CheckId::Coverage).contains("of a response refer to HPACK entries"));
    assert_eq!(outcome(&judgement, CheckId::NoBasic), Outcome::Pass);
}

#[test]
fn what_two_threads_miss_is_told_as_if_one_had() {
    let scene = || {
        let server = Some(Endpoint { address: [10, 0, 0, 2].into(), port: 443 });
        Scene::healthy()
            .closed_tls("mail.contoso.com")
            .closed_tls("mail.contoso.com")
            .connection(|one| one.request_head_lost = true)
            .connection(|one| one.sent.missing = 9)
            .connection(move |one| (one.content, one.server) = (Content::Quic, server))
            .connection(move |one| {
                (one.content, one.server, one.sent.missing) = (Content::Empty, server, 600);
            })
            .oddity("export-stripped-headers")
    };
    let (scene, told) = (scene(), scene().judge());
    let expected = scene.expectations();
    let divided = |first: usize| {
        let mut judges = [Judge::new(&expected), Judge::new(&expected)];
        scene.exchanges().into_iter().for_each(|exchange| judges[first].exchange(exchange));
        for (number, connection) in scene.connections().iter().enumerate() {
            judges[(number + first) % 2].connection(connection.clone());
        }
        let [mut one, other] = judges;
        one.join(other);
        one.finish()
    };
    for first in [0, 1] {
        assert_eq!(divided(first).checks, told.checks);
    }
    let no_basic = missing(&told, CheckId::NoBasic);
    for part in
        ["2 TLS connections to mail", "bytes of a request head", "1 QUIC", "what was said on 1", "stripped"]
    {
        assert!(no_basic.contains(part), "{part}: {no_basic}");
    }
}

#[test]
fn a_password_in_a_url_elsewhere_is_a_warning() {
    let severities = |target: &str| -> Vec<Severity> {
        let judgement = Scene::healthy().target(target).judge();
        judgement
            .findings
            .iter()
            .filter(|one| one.check == CheckId::NoBasic)
            .map(|one| one.severity)
            .collect()
    };
    assert_eq!(severities("/ews/exchange.asmx?password=x"), [Severity::Error]);
    assert_eq!(severities("/owa/?password=x"), [Severity::Warning]);
}

#[test]
fn a_signature_that_the_source_took_away_leaves_only_signatures_open() {
    const REMOVED: &str = "signature was removed by the source";
    let judgement = Scene::healthy().actor_stripped().judge();
    assert!(open(&judgement, CheckId::Signature).contains(REMOVED));
    for check in judgement.checks.iter().filter(|check| check.id != CheckId::Signature) {
        assert!(check.missing.iter().all(|said| !said.words().contains(REMOVED)), "{check:?}");
    }
    assert_eq!(outcome(&judgement, CheckId::Issuer), Outcome::Pass);
    // One that is not judged is not missed.
    let other = Scene::healthy().actor_stripped().application("00000003-0000-0ff1-ce00-000000000000").judge();
    assert!(!open(&other, CheckId::Signature).contains(REMOVED));
}

#[test]
fn a_summary_says_what_is_missing_and_the_whole_what_to_do() {
    let without_keys = Scene::healthy().expect(|expected| {
        expected.sts_keys_given = false;
        expected.keys.keys.clear();
    });
    let judgement = without_keys.judge();
    assert!(open(&judgement, CheckId::Signature).contains(": save https://accounts.accesscontrol"));
    assert_eq!(
        check(&judgement, CheckId::Signature).summary.to_string(),
        "1 key to verify with was not supplied"
    );
    let lost = beside(|judge| judge.left_out(3, crate::connection::LeftOut::request(), "entry 7 is damaged"));
    let said = open(&lost, CheckId::NoBasic);
    let summary = check(&lost, CheckId::NoBasic).summary.to_string();
    assert!(summary.starts_with("1 message of input 3 could not be read"), "{summary}");
    assert_eq!(said, format!("{summary}: give a recording that is whole"));
}

#[test]
fn without_a_token_the_reasons_are_told_that_there_are() {
    let oauth = |scene: Scene| open(&scene.judge(), CheckId::Oauth);
    let none = || Scene::healthy().authorization("Negotiate x");
    assert_eq!(oauth(none()), "no token of an application in scope was seen");
    assert!(oauth(none().closed_tls("a")).ends_with(
        "1 TLS connection stayed closed: give the key log with \
         --keylog, or record behind the TLS end point"
    ));
    let elsewhere = Scene::healthy().expect(|expected| expected.hosts = vec!["other.contoso.com".into()]);
    assert!(oauth(elsewhere).contains("went to other hosts than --host other.contoso.com"));
    let other = "00000003-0000-0ff1-ce00-000000000000";
    let both = oauth(Scene::healthy().application(other));
    assert_eq!(both.matches("tokens of another application").count(), 1, "{both}");
}

#[test]
fn nothing_at_all_is_nothing_decoded() {
    const NOTHING: &str = "nothing was decoded from the inputs";
    let scene = Scene::healthy();
    let expected = scene.expectations();
    let nothing = Judge::new(&expected).finish();
    assert_eq!(open(&nothing, CheckId::Coverage), NOTHING);
    assert!(open(&nothing, CheckId::Oauth).ends_with("no HTTP exchange could be read from the inputs"));
    assert_eq!(nothing.verdict, Verdict::Incomplete);
    let mut judge = Judge::new(&expected);
    judge.connection(Connection { content: Content::Other, ..Connection::default() });
    let connection = judge.finish();
    assert!(!missing(&connection, CheckId::Coverage).contains(NOTHING));
    assert!(open(&connection, CheckId::Oauth).contains("no HTTP exchange"));
}

#[test]
fn hosts_are_asked_for_only_where_others_were_seen_and_none_was_given() {
    const HOSTS: &str = "name the hosts of Exchange with --host";
    let nameless = || Scene::healthy().closed_tls("");
    assert!(open(&nameless().judge(), CheckId::NoBasic).contains(HOSTS));
    let given = nameless().expect(|expected| expected.hosts = vec!["mail.contoso.com".into()]);
    assert!(!open(&given.judge(), CheckId::NoBasic).contains(HOSTS));
    let scene = nameless();
    let expected = scene.expectations();
    let mut alone = Judge::new(&expected);
    scene.connections().iter().for_each(|connection| alone.connection(connection.clone()));
    assert!(!open(&alone.finish(), CheckId::NoBasic).contains(HOSTS));
}

#[test]
fn a_token_request_without_its_answer_was_granted_by_nobody() {
    let form = format!("grant_type=client_credentials&resource={EXCHANGE}/outlook.office365.com@{TENANT}");
    let asked = || {
        Scene::healthy().granted_for(86_400, "86400").last_request(|last| {
            last.request.as_mut().unwrap().body = testing::body(&form);
        })
    };
    let granted = asked().judge();
    assert_eq!(outcome(&granted, CheckId::TokenRequest), Outcome::Pass, "{:?}", granted.findings);
    let summary = check(&granted, CheckId::TokenRequest).summary.words();
    assert!(summary.starts_with("1 of 1 token request granted"), "{summary}");
    let unheard = asked().last_request(|last| last.response = None).judge();
    assert!(open(&unheard, CheckId::TokenRequest).contains("answer was not seen: record it too"));
    assert_eq!(outcome(&Scene::healthy().judge(), CheckId::TokenRequest), Outcome::NotApplicable);
}

#[test]
fn checks_apply_to_what_is_in_scope_only() {
    let other = Scene::healthy().application("00000003-0000-0ff1-ce00-000000000000").judge();
    for (id, why) in [
        (CheckId::Chain, "no outer token in scope was seen"),
        (CheckId::Audience, "no token in scope was presented in a request"),
        (CheckId::Accepted, "no token in scope was presented in a request"),
        (CheckId::Transport, "no token in scope was seen in an exchange"),
        (CheckId::TokenRequest, "no request to a token service was seen"),
    ] {
        assert_eq!(outcome(&other, id), Outcome::NotApplicable);
        assert_eq!(check(&other, id).summary.words(), why);
    }
    let alone = Scene::healthy().alone().expect(|expected| expected.certificates.clear()).judge();
    assert_eq!(outcome(&alone, CheckId::Chain), Outcome::NotApplicable);
    assert_eq!(check(&alone, CheckId::Certificate).summary.words(), "no --cert was given");
    // What went elsewhere is not used.
    let elsewhere = Scene::healthy().actor_stripped();
    let elsewhere = elsewhere.expect(|expected| expected.hosts = vec!["other.contoso.com".into()]).judge();
    assert!(!open(&elsewhere, CheckId::Signature).contains("removed by the source"));
}

#[test]
fn only_success_without_an_error_inside_is_accepted() {
    let accepted = |scene: Scene| outcome(&scene.judge(), CheckId::Accepted);
    for status in [200, 202, 304] {
        assert_eq!(accepted(Scene::healthy().status(status)), Outcome::Pass, "{status}");
    }
    for status in [302, 401, 403, 404, 500] {
        assert_ne!(accepted(Scene::healthy().status(status)), Outcome::Pass, "{status}");
    }
    assert_ne!(accepted(Scene::healthy().change(|exchange| exchange.response = None)), Outcome::Pass);
    assert_ne!(accepted(Scene::healthy().ews("Error", "ErrorItemNotFound")), Outcome::Pass);
}

#[test]
fn a_certificate_needs_to_be_there_and_a_moment_at_which_it_was_used() {
    let empty = Scene::healthy().certificate_file(|loaded| loaded.certificates.clear()).judge();
    assert_eq!(open(&empty, CheckId::Certificate), "no certificate was found in the files given with --cert");
    let timeless = |exchange: &mut Exchange| {
        exchange.request.as_mut().unwrap().times = None;
        exchange.response.as_mut().unwrap().times = None;
    };
    let judgement = Scene::healthy().change(timeless).judge();
    assert_eq!(open(&judgement, CheckId::Certificate), "no moment of use is known: give it with --at");
    let at = |days: i64| {
        let at = crate::base::Instant::from_seconds(Scene::NOW + days * 86_400);
        let scene = Scene::healthy().change(timeless).certificate_valid(-1000, 10);
        outcome(&scene.expect(move |expected| expected.at = Some(at)).judge(), CheckId::Certificate)
    };
    assert_eq!((at(0), at(20)), (Outcome::Pass, Outcome::Fail));
}

#[test]
fn hosts_that_were_called_and_inputs_that_were_cut_are_remembered() {
    let without_token = |name: &str| {
        let scene = Scene::healthy().authorization("Negotiate x").closed_tls(name);
        outcome(&scene.judge(), CheckId::NoBasic)
    };
    assert_eq!(without_token("mail.contoso.com"), Outcome::NotEstablished);
    assert_eq!(without_token("www.example.org"), Outcome::Pass);
    let cut = Scene::healthy().truncated().judge();
    assert_eq!(open(&cut, CheckId::Coverage), "input 0 was cut, and was used up to the cut");
}
