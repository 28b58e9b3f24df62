//! `explain`: takes a code, prints what it means here, how to see it and how to repair it.

use std::io::{self, IsTerminal as _, Write};

use serde::Serialize;

use super::args::Plain;
use super::args::tools::ExplainArgs;
use super::output::print;
use super::status::Status;
use super::terminal::Terminal;
use crate::explain::{Page, catalogue, find};
use crate::report::commands;
use crate::report::text::paint::Paint;
use crate::report::text::wrap::wrap;

/// Schema of `explain -o json`.
const SCHEMA: &str = "oauthtrace/explain/1";

/// Names that are offered for a misspelt one.
const OFFERED: usize = 5;

/// Runs the command.
pub fn run(args: &ExplainArgs, terminal: &Terminal) -> Status {
    let pages = match &args.code {
        None => catalogue(),
        Some(code) => Some(find(code)).filter(|pages| !pages.is_empty()).unwrap_or_else(|| find(head(code))),
    };
    if let (Some(code), []) = (&args.code, pages.as_slice()) {
        return unknown(code, terminal);
    }
    let paint = Paint { color: terminal.colored_stdout() };
    let width = Terminal::width();
    print(terminal, |out| match (args.output, args.list) {
        (Plain::Json, _) => json(&pages, out),
        (Plain::Text, true) => list(&pages, paint, std::io::stdout().is_terminal().then_some(width), out),
        (Plain::Text, false) => pages.iter().enumerate().try_for_each(|(number, one)| {
            if number > 0 {
                writeln!(out)?;
            }
            page(one, paint, width, out)
        }),
    })
}

/// The code at the head of a message that was pasted whole: `2000005;reason="…"`, `AADSTS50013: Assertion …`.
fn head(code: &str) -> &str {
    code.trim_start().split([';', ':', ',']).next().unwrap_or_default().trim_end()
}

fn unknown(code: &str, terminal: &Terminal) -> Status {
    terminal.error(&format!("\"{code}\" is no rule, cause, diagnostics number or code that is known"));
    let wanted = code.to_ascii_lowercase();
    let mut near: Vec<(usize, String)> = catalogue()
        .into_iter()
        .map(|page| (distance(&wanted, &page.id.to_ascii_lowercase()), page.id))
        .filter(|(distance, id)| {
            *distance <= 3 || (wanted.len() > 2 && id.to_ascii_lowercase().contains(&wanted))
        })
        .collect();
    near.sort();
    let names: Vec<_> = near.into_iter().take(OFFERED).map(|(_, id)| id).collect();
    if names.is_empty() {
        terminal.notice("oauthtrace explain --list shows all");
    } else {
        terminal.notice(&format!("is one of these meant? {}", names.join(", ")));
    }
    Status::Usage
}

/// Levenshtein's distance, enough for misspelt names.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, a) in left.chars().take(64).enumerate() {
        let mut diagonal = index;
        let mut before = index + 1;
        for (cell, b) in row.iter_mut().skip(1).zip(&right) {
            let value = (diagonal + usize::from(a != *b)).min(*cell + 1).min(before + 1);
            diagonal = std::mem::replace(cell, value);
            before = value;
        }
        if let Some(first) = row.first_mut() {
            *first = index + 1;
        }
    }
    row.last().copied().unwrap_or(usize::MAX)
}

fn page(page: &Page, paint: Paint, width: usize, out: &mut dyn Write) -> io::Result<()> {
    let alias = if page.alias.is_empty() { String::new() } else { format!(" ({})", page.alias) };
    writeln!(out, "{}{alias}: {}", paint.heading(&page.id), page.title)?;
    let mut facts = vec![page.kind.name().to_owned()];
    facts.extend(page.check.map(|check| format!("check {check}")));
    facts.extend(page.severity.map(str::to_owned));
    facts.extend(page.since.map(|since| format!("since {since}")));
    writeln!(out, "{}", paint.faint(&facts.join(", ")))?;
    for (heading, text) in &page.sections {
        writeln!(out, "\n{}", paint.heading(heading))?;
        for line in wrap(&commands::apart(text), width.saturating_sub(2)) {
            writeln!(out, "{}", format!("  {line}").trim_end())?;
        }
    }
    if !page.sources.is_empty() {
        writeln!(out, "\n{}", paint.heading("Sources"))?;
        for source in &page.sources {
            wrap(source, width.saturating_sub(2)).iter().try_for_each(|line| writeln!(out, "  {line}"))?;
        }
    }
    Ok(())
}

/// What keeps a long id from what follows it.
fn gap(id: &str, columns: usize) -> &'static str {
    if id.chars().count() + 2 > columns { "  " } else { "" }
}

/// `width`: that of a terminal. Where a program reads it, each code has one line.
fn list(pages: &[Page], paint: Paint, width: Option<usize>, out: &mut dyn Write) -> io::Result<()> {
    let columns = pages.iter().map(|page| page.id.chars().count()).max().unwrap_or(0).min(34) + 2;
    let mut kind = None;
    for page in pages {
        if kind != Some(page.kind) {
            let space = if kind.is_some() { "\n" } else { "" };
            writeln!(out, "{space}{}", paint.heading(page.kind.name()))?;
            kind = Some(page.kind);
        }
        let Some(width) = width else {
            writeln!(out, "  {:columns$}{}{}", page.id, gap(&page.id, columns), page.title)?;
            continue;
        };
        let lines = wrap(&page.title, width.saturating_sub(columns + 2).max(20));
        for (index, line) in lines.iter().enumerate() {
            let id = if index == 0 { page.id.as_str() } else { "" };
            writeln!(out, "  {id:columns$}{}{line}", gap(id, columns))?;
        }
    }
    Ok(())
}

#[derive(Serialize)]
struct Document<'p> {
    schema: &'static str,
    pages: Vec<PageRecord<'p>>,
}

#[derive(Serialize)]
struct PageRecord<'p> {
    id: &'p str,
    kind: &'static str,
    alias: Option<&'p str>,
    title: &'p str,
    check: Option<&'static str>,
    severity: Option<&'static str>,
    since: Option<&'static str>,
    sections: Vec<SectionRecord<'p>>,
    sources: &'p [String],
}

#[derive(Serialize)]
struct SectionRecord<'p> {
    heading: &'p str,
    text: &'p str,
}

fn record(page: &Page) -> PageRecord<'_> {
    PageRecord {
        id: &page.id,
        kind: page.kind.name(),
        alias: (!page.alias.is_empty()).then_some(page.alias.as_str()),
        title: &page.title,
        check: page.check,
        severity: page.severity,
        since: page.since,
        sections: page.sections.iter().map(|(heading, text)| SectionRecord { heading, text }).collect(),
        sources: &page.sources,
    }
}

fn json(pages: &[Page], out: &mut dyn Write) -> io::Result<()> {
    let document = Document { schema: SCHEMA, pages: pages.iter().map(record).collect() };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn misspelt_names_are_near() {
        assert_eq!(distance("issuer-tenant", "issuer-tenant"), 0);
        assert_eq!(distance("isuer-tenannt", "issuer-tenant"), 2);
        assert_eq!(distance("", "abc"), 3);
    }
}
