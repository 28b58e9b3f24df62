//! Takes everything that was seen, gives findings of `log-status-differs`: a log tells of another status than the recording.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::CaptureCase;
use crate::logrecord::LogSource;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "log-status-differs",
    check: CheckId::Accepted,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &[],
    title: "a log tells of another status than the recording",
    looks_at: "The status of a line of the IIS or HttpProxy log and of the recorded exchange with the same number of the request.",
    matters: "Something between the server and the place of the recording changed the answer: a proxy, a pre-authentication device, a load balancer.",
    bad: "HttpProxy: 200, recorded: 401",
    good: "the same status in both",
    repair: "Record on the Exchange server itself as well, and look for the device between the two places that answers in its name.",
    sources: &["Microsoft Learn: Exchange HttpProxy logs", "RFC 9110 15"],
    scope: Scope::Capture(examine),
};

fn examine(case: &CaptureCase<'_>, out: &mut Out<'_>) {
    for joined in &case.memory.logs.joined {
        // Logs of the back end tell what the front end was answered.
        let front = matches!(joined.source, LogSource::Iis | LogSource::HttpProxy);
        if let (true, Some(recorded), Some(logged)) = (front, joined.recorded, joined.logged)
            && recorded != logged
        {
            let (input, line) = joined.line;
            out.say("a log tells of another status than the recording")
                .observed(format!("{recorded} recorded, {logged} in the {} log", joined.source.name()))
                .expected("the same status in both")
                .exchange(joined.exchange)
                .location(format!("input {input}, line {line}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::judge::logs::tests::joined;

    #[test]
    fn fires_on_another_status() {
        assert!(joined(&RULE, "r-1", 401));
    }

    #[test]
    fn stays_silent_on_the_same_status() {
        assert!(!joined(&RULE, "r-1", 200));
    }
}
