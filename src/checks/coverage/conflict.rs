//! Takes one connection, gives findings of `coverage-conflict`: retransmitted bytes differ from the first copy.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::plural;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ConnectionCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "coverage-conflict",
    check: CheckId::Coverage,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &[],
    title: "retransmitted bytes differ from the first copy",
    looks_at: "Retransmissions and overlaps whose bytes contradict each other.",
    matters: "Two receivers may have read two different streams: a fault of the recording, or an evasion.",
    bad: "two copies of one segment with different bytes",
    good: "identical copies",
    repair: "Record on the receiving machine itself.",
    sources: &["RFC 9293 3.10"],
    scope: Scope::Connection(examine),
};

fn examine(case: &ConnectionCase<'_>, out: &mut Out<'_>) {
    let bytes = case.connection.sent.conflicting + case.connection.received.conflicting;
    if bytes > 0 {
        out.say("retransmitted bytes differ from the first copy")
            .observed(plural(bytes, "byte"))
            .cause("conflict");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_a_conflict() {
        assert!(Scene::healthy().connection(|one| one.received.conflicting = 1).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_equal_copies() {
        assert!(!Scene::healthy().connection(|_| ()).fires(&RULE));
    }
}
