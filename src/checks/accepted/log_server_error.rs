//! Takes one line of a log, gives findings of `log-server-error`: a log tells of a call that the server failed on.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::LogCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "log-server-error",
    check: CheckId::Accepted,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["J01"],
    title: "a log tells of a call that the server failed on",
    looks_at: "Lines of IIS and Exchange logs whose AuthenticationType is Bearer and whose status, or that of the \
             back end, is 500 or more, without x-ms-diagnostics.",
    matters: "The token was read, the call did not succeed, whatever the token was worth. A line that names another \
             application is information, one that names none a warning.",
    bad: "AuthenticatedUser S2S~00000004-…, HttpStatus 503",
    good: "AuthenticatedUser S2S~00000004-…, HttpStatus 200",
    repair: "Look at the application pools and the errors of that moment: Get-ServerComponentState; \
             %ExchangeInstallPath%Logging\\HttpProxy\\Ews",
    sources: &["RFC 9110 15.6"],
    scope: Scope::Log(examine),
};

fn examine(case: &LogCase<'_>, out: &mut Out<'_>) {
    let failed = |status: Option<u16>| matches!(status, Some(500..));
    if !case.by_token() || !(failed(case.record.status) || failed(case.record.back_end_status)) {
        return;
    }
    // Then `log-refused` says why.
    if case.diagnostics().is_some() {
        return;
    }
    out.say("a log tells of a call that the server failed on")
        .severity(case.severity())
        .observed(case.summary())
        .expected("status 200");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::rule::{fires_on_line, hits_on_line, line};
    use crate::logrecord::LogRecord;

    const SKYPE: &str = "S2S~00000004-0000-0ff1-ce00-000000000000";

    #[test]
    fn fires_on_503_as_hard_as_the_caller_is_known() {
        for (user, severity) in [
            (SKYPE, Severity::Error),
            ("", Severity::Warning),
            ("S2S~00000003-0000-0000-c000-000000000000", Severity::Info),
        ] {
            let record = LogRecord { user: Some(user.into()), ..line("Bearer", 503) };
            let hits = hits_on_line(&RULE, &record);
            assert!(hits.len() == 1 && hits[0].severity == severity, "{user}");
        }
        let behind = LogRecord { back_end_status: Some(500), ..line("BearerPreAuth", 200) };
        assert!(fires_on_line(&RULE, &behind));
    }

    #[test]
    fn stays_silent_on_other_schemes_and_where_the_reason_is_told() {
        assert!(!fires_on_line(&RULE, &line("Negotiate", 503)));
        assert!(!fires_on_line(&RULE, &line("Bearer", 200)));
        let told = LogRecord {
            diagnostics: Some("2000003;reason=\"x\";error_category=\"invalid_token\"".into()),
            ..line("Bearer", 500)
        };
        assert!(!fires_on_line(&RULE, &told));
    }
}
