//! Takes words and a meaning, gives them in colour, or as they are.

use anstyle::{AnsiColor, Style};

use crate::checks::finding::Severity;
use crate::checks::{Outcome, Verdict};

/// Colours, or none.
#[derive(Clone, Copy, Debug)]
pub struct Paint {
    /// Whether codes may be written.
    pub color: bool,
}

const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const OPEN: Style = AnsiColor::Yellow.on_default().bold();
const FAINT: Style = Style::new().dimmed();
const HEADING: Style = Style::new().bold().underline();
const INFO: Style = AnsiColor::Cyan.on_default();

impl Paint {
    fn with(self, style: Style, text: &str) -> String {
        if self.color { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    /// A heading.
    pub fn heading(self, text: &str) -> String {
        self.with(HEADING, text)
    }

    /// Less important.
    pub fn faint(self, text: &str) -> String {
        self.with(FAINT, text)
    }

    /// In the verdict's colour.
    pub fn verdict(self, verdict: Verdict, text: &str) -> String {
        let style = match verdict {
            Verdict::Pass => GOOD,
            Verdict::Fail => BAD,
            Verdict::Incomplete => OPEN,
        };
        self.with(style, text)
    }

    /// In the outcome's colour.
    pub fn outcome(self, outcome: Outcome, text: &str) -> String {
        let style = match outcome {
            Outcome::Pass => GOOD,
            Outcome::Fail => BAD,
            Outcome::NotEstablished => OPEN,
            Outcome::NotApplicable => FAINT,
        };
        self.with(style, text)
    }

    /// In the severity's colour.
    pub fn severity(self, severity: Severity, text: &str) -> String {
        let style = match severity {
            Severity::Error => BAD,
            Severity::Warning => OPEN,
            Severity::Info => INFO,
        };
        self.with(style, text)
    }
}
