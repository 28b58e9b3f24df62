//! Takes a distinct token, gives findings of `signature-algorithm-unusual`: another algorithm than RS256.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::TokenCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "signature-algorithm-unusual",
    check: CheckId::Signature,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["C07"],
    title: "another algorithm than RS256",
    looks_at: "`alg` of signed tokens: everything but RS256, HS and none.",
    matters: "Exchange, ACS and Entra sign with RS256; another algorithm means another issuer.",
    bad: "{\"alg\":\"PS512\"}",
    good: "{\"alg\":\"RS256\"}",
    repair: "Find out what built the token.",
    sources: &["Microsoft: Inside the Exchange identity token"],
    scope: Scope::Token(examine),
};

fn examine(case: &TokenCase<'_>, out: &mut Out<'_>) {
    if let Some(name) = case.algorithm()
        && name != "none"
        && name != "RS256"
        && !name.starts_with("HS")
    {
        out.say("the token is not signed with RS256").observed(shown(name)).expected("RS256").claim("alg");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_rs512() {
        assert!(Scene::healthy().actor_header("alg", "RS512").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_rs256() {
        assert!(!Scene::healthy().fires(&RULE));
        // Of which another rule speaks.
        assert!(!Scene::healthy().actor_hmac().fires(&RULE));
    }
}
