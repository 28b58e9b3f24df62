//! Takes a distinct token, gives findings of `signature-none`: an unsigned token without an actor token.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::{Proof, TokenCase};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "signature-none",
    check: CheckId::Signature,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["C02"],
    title: "an unsigned token without an actor token",
    looks_at: "Tokens with `alg` none (or no `alg` and no signature) that carry no actor token.",
    matters: "Anybody can write such a token. Only the outer token of a pair may be unsigned, since the \
             actor token inside proves it.",
    bad: "{\"alg\":\"none\"} with nameid but no actortoken",
    good: "{\"alg\":\"none\"} around a signed actortoken",
    repair: "Treat the token as forged: find the sender by the client address, and make sure that \
             Exchange refused it.",
    sources: &["[MS-XOAUTH] 3.2.5.6", "RFC 8725 3.2"],
    scope: Scope::Token(examine),
};

fn examine(case: &TokenCase<'_>, out: &mut Out<'_>) {
    if *case.proof == Proof::Unsigned && case.actor().is_none() {
        out.say("an unsigned token without an actor token proves nothing")
            .observed("alg none")
            .expected("RS256, or an actor token inside")
            .claim("alg");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_none_without_an_actor() {
        assert!(Scene::healthy().actor_unsigned().alone().fires(&RULE));
    }

    #[test]
    fn stays_silent_on_none_around_an_actor() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
