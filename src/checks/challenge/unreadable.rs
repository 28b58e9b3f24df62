//! Takes one exchange, gives findings of `challenge-unreadable`: a challenge cannot be read.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::marks::Marks;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "challenge-unreadable",
    check: CheckId::Challenge,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["B07"],
    title: "a challenge cannot be read",
    looks_at: "The grammar of WWW-Authenticate at Exchange paths. Several schemes in one value are legal.",
    matters: "A client that cannot read it does not learn that OAuth is possible.",
    bad: "WWW-Authenticate: =\"x\"",
    good: "WWW-Authenticate: Bearer client_id=\"…\", Negotiate",
    repair: "Compare with the answer on the server itself: an intermediary may have rewritten the field.",
    sources: &["RFC 9110 11.6.1"],
    scope: Scope::Marked(Marks::CHALLENGED, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    let bare = |scheme: &str| scheme.eq_ignore_ascii_case("bearer");
    let unreadable = case
        .offered()
        .iter()
        .any(|offer| offer.scheme.is_empty() || (bare(&offer.scheme) && offer.parameters.is_empty()));
    if case.at_exchange() && unreadable {
        out.say("a challenge cannot be read, or says nothing")
            .expected("Bearer client_id=\"…\", trusted_issuers=\"…\"")
            .location("response.header.www-authenticate");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_an_empty_challenge() {
        assert!(Scene::healthy().discovery("Bearer").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_a_whole_one() {
        assert!(!Scene::healthy().discovery("Bearer client_id=\"00000002-0000-0ff1-ce00-000000000000\", trusted_issuers=\"00000001-0000-0000-c000-000000000000@*\"").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_other_schemes_and_elsewhere() {
        assert!(!Scene::healthy().discovery("NTLM").fires(&RULE));
        assert!(!Scene::healthy().discovery("Bearer").target("/other/").fires(&RULE));
    }
}
