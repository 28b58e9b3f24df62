//! Takes one line of a log, gives findings of `log-wssecurity`: a log tells of a call by WS-Security.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::place;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::LogCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "log-wssecurity",
    check: CheckId::Oauth,
    severity: Severity::Info,
    since: "0.1.0",
    candidates: &["A06"],
    title: "a log tells of a call by WS-Security",
    looks_at: "Lines of IIS and Exchange logs whose path ends in /wssecurity.",
    matters: "Such a call is one of the federation of organisation relationships, no OAuth: that of a \
              partner organisation is in order, that of the own tenant means that its intra-organisation \
              connector is missing or disabled. The line does not tell whose it is, so it is information.",
    bad: "POST /autodiscover/autodiscover.svc/WSSecurity from the own tenant",
    good: "POST /autodiscover/autodiscover.svc, AuthenticationType Bearer",
    repair: "Get-IntraOrganizationConnector | Format-List Name,Enabled,TargetAddressDomains; enable it: \
             Set-IntraOrganizationConnector <name> -Enabled $true",
    sources: &["Microsoft Support: Resolve free/busy errors", "Microsoft Q&A 108027"],
    scope: Scope::Log(examine),
};

fn examine(case: &LogCase<'_>, out: &mut Out<'_>) {
    let path = case.record.path.as_deref().unwrap_or_default().trim_end_matches('/');
    if place::ends_with(path, "/wssecurity") {
        out.say("a log tells of a call by WS-Security, which is no OAuth").observed(case.summary());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::rule::{fires_on_line, line};
    use crate::logrecord::LogRecord;

    #[test]
    fn fires_on_the_wssecurity_path() {
        let path = Some("/autodiscover/autodiscover.svc/WSSecurity".into());
        assert!(fires_on_line(&RULE, &LogRecord { path, ..line("", 401) }));
    }

    #[test]
    fn stays_silent_on_the_plain_path() {
        assert!(!fires_on_line(&RULE, &line("Bearer", 401)));
    }
}
