//! Takes one line of a log, gives findings of `log-refused`: a log tells of a refused Bearer call.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::LogCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "log-refused",
    check: CheckId::Accepted,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["O02"],
    title: "a log tells of a refused Bearer call",
    looks_at: "Lines of IIS and Exchange logs whose AuthenticationType is Bearer, or that hold the token that was sent, and \
               whose status is 401 or 403, and lines that hold x-ms-diagnostics.",
    matters: "A line that names an application out of scope (`S2S~<application>`) is information. The reason stands in the error columns, also where the recording of that connection stayed closed.",
    bad: "AuthenticationType Bearer, HttpStatus 401",
    good: "AuthenticationType Bearer, HttpStatus 200",
    repair: "oauthtrace explain <number of x-ms-diagnostics>",
    sources: &["Microsoft Learn: Exchange HttpProxy logs"],
    scope: Scope::Log(examine),
};

fn examine(case: &LogCase<'_>, out: &mut Out<'_>) {
    let said = case.diagnostics();
    let presented = case.by_token() || case.record.token_sent.is_some();
    if !(presented && matches!(case.record.status, Some(401 | 403))) && said.is_none() {
        return;
    }
    let hit = out.say("a log tells of a refused Bearer call");
    if case.of_another() {
        hit.severity(Severity::Info)
            .help("The line names an application that is not in scope: --principal would judge it.");
        hit.observed(case.summary()).expected("status 200");
        return;
    }
    hit.observed(case.summary()).expected("status 200");
    if let Some(advice) = said.and_then(|said| said.advice()) {
        hit.help(advice);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Secret;
    use crate::checks::rule::{fires_on_line, line};
    use crate::logrecord::LogRecord;

    #[test]
    fn fires_on_401() {
        assert!(fires_on_line(&RULE, &line("Bearer", 401)));
    }

    #[test]
    fn fires_on_a_token_that_a_field_for_authorization_holds() {
        let sent =
            |status| LogRecord { token_sent: Some(Secret::new(b"eyJ0.e30.".to_vec())), ..line("", status) };
        assert!(fires_on_line(&RULE, &sent(401)) && !fires_on_line(&RULE, &sent(200)));
    }

    #[test]
    fn stays_silent_on_200() {
        assert!(!fires_on_line(&RULE, &line("Bearer", 200)));
    }

    #[test]
    fn stays_silent_on_a_call_without_a_token() {
        assert!(fires_on_line(&RULE, &line("Bearer", 403)));
        assert!(!fires_on_line(&RULE, &line("Negotiate", 401)));
    }
}
