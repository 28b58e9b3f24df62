//! Takes one use of a token, gives findings of `oauth-form-token`: a token in scope travelled in a form field.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::UseCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "oauth-form-token",
    check: CheckId::Oauth,
    severity: Severity::Info,
    since: "0.1.0",
    candidates: &["A13"],
    title: "a token in scope travelled in a form field",
    looks_at: "Tokens in fields of a request body: `AppContext`, `AppContextToken`, `AccessToken`, \
             `SPAppToken`, `assertion`, `access_token`.",
    matters: "These are further places to look at when the Authorization header holds nothing.",
    bad: "AccessToken=eyJ… in a form",
    good: "Authorization: Bearer eyJ…",
    repair: "Nothing to repair.",
    sources: &["RFC 6750 2.2"],
    scope: Scope::Use(examine),
};

fn examine(case: &UseCase<'_>, out: &mut Out<'_>) {
    if !case.carried && case.sighting.location.part.starts_with("body.form") {
        out.say("a token in scope travelled in a form field").observed(&*case.sighting.location.part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_a_form_field() {
        assert!(Scene::healthy().in_form("AccessToken").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_the_header() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
