//! Takes a date as PowerShell prints it, gives a moment, or says that it has two readings.
//!
//! `Format-List` prints dates in the culture of its session and without a zone: whether `02/03/2026` is in February or
//! in March cannot be known from the text, and is never guessed.

use crate::base::Instant;

/// The order of day and month, as `--culture` tells it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    /// `6/1/2012`: June (en-US).
    MonthFirst,
    /// `01.06.2012`: June (de-DE, fr-FR, en-GB, es-ES, …).
    DayFirst,
    /// `2012-06-01` (sv-SE, ja-JP, …).
    YearFirst,
}

impl Order {
    /// Reads a culture name (`en-US`, `de-DE`, `fr`).
    pub fn of_culture(culture: &str) -> Option<Self> {
        let lower = culture.trim().to_ascii_lowercase();
        if lower.is_empty() || !lower.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return None;
        }
        let language = lower.split('-').next().unwrap_or_default();
        Some(match (language, lower.as_str()) {
            (_, "en-us" | "en-ph" | "en") => Self::MonthFirst,
            ("zh" | "ja" | "ko" | "sv" | "hu" | "lt" | "mn" | "fa", _) | (_, "en-ca" | "fr-ca" | "en-za") => {
                Self::YearFirst
            }
            (
                "en" | "de" | "fr" | "es" | "it" | "nl" | "pt" | "pl" | "cs" | "da" | "nb" | "nn" | "no"
                | "fi" | "tr" | "ru" | "uk" | "ro" | "el" | "he" | "ar" | "bg" | "hr" | "sk" | "sl" | "et"
                | "lv" | "id" | "vi" | "th" | "ca",
                _,
            ) => Self::DayFirst,
            _ => return None,
        })
    }
}

/// What a text says about a date.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reading {
    /// No date.
    None,
    /// One moment. The session's zone is not in the text, so it is right to within 14 hours.
    One(Instant),
    /// Day and month can be exchanged: month first, day first.
    Two(Instant, Instant),
}

/// Reads an ISO 8601 date as CLIXML and JSON have it; without a zone it is taken as UTC.
pub fn iso(text: &str) -> Option<Instant> {
    let text = text.trim();
    Instant::parse(text).filter(|_| text.contains('T')).or_else(|| {
        let naive: jiff::civil::DateTime = text.parse().ok()?;
        civil(naive)
    })
}

fn civil(naive: jiff::civil::DateTime) -> Option<Instant> {
    let stamp = naive.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
    i64::try_from(stamp.as_nanosecond()).ok().map(Instant::from_nanos)
}

/// Reads a date of `Format-List`, by the order that is known, if any.
pub fn read(text: &str, order: Option<Order>) -> Reading {
    let text = text.trim();
    if let Some(at) = iso(text) {
        return Reading::One(at);
    }
    let mut numbers = Vec::new();
    let mut digits = String::new();
    let lower = text.to_lowercase();
    for letter in lower.chars().chain([' ']) {
        if letter.is_ascii_digit() {
            digits.push(letter);
        } else if !digits.is_empty() {
            match digits.parse::<i16>() {
                Ok(number) => numbers.push((number, digits.len())),
                Err(_) => return Reading::None,
            }
            digits.clear();
        }
    }
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let afternoon = says(&["pm", "p. m", "p.m", "p.\u{a0}m", "下午", "午後", "오후", "μμ", "μ.μ"]);
    let morning = says(&["am", "a. m", "a.m", "a.\u{a0}m", "上午", "午前", "오전", "πμ", "π.μ"]);
    let [(a, wide_a), (b, _), (c, wide_c), clock @ ..] = numbers.as_slice() else { return Reading::None };
    let mut time = [0i8; 3];
    for (slot, (number, _)) in time.iter_mut().zip(clock) {
        *slot = i8::try_from(*number).unwrap_or(99);
    }
    if afternoon && time[0] < 12 {
        time[0] += 12;
    } else if morning && !afternoon && time[0] == 12 {
        time[0] = 0;
    }
    let at = |year: i16, month: i16, day: i16| {
        let (month, day) = (i8::try_from(month).ok()?, i8::try_from(day).ok()?);
        civil(jiff::civil::DateTime::new(year, month, day, time[0], time[1], time[2], 0).ok()?)
    };
    if *wide_a == 4 {
        return at(*a, *b, *c).map_or(Reading::None, Reading::One);
    }
    if *wide_c != 4 {
        return Reading::None;
    }
    match (at(*c, *a, *b), at(*c, *b, *a), order) {
        (Some(month_first), _, Some(Order::MonthFirst)) => Reading::One(month_first),
        (_, Some(day_first), Some(Order::DayFirst)) => Reading::One(day_first),
        (_, _, Some(Order::MonthFirst | Order::DayFirst)) | (None, None, _) => Reading::None,
        (Some(one), None, _) | (None, Some(one), _) => Reading::One(one),
        (Some(month_first), Some(day_first), _) if month_first == day_first => Reading::One(month_first),
        (Some(month_first), Some(day_first), _) => Reading::Two(month_first, day_first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        Instant::parse(text).unwrap()
    }

    #[test]
    fn the_order_is_used_when_known_and_never_guessed() {
        let june = at("2012-06-01T08:00:00Z");
        let january = at("2012-01-06T08:00:00Z");
        assert_eq!(read("6/1/2012 8:00:00 AM", Some(Order::MonthFirst)), Reading::One(june));
        assert_eq!(read("6/1/2012 8:00:00 AM", None), Reading::Two(june, january));
        assert_eq!(read("01.06.2012 08:00:00", Some(Order::DayFirst)), Reading::One(june));
        assert_eq!(read("5/31/2013 8:00:00 PM", None), Reading::One(at("2013-05-31T20:00:00Z")));
        assert_eq!(read("02.02.2028 4:22:23", None), Reading::One(at("2028-02-02T04:22:23Z")));
        assert_eq!(read("2028-02-03 04:22:23", None), Reading::One(at("2028-02-03T04:22:23Z")));
        assert_eq!(read("31/12/2013 8:00:00", Some(Order::MonthFirst)), Reading::None);
        assert_eq!(read("never", None), Reading::None);
    }

    #[test]
    fn cultures_are_known_by_name() {
        assert_eq!(Order::of_culture("en-US"), Some(Order::MonthFirst));
        assert_eq!(Order::of_culture("en-GB"), Some(Order::DayFirst));
        assert_eq!(Order::of_culture("de-DE"), Some(Order::DayFirst));
        assert_eq!(Order::of_culture("sv-SE"), Some(Order::YearFirst));
        assert_eq!(Order::of_culture("klingon"), None);
    }
}
