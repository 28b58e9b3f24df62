//! Takes the spellings of dates that exporters use, gives instants. RFC 3339 and ISO 8601.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::base::Instant;

/// Reads a date; the second value says whether it named its offset from UTC (taken for UTC if not).
/// The zero date of .NET (`0001-01-01T00:00:00`) is no date.
pub(super) fn parse(text: &str) -> Option<(Instant, bool)> {
    let text = text.trim();
    if let Ok(stamp) = text.parse::<jiff::Timestamp>() {
        return instant(stamp).map(|at| (at, true));
    }
    // A day alone is no moment.
    let has_clock = text.contains(':');
    if let Some(local) = text.parse::<DateTime>().ok().filter(|_| has_clock) {
        let stamp = local.to_zoned(TimeZone::UTC).ok()?.timestamp();
        return instant(stamp).map(|at| (at, false));
    }
    let number: f64 = text.parse().ok().filter(|value: &f64| value.is_finite() && *value > 1e8)?;
    // Unix time: seconds until the year 5138, milliseconds beyond.
    let seconds = if number < 1e11 { number } else { number / 1e3 };
    Some((from_seconds(seconds), true))
}

/// From Unix seconds with a fraction, to the microsecond (a double holds no more of today's dates).
pub(super) fn from_seconds(seconds: f64) -> Instant {
    Instant::from_nanos(((seconds * 1e6).round() as i64).saturating_mul(1000))
}

/// `at` moved by milliseconds; negative ones (not known, in HAR) count as none.
pub(super) fn plus_millis(at: Instant, millis: f64) -> Instant {
    let nanos = if millis > 0.0 { (millis * 1e6).round() as i64 } else { 0 };
    Instant::from_nanos(at.nanos().saturating_add(nanos))
}

fn instant(stamp: jiff::Timestamp) -> Option<Instant> {
    // What lies before 1900 is a zero date; what an i64 of nanoseconds cannot hold is none either.
    let nanos = i64::try_from(stamp.as_nanosecond()).ok()?;
    (stamp.as_second() > -2_208_988_800).then(|| Instant::from_nanos(nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spellings_of_exporters() {
        let seconds = |text: &str| parse(text).map(|(at, zone)| (at.seconds(), zone));
        assert_eq!(seconds("2024-05-22T08:41:18.352-04:00"), Some((1_716_381_678, true)));
        assert_eq!(seconds("2024-05-22T08:41:18.352-0400"), Some((1_716_381_678, true)));
        assert_eq!(seconds("2020-09-01T13:57:59.7277803-06:00"), Some((1_598_990_279, true)));
        assert_eq!(seconds("2024-05-22T12:41:18"), Some((1_716_381_678, false)));
        assert_eq!(seconds("2024-05-22 12:41:18.5"), Some((1_716_381_678, false)));
        assert_eq!(seconds("1716381678352"), Some((1_716_381_678, true)));
        assert_eq!(seconds("0001-01-01T00:00:00"), None);
        assert_eq!(seconds("yesterday"), None);
        assert_eq!(seconds("2024-05-22"), None);
    }
}
