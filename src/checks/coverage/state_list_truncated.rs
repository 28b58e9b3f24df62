//! Takes the state of the organisation, gives findings of `state-list-truncated`: a list was cut by the output.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::organisation::StateCase;
use crate::checks::rule::{Out, Rule, Scope};
use crate::state::object::{Kind, Value};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "state-list-truncated",
    check: CheckId::Coverage,
    severity: Severity::Info,
    since: "0.1.0",
    candidates: &["N19"],
    title: "a list was cut by the output",
    looks_at: "Collections that end in three dots: Format-List prints four elements unless told otherwise.",
    matters: "What is not in a cut list may still be there; a cut list proves nothing missing.",
    bad: "ServicePrincipalNames : {a, b, c, d...}",
    good: "the whole list, or CLIXML",
    repair: "Set $FormatEnumerationLimit = -1 in the session and print again, or give CLIXML: \
             `oauthtrace provision collect`.",
    sources: &["Microsoft: about_Preference_Variables"],
    scope: Scope::State(examine),
};

/// Lists that rules look into.
const LISTS: [&str; 6] = [
    "ServicePrincipalNames",
    "KeyCredentials",
    "EwsAllowList",
    "TargetAddressDomains",
    "Parameters",
    "CustomKeyIdentifier",
];

fn examine(case: &StateCase<'_>, out: &mut Out<'_>) {
    for object in Kind::ALL.into_iter().flat_map(|kind| case.of(kind)) {
        for name in LISTS {
            if object.get(name).is_some_and(Value::is_cut) {
                out.say(format!("{name} of {} was cut by the output", object.shown_name()))
                    .location(&object.place)
                    .observed(format!("{name} ends in \u{2026}"))
                    .expected("the whole list")
                    .help("$FormatEnumerationLimit = -1 # then print it again; or give CLIXML: oauthtrace provision collect");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::{Scene, organisation::german};

    #[test]
    fn fires_on_a_cut_list() {
        assert!(Scene::healthy().registered(&["a", "b", "c", "d", "e"]).printed(german).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_whole_lists() {
        assert!(!Scene::healthy().printed(german).fires(&RULE));
    }
}
