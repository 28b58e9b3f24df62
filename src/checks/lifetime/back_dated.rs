//! Takes one use of a token, gives findings of `lifetime-back-dated`: the token service back-dated the token.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::place;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::UseCase;
use crate::token::TimeClaim;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "lifetime-back-dated",
    check: CheckId::Lifetime,
    severity: Severity::Info,
    since: "0.1.0",
    candidates: &["F08"],
    title: "the token service back-dated the token",
    looks_at: "ACS tokens first used 300 s after `nbf`.",
    matters: "ACS writes `nbf` five minutes into the past; the offset is no clock skew.",
    bad: "used 300 s after nbf, taken for skew",
    good: "used 300 s after nbf, understood",
    repair: "Nothing to repair.",
    sources: &["observed tokens"],
    scope: Scope::Use(examine),
};

fn examine(case: &UseCase<'_>, out: &mut Out<'_>) {
    let (Some(at), TimeClaim::At(start, _)) = (case.at, case.token.token.time("nbf")) else { return };
    let acs = || case.token.token.principal("iss").is_some_and(|issuer| place::is_acs(issuer.id));
    if (300..=301).contains(&at.seconds_since(start)) && acs() {
        out.say("the token service back-dated the token by five minutes").cause("back-dated").claim("nbf");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_at_300_seconds() {
        assert!(Scene::healthy().actor("nbf", Scene::NOW - 300).fires(&RULE));
    }

    #[test]
    fn stays_silent_at_other_times() {
        assert!(!Scene::healthy().actor("nbf", Scene::NOW - 200).fires(&RULE));
    }
}
