//! Takes the commands of scripts, gives findings of `script-typographic`: typographic dashes or quotes stand in the script.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::organisation::script::CommandCase;
use crate::checks::rule::{Out, Rule, Scope};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "script-typographic",
    check: CheckId::Coverage,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["M23"],
    title: "typographic dashes or quotes stand in the script",
    looks_at: "En and em dashes and curly quotes outside of comments, as copying from a page makes them.",
    matters: "PowerShell takes some of them for what they look like, other programs and encodings do \
              not: text in them can change.",
    bad: "Get-MailUser –Identity ‘x’",
    good: "Get-MailUser -Identity 'x'",
    repair: "Put plain characters there; the repaired line is in \"expected\".",
    sources: &["Microsoft: about_Quoting_Rules"],
    scope: Scope::Command(examine),
};

fn examine(case: &CommandCase<'_>, out: &mut Out<'_>) {
    for file in &case.scripts {
        for &line in &file.script.typographic {
            let text = file.text.lines().nth(line.saturating_sub(1)).unwrap_or_default().trim();
            out.say("typographic dashes or quotes stand in the script")
                .location(file.place(line))
                .observed(text)
                .expected(repaired(text))
                .help(format!("write: {}", repaired(text)));
        }
    }
}

/// The line with plain characters.
fn repaired(text: &str) -> String {
    text.chars()
        .map(|letter| match letter {
            '\u{2013}'..='\u{2015}' => '-',
            '\u{2018}'..='\u{201b}' => '\'',
            '\u{201c}'..='\u{201e}' => '"',
            '\u{a0}' => ' ',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::Scene;

    #[test]
    fn fires_and_offers_the_repaired_text() {
        assert!(
            Scene::script("Get-MailUser \u{2013}Identity \u{2018}x\u{2019}\n").hits(&RULE)[0]
                .expected
                .to_string()
                == "Get-MailUser -Identity 'x'"
        );
    }

    #[test]
    fn stays_silent_on_plain_characters() {
        assert!(!Scene::script("Get-MailUser -Identity 'x'\n").fires(&RULE));
    }
}
