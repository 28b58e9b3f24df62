//! Takes one exchange, gives findings of `accepted-disputed`: what the server says contradicts what the token shows.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::marks::Marks;
use crate::checks::place;
use crate::checks::realm::{self, Realm};
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::{ExchangeCase, realm_of};
use crate::soap::codes;
use crate::token::{TimeClaim, Token};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "accepted-disputed",
    check: CheckId::Accepted,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["I05"],
    title: "what the server says contradicts what the token shows",
    looks_at: "The category in x-ms-diagnostics against what was computed here of the same token: signature, validity, audience, tenant.",
    matters: "A disagreement locates the fault: the server has other keys, another clock, another name, or another list of domains than it should.",
    bad: "invalid_signature for a token whose signature verifies",
    good: "invalid_signature for a token whose signature is wrong",
    repair: "See the cause that the report names first.",
    sources: &["Microsoft Support: Resolve free/busy errors", "RFC 7519 4.1"],
    scope: Scope::Marked(Marks::TOLD, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    let (Some(seen), Some(said)) = (case.presented(), case.diagnostics()) else { return };
    let Some(code) = codes::diagnostics(said.number, said.category.as_deref()) else { return };
    let (message, help) = match code.alias {
        "token_expired" if in_time(case) => (
            "the server calls a token expired that was within its time: its clock is wrong",
            "Compare the clocks: w32tm /query /status; w32tm /resync",
        ),
        "invalid_resource" if right_host(case) => (
            "the server calls an audience wrong that is the host of the request: the name changes behind this point",
            "Pass the Host of the request on unchanged, and do not end TLS in front of Exchange.",
        ),
        "invalid_tenant" if realm::compare(realm_of(seen.token), &case.expected.tenants) == Realm::Same => (
            "the server does not know a tenant that is the given one",
            "Get-AcceptedDomain; Get-AuthServer | Format-List Name,Realm; Get-AuthConfig | Format-List Realm",
        ),
        _ => return,
    };
    out.say(message)
        .observed(format!("{} {}", said.number, code.alias))
        .expected("success, or another reason")
        .help(help)
        .token(seen.id)
        .location("response.header.x-ms-diagnostics");
}

/// Whether the presented token and the one inside were within their time.
fn in_time(case: &ExchangeCase<'_>) -> bool {
    let (Some(seen), Some(at)) = (case.presented(), case.at) else { return false };
    let leeway = case.expected.leeway;
    let good = |token: &Token| {
        let begun = match token.time("nbf") {
            TimeClaim::At(from, _) => at.plus_seconds(leeway) >= from,
            _ => true,
        };
        matches!(token.time("exp"), TimeClaim::At(to, _) if begun && at.plus_seconds(-leeway) <= to)
    };
    good(seen.token) && seen.token.actor.and_then(|id| case.store.get(id)).is_none_or(good)
}

/// Whether the audience of an S2S token names the host of the request.
fn right_host(case: &ExchangeCase<'_>) -> bool {
    let (Some(seen), Some(asked)) = (case.presented(), case.host()) else { return false };
    let named = seen.token.principal("aud").and_then(|aud| aud.host);
    named.is_some_and(|named| place::authority(named, None) == place::authority(asked, None))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_a_fresh_token_called_expired() {
        assert!(Scene::healthy().refused("2000002;error_category=\"token_expired\"").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_an_old_token() {
        assert!(
            !Scene::healthy()
                .used_after_expiry(90_000)
                .refused("2000002;error_category=\"token_expired\"")
                .fires(&RULE)
        );
    }
}
