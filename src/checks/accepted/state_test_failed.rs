//! Takes the state of the organisation, gives findings of `state-test-failed`: Test-OAuthConnectivity failed.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::organisation::StateCase;
use crate::checks::rule::{Out, Rule, Scope};
use crate::logrecord::LogRecord;
use crate::soap::codes;
use crate::state::object::Kind;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "state-test-failed",
    check: CheckId::Accepted,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["N16"],
    title: "Test-OAuthConnectivity failed",
    looks_at: "ResultType of Test-OAuthConnectivity, and what its detail says of the place where it \
               stopped.",
    matters: "It tells which side refused: the local configuration, the token service, or the target.",
    bad: "ResultType Error",
    good: "ResultType Success",
    repair: "Read the detail from the end: an AADSTS code is the token service, a diagnostics number the \
             target; `oauthtrace explain` knows both.",
    sources: &[
        "Microsoft Learn: Configure OAuth authentication between Exchange and Exchange Online",
        "CSS-Exchange: FreeBusyChecker, HealthChecker",
    ],
    scope: Scope::State(examine),
};

fn examine(case: &StateCase<'_>, out: &mut Out<'_>) {
    for object in case.of(Kind::OAuthConnectivity) {
        let result = object.text("ResultType").unwrap_or_default().trim().to_ascii_lowercase();
        let severity = match result.as_str() {
            "error" => Severity::Error,
            "warning" => Severity::Warning,
            "success" => continue,
            _ => {
                out.missing(format!(
                    "the result of Test-OAuthConnectivity is not told by its name ({}): print it with `Format-List *`",
                    object.place
                ));
                continue;
            }
        };
        let detail = object.text("Detail").unwrap_or_default();
        let (place, help) = classify(detail);
        let (what, named) = match severity {
            Severity::Error => ("failed", "Error"),
            _ => ("did not succeed", "Warning"),
        };
        out.say(format!("Test-OAuthConnectivity {what}: {place}"))
            .severity(severity)
            .location(&object.place)
            .claim("ResultType")
            .observed(object.text("Task").map_or_else(
                || format!("ResultType: {named}"),
                |task| format!("ResultType: {named} ({task})"),
            ))
            .expected("ResultType: Success")
            .help(help);
    }
}

/// Where it stopped. Prose is localised; bracket tags, codes and numbers are not.
fn classify(detail: &str) -> (String, String) {
    // Long values were wrapped: codes are looked for without blanks.
    let joined: String = detail.chars().filter(|letter| !letter.is_whitespace()).collect();
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>();
    if let Some(at) = joined.find("AADSTS") {
        let code = format!("AADSTS{}", digits(joined.get(at + 6..).unwrap_or_default()));
        let line = format!("the token service refused the request ({code})");
        return (
            line,
            format!("oauthtrace explain {code} # then Test-OAuthConnectivity again, with -ReloadConfig"),
        );
    }
    if let Some((_, rest)) = joined.split_once("diagnostics:") {
        let number = digits(rest);
        if !number.is_empty() {
            let help = format!("oauthtrace explain {number} # then Test-OAuthConnectivity again");
            return (format!("the target refused the token (diagnostics {number})"), help);
        }
    }
    let errors = LogRecord::tested(0, "", detail, "Error").errors.unwrap_or_default();
    if let Some(code) = codes::outbound(&errors) {
        let help = format!("oauthtrace explain {} # then Test-OAuthConnectivity again", code.code);
        return (format!("Exchange got no token ({})", code.code), help);
    }
    if joined.contains("GetActorTokenFromAuthServer") {
        let help = "Get-ExchangeServer | Format-List Name,InternetWebProxy # the token service must be reachable from each \
                    server; its answer stands in the detail";
        return ("after the request to the token service".to_owned(), help.to_owned());
    }
    if joined.contains("OAuthCredentials:GetToken") {
        let help = "Get-AuthServer | Format-List; Get-AuthConfig | Format-List # no token was asked for: the challenge or \
                    the auth servers do not fit";
        return ("before a token was asked for".to_owned(), help.to_owned());
    }
    ("no challenge was answered".to_owned(), "Get-AuthServer | Format-List; Get-IntraOrganizationConnector | Format-List # and whether -TargetUri can be reached and offers Bearer".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::Scene;

    #[test]
    fn fires_on_an_error_and_names_the_code() {
        assert!(
            Scene::healthy()
                .add("Get-OAuth", vec![])
                .tested("Error", Some("Error: AADSTS7000 27"))
                .hits(&RULE)[0]
                .message
                .contains("AADSTS700027")
        );
    }

    #[test]
    fn fires_and_names_the_error_of_exchange_itself() {
        let detail = "[OAuthCredentials:GetToken] x\nException:\nX: Missing signing certificate.";
        let hits = Scene::healthy().tested("Error", Some(detail)).hits(&RULE);
        assert!(
            hits[0].message.contains("MissingSigningCertificate") && hits[0].help.contains("explain Missing")
        );
    }

    #[test]
    fn fires_on_a_warning_and_passes_no_number() {
        let hits = Scene::healthy().tested("Warning", None).hits(&RULE);
        assert_eq!(hits[0].severity, Severity::Warning);
        let number = Scene::healthy().tested("2", None);
        assert!(!number.fires(&RULE) && number.misses(&RULE));
    }

    #[test]
    fn stays_silent_on_success() {
        assert!(!Scene::healthy().tested("Success", None).fires(&RULE));
    }

    #[test]
    fn tells_where_it_stopped() {
        let told =
            |detail: &str| Scene::healthy().tested("Error", Some(detail)).hits(&RULE)[0].message.to_string();
        assert!(told("HTTP 401, diagnostics: 2000 003;reason=\"x\"").contains("diagnostics 2000003"));
        assert!(!told("diagnostics: none").contains("diagnostics"));
        let before = "[OAuthCredentials:Authenticate] x\n[OAuthCredentials:GetToken] client-id: '0'";
        assert!(told(before).contains("before a token was asked for"));
        let asked = format!(
            "{before}\n[OAuthTokenBuilder:GetAppToken] y\n[ACSTokenBuildRequest:GetActorTokenFromAuthServer] z"
        );
        assert!(told(&asked).contains("after the request to the token service"));
        assert!(told("no answer").contains("no challenge was answered"));
    }
}
