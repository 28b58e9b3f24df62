//! Takes a distinct token, gives findings of `chain-identity-provider`: the identity provider is not the issuer.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::TokenCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "chain-identity-provider",
    check: CheckId::Chain,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["D15"],
    title: "the identity provider is not the issuer",
    looks_at: "`identityprovider` against `iss` in actor tokens.",
    matters: "They are equal in tokens of ACS.",
    bad: "iss 00000001-…@a, identityprovider 00000001-…@b",
    good: "the same value in both",
    repair: "Find out what built the token.",
    sources: &["published token examples"],
    scope: Scope::Token(examine),
};

fn examine(case: &TokenCase<'_>, out: &mut Out<'_>) {
    let (Some(issuer), Some(provider)) = (case.token.claim("iss"), case.token.claim("identityprovider"))
    else {
        return;
    };
    if !issuer.eq_ignore_ascii_case(provider) {
        out.say("`identityprovider` differs from `iss`")
            .observed(shown(provider))
            .expected(shown(issuer))
            .claim("identityprovider");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_a_difference() {
        assert!(Scene::healthy().actor("identityprovider", "x@y").fires(&RULE));
    }

    #[test]
    fn stays_silent_when_equal() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
