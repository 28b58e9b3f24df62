//! Takes clock readings of captures, tokens and certificates, gives one type to compare them.

use std::fmt;

/// Nanoseconds since 1970-01-01T00:00:00Z, UTC, without leap seconds. Reaches from 1677 to 2262;
/// what lies outside is clamped.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Instant(i64);

const NANOS: i64 = 1_000_000_000;

impl Instant {
    /// From nanoseconds since the Unix epoch.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// From seconds since the Unix epoch, clamped to the range of the type.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(NANOS))
    }

    /// The moment the program asks, from the system's clock.
    pub fn now() -> Self {
        let now = jiff::Timestamp::now().as_nanosecond();
        Self(i64::try_from(now).unwrap_or(i64::MAX))
    }

    /// Nanoseconds since the Unix epoch.
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(NANOS)
    }

    /// This moment moved by `seconds`, clamped.
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(NANOS)))
    }

    /// Whole seconds from `earlier` to `self`; negative when `self` is the earlier one.
    pub const fn seconds_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0).div_euclid(NANOS)
    }

    /// Reads RFC 3339 (`2026-11-22T10:00:00Z`) or whole Unix seconds, as `--at` takes them. What lies outside of the
    /// years that an instant reaches is clamped.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(seconds) = text.parse::<i64>() {
            return Some(Self::from_seconds(seconds));
        }
        if text.starts_with("9999-12-31T") && text.ends_with('Z') {
            // The last moment of .NET, which means "never"; a day more than the library reaches.
            return Some(Self(i64::MAX));
        }
        let stamp: jiff::Timestamp = text.parse().ok()?;
        let nanos = stamp.as_nanosecond().clamp(i64::MIN.into(), i64::MAX.into());
        i64::try_from(nanos).ok().map(Self)
    }
}

impl fmt::Display for Instant {
    /// RFC 3339 in UTC with six digits of fraction: none when the fraction is zero, nine when the source
    /// counts nanoseconds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_nanosecond(i128::from(self.0)) {
            Ok(stamp) if self.0.rem_euclid(NANOS) == 0 => write!(f, "{stamp:.0}"),
            Ok(stamp) if self.0 % 1000 == 0 => write!(f, "{stamp:.6}"),
            Ok(stamp) => write!(f, "{stamp:.9}"),
            Err(_) => write!(f, "{}ns", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_forms_and_prints_rfc_3339() {
        assert_eq!(Instant::parse("1700000000"), Some(Instant::from_seconds(1_700_000_000)));
        let at = Instant::parse("2026-11-22T10:00:00.123456Z").unwrap();
        assert_eq!(at.to_string(), "2026-11-22T10:00:00.123456Z");
        assert_eq!(Instant::from_nanos(at.nanos() + 7).to_string(), "2026-11-22T10:00:00.123456007Z");
        assert_eq!(Instant::from_seconds(0).to_string(), "1970-01-01T00:00:00Z");
        assert_eq!(Instant::parse("yesterday"), None);
        assert_eq!(Instant::parse("9999-12-31T23:59:59Z"), Some(Instant::from_nanos(i64::MAX)));
        assert_eq!(Instant::parse("0001-01-01T00:00:00Z"), Some(Instant::from_nanos(i64::MIN)));
    }

    #[test]
    fn differences_round_down() {
        let at = Instant::from_nanos(-1);
        assert_eq!(at.seconds(), -1);
        assert_eq!(at.seconds_since(Instant::from_seconds(0)), -1);
    }
}
