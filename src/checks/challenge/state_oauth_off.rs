//! Takes the state of the organisation, gives findings of `state-oauth-off`: OAuth is off on a virtual directory.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::organisation::StateCase;
use crate::checks::organisation::quoted;
use crate::checks::rule::{Out, Rule, Scope};
use crate::state::object::Kind;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "state-oauth-off",
    check: CheckId::Challenge,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["N15"],
    title: "OAuth is off on a virtual directory",
    looks_at: "OAuthAuthentication of the EWS and Autodiscover virtual directories.",
    matters: "Without it Exchange offers no Bearer challenge there, and refuses tokens.",
    bad: "OAuthAuthentication False",
    good: "OAuthAuthentication True",
    repair: "Set-WebServicesVirtualDirectory or Set-AutodiscoverVirtualDirectory -OAuthAuthentication \
             $true; where it says True and still fails, set it to false, then to true.",
    sources: &["CSS-Exchange: FreeBusyChecker, HealthChecker"],
    scope: Scope::State(examine),
};

fn examine(case: &StateCase<'_>, out: &mut Out<'_>) {
    for (kind, set) in [
        (Kind::WebServices, "Set-WebServicesVirtualDirectory"),
        (Kind::Autodiscover, "Set-AutodiscoverVirtualDirectory"),
    ] {
        for object in case.of(kind).filter(|object| object.flag("OAuthAuthentication") == Some(false)) {
            let name = object.text("Identity").unwrap_or_else(|| object.name());
            out.say(format!("OAuth is off on {name}"))
                .location(&object.place)
                .claim("OAuthAuthentication")
                .observed("OAuthAuthentication: False")
                .expected("OAuthAuthentication: True")
                .help(format!("{set} -Identity {} -OAuthAuthentication $true", quoted(name)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::Scene;

    #[test]
    fn fires_on_ews() {
        assert!(
            Scene::healthy()
                .set("Get-WebServicesVirtualDirectory", "", "OAuthAuthentication", false)
                .fires(&RULE)
        );
    }

    #[test]
    fn fires_on_autodiscover() {
        assert!(
            Scene::healthy()
                .set("Get-AutodiscoverVirtualDirectory", "", "OAuthAuthentication", false)
                .fires(&RULE)
        );
    }

    #[test]
    fn stays_silent_when_it_is_on() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
