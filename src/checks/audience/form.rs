//! Takes one use of a token, gives findings of `audience-form`: the audience is not application/host@tenant.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::claimed;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::UseCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "audience-form",
    check: CheckId::Audience,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["E01"],
    title: "the audience is not application/host@tenant",
    looks_at: "`aud` of presented S2S tokens: all three parts are required.",
    matters: "Exchange cannot find out whether it is meant, and refuses (2000003).",
    bad: "aud 00000002-0000-0ff1-ce00-000000000000",
    good: "aud 00000002-0000-0ff1-ce00-000000000000/mail.contoso.com@11111111-…",
    repair: "Find out what built the token. For callers inside Exchange: Test-OAuthConnectivity -Service \
             EWS -TargetUri https://mail.contoso.com/ews/ -Mailbox <user> -Verbose",
    sources: &["[MS-XOAUTH] 3.2.5.6"],
    scope: Scope::Use(examine),
};

fn examine(case: &UseCase<'_>, out: &mut Out<'_>) {
    let Some((_, token)) = super::presented(case) else { return };
    let whole = token
        .principal("aud")
        .is_some_and(|aud| aud.host.is_some_and(|host| !host.is_empty()) && aud.realm.is_some());
    if !whole {
        out.say("the audience is not of the form application/host@tenant")
            .observed(claimed(token, "aud"))
            .expected("<application>/<host>@<tenant>")
            .claim("aud");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::expectations::EXCHANGE;
    use crate::checks::testing::Scene;
    use crate::checks::testing::TENANT;

    #[test]
    fn says_that_a_list_is_no_name() {
        let audience = serde_json::json!([format!("{EXCHANGE}/mail.contoso.com@{TENANT}")]);
        let judgement = Scene::healthy().outer("aud", audience).judge();
        let found = judgement.findings.iter().find(|finding| finding.rule == RULE.id).unwrap();
        assert!(found.observed.contains("a list"), "{}", found.observed);
    }

    #[test]
    fn fires_without_a_host() {
        assert!(Scene::healthy().outer("aud", format!("{EXCHANGE}@{TENANT}")).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_three_parts() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
