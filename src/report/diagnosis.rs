//! Causes, scenarios and the conversation in words that renderings share.

use std::borrow::Cow;

use super::Verification;
use super::mask::Mask;
use super::reason::counted;
use crate::checks::finding::Finding;
use crate::diagnose::cause::{Found, Reason, Source};
use crate::diagnose::scenarios::{Scenario, State};
use crate::diagnose::sequence::{Outcome, Step};

/// `Cause` or `Causes`: the heading of the list.
pub const fn heading(causes: usize) -> &'static str {
    if causes > 1 { "Causes" } else { "Cause" }
}

/// The line over a cause.
pub fn title(found: &Found) -> String {
    format!("{} ({}, {})", found.cause.title, found.confidence.name(), found.cause.id)
}

/// Over the commands of a cause.
pub const TO_DO: &str = "What to do";

/// A cause as plain text: title, summary, evidence, commands.
pub fn plain(found: &Found, verification: &Verification, mask: Mask) -> String {
    let mut text = vec![title(found), mask.text(&found.summary).into_owned()];
    text.extend(evidence(found, verification, mask).into_iter().map(|line| format!("- {line}")));
    text.extend(seen(found, verification).map(|line| format!("- {line}")));
    text.push(format!("{}:", TO_DO));
    text.extend(found.commands.iter().map(|command| mask.text(command).into_owned()));
    text.join("\n")
}

/// What speaks for and against a cause, a line for each reason, then the findings that it rests on.
pub fn evidence(found: &Found, verification: &Verification, mask: Mask) -> Vec<String> {
    let both = found.reasons.iter().chain(&found.doubts).any(|reason| reason.source == Source::State);
    let line = |mark: &str, reason: &Reason| {
        let side = match reason.source {
            Source::Traffic if both => ", in the traffic",
            Source::Traffic => "",
            Source::State => ", in the state",
        };
        format!("{mark}{side}: {}", mask.text(&reason.text))
    };
    let of = |source: Source| move |reason: &&Reason| reason.source == source;
    let mut lines = Vec::new();
    for (mark, reasons) in [("for it", &found.reasons), ("against it", &found.doubts)] {
        for source in [Source::Traffic, Source::State] {
            lines.extend(reasons.iter().filter(of(source)).map(|reason| line(mark, reason)));
        }
    }
    let mut rules: Vec<&str> = found
        .supporting
        .iter()
        .chain(&found.contradicting)
        .filter_map(|&index| verification.judgement.findings.get(index))
        .map(|finding| finding.rule)
        .collect();
    rules.dedup();
    if !rules.is_empty() {
        lines.push(format!("findings: {}", rules.join(", ")));
    }
    lines
}

/// Numbers of the first exchanges that speak for a cause.
pub fn exchanges(found: &Found, verification: &Verification) -> Vec<usize> {
    found.exchanges.iter().filter_map(|key| verification.numbers.rank(key)).take(8).collect()
}

/// `seen in exchange 3, 5`
pub fn seen(found: &Found, verification: &Verification) -> Option<String> {
    let numbers: Vec<_> = exchanges(found, verification).iter().map(usize::to_string).collect();
    (!numbers.is_empty()).then(|| format!("seen in exchange {}", numbers.join(", ")))
}

/// What to do about a finding. Where a cause above says the same commands, they are not said again.
pub fn help<'f>(finding: &'f Finding, verification: &Verification) -> Cow<'f, str> {
    let commands: Vec<&str> =
        verification.diagnosis.causes.iter().flat_map(|found| &found.commands).map(String::as_str).collect();
    let mut lines = finding.help.lines().filter(|line| !line.trim().is_empty()).peekable();
    if lines.peek().is_some() && lines.all(|line| commands.contains(&line)) {
        return "The commands under the cause above repair it.".into();
    }
    finding.help.as_str().into()
}

/// One line for a scenario.
pub fn scenario(scenario: &Scenario) -> String {
    let state = match scenario.state {
        State::Succeeded => "succeeded",
        State::Failed => "failed",
        State::NotSeen => "not seen",
    };
    let strength = match scenario.state {
        State::NotSeen => String::new(),
        _ => format!(" ({}: {})", scenario.strength.name(), scenario.signs.join(", ")),
    };
    format!("{state}: {}, {}{strength}", scenario.kind.name(), scenario.kind.title())
}

/// One line for a step of the conversation.
pub fn step(step: &Step, verification: &Verification) -> String {
    let mark = match (step.broke, step.outcome) {
        (true, _) => "BROKE HERE ",
        (false, Outcome::Broken) => "failed ",
        (false, _) => "",
    };
    let times = if step.count > 1 { format!(", {}", counted(step.count, "time")) } else { String::new() };
    let number = step.exchange.and_then(|key| verification.numbers.rank(&key));
    let place = number.map_or_else(String::new, |number| format!(" (exchange {number}{times})"));
    // A log need not name the host that was asked.
    let to = if step.to.is_empty() { "the server" } else { &step.to };
    format!("{mark}{} asks {to} for {}: {}{place}", step.from, step.asked, step.answered)
}

/// At most `most` steps with what broke among them, and how many stand before and after.
pub fn excerpt(steps: &[Step], most: usize) -> (usize, &[Step], usize) {
    let broke = steps.iter().position(|step| step.broke).unwrap_or(0);
    let from = (broke + 2).saturating_sub(most).min(steps.len());
    let shown = steps.get(from..steps.len().min(from + most)).unwrap_or_default();
    (from, shown, steps.len() - from - shown.len())
}
