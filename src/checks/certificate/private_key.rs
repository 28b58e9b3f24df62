//! Takes one certificate of `--cert`, gives findings of `certificate-private-key`: the file holds a private key.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::CertificateCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "certificate-private-key",
    check: CheckId::Certificate,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["G10"],
    title: "the file holds a private key",
    looks_at: "Private keys in the files of --cert. They are not kept.",
    matters: "Only the public part is needed; a private key that travels in files can be stolen, and with \
             it Exchange's identity.",
    bad: "OAuthCert.pfx",
    good: "OAuthCert.cer",
    repair: "Export without the key: [IO.File]::WriteAllBytes(\"$env:TEMP\\OAuthCert.cer\", \
             $oAuthCert.Export([Security.Cryptography.X509Certificates.X509ContentType]::Cert)); delete \
             the other file.",
    sources: &["Microsoft Learn: the set-up page exports X509ContentType Cert"],
    scope: Scope::Certificate(examine),
};

fn examine(case: &CertificateCase<'_>, out: &mut Out<'_>) {
    if case.loaded.private_key {
        out.say("the file holds a private key, which is not needed").observed(case.path).cause(case.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_a_pfx() {
        assert!(Scene::healthy().certificate_file(|file| file.private_key = true).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_a_cer() {
        assert!(!Scene::healthy().certificate_file(|_| ()).fires(&RULE));
    }
}
