//! Takes a distinct token, gives findings of `chain-application`: outer and actor token name different applications.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::TokenCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "chain-application",
    check: CheckId::Chain,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["D09"],
    title: "outer and actor token name different applications",
    looks_at: "The application of the outer token's `iss` and of the actor token's `nameid`.",
    matters: "Otherwise any application could put its actor token into a token of another.",
    bad: "iss 00000004-…, nameid 00000003-…",
    good: "iss 00000004-…, nameid 00000004-…",
    repair: "Find out what built the token; Exchange refuses it.",
    sources: &["[MS-XOAUTH] 3.2.5.6"],
    scope: Scope::Token(examine),
};

fn examine(case: &TokenCase<'_>, out: &mut Out<'_>) {
    let Some((outer, actor)) = case.outer_and_actor() else { return };
    let (issuer, name) = (outer.principal("iss"), actor.principal("nameid"));
    let same = matches!((&issuer, &name), (Some(one), Some(other)) if one.is(other.id));
    if !same {
        out.say("outer and actor token name different applications")
            .observed(format!(
                "iss {} outside, nameid {} inside",
                shown(outer.claim("iss").unwrap_or("absent")),
                shown(actor.claim("nameid").unwrap_or("absent"))
            ))
            .expected("the same application in both")
            .claim("iss");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;
    use crate::checks::testing::TENANT;

    #[test]
    fn fires_on_two_applications() {
        assert!(
            Scene::healthy()
                .actor("nameid", format!("00000003-0000-0ff1-ce00-000000000000@{TENANT}"))
                .fires(&RULE)
        );
    }

    #[test]
    fn stays_silent_on_one_application() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
