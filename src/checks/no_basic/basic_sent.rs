//! Takes one exchange, gives findings of `basic-sent`: a password was sent with Basic authentication.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::marks::Marks;
use crate::checks::place::Place;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "basic-sent",
    check: CheckId::NoBasic,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["A01", "O03"],
    title: "a password was sent with Basic authentication",
    looks_at: "Authorization: Basic in requests to /ews, /autodiscover, /api, /mapi, /oab and to token \
             services. A Basic that is only offered in WWW-Authenticate is normal.",
    matters: "The integration works without passwords. A client that still sends one shows that OAuth is \
             not what carries the call.",
    bad: "Authorization: Basic dXNl…",
    good: "Authorization: Bearer eyJ…",
    repair: "Find the client by its address and user agent and move it to OAuth; then switch Basic off \
             for the path: Set-WebServicesVirtualDirectory -Identity \"<server>\\EWS (Default Web Site)\" \
             -BasicAuthentication $false. Change the password: it was recorded.",
    sources: &[
        "Microsoft Learn: Configure Integration and OAuth between Skype for Business Online and Exchange Server",
    ],
    scope: Scope::Marked(Marks::CREDENTIALS, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    if matches!(case.place, Place::Exchange | Place::TokenService) && case.sends("basic") {
        out.say("a password was sent with Basic authentication")
            .observed(format!("Basic credentials to {}", super::target(case)))
            .expected("Bearer")
            .location("request.header.authorization");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_basic_to_ews() {
        assert!(Scene::healthy().authorization("Basic dXNlcjpwYXNz").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_basic_to_another_path() {
        for path in ["/owa/", "/other", "/"] {
            assert!(
                !Scene::healthy().target(path).authorization("Basic dXNlcjpwYXNz").fires(&RULE),
                "{path}"
            );
        }
    }

    #[test]
    fn stays_silent_on_bearer() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
