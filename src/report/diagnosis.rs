//! Causes, scenarios and the conversation in words that renderings share.

use super::Verification;
use super::mask::Mask;
use super::numbers::rank;
use super::reason::counted;
use crate::diagnose::cause::Found;
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

/// What speaks for and against a cause, one line each, with the findings that they rest on.
pub fn evidence(found: &Found, verification: &Verification, mask: Mask) -> Vec<String> {
    let rules = |indices: &[usize]| {
        let mut rules: Vec<&str> = indices
            .iter()
            .filter_map(|&index| verification.judgement.findings.get(index))
            .map(|finding| finding.rule)
            .collect();
        rules.dedup();
        if rules.is_empty() { String::new() } else { format!(" [{}]", rules.join(", ")) }
    };
    let line = |mark: &str, reasons: &[String], indices: &[usize]| {
        let text = mask.text(&reasons.join("; ")).into_owned();
        (!reasons.is_empty()).then(|| format!("{mark} {text}{}", rules(indices)))
    };
    let mut lines = Vec::new();
    lines.extend(line("for it:", &found.reasons, &found.supporting));
    lines.extend(line("against it:", &found.doubts, &found.contradicting));
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
