//! Takes one use of a token, gives findings of `lifetime-expired`: the token had expired when it was used.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope, Words};
use crate::checks::subject::{NO_ZONE, UseCase};
use crate::token::TimeClaim;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "lifetime-expired",
    check: CheckId::Lifetime,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["F01"],
    title: "the token had expired when it was used",
    looks_at: "The moment of use (packet, entry, or --at) against `exp` plus the tolerance.",
    matters: "Exchange refuses it with 2000002. A client that sends expired tokens has a wrong clock or a \
             broken cache; a token that somebody replays looks the same.",
    bad: "used at 12:00, exp 10:00",
    good: "used at 09:00, exp 10:00",
    repair: "Compare the clocks: w32tm /query /status on both servers. Then w32tm /resync",
    sources: &["RFC 7519 4.1.4"],
    scope: Scope::Use(examine),
};

fn examine(case: &UseCase<'_>, out: &mut Out<'_>) {
    let (Some(at), TimeClaim::At(end, _)) = (case.at, case.token.token.time("exp")) else { return };
    let leeway = case.token.expected.leeway;
    if at > end.plus_seconds(leeway) {
        if case.may_be_zone(at.seconds_since(end)) {
            return out.missing(NO_ZONE);
        }
        let who = case.token.application().map(|(_, name)| name.id).unwrap_or_default();
        out.say("the token had expired when it was used")
            .observed(Words::Used {
                at,
                bound: ("expired at", end),
                beyond: (at.seconds_since(end), "before"),
            })
            .expected(Words::Seconds("use until exp + ", leeway, ""))
            .cause(format!("{} {who}", case.token.token.role.name()))
            .claim("exp");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::Outcome;
    use crate::checks::testing::Scene;
    use crate::exchange::TIME_WITHOUT_ZONE;

    #[test]
    fn fires_past_the_tolerance() {
        assert!(Scene::healthy().used_after_expiry(301).fires(&RULE));
    }

    #[test]
    fn stays_silent_within_the_tolerance() {
        assert!(!Scene::healthy().used_after_expiry(300).fires(&RULE));
    }

    #[test]
    fn stays_silent_where_another_zone_would_explain_it() {
        let zoneless = |seconds| Scene::healthy().used_after_expiry(seconds).oddity(TIME_WITHOUT_ZONE);
        assert!(!zoneless(2 * 3600).fires(&RULE) && zoneless(20 * 3600).fires(&RULE));
        let judgement = zoneless(2 * 3600).judge();
        let lifetime = judgement.checks.iter().find(|check| check.id == CheckId::Lifetime).unwrap();
        assert_eq!(lifetime.outcome, Outcome::NotEstablished);
    }
}
