//! `explain`: takes a code, prints what it means and the repair.

use std::io::{self, Write};

use serde_json::json;

use super::args::Plain;
use super::args::tools::ExplainArgs;
use super::output::print;
use super::status::Status;
use super::terminal::Terminal;
use crate::explain::{Page, catalogue, find};

/// Runs the command.
pub fn run(args: &ExplainArgs, terminal: &Terminal) -> Status {
    let pages = match args.code.as_deref() {
        None => catalogue(),
        Some(code) => match find(code) {
            Some(page) => vec![page],
            None => {
                terminal.error(&format!(
                    "explain: {code} is neither a rule nor a known code; oauthtrace explain --list shows all"
                ));
                return Status::Usage;
            }
        },
    };
    print(terminal, |out| match (args.output, args.list) {
        (Plain::Json, _) => documents(&pages, args.list, out),
        (Plain::Text, true) => list(&pages, out),
        (Plain::Text, false) => pages.iter().try_for_each(|page| text(page, out)),
    })
}

fn documents(pages: &[Page], all: bool, out: &mut dyn Write) -> io::Result<()> {
    let document = |page: &Page| {
        let sections: Vec<_> =
            page.sections.iter().map(|(heading, text)| json!({"heading": heading, "text": text})).collect();
        json!({
            "kind": page.kind.name(), "id": page.id, "alias": Some(&page.alias).filter(|alias| !alias.is_empty()),
            "title": page.title, "check": page.check, "severity": page.severity, "since": page.since,
            "sections": sections, "sources": page.sources,
        })
    };
    let value = if all {
        json!({"schema": "oauthtrace/explain/1", "pages": pages.iter().map(document).collect::<Vec<_>>()})
    } else {
        let mut value = pages.first().map(document).unwrap_or_default();
        if let Some(members) = value.as_object_mut() {
            members.insert("schema".into(), "oauthtrace/explain/1".into());
        }
        value
    };
    serde_json::to_writer_pretty(&mut *out, &value)?;
    writeln!(out)
}

fn list(pages: &[Page], out: &mut dyn Write) -> io::Result<()> {
    let width = pages.iter().map(|page| page.id.len()).max().unwrap_or_default();
    for page in pages {
        let alias = if page.alias.is_empty() { String::new() } else { format!("{}: ", page.alias) };
        writeln!(out, "{:width$}  {alias}{}", page.id, page.title)?;
    }
    Ok(())
}

fn text(page: &Page, out: &mut dyn Write) -> io::Result<()> {
    let kind = match (page.severity, page.check) {
        (Some(severity), Some(check)) => format!("{severity}, check {check}"),
        _ => page.kind.name().to_owned(),
    };
    let alias = if page.alias.is_empty() { String::new() } else { format!(" {}", page.alias) };
    writeln!(out, "{}{alias} ({kind})\n{}", page.id, page.title)?;
    for (heading, body) in &page.sections {
        writeln!(out, "\n{heading}")?;
        for line in body.lines() {
            wrapped(line, out)?;
        }
    }
    writeln!(out, "\nSources\n  {}", page.sources.join("\n  "))
}

/// A paragraph, indented and broken at blanks.
fn wrapped(line: &str, out: &mut dyn Write) -> io::Result<()> {
    let width = Terminal::width().saturating_sub(2);
    let mut row = String::new();
    for word in line.split(' ') {
        if !row.is_empty() && row.chars().count() + 1 + word.chars().count() > width {
            writeln!(out, "  {row}")?;
            row.clear();
        }
        if !row.is_empty() {
            row.push(' ');
        }
        row.push_str(word);
    }
    writeln!(out, "  {row}")
}
