//! A verification made by hand, for the tests of the renderings: two findings, missing evidence, hostile text.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;

use super::listing::Listing;
use super::numbers::{Keys, Numbers, Order};
use super::{Coverage, Expected, Inspection, Verification};
use crate::base::Instant;
use crate::checks::finding::{Evidence, Finding, Severity};
use crate::checks::judge::facts::Facts;
use crate::checks::judge::{Judgement, SignatureState};
use crate::checks::{CheckId, CheckResult, Outcome, Verdict};
use crate::diagnose::Diagnosis;
use crate::exchange::{Body, Exchange, ExchangeKey, Head, Protocol, Request, Response};
use crate::pipeline::{Input, Kind};
use crate::sink::Sink as _;
use crate::token::store::{Hint, TokenStore};
use crate::token::{Half, Location, TokenId};

pub(crate) const TENANT: &str = "11111111-2222-3333-4444-555555555555";
const OTHER: &str = "99999999-2222-3333-4444-555555555555";

/// What no rendering may hold.
pub(crate) const SECRETS: [&str; 4] =
    ["c2lnbmF0dXJlLW9mLXRoZS1hY3Rvcg", "dXNlcjpodW50ZXIy", "hunter2", "s3ss10n"];

fn encode(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

pub(crate) fn outer() -> String {
    let actor = format!(
        "{}.{}.{}",
        encode(r#"{"typ":"JWT","alg":"RS256","x5t":"E6l0DoRBcYsDf_SNAdZdf1ftiP8"}"#),
        encode(&format!(
            r#"{{"iss":"00000001-0000-0000-c000-000000000000@{OTHER}","nameid":"00000004-0000-0ff1-ce00-000000000000@{OTHER}","nbf":"1795414846","exp":"1795443646"}}"#
        )),
        SECRETS[0]
    );
    let claims = format!(
        r#"{{"aud":"00000002-0000-0ff1-ce00-000000000000/mail.contoso.com@{TENANT}","iss":"00000004-0000-0ff1-ce00-000000000000@{OTHER}","nbf":"1795414846","exp":"1795443646","upn":"adele@contoso.com","note":"<b>\u001b[31m|{{","actortoken":"{actor}"}}"#
    );
    format!("{}.{}.", encode(r#"{"typ":"JWT","alg":"none"}"#), encode(&claims))
}

fn input() -> Input {
    Input {
        bytes: 4711,
        exchanges: 2,
        packets: 40,
        truncated: true,
        ..Input::named(0, "capture.pcapng".into(), Kind::Pcapng)
    }
}

fn key(frame: u64) -> ExchangeKey {
    ExchangeKey { input: 0, frame, sub: 0 }
}

fn exchange(frame: u64, authorization: &str, status: u16) -> Exchange {
    let at = Instant::from_seconds(1_795_414_900);
    let body = || Body { total: 12, complete: true, ..Body::default() };
    let request = [
        (&b"Host"[..], &b"mail.contoso.com"[..]),
        (b"Authorization", authorization.as_bytes()),
        (b"Cookie", b"FedAuth=s3ss10n"),
        (b"User-Agent", "<script>alert(1)</script>\u{1b}[2J".as_bytes()),
    ];
    let response: [(&[u8], &[u8]); 1] =
        [(b"WWW-Authenticate", b"Bearer client_id=\"00000002-0000-0ff1-ce00-000000000000\",Negotiate,NTLM")];
    Exchange {
        key: key(frame),
        connection: Some(0),
        frames: Some((frame, frame + 2)),
        until: None,
        client: Some("192.0.2.1:40000".parse().map(end).unwrap()),
        server: Some("192.0.2.2:443".parse().map(end).unwrap()),
        protocol: Protocol::Http11,
        tls: None,
        request: Some(Box::new(Request {
            method: "POST".into(),
            target: "/ews/exchange.asmx?password=hunter2&x=<img>".into(),
            scheme: Some("https".into()),
            host: Some("mail.contoso.com".into()),
            head: Head::from_pairs(request),
            body: body(),
            times: Some((at, at)),
        })),
        response: Some(Box::new(Response {
            status,
            head: Head::from_pairs(response),
            body: body(),
            times: None,
        })),
        oddities: Vec::new(),
    }
}

fn end(address: std::net::SocketAddr) -> crate::exchange::Endpoint {
    crate::exchange::Endpoint { address: address.ip(), port: address.port() }
}

/// Two exchanges: one with an outer token, one with Basic.
pub(crate) fn inspection() -> Inspection {
    let mut listing = Listing::default();
    listing.exchange(exchange(23, &format!("Basic {}", SECRETS[1]), 401));
    listing.exchange(exchange(17, &format!("Bearer {}", outer()), 200));
    listing.finish(vec![input()])
}

/// One exchange with an unsigned token that claims this.
pub(crate) fn claiming(claims: &str) -> Inspection {
    let mut listing = Listing::default();
    let token = format!("{}.{}.", encode(r#"{"alg":"none"}"#), encode(claims));
    listing.exchange(exchange(17, &format!("Bearer {token}"), 200));
    listing.finish(vec![input()])
}

fn check(id: CheckId, outcome: Outcome, summary: &str, missing: &[&str]) -> CheckResult {
    let required = !matches!(id, CheckId::Transport | CheckId::Accepted | CheckId::Coverage);
    CheckResult {
        id,
        required,
        outcome,
        summary: summary.into(),
        missing: missing.iter().map(|&l| l.into()).collect(),
    }
}

fn checks() -> Vec<CheckResult> {
    let of = |id| match id {
        CheckId::Issuer => check(id, Outcome::Fail, "1 of 2 tokens in scope names another tenant", &[]),
        CheckId::Signature => check(
            id,
            Outcome::NotEstablished,
            "the key of the token service was not supplied",
            &[
                "the key E6l0DoRBcYsDf_SNAdZdf1ftiP8 was not supplied; give --sts-keys with the metadata published at https://accounts.accesscontrol.windows.net/11111111-2222-3333-4444-555555555555/metadata/json/1",
            ],
        ),
        CheckId::NoBasic => check(id, Outcome::Fail, "Basic credentials were sent to /ews", &[]),
        CheckId::Chain => check(id, Outcome::NotApplicable, "no outer token in scope was seen", &[]),
        id => check(id, Outcome::Pass, "as expected", &[]),
    };
    CheckId::ALL.into_iter().map(of).collect()
}

fn finding(rule: &'static str, check: CheckId, severity: Severity, evidence: Evidence) -> Finding {
    Finding {
        rule,
        check,
        severity,
        message: "the token names another tenant".into(),
        observed: format!("00000004-0000-0ff1-ce00-000000000000@{OTHER}"),
        expected: format!("00000004-0000-0ff1-ce00-000000000000@{TENANT}"),
        help: "the realm of the authorization server on premises is wrong. Run in the Exchange Management Shell:\n  Get-AuthServer | Format-List Name,IssuerIdentifier,Realm\n  Set-AuthServer ACS -Realm 11111111-2222-3333-4444-555555555555".into(),
        about: None,
        count: 20,
        evidence: vec![evidence.clone(), Evidence { frames: vec![44], exchange: Some(key(23)), ..evidence }],
    }
}

/// A failed verification.
pub(crate) fn verification() -> Verification {
    let mut tokens = TokenStore::default();
    let (id, _) = tokens.intern(&Bytes::from(outer()), Hint::None);
    let location = Location { half: Half::Request, part: "header.authorization".into(), bytes: 50..400 };
    tokens.seen(id, key(17), &location);
    let evidence = Evidence {
        input: Some(0),
        exchange: Some(key(17)),
        frames: vec![17, 18, 19],
        token: Some(id),
        location: Some(location.to_string()),
        claim: Some("iss".into()),
        ..Evidence::default()
    };
    let mut audience = finding(
        "lifetime-exp-missing",
        CheckId::Lifetime,
        Severity::Warning,
        Evidence { claim: Some("foo".into()), ..evidence.clone() },
    );
    audience.message = "the token has no `foo`".into();
    audience.observed = "hostile \u{1b}[31m <script>alert(1)</script> | text".into();
    audience.expected.clear();
    audience.count = 1;
    let mut basic = finding(
        "basic-sent",
        CheckId::NoBasic,
        Severity::Error,
        Evidence { token: None, claim: None, ..evidence.clone() },
    );
    basic.message = "Basic credentials were sent to /ews/exchange.asmx".into();
    basic.observed = "Authorization: Basic <masked>".into();
    basic.expected = "a Bearer token".into();
    basic.help = "switch Basic off for the EWS virtual directory".into();
    let state = |state, key: Option<&str>| SignatureState { state, key: key.map(str::to_owned) };
    let judged = [(id, (true, state("unsigned", None))), (TokenId(id.0 + 1), (true, state("no-key", None)))];
    Verification {
        inputs: vec![input()],
        order: Order::of(&tokens),
        judgement: Judgement {
            thumbprints: Vec::new(),
            verdict: Verdict::Fail,
            checks: checks(),
            findings: vec![
                finding("issuer-tenant", CheckId::Issuer, Severity::Error, evidence),
                audience,
                basic,
            ],
            tokens,
            judged: judged.into_iter().collect(),
            own: 0,
            facts: Facts::default(),
        },
        diagnosis: Diagnosis::default(),
        numbers: numbers(),
        coverage: Coverage { connections: 3, undecrypted: 1, gaps: 0, truncated: true, exchanges: 2 },
        expected: Expected {
            tenants: vec![TENANT.into()],
            hosts: Vec::new(),
            principals: vec!["00000004-0000-0ff1-ce00-000000000000".into()],
            certificates: vec!["OAuthCert.cer: CN=Microsoft Exchange Server Auth Certificate".into()],
            at: None,
            leeway: 300,
            fail_on: Severity::Error,
        },
        listing: Some(inspection()),
        known: None,
        provision: None,
    }
}

/// Those of its exchanges.
pub(super) fn keys() -> [ExchangeKey; 2] {
    [key(17), key(23)]
}

fn numbers() -> Numbers {
    let mut all = Keys::default();
    keys().into_iter().for_each(|key| all.push(key));
    Numbers::of(all, [key(23)])
}
