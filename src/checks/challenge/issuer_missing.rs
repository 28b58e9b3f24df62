//! Takes one exchange, gives findings of `challenge-issuer-missing`: the challenge trusts no token service.

use crate::checks::CheckId;
use crate::checks::challenge::issuers;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::marks::Marks;
use crate::checks::place;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "challenge-issuer-missing",
    check: CheckId::Challenge,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["B02"],
    title: "the challenge trusts no token service",
    looks_at: "`trusted_issuers` of Bearer challenges at Exchange paths: an issuer 00000001-….",
    matters: "Without the ACS authorization server Exchange refuses every call from the cloud. The address below is that of the worldwide cloud; for GCC High and DoD its host is \
              login.microsoftonline.us, for 21Vianet accounts.accesscontrol.chinacloudapi.cn.",
    bad: "trusted_issuers=\"00000004-…@contoso.com\"",
    good: "trusted_issuers=\"00000001-0000-0000-c000-000000000000@*\"",
    repair: "Get-AuthServer | Format-List Name,IssuerIdentifier,Enabled; New-AuthServer -Name \
             \"WindowsAzureACS\" -AuthMetadataUrl https://accounts.accesscontrol.windows.net/<verified \
             domain>/metadata/json/1",
    sources: &[
        "[MS-XOAUTH] 3.2.5.4",
        "Microsoft Learn: Configure OAuth between Exchange and Exchange Online",
    ],
    scope: Scope::Marked(Marks::CHALLENGED, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    let Some(challenge) = case.bearer_challenge().filter(|_| case.at_exchange()) else { return };
    let Some(issuers) = issuers(challenge) else {
        out.say("the challenge lists no trusted issuers")
            .severity(Severity::Warning)
            .expected("trusted_issuers with the token service")
            .location("response.header.www-authenticate");
        return;
    };
    if !issuers.iter().any(|issuer| place::is_acs(issuer.id)) {
        let list: Vec<String> = issuers.iter().map(ToString::to_string).collect();
        out.say("the challenge trusts no token service")
            .observed(shown(&list.join(",")))
            .expected("00000001-0000-0000-c000-000000000000@<tenant>")
            .location("response.header.www-authenticate");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_without_acs() {
        assert!(Scene::healthy().discovery("Bearer client_id=\"00000002-0000-0ff1-ce00-000000000000\", trusted_issuers=\"00000004-0000-0ff1-ce00-000000000000@contoso.com\"").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_acs() {
        assert!(!Scene::healthy().discovery("Bearer client_id=\"00000002-0000-0ff1-ce00-000000000000\", trusted_issuers=\"00000001-0000-0000-c000-000000000000@*\"").fires(&RULE));
    }
}
