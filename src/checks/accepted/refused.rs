//! Takes one exchange, gives findings of `accepted-refused`: Exchange refused the token.

use super::other_device::is_foreign;
use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::quoted;
use crate::checks::marks::Marks;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "accepted-refused",
    check: CheckId::Accepted,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["A10", "I01", "I02", "I03", "I04"],
    title: "Exchange refused the token",
    looks_at: "Status 401 to a request that presented a token in scope, with the reason in \
             x-ms-diagnostics. The text invalid_token in the challenge is always the same and says \
             nothing.",
    matters: "The token did not get past the front end; the number and the category say why.",
    bad: "401, x-ms-diagnostics: 2000003;…;error_category=\"invalid_resource\"",
    good: "200",
    repair: "See the number in x-ms-diagnostics: oauthtrace explain <number>",
    sources: &["Microsoft Support: Resolve free/busy errors", "[MS-XOAUTH] 3.2.5.4"],
    scope: Scope::Marked(Marks::REFUSED, examine),
};

/// What to do where the number is not there.
const UNSAID: &str = "The answer bears no x-ms-diagnostics, which says why: record on the Exchange server itself, or look \
    into the HttpProxy log (GenericErrors) of that moment.";

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    if case.status() != Some(401) || case.presented().is_none() {
        return;
    }
    let id = case.presented().map(|seen| seen.id);
    let said = case.diagnostics();
    let foreign = said.is_none() && is_foreign(case);
    let hit = out.say(match foreign {
        true => "the call was refused, and nothing shows that it was Exchange that did so",
        false => "Exchange refused the token",
    });
    hit.expected("a successful answer").location("response.header.x-ms-diagnostics");
    if let Some(id) = id {
        hit.token(id);
    }
    match &said {
        Some(said) => {
            hit.observed(quoted(&format!("401, {}", said.summary())));
            if let Some(advice) = said.advice() {
                hit.help(advice);
            }
        }
        None => {
            let help = if foreign { super::WHO_ANSWERED } else { UNSAID };
            hit.observed("401 without x-ms-diagnostics").location("response.status").help(help);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_401() {
        assert!(
            Scene::healthy().refused("2000005;reason=\"x\";error_category=\"invalid_user\"").fires(&RULE)
        );
    }

    #[test]
    fn every_field_of_the_answer_is_read() {
        let skype = "28032;source=\"pool.contoso.com\";reason=\"no\"";
        let host = "2000003;reason=\"x\";error_category=\"invalid_resource\"";
        let roles = "2000008;reason=\"y\";error_category=\"invalid_grant\"";
        let apart = Scene::healthy()
            .refused(skype)
            .response_header("x-ms-diagnostics", host)
            .response_header("X-Ms-Diagnostics", roles);
        for scene in [apart, Scene::healthy().refused(&[skype, host, roles].join(", "))] {
            let judgement = scene.judge();
            let found = judgement.findings.iter().find(|finding| finding.rule == RULE.id).unwrap();
            assert!(found.observed.starts_with("401, 2000003 invalid_resource: x"), "{}", found.observed);
            assert!(
                found.observed.contains("28032") && found.observed.contains("2000008"),
                "{}",
                found.observed
            );
            let (call, _) = judgement.facts.calls.first_key_value().unwrap();
            assert!(call.says("invalid_resource") && call.says("invalid_grant"), "{call:?}");
        }
    }

    #[test]
    fn says_of_exchange_only_what_its_headers_show_and_names_no_number_that_is_not_there() {
        let said = |scene: Scene| {
            let found = scene.judge().findings;
            let found = found.into_iter().find(|finding| finding.rule == RULE.id).unwrap();
            (found.message.starts_with("Exchange"), found.help)
        };
        assert_eq!(said(Scene::healthy().status(401)), (false, super::super::WHO_ANSWERED.to_owned()));
        assert_eq!(
            said(Scene::healthy().status(401).response_header("request-id", "x")),
            (true, UNSAID.to_owned())
        );
    }

    #[test]
    fn stays_silent_on_200() {
        assert!(!Scene::healthy().fires(&RULE));
    }

    #[test]
    fn stays_silent_without_a_token() {
        assert!(!Scene::healthy().refused("").authorization("Negotiate x").fires(&RULE));
    }
}
