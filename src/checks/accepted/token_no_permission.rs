//! Takes one use of a token, gives findings of `token-no-permission`: the Entra token carries no permission.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::UseCase;
use crate::token::Role;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "token-no-permission",
    check: CheckId::Accepted,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["C14"],
    title: "the Entra token carries no permission",
    looks_at: "`scp` and `roles` of Entra tokens of version 1.0 presented to Exchange.",
    matters: "Act-as tokens carry `scp`, app-only ones `roles`; Exchange is said to refuse a token with \
             neither (2000008).",
    bad: "{\"ver\":\"1.0\",\"aud\":\"https://mail.contoso.com/\"}",
    good: "{\"ver\":\"1.0\",\"scp\":\"EWS.AccessAsUser.All\"}",
    repair: "Grant the permission in Entra, and consent to it.",
    sources: &["Microsoft Learn: Hybrid Modern Authentication"],
    scope: Scope::Use(examine),
};

fn examine(case: &UseCase<'_>, out: &mut Out<'_>) {
    let token = case.token.token;
    let claims = |name: &str| token.claims().is_some_and(|claims| claims.get(name).is_some());
    if case.presented().is_some()
        && token.role == Role::Access
        && token.claim("ver") == Some("1.0")
        && !claims("scp")
        && !claims("roles")
    {
        out.say("the Entra token carries neither `scp` nor `roles`").expected("scp or roles").claim("scp");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_without_both() {
        assert!(Scene::healthy().entra("https://mail.contoso.com/").outer_without("scp").fires(&RULE));
    }

    #[test]
    fn stays_silent_with_scp() {
        assert!(!Scene::healthy().entra("https://mail.contoso.com/").fires(&RULE));
    }

    #[test]
    fn either_claim_suffices_and_other_tokens_need_none() {
        let bare = || Scene::healthy().entra("https://mail.contoso.com/").outer_without("scp");
        assert!(!bare().outer("roles", vec!["full_access_as_app"]).fires(&RULE));
        assert!(!bare().outer("ver", "2.0").fires(&RULE));
        assert!(!Scene::healthy().outer("ver", "1.0").fires(&RULE));
    }
}
