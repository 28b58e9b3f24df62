//! Takes a distinct token, gives findings of `chain-audience`: outer and actor token have different audiences.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::TokenCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "chain-audience",
    check: CheckId::Chain,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["E07"],
    title: "outer and actor token have different audiences",
    looks_at: "`aud` of both tokens.",
    matters: "The actor token was issued for one resource; a pair that goes elsewhere is unusual, and \
             builds differ in whether they check it.",
    bad: "aud 00000002-…/a.contoso.com@… outside, 00000002-…/b.contoso.com@… inside",
    good: "the same `aud` in both",
    repair: "Compare the host names in Get-WebServicesVirtualDirectory | Format-List ExternalUrl with the \
             service principal names of 00000002-….",
    sources: &["[MS-XOAUTH] 3.2.5.6"],
    scope: Scope::Token(examine),
};

fn examine(case: &TokenCase<'_>, out: &mut Out<'_>) {
    let Some((outer, actor)) = case.outer_and_actor() else { return };
    let (one, other) = (outer.claim("aud").unwrap_or("absent"), actor.claim("aud").unwrap_or("absent"));
    if !one.eq_ignore_ascii_case(other) {
        out.say("outer and actor token have different audiences")
            .observed(format!("{} outside, {} inside", shown(one), shown(other)))
            .claim("aud");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::expectations::EXCHANGE;
    use crate::checks::testing::Scene;
    use crate::checks::testing::TENANT;

    #[test]
    fn fires_on_two_audiences() {
        assert!(Scene::healthy().actor("aud", format!("{EXCHANGE}/other.contoso.com@{TENANT}")).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_one_audience() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
