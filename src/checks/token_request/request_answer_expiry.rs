//! Takes one exchange, gives findings of `request-answer-expiry`: what the answer says of the token's end is not what the token says.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::marks::Marks;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;
use crate::token::{Half, TimeClaim};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "request-answer-expiry",
    check: CheckId::TokenRequest,
    severity: Severity::Info,
    since: "0.1.0",
    candidates: &["H08"],
    title: "what the answer says of the token's end is not what the token says",
    looks_at: "`expires_in` of granted requests: whether it is positive, and whether it agrees with `exp` of the token in the answer.",
    matters: "Exchange keeps the token as long as the answer says. One that is kept longer than it lives is refused (2000002); one that seems to end early is asked for again and again. ACS writes the number as text: that is read, and said here only when something else is wrong too.",
    bad: "expires_in 86399, exp in one hour",
    good: "expires_in 3599, exp in one hour",
    repair: "Compare the clocks of Exchange and the token service: w32tm /query /status",
    sources: &["RFC 6749 5.1", "RFC 7519 4.1.4"],
    scope: Scope::Marked(Marks::TOKEN_SERVICE, examine),
};

/// Seconds that an answer may be on its way, and that services round away.
const ROUNDED: i64 = 60;

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    let Some(answer) = case.granted().filter(|answer| answer.granted) else { return };
    let Some(seconds) = answer.expires_in else { return };
    let text = if answer.expires_in_text { ", written as text" } else { "" };
    if seconds <= 0 {
        out.say("the answer says that the token has ended already")
            .observed(format!("expires_in {seconds}{text}"))
            .expected("a positive number of seconds")
            .location("response.body.json./expires_in");
        return;
    }
    let given = case.tokens.iter().find(|seen| {
        seen.sighting.location.half == Half::Response
            && seen.sighting.location.part.ends_with("/access_token")
    });
    let (Some(given), Some(at)) = (given, case.exchange.moment()) else { return };
    let TimeClaim::At(end, _) = given.token.time("exp") else { return };
    let lives = end.seconds_since(at);
    if (lives - seconds).abs() > case.expected.leeway + ROUNDED {
        out.say("the answer and the token disagree on how long it lives")
            .observed(format!("expires_in {seconds}{text}, exp in {lives} s"))
            .expected("the same end, give or take the tolerance")
            .claim("exp")
            .token(given.id)
            .location("response.body.json./expires_in");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_a_day_for_a_token_of_an_hour_and_on_nothing_left() {
        assert!(Scene::healthy().granted_for(3600, "\"86399\"").fires(&RULE));
        assert!(Scene::healthy().granted_for(3600, "0").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_the_same_end_also_as_text() {
        assert!(!Scene::healthy().granted_for(3600, "3599").fires(&RULE));
        assert!(!Scene::healthy().granted_for(3600, "\"3599\"").fires(&RULE));
    }

    #[test]
    fn keeps_to_the_tolerance_and_tells_of_text() {
        let fires = |seconds: i64| Scene::healthy().granted_for(3600, &seconds.to_string()).fires(&RULE);
        // Five minutes of tolerance, one of rounding.
        assert!(!fires(3600 - 360) && fires(3600 - 361));
        let observed = |expires: &str| {
            let answer = format!(r#"{{"access_token":"x","token_type":"Bearer","expires_in":{expires}}}"#);
            let judged =
                Scene::healthy().token_request("grant_type=client_credentials", 200, &answer).judge();
            judged.findings.iter().find(|found| found.rule == RULE.id).map(|found| found.observed.clone())
        };
        assert_eq!(observed("0").unwrap(), "expires_in 0");
        assert_eq!(observed("\"-1\"").unwrap(), "expires_in -1, written as text");
        assert_eq!(observed("1"), None);
        let refused = r#"{"error":"invalid_grant","expires_in":0}"#;
        assert!(!Scene::healthy().token_request("grant_type=client_credentials", 400, refused).fires(&RULE));
    }
}
