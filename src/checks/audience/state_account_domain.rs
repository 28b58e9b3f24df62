//! Takes the state of the organisation, gives findings of `state-account-domain`: the account's address is not in an accepted domain.

use super::state_realm_wildcard::covers;
use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::organisation::StateCase;
use crate::checks::organisation::quoted;
use crate::checks::rule::{Out, Rule, Scope};
use crate::state::object::Kind;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "state-account-domain",
    check: CheckId::Audience,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &[],
    title: "the account's address is not in an accepted domain",
    looks_at: "ExternalEmailAddress (or PrimarySmtpAddress) of the mail users that partner applications \
               act as, against Get-AcceptedDomain.",
    matters: "Step 2 asks for a verified domain that is the primary SMTP domain of the on-premises \
              accounts; others do not resolve.",
    bad: "SfBOnline-ApplicationAccount@fabrikam.com, no such accepted domain",
    good: "an accepted domain without wildcard, the default one",
    repair: "Set-MailUser -Identity <account> -ExternalEmailAddress <account>@<accepted domain>; where a \
             wildcard covers the domain: New-AcceptedDomain -Name <domain> -DomainName <domain> -DomainType \
             Authoritative",
    sources: &[
        "Microsoft: Configure Integration and OAuth between Skype for Business Online and Exchange Server",
    ],
    scope: Scope::State(examine),
};

fn examine(case: &StateCase<'_>, out: &mut Out<'_>) {
    let domains: Vec<(&str, bool)> = case
        .of(Kind::AcceptedDomain)
        .filter_map(|object| Some((object.text("DomainName")?.trim(), object.flag("Default") == Some(true))))
        .collect();
    // One that does not tell its name may be the one that is looked for.
    if domains.is_empty() || !case.asked(Kind::AcceptedDomain) {
        return;
    }
    // No address can be in a wildcard, whether or not it is the default.
    let plain = |name: &&str| !name.starts_with('*');
    let default = domains.iter().find(|(_, default)| *default).map(|(name, _)| *name).filter(plain);
    for application in case.applications() {
        for partner in case.partners(application.id) {
            let Some(user) = case.acting_user(&application, partner) else { continue };
            let address = ["ExternalEmailAddress", "PrimarySmtpAddress"]
                .iter()
                .find_map(|name| user.text(name).filter(|text| text.contains('@')));
            let Some((local, domain)) = address.and_then(|address| {
                address.trim_start_matches("SMTP:").trim_start_matches("smtp:").rsplit_once('@')
            }) else {
                continue;
            };
            let exact = domains.iter().any(|(name, _)| name.eq_ignore_ascii_case(domain));
            let wild = domains.iter().find(|(name, _)| covers(name, domain));
            let right = default.or_else(|| domains.iter().map(|(name, _)| *name).find(plain));
            let mut help = format!(
                "Set-MailUser -Identity {} -ExternalEmailAddress {}{}",
                quoted(user.text("Identity").unwrap_or_else(|| user.name())),
                quoted(&format!("{local}@{}", right.unwrap_or("<accepted domain>"))),
                case.controller()
            );
            let hit = match (exact, wild, default) {
                (true, _, Some(default)) if !default.eq_ignore_ascii_case(domain) => {
                    let hit =
                        out.say(format!("the address of {} is not in the primary SMTP domain", user.name()));
                    hit.severity(Severity::Warning)
                        .expected(format!("{default}, the default accepted domain"));
                    hit
                }
                (true, ..) => continue,
                (false, Some((wild, _)), _) => {
                    let hit = out.say(format!(
                        "the domain of {}'s address is accepted by a wildcard only",
                        user.name()
                    ));
                    hit.expected(format!("a domain that is accepted by its own name, not by {wild}"));
                    help = format!(
                        "New-AcceptedDomain -Name {0} -DomainName {0} -DomainType Authoritative",
                        quoted(domain)
                    );
                    hit
                }
                (false, None, _) => {
                    if let Some(open) = case.left_open(Kind::AcceptedDomain, &[domain]) {
                        out.missing(open);
                        continue;
                    }
                    let hit = out.say(format!("the domain of {}'s address is not accepted", user.name()));
                    hit.expected(right.map_or_else(
                        || "an accepted domain".to_owned(),
                        |name| format!("an accepted domain, for example {name}"),
                    ));
                    hit
                }
            };
            hit.location(&user.place)
                .claim("ExternalEmailAddress")
                .observed(format!("{local}@{domain}"))
                .help(help);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::organisation::{ACCOUNT, SKYPE};
    use crate::checks::testing_state::{Scene, Val, properties};

    #[test]
    fn fires_on_a_domain_that_is_not_accepted() {
        assert!(
            Scene::healthy()
                .set("Get-MailUser", ACCOUNT, "ExternalEmailAddress", "SMTP:a@fabrikam.example")
                .fires(&RULE)
        );
    }

    #[test]
    fn fires_on_a_wildcard() {
        assert!(
            Scene::healthy()
                .set("Get-MailUser", ACCOUNT, "ExternalEmailAddress", "a@x.branch.example")
                .add(
                    "Get-AcceptedDomain",
                    properties([
                        ("DomainName", "*.branch.example".into()),
                        ("DomainType", "Authoritative".into())
                    ])
                )
                .fires(&RULE)
        );
    }

    #[test]
    fn fires_on_a_wildcard_of_the_domain_itself_and_never_proposes_it() {
        let scene =
            Scene::healthy().set("Get-AcceptedDomain", "contoso.example", "DomainName", "*.contoso.example");
        let [hit] = &scene.hits(&RULE)[..] else { panic!() };
        assert!(hit.expected.to_string().contains("by its own name"), "{hit:?}");
        assert_eq!(
            hit.help,
            "New-AcceptedDomain -Name 'contoso.example' -DomainName 'contoso.example' -DomainType Authoritative"
        );
        let unlinked = scene.set("Get-PartnerApplication", SKYPE, "LinkedAccount", Val::Nothing);
        assert_eq!(unlinked.hits(&RULE).len(), 1, "beside the account that is not linked");
        let other = unlinked.set("Get-MailUser", ACCOUNT, "ExternalEmailAddress", "a@fabrikam.example");
        assert!(!other.hits(&RULE)[0].help.contains('*'));
    }

    #[test]
    fn fires_softly_on_another_than_the_default() {
        assert!(
            Scene::healthy()
                .set("Get-MailUser", ACCOUNT, "ExternalEmailAddress", "a@contoso.mail.onmicrosoft.com")
                .hits(&RULE)[0]
                .severity
                == Severity::Warning
        );
    }

    #[test]
    fn stays_silent_beside_a_default_that_is_a_wildcard() {
        assert!(
            !Scene::healthy()
                .set("Get-AcceptedDomain", "contoso.example", "DomainName", "*.contoso.example")
                .add("Get-AcceptedDomain", properties([("DomainName", "contoso.example".into())]))
                .fires(&RULE)
        );
    }

    #[test]
    fn stays_silent_on_the_default_domain() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
