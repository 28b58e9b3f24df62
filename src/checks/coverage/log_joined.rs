//! Takes everything that was seen, gives findings of `log-joined`: a line of a log tells of a recorded exchange.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::CaptureCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "log-joined",
    check: CheckId::Coverage,
    severity: Severity::Info,
    since: "0.1.0",
    candidates: &[],
    title: "a line of a log tells of a recorded exchange",
    looks_at: "Lines of IIS and Exchange logs whose number of the request (request-id, client-request-id, cafeReqId in the query of IIS) is that of a recorded exchange, at the same time within the tolerance.",
    matters: "Recording and log speak of one request: what one of them does not hold, the other may. An answer that the recording lost counts as accepted when the log tells of it.",
    bad: "none: it is information",
    good: "a log of the time of the recording",
    repair: "Nothing to repair.",
    sources: &["Microsoft Learn: Exchange HttpProxy logs"],
    scope: Scope::Capture(examine),
};

fn examine(case: &CaptureCase<'_>, out: &mut Out<'_>) {
    for joined in &case.memory.logs.joined {
        let (input, line) = joined.line;
        out.say("a line of a log tells of this exchange")
            .observed("recording and log name the same request")
            .exchange(joined.exchange)
            .location(format!("{} log, input {input}, line {line}", joined.source.name()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::judge::logs::tests::joined;

    #[test]
    fn fires_on_the_same_number() {
        assert!(joined(&RULE, "r-1", 200));
    }

    #[test]
    fn stays_silent_on_another_number() {
        assert!(!joined(&RULE, "r-2", 200));
    }
}
