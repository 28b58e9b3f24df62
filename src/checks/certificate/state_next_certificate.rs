//! Takes the state of the organisation, gives findings of `state-next-certificate`: the next auth certificate is not on the service principals and takes effect soon.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::organisation::StateCase;
use crate::checks::organisation::{When, hex, same_moment, upload_of};
use crate::checks::rule::{Out, Rule, Scope};
use crate::state::uploaded::UploadedKey;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "state-next-certificate",
    check: CheckId::Certificate,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["N09"],
    title: "the next auth certificate is not on the service principals and takes effect soon",
    looks_at: "NextCertificateThumbprint and NextCertificateEffectiveDate of Get-AuthConfig, against the \
               uploaded keys: their certificates, or their end dates where certificates are not shown.",
    matters: "When the next certificate becomes the current one before its key is known to the cloud, \
              tokens are refused.",
    bad: "NextCertificateThumbprint set, effective in three days, key not uploaded",
    good: "key uploaded first",
    repair: "Upload the next certificate to the service principals before it takes effect, or move \
             NextCertificateEffectiveDate.",
    sources: &["Microsoft: Set-AuthConfig"],
    scope: Scope::State(examine),
};

const NEAR_DAYS: i64 = 30;

fn examine(case: &StateCase<'_>, out: &mut Out<'_>) {
    let (Some(config), Some(next)) = (case.auth_config(), case.auth_thumbprint("Next")) else { return };
    let effective = case.when(config, "NextCertificateEffectiveDate");
    let near = match effective {
        When::At(at) => at.seconds_since(case.at) < NEAR_DAYS * 86_400,
        When::None | When::Ambiguous => true,
    };
    if config.shown("NextCertificateEffectiveDate").is_none() {
        out.missing(format!(
            "Get-AuthConfig names a next certificate, and does not show NextCertificateEffectiveDate ({}): print it again with \
             `Get-AuthConfig | Format-List *`",
            config.place
        ));
        return;
    }
    for application in case.applications() {
        let Some(keys) = case.keys_of(application.id) else { continue };
        // A key whose certificate is not shown could be it, unless it ends at another time.
        let end = case.validity(next, true).known();
        let excluded = |key: &UploadedKey| {
            end.zip(case.date(&key.end).known()).is_some_and(|(end, own)| !same_moment(own, end))
        };
        let could = |key: &&UploadedKey| match key.thumbprint {
            Some(own) => own == next,
            None => key.verifies && !excluded(key),
        };
        if near && !keys.iter().any(could) && !case.keys_cut(application.id) {
            let when =
                effective.known().map_or_else(|| "at a time not told".to_owned(), |at| format!("from {at}"));
            out.say(format!("the next auth certificate is not uploaded to {}", application.id))
                .location(&config.place)
                .claim("NextCertificateThumbprint")
                .observed(format!("next certificate {}, effective {when}", hex(next)))
                .expected("its key on the service principal before it takes effect")
                .about(application.id)
                .help(format!(
                    "{}\n# or, to gain time: Set-AuthConfig -NewCertificateThumbprint {} -NewCertificateEffectiveDate \
                     (Get-Date).AddDays(45)",
                    upload_of(case, Some(next), application.id),
                    hex(next)
                ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::{
        Scene, date, key,
        organisation::{DER, NOT_AFTER, OTHER_DER, OTHER_PRINT, SKYPE},
        properties,
    };

    #[test]
    fn fires_on_one_that_was_not_uploaded() {
        assert!(
            Scene::healthy()
                .set("Get-AuthConfig", "", "NextCertificateThumbprint", OTHER_PRINT)
                .set("Get-AuthConfig", "", "NextCertificateEffectiveDate", date("2026-11-25T00:00:00Z"))
                .fires(&RULE)
        );
    }

    /// A next certificate that ends in 2031, and keys whose certificates are not shown.
    fn with_keys(ends: &[&str]) -> Scene {
        let keys = ends.iter().map(|end| key(end, "", end)).collect();
        Scene::healthy()
            .set("Get-AuthConfig", "", "NextCertificateThumbprint", OTHER_PRINT)
            .set("Get-AuthConfig", "", "NextCertificateEffectiveDate", date("2026-11-25T00:00:00Z"))
            .add(
                "Get-ExchangeCertificate",
                properties([("Thumbprint", OTHER_PRINT.into()), ("NotAfter", date("2031-06-09T10:00:00Z"))]),
            )
            .keys(SKYPE, keys)
    }

    #[test]
    fn fires_when_every_key_ends_at_another_time() {
        assert!(with_keys(&[NOT_AFTER, "2031-01-26T06:19:15Z"]).fires(&RULE));
    }

    #[test]
    fn stays_silent_when_a_key_ends_when_it_does() {
        assert!(!with_keys(&[NOT_AFTER, "2031-06-09T10:00:00Z"]).fires(&RULE));
        // Printed in another zone.
        assert!(!with_keys(&["2031-06-09T12:00:00Z"]).fires(&RULE));
    }

    #[test]
    fn stays_silent_when_a_key_does_not_say_when_it_ends() {
        assert!(!with_keys(&[""]).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_one_that_was_uploaded() {
        assert!(
            !Scene::healthy()
                .set("Get-AuthConfig", "", "NextCertificateThumbprint", OTHER_PRINT)
                .keys(SKYPE, vec![key("a", DER, NOT_AFTER), key("b", OTHER_DER, NOT_AFTER)])
                .fires(&RULE)
        );
    }

    #[test]
    fn stays_silent_long_before_it_takes_effect() {
        assert!(
            !Scene::healthy()
                .set("Get-AuthConfig", "", "NextCertificateThumbprint", OTHER_PRINT)
                .set("Get-AuthConfig", "", "NextCertificateEffectiveDate", date("2028-11-25T00:00:00Z"))
                .fires(&RULE)
        );
    }
}
