//! Takes one exchange in scope, gives what a diagnosis needs to know of it.

use crate::base::{is_guid, opaque};
use crate::checks::computed::in_time;
use crate::checks::expectations::{EXCHANGE, Expectations};
use crate::checks::marks::Marks;
use crate::checks::place::{self, Place};
use crate::checks::realm::{self, Realm};
use crate::checks::subject::{ExchangeCase, LogCase, Proof, SeenToken, Standing, audience_host, realm_of};
use crate::checks::token_request::request_answer_token;
use crate::exchange::{Head, Response};
use crate::limits::{NAME_SHOWN, REQUEST_BYTES, SENTENCE_KEPT};
use crate::logrecord::{LogRecord, LogSource};
use crate::soap::diagnostics::Diagnostics;
use crate::soap::{self, codes};
use crate::state::StateFile;
use crate::state::object::Kind;
use crate::token::{Half, Role, Token, TokenId};
use crate::wire::http::body;

use super::answers;
use super::calls::Calls;
use super::facts::{Ask, Call, Credential, Facts, Metadata, Outbound, Sight, Signed};
use super::standing::thumbprint;

/// What became of the signature of a token; the book knows.
pub(super) type Proofs<'p> = &'p dyn Fn(TokenId) -> Option<&'p Proof>;

/// Notes one exchange.
pub(super) fn note(
    case: &ExchangeCase<'_>,
    marks: Marks,
    proofs: Proofs<'_>,
    calls: &mut Calls,
    facts: &mut Facts,
) {
    let path = case.path();
    if case.place == Place::TokenService && (case.token_request().is_some() || tunnel_refused(case)) {
        facts.ask(ask(case, proofs), sight(case));
    } else if is_metadata(path) {
        let document =
            Metadata { host: host(case), path: first_segments(path, SEGMENTS), status: case.status() };
        facts.metadata(document, sight(case));
    } else if case.place != Place::TokenService
        && (case.at_exchange() || case.presented().is_some() || refused_unseen(case))
    {
        calls.note(case, marks, proofs, facts);
    }
}

/// Whether Exchange refuses a token that was not recorded.
fn refused_unseen(case: &ExchangeCase<'_>) -> bool {
    case.refusal_alone().is_some() || case.policy_alone().is_some()
}

/// Where an exchange was seen.
pub(super) fn sight(case: &ExchangeCase<'_>) -> Sight {
    Sight { key: Some(case.exchange.key), at: case.at, offset: offset(case) }
}

/// Whether a proxy refused the way to a token service.
pub(crate) fn tunnel_refused(case: &ExchangeCase<'_>) -> bool {
    let tunnel = case.request().is_some_and(|request| request.method == "CONNECT");
    tunnel && case.place == Place::TokenService && case.status().is_some_and(|status| status >= 400)
}

/// Whether a response is a web page for people: it says so, or begins like one, since devices and exports lose or
/// mistake the type.
pub(super) fn is_page(response: &Response) -> bool {
    const PAGE: &str = "text/html";
    let kind = response.head.text("content-type").and_then(|kind| kind.get(..PAGE.len()));
    let body = response.body.bytes.trim_ascii_start();
    let begins = |with: &[u8]| body.get(..with.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(with));
    kind.is_some_and(|kind| kind.eq_ignore_ascii_case(PAGE)) || begins(b"<html") || begins(b"<!doctype html")
}

fn is_metadata(path: &str) -> bool {
    let may_begin = |pair: &[u8]| matches!(pair, [b'/', b'm' | b'M' | b'f' | b'F' | b'.' | b'd' | b'D']);
    if !path.as_bytes().windows(2).any(may_begin) {
        return false;
    }
    let path = path.to_ascii_lowercase();
    ["/metadata/json/", "/federationmetadata/", "/.well-known/", "/discovery/keys", "/discovery/v2.0/keys"]
        .iter()
        .any(|part| path.contains(part))
}

fn host(case: &ExchangeCase<'_>) -> String {
    short(&place::bare_host(case.host().unwrap_or_default()))
}

/// At most [`NAME_SHOWN`] characters, none of them a control character.
fn short(text: &str) -> String {
    if text.len() <= NAME_SHOWN && text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text.to_owned();
    }
    text.chars().filter(|letter| !letter.is_control()).take(NAME_SHOWN).collect()
}

fn sentence(text: &str) -> String {
    let text = opaque::without(text);
    text.chars().filter(|letter| !letter.is_control()).take(SENTENCE_KEPT).collect()
}

/// Segments of a path that tell what it is about: users and items stand behind the third.
const SEGMENTS: usize = 4;

/// How many segments of a path tell what it is about. Of what is no service for
/// applications (`/owa`, `/ecp`, …) the first says enough, and a page of it has a hundred images.
pub(super) fn telling_segments(case: &ExchangeCase<'_>) -> usize {
    if case.place == Place::ExchangeOther { 1 } else { SEGMENTS }
}

/// What a path is about.
fn first_segments(path: &str, count: usize) -> String {
    let lower = path.to_ascii_lowercase();
    if lower.ends_with("/wssecurity") {
        return short(&lower);
    }
    let parts: Vec<&str> = lower.split('/').filter(|part| !part.is_empty()).take(count).collect();
    short(&format!("/{}", parts.join("/")))
}

/// What a diagnosis wants to know of a call.
pub(super) fn call(case: &ExchangeCase<'_>, proofs: Proofs<'_>) -> Call {
    let presented = case.presented();
    let mut call = Call {
        host: host(case),
        path: first_segments(case.path(), telling_segments(case)),
        exchange: case.at_exchange(),
        credential: credential(case),
        status: case.status(),
        skewed: offset(case).is_some(),
        clear: case.clear(),
        agent: case.request().and_then(|request| agent(request.head.text("user-agent")?)),
        ..Call::default()
    };
    if let Some(seen) = presented {
        token(&mut call, case, seen, proofs);
        call.in_time = times(case, seen);
    }
    if let Some(response) = case.response() {
        answer(&mut call, case, response);
    }
    asked(&mut call, case);
    call
}

pub(super) fn credential(case: &ExchangeCase<'_>) -> Credential {
    if case.presented().is_some() || refused_unseen(case) {
        return Credential::Token;
    }
    let mut found = Credential::None;
    for sent in case.sent() {
        found = found.max(match &*sent.scheme {
            "bearer" if sent.empty => Credential::EmptyBearer,
            "bearer" => Credential::OtherToken,
            "basic" if !sent.empty => Credential::Basic,
            "ntlm" | "negotiate" if !sent.empty => Credential::Windows,
            _ => Credential::Other,
        });
    }
    found
}

/// What a token tells of a call, but for the time.
pub(super) fn token(call: &mut Call, case: &ExchangeCase<'_>, seen: &SeenToken<'_>, proofs: Proofs<'_>) {
    let token = seen.token;
    let signed_id = token.actor.unwrap_or(seen.id);
    let signed = case.store.get(signed_id).unwrap_or(token);
    call.entra = matches!(token.role, Role::Access | Role::Id);
    call.application = token.application().map(|name| short(&name.id.to_ascii_lowercase()));
    call.issuer = signed.principal("iss").map(|name| short(&name.id.to_ascii_lowercase()));
    call.signed = signature(proofs(signed_id));
    call.tenant = decided(realm::compare(realm_of(token), &case.expected.tenants));
    call.audience = audience(token, case);
}

/// Whether a token and the one inside were within their validity.
pub(super) fn times(case: &ExchangeCase<'_>, seen: &SeenToken<'_>) -> Option<bool> {
    let signed = seen.token.actor.and_then(|id| case.store.get(id)).unwrap_or(seen.token);
    let own = in_time(seen.token, case.at, case.expected);
    let inner = in_time(signed, case.at, case.expected);
    let both = match (own, inner) {
        (Some(own), Some(inner)) => Some(own && inner),
        (one, other) => one.or(other),
    };
    // In another zone it may have been.
    both.filter(|valid| *valid || case.expected.at.is_some() || !case.exchange.zone_is_unknown())
}

fn decided(realm: Realm) -> Option<bool> {
    match realm {
        Realm::Same => Some(true),
        Realm::Different | Realm::Missing => Some(false),
        Realm::Undecided => None,
    }
}

pub(super) fn signature(proof: Option<&Proof>) -> Signed {
    match proof {
        Some(Proof::Verified { .. }) => Signed::Verified,
        Some(Proof::Failed { key: Some(_) } | Proof::WrongKind { .. }) => Signed::Failed,
        Some(Proof::Failed { key: None } | Proof::NoKey) => Signed::NoKey,
        Some(Proof::Removed) => Signed::Removed,
        _ => Signed::Unknown,
    }
}

fn audience(token: &Token, case: &ExchangeCase<'_>) -> Option<(bool, String)> {
    if matches!(token.role, Role::Access | Role::Id) {
        let (scheme, rest) = token.claim("aud")?.split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        let named = place::authority(rest.split('/').next()?, Some(&scheme));
        return Some((named == place::authority(case.host()?, Some(&scheme)), short(&named)));
    }
    let named = audience_host(token)?;
    Some((case.is_host(named)?, short(&place::authority(named, None))))
}

/// Whether an answer bears the marks of Exchange.
pub(super) fn bears_marks(head: &Head) -> bool {
    head.fields_of(|length| matches!(length, 10 | 11 | 19 | 21)).any(|field| match field.name.len() {
        10 => ["request-id", "x-feserver", "x-beserver"].iter().any(|name| field.is(name)),
        11 => field.is("x-diaginfo"),
        19 => field.is("x-backendhttpstatus"),
        21 => field.is("x-calculatedbetarget"),
        _ => false,
    })
}

fn answer(call: &mut Call, case: &ExchangeCase<'_>, response: &Response) {
    let head = &response.head;
    call.marks = bears_marks(head);
    call.head_cut = head.partial;
    call.via = head.get("via").is_some();
    call.page = is_page(response);
    call.unseen = matches!(response.status, 200..=299) && answers::is_unseen(case, response);
    call.offered =
        case.offered().iter().map(|offer| short(&offer.scheme.to_ascii_lowercase())).take(8).collect();
    if let Some(challenge) = case.bearer_challenge() {
        let issuers = crate::checks::challenge::issuers(challenge).unwrap_or_default();
        call.trusted =
            issuers.iter().take(8).map(|name| short(&name.to_string().to_ascii_lowercase())).collect();
    }
    if let Some(said) = case.diagnostics() {
        call.said = Some(refusal(&said));
        call.also = said.others.iter().map(refusal).collect();
    }
    call.policy = head.text("x-ews-policy-reason").map(sentence);
    if matches!(response.status, 300..=303 | 305..=399) {
        let to = head.text("location").unwrap_or_default().to_ascii_lowercase();
        let path = to.split(['?', '#']).next().unwrap_or_default();
        call.redirected = !path.contains("/autodiscover/");
    }
    let outcome = case.ews().filter(|_| call.exchange && call.credential != Credential::EmptyBearer);
    if let Some(outcome) = outcome {
        let fault = outcome.fault.iter().map(|fault| {
            let code = fault.response_code.clone().unwrap_or_else(|| fault.code.clone());
            (short(&code), sentence(&fault.text))
        });
        call.ews = fault
            .chain(outcome.errors().map(|error| (short(&error.code), sentence(&error.text))))
            .take(4)
            .collect();
        call.ews.sort();
        call.ews.dedup();
        // Availability tells inside what the server that it asked in turn said.
        if let Some(said) = case.told_inside().filter(|_| call.said.is_none()) {
            let known = said.code().map_or_else(String::new, |code| code.alias.to_owned());
            call.said = Some((said.number, known, sentence(&said.reason)));
        }
    }
}

/// Number, canonical category and reason.
fn refusal(said: &Diagnostics) -> (u32, String, String) {
    let known = said.code().map(|code| code.alias);
    let category = if said.is_skype() { Some("skype") } else { known.or(said.category.as_deref()) };
    (said.number, short(category.unwrap_or_default()), sentence(&said.reason))
}

fn asked(call: &mut Call, case: &ExchangeCase<'_>) {
    let Some(request) = case.request().filter(|_| call.exchange) else { return };
    if !request.body.bytes.is_empty() {
        let (content, _) = body::content_prefix(&request.head, &request.body, REQUEST_BYTES);
        let content = content.get(..REQUEST_BYTES).unwrap_or(&content);
        if let Some(asked) = soap::request::read(content) {
            call.operation = asked.operation;
            call.folders = asked.folders;
            call.classes = asked.classes;
            call.roles = asked.roles;
        }
    }
    if call.operation.is_none() {
        let action = request.head.text("soapaction").unwrap_or_default().trim_matches('"');
        let name = action.rsplit('/').next().unwrap_or_default();
        call.operation = Some(short(name)).filter(|name| !name.is_empty());
    }
    if call.path.contains("/s/getuserphoto") {
        call.operation = Some("GetUserPhoto".into());
    }
}

/// What an agent's name tells of the caller.
fn agent(text: &str) -> Option<&'static str> {
    const KNOWN: [&str; 8] = [
        "SchedulingService",
        "MicrosoftNinja",
        "SkypeSpaces",
        "Teams",
        "Voicemail",
        "ExchangeServicesClient",
        "Lync",
        "Skype",
    ];
    let lower = text.to_ascii_lowercase();
    KNOWN.into_iter().find(|name| lower.contains(&name.to_ascii_lowercase()))
}

/// Minutes that the server is ahead of the recording, when that is beyond the tolerance.
pub(super) fn offset(case: &ExchangeCase<'_>) -> Option<i64> {
    let seconds = case.skew()?;
    (seconds.abs() > case.expected.leeway).then_some(seconds / 60)
}

fn ask(case: &ExchangeCase<'_>, proofs: Proofs<'_>) -> Ask {
    let lower = case.path().to_owned();
    let first = lower.split('/').find(|part| !part.is_empty()).unwrap_or_default();
    let tenant = Some(first)
        .filter(|part| part.contains('.') || is_guid(part))
        .map(|part| short(&place::percent_decode(part)));
    let mut ask = Ask {
        host: host(case),
        own_tenant: tenant
            .as_deref()
            .and_then(|tenant| decided(realm::compare(Some(tenant), &case.expected.tenants))),
        tenant,
        grant: if tunnel_refused(case) {
            "CONNECT".into()
        } else {
            short(case.token_request().unwrap_or_default())
        },
        page: case.response().is_some_and(is_page),
        tokenless: request_answer_token::is_without_token(case),
        via: case.response().is_some_and(|response| response.head.get("via").is_some()),
        resource: case.field("resource").map(sentence),
        application: case.field("client_id").and_then(application),
        status: case.status(),
        skewed: offset(case).is_some(),
        ..Ask::default()
    };
    let assertion = case
        .tokens
        .iter()
        .find(|seen| seen.sighting.location.half == Half::Request && seen.token.role == Role::Assertion);
    if let Some(seen) = assertion {
        let token = seen.token;
        ask.application = token.principal("iss").and_then(|name| application(name.id)).or(ask.application);
        ask.thumbprint = ["x5t", "kid"].into_iter().find_map(|name| hex(token.header_member(name)?));
        ask.signed =
            if seen.standing == Standing::Other { Signed::Unknown } else { signature(proofs(seen.id)) };
        ask.in_time = in_time(token, case.at, case.expected);
    }
    if let Some(said) = case.granted() {
        ask.error = said.error.as_deref().map(|error| short(&sentence(error)));
        ask.codes = said.codes.iter().take(8).map(|code| short(code)).collect();
        ask.description = sentence(without_trace(said.description.as_deref().unwrap_or_default()));
    }
    ask
}

fn application(name: &str) -> Option<String> {
    let id = name.split(['@', '/']).find(|part| !part.is_empty())?;
    Some(short(&id.to_ascii_lowercase()))
}

fn hex(x5t: &str) -> Option<String> {
    Some(thumbprint(x5t)?.iter().map(|byte| format!("{byte:02X}")).collect())
}

/// A description up to the identifiers of the single request.
fn without_trace(text: &str) -> &str {
    let end = ["Trace ID", "Correlation ID", "Timestamp:"].iter().filter_map(|mark| text.find(mark)).min();
    text.get(..end.unwrap_or(text.len())).unwrap_or(text).trim_end()
}

/// Notes a line of a log that tells of a refusal with its reason, or of a failed outbound call: it has no
/// exchange.
pub(super) fn log(record: &LogRecord, expected: &Expectations, facts: &mut Facts) {
    let sight = Sight { at: record.time, ..Sight::default() };
    let case = LogCase::of(record, expected);
    if case.outbound_failure() {
        outbound(record, sight, facts);
    }
    if let Some(host) = record.host.as_deref().filter(|_| case.password_sent() && !case.is_own_health_check())
    {
        facts.password(short(&place::bare_host(host)));
    }
    let tested = record.result.as_deref().filter(|_| record.source == LogSource::TestOAuthConnectivity);
    if let Some(result) = tested {
        facts.tested(result.eq_ignore_ascii_case("success"), sight);
    }
    if let Some(code) = case.ews_error().filter(|_| case.in_scope()) {
        let call = Call { ews: vec![(short(code), String::new())], ..logged(&case) };
        facts.call(call, sight);
    }
    // A fault of the back end, in the words of the exception.
    let sentence_of = |text: &str| text.contains("linked account for RBAC roles").then(|| sentence(text));
    if let Some(text) = record.errors.as_deref().filter(|_| case.by_token()).and_then(sentence_of) {
        facts.call(Call { ews: vec![("SoapException".into(), text)], ..logged(&case) }, sight);
    }
    let Some(said) = case.diagnostics() else { return };
    if said.code().is_none() {
        return;
    }
    let call = Call {
        status: record.status.or(Some(401)),
        said: Some(refusal(&said)),
        also: said.others.iter().map(refusal).collect(),
        ..logged(&case)
    };
    facts.call(call, sight);
}

/// Notes the results of `Test-OAuthConnectivity` among the state of an organisation: they tell what a log tells.
pub(crate) fn tested(files: &[StateFile], expected: &Expectations, facts: &mut Facts) {
    for object in files.iter().flat_map(|file| &file.objects) {
        if object.kind == Kind::OAuthConnectivity {
            let text = |name: &str| object.text(name).unwrap_or_default();
            log(&LogRecord::tested(0, text("Task"), text("Detail"), text("ResultType")), expected, facts);
        }
    }
}

/// A call with a token as far as a line of a log tells of it.
fn logged(case: &LogCase<'_>) -> Call {
    let record = case.record;
    Call {
        host: short(&place::bare_host(record.host.as_deref().unwrap_or_default())),
        path: record.path.as_deref().map(|path| first_segments(path, SEGMENTS)).unwrap_or_default(),
        exchange: true,
        credential: Credential::Token,
        application: case.application(),
        operation: record.operation.as_deref().map(short),
        status: record.status,
        marks: true,
        logged: true,
        ..Call::default()
    }
}

/// A failed call of Exchange itself; with a code of the token service also the token request behind it.
fn outbound(record: &LogRecord, sight: Sight, facts: &mut Facts) {
    let text = record.errors.as_deref().unwrap_or_default();
    let target = record.path.as_deref().or(record.host.as_deref()).unwrap_or_default();
    let target = target.split_once("://").map_or(target, |(_, rest)| rest);
    let host = short(&place::bare_host(target.split('/').next().unwrap_or_default()));
    let codes_told: Vec<String> = text
        .split(|letter: char| !letter.is_ascii_alphanumeric())
        .filter(|word| {
            word.strip_prefix("AADSTS").is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
        })
        .take(8)
        .map(short)
        .collect();
    if !codes_told.is_empty() {
        let used = text.find("Thumbprint of key used by client: '").and_then(|at| text.get(at + 35..));
        let ask = Ask {
            host: "accounts.accesscontrol.windows.net".into(),
            application: Some(EXCHANGE.into()),
            thumbprint: used
                .and_then(|rest| rest.split('\'').next())
                .map(|print| short(&print.to_ascii_uppercase())),
            status: Some(400),
            error: ["invalid_client", "invalid_grant", "invalid_request", "invalid_resource"]
                .into_iter()
                .find(|error| text.contains(error))
                .map(str::to_owned),
            codes: codes_told,
            // What stands before its own words would take their room.
            description: sentence(without_trace(
                text.find("AADSTS").and_then(|at| text.get(at..)).unwrap_or(text),
            )),
            ..Ask::default()
        };
        facts.ask(ask, sight);
    }
    let name = codes::outbound(text).map(|code| code.code);
    facts.outbound(Outbound { name, host, text: sentence(without_trace(text)) }, sight);
}
