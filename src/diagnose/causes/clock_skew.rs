//! Takes the evidence, weighs `clock-skew`: a clock is wrong.

use crate::checks::finding::Severity;
use crate::checks::judge::facts::Ask;
use crate::checks::place::is_token_service_host;
use crate::diagnose::cause::{Case, Cause, Rank, Weighing};

/// See the text.
pub(crate) static CAUSE: Cause = Cause {
    id: "clock-skew",
    title: "a clock is wrong",
    rank: Rank::Root,
    summary: "The clock of {host} is {offset}. Tokens that are in order look expired or not yet valid to it. Tolerance is five minutes.",
    speaks_for: "The `Date` of the answers differs from the clock of the recording, and tokens are refused for their time, or look wrong by time here; or the server calls a token expired that was within its validity when it was recorded.",
    speaks_against: "Nothing is refused for its time; or the token was really past its end.",
    repair: &[
        "w32tm /query /status; w32tm /query /source   # on {host}",
        "w32tm /config /syncfromflags:domhier /update; w32tm /resync   # on {host}",
    ],
    sources: &[
        "RFC 9110 6.6.1",
        "Microsoft Entra authentication and authorization error codes",
        "Microsoft Support: Resolve free/busy errors",
    ],
    examine,
};

fn examine<'a>(case: &Case<'a>, weigh: &mut Weighing<'a>) {
    let skewed = case.findings(&["lifetime-clock-skew"], Severity::Warning);
    let expired = case.refused("token_expired");
    let fresh: Vec<_> = expired.iter().copied().filter(|(call, _)| call.in_time == Some(true)).collect();
    let late = case.asks(|ask| ask.refused() && says_time(ask));
    // Exchange makes an assertion when it sends it: one that is out of time at once was made by a wrong clock.
    let made_wrong = late.iter().any(|(ask, _)| ask.in_time == Some(false));
    let wrong_here = case.errors(&["lifetime-expired", "lifetime-not-yet-valid"]);
    let mut offset = None;
    // Microsoft keeps the clocks of its services: what differs from them is the caller's, by which was recorded.
    let mut of_caller = false;
    if let Some((call, seen)) = fresh.first() {
        weigh.plus(55, "Exchange calls a token expired or not yet valid that was within its time by the clock of the recording").at(&fresh);
        weigh.value("host", &call.host);
        offset = seen.offset();
    }
    if let Some((ask, seen)) = late.first() {
        weigh.plus(55, "the token service finds the assertion outside its time").at(&late);
        if ask.skewed && !is_token_service_host(&ask.host) {
            weigh.value("host", &ask.host);
        } else {
            weigh.words("host", "the Exchange server".to_owned());
        }
        of_caller = ask.skewed && is_token_service_host(&ask.host);
        offset = offset.or(seen.offset());
        if ask.in_time == Some(true) && !ask.skewed {
            weigh.plus(5, "by the clock of the recording the assertion was within its time");
        }
    }
    if made_wrong {
        weigh
            .plus(30, "the assertion was outside its time when it was sent, and is made when it is sent")
            .by(wrong_here.iter().copied());
    }
    if !skewed.is_empty() {
        let explained = weigh.score() > 0;
        let doubtful = !wrong_here.is_empty() || !expired.is_empty();
        if explained || doubtful {
            weigh
                .plus(
                    if explained { 35 } else { 55 },
                    "the Date of the answers differs from the clock of the recording",
                )
                .by(skewed);
            weigh.by(wrong_here);
        }
        let calls = case.calls(|call| call.skewed);
        let asks = case.asks(|ask| ask.skewed);
        offset = offset
            .or(calls.first().and_then(|(_, seen)| seen.offset()))
            .or(asks.first().and_then(|(_, seen)| seen.offset()));
        weigh.value("host", calls.first().map_or("", |(call, _)| &call.host));
    } else if !wrong_here.is_empty() && weigh.score() > 0 && !made_wrong {
        weigh.minus(20, "tokens are outside their time by the clock of the recording too").but(wrong_here);
    }
    match offset {
        Some(minutes) if of_caller => {
            let side = if minutes >= 0 { "behind" } else { "ahead of" };
            weigh.words("offset", format!("{} minutes {side} the token service", minutes.abs()))
        }
        Some(minutes) if minutes >= 0 => {
            weigh.words("offset", format!("{minutes} minutes ahead of the recording"))
        }
        Some(minutes) => weigh.words("offset", format!("{} minutes behind the recording", -minutes)),
        None => {
            weigh.words("offset", "not that of the recording, as far as can be told from its answers".into())
        }
    };
}

/// Whether the token service finds the assertion outside its validity.
fn says_time(ask: &Ask) -> bool {
    let text = ask.description.to_ascii_lowercase();
    let about_certificate =
        text.contains("certificate has expired") || text.contains("certificate is expired");
    let in_words =
        ["not within its valid time range", "outside its validity", "not yet valid", "assertion has expired"]
            .iter()
            .any(|words| text.contains(words));
    !about_certificate && (ask.has(&["500133", "700024"]) || in_words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;
    use crate::diagnose::testing::{Story, denied};

    #[test]
    fn fires_on_a_fresh_token_called_expired() {
        assert_eq!(
            Story::of(
                Scene::healthy().date(1200).refused("2000002;error_category=\"token_expired\"").date(1200)
            )
            .lead(),
            CAUSE.id
        );
    }

    #[test]
    fn fires_on_an_assertion_that_is_old_when_it_is_sent() {
        let made = Scene::healthy().assertion_changed(|claims| {
            claims.insert("nbf".into(), (Scene::NOW - 7200).into());
            claims.insert("exp".into(), (Scene::NOW - 6600).into())
        });
        let answer = denied("invalid_grant", "AADSTS50013: The assertion is not within its valid time range");
        assert_eq!(Story::of(made).answer(400, &answer).lead(), CAUSE.id);
    }

    #[test]
    fn the_clock_of_a_service_of_microsoft_is_the_right_one() {
        let answer = denied("invalid_grant", "AADSTS500133: Assertion is not within its valid time range.");
        let date = jiff::Timestamp::from_second(Scene::NOW + 7200).unwrap();
        let date = date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let scene = Scene::healthy().assertion_for(600).answered(400, &answer);
        let causes = Story::of(scene.answer_headers(&[("Date", &date)])).diagnosis().causes;
        let ahead = causes.into_iter().find(|found| found.cause.id == CAUSE.id).unwrap();
        assert!(
            ahead.summary.contains("clock of the Exchange server is 120 minutes behind the token service"),
            "{}",
            ahead.summary
        );
        assert!(ahead.commands.iter().all(|line| !line.contains("accesscontrol")), "{:?}", ahead.commands);
    }

    #[test]
    fn stays_silent_on_an_old_token() {
        assert_ne!(
            Story::of(
                Scene::healthy()
                    .used_after_expiry(90_000)
                    .refused("2000002;error_category=\"token_expired\"")
            )
            .lead(),
            CAUSE.id
        );
    }
}
