//! Takes what `probe` learned of a question, gives findings of `challenge-seen`: what the challenge says.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::probed::ProbeCase;
use crate::checks::rule::{Out, Rule, Scope};
use crate::wire::http::challenge::challenges;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "challenge-seen",
    check: CheckId::Challenge,
    severity: Severity::Info,
    since: "0.1.0",
    candidates: &[],
    title: "what the challenge says",
    looks_at: "The Bearer challenge of each address that was asked.",
    matters: "A caller learns from it for which application, in which realm and of which token service to get a token.",
    bad: "a realm that is not expected",
    good: "client_id, trusted_issuers and authorization_uri as configured",
    repair: "Nothing to repair.",
    sources: &["[MS-XOAUTH] 3.2.5.4"],
    scope: Scope::Probe(examine),
};

fn examine(case: &ProbeCase<'_>, out: &mut Out<'_>) {
    let Some((_, exchange)) = case.challenge() else { return };
    let Some(response) = &exchange.response else { return };
    let offered = challenges(&response.head);
    if let Some(bearer) = offered.iter().find(|offer| offer.is("bearer")) {
        let parameters: Vec<String> =
            bearer.parameters.iter().map(|(name, value)| shown(&format!("{name}=\"{value}\""))).collect();
        out.say("the challenge to an empty Bearer")
            .observed(parameters.join(", "))
            .location("response.header.www-authenticate");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::probe::{question, speaks};

    #[test]
    fn fires_on_a_challenge() {
        let thing = question(401, &[("WWW-Authenticate", "Bearer client_id=\"x\"")]);
        assert!(speaks(&RULE, &thing));
    }

    #[test]
    fn stays_silent_without_one() {
        let thing = question(401, &[("WWW-Authenticate", "NTLM")]);
        assert!(!speaks(&RULE, &thing));
    }
}
