//! Takes one exchange, gives findings of `basic-offered`: the server offers Basic.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::marks::Marks;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "basic-offered",
    check: CheckId::NoBasic,
    severity: Severity::Info,
    since: "0.1.0",
    candidates: &["A02"],
    title: "the server offers Basic",
    looks_at: "Basic among the schemes of WWW-Authenticate.",
    matters: "Normal: Exchange lists several schemes. Only a Basic that is sent is a finding.",
    bad: "WWW-Authenticate: Basic realm=\"mail.contoso.com\"",
    good: "WWW-Authenticate: Bearer client_id=…",
    repair: "Nothing to repair. To stop offering it: Set-WebServicesVirtualDirectory -Identity \
             \"<server>\\EWS (Default Web Site)\" -BasicAuthentication $false",
    sources: &["[MS-XOAUTH] 3.2.5.4"],
    scope: Scope::Marked(Marks::CHALLENGED, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    if case.offered().iter().any(|offer| offer.scheme.eq_ignore_ascii_case("basic")) {
        out.say("the server offers Basic, which is normal")
            .observed(super::target(case))
            .location("response.header.www-authenticate");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_an_offer() {
        assert!(
            Scene::healthy()
                .discovery("Bearer client_id=\"00000002-0000-0ff1-ce00-000000000000\", Basic realm=\"x\"")
                .fires(&RULE)
        );
    }

    #[test]
    fn stays_silent_without_an_offer() {
        let bearer = "Bearer client_id=\"00000002-0000-0ff1-ce00-000000000000\", NTLM";
        assert!(!Scene::healthy().discovery(bearer).fires(&RULE));
        assert!(!Scene::healthy().fires(&RULE));
    }
}
