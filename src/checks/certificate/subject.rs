//! Takes one certificate of `--cert`, gives findings of `certificate-subject`: not the certificate that Exchange makes for OAuth.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::CertificateCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "certificate-subject",
    check: CheckId::Certificate,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["G08"],
    title: "not the certificate that Exchange makes for OAuth",
    looks_at: "Subject of each certificate of --cert.",
    matters: "An IIS or SMTP certificate may have been exported by mistake. A certificate of one's own is \
             possible, but unusual.",
    bad: "CN=mail.contoso.com",
    good: "CN=Microsoft Exchange Server Auth Certificate",
    repair: "Export the right one: $thumbprint = (Get-AuthConfig).CurrentCertificateThumbprint; \
             $oAuthCert = (dir Cert:\\LocalMachine\\My) | Where-Object {$_.Thumbprint -eq $thumbprint}; \
             [IO.File]::WriteAllBytes(\"$env:TEMP\\OAuthCert.cer\", \
             $oAuthCert.Export([Security.Cryptography.X509Certificates.X509ContentType]::Cert))",
    sources: &["Microsoft: MonitorExchangeAuthCertificate"],
    scope: Scope::Certificate(examine),
};

fn examine(case: &CertificateCase<'_>, out: &mut Out<'_>) {
    if !case.certificate.is_exchange_auth() {
        out.say("the certificate is not the one that Exchange makes for OAuth")
            .observed(crate::checks::judge::standing::shown(&case.certificate.subject))
            .expected("CN=Microsoft Exchange Server Auth Certificate")
            .cause(case.certificate.thumbprint_hex());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_a_web_certificate() {
        assert!(Scene::healthy().certificate(|one| one.subject = "CN=mail.contoso.com".into()).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_the_auth_certificate() {
        assert!(!Scene::healthy().certificate(|_| ()).fires(&RULE));
    }
}
