//! Takes a line of a log, gives findings of `log-ews-error`: a log tells of an error inside a successful answer.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::LogCase;
use crate::soap::codes;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "log-ews-error",
    check: CheckId::Accepted,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["J05"],
    title: "a log tells of an error inside a successful answer",
    looks_at: "ErrorCode of the EWS and Autodiscover logs, in lines whose AuthenticationType is Bearer and whose status is 2xx.",
    matters: "Authentication succeeded, the operation did not; the status alone is no success. A line that names another application is information, one that names none a warning.",
    bad: "AuthenticatedUser S2S~00000004-…, HttpStatus 200, ErrorCode ErrorAccessDenied",
    good: "AuthenticatedUser S2S~00000004-…, HttpStatus 200, no ErrorCode",
    repair: "oauthtrace explain <response code>",
    sources: &["Microsoft Learn: EWS ResponseCode"],
    scope: Scope::Log(examine),
};

fn examine(case: &LogCase<'_>, out: &mut Out<'_>) {
    let Some(code) = case.ews_error() else { return };
    let hit = out.say("a log tells of an error inside a successful answer");
    hit.severity(case.severity()).observed(case.summary()).expected("NoError").cause(shown(code));
    if let Some(known) = codes::ews(code) {
        hit.help(format!("{} {}", known.meaning, known.repair));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::rule::{hits_on_line, line};
    use crate::logrecord::{LogRecord, LogSource};

    fn told(user: &str, errors: Option<&str>) -> LogRecord {
        LogRecord {
            source: LogSource::Ews,
            user: Some(user.into()),
            errors: errors.map(str::to_owned),
            ..line("Bearer", 200)
        }
    }

    #[test]
    fn fires_on_a_code_beside_status_200_as_hard_as_the_caller_is_known() {
        for (user, severity) in [
            ("S2S~00000004-0000-0ff1-ce00-000000000000", Severity::Error),
            ("", Severity::Warning),
            ("S2S~00000003-0000-0ff1-ce00-000000000000", Severity::Info),
        ] {
            let hits = hits_on_line(&RULE, &told(user, Some("ErrorAccessDenied")));
            assert_eq!(hits[0].severity, severity, "{user}");
        }
    }

    #[test]
    fn stays_silent_without_a_code() {
        for errors in [None, Some("SomethingElse=1")] {
            assert!(
                hits_on_line(&RULE, &told("S2S~00000004-0000-0ff1-ce00-000000000000", errors)).is_empty()
            );
        }
    }
}
