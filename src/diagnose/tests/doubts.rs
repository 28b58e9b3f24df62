//! Tables: what speaks against a cause, and what makes it surer.

use super::evidence::*;
use super::*;
use crate::checks::expectations::EXCHANGE;
use crate::checks::testing::{OTHER_TENANT, TENANT};
use crate::diagnose::cause::Confidence::{self, Certain, Likely, Possible};
use crate::logrecord::{LogRecord, LogSource};

/// A cause that has something against it: how sure it still is (`None` when it is not named any more), the rules whose
/// findings speak against it, and words of the doubt.
type Doubted<'a> = (&'a str, Story, &'a str, Option<Confidence>, &'a [&'a str], &'a str);

fn check_doubts(rows: Vec<Doubted<'_>>) {
    let mut wrong = Vec::new();
    for (name, story, cause, confidence, but, words) in rows {
        let told = story.told(cause);
        let but: BTreeSet<&str> = but.iter().copied().collect();
        let doubts: String =
            told.iter().flat_map(|told| &told.found.doubts).map(|one| one.text.as_str()).collect();
        let found = told.as_ref().map(|told| told.found.confidence);
        if found != confidence || told.as_ref().is_some_and(|told| told.but != but) || !doubts.contains(words)
        {
            let but = told.map(|told| told.but);
            wrong.push(format!("{name}: {found:?} but {but:?} {doubts} {:?}", story.causes()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_speaks_against_a_cause_makes_it_less_sure() {
    let accepted = Scene::healthy;
    let same_key = || {
        let other = Scene::healthy().assertion_from(&format!("{EXCHANGE}@{TENANT}"));
        asked(401, "invalid_client", NOT_FOUND).and_requests(other).answer(200, GRANTED)
    };
    let logged_and = |name: &str, mut story: Story| {
        story.lines.extend(Story::logged(name).lines);
        story
    };
    let mixed = || {
        let scene = refusal(2_000_006, "invalid_client");
        scene.actor("nameid", format!("{EXCHANGE}@{TENANT}"))
    };
    check_doubts(vec![
        (
            "granted to the other certificate",
            Story::request(Signer::Stranger, 200, GRANTED),
            "auth-certificate-rolled-over",
            Some(Possible),
            &[],
            "the given file is the old one",
        ),
        ("rolled over", asked_by_stranger(NOT_FOUND), "certificate-not-uploaded", None, &[], ""),
        (
            "past its end, and another signs",
            ended(asked_by_stranger(NOT_FOUND)),
            "auth-certificate-expired",
            None,
            &[],
            "",
        ),
        (
            "ended",
            ended(asked(401, "invalid_client", "AADSTS50012: no")),
            "certificate-not-uploaded",
            None,
            &[],
            "",
        ),
        (
            "the same key is good",
            same_key(),
            "certificate-not-uploaded",
            Some(Possible),
            &[],
            "accepts the same key",
        ),
        (
            "signed assertions are there",
            logged_and("MissingSigningCertificate", granted()),
            "signing-certificate-missing",
            Some(Possible),
            &[],
            "assertions that Exchange signed",
        ),
        (
            "a token is accepted",
            Story::logged("OAuthConfigurationUnavailable").and(accepted()),
            "configuration-unavailable",
            Some(Likely),
            &[],
            "a token is accepted",
        ),
        (
            "the token service answered",
            logged_and("UnableToGetTokenFromACS: timed out", granted()),
            "token-service-unreachable",
            Some(Possible),
            &[],
            "the token service answered",
        ),
        (
            "an application that nobody can read",
            Story::of(refusal(2_000_006, "invalid_client").tampered()),
            "partner-application-missing",
            None,
            &[],
            "",
        ),
        ("two applications", Story::of(mixed()), "partner-application-missing", None, &[], ""),
        (
            "the same path offers it",
            Story::of(windows(true)).and(Scene::healthy().discovery("Bearer")),
            "oauth-off-on-virtual-directory",
            Some(Possible),
            &[],
            "the same path offers or accepts",
        ),
        (
            "the same path accepts it",
            Story::of(windows(true)).and(accepted()),
            "oauth-off-on-virtual-directory",
            Some(Possible),
            &[],
            "the same path offers or accepts",
        ),
        (
            "its signature is wrong",
            Story::of(Scene::healthy().tampered().refused("2000000;error_category=\"invalid_signature\"")),
            "stale-metadata",
            None,
            &[],
            "",
        ),
        (
            "only another signature is wrong",
            refused(2_000_000, "invalid_signature").and(Scene::healthy().tampered()),
            "stale-metadata",
            Some(Certain),
            &[],
            "",
        ),
        (
            "a clock",
            Story::of(Scene::healthy().used_after_expiry(90_000).date(99_000)),
            "token-expired",
            None,
            &[],
            "",
        ),
    ]);
}

#[test]
fn an_application_that_has_tokens_accepted_is_told_from_one_that_has_not() {
    // Another application is accepted: the server is in order, and does not know this one.
    let other = Scene::healthy().application(EXCHANGE).expect(|_| ());
    let refused =
        || refused(2_000_006, "invalid_client").expect(|expected| expected.principals.push(EXCHANGE.into()));
    let score = |story: Story| story.told("partner-application-missing").unwrap().found.score;
    assert!(score(refused().and(other)) > score(refused()));
    // A single right is missing where other calls of the application succeed.
    let denied = || Story::of(Scene::healthy().ews("Error", "ErrorAccessDenied"));
    let reasons = |story: Story| {
        let told = story.told("linked-account-without-roles").unwrap();
        told.found.reasons.into_iter().map(|reason| reason.text).collect::<Vec<_>>().join("; ")
    };
    assert!(reasons(denied()).contains("no other call of that application succeeded"));
    assert!(reasons(denied().and(Scene::healthy())).contains("a single right is missing"));
}

/// Reasons of a cause in the words of reports, and its summary.
fn words(story: &Story, cause: &str) -> (Confidence, String, String) {
    let told = story.told(cause).unwrap_or_else(|| panic!("{cause}: {:?}", story.causes()));
    let reasons: Vec<_> = told.found.reasons.iter().map(|reason| reason.text.as_str()).collect();
    (told.found.confidence, reasons.join("; "), told.found.summary)
}

/// A cause with what is said for it, and what its summary holds.
type Said<'a> = (&'a str, Story, &'a str, Confidence, &'a str, &'a str);

fn check_words(rows: Vec<Said<'_>>) {
    let mut wrong = Vec::new();
    for (name, story, cause, confidence, reason, summary) in rows {
        let (found, reasons, text) = words(&story, cause);
        if found != confidence || !reasons.contains(reason) || !text.contains(summary) {
            wrong.push(format!("{name}: {found:?} {reasons} | {text}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_clock_is_named_with_its_host_and_by_how_much_it_is_wrong() {
    let expired = |ahead: i64| {
        Story::of(Scene::healthy().refused("2000002;error_category=\"token_expired\"").date(ahead))
    };
    let late = || asked(400, "invalid_grant", "AADSTS500133: Assertion is not within its valid time range.");
    let old = || Scene::healthy().used_after_expiry(90_000);
    let made = Scene::healthy().assertion_changed(|claims| {
        claims.insert("nbf".into(), (Scene::NOW - 7200).into());
        claims.insert("exp".into(), (Scene::NOW - 6600).into())
    });
    let cause = "clock-skew";
    check_words(vec![
        (
            "ahead",
            expired(1200),
            cause,
            Certain,
            "within its time",
            "The clock of mail.contoso.com is 20 minutes ahead of the recording.",
        ),
        (
            "behind",
            expired(-1200),
            cause,
            Certain,
            "the Date of the answers differs",
            "The clock of mail.contoso.com is 20 minutes behind the recording.",
        ),
        ("not told", expired(0), cause, Likely, "within its time", "is not that of the recording"),
        (
            "tokens look old by it",
            Story::of(old().date(99_000)),
            cause,
            Likely,
            "the Date of the answers differs",
            "The clock of mail.contoso.com is 148 minutes ahead of the recording.",
        ),
        (
            "of the caller",
            late(),
            cause,
            Likely,
            "by the clock of the recording the assertion was within its time",
            "The clock of the Exchange server is not that of the recording",
        ),
        (
            "of the caller, as the assertion shows",
            Story::of(made)
                .answer(400, &denied("invalid_grant", "AADSTS50013: not within its valid time range")),
            cause,
            Certain,
            "is made when it is sent",
            "The clock of the Exchange server",
        ),
    ]);
    // By the clock of the recording tokens are old as well, and that one is not said to be wrong.
    assert_eq!(late().and(old()).causes(), ["token-expired"]);
    // A certificate that has expired is no clock.
    let certificate = asked(400, "invalid_client", "AADSTS700024: the certificate has expired");
    assert!(!certificate.causes().contains(&cause));
    for description in
        ["Assertion is outside its validity", "it is Not Yet Valid", "The assertion has expired"]
    {
        assert_eq!(asked(400, "invalid_grant", description).lead(), cause, "{description}");
    }
}

#[test]
fn what_is_said_of_a_cause_names_what_was_seen() {
    let via = |scene: Scene| scene.response_header("Via", "1.1 proxy");
    let cloud = |host: &'static str| {
        Story::of(forbidden().host(host).both_audiences(format!("{EXCHANGE}/{host}@{TENANT}")))
    };
    let retired = "it is Exchange in the cloud, where EWS is being retired";
    let agent = |text: &'static str| {
        Story::of(forbidden().change(move |exchange| {
            let head = &mut exchange.request.as_mut().unwrap().head;
            let pairs: Vec<_> = head.fields().map(|one| (one.name.to_vec(), one.value.to_vec())).collect();
            let all = pairs.iter().map(|(name, value)| (&name[..], &value[..]));
            *head = crate::exchange::Head::from_pairs(all.chain([(&b"User-Agent"[..], text.as_bytes())]));
        }))
    };
    let no_acs = "Bearer client_id=\"00000002-0000-0ff1-ce00-000000000000\", trusted_issuers=\"00000004-0000-0ff1-ce00-000000000000@contoso.com\"";
    let china = "Bearer client_id=\"00000002-0000-0ff1-ce00-000000000000\", trusted_issuers=\"00000001-0002-0000-c000-000000000000@*\"";
    let said = |challenge: &str, number: u32, category: &str| {
        Scene::healthy()
            .refused_with(challenge)
            .response_header("x-ms-diagnostics", &format!("{number};error_category=\"{category}\""))
    };
    let tunnel = || Scene::healthy().token_request("", 403, "").asked_by("CONNECT", "");
    let proxied = |story: Story| {
        let mut story = story;
        let response = story.exchanges.last_mut().unwrap().response.as_mut().unwrap();
        response.head = crate::exchange::Head::from_pairs([(&b"Via"[..], &b"1.1 proxy"[..])]);
        story
    };
    let off = "2000001;reason=\"EWS is disabled for this organization\";error_category=\"invalid_token\"";
    check_words(vec![
        (
            "words",
            Story::of(Scene::healthy().refused(off)),
            "ews-switched-off-or-blocked",
            Certain,
            "Exchange says that EWS is",
            "",
        ),
        ("cloud", cloud("outlook.office365.com"), "ews-switched-off-or-blocked", Likely, retired, ""),
        ("cloud", cloud("outlook.office.com"), "ews-switched-off-or-blocked", Likely, retired, ""),
        ("21Vianet", cloud("partner.outlook.cn"), "ews-switched-off-or-blocked", Likely, retired, ""),
        (
            "agent",
            agent("SchedulingService/1.0"),
            "ews-switched-off-or-blocked",
            Likely,
            "Exchange itself forbids",
            "The caller names itself SchedulingService; an allow list has to contain it.",
        ),
        (
            "no ACS",
            Story::of(said(no_acs, 2_000_001, "invalid_token")),
            "auth-server-missing",
            Certain,
            "Exchange calls good tokens invalid",
            "The challenge of Exchange lists no token service",
        ),
        (
            "no ACS",
            Story::of(said(no_acs, 2_000_001, "invalid_token")).and(Scene::healthy()),
            "auth-server-missing",
            Likely,
            "trusts no token service",
            "",
        ),
        (
            "another cloud",
            Story::of(said(china, 2_000_001, "invalid_token")),
            "wrong-cloud",
            Certain,
            "Exchange refuses those tokens",
            "",
        ),
        (
            "asked elsewhere",
            Story::of(Scene::healthy().host("other.contoso.com")),
            "host-rewritten",
            Possible,
            "the audience is not the host of the request",
            "",
        ),
        (
            "rewritten by what names itself",
            Story::of(via(refusal(2_000_003, "invalid_resource"))),
            "host-rewritten",
            Likely,
            "a proxy names itself",
            "(mail.contoso.com)",
        ),
        (
            "a tunnel",
            Story::of(tunnel()),
            "token-service-unreachable",
            Certain,
            "a proxy or a page for people",
            "",
        ),
        (
            "a proxy that names itself",
            proxied(Story::request(Signer::Exchange, 502, "")),
            "token-service-unreachable",
            Certain,
            "a proxy that names itself",
            "",
        ),
        (
            "headers elsewhere",
            Story::of(Scene::healthy().refused("")).and(Scene::healthy().response_header("request-id", "x")),
            "headers-stripped",
            Likely,
            "other answers of the same host carry the headers",
            "in front of mail.contoso.com takes",
        ),
        (
            "a proxy, and one of Exchange's headers",
            Story::of(via(Scene::healthy().refused("").response_header("request-id", "x"))),
            "headers-stripped",
            Possible,
            "a proxy names itself",
            "",
        ),
        (
            "another tenant is asked",
            asked(400, "invalid_client", "AADSTS7000112: x")
                .target(&format!("/{OTHER_TENANT}/tokens/OAuth/2")),
            "application-disabled",
            Certain,
            "disabled or not in the directory",
            "the application 00000002-0000-0ff1-ce00-000000000000 is disabled",
        ),
        (
            "Windows beside refused tokens",
            Story::of(ntlm()).and(refusal(2_000_005, "invalid_user")),
            "fallback-to-ntlm",
            Possible,
            "beside tokens that were all refused",
            "The calls to mail.contoso.com",
        ),
        (
            "a password alone",
            Story::of(Scene::healthy().authorization("Basic dXNlcjpwYXNzd29yZDEyMw==")),
            "fallback-to-basic",
            Certain,
            "no token in scope was sent at all",
            "",
        ),
        (
            "federation alone",
            Story::of(federated()),
            "fallback-to-ws-security",
            Certain,
            "no OAuth call succeeded",
            "The calls go to /ews/exchange.asmx/wssecurity",
        ),
        (
            "the role is asked for",
            Story::of(Scene::healthy().ews("Error", "ErrorAccessDenied")),
            "linked-account-without-roles",
            Likely,
            "EWS denies the access or the role",
            "00000004-0000-0ff1-ce00-000000000000",
        ),
        (
            "two signs of a device",
            Story::of(page(Scene::healthy().status(403))),
            "pre-authentication",
            Certain,
            "it answers with a web page",
            "The answers for mail.contoso.com",
        ),
    ]);
    let beside = Story::of(federated()).and(Scene::healthy()).and(refusal(2_000_005, "invalid_user"));
    let told = beside.told("fallback-to-ws-security").unwrap();
    assert_eq!(told.found.confidence, Possible);
    assert!(told.found.doubts.iter().any(|doubt| doubt.text.contains("OAuth calls succeed beside it")));
    // Where tokens are accepted, Windows sign-ins are those of other clients.
    let others = Story::of(ntlm()).and(Scene::healthy()).and(refusal(2_000_005, "invalid_user"));
    assert!(!others.causes().contains(&"fallback-to-ntlm"));
}

#[test]
fn what_is_not_known_of_a_failure_is_said() {
    let logged = Story::logged("something new");
    let first = |story: Story| {
        assert_eq!(story.lead(), "cannot-tell");
        let first = story.told("cannot-tell").unwrap().found;
        assert_eq!(first.confidence, Possible);
        assert!(!first.supporting.is_empty());
        format!("{}\n{}", first.summary, first.commands.join("\n"))
    };
    let request = |error: &str, description: &str| asked(400, error, description);
    for (name, story, words) in [
        (
            "fails",
            Story::of(Scene::healthy().status(500)),
            &[
                "The server fails",
                "an internal error carries no reason",
                "-TargetUri https://mail.contoso.com/",
            ][..],
        ),
        (
            "a new number",
            refused(2_000_099, "something_new"),
            &["A call with a token fails", "fits no cause"],
        ),
        (
            "a number",
            refused(2_000_001, "invalid_token"),
            &["2000001 (invalid_token)", "several causes", "Record next: the HttpProxy log"],
        ),
        (
            "a code",
            request("invalid_request", "AADSTS900144: x"),
            &[
                "refuses with AADSTS900144.",
                "that code has several causes",
                "what Test-OAuthConnectivity says",
            ],
        ),
        (
            "two codes",
            request("invalid_request", "AADSTS1234567: x AADSTS7654321: y"),
            &["AADSTS1234567, AADSTS7654321.", "the code fits no cause"],
        ),
        ("no code", request("temporarily_unavailable", "x"), &["refuses with no code."]),
        ("a log", logged, &["A log tells of a failure", "the call that failed is not in the recording"]),
    ] {
        let text = first(story);
        for word in words {
            assert!(text.contains(word), "{name}: {text}");
        }
    }
}

/// What a server said, copied out of a log without its token.
fn quoted(diagnostics: &str) -> Story {
    Story::line(LogRecord { diagnostics: Some(diagnostics.into()), ..LogRecord::new(LogSource::Quoted, 1) })
}

#[test]
fn what_a_server_said_is_enough_without_the_token() {
    let told = |diagnostics: &str, cause: &str| {
        let story = quoted(diagnostics);
        assert_eq!(story.lead(), cause, "{diagnostics}");
        let told = story.told(cause).unwrap();
        assert_eq!(told.by, ["log-refused"].into(), "{diagnostics}");
        (told.found.confidence, told.found.summary, told.found.commands.join("\n"))
    };
    assert_eq!(told("2000005;error_category=\"invalid_user\"", "user-missing-or-ambiguous").0, Certain);
    assert_eq!(told("2000000;error_category=\"invalid_signature\"", "stale-metadata").0, Possible);
    assert_eq!(told("2000004;error_category=\"invalid_tenant\"", "wildcard-accepted-domain").0, Likely);
    let named = "2000003;reason=\"The hostname component of the audience claim value is invalid. Expected 'ex01.corp.example'. Actual 'mail.contoso.com'.\";error_category=\"invalid_resource\"";
    let (confidence, summary, _) = told(named, "host-rewritten");
    assert_eq!(confidence, Possible);
    assert!(summary.contains("goes by (ex01.corp.example)"), "{summary}");
    // The application that the sentence names has commands of its own.
    let reason =
        "The token has no linked account for partner application '7557eb47-c689-4224-abcf-aef9bd7573df'.";
    let grant = format!("2000008;reason=\"{reason}\";error_category=\"invalid_grant\"");
    let (confidence, _, commands) = told(&grant, "linked-account-without-roles");
    assert_eq!(confidence, Certain);
    assert!(commands.contains("-Role TeamsSchedulerRole "), "{commands}");
}

#[test]
fn what_ews_says_inside_tells_a_switch_from_a_missing_right() {
    let story = |code: &str, text: &str| {
        let body = format!(
            r#"<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><m:GetFolderResponse><m:M ResponseClass="Error"><m:MessageText>{text}</m:MessageText><m:ResponseCode>{code}</m:ResponseCode></m:M></m:GetFolderResponse></s:Body></s:Envelope>"#
        );
        Story::of(Scene::healthy()).answer(200, &body)
    };
    for (code, text, cause) in [
        ("ErrorAccessDenied", "Access is denied.", "linked-account-without-roles"),
        ("ErrorImpersonateUserDenied", "x", "linked-account-without-roles"),
        ("ErrorInvalidManagementRoleHeader", "x", "linked-account-without-roles"),
        (
            "ErrorAccessDenied",
            "EWS is blocked by the application access policy.",
            "ews-switched-off-or-blocked",
        ),
        ("ErrorAccessDenied", "Exchange Web Services is not enabled.", "ews-switched-off-or-blocked"),
        ("ErrorInvalidUserSid", "x", "user-missing-or-ambiguous"),
        ("ErrorInvalidUserPrincipalName", "x", "user-missing-or-ambiguous"),
    ] {
        assert_eq!(story(code, text).causes(), [cause], "{code}: {text}");
    }
    let account = story("ErrorAccessDenied", "The linked account has no RBAC roles.");
    let told = account.told("linked-account-without-roles").unwrap();
    assert_eq!(told.found.confidence, Certain);
    assert!(
        told.found.commands[0].contains("00000004-0000-0ff1-ce00-000000000000"),
        "{:?}",
        told.found.commands
    );
}

#[test]
fn an_entra_token_without_a_permission_is_named_as_what_speaks_against_it() {
    let scene = Scene::healthy().entra("https://mail.contoso.com/").outer_without("scp");
    let story = Story::of(scene.refused("2000008;error_category=\"invalid_grant\""));
    let told = story.told("linked-account-without-roles").unwrap();
    assert_eq!((told.found.confidence, told.but), (Possible, ["token-no-permission"].into()));
}

#[test]
fn commands_hold_the_names_that_were_given() {
    let commands = |story: &Story, cause: &str| story.told(cause).unwrap().found.commands.join("\n");
    let story = asked(401, "invalid_client", NOT_FOUND);
    let upload = commands(&story, "certificate-not-uploaded");
    let start = format!(
        "oauthtrace provision script --tenant {TENANT} --verified-domain contoso.com --domain-controller"
    );
    assert!(upload.starts_with(&format!("{start} <domain controller> --host <exchange host>")), "{upload}");
    let given = story.expect(|expected| {
        expected.verified_domain = Some("fabrikam.com".into());
        expected.domain_controller = Some("dc1.contoso.com".into());
        expected.hosts = vec!["ex.contoso.com".into()];
        expected.tenants.remove(0);
    });
    let upload = commands(&given, "certificate-not-uploaded");
    let names = "--tenant contoso.com --verified-domain fabrikam.com --domain-controller dc1.contoso.com --host ex.contoso.com";
    assert!(upload.contains(names), "{upload}");
    // The address of metadata takes a domain, and the tenant's number where none was given.
    let server = || Story::logged("NoMatchedTokenIssuer");
    assert!(commands(&server(), "auth-server-missing").contains("windows.net/contoso.com/metadata/json/1"));
    let guid = server().expect(|expected| expected.tenants = vec![TENANT.into()]);
    assert!(
        commands(&guid, "auth-server-missing").contains(&format!("windows.net/{TENANT}/metadata/json/1"))
    );
    // A password beside a token went to a host, and so did one that is told by a log.
    let beside = Story::of(Scene::healthy()).target("/ews/exchange.asmx?password=secret");
    assert!(words(&beside, "fallback-to-basic").2.contains("(to mail.contoso.com)"));
}

#[test]
fn what_a_better_cause_explains_is_no_cause_beside_it() {
    // The same refusals are evidence for both; only one says why.
    let stranger = asked_by_stranger(NOT_FOUND);
    assert_eq!(stranger.causes(), ["auth-certificate-rolled-over"]);
    // Two faults that have nothing to do with each other stay two causes, the surer first.
    let both = refused(2_000_005, "invalid_user").and(Scene::healthy().both_realms(OTHER_TENANT));
    assert_eq!(both.causes(), ["user-missing-or-ambiguous", "wrong-realm"]);
    // What may be is not said beside what is.
    let sure = refused(2_000_005, "invalid_user").and(Scene::healthy().host("other.contoso.com"));
    assert_eq!(sure.causes(), ["user-missing-or-ambiguous"]);
    // A fallback stands behind its root, however sure it is.
    let basic = Scene::healthy().authorization("Basic dXNlcjpwYXNzd29yZDEyMw==");
    let behind = refused(2_000_004, "invalid_tenant").and(basic);
    assert_eq!(behind.causes(), ["wildcard-accepted-domain", "fallback-to-basic"]);
}

#[test]
fn each_error_of_a_log_is_evidence_for_its_own_cause() {
    let mut both = Story::logged("MissingSigningCertificate");
    both.lines.extend(
        Story::logged("UPNValueNotProvided").lines.into_iter().map(|line| LogRecord { line: 4, ..line }),
    );
    assert_eq!(both.causes(), ["signing-certificate-missing", "user-missing-or-ambiguous"]);
    let supporting = |cause: &str| both.told(cause).unwrap().found.supporting;
    let (certificate, user) =
        (supporting("signing-certificate-missing"), supporting("user-missing-or-ambiguous"));
    assert_eq!((certificate.len(), user.len()), (1, 1));
    assert_ne!(certificate, user);
    // Where the log says what was called, that is said.
    let reasons = |story: &Story| words(story, "signing-certificate-missing").1;
    let called =
        "a log of Exchange names MissingSigningCertificate when Exchange calls outlook.office365.com";
    assert!(reasons(&both).contains(called), "{}", reasons(&both));
    both.lines.iter_mut().for_each(|line| line.path = None);
    assert!(reasons(&both).ends_with("names MissingSigningCertificate"), "{}", reasons(&both));
}

#[test]
fn what_looks_alike_is_not_taken_for_it() {
    let lost = |exchange: &mut crate::exchange::Exchange| {
        exchange.response.as_mut().unwrap().head.partial = true;
    };
    let marked = |scene: Scene| scene.response_header("request-id", "x");
    for (name, story, cause) in [
        ("a part is lost", Story::of(Scene::healthy().refused("").change(lost)), "headers-stripped"),
        ("no challenge", Story::of(marked(Scene::healthy().status(401))), "headers-stripped"),
        (
            "nothing is offered",
            Story::of(marked(Scene::healthy().status(401))),
            "oauth-off-on-virtual-directory",
        ),
        (
            "not EWS",
            Story::of(forbidden().target("/autodiscover/autodiscover.svc")),
            "ews-switched-off-or-blocked",
        ),
        ("not Exchange", Story::of(ntlm().target("/sites/team")), "fallback-to-ntlm"),
        ("a page of Exchange", Story::of(marked(page(Scene::healthy().status(403)))), "pre-authentication"),
        ("another code", asked(400, "unauthorized_client", "AADSTS700027: x"), "application-disabled"),
        ("another code", asked(400, "invalid_target", "AADSTS700027: x"), "host-not-registered"),
        ("tokens work", Story::of(ntlm()).and(Scene::healthy()), "fallback-to-ntlm"),
    ] {
        assert!(!story.causes().contains(&cause), "{name}: {:?}", story.causes());
    }
    for description in [
        "AADSTS700027: no matching key",
        "AADSTS50012: certificate not found",
        "AADSTS50012: The Key was not found",
    ] {
        let told = asked(401, "invalid_client", description).told("certificate-not-uploaded").unwrap();
        assert_eq!(told.found.confidence, Certain, "{description}");
    }
}

#[test]
fn the_directory_that_is_called_is_the_one_that_is_switched_on() {
    for (path, command) in [
        ("/ews/exchange.asmx", r#"Set-WebServicesVirtualDirectory "<server>\EWS (Default Web Site)" -OAuth"#),
        (
            "/autodiscover/autodiscover.svc",
            r#"Set-AutodiscoverVirtualDirectory "<server>\Autodiscover (Default Web Site)" -OAuth"#,
        ),
        ("/mapi/emsmdb", r#"Set-MapiVirtualDirectory "<server>\mapi (Default Web Site)" -OAuth"#),
        ("/oab/x/oab.xml", r#"Set-OabVirtualDirectory "<server>\OAB (Default Web Site)" -OAuth"#),
    ] {
        let told = Story::of(windows(true).target(path)).told("oauth-off-on-virtual-directory").unwrap();
        let commands = told.found.commands.join("\n");
        assert!(commands.contains(command), "{path}: {commands}");
    }
}
