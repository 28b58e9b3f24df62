//! Takes one exchange, gives findings of `oauth-wssecurity`: WS-Security federation instead of OAuth.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::place;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "oauth-wssecurity",
    check: CheckId::Oauth,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["A06"],
    title: "WS-Security federation instead of OAuth",
    looks_at: "Request paths that end in /wssecurity.",
    matters: "Exchange falls back to the federation trust when the intra-organisation connector is missing \
             or disabled; the call then carries no OAuth token at all.",
    bad: "POST /ews/exchange.asmx/wssecurity",
    good: "POST /ews/exchange.asmx with Authorization: Bearer",
    repair: "Get-IntraOrganizationConnector | Format-List Name,Enabled,TargetAddressDomains; enable it: \
             Set-IntraOrganizationConnector <name> -Enabled $true",
    sources: &["Microsoft Support: Resolve free/busy errors"],
    scope: Scope::Exchange(examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    let path = case.path().trim_end_matches('/');
    if place::ends_with(path, "/wssecurity") {
        out.say("the call used WS-Security federation, not OAuth")
            .observed(place::shown_path(path))
            .location("request.target");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_the_wssecurity_path() {
        assert!(Scene::healthy().target("/ews/exchange.asmx/wssecurity").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_the_plain_path() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
