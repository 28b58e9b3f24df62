//! Takes the evidence, weighs `token-altered`: a token is not genuine, or was changed on the way.

use crate::checks::judge::facts::Signed;
use crate::diagnose::cause::{Case, Cause, Rank, Weighing};

/// See the text.
pub(crate) static CAUSE: Cause = Cause {
    id: "token-altered",
    title: "a token is not genuine, or was changed on the way",
    rank: Rank::Root,
    summary: "A token is not what its issuer made: {observed}. Either something on the way changes it, or somebody makes tokens of their own. Do not loosen anything; find out where it comes from.",
    speaks_for: "A signature is wrong with the key that it names, an algorithm does not fit the key, a token is unsigned without an actor token, or outer and actor token contradict each other.",
    speaks_against: "The key was not supplied.",
    repair: &[
        "# compare the token in a recording at the caller with the one in a recording at Exchange: oauthtrace inspect <recording> -o json (fingerprints)",
        "Get-AuthServer | Format-List Name,IssuerIdentifier,AuthMetadataUrl",
    ],
    sources: &["RFC 7515 5.2", "RFC 8725 2.1", "[MS-XOAUTH] 3.2.5.6"],
    examine,
};

fn examine<'a>(case: &Case<'a>, weigh: &mut Weighing<'a>) {
    let wrong = case.errors(&[
        "signature-wrong",
        "signature-algorithm-confusion",
        "signature-algorithm-mismatch",
        "signature-none",
        "signature-missing",
        "chain-actor-unsigned",
        "chain-application",
        "chain-outer-signed",
        "chain-issuer-direct",
    ]);
    let Some(finding) = wrong.first().and_then(|&index| case.judgement.findings.get(index)) else { return };
    let message = finding.message.clone();
    let places = case.places(&wrong);
    weigh.plus(65, message.clone()).words("observed", message).by(wrong);
    for category in ["invalid_signature", "invalid_token"] {
        let mut refused = case.refused(category);
        // Other tokens may be refused too, for reasons of their own.
        refused.retain(|(call, seen)| {
            let own = call.signed != Signed::Verified || !seen.exchanges.is_disjoint(&places);
            own && !super::speaks_of_profile(call.reason_of(category))
        });
        if !refused.is_empty() {
            weigh.plus(20, "Exchange refuses it for the same reason").at(&refused);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;
    use crate::diagnose::testing::Story;

    #[test]
    fn fires_on_a_changed_payload() {
        assert_eq!(
            Story::of(Scene::healthy().tampered().refused("2000000;error_category=\"invalid_signature\""))
                .lead(),
            CAUSE.id
        );
    }

    #[test]
    fn the_refusal_of_another_token_keeps_its_own_cause() {
        let said = "2000001;reason=\"The token profile is not applicable.\";error_category=\"invalid_token\"";
        let causes = Story::of(Scene::healthy().tampered()).and(Scene::healthy().refused(said)).causes();
        assert!(causes.contains(&CAUSE.id) && causes.contains(&"token-kind-refused"), "{causes:?}");
    }

    #[test]
    fn stays_silent_on_a_good_signature() {
        assert!(
            !Story::of(Scene::healthy().refused("2000000;error_category=\"invalid_signature\""))
                .causes()
                .contains(&CAUSE.id)
        );
    }
}
