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
    looks_at: "Lines of IIS and Exchange logs at Exchange paths whose AuthenticationType is Basic.",
    matters: "A password was sent, also where the recording of that connection stayed closed.",
    bad: "AuthenticationType Basic at /EWS/Exchange.asmx",
    good: "AuthenticationType Bearer",
    repair: "Switch the caller to OAuth, then: Set-WebServicesVirtualDirectory \"<server>\\EWS (Default Web Site)\" -BasicAuthentication $false",
    sources: &["Microsoft Learn: Exchange HttpProxy logs"],
    scope: Scope::Log(examine),
};

fn examine(case: &LogCase<'_>, out: &mut Out<'_>) {
    if case.at_exchange() && case.authenticated_by("basic") {
        out.say("a log tells of Basic authentication").observed(case.summary()).expected("Bearer");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::rule::{fires_on_line, line};

    #[test]
    fn fires_on_basic() {
        assert!(fires_on_line(&RULE, &line("Basic", 200)));
    }

    #[test]
    fn stays_silent_on_bearer() {
        assert!(!fires_on_line(&RULE, &line("Bearer", 200)));
    }
}
