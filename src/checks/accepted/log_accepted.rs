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
    matters: "OAuth works for some caller. Where the line names an application in scope (`S2S~<application>` as the user, or a dump of the token), the back end answered with success, and no log tells of an error for the same request, it establishes `accepted`; without the application it does not.",
    bad: "none: it is good news",
    good: "AuthenticationType Bearer, HttpStatus 200",
    repair: "Nothing to repair.",
    sources: &["Microsoft Learn: Exchange HttpProxy logs"],
    scope: Scope::Log(examine),
};

fn examine(case: &LogCase<'_>, out: &mut Out<'_>) {
    if case.at_exchange() && case.by_token() && case.record.status == Some(200) && !case.went_wrong() {
        let whose = if case.in_scope() { "of an application in scope" } else { "" };
        let hit = out.say(format!("a log tells of an accepted Bearer call {whose}").trim_end().to_owned());
        hit.observed(case.summary()).cause(whose);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::rule::{fires_on_line, line};
    use crate::logrecord::LogRecord;

    #[test]
    fn fires_on_200() {
        assert!(fires_on_line(&RULE, &line("Bearer", 200)));
    }

    #[test]
    fn stays_silent_where_something_went_wrong_behind() {
        let behind = LogRecord { back_end_status: Some(500), ..line("Bearer", 200) };
        assert!(!fires_on_line(&RULE, &behind));
        let told = LogRecord { errors: Some("HttpException=x".into()), ..line("Bearer", 200) };
        assert!(!fires_on_line(&RULE, &told));
    }

    #[test]
    fn stays_silent_on_401() {
        assert!(!fires_on_line(&RULE, &line("Bearer", 401)));
    }

    #[test]
    fn stays_silent_on_a_call_without_a_token() {
        assert!(!fires_on_line(&RULE, &line("Negotiate", 200)));
    }
}
