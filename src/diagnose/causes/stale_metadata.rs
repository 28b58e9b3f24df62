//! Takes the evidence, weighs `stale-metadata`: Exchange has outdated keys of the token service.

use crate::checks::judge::facts::Signed;
use crate::diagnose::cause::{Case, Cause, Rank, Weighing};

/// See the text.
pub(crate) static CAUSE: Cause = Cause {
    id: "stale-metadata",
    title: "Exchange has outdated keys of the token service",
    rank: Rank::Root,
    summary: "Exchange says that it cannot verify the signature or does not find the key. Where the signature verifies with the keys that the token service publishes, those that Exchange keeps of {issuer} are out of date. It fetches them every few hours, and cannot when its way to the metadata address is blocked.",
    speaks_for: "Exchange refuses with invalid_signature or invalid_certificate a token whose signature this tool verifies.",
    speaks_against: "The signature is wrong with the given keys too, or the key was not supplied.",
    repair: &[
        "Get-AuthServer | Format-List Name,IssuerIdentifier,AuthMetadataUrl,Enabled",
        "Set-AuthServer <name> -RefreshAuthMetadata   # the one with IssuerIdentifier {issuer}",
        "iisreset   # or wait a quarter of an hour",
        "Get-WinEvent -FilterHashtable @{LogName=\"Application\";ProviderName=\"MSExchange OAuth\"} -MaxEvents 20   # 2007: the metadata could not be read",
    ],
    sources: &["Microsoft Support: Resolve free/busy errors", "Microsoft Learn: Set-AuthServer"],
    examine,
};

fn examine<'a>(case: &Case<'a>, weigh: &mut Weighing<'a>) {
    let wrong =
        case.errors(&["signature-wrong", "signature-algorithm-confusion", "signature-algorithm-mismatch"]);
    let places = case.places(&wrong);
    // A signature that verifies stays good where that of another token is wrong.
    let mut verifies = false;
    for category in ["invalid_signature", "invalid_certificate"] {
        let mut refused = case.refused(category);
        // Those whose signature is wrong here, too, are refused for that.
        refused.retain(|(call, _)| call.signed != Signed::Failed);
        verifies |= refused
            .iter()
            .any(|(call, seen)| call.signed == Signed::Verified && seen.exchanges.is_disjoint(&places));
        let of = |wanted: Signed| refused.iter().find(|(call, _)| call.signed == wanted);
        if let Some((call, _)) = of(Signed::Verified) {
            weigh
                .plus(85, "Exchange does not accept a signature that verifies with the given keys")
                .at(&refused);
            weigh.value("issuer", call.issuer.as_deref().unwrap_or_default());
        } else if let Some((call, _)) = of(Signed::NoKey) {
            weigh.plus(50, "Exchange does not accept the signature; the key was not supplied here, so it could not be compared").at(&refused);
            weigh.value("issuer", call.issuer.as_deref().unwrap_or_default());
            if category == "invalid_certificate" {
                weigh.plus(10, "it does not find the key that the token names");
            }
        } else if let Some((call, _)) = of(Signed::Removed) {
            weigh
                .plus(45, "Exchange does not accept the signature; it was taken out of the recording, so that it could not be compared")
                .at(&refused);
            weigh.value("issuer", call.issuer.as_deref().unwrap_or_default());
        } else if let Some((call, _)) = refused.iter().find(|(call, _)| call.unseen_token()) {
            weigh
                .plus(45, "Exchange does not accept the signature; the token is not in the recording, so that it could not be compared")
                .at(&refused);
            weigh.value("issuer", call.issuer.as_deref().unwrap_or_default());
        }
    }
    if !wrong.is_empty() && !verifies {
        weigh.minus(60, "a signature is wrong with the given keys too").but(wrong);
    }
}

#[cfg(test)]
mod tests {
    use crate::logrecord::{LogRecord, LogSource};

    use super::*;
    use crate::checks::testing::Scene;
    use crate::diagnose::cause::Confidence;
    use crate::diagnose::testing::Story;

    #[test]
    fn fires_on_a_refusal_that_is_quoted_without_the_token() {
        let said = Some("2000000;reason=\"x\";error_category=\"invalid_signature\"".into());
        let line = LogRecord { diagnostics: said, ..LogRecord::new(LogSource::Quoted, 1) };
        let found = Story::line(line).diagnosis().causes;
        let only = found.first().unwrap();
        assert_eq!((only.cause.id, only.confidence), (CAUSE.id, Confidence::Possible));
    }

    #[test]
    fn fires_on_a_good_signature_called_invalid() {
        assert_eq!(
            Story::of(Scene::healthy().refused("2000000;error_category=\"invalid_signature\"")).lead(),
            CAUSE.id
        );
    }

    #[test]
    fn does_not_claim_that_a_signature_verified_without_its_key() {
        let refused = Scene::healthy().refused("2000000;error_category=\"invalid_signature\"");
        let diagnosis = Story::of(refused.expect(|expected| expected.keys = Default::default())).diagnosis();
        let found = diagnosis.causes.iter().find(|found| found.cause.id == CAUSE.id).unwrap();
        assert!(found.reasons.iter().any(|reason| reason.text.contains("the key was not supplied")));
        assert!(!found.summary.contains("given here"), "{}", found.summary);
    }

    #[test]
    fn a_signature_that_was_taken_out_may_have_been_good() {
        let removed = Scene::healthy().actor_form(|text| text.rsplit_once('.').unwrap().0.to_owned() + ".");
        let found =
            Story::of(removed.refused("2000000;error_category=\"invalid_signature\"")).diagnosis().causes;
        let first = found.first().unwrap();
        assert_eq!((first.cause.id, first.confidence), (CAUSE.id, Confidence::Possible));
    }

    #[test]
    fn stays_silent_on_a_bad_signature() {
        assert!(
            !Story::of(Scene::healthy().tampered().refused("2000000;error_category=\"invalid_signature\""))
                .causes()
                .contains(&CAUSE.id)
        );
    }
}
