//! Takes the state of the organisation, gives findings of `state-key-missing`: the auth certificate is not on the service principal.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::organisation::StateCase;
use crate::checks::organisation::keys::{Fit, fit};
use crate::checks::organisation::upload;
use crate::checks::rule::{Out, Rule, Scope};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "state-key-missing",
    check: CheckId::TokenRequest,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["N04"],
    title: "the auth certificate is not on the service principal",
    looks_at: "Keys of the service principals of the profile, against the current auth certificate: its \
               bytes or thumbprint, and the end dates (step 6).",
    matters: "The token service trusts Exchange, and the applications trust its metadata, by this key; \
              without it OAuth fails.",
    bad: "EndDate 2027-01-01, the certificate ends 2029-06-09",
    good: "a key with the certificate's end date (and bytes)",
    repair: "Export the current certificate and upload it (steps 4 and 5): `oauthtrace provision script`.",
    sources: &[
        "Microsoft: Configure Integration and OAuth between Skype for Business Online and Exchange Server",
        "Microsoft Graph: keyCredential",
    ],
    scope: Scope::State(examine),
};

fn examine(case: &StateCase<'_>, out: &mut Out<'_>) {
    for application in case.applications() {
        let Fit::Missing { observed, expected, place } = fit(case, application.id) else { continue };
        out.say(format!("the current auth certificate is not on {} ({})", application.id, application.name))
            .about(application.id)
            .location(place)
            .observed(observed)
            .expected(expected)
            .help(upload(case, application.id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::{
        Scene, date, key,
        organisation::{NOT_AFTER, SKYPE, VOICEMAIL, french},
        properties,
    };
    use crate::state::dates::Order;
    use crate::state::profile::Profile;

    #[test]
    fn fires_when_the_end_dates_differ() {
        assert!(Scene::healthy().keys(SKYPE, vec![key("a", "", "2027-01-01T00:00:00Z")]).fires(&RULE));
    }

    #[test]
    fn fires_without_keys() {
        assert!(Scene::healthy().keys(SKYPE, vec![]).fires(&RULE));
    }

    #[test]
    fn fires_on_a_key_that_does_not_verify() {
        assert!(
            Scene::healthy()
                .keys(
                    SKYPE,
                    vec![properties([
                        ("KeyId", "a".into()),
                        ("Type", "Symmetric".into()),
                        ("Usage", "Sign".into()),
                        ("EndDateTime", date(NOT_AFTER))
                    ])]
                )
                .fires(&RULE)
        );
    }

    #[test]
    fn fires_on_the_second_application_of_2025() {
        assert!(Scene::healthy().profile(Profile::Teams2025).keys(VOICEMAIL, vec![]).fires(&RULE));
    }

    #[test]
    fn stays_silent_when_it_is_there() {
        assert!(!Scene::healthy().fires(&RULE));
    }

    #[test]
    fn stays_silent_when_only_the_dates_are_known_and_agree() {
        assert!(!Scene::healthy().keys(SKYPE, vec![key("a", "", NOT_AFTER)]).fires(&RULE));
    }

    #[test]
    fn stays_silent_when_dates_are_ambiguous() {
        assert!(!Scene::healthy().printed(french).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_text_in_a_known_culture() {
        assert!(!Scene::healthy().printed(french).order(Order::DayFirst).fires(&RULE));
    }
}
