//! Takes one exchange, gives findings of `challenge-application`: the challenge names another application.

use crate::checks::CheckId;
use crate::checks::challenge::parameter;
use crate::checks::expectations::EXCHANGE;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::marks::Marks;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "challenge-application",
    check: CheckId::Challenge,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["B01"],
    title: "the challenge names another application",
    looks_at: "`client_id` of Bearer challenges at Exchange paths.",
    matters: "Callers put this id into the audience; with another one Exchange refuses its own callers.",
    bad: "Bearer client_id=\"00000003-0000-0ff1-ce00-000000000000\"",
    good: "Bearer client_id=\"00000002-0000-0ff1-ce00-000000000000\"",
    repair: "(Get-AuthConfig).ServiceName must be 00000002-0000-0ff1-ce00-000000000000",
    sources: &["[MS-XOAUTH] 3.2.5.4"],
    scope: Scope::Marked(Marks::CHALLENGED, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    let Some(challenge) = case.bearer_challenge().filter(|_| case.at_exchange()) else { return };
    if let Some(id) = parameter(challenge, "client_id")
        && !id.eq_ignore_ascii_case(EXCHANGE)
    {
        out.say("the challenge names another application than Exchange")
            .observed(shown(id))
            .expected(EXCHANGE)
            .location("response.header.www-authenticate");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_sharepoint() {
        assert!(
            Scene::healthy()
                .discovery("Bearer client_id=\"00000003-0000-0ff1-ce00-000000000000\"")
                .fires(&RULE)
        );
    }

    #[test]
    fn stays_silent_on_exchange() {
        assert!(!Scene::healthy().discovery("Bearer client_id=\"00000002-0000-0ff1-ce00-000000000000\", trusted_issuers=\"00000001-0000-0000-c000-000000000000@*\"").fires(&RULE));
    }
}
