//! Takes one exchange, gives findings of `accepted-forbidden`: Exchange forbade the call.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
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
    let said =
        case.diagnostics().map_or_else(String::new, |said| format!(", {} {}", said.number, said.reason));
    let policy = case.response().and_then(|response| response.head.text("x-ews-policy-reason"));
    let policy = policy.map_or_else(String::new, |text| format!(", X-EWS-Policy-Reason: {text}"));
    out.say("Exchange forbade the call")
        .observed(shown(&format!("403{said}{policy}")))
        .expected("a successful answer")
        .token(seen.id)
        .location("response.status");
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
    fn stays_silent_on_200() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
