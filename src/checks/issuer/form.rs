//! Takes a distinct token, gives findings of `issuer-form`: the issuer is written with a slash.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::TokenCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "issuer-form",
    check: CheckId::Issuer,
    severity: Severity::Info,
    since: "0.1.0",
    candidates: &["D02", "D03", "D11"],
    title: "the issuer is written with a slash",
    looks_at: "Slashes in `iss` and `nameid`: before the application, before the @, or with a host between.",
    matters: "All forms are legal (`name[/host][@realm]`); documentation of different years prints \
             different ones. Exchange does not strip a host inside `nameid`.",
    bad: "00000004-0000-0ff1-ce00-000000000000/@11111111-…",
    good: "00000004-0000-0ff1-ce00-000000000000@11111111-…",
    repair: "Nothing to repair; compare the form when two servers disagree about a name.",
    sources: &[
        "Microsoft Entra error AADSTS90022",
        "Microsoft Learn: Configure Integration and OAuth between Skype for Business Online and Exchange Server",
    ],
    scope: Scope::Token(examine),
};

fn examine(case: &TokenCase<'_>, out: &mut Out<'_>) {
    let Some((claim, name)) = case.application() else { return };
    let form = match (&name.host, name.leading_slash) {
        (Some(host), _) if !host.is_empty() => "with a host between application and realm",
        (Some(_), _) => "with a slash before the @",
        (None, true) => "with a slash in front",
        (None, false) => return,
    };
    out.say(format!("the application is written {form}, which is legal"))
        .observed(crate::checks::judge::standing::shown(&name.to_string()))
        .claim(claim);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::expectations::SKYPE;
    use crate::checks::testing::Scene;
    use crate::checks::testing::TENANT;

    #[test]
    fn fires_on_a_slash_before_the_realm() {
        assert!(Scene::healthy().outer("iss", format!("{SKYPE}/@{TENANT}")).fires(&RULE));
    }

    #[test]
    fn says_which_form_it_is() {
        let said = |issuer: String| {
            let judgement = Scene::healthy().outer("iss", issuer).judge();
            let found = judgement.findings.into_iter().find(|finding| finding.rule == RULE.id);
            found.map_or_else(String::new, |finding| finding.message)
        };
        assert!(said(format!("{SKYPE}/host@{TENANT}")).contains("with a host between"));
        assert!(said(format!("{SKYPE}/@{TENANT}")).contains("with a slash before the @"));
        assert!(said(format!("/{SKYPE}@{TENANT}")).contains("with a slash in front"));
    }

    #[test]
    fn stays_silent_on_the_plain_form() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
