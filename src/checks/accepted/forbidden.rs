//! Takes one exchange, gives findings of `accepted-forbidden`: Exchange forbade the call.

use super::other_device::is_foreign;
use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::quoted;
use crate::checks::marks::Marks;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "accepted-forbidden",
    check: CheckId::Accepted,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["A12"],
    title: "Exchange forbade the call",
    looks_at: "Status 403 to a request that presented a token in scope.",
    matters: "The token was read, but what it names may not do this: the linked account is invalid or has \
             no roles; or a proxy denies the call.",
    bad: "403",
    good: "200",
    repair: "Get-PartnerApplication | Format-List Name,LinkedAccount,Enabled; \
             Get-ManagementRoleAssignment -RoleAssignee <linked account>; Set-PartnerApplication <name> \
             -LinkedAccount <account>",
    sources: &[
        "Microsoft Learn: Configure Integration and OAuth between Skype for Business Online and Exchange Server",
    ],
    scope: Scope::Marked(Marks::REFUSED, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    if case.status() != Some(403) {
        return;
    }
    let Some(seen) = case.presented() else { return };
    let said = case.diagnostics();
    let said = said.iter().flat_map(|said| said.each());
    let said: String = said.map(|said| format!(", {} {}", said.number, said.reason)).collect();
    let policy = case.response().and_then(|response| response.head.text("x-ews-policy-reason"));
    let policy = policy.map_or_else(String::new, |text| format!(", X-EWS-Policy-Reason: {text}"));
    let foreign = said.is_empty() && policy.is_empty() && is_foreign(case);
    let hit = out.say(match foreign {
        true => "the call was forbidden, and nothing shows that it was Exchange that did so",
        false => "Exchange forbade the call",
    });
    hit.observed(quoted(&format!("403{said}{policy}")))
        .expected("a successful answer")
        .token(seen.id)
        .location("response.status");
    if foreign {
        hit.help(super::WHO_ANSWERED);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_403() {
        assert!(Scene::healthy().status(403).fires(&RULE));
    }

    #[test]
    fn says_of_exchange_only_what_its_headers_show() {
        let said = |scene: Scene| {
            let found = scene.judge().findings;
            let found = found.into_iter().find(|finding| finding.rule == RULE.id).unwrap();
            (found.message.starts_with("Exchange"), found.help.contains("LinkedAccount"))
        };
        assert_eq!(said(Scene::healthy().status(403)), (false, false));
        for name in ["request-id", "X-FEServer", "x-ms-diagnostics"] {
            let scene = Scene::healthy().status(403).response_header(name, "2000001;reason=\"x\"");
            assert_eq!(said(scene), (true, true), "{name}");
        }
    }

    #[test]
    fn stays_silent_on_200() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
