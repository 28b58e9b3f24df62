//! Takes the state of the organisation, gives findings of `state-partner-missing`: a partner application is missing.

use crate::checks::CheckId;
use crate::checks::expectations::EXCHANGE;
use crate::checks::finding::Severity;
use crate::checks::organisation::StateCase;
use crate::checks::organisation::quoted;
use crate::checks::rule::{Out, Rule, Scope};
use crate::state::object::Kind;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "state-partner-missing",
    check: CheckId::Accepted,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["N13"],
    title: "a partner application is missing",
    looks_at: "Get-PartnerApplication: the applications of the profile, and Exchange Online \
               (00000002-0000-0ff1-ce00-000000000000).",
    matters: "Exchange accepts tokens only of applications that it knows as partners.",
    bad: "no partner application 00000004-0000-0ff1-ce00-000000000000",
    good: "exactly one, enabled",
    repair: "New-PartnerApplication -Name SfBOnline -ApplicationIdentifier \
             00000004-0000-0ff1-ce00-000000000000 -Enabled $True -LinkedAccount <account> (step 3).",
    sources: &[
        "Microsoft: Configure Integration and OAuth between Skype for Business Online and Exchange Server",
    ],
    scope: Scope::State(examine),
};

fn examine(case: &StateCase<'_>, out: &mut Out<'_>) {
    if !case.asked(Kind::PartnerApplication) {
        return;
    }
    for application in case.applications() {
        if case.partners(application.id).is_empty() {
            if let Some(open) = case.left_open(Kind::PartnerApplication, &[application.id, application.name])
            {
                out.missing(open);
                continue;
            }
            let account = application.account.map_or_else(String::new, |account| {
                format!(" -LinkedAccount (Get-MailUser -Identity {}).Identity", quoted(account))
            });
            out.say(format!("there is no partner application {} ({})", application.id, application.name))
                .about(application.id)
                .observed("none in Get-PartnerApplication")
                .expected("one, enabled")
                .help(format!(
                    "New-PartnerApplication -Name {} -ApplicationIdentifier {} -Enabled $True{account}",
                    quoted(application.name),
                    application.id
                ));
        }
    }
    if case.partners(EXCHANGE).is_empty() {
        if let Some(open) = case.left_open(Kind::PartnerApplication, &[EXCHANGE, "Exchange Online"]) {
            out.missing(open);
            return;
        }
        out.say(format!("there is no partner application {EXCHANGE} (Exchange Online)"))
            .about(EXCHANGE)
            .observed("none in Get-PartnerApplication")
            .expected("one with an empty realm, enabled; Exchange's set-up makes it")
            .help("Setup.exe /PrepareAD /IAcceptExchangeServerLicenseTerms_DiagnosticDataOFF");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::{
        Scene,
        organisation::{EXCHANGE, SKYPE},
    };
    use crate::state::profile::Profile;

    #[test]
    fn fires_without_it() {
        assert!(Scene::healthy().without("Get-PartnerApplication", SKYPE).fires(&RULE));
    }

    #[test]
    fn fires_without_that_of_exchange() {
        assert!(Scene::healthy().without("Get-PartnerApplication", EXCHANGE).fires(&RULE));
    }

    #[test]
    fn stays_silent_when_all_are_there() {
        assert!(!Scene::healthy().profile(Profile::Teams2025).fires(&RULE));
    }
}
