//! Takes the evidence, weighs `auth-certificate-rolled-over`: the Exchange auth certificate was replaced, and the new one was not uploaded.

use crate::checks::expectations::EXCHANGE;
use crate::checks::finding::{Finding, Severity};
use crate::diagnose::cause::{Case, Cause, Rank, Weighing};

/// See the text.
pub(crate) static CAUSE: Cause = Cause {
    id: "auth-certificate-rolled-over",
    title: "the Exchange auth certificate was replaced, and the new one was not uploaded",
    rank: Rank::Root,
    summary: "Exchange signs with a certificate (thumbprint {thumbprint}) that is not the uploaded one: the auth certificate was rolled over, and the upload was not repeated. The token service does not know the new key, so Exchange gets no tokens. Calls that come from the cloud are not touched by it: they are signed by the token service.",
    speaks_for: "Assertions name a certificate that is none of --cert, and the token service says that it does not find the key, or refuses the credentials. The state shows keys of other certificates on the service principals, but not the current one; Get-AuthConfig names another certificate than --cert.",
    speaks_against: "The token service grants tokens to assertions signed with that certificate: then only the file given with --cert is out of date. The state shows the current certificate on the service principals.",
    repair: &[
        "(Get-AuthConfig).CurrentCertificateThumbprint   # expected: {thumbprint}",
        "$certificate = Get-ExchangeCertificate {thumbprint}; [IO.File]::WriteAllBytes(\"$env:TEMP\\OAuthCert.cer\", $certificate.RawData)",
        "oauthtrace provision script --tenant {tenant} --verified-domain {verified_domain} --domain-controller {domain_controller} --host {exchange_host}   # prints the upload of that file to the service principals",
    ],
    sources: &[
        "Microsoft Support: Resolve free/busy errors",
        "Microsoft Learn: Maintain the Exchange Server OAuth certificate",
    ],
    examine,
};

fn examine<'a>(case: &Case<'a>, weigh: &mut Weighing<'a>) {
    traffic(case, weigh);
    state(case, weigh);
}

/// Keys of other certificates are there, the one of the current certificate is not: the upload is what was left out.
fn state(case: &Case<'_>, weigh: &mut Weighing<'_>) {
    let older = |finding: &Finding| finding.observed != "no key";
    let rolled = weigh.state_where(
        &[
            ("state-key-missing", 85),
            ("state-exchange-key-missing", 85),
            ("state-key-value", 85),
            ("state-certificate-differs", 55),
        ],
        older,
    );
    let published = weigh.state(&[("state-x5t-unknown", if rolled { 5 } else { 75 })]);
    if rolled || published {
        let alone = |finding: &Finding| finding.severity == Severity::Error;
        let valid = super::current_is_valid(case);
        if !valid && weigh.first_state("state-key-expired", alone).is_some() {
            weigh.state_against(60, "the keys there are past their end, whichever certificate they are of");
        }
        weigh.state_where(&[("state-key-expired", 0)], |finding| !rolled || (valid && alone(finding)));
        weigh.state_where(&[("state-certificate-differs", 0)], |_| !rolled);
        super::granted_nevertheless(case, weigh);
    } else if weigh.score() > 0 && super::uploaded_everywhere(case) {
        weigh.set_well("the state shows the current certificate on the service principals: the given file is out of date, or the recording is");
    }
    super::current_thumbprint(case, weigh);
}

fn traffic<'a>(case: &Case<'a>, weigh: &mut Weighing<'a>) {
    let unknown = case.asks(|ask| super::signed_by_another(ask, case));
    if unknown.is_empty() {
        direct(case, weigh);
        return;
    }
    weigh
        .plus(50, "what Exchange signs names a certificate that is none of those given as uploaded")
        .at(&unknown);
    weigh.by(case.errors(&["signature-certificate-unknown"]));
    let refused: Vec<_> =
        unknown.iter().copied().filter(|(ask, _)| ask.refused() && super::key_not_accepted(ask)).collect();
    let granted: Vec<_> = unknown.iter().copied().filter(|(ask, _)| ask.granted()).collect();
    for (ask, _) in refused.iter().chain(&granted) {
        weigh.value("thumbprint", ask.thumbprint.as_deref().unwrap_or_default());
    }
    if !refused.is_empty() {
        weigh.plus(40, "the token service does not accept the key of that certificate").at(&refused);
    }
    if !granted.is_empty() {
        weigh.minus(
            30,
            "the token service grants tokens to it: the new certificate is uploaded, and the given file is the old one",
        );
    }
}

/// Servers on premises are shown what Exchange signs itself: that tells of another certificate, not of an upload.
fn direct(case: &Case<'_>, weigh: &mut Weighing<'_>) {
    let tokens = &case.judgement.tokens;
    let of_exchange = |index: &usize| {
        let shown = case.judgement.findings.get(*index).into_iter().flat_map(|finding| &finding.evidence);
        shown
            .filter_map(|place| tokens.get(place.token?))
            .any(|token| token.principal("iss").is_some_and(|name| name.id.eq_ignore_ascii_case(EXCHANGE)))
    };
    let mut unknown = case.errors(&["signature-certificate-unknown"]);
    unknown.retain(of_exchange);
    if !unknown.is_empty() {
        weigh
            .plus(30, "what Exchange signs for another server names a certificate that is none of those given as uploaded")
            .by(unknown);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Scene, Signer, TENANT};
    use crate::diagnose::testing::{Story, denied};

    #[test]
    fn fires_on_an_unknown_certificate_that_is_refused() {
        let answer =
            denied("invalid_client", "AADSTS70002: no. AADSTS50012: [Reason - The key was not found.]");
        assert_eq!(Story::request(Signer::Stranger, 401, &answer).lead(), CAUSE.id);
    }

    #[test]
    fn what_exchange_signs_for_other_servers_may_tell_of_it() {
        let own = |issuer: &str| {
            let scene = Scene::healthy().application(EXCHANGE).actor("iss", format!("{issuer}@{TENANT}"));
            Story::of(scene.expect(|expected| expected.principals = vec![EXCHANGE.into()])).causes()
        };
        assert_eq!(own(EXCHANGE), [CAUSE.id]);
        assert!(own("00000001-0000-0000-c000-000000000000").is_empty());
    }

    #[test]
    fn stays_silent_on_the_uploaded_certificate() {
        let answer =
            denied("invalid_client", "AADSTS70002: no. AADSTS50012: [Reason - The key was not found.]");
        assert!(!Story::request(Signer::Exchange, 401, &answer).causes().contains(&CAUSE.id));
    }
}
