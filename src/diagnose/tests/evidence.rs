//! Tables: what a recording shows, the cause that stands first, how sure it is, and the rules whose findings say so.
//! The causes are those of the numbers and symptoms that Microsoft documents.

use super::*;
use crate::base::Instant;
use crate::checks::expectations::EXCHANGE;
use crate::checks::testing::{OTHER_TENANT, TENANT};
use crate::diagnose::cause::Confidence::{self, Certain, Likely, Possible};

pub(super) const GRANTED: &str = r#"{"access_token":"x"}"#;
pub(super) const NOT_FOUND: &str = "AADSTS70002: no. AADSTS50012: [Reason - The key was not found.]";

/// A call that Exchange refuses with this number.
pub(super) fn refusal(number: u32, category: &str) -> Scene {
    Scene::healthy().refused(&format!("{number};error_category=\"{category}\""))
}

pub(super) fn refused(number: u32, category: &str) -> Story {
    Story::of(refusal(number, category))
}

/// The same with the sentence of Exchange.
pub(super) fn refused_because(scene: Scene, number: u32, category: &str, reason: &str) -> Story {
    Story::of(scene.refused(&format!("{number};reason=\"{reason}\";error_category=\"{category}\"")))
}

/// A token request of Exchange that is refused.
pub(super) fn asked(status: u16, error: &str, description: &str) -> Story {
    Story::request(Signer::Exchange, status, &denied(error, description))
}

/// One that is signed with a certificate that is not the given one.
pub(super) fn asked_by_stranger(description: &str) -> Story {
    Story::request(Signer::Stranger, 401, &denied("invalid_client", description))
}

pub(super) fn granted() -> Story {
    Story::request(Signer::Exchange, 200, GRANTED)
}

pub(super) fn without_keys(story: Story) -> Story {
    story.expect(|expected| {
        expected.keys.keys.clear();
        expected.sts_keys_given = false;
    })
}

/// The given certificate ended the day before.
pub(super) fn ended(story: Story) -> Story {
    story.expect(|expected| {
        let files = expected.certificates.iter_mut().map(|(_, file)| file);
        let day_before = Instant::from_seconds(Scene::NOW - 86_400);
        files.flat_map(|file| &mut file.certificates).for_each(|own| own.not_after = day_before);
    })
}

pub(super) fn windows(marks: bool) -> Scene {
    let scene = Scene::healthy().discovery("Negotiate");
    if marks { scene.response_header("request-id", "x") } else { scene }
}

pub(super) fn ntlm() -> Scene {
    Scene::healthy().authorization("NTLM TlRMTVNTUAADAAAA")
}

pub(super) fn federated() -> Scene {
    Scene::healthy().authorization("").target("/ews/exchange.asmx/wssecurity")
}

pub(super) fn forbidden() -> Scene {
    Scene::healthy().status(403).response_header("request-id", "x")
}

pub(super) fn page(scene: Scene) -> Scene {
    scene.response_header("Content-Type", "text/html")
}

const AUDIENCE: &str = "The hostname component of the audience claim value is invalid. Expected 'ex01.corp.example'. Actual 'mail.contoso.com'.";
const SCHEME: &str = "Expected 'https://mail.contoso.com'. Actual 'http://mail.contoso.com'.";

type Row<'a> = (&'a str, Story, &'a str, Confidence, &'a [&'a str]);

const PLACES: [&str; 14] = [
    "host",
    "application",
    "thumbprint",
    "tenant",
    "domain",
    "path",
    "issuer",
    "resource",
    "accepted",
    "partner",
    "repair",
    "audience",
    "observed",
    "offset",
];

fn check(rows: Vec<Row<'_>>) {
    let mut wrong = Vec::new();
    for (name, story, cause, confidence, by) in rows {
        let Some(told) = story.told(cause).filter(|_| story.causes() == [cause]) else {
            wrong.push(format!("{name}: {:?}", story.causes()));
            continue;
        };
        let by: BTreeSet<&str> = by.iter().copied().collect();
        if (told.found.confidence, &told.by) != (confidence, &by) || !told.but.is_empty() {
            wrong.push(format!("{name}: {:?} by {:?}, not {:?}", told.found.confidence, told.by, told.but));
        }
        if !told.found.doubts.is_empty() {
            wrong.push(format!("{name}: {:?}", told.found.doubts));
        }
        // What a recording shows is filled in; what it cannot is what the administrator looks up.
        let text = told.found.summary.clone() + "\n" + &told.found.commands.join("\n");
        let open = PLACES.iter().filter(|place| text.contains(&format!("<{place}>"))).collect::<Vec<_>>();
        if !open.is_empty() || told.found.summary.contains(['<', '{']) {
            wrong.push(format!("{name}: {open:?} {}", told.found.summary));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The same of evidence that stands in exchanges: reports name them.
fn check_placed(rows: Vec<Row<'_>>) {
    for (name, story, cause, ..) in &rows {
        assert!(story.told(cause).is_none_or(|told| !told.found.exchanges.is_empty()), "{name}");
    }
    check(rows);
}

#[test]
fn numbers_of_exchange_have_their_cause() {
    let disputed: &[&str] = &["accepted-disputed", "accepted-refused"];
    let plain: &[&str] = &["accepted-refused"];
    let entra = || Scene::healthy().entra("https://mail.contoso.com/");
    check_placed(vec![
        (
            "signature, verified here",
            refused(2_000_000, "invalid_signature"),
            "stale-metadata",
            Certain,
            disputed,
        ),
        (
            "signature, key not given",
            without_keys(refused(2_000_000, "invalid_signature")),
            "stale-metadata",
            Likely,
            plain,
        ),
        ("several causes", refused(2_000_001, "invalid_token"), "cannot-tell", Possible, plain),
        ("time, in time here", refused(2_000_002, "token_expired"), "clock-skew", Likely, disputed),
        ("audience is the host", refused(2_000_003, "invalid_resource"), "host-rewritten", Likely, disputed),
        (
            "another host is named",
            refused_because(Scene::healthy(), 2_000_003, "invalid_resource", AUDIENCE),
            "host-rewritten",
            Certain,
            disputed,
        ),
        (
            "only the scheme differs",
            refused_because(entra(), 2_000_003, "invalid_resource", SCHEME),
            "ssl-offloading",
            Certain,
            plain,
        ),
        (
            "an Entra token, nothing named",
            refused_because(entra(), 2_000_003, "invalid_resource", "x"),
            "ssl-offloading",
            Possible,
            plain,
        ),
        (
            "tenant is the given one",
            refused(2_000_004, "invalid_tenant"),
            "wildcard-accepted-domain",
            Likely,
            disputed,
        ),
        ("user", refused(2_000_005, "invalid_user"), "user-missing-or-ambiguous", Certain, plain),
        ("application", refused(2_000_006, "invalid_client"), "partner-application-missing", Certain, plain),
        ("internal", refused(2_000_007, "internal_error"), "configuration-unavailable", Likely, plain),
        ("grant", refused(2_000_008, "invalid_grant"), "linked-account-without-roles", Certain, plain),
        (
            "key, verified here",
            refused(2_000_009, "invalid_certificate"),
            "stale-metadata",
            Certain,
            disputed,
        ),
        (
            "key, not given",
            without_keys(refused(2_000_009, "invalid_certificate")),
            "stale-metadata",
            Likely,
            plain,
        ),
        (
            "kind of token",
            refused_because(
                Scene::healthy(),
                2_000_001,
                "invalid_token",
                "This token profile 'V1S2SAppOnly' is not applicable for the current protocol.",
            ),
            "token-kind-refused",
            Certain,
            plain,
        ),
    ]);
}

#[test]
fn codes_of_the_token_service_have_their_cause() {
    let plain: &[&str] = &["request-refused"];
    let disputed: &[&str] = &["request-disputed", "request-refused"];
    let rolled: &[&str] = &["request-refused", "signature-certificate-unknown"];
    let client = |description: &str| asked(401, "invalid_client", description);
    let tenant = |tenant: &str| {
        asked(400, "invalid_request", "AADSTS90002: Tenant not found.")
            .target(&format!("/{tenant}/tokens/OAuth/2"))
    };
    check_placed(vec![
        ("key", client(NOT_FOUND), "certificate-not-uploaded", Certain, disputed),
        ("no key", client("AADSTS50003: none"), "certificate-not-uploaded", Certain, plain),
        ("signature", client("AADSTS50012: no"), "certificate-not-uploaded", Likely, disputed),
        ("assertion", client("AADSTS700027: no"), "certificate-not-uploaded", Likely, disputed),
        ("credentials", client("no"), "certificate-not-uploaded", Likely, plain),
        (
            "another certificate",
            asked_by_stranger(NOT_FOUND),
            "auth-certificate-rolled-over",
            Certain,
            rolled,
        ),
        (
            "past its end",
            client("AADSTS700027: The certificate has expired."),
            "auth-certificate-expired",
            Likely,
            disputed,
        ),
        (
            "past its end, as shown",
            ended(client("AADSTS50012: no")),
            "auth-certificate-expired",
            Certain,
            &["certificate-expired", "request-refused"],
        ),
        ("weak", client("AADSTS50032: Weak RSA key."), "auth-certificate-unusable", Certain, plain),
        (
            "disabled",
            asked(400, "unauthorized_client", "AADSTS7000112: x"),
            "application-disabled",
            Certain,
            plain,
        ),
        (
            "absent",
            asked(400, "unauthorized_client", "AADSTS70001: x"),
            "application-disabled",
            Certain,
            plain,
        ),
        (
            "absent too",
            asked(400, "invalid_client", "AADSTS700011: x"),
            "application-disabled",
            Certain,
            plain,
        ),
        ("not allowed", asked(400, "unauthorized_client", "x"), "application-disabled", Likely, plain),
        (
            "the resource is disabled",
            asked(400, "invalid_resource", "AADSTS50001: The resource is Disabled."),
            "application-disabled",
            Likely,
            plain,
        ),
        (
            "resource",
            asked(400, "invalid_resource", "AADSTS500011: x"),
            "host-not-registered",
            Certain,
            plain,
        ),
        (
            "resource or disabled",
            asked(400, "invalid_resource", "AADSTS50001: x"),
            "host-not-registered",
            Likely,
            plain,
        ),
        ("resource without a code", asked(400, "invalid_target", "x"), "host-not-registered", Likely, plain),
        ("the tenant, rightly named", tenant(TENANT), "wrong-cloud", Likely, disputed),
        (
            "another tenant",
            tenant(OTHER_TENANT),
            "wrong-realm",
            Certain,
            &["request-realm", "request-refused"],
        ),
        (
            "a tenant of another cloud",
            asked(400, "invalid_request", "AADSTS90038: x"),
            "wrong-cloud",
            Certain,
            plain,
        ),
        (
            "time",
            asked(400, "invalid_grant", "AADSTS500133: Assertion is not within its valid time range."),
            "clock-skew",
            Likely,
            disputed,
        ),
        (
            "a proxy",
            Story::request(Signer::Exchange, 403, ""),
            "token-service-unreachable",
            Likely,
            &["request-refused"],
        ),
        (
            "one that wants a password",
            Story::request(Signer::Exchange, 407, ""),
            "token-service-unreachable",
            Likely,
            &["request-refused"],
        ),
    ]);
}

#[test]
fn names_in_the_log_of_outbound_calls_have_their_cause() {
    let by: &[&str] = &["log-outbound"];
    let net = |words: &str| Story::logged(&format!("System.Net.WebException: {words}"));
    check(vec![
        (
            "certificate",
            Story::logged("MissingSigningCertificate"),
            "signing-certificate-missing",
            Certain,
            by,
        ),
        (
            "size",
            Story::logged("CertificatePrivateKeySizeTooSmall"),
            "signing-certificate-missing",
            Certain,
            by,
        ),
        (
            "configuration",
            Story::logged("OAuthConfigurationUnavailable"),
            "configuration-unavailable",
            Likely,
            by,
        ),
        ("no challenge", Story::logged("InvalidOAuthEndpoint"), "oauth-off-on-virtual-directory", Likely, by),
        ("challenge", Story::logged("InvalidChallenge"), "oauth-off-on-virtual-directory", Likely, by),
        ("client", Story::logged("EmptyClientId"), "oauth-off-on-virtual-directory", Likely, by),
        ("issuer", Story::logged("NoMatchedTokenIssuer"), "auth-server-missing", Certain, by),
        ("realm", Story::logged("MissingRealmInAuthServer"), "auth-server-missing", Certain, by),
        ("user", Story::logged("UPNValueNotProvided"), "user-missing-or-ambiguous", Certain, by),
        ("claims", Story::logged("EmptyClaimsForUser"), "user-missing-or-ambiguous", Certain, by),
        ("name", Story::logged("EmptyNameIdClaim"), "user-missing-or-ambiguous", Certain, by),
        ("token service", Story::logged("UnableToGetTokenFromACS"), "token-service-unreachable", Likely, by),
        (
            "token service, by the network",
            Story::logged("UnableToGetTokenFromACS: The operation has timed out"),
            "token-service-unreachable",
            Certain,
            by,
        ),
        ("forbidden", net("(403) Forbidden."), "shared-principal-blocked", Likely, by),
        ("network", net("Unable to connect to the remote server"), "outbound-call-stopped", Likely, by),
        (
            "network, through a proxy",
            net("Unable to connect to the remote server; it goes through InternetWebProxy"),
            "outbound-call-stopped",
            Certain,
            by,
        ),
        (
            "the same twice",
            {
                let mut story = ended(asked(401, "invalid_client", "AADSTS50012: no"));
                story.lines.extend(Story::logged("MissingSigningCertificate").lines);
                story
            },
            "auth-certificate-expired",
            Certain,
            &["certificate-expired", "log-outbound", "request-refused"],
        ),
    ]);
}

#[test]
fn answers_without_a_number_have_their_cause() {
    let bare: &[&str] = &["accepted-refused", "accepted-refused-silently", "challenge-disputed"];
    let missing: &[&str] = &["challenge-missing"];
    let cloud = || {
        let audience = format!("{EXCHANGE}/outlook.office365.com@{TENANT}");
        forbidden().host("outlook.office365.com").both_audiences(audience)
    };
    let other_directory = || {
        let offered =
            Scene::healthy().discovery("Bearer, Negotiate").target("/autodiscover/autodiscover.svc");
        Story::of(windows(false)).and(offered)
    };
    check_placed(vec![
        ("no reason", Story::of(Scene::healthy().refused("")), "headers-stripped", Likely, bare),
        (
            "no reason, a proxy names itself",
            Story::of(Scene::healthy().refused("").response_header("Via", "1.1 proxy")),
            "headers-stripped",
            Certain,
            bare,
        ),
        (
            "no reason, others have one",
            Story::of(Scene::healthy().refused("")).and(Scene::healthy().response_header("request-id", "x")),
            "headers-stripped",
            Likely,
            bare,
        ),
        (
            "Bearer is not offered",
            Story::of(windows(true)),
            "oauth-off-on-virtual-directory",
            Certain,
            missing,
        ),
        ("nor are the marks", Story::of(windows(false)), "oauth-off-on-virtual-directory", Likely, missing),
        (
            "a digest, by something else",
            Story::of(Scene::healthy().discovery("Digest realm=\"x\"")),
            "pre-authentication",
            Certain,
            &["challenge-missing"],
        ),
        ("it is offered elsewhere", other_directory(), "oauth-off-on-virtual-directory", Likely, missing),
        ("forbidden", Story::of(forbidden()), "ews-switched-off-or-blocked", Likely, &["accepted-forbidden"]),
        ("in the cloud", Story::of(cloud()), "ews-switched-off-or-blocked", Likely, &["accepted-forbidden"]),
        (
            "forbidden by a device",
            Story::of(Scene::healthy().status(403)),
            "pre-authentication",
            Likely,
            &["accepted-forbidden", "accepted-other-device"],
        ),
        (
            "with a page",
            Story::of(page(Scene::healthy().status(403))),
            "pre-authentication",
            Certain,
            &["accepted-forbidden", "accepted-other-device"],
        ),
        (
            "a sign-in page",
            Story::of(Scene::healthy().status(302).response_header("Location", "/my.policy")),
            "pre-authentication",
            Certain,
            &["accepted-redirected"],
        ),
        (
            "another sign-in",
            Story::of(Scene::healthy().status(401).response_header("WWW-Authenticate", "Basic realm=\"x\"")),
            "pre-authentication",
            Certain,
            &["accepted-other-device", "accepted-refused"],
        ),
        (
            "access inside",
            Story::of(Scene::healthy().ews("Error", "ErrorAccessDenied")),
            "linked-account-without-roles",
            Likely,
            &["accepted-ews-error"],
        ),
        (
            "no mailbox inside",
            Story::of(Scene::healthy().ews("Error", "ErrorNonExistentMailbox")),
            "user-missing-or-ambiguous",
            Certain,
            &["accepted-ews-error"],
        ),
        (
            "fails",
            Story::of(Scene::healthy().status(500)),
            "cannot-tell",
            Possible,
            &["accepted-server-error"],
        ),
    ]);
}

#[test]
fn what_tokens_show_has_its_cause() {
    let tampered = || Scene::healthy().tampered();
    let old = || Scene::healthy().used_after_expiry(90_000);
    check(vec![
        (
            "another tenant",
            Story::of(Scene::healthy().both_realms(OTHER_TENANT)),
            "wrong-realm",
            Certain,
            &["issuer-tenant"],
        ),
        ("changed", Story::of(tampered()), "token-altered", Likely, &["signature-wrong"]),
        (
            "changed, and refused",
            Story::of(tampered().refused("2000000;error_category=\"invalid_signature\"")),
            "token-altered",
            Certain,
            &["accepted-refused", "signature-wrong"],
        ),
        ("old", Story::of(old()), "token-expired", Likely, &["lifetime-expired"]),
        (
            "old, and refused",
            Story::of(old().refused("2000002;error_category=\"token_expired\"")),
            "token-expired",
            Certain,
            &["accepted-refused", "lifetime-expired"],
        ),
        (
            "past its end",
            Story::of(Scene::healthy().certificate_valid(-400, -20)),
            "auth-certificate-expired",
            Likely,
            &["certificate-expired"],
        ),
        (
            "of a kind that the path does not take",
            Story::of(Scene::healthy().target("/mapi/emsmdb")),
            "token-kind-refused",
            Likely,
            &["token-profile"],
        ),
    ]);
}

#[test]
fn what_comes_without_a_token_has_its_cause() {
    let basic = || Scene::healthy().authorization("Basic dXNlcjpwYXNzd29yZDEyMw==");
    check_placed(vec![
        ("Basic", Story::of(basic()), "fallback-to-basic", Certain, &["basic-sent"]),
        (
            "Basic beside tokens",
            Story::of(basic()).and(Scene::healthy()),
            "fallback-to-basic",
            Certain,
            &["basic-sent"],
        ),
        ("NTLM", Story::of(ntlm()), "fallback-to-ntlm", Likely, &[]),
        (
            "NTLM after a challenge",
            Story::of(ntlm()).and(Scene::healthy().discovery("Bearer")),
            "fallback-to-ntlm",
            Certain,
            &[],
        ),
        ("WS-Security", Story::of(federated()), "fallback-to-ws-security", Certain, &["oauth-wssecurity"]),
    ]);
}
