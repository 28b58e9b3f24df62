//! Takes the state of the organisation, gives findings of `state-exchange-key-missing`: the auth certificate is on neither Exchange's service principal nor the dedicated hybrid application.

use crate::checks::CheckId;
use crate::checks::expectations::EXCHANGE;
use crate::checks::finding::Severity;
use crate::checks::organisation::StateCase;
use crate::checks::organisation::keys::{Fit, fit};
use crate::checks::organisation::upload;
use crate::checks::rule::{Out, Rule, Scope};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "state-exchange-key-missing",
    check: CheckId::TokenRequest,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["N23"],
    title: "the auth certificate is on neither Exchange's service principal nor the dedicated hybrid \
            application",
    looks_at: "Keys of 00000002-0000-0ff1-ce00-000000000000; where a dedicated hybrid application is \
               configured, the keys of that one instead.",
    matters: "Step 1 uploads the same certificate for Exchange itself: its own calls to the cloud are \
              refused without it. With a dedicated application its absence is right.",
    bad: "no key on 00000002-0000-0ff1-ce00-000000000000",
    good: "the current certificate there, or on the dedicated application",
    repair: "Upload the certificate to the principal (step 1), or to the dedicated application: \
             ConfigureExchangeHybridApplication.ps1 -UpdateCertificate.",
    sources: &[
        "Microsoft Learn: Configure OAuth authentication between Exchange and Exchange Online",
        "CSS-Exchange: ConfigureExchangeHybridApplication",
    ],
    scope: Scope::State(examine),
};

fn examine(case: &StateCase<'_>, out: &mut Out<'_>) {
    let dedicated = case.dedicated_application();
    let id = dedicated.as_deref().unwrap_or(EXCHANGE);
    match fit(case, id) {
        Fit::Missing { observed, expected, place } => {
            let help = match &dedicated {
                Some(_) => ".\\ConfigureExchangeHybridApplication.ps1 -UpdateCertificate".to_owned(),
                None => upload(case, EXCHANGE),
            };
            let name = if dedicated.is_some() { "the dedicated hybrid application" } else { "Exchange" };
            out.say(format!("the current auth certificate is not on {id} ({name})"))
                .about(id)
                .location(place)
                .observed(observed)
                .expected(expected)
                .help(help);
        }
        Fit::Unknown if dedicated.is_some() => out.missing(format!(
            "a dedicated hybrid application is configured, and its keys were not given: run Get-MgApplication -Filter \
             \"AppId eq '{id}'\" -Property id,appId,keyCredentials"
        )),
        Fit::Unknown | Fit::Found(_) | Fit::Another => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::{
        Scene, Val, hybrid_on as on,
        organisation::{EXCHANGE, HYBRID},
        properties,
    };

    #[test]
    fn fires_in_the_classic_set_up() {
        assert!(Scene::healthy().keys(EXCHANGE, vec![]).fires(&RULE));
    }

    #[test]
    fn fires_on_a_dedicated_application_without_it() {
        assert!(
            Scene::healthy()
                .set("Get-AuthServer", "evoSTS", "ApplicationIdentifier", HYBRID)
                .add("Get-SettingOverride", on())
                .add(
                    "Get-MgServicePrincipal",
                    properties([("AppId", HYBRID.into()), ("KeyCredentials", Val::Keys(vec![]))])
                )
                .fires(&RULE)
        );
    }

    #[test]
    fn stays_silent_when_it_is_there() {
        assert!(!Scene::healthy().fires(&RULE));
    }

    #[test]
    fn stays_silent_with_a_dedicated_application() {
        assert!(
            !Scene::healthy()
                .keys(EXCHANGE, vec![])
                .set("Get-AuthServer", "evoSTS", "ApplicationIdentifier", HYBRID)
                .add("Get-SettingOverride", on())
                .fires(&RULE)
        );
    }
}
