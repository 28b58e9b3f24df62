//! Takes one exchange, gives findings of `challenge-cloud`: Exchange trusts the token service of another cloud.

use crate::checks::CheckId;
use crate::checks::challenge::issuers;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::place;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "challenge-cloud",
    check: CheckId::Challenge,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["B03"],
    title: "Exchange trusts the token service of another cloud",
    looks_at: "The ACS issuer in `trusted_issuers` against the issuer of the token that was presented.",
    matters: "Worldwide and 21Vianet have different ACS ids; Exchange refuses tokens of the other.",
    bad: "trusted 00000001-0002-…, token of 00000001-0000-…",
    good: "the same id in both",
    repair: "Set-AuthServer <name> -AuthMetadataUrl <metadata of the right cloud>; Set-AuthServer <name> \
             -RefreshAuthMetadata",
    sources: &["Microsoft Learn: national clouds"],
    scope: Scope::Exchange(examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    let (Some(challenge), Some(seen)) = (case.bearer_challenge(), case.presented()) else { return };
    let signed = seen.token.actor.and_then(|id| case.store.get(id)).unwrap_or(seen.token);
    let Some(issuer) = signed.principal("iss").filter(|issuer| place::is_acs(&issuer.id)) else { return };
    let trusted: Vec<_> =
        issuers(challenge).unwrap_or_default().into_iter().filter(|name| place::is_acs(&name.id)).collect();
    if !trusted.is_empty() && !trusted.iter().any(|name| name.is(&issuer.id)) {
        let list: Vec<String> = trusted.iter().map(ToString::to_string).collect();
        out.say("Exchange trusts the token service of another cloud")
            .observed(shown(&list.join(",")))
            .expected(shown(&issuer.id))
            .location("response.header.www-authenticate");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_21vianet() {
        assert!(Scene::healthy().refused_with("Bearer client_id=\"00000002-0000-0ff1-ce00-000000000000\", trusted_issuers=\"00000001-0002-0000-c000-000000000000@*\"").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_the_same_cloud() {
        assert!(!Scene::healthy().refused_with("Bearer client_id=\"00000002-0000-0ff1-ce00-000000000000\", trusted_issuers=\"00000001-0000-0000-c000-000000000000@*\"").fires(&RULE));
    }
}
