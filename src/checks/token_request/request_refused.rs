//! Takes one exchange, gives findings of `request-refused`: the token service refused.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::quoted;
use crate::checks::marks::Marks;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;
use crate::soap::codes;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "request-refused",
    check: CheckId::TokenRequest,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["H07"],
    title: "the token service refused",
    looks_at: "`error` and `error_description` in answers to application requests, with their AADSTS codes.",
    matters: "Without a token there is no call. The code names the cause.",
    bad: "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS70002…\"}",
    good: "{\"access_token\":\"…\",\"token_type\":\"Bearer\"}",
    repair: "oauthtrace explain <code>",
    sources: &["Microsoft Entra authentication and authorization error codes", "RFC 6749 5.2"],
    scope: Scope::Marked(Marks::TOKEN_SERVICE, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    if case.token_request().is_none() {
        return;
    }
    let Some(status) = case.status() else { return };
    let said = case.granted();
    let error = said.and_then(|answer| answer.error.as_deref());
    if error.is_none() && status < 400 {
        return;
    }
    let names = said.map(|answer| answer.codes.join(", ")).unwrap_or_default();
    let hit = out.say("the token service refused");
    hit.observed(quoted(format!("{status} {} {names}", error.unwrap_or("without an error code")).trim()))
        .expected("200 with an access_token")
        .location("response.body.json");
    let known: Vec<_> =
        said.iter().flat_map(|answer| &answer.codes).filter_map(|code| codes::aadsts(code)).collect();
    // Codes of one failure often have one repair: it is said once, behind the last of them.
    let repeated = |at: usize| {
        known.iter().skip(at + 1).any(|later| Some(later.repair) == known.get(at).map(|code| code.repair))
    };
    let lines: Vec<String> = known
        .iter()
        .enumerate()
        .map(|(at, code)| if repeated(at) { code.meaning.to_owned() } else { code.advice() })
        .collect();
    if !lines.is_empty() {
        hit.help(lines.join("\n"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_an_error() {
        assert!(
            Scene::healthy()
                .token_request(
                    "grant_type=client_credentials",
                    400,
                    r#"{"error":"invalid_client","error_description":"AADSTS50012: no"}"#
                )
                .fires(&RULE)
        );
    }

    #[test]
    fn stays_silent_on_a_grant() {
        assert!(
            !Scene::healthy()
                .token_request("grant_type=client_credentials", 200, r#"{"access_token":"x"}"#)
                .fires(&RULE)
        );
    }

    #[test]
    fn fires_on_a_status_alone_and_says_the_meaning_of_each_code() {
        let help = |answer: &str| {
            let judged = Scene::healthy().token_request("grant_type=client_credentials", 400, answer).judge();
            judged
                .findings
                .iter()
                .find(|found| found.rule == RULE.id)
                .map(|found| found.help.clone())
                .unwrap()
        };
        assert!(!help("<html>").contains("AADSTS"));
        let (first, second) = (codes::aadsts("700027").unwrap(), codes::aadsts("50012").unwrap());
        let twice =
            help(r#"{"error":"invalid_client","error_description":"AADSTS700027: no. AADSTS50012: no"}"#);
        assert!(twice.contains(first.meaning) && twice.contains(second.meaning), "{twice}");
        // A repair that they share is said once, others are all said.
        assert_eq!(twice.matches(first.repair).count(), 1, "{twice}");
        assert_eq!(twice.matches(second.repair).count(), 1, "{twice}");
        let others =
            help(r#"{"error":"invalid_client","error_description":"AADSTS90002: no. AADSTS50012: no"}"#);
        assert!(others.contains(codes::aadsts("90002").unwrap().repair) && others.contains(second.repair));
    }
}
