//! Takes the state of the organisation, gives findings of `state-account-missing`: the mail user that a partner application acts as does not exist.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::organisation::StateCase;
use crate::checks::organisation::{leaf, quoted};
use crate::checks::rule::{Out, Rule, Scope};
use crate::state::object::Kind;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "state-account-missing",
    check: CheckId::Accepted,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &[],
    title: "the mail user that a partner application acts as does not exist",
    looks_at: "LinkedAccount of the partner applications, among the objects of Get-MailUser.",
    matters: "Exchange maps the application to this account; when it was deleted, or never made, every \
              call is refused.",
    bad: "no mail user SfBOnline-ApplicationAccount",
    good: "a mail user of that identity",
    repair: "New-MailUser -Name SfBOnline-ApplicationAccount -ExternalEmailAddress \
             SfBOnline-ApplicationAccount@<domain> -DomainController <DC> (step 2).",
    sources: &[
        "Microsoft: Configure Integration and OAuth between Skype for Business Online and Exchange Server",
    ],
    scope: Scope::State(examine),
};

fn examine(case: &StateCase<'_>, out: &mut Out<'_>) {
    if !case.asked(Kind::MailUser) {
        return;
    }
    for application in case.applications() {
        let Some(account) = application.account.filter(|account| case.mail_user(account).is_none()) else {
            continue;
        };
        let partners = case.partners(application.id);
        let linked = partners.iter().find_map(|partner| case.linked_account(partner));
        if linked.is_some_and(|linked| case.mail_user(linked).is_some()) {
            continue;
        }
        if let Some(open) = case.left_open(Kind::MailUser, &[leaf(linked.unwrap_or(account))]) {
            out.missing(open);
            continue;
        }
        let (domain, controller) = (case.domain(), case.controller());
        let hit = out.say(format!("there is no mail user {}", leaf(linked.unwrap_or(account))));
        hit.about(application.id)
            .observed("none in Get-MailUser")
            .expected(format!("the mail user that {} acts as", application.id));
        let mut commands = vec![
            format!(
                "$user = New-MailUser -Name {} -ExternalEmailAddress {}{controller}",
                quoted(account),
                quoted(&format!("{account}@{domain}"))
            ),
            format!("Set-MailUser -Identity $user.Identity -HiddenFromAddressListsEnabled $True{controller}"),
        ];
        commands.extend(application.roles.iter().map(|role| {
            format!("New-ManagementRoleAssignment -Role {} -User $user.Identity{controller}", quoted(role))
        }));
        let name = partners.first().map_or(application.name, |partner| partner.name());
        commands
            .push(format!("Set-PartnerApplication -Identity {} -LinkedAccount $user.Identity", quoted(name)));
        hit.help(commands.join("\n"));
        if let Some(partner) = partners.first() {
            hit.location(&partner.place).claim("LinkedAccount");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::{Scene, organisation::ACCOUNT};
    use crate::checks::testing_state::{organisation::SKYPE, properties};

    #[test]
    fn fires_without_it() {
        assert!(Scene::healthy().without("Get-MailUser", ACCOUNT).fires(&RULE));
    }

    #[test]
    fn stays_silent_when_it_is_there() {
        assert!(!Scene::healthy().fires(&RULE));
    }

    #[test]
    fn stays_silent_where_another_account_that_is_there_is_linked() {
        let other = "contoso.example/Users/Other";
        let user = properties([("Name", "Other".into()), ("Identity", other.into())]);
        let scene = || {
            let gone = Scene::healthy().without("Get-MailUser", ACCOUNT);
            gone.set("Get-PartnerApplication", SKYPE, "LinkedAccount", other)
        };
        assert!(scene().fires(&RULE));
        assert!(!scene().add("Get-MailUser", user).fires(&RULE));
    }
}
