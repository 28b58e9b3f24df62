//! Takes one exchange, gives findings of `lifetime-clock-skew`: the server's clock differs from that of the recording.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope, Words};
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
    // A recorder that counts from its own start has no clock to compare with, nor has one in nobody knows which zone.
    case.exchange.moment().filter(|_| !case.exchange.zone_is_unknown())?;
    let (at, _) = response.times?;
    let date = seconds(response.head.text("date")?)?;
    Some(date.saturating_sub(at.seconds()))
}

/// The moment of an HTTP date (RFC 9110 5.6.7), in seconds. Nearly every answer has one in the preferred format,
/// and one second of it is much like the next: it is read in place.
fn seconds(date: &str) -> Option<i64> {
    preferred(date).or_else(|| Some(jiff::fmt::rfc2822::parse(date).ok()?.timestamp().as_second()))
}

/// `Sun, 06 Nov 1994 08:49:37 GMT` of this century, its day not among the last of a month; `None` for any other.
fn preferred(date: &str) -> Option<i64> {
    const MONTHS: [&[u8]; 12] =
        [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
    const WEEKDAYS: [&[u8]; 7] = [b"Thu", b"Fri", b"Sat", b"Sun", b"Mon", b"Tue", b"Wed"];
    // Days before a month, counted from March, so that a leap day is the last of its year.
    const BEFORE: [i64; 12] = [306, 337, 0, 31, 61, 92, 122, 153, 184, 214, 245, 275];
    let text: &[u8; 29] = date.as_bytes().try_into().ok()?;
    let number = |at: usize| match (text.get(at)?, text.get(at + 1)?) {
        (tens @ b'0'..=b'9', ones @ b'0'..=b'9') => {
            Some(i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
        }
        _ => None,
    };
    let marks = [(3, b','), (4, b' '), (7, b' '), (11, b' '), (16, b' '), (19, b':'), (22, b':')];
    let shaped = marks.iter().all(|(at, mark)| text.get(*at) == Some(mark)) && text.ends_with(b" GMT");
    let month = MONTHS.iter().position(|name| text.get(8..11) == Some(name))?;
    let (day, year) = (number(5)?, number(14)?);
    let (hour, minute, second) = (number(17)?, number(20)?, number(23)?);
    let usual = shaped
        && number(12) == Some(20)
        && (1..=28).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    // Years from March 2000 on.
    let years = year - i64::from(month < 2);
    let days = 11_017 + 365 * years + years.div_euclid(4) - years.div_euclid(100)
        + years.div_euclid(400)
        + BEFORE.get(month)?
        + day
        - 1;
    let weekday = WEEKDAYS.get(usize::try_from(days.rem_euclid(7)).ok()?)?;
    (usual && text.get(..3) == Some(weekday)).then_some(((days * 24 + hour) * 60 + minute) * 60 + second)
}

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    let Some(offset) = case.skew() else { return };
    if offset.abs() > case.expected.leeway {
        let host = crate::checks::place::bare_host(case.host().unwrap_or_default());
        out.say("the server's clock differs from that of the recording")
            .observed(Words::Seconds("", offset.abs(), if offset > 0 { " ahead" } else { " behind" }))
            .expected(Words::Seconds("at most ", case.expected.leeway, ""))
            .cause(host)
            .location("response.header.date");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn dates_are_read_as_the_library_reads_them() {
        let library = |date: &str| Some(jiff::fmt::rfc2822::parse(date).ok()?.timestamp().as_second());
        let mut read = 0;
        for hours in 0..20_000 {
            let at = jiff::Timestamp::from_second(946_684_800 + hours * 157_531).unwrap();
            let date = at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
            assert_eq!(seconds(&date), Some(at.as_second()), "{date}");
            read += i32::from(preferred(&date).is_some());
        }
        assert!(read > 17_000);
        for odd in [
            "Mon, 06 Nov 1994 08:49:37 GMT",
            "Tue, 31 Feb 2023 00:00:00 GMT",
            "Tue, 14 Nov 2023 24:00:00 GMT",
            "Wed, 14 Nov 2023 22:15:03 GMT",
            "Tue, 14 Nov 2023 22:15:03 +00",
            "14 Nov 2023 22:15:03 GMT",
            "Tue, 14 Nov 2023 22:60:03 GMT",
            "Tue, 14 Nov 2023 22:15:60 GMT",
            "Tue, 00 Nov 2023 22:15:03 GMT",
            "Tue, 14 Nov 1923 22:15:03 GMT",
            "Tue, 14 Nov 2023 22-15-03 GMT",
            "Tue; 14 Nov 2023 22:15:03 GMT",
            "",
        ] {
            assert_eq!(seconds(odd), library(odd), "{odd}");
        }
    }

    #[test]
    fn fires_on_an_hour() {
        assert!(Scene::healthy().date(3600).fires(&RULE));
    }

    #[test]
    fn says_in_which_direction_and_tolerates_the_leeway() {
        let observed = |offset| {
            let judgement = Scene::healthy().date(offset).judge();
            let found = judgement.findings.into_iter().find(|finding| finding.rule == RULE.id);
            found.map(|finding| finding.observed)
        };
        assert!(observed(301).unwrap().ends_with(" ahead") && observed(-301).unwrap().ends_with(" behind"));
        assert_eq!((observed(300), observed(-300)), (None, None));
    }

    #[test]
    fn stays_silent_where_the_date_may_be_that_of_another_clock() {
        assert!(!Scene::healthy().date(3600).response_header("Age", "3600").fires(&RULE));
        assert!(!Scene::healthy().date(3600).target("/other").fires(&RULE));
    }

    #[test]
    fn stays_silent_where_the_recorder_had_no_clock() {
        assert!(!Scene::healthy().at(7).date(3600).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_a_second() {
        assert!(!Scene::healthy().date(1).fires(&RULE));
    }
}
