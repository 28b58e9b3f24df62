//! Takes the state of the organisation, gives findings of `state-key-value`: an uploaded key has the dates of the auth certificate, but is another one.

use crate::checks::CheckId;
use crate::checks::expectations::EXCHANGE;
use crate::checks::finding::Severity;
use crate::checks::organisation::StateCase;
use crate::checks::organisation::{hex, same_moment, upload};
use crate::checks::rule::{Out, Rule, Scope};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "state-key-value",
    check: CheckId::TokenRequest,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["N08"],
    title: "an uploaded key has the dates of the auth certificate, but is another one",
    looks_at: "The bytes or the thumbprint of uploaded keys whose end date is that of the current \
               certificate.",
    matters: "Dates alone can agree by chance or by a renewal on the same day; tokens signed with \
              another key are refused.",
    bad: "Value of a certificate 7736..., current certificate 9C02...",
    good: "the bytes of the current certificate",
    repair: "Export the certificate that Get-AuthConfig names and upload it again.",
    sources: &[
        "Microsoft: Configure Integration and OAuth between Skype for Business Online and Exchange Server",
    ],
    scope: Scope::State(examine),
};

fn examine(case: &StateCase<'_>, out: &mut Out<'_>) {
    let Some(current) = case.auth_thumbprint("Current") else { return };
    let Some(end) = case.validity(current, true).known() else { return };
    // Exchange's own assertions are signed with it too: in the name of its principal, or of the dedicated application.
    let dedicated = case.dedicated_application();
    let own = dedicated.as_deref().unwrap_or(EXCHANGE);
    for id in case.applications().iter().map(|application| application.id).chain([own]) {
        let keys = case.keys_of(id).unwrap_or_default();
        if keys.iter().any(|key| key.thumbprint == Some(current)) {
            continue;
        }
        for key in keys {
            let same_end = case.date(&key.end).known().is_some_and(|own| same_moment(own, end));
            if let Some(own) =
                key.thumbprint.filter(|own| same_end && Some(*own) != case.auth_thumbprint("Next"))
            {
                let help = if dedicated.as_deref() == Some(id) {
                    ".\\ConfigureExchangeHybridApplication.ps1 -UpdateCertificate".to_owned()
                } else {
                    upload(case, id)
                };
                out.say(format!("a key of {id} has the dates of the auth certificate, but is another one"))
                    .about(id)
                    .location(&key.place)
                    .observed(format!("key {}: certificate {}", key.id, hex(own)))
                    .expected(format!("certificate {}", hex(current)))
                    .help(help);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::organisation::OTHER_PRINT;
    use crate::checks::testing_state::{
        Scene, Val, hybrid_on, key,
        organisation::{DER, HYBRID, NOT_AFTER, OTHER_DER, SKYPE},
        properties,
    };

    #[test]
    fn fires_on_other_bytes_of_the_same_dates() {
        assert!(Scene::healthy().keys(SKYPE, vec![key("a", OTHER_DER, NOT_AFTER)]).fires(&RULE));
    }

    #[test]
    fn fires_on_them_at_the_principal_that_exchange_asks_with() {
        let other = || vec![key("a", OTHER_DER, NOT_AFTER)];
        let help = |scene: &Scene| scene.hits(&RULE).into_iter().map(|hit| hit.help).collect::<Vec<_>>();
        let classic = help(&Scene::healthy().keys(EXCHANGE, other()));
        let [line] = &classic[..] else { panic!("{classic:?}") };
        assert!(line.contains(EXCHANGE) && line.contains("Update-MgServicePrincipal"), "{line}");
        let dedicated = |scene: Scene, keys| {
            let application = [("AppId", HYBRID.into()), ("KeyCredentials", Val::Keys(keys))];
            scene
                .set("Get-AuthServer", "evoSTS", "ApplicationIdentifier", HYBRID)
                .add("Get-SettingOverride", hybrid_on())
                .add("Get-MgServicePrincipal", properties(application))
        };
        let own = help(&dedicated(Scene::healthy(), other()));
        assert_eq!(own, [".\\ConfigureExchangeHybridApplication.ps1 -UpdateCertificate"]);
        // Then the keys of the shared principal do not matter.
        let left = dedicated(Scene::healthy().keys(EXCHANGE, other()), vec![key("b", DER, NOT_AFTER)]);
        assert!(!left.fires(&RULE));
    }

    #[test]
    fn stays_silent_on_the_right_bytes() {
        assert!(!Scene::healthy().fires(&RULE));
    }

    #[test]
    fn stays_silent_on_other_dates() {
        let other = Scene::healthy().keys(SKYPE, vec![key("a", OTHER_DER, "2028-01-01T00:00:00Z")]);
        assert!(!other.fires(&RULE));
    }

    #[test]
    fn stays_silent_on_the_certificate_that_comes_next() {
        let next = Scene::healthy().keys(SKYPE, vec![key("a", OTHER_DER, NOT_AFTER)]);
        assert!(!next.set("Get-AuthConfig", "", "NextCertificateThumbprint", OTHER_PRINT).fires(&RULE));
    }
}
