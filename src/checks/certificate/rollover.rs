//! Takes one certificate of `--cert`, gives findings of `certificate-rollover`: tokens are still signed with a certificate that has a successor.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::CertificateCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "certificate-rollover",
    check: CheckId::Certificate,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["G02"],
    title: "tokens are still signed with a certificate that has a successor",
    looks_at: "Which of several certificates of --cert verified a token.",
    matters: "A rollover is under way: signatures of the older certificate stop being accepted once it is \
             cleared.",
    bad: "--cert old.cer --cert new.cer, tokens signed with old.cer",
    good: "tokens signed with new.cer",
    repair: "Finish the rollover: Set-AuthConfig -PublishCertificate; Set-AuthConfig \
             -ClearPreviousCertificate; restart MSExchangeServiceHost.",
    sources: &["Microsoft: MonitorExchangeAuthCertificate"],
    scope: Scope::Certificate(examine),
};

fn examine(case: &CertificateCase<'_>, out: &mut Out<'_>) {
    if case.used && case.superseded {
        out.say("tokens are signed with a certificate that has a successor")
            .observed(format!("thumbprint {}", case.certificate.thumbprint_hex()))
            .expected("the newest of the given certificates");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;
    use crate::checks::testing::Signer;

    #[test]
    fn fires_on_the_older_of_two() {
        assert!(Scene::healthy().assertion_by(Signer::Exchange).newer_certificate().fires(&RULE));
    }

    #[test]
    fn stays_silent_on_a_single_certificate() {
        assert!(!Scene::healthy().assertion_by(Signer::Exchange).fires(&RULE));
        // Nothing was signed with it.
        assert!(!Scene::healthy().newer_certificate().fires(&RULE));
    }
}
