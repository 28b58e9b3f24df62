//! The drawing of when: a line for each host, a bar for each exchange from its first byte to its last. The table
//! below it says the same in words.

use super::rows::Row;
use crate::base::Instant;
use crate::checks::place::without_user;
use crate::report::Inspection;
use crate::report::escape::{shorten, terminal};
use crate::report::mask::Mask;
use crate::report::reason::counted;

/// Lines for hosts; further hosts share the last.
const HOSTS: usize = 6;

/// Where bars begin and end.
const LEFT: i64 = 250;
const RIGHT: i64 = 985;
const TOP: usize = 14;
const LINE: usize = 30;
/// What can still be seen of an exchange.
const THIN: i64 = 3;

#[derive(Default)]
pub(super) struct Timeline {
    pub(super) height: usize,
    pub(super) axis: usize,
    pub(super) right: i64,
    pub(super) left: i64,
    /// The drawing in words.
    pub(super) label: String,
    pub(super) lines: Vec<Line>,
    pub(super) ticks: Vec<Tick>,
    pub(super) bars: Vec<Bar>,
}

pub(super) struct Line {
    pub(super) y: usize,
    pub(super) name: String,
}

pub(super) struct Tick {
    pub(super) x: i64,
    pub(super) anchor: &'static str,
    pub(super) text: String,
}

pub(super) struct Bar {
    pub(super) x: i64,
    pub(super) y: usize,
    pub(super) width: i64,
    pub(super) height: usize,
    pub(super) class: &'static str,
    pub(super) title: String,
}

/// Draws the rows whose time is known; nothing when they are fewer than two.
pub(super) fn draw(inspection: &Inspection, rows: &[Row], mask: Mask) -> Timeline {
    let timed: Vec<(&Row, Instant, Instant, String)> = rows
        .iter()
        .filter_map(|row| {
            let exchange = inspection.exchanges.get(row.number)?.exchange;
            let begin = exchange.time()?;
            let answered = exchange.response.as_ref().and_then(|response| response.times);
            let end = answered.map_or(begin, |(_, last)| last.max(begin));
            let host = exchange.request.as_ref().and_then(|request| request.host.as_deref());
            let host = host.map_or("host unknown", |host| without_user(host));
            Some((row, begin, end, terminal(&shorten(&mask.host(host), 36)).into_owned()))
        })
        .collect();
    let (Some(first), Some(last)) =
        (timed.iter().map(|row| row.1).min(), timed.iter().map(|row| row.2).max())
    else {
        return Timeline::default();
    };
    let span = last.nanos().saturating_sub(first.nanos());
    if timed.len() < 2 || span <= 0 {
        return Timeline::default();
    }
    let place = |at: Instant| {
        let passed = i128::from(at.nanos().saturating_sub(first.nanos()));
        LEFT + i64::try_from(passed * i128::from(RIGHT - LEFT) / i128::from(span)).unwrap_or(0)
    };
    let mut hosts: Vec<&str> = Vec::new();
    for (_, _, _, host) in &timed {
        if !hosts.contains(&host.as_str()) {
            hosts.push(host);
        }
    }
    let others = hosts.len() > HOSTS;
    hosts.truncate(if others { HOSTS - 1 } else { HOSTS });
    let line = |host: &str| hosts.iter().position(|known| *known == host).unwrap_or(hosts.len());
    let bars = timed.iter().map(|(row, begin, end, host)| {
        let height = if row.bad { 22 } else { 14 };
        let x = place(*begin).min(RIGHT - THIN);
        Bar {
            x,
            y: TOP + line(host) * LINE + (LINE - height) / 2,
            width: (place(*end) - x).max(THIN),
            height,
            class: if row.bad {
                "bar bad"
            } else if row.kinds.split(' ').any(|kind| kind == "refused") {
                "bar refused"
            } else {
                "bar"
            },
            title: format!("{} {} {}: {}", row.number, row.time, row.request, row.status),
        }
    });
    let bars: Vec<Bar> = bars.collect();
    let count = hosts.len() + usize::from(others);
    let mut lines: Vec<Line> = hosts
        .iter()
        .enumerate()
        .map(|(at, host)| Line { y: TOP + at * LINE + LINE / 2, name: (*host).to_owned() })
        .collect();
    if others {
        lines.push(Line { y: TOP + hosts.len() * LINE + LINE / 2, name: "other hosts".into() });
    }
    Timeline {
        height: TOP + count * LINE + 24,
        axis: TOP + count * LINE,
        left: LEFT,
        right: RIGHT,
        label: format!(
            "{} with {} from {first} to {last}; the table below lists them",
            counted(timed.len() as u64, "exchange"),
            counted(count as u64, "host")
        ),
        ticks: ticks(first, span),
        lines,
        bars,
    }
}

/// The beginning as a time, then quarters as what has passed.
fn ticks(first: Instant, span: i64) -> Vec<Tick> {
    let part = |quarter: i64| Tick {
        x: LEFT + (RIGHT - LEFT) * quarter / 4,
        anchor: match quarter {
            0 => "start",
            4 => "end",
            _ => "middle",
        },
        text: if quarter == 0 { first.to_string() } else { passed(span / 4 * quarter) },
    };
    // The time is long: the first quarter would stand in it.
    [0, 2, 3, 4].into_iter().map(part).collect()
}

/// `+12 ms`, `+3.4 s`, `+2 min 10 s`, `+5 h 12 min`
pub(super) fn passed(nanos: i64) -> String {
    let (millis, seconds) = (nanos / 1_000_000, nanos / 1_000_000_000);
    match seconds {
        0 if millis < 10 => format!("+{}.{} ms", millis, nanos / 100_000 % 10),
        0 => format!("+{millis} ms"),
        1..100 => format!("+{seconds}.{} s", millis / 100 % 10),
        100..7200 => format!("+{} min {} s", seconds / 60, seconds % 60),
        _ => format!("+{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::passed;

    #[test]
    fn what_has_passed_is_said_in_fitting_units() {
        let told = [1_234_567, 45_000_000, 3_450_000_000, 130_000_000_000, 18_720_000_000_000].map(passed);
        assert_eq!(told, ["+1.2 ms", "+45 ms", "+3.4 s", "+2 min 10 s", "+5 h 12 min"]);
    }
}
