//! Takes everything that was remembered, gives findings of `challenge-cloud`: Exchange trusts the token service of another cloud.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::CaptureCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "challenge-cloud",
    check: CheckId::Challenge,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["B03"],
    title: "Exchange trusts the token service of another cloud",
    looks_at: "The ACS issuers in `trusted_issuers` of all challenges against the issuers of the tokens in \
             scope.",
    matters: "Worldwide and 21Vianet have different ACS ids; Exchange refuses tokens of the other.",
    bad: "trusted 00000001-0002-…, token of 00000001-0000-…",
    good: "the same id in both",
    repair: "Set-AuthServer <name> -AuthMetadataUrl <metadata of the right cloud>; Set-AuthServer <name> \
             -RefreshAuthMetadata",
    sources: &["Microsoft Learn: national clouds"],
    scope: Scope::Capture(examine),
};

fn examine(case: &CaptureCase<'_>, out: &mut Out<'_>) {
    let issuers = &case.memory.issuers;
    for (trusted, &exchange) in &case.memory.trusted {
        let known = trusted.iter().any(|id| issuers.contains(id));
        if !issuers.is_empty() && !trusted.is_empty() && !known {
            let list = |ids: &std::collections::BTreeSet<String>| {
                ids.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
            };
            out.say("Exchange trusts the token service of another cloud than the tokens come from")
                .observed(shown(&list(trusted)))
                .expected(shown(&list(issuers)))
                .exchange(exchange)
                .location("response.header.www-authenticate");
        }
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
