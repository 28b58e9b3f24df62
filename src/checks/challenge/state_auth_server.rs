//! Takes the state of the organisation, gives findings of `state-auth-server`: an auth server is missing or disabled.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::organisation::StateCase;
use crate::checks::organisation::quoted;
use crate::checks::rule::{Out, Rule, Scope};
use crate::state::object::{Kind, Object};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "state-auth-server",
    check: CheckId::Challenge,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["N11"],
    title: "an auth server is missing or disabled",
    looks_at: "Get-AuthServer: one enabled object for ACS (its issuer 00000001-..., or metadata of its \
               kind), one for Entra (Type AzureAD).",
    matters: "Exchange trusts tokens only of enabled auth servers; without ACS no Skype for Business or \
              Teams token is accepted.",
    bad: "no object with issuer 00000001-0000-0000-c000-000000000000; Enabled False",
    good: "both, enabled",
    repair: "New-AuthServer, or Set-AuthServer -Enabled $true (step 1).",
    sources: &[
        "Microsoft Learn: Configure OAuth authentication between Exchange and Exchange Online",
        "CSS-Exchange: FreeBusyChecker, HealthChecker",
    ],
    scope: Scope::State(examine),
};

fn examine(case: &StateCase<'_>, out: &mut Out<'_>) {
    if !case.asked(Kind::AuthServer) {
        return;
    }
    let (tenant, cloud) = (case.tenant(), case.cloud());
    for (name, words, is, create) in [
        (
            "ACS",
            &["ACS", "00000001-000"][..],
            is_acs as fn(&Object) -> bool,
            format!(
                "New-AuthServer -Name WindowsAzureACS -AuthMetadataUrl {}",
                quoted(&format!("https://{}/{tenant}/metadata/json/1", cloud.acs_host()))
            ),
        ),
        (
            "Entra (evoSTS)",
            &["evoSTS", "AzureAD"],
            is_entra,
            format!(
                "New-AuthServer -Name evoSTS -Type AzureAD -AuthMetadataUrl {}",
                quoted(&format!(
                    "https://{}/{tenant}/federationmetadata/2007-06/federationmetadata.xml",
                    cloud.sign_in_host()
                ))
            ),
        ),
    ] {
        let all: Vec<&Object> = case.of(Kind::AuthServer).filter(|object| is(object)).collect();
        match all.first() {
            None => {
                if let Some(open) = case.left_open(Kind::AuthServer, words) {
                    out.missing(open);
                    continue;
                }
                out.say(format!("there is no auth server for {name}"))
                    .observed("none in Get-AuthServer")
                    .expected(format!("an enabled auth server for {name}"))
                    .help(create);
            }
            Some(first) if all.iter().all(|object| object.flag("Enabled") == Some(false)) => {
                if let Some(open) = case.left_open(Kind::AuthServer, &["an enabled one", name]) {
                    out.missing(open);
                    continue;
                }
                out.say(format!("the auth server for {name} is disabled"))
                    .location(&first.place)
                    .claim("Enabled")
                    .observed(format!("{}: Enabled False", first.shown_name()))
                    .expected("Enabled: True")
                    .help(format!("Set-AuthServer -Identity {} -Enabled $true", quoted(first.name())));
            }
            Some(_) => {}
        }
    }
}

fn is_acs(object: &Object) -> bool {
    let text = |name: &str| object.text(name).unwrap_or_default().to_ascii_lowercase();
    text("IssuerIdentifier").starts_with("00000001-000")
        || text("Type") == "microsoftacs"
        || text("AuthMetadataUrl").contains("/metadata/json/1") && !is_entra(object)
}

fn is_entra(object: &Object) -> bool {
    let text = |name: &str| object.text(name).unwrap_or_default().to_ascii_lowercase();
    text("Type") == "azuread" || text("AuthMetadataUrl").contains("/federationmetadata/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::Scene;

    #[test]
    fn fires_without_acs() {
        assert!(Scene::healthy().without("Get-AuthServer", "WindowsAzureACS").fires(&RULE));
    }

    #[test]
    fn fires_on_a_disabled_entra() {
        assert!(Scene::healthy().set("Get-AuthServer", "evoSTS", "Enabled", false).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_both() {
        assert!(!Scene::healthy().fires(&RULE));
    }

    #[test]
    fn knows_them_by_any_of_what_they_say() {
        let server = |changes: &[(&'static str, &str)]| {
            changes.iter().fold(Scene::healthy(), |scene, (name, value)| {
                scene.set("Get-AuthServer", "WindowsAzureACS", name, *value)
            })
        };
        let (id, kind) = (("IssuerIdentifier", ""), ("Type", ""));
        let url = ("AuthMetadataUrl", "https://sts.contoso.com/x");
        for some in [&[id, kind][..], &[id, url], &[kind, url]] {
            assert!(!server(some).fires(&RULE), "{some:?}");
        }
        assert!(server(&[id, kind, url]).fires(&RULE));
        let entra =
            |name: &'static str, value: &str| Scene::healthy().set("Get-AuthServer", "evoSTS", name, value);
        assert!(!entra("Type", "").fires(&RULE) && !entra("AuthMetadataUrl", "https://x/").fires(&RULE));
        assert!(
            entra("Type", "").set("Get-AuthServer", "evoSTS", "AuthMetadataUrl", "https://x/").fires(&RULE)
        );
    }
}
