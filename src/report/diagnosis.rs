//! Causes, scenarios and the conversation in words that renderings share.

use super::Verification;
use super::mask::Mask;
use super::numbers::rank;
use super::reason::counted;
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

/// A cause as plain text: title, summary, evidence, commands.
pub fn plain(found: &Found, verification: &Verification, mask: Mask) -> String {
    let mut text = vec![title(found), mask.text(&found.summary).into_owned()];
    text.extend(evidence(found, verification, mask).into_iter().map(|line| format!("- {line}")));
    text.extend(found.commands.iter().map(|command| mask.text(command).into_owned()));
    text.join("\n")
}

/// What speaks for and against a cause, one line for each side and source, with the findings that it rests on.
pub fn evidence(found: &Found, verification: &Verification, mask: Mask) -> Vec<String> {
    let both = found.reasons.iter().chain(&found.doubts).any(|reason| reason.source == Source::State);
    let rules = |indices: &[usize], source: Source| {
        let mut rules: Vec<&str> = indices
            .iter()
            .filter_map(|&index| verification.judgement.findings.get(index))
            .map(|finding| finding.rule)
            .filter(|rule| rule.starts_with("state-") == (source == Source::State))
            .collect();
        rules.dedup();
        if rules.is_empty() { String::new() } else { format!(" [{}]", rules.join(", ")) }
    };
    let line = |mark: &str, reasons: &[Reason], indices: &[usize], source: Source| {
        let mine = reasons.iter().filter(|reason| reason.source == source);
        let texts: Vec<&str> = mine.map(|reason| reason.text.as_str()).collect();
        let side = match source {
            Source::Traffic if both => ", in the traffic",
            Source::Traffic => "",
            Source::State => ", in the state",
        };
        let text = mask.text(&texts.join("; ")).into_owned();
        (!texts.is_empty()).then(|| format!("{mark}{side}: {text}{}", rules(indices, source)))
    };
    let mut lines = Vec::new();
    for (mark, reasons, indices) in
        [("for it", &found.reasons, &found.supporting), ("against it", &found.doubts, &found.contradicting)]
    {
        lines.extend(line(mark, reasons, indices, Source::Traffic));
        lines.extend(line(mark, reasons, indices, Source::State));
    }
    let places: Vec<String> = found
        .exchanges
        .iter()
        .filter_map(|key| rank(&verification.numbers, key))
        .take(8)
        .map(|number| number.to_string())
        .collect();
    if !places.is_empty() {
        lines.push(format!("seen in exchange {}", places.join(", ")));
    }
    lines
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
    let number = step.exchange.and_then(|key| rank(&verification.numbers, &key));
    let place = number.map_or_else(String::new, |number| format!(" (exchange {number}{times})"));
    format!("{mark}{} asks {} for {}: {}{place}", step.from, step.to, step.asked, step.answered)
}

/// At most `most` steps with what broke among them, and how many stand before and after.
pub fn excerpt(steps: &[Step], most: usize) -> (usize, &[Step], usize) {
    let broke = steps.iter().position(|step| step.broke).unwrap_or(0);
    let from = (broke + 2).saturating_sub(most).min(steps.len());
    let shown = steps.get(from..steps.len().min(from + most)).unwrap_or_default();
    (from, shown, steps.len() - from - shown.len())
}
