//! Takes one exchange, gives findings of `lifetime-clock-skew`: the server's clock differs from that of the recording.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "lifetime-clock-skew",
    check: CheckId::Lifetime,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["F07"],
    title: "the server's clock differs from that of the recording",
    looks_at: "The `Date` field of responses against the moment at which they were recorded.",
    matters: "A clock that is off by more than the tolerance makes good tokens look expired or not yet \
             valid.",
    bad: "Date: 10:20:00, recorded at 10:00:00",
    good: "Date: 10:00:01, recorded at 10:00:00",
    repair: "Set the clock of the server or of the recording machine: w32tm /query /status; w32tm /resync",
    sources: &["RFC 9110 6.6.1"],
    scope: Scope::Exchange(examine),
};

/// Seconds that the server's `Date` is ahead of the recording; `None` where it cannot be told, or where the
/// answer may come from a cache.
pub(crate) fn offset(case: &ExchangeCase<'_>) -> Option<i64> {
    let response = case.response()?;
    if case.place == crate::checks::place::Place::Elsewhere || response.head.get("age").is_some() {
        return None;
    }
    let (at, _) = response.times?;
    let date = jiff::fmt::rfc2822::parse(response.head.text("date")?).ok()?;
    Some(date.timestamp().as_second().saturating_sub(at.seconds()))
}

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    let Some(offset) = case.skew() else { return };
    if offset.abs() > case.expected.leeway {
        let host = crate::checks::place::bare_host(case.host().unwrap_or_default());
        out.say("the server's clock differs from that of the recording")
            .observed(format!("{} s {}", offset.abs(), if offset > 0 { "ahead" } else { "behind" }))
            .expected(format!("at most {} s", case.expected.leeway))
            .cause(host)
            .location("response.header.date");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_an_hour() {
        assert!(Scene::healthy().date(3600).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_a_second() {
        assert!(!Scene::healthy().date(1).fires(&RULE));
    }
}
