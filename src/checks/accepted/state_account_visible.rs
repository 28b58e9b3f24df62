//! Takes the state of the organisation, gives findings of `state-account-visible`: the account of a partner application is shown in address lists.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::organisation::StateCase;
use crate::checks::organisation::quoted;
use crate::checks::rule::{Out, Rule, Scope};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "state-account-visible",
    check: CheckId::Accepted,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &[],
    title: "the account of a partner application is shown in address lists",
    looks_at: "HiddenFromAddressListsEnabled of the mail users that partner applications act as.",
    matters: "Step 2 hides it: people would find it in the address book and write to it.",
    bad: "HiddenFromAddressListsEnabled False",
    good: "HiddenFromAddressListsEnabled True",
    repair: "Set-MailUser -Identity SfBOnline-ApplicationAccount -HiddenFromAddressListsEnabled $True",
    sources: &[
        "Microsoft: Configure Integration and OAuth between Skype for Business Online and Exchange Server",
    ],
    scope: Scope::State(examine),
};

fn examine(case: &StateCase<'_>, out: &mut Out<'_>) {
    for application in case.applications() {
        for partner in case.partners(application.id) {
            let user = case.acting_user(&application, partner);
            let Some(user) = user.filter(|user| user.flag("HiddenFromAddressListsEnabled") == Some(false))
            else {
                continue;
            };
            out.say(format!("{} is shown in address lists", user.name()))
                .location(&user.place)
                .about(application.id)
                .claim("HiddenFromAddressListsEnabled")
                .observed("HiddenFromAddressListsEnabled: False")
                .expected("HiddenFromAddressListsEnabled: True")
                .help(format!(
                    "Set-MailUser -Identity {} -HiddenFromAddressListsEnabled $True{}",
                    quoted(user.text("Identity").unwrap_or_else(|| user.name())),
                    case.controller()
                ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::organisation::{ACCOUNT, SKYPE};
    use crate::checks::testing_state::{Scene, Val};

    #[test]
    fn fires_on_a_visible_one() {
        assert!(
            Scene::healthy()
                .set("Get-MailUser", ACCOUNT, "HiddenFromAddressListsEnabled", false)
                .fires(&RULE)
        );
    }

    #[test]
    fn the_account_of_the_procedure_is_looked_at_before_it_is_linked() {
        let scene = Scene::healthy().set("Get-MailUser", ACCOUNT, "HiddenFromAddressListsEnabled", false);
        assert!(scene.set("Get-PartnerApplication", SKYPE, "LinkedAccount", Val::Nothing).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_a_hidden_one() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
