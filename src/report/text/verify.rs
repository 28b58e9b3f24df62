//! `verify -o text`

use std::io::{self, Write};

use super::finding;
use super::paint::Paint;
use super::table::{rest, table};
use super::wrap::wrap;
use crate::checks::finding::Severity;
use crate::checks::organisation::thumbprints::Row;
use crate::checks::{Outcome, Verdict};
use crate::report::escape::{lines, terminal};
use crate::report::mask::Mask;
use crate::report::reason::counted;
use crate::report::{Options, Verification, certificates, diagnosis, words};
use crate::token::{Token, TokenId};

/// Steps of the conversation that are shown.
const STEPS: usize = 12;

/// Writes the report.
///
/// # Errors
/// Those of `out`.
pub fn verification(verification: &Verification, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let paint = Paint { color: options.color };
    head(verification, options, paint, out)?;
    causes(verification, options, paint, out)?;
    unseen(verification, options, paint, out)?;
    checks(verification, options, paint, out)?;
    findings(verification, options, paint, out)?;
    if verification.provision.is_none() {
        conversation(verification, options, paint, out)?;
    }
    thumbprints(verification, paint, out)?;
    tokens(verification, options, paint, out)?;
    tail(verification, options, paint, out)
}

fn head(verification: &Verification, options: &Options, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let verdict = verification.judgement.verdict;
    let word = words::verdict(verdict);
    let sentence = wrap(&words::sentence(verification), options.width.saturating_sub(word.len() + 2));
    let lead = " ".repeat(word.len() + 2);
    for (index, line) in sentence.iter().enumerate() {
        match index {
            0 => writeln!(out, "{}: {line}", paint.verdict(verdict, word))?,
            _ => writeln!(out, "{lead}{line}")?,
        }
    }
    writeln!(out)?;
    for line in words::scope(verification).iter().chain(&verification.expected.certificates) {
        for line in wrap(&terminal(line), options.width.saturating_sub(2)) {
            writeln!(out, "  {}", paint.faint(&line))?;
        }
    }
    writeln!(out)
}

fn causes(
    verification: &Verification,
    options: &Options,
    paint: Paint,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mask = Mask::new(options.show_secrets);
    let causes = &verification.diagnosis.causes;
    if causes.is_empty() {
        return Ok(());
    }
    writeln!(out, "{}", paint.heading(diagnosis::heading(causes.len())))?;
    for found in causes {
        bullet(&terminal(&diagnosis::title(found)), "", options, out)?;
        bullet(&terminal(&mask.text(&found.summary)), "  ", options, out)?;
        for line in diagnosis::evidence(found, verification, mask) {
            bullet(&terminal(&line), "  - ", options, out)?;
        }
        if let Some(line) = diagnosis::seen(found, verification) {
            bullet(&line, "  - ", options, out)?;
        }
        if !found.commands.is_empty() {
            writeln!(out, "    {}:", diagnosis::TO_DO)?;
        }
        // Commands are never broken: they are copied.
        for command in &found.commands {
            writeln!(out, "      {}", terminal(&mask.text(command)))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// What the access was used for, and the conversation with the step that broke.
fn conversation(
    verification: &Verification,
    options: &Options,
    paint: Paint,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mask = Mask::new(options.show_secrets);
    writeln!(out, "{}", paint.heading("Scenarios"))?;
    for scenario in &verification.diagnosis.scenarios {
        bullet(&terminal(&mask.text(&diagnosis::scenario(scenario))), "- ", options, out)?;
    }
    writeln!(out)?;
    let steps = &verification.diagnosis.sequence;
    if steps.is_empty() {
        return Ok(());
    }
    writeln!(out, "{}", paint.heading("Conversation"))?;
    let (from, shown, more) = diagnosis::excerpt(steps, STEPS);
    if from > 0 {
        writeln!(out, "  - {} before", counted(from as u64, "step"))?;
    }
    for step in shown {
        bullet(&terminal(&mask.text(&diagnosis::step(step, verification))), "- ", options, out)?;
    }
    if more > 0 {
        writeln!(out, "  - and {}", counted(more as u64, "further step"))?;
    }
    writeln!(out)
}

fn unseen(
    verification: &Verification,
    options: &Options,
    paint: Paint,
    out: &mut dyn Write,
) -> io::Result<()> {
    let missing = words::missing(verification, Mask::new(options.show_secrets));
    writeln!(out, "{}", paint.heading("What was not seen"))?;
    if missing.is_empty() {
        writeln!(out, "  nothing is missing: everything in the input could be read")?;
    }
    for line in missing {
        bullet(&line, "- ", options, out)?;
    }
    writeln!(out)
}

/// A line with a mark in front, broken with a hanging indent.
fn bullet(text: &str, mark: &str, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    for (index, line) in wrap(text, options.width.saturating_sub(2 + mark.len())).iter().enumerate() {
        let lead = if index == 0 { mark.to_owned() } else { " ".repeat(mark.len()) };
        writeln!(out, "  {lead}{line}")?;
    }
    Ok(())
}

fn checks(
    verification: &Verification,
    options: &Options,
    paint: Paint,
    out: &mut dyn Write,
) -> io::Result<()> {
    let all = &verification.judgement.checks;
    let mask = Mask::new(options.show_secrets);
    let names = all.iter().map(|check| check.id.name()).collect::<Vec<_>>();
    let outcomes = all.iter().map(|check| words::outcome(check.outcome)).collect::<Vec<_>>();
    let columns = rest(options.width, 2, [names.clone(), outcomes.clone()]);
    let name_columns = names.iter().map(|name| name.len()).max().unwrap_or(0) + 4;
    let rows = all
        .iter()
        .map(|check| {
            let summary = wrap(&terminal(&mask.text(&words::by_name(&check.summary, verification))), columns)
                .join("\n");
            vec![check.id.name().to_owned(), words::outcome(check.outcome).to_owned(), summary]
        })
        .collect();
    writeln!(out, "{}", paint.heading("Checks"))?;
    for line in table(&[], rows, 2) {
        writeln!(out, "{}", painted(&line, name_columns, all.iter().map(|check| check.outcome), paint))?;
    }
    writeln!(out)
}

/// The outcome's word in its colour; the table itself knows no colours.
fn painted(line: &str, at: usize, outcomes: impl Iterator<Item = Outcome>, paint: Paint) -> String {
    let (Some(before), Some(from)) = (line.get(..at), line.get(at..)) else { return line.to_owned() };
    for outcome in outcomes {
        let word = words::outcome(outcome);
        if let Some(after) =
            from.strip_prefix(word).filter(|after| after.is_empty() || after.starts_with("  "))
        {
            return format!("{before}{}{after}", paint.outcome(outcome, word));
        }
    }
    line.to_owned()
}

fn findings(
    verification: &Verification,
    options: &Options,
    paint: Paint,
    out: &mut dyn Write,
) -> io::Result<()> {
    let order = words::worst_first(verification);
    let is_known =
        |index: usize| verification.known.as_ref().and_then(|known| known.get(index)) == Some(&true);
    let (notes, problems): (Vec<_>, Vec<_>) =
        order.into_iter().partition(|(_, finding)| finding.severity == Severity::Info);
    if !problems.is_empty() {
        writeln!(out, "{}\n", paint.heading("Findings"))?;
    }
    for (index, one) in problems {
        writeln!(out, "{}\n", finding::render(one, is_known(index), verification, options))?;
    }
    if notes.is_empty() {
        return Ok(());
    }
    writeln!(out, "{}", paint.heading("Also noted"))?;
    let mask = Mask::new(options.show_secrets);
    for (_, note) in notes {
        let line = format!("{} [{}]", words::note(note, verification), note.rule);
        bullet(&terminal(&mask.text(&line)), "- ", options, out)?;
    }
    writeln!(out)
}

/// Thumbprint, x5t and uploaded key in one table.
fn thumbprints(verification: &Verification, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let all = &verification.judgement.thumbprints;
    if all.is_empty() {
        return Ok(());
    }
    let row = |row: &Row| certificates::cells(row).map(|lines| lines.join("\n")).to_vec();
    writeln!(out, "{}", paint.heading("Certificates"))?;
    for line in table(&certificates::HEADER, all.iter().map(row).collect(), 2) {
        writeln!(out, "{line}")?;
    }
    writeln!(out)
}

fn tokens(
    verification: &Verification,
    options: &Options,
    paint: Paint,
    out: &mut dyn Write,
) -> io::Result<()> {
    let store = &verification.judgement.tokens;
    let mask = Mask::new(options.show_secrets);
    let all = verification.order.tokens();
    if all.is_empty() {
        return Ok(());
    }
    writeln!(out, "{}", paint.heading("Tokens"))?;
    let mut one = |number: usize, id: TokenId, token: &Token| {
        let judged = verification.judgement.judged.get(&id);
        let in_scope = judged.is_some_and(|(in_scope, _)| *in_scope);
        let mut line = format!("{number}: {}", token.role.name());
        line.push_str(if in_scope { ", in scope" } else { ", not in scope" });
        if let Some((_, signature)) = judged {
            line.push_str(&format!(", signature {}", signature.state));
            if let Some(key) = &signature.key {
                line.push_str(&format!(" ({key})"));
            }
        }
        if let Some(actor) = token.actor.and_then(|actor| verification.order.number(actor)) {
            line.push_str(&format!(", carries token {actor}"));
        }
        let name = token.application().map_or(String::new(), |name| format!("\n   {}", mask.name(&name)));
        bullet(&format!("{}{}", terminal(&line), lines(&name)), "", options, out)
    };
    for (number, id) in all.iter().enumerate() {
        store.visit(*id, |token| one(number, *id, token)).transpose()?;
    }
    writeln!(out)
}

fn tail(verification: &Verification, options: &Options, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let hint = match verification.judgement.verdict {
        Verdict::Pass => return Ok(()),
        Verdict::Fail => "For the background and the repair of a finding: oauthtrace explain RULE",
        Verdict::Incomplete => "Supply what is named under \"What was not seen\", and verify again.",
    };
    wrap(hint, options.width).iter().try_for_each(|line| writeln!(out, "{}", paint.faint(line)))
}
