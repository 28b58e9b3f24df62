//! Takes one use of a token, gives findings of `token-profile`: this kind of token is not accepted at this path.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::place;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::UseCase;
use crate::token::Role;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "token-profile",
    check: CheckId::Accepted,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["C12"],
    title: "this kind of token is not accepted at this path",
    looks_at: "S2S tokens presented at /mapi, /OAB and /Microsoft-Server-ActiveSync, whose profiles allow \
             Entra tokens only.",
    matters: "Exchange answers 2000001: the token profile is not applicable for the protocol.",
    bad: "outer token to /mapi/emsmdb",
    good: "outer token to /ews/exchange.asmx",
    repair: "Find the caller: with S2S tokens only EWS, Autodiscover, /api and /ecp can be reached.",
    sources: &["Microsoft: HealthChecker (OAuthHttpModule.Profiles)"],
    scope: Scope::Use(examine),
};

fn examine(case: &UseCase<'_>, out: &mut Out<'_>) {
    let Some(exchange) = case.presented() else { return };
    let first = place::first_segment(exchange.path());
    let closed = matches!(first.as_str(), "mapi" | "oab" | "microsoft-server-activesync");
    if closed && matches!(case.token.token.role, Role::Outer | Role::Actor) {
        out.say("S2S tokens are not accepted at this path")
            .observed(format!("{} token at /{first}", case.token.token.role.name()))
            .expected("an Entra token");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_mapi() {
        assert!(Scene::healthy().target("/mapi/emsmdb").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_ews() {
        assert!(!Scene::healthy().fires(&RULE));
    }

    #[test]
    fn stays_silent_on_an_entra_token() {
        assert!(!Scene::healthy().entra("https://mail.contoso.com/").target("/mapi/emsmdb").fires(&RULE));
    }
}
