//! Takes a distinct token, gives findings of `chain-actor-unreadable`: the actor token cannot be read.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::TokenCase;
use crate::token::Role;
use crate::token::jwt::Fault;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "chain-actor-unreadable",
    check: CheckId::Chain,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["C05"],
    title: "the actor token cannot be read",
    looks_at: "The text in `actortoken` (or `actort`).",
    matters: "Without a readable actor token nothing proves the outer token.",
    bad: "\"actortoken\":\"eyJ…\" cut in the middle",
    good: "\"actortoken\":\"header.payload.signature\"",
    repair: "Compare with the sender's own log; a device that limits header length cuts tokens.",
    sources: &["[MS-XOAUTH] 3.2.5.6"],
    scope: Scope::Token(examine),
};

fn examine(case: &TokenCase<'_>, out: &mut Out<'_>) {
    let actor = case.actor();
    if case.token.role != Role::Outer || actor.is_some_and(|actor| actor.claims().is_some()) {
        return;
    }
    let faults = actor.and_then(|actor| actor.jwt.as_ref()).map(|jwt| &jwt.faults[..]).unwrap_or_default();
    match faults.iter().find_map(Fault::bound) {
        Some(bound) => out.missing(format!("an actor token was not read because of a bound: {bound}")),
        None => {
            out.say("the actor token inside cannot be read").claim("actortoken");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::Outcome;
    use crate::checks::judge::Judgement;
    use crate::checks::testing::Scene;
    use crate::limits::JSON_DEPTH;

    #[test]
    fn fires_on_a_damaged_actor_token() {
        assert!(Scene::healthy().outer("actortoken", "eyJhbGciOiJSUzI1NiJ9.e!!.x").fires(&RULE));
    }

    #[test]
    fn nothing_else_is_said_of_a_damaged_one_and_what_rests_on_it_is_open() {
        for damaged in ["abc.def.ghi", "eyJhbGciOiJSUzI1NiJ9.e!!.x"] {
            let judgement = Scene::healthy().outer("actortoken", damaged).judge();
            let chain = judgement.findings.iter().filter(|finding| finding.check == CheckId::Chain);
            assert_eq!(chain.map(|finding| finding.rule).collect::<Vec<_>>(), [RULE.id], "{damaged}");
            assert_eq!(outcome(&judgement, CheckId::Issuer), Outcome::NotEstablished);
            assert_eq!(outcome(&judgement, CheckId::Lifetime), Outcome::NotEstablished);
            assert_ne!(outcome(&judgement, CheckId::Signature), Outcome::Pass);
        }
    }

    #[test]
    fn a_bound_of_this_tool_accuses_nobody() {
        let deep = (0..JSON_DEPTH + 1).fold(serde_json::json!(1), |inside, _| serde_json::json!([inside]));
        let judgement = Scene::healthy().actor("deep", deep).judge();
        assert!(!judgement.findings.iter().any(|finding| finding.severity == Severity::Error));
        for check in [CheckId::Chain, CheckId::Issuer, CheckId::Lifetime, CheckId::Coverage] {
            assert_eq!(outcome(&judgement, check), Outcome::NotEstablished, "{check:?}");
        }
        assert_eq!(outcome(&judgement, CheckId::Signature), Outcome::Pass);
    }

    fn outcome(judgement: &Judgement, id: CheckId) -> Outcome {
        judgement.checks.iter().find(|check| check.id == id).unwrap().outcome
    }

    #[test]
    fn stays_silent_on_a_whole_one() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
