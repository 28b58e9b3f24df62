//! Takes the state of the organisation, gives findings of `state-realm-wildcard`: the realm of tokens is accepted by a wildcard only.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::organisation::StateCase;
use crate::checks::organisation::quoted;
use crate::checks::rule::{Out, Rule, Scope};
use crate::state::object::{Kind, Object};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "state-realm-wildcard",
    check: CheckId::Audience,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["E06"],
    title: "the realm of tokens is accepted by a wildcard only",
    looks_at: "Domains in the audience of tokens in scope (verify --state), against Get-AcceptedDomain, \
               Get-AuthConfig and the realms of enabled auth servers.",
    matters: "Exchange takes a realm for its own when it is an accepted domain by name, the realm of AuthConfig or of an \
              auth server. A wildcard (*.contoso.com) does not count: it answers 2000004 invalid_tenant.",
    bad: "aud …@contoso.com, DomainName *.contoso.com",
    good: "aud …@contoso.com, DomainName contoso.com",
    repair: "New-AcceptedDomain -Name <domain> -DomainName <domain> -DomainType Authoritative",
    sources: &["Microsoft Support: Skype for Business and Exchange integration fails"],
    scope: Scope::State(examine),
};

fn examine(case: &StateCase<'_>, out: &mut Out<'_>) {
    let Some(shown) = &case.shown else { return };
    let accepted: Vec<(&Object, &str)> = case
        .of(Kind::AcceptedDomain)
        .filter_map(|object| Some((object, object.text("DomainName")?.trim())))
        .collect();
    let servers = case.of(Kind::AuthServer).filter(|server| server.flag("Enabled") != Some(false));
    let own: Vec<&str> =
        servers.chain(case.auth_config()).filter_map(|object| object.text("Realm")).map(str::trim).collect();
    for realm in &shown.realms {
        let exact = accepted.iter().map(|(_, name)| *name).chain(own.iter().copied());
        if exact.into_iter().any(|name| name.eq_ignore_ascii_case(realm)) {
            continue;
        }
        let Some((object, wild)) = accepted.iter().find(|(_, name)| covers(name, realm)) else { continue };
        out.say(format!("the realm {realm} of tokens is accepted by a wildcard only"))
            .location(&object.place)
            .claim("DomainName")
            .observed(format!("{wild} covers {realm}"))
            .expected(format!("{realm} by its own name"))
            .help(format!(
                "New-AcceptedDomain -Name {0} -DomainName {0} -DomainType Authoritative",
                quoted(realm)
            ));
    }
}

/// Whether an accepted domain is a wildcard that covers that domain.
pub(super) fn covers(name: &str, domain: &str) -> bool {
    let (name, domain) = (name.to_ascii_lowercase(), domain.to_ascii_lowercase());
    name.strip_prefix("*.").is_some_and(|rest| {
        domain.strip_suffix(rest).is_some_and(|head| head.is_empty() || head.ends_with('.'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::organisation::Shown;
    use crate::checks::testing_state::Scene;

    fn realm(domain: &str) -> Scene {
        Scene::healthy().shown(Shown { realms: [domain.to_owned()].into(), ..Shown::default() })
    }

    #[test]
    fn fires_on_a_wildcard_alone() {
        for domain in ["branch.example", "x.branch.example"] {
            let scene =
                realm(domain).set("Get-AcceptedDomain", "contoso.example", "DomainName", "*.branch.example");
            assert!(scene.fires(&RULE), "{domain}");
        }
    }

    #[test]
    fn a_wildcard_covers_whole_labels_of_its_own_domain() {
        for (domain, covered) in [
            ("branch.example", true),
            ("x.Branch.example", true),
            ("x.y.branch.example", true),
            ("mybranch.example", false),
            ("branch.example.org", false),
            ("example", false),
        ] {
            assert_eq!(covers("*.branch.EXAMPLE", domain), covered, "{domain}");
        }
        assert!(!covers("branch.example", "branch.example") && !covers("*", "branch.example"));
    }

    #[test]
    fn stays_silent_on_a_name_of_its_own_and_on_the_realm_of_an_auth_server() {
        assert!(!realm("contoso.example").fires(&RULE));
        let wild = || {
            realm("branch.example").set(
                "Get-AcceptedDomain",
                "contoso.example",
                "DomainName",
                "*.branch.example",
            )
        };
        let server = |scene: Scene| scene.set("Get-AuthServer", "WindowsAzureACS", "Realm", "branch.example");
        assert!(!server(wild()).fires(&RULE));
        assert!(server(wild()).set("Get-AuthServer", "WindowsAzureACS", "Enabled", false).fires(&RULE));
    }
}
