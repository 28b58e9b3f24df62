//! Takes a distinct token, gives findings of `issuer-application`: the token names another application.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::claimed;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::TokenCase;
use crate::token::Role;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "issuer-application",
    check: CheckId::Issuer,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &[],
    title: "the token names another application",
    looks_at: "The application id in `iss` of outer tokens and assertions and in `nameid` of actor tokens, \
             when the other half of the pair is in scope.",
    matters: "The partner application in Exchange is looked up by this id; another one has other rights or \
             none.",
    bad: "outer token of 00000004-…, actor token of 00000003-…",
    good: "00000004-… in both",
    repair: "Compare with Get-PartnerApplication | Format-List Name,ApplicationIdentifier,Enabled. If the \
             application is meant, add it with --principal.",
    sources: &[
        "[MS-XOAUTH] 3.2.5.6",
        "Microsoft Learn: Configure Integration and OAuth between Skype for Business Online and Exchange Server",
    ],
    scope: Scope::Token(examine),
};

fn examine(case: &TokenCase<'_>, out: &mut Out<'_>) {
    let claim = match case.token.role {
        Role::Outer | Role::Assertion => "iss",
        Role::Actor => "nameid",
        _ => return,
    };
    let principals = &case.expected.principals;
    let known = case.token.principal(claim).is_some_and(|name| principals.iter().any(|id| name.is(id)));
    if !known {
        out.say("the token names an application that is not expected")
            .observed(claimed(case.token, claim))
            .expected(principals.join(" or "))
            .claim(claim);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;
    use crate::checks::testing::TENANT;

    #[test]
    fn fires_on_an_actor_token_of_another_application() {
        assert!(
            Scene::healthy()
                .actor("nameid", format!("00000003-0000-0ff1-ce00-000000000000@{TENANT}"))
                .fires(&RULE)
        );
    }

    #[test]
    fn fires_on_an_outer_token_of_another_application() {
        let other = format!("00000003-0000-0ff1-ce00-000000000000@{TENANT}");
        assert!(Scene::healthy().outer("iss", other).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_the_expected_application() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
