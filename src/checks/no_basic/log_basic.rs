//! Takes one line of a log, gives findings of `log-basic`: a log tells of Basic authentication.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::LogCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "log-basic",
    check: CheckId::NoBasic,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["O03"],
    title: "a log tells of Basic authentication",
    looks_at: "Lines of IIS and Exchange logs at Exchange paths whose AuthenticationType is Basic, or where a field of its \
               own for `Authorization` holds Basic credentials.",
    matters: "A password was sent, also where the recording of that connection stayed closed. What the server's own health checks (HealthMailbox, from the server itself) send is information.",
    bad: "AuthenticationType Basic at /EWS/Exchange.asmx",
    good: "AuthenticationType Bearer",
    repair: "Switch the caller to OAuth, then: Set-WebServicesVirtualDirectory \"<server>\\EWS (Default Web Site)\" -BasicAuthentication $false",
    sources: &["Microsoft Learn: Exchange HttpProxy logs"],
    scope: Scope::Log(examine),
};

fn examine(case: &LogCase<'_>, out: &mut Out<'_>) {
    if case.password_sent() {
        let hit = out.say("a log tells of Basic authentication");
        hit.observed(case.summary()).expected("Bearer");
        if case.is_own_health_check() {
            hit.severity(Severity::Info).help("Nothing to repair: the server checks itself.");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::rule::{fires_on_line, hits_on_line, line};
    use crate::logrecord::LogRecord;

    #[test]
    fn fires_on_basic() {
        assert!(fires_on_line(&RULE, &line("Basic", 200)));
    }

    #[test]
    fn fires_softly_on_the_servers_own_health_checks() {
        let own = LogRecord {
            user: Some("HealthMailbox7f1e@contoso.com".into()),
            client: Some("::1".parse().unwrap()),
            ..line("Basic", 200)
        };
        assert!(hits_on_line(&RULE, &own).iter().all(|hit| hit.severity == Severity::Info));
    }

    #[test]
    fn stays_silent_on_bearer() {
        assert!(!fires_on_line(&RULE, &line("Bearer", 200)));
    }
}
