//! Takes a verification or an inspection, gives Markdown that fits a ticket (CommonMark with tables).
//!
//! Everything from traffic is escaped: no link, no image, no HTML, no mention of anybody.

use std::io::{self, Write};

use super::claims::pretty;
use super::commands::Part;
use super::escape::{shorten, terminal};
use super::mask::Mask;
use super::places::{place, shown_part};
use super::reason::counted;
use super::{Inspection, Options, Verification, authentication, certificates, commands, diagnosis, words};
use crate::checks::finding::{Finding, Severity};

/// Places of one finding that are listed.
const PLACES: usize = 8;

/// Steps of the conversation that are listed.
const STEPS: usize = 12;

/// `verify -o markdown`
///
/// # Errors
/// Those of `out`.
pub fn verification(verification: &Verification, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let mask = Mask::new(options.show_secrets);
    let judgement = &verification.judgement;
    writeln!(out, "# {}: {}\n", words::verdict(judgement.verdict), words::sentence(verification))?;
    for line in words::scope(verification).iter().chain(&verification.expected.certificates) {
        writeln!(out, "- {}", inline(line))?;
    }
    for (number, input) in verification.inputs.iter().enumerate() {
        let follows = words::follows(input);
        writeln!(out, "- input {number}: {}, {}{follows}", code(&input.path), input.kind.name())?;
    }
    causes(verification, mask, out)?;
    writeln!(out, "\n## What was not seen\n")?;
    let missing = words::missing(verification, mask);
    if missing.is_empty() {
        writeln!(out, "Nothing is missing: everything in the input could be read.")?;
    }
    missing.iter().try_for_each(|line| writeln!(out, "- {}", inline(line)))?;
    writeln!(out, "\n## Checks\n\n| check | outcome | summary |\n| --- | --- | --- |")?;
    for check in &judgement.checks {
        let outcome = match words::outcome(check.outcome) {
            "FAIL" => "**FAIL**",
            outcome => outcome,
        };
        writeln!(
            out,
            "| {} | {outcome} | {} |",
            check.id.name(),
            inline(&mask.text(&words::by_name(&check.summary, verification)))
        )?;
    }
    let (notes, problems): (Vec<_>, Vec<_>) =
        words::worst_first(verification).into_iter().partition(|(_, one)| one.severity == Severity::Info);
    if !problems.is_empty() {
        writeln!(out, "\n## Findings")?;
    }
    for (index, one) in problems {
        let known = verification.known.as_ref().and_then(|known| known.get(index)) == Some(&true);
        finding(one, known, verification, mask, out)?;
    }
    if !notes.is_empty() {
        writeln!(out, "\n## Also noted\n")?;
    }
    for (_, note) in notes {
        writeln!(out, "- {} {}", inline(&mask.text(&words::note(note, verification))), code(note.rule))?;
    }
    certificates(verification, mask, out)
}

/// Thumbprint, x5t and uploaded key in one table.
fn certificates(verification: &Verification, mask: Mask, out: &mut dyn Write) -> io::Result<()> {
    let all = &verification.judgement.thumbprints;
    if all.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n## Certificates\n\n| {} |", certificates::HEADER.join(" | "))?;
    writeln!(out, "|{}", " --- |".repeat(certificates::HEADER.len()))?;
    for row in all {
        let cell = |lines: &Vec<String>| {
            lines.iter().map(|line| inline(&mask.text(line))).collect::<Vec<_>>().join("<br>")
        };
        writeln!(out, "| {} |", certificates::cells(row).iter().map(cell).collect::<Vec<_>>().join(" | "))?;
    }
    Ok(())
}

fn causes(verification: &Verification, mask: Mask, out: &mut dyn Write) -> io::Result<()> {
    let causes = &verification.diagnosis.causes;
    if !causes.is_empty() {
        writeln!(out, "\n## {}", diagnosis::heading(causes.len()))?;
    }
    for found in causes {
        writeln!(out, "\n### {}\n", inline(&diagnosis::title(found)))?;
        writeln!(out, "{}\n", inline(&mask.text(&found.summary)))?;
        for line in diagnosis::evidence(found, verification, mask) {
            writeln!(out, "- {}", inline(&line))?;
        }
        if let Some(line) = diagnosis::seen(found, verification) {
            writeln!(out, "- {line}")?;
        }
        if !found.commands.is_empty() {
            let commands = fenced(&mask.text(&found.commands.join("\n")), "powershell");
            writeln!(out, "\n{}:\n\n{commands}", diagnosis::TO_DO)?;
        }
    }
    if verification.provision.is_some() {
        return Ok(());
    }
    writeln!(out, "\n## Scenarios\n")?;
    for scenario in &verification.diagnosis.scenarios {
        writeln!(out, "- {}", inline(&mask.text(&diagnosis::scenario(scenario))))?;
    }
    conversation(verification, mask, out)
}

/// The conversation as a short list, the step that broke in bold.
fn conversation(verification: &Verification, mask: Mask, out: &mut dyn Write) -> io::Result<()> {
    let steps = &verification.diagnosis.sequence;
    if steps.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n## Conversation\n")?;
    let (before, shown, after) = diagnosis::excerpt(steps, STEPS);
    if before > 0 {
        writeln!(out, "- {} before", counted(before as u64, "step"))?;
    }
    for step in shown {
        let line = inline(&mask.text(&diagnosis::step(step, verification)));
        let strong = if step.broke { "**" } else { "" };
        writeln!(out, "- {strong}{line}{strong}")?;
    }
    if after > 0 {
        writeln!(out, "- and {}", counted(after as u64, "further step"))?;
    }
    Ok(())
}

fn finding(
    finding: &Finding,
    known: bool,
    verification: &Verification,
    mask: Mask,
    out: &mut dyn Write,
) -> io::Result<()> {
    let known = if known { " (known)" } else { "" };
    writeln!(
        out,
        "\n### {}: {}{known}\n\nRule {}, check {}, seen {}.\n",
        finding.severity.name(),
        inline(&mask.text(&finding.message)),
        code(finding.rule),
        code(finding.check.name()),
        counted(finding.count, "time")
    )?;
    for (word, text) in [("observed", &finding.observed), ("expected", &finding.expected)] {
        if !text.is_empty() {
            writeln!(out, "- {word}: {}", code(&mask.text(text)))?;
        }
    }
    for evidence in finding.evidence.iter().take(PLACES) {
        writeln!(out, "- at {}", inline(&place(evidence, verification)))?;
    }
    let more = finding.evidence.len().saturating_sub(PLACES);
    if more > 0 {
        writeln!(out, "- and {more} more places")?;
    }
    help(finding, verification, mask, out)?;
    let store = &verification.judgement.tokens;
    let part = finding.evidence.iter().find_map(|evidence| {
        let token = store.get(evidence.token?)?;
        Some((token, shown_part(token, evidence.claim.as_deref()?)?))
    });
    if let Some((token, part)) = part {
        let shown = pretty(part, token, store, &verification.order, mask);
        writeln!(out, "\n{}", fenced(&shown.text, "json"))?;
    }
    Ok(())
}

/// What to do: sentences, and commands in blocks of their own.
fn help(finding: &Finding, verification: &Verification, mask: Mask, out: &mut dyn Write) -> io::Result<()> {
    let mut block: Vec<String> = Vec::new();
    for part in commands::parts(&diagnosis::help(finding, verification)) {
        match part {
            Part::Command(command) => block.push(mask.text(&command).into_owned()),
            Part::Prose(text) => {
                blocked(&mut block, out)?;
                writeln!(out, "\n{}", inline(&mask.text(&text)))?;
            }
        }
    }
    blocked(&mut block, out)
}

/// Writes the commands that were gathered, if any.
fn blocked(block: &mut Vec<String>, out: &mut dyn Write) -> io::Result<()> {
    if block.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", fenced(&std::mem::take(block).join("\n"), "powershell"))
}

/// `inspect -o markdown`
///
/// # Errors
/// Those of `out`.
pub fn inspection(inspection: &Inspection, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let mask = Mask::new(options.show_secrets);
    writeln!(out, "# What was recorded\n")?;
    for input in &inspection.inputs {
        let (found, follows) = (words::found(input), words::follows(input));
        writeln!(out, "- {}: {}, {found}{follows}", code(&input.path), input.kind.name())?;
    }
    writeln!(
        out,
        "\n## Exchanges\n\n| # | time | request | status | sent | tokens |\n| --- | --- | --- | --- | --- | --- |"
    )?;
    for (number, listed) in inspection.exchanges.iter().enumerate() {
        let exchange = &listed.exchange;
        let request = words::request(&listed, inspection, mask).map_or("not seen".into(), |text| code(&text));
        let sent: Vec<_> = authentication::sent(exchange)
            .iter()
            .map(|sent| inline(sent.scheme.as_deref().unwrap_or("no scheme")))
            .collect();
        let tokens = listed.numbers(&inspection.order, None);
        writeln!(
            out,
            "| {number} | {} | {request} | {} | {} | {} |",
            exchange.time().map_or(String::new(), |time| time.to_string()),
            exchange.response.as_ref().map_or(String::new(), |response| response.status.to_string()),
            sent.join(", "),
            tokens.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")
        )?;
    }
    if !inspection.order.tokens().is_empty() {
        writeln!(out, "\n## Tokens")?;
    }
    for (number, id) in inspection.order.tokens().iter().enumerate() {
        let Some(token) = inspection.tokens.get(*id) else { continue };
        writeln!(out, "\n### Token {number}: {}, fingerprint {}\n", token.role.name(), token.fingerprint)?;
        for node in [token.header(), token.claims()].into_iter().flatten() {
            let shown = pretty(node, token, &inspection.tokens, &inspection.order, mask);
            writeln!(out, "{}", fenced(&shown.text, "json"))?;
        }
    }
    Ok(())
}

/// Text within a paragraph or a cell.
pub fn inline(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for c in terminal(&text.replace('\n', " ")).chars() {
        // `@` would call somebody, `:` would make addresses into links.
        if "\\`*_{}[]<>()#+!|~&$@".contains(c) {
            clean.push('\\');
        }
        clean.push(c);
    }
    clean.replace("://", ":\\//").replace("www.", "www\\.")
}

/// A code span, fit for a cell.
fn code(text: &str) -> String {
    let clean = terminal(&shorten(&text.replace('\n', " "), 300)).replace('|', "\\|");
    let ticks = "`".repeat(longest_run(&clean) + 1);
    let space = if clean.starts_with('`') || clean.ends_with('`') || clean.is_empty() { " " } else { "" };
    format!("{ticks}{space}{clean}{space}{ticks}")
}

/// A fenced block whose fence no line of the text can close.
fn fenced(text: &str, language: &str) -> String {
    let clean: Vec<_> = text.lines().map(terminal).collect();
    let fence = "`".repeat(clean.iter().map(|line| longest_run(line)).max().unwrap_or(0).max(2) + 1);
    format!("{fence}{language}\n{}\n{fence}", clean.join("\n"))
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_makes_no_markup() {
        assert_eq!(inline("<img src=x>"), "\\<img src=x\\>");
        assert_eq!(inline("[a](http://b)"), "\\[a\\]\\(http:\\//b\\)");
        assert_eq!(inline("a|b\nc"), "a\\|b c");
        assert_eq!(code("a`b|c"), "``a`b\\|c``");
        assert_eq!(fenced("a\n```\nb", "text"), "````text\na\n```\nb\n````");
    }
}
