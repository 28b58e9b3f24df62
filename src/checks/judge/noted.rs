//! Takes what is judged of a call, notes what the outcomes of the checks will be decided by.

use crate::checks::place::{self, Place};
use crate::checks::subject::{ExchangeCase, Standing, UseCase};
use crate::checks::{CheckId, challenge};
use crate::token::TimeClaim;

use super::answers;
use super::logs::{Joinable, number};
use super::memory::Memory;
use super::witness;

/// Said of an export.
const FIELDS_MISSING: &str = "an export holds a request without its header fields, or not all of them, and credentials \
     could have been among them: give an export that holds them";

/// Notes one use of a judged token.
pub(super) fn note_use(case: &UseCase<'_>, memory: &mut Memory) {
    match case.at {
        Some(at) => {
            memory.used_at(at);
            memory.lifetimes += u64::from(matches!(case.token.token.time("exp"), TimeClaim::At(..)));
        }
        None => memory.reason(
            CheckId::Lifetime,
            "the source does not say when a token was used: give the moment with --at",
        ),
    }
    if case.token.standing != Standing::InScope {
        return;
    }
    memory.travelled += u64::from(case.exchange.is_some());
    let Some(exchange) = case.presented() else { return };
    memory.presented += 1;
    // An error of EWS inside is no success, whatever the status.
    if !matches!(exchange.status(), Some(200..=299 | 304))
        || exchange.ews().is_some_and(|ews| !ews.is_success())
    {
        return;
    }
    match exchange.response() {
        Some(response) if answers::is_page(exchange, response) => memory.pages += 1,
        Some(response) if answers::is_unseen(exchange, response) => memory.unseen += 1,
        _ => memory.accepted += 1,
    }
}

/// Notes one exchange in scope.
pub(super) fn note_exchange(case: &ExchangeCase<'_>, memory: &mut Memory) {
    // What goes through a tunnel was not read by reading whom it leads to, nor does that make it Exchange.
    if case.request().is_some_and(|request| request.method != "CONNECT") {
        memory.requests += 1;
        memory.calls += u64::from(case.place != Place::TokenService);
        if let Some(host) = case.host() {
            memory.host(&place::bare(host));
        }
    }
    if let Some(server) = case.exchange.server {
        memory.servers.insert(server);
    }
    // Only with the state of the organisation does somebody ask which roles were wanted.
    if !case.expected.state.is_empty() && case.presented().is_some() {
        case.management_roles().into_iter().for_each(|role| memory.role(role));
    }
    if case.token_request().is_some() {
        memory.asked += 1;
        // What a page for people says, if it was seen, a rule tells.
        let page = case.response().is_some_and(witness::is_page);
        memory.granted += u64::from(matches!(case.status(), Some(200..=299)) && !page);
    }
    if case.place != Place::TokenService
        && let Some(offer) = case.bearer_challenge()
    {
        let telling = challenge::names_both(offer);
        // Of an answer to nobody knows what, nobody knows whether Exchange gave it.
        memory.challenges += u64::from(telling && case.request().is_some());
        memory.bare_challenges += u64::from(!telling && case.at_exchange());
        let issuers = challenge::issuers(offer).unwrap_or_default();
        let acs = issuers.iter().filter(|name| case.at_exchange() && place::is_acs(name.id));
        memory.trusts(acs.map(|name| name.id.to_ascii_lowercase()).collect(), case.exchange.key);
    }
    if case.at_exchange() {
        memory.logs.exchange(case.exchange.key, || joinable(case));
    }
    let odd = |name: &str| case.exchange.oddities.iter().any(|oddity| oddity.name == name);
    if odd("export-fields-missing") {
        memory.reason(CheckId::Coverage, FIELDS_MISSING);
        // Elsewhere a password would be no error, so that its absence need not be seen.
        if matches!(case.place, Place::Exchange | Place::TokenService) {
            memory.reason(CheckId::NoBasic, FIELDS_MISSING);
        }
    }
    if odd("export-stripped-headers") {
        memory.reason(
            CheckId::NoBasic,
            "an export was stripped of its authentication headers: export again with sensitive data \
             (Chromium: \"Export HAR (with sensitive data)\")",
        );
    }
}

/// The numbers by which a line of a log may name the exchange.
fn joinable(case: &ExchangeCase<'_>) -> Joinable {
    let client = case.request().and_then(|request| request.head.text("client-request-id"));
    let server = case.response().and_then(|response| response.head.text("request-id"));
    Joinable {
        ids: [server, client].map(|text| text.and_then(number)),
        at: case.exchange.moment(),
        status: case.status(),
        presented: case.presented().is_some(),
        discovery: case.status() == Some(401) && case.presented().is_none() && case.sends_empty_bearer(),
    }
}
