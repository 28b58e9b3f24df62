//! The drawing of who asked whom: lanes for who asks, one for each host, two arrows a step. A judgement shows the
//! OAuth conversation with the step that broke, a listing its exchanges.

use std::collections::BTreeSet;

use super::rows::{request, sent};
use crate::checks::place::without_user;
use crate::diagnose::sequence::{Outcome, Step as Said};
use crate::report::escape::{shorten, terminal};
use crate::report::mask::Mask;
use crate::report::reason::counted;
use crate::report::{Inspection, Listed, Verification, authentication, diagnosis};
use crate::token::Half;

/// Exchanges that a drawing can hold.
const STEPS: usize = 40;

/// Lanes besides the client's.
const HOSTS: usize = 4;

/// Lanes of those who ask, in a conversation: who asks without a token, Exchange, the service in the cloud.
const CALLERS: usize = 3;

/// Few lanes share this.
const WIDTH: usize = 1000;
/// From the middle of the outer lanes to the edge.
const EDGE: usize = 118;
/// Between lanes, at least: many make the drawing wider, and the page lets the reader scroll.
const GAP: usize = 200;
/// What a letter of a label or of a lane's name takes, on average.
const LETTER: usize = 7;
const STEP: usize = 58;
const TOP: usize = 100;

#[derive(Default)]
pub(super) struct Sequence {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) lanes: Vec<Lane>,
    pub(super) steps: Vec<Step>,
    /// What the reader must know before.
    pub(super) note: String,
}

pub(super) struct Lane {
    pub(super) x: usize,
    pub(super) left: usize,
    pub(super) width: usize,
    /// One line or two.
    pub(super) name: Vec<String>,
    pub(super) kind: &'static str,
}

pub(super) struct Step {
    /// Number of its exchange, where that is listed.
    pub(super) number: Option<usize>,
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
    let all = inspection.exchanges.iter().enumerate();
    let all: Vec<usize> =
        all.filter(|(number, listed)| telling(*number, listed)).map(|(number, _)| number).collect();
    // The break must be in the picture, also when it comes late.
    let first_bad = all.iter().position(|number| bad.contains(number)).unwrap_or(0);
    let begin =
        if first_bad < STEPS { 0 } else { (first_bad + STEPS / 4).saturating_sub(STEPS).min(all.len()) };
    let shown = all.iter().skip(begin).take(STEPS);
    let shown: Vec<(usize, Listed)> =
        shown.filter_map(|number| Some((*number, inspection.exchanges.get(*number)?))).collect();

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
    lanes.extend(hosts.iter().map(|host| (terminal(&shorten(host, 64)).into_owned(), kind(host))));
    if others {
        lanes.push(("other hosts".into(), ""));
    }
    let places = Lanes::of(lanes.len());
    let steps: Vec<_> = shown
        .iter()
        .enumerate()
        .map(|(row, (number, listed))| {
            let lane =
                hosts.iter().position(|known| *known == host(listed)).map_or(lanes.len() - 1, |at| at + 1);
            let ends = (places.x(0), places.x(lane));
            step(*number, listed, TOP + row * STEP, ends, bad.contains(number), inspection, mask)
        })
        .collect();
    let left_out = inspection.exchanges.len() - steps.len();
    let note = match left_out {
        0 => String::new(),
        more => format!("{} without authentication left out.", counted(more as u64, "exchange")),
    };
    places.sequence(lanes, steps, note)
}

/// Draws the OAuth conversation of a judgement, the step that broke marked.
pub(super) fn conversation(verification: &Verification, mask: Mask) -> Sequence {
    let all = &verification.diagnosis.sequence;
    let broke = all.iter().position(|step| step.broke);
    let begin = (broke.unwrap_or(0) + STEPS / 4).saturating_sub(STEPS);
    let shown: Vec<&Said> = all.iter().skip(begin).take(STEPS).collect();
    let callers = distinct(shown.iter().map(|step| step.from.as_str()), CALLERS);
    let hosts = distinct(shown.iter().map(|step| step.to.as_str()), HOSTS);
    let named = |names: &[Option<&str>], rest: &'static str, kind: &dyn Fn(&str) -> &'static str| {
        let lane = |name: &Option<&str>| match name {
            Some("") => ("server".to_owned(), ""),
            Some(name) => (terminal(&shorten(&mask.text(name), 64)).into_owned(), kind(name)),
            None => (rest.to_owned(), ""),
        };
        names.iter().map(lane).collect::<Vec<_>>()
    };
    let mut lanes = named(&callers, "other callers", &|_| "asks");
    lanes.extend(named(&hosts, "other hosts", &kind));
    let places = Lanes::of(lanes.len());
    let lane = |names: &[Option<&str>], name: &str| {
        names.iter().position(|known| *known == Some(name)).unwrap_or(names.len().saturating_sub(1))
    };
    let draw = |(row, said): (usize, &&Said)| {
        let ends = (places.x(lane(&callers, &said.from)), places.x(callers.len() + lane(&hosts, &said.to)));
        of_step(said, TOP + row * STEP, ends, verification, mask)
    };
    let steps: Vec<Step> = shown.iter().enumerate().map(draw).collect();
    let mut note = match broke {
        Some(_) => "The step that broke first is marked.".to_owned(),
        None => "No step broke.".to_owned(),
    };
    let left_out = all.len() - steps.len();
    if left_out > 0 {
        note.push_str(&format!(
            " {} left out; the text report counts them.",
            counted(left_out as u64, "step")
        ));
    }
    places.sequence(lanes, steps, note)
}

/// The different names, in their order; where there are too many, the last stands for the rest (`None`).
fn distinct<'a>(names: impl Iterator<Item = &'a str>, most: usize) -> Vec<Option<&'a str>> {
    let mut known: Vec<Option<&str>> = Vec::new();
    for name in names {
        if !known.contains(&Some(name)) {
            known.push(Some(name));
        }
    }
    if known.len() > most {
        known.truncate(most - 1);
        known.push(None);
    }
    known
}

fn of_step(
    said: &Said,
    y: usize,
    (from, to): (usize, usize),
    verification: &Verification,
    mask: Mask,
) -> Step {
    let room = ((to - from) / LETTER).max(40);
    let number = said.exchange.and_then(|key| verification.numbers.rank(&key));
    let prefix = number.map_or_else(String::new, |number| format!("{number} "));
    let times = if said.count > 1 { format!(" ({} times)", said.count) } else { String::new() };
    let mark = match (said.broke, said.outcome) {
        (true, _) => "✗ broke here: ",
        (false, Outcome::Broken) => "✗ ",
        (false, _) => "",
    };
    let asked = shorten(&mask.text(&said.asked), room.saturating_sub(prefix.len())).into_owned();
    let answered = shorten(&mask.text(&said.answered), room.saturating_sub(mark.len() + times.len()).max(16))
        .into_owned();
    // Where a list of exchanges ends, a link to a later one would lead nowhere.
    let listed = verification.listing.as_ref().map_or(0, |listing| listing.exchanges.len());
    Step {
        number: number.filter(|number| *number < listed),
        y,
        from,
        to,
        label_x: (from + to) / 2,
        back: -9,
        forth: 9,
        class: match (said.broke, said.outcome) {
            (true, _) => "bad broke",
            (false, Outcome::Broken) => "bad",
            (false, _) => "",
        },
        asked: terminal(&format!("{prefix}{asked}")).into_owned(),
        answered: terminal(&format!("{mark}{answered}{times}")).into_owned(),
        text: terminal(&mask.text(&diagnosis::step(said, verification))).into_owned(),
    }
}

/// Where lanes stand.
#[derive(Clone, Copy)]
struct Lanes {
    gap: usize,
}

impl Lanes {
    fn of(count: usize) -> Self {
        Self { gap: ((WIDTH - 2 * EDGE) / count.saturating_sub(1).max(1)).max(GAP) }
    }

    fn x(self, lane: usize) -> usize {
        EDGE + lane * self.gap
    }

    fn sequence(self, lanes: Vec<(String, &'static str)>, steps: Vec<Step>, note: String) -> Sequence {
        let width = self.gap.saturating_sub(6).min(2 * EDGE - 6);
        let letters = (width - 10) / (LETTER + 1);
        let lane = |(at, (name, kind)): (usize, (String, &'static str))| Lane {
            x: self.x(at),
            left: self.x(at).saturating_sub(width / 2),
            width,
            name: two_lines(&name, letters),
            kind,
        };
        Sequence {
            width: WIDTH.max(2 * EDGE + lanes.len().saturating_sub(1) * self.gap),
            height: TOP + steps.len() * STEP,
            lanes: lanes.into_iter().enumerate().map(lane).collect(),
            steps,
            note,
        }
    }
}

/// A name in one line, or in two that part behind a dot.
fn two_lines(name: &str, letters: usize) -> Vec<String> {
    if name.chars().count() <= letters {
        return vec![name.to_owned()];
    }
    let fits = |(at, _): &(usize, &str)| name.get(..=*at).is_some_and(|head| head.chars().count() <= letters);
    let Some((at, _)) = name.match_indices(['.', '-', ' ']).take_while(fits).last() else {
        return vec![shorten(name, letters).into_owned()];
    };
    let (head, rest) = name.split_at(at + 1);
    vec![head.to_owned(), shorten(rest, letters).into_owned()]
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
        let numbers = listed.numbers(&inspection.order, Some(half));
        let numbers: Vec<_> = numbers.iter().take(4).map(usize::to_string).collect();
        if numbers.is_empty() { String::new() } else { format!(", token {}", numbers.join(", ")) }
    };
    let (asks_with, answers_with) = (carried(Half::Request), carried(Half::Response));
    let sent = if sent.is_empty() { asks_with } else { format!(": {sent}{asks_with}") };
    let request_line = request(listed, inspection, mask);
    let method = request_line.split(' ').next().unwrap_or_default();
    let path = listed.exchange.request.as_ref().map_or("", |request| request.path());
    let path = terminal(path).into_owned();
    let room = ((to - from) / LETTER).max(40);
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
        number: Some(number),
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
