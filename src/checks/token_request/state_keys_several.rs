//! Takes the state of the organisation, gives findings of `state-keys-several`: a service principal has several keys.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::organisation::StateCase;
use crate::checks::organisation::hex;
use crate::checks::rule::{Out, Rule, Scope};
use crate::state::uploaded::UploadedKey;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "state-keys-several",
    check: CheckId::TokenRequest,
    severity: Severity::Info,
    since: "0.1.0",
    candidates: &["N07"],
    title: "a service principal has several keys",
    looks_at: "How many keys the profile's service principals have.",
    matters: "During a rollover two are right; otherwise the list shows what was left behind.",
    bad: "three keys",
    good: "one key, or two during a rollover",
    repair: "Keep the keys of the current and the next certificate; remove the others.",
    sources: &[
        "Microsoft: Configure Integration and OAuth between Skype for Business Online and Exchange Server",
    ],
    scope: Scope::State(examine),
};

fn examine(case: &StateCase<'_>, out: &mut Out<'_>) {
    for application in case.applications() {
        let keys = case.keys_of(application.id).unwrap_or_default();
        let Some(first) = keys.first().filter(|_| keys.len() > 1) else { continue };
        let line = |key: &&UploadedKey| {
            let end = case
                .date(&key.end)
                .known()
                .map_or_else(|| "end not known".to_owned(), |end| format!("ends {end}"));
            let print =
                key.thumbprint.map_or_else(String::new, |print| format!(", certificate {}", hex(print)));
            format!("{} ({end}{print})", key.id)
        };
        out.say(format!("{} has {} keys", application.id, keys.len()))
            .location(&first.place)
            .observed(keys.iter().map(line).collect::<Vec<_>>().join("; "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::{
        Scene, key,
        organisation::{DER, NOT_AFTER, OTHER_DER, SKYPE},
    };

    #[test]
    fn fires_on_two_keys() {
        assert!(
            Scene::healthy()
                .keys(SKYPE, vec![key("a", DER, NOT_AFTER), key("b", OTHER_DER, NOT_AFTER)])
                .fires(&RULE)
        );
    }

    #[test]
    fn stays_silent_on_one() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
