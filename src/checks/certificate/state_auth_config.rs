//! Takes the state of the organisation, gives findings of `state-auth-config`: Get-AuthConfig has another service name or a realm.

use crate::checks::CheckId;
use crate::checks::expectations::EXCHANGE;
use crate::checks::finding::Severity;
use crate::checks::organisation::StateCase;
use crate::checks::organisation::quoted;
use crate::checks::rule::{Out, Rule, Scope};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "state-auth-config",
    check: CheckId::Certificate,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["N10"],
    title: "Get-AuthConfig has another service name or a realm",
    looks_at: "ServiceName and Realm of Get-AuthConfig.",
    matters: "ServiceName is the application that Exchange is in tokens; it must not be changed. A realm \
              binds it to one tenant name.",
    bad: "ServiceName 00000004-0000-0ff1-ce00-000000000000",
    good: "ServiceName 00000002-0000-0ff1-ce00-000000000000, Realm empty",
    repair: "Set-AuthConfig -ServiceName '00000002-0000-0ff1-ce00-000000000000' -Realm ''",
    sources: &["Microsoft: Set-AuthConfig", "CSS-Exchange: FreeBusyChecker, HealthChecker"],
    scope: Scope::State(examine),
};

fn examine(case: &StateCase<'_>, out: &mut Out<'_>) {
    let Some(config) = case.auth_config() else { return };
    // An empty one is another one, too; one that was not printed is not known.
    let service = config.shown("ServiceName").map(|value| value.as_text().unwrap_or_default().trim());
    if let Some(service) = service.filter(|name| !name.eq_ignore_ascii_case(EXCHANGE)) {
        out.say("the service name of Exchange was changed")
            .location(&config.place)
            .claim("ServiceName")
            .observed(format!("ServiceName: {service}"))
            .expected(EXCHANGE)
            .help(format!("Set-AuthConfig -ServiceName {}", quoted(EXCHANGE)));
    }
    if let Some(realm) = config.text("Realm").map(str::trim).filter(|realm| !realm.is_empty()) {
        out.say("Get-AuthConfig has a realm")
            .severity(Severity::Warning)
            .location(&config.place)
            .claim("Realm")
            .observed(format!("Realm: {realm}"))
            .expected("an empty realm")
            .help("Set-AuthConfig -Realm ''");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::{Scene, Val, organisation::SKYPE};

    #[test]
    fn fires_on_another_service_name() {
        assert!(Scene::healthy().set("Get-AuthConfig", "", "ServiceName", SKYPE).fires(&RULE));
    }

    #[test]
    fn fires_on_an_empty_service_name() {
        for empty in [Val::Nothing, Val::from("")] {
            let scene = Scene::healthy().set("Get-AuthConfig", "", "ServiceName", empty);
            assert!(scene.fires(&RULE));
            assert!(scene.printed(str::to_owned).fires(&RULE));
        }
    }

    #[test]
    fn fires_on_a_realm() {
        assert!(Scene::healthy().set("Get-AuthConfig", "", "Realm", "contoso.com").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_the_right_ones() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
