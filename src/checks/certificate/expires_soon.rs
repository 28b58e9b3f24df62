//! Takes one certificate of `--cert`, gives findings of `certificate-expires-soon`: the certificate ends within 60 days.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::CertificateCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "certificate-expires-soon",
    check: CheckId::Certificate,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["G09"],
    title: "the certificate ends within 60 days",
    looks_at: "`notAfter` against the last moment of use.",
    matters: "After that day all of this stops. The new certificate must be uploaded before it takes \
             effect.",
    bad: "20 days left",
    good: "400 days left",
    repair: "Plan the rollover: New-ExchangeCertificate …; Set-AuthConfig -NewCertificateThumbprint \
             <thumbprint> -NewCertificateEffectiveDate (Get-Date).AddDays(3); upload the new certificate \
             before that day.",
    sources: &["Microsoft: MonitorExchangeAuthCertificate"],
    scope: Scope::Certificate(examine),
};

fn examine(case: &CertificateCase<'_>, out: &mut Out<'_>) {
    let Some((_, last)) = case.uses else { return };
    let left = case.certificate.not_after.seconds_since(last);
    if (0..60 * 86_400).contains(&left) && !case.superseded {
        out.say("the certificate ends within 60 days")
            .observed(format!("{} days left, until {}", left / 86_400, case.certificate.not_after))
            .expected("60 days or more")
            .cause(case.certificate.thumbprint_hex());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_with_59_days_left() {
        assert!(Scene::healthy().certificate_valid(-1000, 59).fires(&RULE));
    }

    #[test]
    fn stays_silent_with_61_days_left() {
        assert!(!Scene::healthy().certificate_valid(-1000, 61).fires(&RULE));
        assert!(!Scene::healthy().certificate_valid(-1000, 60).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_one_that_has_ended_or_has_a_successor() {
        assert!(Scene::healthy().certificate_valid(-1000, 0).fires(&RULE));
        assert!(!Scene::healthy().certificate_valid(-1000, -1).fires(&RULE));
        assert!(!Scene::healthy().certificate_valid(-1000, 59).newer_certificate().fires(&RULE));
    }
}
