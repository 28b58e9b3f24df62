//! Takes a distinct token, gives findings of `chain-user-missing`: the outer token names no user.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::TokenCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "chain-user-missing",
    check: CheckId::Chain,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["D17"],
    title: "the outer token names no user",
    looks_at: "`nameid`, `upn`, `smtp` and `sip` of outer tokens.",
    matters: "An outer token exists to act for a user; Exchange is said to refuse one without.",
    bad: "outer token with iss and aud only",
    good: "upn user@contoso.com",
    repair: "Check that the user is synchronised: Get-Mailbox <user> | Format-List \
             UserPrincipalName,PrimarySmtpAddress",
    sources: &["[MS-XOAUTH] 3.2.5.6"],
    scope: Scope::Token(examine),
};

fn examine(case: &TokenCase<'_>, out: &mut Out<'_>) {
    let Some((outer, _)) = case.outer_and_actor() else { return };
    let user = ["nameid", "upn", "smtp", "sip"].into_iter().any(|claim| outer.claim(claim).is_some());
    if !user {
        out.say("the outer token names no user").expected("nameid, upn, smtp or sip");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_without_a_user() {
        assert!(
            Scene::healthy()
                .outer_without("nameid")
                .outer_without("upn")
                .outer_without("smtp")
                .outer_without("sip")
                .fires(&RULE)
        );
    }

    #[test]
    fn stays_silent_on_a_user() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
