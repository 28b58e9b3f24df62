//! Takes one exchange, gives findings of `challenge-direct-trust`: Exchange trusts Skype for Business Server directly.

use crate::checks::CheckId;
use crate::checks::challenge::issuers;
use crate::checks::expectations::SKYPE;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::marks::Marks;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "challenge-direct-trust",
    check: CheckId::Challenge,
    severity: Severity::Info,
    since: "0.1.0",
    candidates: &["B06"],
    title: "Exchange trusts Skype for Business Server directly",
    looks_at: "00000004-… among `trusted_issuers`.",
    matters: "An on-premises Skype for Business Server is a partner application with keys of its own.",
    bad: "a surprise in the list",
    good: "00000004-0000-0ff1-ce00-000000000000@contoso.com, known",
    repair: "Nothing to repair. Get-PartnerApplication shows its AuthMetadataUrl.",
    sources: &["Microsoft Learn: Configure partner applications"],
    scope: Scope::Marked(Marks::CHALLENGED, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    let Some(challenge) = case.bearer_challenge().filter(|_| case.at_exchange()) else { return };
    if let Some(name) = issuers(challenge).unwrap_or_default().iter().find(|name| name.is(SKYPE)) {
        out.say("Exchange trusts Skype for Business Server directly")
            .observed(shown(&name.to_string()))
            .location("response.header.www-authenticate");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_the_partner() {
        assert!(Scene::healthy().discovery("Bearer client_id=\"x\", trusted_issuers=\"00000004-0000-0ff1-ce00-000000000000@contoso.com\"").fires(&RULE));
    }

    #[test]
    fn stays_silent_without_it() {
        assert!(!Scene::healthy().discovery("Bearer client_id=\"00000002-0000-0ff1-ce00-000000000000\", trusted_issuers=\"00000001-0000-0000-c000-000000000000@*\"").fires(&RULE));
    }
}
