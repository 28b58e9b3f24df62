//! Takes one exchange, gives findings of `accepted-refused-alone`: a token that was not recorded is refused.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::quoted;
use crate::checks::marks::Marks;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "accepted-refused-alone",
    check: CheckId::Accepted,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["A10"],
    title: "a token that was not recorded is refused",
    looks_at: "Status 401 or 403 with a number of Exchange in x-ms-diagnostics, or with X-EWS-Policy-Reason, \
               where the token is not in the recording: a copied answer, a capture that lost the request, an \
               export that was stripped of its credentials.",
    matters: "Whose token it was is not known, so that it is no error; why it was refused is.",
    bad: "401, x-ms-diagnostics: 2000003;…;error_category=\"invalid_resource\", without a request",
    good: "the request with its token beside it",
    repair: "See the number in x-ms-diagnostics: oauthtrace explain <number>; record the request with its \
             token as well",
    sources: &[
        "Microsoft Learn: Use hybrid modern authentication",
        "Microsoft Learn: Control access to EWS in Exchange",
        "Microsoft Support: Resolve free/busy errors",
    ],
    scope: Scope::Marked(Marks::REFUSED, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    let status = case.status().unwrap_or_default();
    if let Some(policy) = case.policy_alone() {
        out.say("a call whose token was not recorded is forbidden")
            .observed(quoted(&format!("{status}, X-EWS-Policy-Reason: {policy}")))
            .expected("a successful answer")
            .location("response.header.x-ews-policy-reason")
            .help(
                "Settings of the organisation or the mailbox shut the caller out of EWS: \
                   Get-OrganizationConfig | Format-List \
                   EwsEnabled,EwsApplicationAccessPolicy,EwsAllowList,EwsBlockList; Get-OrganizationConfig \
                   -RetrieveEwsOperationAccessPolicy | Format-List EwsAllowedAppIDs; Get-CASMailbox <user> | \
                   Format-List EwsEnabled",
            );
    }
    let Some(said) = case.refusal_alone() else { return };
    let hit = out.say("a token that was not recorded is refused");
    hit.observed(quoted(&format!("{status}, {}", said.summary())))
        .expected("a successful answer, or the token that was refused")
        .location("response.header.x-ms-diagnostics");
    if let Some(advice) = said.advice() {
        hit.help(advice);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    fn refused(value: &str) -> Scene {
        Scene::healthy().refused(value)
    }

    #[test]
    fn fires_on_an_answer_alone() {
        let value = "2000003;reason=\"x\";error_category=\"invalid_resource\"";
        assert!(refused(value).change(|exchange| exchange.request = None).fires(&RULE));
        assert!(refused(value).authorization("").fires(&RULE));
        let said = "EWS is disabled for this user or tenant";
        let forbidden = Scene::healthy().status(403).response_header("X-EWS-Policy-Reason", said);
        assert!(forbidden.change(|exchange| exchange.request = None).fires(&RULE));
    }

    #[test]
    fn stays_silent_beside_a_request() {
        assert!(!refused("2000003;reason=\"x\";error_category=\"invalid_resource\"").fires(&RULE));
        let skype = "28032;source=\"pool.contoso.com\";reason=\"no\"";
        let discovery = "4000000;reason=\"x\";error_category=\"oauth_not_available\"";
        for value in ["", skype, discovery, "2000099;reason=\"x\";error_category=\"other_claims\""] {
            assert!(!refused(value).change(|exchange| exchange.request = None).fires(&RULE), "{value}");
        }
    }
}
