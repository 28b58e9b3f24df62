//! The sentences that several renderings share: what the verdict means, what was seen in numbers.

use std::borrow::Cow;

use super::mask::Mask;
use super::places::place;
use super::reason::counted;
use super::{Coverage, Inspection, Listed, Verification};
use crate::checks::finding::{Finding, Severity};
use crate::checks::judge::{NO_EXCHANGE, NOTHING_DECODED};
use crate::checks::said::Said;
use crate::checks::{Outcome, Verdict};
use crate::pipeline::{Input, Kind};
use crate::token::Half;

/// The verdict in one word, as people shout it.
pub const fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "PASS",
        Verdict::Fail => "FAIL",
        Verdict::Incomplete => "INCOMPLETE",
    }
}

/// What it means, in one sentence.
pub fn sentence(verification: &Verification) -> String {
    let judgement = &verification.judgement;
    let of = |severity| {
        let known = verification.known.as_deref().unwrap_or_default();
        let all = judgement.findings.iter().enumerate();
        all.filter(|(index, finding)| finding.severity == severity && known.get(*index) != Some(&true))
            .count() as u64
    };
    let (errors, warnings) = (of(Severity::Error), of(Severity::Warning));
    let new = if verification.known.is_some() { "new " } else { "" };
    let problems = match (errors, warnings) {
        (0, warnings) => counted(warnings, &format!("{new}warning")),
        (errors, 0) => counted(errors, &format!("{new}error")),
        (errors, warnings) => {
            format!("{} and {}", counted(errors, &format!("{new}error")), counted(warnings, "warning"))
        }
    };
    let known = verification.known.as_deref().unwrap_or_default();
    let all = judgement.findings.iter().zip(known);
    let known = all.filter(|(finding, known)| **known && finding.severity == Severity::Error).count() as u64;
    match judgement.verdict {
        Verdict::Pass if known > 0 => format!("nothing new is wrong; {} known", counted(known, "error")),
        Verdict::Pass if verification.provision.is_some() => {
            let with = if warnings > 0 { format!(", with {problems}") } else { String::new() };
            format!("what was given is as the procedure says{with}")
        }
        Verdict::Pass if warnings > 0 => format!("the evidence shows that it works, with {problems}"),
        Verdict::Pass => "the evidence shows that it works as expected".into(),
        Verdict::Fail => problems,
        Verdict::Incomplete => {
            let open = judgement
                .checks
                .iter()
                .filter(|check| check.required && check.outcome == Outcome::NotEstablished);
            let names: Vec<_> = open.map(|check| check.id.name()).collect();
            let seen = match known {
                0 if warnings > 0 => format!("no error was seen, but {problems}, and"),
                0 => "nothing wrong was seen, but".to_owned(),
                known => format!("nothing new is wrong ({} known), but", counted(known, "error")),
            };
            format!("{seen} the evidence does not establish {}", listed(&names))
        }
    }
}

/// `a`, `a and b`, `a, b and c`
pub fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [start @ .., last] => format!("{} and {last}", start.join(", ")),
    }
}

/// An outcome in words.
pub const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "pass",
        Outcome::Fail => "FAIL",
        Outcome::NotEstablished => "not established",
        Outcome::NotApplicable => "not applicable",
    }
}

/// What was judged, in numbers.
pub fn scope(verification: &Verification) -> Vec<String> {
    let expected = &verification.expected;
    if let Some(provision) = &verification.provision {
        let culture = match &provision.culture {
            Some(culture) => format!("dates read as {culture}"),
            None => "dates read without a culture".into(),
        };
        let at = expected.at.map_or_else(|| "now".to_owned(), |at| at.to_string());
        return vec![
            format!("profile {}", provision.profile),
            counted(verification.inputs.len() as u64, "file"),
            format!("times judged at {at}, {culture}"),
        ];
    }
    let judged = &verification.judgement.judged;
    let in_scope = judged.values().filter(|(in_scope, _)| *in_scope).count() as u64;
    let tokens = verification.order.tokens().len() as u64;
    let at = match expected.at {
        Some(at) => format!("times judged at {at}"),
        None => "times judged at the time of each packet or entry".into(),
    };
    let lines = match verification.inputs.iter().map(|input| input.records).sum() {
        0 => String::new(),
        lines => format!(", {} of logs", counted(lines, "line")),
    };
    vec![
        match expected.tenants.as_slice() {
            // Only `probe` goes without.
            [] => "no tenant named: realms are not compared (--tenant)".to_owned(),
            tenants => format!("tenant {}", tenants.join(", ")),
        },
        format!(
            "{}{lines}, {}, {}",
            counted(verification.inputs.len() as u64, "input"),
            counted(verification.coverage.exchanges, "exchange"),
            judged_tokens(tokens, in_scope, verification.judgement.own as u64)
        ),
        format!("{at}, leeway {} s", expected.leeway),
    ]
}

/// What was found in an input: exchanges, lines of a log, objects of a state, commands of a script.
pub fn found(input: &Input) -> String {
    let thing = match input.kind {
        Kind::State => "object",
        Kind::Script => "command",
        _ if input.records > 0 && input.exchanges == 0 => "line",
        _ => return counted(input.exchanges, "exchange"),
    };
    counted(input.records, thing)
}

/// Whether its connections begin in another input: files of one recording.
pub fn follows(input: &Input) -> String {
    input.follows.map_or(String::new(), |before| format!(", goes on with input {before}"))
}

/// How many tokens there are, and which of them are judged.
fn judged_tokens(tokens: u64, in_scope: u64, own: u64) -> String {
    const OWN: &str = "issued by Exchange itself, judged by --cert";
    let all = counted(tokens, "token");
    match (tokens, in_scope, own) {
        (0, ..) => "no tokens".into(),
        (_, 0, 0) => format!("{all}, none of them in scope"),
        (_, 0, _) if own == tokens => format!("{all} {OWN}; none of an application that calls"),
        (_, 0, _) => format!("{all}, {own} of them {OWN}; none of an application that calls"),
        (_, _, 0) => format!("{all}, {in_scope} of them in scope"),
        _ => format!("{all}: {in_scope} in scope, {own} {OWN}"),
    }
}

/// What was not seen, in numbers; empty when everything was.
pub fn unseen(coverage: &Coverage) -> Vec<String> {
    let mut lines = Vec::new();
    if coverage.undecrypted > 0 {
        lines.push(format!(
            "{} of {} stayed closed (TLS)",
            coverage.undecrypted,
            counted(coverage.connections, "connection")
        ));
    }
    if coverage.gaps > 0 {
        lines.push(format!(
            "{} of {} with bytes missing in between",
            coverage.gaps,
            counted(coverage.connections, "connection")
        ));
    }
    if coverage.exchanges == 0 {
        lines.push("no HTTP exchange could be read".into());
    }
    lines
}

/// Everything that was not seen or not supplied: coverage first, then what checks miss.
pub fn missing(verification: &Verification, mask: Mask) -> Vec<String> {
    let traffic = verification.provision.is_none();
    let mut lines = if traffic { unseen(&verification.coverage) } else { Vec::new() };
    let nothing = traffic && verification.coverage.exchanges == 0;
    // What several checks miss is told once, under all their names.
    let mut told: Vec<(Cow<'_, str>, Vec<&str>)> = Vec::new();
    for check in &verification.judgement.checks {
        for line in &check.missing {
            if nothing && [NO_EXCHANGE, NOTHING_DECODED].contains(&line.words()) {
                continue;
            }
            let line = by_name(line, verification);
            match told.iter_mut().find(|(known, _)| *known == line) {
                Some((_, checks)) => checks.push(check.id.name()),
                None => told.push((line, vec![check.id.name()])),
            }
        }
    }
    let told = told.iter().map(|(line, checks)| format!("{}: {}", checks.join(", "), mask.text(line)));
    lines.extend(told.map(|line| super::escape::lines(&line)));
    lines
}

/// A sentence for people, with the names of the files that it speaks of.
pub fn by_name<'s>(said: &'s Said, verification: &'s Verification) -> Cow<'s, str> {
    said.naming(|number| match verification.inputs.get(number as usize) {
        Some(input) => Cow::Borrowed(input.path.as_str()),
        None => Cow::Owned(format!("input {number}")),
    })
}

/// `POST mail.contoso.com/ews/exchange.asmx`; `None` where the request was not seen.
pub fn request(listed: &Listed, inspection: &Inspection, mask: Mask) -> Option<String> {
    let request = listed.exchange.request.as_ref()?;
    let texts = listed.texts(&inspection.tokens, Half::Request);
    let target = mask.known(&request.target, &texts);
    let host = mask.host(request.host.as_deref().unwrap_or_default());
    // Both name the host themselves.
    let host = if request.target.contains("://") || request.method == "CONNECT" { "" } else { &*host };
    Some(format!("{} {host}{target}", request.method))
}

/// Findings with their index, errors before warnings before notes; otherwise in the judge's order.
pub fn worst_first(verification: &Verification) -> Vec<(usize, &Finding)> {
    let mut all: Vec<_> = verification.judgement.findings.iter().enumerate().collect();
    all.sort_by_key(|(_, finding)| std::cmp::Reverse(finding.severity));
    all
}

/// What was noted without being a problem, in one line: what, and where first.
pub fn note(finding: &Finding, verification: &Verification) -> String {
    let observed =
        if finding.observed.is_empty() { String::new() } else { format!(": {}", finding.observed) };
    let more = match finding.evidence.len() {
        0 | 1 => String::new(),
        places => format!(", and {} more", places - 1),
    };
    let place =
        finding.evidence.first().map_or(String::new(), |at| format!(" ({}{more})", place(at, verification)));
    format!("{}{observed}{place}", finding.message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_counted_by_what_they_are() {
        for (counts, words) in [
            ((0, 0, 0), "no tokens"),
            ((2, 0, 0), "2 tokens, none of them in scope"),
            ((2, 1, 0), "2 tokens, 1 of them in scope"),
            (
                (1, 0, 1),
                "1 token issued by Exchange itself, judged by --cert; none of an application that calls",
            ),
            (
                (2, 0, 1),
                "2 tokens, 1 of them issued by Exchange itself, judged by --cert; none of an application that calls",
            ),
            ((4, 2, 1), "4 tokens: 2 in scope, 1 issued by Exchange itself, judged by --cert"),
        ] {
            let (tokens, in_scope, own) = counts;
            assert_eq!(judged_tokens(tokens, in_scope, own), words);
        }
    }
}
