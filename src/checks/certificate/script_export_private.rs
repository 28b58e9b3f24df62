//! Takes the commands of scripts, gives findings of `script-export-private`: the certificate is exported with its private key.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::organisation::script::CommandCase;
use crate::checks::rule::{Out, Rule, Scope};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "script-export-private",
    check: CheckId::Certificate,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["M04"],
    title: "the certificate is exported with its private key",
    looks_at: "Content types Pfx and Pkcs12, Export-PfxCertificate and Export-ExchangeCertificate \
               -BinaryEncoded.",
    matters: "The private key must not leave the servers: whoever has it can act as Exchange. The cloud \
              needs the public part only.",
    bad: "[...X509ContentType]::Pfx",
    good: "[...X509ContentType]::Cert",
    repair: "$certBytes = \
             $oAuthCert.Export([System.Security.Cryptography.X509Certificates.X509ContentType]::Cert)",
    sources: &[
        "Microsoft: Configure Integration and OAuth between Skype for Business Online and Exchange Server",
    ],
    scope: Scope::Command(examine),
};

fn examine(case: &CommandCase<'_>, out: &mut Out<'_>) {
    for file in &case.scripts {
        for (line, text) in file.code() {
            let lower = text.to_ascii_lowercase().replace(' ', "").replace('"', "'");
            let found = [
                "x509contenttype]::pfx",
                "x509contenttype]::pkcs12",
                ".export('pfx'",
                ".export('pkcs12'",
                "export-pfxcertificate",
            ]
            .into_iter()
            .find(|part| lower.contains(part));
            let exchange = lower.contains("export-exchangecertificate") && lower.contains("-binaryencoded");
            if found.is_some() || exchange {
                out.say("the certificate is exported with its private key")
                    .location(file.place(line))
                    .observed(found.unwrap_or("Export-ExchangeCertificate -BinaryEncoded"))
                    .expected("X509ContentType Cert: the public part");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::Scene;

    #[test]
    fn fires_on_pfx() {
        assert!(Scene::script("$certBytes = $c.Export([System.Security.Cryptography.X509Certificates.X509ContentType]::Pfx)\nSet-Content x\n").fires(&RULE));
    }

    #[test]
    fn fires_on_the_type_as_a_word() {
        for kind in ["'Pfx'", "\"Pkcs12\"", "( 'pfx', $password"] {
            let call = format!("Set-Content x ($c.Export({kind}))\n").replace("((", "(");
            assert!(Scene::script(&call).fires(&RULE), "{call}");
        }
        assert!(!Scene::script("$b = $c.Export('Cert')\nSet-Content x\n").fires(&RULE));
    }

    #[test]
    fn fires_on_the_export_of_exchange_itself() {
        let export = "Export-ExchangeCertificate -Thumbprint $t";
        assert!(Scene::script(&format!("$f = {export} -BinaryEncoded -Password $p\n")).fires(&RULE));
        assert!(!Scene::script(&format!("$f = {export}\n")).fires(&RULE));
        assert!(!Scene::script("New-ExchangeCertificate -BinaryEncoded\n").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_cert() {
        assert!(!Scene::script("$certBytes = $c.Export([System.Security.Cryptography.X509Certificates.X509ContentType]::Cert)\nSet-Content x\n").fires(&RULE));
    }
}
