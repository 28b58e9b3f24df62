//! Takes a distinct token, gives findings of `chain-user-kind`: the user's identifier does not fit its provider.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::TokenCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "chain-user-kind",
    check: CheckId::Chain,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["D18"],
    title: "the user's identifier does not fit its provider",
    looks_at: "`nii` against `nameid`: MicrosoftOnline goes with a PUID, activedirectory with a SID.",
    matters: "Exchange looks the user up by it; the wrong kind finds nobody.",
    bad: "nii urn:federation:MicrosoftOnline with nameid S-1-5-21-…",
    good: "nii urn:federation:MicrosoftOnline with nameid 10032000…",
    repair: "Check the user's object: Get-User <user> | Format-List NetID,Sid,WindowsLiveID",
    sources: &["Microsoft Learn: [MS-XOAUTH] 2.2"],
    scope: Scope::Token(examine),
};

fn examine(case: &TokenCase<'_>, out: &mut Out<'_>) {
    let Some((outer, _)) = case.outer_and_actor() else { return };
    let (Some(provider), Some(name)) = (outer.claim("nii"), outer.claim("nameid")) else { return };
    let sid = name.to_ascii_uppercase().starts_with("S-1-");
    let provider = provider.to_ascii_lowercase();
    let wrong =
        (provider.ends_with("microsoftonline") && sid) || (provider.ends_with("activedirectory") && !sid);
    if wrong {
        out.say("the kind of `nameid` does not fit `nii`")
            .observed(format!(
                "nii {}, nameid {}",
                crate::checks::judge::standing::shown(&provider),
                if sid { "a SID" } else { "no SID" }
            ))
            .claim("nii");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_a_sid_of_microsoft_online() {
        assert!(Scene::healthy().outer("nameid", "S-1-5-21-1-2-3-4").fires(&RULE));
    }

    #[test]
    fn each_provider_has_its_kind() {
        let fires = |provider: &str, name: &str| {
            Scene::healthy().outer("nii", provider).outer("nameid", name).fires(&RULE)
        };
        assert!(fires("urn:federation:MicrosoftOnline", "s-1-5-21-1-2-3-4"));
        assert!(fires("urn:office:idp:activedirectory", "10037ffe8a3b"));
        assert!(!fires("urn:office:idp:ActiveDirectory", "S-1-5-21-1-2-3-4"));
        assert!(!fires("urn:federation:other", "S-1-5-21-1-2-3-4"));
        assert!(!fires("urn:federation:other", "10037ffe8a3b"));
    }

    #[test]
    fn stays_silent_on_a_puid() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
