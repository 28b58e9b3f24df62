//! The list of exchanges as the page shows it.

use std::collections::BTreeSet;

use super::timeline::passed;
use crate::report::escape::{shorten, terminal};
use crate::report::mask::Mask;
use crate::report::{Inspection, Listed, authentication, words};

/// Rows that a browser can still show; what findings name and what carries credentials comes first.
const ROWS: usize = 2000;

/// Characters of a request that are shown.
const REQUEST: usize = 300;

pub(super) struct Row {
    pub(super) number: usize,
    pub(super) time: String,
    /// What has passed since the first exchange.
    pub(super) passed: String,
    pub(super) request: String,
    pub(super) status: String,
    pub(super) sent: String,
    pub(super) offered: String,
    pub(super) tokens: Vec<usize>,
    pub(super) frames: String,
    pub(super) kinds: String,
    pub(super) bad: bool,
}

/// The rows, and how many were left out. `bad`: named by errors; `named`: by any finding.
pub(super) fn rows(
    inspection: &Inspection,
    bad: &BTreeSet<usize>,
    named: &BTreeSet<usize>,
    mask: Mask,
) -> (Vec<Row>, usize) {
    let all = &inspection.exchanges;
    let mut kept: Vec<usize> = (0..all.len()).collect();
    if all.len() > ROWS {
        kept.sort_by_cached_key(|number| {
            let plain = all.get(*number).is_none_or(|listed| !has_credentials(&listed));
            (!named.contains(number), plain, *number)
        });
        kept.truncate(ROWS);
        kept.sort_unstable();
    }
    let first = all.iter().filter_map(|listed| listed.exchange.time()).min();
    let rows: Vec<_> = kept
        .into_iter()
        .filter_map(|number| Some((number, all.get(number)?)))
        .map(|(number, listed)| {
            let mut row =
                row(number, &listed, inspection, bad.contains(&number), named.contains(&number), mask);
            let since =
                listed.exchange.time().zip(first).map(|(at, first)| at.nanos().saturating_sub(first.nanos()));
            row.passed = since.filter(|nanos| *nanos > 0).map_or(String::new(), passed);
            row
        })
        .collect();
    let left_out = all.len() - rows.len();
    (rows, left_out)
}

fn has_credentials(listed: &Listed) -> bool {
    !listed.sightings.is_empty() || !authentication::sent(&listed.exchange).is_empty()
}

/// `POST mail.contoso.com/ews/exchange.asmx`
pub(super) fn request(listed: &Listed, inspection: &Inspection, mask: Mask) -> String {
    let Some(text) = words::request(listed, inspection, mask) else {
        return "the request was not seen".into();
    };
    terminal(&shorten(&text, REQUEST)).into_owned()
}

/// `bearer`, `bearer (empty)`
pub(super) fn sent(listed: &Listed) -> String {
    let one = |sent: &authentication::Sent| {
        let scheme = sent.scheme.as_deref().unwrap_or("no scheme");
        format!("{}{}", terminal(&shorten(scheme, 32)), if sent.empty { " (empty)" } else { "" })
    };
    authentication::sent(&listed.exchange).iter().map(one).collect::<Vec<_>>().join(", ")
}

fn row(number: usize, listed: &Listed, inspection: &Inspection, bad: bool, named: bool, mask: Mask) -> Row {
    let exchange = &listed.exchange;
    let sent = sent(listed);
    let tokens = listed.numbers(&inspection.order, None);
    let status = exchange.response.as_ref().map(|response| response.status);
    let kinds = [
        (!sent.is_empty(), "auth"),
        (!tokens.is_empty(), "token"),
        (status.is_some_and(|status| status >= 400), "refused"),
        (named, "finding"),
    ];
    Row {
        number,
        time: exchange.time().map_or(String::new(), |time| time.to_string()),
        passed: String::new(),
        request: request(listed, inspection, mask),
        status: status.map_or("not seen".into(), |status| status.to_string()),
        sent,
        offered: terminal(&shorten(&authentication::offered(exchange).join(", "), 100)).into_owned(),
        tokens,
        frames: exchange.frames.map_or(String::new(), |(first, last)| {
            let until = exchange.until.as_deref();
            let until =
                until.map_or(String::new(), |(input, frame)| format!(", then to {frame} of input {input}"));
            if first == last { format!("{first}{until}") } else { format!("{first} … {last}{until}") }
        }),
        kinds: kinds.iter().filter(|(is, _)| *is).map(|(_, kind)| *kind).collect::<Vec<_>>().join(" "),
        bad,
    }
}
