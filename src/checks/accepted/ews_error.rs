//! Takes one exchange, gives findings of `accepted-ews-error`: EWS reports an error inside the answer.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::{quoted, shown};
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;
use crate::soap::codes;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "accepted-ews-error",
    check: CheckId::Accepted,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["J01", "J02", "J04", "J05"],
    title: "EWS reports an error inside the answer",
    looks_at: "ResponseClass=\"Error\" and SOAP faults in answers to a presented token, also inside a 200.",
    matters: "Authentication succeeded, the operation did not; HTTP 200 alone is no success.",
    bad: "200 with ResponseCode ErrorAccessDenied",
    good: "200 with ResponseCode NoError",
    repair: "oauthtrace explain <response code>. For missing rights: Get-PartnerApplication | Format-List \
             LinkedAccount; Get-ManagementRoleAssignment -RoleAssignee <linked account>; \
             New-ManagementRoleAssignment -Role UserApplication -User <linked account>",
    sources: &["Microsoft Learn: EWS ResponseCode"],
    scope: Scope::Exchange(examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    let Some(seen) = case.presented() else { return };
    let Some(outcome) = case.ews() else { return };
    let mut said: Vec<(String, String)> = Vec::new();
    if let Some(fault) = &outcome.fault {
        let code = fault.response_code.clone().unwrap_or_else(|| fault.code.clone());
        said.push((code, fault.text.clone()));
    }
    said.extend(outcome.errors().map(|error| (error.code.clone(), error.text.clone())));
    said.sort();
    said.dedup_by(|one, other| one.0 == other.0);
    for (code, text) in said {
        let hit = out.say("EWS reports an error inside the answer");
        hit.observed(quoted(&format!("{code}: {text}")))
            .expected("NoError")
            .cause(shown(&code))
            .token(seen.id)
            .location("response.body.xml");
        if let Some(code) = codes::ews(&code) {
            hit.help(code.advice());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_an_error_inside_200() {
        assert!(Scene::healthy().ews("Error", "ErrorAccessDenied").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_no_error() {
        assert!(!Scene::healthy().ews("Success", "NoError").fires(&RULE));
    }
}
