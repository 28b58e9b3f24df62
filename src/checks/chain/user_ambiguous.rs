//! Takes a distinct token, gives findings of `chain-user-ambiguous`: the user's addresses name different domains.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::TokenCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "chain-user-ambiguous",
    check: CheckId::Chain,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["D19"],
    title: "the user's addresses name different domains",
    looks_at: "`upn`, `smtp` and `sip` of outer tokens.",
    matters: "Exchange looks the user up by all of them; when they hit several objects it answers 2000005 \
             (ambiguous).",
    bad: "upn anna@contoso.com, smtp anna@fabrikam.com",
    good: "upn and smtp anna@contoso.com",
    repair: "Look for duplicates: Get-Recipient -Filter \"EmailAddresses -eq 'smtp:<address>'\"; Get-User \
             <upn>",
    sources: &["Microsoft Support: Resolve free/busy errors"],
    scope: Scope::Token(examine),
};

fn examine(case: &TokenCase<'_>, out: &mut Out<'_>) {
    let Some((outer, _)) = case.outer_and_actor() else { return };
    let domain = |claim: &str| {
        let address = outer.claim(claim)?;
        let (_, domain) = address.strip_prefix("sip:").unwrap_or(address).rsplit_once('@')?;
        Some(domain)
    };
    let named = ["upn", "smtp", "sip"].map(domain);
    let mut named = named.iter().flatten();
    let Some(first) = named.next() else { return };
    if named.any(|domain| !domain.eq_ignore_ascii_case(first)) {
        let mut domains: Vec<_> =
            ["upn", "smtp", "sip"].into_iter().filter_map(domain).map(str::to_ascii_lowercase).collect();
        domains.sort_unstable();
        domains.dedup();
        out.say("the user's addresses name different domains")
            .observed(crate::checks::judge::standing::shown(&domains.join(", ")))
            .claim("upn");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_two_domains() {
        assert!(Scene::healthy().outer("smtp", "anna@fabrikam.com").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_one_domain() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
