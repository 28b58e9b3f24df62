//! Takes one line of a log, gives findings of `log-password-in-url`: a log tells of a password in a URL.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::LogCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "log-password-in-url",
    check: CheckId::NoBasic,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["A01", "O03"],
    title: "a log tells of a password in a URL",
    looks_at: "Lines of IIS and Exchange logs at Exchange paths whose query has a parameter named password, passwd, \
             pwd, pass or passphrase.",
    matters: "A password was sent, also where the recording of that connection stayed closed, and now stands in \
             the log.",
    bad: "cs-uri-query: user=anna&password=…",
    good: "cs-uri-query: -",
    repair: "Find the client by its address and user agent and move it to OAuth; then switch Basic off for the \
             path: Set-WebServicesVirtualDirectory -Identity \"<server>\\EWS (Default Web Site)\" \
             -BasicAuthentication $false. Change the password: it was recorded.",
    sources: &["RFC 9110 4.2.4"],
    scope: Scope::Log(examine),
};

fn examine(case: &LogCase<'_>, out: &mut Out<'_>) {
    if case.at_exchange() && case.record.password_in_query {
        out.say("a log tells of a password in a URL")
            .observed(case.summary())
            .expected("no password in a URL");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::rule::{fires_on_line, line};
    use crate::logrecord::LogRecord;

    #[test]
    fn fires_on_a_password() {
        let record = LogRecord { password_in_query: true, ..line("Bearer", 200) };
        assert!(fires_on_line(&RULE, &record));
        let elsewhere = LogRecord { path: Some("/owa/".into()), ..record };
        assert!(!fires_on_line(&RULE, &elsewhere));
    }

    #[test]
    fn stays_silent_without_one() {
        assert!(!fires_on_line(&RULE, &line("Bearer", 200)));
    }
}
