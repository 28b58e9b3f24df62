//! Takes one line of a log, gives findings of `log-token-in-url`: a log tells of a token in a URL.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::LogCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "log-token-in-url",
    check: CheckId::Transport,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["A14"],
    title: "a log tells of a token in a URL",
    looks_at: "Lines of IIS and Exchange logs at Exchange paths whose query holds a token of an application in scope.",
    matters: "The token can be used by whoever reads the log, as long as it lasts.",
    bad: "cs-uri-query: access_token=eyJ…",
    good: "cs-uri-query: -",
    repair: "Find the client by its user agent: it must send the token in the Authorization field. Keep the log from \
             others until the token has ended.",
    sources: &["RFC 6750 2.3 and 5.3"],
    scope: Scope::Log(examine),
};

fn examine(case: &LogCase<'_>, out: &mut Out<'_>) {
    let Some(ids) = &case.record.applications_in_query else { return };
    let named = case.principals.iter().any(|id| ids.contains(&id.to_ascii_lowercase()));
    if case.at_exchange() && named {
        out.say("a log tells of a token in a URL")
            .observed(case.summary())
            .expected("the Authorization field");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::expectations::{EXCHANGE, SKYPE};
    use crate::checks::rule::{fires_on_line, line};
    use crate::logrecord::LogRecord;

    #[test]
    fn fires_on_a_token_in_scope() {
        let record =
            LogRecord { applications_in_query: Some(format!("{EXCHANGE} {SKYPE}")), ..line("Bearer", 200) };
        assert!(fires_on_line(&RULE, &record));
    }

    #[test]
    fn stays_silent_on_others_and_without_one() {
        for ids in [None, Some(EXCHANGE.to_owned()), Some(String::new())] {
            let record = LogRecord { applications_in_query: ids, ..line("Bearer", 200) };
            assert!(!fires_on_line(&RULE, &record));
        }
        let token = Some(SKYPE.to_owned());
        let record =
            LogRecord { applications_in_query: token, path: Some("/owa/".into()), ..line("Bearer", 200) };
        assert!(!fires_on_line(&RULE, &record));
    }
}
