//! Takes the state of the organisation, gives findings of `state-certificate-differs`: the given certificate is not the one that Exchange uses.

use crate::checks::CheckId;
use crate::checks::expectations::SKYPE;
use crate::checks::finding::Severity;
use crate::checks::organisation::StateCase;
use crate::checks::organisation::{hex, upload};
use crate::checks::rule::{Out, Rule, Scope};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "state-certificate-differs",
    check: CheckId::Certificate,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["N03"],
    title: "the given certificate is not the one that Exchange uses",
    looks_at: "Thumbprints of --cert against CurrentCertificateThumbprint and NextCertificateThumbprint \
               of Get-AuthConfig.",
    matters: "When another certificate than the current one was exported and uploaded, tokens signed by \
              Exchange are refused.",
    bad: "--cert has 7736..., Get-AuthConfig says 9C02...",
    good: "the same thumbprint",
    repair: "Export the certificate that Get-AuthConfig names and upload that.",
    sources: &[
        "Microsoft: Configure Integration and OAuth between Skype for Business Online and Exchange Server",
    ],
    scope: Scope::State(examine),
};

fn examine(case: &StateCase<'_>, out: &mut Out<'_>) {
    let (Some(config), Some(current)) = (case.auth_config(), case.auth_thumbprint("Current")) else { return };
    let next = case.auth_thumbprint("Next");
    let fits = |print: [u8; 20]| print == current || Some(print) == next;
    if case.certificates.is_empty() || case.certificates.iter().any(|(_, given)| fits(given.thumbprint)) {
        return;
    }
    let given: Vec<String> =
        case.certificates.iter().map(|(path, given)| format!("{path}: {}", given.thumbprint_hex())).collect();
    out.say("the given certificate is not the one that Exchange uses")
        .location(&config.place)
        .claim("CurrentCertificateThumbprint")
        .observed(given.join(", "))
        .expected(format!("the current certificate, {}", hex(current)))
        .help(upload(case, SKYPE));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::{
        Scene,
        organisation::{DER, OTHER_DER, OTHER_PRINT},
    };

    #[test]
    fn fires_on_another_certificate() {
        assert!(Scene::healthy().certificate(OTHER_DER).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_the_next_one_and_without_any() {
        let next = || Scene::healthy().set("Get-AuthConfig", "", "NextCertificateThumbprint", OTHER_PRINT);
        assert!(!next().certificate(OTHER_DER).fires(&RULE));
        assert!(!next().fires(&RULE));
    }

    #[test]
    fn stays_silent_on_the_current_one() {
        assert!(!Scene::healthy().certificate(DER).fires(&RULE));
    }
}
