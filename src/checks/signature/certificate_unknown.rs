//! Takes a distinct token, gives findings of `signature-certificate-unknown`: the signing certificate is not the uploaded one.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::{shown, thumbprint};
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::{Proof, TokenCase};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "signature-certificate-unknown",
    check: CheckId::Signature,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["G04", "H06"],
    title: "the signing certificate is not the uploaded one",
    looks_at: "`x5t` of self-issued tokens (assertions, or `iss` = `nameid`) against the certificates of \
             --cert.",
    matters: "Exchange signs with the certificate that AuthConfig names now. After a rollover without a \
             new upload the token service no longer knows it, and answers AADSTS70002 / AADSTS50012.",
    bad: "x5t of a new certificate, --cert OAuthCert.cer of the old one",
    good: "x5t = base64url(SHA-1 of the uploaded certificate)",
    repair: "Compare: (Get-AuthConfig).CurrentCertificateThumbprint. Then upload that certificate to the \
             service principals (oauthtrace provision script), or set the uploaded one again: \
             Set-AuthConfig -NewCertificateThumbprint <thumbprint> -NewCertificateEffectiveDate \
             (Get-Date); Set-AuthConfig -PublishCertificate",
    sources: &["RFC 7515 4.1.7", "Microsoft Support: Resolve free/busy errors"],
    scope: Scope::Token(examine),
};

fn examine(case: &TokenCase<'_>, out: &mut Out<'_>) {
    let certificates = &case.expected.certificates;
    if certificates.is_empty() || !case.self_issued() || *case.proof == Proof::Unsigned {
        return;
    }
    let name = case.token.header_member("x5t");
    let given: Vec<_> = certificates.iter().flat_map(|(_, loaded)| &loaded.certificates).collect();
    let print = name.and_then(thumbprint);
    // Without x5t another name may have led to no key; with none at all every key was tried.
    if name.is_none() && *case.proof != Proof::NoKey {
        return;
    }
    if !given.iter().any(|certificate| Some(certificate.thumbprint) == print) {
        let hex: String = print.iter().flatten().map(|byte| format!("{byte:02X}")).collect();
        let list: Vec<_> =
            given.iter().map(|one| format!("{} (x5t {})", one.thumbprint_hex(), one.x5t())).collect();
        out.say("a self-issued token is signed by a certificate that was not given")
            .observed(format!("x5t {}, thumbprint {hex}", shown(name.unwrap_or("absent"))))
            .expected(list.join(" or "))
            .claim("x5t");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::expectations::SKYPE;
    use crate::checks::testing::Scene;
    use crate::checks::testing::{Signer, TENANT};

    #[test]
    fn fires_on_the_certificate_of_a_rollover() {
        assert!(Scene::healthy().assertion_by(Signer::Stranger).fires(&RULE));
    }

    #[test]
    fn stays_silent_without_a_certificate_or_a_signature() {
        let stranger = || Scene::healthy().assertion_by(Signer::Stranger);
        assert!(!stranger().expect(|expected| expected.certificates.clear()).fires(&RULE));
        let own = || Scene::healthy().actor("iss", format!("{SKYPE}@{TENANT}"));
        assert!(own().fires(&RULE));
        assert!(!own().actor_unsigned().fires(&RULE));
    }

    #[test]
    fn stays_silent_on_a_wrong_signature_that_names_no_key() {
        // Every key was tried: which certificate it was is not known.
        let own = Scene::healthy().actor("iss", format!("{SKYPE}@{TENANT}")).actor_header_without("x5t");
        assert!(!own.fires(&RULE));
    }

    #[test]
    fn stays_silent_on_the_uploaded_certificate() {
        assert!(!Scene::healthy().assertion_by(Signer::Exchange).fires(&RULE));
    }
}
