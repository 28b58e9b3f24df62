//! Takes one use of a token, gives findings of `audience-application`: the token is meant for another service.

use crate::checks::CheckId;
use crate::checks::expectations::{self, EXCHANGE};
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::UseCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "audience-application",
    check: CheckId::Audience,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["E02"],
    title: "the token is meant for another service",
    looks_at: "The application in `aud` of tokens presented in a request.",
    matters: "Exchange accepts only tokens for itself, 00000002-0000-0ff1-ce00-000000000000.",
    bad: "aud 00000003-0000-0ff1-ce00-000000000000/… (SharePoint)",
    good: "aud 00000002-0000-0ff1-ce00-000000000000/…",
    repair: "Check the server's own name: (Get-AuthConfig).ServiceName must be \
             00000002-0000-0ff1-ce00-000000000000",
    sources: &["[MS-XOAUTH] 3.2.5.6"],
    scope: Scope::Use(examine),
};

fn examine(case: &UseCase<'_>, out: &mut Out<'_>) {
    let Some((_, token)) = super::presented(case) else { return };
    let Some(audience) = token.principal("aud") else { return };
    if !audience.is(EXCHANGE) {
        let name =
            expectations::application_name(audience.id).map_or_else(String::new, |name| format!(" ({name})"));
        out.say("the token is meant for another service")
            .observed(format!("{}{name}", shown(audience.id)))
            .expected(EXCHANGE)
            .claim("aud");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;
    use crate::checks::testing::TENANT;

    #[test]
    fn fires_on_sharepoint() {
        assert!(
            Scene::healthy()
                .both_audiences(format!("00000003-0000-0ff1-ce00-000000000000/mail.contoso.com@{TENANT}"))
                .fires(&RULE)
        );
    }

    #[test]
    fn stays_silent_on_exchange() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
