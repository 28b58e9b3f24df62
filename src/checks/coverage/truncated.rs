//! Takes everything that was remembered, gives findings of `coverage-truncated`: an input was cut.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::CaptureCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "coverage-truncated",
    check: CheckId::Coverage,
    severity: Severity::Info,
    since: "0.1.0",
    candidates: &[],
    title: "an input was cut",
    looks_at: "Inputs that end in the middle of a packet or entry.",
    matters: "What followed the cut is unknown.",
    bad: "a pcap cut by a full disk",
    good: "a whole file",
    repair: "Record again, or copy the file again.",
    sources: &["the file formats"],
    scope: Scope::Capture(examine),
};

fn examine(case: &CaptureCase<'_>, out: &mut Out<'_>) {
    for input in &case.memory.truncated {
        out.say("an input was cut, and was used up to the cut").input(*input);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_a_cut() {
        assert!(Scene::healthy().truncated().fires(&RULE));
    }

    #[test]
    fn stays_silent_on_a_whole_file() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
