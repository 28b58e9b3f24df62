//! Takes one exchange, gives findings of `challenge-no-authorization-uri`: the challenge names no authorization address.

use crate::checks::CheckId;
use crate::checks::challenge::parameter;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::marks::Marks;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "challenge-no-authorization-uri",
    check: CheckId::Challenge,
    severity: Severity::Info,
    since: "0.1.0",
    candidates: &["B05"],
    title: "the challenge names no authorization address",
    looks_at: "`authorization_uri` of Bearer challenges.",
    matters: "Only clients with modern authentication need it. It is absent when no authorization server, \
             or more than one, is the default.",
    bad: "Bearer client_id=… without authorization_uri",
    good: "authorization_uri=\"https://login.windows.net/common/oauth2/authorize\"",
    repair: "For modern authentication: Set-AuthServer EvoSTS -IsDefaultAuthorizationEndpoint $true",
    sources: &["Microsoft Learn: Hybrid Modern Authentication"],
    scope: Scope::Marked(Marks::CHALLENGED, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    let Some(challenge) = case.bearer_challenge().filter(|_| case.at_exchange()) else { return };
    if parameter(challenge, "authorization_uri").is_none() {
        out.say("the challenge names no authorization address")
            .observed(shown(&format!("challenge of {}", case.host().unwrap_or("an unnamed host"))))
            .location("response.header.www-authenticate");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_without_it() {
        assert!(Scene::healthy().discovery("Bearer client_id=\"00000002-0000-0ff1-ce00-000000000000\", trusted_issuers=\"00000001-0000-0000-c000-000000000000@*\"").fires(&RULE));
    }

    #[test]
    fn stays_silent_with_it() {
        assert!(!Scene::healthy().discovery("Bearer client_id=\"x\", authorization_uri=\"https://login.windows.net/common/oauth2/authorize\"").fires(&RULE));
    }
}
