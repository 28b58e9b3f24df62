//! Takes the state of the organisation, gives findings of `state-auth-certificate-expires-soon`: the auth certificate ends soon and no successor is named.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::organisation::StateCase;
use crate::checks::organisation::{hex, renew};
use crate::checks::rule::{Out, Rule, Scope};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "state-auth-certificate-expires-soon",
    check: CheckId::Certificate,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &[],
    title: "the auth certificate ends soon and no successor is named",
    looks_at: "The end of validity of the current auth certificate, and NextCertificateThumbprint of \
               Get-AuthConfig.",
    matters: "The next certificate has to be on the service principals before the current one ends, or \
              the integration stops.",
    bad: "30 days left, NextCertificateThumbprint empty",
    good: "60 days or more, or a next certificate",
    repair: "Prepare the rollover: make a next certificate, upload it, publish it later.",
    sources: &["CSS-Exchange: FreeBusyChecker, HealthChecker"],
    scope: Scope::State(examine),
};

const DAYS: i64 = 60;

fn examine(case: &StateCase<'_>, out: &mut Out<'_>) {
    let (Some(config), Some(current)) = (case.auth_config(), case.auth_thumbprint("Current")) else { return };
    let Some(end) = case.validity(current, true).known() else { return };
    let days = end.seconds_since(case.at).div_euclid(86_400);
    if (0..DAYS).contains(&days) && case.auth_thumbprint("Next").is_none() {
        out.say("the current auth certificate ends soon and no successor is named")
            .location(&config.place)
            .observed(format!("certificate {} ends {end}, {days} days left", hex(current)))
            .expected(format!("{DAYS} days or more, or a NextCertificateThumbprint"))
            .help(renew());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::{
        Scene, date,
        organisation::{EXCHANGE, SCHEDULER, SKYPE, VOICEMAIL},
    };

    #[test]
    fn fires_thirty_days_before_the_end() {
        assert!(
            Scene::healthy()
                .set("Get-ExchangeCertificate", "EX01", "NotAfter", date("2026-12-22T10:00:00Z"))
                .keys(SKYPE, vec![])
                .keys(EXCHANGE, vec![])
                .keys(SCHEDULER, vec![])
                .keys(VOICEMAIL, vec![])
                .fires(&RULE)
        );
    }

    #[test]
    fn stays_silent_years_before_the_end() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
