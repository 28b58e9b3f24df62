//! Takes the state of the organisation, gives findings of `state-partner-account`: a partner application is not linked to its account.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::organisation::StateCase;
use crate::checks::organisation::{leaf, quoted};
use crate::checks::rule::{Out, Rule, Scope};
use crate::state::object::{Kind, Value};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "state-partner-account",
    check: CheckId::Accepted,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &[],
    title: "a partner application is not linked to its account",
    looks_at: "LinkedAccount of the partner applications that act as an account (Skype for Business \
               Online, Teams Scheduler).",
    matters: "Without it the application is known but has no rights: Exchange answers access denied.",
    bad: "LinkedAccount empty",
    good: "LinkedAccount contoso.com/Users/SfBOnline-ApplicationAccount",
    repair: "Set-PartnerApplication -Identity SfBOnline -LinkedAccount (Get-MailUser \
             SfBOnline-ApplicationAccount).Identity",
    sources: &[
        "Microsoft: Configure Integration and OAuth between Skype for Business Online and Exchange Server",
    ],
    scope: Scope::State(examine),
};

fn examine(case: &StateCase<'_>, out: &mut Out<'_>) {
    for application in case.applications() {
        let Some(account) = application.account else { continue };
        for partner in case.partners(application.id) {
            let user = case.mail_user(account);
            let help = format!(
                "Set-PartnerApplication -Identity {} -LinkedAccount {}",
                quoted(partner.name()),
                quoted(user.and_then(|user| user.text("Identity")).unwrap_or(account))
            );
            match case.linked_account(partner) {
                None if partner.get("LinkedAccount").is_some_and(Value::is_empty) => {
                    out.say(format!("the partner application {} has no linked account", application.id))
                        .location(&partner.place)
                        .claim("LinkedAccount")
                        .about(application.id)
                        .observed("LinkedAccount: (empty)")
                        .expected(format!("the mail user {account}"))
                        .help(help);
                }
                // The page's account is there, but another one is linked, and that is no mail user of the list.
                Some(linked) if user.is_some() && case.mail_user(linked).is_none() => {
                    if let Some(open) = case.left_open(Kind::MailUser, &[leaf(linked)]) {
                        out.missing(open);
                        continue;
                    }
                    out.say(format!(
                        "the partner application {} is linked to another account",
                        application.id
                    ))
                    .location(&partner.place)
                    .claim("LinkedAccount")
                    .about(application.id)
                    .observed(format!("LinkedAccount: {linked}"))
                    .expected(format!("the mail user {account}"))
                    .help(help);
                }
                None | Some(_) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::{Scene, Val, organisation::SKYPE};

    #[test]
    fn fires_without_an_account() {
        assert!(
            Scene::healthy().set("Get-PartnerApplication", SKYPE, "LinkedAccount", Val::Nothing).fires(&RULE)
        );
    }

    #[test]
    fn fires_on_another_account() {
        assert!(
            Scene::healthy()
                .set("Get-PartnerApplication", SKYPE, "LinkedAccount", "contoso.example/Users/Administrator")
                .fires(&RULE)
        );
    }

    #[test]
    fn stays_silent_on_the_right_one() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
