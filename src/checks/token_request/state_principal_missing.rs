//! Takes the state of the organisation, gives findings of `state-principal-missing`: a service principal is not in the tenant.

use crate::checks::CheckId;
use crate::checks::expectations::EXCHANGE;
use crate::checks::finding::Severity;
use crate::checks::organisation::StateCase;
use crate::checks::rule::{Out, Rule, Scope};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "state-principal-missing",
    check: CheckId::TokenRequest,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &[],
    title: "a service principal is not in the tenant",
    looks_at: "The service principals of the profile and of Exchange, where the command asked for them by \
               their id (-Filter \"AppId eq '...'\", as the collecting script does) or for all there are \
               (-All), and gave none. What another command leaves out (a name, a filter, the first page) \
               may be there: then the verdict stays open.",
    matters: "No key can be uploaded to a principal that is not there, and the token service gives no \
              token in its name.",
    bad: "Get-MgServicePrincipal -Filter \"AppId eq '00000004-0000-0ff1-ce00-000000000000'\" gives nothing",
    good: "one service principal of that id",
    repair: "New-MgServicePrincipal -AppId 00000004-0000-0ff1-ce00-000000000000, then upload the \
             certificate (step 5).",
    sources: &["Microsoft Graph: servicePrincipal"],
    scope: Scope::State(examine),
};

fn examine(case: &StateCase<'_>, out: &mut Out<'_>) {
    for id in case.applications().iter().map(|application| application.id).chain([EXCHANGE]) {
        if case.has_no_principal(id) {
            out.say(format!("there is no service principal {id} in the tenant"))
                .about(id)
                .observed("none in Get-MgServicePrincipal, which was asked for it")
                .expected("one, enabled, with the auth certificate among its keys")
                .help(format!(
                    "New-MgServicePrincipal -AppId {id} # after Connect-MgGraph -Scopes Application.ReadWrite.All; then upload the \
                     certificate: oauthtrace provision script"
                ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::{Scene, organisation::SKYPE};

    #[test]
    fn fires_where_the_collecting_script_found_none() {
        assert!(Scene::healthy().without("Get-MgServicePrincipal", SKYPE).fires(&RULE));
    }

    #[test]
    fn fires_where_it_was_asked_for_by_its_id_or_with_all() {
        for command in [
            format!("Get-MgServicePrincipal -Filter \"AppId eq '{SKYPE}'\""),
            format!("Get-MgServicePrincipal -Filter \"AppId eq '{SKYPE}'\" -Property id,appId | fl *"),
            format!(
                "Get-MgServicePrincipal -All | Format-List *\n\nAppId : {EXCHANGE}\nServicePrincipalType : Application"
            ),
        ] {
            assert!(said(&format!("PS C:\\> {command}\n\nPS C:\\> exit\n")), "{command}");
        }
    }

    #[test]
    fn stays_silent_where_it_may_have_been_left_out() {
        let one = format!("\n\nAppId : {EXCHANGE}\nServicePrincipalType : Application\n");
        for text in [
            // The text ends behind the command; another one was asked for; a first page; another filter.
            format!("PS C:\\> Get-MgServicePrincipal -Filter \"AppId eq '{SKYPE}'\"\n"),
            format!(
                "PS C:\\> Get-MgServicePrincipal -Filter \"AppId eq '{EXCHANGE}'\" | fl{one}\nPS C:\\> exit\n"
            ),
            format!("PS C:\\> Get-MgServicePrincipal | fl{one}\nPS C:\\> exit\n"),
            format!(
                "PS C:\\> Get-MgServicePrincipal -Filter \"AppId eq '{SKYPE}' and accountEnabled eq true\"\n\nPS C:\\> exit\n"
            ),
            format!(
                "PS C:\\> Get-MgServicePrincipal -Filter \"AppId eq '{SKYPE}'\" | ? AccountEnabled | fl\n\nPS C:\\> exit\n"
            ),
            format!("PS C:\\> Get-MgServicePrincipal -All | fl{one}"),
            one.clone(),
        ] {
            assert!(!said(&text), "{text}");
        }
        assert!(!Scene::healthy().fires(&RULE));
    }

    fn said(text: &str) -> bool {
        let files = [crate::state::read(text.as_bytes(), "a.txt").unwrap()];
        StateCase::new(&files, crate::base::Instant::from_seconds(0)).has_no_principal(SKYPE)
    }
}
