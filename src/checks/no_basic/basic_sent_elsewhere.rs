//! Takes one exchange, gives findings of `basic-sent-elsewhere`: a password was sent with Basic authentication to another path.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::marks::Marks;
use crate::checks::place::Place;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "basic-sent-elsewhere",
    check: CheckId::NoBasic,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["A01"],
    title: "a password was sent with Basic authentication to another path",
    looks_at: "Authorization: Basic in requests to a host in scope, outside the paths that OAuth calls use.",
    matters: "Whoever sends passwords to the same server for other services keeps Basic alive there.",
    bad: "Authorization: Basic to /owa/",
    good: "no Authorization: Basic at all",
    repair: "Find the client by its address and user agent and move it to OAuth; then switch Basic off \
             for the path: Set-WebServicesVirtualDirectory -Identity \"<server>\\EWS (Default Web Site)\" \
             -BasicAuthentication $false. Change the password: it was recorded.",
    sources: &[
        "Microsoft Learn: Configure Integration and OAuth between Skype for Business Online and Exchange Server",
    ],
    scope: Scope::Marked(Marks::CREDENTIALS, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    if matches!(case.place, Place::ExchangeOther | Place::Elsewhere) && case.sends("basic") {
        out.say("a password was sent with Basic authentication, outside the paths of OAuth calls")
            .observed(format!("Basic credentials to {}", super::target(case)))
            .expected("Bearer, or no password")
            .location("request.header.authorization");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_basic_to_owa() {
        assert!(Scene::healthy().target("/owa/").authorization("Basic dXNlcjpwYXNz").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_basic_to_ews() {
        assert!(!Scene::healthy().authorization("Basic dXNlcjpwYXNz").fires(&RULE));
    }
}
