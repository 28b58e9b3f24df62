//! Takes one line of a log, gives findings of `log-accepted`: a log tells of an accepted Bearer call.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::LogCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "log-accepted",
    check: CheckId::Accepted,
    severity: Severity::Info,
    since: "0.1.0",
    candidates: &["O01"],
    title: "a log tells of an accepted Bearer call",
    looks_at: "Lines of Exchange logs whose AuthenticationType is Bearer and whose status is 200.",
    matters: "OAuth works for some caller. Which application called, and what EWS answered inside, the line does not say: it does not establish `accepted`.",
    bad: "none: it is good news",
    good: "AuthenticationType Bearer, HttpStatus 200",
    repair: "Nothing to repair.",
    sources: &["Microsoft Learn: Exchange HttpProxy logs"],
    scope: Scope::Log(examine),
};

fn examine(case: &LogCase<'_>, out: &mut Out<'_>) {
    let bearer = case.authenticated_by("bearer") || case.authenticated_by("bearerpreauth");
    if case.at_exchange() && bearer && case.record.status == Some(200) {
        out.say("a log tells of an accepted Bearer call").observed(case.summary());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::rule::fires_on_line;
    use crate::logrecord::{LogRecord, LogSource};

    fn line(authentication: &str, status: u16) -> LogRecord {
        LogRecord {
            authentication: Some(authentication.into()),
            status: Some(status),
            path: Some("/ews/exchange.asmx".into()),
            ..LogRecord::new(LogSource::HttpProxy, 7)
        }
    }

    #[test]
    fn fires_on_200() {
        assert!(fires_on_line(&RULE, &line("Bearer", 200)));
    }

    #[test]
    fn stays_silent_on_401() {
        assert!(!fires_on_line(&RULE, &line("Bearer", 401)));
    }
}
