//! The drawing of who asked whom: one lane for the client, one for each host, two arrows an exchange.

use std::collections::BTreeSet;

use super::rows::{request, sent, tokens};
use crate::checks::place::without_user;
use crate::report::escape::{shorten, terminal};
use crate::report::mask::Mask;
use crate::report::{Inspection, Listed, authentication};
use crate::token::Half;

/// Exchanges that a drawing can hold.
const STEPS: usize = 40;

/// Lanes besides the client's.
const HOSTS: usize = 4;

const WIDTH: usize = 1000;
/// From the middle of the outer lanes to the edge.
const EDGE: usize = 118;
const STEP: usize = 58;
const TOP: usize = 84;

#[derive(Default)]
pub(super) struct Sequence {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) lanes: Vec<Lane>,
    pub(super) steps: Vec<Step>,
    pub(super) left_out: usize,
}

pub(super) struct Lane {
    pub(super) x: usize,
    pub(super) left: usize,
    pub(super) width: usize,
    pub(super) name: String,
    pub(super) kind: &'static str,
}

pub(super) struct Step {
    pub(super) number: usize,
    pub(super) y: usize,
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) label_x: usize,
    pub(super) back: i32,
    pub(super) forth: i32,
    pub(super) class: &'static str,
    pub(super) asked: String,
    pub(super) answered: String,
    pub(super) text: String,
}

/// Draws the exchanges that have to do with authentication. `bad`: those that errors name.
pub(super) fn draw(inspection: &Inspection, bad: &BTreeSet<usize>, mask: Mask) -> Sequence {
    let telling = |number: usize, listed: &Listed| bad.contains(&number) || tells(listed);
    let all: Vec<_> =
        inspection.exchanges.iter().enumerate().filter(|(number, listed)| telling(*number, listed)).collect();
    // The break must be in the picture, also when it comes late.
    let first_bad = all.iter().position(|(number, _)| bad.contains(number)).unwrap_or(0);
    let begin =
        if first_bad < STEPS { 0 } else { (first_bad + STEPS / 4).saturating_sub(STEPS).min(all.len()) };
    let shown: Vec<_> = all.iter().skip(begin).take(STEPS).copied().collect();

    let mut hosts: Vec<String> = Vec::new();
    for (_, listed) in &shown {
        let host = host(listed);
        if !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    let others = hosts.len() > HOSTS;
    hosts.truncate(if others { HOSTS - 1 } else { HOSTS });
    let mut lanes = vec![("client".to_owned(), "asks")];
    lanes.extend(hosts.iter().map(|host| (terminal(&shorten(host, 32)).into_owned(), kind(host))));
    if others {
        lanes.push(("other hosts".into(), ""));
    }
    let gap = (WIDTH - 2 * EDGE) / (lanes.len() - 1).max(1);
    let x = |lane: usize| EDGE + lane * gap;
    let box_width = gap.saturating_sub(6).min(2 * EDGE - 6);
    let steps: Vec<_> = shown
        .iter()
        .enumerate()
        .map(|(row, (number, listed))| {
            let lane =
                hosts.iter().position(|known| *known == host(listed)).map_or(lanes.len() - 1, |at| at + 1);
            step(*number, listed, TOP + row * STEP, (x(0), x(lane)), bad.contains(number), inspection, mask)
        })
        .collect();
    Sequence {
        width: WIDTH,
        height: TOP + steps.len() * STEP,
        lanes: lanes
            .into_iter()
            .enumerate()
            .map(|(lane, (name, kind))| Lane {
                x: x(lane),
                left: x(lane).saturating_sub(box_width / 2),
                width: box_width,
                name,
                kind,
            })
            .collect(),
        left_out: inspection.exchanges.len() - steps.len(),
        steps,
    }
}

/// Whether an exchange tells something about authentication.
fn tells(listed: &Listed) -> bool {
    let exchange = &listed.exchange;
    let path = exchange.request.as_ref().map_or("", |request| request.path()).to_ascii_lowercase();
    !listed.sightings.is_empty()
        || path.contains("/metadata/")
        || path.contains("/oauth")
        || !authentication::sent(exchange).is_empty()
        || exchange.response.as_ref().is_some_and(|response| response.status == 401)
}

fn host(listed: &Listed) -> String {
    let named = listed.exchange.request.as_ref().and_then(|request| request.host.as_deref());
    // Columns are hosts: who speaks to them stands elsewhere.
    let named = named.map(|host| without_user(host).to_owned());
    named.or_else(|| listed.exchange.server.map(|end| end.to_string())).unwrap_or_else(|| "server".into())
}

fn kind(host: &str) -> &'static str {
    let token_services = ["accesscontrol.", "login.", "sts.", "accounts."];
    if token_services.iter().any(|start| host.starts_with(start) || host.contains(&format!(".{start}"))) {
        "token service"
    } else {
        "server"
    }
}

fn step(
    number: usize,
    listed: &Listed,
    y: usize,
    (from, to): (usize, usize),
    bad: bool,
    inspection: &Inspection,
    mask: Mask,
) -> Step {
    let sent = sent(listed);
    let carried = |half| {
        let numbers = tokens(listed, inspection, Some(half));
        let numbers: Vec<_> = numbers.iter().take(4).map(usize::to_string).collect();
        if numbers.is_empty() { String::new() } else { format!(", token {}", numbers.join(", ")) }
    };
    let (asks_with, answers_with) = (carried(Half::Request), carried(Half::Response));
    let sent = if sent.is_empty() { asks_with } else { format!(": {sent}{asks_with}") };
    let request_line = request(listed, inspection, mask);
    let method = request_line.split(' ').next().unwrap_or_default();
    let path = listed.exchange.request.as_ref().map_or("", |request| request.path());
    let path = terminal(path).into_owned();
    let room = ((to - from) / 7).max(24);
    let asked = format!(
        "{number} {method} {}{sent}",
        shorten(&path, room.saturating_sub(sent.len() + method.len() + 4).max(8))
    );
    let offered = authentication::offered(&listed.exchange);
    let status = listed
        .exchange
        .response
        .as_ref()
        .map_or("no answer seen".into(), |response| response.status.to_string());
    let offers = if offered.is_empty() { String::new() } else { format!(", offers {}", offered.join(", ")) };
    let mark = if bad { "✗ " } else { "" };
    Step {
        number,
        y,
        from,
        to,
        label_x: (from + to) / 2,
        back: -9,
        forth: 9,
        class: if bad { "bad" } else { "" },
        asked: terminal(&asked).into_owned(),
        answered: terminal(&shorten(&format!("{mark}{status}{offers}{answers_with}"), room.max(36)))
            .into_owned(),
        text: terminal(&format!(
            "{mark}exchange {number}: {request_line}{sent}; answer {status}{offers}{answers_with}"
        ))
        .into_owned(),
    }
}
