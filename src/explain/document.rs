//! Takes the rules, gives `docs/rules.md`. A test compares the file with it; `UPDATE_DOCS=1 cargo test
//! rules_document` writes it.

use std::fmt::Write as _;

use super::catalogue::{Kind, catalogue};
use crate::checks::CheckId;

/// The document.
pub fn rules() -> String {
    let pages: Vec<_> = catalogue().into_iter().filter(|page| page.kind == Kind::Rule).collect();
    let mut text = format!(
        "# Rules\n\n\
         Generated from the declarations of the rules (`UPDATE_DOCS=1 cargo test rules_document`): do not edit.\n\
         {} rules under thirteen checks. `oauthtrace explain RULE` prints the same text.\n\
         What did not become a rule, and why, stands in [rules-left-out.md](rules-left-out.md).\n",
        pages.len()
    );
    for check in CheckId::ALL {
        let mine: Vec<_> = pages.iter().filter(|page| page.check == Some(check.name())).collect();
        let _ = writeln!(text, "\n## {}", check.name());
        for page in mine {
            let _ = writeln!(
                text,
                "\n### {}\n\n{} ({}, since {})\n",
                page.id,
                sentence(&page.title),
                page.severity.unwrap_or_default(),
                page.since.unwrap_or_default()
            );
            for (heading, body) in &page.sections {
                let body = if *heading == "Example" { example(body) } else { body.clone() };
                let _ = writeln!(text, "**{heading}.** {body}\n");
            }
            let _ = writeln!(text, "Sources: {}.", page.sources.join("; "));
        }
    }
    text
}

/// The document of causes.
pub fn causes() -> String {
    let pages: Vec<_> = catalogue().into_iter().filter(|page| page.kind == Kind::Cause).collect();
    let mut text = format!(
        "# Causes\n\n\
         Generated from the declarations of the causes (`UPDATE_DOCS=1 cargo test causes_document`): do not edit.\n\
         {} causes. A diagnosis weighs the evidence for and against each of them: together 80 and more is certain, 50\n\
         likely, 20 possible. `oauthtrace explain CAUSE` prints the same text.\n",
        pages.len()
    );
    for page in pages {
        let _ = writeln!(text, "\n## {}\n\n{}\n", page.id, sentence(&page.title));
        for (heading, body) in &page.sections {
            if *heading == "Repair" {
                let _ = writeln!(text, "**{heading}.**\n\n```powershell\n{body}\n```\n");
            } else {
                let _ = writeln!(text, "**{heading}.** {}\n", body.replace('<', "`<").replace('>', ">`"));
            }
        }
        let _ = writeln!(text, "Sources: {}.", page.sources.join("; "));
    }
    text
}

fn sentence(title: &str) -> String {
    let mut letters = title.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect::<String>() + ".")
}

/// Examples as code.
fn example(body: &str) -> String {
    body.lines()
        .map(|line| {
            line.split_once(": ").map_or_else(String::new, |(word, rest)| format!("{word}: `{rest}`"))
        })
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_document_is_what_the_causes_say() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/causes.md");
        let wanted = causes();
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, &wanted).unwrap();
        }
        let found = std::fs::read_to_string(path).unwrap_or_default();
        assert!(found == wanted, "docs/causes.md is stale: run UPDATE_DOCS=1 cargo test causes_document");
    }

    #[test]
    fn rules_document_is_what_the_rules_say() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/rules.md");
        let wanted = rules();
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, &wanted).unwrap();
        }
        let found = std::fs::read_to_string(path).unwrap_or_default();
        assert!(found == wanted, "docs/rules.md is stale: run UPDATE_DOCS=1 cargo test rules_document");
    }
}
