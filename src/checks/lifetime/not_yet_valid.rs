//! Takes one use of a token, gives findings of `lifetime-not-yet-valid`: the token was used before it became valid.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope, Words};
use crate::checks::subject::{NO_ZONE, UseCase};
use crate::token::TimeClaim;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "lifetime-not-yet-valid",
    check: CheckId::Lifetime,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["F02"],
    title: "the token was used before it became valid",
    looks_at: "The moment of use against `nbf` minus the tolerance.",
    matters: "One of the clocks is wrong: the issuer's, the client's, or that of the recording.",
    bad: "used at 09:00, nbf 10:00",
    good: "used at 10:00, nbf 09:55",
    repair: "Compare the clocks: w32tm /query /status on both servers. Then w32tm /resync",
    sources: &["RFC 7519 4.1.5"],
    scope: Scope::Use(examine),
};

fn examine(case: &UseCase<'_>, out: &mut Out<'_>) {
    let (Some(at), TimeClaim::At(start, _)) = (case.at, case.token.token.time("nbf")) else { return };
    let leeway = case.token.expected.leeway;
    if at < start.plus_seconds(-leeway) {
        if case.may_be_zone(start.seconds_since(at)) {
            return out.missing(NO_ZONE);
        }
        let who = case.token.application().map(|(_, name)| name.id).unwrap_or_default();
        out.say("the token was used before it became valid")
            .observed(Words::Used {
                at,
                bound: ("valid from", start),
                beyond: (start.seconds_since(at), "later"),
            })
            .expected(Words::Seconds("use from nbf - ", leeway, " on"))
            .cause(format!("{} {who}", case.token.token.role.name()))
            .claim("nbf");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::Outcome;
    use crate::checks::testing::Scene;
    use crate::exchange::TIME_WITHOUT_ZONE;

    #[test]
    fn fires_before_the_tolerance() {
        assert!(Scene::healthy().used_before_start(301).fires(&RULE));
    }

    #[test]
    fn stays_silent_within_the_tolerance() {
        assert!(!Scene::healthy().used_before_start(300).fires(&RULE));
    }

    #[test]
    fn stays_silent_where_another_zone_would_explain_it() {
        let zoneless = |seconds| Scene::healthy().used_before_start(seconds).oddity(TIME_WITHOUT_ZONE);
        assert!(!zoneless(2 * 3600).fires(&RULE) && zoneless(20 * 3600).fires(&RULE));
        let judgement = zoneless(2 * 3600).judge();
        let lifetime = judgement.checks.iter().find(|check| check.id == CheckId::Lifetime).unwrap();
        assert_eq!(lifetime.outcome, Outcome::NotEstablished);
    }
}
