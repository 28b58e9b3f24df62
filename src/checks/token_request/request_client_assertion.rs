//! Takes one exchange, gives findings of `request-client-assertion`: the client assertion names several applications.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::marks::Marks;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;
use crate::token::principal::Principal;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "request-client-assertion",
    check: CheckId::TokenRequest,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &[],
    title: "the client assertion names several applications",
    looks_at: "`iss` and `sub` of client assertions, the field `client_id` beside them, and `client_assertion_type`.",
    matters: "RFC 7523 3: issuer and subject of a client assertion are the client itself; the token service refuses others (AADSTS50048, AADSTS700021).",
    bad: "iss 1111…, sub 2222…",
    good: "iss, sub and client_id all the same application",
    repair: "Find out what built the assertion: which application asks, and in whose name.",
    sources: &["RFC 7523 2.2", "RFC 7523 3", "Microsoft Entra error AADSTS50048"],
    scope: Scope::Marked(Marks::TOKEN_SERVICE, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    if case.token_request().is_none() {
        return;
    }
    for (seen, _) in super::assertions(case).filter(|(_, client)| *client) {
        let issuer = seen.token.principal("iss");
        let field = case.field("client_id").and_then(Principal::parse);
        for (name, other) in [("sub", seen.token.principal("sub")), ("client_id", field)] {
            if let (Some(issuer), Some(other)) = (&issuer, other)
                && !issuer.is(other.id)
            {
                out.say("the client assertion names several applications")
                    .observed(shown(&format!("iss {}, {name} {}", issuer.id, other.id)))
                    .expected("one application")
                    .claim(if name == "sub" { "sub" } else { "iss" })
                    .token(seen.id);
            }
        }
    }
    const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let kind = case.field("client_assertion_type").unwrap_or("no client_assertion_type");
    if case.field("client_assertion").is_some() && kind != TYPE {
        out.say("the type of the client assertion is not the one of RFC 7523")
            .observed(shown(kind))
            .expected(TYPE)
            .location("request.body.form.client_assertion_type");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::expectations::EXCHANGE;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_another_subject_and_another_type() {
        assert!(
            Scene::healthy()
                .client_assertion(|claims| claims.insert("sub".into(), EXCHANGE.into()))
                .fires(&RULE)
        );
        let form = "grant_type=client_credentials&client_assertion=x&scope=y&client_assertion_type=jwt";
        assert!(Scene::healthy().token_request(form, 400, "{}").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_one_application() {
        assert!(!Scene::healthy().client_assertion(|_| None).fires(&RULE));
    }

    #[test]
    fn another_subject_is_right_in_an_assertion_that_is_not_the_clients_own() {
        let user = Scene::healthy().assertion_changed(|claims| claims.insert("sub".into(), "user".into()));
        assert!(!user.fires(&RULE));
        let judged =
            Scene::healthy().client_assertion(|claims| claims.insert("sub".into(), EXCHANGE.into())).judge();
        let found = judged.findings.iter().find(|found| found.rule == RULE.id).unwrap();
        assert!(found.evidence.iter().any(|evidence| evidence.claim.as_deref() == Some("sub")));
        let judged =
            Scene::healthy().client_assertion(|claims| claims.insert("iss".into(), EXCHANGE.into())).judge();
        let claims =
            judged.findings.iter().filter(|found| found.rule == RULE.id).flat_map(|found| &found.evidence);
        assert!(claims.into_iter().any(|evidence| evidence.claim.as_deref() == Some("iss")));
    }
}
