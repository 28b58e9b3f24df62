//! Takes the state of the organisation, gives findings of `state-x5t-unknown`: Exchange signs with another certificate than its configuration names.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::organisation::StateCase;
use crate::checks::organisation::hex;
use crate::checks::rule::{Out, Rule, Scope};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "state-x5t-unknown",
    check: CheckId::Signature,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &[],
    title: "Exchange signs with another certificate than its configuration names",
    looks_at: "x5t of tokens that Exchange issued itself, against the thumbprints of Get-AuthConfig and \
               the keys of the cloud (verify --state).",
    matters: "The cloud knows the uploaded key only; after a rollover tokens of servers that were left \
              behind are refused.",
    bad: "x5t of 7736..., Get-AuthConfig names 9C02...",
    good: "x5t of the current certificate",
    repair: "Publish the current certificate and restart the host service: Set-AuthConfig \
             -PublishCertificate; Restart-Service MSExchangeServiceHost",
    sources: &["RFC 7515 4.1.7", "Microsoft: Set-AuthConfig"],
    scope: Scope::State(examine),
};

fn examine(case: &StateCase<'_>, out: &mut Out<'_>) {
    let (Some(shown), Some(config)) = (&case.shown, case.auth_config()) else { return };
    let Some(current) = case.auth_thumbprint("Current") else { return };
    let known = ["Current", "Next", "Previous"].map(|which| case.auth_thumbprint(which));
    for seen in &shown.self_issued {
        if known.contains(&Some(*seen)) {
            continue;
        }
        let uploaded = case.keys.iter().any(|key| key.thumbprint == Some(*seen));
        out.say("Exchange signs with another certificate than Get-AuthConfig names")
            .location(&config.place)
            .claim("CurrentCertificateThumbprint")
            .observed(format!(
                "tokens are signed with {}{}",
                hex(*seen),
                if uploaded { ", which the cloud still knows" } else { ", which is on no service principal that was given" }
            ))
            .expected(format!("the current certificate, {}", hex(current)))
            .help(
                "Set-AuthConfig -PublishCertificate; Restart-Service MSExchangeServiceHost # on the server that signed \
                 these tokens",
            );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::organisation::Shown;
    use crate::checks::testing_state::{Scene, organisation::PRINT};
    use crate::state::uploaded::hex_thumbprint;

    #[test]
    fn fires_on_another_certificate() {
        assert!(
            Scene::healthy().shown(Shown { self_issued: [[7; 20]].into(), ..Shown::default() }).fires(&RULE)
        );
    }

    #[test]
    fn stays_silent_on_the_current_one() {
        assert!(
            !Scene::healthy()
                .shown(Shown { self_issued: [hex_thumbprint(PRINT).unwrap()].into(), ..Shown::default() })
                .fires(&RULE)
        );
    }
}
