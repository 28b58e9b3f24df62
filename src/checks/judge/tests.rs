//! The driver and the outcomes: what the contract's table says, on scenes.

/// Independence of the division among threads.
mod division;
/// What was not seen.
mod evidence;

use proptest::prelude::*;

use crate::base::Instant;
use crate::checks::expectations::SKYPE;
use crate::checks::testing::{self, OTHER_TENANT, Scene, Signer, TENANT};
use crate::checks::{CheckId, CheckResult, Outcome, Verdict};
use crate::connection::{LeftOut, TlsLedger};
use crate::exchange::{Body, Exchange, Head, Indexing};
use crate::keys::{KeyRing, Origin};
use crate::sink::Sink as _;

use super::{Judge, Judgement};

fn check(judgement: &Judgement, id: CheckId) -> &CheckResult {
    judgement.checks.iter().find(|check| check.id == id).unwrap()
}

fn outcome(judgement: &Judgement, id: CheckId) -> Outcome {
    check(judgement, id).outcome
}

fn missing(judgement: &Judgement, id: CheckId) -> String {
    check(judgement, id).missing.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_challenge_that_names_nothing_is_no_pass() {
    let application = "client_id=\"00000002-0000-0ff1-ce00-000000000000\"";
    let issuers = "trusted_issuers=\"00000001-0000-0000-c000-000000000000@*\"";
    for bare in ["Bearer".to_owned(), format!("Bearer {issuers}"), format!("Bearer {application}")] {
        let judgement = Scene::healthy().discovery(&bare).judge();
        assert_eq!(outcome(&judgement, CheckId::Challenge), Outcome::NotEstablished, "{bare}");
        assert!(missing(&judgement, CheckId::Challenge).contains("names both"), "{bare}");
    }
    let told = Scene::healthy().discovery(&format!("Bearer {application}, {issuers}")).judge();
    assert_eq!(outcome(&told, CheckId::Challenge), Outcome::Pass);
    assert_eq!(outcome(&Scene::healthy().judge(), CheckId::Challenge), Outcome::NotApplicable);
}

#[test]
fn a_member_that_stands_twice_leaves_open_what_rests_on_it() {
    let twice = |change: fn(String) -> String| Scene::healthy().outer_text(change).judge();
    let issuer = twice(|text| {
        text.replacen('}', ",\"iss\":\"00000004-0000-0ff1-ce00-000000000000@fabrikam.com\"}", 1)
    });
    let audience =
        twice(|text| text.replacen('{', "{\"aud\":\"00000002-0000-0ff1-ce00-000000000000/a@b\",", 1));
    let lifetime = twice(|text| text.replacen('}', ",\"exp\":1}", 1));
    let actor = twice(|text| text.replacen('}', ",\"actort\":\"eyJhbGciOiJub25lIn0.e30.\"}", 1));
    for (judgement, check, member) in [
        (issuer, CheckId::Issuer, "iss"),
        (lifetime, CheckId::Lifetime, "exp"),
        (actor, CheckId::Signature, "actortoken"),
    ] {
        assert_eq!(outcome(&judgement, check), Outcome::NotEstablished, "{member}");
        assert!(missing(&judgement, check).contains(&format!("`{member}` twice")), "{member}");
        assert_eq!(judgement.verdict, Verdict::Incomplete, "{member}");
    }
    // What is wrong with the value that is read stays an error.
    assert_eq!(outcome(&audience, CheckId::Audience), Outcome::Fail);
    // The same value twice, or a member that no check rests on, is a warning only.
    let same =
        twice(|text| text.replacen('}', ",\"nii\":\"x\",\"nii\":\"urn:federation:MicrosoftOnline\"}", 1));
    assert_eq!(same.verdict, Verdict::Pass);
    let same = twice(|text| text.replacen('{', "{\"exp\":1750028000,", 1));
    assert_eq!(same.verdict, Verdict::Pass);
}

#[test]
fn a_token_that_names_no_key_is_not_wrong_by_keys_of_others() {
    let unnamed = || Scene::healthy().actor_header_without("x5t");
    let own = |scene: Scene| {
        scene.expect(|expected| {
            expected.sts_keys_given = false;
            expected.keys.keys.retain(|key| key.origin == Origin::Uploaded);
        })
    };
    let judgement = own(unnamed()).judge();
    assert_eq!(outcome(&judgement, CheckId::Signature), Outcome::NotEstablished);
    assert!(missing(&judgement, CheckId::Signature).contains("--sts-keys"));
    // The key of a token that its application issued itself is that of the certificate.
    let direct = unnamed().actor("iss", format!("{SKYPE}@{TENANT}")).tampered().expect(|expected| {
        expected.certificates.clear();
        expected.keys.keys.retain(|key| key.origin == Origin::TokenService);
    });
    let judgement = direct.judge();
    assert_eq!(outcome(&judgement, CheckId::Signature), Outcome::NotEstablished);
    assert!(missing(&judgement, CheckId::Signature).contains("--cert"));
    // With the keys of its issuer it would be.
    assert_eq!(outcome(&unnamed().tampered().judge(), CheckId::Signature), Outcome::Fail);
}

#[test]
fn a_page_and_an_answer_without_its_body_are_no_success_of_exchange() {
    let page = |scene: Scene| scene.response_header("Content-Type", "text/html; charset=utf-8");
    let unseen = |exchange: &mut Exchange| {
        let body = &mut exchange.response.as_mut().unwrap().body;
        *body = Body { total: 400, complete: false, ..Body::default() };
    };
    let looks = |exchange: &mut Exchange| {
        exchange.response.as_mut().unwrap().body =
            testing::body("\r\n<!DOCTYPE HTML><form action=/owa/auth.owa>");
    };
    for (scene, word) in [
        (page(Scene::healthy()), "a web page"),
        (Scene::healthy().change(looks).response_header("Content-Type", "text/xml"), "a web page"),
        (page(Scene::healthy()).response_header("X-FEServer", "EX01"), "a web page"),
        (Scene::healthy().change(unseen), "in which EWS reports errors"),
    ] {
        let judgement = scene.judge();
        assert_eq!(outcome(&judgement, CheckId::Accepted), Outcome::NotEstablished);
        assert!(missing(&judgement, CheckId::Accepted).contains(word));
        // Which no other check depends on.
        assert_eq!(judgement.verdict, Verdict::Pass);
    }
    // Pages that Exchange itself gives to who asks for one, and answers with nothing in them.
    let get = |exchange: &mut Exchange| exchange.request.as_mut().unwrap().method = "GET".into();
    let own = page(Scene::healthy()).response_header("X-FEServer", "EX01").change(get);
    let empty = |exchange: &mut Exchange| {
        exchange.response.as_mut().unwrap().body = Body { complete: true, ..Body::default() };
    };
    for scene in [own, Scene::healthy().change(empty)] {
        assert_eq!(outcome(&scene.judge(), CheckId::Accepted), Outcome::Pass);
    }
    assert_eq!(
        outcome(&page(Scene::healthy()).change(get).judge(), CheckId::Accepted),
        Outcome::NotEstablished
    );
}

#[test]
fn a_recording_without_absolute_time_judges_no_lifetime() {
    let relative = |exchange: &mut Exchange| {
        let at = Instant::from_seconds(17);
        exchange.request.as_mut().unwrap().times = Some((at, at));
        exchange.response.as_mut().unwrap().times = Some((at, at));
    };
    let judgement = Scene::healthy().change(relative).judge();
    assert_eq!(judgement.verdict, Verdict::Incomplete);
    assert!(missing(&judgement, CheckId::Lifetime).contains("--at"));
    let told = Scene::healthy().change(relative).expect(|expected| {
        expected.at = Some(Instant::from_seconds(Scene::NOW));
    });
    assert_eq!(outcome(&told.judge(), CheckId::Lifetime), Outcome::Pass);
}

#[test]
fn a_tunnel_is_no_request_that_was_read() {
    let connect = |exchange: &mut Exchange| {
        let request = exchange.request.as_mut().unwrap();
        (request.method, request.target) = ("CONNECT".into(), format!("{}:443", testing::HOST));
        request.head = Head::from_pairs([(b"Host".as_slice(), testing::HOST.as_bytes())]);
    };
    let judgement = Scene::healthy().change(connect).judge();
    assert_eq!(outcome(&judgement, CheckId::NoBasic), Outcome::NotEstablished);
    assert!(missing(&judgement, CheckId::NoBasic).contains("no HTTP request in scope could be read"));
}

#[test]
fn a_healthy_call_passes_every_required_check() {
    let judgement = Scene::healthy().judge();
    assert_eq!(judgement.verdict, Verdict::Pass, "{:#?}", judgement.checks);
    for check in &judgement.checks {
        let fine = matches!(check.outcome, Outcome::Pass | Outcome::NotApplicable);
        assert!(fine, "{check:?}");
        assert_eq!(check.missing, []);
    }
    assert_eq!(outcome(&judgement, CheckId::Chain), Outcome::Pass);
    assert!(check(&judgement, CheckId::Chain).summary.words().contains("`alg: none` outside is right"));
}

#[test]
fn nothing_at_all_is_incomplete_and_never_a_pass() {
    let expected = Scene::healthy().expectations();
    let judgement = Judge::new(&expected).finish();
    assert_eq!(judgement.verdict, Verdict::Incomplete);
    for id in [CheckId::Oauth, CheckId::Issuer, CheckId::Signature, CheckId::Lifetime, CheckId::NoBasic] {
        assert_eq!(outcome(&judgement, id), Outcome::NotEstablished, "{id:?}");
        assert!(!missing(&judgement, id).is_empty());
    }
    assert_eq!(outcome(&judgement, CheckId::Chain), Outcome::NotApplicable);
}

#[test]
fn a_missing_key_of_the_token_service_is_named_with_its_address() {
    let scene = Scene::healthy().expect(|expected| {
        expected.keys.keys.retain(|key| key.origin == Origin::Uploaded);
        expected.sts_keys_given = false;
    });
    let judgement = scene.judge();
    assert_eq!(judgement.verdict, Verdict::Incomplete);
    assert_eq!(outcome(&judgement, CheckId::Signature), Outcome::NotEstablished);
    let reason = missing(&judgement, CheckId::Signature);
    assert!(reason.contains("x5t"), "{reason}");
    let address = format!("https://accounts.accesscontrol.windows.net/{TENANT}/metadata/json/1");
    assert!(reason.contains(&address), "{reason}");
    assert!(reason.contains("--sts-keys"), "{reason}");
}

#[test]
fn a_self_issued_token_needs_the_certificate() {
    let scene = Scene::healthy().actor("iss", format!("{}@{TENANT}", crate::checks::expectations::SKYPE));
    // Signed by the token service's key, so the certificate is none of the given.
    assert_eq!(outcome(&scene.judge(), CheckId::Signature), Outcome::Fail);
    let scene = scene.expect(|expected| {
        expected.certificates.clear();
        expected.keys = KeyRing::default();
    });
    let judgement = scene.judge();
    assert_eq!(outcome(&judgement, CheckId::Signature), Outcome::NotEstablished);
    assert!(missing(&judgement, CheckId::Signature).contains("--cert"));
}

#[test]
fn a_domain_where_only_a_guid_was_given_says_which_tenant_to_add() {
    let scene = Scene::healthy().both_realms("contoso.com").expect(|expected| {
        expected.tenants = vec![TENANT.into()];
    });
    let judgement = scene.judge();
    assert_eq!(outcome(&judgement, CheckId::Issuer), Outcome::NotEstablished);
    assert!(missing(&judgement, CheckId::Issuer).contains("--tenant contoso.com"));
    assert_eq!(judgement.verdict, Verdict::Incomplete);
}

#[test]
fn another_tenant_fails_and_the_summary_says_so() {
    let judgement = Scene::healthy().both_realms(OTHER_TENANT).judge();
    assert_eq!(judgement.verdict, Verdict::Fail);
    assert_eq!(outcome(&judgement, CheckId::Issuer), Outcome::Fail);
    let summary = check(&judgement, CheckId::Issuer).summary.words();
    assert!(summary.starts_with("the token names another tenant"), "{summary}");
}

#[test]
fn a_host_that_was_not_seen_is_never_a_pass() {
    let scene = Scene::healthy()
        .token_request(
            "grant_type=client_credentials&resource=a/b@contoso.com",
            200,
            r#"{"access_token":"x"}"#,
        )
        .expect(|expected| expected.hosts = vec!["elsewhere.contoso.com".into()]);
    let judgement = scene.judge();
    assert_eq!(judgement.verdict, Verdict::Incomplete, "{:#?}", judgement.checks);
    for id in [CheckId::Oauth, CheckId::Issuer, CheckId::Signature, CheckId::Lifetime, CheckId::NoBasic] {
        assert_eq!(outcome(&judgement, id), Outcome::NotEstablished, "{id:?}");
    }
    assert!(missing(&judgement, CheckId::Oauth).contains("--host elsewhere.contoso.com"));
    assert!(missing(&judgement, CheckId::NoBasic).contains("elsewhere.contoso.com"));
}

#[test]
fn what_other_hosts_got_is_no_reason_for_doubt() {
    // A token for another host, whose key nobody gave, beside a healthy call.
    let healthy = Scene::healthy().expect(|expected| expected.hosts = vec!["mail.contoso.com".into()]);
    let expected = healthy.expectations();
    let mut judge = Judge::new(&expected);
    healthy.exchanges().into_iter().for_each(|exchange| judge.exchange(exchange));
    let stranger =
        Scene::healthy().host("other.example").both_audiences("x".into()).actor_header("x5t", "AAAA");
    for mut exchange in stranger.exchanges() {
        exchange.key.frame += 1000;
        judge.exchange(exchange);
    }
    let judgement = judge.finish();
    assert_eq!(judgement.verdict, Verdict::Pass, "{:#?}", judgement.checks);
}

#[test]
fn a_password_elsewhere_is_not_denied_by_the_summary() {
    let judgement = Scene::healthy().target("/owa/").authorization("Basic dXNlcjpwYXNz").judge();
    let check = check(&judgement, CheckId::NoBasic);
    assert_eq!(check.outcome, Outcome::Pass);
    assert!(
        check.summary.words().starts_with("no password to the paths of OAuth calls in "),
        "{}",
        check.summary
    );
    assert!(check.summary.words().contains("; but: a password was sent"), "{}", check.summary);
}

#[test]
fn a_warning_under_a_check_that_passes_is_in_its_summary() {
    let judgement = Scene::healthy().clear().judge();
    let summary = check(&judgement, CheckId::Transport).summary.words();
    assert!(summary.contains("but: a token crossed a network without TLS"), "{summary}");
}

#[test]
fn every_slash_form_of_the_issuer_passes() {
    let skype = crate::checks::expectations::SKYPE;
    for form in [format!("{skype}/@{TENANT}"), format!("/{skype}@{TENANT}"), format!("{skype}/host@{TENANT}")]
    {
        let judgement = Scene::healthy().outer("iss", form.clone()).actor("nameid", form.clone()).judge();
        assert_eq!(judgement.verdict, Verdict::Pass, "{form}: {:#?}", judgement.findings);
    }
}

#[test]
fn only_tokens_of_others_are_incomplete_and_name_the_principal() {
    let other = "00000003-0000-0ff1-ce00-000000000000";
    let judgement = Scene::healthy().application(other).judge();
    assert_eq!(judgement.verdict, Verdict::Incomplete, "{:#?}", judgement.findings);
    assert!(missing(&judgement, CheckId::Oauth).contains(&format!("--principal {other}")));
    assert!(judgement.judged.values().all(|(in_scope, _)| !in_scope));
    let states: Vec<_> = judgement.judged.values().map(|(_, signature)| signature.state).collect();
    assert!(states.contains(&"verified") && states.contains(&"unsigned"), "{states:?}");
}

#[test]
fn exchanges_own_assertion_is_judged_but_does_not_satisfy_oauth() {
    let scene = Scene::healthy().authorization("Negotiate x").assertion_by(Signer::Exchange);
    let judgement = scene.judge();
    assert_eq!(outcome(&judgement, CheckId::Oauth), Outcome::NotEstablished);
    assert_eq!(outcome(&judgement, CheckId::Issuer), Outcome::NotEstablished);
    assert_eq!(outcome(&judgement, CheckId::Signature), Outcome::Pass);
    assert_eq!(outcome(&judgement, CheckId::Lifetime), Outcome::Pass);
    let scene = Scene::healthy().authorization("Negotiate x").assertion_by(Signer::Stranger);
    assert_eq!(outcome(&scene.judge(), CheckId::Signature), Outcome::Fail);
    // Without --cert it is only listed.
    let scene = scene.expect(|expected| expected.certificates.clear());
    assert_eq!(outcome(&scene.judge(), CheckId::Signature), Outcome::NotEstablished);
}

#[test]
fn only_exchange_itself_in_the_given_tenant_is_judged_beside_the_scope() {
    let exchange = crate::checks::expectations::EXCHANGE;
    let by = |issuer: String| {
        let scene = Scene::healthy().authorization("Negotiate x").assertion_from(&issuer);
        outcome(&scene.judge(), CheckId::Signature)
    };
    assert_eq!(by(format!("{exchange}@{TENANT}")), Outcome::Pass);
    for other in [
        format!("{exchange}@{OTHER_TENANT}"),
        format!("{exchange}@unknown.example"),
        exchange.to_owned(),
        format!("00000003-0000-0ff1-ce00-000000000000@{TENANT}"),
    ] {
        assert_eq!(by(other.clone()), Outcome::NotEstablished, "{other}");
    }
}

#[test]
fn a_token_is_in_scope_by_the_actor_inside_of_it_and_by_no_other() {
    let other = format!("00000003-0000-0ff1-ce00-000000000000@{TENANT}");
    let judgement = Scene::healthy().outer("iss", other.clone()).judge();
    assert_eq!(outcome(&judgement, CheckId::Issuer), Outcome::Fail);
    let judgement = Scene::healthy().outer("iss", other.clone()).actor("nameid", other).judge();
    assert_eq!(outcome(&judgement, CheckId::Oauth), Outcome::NotEstablished);
}

#[test]
fn the_key_of_the_certificate_proves_only_what_exchange_issued_itself() {
    // Without the keys of the token service, its token is not wrong by the certificate's.
    let own = |scene: Scene| {
        scene.expect(|expected| {
            expected.sts_keys_given = false;
            expected.keys.keys.retain(|key| key.origin == Origin::Uploaded);
        })
    };
    let judgement = own(Scene::healthy()).judge();
    assert_eq!(outcome(&judgement, CheckId::Signature), Outcome::NotEstablished);
    let said = missing(&judgement, CheckId::Signature);
    assert!(said.contains("accounts.accesscontrol.windows.net") && said.contains("--sts-keys"), "{said}");
    // And what Exchange issued itself is not right by a key of the token service.
    let scene = Scene::healthy().authorization("Negotiate x").assertion_by(Signer::Acs);
    assert_eq!(outcome(&scene.judge(), CheckId::Signature), Outcome::Fail);
}

#[test]
fn closed_tls_decides_by_its_name() {
    let established = |name: &str| outcome(&Scene::healthy().closed_tls(name).judge(), CheckId::NoBasic);
    assert_eq!(established("mail.contoso.com"), Outcome::NotEstablished);
    assert_eq!(established("login.microsoftonline.com"), Outcome::NotEstablished);
    assert_eq!(established(""), Outcome::NotEstablished);
    assert_eq!(established("www.example.org"), Outcome::Pass);
    let named = Scene::healthy().closed_tls("www.example.org").expect(|expected| {
        expected.hosts = vec!["WWW.example.org".into(), "mail.contoso.com".into()];
    });
    assert_eq!(outcome(&named.judge(), CheckId::NoBasic), Outcome::NotEstablished);
}

#[test]
fn a_lost_request_head_leaves_no_basic_open() {
    let judgement = Scene::healthy().connection(|connection| connection.request_head_lost = true).judge();
    assert_eq!(outcome(&judgement, CheckId::NoBasic), Outcome::NotEstablished);
    assert_eq!(judgement.verdict, Verdict::Incomplete);
    let open = Scene::healthy().connection(|connection| {
        connection.open_at_end = true;
        connection.starts_midway = true;
        connection.received.missing = 100;
    });
    assert_eq!(outcome(&open.judge(), CheckId::NoBasic), Outcome::Pass);
}

#[test]
fn a_key_log_is_asked_for_only_where_it_could_help() {
    let closed = |passed_on: &[bool]| {
        let mut scene = Scene::healthy();
        for &passed_on in passed_on {
            let tls = Scene::healthy().closed_tls("mail.contoso.com").connections()[0].tls.clone();
            scene = scene.connection(|one| (one.tls, one.passed_on) = (tls.clone(), passed_on));
        }
        missing(&scene.judge(), CheckId::NoBasic)
    };
    // A key log alone does not open one whose hellos were not captured.
    let lost = Scene::healthy().closed_tls("mail.contoso.com").connections()[0].tls.clone();
    let lost = lost.map(|tls| TlsLedger { hello_lost: true, ..tls });
    let lost = missing(&Scene::healthy().connection(|one| one.tls = lost.clone()).judge(), CheckId::NoBasic);
    assert!(lost.contains("record again from the start of the connection"), "{lost}");
    assert!(closed(&[true]).contains("in which the proxy decrypted them"));
    assert!(!closed(&[true]).contains("--keylog"));
    assert!(closed(&[false]).contains("--keylog") && closed(&[true, false]).contains("--keylog"));
}

#[test]
fn a_message_that_was_left_out_is_missed_and_leaves_no_basic_open() {
    let lost = |loss: LeftOut, hosts: &[&str]| {
        let hosts: Vec<String> = hosts.iter().map(|&host| host.to_owned()).collect();
        let scene = Scene::healthy().expect(move |expected| expected.hosts.clone_from(&hosts));
        let expected = scene.expectations();
        let mut judge = Judge::new(&expected);
        scene.exchanges().into_iter().for_each(|exchange| judge.exchange(exchange));
        let mut other = judge.fork();
        other.left_out(0, loss, "entry 7 is damaged");
        judge.join(other);
        judge.finish()
    };
    let to = |host: &str| LeftOut::request().to(Some(host.to_owned()));
    for (loss, hosts) in [
        (LeftOut::request(), &[][..]),
        (LeftOut::request(), &["mail.contoso.com"]),
        (to("Mail.Contoso.com:443"), &[]),
        (to("mail.contoso.com"), &["mail.contoso.com"]),
        (to("login.microsoftonline.com"), &["mail.contoso.com"]),
    ] {
        let judgement = lost(loss, hosts);
        assert_eq!(judgement.verdict, Verdict::Incomplete);
        assert!(missing(&judgement, CheckId::NoBasic).contains("(entry 7 is damaged): give"));
        assert!(missing(&judgement, CheckId::Coverage).starts_with("1 message of input 0 could not be read"));
    }
    for (loss, hosts) in [
        (LeftOut::response(), &[][..]),
        (to("other.example"), &[]),
        (to("other.example"), &["mail.contoso.com"]),
    ] {
        let judgement = lost(loss, hosts);
        assert_eq!(judgement.verdict, Verdict::Pass, "{:#?}", judgement.checks);
        assert!(missing(&judgement, CheckId::Coverage).contains("entry 7 is damaged"));
    }
}

#[test]
fn a_stripped_export_leaves_no_basic_open() {
    let judgement = Scene::healthy().oddity("export-stripped-headers").judge();
    assert_eq!(outcome(&judgement, CheckId::NoBasic), Outcome::NotEstablished);
}

#[test]
fn header_fields_that_an_export_does_not_hold_leave_no_basic_open() {
    let at = |target: &str| Scene::healthy().target(target).oddity("export-fields-missing").judge();
    let judgement = at("/ews/exchange.asmx");
    assert_eq!(outcome(&judgement, CheckId::NoBasic), Outcome::NotEstablished);
    assert!(missing(&judgement, CheckId::NoBasic).contains("without its header fields"));
    let judgement = at("/owa/");
    assert_eq!(outcome(&judgement, CheckId::NoBasic), Outcome::Pass);
    assert_eq!(outcome(&judgement, CheckId::Coverage), Outcome::NotEstablished);
}

#[test]
fn a_field_from_before_the_recording_leaves_no_basic_open() {
    let mut scene_exchange = Scene::healthy().exchanges().remove(0);
    let head = &mut scene_exchange.request.as_mut().unwrap().head;
    head.spans[0].indexing = Indexing::Unknown;
    let expected = Scene::healthy().expectations();
    let mut judge = Judge::new(&expected);
    judge.exchange(scene_exchange);
    assert_eq!(outcome(&judge.finish(), CheckId::NoBasic), Outcome::NotEstablished);
}

#[test]
fn other_hosts_are_not_judged_with_host() {
    let only = |host: &str| {
        let host = host.to_owned();
        Scene::healthy()
            .authorization("Basic dXNlcjpwYXNz")
            .expect(move |expected| expected.hosts = vec![host.clone()])
            .judge()
    };
    assert_eq!(outcome(&only("mail.contoso.com"), CheckId::NoBasic), Outcome::Fail);
    let other = only("other.contoso.com");
    assert_eq!(outcome(&other, CheckId::NoBasic), Outcome::NotEstablished);
    assert!(other.findings.is_empty());
}

#[test]
fn a_time_that_nobody_knows_leaves_the_lifetime_open() {
    let mut exchange = Scene::healthy().exchanges().remove(0);
    exchange.request.as_mut().unwrap().times = None;
    exchange.response.as_mut().unwrap().times = None;
    let expected = Scene::healthy().expectations();
    let mut judge = Judge::new(&expected);
    judge.exchange(exchange);
    let judgement = judge.finish();
    assert_eq!(outcome(&judgement, CheckId::Lifetime), Outcome::NotEstablished);
    assert!(missing(&judgement, CheckId::Lifetime).contains("--at"));
    assert_eq!(outcome(&judgement, CheckId::Certificate), Outcome::NotEstablished);
}

#[test]
fn a_token_in_plain_text_is_judged_but_for_its_use() {
    let scene = Scene::healthy();
    let head = scene.exchanges().remove(0).request.unwrap().head;
    let token = head.text("authorization").unwrap().strip_prefix("Bearer ").unwrap().to_owned();
    let expected = scene.expectations();
    let mut judge = Judge::new(&expected);
    judge.token_text(0, 7, token.as_bytes());
    let judgement = judge.finish();
    assert_eq!(outcome(&judgement, CheckId::Oauth), Outcome::Pass);
    assert_eq!(outcome(&judgement, CheckId::Signature), Outcome::Pass);
    assert_eq!(outcome(&judgement, CheckId::Lifetime), Outcome::NotEstablished);
    assert_eq!(outcome(&judgement, CheckId::Audience), Outcome::NotApplicable);
    assert_eq!(judgement.verdict, Verdict::Incomplete);
}

#[test]
fn a_finding_stands_for_one_cause_and_lists_sixteen_places() {
    let scene = Scene::healthy().both_realms(OTHER_TENANT);
    let expected = scene.expectations();
    let mut judge = Judge::new(&expected);
    for frame in (1..=40).rev() {
        for mut exchange in scene.exchanges() {
            exchange.key.frame = frame;
            judge.exchange(exchange);
        }
    }
    let judgement = judge.finish();
    let finding = judgement.findings.iter().find(|finding| finding.rule == "issuer-tenant").unwrap();
    assert_eq!(finding.count, 80, "outer and actor token, forty times");
    let frames: Vec<_> = finding.evidence.iter().map(|one| one.exchange.unwrap().frame).collect();
    assert_eq!(frames.len(), 16);
    assert_eq!((frames[0], frames[15]), (1, 8));
}

#[test]
fn the_answer_does_not_depend_on_how_the_work_was_divided() {
    let scenes = [
        Scene::healthy(),
        Scene::healthy().both_realms(OTHER_TENANT),
        Scene::healthy().refused("2000003;error_category=\"invalid_resource\""),
        Scene::healthy().used_after_expiry(4000),
        Scene::healthy().assertion_by(Signer::Stranger),
        Scene::healthy().authorization("Basic dXNlcjpwYXNz"),
    ];
    let mut all: Vec<Exchange> = Vec::new();
    for (at, exchange) in (0_u64..).zip(scenes.iter().flat_map(Scene::exchanges)) {
        let mut exchange = exchange;
        exchange.key.frame = at + 1;
        all.push(exchange);
    }
    let expected = Scene::healthy().expectations();
    let show = |judgement: &Judgement| {
        format!("{:#?}\n{:#?}\n{:#?}", judgement.checks, judgement.findings, judgement.judged)
    };
    let mut whole = Judge::new(&expected);
    all.iter().cloned().for_each(|exchange| whole.exchange(exchange));
    let whole = show(&whole.finish());
    for division in 0..(1 << all.len()) {
        let mut left = Judge::new(&expected);
        let mut right = left.fork();
        for (at, exchange) in all.iter().cloned().enumerate() {
            if division >> at & 1 == 0 { left.exchange(exchange) } else { right.exchange(exchange) }
        }
        left.join(right);
        assert_eq!(show(&left.finish()), whole, "division {division:b}");
    }
}

/// Scenes with something wrong, and healthy ones.
fn pool(index: usize) -> Scene {
    match index {
        0 => Scene::healthy(),
        1 => Scene::healthy().both_realms(OTHER_TENANT),
        2 => Scene::healthy().tampered(),
        3 => Scene::healthy().refused("2000001;error_category=\"invalid_token\""),
        4 => Scene::healthy().used_after_expiry(4000),
        5 => Scene::healthy().authorization("Basic dXNlcjpwYXNz"),
        6 => Scene::healthy().application("00000003-0000-0ff1-ce00-000000000000"),
        7 => Scene::healthy().actor_unsigned(),
        8 => Scene::healthy().assertion_by(Signer::Stranger),
        _ => Scene::healthy().host("other.contoso.com"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn health_never_mends_and_keys_only_add(
        picked in proptest::collection::vec(0_usize..10, 0..4),
        dropped in 0_usize..4,
        closed in any::<bool>(),
    ) {
        let expected = Scene::healthy().expectations();
        let mut poorer = expected.clone();
        poorer.keys.keys.retain(|key| match dropped {
            0 => false,
            1 => key.origin == Origin::Uploaded,
            2 => key.origin == Origin::TokenService,
            _ => true,
        });
        poorer.sts_keys_given = poorer.keys.keys.iter().any(|key| key.origin == Origin::TokenService);
        let judge = |expected, health: bool| {
            let mut judge = Judge::new(expected);
            let mut frame = 0;
            let scenes = picked.iter().map(|&index| pool(index)).chain(health.then(Scene::healthy));
            for mut exchange in scenes.flat_map(|scene| scene.exchanges()) {
                frame += 1;
                exchange.key.frame = frame;
                judge.exchange(exchange);
            }
            if closed {
                let scene = Scene::healthy().closed_tls("");
                scene.connections().iter().cloned().for_each(|connection| judge.connection(connection));
            }
            judge.finish().verdict
        };
        let plain = judge(&expected, false);
        let healthier = judge(&expected, true);
        prop_assert!(plain != Verdict::Fail || healthier == Verdict::Fail);
        prop_assert!(!closed || healthier != Verdict::Pass);
        let without = judge(&poorer, true);
        if dropped < 3 && dropped != 2 {
            prop_assert!(without != Verdict::Pass, "the token service's key is gone");
        }
        prop_assert!(without != Verdict::Pass || healthier == Verdict::Pass);
    }

    #[test]
    fn no_message_makes_the_judge_panic(
        target in ".{0,40}", host in ".{0,20}", field in ".{0,40}", challenge in ".{0,60}",
        diagnostics in ".{0,40}", body in ".{0,80}", status in any::<u16>(),
    ) {
        let expected = Scene::healthy().expectations();
        let mut exchange = testing::plain();
        let request = exchange.request.as_mut().unwrap();
        request.target = target;
        request.host = Some(host);
        request.head = Head::from_pairs([(&b"Authorization"[..], field.as_bytes())]);
        request.body = testing::body(&body);
        let response = exchange.response.as_mut().unwrap();
        response.status = status;
        response.body = testing::body(&body);
        response.head = Head::from_pairs([
            (&b"WWW-Authenticate"[..], challenge.as_bytes()),
            (b"x-ms-diagnostics", diagnostics.as_bytes()),
        ]);
        let mut judge = Judge::new(&expected);
        judge.exchange(exchange);
        prop_assert!(judge.finish().verdict != Verdict::Pass);
    }
}
