//! Takes the state of the organisation, gives findings of `state-key-start`: the uploaded key begins at another time than the certificate.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::organisation::StateCase;
use crate::checks::organisation::keys::{Fit, fit};
use crate::checks::organisation::same_moment;
use crate::checks::rule::{Out, Rule, Scope};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "state-key-start",
    check: CheckId::TokenRequest,
    severity: Severity::Info,
    since: "0.1.0",
    candidates: &["N05"],
    title: "the uploaded key begins at another time than the certificate",
    looks_at: "StartDate of the key that belongs to the current certificate, against NotBefore.",
    matters: "The service may set the start to the time of the upload: this explains a difference, and \
              is no fault.",
    bad: "StartDate 2024-07-05, NotBefore 2024-06-09",
    good: "the same date",
    repair: "Nothing has to be done as long as the key is valid now.",
    sources: &["CSS-Exchange; practical samples of key credentials"],
    scope: Scope::State(examine),
};

fn examine(case: &StateCase<'_>, out: &mut Out<'_>) {
    let Some(current) = case.auth_thumbprint("Current") else { return };
    let Some(start) = case.validity(current, false).known() else { return };
    for application in case.applications() {
        let Fit::Found(key) = fit(case, application.id) else { continue };
        if let Some(own) = case.date(&key.start).known()
            && !same_moment(own, start)
        {
            out.say(format!("the key on {} begins at another time than the certificate", application.id))
                .location(&key.place)
                .observed(format!("key {} begins {own}", key.id))
                .expected(format!("NotBefore {start}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::{
        Scene, date,
        organisation::{NOT_AFTER, SKYPE},
        properties,
    };

    #[test]
    fn fires_on_a_later_start() {
        assert!(
            Scene::healthy()
                .keys(
                    SKYPE,
                    vec![properties([
                        ("KeyId", "a".into()),
                        ("StartDateTime", date("2024-07-05T00:00:00Z")),
                        ("EndDateTime", date(NOT_AFTER))
                    ])]
                )
                .fires(&RULE)
        );
    }

    #[test]
    fn stays_silent_on_the_same_start() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
