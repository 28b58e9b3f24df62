//! Takes one exchange, gives findings of `accepted-disputed`: what the server says contradicts what the token shows.

use crate::checks::CheckId;
use crate::checks::computed::Computed;
use crate::checks::finding::Severity;
use crate::checks::marks::Marks;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "accepted-disputed",
    check: CheckId::Accepted,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["I05"],
    title: "what the server says contradicts what the token shows",
    looks_at: "The category in x-ms-diagnostics against what was computed here of the same token: signature, validity, audience, tenant.",
    matters: "A disagreement locates the fault: the server has other keys, another clock, another name, or another list of domains than it should.",
    bad: "invalid_signature for a token whose signature verifies",
    good: "invalid_signature for a token whose signature is wrong",
    repair: "See the cause that the report names first.",
    sources: &["Microsoft Support: Resolve free/busy errors", "RFC 7519 4.1", "[MS-XOAUTH] 3.2.5.6"],
    scope: Scope::Marked(Marks::TOLD, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    let (Some(seen), Some(said)) = (case.presented(), case.diagnostics()) else { return };
    for (number, code) in said.each().filter_map(|said| Some((said.number, said.code()?))) {
        if let Some((message, help)) = Computed::of(case, seen).contradicts(code.alias) {
            out.say(message)
                .observed(format!("{number} {}", code.alias))
                .expected("success, or another reason")
                .help(help)
                .token(seen.id)
                .location("response.header.x-ms-diagnostics");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    fn told(scene: &Scene) -> String {
        let judgement = scene.judge();
        let found = judgement.findings.iter().find(|finding| finding.rule == RULE.id);
        found.map(|finding| finding.message.clone()).unwrap_or_default()
    }

    #[test]
    fn fires_on_each_thing_that_was_computed_otherwise() {
        for (said, words) in [
            ("2000000;error_category=\"invalid_signature\"", "verifies with the given keys"),
            ("2000009;error_category=\"invalid_certificate\"", "verifies with the given keys"),
            ("2000002;error_category=\"token_expired\"", "within its time"),
            ("2000003;error_category=\"invalid_resource\"", "the host of the request"),
            ("2000004;error_category=\"invalid_tenant\"", "the given one"),
        ] {
            assert!(told(&Scene::healthy().refused(said)).contains(words), "{said}");
        }
    }

    #[test]
    fn stays_silent_where_both_say_the_same() {
        let expired = "2000002;error_category=\"token_expired\"";
        assert!(!Scene::healthy().used_after_expiry(90_000).refused(expired).fires(&RULE));
        let forged = "2000000;error_category=\"invalid_signature\"";
        assert!(!Scene::healthy().tampered().refused(forged).fires(&RULE));
        assert!(!Scene::healthy().fires(&RULE));
    }
}
