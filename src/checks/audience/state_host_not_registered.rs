//! Takes the state of the organisation, gives findings of `state-host-not-registered`: a host name of Exchange is not registered on Exchange's service principal.

use crate::checks::CheckId;
use crate::checks::expectations::EXCHANGE;
use crate::checks::finding::Severity;
use crate::checks::organisation::StateCase;
use crate::checks::organisation::{host_of, quoted, show_keys};
use crate::checks::place::bare_host;
use crate::checks::rule::{Out, Rule, Scope};
use crate::state::object::Kind;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "state-host-not-registered",
    check: CheckId::Audience,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["N20", "M15"],
    title: "a host name of Exchange is not registered on Exchange's service principal",
    looks_at: "External URLs of EWS and Autodiscover, names given with --host and hosts in the audience \
               of tokens, against ServicePrincipalNames of 00000002-0000-0ff1-ce00-000000000000.",
    matters: "The token service makes tokens only for registered hosts; for others the caller gets none, \
              or Exchange answers 401.",
    bad: "https://mail.contoso.com/ not among ServicePrincipalNames",
    good: "https://mail.contoso.com/",
    repair: "Add the URL to ServicePrincipalNames, all others kept (step 1).",
    sources: &["Microsoft Learn: Configure OAuth authentication between Exchange and Exchange Online"],
    scope: Scope::State(examine),
};

/// Domains of Microsoft: every tenant has `00000002-0000-0ff1-ce00-000000000000/*.outlook.com` among the names from the
/// start (Microsoft Learn, "Apps, permissions, and consent": `Get-AzureADServicePrincipal`), and it is not to be taken away.
const MICROSOFT: [&str; 6] =
    ["outlook.com", "office365.com", "office.com", "office365.us", "outlook.cn", "partner.outlook.cn"];

fn examine(case: &StateCase<'_>, out: &mut Out<'_>) {
    let Some(principal) = case.principal_with(EXCHANGE, "ServicePrincipalNames") else { return };
    let Some(names) = principal.get("ServicePrincipalNames") else { return };
    let registered: Vec<String> = names.texts().into_iter().filter_map(host).collect();
    let mut wanted: Vec<(String, String)> = Vec::new();
    let mut want = |host: String, from: String| {
        if host.contains('.') && !wanted.iter().any(|(known, _)| *known == host) {
            wanted.push((host, from));
        }
    };
    for kind in [Kind::WebServices, Kind::Autodiscover] {
        for object in case.of(kind) {
            if let Some(host) = object.text("ExternalUrl").and_then(host_of) {
                want(host, format!("ExternalUrl of {}", object.name()));
            }
        }
    }
    case.hosts.iter().for_each(|given| want(bare_host(given), "--host".into()));
    if let Some(shown) = &case.shown {
        shown.audiences.iter().for_each(|seen| want(seen.clone(), "the audience of a token".into()));
    }
    for (host, from) in wanted {
        let covers = |name: &String| {
            *name == host
                || name
                    .strip_prefix("*.")
                    .is_some_and(|rest| host.split_once('.').is_some_and(|(_, own)| own == rest))
        };
        if registered.iter().any(covers) {
            continue;
        }
        if names.is_cut() {
            out.missing(format!(
                "ServicePrincipalNames of {EXCHANGE} was cut by the output, so that {host} cannot be looked for: set \
                 $FormatEnumerationLimit = -1 and print it again, or give CLIXML"
            ));
            continue;
        }
        let url = quoted(&format!("https://{host}/"));
        out.say(format!("{host} is not registered on Exchange's service principal"))
            .location(&principal.place)
            .claim("ServicePrincipalNames")
            .observed(format!(
                "{host} ({from}); registered: {}",
                if registered.is_empty() { "none".into() } else { registered.join(", ") }
            ))
            .expected(format!("https://{host}/"))
            .help(format!(
                "$p = {}; Update-MgServicePrincipal -ServicePrincipalId $p.Id -ServicePrincipalNames \
                 @($p.ServicePrincipalNames + {url})",
                show_keys(EXCHANGE)
            ));
    }
    let own = |name: &&String| name.strip_prefix("*.").is_some_and(|rest| !MICROSOFT.contains(&rest));
    if let Some(wild) = registered.iter().find(own) {
        out.say("a wildcard is registered on Exchange's service principal")
            .severity(Severity::Warning)
            .location(&principal.place)
            .observed(wild.clone())
            .expected("each host name by itself")
            .help(format!(
                "# register each host name, then take the wildcard away\n$p = {}; Update-MgServicePrincipal \
                 -ServicePrincipalId $p.Id -ServicePrincipalNames @($p.ServicePrincipalNames | Where-Object {{ $_ -notlike \
                 {} }})",
                show_keys(EXCHANGE),
                quoted(&format!("*/`*.{}*", wild.trim_start_matches("*.")))
            ));
    }
}

/// The host of a registered name: `https://host/`, `https://host`, `<id>/host`; others have none.
fn host(name: &str) -> Option<String> {
    let rest = match name.split_once("://") {
        Some((_, rest)) => rest,
        None => name.split_once('/')?.1,
    };
    let host = rest.split('/').next().unwrap_or_default();
    host.contains('.').then(|| bare_host(host))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::organisation::Shown;
    use crate::checks::testing_state::{Scene, organisation::swedish};

    #[test]
    fn fires_on_a_host_that_is_not_there() {
        assert!(Scene::healthy().registered(&["https://other.contoso.example/"]).fires(&RULE));
    }

    #[test]
    fn fires_on_a_host_in_an_audience() {
        assert!(
            Scene::healthy()
                .shown(Shown { audiences: ["ex.contoso.example".to_owned()].into(), ..Shown::default() })
                .fires(&RULE)
        );
    }

    #[test]
    fn fires_softly_on_a_wildcard() {
        let hits = Scene::healthy().registered(&["https://*.contoso.example/"]).hits(&RULE);
        assert_eq!(hits.iter().map(|hit| hit.severity).collect::<Vec<_>>(), [Severity::Warning]);
        // It covers one label.
        let severities = |name: &str| -> Vec<Severity> {
            Scene::healthy().registered(&[name]).hits(&RULE).iter().map(|hit| hit.severity).collect()
        };
        assert!(severities("https://*.example/").contains(&Severity::Error));
        assert!(severities("https://*.fabrikam.example/").contains(&Severity::Error));
    }

    #[test]
    fn stays_silent_on_registered_ones() {
        assert!(!Scene::healthy().fires(&RULE));
    }

    #[test]
    fn stays_silent_on_the_names_that_every_tenant_has() {
        let names = [
            "00000002-0000-0ff1-ce00-000000000000/outlook.office365.com",
            "00000002-0000-0ff1-ce00-000000000000/mail.office365.com",
            "00000002-0000-0ff1-ce00-000000000000/outlook.com",
            "00000002-0000-0ff1-ce00-000000000000/*.outlook.com",
            "https://mail.contoso.example/",
        ];
        assert!(!Scene::healthy().registered(&names).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_the_older_form() {
        assert!(
            !Scene::healthy()
                .registered(&["00000002-0000-0ff1-ce00-000000000000/mail.contoso.example"])
                .fires(&RULE)
        );
    }

    #[test]
    fn stays_silent_on_a_cut_list() {
        assert!(!Scene::healthy().registered(&["a", "b", "c", "d", "e"]).printed(swedish).fires(&RULE));
    }
}
