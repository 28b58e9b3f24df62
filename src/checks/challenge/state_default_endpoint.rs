//! Takes the state of the organisation, gives findings of `state-default-endpoint`: several auth servers are the default authorization endpoint.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::organisation::StateCase;
use crate::checks::organisation::quoted;
use crate::checks::rule::{Out, Rule, Scope};
use crate::state::object::{Kind, Object};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "state-default-endpoint",
    check: CheckId::Challenge,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["N12"],
    title: "several auth servers are the default authorization endpoint",
    looks_at: "IsDefaultAuthorizationEndpoint of Get-AuthServer.",
    matters: "Exchange names one endpoint in its challenge; with several it is not certain which, and \
              clients go to the wrong one.",
    bad: "two objects with True",
    good: "one, or none",
    repair: "Set-AuthServer -Identity <the wrong one> -IsDefaultAuthorizationEndpoint $false",
    sources: &["CSS-Exchange: FreeBusyChecker, HealthChecker"],
    scope: Scope::State(examine),
};

fn examine(case: &StateCase<'_>, out: &mut Out<'_>) {
    let mut all: Vec<&Object> = Vec::new();
    let defaults = case
        .of(Kind::AuthServer)
        .filter(|object| object.flag("IsDefaultAuthorizationEndpoint") == Some(true));
    for object in defaults {
        // Names are unique in an organisation: one that is there again comes from a second copy of the output.
        let same = |known: &&Object| {
            known.properties == object.properties
                || (known.has_name() && known.name().eq_ignore_ascii_case(object.name()))
        };
        if !all.iter().any(same) {
            all.push(object);
        }
    }
    if let [first, .., last] = &all[..] {
        let names: Vec<&str> = all.iter().map(|object| object.name()).collect();
        out.say("several auth servers are the default authorization endpoint")
            .location(&first.place)
            .claim("IsDefaultAuthorizationEndpoint")
            .observed(names.join(", "))
            .expected("one at most")
            .help(format!(
                "Set-AuthServer -Identity {} -IsDefaultAuthorizationEndpoint $false",
                quoted(last.name())
            ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::{Scene, properties};

    #[test]
    fn fires_on_two() {
        assert!(
            Scene::healthy()
                .set("Get-AuthServer", "WindowsAzureACS", "IsDefaultAuthorizationEndpoint", true)
                .fires(&RULE)
        );
    }

    #[test]
    fn fires_on_two_whose_names_were_not_printed() {
        let server = |url: &str| {
            properties([("AuthMetadataUrl", url.into()), ("IsDefaultAuthorizationEndpoint", true.into())])
        };
        let scene = |other| {
            let bare =
                Scene::healthy().without("Get-AuthServer", "").add("Get-AuthServer", server("https://a/"));
            bare.add("Get-AuthServer", server(other))
        };
        assert!(scene("https://b/").fires(&RULE));
        assert!(!scene("https://a/").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_the_same_one_given_twice() {
        let again = properties([("Name", "EVOSTS".into()), ("IsDefaultAuthorizationEndpoint", true.into())]);
        assert!(!Scene::healthy().add("Get-AuthServer", again).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_one() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
