//! Takes the evidence, weighs `auth-certificate-expired`: the Exchange auth certificate has expired.

use crate::checks::finding::{Finding, Severity};
use crate::checks::judge::facts::Ask;
use crate::diagnose::cause::{Case, Cause, Rank, Weighing};

/// See the text.
pub(crate) static CAUSE: Cause = Cause {
    id: "auth-certificate-expired",
    title: "the Exchange auth certificate has expired",
    rank: Rank::Root,
    summary: "The Exchange auth certificate (thumbprint {thumbprint}) had expired when it was used. What it signs is refused: Exchange gets no tokens, and other servers refuse what Exchange issues itself. A new certificate has to be made, published, and uploaded to the service principals.",
    speaks_for: "The given certificate was past its end when it was used; the token service refuses assertions that it signed, or says that the certificate or key has expired. The state shows that the certificate is past its end, or, where it does not show the certificate, that every key of a service principal is.",
    speaks_against: "Assertions are signed with another certificate that is still valid. The state shows a certificate that is valid.",
    repair: &[
        "Get-AuthConfig | Format-List CurrentCertificateThumbprint,NextCertificateThumbprint; Get-ExchangeCertificate {thumbprint} | Format-List NotAfter,Status",
        "New-ExchangeCertificate -KeySize 2048 -PrivateKeyExportable $true -SubjectName \"cn=Microsoft Exchange Server Auth Certificate\" -FriendlyName \"Microsoft Exchange Server Auth Certificate\" -DomainName @()",
        "Set-AuthConfig -NewCertificateThumbprint <new thumbprint> -NewCertificateEffectiveDate (Get-Date)",
        "Set-AuthConfig -PublishCertificate",
        "Set-AuthConfig -ClearPreviousCertificate",
        "Restart-Service MSExchangeServiceHost; Restart-WebAppPool MSExchangeOWAAppPool; Restart-WebAppPool MSExchangeECPAppPool",
        "oauthtrace provision script --tenant {tenant} --verified-domain {verified_domain} --domain-controller {domain_controller} --host {exchange_host}   # prints how to upload the new certificate",
    ],
    sources: &["Microsoft Support: KB 2617816, KB 3089171", "Microsoft Support: Resolve free/busy errors"],
    examine,
};

/// What a key that has ended says of a certificate that nobody showed: likely, not more.
const KEY: i32 = 60;

fn examine<'a>(case: &Case<'a>, weigh: &mut Weighing<'a>) {
    let expired = case.errors(&["certificate-expired"]);
    let own: Vec<_> = case.expected.certificates.iter().flat_map(|(_, file)| &file.certificates).collect();
    if !expired.is_empty() {
        // Several may be given, and the first need not be the one that ended.
        let told = expired.first().and_then(|&index| case.judgement.findings.get(index));
        let ended = own.iter().find(|certificate| {
            told.is_some_and(|told| told.observed.contains(&certificate.not_after.to_string()))
        });
        weigh.plus(60, "the given certificate was past its end when it was used").by(expired);
        if let Some(certificate) = ended {
            weigh.value("thumbprint", &certificate.thumbprint_hex());
        }
        let signed = case.asks(|ask| {
            ask.refused()
                && own.iter().any(|known| ask.thumbprint.as_deref() == Some(&known.thumbprint_hex()))
        });
        if !signed.is_empty() {
            weigh.plus(30, "the token service refuses what it signed").at(&signed);
        }
        let unknown = case.errors(&["signature-certificate-unknown"]);
        if !unknown.is_empty() {
            weigh.minus(50, "assertions are signed with another certificate").but(unknown);
        }
    }
    let told = case.asks(|ask| ask.refused() && says_expired(ask));
    if let Some((ask, _)) = told.first() {
        weigh.plus(55, "the token service says that the certificate or its key has expired").at(&told);
        weigh.value("thumbprint", ask.thumbprint.as_deref().unwrap_or_default());
    }
    let over =
        |finding: &Finding| finding.evidence.iter().any(|place| place.claim.as_deref() == Some("NotAfter"));
    let own = weigh.state_where(&[("state-auth-certificate-unusable", 85)], over);
    let valid = super::current_is_valid(case);
    // A key that has ended is that of the certificate only where the certificate may have ended too.
    let before = weigh.score();
    let alone = |finding: &Finding| finding.severity == Severity::Error && !valid;
    let key = weigh.state_where(&[("state-key-expired", KEY)], alone);
    // Many keys that ended do not make one certificate more certain.
    weigh.score = before + (weigh.score() - before).min(KEY);
    if valid && weigh.score() > 0 {
        weigh.state_against(40, "the state shows that the certificate that Exchange uses now is valid");
    }
    if own || key {
        weigh.state(&[
            ("state-auth-certificate-unusable", 0),
            ("state-key-missing", 0),
            ("state-exchange-key-missing", 0),
        ]);
    }
    // Exchange takes no certificate that has expired: it is missing to it.
    if weigh.score() > 0 {
        weigh.logged(30, &["MissingSigningCertificate"]);
    }
    super::current_thumbprint(case, weigh);
}

/// Whether the certificate or key, not the assertion, is said to have expired.
fn says_expired(ask: &Ask) -> bool {
    let text = ask.description.to_ascii_lowercase();
    let about = [
        "certificate has expired",
        "certificate is expired",
        "certificate expired",
        "key used is expired",
        "key is expired",
        "expired certificate",
        "expired key",
    ];
    about.iter().any(|words| text.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Scene, Signer};
    use crate::checks::testing_state::{
        Val, key,
        organisation::{PRINT, SKYPE},
    };
    use crate::diagnose::cause::Confidence;
    use crate::diagnose::testing::{Story, denied, found_in_state, told_by_state};

    #[test]
    fn fires_on_an_expired_certificate() {
        assert_eq!(Story::of(Scene::healthy().certificate_valid(-400, -20)).lead(), CAUSE.id);
    }

    #[test]
    fn names_the_one_that_ended_where_several_are_given() {
        let scene = Scene::healthy().certificate_valid(-400, -20).newer_certificate();
        let scene = scene.assertion_by(Signer::Exchange).expect(|expected| expected.certificates.reverse());
        let (_, file) = scene.expectations().certificates.last().unwrap().clone();
        let ended = file.certificates.first().unwrap().thumbprint_hex();
        let found = Story::of(scene).diagnosis().causes;
        let own = found.iter().find(|found| found.cause.id == CAUSE.id).unwrap();
        assert!(own.summary.contains(&ended), "{}", own.summary);
    }

    #[test]
    fn fires_on_the_words_of_the_token_service() {
        let answer = denied("invalid_client", "AADSTS700027: The certificate has expired.");
        assert_eq!(Story::request(Signer::Exchange, 401, &answer).lead(), CAUSE.id);
    }

    #[test]
    fn stays_silent_on_a_valid_certificate() {
        assert!(!Story::of(Scene::healthy()).causes().contains(&CAUSE.id));
    }

    #[test]
    fn an_old_key_beside_a_valid_certificate_is_another_cause() {
        let told = told_by_state(|organisation| {
            let old = vec![key("a", "", "2025-01-01T00:00:00Z")];
            organisation.set("Get-MgServicePrincipal", SKYPE, "KeyCredentials", Val::Keys(old))
        });
        assert_eq!(told, ["auth-certificate-rolled-over"]);
    }

    #[test]
    fn an_old_key_without_the_certificate_is_likely_and_not_more() {
        let found = found_in_state(|organisation| {
            let old = (0..9).map(|id| key(&id.to_string(), "", "2025-01-01T00:00:00Z")).collect();
            organisation
                .set("Get-MgServicePrincipal", SKYPE, "KeyCredentials", Val::Keys(old))
                .without("Get-ExchangeCertificate", PRINT)
                .set("Get-AuthConfig", "", "CurrentCertificateThumbprint", "A".repeat(40).as_str())
        });
        let own = found.iter().find(|found| found.cause.id == CAUSE.id).unwrap();
        assert_eq!(own.confidence, Confidence::Likely);
    }
}
