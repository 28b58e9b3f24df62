//! Takes one line of a log, gives findings of `log-outbound`: a log tells that Exchange got no token.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::LogCase;
use crate::soap::codes;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "log-outbound",
    check: CheckId::TokenRequest,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["O07"],
    title: "a log tells that Exchange got no token",
    looks_at: "Failed results of the OAuthOutbound log and of Test-OAuthConnectivity that are no refusal by the target: \
               one that holds x-ms-diagnostics is a matter of log-refused.",
    matters: "Exchange could not ask for a token; the error names the step.",
    bad: "result-code Fail, error-string MissingSigningCertificate",
    good: "result-code Success",
    repair: "Get-AuthConfig | Format-List CurrentCertificateThumbprint; Get-AuthServer | Format-List Name,Enabled; Test-OAuthConnectivity -Service EWS -TargetUri <url> -Mailbox <user> -Verbose",
    sources: &["Microsoft Support: Resolve free/busy errors"],
    scope: Scope::Log(examine),
};

fn examine(case: &LogCase<'_>, out: &mut Out<'_>) {
    if !case.outbound_failure() {
        return;
    }
    let errors = case.record.errors.as_deref().unwrap_or("no error text");
    let hit = out.say("a log tells that Exchange got no token");
    hit.observed(shown(errors)).expected("success");
    if let Some(code) = codes::outbound(errors) {
        hit.help(format!("{}: {} {}", code.code, code.meaning, code.repair));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::rule::fires_on_line;
    use crate::logrecord::{LogRecord, LogSource};

    #[test]
    fn fires_on_a_failure() {
        let record = LogRecord { result: Some("Fail".into()), ..LogRecord::new(LogSource::OAuthOutbound, 1) };
        assert!(fires_on_line(&RULE, &record));
    }

    #[test]
    fn stays_silent_on_success() {
        let record =
            LogRecord { result: Some("Success".into()), ..LogRecord::new(LogSource::OAuthOutbound, 1) };
        assert!(!fires_on_line(&RULE, &record));
    }

    #[test]
    fn stays_silent_when_the_target_refuses_the_token() {
        let refused = |errors: &str| LogRecord {
            result: Some("Error".into()),
            diagnostics: Some("2000005;reason=\"x\";error_category=\"invalid_user\"".into()),
            errors: Some(errors.into()),
            ..LogRecord::new(LogSource::TestOAuthConnectivity, 1)
        };
        assert!(!fires_on_line(&RULE, &refused("System.Net.WebException: (401) Unauthorized.")));
        assert!(fires_on_line(&RULE, &refused("invalid_client AADSTS50012: no key")));
        assert!(fires_on_line(&RULE, &refused("Missing signing certificate.")));
    }
}
